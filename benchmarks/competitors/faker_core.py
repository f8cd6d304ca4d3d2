"""Faker and SQLAlchemy Core: dictionaries, inserted in bulk; every value is drawn by Faker.

Faker chooses evenly, which its documentation names as the fast way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from faker import Faker

from .draws import draws_of
from .plausible import insert_all, texts_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from pytest_demodata import Volume


def fill(connection: Connection, volume: Volume) -> None:
    """Fill the tables, in the connection's transaction."""
    fake = Faker(use_weighting=False)
    insert_all(connection, volume, texts_of(fake), draws_of(fake))
