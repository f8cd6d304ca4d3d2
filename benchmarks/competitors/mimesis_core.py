"""mimesis and SQLAlchemy Core: dictionaries, inserted in bulk; every value is drawn by mimesis.

The providers are called themselves, without the look-up by name of a `Field`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mimesis import Address, Choice, Datetime, Numeric, Person, Text

from .draws import FIRST_INVOICE, FIRST_RECEIVED, FOUNDED, LAST_CREATED, LAST_INVOICE, Draws
from .plausible import Texts, insert_all

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from pytest_demodata import Volume


def fill(connection: Connection, volume: Volume) -> None:
    """Fill the tables, in the connection's transaction."""
    insert_all(connection, volume, choose_texts(), choose_draws())


def choose_texts() -> Texts:
    """Choose mimesis' methods for texts."""
    person, address, text = Person(), Address(), Text()
    return Texts(
        name=person.full_name,
        phone=person.phone_number,
        street=address.address,
        unit=address.secondary_address,
        city=address.city,
        state=lambda: address.state(abbr=True),
        postal_code=address.zip_code,
        product=lambda: f"{text.color()} {text.word()}",
        sentence=text.sentence,
    )


def choose_draws() -> Draws:
    """Choose mimesis' methods for everything else.

    Its `boolean` has no odds. `Choice` with `unique` copies all that it chooses from, in thirty
    times the time of `sample`. Times and days are of whole years.
    """
    integer, choice, when = Numeric().integer_number, Choice(), Datetime()
    invoices = FIRST_INVOICE.year, LAST_INVOICE.year
    return Draws(
        integer=integer,
        chance=lambda share: integer(1, 100) <= 100 * share,
        choice=choice,
        choices=choice,
        sample=choice.random.sample,
        created=partial(when.datetime, FOUNDED.year, LAST_CREATED.year),
        # MySQL would round to the second, at midnight to another day than the invoice's.
        invoiced=lambda: when.datetime(*invoices).replace(microsecond=0),
        received=partial(when.date, FIRST_RECEIVED.year, FIRST_RECEIVED.year),
    )
