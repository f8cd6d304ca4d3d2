"""The customer summary: lifetime value, payment, health and risk, by region."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import pytest
from invoicing_reports import ParameterError, customer_summary
from invoicing_reports.customer_summary import CustomerTotals
from sqlalchemy import select, text

from pytest_demodata import assert_intact, assert_unique
from pytest_demodata.invoicing import (
    Customer,
    CustomerStatus,
    CustomerType,
    Invoice,
    InvoiceStatus,
    PaymentTerms,
    Region,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from pytest_demodata import DemoDatabase
    from pytest_demodata.invoicing import Product

TIERS = ("Bronze", "Silver", "Gold", "Platinum")
PAID, SENT, OVERDUE = InvoiceStatus.PAID, InvoiceStatus.SENT, InvoiceStatus.OVERDUE


def _billed(customer: Customer) -> list[Invoice]:
    return [each for each in customer.invoices if each.status in {PAID, SENT, OVERDUE}]


def _region(customer: Customer) -> str:
    (primary,) = [each for each in customer.addresses if each.is_primary]
    return primary.region.value


def _payment(customer: Customer, as_of: date) -> int | None:
    late = [
        max(0, ((each.paid_date or as_of) - each.due_date).days)
        for each in _billed(customer)
        if each.status != SENT
    ]
    if not late:
        return None
    mean = sum(late) / len(late)
    return 100 if mean == 0 else 80 if mean <= 30 else 60 if mean <= 60 else 40


def _health(customer: Customer, as_of: date) -> int:
    owed = sum(each.total for each in _billed(customer) if each.status != PAID)
    points = 15 * max(Decimal(0), 1 - owed / customer.credit_limit)
    points += {"active": 30, "inactive": 15, "suspended": 0}[customer.status]
    if dates := [each.date for each in _billed(customer)]:
        idle = (as_of - max(dates)).days
        points += 15 if idle <= 90 else 10 if idle <= 180 else 5 if idle <= 365 else 0
    payment = _payment(customer, as_of)
    points = points * 100 / 60 if payment is None else points + payment * 40 / Decimal(100)
    return int(points.quantize(Decimal(1), ROUND_HALF_UP))


def test_every_figure_is_that_of_the_customer(demo_db_medium: DemoDatabase) -> None:
    """A row repeats what the customer's invoices say, added up one by one."""
    session, as_of = demo_db_medium.session, demo_db_medium.as_of
    report = customer_summary(session, as_of=as_of, include_inactive=True)
    expected = Counter(
        (
            _region(each),
            each.name,
            each.status,
            each.customer_type.name,
            each.credit_limit,
            sum((invoice.total for invoice in _billed(each)), Decimal(0)),
            _payment(each, as_of),
            _health(each, as_of),
        )
        for each in session.scalars(select(Customer))
    )
    found = Counter(
        (
            row.region,
            row.name,
            row.status,
            row.tier,
            row.credit_limit,
            row.lifetime_value,
            row.payment_score,
            row.health_score,
        )
        for row in report.rows
    )
    assert found == expected
    assert report.totals.customers == demo_db_medium.counts["customers"]
    assert_unique(demo_db_medium, Customer.email)
    assert_intact(demo_db_medium)


def test_the_grand_totals_are_what_the_database_adds_up_to(session: Session, as_of: date) -> None:
    """Lifetime values are together all that was billed, and credit limits all that were given."""
    totals = customer_summary(session, as_of=as_of, include_inactive=True).totals
    billed = text("SELECT sum(total) FROM invoices WHERE status IN ('sent', 'paid', 'overdue')")
    limits = text("SELECT count(*), sum(credit_limit) FROM customers")
    assert f"{totals.lifetime_value:.2f}" == f"{session.scalar(billed):.2f}"
    customers, limit = session.execute(limits).one()
    assert (totals.customers, totals.credit_limit) == (customers, Decimal(str(limit)))


def test_the_regions_add_up_to_the_whole(session: Session, as_of: date) -> None:
    """Group totals are sums over the rows, and the grand totals sums over the groups."""
    report = customer_summary(session, as_of=as_of, include_inactive=True)
    for group in report.groups:
        assert {row.region for row in group.rows} == {group.region}
        assert group.totals.customers == len(group.rows)
        assert group.totals.credit_limit == sum(row.credit_limit for row in group.rows)
        assert group.totals.lifetime_value == sum(row.lifetime_value for row in group.rows)
    groups = [group.totals for group in report.groups]
    assert report.totals.customers == sum(each.customers for each in groups)
    assert report.totals.credit_limit == sum(each.credit_limit for each in groups)
    assert report.totals.lifetime_value == sum(each.lifetime_value for each in groups)
    health = [row.health_score for row in report.rows]
    mean = (Decimal(sum(health)) / len(health)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    assert report.totals.average_health == mean


def test_regions_come_in_order_and_the_most_valuable_customers_first(
    session: Session, as_of: date
) -> None:
    """The order of the report is that of the regions, and of the values in each."""
    report = customer_summary(session, as_of=as_of)
    regions = [group.region for group in report.groups]
    assert regions == [region.value for region in Region if region.value in regions]
    for group in report.groups:
        values = [row.lifetime_value for row in group.rows]
        assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("region", [region.value for region in Region])
def test_region_keeps_the_customers_of_one_region(
    session: Session, as_of: date, region: str
) -> None:
    """The report of a region is that group of the whole report."""
    whole = {group.region: group for group in customer_summary(session, as_of=as_of).groups}
    report = customer_summary(session, as_of=as_of, region=region.lower())
    assert report.groups == tuple(each for each in [whole.get(region)] if each)
    assert ("Region", region) in report.parameters


@pytest.mark.parametrize("tier", TIERS)
def test_tier_keeps_the_customers_of_one_type(session: Session, as_of: date, tier: str) -> None:
    """The report of a tier has the active customers of that type, and no other."""
    report = customer_summary(session, as_of=as_of, tier=tier)
    wanted = select(Customer.name).join(Customer.customer_type)
    names = session.scalars(
        wanted.where(CustomerType.name == tier, Customer.status == CustomerStatus.ACTIVE)
    )
    assert Counter(row.name for row in report.rows) == Counter(names)
    assert ("Tier", tier) in report.parameters


@pytest.mark.parametrize("score", [0, 1, 75, 90, 100])
def test_min_health_score_leaves_out_who_is_below(
    session: Session, as_of: date, score: int
) -> None:
    """Whoever has the score itself stays."""
    rows = customer_summary(session, as_of=as_of).rows
    report = customer_summary(session, as_of=as_of, min_health_score=score)
    assert report.rows == tuple(row for row in rows if row.health_score >= score)
    assert report.totals.customers == len(report.rows)


def test_inactive_and_suspended_customers_are_in_it_when_asked_for(
    session: Session, as_of: date
) -> None:
    """The default has active customers only; with include_inactive there are all of them."""
    rows = customer_summary(session, as_of=as_of).rows
    everybody = customer_summary(session, as_of=as_of, include_inactive=True).rows
    assert {row.status for row in rows} == {CustomerStatus.ACTIVE}
    assert {row.status for row in everybody} == set(CustomerStatus)
    assert set(rows) == {row for row in everybody if row.status == CustomerStatus.ACTIVE}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"region": "Wset"},
            "The parameter 'region' cannot be 'Wset'.\n"
            "Allowed: West, Southwest, Midwest, Southeast, Northeast.\n"
            "Did you mean 'West'?",
        ),
        (
            {"region": ""},
            "The parameter 'region' cannot be ''.\n"
            "Allowed: West, Southwest, Midwest, Southeast, Northeast.",
        ),
        (
            {"tier": "platinium"},
            "The parameter 'tier' cannot be 'platinium'.\n"
            "Allowed: Bronze, Silver, Gold, Platinum.\n"
            "Did you mean 'Platinum'?",
        ),
        (
            {"min_health_score": 101},
            "The parameter 'min_health_score' cannot be 101.\n"
            "Allowed: a whole number from 0 to 100.",
        ),
        (
            {"min_health_score": -1},
            "The parameter 'min_health_score' cannot be -1.\n"
            "Allowed: a whole number from 0 to 100.",
        ),
    ],
)
def test_a_bad_parameter_is_told_what_is_allowed(
    session: Session, as_of: date, parameters: dict[str, Any], message: str
) -> None:
    """The error names the parameter, the value, the values allowed, and the nearest of them."""
    with pytest.raises(ParameterError) as caught:
        customer_summary(session, as_of=as_of, **parameters)
    assert str(caught.value) == message


@pytest.mark.parametrize("parameters", [{}, {"region": "West"}, {"tier": "Gold"}])
def test_empty_tables_make_an_empty_report(
    empty: Session, as_of: date, parameters: dict[str, Any]
) -> None:
    """Nothing adds up to zero, and has no average."""
    report = customer_summary(empty, as_of=as_of, **parameters)
    assert report.groups == ()
    assert report.totals == CustomerTotals(0, Decimal(0), Decimal(0), average_health=None)


@pytest.mark.parametrize(
    ("days_late", "score"),
    [
        ([0], 100),
        ([-5, 0], 100),
        ([1], 80),
        ([30], 80),
        ([0, 60], 80),
        ([-30, 60], 80),
        ([31], 60),
        ([60], 60),
        ([59, 61], 60),
        ([61], 40),
        ([0, 0, 184], 40),
    ],
)
def test_the_payment_score_follows_the_average_days_late(
    empty: Session,
    add_customer: Callable[..., Customer],
    add_product: Callable[..., Product],
    add_invoice: Callable[..., Invoice],
    days_late: list[int],
    score: int,
) -> None:
    """A limit itself still has the better score, and a payment ahead of time makes up for none."""
    customer, product = add_customer(), add_product()
    day, due = date(2024, 5, 1), date(2024, 5, 31)
    for days in days_late:
        paid = due + timedelta(days=days)
        add_invoice(customer, day, {product: 1}, paid=paid, terms=PaymentTerms.NET_30)
    (row,) = customer_summary(empty, as_of=date(2025, 1, 1)).rows
    assert row.payment_score == score


@pytest.mark.parametrize(("as_of", "score"), [(1, None), (2, 80), (31, 80), (32, 60), (62, 40)])
def test_an_open_invoice_is_late_by_the_days_up_to_the_report(
    empty: Session,
    add_customer: Callable[..., Customer],
    add_product: Callable[..., Product],
    add_invoice: Callable[..., Invoice],
    as_of: int,
    score: int | None,
) -> None:
    """It tells nothing until it is past due, and more the longer it is open."""
    due = date(2025, 1, 1)
    add_invoice(add_customer(), due, {add_product(): 1})
    (row,) = customer_summary(empty, as_of=due + timedelta(days=as_of - 1)).rows
    assert row.payment_score == score


@pytest.mark.parametrize(
    ("status", "idle", "health", "risk"),
    [
        (CustomerStatus.ACTIVE, 90, 100, "low"),
        (CustomerStatus.ACTIVE, 91, 95, "low"),
        (CustomerStatus.ACTIVE, 180, 95, "low"),
        (CustomerStatus.ACTIVE, 365, 90, "low"),
        (CustomerStatus.ACTIVE, 366, 85, "low"),
        (CustomerStatus.INACTIVE, 90, 85, "low"),
        (CustomerStatus.INACTIVE, 91, 80, "medium"),
        (CustomerStatus.SUSPENDED, 180, 65, "medium"),
        (CustomerStatus.SUSPENDED, 365, 60, "high"),
        (CustomerStatus.ACTIVE, None, 75, "medium"),
        (CustomerStatus.SUSPENDED, None, 25, "high"),
    ],
)
def test_health_follows_status_and_recency(
    empty: Session,
    add_customer: Callable[..., Customer],
    add_product: Callable[..., Product],
    add_invoice: Callable[..., Invoice],
    status: CustomerStatus,
    idle: int | None,
    health: int,
    risk: str,
) -> None:
    """With everything paid in time, the other points are for the status and the last invoice."""
    as_of = date(2025, 12, 31)
    customer = add_customer(status=status)
    if idle is not None:
        day = as_of - timedelta(days=idle)
        add_invoice(customer, day, {add_product(): 1}, paid=day)
    (row,) = customer_summary(empty, as_of=as_of, include_inactive=True).rows
    assert (row.health_score, row.risk) == (health, risk)


@pytest.mark.parametrize(("units", "health"), [(0, 100), (500, 93), (1_000, 85), (2_000, 85)])
def test_health_follows_the_use_of_credit(
    empty: Session,
    add_customer: Callable[..., Customer],
    add_product: Callable[..., Product],
    add_invoice: Callable[..., Invoice],
    units: int,
    health: int,
) -> None:
    """Half a credit limit owed costs half of 15 points, and the whole, or more, all of them."""
    day = date(2025, 12, 31)
    customer, product = add_customer(), add_product(price="10.00")
    add_invoice(customer, day, {product: 1}, paid=day)
    if units:
        add_invoice(customer, day, {product: units})
    (row,) = customer_summary(empty, as_of=day).rows
    assert row.health_score == health


def test_drafts_and_cancelled_and_later_invoices_have_no_value(
    empty: Session,
    add_customer: Callable[..., Customer],
    add_product: Callable[..., Product],
    add_invoice: Callable[..., Invoice],
) -> None:
    """Lifetime value is what was billed up to the report's day, with tax."""
    customer, product, day = add_customer(), add_product(), date(2025, 6, 1)
    add_invoice(customer, day, {product: 1})
    add_invoice(customer, day, {product: 10}, status=InvoiceStatus.DRAFT)
    add_invoice(customer, day, {product: 100}, status=InvoiceStatus.CANCELLED)
    add_invoice(customer, day + timedelta(days=1), {product: 1_000})
    (row,) = customer_summary(empty, as_of=day).rows
    assert row.lifetime_value == Decimal("11.00")


def test_a_customer_without_a_primary_address_has_a_group_all_the_same(
    empty: Session, add_customer: Callable[..., Customer]
) -> None:
    """Nobody falls out of the totals for want of an address."""
    add_customer("Ada", region=Region.NORTHEAST)
    add_customer("Bob", region=None)
    report = customer_summary(empty, as_of=date(2025, 12, 31))
    assert [group.region for group in report.groups] == ["Northeast", "No primary address"]
    assert report.totals.customers == 2
