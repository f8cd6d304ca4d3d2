"""The CSV: the same numbers, for machines."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from invoicing_reports import (
    REPORTS,
    Report,
    customer_summary,
    financial_summary,
    invoice_details,
    product_inventory,
    render_csv,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from pytest_demodata.invoicing import Customer, Invoice, Product

HEADERS = {
    "customer_summary": "region,name,tier,credit_limit,lifetime_value,payment_score,"
    "health_score,risk",
    "product_inventory": "category,name,sku,price,cost,margin_percentage,grade,stock,available,"
    "stock_status,units_sold,velocity",
    "invoice_details": "customer,invoice_number,date,due_date,status,days_overdue,position,"
    "product,quantity,unit_price,discount,line_total",
    "financial_summary": "period,status,invoices,revenue,tax,paid,outstanding,overdue",
}


def _records(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(render_csv(report), newline="")))


def _sum(records: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(record[column]) for record in records), Decimal(0))


def test_the_customers_add_up_to_the_report(session: Session, as_of: date) -> None:
    """A record is a customer; a score that there is none of is an empty cell."""
    report = customer_summary(session, as_of=as_of, include_inactive=True)
    records = _records(report)
    assert len(records) == report.totals.customers
    assert _sum(records, "credit_limit") == report.totals.credit_limit
    assert _sum(records, "lifetime_value") == report.totals.lifetime_value
    for record, row in zip(records, report.rows, strict=True):
        assert record["payment_score"] == (
            "" if row.payment_score is None else f"{row.payment_score}"
        )
        assert record["risk"] in {"low", "medium", "high"}


def test_the_products_add_up_to_the_report(session: Session, as_of: date) -> None:
    """A record is a product, with a margin that is cut and not rounded."""
    report = product_inventory(session, as_of=as_of)
    records = _records(report)
    at_cost = sum(int(record["stock"]) * Decimal(record["cost"]) for record in records)
    assert at_cost == report.totals.value_at_cost
    for record in records:
        price, cost = Decimal(record["price"]), Decimal(record["cost"])
        assert (
            0
            <= (price - cost) * 100 / price - Decimal(record["margin_percentage"])
            < Decimal("0.1")
        )
    assert {record["stock_status"] for record in records} == {"out", "low", "normal", "high"}


def test_the_lines_add_up_to_the_report(session: Session, as_of: date) -> None:
    """A record is a line, with the invoice that it is on."""
    report = invoice_details(session, as_of=as_of)
    records = _records(report)
    assert _sum(records, "line_total") == report.totals.subtotal
    assert len({record["invoice_number"] for record in records}) == report.totals.invoices
    assert max(date.fromisoformat(record["date"]) for record in records) <= as_of
    late = {record["status"] for record in records if record["days_overdue"]}
    assert late == {"overdue"}


def test_the_periods_add_up_to_the_report(session: Session, as_of: date) -> None:
    """A record is a status in a period, which a machine can sort."""
    report = financial_summary(session, as_of=as_of)
    records = _records(report)
    sums = report.totals.amounts
    for column in ("invoices", "revenue", "tax", "paid", "outstanding", "overdue"):
        assert _sum(records, column) == getattr(sums, column)
    periods = [record["period"] for record in records]
    assert periods == sorted(periods)
    assert periods[0] == f"{as_of.year}-01"


@pytest.mark.parametrize("name", REPORTS)
def test_an_empty_report_is_a_header(empty: Session, as_of: date, name: str) -> None:
    """The columns are named, also where there are no records."""
    assert render_csv(REPORTS[name](empty, as_of=as_of)) == HEADERS[name] + "\r\n"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_is_no_formula(
    empty: Session, add_customer: Callable[..., Customer], sign: str
) -> None:
    """A name that a spreadsheet would run gets an apostrophe in front."""
    name = f"{sign}HYPERLINK(0)"
    add_customer(name)
    (record,) = _records(customer_summary(empty, as_of=date(2025, 12, 31)))
    assert record["name"] == f"'{name}"


def test_an_invoice_without_lines_has_a_record(
    empty: Session,
    add_customer: Callable[..., Customer],
    add_product: Callable[..., Product],
    add_invoice: Callable[..., Invoice],
) -> None:
    """It is not lost, and its line's cells are empty; a comma in a name is quoted."""
    day = date(2025, 12, 31)
    customer = add_customer('Byron, "Ada"')
    add_invoice(customer, day, {})
    add_invoice(customer, day, {add_product(): 3})
    report = invoice_details(empty, as_of=day)
    number = report.rows[0].number
    first = f'"Byron, ""Ada""",{number},2025-12-31,2025-12-31,sent,,,,,,,'
    assert render_csv(report).split("\r\n")[1] == first
    assert [record["line_total"] for record in _records(report)] == ["", "30.00"]
