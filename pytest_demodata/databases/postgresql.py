"""PostgreSQL: a schema of our own, made, filled and taken away inside one transaction."""

from __future__ import annotations

import secrets
import warnings
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from sqlalchemy import Sequence as SchemaSequence
from sqlalchemy import func, select, text, types
from sqlalchemy.exc import SQLAlchemyError

from pytest_demodata.databases.connecting import connected
from pytest_demodata.databases.default import Database, Scratch, driver_of
from pytest_demodata.databases.psycopg_facade import PsycopgFacade
from pytest_demodata.databases.rendering import CLOCK, MOMENT, Form, Forms, escaped, rows_of
from pytest_demodata.errors import DatabaseSetupError, GenerationRunningError, IsolationWarning
from pytest_demodata.isolation import execute_raw, in_this_process
from pytest_demodata.statements import READING, Effect, Grammar, Words
from pytest_demodata.values import (
    DAY_SECONDS,
    clock_text,
    is_interval,
    python_type,
    time_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import URL, Column, Connection, Dialect, MetaData, Table
    from sqlalchemy.engine.interfaces import DBAPIConnection

    from pytest_demodata.engine import Chunk
    from pytest_demodata.facade import FacadeConnection
    from pytest_demodata.values import Kind

_LOCK: Final = 0x64656D6F
"""The first number of the advisory lock, "demo" in ASCII; the second is the schema's."""

_ARMOUR: Final = (
    "-c search_path={schema} -c default_transaction_read_only=on"
    " -c idle_in_transaction_session_timeout=0 -c demodata.schema={schema}"
)
"""Start-up options, to which the session returns when a transaction that was ours is gone.

So that what is written after a stray COMMIT or ROLLBACK, or after RESET ALL, is refused, and finds
no table of the user's.
"""

_PATIENT: Final = (
    "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN"
    " ('idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')"
)
"""The server may end sessions that are idle or long, as ours is meant to be."""

_WATCHFUL: Final = (
    "SELECT set_config(name, '500ms', false) FROM pg_settings"
    " WHERE name = 'client_connection_check_interval'"
)
"""Has a server that is at work for us notice that we have been killed; from PostgreSQL 14 on."""

_KEYS: Final = """
    SELECT conrelid::regclass AS "table", conname, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint
    WHERE contype = 'f' AND conrelid = ANY(:tables)
      AND obj_description(oid, 'pg_constraint') IS NULL
    ORDER BY conrelid, conname
"""
_INDEXES: Final = """
    SELECT indexrelid::regclass AS "index", pg_get_indexdef(indexrelid) AS definition
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = ANY(:tables)
      AND NOT indisclustered AND reltablespace = 0
      AND obj_description(indexrelid, 'pg_class') IS NULL
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    ORDER BY indexrelid
"""
_SEQUENCES: Final = (
    "SELECT name, quote_literal(name) FROM pg_class,"
    " LATERAL (SELECT relnamespace::regnamespace || '.' || quote_ident(relname) AS name) AS named"
    " WHERE relkind = 'S' AND relnamespace = CASE current_setting('demodata.schema')"
    " WHEN 'pg_temp' THEN pg_my_temp_schema()"
    " ELSE to_regnamespace(current_setting('demodata.schema')) END"
)

_TOKENS: Final = (
    r"""(?P<blank>--[^\n]*)|(?P<nest>/\*)"""
    r"""|(?P<text>(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'"""
    r"""|(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)"""
    r"""|(?P<name>"(?:[^"]|"")*")|(?P<end>;)"""
)
_GRAMMAR: Final = Grammar(
    Words(
        begins=(
            (r"(?:COMMIT|ROLLBACK) PREPARED\b", Effect.END),
            (r"SET (?:SESSION |LOCAL )?TRANSACTION\b", Effect.NOTHING),
            (r"SET SESSION CHARACTERISTICS\b", Effect.NOTHING),
            (r"SET (?:SESSION |LOCAL )?(?:default_)?transaction_\w+\b", Effect.NOTHING),
            (r"EXPLAIN\b(?=.*\bANALY[SZ]E\b)", Effect.WRITE),
            (
                r"(?:SELECT|VALUES|TABLE|WITH)\b(?=.*\b(?:INTO|nextval|setval|set_config)\b)",
                Effect.WRITE,
            ),
        ),
        reading=READING | {"TABLE"},
        tokens=_TOKENS,
    )
)


class PostgreSQL(Database):
    """PostgreSQL, through any driver; demo databases through psycopg."""

    facade: ClassVar[type[FacadeConnection]] = PsycopgFacade
    grammar: ClassVar[Grammar] = _GRAMMAR
    failure_aborts: ClassVar[bool] = True
    survives_fork: ClassVar[bool] = False
    is_server: ClassVar[bool] = True

    def identity(self, connection: Connection) -> Hashable:
        """Tell the schemas of a database apart."""
        return (super().identity(connection), connection.scalar(select(func.current_schema())))

    def _check_transactions(self, connection: Connection) -> None:
        driver = connection.connection.driver_connection
        if not (hasattr(driver, "info") and self.in_transaction(driver)):
            super()._check_transactions(connection)

    @contextmanager
    def generation_lock(self, connection: Connection) -> Iterator[None]:
        """Hold an advisory lock for the schema; the server frees it if the connection dies."""
        schema = func.hashtext(func.coalesce(func.current_schema(), ""))
        if not connection.scalar(select(func.pg_try_advisory_lock(_LOCK, schema))):
            raise GenerationRunningError
        try:
            yield
        finally:
            with suppress(SQLAlchemyError):  # where the connection is lost, the lock is free
                connection.execute(select(func.pg_advisory_unlock(_LOCK, schema)))

    @contextmanager
    def creating(
        self, connection: Connection, metadata: MetaData, missing: list[Table]
    ) -> Iterator[None]:
        """Create tables, and their foreign keys and indexes once there are rows.

        To build an index over rows that are there is several times as fast as to keep it up to
        date, and so is to look at all rows of a foreign key at once. One that a listener has hung
        something on (a comment, a tablespace) stays, because that would be lost. Constraints with
        an index of their own (PRIMARY KEY, UNIQUE) hold from the start.
        """
        metadata.create_all(connection, tables=missing)
        names = [connection.dialect.identifier_preparer.format_table(table) for table in missing]
        tables = {"tables": list(connection.scalars(_OIDS, {"names": names}))}
        keys = connection.execute(text(_KEYS), tables).all()
        indexes = connection.execute(text(_INDEXES), tables).all()
        _execute_all(
            connection,
            *(f"ALTER TABLE {table} DROP CONSTRAINT {_quoted(name)}" for table, name, _ in keys),
            *(f"DROP INDEX {index}" for index, _ in indexes),
        )
        yield
        _execute_all(
            connection,
            *(definition for _, definition in indexes),
            *(
                f"ALTER TABLE {table} ADD CONSTRAINT {_quoted(name)} {definition}"
                for table, name, definition in keys
            ),
            *(f"ANALYZE {name}" for name in names),
        )

    @contextmanager
    def filling(self, connection: Connection, tables: Iterable[Table]) -> Iterator[None]:
        """Move the sequences of columns past the rows, which have their keys from us.

        RESTART is undone with the transaction, where `setval` is not.
        """
        tables = list(tables)
        info = connection.info
        info[_DRIVER] = driver_of(connection)
        try:
            yield
        finally:
            del info[_DRIVER]
        counters = _counters_of(connection, tables)
        if not counters:
            return
        quoted = connection.dialect.identifier_preparer.format_table
        queries = (
            f"SELECT {number}, max({_quoted(column.name)}), (SELECT last_value FROM {counter.name})"  # noqa: S608 - names of the database and of the MetaData, quoted
            f" FROM {quoted(column.table)}"
            for number, (counter, column) in enumerate(counters)
        )
        _execute_all(
            connection,
            *(
                f"ALTER SEQUENCE {counters[number][0].name} RESTART WITH {following}"
                for number, last, stand in connection.exec_driver_sql(" UNION ALL ".join(queries))
                if (following := _following(counters[number][0], last, stand)) is not None
            ),
        )

    def loader(self, connection: Connection, chunk: Chunk) -> Callable[[], object]:
        """Send the rows of a chunk by COPY, where the driver and the columns' types allow it."""
        dialect = connection.dialect
        copies = dialect.driver == "psycopg" and not dialect.is_async
        rows = rows_of(chunk, dialect, _CopyForms(connection)) if copies else None
        if rows is None:
            return super().loader(connection, chunk)
        preparer = dialect.identifier_preparer
        names = ", ".join(preparer.quote(chunk.table.columns[name].name) for name in chunk.columns)
        into = f"COPY {preparer.format_table(chunk.table)} ({names}) FROM STDIN"
        text = "\n".join([*rows, ""])  # which the driver encodes as the server hears it

        def load() -> None:
            with closing(driver_of(connection).cursor()) as cursor, cursor.copy(into) as copy:
                copy.write(text)

        return load

    def stop(self, connection: Connection) -> None:
        """Have the server cancel it, as psycopg does at Ctrl-C."""
        driver_of(connection).cancel()

    def in_transaction(self, driver: Any) -> bool:  # noqa: ANN401 - psycopg's connection
        """Ask the driver, which knows from the server's last answer."""
        return driver.info.transaction_status in {_IN_TRANSACTION, _IN_ERROR}

    def lost(self, driver: Any) -> bool:  # noqa: ANN401 - psycopg's connection
        """Return whether the server has closed the connection."""
        return bool(driver.closed)

    def aborted(self, driver: Any) -> bool:  # noqa: ANN401 - psycopg's connection
        """Return whether a failed statement has stopped the transaction."""
        return bool(driver.info.transaction_status == _IN_ERROR)

    def aborted_error(self) -> Exception:
        """Return what the server says to whoever goes on in a transaction that has failed."""
        from psycopg.errors import InFailedSqlTransaction  # noqa: PLC0415 - an extra

        return InFailedSqlTransaction(
            "current transaction is aborted, commands ignored until end of transaction block"
        )

    def check_deferred(self, driver: DBAPIConnection) -> None:
        """Hold deferred constraints for once, as a COMMIT does.

        Raises:
            psycopg.IntegrityError: One does not hold.
        """
        back = "ROLLBACK TO SAVEPOINT demodata_deferred; RELEASE SAVEPOINT demodata_deferred"
        with closing(driver.cursor()) as cursor:
            try:
                cursor.execute(
                    f"SAVEPOINT demodata_deferred; SET CONSTRAINTS ALL IMMEDIATE; {back}"
                )
            except Exception:
                with suppress(Exception):  # the first error is the one to tell
                    cursor.execute(back)
                raise

    def counters(self, driver: DBAPIConnection) -> object:
        """Return where the sequences stand, which a rollback does not take back."""
        with closing(driver.cursor()) as cursor:
            cursor.execute(_SEQUENCES)
            stands = "SELECT quote_literal({1}), last_value, is_called FROM {0}"
            query = " UNION ALL ".join(stands.format(*names) for names in cursor.fetchall())
            return cursor.execute(query).fetchall() if query else []

    def recount(self, counters: Any) -> str:  # noqa: ANN401 - what `counters` returns
        """Return what puts the sequences back."""
        calls = ", ".join(f"setval({name}, {last}, {called})" for name, last, called in counters)
        return f"; SELECT {calls}" if calls else ""

    @contextmanager
    def scratch(self, url: URL, metadata: MetaData) -> Iterator[Scratch]:
        """Open a connection whose transaction has made a schema of its own, and sees no other.

        Where the role may create no schema, its tables are temporary.

        Raises:
            DatabaseSetupError: The server cannot be reached, or the role may create neither.
        """
        del metadata  # they are created where they are filled, in the transaction
        token = f"demodata_{secrets.token_hex(6)}"
        with ExitStack() as stack:
            connection = stack.enter_context(connected(url, **_start_up(url, token)))
            if remark := _remark(connection):
                stack.close()
                connection = stack.enter_context(connected(url, **_start_up(url, "pg_temp")))
            backend = connection.execute(_BACKEND).one()
            stack.callback(in_this_process(_look_after), url, token, *backend)
            execute_raw(connection, _PATIENT)
            execute_raw(connection, _WATCHFUL)
            if not remark:
                _drop_abandoned(connection)
            execute_raw(connection, "BEGIN; SET TRANSACTION READ WRITE")
            if not remark:
                execute_raw(connection, _CREATE.format(token, _LOCK, _MARK))
            connection.dialect.default_schema_name = "pg_temp" if remark else token
            stack.callback(in_this_process(_end), connection)
            yield Scratch(connection, remark)


_DRIVER: Final = "demodata_driver"
"""Where `Connection.info` keeps the driver's connection, for which nobody may be asked meanwhile.

One that several share is no one's while a thread copies.
"""


class _CopyForms(Forms):
    """Any value of any type: what has no text of ours is written as psycopg does.

    Args:
        connection: On which another thread may be at work.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def form_of(self, kind: Kind, impl: Kind, dialect: Dialect) -> Form | None:
        if is_interval(kind) and not isinstance(impl, types.TypeDecorator):
            return _INTERVAL
        if python_type(kind) is bytes and python_type(impl) is bytes:
            return _BYTES
        form = super().form_of(kind, impl, dialect)
        return _ZONED.get(form, form) if getattr(impl, "timezone", False) else form

    def text_of(self, impl: Kind, value: Any) -> str:  # noqa: ANN401 - of any type
        del impl
        if isinstance(value, int):  # a bool may be for a column of numbers
            return f"{value:d}"
        return escaped(value if isinstance(value, str) else self._dump(value))

    def _dump(self, value: Any) -> str:  # noqa: ANN401 - of any type
        from psycopg.adapt import PyFormat  # noqa: PLC0415 - an extra

        dumped = self._transformer.get_dumper(value, PyFormat.TEXT).dump(value)
        return bytes(dumped or b"").decode(self._encoding)

    @cached_property
    def _driver(self) -> Any:  # noqa: ANN401 - psycopg's connection
        return self._connection.info.get(_DRIVER) or driver_of(self._connection)

    @cached_property
    def _encoding(self) -> str:
        return str(self._driver.info.encoding)

    @cached_property
    def _transformer(self) -> Any:  # noqa: ANN401 - psycopg's, as COPY has it for rows
        from psycopg.adapt import Transformer  # noqa: PLC0415 - an extra

        return Transformer(self._driver)


def _interval_text(seconds: int) -> str:
    """Return a duration as Python splits it; signs stand for themselves in any IntervalStyle."""
    days, seconds = divmod(seconds, DAY_SECONDS)
    return f"{days:+d} days {seconds:+d} seconds"


def _zoned_text(seconds: int) -> str:
    return f"{time_text(seconds)}+00"


def _zoned_clock_text(seconds: int) -> str:
    return f"{clock_text(seconds)}+00"


def _bytes_text(value: bytes) -> str:
    return f"\\\\x{value.hex()}"


_INTERVAL: Final = Form(_interval_text)
_BYTES: Final = Form(_bytes_text)
_ZONED: Final[Mapping[Form | None, Form]] = {
    MOMENT: Form(_zoned_text),
    CLOCK: Form(_zoned_clock_text),
}
"""How is written with a zone what is written without one, whatever the session's zone is."""


class _Counter(NamedTuple):
    """A sequence that gives a column its values.

    Attributes:
        name: As SQL has it.
        step: What it adds.
        least: Its first value.
        most: Its last one.
        owned: Whether it is the column's alone.
    """

    name: str
    step: int
    least: int
    most: int
    owned: bool


def _following(counter: _Counter, last: int | None, stand: int) -> int | None:
    """Return where to have a sequence go on after the last value of a column, if it is to."""
    if last is None or counter.step < 0:
        return None
    following = last + counter.step
    if not counter.least <= following <= counter.most:
        return None
    return following if counter.owned or following > stand else None


def _counters_of(
    connection: Connection, tables: Sequence[Table]
) -> list[tuple[_Counter, Column[Any]]]:
    """List the sequences that columns get their values from: their own, and those of defaults."""
    quoted = connection.dialect.identifier_preparer
    names = [quoted.format_table(table) for table in tables]
    found = connection.execute(_COUNTERS, {"tables": names}).all()
    counters = [
        (_Counter(*row), _column_of(tables[place - 1], name)) for place, name, *row in found
    ]
    for column in (column for table in tables for column in table.columns):
        if isinstance(column.default, SchemaSequence):  # which SQLAlchemy itself asks for a value
            name = {"name": quoted.format_sequence(column.default)}
            found = connection.execute(_SEQUENCE, name).all()
            counters += [(_Counter(*row), column) for row in found]
    return counters


def _column_of(table: Table, name: str) -> Column[Any]:
    """Return a column by its name in the database, which need not be its key."""
    return next(column for column in table.columns if column.name == name)


_COUNTERS: Final = text("""
    SELECT place, attname, seqrelid::regclass::text, seqincrement, seqmin, seqmax, bool_or(owned)
    FROM unnest(CAST(:tables AS text[])) WITH ORDINALITY AS given (name, place)
    CROSS JOIN LATERAL (
        SELECT objid AS sequence, refobjsubid AS number, true AS owned FROM pg_depend
        WHERE refclassid = 'pg_class'::regclass AND refobjid = given.name::regclass
          AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i')
        UNION ALL
        SELECT refobjid, adnum, false
        FROM pg_attrdef JOIN pg_depend ON pg_depend.objid = pg_attrdef.oid
        WHERE adrelid = given.name::regclass
          AND classid = 'pg_attrdef'::regclass AND refclassid = 'pg_class'::regclass
    ) AS used
    JOIN pg_sequence ON seqrelid = sequence
    JOIN pg_attribute ON attrelid = given.name::regclass AND attnum = number
    GROUP BY place, attname, seqrelid, seqincrement, seqmin, seqmax
    ORDER BY place, attname
""")
_SEQUENCE: Final = text(
    "SELECT seqrelid::regclass::text, seqincrement, seqmin, seqmax, false"
    " FROM pg_sequence WHERE seqrelid = to_regclass(:name)"
)

_OIDS: Final = text("SELECT unnest(CAST(:names AS text[]))::regclass::oid")
_IN_TRANSACTION: Final = 2
_IN_ERROR: Final = 3
"""What `transaction_status` is, as libpq counts."""


def _execute_all(connection: Connection, *statements: str) -> None:
    """Run statements, in one message to the server where the driver takes them."""
    if connection.dialect.is_async:  # whose drivers prepare each statement
        for statement in statements:
            execute_raw(connection, statement)
    elif statements:
        execute_raw(connection, "; ".join(statements))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _start_up(url: URL, schema: str) -> dict[str, object]:
    """Return how to connect: with the armour on, without statements kept for the next schema."""
    given = url.query.get("options", "")
    options = given if isinstance(given, str) else " ".join(given)
    return {
        "autocommit": True,
        "prepare_threshold": None,
        "options": f"{options} {_ARMOUR.format(schema=schema)}".strip(),
    }


def _remark(connection: Connection) -> str:
    """Return why the tables are to be temporary, or nothing where there can be a schema.

    Raises:
        DatabaseSetupError: They cannot be temporary either.
    """
    user, database, create, temporary = connection.execute(_RIGHTS).one()
    if create:
        return ""
    why = f"the role {user!r} may not create a schema in the database {database!r}"
    grant = f"GRANT CREATE ON DATABASE {_quoted(database)} TO {_quoted(user)};"
    if temporary:
        return f"in temporary tables, because {why}; {grant} lets it"
    message = f"{why[0].upper()}{why[1:]}, nor temporary tables.\nRun as the owner: {grant}"
    raise DatabaseSetupError(message)


def _end(connection: Connection) -> None:
    """End the transaction, unless the connection is lost or still at work."""
    with suppress(Exception):
        execute_raw(connection, "ROLLBACK")
    connection.invalidate()


def _look_after(url: URL, token: str, process: int, started: datetime) -> None:
    """See to it, on a connection of its own, that nothing of ours is left.

    There is something where the driver was stopped in a statement, or somebody has committed.

    Warns:
        IsolationWarning: It could not be looked, and there may be something.
    """
    try:
        with connected(url, autocommit=True) as connection:
            execute_raw(connection, _UNHINDERED)
            connection.execute(_TERMINATE, {"pid": process, "started": started})
            execute_raw(connection, f"DROP SCHEMA IF EXISTS {token} CASCADE")
    except Exception as error:  # noqa: BLE001 - whatever it is, the tests have ended
        message = (
            f"It could not be seen whether the schema {token} is gone: {error}.\n"
            "It is unless a test has committed; the next run on this server drops it then."
        )
        warnings.warn(message, IsolationWarning, stacklevel=2)


def _drop_abandoned(connection: Connection) -> None:
    """Drop schemas of our name and mark that killed runs have left, after a stray COMMIT.

    A live run holds the lock of its schema's name.
    """
    for name in connection.scalars(_ABANDONED, {"lock": _LOCK, "mark": _MARK}).all():
        with suppress(Exception):  # somebody else drops it
            execute_raw(connection, f"BEGIN READ WRITE; DROP SCHEMA {name} CASCADE; COMMIT")
    execute_raw(connection, "ROLLBACK")


_MARK: Final = "made by pytest-demodata"
_CREATE: Final = (
    "CREATE SCHEMA {0}; COMMENT ON SCHEMA {0} IS '{2}';"
    " SELECT pg_advisory_lock({1}, hashtext('{0}'))"
)
_ABANDONED: Final = text(
    "SELECT nspname FROM pg_namespace AS space"
    " WHERE nspname ~ '^demodata_[0-9a-f]{12}$' AND pg_has_role(nspowner, 'USAGE')"
    " AND obj_description(space.oid, 'pg_namespace') = :mark"
    " AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = :lock"
    " AND objid = CAST(CAST(hashtext(nspname) AS bit(32)) AS bigint))"
)
_BACKEND: Final = text(
    "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
)
_UNHINDERED: Final = (
    "SET default_transaction_read_only = off; SET lock_timeout = '10s';"
    " SET client_min_messages = error"
)
_TERMINATE: Final = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid = :pid AND backend_start = :started"
)
_RIGHTS: Final = text(
    "SELECT current_user, current_database(),"
    " has_database_privilege(current_database(), 'CREATE'),"
    " has_database_privilege(current_database(), 'TEMPORARY')"
)
