"""seedgraph: `seed()` for the shapes that it has, and the ORM for the two tables that it has not.

A shape has the same number of children under each parent, so that there is a call for each customer
type and number of addresses, and one for each category. No shape builds `Product.inventory`, which
is a single object (0.2.1: "'NoneType' object has no attribute 'append'"). A line has two parents,
an invoice and a product, and a call takes one of each: a call per line, at 2 ms, would be all that
this measures. So stock and lines are objects of the ORM, on the products and invoices of the graph.

A generator knows nothing of the other columns of its row. Overrides draw a row when they are asked
for the first of its columns, and give out the others one by one.
"""

from __future__ import annotations

from collections import Counter, deque
from itertools import count, cycle
from random import choice
from typing import TYPE_CHECKING, Any

from seedgraph import seed
from sqlalchemy.orm import Session

from pytest_demodata.invoicing import (
    Customer,
    CustomerAddress,
    CustomerType,
    Inventory,
    Invoice,
    InvoiceLineItem,
    Product,
    ProductCategory,
)

from . import plausible

if TYPE_CHECKING:
    from collections.abc import Callable

    from seedgraph.generators import ColumnMap, GenerationContext, GeneratorMap, OverrideMap
    from sqlalchemy import Connection

    from pytest_demodata import Volume

GENERATORS: GeneratorMap = {
    CustomerAddress: {
        "street": lambda context: context.fake.street_address(),
        "street2": lambda context: plausible.sometimes(context.fake.secondary_address, 0.25),
        "state": lambda context: context.fake.state_abbr(),
        "postal_code": lambda context: context.fake.postcode(),
    },
    Customer: {"notes": lambda context: plausible.sometimes(context.fake.sentence, 0.2)},
    Product: {
        "name": lambda context: context.fake.catch_phrase(),
        "description": lambda context: context.fake.sentence(),
    },
    Invoice: {"notes": lambda context: plausible.sometimes(context.fake.sentence, 0.1)},
}


def fill(connection: Connection, volume: Volume) -> None:
    """Fill the tables, in the connection's transaction."""
    with Session(connection, expire_on_commit=False) as session:
        products = _products(session, volume)
        _customers(session, volume, products)
        session.commit()


def _column_by_column(draw: Callable[[], dict[str, Any]]) -> ColumnMap:
    """Override the columns of what is drawn: a new row when all of the last one is given out."""
    row = draw()

    def value(context: GenerationContext) -> object:
        if not row:
            row.update(draw())
        return row.pop(context.column)

    return dict.fromkeys(row, value)


def _products(session: Session, volume: Volume) -> list[Product]:
    categories = [ProductCategory(**row) for row in plausible.CATEGORIES]
    session.add_all(categories)
    numbers = count(1)
    overrides: OverrideMap = {
        Product: {
            **_column_by_column(plausible.draw_product),
            "sku": lambda _: f"SKU-{next(numbers):06}",
        }
    }
    products: list[Product] = []
    in_category = Counter(choice(categories) for _ in range(volume.counts["products"]))
    for category, size in in_category.items():
        graph = seed(session, Product, GENERATORS, overrides, parents=[category], product=size)
        products += graph.products
    session.add_all(
        [Inventory(product_id=product.id, **plausible.draw_stock()) for product in products]
    )
    session.flush()
    return products


def _customers(session: Session, volume: Volume, products: list[Product]) -> None:
    types = [CustomerType(**row) for row in plausible.CUSTOMER_TYPES]
    session.add_all(types)
    invoices_each, invoices_left = divmod(volume.counts["invoices"], volume.counts["customers"])
    lines: deque[list[InvoiceLineItem]] = deque()
    numbers = count(1)

    def draw_invoice() -> dict[str, Any]:
        invoice = plausible.draw_invoice(next(numbers))
        lines.append(_lines(invoice, products, volume))
        return {**invoice, **plausible.draw_totals(plausible.subtotal_of(lines[-1]))}

    overrides: OverrideMap = {
        Customer: _column_by_column(plausible.draw_customer),
        Invoice: _column_by_column(draw_invoice),
    }
    alike = Counter(
        (choice(types), choice(volume.fan_outs["addresses"]))
        for _ in range(volume.counts["customers"])
    )
    for (of_type, addresses), size in alike.items():
        graph = seed(
            session,
            Customer,
            GENERATORS,
            {**overrides, CustomerAddress: _addresses(addresses)},
            parents=[of_type],
            customer=size,
            addresses=addresses,
            invoices=invoices_each,
        )
        _add_lines(session, graph.invoices, lines)
    last = graph.customers[-1]
    graph = seed(session, Invoice, GENERATORS, overrides, parents=[last], invoice=invoices_left)
    _add_lines(session, graph.invoices, lines)


def _addresses(size: int) -> ColumnMap:
    """Make the first of so many addresses the primary one, of each customer."""
    primary = cycle([True] + [False] * (size - 1))
    return {
        **_column_by_column(lambda: plausible.draw_address(primary=next(primary))),
        "country": plausible.COUNTRY,
    }


def _lines(
    invoice: dict[str, Any], products: list[Product], volume: Volume
) -> list[InvoiceLineItem]:
    return [
        InvoiceLineItem(
            product_id=product.id,
            position=position,
            created_at=invoice["created_at"],
            **plausible.draw_line(product.price),
        )
        for position, product in enumerate(plausible.draw_products(products, volume), 1)
    ]


def _add_lines(
    session: Session, invoices: list[Invoice], lines: deque[list[InvoiceLineItem]]
) -> None:
    for invoice in invoices:
        for line in lines.popleft():
            line.invoice_id = invoice.id
            session.add(line)
    session.flush()
