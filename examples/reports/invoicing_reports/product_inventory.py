"""The products of each category: what they earn, what is in stock, and how fast they sell."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sqlalchemy import case, func, select

from invoicing_reports.durations import months_before
from invoicing_reports.ledger import BILLED, ledger
from invoicing_reports.money import average, tenths, total_of
from invoicing_reports.parameters import Shown, chosen
from pytest_demodata.invoicing import Inventory, InvoiceLineItem, Product, ProductCategory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sqlalchemy import Row, Select, Subquery
    from sqlalchemy.orm import Session

GRADES: Final = ("A", "B", "C", "D", "F")
_LOWEST_MARGINS: Final = ((50, "A"), (30, "B"), (15, "C"), (5, "D"))
VELOCITY_MONTHS: Final = 12


class StockStatus(enum.StrEnum):
    """How much of a product can be sold, seen against its reorder point."""

    OUT = "out"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product.

    Attributes:
        category: The category's name.
        name: The product's name.
        sku: The stock keeping unit.
        active: Whether it is still sold.
        price: The list price, without tax.
        cost: What it costs the company.
        stock: What is in the warehouse, reserved or not.
        available: What is in the warehouse and not reserved.
        reorder_point: What is left when more has to be ordered.
        units_sold: Units on all billed invoices.
        recent_units: Those of them on invoices of the last 12 months.
    """

    category: str
    name: str
    sku: str
    active: bool
    price: Decimal
    cost: Decimal
    stock: int
    available: int
    reorder_point: int
    units_sold: int
    recent_units: int

    @property
    def margin(self) -> Decimal:
        """What is left of the price after the cost, in percent of the price; not rounded."""
        return (self.price - self.cost) * 100 / self.price

    @property
    def grade(self) -> str:
        """The margin's grade: A from 50 %, B from 30 %, C from 15 %, D from 5 %, else F."""
        return next((grade for lowest, grade in _LOWEST_MARGINS if self.margin >= lowest), "F")

    @property
    def stock_status(self) -> StockStatus:
        """Out at 0, low up to the reorder point, normal up to twice it, else high."""
        if self.available <= 0:
            return StockStatus.OUT
        if self.available <= self.reorder_point:
            return StockStatus.LOW
        return StockStatus.NORMAL if self.available <= 2 * self.reorder_point else StockStatus.HIGH

    @property
    def velocity(self) -> Decimal:
        """Units sold a month, over the last 12 months, to one decimal place."""
        return tenths(Decimal(self.recent_units) / VELOCITY_MONTHS)

    @property
    def is_to_reorder(self) -> bool:
        """Whether it is sold out or low, and still sold."""
        return self.active and self.stock_status in {StockStatus.OUT, StockStatus.LOW}


@dataclass(frozen=True, slots=True)
class ProductTotals:
    """What some products are together; the average of no margin is None."""

    products: int
    value_at_cost: Decimal
    value_at_price: Decimal
    average_margin: Decimal | None
    grades: Mapping[str, int]
    to_reorder: int

    @classmethod
    def of(cls, rows: Sequence[ProductRow]) -> ProductTotals:
        """Add up."""
        grades = Counter(row.grade for row in rows)
        return cls(
            products=len(rows),
            value_at_cost=total_of([row.stock * row.cost for row in rows]),
            value_at_price=total_of([row.stock * row.price for row in rows]),
            average_margin=average([row.margin for row in rows]),
            grades=MappingProxyType({grade: grades[grade] for grade in GRADES}),
            to_reorder=sum(row.is_to_reorder for row in rows),
        )


@dataclass(frozen=True, slots=True)
class CategoryGroup:
    """The products of a category."""

    category: str
    rows: tuple[ProductRow, ...]
    totals: ProductTotals


@dataclass(frozen=True, slots=True)
class ProductInventory:
    """The report."""

    name: ClassVar = "product_inventory"
    title: ClassVar = "Product Inventory"

    as_of: date
    parameters: Shown
    groups: tuple[CategoryGroup, ...]
    totals: ProductTotals

    @property
    def rows(self) -> tuple[ProductRow, ...]:
        """The products of all categories."""
        return tuple(row for group in self.groups for row in group.rows)


def product_inventory(
    session: Session,
    *,
    as_of: date,
    category: str | None = None,
    include_inactive: bool = False,
    low_stock_only: bool = False,
) -> ProductInventory:
    """List the products, by category and name.

    Args:
        session: Where to read.
        as_of: The day up to which sales count, and before which the last 12 months are. Stock is
            that of now: the database keeps no history of it.
        category: Only products of it.
        include_inactive: Products that are sold no more, too.
        low_stock_only: Only products that are sold out, or at their reorder point or below.

    Raises:
        ParameterError: A parameter has a value that it cannot have.
    """
    categories = _categories(session)
    if category is not None:
        category = chosen("category", category, categories)
    query = _products(as_of)
    if category:
        query = query.where(ProductCategory.name == category)
    if not include_inactive:
        query = query.where(Product.active)
    rows = [_row(found) for found in session.execute(query)]
    if low_stock_only:
        rows = [row for row in rows if row.stock_status in {StockStatus.OUT, StockStatus.LOW}]
    return ProductInventory(
        as_of=as_of,
        parameters=(
            ("Category", category or "All"),
            ("Products", "Active and inactive" if include_inactive else "Active only"),
            ("Stock", "Low or out" if low_stock_only else "Any"),
        ),
        groups=_grouped(rows, categories),
        totals=ProductTotals.of(rows),
    )


def _categories(session: Session) -> list[str]:
    in_order = select(ProductCategory.name).order_by(ProductCategory.sort_order, ProductCategory.id)
    return list(session.scalars(in_order))


def _products(as_of: date) -> Select[Any]:
    sales = _sales(as_of)
    return (
        select(
            ProductCategory.name.label("category"),
            Product.name,
            Product.sku,
            Product.active,
            Product.price,
            Product.cost,
            Inventory.current_stock,
            Inventory.reserved_stock,
            Inventory.reorder_point,
            sales.c.units_sold,
            sales.c.recent_units,
        )
        .join(Product.category)
        .outerjoin(Product.inventory)
        .outerjoin(sales, sales.c.product_id == Product.id)
    )


def _sales(as_of: date) -> Subquery:
    invoices = ledger(as_of)
    recent = invoices.c.date > months_before(as_of, VELOCITY_MONTHS)
    return (
        select(
            InvoiceLineItem.product_id,
            func.sum(InvoiceLineItem.quantity).label("units_sold"),
            func.sum(case((recent, InvoiceLineItem.quantity))).label("recent_units"),
        )
        .join(invoices, invoices.c.id == InvoiceLineItem.invoice_id)
        .where(invoices.c.status.in_(BILLED))
        .group_by(InvoiceLineItem.product_id)
        .subquery("sales")
    )


def _row(found: Row[Any]) -> ProductRow:
    stock = found.current_stock or 0
    return ProductRow(
        category=found.category,
        name=found.name,
        sku=found.sku,
        active=found.active,
        price=found.price,
        cost=found.cost,
        stock=stock,
        available=stock - (found.reserved_stock or 0),
        reorder_point=found.reorder_point or 0,
        units_sold=int(found.units_sold or 0),
        recent_units=int(found.recent_units or 0),
    )


def _grouped(rows: list[ProductRow], categories: list[str]) -> tuple[CategoryGroup, ...]:
    rows.sort(key=lambda row: (categories.index(row.category), row.name, row.sku))
    return tuple(
        CategoryGroup(category, members, ProductTotals.of(members))
        for category, group in groupby(rows, key=lambda row: row.category)
        for members in (tuple(group),)
    )
