"""The pages: what is in the HTML, how it is written, and its charts."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from invoicing_reports import (
    REPORTS,
    customer_summary,
    financial_summary,
    invoice_details,
    product_inventory,
)
from invoicing_reports.charts import HEIGHT, Column, Series, column_chart
from invoicing_reports.wording import long_date, money, number, percent, rate, short_date

if TYPE_CHECKING:
    from collections.abc import Callable

    from invoicing_reports import Report
    from sqlalchemy.orm import Session

    from pytest_demodata import DemoDatabase
    from pytest_demodata.invoicing import Customer, Invoice, Product

VOID = {"meta", "col"}
THINGS = {
    "customer_summary": "customers",
    "product_inventory": "products",
    "invoice_details": "invoices",
    "financial_summary": "invoices",
}


class Outline(HTMLParser):
    """Reads a page: its text, and whether each element that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        del attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text outside of the style sheet."""
        if "style" not in self.open and data.strip():
            self.texts.append(" ".join(data.split()))


def _read(page: str) -> list[str]:
    outline = Outline()
    outline.feed(page)
    outline.close()
    assert not outline.open
    return outline.texts


@pytest.fixture
def texts_of(render_html: Callable[[Report], str]) -> Callable[[Report], list[str]]:
    """The texts on a report's page, in order."""
    return lambda report: _read(render_html(report))


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_has_title_day_and_parameters(
    demo_db_medium: DemoDatabase, texts_of: Callable[[Report], list[str]], name: str
) -> None:
    """Who finds the page on a desk knows what it is, of which day, and what it leaves out."""
    as_of = demo_db_medium.as_of
    report = REPORTS[name](demo_db_medium.session, as_of=as_of)
    texts = texts_of(report)
    assert name.replace("_", " ").title() in texts
    assert f"As of {as_of:%B} {as_of.day}, {as_of.year}" in texts
    for label, value in report.parameters:
        assert texts[texts.index(label) + 1] == value


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_speaks_english_and_no_python(
    demo_db_medium: DemoDatabase, texts_of: Callable[[Report], list[str]], name: str
) -> None:
    """No None, no enum and no Decimal is on the page, and nothing is asked of another machine."""
    page = " ".join(texts_of(REPORTS[name](demo_db_medium.session, as_of=demo_db_medium.as_of)))
    assert not re.search(r"None|Decimal|Status\.|<|\bnan\b|True|False", page)


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_of_nothing_says_so(
    empty: Session, as_of: date, texts_of: Callable[[Report], list[str]], name: str
) -> None:
    """There are zero totals, no charts, and a sentence where the tables would be."""
    texts = texts_of(REPORTS[name](empty, as_of=as_of))
    assert f"There is nothing to show: no {THINGS[name]} for these parameters." in texts
    assert "$0.00" in texts
    assert "nan" not in texts


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_stands_alone(
    demo_db_medium: DemoDatabase, render_html: Callable[[Report], str], name: str
) -> None:
    """Nothing is fetched: no script, no link, no image."""
    page = render_html(REPORTS[name](demo_db_medium.session, as_of=demo_db_medium.as_of))
    assert not re.search(r"<script|<link|<img|https?://|@import|url\(", page)


def test_every_customer_and_total_is_on_the_page(
    session: Session, as_of: date, texts_of: Callable[[Report], list[str]]
) -> None:
    """A row is name, tier, limit, value, scores and risk, and totals are under each region."""
    report = customer_summary(session, as_of=as_of)
    texts = texts_of(report)
    for group in report.groups:
        for row in group.rows:
            place = texts.index(row.name, texts.index(group.region))
            score = "\N{EM DASH}" if row.payment_score is None else f"{row.payment_score}"
            assert texts[place + 1 : place + 7] == [
                row.tier,
                f"${row.credit_limit:,.2f}",
                f"${row.lifetime_value:,.2f}",
                score,
                f"{row.health_score}",
                row.risk.value.capitalize(),
            ]
    for name, totals in [
        *((f"{group.region} total", group.totals) for group in report.groups),
        ("Grand total", report.totals),
    ]:
        place = texts.index(name)
        assert texts[place + 2] == f"${totals.credit_limit:,.2f}"
        assert texts[place + 3] == f"${totals.lifetime_value:,.2f}"
        assert texts[place + 5] == f"{totals.average_health}"


def test_every_period_is_on_the_page(
    session: Session, as_of: date, texts_of: Callable[[Report], list[str]]
) -> None:
    """A row is the period and its six figures, and the last one is the grand total."""
    report = financial_summary(session, as_of=as_of)
    texts = texts_of(report)
    for name, sums in [
        *((group.period.label, group.totals) for group in report.groups),
        ("Grand total", report.totals.amounts),
    ]:
        place = texts.index(name)
        amounts = (sums.revenue, sums.tax, sums.paid, sums.outstanding, sums.overdue)
        assert texts[place + 1] == f"{sums.invoices:,}"
        assert texts[place + 2 : place + 7] == [f"${amount:,.2f}" for amount in amounts]


def test_every_invoice_is_on_the_page(
    session: Session, as_of: date, texts_of: Callable[[Report], list[str]]
) -> None:
    """Each number stands there once, with its total, and each customer with theirs."""
    report = invoice_details(session, as_of=as_of)
    texts = texts_of(report)
    numbers = [text for text in texts if text.startswith("INV-")]
    assert numbers == [row.number for row in report.rows]
    totals = [texts[place + 1] for place, text in enumerate(texts) if text == "Total"][2:]
    assert totals == [f"${row.total:,.2f}" for row in report.rows]


def test_what_people_wrote_is_no_markup(
    empty: Session,
    add_customer: Callable[..., Customer],
    add_product: Callable[..., Product],
    add_invoice: Callable[..., Invoice],
    render_html: Callable[[Report], str],
) -> None:
    """A customer or product that is called <script> is shown as that, on every page."""
    day = date(2025, 12, 31)
    add_invoice(add_customer("<script>alert(1)</script>"), day, {add_product("<b>&"): 1})
    for make in REPORTS.values():
        page = render_html(make(empty, as_of=day))
        assert "<script" not in page
        assert "<b>&" not in page
    page = render_html(invoice_details(empty, as_of=day, customer="<script>alert(1)</script>"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; total: 1 invoice\n" in page.replace("</th>", "\n")
    assert "<dd>&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (money(Decimal("1234567.5")), "$1,234,567.50"),
        (money(Decimal("-0.01")), "-$0.01"),
        (money(None), "\N{EM DASH}"),
        (number(12345), "12,345"),
        (number(Decimal("83.0")), "83.0"),
        (number(None), "\N{EM DASH}"),
        (percent(Decimal("12.5")), "12.5%"),
        (percent(None), "\N{EM DASH}"),
        (rate(Decimal("8.250")), "8.25%"),
        (rate(Decimal("10.000")), "10%"),
        (rate(Decimal("0.000")), "0%"),
        (short_date(date(2025, 3, 5)), "Mar 5, 2025"),
        (long_date(date(2025, 3, 5)), "March 5, 2025"),
    ],
)
def test_values_are_written_in_one_way(written: str, expected: str) -> None:
    """Amounts, numbers, percentages and dates look the same on every page."""
    assert written == expected


@pytest.mark.parametrize(
    ("name", "charts"),
    [
        ("customer_summary", ["Lifetime value by region", "Customers by region and risk"]),
        ("product_inventory", ["Products by margin grade", "Products by stock status"]),
        ("invoice_details", []),
        (
            "financial_summary",
            [
                "Invoiced per period, with tax: paid and outstanding",
                "Outstanding by days past due",
                "Revenue by customer tier",
            ],
        ),
    ],
)
def test_charts_are_drawings_that_can_be_read_aloud(
    session: Session,
    as_of: date,
    render_html: Callable[[Report], str],
    name: str,
    charts: list[str],
) -> None:
    """Each chart is well-formed, has a title and a description, and stays inside its frame."""
    page = render_html(REPORTS[name](session, as_of=as_of))
    drawings = [ET.fromstring(each) for each in re.findall(r"(?s)<svg.*?</svg>", page)]  # noqa: S314
    assert [drawing.findtext("title") for drawing in drawings] == charts
    for drawing in drawings:
        ids = {each.get("id") for each in drawing.iter()}
        assert set((drawing.get("aria-labelledby") or "").split()) <= ids
        assert drawing.findtext("desc")
        for box in drawing.iter("rect"):
            x, y, width, height = (float(box.get(key, "")) for key in ("x", "y", "width", "height"))
            assert 0 <= x <= x + width <= float(drawing.get("width", ""))
            assert 0 <= y <= y + height <= HEIGHT


def test_charts_show_the_figures_of_the_report(
    session: Session, as_of: date, render_html: Callable[[Report], str]
) -> None:
    """Pointed at, each part of a column says what is in the tables."""
    customers = customer_summary(session, as_of=as_of, include_inactive=True)
    risks = Counter((row.region, row.risk.capitalize()) for row in customers.rows)
    said = {f"{region}, {risk} risk: {count}" for (region, risk), count in risks.items()}
    said |= {
        f"{group.region}, Lifetime value: ${group.totals.lifetime_value:,.0f}"
        for group in customers.groups
    }
    assert _said(render_html(customers)) == said
    products = product_inventory(session, as_of=as_of)
    grades = Counter(row.grade for row in products.rows)
    stock = Counter(row.stock_status.capitalize() for row in products.rows)
    said = {f"{name}, Products: {count:,}" for name, count in (grades | stock).items()}
    assert _said(render_html(products)) == said
    finances = financial_summary(session, as_of=as_of, period="yearly")
    sums = finances.totals.amounts
    assert {
        f"Fiscal year {as_of.year}, Paid: ${sums.paid:,.0f}",
        f"Fiscal year {as_of.year}, Not yet due: ${sums.outstanding - sums.overdue:,.0f}",
        f"Fiscal year {as_of.year}, Overdue: ${sums.overdue:,.0f}",
        f"90+ days, Overdue: ${finances.totals.ageing['90+']:,.0f}",
        f"Bronze, Revenue: ${finances.totals.revenue_per_tier['Bronze']:,.0f}",
    } <= _said(render_html(finances))


def _said(page: str) -> set[str]:
    return set(re.findall(r"<rect[^>]*><title>(.*?)</title>", page))


def _chart(*columns: tuple[int, ...], **options: Any) -> Any:  # noqa: ANN401
    series = [Series(name, "#000") for name in "AB"[: len(columns[0]) if columns else 1]]
    drawn = [Column(f"Column {place}", values) for place, values in enumerate(columns, start=1)]
    return column_chart("Title", "Description", series, drawn, wording=number, **options)


def test_the_height_of_a_bar_is_its_value() -> None:
    """Parts of a column are in proportion, stand on each other, and say what they are."""
    chart = _chart((30, 10), (20, 0))
    first, above, second = chart.bars
    assert above.height + first.height == pytest.approx(chart.grid[0].y - chart.grid[-1].y, abs=0.2)
    assert chart.grid[0].y - chart.grid[-1].y > HEIGHT / 2
    assert first.height == pytest.approx(3 * above.height, abs=0.2)
    assert first.height == pytest.approx(1.5 * second.height, abs=0.2)
    assert above.y + above.height == pytest.approx(first.y, abs=0.1)
    assert first.says == "Column 1, A: 30"
    assert [text.text for text in chart.texts] == ["Column 1", "40", "Column 2", "20"]
    assert [series.name for _, series in chart.legend] == ["A", "B"]


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (1, ["0", "1"]),
        (4, ["0", "1", "2", "3", "4"]),
        (7, ["0", "2", "4", "6", "8"]),
        (23, ["0", "10", "20", "30"]),
        (203, ["0", "100", "200", "300"]),
        (1_900, ["0", "500", "1,000", "1,500", "2,000"]),
    ],
)
def test_the_axis_has_round_numbers_up_to_the_highest_column(
    highest: int, ticks: list[str]
) -> None:
    """It begins at zero, and ends at the highest column or just above."""
    chart = _chart((highest,), (1,), sums=False)
    assert [tick.text for tick in chart.grid] == ticks
    assert min(bar.y for bar in chart.bars) >= chart.grid[-1].y
    assert [text.text for text in chart.texts] == ["Column 1", "Column 2"]


@pytest.mark.parametrize("columns", [[], [(0,), (0,)]])
def test_there_is_no_chart_of_nothing(columns: list[tuple[int, ...]]) -> None:
    """Where all is zero there is nothing to look at."""
    assert _chart(*columns) is None
