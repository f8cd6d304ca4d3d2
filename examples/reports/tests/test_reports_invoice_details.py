"""The invoice details: each customer's invoices, with their lines."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from invoicing_reports import ParameterError, invoice_details
from invoicing_reports.invoice_details import InvoiceTotals
from sqlalchemy import func, select, text

from pytest_demodata import assert_invoice_totals, assert_totals
from pytest_demodata.invoicing import Customer, Invoice, InvoiceLineItem, InvoiceStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from pytest_demodata import DemoDatabase
    from pytest_demodata.invoicing import Product

STATUSES = ("draft", "sent", "paid", "overdue", "cancelled")


def test_every_invoice_is_listed_as_it_is(demo_db_medium: DemoDatabase) -> None:
    """Each invoice is there once, under its customer, with all of its lines in order."""
    session, as_of = demo_db_medium.session, demo_db_medium.as_of
    report = invoice_details(session, as_of=as_of)
    found = {row.number: (group.customer, row) for group in report.groups for row in group.rows}
    invoices = session.scalars(select(Invoice)).all()
    assert len(report.rows) == len(found) == len(invoices)
    for invoice in invoices:
        customer, row = found[invoice.invoice_number]
        late = (as_of - invoice.due_date).days if invoice.status == "overdue" else None
        assert customer == invoice.customer.name
        assert (row.date, row.due_date) == (invoice.date, invoice.due_date)
        assert (row.status, row.days_overdue) == (invoice.status, late)
        assert (row.subtotal, row.tax_rate) == (invoice.subtotal, invoice.tax_rate)
        assert (row.tax, row.total) == (invoice.tax_amount, invoice.total)
        assert [
            (line.position, line.product, line.quantity, line.unit_price, line.discount, line.total)
            for line in row.lines
        ] == [
            (
                line.position,
                line.product.name,
                line.quantity,
                line.unit_price,
                line.discount_amount,
                line.line_total,
            )
            for line in invoice.line_items
        ]
    assert_invoice_totals(demo_db_medium)
    assert_totals(demo_db_medium, parent=Invoice.subtotal, children=InvoiceLineItem.line_total)


def test_the_grand_totals_are_what_the_database_adds_up_to(session: Session, as_of: date) -> None:
    """Together the invoices are what a plain SUM over the table gives."""
    totals = invoice_details(session, as_of=as_of).totals
    query = text("SELECT count(*), sum(subtotal), sum(tax_amount), sum(total) FROM invoices")
    invoices, *sums = session.execute(query).one()
    assert totals.invoices == invoices
    found = [totals.subtotal, totals.tax, totals.total]
    assert [f"{each:.2f}" for each in found] == [f"{each:.2f}" for each in sums]


def test_lines_invoices_customers_and_the_whole_add_up(session: Session, as_of: date) -> None:
    """Each level is the sum of the one below, to the cent."""
    report = invoice_details(session, as_of=as_of)
    for group in report.groups:
        for row in group.rows:
            assert row.subtotal == sum(line.total for line in row.lines)
            assert row.total == row.subtotal + row.tax
        assert group.totals.invoices == len(group.rows)
        assert group.totals.subtotal == sum(row.subtotal for row in group.rows)
        assert group.totals.tax == sum(row.tax for row in group.rows)
        assert group.totals.total == sum(row.total for row in group.rows)
    groups = [group.totals for group in report.groups]
    for of_groups in (groups, report.totals_by_status.values()):
        assert report.totals.invoices == sum(each.invoices for each in of_groups)
        assert report.totals.subtotal == sum(each.subtotal for each in of_groups)
        assert report.totals.tax == sum(each.tax for each in of_groups)
        assert report.totals.total == sum(each.total for each in of_groups)


def test_customers_come_by_name_and_their_invoices_by_date(session: Session, as_of: date) -> None:
    """What is looked up is found where one looks."""
    report = invoice_details(session, as_of=as_of)
    names = [group.customer for group in report.groups]
    assert names == sorted(names)
    for group in report.groups:
        days = [row.date for row in group.rows]
        assert days == sorted(days)


@pytest.mark.parametrize("status", STATUSES)
def test_status_keeps_the_invoices_that_have_it(session: Session, as_of: date, status: str) -> None:
    """The report of a status has each invoice of it, and no other."""
    report = invoice_details(session, as_of=as_of, status=status.upper())
    wanted = session.scalars(select(Invoice.invoice_number).where(Invoice.status == status))
    assert {row.number for row in report.rows} == set(wanted)
    assert ("Status", status.capitalize()) in report.parameters


def test_billed_leaves_out_drafts_and_cancelled_invoices(session: Session, as_of: date) -> None:
    """What counts as revenue is told apart from the grand total."""
    report = invoice_details(session, as_of=as_of)
    billed = [row for row in report.rows if row.status not in {"draft", "cancelled"}]
    assert report.billed.invoices == len(billed) < report.totals.invoices
    assert report.billed.total == sum(row.total for row in billed)


def test_a_customer_is_found_by_name_and_by_id(session: Session, as_of: date) -> None:
    """The best customer's invoices are the same, whichever way the customer is named."""
    best = (
        select(Customer)
        .join(Customer.invoices)
        .group_by(Customer.id)
        .order_by(func.count().desc(), Customer.id)
    )
    customer = session.scalars(best.limit(1)).one()
    by_id = invoice_details(session, as_of=as_of, customer=customer.id)
    (group,) = by_id.groups
    assert group.customer == customer.name
    assert {row.number for row in group.rows} == {each.invoice_number for each in customer.invoices}
    assert ("Customer", customer.name) in by_id.parameters
    assert invoice_details(session, as_of=as_of, customer=str(customer.id)) == by_id
    assert invoice_details(session, as_of=as_of, customer=customer.name.upper()) == by_id


def test_customers_of_one_name_stay_apart(
    empty: Session,
    add_customer: Callable[..., Customer],
    add_product: Callable[..., Product],
    add_invoice: Callable[..., Invoice],
) -> None:
    """A name finds all who have it, and each of them has totals of their own."""
    product, day = add_product(), date(2025, 6, 1)
    for quantity in (1, 2):
        add_invoice(add_customer("Ada Byron"), day, {product: quantity})
    report = invoice_details(empty, as_of=day, customer="Ada Byron")
    assert [group.totals.subtotal for group in report.groups] == [Decimal(10), Decimal(20)]


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (None, None, "All"),
        (90, None, "From {0}"),
        (None, 30, "Up to {1}"),
        (90, 30, "{0} to {1}"),
        (90, 90, "{0} to {0}"),
    ],
)
def test_a_date_range_has_both_of_its_ends(
    session: Session, as_of: date, first: int | None, last: int | None, shown: str
) -> None:
    """An invoice of the first or the last day is in the range, and an end can be left open."""
    days = session.scalars(select(Invoice.date).order_by(Invoice.date.desc())).all()
    ends = [None if place is None else days[min(place, len(days) - 1)] for place in (first, last)]
    report = invoice_details(session, as_of=as_of, date_from=ends[0], date_to=ends[1])
    kept = [each for each in days if (ends[0] or each) <= each <= (ends[1] or each)]
    assert Counter(row.date for row in report.rows) == Counter(kept)
    words = [f"{each:%B} {each.day}, {each.year}" if each else "" for each in ends]
    assert ("Dates", shown.format(*words)) in report.parameters


def test_paid_invoices_can_be_left_out(session: Session, as_of: date) -> None:
    """What remains is all that is not paid."""
    rows = invoice_details(session, as_of=as_of).rows
    report = invoice_details(session, as_of=as_of, include_paid=False)
    assert set(report.rows) == {row for row in rows if row.status != InvoiceStatus.PAID}
    assert ("Status", "All but paid") in report.parameters


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"status": "payed"},
            "The parameter 'status' cannot be 'payed'.\n"
            "Allowed: draft, sent, paid, overdue, cancelled.\n"
            "Did you mean 'paid'?",
        ),
        (
            {"status": "paid", "include_paid": False},
            "The parameter 'status' cannot be 'paid'.\n"
            "Allowed: draft, sent, overdue, cancelled, as paid invoices are left out.",
        ),
        (
            {"date_from": date(2025, 2, 1), "date_to": date(2025, 1, 31)},
            "The parameter 'date_to' cannot be 2025-01-31.\n"
            "Allowed: 2025-02-01, which is date_from, or later.",
        ),
    ],
)
def test_a_bad_parameter_is_told_what_is_allowed(
    session: Session, as_of: date, parameters: dict[str, Any], message: str
) -> None:
    """The error names the parameter, the value, the values allowed, and the nearest of them."""
    with pytest.raises(ParameterError) as caught:
        invoice_details(session, as_of=as_of, **parameters)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("customer", "message"),
    [
        (
            "Ada Byrno",
            "The parameter 'customer' cannot be 'Ada Byrno'.\n"
            "Allowed: the name or the id of one of the 2 customers.\n"
            "Did you mean 'Ada Byron'?",
        ),
        (
            0,
            "The parameter 'customer' cannot be 0.\n"
            "Allowed: the name or the id of one of the 2 customers.",
        ),
    ],
)
def test_an_unknown_customer_is_told_who_there_is(
    empty: Session, add_customer: Callable[..., Customer], customer: str | int, message: str
) -> None:
    """The customers are too many to name, but the one that is meant may be among them."""
    add_customer("Ada Byron")
    add_customer("Grace Murray")
    with pytest.raises(ParameterError) as caught:
        invoice_details(empty, as_of=date(2025, 12, 31), customer=customer)
    assert str(caught.value) == message


@pytest.mark.parametrize("parameters", [{}, {"customer": 1}, {"status": "paid"}])
def test_empty_tables_make_an_empty_report(
    empty: Session, as_of: date, parameters: dict[str, Any]
) -> None:
    """Nothing adds up to zero."""
    report = invoice_details(empty, as_of=as_of, **parameters)
    assert (report.groups, report.totals_by_status) == ((), {})
    assert report.totals == InvoiceTotals(0, Decimal(0), Decimal(0), Decimal(0))


def test_the_status_is_that_of_the_reports_day(
    empty: Session,
    add_customer: Callable[..., Customer],
    add_product: Callable[..., Product],
    add_invoice: Callable[..., Invoice],
) -> None:
    """An invoice that is paid today was overdue before, sent before that, and not yet there."""
    due = date(2025, 6, 1)
    add_invoice(add_customer(), due, {add_product(): 1}, paid=due + timedelta(days=10))
    states = {
        days: [
            (row.status, row.days_overdue)
            for row in invoice_details(empty, as_of=due + timedelta(days=days)).rows
        ]
        for days in (-1, 0, 1, 9, 10)
    }
    assert states == {
        -1: [],
        0: [("sent", None)],
        1: [("overdue", 1)],
        9: [("overdue", 9)],
        10: [("paid", None)],
    }
