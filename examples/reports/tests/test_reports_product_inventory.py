"""The product inventory: margins, grades, stock and sales, by category."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from invoicing_reports import ParameterError, product_inventory
from invoicing_reports.product_inventory import ProductTotals
from sqlalchemy import select, text

from pytest_demodata import assert_no_orphans, assert_unique
from pytest_demodata.invoicing import InvoiceLineItem, InvoiceStatus, Product

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from pytest_demodata import DemoDatabase
    from pytest_demodata.invoicing import Customer, Invoice

CATEGORIES = ("Electronics", "Clothing", "Home & Garden", "Books", "Sports")
UNBILLED = {InvoiceStatus.DRAFT, InvoiceStatus.CANCELLED}


def _grade(product: Product) -> str:
    """Grade without a division: a margin of 30 % is a cost of 70 % of the price."""
    highest_costs = {"A": 50, "B": 70, "C": 85, "D": 95, "F": 100}
    cost = product.cost * 100
    return next(grade for grade, most in highest_costs.items() if cost <= most * product.price)


def _stock_status(product: Product) -> str:
    assert product.inventory is not None
    available = product.inventory.current_stock - product.inventory.reserved_stock
    if available <= 0:
        return "out"
    point = product.inventory.reorder_point
    return "low" if available <= point else "normal" if available <= 2 * point else "high"


def _sold(session: Session, since: date) -> Counter[int]:
    """Count units by product, line by line."""
    sold: Counter[int] = Counter()
    for line in session.scalars(select(InvoiceLineItem)):
        if line.invoice.status not in UNBILLED and line.invoice.date > since:
            sold[line.product_id] += line.quantity
    return sold


def test_every_figure_is_that_of_the_product(demo_db_medium: DemoDatabase) -> None:
    """A row repeats what the product, its stock and its lines say, one by one."""
    session, as_of = demo_db_medium.session, demo_db_medium.as_of
    report = product_inventory(session, as_of=as_of, include_inactive=True)
    sold, recent = _sold(session, date.min), _sold(session, as_of.replace(year=as_of.year - 1))
    rows = {row.sku: row for row in report.rows}
    products = session.scalars(select(Product)).all()
    assert len(report.rows) == len(rows) == len(products)
    for product in products:
        row, stock = rows[product.sku], product.inventory
        assert stock is not None
        assert (row.category, row.name) == (product.category.name, product.name)
        assert (row.price, row.cost, row.active) == (product.price, product.cost, product.active)
        assert (row.grade, row.stock_status) == (_grade(product), _stock_status(product))
        assert row.stock == stock.current_stock
        assert row.available == stock.current_stock - stock.reserved_stock
        assert row.units_sold == sold[product.id]
        assert abs(row.velocity * 12 - recent[product.id]) <= Decimal("0.6")
    assert_unique(demo_db_medium, Product.sku)
    assert_no_orphans(demo_db_medium)


def test_the_grand_totals_are_what_the_database_adds_up_to(session: Session, as_of: date) -> None:
    """Stock is valued as the database itself multiplies and adds."""
    totals = product_inventory(session, as_of=as_of, include_inactive=True).totals
    query = text("""
        SELECT count(*), sum(current_stock * cost), sum(current_stock * price),
               avg((price - cost) * 100.0 / price)
        FROM products JOIN inventory ON inventory.product_id = products.id
    """)
    products, at_cost, at_price, margin = session.execute(query).one()
    assert totals.products == products
    assert f"{totals.value_at_cost:.2f}" == f"{at_cost:.2f}"
    assert f"{totals.value_at_price:.2f}" == f"{at_price:.2f}"
    assert totals.average_margin is not None
    assert abs(float(totals.average_margin) - float(margin)) <= 0.05


def test_the_categories_add_up_to_the_whole(session: Session, as_of: date) -> None:
    """Group totals are sums over the rows, and the grand totals sums over the groups."""
    report = product_inventory(session, as_of=as_of)
    for group in report.groups:
        rows, totals = group.rows, group.totals
        assert {row.category for row in rows} == {group.category}
        assert totals.products == len(rows)
        assert totals.value_at_cost == sum(row.stock * row.cost for row in rows)
        assert totals.value_at_price == sum(row.stock * row.price for row in rows)
        assert totals.grades == {g: [row.grade for row in rows].count(g) for g in "ABCDF"}
        assert totals.to_reorder == sum(row.available <= row.reorder_point for row in rows)
    sums: defaultdict[str, Any] = defaultdict(int)
    for group in report.groups:
        sums["products"] += group.totals.products
        sums["value_at_cost"] += group.totals.value_at_cost
        sums["value_at_price"] += group.totals.value_at_price
        sums["to_reorder"] += group.totals.to_reorder
        for grade, products in group.totals.grades.items():
            sums[grade] += products
    totals = report.totals
    assert {grade: sums[grade] for grade in "ABCDF"} == totals.grades
    assert sums["products"] == totals.products
    assert sums["value_at_cost"] == totals.value_at_cost
    assert sums["value_at_price"] == totals.value_at_price
    assert sums["to_reorder"] == totals.to_reorder


@pytest.mark.parametrize("category", CATEGORIES)
def test_category_keeps_the_products_of_one_category(
    session: Session, as_of: date, category: str
) -> None:
    """The report of a category is that group of the whole report, by name."""
    whole = {group.category: group for group in product_inventory(session, as_of=as_of).groups}
    report = product_inventory(session, as_of=as_of, category=category.upper())
    assert report.groups == (whole[category],)
    assert ("Category", category) in report.parameters
    names = [row.name for row in report.rows]
    assert names == sorted(names)


def test_categories_come_in_their_order(session: Session, as_of: date) -> None:
    """The order of the categories is the one that the company gave them."""
    report = product_inventory(session, as_of=as_of)
    assert tuple(group.category for group in report.groups) == CATEGORIES


def test_inactive_products_are_in_it_when_asked_for(session: Session, as_of: date) -> None:
    """The default has active products only; what is sold no more is never to be reordered."""
    active = product_inventory(session, as_of=as_of)
    everything = product_inventory(session, as_of=as_of, include_inactive=True)
    assert all(row.active for row in active.rows)
    assert active.rows == tuple(row for row in everything.rows if row.active)
    assert any(not row.active for row in everything.rows)
    assert active.totals.to_reorder == everything.totals.to_reorder


def test_low_stock_only_keeps_what_is_low_or_out(session: Session, as_of: date) -> None:
    """These are the products that are to be reordered."""
    rows = product_inventory(session, as_of=as_of).rows
    report = product_inventory(session, as_of=as_of, low_stock_only=True)
    assert report.rows == tuple(row for row in rows if row.available <= row.reorder_point)
    assert report.totals.to_reorder == report.totals.products > 0
    assert ("Stock", "Low or out") in report.parameters


@pytest.mark.parametrize(
    ("category", "message"),
    [
        (
            "Book",
            "The parameter 'category' cannot be 'Book'.\n"
            "Allowed: Electronics, Clothing, Home & Garden, Books, Sports.\n"
            "Did you mean 'Books'?",
        ),
        (
            "Toys",
            "The parameter 'category' cannot be 'Toys'.\n"
            "Allowed: Electronics, Clothing, Home & Garden, Books, Sports.",
        ),
    ],
)
def test_a_bad_category_is_told_what_is_allowed(
    session: Session, as_of: date, category: str, message: str
) -> None:
    """The error names the parameter, the value, the values allowed, and the nearest of them."""
    with pytest.raises(ParameterError) as caught:
        product_inventory(session, as_of=as_of, category=category)
    assert str(caught.value) == message


@pytest.mark.parametrize("parameters", [{}, {"category": "Books"}, {"low_stock_only": True}])
def test_empty_tables_make_an_empty_report(
    empty: Session, as_of: date, parameters: dict[str, Any]
) -> None:
    """Nothing adds up to zero, and has no average."""
    report = product_inventory(empty, as_of=as_of, **parameters)
    assert report.groups == ()
    assert report.totals == ProductTotals(
        products=0,
        value_at_cost=Decimal(0),
        value_at_price=Decimal(0),
        average_margin=None,
        grades={"A": 0, "B": 0, "C": 0, "D": 0, "F": 0},
        to_reorder=0,
    )


@pytest.mark.parametrize(
    ("cost", "grade"),
    [
        ("50.00", "A"),
        ("50.01", "B"),
        ("70.00", "B"),
        ("70.01", "C"),
        ("85.00", "C"),
        ("85.01", "D"),
        ("95.00", "D"),
        ("95.01", "F"),
        ("99.99", "F"),
    ],
)
def test_a_margin_on_the_limit_has_the_better_grade(
    empty: Session, add_product: Callable[..., Product], cost: str, grade: str
) -> None:
    """A is from exactly 50 %, and a cent of cost more is a B."""
    add_product(price="100.00", cost=cost)
    (row,) = product_inventory(empty, as_of=date(2025, 12, 31)).rows
    assert row.grade == grade


@pytest.mark.parametrize(
    ("stock", "reserved", "status", "to_reorder"),
    [
        (0, 0, "out", True),
        (8, 8, "out", True),
        (1, 0, "low", True),
        (15, 5, "low", True),
        (16, 5, "normal", False),
        (20, 0, "normal", False),
        (21, 0, "high", False),
        (None, 0, "out", True),
    ],
)
def test_the_stock_status_follows_what_is_available(
    empty: Session,
    add_product: Callable[..., Product],
    stock: int | None,
    reserved: int,
    status: str,
    to_reorder: bool,  # noqa: FBT001
) -> None:
    """With a reorder point of 10, 10 available is low, 20 normal and 21 high."""
    add_product(stock=stock, reserved=reserved, reorder_point=10)
    report = product_inventory(empty, as_of=date(2025, 12, 31))
    (row,) = report.rows
    assert row.stock_status == status
    assert report.totals.to_reorder == to_reorder


def test_velocity_counts_the_last_twelve_months(
    empty: Session,
    add_customer: Callable[..., Customer],
    add_product: Callable[..., Product],
    add_invoice: Callable[..., Invoice],
) -> None:
    """What was sold exactly a year ago is in the units sold, and no more in velocity."""
    as_of, customer, product = date(2024, 2, 29), add_customer(), add_product()
    add_invoice(customer, date(2023, 2, 28), {product: 1_000})
    add_invoice(customer, date(2023, 3, 1), {product: 5})
    add_invoice(customer, as_of, {product: 10})
    add_invoice(customer, as_of + timedelta(days=1), {product: 100})
    add_invoice(customer, as_of, {product: 100}, status=InvoiceStatus.CANCELLED)
    (row,) = product_inventory(empty, as_of=as_of).rows
    assert row.units_sold == 1_015
    assert row.velocity == Decimal("1.3")
