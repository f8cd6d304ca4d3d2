"""Where numbers, dates and choices come from: a tool, or Python's `random`.

Each kind of value is drawn by the tool's fastest method for it. Amounts are drawn as cents, and how
much later than another a time is as minutes: that is faster than any tool's decimals and intervals.
"""

from __future__ import annotations

from calendar import timegm
from datetime import date, datetime, timedelta
from functools import partial
from random import choice, choices, randint, random, randrange, sample
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pytest_demodata.defaults import DEFAULT_AS_OF

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faker import Faker

FOUNDED: Final = datetime(2019, 1, 2, 9)  # noqa: DTZ001 - the columns have no time zone
LAST_CREATED: Final = FOUNDED + timedelta(minutes=2_000_000)
FIRST_INVOICE: Final = datetime(2024, 1, 1, 8)  # noqa: DTZ001 - likewise
LAST_INVOICE: Final = FIRST_INVOICE + timedelta(minutes=1_050_000)
FIRST_RECEIVED: Final = DEFAULT_AS_OF - timedelta(364)

_MINUTE: Final = timedelta(minutes=1)
_MINUTES_OF_CREATION: Final = (LAST_CREATED - FOUNDED) // _MINUTE
_MINUTES_OF_INVOICES: Final = (LAST_INVOICE - FIRST_INVOICE) // _MINUTE


class Draws(NamedTuple):
    """Where the values come from: a tool's methods, looked up once.

    Attributes:
        integer: A number from the first to the last, both included.
        chance: True in that share of the cases.
        choice: One of these; a value that is there twice comes twice as often.
        choices: So many of these, at least one, and some perhaps more than once.
        sample: So many of these, none of them twice.
        created: The time at which a customer, an address, a product or its stock was entered.
        invoiced: The time of an invoice, to the second.
        received: The day of a delivery.
    """

    integer: Callable[[int, int], int]
    chance: Callable[[float], bool]
    choice: Callable[[Sequence[Any]], Any]
    choices: Callable[[Sequence[Any], int], Sequence[Any]]
    sample: Callable[[Sequence[Any], int], Sequence[Any]]
    created: Callable[[], datetime]
    invoiced: Callable[[], datetime]
    received: Callable[[], date]


RANDOM: Final = Draws(
    integer=randint,
    chance=lambda share: random() < share,
    choice=choice,
    choices=lambda values, size: choices(values, k=size),
    sample=sample,
    created=lambda: FOUNDED + timedelta(minutes=randrange(_MINUTES_OF_CREATION)),
    invoiced=lambda: FIRST_INVOICE + timedelta(minutes=randrange(_MINUTES_OF_INVOICES)),
    received=lambda: DEFAULT_AS_OF - timedelta(randrange(365)),
)


def draws_of(fake: Faker) -> Draws:
    """Choose Faker's methods.

    Of those for a time between two others, `date_time_between` is the fastest, and faster still if
    it is given Unix times. With them, it makes a day in a third of the time of `date_between`.
    """
    boolean, between = fake.boolean, fake.date_time_between
    invoices = _unix_time(FIRST_INVOICE), _unix_time(LAST_INVOICE)
    deliveries = _unix_time(FIRST_RECEIVED), _unix_time(DEFAULT_AS_OF)
    return Draws(
        integer=fake.random_int,
        chance=lambda share: boolean(round(100 * share)),
        choice=fake.random_element,
        choices=fake.random_elements,
        sample=fake.random_sample,
        created=partial(between, _unix_time(FOUNDED), _unix_time(LAST_CREATED)),
        # MySQL would round to the second, at midnight to another day than the invoice's.
        invoiced=lambda: between(*invoices).replace(microsecond=0),
        received=lambda: between(*deliveries).date(),
    )


def _unix_time(day: date) -> int:
    return timegm(day.timetuple())
