"""One canonical form of rows, and its SHA-256: the same on every machine and database."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from pytest_demodata.parts import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Table

    from pytest_demodata.engine import Plan

_ROWS_AT_A_TIME: Final = 5_000


def digest(rows: Iterable[Iterable[Any]]) -> str:
    """Return the SHA-256 of rows, each a line of JSON, as a hexadecimal number.

    Numbers with decimal places, dates and times stand in the line as Python's `str` writes them;
    characters beyond ASCII are escaped.
    """
    line = json.JSONEncoder(separators=(",", ":"), default=str).encode
    total = sha256()
    for row in rows:
        total.update(line(list(row)).encode() + b"\n")
    return total.hexdigest()


def digest_of_table(connection: Connection, table: Table) -> str:
    """Return the digest of a table's rows as the database holds them, by primary key."""
    query = select(table).order_by(*table.primary_key.columns)
    with connection.execution_options(yield_per=_ROWS_AT_A_TIME).execute(query) as rows:
        return digest(rows)


def digest_of_plan(plan: Plan, table: str) -> str:
    """Return the digest of a table's rows as the engine makes them."""
    return digest(rows_of(plan, table, 0, plan.counts[table]))
