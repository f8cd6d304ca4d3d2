"""Faker and SQLAlchemy Core, where Faker makes the texts and Python's `random` all the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faker import Faker

from .draws import RANDOM
from .plausible import insert_all, texts_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from pytest_demodata import Volume


def fill(connection: Connection, volume: Volume) -> None:
    """Fill the tables, in the connection's transaction."""
    insert_all(connection, volume, texts_of(Faker(use_weighting=False)), RANDOM)
