"""The financial summary: revenue, tax, and what was paid, by period and status."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import pytest
from invoicing_reports import ParameterError, financial_summary
from invoicing_reports.financial_summary import Amounts
from sqlalchemy import func, select, text

from pytest_demodata import assert_intact, assert_invoice_totals
from pytest_demodata.invoicing import Invoice, InvoiceStatus, PaymentTerms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.orm import Session

    from pytest_demodata import DemoDatabase
    from pytest_demodata.invoicing import Customer, Product

DRAFT, CANCELLED = InvoiceStatus.DRAFT, InvoiceStatus.CANCELLED
PERIODS = {"monthly": 12, "quarterly": 4, "yearly": 1}
NOTHING = Decimal(0)


def _of_year(session: Session, year: int) -> list[Invoice]:
    invoices = session.scalars(select(Invoice)).all()
    return [each for each in invoices if each.date.year == year]


def _billed(session: Session, year: int) -> list[Invoice]:
    return [each for each in _of_year(session, year) if each.status not in {DRAFT, CANCELLED}]


def _total(invoices: Iterable[Invoice], *statuses: str) -> Decimal:
    return sum((each.total for each in invoices if each.status in statuses), NOTHING)


@pytest.mark.parametrize(("length", "count"), PERIODS.items())
@pytest.mark.parametrize("years_back", [0, 1])
def test_every_period_is_what_its_invoices_add_up_to(
    session: Session, as_of: date, length: str, count: int, years_back: int
) -> None:
    """Each period, and each status in it, repeats the invoices of its months one by one."""
    year = as_of.year - years_back
    report = financial_summary(session, as_of=as_of, period=length, fiscal_year=year)
    months = 12 // count
    assert len(report.groups) == count
    for place, group in enumerate(report.groups):
        of_period = [
            each for each in _billed(session, year) if (each.date.month - 1) // months == place
        ]
        statuses = {row.status: row.amounts for row in group.rows}
        assert set(statuses) == {each.status for each in of_period}
        parts = [(group.totals, of_period)]
        parts += [
            (sums, [each for each in of_period if each.status == status])
            for status, sums in statuses.items()
        ]
        for sums, invoices in parts:
            assert sums.invoices == len(invoices)
            assert sums.revenue == sum(each.subtotal for each in invoices)
            assert sums.tax == sum(each.tax_amount for each in invoices)
            assert sums.paid == _total(invoices, "paid")
            assert sums.outstanding == _total(invoices, "sent", "overdue")
            assert sums.overdue == _total(invoices, "overdue")


@pytest.mark.parametrize("length", PERIODS)
def test_the_totals_are_those_of_the_year(session: Session, as_of: date, length: str) -> None:
    """However the year is cut, it comes to what its invoices add up to."""
    totals = financial_summary(session, as_of=as_of, period=length).totals
    billed = _billed(session, as_of.year)
    paid, owed = _total(billed, "paid"), _total(billed, "sent", "overdue")
    assert totals.amounts.invoices == len(billed)
    assert totals.amounts.revenue == sum(each.subtotal for each in billed)
    assert (totals.amounts.paid, totals.amounts.outstanding) == (paid, owed)
    assert totals.amounts.overdue == _total(billed, "overdue")
    assert totals.tax_collected == sum(
        each.tax_amount for each in billed if each.status == InvoiceStatus.PAID
    )
    assert totals.collection_rate == _rounded(paid * 100 / (paid + owed), "0.1")
    assert totals.average_invoice == _rounded((paid + owed) / len(billed), "0.01")


def _rounded(value: Decimal, places: str) -> Decimal:
    return value.quantize(Decimal(places), ROUND_HALF_UP)


@pytest.mark.parametrize("length", PERIODS)
def test_the_periods_add_up_to_the_whole(session: Session, as_of: date, length: str) -> None:
    """Statuses add up to periods, periods to the grand totals, and so do tiers and ages."""
    report = financial_summary(session, as_of=as_of, period=length)
    totals = report.totals
    for name in ("invoices", "revenue", "tax", "paid", "outstanding", "overdue"):
        for group in report.groups:
            rows = [getattr(row.amounts, name) for row in group.rows]
            assert getattr(group.totals, name) == sum(rows)
        groups = [getattr(group.totals, name) for group in report.groups]
        assert getattr(totals.amounts, name) == sum(groups)
    assert sum(totals.revenue_per_tier.values()) == totals.amounts.revenue
    assert sum(totals.ageing.values()) == totals.amounts.outstanding
    assert totals.not_due == totals.amounts.outstanding - totals.amounts.overdue
    assert totals.amounts.revenue + totals.amounts.tax == totals.amounts.invoiced
    assert totals.amounts.invoiced == totals.amounts.paid + totals.amounts.outstanding


def test_the_year_is_what_the_database_adds_up_to(demo_db_medium: DemoDatabase) -> None:
    """A plain SUM with GROUP BY gives the revenue of each month, and reading changes nothing."""
    session, as_of = demo_db_medium.session, demo_db_medium.as_of
    report = financial_summary(session, as_of=as_of)
    query = text("""
        SELECT substr(invoice_number, 5, 6) AS month, sum(subtotal)
        FROM invoices
        WHERE status NOT IN ('draft', 'cancelled') AND substr(invoice_number, 5, 4) = :year
        GROUP BY substr(invoice_number, 5, 6) ORDER BY month
    """)
    rows = session.execute(query, {"year": f"{as_of.year}"}).all()
    assert [
        (group.period.code.replace("-", ""), f"{group.totals.revenue:.2f}")
        for group in report.groups
    ] == [(month, f"{revenue:.2f}") for month, revenue in rows]
    assert_invoice_totals(demo_db_medium)
    assert_intact(demo_db_medium)


def test_revenue_per_tier_is_that_of_the_tiers_customers(session: Session, as_of: date) -> None:
    """Every tier is named, from the lowest, with what its customers brought in."""
    found = financial_summary(session, as_of=as_of).totals.revenue_per_tier
    assert list(found) == ["Bronze", "Silver", "Gold", "Platinum"]
    for tier, revenue in found.items():
        of_tier = [
            each.subtotal
            for each in _billed(session, as_of.year)
            if each.customer.customer_type.name == tier
        ]
        assert revenue == sum(of_tier)


def test_ageing_sorts_what_is_outstanding_by_days_past_due(session: Session, as_of: date) -> None:
    """Each open invoice is in the class of its age, and what is not due in the first."""
    totals = financial_summary(session, as_of=as_of).totals
    sums = dict.fromkeys(totals.ageing, NOTHING)
    for invoice in _billed(session, as_of.year):
        if invoice.status != InvoiceStatus.PAID:
            days = (as_of - invoice.due_date).days
            sums[list(sums)[sum(days > limit for limit in (30, 60, 90))]] += invoice.total
    assert list(totals.ageing) == ["0\N{EN DASH}30", "31\N{EN DASH}60", "61\N{EN DASH}90", "90+"]
    assert totals.ageing == sums


@pytest.mark.parametrize(
    ("days", "place"), [(-1, 0), (0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3)]
)
def test_an_age_on_the_limit_is_in_the_younger_class(
    empty: Session,
    add_customer: Callable[..., Customer],
    add_product: Callable[..., Product],
    add_invoice: Callable[..., Invoice],
    days: int,
    place: int,
) -> None:
    """Exactly 30 days past due is 0 to 30, and 31 is not; what is not due yet is in the first."""
    as_of = date(2025, 12, 1)
    invoice = add_invoice(
        add_customer(),
        as_of - timedelta(days=days + 15),
        {add_product(): 1},
        terms=PaymentTerms.NET_15,
    )
    totals = financial_summary(empty, as_of=as_of, fiscal_year=2025).totals
    assert [each == invoice.total for each in totals.ageing.values()].index(True) == place
    assert sum(totals.ageing.values()) == invoice.total
    assert totals.not_due == (invoice.total if days <= 0 else 0)


def test_what_is_not_billed_is_told_apart(session: Session, as_of: date) -> None:
    """Drafts and cancelled invoices are counted beside the report, and not in it."""
    found = financial_summary(session, as_of=as_of).totals.unbilled
    assert list(found) == [DRAFT, CANCELLED]
    for status, (count, total) in found.items():
        invoices = [each for each in _of_year(session, as_of.year) if each.status == status]
        assert (count, total) == (len(invoices), sum(each.total for each in invoices))


@pytest.mark.parametrize(
    ("as_of", "year"),
    [(date(2025, 12, 31), 2025), (date(2025, 12, 30), 2024), (date(2026, 1, 1), 2025)],
)
def test_the_default_is_the_last_full_fiscal_year(session: Session, as_of: date, year: int) -> None:
    """A fiscal year is a calendar year, and full on its last day."""
    shown = dict(financial_summary(session, as_of=as_of).parameters)
    assert shown["Fiscal year"] == f"{year} (January 1, {year} to December 31, {year})"


def test_periods_that_have_not_begun_are_left_out(session: Session) -> None:
    """In the middle of May a year has five months, and an invoice of June is not in it."""
    report = financial_summary(session, as_of=date(2025, 5, 15), fiscal_year=2025)
    assert [group.period.label for group in report.groups] == [
        "January 2025",
        "February 2025",
        "March 2025",
        "April 2025",
        "May 2025",
    ]
    until = select(func.count()).where(
        Invoice.date.between(date(2025, 1, 1), date(2025, 5, 15)),
        Invoice.status.not_in([DRAFT, CANCELLED]),
    )
    assert report.totals.amounts.invoices == session.scalar(until)
    assert len(financial_summary(session, as_of=date(2025, 6, 1), fiscal_year=2025).groups) == 6


def test_a_period_without_invoices_has_no_rows_and_zeros(
    empty: Session,
    add_customer: Callable[..., Customer],
    add_product: Callable[..., Product],
    add_invoice: Callable[..., Invoice],
) -> None:
    """A quarter in which nothing was sold is shown, so that no reader misses it."""
    add_invoice(add_customer(), date(2025, 5, 1), {add_product(): 1}, paid=date(2025, 5, 1))
    report = financial_summary(empty, as_of=date(2025, 12, 31), period="quarterly")
    assert [(group.period.code, group.totals.paid) for group in report.groups] == [
        ("2025-Q1", NOTHING),
        ("2025-Q2", Decimal("11.00")),
        ("2025-Q3", NOTHING),
        ("2025-Q4", NOTHING),
    ]
    assert report.groups[0].rows == ()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"period": "montly"},
            "The parameter 'period' cannot be 'montly'.\n"
            "Allowed: monthly, quarterly, yearly.\n"
            "Did you mean 'monthly'?",
        ),
        (
            {"fiscal_year": 2023},
            "The parameter 'fiscal_year' cannot be 2023.\nAllowed: 2024, 2025.",
        ),
        (
            {"fiscal_year": 2026},
            "The parameter 'fiscal_year' cannot be 2026.\nAllowed: 2024, 2025.",
        ),
    ],
)
def test_a_bad_parameter_is_told_what_is_allowed(
    session: Session, as_of: date, parameters: dict[str, Any], message: str
) -> None:
    """The error names the parameter, the value, the values allowed, and the nearest of them."""
    with pytest.raises(ParameterError) as caught:
        financial_summary(session, as_of=as_of, **parameters)
    assert str(caught.value) == message


@pytest.mark.parametrize("parameters", [{}, {"period": "yearly"}, {"fiscal_year": 1999}])
def test_empty_tables_make_an_empty_report(
    empty: Session, as_of: date, parameters: dict[str, Any]
) -> None:
    """Nothing adds up to zero, and has neither a rate nor an average."""
    report = financial_summary(empty, as_of=as_of, **parameters)
    totals = report.totals
    assert report.groups == ()
    assert totals.amounts == Amounts(0, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)
    assert totals.tax_collected == NOTHING
    assert (totals.collection_rate, totals.average_invoice) == (None, None)
    assert (totals.revenue_per_tier, set(totals.ageing.values())) == ({}, {NOTHING})
