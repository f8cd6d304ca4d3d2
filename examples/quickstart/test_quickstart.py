"""A report, and a test of it over data that adds up."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from pytest_demodata.invoicing import Invoice, InvoiceStatus

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def revenue_by_month(session: Session) -> dict[str, Decimal]:
    """Add up what was invoiced, by month: the code under test."""
    months: defaultdict[str, Decimal] = defaultdict(Decimal)
    unbilled = (InvoiceStatus.DRAFT, InvoiceStatus.CANCELLED)
    for invoice in session.scalars(select(Invoice).where(Invoice.status.not_in(unbilled))):
        months[f"{invoice.date:%Y-%m}"] += invoice.total
    return dict(sorted(months.items()))


def test_revenue_by_month(session: Session) -> None:
    """Two years of months, which together are the revenue."""
    report = revenue_by_month(session)
    assert len(report) == 24
    unbilled = (InvoiceStatus.DRAFT, InvoiceStatus.CANCELLED)
    whole = select(func.sum(Invoice.total)).where(Invoice.status.not_in(unbilled))
    assert sum(report.values()) == session.scalar(whole)
