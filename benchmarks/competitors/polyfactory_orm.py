"""polyfactory and the ORM: what the factories build, `add_all`, one commit.

Keys and relationships, which it would draw at random too, are switched off or given. What hangs
together is drawn at once and given to `build`. Most of the time goes where no setting reaches: a
factory finds out the fields of its model again for each object (its pull request 782, "cache model
fields", is open).
"""

from __future__ import annotations

from random import choice
from typing import TYPE_CHECKING, Final, TypeVar

from faker import Faker
from polyfactory import Use
from polyfactory.factories.sqlalchemy_factory import SQLAlchemyFactory
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
    from sqlalchemy import Connection

    from pytest_demodata import Volume

Model = TypeVar("Model")

TEXTS: Final = plausible.texts_of(Faker(use_weighting=False))


class ModelFactory(SQLAlchemyFactory[Model]):
    """What the factories have in common."""

    __is_base_factory__ = True
    __set_primary_key__ = False
    __set_foreign_keys__ = False
    __set_relationships__ = False
    __set_association_proxy__ = False


class AddressFactory(ModelFactory[CustomerAddress]):
    """Addresses: the texts."""

    street = Use(TEXTS.street)
    street2 = Use(plausible.sometimes, TEXTS.unit, 0.25)
    city = Use(TEXTS.city)
    state = Use(TEXTS.state)
    postal_code = Use(TEXTS.postal_code)
    country = plausible.COUNTRY


class CustomerFactory(ModelFactory[Customer]):
    """Customers: the texts, but for the name, which the email address takes up."""

    phone = Use(TEXTS.phone)
    notes = Use(plausible.sometimes, TEXTS.sentence, 0.2)


class InventoryFactory(ModelFactory[Inventory]):
    """The stock of a product."""


class ProductFactory(ModelFactory[Product]):
    """Products: the texts."""

    name = Use(TEXTS.product)
    description = Use(TEXTS.sentence)


class LineFactory(ModelFactory[InvoiceLineItem]):
    """Lines of an invoice."""

    description = None


class InvoiceFactory(ModelFactory[Invoice]):
    """Invoices: the texts."""

    notes = Use(plausible.sometimes, TEXTS.sentence, 0.1)


def fill(connection: Connection, volume: Volume) -> None:
    """Fill the tables, in the connection's transaction."""
    types = [CustomerType(**row) for row in plausible.CUSTOMER_TYPES]
    categories = [ProductCategory(**row) for row in plausible.CATEGORIES]
    customers = [
        _customer(key, choice(types), volume) for key in range(1, volume.counts["customers"] + 1)
    ]
    products = [
        _product(key, choice(categories)) for key in range(1, volume.counts["products"] + 1)
    ]
    with Session(connection, expire_on_commit=False) as session:
        session.add_all([*types, *categories, *customers, *products])
        session.flush()
        for keys in plausible.blocks(volume.counts["invoices"]):
            session.add_all([_invoice(key, choice(customers), products, volume) for key in keys])
            session.flush()
        session.commit()


def _customer(key: int, of_type: CustomerType, volume: Volume) -> Customer:
    name = TEXTS.name()
    return CustomerFactory.build(
        name=name,
        email=plausible.email_of(name, key),
        customer_type=of_type,
        addresses=[
            AddressFactory.build(**plausible.draw_address(primary=not place))
            for place in range(choice(volume.fan_outs["addresses"]))
        ],
        **plausible.draw_customer(),
    )


def _product(key: int, category: ProductCategory) -> Product:
    return ProductFactory.build(
        sku=f"SKU-{key:06}",
        category=category,
        inventory=InventoryFactory.build(**plausible.draw_stock()),
        **plausible.draw_product(),
    )


def _invoice(key: int, customer: Customer, products: list[Product], volume: Volume) -> Invoice:
    invoice = plausible.draw_invoice(key)
    lines = [
        LineFactory.build(
            product_id=product.id,
            position=position,
            created_at=invoice["created_at"],
            **plausible.draw_line(product.price),
        )
        for position, product in enumerate(plausible.draw_products(products, volume), 1)
    ]
    return InvoiceFactory.build(
        customer_id=customer.id,
        line_items=lines,
        **invoice,
        **plausible.draw_totals(plausible.subtotal_of(lines)),
    )
