"""What no tool for fake values knows, the same for all of them: amounts, dates, statuses.

Each `draw_` function makes the columns of a row that hang together or stand under a CHECK. It draws
with the methods of a tool or, where none are given, with Python's `random`. Texts are the tool's
business, and so are keys and relationships, except with `insert_all`: there, one tool differs from
another in nothing but its methods for texts and draws.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import insert

from pytest_demodata.defaults import DEFAULT_AS_OF
from pytest_demodata.invoicing.models import (
    AddressType,
    Base,
    CustomerStatus,
    InvoiceStatus,
    PaymentTerms,
    Region,
)

from .draws import FOUNDED, RANDOM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from faker import Faker
    from sqlalchemy import Connection

    from pytest_demodata import Volume
    from pytest_demodata.invoicing.models import InvoiceLineItem

    from .draws import Draws

    Row = dict[str, Any]

COUNTRY: Final = "United States"

BLOCK: Final = 10_000
"""Invoices that are made and inserted together: all of `large`, a tenth of `huge`."""

_CENT: Final = Decimal("0.01")
_REGIONS: Final = tuple(Region)
_OTHER_ADDRESSES: Final = (AddressType.SHIPPING, AddressType.MAILING, AddressType.OTHER)
_STATUSES: Final = (
    *[CustomerStatus.ACTIVE] * 7,
    *[CustomerStatus.INACTIVE] * 2,
    CustomerStatus.SUSPENDED,
)
_ACTIVE: Final = (True, True, True, False)
_PROGRESS: Final = (
    *[InvoiceStatus.PAID] * 17,
    InvoiceStatus.SENT,
    InvoiceStatus.DRAFT,
    InvoiceStatus.CANCELLED,
)
_TERMS: Final = tuple((terms, timedelta(terms.days)) for terms in PaymentTerms)
_QUANTITIES: Final = (1, 1, 1, 1, 2, 2, 3, 4, 5, 10)
_DISCOUNTS: Final = tuple(map(Decimal, (0, 0, 0, 0, 0, 5, 5, 10, 15, 25)))
_TAX_RATES: Final = tuple(map(Decimal, ("2.9", "4", "6", "6.25", "6.35", "7.25")))

CUSTOMER_TYPES: Final[tuple[Mapping[str, Any], ...]] = tuple(
    {
        "name": name,
        "discount_percentage": Decimal(5 * rank),
        "priority_level": rank + 1,
        "active": True,
        "created_at": FOUNDED,
    }
    for rank, name in enumerate(("Bronze", "Silver", "Gold", "Platinum"))
)
CATEGORIES: Final[tuple[Mapping[str, Any], ...]] = tuple(
    {"name": name, "sort_order": place, "active": True, "created_at": FOUNDED}
    for place, name in enumerate(("Electronics", "Clothing", "Home & Garden", "Books", "Sports"), 1)
)


class Texts(NamedTuple):
    """Where the texts come from: a tool's methods, looked up once."""

    name: Callable[[], str]
    phone: Callable[[], str]
    street: Callable[[], str]
    unit: Callable[[], str]
    city: Callable[[], str]
    state: Callable[[], str]
    postal_code: Callable[[], str]
    product: Callable[[], str]
    sentence: Callable[[], str]


def texts_of(fake: Faker) -> Texts:
    """Choose Faker's methods; two words cost a quarter of a `name` with its title."""
    first, last = fake.first_name, fake.last_name
    return Texts(
        name=lambda: f"{first()} {last()}",
        phone=fake.phone_number,
        street=fake.street_address,
        unit=fake.secondary_address,
        city=fake.city,
        state=fake.state_abbr,
        postal_code=fake.postcode,
        product=fake.catch_phrase,
        sentence=fake.sentence,
    )


def sometimes(text: Callable[[], str], chance: float, draws: Draws = RANDOM) -> str | None:
    """Make a text for a column that is mostly NULL."""
    return text() if draws.chance(chance) else None


def blocks(count: int) -> Iterator[range]:
    """Cut the keys from 1 to the count."""
    for start in range(1, count + 1, BLOCK):
        yield range(start, min(start + BLOCK, count + 1))


def half_up(amount: Decimal) -> Decimal:
    """Round to the cent."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def email_of(name: str, number: int) -> str:
    """Make an address of a person's name that nobody else has."""
    return f"{name.replace(' ', '.').lower()}.{number}@example.com"


def draw_customer(draws: Draws = RANDOM) -> Row:
    """Draw status, credit limit and times."""
    created = draws.created()
    return {
        "status": draws.choice(_STATUSES),
        "credit_limit": Decimal(100 * draws.integer(51, 300)),
        "created_at": created,
        "updated_at": created + timedelta(minutes=draws.integer(0, 900_000)),
    }


def draw_address(draws: Draws = RANDOM, *, primary: bool) -> Row:
    """Draw type, region and time; the primary address is the billing one."""
    return {
        "address_type": AddressType.BILLING if primary else draws.choice(_OTHER_ADDRESSES),
        "region": draws.choice(_REGIONS),
        "is_primary": primary,
        "active": True,
        "created_at": draws.created(),
    }


def draw_product(draws: Draws = RANDOM) -> Row:
    """Draw price, cost, weight and times."""
    cost = draws.integer(100, 39_999)
    created = draws.created()
    return {
        "price": Decimal(cost * draws.integer(102, 222) // 100 + 1).scaleb(-2),
        "cost": Decimal(cost).scaleb(-2),
        "weight": Decimal(draws.integer(50, 19_999)).scaleb(-3),
        "active": draws.choice(_ACTIVE),
        "created_at": created,
        "updated_at": created + timedelta(minutes=draws.integer(0, 900_000)),
    }


def draw_stock(draws: Draws = RANDOM) -> Row:
    """Draw what the warehouse holds of a product."""
    stock = draws.integer(0, 199)
    reorder = draws.integer(1, 39)
    created = draws.created()
    return {
        "current_stock": stock,
        "reserved_stock": draws.integer(0, stock // 4),
        "reorder_point": reorder,
        "reorder_quantity": 3 * reorder,
        "location": f"{draws.choice('ABC')}-{draws.integer(1, 24):02}-{draws.integer(1, 4)}",
        "last_received_date": draws.received(),
        "last_received_quantity": 3 * reorder,
        "created_at": created,
        "updated_at": created + timedelta(minutes=draws.integer(0, 900_000)),
    }


def draw_invoice(number: int, draws: Draws = RANDOM) -> Row:
    """Draw number, dates, status and terms of the invoice of that serial number."""
    created = draws.invoiced()
    day = created.date()
    terms, days = draws.choice(_TERMS)
    due = day + days
    status, paid = _settle(day, due, draws)
    return {
        "invoice_number": f"INV-{day.year}{day.month:02}{day.day:02}-{number:04}",
        "date": day,
        "due_date": due,
        "status": status,
        "payment_terms": terms,
        "paid_date": paid,
        "created_at": created,
        "updated_at": created + timedelta(minutes=draws.integer(0, 100_000)),
    }


def _settle(day: date, due: date, draws: Draws) -> tuple[InvoiceStatus, date | None]:
    status = draws.choice(_PROGRESS)
    if status is InvoiceStatus.PAID:
        return status, min(day + timedelta(draws.integer(0, 59)), DEFAULT_AS_OF)
    if status is InvoiceStatus.SENT and due < DEFAULT_AS_OF:
        return InvoiceStatus.OVERDUE, None
    return status, None


def draw_line(unit_price: Decimal, draws: Draws = RANDOM) -> Row:
    """Draw quantity and discount of a line, and work out its amounts."""
    return _line(unit_price, draws.choice(_QUANTITIES), draws.choice(_DISCOUNTS))


def draw_lines(unit_prices: Sequence[Decimal], draws: Draws) -> Iterator[Row]:
    """Draw quantities and discounts of so many lines at once, and work out their amounts."""
    size = len(unit_prices)
    quantities, percentages = draws.choices(_QUANTITIES, size), draws.choices(_DISCOUNTS, size)
    return map(_line, unit_prices, quantities, percentages)


def _line(unit_price: Decimal, quantity: int, percentage: Decimal) -> Row:
    gross = quantity * unit_price
    discount = half_up(gross * percentage / 100)
    return {
        "quantity": quantity,
        "unit_price": unit_price,
        "discount_percentage": percentage,
        "discount_amount": discount,
        "line_total": gross - discount,
    }


def draw_totals(subtotal: Decimal, draws: Draws = RANDOM) -> Row:
    """Draw the tax rate of an invoice, and work out its amounts."""
    rate = draws.choice(_TAX_RATES)
    tax = half_up(subtotal * rate / 100)
    return {"subtotal": subtotal, "tax_rate": rate, "tax_amount": tax, "total": subtotal + tax}


def draw_size(sizes: range, draws: Draws) -> int:
    """Draw how many children a parent has."""
    return sizes[draws.integer(0, len(sizes) - 1)]


def draw_products(products: Sequence[Any], volume: Volume, draws: Draws = RANDOM) -> Sequence[Any]:
    """Draw what is on an invoice, nothing of it twice."""
    size = draw_size(volume.fan_outs["lines"], draws)
    return draws.sample(products, min(size, len(products)))


def subtotal_of(lines: Iterable[InvoiceLineItem]) -> Decimal:
    """Add up the lines of an invoice."""
    return sum((line.line_total for line in lines), Decimal())


def draw_invoices(
    keys: range, products: Sequence[Row], volume: Volume, draws: Draws = RANDOM
) -> tuple[list[Row], list[Row]]:
    """Draw invoices and their lines, that is all but notes and customer, with the keys given."""
    invoices: list[Row] = []
    lines: list[Row] = []
    sold = [draw_products(products, volume, draws) for _ in keys]
    drawn = draw_lines([product["price"] for each in sold for product in each], draws)
    for key, each in zip(keys, sold, strict=True):
        invoice = draw_invoice(key, draws)
        subtotal = Decimal()
        # Not strict: what is left over is for the next invoice.
        for position, (product, amounts) in enumerate(zip(each, drawn, strict=False), 1):
            line = {
                "invoice_id": key,
                "product_id": product["id"],
                "position": position,
                "created_at": invoice["created_at"],
                **amounts,
            }
            subtotal += line["line_total"]
            lines.append(line)
        invoices.append({"id": key, **invoice, **draw_totals(subtotal, draws)})
    return invoices, lines


def insert_all(connection: Connection, volume: Volume, texts: Texts, draws: Draws) -> None:
    """Fill the tables through Core: a list of dictionaries and one `insert` each.

    The keys are counted here, so that nothing is read back.
    """
    customers = [_customer(key, texts, draws) for key in range(1, volume.counts["customers"] + 1)]
    products = [_product(key, texts, draws) for key in range(1, volume.counts["products"] + 1)]
    _insert(connection, "customer_types", CUSTOMER_TYPES)
    _insert(connection, "customers", customers)
    _insert(connection, "customer_addresses", _addresses(customers, volume, texts, draws))
    _insert(connection, "product_categories", CATEGORIES)
    _insert(connection, "products", products)
    stocks = [{"product_id": product["id"], **draw_stock(draws)} for product in products]
    _insert(connection, "inventory", stocks)
    for keys in blocks(volume.counts["invoices"]):
        invoices, lines = draw_invoices(keys, products, volume, draws)
        for invoice in invoices:
            invoice["customer_id"] = draws.integer(1, volume.counts["customers"])
            invoice["notes"] = sometimes(texts.sentence, 0.1, draws)
        _insert(connection, "invoices", invoices)
        _insert(connection, "invoice_line_items", lines)


def _insert(connection: Connection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    connection.execute(insert(Base.metadata.tables[table]), list(rows))


def _customer(key: int, texts: Texts, draws: Draws) -> Row:
    name = texts.name()
    return {
        "id": key,
        "name": name,
        "email": email_of(name, key),
        "phone": texts.phone(),
        "notes": sometimes(texts.sentence, 0.2, draws),
        "customer_type_id": draws.integer(1, len(CUSTOMER_TYPES)),
        **draw_customer(draws),
    }


def _addresses(customers: list[Row], volume: Volume, texts: Texts, draws: Draws) -> list[Row]:
    return [
        {
            "customer_id": customer["id"],
            "street": texts.street(),
            "street2": sometimes(texts.unit, 0.25, draws),
            "city": texts.city(),
            "state": texts.state(),
            "postal_code": texts.postal_code(),
            "country": COUNTRY,
            **draw_address(draws, primary=not place),
        }
        for customer in customers
        for place in range(draw_size(volume.fan_outs["addresses"], draws))
    ]


def _product(key: int, texts: Texts, draws: Draws) -> Row:
    return {
        "id": key,
        "name": texts.product(),
        "sku": f"SKU-{key:06}",
        "description": texts.sentence(),
        "category_id": draws.integer(1, len(CATEGORIES)),
        **draw_product(draws),
    }
