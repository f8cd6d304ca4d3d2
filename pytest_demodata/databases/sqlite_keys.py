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
    from collections.abc import Iterable

    from sqlalchemy import Connection, Table

_LAST: Final = "demodata_keys_last"
"""Where `Connection.info` says so."""

# Keys of one INTEGER column to an INTEGER PRIMARY KEY: a plain search, without any conversion.
_PLAIN: Final = text(
    'SELECT key."from", key."table", parent.name'
    " FROM pragma_foreign_key_list(:table) AS key"
    ' JOIN pragma_table_info(key."table") AS parent'
    "  ON parent.pk = 1 AND upper(parent.type) = 'INTEGER'"
    '  AND lower(parent.name) = lower(coalesce(key."to", parent.name))'
    ' JOIN pragma_table_info(:table) AS child ON lower(child.name) = lower(key."from")'
    "  AND upper(child.type) = 'INTEGER'"
    " WHERE (SELECT count(*) FROM pragma_foreign_key_list(:table) WHERE id = key.id) = 1"
    '  AND (SELECT max(pk) FROM pragma_table_info(key."table")) = 1'
    "  AND EXISTS (SELECT * FROM sqlite_master WHERE type = 'table' AND name = key.\"table\")"
)
_KEYS: Final = text("SELECT count(DISTINCT id) FROM pragma_foreign_key_list(:table)")
_TRIGGERS: Final = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"


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


def check_keys_of(connection: Connection, tables: Iterable[Table]) -> None:
    """Look for rows that refer to no row: in the tables, or in all of them where triggers write.

    Raises:
        GenerationError: There is one.
    """
    if connection.exec_driver_sql(_TRIGGERS).scalar():
        _check_by_sqlite(connection, "")
        return
    for table in tables:
        plain = connection.execute(_PLAIN, {"table": table.name}).all()
        if table.schema or len(plain) != connection.scalar(_KEYS, {"table": table.name}):
            schema = f"{_quoted(connection, table.schema)}." if table.schema else ""
            _check_by_sqlite(connection, f"({_quoted(connection, table.name)})", schema)
            continue
        for column, parent, key in plain:
            _check_plain(connection, table.name, column, parent, key)


def _check_plain(
    connection: Connection, table: str, column: str, parent: str, parent_key: str
) -> None:
    """Look in the order of the key's index, in which parents are found one after the other."""
    child, key = _quoted(connection, column), _quoted(connection, parent_key)
    orphan = connection.exec_driver_sql(
        f"SELECT child.{child} FROM {_quoted(connection, table)} AS child"  # noqa: S608 - names of the database, quoted
        f" LEFT JOIN {_quoted(connection, parent)} AS parent ON parent.{key} = child.{child}"
        f" WHERE child.{child} IS NOT NULL AND parent.{key} IS NULL LIMIT 1"
    ).first()
    if orphan is not None:
        raise _orphaned(table, f"{column} {orphan[0]!r}", parent)


def _check_by_sqlite(connection: Connection, table: str, schema: str = "") -> None:
    """Have SQLite look, which searches the parent of each row, whatever the key is like."""
    orphan = connection.exec_driver_sql(f"PRAGMA {schema}foreign_key_check{table}").first()
    if orphan is not None:
        name, row, parent, _ = orphan
        raise _orphaned(name, f"rowid {row}", parent)


def _orphaned(table: str, what: str, parent: str) -> GenerationError:
    return GenerationError(
        f"Table {table!r} has a row that refers to no row of {parent!r}: {what}.\n"
        "Everything that this generation had done is undone."
    )


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)
