"""The command line: `python -m invoicing_reports financial_summary --url … --as-of 2025-12-31`."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from invoicing_reports.catalogue import REPORTS, Report
from invoicing_reports.pages import render_html
from invoicing_reports.parameters import ParameterError
from invoicing_reports.sheets import render_csv

if TYPE_CHECKING:
    from collections.abc import Sequence


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not a date; write it as 2025-12-31"
        raise argparse.ArgumentTypeError(message) from None


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        message = f"{text!r} is not a whole number"
        raise argparse.ArgumentTypeError(message) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="invoicing_reports", description="Print a report.")
    reports = parser.add_subparsers(dest="report", required=True, metavar="REPORT")
    commands = {name: reports.add_parser(name, help=f"the {name}") for name in REPORTS}
    for command in commands.values():
        command.add_argument("--url", required=True, help="the database, as SQLAlchemy writes it")
        command.add_argument("--as-of", type=_date, required=True, help="the report's day")
        command.add_argument("--format", choices=("html", "csv"), default="html")
        command.add_argument("-o", "--output", type=Path, help="a file, instead of the terminal")
    _add_parameters(commands)
    return parser


def _add_parameters(commands: dict[str, argparse.ArgumentParser]) -> None:
    customers = commands["customer_summary"]
    customers.add_argument("--region")
    customers.add_argument("--tier")
    customers.add_argument("--min-health-score", type=_whole_number, default=0)
    customers.add_argument("--include-inactive", action="store_true")
    products = commands["product_inventory"]
    products.add_argument("--category")
    products.add_argument("--include-inactive", action="store_true")
    products.add_argument("--low-stock-only", action="store_true")
    invoices = commands["invoice_details"]
    invoices.add_argument("--status")
    invoices.add_argument("--customer", help="a name or an id")
    invoices.add_argument("--date-from", type=_date)
    invoices.add_argument("--date-to", type=_date)
    invoices.add_argument("--include-paid", action=argparse.BooleanOptionalAction, default=True)
    finances = commands["financial_summary"]
    finances.add_argument("--period", default="monthly")
    finances.add_argument("--fiscal-year", type=_whole_number)


def _made(arguments: argparse.Namespace) -> Report:
    parameters = vars(arguments).copy()
    for ours in ("url", "format", "output"):
        del parameters[ours]
    report = REPORTS[parameters.pop("report")]
    engine = create_engine(arguments.url)
    try:
        with Session(engine) as session:
            return report(session, **parameters)
    finally:
        engine.dispose()


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, and write the report."""
    parser = _parser()
    arguments = parser.parse_args(words)
    try:
        report = _made(arguments)
    except ParameterError as error:
        parser.error(str(error))
    except (SQLAlchemyError, ImportError) as error:
        # The driver's own words, without the statement; the URL may have a password in it.
        parser.error(f"The database cannot be read: {getattr(error, 'orig', error)}")
    text = render_html(report) if arguments.format == "html" else render_csv(report)
    if arguments.output is None:
        sys.stdout.write(text)
    else:
        arguments.output.write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
