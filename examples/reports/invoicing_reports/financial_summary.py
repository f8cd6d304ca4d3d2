"""A fiscal year by month, quarter or as a whole: revenue, tax, and what was paid of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal  # noqa: TC003 - a column of the rows
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

from sqlalchemy import case, extract, func, select

from invoicing_reports.ledger import BILLED, OPEN, UNBILLED, ledger
from invoicing_reports.money import ZERO, quotient, share, tenths, total_of
from invoicing_reports.parameters import ParameterError, Shown, chosen
from invoicing_reports.periods import LENGTHS, Period, last_full_year, periods_of, year_of
from invoicing_reports.wording import long_date
from pytest_demodata.invoicing import Customer, CustomerType, Invoice, InvoiceStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Subquery
    from sqlalchemy.orm import Session

AGES: Final = ("0\N{EN DASH}30", "31\N{EN DASH}60", "61\N{EN DASH}90", "90+")
"""Days past due; what is not due yet is in the first."""

_UPPER_AGES: Final = (30, 60, 90)


@dataclass(frozen=True, slots=True)
class Amounts:
    """What some invoices come to.

    Attributes:
        invoices: How many they are.
        revenue: Their subtotals: what is earned, without tax.
        tax: The tax on it, collected or not.
        paid: The totals, with tax, of those that are paid.
        outstanding: The totals of those that are not.
        overdue: The part of `outstanding` that is past due.
    """

    invoices: int
    revenue: Decimal
    tax: Decimal
    paid: Decimal
    outstanding: Decimal
    overdue: Decimal

    @property
    def invoiced(self) -> Decimal:
        """Revenue and tax, which is what was asked for: paid and outstanding together."""
        return self.revenue + self.tax

    @classmethod
    def of(cls, parts: Iterable[Amounts]) -> Amounts:
        """Add up."""
        parts = tuple(parts)
        return cls(
            invoices=sum(part.invoices for part in parts),
            revenue=total_of([part.revenue for part in parts]),
            tax=total_of([part.tax for part in parts]),
            paid=total_of([part.paid for part in parts]),
            outstanding=total_of([part.outstanding for part in parts]),
            overdue=total_of([part.overdue for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class StatusRow:
    """The invoices of a period that have a status."""

    status: InvoiceStatus
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class PeriodGroup:
    """The invoices of a period."""

    period: Period
    rows: tuple[StatusRow, ...]
    totals: Amounts


@dataclass(frozen=True, slots=True)
class FinancialTotals:
    """The fiscal year.

    Attributes:
        amounts: The sums over its periods.
        tax_collected: The tax of paid invoices, which the company holds for the tax office.
        collection_rate: Paid in percent of paid and outstanding; None of nothing.
        average_invoice: Revenue and tax by invoice; None of nothing.
        revenue_per_tier: Revenue by the customer's type, all types.
        ageing: Outstanding by days past due, all of AGES.
        not_due: The part of the first age that is not due yet.
        unbilled: The number and the totals of drafts and cancelled invoices, left out of all else.
    """

    amounts: Amounts
    tax_collected: Decimal
    collection_rate: Decimal | None
    average_invoice: Decimal | None
    revenue_per_tier: Mapping[str, Decimal]
    ageing: Mapping[str, Decimal]
    not_due: Decimal
    unbilled: Mapping[InvoiceStatus, tuple[int, Decimal]]


@dataclass(frozen=True, slots=True)
class FinancialSummary:
    """The report."""

    name: ClassVar = "financial_summary"
    title: ClassVar = "Financial Summary"

    as_of: date
    parameters: Shown
    groups: tuple[PeriodGroup, ...]
    totals: FinancialTotals


@dataclass(frozen=True, slots=True)
class _Entry:
    """The invoices of a month that have a status."""

    month: int
    status: InvoiceStatus
    invoices: int
    subtotal: Decimal
    tax: Decimal
    total: Decimal

    def amounts(self) -> Amounts:
        """Sort the total into what is paid, outstanding and overdue."""
        return Amounts(
            invoices=self.invoices,
            revenue=self.subtotal,
            tax=self.tax,
            paid=self.total if self.status == InvoiceStatus.PAID else ZERO,
            outstanding=self.total if self.status in OPEN else ZERO,
            overdue=self.total if self.status == InvoiceStatus.OVERDUE else ZERO,
        )


def financial_summary(
    session: Session,
    *,
    as_of: date,
    period: str = "monthly",
    fiscal_year: int | None = None,
) -> FinancialSummary:
    """Summarise the invoices of a fiscal year, by period and status.

    Periods that have not begun are left out; one without invoices is shown, unless all are.

    Args:
        session: Where to read.
        as_of: The day on which invoices are due, paid, or late; later ones are left out.
        period: `monthly`, `quarterly` or `yearly`.
        fiscal_year: The calendar year; if not given, the last that is full on `as_of`.

    Raises:
        ParameterError: A parameter has a value that it cannot have.
    """
    length = chosen("period", period, LENGTHS)
    year = _year(session, as_of, fiscal_year)
    invoices = _invoices(as_of, year_of(year))
    entries = _entries(session, invoices)
    billed = [entry for entry in entries if entry.status in BILLED]
    periods = [each for each in periods_of(year, length) if each.first <= as_of] if billed else ()
    first, last = year_of(year).first, year_of(year).last
    return FinancialSummary(
        as_of=as_of,
        parameters=(
            ("Period", length.capitalize()),
            ("Fiscal year", f"{year} ({long_date(first)} to {long_date(last)})"),
        ),
        groups=tuple(_group(each, billed) for each in periods),
        totals=_totals(session, invoices, entries),
    )


def _year(session: Session, as_of: date, fiscal_year: int | None) -> int:
    """Return the year that is meant; any will do where there are no invoices.

    Raises:
        ParameterError: It is before the first invoice, or after `as_of`.
    """
    default = last_full_year(as_of)
    first = session.scalar(select(func.min(Invoice.date)))
    if fiscal_year is None or fiscal_year == default:
        return default
    years = range(first.year, as_of.year + 1) if first else range(1, 10_000)
    if fiscal_year not in years:
        allowed = ", ".join(map(str, sorted({*years, default}))) if first else "1 to 9999"
        raise ParameterError(parameter="fiscal_year", value=fiscal_year, allowed=allowed)
    return fiscal_year


def _invoices(as_of: date, year: Period) -> Subquery:
    entries = ledger(as_of)
    within = entries.c.date.between(year.first, year.last)
    month = extract("month", entries.c.date).label("month")
    return select(entries, month).where(within).subquery("invoices")


def _entries(session: Session, invoices: Subquery) -> list[_Entry]:
    columns = invoices.c
    query = select(
        columns.month,
        columns.status,
        func.count(),
        func.sum(columns.subtotal),
        func.sum(columns.tax),
        func.sum(columns.total),
    ).group_by(columns.month, columns.status)
    return [_Entry(int(month), *values) for month, *values in session.execute(query)]


def _group(period: Period, entries: Sequence[_Entry]) -> PeriodGroup:
    within = [each for each in entries if period.first.month <= each.month <= period.last.month]
    by_status = {
        status: Amounts.of(each.amounts() for each in within if each.status == status)
        for status in BILLED
    }
    rows = [StatusRow(status, sums) for status, sums in by_status.items() if sums.invoices]
    return PeriodGroup(period, tuple(rows), Amounts.of(by_status.values()))


def _totals(session: Session, invoices: Subquery, entries: Sequence[_Entry]) -> FinancialTotals:
    sums = Amounts.of(each.amounts() for each in entries if each.status in BILLED)
    rate = share(sums.paid, sums.paid + sums.outstanding)
    ageing = _ageing(session, invoices)
    not_due = total_of([each.total for each in entries if each.status == InvoiceStatus.SENT])
    return FinancialTotals(
        amounts=sums,
        tax_collected=total_of([each.tax for each in entries if each.status == InvoiceStatus.PAID]),
        collection_rate=None if rate is None else tenths(rate),
        average_invoice=quotient(sums.invoiced, sums.invoices),
        revenue_per_tier=_revenue_per_tier(session, invoices),
        ageing=ageing,
        not_due=not_due,
        unbilled=_unbilled(entries),
    )


def _revenue_per_tier(session: Session, invoices: Subquery) -> Mapping[str, Decimal]:
    billed = (
        select(Customer.customer_type_id, func.sum(invoices.c.subtotal).label("revenue"))
        .join(invoices, invoices.c.customer_id == Customer.id)
        .where(invoices.c.status.in_(BILLED))
        .group_by(Customer.customer_type_id)
        .subquery("billed")
    )
    query = (
        select(CustomerType.name, billed.c.revenue)
        .outerjoin(billed, billed.c.customer_type_id == CustomerType.id)
        .order_by(CustomerType.priority_level, CustomerType.name)
    )
    return MappingProxyType({row.name: row.revenue for row in session.execute(query)})


def _ageing(session: Session, invoices: Subquery) -> Mapping[str, Decimal]:
    late = invoices.c.days_late
    sums = [
        func.sum(case((late.between(first, last), invoices.c.total)))
        for first, last in _age_ranges()
    ]
    query = select(*sums).where(invoices.c.status.in_(OPEN))
    return MappingProxyType(dict(zip(AGES, session.execute(query).one(), strict=True)))


def _age_ranges() -> Iterable[tuple[int, int]]:
    lowest, highest = -(10**6), 10**6
    uppers = (lowest, *_UPPER_AGES, highest)
    return ((before + 1, upper) for before, upper in pairwise(uppers))


def _unbilled(entries: Sequence[_Entry]) -> Mapping[InvoiceStatus, tuple[int, Decimal]]:
    found = {status: [each for each in entries if each.status == status] for status in UNBILLED}
    return MappingProxyType(
        {
            status: (sum(each.invoices for each in group), total_of([e.total for e in group]))
            for status, group in found.items()
        }
    )
