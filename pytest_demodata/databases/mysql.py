"""MySQL and MariaDB: a scratch database under a lock, because CREATE TABLE commits."""

from __future__ import annotations

import re
import secrets
import warnings
from contextlib import ExitStack, closing, contextmanager, suppress
from tempfile import NamedTemporaryFile
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sqlalchemy import NullPool, create_engine, func, literal, select, text
from sqlalchemy.exc import SQLAlchemyError

from pytest_demodata.databases.connecting import connected
from pytest_demodata.databases.default import Database, Scratch, driver_of
from pytest_demodata.databases.pymysql_facade import PyMySQLFacade
from pytest_demodata.databases.rendering import Form, Forms, rows_of
from pytest_demodata.errors import (
    DatabaseSetupError,
    GenerationError,
    GenerationRunningError,
    IsolationWarning,
)
from pytest_demodata.foreign_keys import in_order
from pytest_demodata.isolation import execute_raw, in_this_process
from pytest_demodata.statements import READING, Effect, Grammar, Words
from pytest_demodata.values import innermost, python_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Connection, Dialect, MetaData

    from pytest_demodata.engine import Chunk
    from pytest_demodata.facade import FacadeConnection
    from pytest_demodata.values import Kind

_NAME: Final = re.compile("demodata_[0-9a-f]{12}")
_MARKER: Final = "demodata_scratch"
"""A procedure that marks a database as ours; a table would show among those of the dataset."""

_WRITABLE: Final = "SET SESSION TRANSACTION READ WRITE"
_PATIENT: Final = (
    "SET SESSION wait_timeout = 2147483, lock_wait_timeout = 10, innodb_lock_wait_timeout = 10"
)
_MORE_PATIENT: Final = (
    "SET SESSION idle_transaction_timeout = 0, idle_write_transaction_timeout = 0"
)
"""MariaDB may end sessions that are idle in a transaction, as ours is meant to be."""

_ARMOUR: Final = "SET SESSION TRANSACTION READ ONLY"
"""What is written after a stray COMMIT or ROLLBACK is refused."""

_DDL: Final = (
    r"(?:ALTER|RENAME|TRUNCATE|OPTIMIZE|REPAIR|GRANT|REVOKE|FLUSH|INSTALL|UNINSTALL)\b",
    r"CREATE (?!(?:OR REPLACE )?TEMPORARY TABLE\b)",
    r"DROP (?!TEMPORARY TABLE\b|PREPARE\b)",
    r"(?:ANALYZE|CHECK) (?:LOCAL |NO_WRITE_TO_BINLOG )?TABLE\b",
    r"(?:LOCK|UNLOCK) (?:TABLES?|INSTANCE)\b",
    r"(?:LOAD INDEX|CACHE INDEX|SET PASSWORD|BACKUP|RESET|XA|BEGIN NOT|USE)\b",
    r"SET\b(?=.*\bautocommit\b)",
    r"SET\b(?=.*\b(?:tx|transaction)_read_only\b.*,|.*,.*\b(?:tx|transaction)_read_only\b)",
)
_INSTEAD: Final = (
    "On MariaDB and MySQL it commits whatever is open, or leaves the database of the test. Use "
    "CREATE or DROP TEMPORARY TABLE, or commit() and rollback() of the session or connection."
)
_ALONE: Final = "(?!.*,.*=)"
_MODE: Final = rf"(?:tx|transaction)_(?:read_only|isolation)\b{_ALONE}"


_COMMENTS: Final = r"""--(?=\s|\Z)[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z)"""
_QUOTED: Final = r"""(?P<text>'(?:[^'\\]|\\.|'')*')|(?P<name>"(?:[^"\\]|\\.|"")*"|`[^`]*`)"""
_TOKENS: Final = rf"(?P<blank>/\*M?!\d*|\*/|{_COMMENTS})|{_QUOTED}"
"""Of a comment that holds code for some versions, only its two ends are left out."""

_GRAMMAR: Final = Grammar(
    Words(
        begins=(
            *((each, Effect.END) for each in _DDL),
            (r"SET NAMES\b", Effect.NOTHING),
            (rf"SET (?:SESSION |LOCAL |GLOBAL )?TRANSACTION\b{_ALONE}", Effect.NOTHING),
            (rf"SET (?:SESSION |LOCAL |@@(?:session\.|local\.)?)?{_MODE}", Effect.NOTHING),
            (r"ANALYZE (?:FORMAT\s*=\s*JSON )?SELECT\b", Effect.READ),
        ),
        reading=READING | {"DESC", "HELP"},
        instead=_INSTEAD,
        tokens=_TOKENS,
        or_tokens=rf"(?P<blank>{_COMMENTS})|{_QUOTED}",
    )
)


class MySQL(Database):
    """MySQL and MariaDB, whose CREATE TABLE commits whatever transaction is open."""

    facade: ClassVar[type[FacadeConnection]] = PyMySQLFacade
    grammar: ClassVar[Grammar] = _GRAMMAR
    survives_fork: ClassVar[bool] = False
    is_server: ClassVar[bool] = True
    ddl_in_transaction: ClassVar[bool] = False

    def _check_transactions(self, connection: Connection) -> None:
        driver = driver_of(connection)
        if not (hasattr(driver, "server_status") and self.in_transaction(driver)):
            super()._check_transactions(connection)

    @contextmanager
    def generation_lock(self, connection: Connection) -> Iterator[None]:
        """Take a lock named after the database; the server frees it if the connection dies."""
        name = func.concat(literal("demodata "), func.database())
        if connection.scalar(select(func.get_lock(name, 0))) != 1:
            raise GenerationRunningError
        try:
            yield
        finally:
            with suppress(SQLAlchemyError):  # where the connection is lost, the lock is free
                connection.execute(select(func.release_lock(name)))

    def loader(self, connection: Connection, chunk: Chunk) -> Callable[[], object]:
        """Send the rows of a chunk as a file, where driver, server and columns' types allow it."""
        if _TAKES_FILES not in connection.info:  # asked once, and not for each chunk
            connection.info[_TAKES_FILES] = _takes_files(connection)
        dialect = connection.dialect
        rows = rows_of(chunk, dialect, _FORMS) if connection.info[_TAKES_FILES] else None
        if rows is None:
            return super().loader(connection, chunk)
        into = (
            f"INTO TABLE {dialect.identifier_preparer.format_table(chunk.table)}"
            f" CHARACTER SET utf8mb4 FIELDS ESCAPED BY 0x5C {_targets(chunk, dialect)}"
        )
        text = "\n".join([*rows, ""]).encode()
        return lambda: _load_file(driver_of(connection), into, text, len(rows))

    def stop(self, connection: Connection) -> None:
        """Kill it over a connection of its own, as the protocol knows no other way."""
        number = driver_of(connection).thread_id()
        engine = create_engine(connection.engine.url, poolclass=NullPool)
        with closing(engine.raw_connection()) as another, closing(another.cursor()) as cursor:
            cursor.execute(f"KILL QUERY {number}")

    def in_transaction(self, driver: Any) -> bool:  # noqa: ANN401 - PyMySQL's connection
        """Ask the driver, which knows from the server's last answer."""
        return bool(driver.open and driver.server_status & _IN_TRANSACTION)

    def lost(self, driver: Any) -> bool:  # noqa: ANN401 - PyMySQL's connection
        """Return whether the connection is closed."""
        return not driver.open

    @contextmanager
    def scratch(self, url: URL, metadata: MetaData) -> Iterator[Scratch]:
        """Open a connection to a database of its own, with empty tables, in a transaction.

        Databases that runs have left behind which were killed are dropped first.

        Raises:
            DatabaseSetupError: The server cannot be reached, or the user may create none.
        """
        name = f"demodata_{secrets.token_hex(6)}"
        with ExitStack() as stack:
            connection = stack.enter_context(
                connected(url, autocommit=True, local_infile=True, init_command=_ARMOUR)
            )
            driver = driver_of(connection)
            execute_raw(connection, _WRITABLE)
            execute_raw(connection, _PATIENT)
            with suppress(Exception):  # MySQL has no such settings
                execute_raw(connection, _MORE_PATIENT)
            with _alone(connection):
                _drop_abandoned(connection)
                _lock(connection, name)
                with _right_to_create(connection):
                    execute_raw(connection, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
                    look_after = in_this_process(_look_after)
                    stack.callback(look_after, connection, url, name, driver.thread_id())
                    execute_raw(connection, f"USE {name}")
                    execute_raw(connection, f"CREATE PROCEDURE {_MARKER}() SELECT '{_MARKER}'")
                driver.db = connection.dialect.default_schema_name = name  # also for a reconnect
                _create_tables(connection, metadata)
            execute_raw(connection, _ARMOUR)
            execute_raw(connection, "START TRANSACTION READ WRITE")
            yield Scratch(connection)


_IN_TRANSACTION: Final = 1
"""SERVER_STATUS_IN_TRANS of the protocol."""

_LOCAL_FILES: Final = 128
"""CLIENT_LOCAL_FILES of the protocol."""


class _FileForms(Forms):
    """Bytes as hexadecimal numbers, which UNHEX turns back."""

    def form_of(self, kind: Kind, impl: Kind, dialect: Dialect) -> Form | None:
        if python_type(kind) is bytes and python_type(impl) is bytes:
            return Form(bytes.hex)
        return super().form_of(kind, impl, dialect)

    def text_of(self, impl: Kind, value: Any) -> str | None:  # noqa: ANN401 - of any type
        if python_type(impl) is bytes:
            return bytes(value).hex()
        return super().text_of(impl, value)


_FORMS: Final = _FileForms()


def _targets(chunk: Chunk, dialect: Dialect) -> str:
    """Return where the fields of a line go: to columns, or to variables that columns are set by."""
    fields, settings = [], []
    for number, name in enumerate(chunk.columns):
        column = chunk.table.columns[name]
        quoted = dialect.identifier_preparer.quote(column.name)
        if python_type(innermost(column.type.dialect_impl(dialect))) is bytes:
            fields.append(f"@demodata_{number}")
            settings.append(f"{quoted} = UNHEX(@demodata_{number})")
        else:
            fields.append(quoted)
    setting = f" SET {', '.join(settings)}" if settings else ""
    return f"({', '.join(fields)}){setting}"


_TAKES_FILES: Final = "demodata_takes_files"
"""Where `Connection.info` says whether driver and server load files."""


def _takes_files(connection: Connection) -> bool:
    return (
        connection.dialect.driver == "pymysql"
        and bool(driver_of(connection).client_flag & _LOCAL_FILES)
        and connection.exec_driver_sql("SELECT @@local_infile").scalar() == 1
    )


def _load_file(driver: Any, into: str, text: bytes, rows: int) -> None:  # noqa: ANN401 - PyMySQL's
    """Have a text loaded as a file, and all of its rows as they are.

    Raises:
        GenerationError: The server has changed some, or left them out.
    """
    with NamedTemporaryFile(prefix="demodata-") as file, closing(driver.cursor()) as cursor:
        file.write(text)
        file.flush()
        loaded = cursor.execute(f"LOAD DATA LOCAL INFILE {driver.escape(file.name)} {into}")
        if loaded != rows or cursor.warning_count:
            raise _left_out(cursor, rows - loaded)


def _left_out(cursor: Any, missing: int) -> GenerationError:  # noqa: ANN401 - PyMySQL's cursor
    """Return the error for rows that the server took as others, or did not take.

    LOAD DATA LOCAL only warns where INSERT fails.
    """
    cursor.execute("SHOW WARNINGS LIMIT 3")
    warnings = "; ".join(str(warning[2]).rstrip(".") for warning in cursor.fetchall())
    return GenerationError(
        f"MariaDB or MySQL did not take {missing:,} rows as they are: {warnings}.\n"
        "Everything that this generation had done is undone."
    )


def _lock(connection: Connection, name: str) -> bool:
    return connection.scalar(select(func.get_lock(name, 0))) == 1


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Be the only run on the server that creates or drops, without the server seeing a wait.

    The server's dictionary has one lock that all who create tables would wait for.

    Raises:
        DatabaseSetupError: Another one does not come to an end.
    """
    deadline = monotonic() + _PATIENCE
    while not _lock(connection, _SETUP):
        if monotonic() > deadline:
            message = (
                "Another run on this server has been creating or dropping its demo databases for "
                f"{_PATIENCE} seconds, and holds the lock {_SETUP!r}.\n"
                "Look at SHOW PROCESSLIST, and end the session that hangs."
            )
            raise DatabaseSetupError(message)
        sleep(_POLL)
    try:
        yield
    finally:
        with suppress(Exception):  # where the connection is lost, the lock is free
            connection.execute(select(func.release_lock(_SETUP)))


_SETUP: Final = "demodata_setup"
_PATIENCE: Final = 120
_POLL: Final = 0.01


def _create_tables(connection: Connection, metadata: MetaData) -> None:
    """Create the tables, with statistics that are taken as soon as there are rows.

    Raises:
        DatabaseSetupError: A table is of an engine without transactions.
    """
    execute_raw(connection, "SET SESSION default_storage_engine = InnoDB")
    metadata.create_all(connection)
    for table in in_order(metadata):
        quoted = connection.dialect.identifier_preparer.format_table(table)
        execute_raw(connection, f"ALTER TABLE {quoted} STATS_PERSISTENT = 0")
    if others := connection.execute(_WITHOUT_TRANSACTIONS).all():
        tables = ", ".join(f"{table} ({engine})" for table, engine in others)
        message = (
            f"The storage engine of these tables has no transactions: {tables}.\n"
            "Allowed: InnoDB, without which no test could be undone."
        )
        raise DatabaseSetupError(message)


_WITHOUT_TRANSACTIONS: Final = text(
    "SELECT table_name, engine FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND engine <> 'InnoDB'"
)


@contextmanager
def _right_to_create(connection: Connection) -> Iterator[None]:
    """Name the right that is missing.

    Raises:
        DatabaseSetupError: The user may not create databases of our names, and what they need.
    """
    try:
        yield
    except Exception as error:
        if error.args[:1] not in _NO_RIGHT:
            raise
        user = connection.scalar(select(func.current_user()))
        account = "@".join(f"'{part}'" for part in str(user).rsplit("@", 1))
        message = (
            f"The user {account} may not create the databases that hold the demo data "
            f"({error.args[1]}).\n"
            f"Run as an administrator: GRANT ALL PRIVILEGES ON `demodata\\_%`.* TO {account};"
        )
        raise DatabaseSetupError(message) from None


_NO_RIGHT: Final = {(1044,), (1045,), (1142,), (1227,), (1370,)}
_OURS: Final = text(
    "SELECT NOT EXISTS (SELECT * FROM information_schema.tables WHERE table_schema = :name)"
    " AND NOT EXISTS (SELECT * FROM information_schema.routines WHERE routine_schema = :name)"
    " OR EXISTS (SELECT * FROM information_schema.routines"
    " WHERE routine_schema = :name AND routine_name = :marker)"
)


def _drop_abandoned(connection: Connection) -> None:
    """Drop what killed runs have left: databases of our name, marked or empty, nobody's lock on.

    A live run holds the lock of its database's name, from before it creates it.
    """
    names = connection.scalars(text("SHOW DATABASES LIKE 'demodata\\_%'")).all()
    for name in filter(_NAME.fullmatch, names):
        if _lock(connection, name):
            with suppress(Exception):  # somebody else drops it, or it is not ours to drop
                if connection.scalar(_OURS, {"name": name, "marker": _MARKER}):
                    execute_raw(connection, f"DROP DATABASE IF EXISTS {name}")
            connection.execute(select(func.release_lock(name)))


def _look_after(connection: Connection, url: URL, name: str, thread: int) -> None:
    """Roll back and drop the database, on a connection of its own where ours is lost.

    Warns:
        IsolationWarning: It cannot be dropped.
    """
    try:
        execute_raw(connection, "ROLLBACK")
        _drop(connection, name)
    except Exception:  # noqa: BLE001 - whatever it is, another connection tries again
        connection.invalidate()
        try:
            with connected(url, autocommit=True) as another:
                with suppress(Exception):  # there is no such session any more
                    execute_raw(another, f"KILL {thread}")
                _drop(another, name)
        except Exception as error:  # noqa: BLE001 - the next run drops it
            message = (
                f"The scratch database {name} could not be dropped: {error}.\n"
                "It holds no rows. The next run on this server drops it."
            )
            warnings.warn(message, IsolationWarning, stacklevel=2)


def _drop(connection: Connection, name: str) -> None:
    execute_raw(connection, _WRITABLE)
    execute_raw(connection, "SET SESSION lock_wait_timeout = 60")
    with _alone(connection):
        execute_raw(connection, f"DROP DATABASE IF EXISTS {name}")
