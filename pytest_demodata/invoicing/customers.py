"""Customers and their addresses."""

from __future__ import annotations

from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pytest_demodata.blueprint import FanOut, Fill, Sized
from pytest_demodata.invoicing.models import (
    AddressType,
    Customer,
    CustomerAddress,
    CustomerStatus,
    PaymentTerms,
)
from pytest_demodata.invoicing.timing import (
    ALWAYS,
    CUSTOMER_DAYS,
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
    Position,
    Reference,
    Rising,
    Sometimes,
    Standing,
    Taken,
    Whole,
    Word,
    popularity,
)
from pytest_demodata.values import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_demodata.words import Words

_TERMS: Final = tuple(terms.value for terms in PaymentTerms)
_ACTIVE, _INACTIVE, _SUSPENDED = (status.value for status in CustomerStatus)


class _Place(NamedTuple):
    """A real place; its postal codes are a range of numbers, or one that is written out."""

    city: str
    state: str
    region: str
    country: str
    tax_rate: int
    first_postal_code: int | str
    last_postal_code: int | None
    phone: str | None


def _place(place: Sequence[Any]) -> _Place:
    return _Place(*place)


def _pairs_of_names(words: Words) -> int:
    return len(words["given_names"]) * len(words["family_names"])


def _person(words: Words, number: int) -> tuple[str, str]:
    """Return a name, and the local part of an email address that carries it and no other has."""
    namesake, pair = divmod(number, _pairs_of_names(words))
    family, given = divmod(pair, len(words["given_names"]))
    given_name, given_slug = words["given_names"][given]
    family_name, family_slug = words["family_names"][family]
    name = words["name_format"].format(given=given_name, family=family_name)
    return name, f"{given_slug}.{family_slug}{namesake + 1 if namesake else ''}"


def _email(local_part: str, domain: str) -> str:
    return f"{local_part}@{domain}"


def with_digits(pattern: str, fraction: int) -> str:
    """Put random digits for each `#` of a pattern, and digits from 1 for each `%`."""
    for sign, digits in (("%", "123456789"), ("#", "0123456789")):
        while sign in pattern:
            fraction *= len(digits)
            pattern = pattern.replace(sign, digits[fraction >> 32], 1)
            fraction &= (1 << 32) - 1
    return pattern


def _phone(place: _Place, fraction: int) -> str | None:
    return None if place.phone is None else with_digits(place.phone, fraction)


def _credit_limit(priority: int, steps: int) -> int:
    """Return cents: four bands, one for each priority, that do not overlap (rule 2)."""
    return (5_000 * priority + 100 * steps) * 100


def _status(standing: int) -> str:
    """Return the status: 20 % inactive and 10 % suspended, none of them a best customer (rule 3).

    If the best could be gone, no fifth of a small company's customers would bring half of its
    revenue (rule 9).
    """
    percentile = scaled(standing, 100)
    if 25 <= percentile < 35:
        return _SUSPENDED
    return _INACTIVE if 55 <= percentile < 75 else _ACTIVE


def _popularity(standing: int, priority: int, created: int, as_of: int) -> int:
    """Return how much a customer buys: more in a higher tier, less in the first two years."""
    wanted = popularity(standing, unwanted=5) * (10, 14, 20, 24)[priority - 1]
    return wanted // 4 if created > as_of - SALES_DAYS else wanted


def _last_order_day(status: str, as_of: int, fraction: int) -> int:
    """Return the day after which a customer buys no more (rule 9)."""
    if status == _SUSPENDED:
        return as_of - 500 + scaled(fraction, 135)
    if status == _INACTIVE:
        return as_of - 600 + scaled(fraction, 420)
    return ALWAYS


def _customer_updated(created: int, last_order: int, as_of: int, fraction: int) -> int:
    if last_order < as_of:
        return closing(max(created, last_order))
    return closing_between(created, as_of, fraction)


CUSTOMERS: Final = Fill(
    Customer,
    rows=Sized("customers"),
    columns={
        "name": Derived(itemgetter(0), "person"),
        "email": Derived(_email, "local_part", "domain"),
        "phone": Sometimes(Derived(_phone, "home", "digits"), percent=92),
        "status": Derived(_status, "standing"),
        "credit_limit": Derived(_credit_limit, "priority", "steps"),
        "notes": Sometimes(Word("customer_notes"), percent=15),
        "customer_type_id": Reference(weight="share", exact=True),
        "created_at": Derived(in_working_hours, "created", "time"),
        "updated_at": Derived(_customer_updated, "created", "last_order", "as_of", "update"),
    },
    virtual={
        "as_of": AsOf(),
        "person": Localized(_person, ("name_number",)),
        "name_number": Distinct(_pairs_of_names),
        "local_part": Derived(itemgetter(1), "person"),
        "domain": Choice(("example.com", "example.org", "example.net"), weights=(6, 2, 2)),
        "home": Derived(_place, "home_words"),
        "home_words": Word("places"),
        "digits": Fraction(),
        "tax_rate": Derived(attrgetter("tax_rate"), "home"),
        "priority": Taken("customer_type_id", "priority_level"),
        "steps": Whole(range(1, 51)),
        "discount": Taken("customer_type_id", "discount_percentage"),
        ("created", "time"): Rising(-CUSTOMER_DAYS, -1, week=WORKING_WEEK, times=True),
        "update": Fraction(),
        "last_order": Derived(_last_order_day, "status", "as_of", "end"),
        "end": Fraction(),
        # The first customer has been there from the first day, and the last has not bought yet.
        "popularity": Derived(_popularity, "standing", "priority", "created", "as_of"),
        "standing": Pinned(Standing(newcomers=40), {0: MIDDLE, -1: LAST}),
        "terms": Choice(_TERMS, weights=(10, 20, 50, 20)),
        "days_late": Choice((0, 12, 38, 70), weights=(55, 27, 12, 6), exact=True),
    },
)


def _address_place(position: int, home: _Place, other: _Place, fraction: int) -> _Place:
    """Return the customer's home for the primary address, and mostly for the others."""
    return home if position == 1 or scaled(fraction, 100) < 70 else other


def _street(words: Words, street: str, fraction: int, block: int, lot: int) -> str:
    first, last = words["house_numbers"]
    number = first + scaled(fraction, last - first + 1)
    return str(words["street_format"].format(street=street, number=number, block=block, lot=lot))


def _street2(pattern: str, fraction: int) -> str:
    return with_digits(pattern, fraction)


def _postal_code(words: Words, place: _Place, fraction: int) -> str:
    first, last = place.first_postal_code, place.last_postal_code
    if isinstance(first, str) or last is None:
        return str(first)
    number = first + scaled(fraction, last - first + 1)
    return str(words["postal_format"].format(number, number // 10_000, number % 10_000))


def _address_type(position: int, other: str) -> str:
    return AddressType.BILLING.value if position == 1 else other


def _address_active(position: int, fraction: int) -> bool:
    return position == 1 or scaled(fraction, 100) < 92


def _address_created(position: int, created: int, as_of: int, fraction: int) -> int:
    if position == 1:
        return created
    return in_working_hours(
        created // DAY_SECONDS + 1 + scaled(fraction, as_of - created // DAY_SECONDS), fraction
    )


CUSTOMER_ADDRESSES: Final = Fill(
    CustomerAddress,
    rows=FanOut("customer_id", "addresses"),
    columns={
        "address_type": Derived(_address_type, "position", "other_type"),
        "street": Localized(_street, ("street_name", "number", "block", "lot")),
        "street2": Sometimes(Derived(_street2, "street2_pattern", "street2_digits"), percent=25),
        "city": Derived(attrgetter("city"), "place"),
        "state": Derived(attrgetter("state"), "place"),
        "postal_code": Localized(_postal_code, ("place", "code")),
        "country": Derived(attrgetter("country"), "place"),
        "region": Derived(attrgetter("region"), "place"),
        "is_primary": Derived((1).__eq__, "position"),
        "active": Derived(_address_active, "position", "activity"),
        "created_at": Derived(_address_created, "position", "customer_created", "as_of", "move"),
    },
    virtual={
        "as_of": AsOf(),
        "position": Position(),
        "place": Derived(_address_place, "position", "home", "other_place", "move"),
        "home": Taken("customer_id", "home"),
        "other_place": Derived(_place, "other_words"),
        "other_words": Word("places"),
        "other_type": Choice(
            tuple(each.value for each in AddressType if each is not AddressType.BILLING),
            weights=(60, 25, 15),
        ),
        "street_name": Word("streets"),
        "number": Fraction(),
        "block": Whole(range(1, 31)),
        "lot": Whole(range(1, 21)),
        "street2_pattern": Word("street2"),
        "street2_digits": Fraction(),
        "code": Fraction(),
        "activity": Fraction(),
        "move": Fraction(),
        "customer_created": Taken("customer_id", "created_at"),
    },
)
