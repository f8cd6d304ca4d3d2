"""The command line: a report from a URL to a file or the terminal."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from invoicing_reports import REPORTS, customer_summary, financial_summary, render_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from sqlalchemy.orm import Session

    from pytest_demodata import DemoDatabase

    Command = Callable[..., None]

OPTIONS = {
    "customer_summary": "--region West --tier bronze --min-health-score 10 --include-inactive",
    "product_inventory": "--category Books --include-inactive --low-stock-only",
    "invoice_details": "--status overdue --customer 1 --date-from 2025-01-01 --date-to 2025-12-31"
    " --no-include-paid",
    "financial_summary": "--period quarterly --fiscal-year 2024",
}


@pytest.fixture
def command(demo_db: DemoDatabase, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, connected to the dataset whatever the URL says."""
    pytest.importorskip("jinja2", reason="pages are rendered with Jinja2: pip install Jinja2")
    from invoicing_reports import __main__ as program  # noqa: PLC0415 - imports Jinja2

    monkeypatch.setattr(program, "create_engine", lambda _: demo_db.engine)

    def run(report: str, options: str = "") -> None:
        words = f"{report} --url sqlite:// --as-of {demo_db.as_of} {options}"
        program.main(words.split())

    return run


@pytest.mark.parametrize("name", REPORTS)
def test_each_report_takes_its_parameters(
    command: Command, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Every parameter of a report is an option of the command."""
    command(name, f"{OPTIONS[name]} --format csv")
    records = csv.DictReader(StringIO(capsys.readouterr().out))
    assert len(records.fieldnames or []) >= 8


def test_the_output_is_the_report(
    command: Command, capsys: pytest.CaptureFixture[str], session: Session, as_of: date
) -> None:
    """The command prints what the functions return."""
    command("financial_summary", "--period yearly --format csv")
    report = financial_summary(session, as_of=as_of, period="yearly")
    assert capsys.readouterr().out == render_csv(report)


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_is_written_to_a_file(command: Command, tmp_path: Path, name: str) -> None:
    """HTML is the default, and a file is written as it is printed."""
    page = tmp_path / "report.html"
    command(name, f"-o {page}")
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_a_csv_file_has_the_line_ends_of_the_format(
    command: Command, tmp_path: Path, session: Session, as_of: date
) -> None:
    """Each record ends with CR LF, on every system."""
    sheet = tmp_path / "report.csv"
    command("customer_summary", f"--format csv -o {sheet}")
    assert sheet.read_bytes() == render_csv(customer_summary(session, as_of=as_of)).encode()


@pytest.mark.parametrize(
    ("report", "options", "message"),
    [
        (
            "customer_summary",
            "--region Wset",
            "The parameter 'region' cannot be 'Wset'.\n"
            "Allowed: West, Southwest, Midwest, Southeast, Northeast.\n"
            "Did you mean 'West'?",
        ),
        (
            "customer_summary",
            "--min-health-score high",
            "argument --min-health-score: 'high' is not a whole number",
        ),
        (
            "invoice_details",
            "--date-from 31.12.2025",
            "argument --date-from: '31.12.2025' is not a date; write it as 2025-12-31",
        ),
    ],
)
def test_a_bad_option_ends_with_a_sentence(
    command: Command, capsys: pytest.CaptureFixture[str], report: str, options: str, message: str
) -> None:
    """The exit code is 2, and there is no traceback."""
    with pytest.raises(SystemExit, match="2"):
        command(report, options)
    assert capsys.readouterr().err.endswith(f"error: {message}\n")


def test_an_unknown_report_is_told_which_there_are(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the four reports."""
    with pytest.raises(SystemExit, match="2"):
        command("sales")
    message = capsys.readouterr().err
    assert all(name in message for name in REPORTS)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite://", "no such table: customers"),
        ("nothing://", "Can't load plugin: sqlalchemy.dialects:nothing"),
    ],
)
def test_a_database_that_cannot_be_read_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
    command: Command,
    capsys: pytest.CaptureFixture[str],
    url: str,
    reason: str,
) -> None:
    """The error gives what the driver says, without the statement."""
    from invoicing_reports import __main__ as program  # noqa: PLC0415 - imports Jinja2

    monkeypatch.undo()
    with pytest.raises(SystemExit, match="2"):
        program.main(["customer_summary", "--url", url, "--as-of", "2025-12-31"])
    message = f"error: The database cannot be read: {reason}\n"
    assert capsys.readouterr().err.endswith(message)
    del command
