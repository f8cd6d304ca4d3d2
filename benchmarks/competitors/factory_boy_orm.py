"""factory_boy and the ORM: what the factories build, `add_all`, one commit; all drawn by Faker.

`build` instead of `create`, which adds each object to the session by itself; LazyFunction instead
of `factory.Faker`, which looks for its method again for each value and cannot be told to choose
evenly. What hangs together is drawn at once, in `_adjust_kwargs`.
"""

# factory_boy says that it is typed, but its declarations have no annotations; and `_adjust_kwargs`
# of a factory names the columns that it needs.
# mypy: disable-error-code="no-untyped-call, override"

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from factory.alchemy import SQLAlchemyModelFactory
from factory.declarations import LazyAttribute, LazyFunction, Sequence, SubFactory
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
    from decimal import Decimal

    from sqlalchemy import Connection

    from pytest_demodata import Volume

    Row = dict[str, Any]

FAKE: Final = Faker(use_weighting=False)
TEXTS: Final = plausible.texts_of(FAKE)
DRAWS: Final = draws_of(FAKE)


class AddressFactory(SQLAlchemyModelFactory):
    """Addresses; whether it is the primary one is given."""

    class Meta:
        model = CustomerAddress

    street = LazyFunction(TEXTS.street)
    street2 = LazyFunction(lambda: plausible.sometimes(TEXTS.unit, 0.25, DRAWS))
    city = LazyFunction(TEXTS.city)
    state = LazyFunction(TEXTS.state)
    postal_code = LazyFunction(TEXTS.postal_code)
    country = plausible.COUNTRY

    @classmethod
    def _adjust_kwargs(cls, *, is_primary: bool, **given: object) -> Row:
        return {**given, **plausible.draw_address(DRAWS, primary=is_primary)}


class CustomerFactory(SQLAlchemyModelFactory):
    """Customers; type and addresses are given."""

    class Meta:
        model = Customer

    class Params:
        key = Sequence(int)

    name = LazyFunction(TEXTS.name)
    email = LazyAttribute(lambda customer: plausible.email_of(customer.name, customer.key))
    phone = LazyFunction(TEXTS.phone)
    notes = LazyFunction(lambda: plausible.sometimes(TEXTS.sentence, 0.2, DRAWS))

    @classmethod
    def _adjust_kwargs(cls, **given: object) -> Row:
        return {**given, **plausible.draw_customer(DRAWS)}


class InventoryFactory(SQLAlchemyModelFactory):
    """The stock of a product."""

    class Meta:
        model = Inventory

    @classmethod
    def _adjust_kwargs(cls, **given: object) -> Row:
        return {**given, **plausible.draw_stock(DRAWS)}


class ProductFactory(SQLAlchemyModelFactory):
    """Products with their stock; the category is given."""

    class Meta:
        model = Product

    name = LazyFunction(TEXTS.product)
    sku = Sequence(lambda number: f"SKU-{number:06}")
    description = LazyFunction(TEXTS.sentence)
    inventory = SubFactory(InventoryFactory)

    @classmethod
    def _adjust_kwargs(cls, **given: object) -> Row:
        return {**given, **plausible.draw_product(DRAWS)}


class LineFactory(SQLAlchemyModelFactory):
    """Lines of an invoice; product, price and position are given."""

    class Meta:
        model = InvoiceLineItem

    @classmethod
    def _adjust_kwargs(cls, *, unit_price: Decimal, **given: object) -> Row:
        return {**given, **plausible.draw_line(unit_price, DRAWS)}


class InvoiceFactory(SQLAlchemyModelFactory):
    """Invoices; customer, dates and lines are given."""

    class Meta:
        model = Invoice

    notes = LazyFunction(lambda: plausible.sometimes(TEXTS.sentence, 0.1, DRAWS))

    @classmethod
    def _adjust_kwargs(cls, *, line_items: list[InvoiceLineItem], **given: object) -> Row:
        totals = plausible.draw_totals(plausible.subtotal_of(line_items), DRAWS)
        return {"line_items": line_items, **given, **totals}


def fill(connection: Connection, volume: Volume) -> None:
    """Fill the tables, in the connection's transaction."""
    types = [CustomerType(**row) for row in plausible.CUSTOMER_TYPES]
    categories = [ProductCategory(**row) for row in plausible.CATEGORIES]
    customers = [_customer(DRAWS.choice(types), volume) for _ in range(volume.counts["customers"])]
    products = [
        ProductFactory.build(category=DRAWS.choice(categories))
        for _ in range(volume.counts["products"])
    ]
    with Session(connection, expire_on_commit=False) as session:
        session.add_all([*types, *categories, *customers, *products])
        session.flush()
        for keys in plausible.blocks(volume.counts["invoices"]):
            session.add_all(
                [_invoice(key, DRAWS.choice(customers), products, volume) for key in keys]
            )
            session.flush()
        session.commit()


def _customer(of_type: CustomerType, volume: Volume) -> Customer:
    customer: Customer = CustomerFactory.build(
        customer_type=of_type,
        addresses=[
            AddressFactory.build(is_primary=not place)
            for place in range(plausible.draw_size(volume.fan_outs["addresses"], DRAWS))
        ],
    )
    return customer


def _invoice(key: int, customer: Customer, products: list[Product], volume: Volume) -> Invoice:
    drawn = plausible.draw_invoice(key, DRAWS)
    invoice: Invoice = InvoiceFactory.build(
        customer_id=customer.id,
        line_items=[
            LineFactory.build(
                product_id=product.id,
                unit_price=product.price,
                position=position,
                created_at=drawn["created_at"],
            )
            for position, product in enumerate(plausible.draw_products(products, volume, DRAWS), 1)
        ],
        **drawn,
    )
    return invoice
