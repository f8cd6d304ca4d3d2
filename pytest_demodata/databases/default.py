"""What is asked of any database; the file of each dialect says how it differs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from sqlalchemy import insert, null, types

from pytest_demodata.errors import DatabaseSetupError
from pytest_demodata.facade import FacadeConnection
from pytest_demodata.statements import Grammar, Words
from pytest_demodata.values import innermost, python_values

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import URL, Connection, MetaData, Table
    from sqlalchemy.engine.interfaces import DBAPIConnection

    from pytest_demodata.engine import Chunk


_GRAMMAR: Final = Grammar(Words())


@dataclass(frozen=True, slots=True)
class Scratch:
    """An empty place of our own, which nobody else sees and which leaves no trace.

    Attributes:
        connection: In the transaction.
        remark: What is to be said of the place at the end of the run, or nothing.
    """

    connection: Connection
    remark: str = ""


def driver_of(connection: Connection) -> Any:  # noqa: ANN401 - each driver's is of its own class
    """Return the driver's connection."""
    return connection.connection.driver_connection


class Database:
    """A kind of database: how it is loaded, locked, and held to its promises."""

    facade: ClassVar[type[FacadeConnection]] = FacadeConnection
    """What its connections are where several share one."""

    grammar: ClassVar[Grammar] = _GRAMMAR
    """What its statements do to a transaction."""

    failure_aborts: ClassVar[bool] = False
    """Whether a failed statement stops the transaction, up to a rollback to a savepoint."""

    survives_fork: ClassVar[bool] = True
    """Whether a forked process has a copy of the database, and no part in the connection."""

    ddl_in_transaction: ClassVar[bool] = True
    """Whether CREATE TABLE can be rolled back; where it cannot, it commits."""

    is_server: ClassVar[bool] = False
    """Whether it works on its own while our process does something else."""

    def check(self, connection: Connection) -> None:
        """Look whether a savepoint on the connection can be rolled back with all that is in it.

        Raises:
            DatabaseSetupError: It cannot, or the rows would go to other tables than are looked at.
        """
        if translated := connection.get_execution_options().get("schema_translate_map"):
            message = (
                f"The connection has the schema_translate_map {translated}, which statements of "
                "the driver's own do not follow.\n"
                "Use a connection without it; on PostgreSQL, set the search_path instead."
            )
            raise DatabaseSetupError(message)
        self._check_transactions(connection)

    def identity(self, connection: Connection) -> Hashable:
        """Return what two connections to the same database, in one process, have in common."""
        url = connection.engine.url
        return (url.get_backend_name(), url.host, url.port, url.database)

    def _check_transactions(self, connection: Connection) -> None:
        driver = cast("DBAPIConnection", connection.connection.dbapi_connection)
        try:
            autocommit = connection.dialect.detect_autocommit_setting(driver)
        except (AttributeError, NotImplementedError):  # a dialect that cannot tell
            autocommit = False
        if autocommit:
            message = (
                "The connection is in AUTOCOMMIT mode, so that a failed generation could not be "
                "undone.\n"
                "Use a connection without it: engine.execution_options(isolation_level=…)."
            )
            raise DatabaseSetupError(message)

    @contextmanager
    def generation_lock(self, connection: Connection) -> Iterator[None]:
        """Hold a lock that other processes see, if the database has such, while inside.

        Raises:
            GenerationRunningError: Another process holds it.
        """
        del connection
        yield

    @contextmanager
    def checking_keys_last(self, connection: Connection) -> Iterator[None]:
        """Have foreign keys looked at when tables are full, not row by row, where that is faster.

        Args:
            connection: In no transaction yet; it is in none again at the end.
        """
        del connection
        yield

    @contextmanager
    def filling(self, connection: Connection, tables: Iterable[Table]) -> Iterator[None]:
        """Prepare empty tables for many rows, and put them in order after the rows are in.

        Afterwards each index is there as it was before, and the database's next key is a new one.
        """
        del connection, tables
        yield

    @contextmanager
    def creating(
        self, connection: Connection, metadata: MetaData, missing: list[Table]
    ) -> Iterator[None]:
        """Create tables, and what of them need only hold when they are filled afterwards."""
        metadata.create_all(connection, tables=missing)
        yield

    def check_keys(self, connection: Connection, tables: Iterable[Table]) -> None:
        """Look at the foreign keys of tables that have been filled, where nobody has yet.

        Raises:
            GenerationError: One has no parent.
        """
        del connection, tables

    def stop(self, connection: Connection) -> None:
        """Have the server end the statement that another thread waits for."""
        raise NotImplementedError

    def in_transaction(self, driver: DBAPIConnection) -> bool:
        """Return whether the driver's connection is in a transaction, as far as it can tell."""
        del driver
        return True

    def lost(self, driver: DBAPIConnection) -> bool:
        """Return whether the connection is closed, by whomever."""
        del driver
        return False

    def aborted(self, driver: DBAPIConnection) -> bool:
        """Return whether a failed statement has stopped the transaction."""
        del driver
        return False

    def aborted_error(self) -> Exception:
        """Return the driver's error for a statement in a transaction that has been stopped."""
        raise NotImplementedError

    def check_deferred(self, driver: DBAPIConnection) -> None:
        """Hold deferred constraints, as a COMMIT would.

        Raises:
            Exception: The driver's own error, where one does not hold.
        """
        del driver

    def counters(self, driver: DBAPIConnection) -> object:
        """Return the state of what counts keys, where a rollback leaves it as it is."""
        del driver
        return None

    def recount(self, counters: Any) -> str:  # noqa: ANN401 - its own
        """Return what puts back what `counters` returned, to follow another statement."""
        del counters
        return ""

    def scratch(self, url: URL, metadata: MetaData) -> AbstractContextManager[Scratch]:
        """Open a connection to an empty place of our own, in a transaction, and leave no trace.

        Args:
            url: The user's database, whose own tables are neither seen nor touched.
            metadata: The tables that are to be there, where none can be created in a transaction.

        Raises:
            DatabaseSetupError: There can be none.
        """
        raise NotImplementedError

    def settle(self, connection: Connection) -> None:
        """Begin a new transaction on a scratch database, where nobody else can see into it."""
        del connection

    def can_keep(self, connection: Connection) -> bool:
        """Return whether a scratch database can be kept in a file, and taken from one."""
        del connection
        return False

    def keep_image(self, connection: Connection, path: Path) -> None:
        """Write a scratch database that has been settled into a new file.

        Raises:
            Exception: The driver's own error, where there is no room.
        """
        raise NotImplementedError

    def take_image(self, connection: Connection, path: Path) -> bool:
        """Have in an empty scratch database what a file holds; return whether it could be read.

        Raises:
            Exception: The driver's own error, where there is no room.
        """
        raise NotImplementedError

    def loader(self, connection: Connection, chunk: Chunk) -> Callable[[], object]:
        """Return what inserts the rows of a chunk, inside the connection's transaction.

        What has to be computed for it is computed here, and what it returns waits for the database.
        """
        columns = chunk.table.columns
        values = [python_values(columns[name].type, chunk.columns[name]) for name in chunk.columns]
        names = list(chunk.columns)
        json = [name for name in names if isinstance(innermost(columns[name].type), types.JSON)]
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for values_of_row in zip(*values, strict=True):
            row = dict(zip(names, values_of_row, strict=True))
            nulls = tuple(name for name in json if row[name] is None)
            for name in nulls:  # for which SQLAlchemy would write JSON's null
                del row[name]
            groups.setdefault(nulls, []).append(row)
        return partial(_insert_all, connection, chunk.table, groups)


def _insert_all(
    connection: Connection, table: Table, groups: Mapping[tuple[str, ...], list[dict[str, Any]]]
) -> None:
    """Insert rows, by the columns that are NULL in all of a group."""
    for nulls, rows in groups.items():
        statement = insert(table)
        if nulls:
            statement = statement.values(dict.fromkeys(nulls, null()))
        connection.execute(statement, rows)
