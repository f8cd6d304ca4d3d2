"""A report as CSV: one record per row of the report, for machines and spreadsheets."""

from __future__ import annotations

import csv
from dataclasses import astuple, fields
from io import StringIO
from typing import TYPE_CHECKING, Final

from invoicing_reports.customer_summary import CustomerSummary
from invoicing_reports.financial_summary import FinancialSummary
from invoicing_reports.invoice_details import InvoiceDetails, Line
from invoicing_reports.money import whole_tenths
from invoicing_reports.product_inventory import ProductInventory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from invoicing_reports.catalogue import Report

_CUSTOMER_COLUMNS: Final = (
    "region",
    "name",
    "tier",
    "credit_limit",
    "lifetime_value",
    "payment_score",
    "health_score",
    "risk",
)
_PRODUCT_COLUMNS: Final = (
    "category",
    "name",
    "sku",
    "price",
    "cost",
    "margin_percentage",
    "grade",
    "stock",
    "available",
    "stock_status",
    "units_sold",
    "velocity",
)
_LINE_COLUMNS: Final = (
    "customer",
    "invoice_number",
    "date",
    "due_date",
    "status",
    "days_overdue",
    "position",
    "product",
    "quantity",
    "unit_price",
    "discount",
    "line_total",
)
_PERIOD_COLUMNS: Final = (
    "period",
    "status",
    "invoices",
    "revenue",
    "tax",
    "paid",
    "outstanding",
    "overdue",
)
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")

_Record = tuple[object, ...]


def render_csv(report: Report) -> str:
    """Write a report as CSV: a header, then plain numbers and ISO dates, and no totals.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    columns, records = _table(report)
    sheet = StringIO()
    writer = csv.writer(sheet)
    writer.writerow(columns)
    writer.writerows(map(_guarded, record) for record in records)
    return sheet.getvalue()


def _guarded(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA_SIGNS):
        return f"'{value}"
    return value


def _table(report: Report) -> tuple[tuple[str, ...], Iterator[_Record]]:
    match report:
        case CustomerSummary():
            return _CUSTOMER_COLUMNS, _customers(report)
        case ProductInventory():
            return _PRODUCT_COLUMNS, _products(report)
        case InvoiceDetails():
            return _LINE_COLUMNS, _lines(report)
        case FinancialSummary():
            return _PERIOD_COLUMNS, _periods(report)


def _customers(report: CustomerSummary) -> Iterator[_Record]:
    for row in report.rows:
        yield (
            row.region,
            row.name,
            row.tier,
            row.credit_limit,
            row.lifetime_value,
            row.payment_score,
            row.health_score,
            row.risk.value,
        )


def _products(report: ProductInventory) -> Iterator[_Record]:
    for row in report.rows:
        yield (
            row.category,
            row.name,
            row.sku,
            row.price,
            row.cost,
            whole_tenths(row.margin),
            row.grade,
            row.stock,
            row.available,
            row.stock_status.value,
            row.units_sold,
            row.velocity,
        )


def _lines(report: InvoiceDetails) -> Iterator[_Record]:
    """Repeat the invoice on each of its lines; one without lines has a record all the same."""
    nothing: _Record = (None,) * len(fields(Line))
    for group in report.groups:
        for row in group.rows:
            invoice: _Record = (
                group.customer,
                row.number,
                row.date,
                row.due_date,
                row.status.value,
                row.days_overdue,
            )
            lines: list[_Record] = [astuple(line) for line in row.lines]
            yield from (invoice + line for line in lines or [nothing])


def _periods(report: FinancialSummary) -> Iterator[_Record]:
    for group in report.groups:
        for row in group.rows:
            sums = row.amounts
            yield (
                group.period.code,
                row.status.value,
                sums.invoices,
                sums.revenue,
                sums.tax,
                sums.paid,
                sums.outstanding,
                sums.overdue,
            )
