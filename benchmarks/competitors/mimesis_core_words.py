"""mimesis and SQLAlchemy Core, where mimesis makes the texts and Python's `random` all the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .draws import RANDOM
from .mimesis_core import choose_texts
from .plausible import insert_all

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from pytest_demodata import Volume


def fill(connection: Connection, volume: Volume) -> None:
    """Fill the tables, in the connection's transaction."""
    insert_all(connection, volume, choose_texts(), RANDOM)
