"""SQLite: `executemany` on the driver's connection, in the form that SQLite stores."""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import quote

from sqlalchemy import NullPool, bindparam, create_engine, event, text, types
from sqlalchemy.exc import OperationalError

from pytest_demodata.databases.default import Database, Scratch
from pytest_demodata.databases.sqlite_facade import GRAMMAR, SqliteFacade
from pytest_demodata.databases.sqlite_keys import (
    check_keys_at_once,
    check_keys_last,
    check_keys_of,
    keys_are_last,
)
from pytest_demodata.errors import DatabaseSetupError, GenerationRunningError
from pytest_demodata.isolation import ended_elsewhere, execute_raw
from pytest_demodata.values import (
    EPOCH,
    bound_values,
    clock_text,
    date_text,
    each_once,
    has_expression,
    scale_of,
    time_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from sqlalchemy import URL, Column, Connection, Dialect, Engine, MetaData, Table
    from sqlalchemy.engine.interfaces import DBAPIConnection

    from pytest_demodata.engine import Chunk
    from pytest_demodata.facade import FacadeConnection
    from pytest_demodata.statements import Grammar
    from pytest_demodata.values import Kind

_LOG: Final = logging.getLogger("pytest_demodata")

# Python 3.12 brought `autocommit`, which goes before `isolation_level`.
_EXPLICIT_TRANSACTIONS: Final = (
    {"autocommit": sqlite3.LEGACY_TRANSACTION_CONTROL}
    if hasattr(sqlite3, "LEGACY_TRANSACTION_CONTROL")
    else {}
) | {"isolation_level": None}

_ANY_THREAD: Final = {"check_same_thread": False}

# Of a file that nobody opens again; the journal in memory needs no name beside the file's.
_UNSAFE_AND_FAST: Final = ("PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF")

_DEFERRING: Final = (
    "SELECT 1 FROM sqlite_master WHERE sql LIKE '%INITIALLY DEFERRED%' UNION ALL "
    "SELECT 1 FROM pragma_defer_foreign_keys WHERE defer_foreign_keys LIMIT 1"
)

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
    if not _driver(connection).in_transaction:  # an application's listener may have begun it
        connection.exec_driver_sql("BEGIN")


def _names_file(url: URL) -> bool:
    return url.database not in {None, "", ":memory:"}


def _is_alone(connection: Connection) -> bool:
    """Return whether nobody has attached another database."""
    databases = _driver(connection).execute("PRAGMA database_list").fetchall()
    return {name for _, name, _ in databases} <= {"main", "temp"}


@contextmanager
def _between_transactions(connection: Connection) -> Iterator[None]:
    """Commit, in a database that nobody else has, and begin again."""
    execute_raw(connection, "COMMIT")
    try:
        yield
    finally:
        execute_raw(connection, "BEGIN")


@contextmanager
def _file_beside(database: str | None) -> Iterator[str]:
    """Make a file for one connection; where the system can, it has no name any more then."""
    target = Path(database or "").absolute()
    try:
        handle, name = mkstemp(prefix=".demodata-", suffix=".sqlite", dir=target.parent)
    except OSError as error:
        message = (
            f"No temporary file can be made beside {target}: {error.strerror}.\n"
            "Name a file in a folder that exists and can be written to, or use sqlite:// (in "
            "memory)."
        )
        raise DatabaseSetupError(message) from error
    os.close(handle)
    try:
        yield name
    finally:
        Path(name).unlink(missing_ok=True)


def _driver(connection: Connection) -> sqlite3.Connection:
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return driver


class Sqlite(Database):
    """SQLite, in memory or in a file."""

    facade: ClassVar[type[FacadeConnection]] = SqliteFacade
    grammar: ClassVar[Grammar] = GRAMMAR

    def check(self, connection: Connection) -> None:
        """Look whether a transaction is open in the driver, and not only in SQLAlchemy."""
        super().check(connection)
        enforced = connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        if not enforced and not keys_are_last(connection):
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

    def in_transaction(self, driver: DBAPIConnection) -> bool:
        """Ask the driver; a connection that has been closed is in none."""
        try:
            return bool(driver.in_transaction)
        except sqlite3.ProgrammingError:
            return False

    def check_deferred(self, driver: DBAPIConnection) -> None:
        """Look for broken foreign keys, if there is one that is looked at late.

        Raises:
            sqlite3.IntegrityError: A COMMIT would have found one.
        """
        with closing(driver.cursor()) as cursor:
            deferring = cursor.execute(_DEFERRING).fetchone()
            if deferring and cursor.execute("PRAGMA foreign_key_check").fetchone():
                message = "FOREIGN KEY constraint failed"
                raise sqlite3.IntegrityError(message)

    @contextmanager
    def scratch(self, url: URL, metadata: MetaData) -> Iterator[Scratch]:
        """Open a database in memory, or a file that is gone when its connection is closed.

        Raises:
            DatabaseSetupError: No file can be made in the folder of the one that `url` names.
        """
        del metadata  # they are created where they are filled, in the transaction
        with ExitStack() as stack:
            path = stack.enter_context(_file_beside(url.database)) if _names_file(url) else None
            engine = create_engine(
                url.set(database=path), poolclass=NullPool, connect_args=_ANY_THREAD
            )
            stack.callback(engine.dispose)
            connection = stack.enter_context(prepare_sqlite(engine).connect())
            stack.callback(connection.invalidate)  # which closes, and so undoes, in any state
            if path is not None:
                for pragma in _UNSAFE_AND_FAST:
                    execute_raw(connection, pragma)
                with suppress(OSError):  # Windows keeps the names of open files
                    Path(path).unlink()
            if _is_alone(connection):
                check_keys_last(connection)
            connection.begin()
            yield Scratch(connection)

    def settle(self, connection: Connection) -> None:
        """Commit, so that the database is the same as one that was taken from an image.

        Not where somebody has attached a database of their own: that would be committed as well.
        """
        if keys_are_last(connection):
            with _between_transactions(connection):
                check_keys_at_once(connection)

    def can_keep(self, connection: Connection) -> bool:
        """Return whether what there is in the scratch database is all in one place."""
        return keys_are_last(connection)

    def keep_image(self, connection: Connection, path: Path) -> None:
        """Copy the database page by page.

        Raises:
            sqlite3.Error: There is no room.
        """
        with closing(sqlite3.connect(path)) as image:
            for pragma in _UNSAFE_AND_FAST:
                image.execute(pragma)
            _driver(connection).backup(image)

    def take_image(self, connection: Connection, path: Path) -> bool:
        """Copy the file page by page.

        Raises:
            sqlite3.Error: There is no room.
        """
        source = f"file:{quote(path.as_posix())}?mode=ro&immutable=1"
        with ExitStack() as stack:
            try:
                image = stack.enter_context(closing(sqlite3.connect(source, uri=True)))
                image.execute("PRAGMA schema_version")
            except sqlite3.OperationalError:  # somebody has just removed it
                return False
            stack.enter_context(_between_transactions(connection))
            image.backup(_driver(connection))
            check_keys_at_once(connection)
            return True

    @contextmanager
    def checking_keys_last(self, connection: Connection) -> Iterator[None]:
        """Switch foreign keys off, which SQLite does between transactions only."""
        driver = _driver(connection)
        ((enforced,),) = driver.execute("PRAGMA foreign_keys")
        if driver.in_transaction or not enforced:
            yield
            return
        try:
            check_keys_last(connection)
            yield
        finally:
            try:
                if not connection.invalidated:
                    connection.rollback()
                    check_keys_at_once(connection)
            except BaseException:
                connection.invalidate()  # nobody gets a connection that looks at no key
                raise

    def check_keys(self, connection: Connection, tables: Iterable[Table]) -> None:
        """Look at all keys of the tables, if they have not been looked at row by row."""
        if keys_are_last(connection):
            check_keys_of(connection, tables)

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

    def loader(self, connection: Connection, chunk: Chunk) -> Callable[[], object]:
        """Insert many rows by one statement, without a type's processing per value."""
        dialect = connection.dialect
        preparer = dialect.identifier_preparer
        columns = chunk.table.columns
        if any(has_expression(columns[name].type, dialect) for name in chunk.columns):
            return super().loader(connection, chunk)
        names = ", ".join(preparer.quote(columns[name].name) for name in chunk.columns)
        into = f"INSERT INTO {preparer.format_table(chunk.table)} ({names}) VALUES "  # noqa: S608 - names of the MetaData, quoted
        marks = f"({', '.join('?' * len(chunk.columns))})"
        stored = [_stored(columns[name], each, dialect) for name, each in chunk.columns.items()]
        return partial(_insert, _driver(connection), into, marks, _row_by_row(stored))


def _insert(driver: sqlite3.Connection, into: str, marks: str, values: list[Any]) -> None:
    """Insert rows, of which `values` are all the values, one row after the other.

    Raises:
        GenerationError: Somebody has ended the transaction.
    """
    if not driver.in_transaction:
        raise ended_elsewhere()
    columns = marks.count("?")
    most = driver.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // columns
    rows = max(1, min(_ROWS_TOGETHER, most))
    width = rows * columns
    whole = len(values) // width * width
    driver.executemany(
        into + ", ".join([marks] * rows),
        (values[start : start + width] for start in range(0, whole, width)),
    )
    if rest := values[whole:]:
        driver.execute(into + ", ".join([marks] * (len(rest) // columns)), rest)


_ROWS_TOGETHER: Final = 32
"""Rows in one INSERT: 32 take two thirds of the time of 32 INSERTs, and more gain little."""


def _row_by_row(columns: Sequence[Sequence[Any]]) -> list[Any]:
    """Put the values of all rows one after the other."""
    values: list[Any] = [None] * (len(columns) * len(columns[0]))
    for place, column in enumerate(columns):
        values[place :: len(columns)] = column
    return values


def _stored(column: Column[Any], values: Sequence[Any], dialect: Dialect) -> Sequence[Any]:
    """Turn counted values into what SQLAlchemy's SQLite dialect stores for the column's type."""
    kind = column.type
    impl = kind.dialect_impl(dialect)
    if isinstance(impl, types.Numeric) and (scale := scale_of(kind)):
        unit = 10**scale
        if None in values:
            return [None if value is None else value / unit for value in values]
        return [value / unit for value in values]
    for counted, convert in _CONVERTERS.items():
        if isinstance(kind, counted) and _is_like(kind, values, dialect, convert):
            return each_once(convert, values)
    if isinstance(kind, types.Enum) and (process := impl.bind_processor(dialect)):
        return each_once(process, values)
    return bound_values(kind, values, dialect)


def _is_like(
    kind: Kind, values: Sequence[Any], dialect: Dialect, convert: Callable[[Any], object]
) -> bool:
    """Return whether a value is converted to what SQLAlchemy stores.

    It is not where the type has a format of its own, or is another one on SQLite.
    """
    some = list(islice((value for value in values if value is not None), 1))
    return list(map(convert, some)) == list(bound_values(kind, some, dialect))


def _time_text(seconds: int) -> str:
    return f"{time_text(seconds)}.000000"


_CONVERTERS: Final[dict[Any, Callable[[Any], object]]] = {
    types.DateTime: _time_text,
    types.Date: date_text,
    types.Boolean: int,
    types.Time: lambda seconds: f"{clock_text(seconds)}.000000",
    types.Interval: lambda seconds: _time_text(EPOCH + seconds),
    types.Uuid: lambda value: f"{int(value):032x}",
}
