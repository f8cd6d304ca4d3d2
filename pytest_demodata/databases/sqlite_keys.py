"""Foreign keys of SQLite's, looked at when the tables are full.

One look at all rows in the order of a key's index takes a fraction of the time of a search for each
row's parent, all the more where the parents are more than SQLite's cache holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from pytest_demodata.errors import GenerationError

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Connection, Table

_LAST: Final = "demodata_keys_last"
"""Where `Connection.info` says so."""

# A key that names no column of its parent refers to the primary key.
_KEYS: Final = text(
    'SELECT key.id, key."table", key."from", coalesce(key."to", own.name)'
    " FROM pragma_foreign_key_list(:table, :schema) AS key"
    ' LEFT JOIN pragma_table_info(key."table", :schema) AS own ON own.pk = key.seq + 1'
    " ORDER BY key.id, key.seq"
)


def keys_are_last(connection: Connection) -> bool:
    """Return whether foreign keys are looked at when the tables are full."""
    return _LAST in connection.info


def check_keys_last(connection: Connection) -> None:
    """Look at no foreign key row by row from now on; SQLite hears it between transactions only."""
    _switch(connection, "OFF")
    connection.info[_LAST] = True


def check_keys_at_once(connection: Connection) -> None:
    """Look at foreign keys row by row from now on."""
    _switch(connection, "ON")
    connection.info.pop(_LAST, None)


def _switch(connection: Connection, state: str) -> None:
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    driver.execute(f"PRAGMA foreign_keys = {state}")


def check_keys_of(connection: Connection, table: Table) -> None:
    """Look for rows of a table that refer to no row.

    Raises:
        GenerationError: There is one.
    """
    preparer = connection.dialect.identifier_preparer
    where = {"table": table.name, "schema": table.schema or "main"}
    keys: dict[int, list[tuple[str, str, str]]] = {}
    for number, parent, child_column, parent_column in connection.execute(_KEYS, where):
        keys.setdefault(number, []).append((parent, child_column, parent_column))
    for pairs in keys.values():
        parent = preparer.quote(pairs[0][0])
        if table.schema:
            parent = f"{preparer.quote(table.schema)}.{parent}"
        columns = [f"child.{preparer.quote(column)}" for _, column, _ in pairs]
        parents = [f"parent.{preparer.quote(column)}" for _, _, column in pairs]
        equal = " AND ".join(map("{} = {}".format, parents, columns))
        given = " AND ".join(f"{column} IS NOT NULL" for column in columns)
        orphan = connection.exec_driver_sql(
            f"SELECT {', '.join(columns)} FROM {preparer.format_table(table)} AS child"  # noqa: S608 - names of the database, quoted
            f" LEFT JOIN {parent} AS parent ON {equal}"
            f" WHERE {given} AND {parents[0]} IS NULL LIMIT 1"
        ).first()
        if orphan is not None:
            names = ", ".join(column for _, column, _ in pairs)
            message = (
                f"Table {table.name!r} has a row whose {names} is {', '.join(map(repr, orphan))}, "
                f"and there is no such row of {pairs[0][0]!r}.\n"
                "Everything that this generation had done is undone."
            )
            raise GenerationError(message)
