"""SQLite: `executemany` on the driver's connection, in the form that SQLite stores."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, event, text, types
from sqlalchemy.exc import OperationalError

from pytest_demodata.databases.default import Database
from pytest_demodata.errors import DatabaseSetupError, GenerationRunningError
from pytest_demodata.isolation import ended_elsewhere, execute_raw
from pytest_demodata.values import DAY_SECONDS, Remembered, python_values, scale_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from sqlalchemy import Column, Connection, Dialect, Engine, Table

    from pytest_demodata.engine import Chunk

_LOG: Final = logging.getLogger("pytest_demodata")

# Python 3.12 brought `autocommit`, which goes before `isolation_level`.
_EXPLICIT_TRANSACTIONS: Final = (
    {"autocommit": sqlite3.LEGACY_TRANSACTION_CONTROL}
    if hasattr(sqlite3, "LEGACY_TRANSACTION_CONTROL")
    else {}
) | {"isolation_level": None}

# Indexes without a statement are those of PRIMARY KEY and UNIQUE, which cannot be dropped.
_INDEXES: Final = text(
    "SELECT name, sql FROM sqlite_master"
    " WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN :tables ORDER BY name"
).bindparams(bindparam("tables", expanding=True))


def prepare_sqlite(engine: Engine) -> Engine:
    """Make an engine's transactions and foreign keys work as they do on other databases.

    Python's driver begins a transaction only at the first INSERT and lets CREATE TABLE and
    SAVEPOINT stand outside of it, so that a rollback leaves tables, and rows, behind. This has the
    engine say BEGIN itself and switch foreign keys on. Call it before the engine's first connect;
    a second call changes nothing.

    Returns:
        The same engine.

    Raises:
        DatabaseSetupError: The engine is of another database.

    Source: https://docs.sqlalchemy.org/en/21/dialects/sqlite.html, "Transactions with SQLite".
    """
    if engine.dialect.name != "sqlite":
        message = (
            f"prepare_sqlite() was given an engine for {engine.dialect.name}.\n"
            "Other databases need no preparation: use the engine as it is."
        )
        raise DatabaseSetupError(message)
    if not event.contains(engine, "begin", _begin):
        event.listen(engine, "connect", _connect)
        event.listen(engine, "begin", _begin)
    return engine


def _connect(driver: sqlite3.Connection, _record: object) -> None:
    for name, value in _EXPLICIT_TRANSACTIONS.items():
        setattr(driver, name, value)
    driver.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _driver(connection: Connection) -> sqlite3.Connection:
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return driver


class Sqlite(Database):
    """SQLite, in memory or in a file."""

    def check(self, connection: Connection) -> None:
        """Look whether a transaction is open in the driver, and not only in SQLAlchemy."""
        super().check(connection)
        if connection.exec_driver_sql("PRAGMA foreign_keys").scalar() != 1:
            _LOG.warning(
                "This SQLite connection does not enforce foreign keys; "
                "pytest_demodata.prepare_sqlite(engine) switches them on."
            )

    def _check_transactions(self, connection: Connection) -> None:
        driver = _driver(connection)
        if driver.in_transaction and getattr(driver, "autocommit", None) is not True:
            return
        message = (
            "This SQLite engine does not begin transactions, so that a failed generation could "
            "not be undone: tables and savepoints would stand outside of them.\n"
            "Prepare the engine before its first connect:\n"
            "    from pytest_demodata import prepare_sqlite\n"
            "    engine = prepare_sqlite(create_engine(…))"
        )
        raise DatabaseSetupError(message)

    def identity(self, connection: Connection) -> Hashable:
        """Return the path of the file, or the connection itself for a database in memory."""
        files = connection.exec_driver_sql("PRAGMA database_list").all()
        path = next(row[2] for row in files if row[1] == "main")
        return ("sqlite", path or id(_driver(connection)))

    @contextmanager
    def generation_lock(self, connection: Connection) -> Iterator[None]:
        """Take SQLite's one write lock before the first row, by a write that changes nothing."""
        version = connection.exec_driver_sql("PRAGMA user_version").scalar()
        try:
            connection.exec_driver_sql(f"PRAGMA user_version = {version}")
        except OperationalError as error:
            if "readonly" in str(error.orig):
                message = f"This SQLite database cannot be written to: {error.orig}."
                raise DatabaseSetupError(message) from error
            found = f"Another connection is writing to this SQLite file ({error.orig})"
            raise GenerationRunningError(found) from error
        yield

    @contextmanager
    def filling(self, connection: Connection, tables: Iterable[Table]) -> Iterator[None]:
        """Drop the indexes, and build each by its own statement after the rows are in."""
        quote = connection.dialect.identifier_preparer.quote
        names = [table.name for table in tables]
        indexes = connection.execute(_INDEXES, {"tables": names}).all()
        for name, _ in indexes:
            execute_raw(connection, f"DROP INDEX {quote(name)}")
        yield
        if not _driver(connection).in_transaction:
            raise ended_elsewhere()
        for _, statement in indexes:
            execute_raw(connection, statement)

    def load(self, connection: Connection, chunk: Chunk) -> None:
        """Insert tuples, without a dictionary per row or a type's processing per value."""
        preparer = connection.dialect.identifier_preparer
        columns = chunk.table.columns
        names = ", ".join(preparer.quote(columns[name].name) for name in chunk.columns)
        marks = ", ".join("?" * len(chunk.columns))
        insert = f"INSERT INTO {preparer.format_table(chunk.table)} ({names}) VALUES ({marks})"  # noqa: S608 - names of the MetaData, quoted
        dialect = connection.dialect
        stored = [_stored(columns[name], each, dialect) for name, each in chunk.columns.items()]
        driver = _driver(connection)
        if not driver.in_transaction:
            raise ended_elsewhere()
        driver.executemany(insert, zip(*stored, strict=True))


def _stored(column: Column[Any], values: Sequence[Any], dialect: Dialect) -> Sequence[Any]:
    """Turn counted values into what SQLAlchemy's SQLite dialect stores for the column's type."""
    kind = column.type
    if scale := scale_of(kind):
        unit = 10**scale
        if column.nullable:
            return [None if value is None else value / unit for value in values]
        return [value / unit for value in values]
    for counted, convert in _CONVERTERS.items():
        if isinstance(kind, counted):
            return list(map(Remembered(convert).__getitem__, values))
    process = kind.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return values
    if isinstance(kind, types.Enum):
        return list(map(Remembered(process).__getitem__, values))
    return list(map(process, python_values(kind, values)))


@lru_cache(maxsize=8_192)
def _date_text(day: int) -> str:
    return date.fromordinal(day).isoformat()


@lru_cache(maxsize=8_192)
def _clock_text(second: int) -> str:
    minute, second = divmod(second, 60)
    return f"{minute // 60:02d}:{minute % 60:02d}:{second:02d}.000000"


def _time_text(seconds: int) -> str:
    return f"{_date_text(seconds // DAY_SECONDS)} {_clock_text(seconds % DAY_SECONDS)}"


_CONVERTERS: Final[dict[Any, Callable[[Any], object]]] = {
    types.DateTime: _time_text,
    types.Date: _date_text,
    types.Boolean: int,
}
