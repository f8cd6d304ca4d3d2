"""The customers of each region: what they are worth, how they pay, and how risky they are."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sqlalchemy import and_, case, func, select

from invoicing_reports.health import Account, Risk, health_score, payment_score, risk_of
from invoicing_reports.ledger import BILLED, OPEN, ledger
from invoicing_reports.money import average, total_of
from invoicing_reports.parameters import ParameterError, Shown, chosen
from pytest_demodata.invoicing import (
    Customer,
    CustomerAddress,
    CustomerStatus,
    CustomerType,
    InvoiceStatus,
    Region,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import Row, Select, Subquery
    from sqlalchemy.orm import Session

REGIONS: Final = tuple(region.value for region in Region)
NO_REGION: Final = "No primary address"


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer.

    Attributes:
        region: That of the primary address.
        name: The name.
        status: How the customer stands with the company.
        tier: The customer type's name.
        credit_limit: How much may be outstanding.
        lifetime_value: What was billed, with tax: neither drafts nor cancelled invoices.
        payment_score: 100, 80, 60 or 40; None without a payment history.
        health_score: 0 to 100.
        risk: What the health score means.
    """

    region: str
    name: str
    status: CustomerStatus
    tier: str
    credit_limit: Decimal
    lifetime_value: Decimal
    payment_score: int | None
    health_score: int
    risk: Risk


@dataclass(frozen=True, slots=True)
class CustomerTotals:
    """What some customers are together; the average of no health is None."""

    customers: int
    credit_limit: Decimal
    lifetime_value: Decimal
    average_health: Decimal | None

    @classmethod
    def of(cls, rows: Sequence[CustomerRow]) -> CustomerTotals:
        """Add up."""
        return cls(
            customers=len(rows),
            credit_limit=total_of([row.credit_limit for row in rows]),
            lifetime_value=total_of([row.lifetime_value for row in rows]),
            average_health=average([Decimal(row.health_score) for row in rows]),
        )


@dataclass(frozen=True, slots=True)
class RegionGroup:
    """The customers of a region."""

    region: str
    rows: tuple[CustomerRow, ...]
    totals: CustomerTotals


@dataclass(frozen=True, slots=True)
class CustomerSummary:
    """The report."""

    name: ClassVar = "customer_summary"
    title: ClassVar = "Customer Summary"

    as_of: date
    parameters: Shown
    groups: tuple[RegionGroup, ...]
    totals: CustomerTotals

    @property
    def rows(self) -> tuple[CustomerRow, ...]:
        """The customers of all regions."""
        return tuple(row for group in self.groups for row in group.rows)


def customer_summary(  # noqa: PLR0913 - the parameters of a report
    session: Session,
    *,
    as_of: date,
    region: str | None = None,
    tier: str | None = None,
    min_health_score: int = 0,
    include_inactive: bool = False,
) -> CustomerSummary:
    """Summarise the customers, by region and with the most valuable first.

    Args:
        session: Where to read.
        as_of: The day on which invoices are due, paid, or late.
        region: Only customers with their primary address in it.
        tier: Only customers of this type.
        min_health_score: Only customers with a health score of 0 to 100 that is not below.
        include_inactive: Inactive and suspended customers too, not only active ones.

    Raises:
        ParameterError: A parameter has a value that it cannot have.
    """
    if region is not None:
        region = chosen("region", region, REGIONS)
    if tier is not None:
        tier = chosen("tier", tier, _tiers(session))
    if min_health_score not in range(101):
        raise ParameterError(
            parameter="min_health_score",
            value=min_health_score,
            allowed="a whole number from 0 to 100",
        )
    query = _customers(as_of)
    if region:
        query = query.where(CustomerAddress.region == region)
    if tier:
        query = query.where(CustomerType.name == tier)
    if not include_inactive:
        query = query.where(Customer.status == CustomerStatus.ACTIVE)
    rows = [_row(found, as_of) for found in session.execute(query)]
    rows = [row for row in rows if row.health_score >= min_health_score]
    return CustomerSummary(
        as_of=as_of,
        parameters=(
            ("Region", region or "All"),
            ("Tier", tier or "All"),
            ("Health score", f"{min_health_score} or more" if min_health_score else "Any"),
            ("Customers", "Active, inactive and suspended" if include_inactive else "Active only"),
        ),
        groups=_grouped(rows),
        totals=CustomerTotals.of(rows),
    )


def _tiers(session: Session) -> list[str]:
    by_priority = select(CustomerType.name).order_by(CustomerType.priority_level)
    return list(session.scalars(by_priority))


def _customers(as_of: date) -> Select[Any]:
    accounts = _accounts(as_of)
    primary = and_(CustomerAddress.customer_id == Customer.id, CustomerAddress.is_primary)
    return (
        select(
            Customer.name,
            Customer.status,
            Customer.credit_limit,
            CustomerType.name.label("tier"),
            CustomerAddress.region,
            *(column for column in accounts.c if column.name != "customer_id"),
        )
        .join(Customer.customer_type)
        .outerjoin(CustomerAddress, primary)
        .outerjoin(accounts, accounts.c.customer_id == Customer.id)
    )


def _accounts(as_of: date) -> Subquery:
    """Select what each customer was billed, owes, and was late by."""
    invoice = ledger(as_of).c
    judged = invoice.status.in_((InvoiceStatus.PAID, InvoiceStatus.OVERDUE))
    late = and_(judged, invoice.days_late > 0)
    return (
        select(
            invoice.customer_id,
            func.sum(invoice.total).label("billed"),
            func.sum(case((invoice.status.in_(OPEN), invoice.total))).label("outstanding"),
            func.count(case((judged, 1))).label("judged"),
            func.sum(case((late, invoice.days_late))).label("days_late"),
            func.max(invoice.date).label("last_date"),
        )
        .where(invoice.status.in_(BILLED))
        .group_by(invoice.customer_id)
        .subquery("accounts")
    )


def _row(found: Row[Any], as_of: date) -> CustomerRow:
    account = Account(
        status=found.status,
        credit_limit=found.credit_limit,
        outstanding=found.outstanding,
        judged=found.judged or 0,
        days_late=int(found.days_late or 0),
        idle_days=(as_of - found.last_date).days if found.last_date else None,
    )
    health = health_score(account)
    return CustomerRow(
        region=found.region.value if found.region else NO_REGION,
        name=found.name,
        status=found.status,
        tier=found.tier,
        credit_limit=found.credit_limit,
        lifetime_value=found.billed,
        payment_score=payment_score(account),
        health_score=health,
        risk=risk_of(health),
    )


def _grouped(rows: list[CustomerRow]) -> tuple[RegionGroup, ...]:
    places = {region: place for place, region in enumerate((*REGIONS, NO_REGION))}
    rows.sort(key=lambda row: (places[row.region], -row.lifetime_value, row.name))
    return tuple(
        RegionGroup(region, members, CustomerTotals.of(members))
        for region, group in groupby(rows, key=lambda row: row.region)
        for members in (tuple(group),)
    )
