"""The pages in a browser: what is on them can be seen."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from invoicing_reports import (
    REPORTS,
    CustomerSummary,
    FinancialSummary,
    InvoiceDetails,
    ProductInventory,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from invoicing_reports import Report

    from pytest_demodata import DemoDatabase

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)
WIDTH, HEIGHT = 1200, 2000

# A text counts as seen if it has a place on the paper, is not made invisible, has another colour
# than what is behind it, and nothing else lies on top of it.
PROBE = """
<script>
  const backdrop = (element) => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const isSeen = (node) => {
    const element = node.parentElement;
    element.scrollIntoView({block: "center"});
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return box.width > 0 && box.height > 5 && box.left >= 0 && box.right <= innerWidth
      && element.checkVisibility({opacityProperty: true, visibilityProperty: true})
      && getComputedStyle(element).color !== backdrop(element)
      && element.contains(top);
  };
  const wanted = new Set(WANTED);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  const seen = nodes.map((node) => [node, node.textContent.trim().replace(/\\s+/g, " ")])
    .filter(([node, text]) => wanted.has(text) && isSeen(node)).map(([, text]) => text);
  scrollTo(0, 0);
  document.body.dataset.seen = JSON.stringify(seen);
  document.body.dataset.overflow = document.documentElement.scrollWidth > innerWidth;
</script>
"""


@pytest.fixture(scope="session")
def browser() -> str:
    """The program of a browser, if there is one on this machine."""
    for name in BROWSERS:
        if program := shutil.which(name):
            return program
    message = f"there is no browser on this machine; looked for {', '.join(BROWSERS)}"
    if os.environ.get("DEMODATA_TEST_REQUIRE_BROWSER") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """The folder for screenshots, which are kept if REPORTS_SCREENSHOTS names one."""
    folder = Path(os.environ.get("REPORTS_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()


def _totals(report: Report) -> list[str]:
    """Write out what has to be on the page, in the report's own order."""
    match report:
        case CustomerSummary(totals=totals):
            amounts = [totals.credit_limit, totals.lifetime_value]
            amounts += [group.totals.lifetime_value for group in report.groups]
            others = [f"{totals.customers:,} customers", f"{totals.average_health}"]
        case ProductInventory(totals=totals):
            amounts = [totals.value_at_cost, totals.value_at_price]
            amounts += [group.totals.value_at_cost for group in report.groups]
            others = [f"{totals.average_margin}%", f"{totals.to_reorder:,}"]
        case InvoiceDetails(totals=totals):
            amounts = [totals.subtotal, totals.tax, totals.total]
            amounts += [group.totals.total for group in report.groups]
            others = [f"{totals.invoices:,}", report.rows[-1].number]
        case FinancialSummary(totals=totals):
            sums = totals.amounts
            amounts = [sums.revenue, sums.tax, sums.paid, sums.outstanding, sums.overdue]
            amounts += [group.totals.revenue for group in report.groups]
            amounts += [totals.tax_collected, *totals.ageing.values()]
            others = [f"{totals.collection_rate}%", "Total outstanding"]
    return [*(f"${amount:,.2f}" for amount in amounts), *others]


def _open(browser: str, page: Path, screenshot: Path) -> str:
    """Open a page, take its picture, and return the document as it is then."""
    finished = subprocess.run(  # noqa: S603 - the browser of this machine
        [
            browser,
            *FLAGS,
            f"--user-data-dir={page.parent / 'profile'}",
            f"--window-size={WIDTH},{HEIGHT}",
            f"--screenshot={screenshot}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def _colours(screenshot: Path) -> tuple[int, int, int]:
    """Return a picture's width and height, and how many different bytes it consists of."""
    content = screenshot.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    place, pixels = 8, b""
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        if content[place + 4 : place + 8] == b"IDAT":
            pixels += content[place + 8 : place + 8 + length]
        place += length + 12
    return width, height, len(set(zlib.decompress(pixels)))


@pytest.mark.parametrize("name", REPORTS)
def test_the_totals_of_each_report_are_seen_in_a_browser(
    demo_db_medium: DemoDatabase,
    render_html: Callable[[Report], str],
    browser: str,
    screenshots: Path,
    tmp_path: Path,
    name: str,
) -> None:
    """A reader finds the totals on the page, and the page fits the window."""
    report = REPORTS[name](demo_db_medium.session, as_of=demo_db_medium.as_of)
    wanted = _totals(report)
    page, screenshot = tmp_path / f"{name}.html", screenshots / f"{name}.png"
    probe = PROBE.replace("WANTED", json.dumps(wanted))
    page.write_text(render_html(report).replace("</body>", f"{probe}</body>"), "utf-8")
    document = _open(browser, page, screenshot)
    seen = re.search(r'data-seen="([^"]*)"', document)
    assert seen is not None, document[:2_000]
    assert set(wanted) - set(json.loads(seen[1].replace("&quot;", '"'))) == set()
    assert 'data-overflow="false"' in document
    width, height, colours = _colours(screenshot)
    assert (width, height) == (WIDTH, HEIGHT)
    assert colours > 50
