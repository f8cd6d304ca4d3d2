"""The invoices of each customer, with their lines."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812, TC003 - the rows have a field named date
from decimal import Decimal  # noqa: TC003 - likewise
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sqlalchemy import select

from invoicing_reports.ledger import BILLED, ledger
from invoicing_reports.money import cents, total_of
from invoicing_reports.parameters import ParameterError, Shown, chosen, nearest
from invoicing_reports.wording import long_date
from pytest_demodata.invoicing import Customer, InvoiceLineItem, InvoiceStatus, Product

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Row, Select, Subquery
    from sqlalchemy.orm import Session

STATUSES: Final = tuple(status.value for status in InvoiceStatus)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an invoice; `total` is quantity x unit price - discount, without tax."""

    position: int
    product: str
    quantity: int
    unit_price: Decimal
    discount: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice.

    Attributes:
        number: The invoice number.
        date: The day of the invoice.
        due_date: The last day to pay in time.
        status: As it was on the report's day.
        days_overdue: Days past the due date, None if it is not overdue.
        subtotal: The sum of the lines.
        tax_rate: The rate of the tax, in percent.
        tax: The tax on the subtotal.
        total: The two together.
        lines: What was sold.
    """

    number: str
    date: Date
    due_date: Date
    status: InvoiceStatus
    days_overdue: int | None
    subtotal: Decimal
    tax_rate: Decimal
    tax: Decimal
    total: Decimal
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class InvoiceTotals:
    """What some invoices are together."""

    invoices: int
    subtotal: Decimal
    tax: Decimal
    total: Decimal

    @classmethod
    def of(cls, rows: Iterable[InvoiceRow]) -> InvoiceTotals:
        """Add up."""
        rows = tuple(rows)
        return cls(
            invoices=len(rows),
            subtotal=total_of([row.subtotal for row in rows]),
            tax=total_of([row.tax for row in rows]),
            total=total_of([row.total for row in rows]),
        )


@dataclass(frozen=True, slots=True)
class CustomerGroup:
    """The invoices of a customer."""

    customer: str
    rows: tuple[InvoiceRow, ...]
    totals: InvoiceTotals


@dataclass(frozen=True, slots=True)
class InvoiceDetails:
    """The report."""

    name: ClassVar = "invoice_details"
    title: ClassVar = "Invoice Details"

    as_of: Date
    parameters: Shown
    groups: tuple[CustomerGroup, ...]
    totals: InvoiceTotals

    @property
    def rows(self) -> tuple[InvoiceRow, ...]:
        """The invoices of all customers."""
        return tuple(row for group in self.groups for row in group.rows)

    @property
    def totals_by_status(self) -> dict[InvoiceStatus, InvoiceTotals]:
        """The totals of each status that occurs."""
        by_status = {
            status: InvoiceTotals.of(row for row in self.rows if row.status == status)
            for status in InvoiceStatus
        }
        return {status: totals for status, totals in by_status.items() if totals.invoices}

    @property
    def billed(self) -> InvoiceTotals:
        """The totals of what counts as revenue: neither drafts nor cancelled invoices."""
        return InvoiceTotals.of(row for row in self.rows if row.status in BILLED)


def invoice_details(  # noqa: PLR0913 - the parameters of a report
    session: Session,
    *,
    as_of: Date,
    status: str | None = None,
    customer: str | int | None = None,
    date_from: Date | None = None,
    date_to: Date | None = None,
    include_paid: bool = True,
) -> InvoiceDetails:
    """List the invoices with their lines, by customer and number.

    Drafts and cancelled invoices are listed too, and are in the totals.

    Args:
        session: Where to read.
        as_of: The day on which invoices are due, paid, or late; later ones are left out.
        status: Only invoices with it.
        customer: Only invoices of this customer: a name, or an id.
        date_from: Only invoices of this day and later ones.
        date_to: Only invoices of this day and earlier ones.
        include_paid: Paid invoices too, not only the others.

    Raises:
        ParameterError: A parameter has a value that it cannot have.
    """
    if status is not None:
        status = chosen("status", status, STATUSES)
    customers = None if customer is None else _customers(session, customer)
    _check(status, date_from, date_to, include_paid=include_paid)
    invoices = ledger(as_of)
    wanted = select(invoices, Customer.name).join(Customer, Customer.id == invoices.c.customer_id)
    if status:
        wanted = wanted.where(invoices.c.status == status)
    if not include_paid:
        wanted = wanted.where(invoices.c.status != InvoiceStatus.PAID)
    if customers:
        wanted = wanted.where(invoices.c.customer_id.in_(customers))
    if date_from:
        wanted = wanted.where(invoices.c.date >= date_from)
    if date_to:
        wanted = wanted.where(invoices.c.date <= date_to)
    groups = _grouped(session, wanted)
    return InvoiceDetails(
        as_of=as_of,
        parameters=(
            ("Customer", ", ".join(sorted(set(customers.values()))) if customers else "All"),
            ("Status", _statuses(status, include_paid=include_paid)),
            ("Dates", _range(date_from, date_to)),
        ),
        groups=groups,
        totals=InvoiceTotals.of(row for group in groups for row in group.rows),
    )


def _customers(session: Session, wanted: str | int) -> dict[int, str]:
    """Find the customers of a name, or the one of an id; nobody where there are no customers.

    Raises:
        ParameterError: Nobody is called that, though there are customers.
    """
    names = {row.id: row.name for row in session.execute(select(Customer.id, Customer.name))}
    folded = str(wanted).casefold()
    found = {key: name for key, name in names.items() if folded in {str(key), name.casefold()}}
    if names and not found:
        raise ParameterError(
            parameter="customer",
            value=wanted,
            allowed=f"the name or the id of one of the {len(names):,} customers",
            meant=nearest(str(wanted), sorted(names.values())),
        )
    return found


def _check(
    status: str | None, date_from: Date | None, date_to: Date | None, *, include_paid: bool
) -> None:
    if status == InvoiceStatus.PAID and not include_paid:
        others = ", ".join(each for each in STATUSES if each != status)
        raise ParameterError(
            parameter="status", value=status, allowed=f"{others}, as paid invoices are left out"
        )
    if date_from and date_to and date_to < date_from:
        raise ParameterError(
            parameter="date_to",
            value=date_to,
            allowed=f"{date_from}, which is date_from, or later",
        )


def _statuses(status: str | None, *, include_paid: bool) -> str:
    if status:
        return status.capitalize()
    return "All" if include_paid else "All but paid"


def _range(date_from: Date | None, date_to: Date | None) -> str:
    if date_from and date_to:
        return f"{long_date(date_from)} to {long_date(date_to)}"
    if date_from:
        return f"From {long_date(date_from)}"
    return f"Up to {long_date(date_to)}" if date_to else "All"


def _grouped(session: Session, wanted: Select[Any]) -> tuple[CustomerGroup, ...]:
    lines = _lines(session, wanted.subquery("wanted"))
    found = sorted(
        session.execute(wanted),
        key=lambda each: (each.name, each.customer_id, each.date, each.invoice_number),
    )
    return tuple(
        CustomerGroup(name, rows, InvoiceTotals.of(rows))
        for (name, _), group in groupby(found, key=lambda each: (each.name, each.customer_id))
        for rows in (tuple(_row(each, lines[each.id]) for each in group),)
    )


def _lines(session: Session, wanted: Subquery) -> defaultdict[int, list[Line]]:
    """Read the lines of the invoices in one query, by the invoice's id."""
    query = (
        select(
            InvoiceLineItem.invoice_id,
            InvoiceLineItem.position,
            Product.name.label("product"),
            InvoiceLineItem.quantity,
            cents(InvoiceLineItem.unit_price).label("unit_price"),
            cents(InvoiceLineItem.discount_amount).label("discount"),
            cents(InvoiceLineItem.line_total).label("total"),
        )
        .join(InvoiceLineItem.product)
        .join(wanted, wanted.c.id == InvoiceLineItem.invoice_id)
        .order_by(InvoiceLineItem.invoice_id, InvoiceLineItem.position)
    )
    lines: defaultdict[int, list[Line]] = defaultdict(list)
    for found in session.execute(query):
        lines[found.invoice_id].append(Line(*found[1:]))
    return lines


def _row(found: Row[Any], lines: Sequence[Line]) -> InvoiceRow:
    return InvoiceRow(
        number=found.invoice_number,
        date=found.date,
        due_date=found.due_date,
        status=found.status,
        days_overdue=found.days_late if found.status == InvoiceStatus.OVERDUE else None,
        subtotal=found.subtotal,
        tax_rate=found.tax_rate,
        tax=found.tax,
        total=found.total,
        lines=tuple(lines),
    )
