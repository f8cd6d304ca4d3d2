"""Products, and what the warehouse holds of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_demodata.blueprint import FanOut, Fill, Sized
from pytest_demodata.invoicing.models import Inventory, Product
from pytest_demodata.invoicing.timing import (
    ALWAYS,
    LAST,
    MIDDLE,
    SALES_DAYS,
    WORKING_WEEK,
    closing,
    closing_between,
    in_working_hours,
    scaled,
)
from pytest_demodata.recipes import (
    AsOf,
    Choice,
    Derived,
    Distinct,
    Fraction,
    Localized,
    Pinned,
    Reference,
    Rising,
    Sometimes,
    Standing,
    Taken,
    Whole,
    popularity,
)
from pytest_demodata.values import DAY_SECONDS, half_up

if TYPE_CHECKING:
    from pytest_demodata.words import Words

_SKU_PREFIXES: Final = ("ELE", "CLO", "HOM", "BOO", "SPO")
_ENDINGS: Final = (99, 99, 95, 50)


class _Kind(NamedTuple):
    """What a product is: cents and grams, lowest and highest."""

    name: str
    lowest_price: int
    highest_price: int
    lowest_weight: int
    highest_weight: int


def _kind(words: Words, category: int, fraction: int) -> _Kind:
    kinds = words["products"][category - 1]["kinds"]
    return _Kind(*kinds[scaled(fraction, len(kinds))])


def _maker(words: Words, category: int, fraction: int) -> str:
    makers = words["products"][category - 1]["makers"]
    return str(makers[scaled(fraction, len(makers))])


def _name(words: Words, category: int, kind: _Kind, maker: str, fraction: int) -> str:
    """Put a name together from words of the category (rule 6)."""
    group = words["products"][category - 1]
    style = group["styles"][scaled(fraction, len(group["styles"]))]
    return str(group["format"].format(kind=kind.name, maker=maker, style=style))


def _description(words: Words, category: int, kind: _Kind, maker: str, fraction: int) -> str:
    descriptions = words["products"][category - 1]["descriptions"]
    text = descriptions[scaled(fraction, len(descriptions))]
    return str(text.format(kind=kind.name, maker=maker))


def _price(kind: _Kind, fraction: int) -> int:
    """Return cents that end as shop prices do, within the range of the kind."""
    first, last = kind.lowest_price // 100, kind.highest_price // 100
    return (first + scaled(fraction, last - first)) * 100 + _ENDINGS[fraction % len(_ENDINGS)]


def _markup(fraction: int) -> int:
    """Return price / cost in thousandths: a few clearance items, most from 1.2 to 2.2 (rule 7)."""
    percentile = scaled(fraction, 1_000)
    if percentile < 40:
        return 1_025 + percentile // 2
    if percentile < 80:
        return 1_065 + percentile
    return 1_210 + (percentile - 80) * 970 // 920


def _cost(price: int, markup: int) -> int:
    return half_up(price * 1_000, markup)


def _weight(kind: _Kind, fraction: int) -> int | None:
    """Return grams, or nothing for what has no weight."""
    lowest, highest = kind.lowest_weight, kind.highest_weight
    return lowest + scaled(fraction, highest - lowest + 1) if highest else None


def _sku(category: int, number: int) -> str:
    return f"{_SKU_PREFIXES[category - 1]}-{number:05d}"


def _popularity(standing: int) -> int:
    return popularity(standing, unwanted=5)


def _on_sale_until(active: bool, as_of: int, fraction: int) -> int:  # noqa: FBT001 - a row's value
    """Return the day from which a product is sold no more (rule 9)."""
    return ALWAYS if active else as_of - 700 + scaled(fraction, 335)


def _product_updated(created: int, until: int, as_of: int, fraction: int) -> int:
    return closing(until) if until < as_of else closing_between(created, as_of, fraction)


PRODUCTS: Final = Fill(
    Product,
    rows=Sized("products"),
    columns={
        "name": Localized(_name, ("category_id", "kind", "maker", "style")),
        "sku": Derived(_sku, "category_id", "number"),
        "description": Sometimes(
            Localized(_description, ("category_id", "kind", "maker", "text")), percent=90
        ),
        "price": Derived(_price, "kind", "expense"),
        "cost": Derived(_cost, "price", "markup"),
        "weight": Derived(_weight, "kind", "mass"),
        "active": Pinned(Choice((True, False), weights=(75, 25), exact=True), {0: True}),
        "category_id": Reference(weight="share", exact=True),
        "created_at": Derived(in_working_hours, "created", "time"),
        "updated_at": Derived(_product_updated, "created", "on_sale_until", "as_of", "update"),
    },
    virtual={
        "as_of": AsOf(),
        "kind": Localized(_kind, ("category_id", "which_kind")),
        "which_kind": Fraction(),
        "maker": Localized(_maker, ("category_id", "which_maker")),
        "which_maker": Fraction(),
        "style": Fraction(),
        "text": Fraction(),
        "number": Distinct(100_000),
        "expense": Fraction(),
        # One product of each grade from F to A, at any volume.
        "markup": Pinned(
            Derived(_markup, "margin"), {1: 1_035, 2: 1_120, 3: 1_300, 4: 1_650, 5: 2_100}
        ),
        "margin": Fraction(exact=True),
        "mass": Fraction(),
        ("created", "time"): Rising(-2_500, -SALES_DAYS - 1, week=WORKING_WEEK, times=True),
        "update": Fraction(),
        "on_sale_until": Derived(_on_sale_until, "active", "as_of", "end"),
        "end": Fraction(),
        "popularity": Derived(_popularity, "standing"),
        "standing": Pinned(Standing(), {0: MIDDLE, -1: LAST}),
    },
)


def _reorder_point(standing: int) -> int:
    """Return few pieces, and more of what sells well."""
    return 2 + 120 // (scaled(standing, 100) + 10)


def _available(level: str, reorder_point: int, fraction: int) -> int:
    """Return what can be sold, on the side of the reorder point that the level says (rule 8)."""
    first, last = {
        "out": (0, 0),
        "low": (1, reorder_point),
        "normal": (reorder_point + 1, 2 * reorder_point),
        "high": (2 * reorder_point + 1, 4 * reorder_point),
    }[level]
    return first + scaled(fraction, last - first + 1)


def _reserved(available: int, until: int, as_of: int, fraction: int) -> int:
    """Return what is set aside: nothing in half of all cases, else up to a third as much."""
    if until < as_of:
        return 0
    return scaled(max(0, 2 * fraction - (1 << 32)), available // 3 + 1)


def _reorder_quantity(reorder_point: int, times: int) -> int:
    return reorder_point * times


def _location(words: Words, aisle: int, bay: int, shelf: int) -> str:
    return str(words["locations"].format(aisle="ABCDEFGH"[aisle], bay=bay, shelf=shelf))


def _received(created: int, until: int, as_of: int, fraction: int) -> int:
    """Return a day within half a year before the reference date, or before the end of sales."""
    last = min(until, as_of)
    return max(created, last - scaled(fraction, 180))


def _received_if_ever(day: int, stock: int, times: int) -> int | None:
    """Return nothing for half of what is out of stock: it has never come in."""
    return day if stock or times % 2 else None


def _received_quantity(day: int | None, reorder_quantity: int) -> int | None:
    return None if day is None else reorder_quantity


def _counted(created: int, received: int, as_of: int, fraction: int) -> int:
    return closing_between(max(created // DAY_SECONDS, received), as_of, fraction)


INVENTORY: Final = Fill(
    Inventory,
    rows=FanOut("product_id", range(1, 2)),
    columns={
        "current_stock": Derived(int.__add__, "available", "reserved_stock"),
        "reserved_stock": Derived(_reserved, "available", "until", "as_of", "set_aside"),
        "reorder_point": Derived(_reorder_point, "standing"),
        "reorder_quantity": Derived(_reorder_quantity, "reorder_point", "times"),
        "location": Localized(_location, ("aisle", "bay", "shelf")),
        "last_received_date": Derived(_received_if_ever, "received", "current_stock", "times"),
        "last_received_quantity": Derived(
            _received_quantity, "last_received_date", "reorder_quantity"
        ),
        "created_at": Taken("product_id", "created_at"),
        "updated_at": Derived(_counted, "created_at", "received", "as_of", "count"),
    },
    virtual={
        "as_of": AsOf(),
        "level": Pinned(
            Choice(("out", "low", "normal", "high"), weights=(3, 10, 30, 57), exact=True),
            {1: "out", 2: "low", 3: "normal", 4: "high"},
        ),
        "available": Derived(_available, "level", "reorder_point", "amount"),
        "amount": Fraction(),
        "set_aside": Fraction(),
        "times": Whole(range(2, 6)),
        "aisle": Whole(range(8)),
        "bay": Whole(range(1, 25)),
        "shelf": Whole(range(1, 6)),
        "received": Derived(_received, "product_created", "until", "as_of", "delivery"),
        "delivery": Fraction(),
        "count": Fraction(),
        "product_created": Taken("product_id", "created"),
        "until": Taken("product_id", "on_sale_until"),
        "standing": Taken("product_id", "standing"),
    },
)
