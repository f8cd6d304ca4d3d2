"""The rules of the dataset that tie many rows together, or rows to the locale's words.

Shares hold for tables of a size at which they mean something; a smaller table is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, func, select

from pytest_demodata.invoicing.models import (
    Customer,
    CustomerAddress,
    CustomerStatus,
    CustomerType,
    Inventory,
    Invoice,
    InvoiceLineItem,
    InvoiceStatus,
    Product,
    ProductCategory,
)
from pytest_demodata.invoicing.row_rules import CATEGORIES, REVENUE, TIERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Executable, Select

    from pytest_demodata.words import Words

_ENOUGH: Final = 25
"""Rows from which on shares are held to."""

_TOLERANCE: Final = 0.1
"""How far a share may be off, of 1."""

_PINNED: Final = 5
"""Rows that may be set to a value so that it occurs."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that does not hold.

    Attributes:
        number: The rule's number in the project's `domain.md`.
        table: The table.
        sentence: What should be so.
        rows: The keys of rows that break it; none where it is about the table as a whole.
    """

    number: int
    table: str
    sentence: str
    rows: Sequence[object] = ()


def breaches(connection: Connection, words: Words) -> Iterator[Breach]:
    """Look at the tables and return what does not hold."""
    for look in (_tiers, _statuses, _grades, _stock, _skew, _season):
        yield from look(connection)
    for look_up in (_people, _phones, _places, _tax_rates, _product_names):
        yield from look_up(connection, words)


def _counts(connection: Connection, query: Executable) -> dict[Any, int]:
    return {value: count for value, count in connection.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def _shares(
    number: int, table: str, counts: Mapping[Any, int], expected: Mapping[Any, float]
) -> Iterator[Breach]:
    total = sum(counts.values())
    if total < _ENOUGH:
        return
    for value, share in expected.items():
        found = counts.get(value, 0) / total
        if abs(found - share) > _TOLERANCE + _PINNED / total or not found:
            yield Breach(number, table, f"{value}: about {share:.0%} of rows, not {found:.1%}")


def _tiers(connection: Connection) -> Iterator[Breach]:
    missing = {name for name, *_ in TIERS} - set(connection.scalars(select(CustomerType.name)))
    held = connection.scalar(select(func.count()).select_from(Customer))
    if held and missing:
        yield Breach(1, "customer_types", f"there are no {', '.join(sorted(missing))}")
    counts = _counts(
        connection,
        select(CustomerType.name, func.count()).join(Customer).group_by(CustomerType.name),
    )
    if sum(counts.values()) < _ENOUGH:
        return
    pyramid = [counts.get(name, 0) for name, *_ in TIERS]
    if pyramid != sorted(pyramid, reverse=True) or 2 * pyramid[0] <= sum(pyramid) or not pyramid[3]:
        found = ", ".join(f"{name} {counts.get(name, 0)}" for name, *_ in TIERS)
        yield Breach(1, "customers", f"most are Bronze and few Platinum, not {found}")


def _statuses(connection: Connection) -> Iterator[Breach]:
    counts = _counts(connection, select(Customer.status, func.count()).group_by(Customer.status))
    shares = (0.7, 0.2, 0.1)
    yield from _shares(3, "customers", counts, dict(zip(CustomerStatus, shares, strict=True)))
    held = _counts(connection, select(Invoice.status, func.count()).group_by(Invoice.status))
    if sum(held.values()) < _ENOUGH:
        return
    if missing := [status.value for status in InvoiceStatus if status not in held]:
        yield Breach(12, "invoices", f"every status occurs, and {', '.join(missing)} does not")
    if max(held, key=lambda status: held[status]) is not InvoiceStatus.PAID:
        yield Breach(12, "invoices", "most are paid")


def _grades(connection: Connection) -> Iterator[Breach]:
    margin = (Product.price - Product.cost) * 100 / Product.price
    grade = case(
        (margin >= 50, "A"), (margin >= 30, "B"), (margin >= 15, "C"), (margin >= 5, "D"), else_="F"
    )
    counts = _counts(connection, select(grade, func.count()).group_by(grade))
    missing = [each for each in "ABCDF" if each not in counts]
    if sum(counts.values()) >= _ENOUGH and missing:
        yield Breach(7, "products", f"every grade occurs, and {', '.join(missing)} does not")
    active = _counts(connection, select(Product.active, func.count()).group_by(Product.active))
    yield from _shares(7, "products", active, {True: 0.75, False: 0.25})


def _stock(connection: Connection) -> Iterator[Breach]:
    available = Inventory.current_stock - Inventory.reserved_stock
    level = case(
        (available <= 0, "out of stock"),
        (available <= Inventory.reorder_point, "low"),
        (available <= 2 * Inventory.reorder_point, "normal"),
        else_="high",
    )
    counts = _counts(connection, select(level, func.count()).group_by(level))
    expected = {"out of stock": 0.03, "low": 0.1, "normal": 0.3, "high": 0.57}
    yield from _shares(8, "inventory", counts, expected)


def _skew(connection: Connection) -> Iterator[Breach]:
    by_customer = (
        select(func.sum(Invoice.total))
        .where(Invoice.status.in_(REVENUE))
        .group_by(Invoice.customer_id)
    )
    yield from _top_fifth(connection, Customer, by_customer)
    by_product = (
        select(func.sum(InvoiceLineItem.line_total))
        .join(InvoiceLineItem.invoice)
        .where(Invoice.status.in_(REVENUE))
        .group_by(InvoiceLineItem.product_id)
    )
    yield from _top_fifth(connection, Product, by_product)


def _top_fifth(
    connection: Connection, model: type[Customer | Product], query: Select[Any]
) -> Iterator[Breach]:
    rows = connection.scalar(select(func.count()).select_from(model)) or 0
    revenue = sorted(connection.scalars(query), reverse=True)
    if rows < _ENOUGH or not revenue:
        return
    share = sum(revenue[: rows // 5]) / sum(revenue)
    if share <= Decimal("0.5"):
        sentence = f"a fifth bring more than half of the revenue, not {share:.1%}"
        yield Breach(9, model.__tablename__, sentence)
    if len(revenue) == rows:
        yield Breach(9, model.__tablename__, "some sell nothing, and here all do")


def _season(connection: Connection) -> Iterator[Breach]:
    days = _counts(connection, select(Invoice.date, func.count()).group_by(Invoice.date))
    total = sum(days.values())
    if total < _ENOUGH:
        return
    weekend = sum(count for day, count in days.items() if day.isoweekday() > 5)
    if weekend * 7 >= total * 2:
        yield Breach(10, "invoices", f"fewer are made at weekends, not {weekend / total:.1%}")


def _people(connection: Connection, words: Words) -> Iterator[Breach]:
    """Hold emails to names: the local part is what the words give for both parts of the name."""
    given, family = dict(words["given_names"]), dict(words["family_names"])
    family_first = words["name_format"].startswith("{family}")

    def carries(name: str, email: str) -> bool:
        for match in re.finditer(" ", name):
            first, second = name[: match.start()], name[match.end() :]
            first, second = (second, first) if family_first else (first, second)
            start = f"{given.get(first)}.{family.get(second)}"
            if re.fullmatch(rf"{start}\d*@example\.(com|org|net)", email):
                return True
        return False

    people = connection.execute(select(Customer.id, Customer.name, Customer.email))
    wrong = [key for key, name, email in people if not carries(name, email)]
    if wrong:
        sentence = "has an email address in a reserved domain that carries the name"
        yield Breach(3, "customers", sentence, wrong)


def _phones(connection: Connection, words: Words) -> Iterator[Breach]:
    patterns: set[str] = {place[7] for place in words["places"]} - {None}
    allowed = "|".join(re.escape(each).replace(r"\#", r"\d") for each in sorted(patterns))
    phones = connection.execute(
        select(Customer.id, Customer.phone).where(Customer.phone.is_not(None))
    )
    if wrong := [key for key, phone in phones if not re.fullmatch(allowed, phone or "")]:
        yield Breach(3, "customers", "has a phone number from a range reserved for fiction", wrong)


def _places(connection: Connection, words: Words) -> Iterator[Breach]:
    known = {tuple(place[:4]): place[5:7] for place in words["places"]}
    address = CustomerAddress
    rows = connection.execute(
        select(
            address.id, address.city, address.state, address.region, address.country,
            address.postal_code,
        )
    )  # fmt: skip

    def fits(place: tuple[str, ...], postal_code: str) -> bool:
        if place not in known:
            return False
        first, last = known[place]
        if isinstance(first, str):
            return postal_code == first
        digits = postal_code.replace("-", "")
        return digits.isdecimal() and bool(first <= int(digits) <= last)

    if wrong := [key for key, *place, code in rows if not fits(tuple(place), code)]:
        sentence = "has a city, state, postal code, region and country that belong together"
        yield Breach(5, "customer_addresses", sentence, wrong)


def _tax_rates(connection: Connection, words: Words) -> Iterator[Breach]:
    rates = {(place[1], place[3]): Decimal(place[4]) / 1_000 for place in words["places"]}
    rows = connection.execute(
        select(Invoice.id, CustomerAddress.state, CustomerAddress.country, Invoice.tax_rate)
        .join(CustomerAddress, CustomerAddress.customer_id == Invoice.customer_id)
        .where(CustomerAddress.is_primary)
    )
    if wrong := [key for key, *place, rate in rows if rates.get((place[0], place[1])) != rate]:
        yield Breach(15, "invoices", "has the tax rate of the primary address's place", wrong)


def _product_names(connection: Connection, words: Words) -> Iterator[Breach]:
    kinds = {
        category: [kind[0] for kind in group["kinds"]]
        for category, group in zip(CATEGORIES, words["products"], strict=True)
    }
    rows = connection.execute(
        select(Product.id, Product.name, ProductCategory.name).join(Product.category)
    )
    wrong = [key for key, name, category in rows if not _names_one(name, kinds.get(category, ()))]
    if wrong:
        yield Breach(6, "products", "has a name that fits its category", wrong)


def _names_one(name: str, kinds: Iterable[str]) -> bool:
    return any(kind in name for kind in kinds)
