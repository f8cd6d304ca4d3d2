"""The invoices as they stood on a date, which all reports read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Date, case, literal, select

from invoicing_reports.durations import days_between
from invoicing_reports.money import cents
from pytest_demodata.invoicing import Invoice, InvoiceStatus

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import ColumnElement, Subquery

OPEN: Final = (InvoiceStatus.OVERDUE, InvoiceStatus.SENT)
"""Invoices that money is still expected for: what is outstanding."""

BILLED: Final = (InvoiceStatus.PAID, *OPEN)
"""Invoices that count as revenue: a draft is not sent yet, a cancelled one never will be paid."""

UNBILLED: Final = (InvoiceStatus.DRAFT, InvoiceStatus.CANCELLED)


def ledger(as_of: date) -> Subquery:
    """Select the invoices dated up to a day, with the status that they had on it.

    The columns: id, customer_id, invoice_number, date, due_date, status, days_late (from the due
    date to the payment, or to `as_of` where there is none; below zero if early), tax_rate, and
    subtotal, tax and total in exact cents.

    A query on this is safe to group by any of its columns: PostgreSQL refuses to group by an
    expression that has parameters in it.
    """
    return (
        select(
            Invoice.id,
            Invoice.customer_id,
            Invoice.invoice_number,
            Invoice.date,
            Invoice.due_date,
            _status_on(as_of).label("status"),
            days_between(Invoice.due_date, _settled_on(as_of)).label("days_late"),
            Invoice.tax_rate,
            cents(Invoice.subtotal).label("subtotal"),
            cents(Invoice.tax_amount).label("tax"),
            cents(Invoice.total).label("total"),
        )
        .where(Invoice.date <= as_of)
        .subquery("ledger")
    )


def _status_on(as_of: date) -> ColumnElement[InvoiceStatus]:
    """Tell from the dates what had been paid, and what was overdue, on the day."""
    paid, overdue, sent = (literal(status, Invoice.status.type) for status in BILLED)
    return case(
        (Invoice.paid_date <= as_of, paid),
        (Invoice.status.in_(UNBILLED), Invoice.status),
        (Invoice.due_date < as_of, overdue),
        else_=sent,
    )


def _settled_on(as_of: date) -> ColumnElement[date]:
    return case((Invoice.paid_date <= as_of, Invoice.paid_date), else_=literal(as_of, Date))
