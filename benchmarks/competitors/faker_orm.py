"""Faker and the ORM: objects, `add_all`, one commit; every value is drawn by Faker.

An address, a line and the stock of a product hang on their parent by its relationship. Customers
and products are flushed before the invoices, which name them by key: that is a quarter faster than
to append each line to its product's collection too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faker import Faker
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
from .draws import draws_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from pytest_demodata import Volume

    from .draws import Draws
    from .plausible import Texts

    Row = dict[str, Any]


def fill(connection: Connection, volume: Volume) -> None:
    """Fill the tables, in the connection's transaction."""
    fake = Faker(use_weighting=False)
    texts, draws = plausible.texts_of(fake), draws_of(fake)
    types = [CustomerType(**row) for row in plausible.CUSTOMER_TYPES]
    categories = [ProductCategory(**row) for row in plausible.CATEGORIES]
    customers = [
        _customer(key, draws.choice(types), volume, texts, draws)
        for key in range(1, volume.counts["customers"] + 1)
    ]
    products = [
        _product(key, draws.choice(categories), texts, draws)
        for key in range(1, volume.counts["products"] + 1)
    ]
    with Session(connection, expire_on_commit=False) as session:
        session.add_all([*types, *categories, *customers, *products])
        session.flush()
        for keys in plausible.blocks(volume.counts["invoices"]):
            session.add_all(
                [
                    _invoice(
                        plausible.draw_invoice(key, draws),
                        draws.choice(customers),
                        plausible.draw_products(products, volume, draws),
                        texts,
                        draws,
                    )
                    for key in keys
                ]
            )
            session.flush()
        session.commit()


def _customer(
    key: int, of_type: CustomerType, volume: Volume, texts: Texts, draws: Draws
) -> Customer:
    name = texts.name()
    return Customer(
        name=name,
        email=plausible.email_of(name, key),
        phone=texts.phone(),
        notes=plausible.sometimes(texts.sentence, 0.2, draws),
        customer_type=of_type,
        addresses=[
            _address(texts, draws, primary=not place)
            for place in range(plausible.draw_size(volume.fan_outs["addresses"], draws))
        ],
        **plausible.draw_customer(draws),
    )


def _address(texts: Texts, draws: Draws, *, primary: bool) -> CustomerAddress:
    return CustomerAddress(
        street=texts.street(),
        street2=plausible.sometimes(texts.unit, 0.25, draws),
        city=texts.city(),
        state=texts.state(),
        postal_code=texts.postal_code(),
        country=plausible.COUNTRY,
        **plausible.draw_address(draws, primary=primary),
    )


def _product(key: int, category: ProductCategory, texts: Texts, draws: Draws) -> Product:
    return Product(
        name=texts.product(),
        sku=f"SKU-{key:06}",
        description=texts.sentence(),
        category=category,
        inventory=Inventory(**plausible.draw_stock(draws)),
        **plausible.draw_product(draws),
    )


def _invoice(
    invoice: Row, customer: Customer, products: Sequence[Product], texts: Texts, draws: Draws
) -> Invoice:
    drawn = plausible.draw_lines([product.price for product in products], draws)
    lines = [
        InvoiceLineItem(
            product_id=product.id, position=position, created_at=invoice["created_at"], **line
        )
        for position, (product, line) in enumerate(zip(products, drawn, strict=True), 1)
    ]
    return Invoice(
        customer_id=customer.id,
        notes=plausible.sometimes(texts.sentence, 0.1, draws),
        line_items=lines,
        **invoice,
        **plausible.draw_totals(plausible.subtotal_of(lines), draws),
    )
