"""What code under test does to a database, of whatever kind.

A pattern stops (`yield`) wherever a test could fail in its middle. What is in the database is read
on the driver's own connection, by nothing of the package, and without a word to it: a look must not
be what has a test's traces taken away.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import pytest
import sqlalchemy
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, PendingRollbackError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from pytest_demodata import IsolationError, IsolationWarning, sandbox
from pytest_demodata.invoicing import (
    Base,
    Customer,
    CustomerType,
    Inventory,
    Invoice,
    InvoiceLineItem,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_demodata import DemoDatabase

    Pattern: TypeAlias = Callable[[DemoDatabase], Iterator[None]]

KINDS: Final = ("sqlite", "postgresql", "mariadb")

PATTERNS: Final[dict[str, dict[str, Pattern]]] = defaultdict(dict)
"""The patterns of each kind of database, by name."""

LEFT_OPEN: Final[list[object]] = []
"""What tests leave behind in a global, as a failing test does in its traceback."""

INSERT: Final = (
    "INSERT INTO customer_types (name, discount_percentage, priority_level, active, created_at)"
    " VALUES ('{}', 0, 1, true, '2025-01-01 00:00:00.000000')"
)
NEW_YEAR: Final = datetime(2025, 1, 1)  # noqa: DTZ001 - the dataset's times have no zone
STALE: Final = (
    "A rollback on one connection of the demo database has also undone what another one wrote "
    "after it had begun: they share one transaction.\n"
    "End the older transaction before the newer one writes."
)


class Stop(Exception):  # noqa: N818 - not an error
    """Ends a block."""


def pattern(*kinds: str) -> Callable[[Pattern], Pattern]:
    """Note a pattern, of all kinds of databases or of some."""

    def note(function: Pattern) -> Pattern:
        for kind in kinds or KINDS:
            PATTERNS[kind][function.__name__.strip("_")] = function
        return function

    return note


def kind_of(db: DemoDatabase) -> str:
    """Return the kind of a demo database."""
    return db.engine.dialect.name


def tier(name: str) -> CustomerType:
    """Return a tier of customers, which is what patterns write."""
    return CustomerType(name=name, discount_percentage=0, priority_level=1, created_at=NEW_YEAR)


# --- What is in the database

_DRIVERS: Final[WeakKeyDictionary[DemoDatabase, Any]] = WeakKeyDictionary()


def driver_of(db: DemoDatabase) -> Any:
    """Return the driver's connection; asked for once, because whoever has it may have written."""
    if db not in _DRIVERS or _is_closed(_DRIVERS[db]):
        with closing(db.engine.raw_connection()) as raw:
            _DRIVERS[db] = raw.driver_connection
    return _DRIVERS[db]


def _is_closed(driver: Any) -> bool:
    return bool(getattr(driver, "closed", not getattr(driver, "open", True)))


def ask(db: DemoDatabase, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, asked of the driver."""
    return _ask(driver_of(db), query)


def _ask(driver: Any, query: str) -> list[tuple[Any, ...]]:
    with closing(driver.cursor()) as cursor:
        cursor.execute(query)
        return [tuple(row) for row in cursor.fetchall()]


def tiers(db: DemoDatabase) -> set[str]:
    """Return the tiers of customers that have been added."""
    return {name for (name,) in ask(db, "SELECT name FROM customer_types WHERE id > 4")}


def rows_in(db: DemoDatabase, table: str) -> int:
    """Return the number of rows in a table."""
    return int(ask(db, f"SELECT count(*) FROM {table}")[0][0])


def rows_of(driver: Any) -> str:
    """Return a digest of the dataset's rows, the same on every kind of database.

    Args:
        driver: A connection of the driver's.
    """
    hashed = sha256()
    for table in Base.metadata.sorted_tables:
        scales = [getattr(column.type, "scale", None) for column in table.columns]
        names = ", ".join(column.name for column in table.columns)
        keys = ", ".join(column.name for column in table.primary_key)
        for row in _ask(driver, f"SELECT {names} FROM {table.name} ORDER BY {keys}"):
            values = [_plain(each, scale) for each, scale in zip(row, scales, strict=True)]
            hashed.update(f"{table.name} {values}\n".encode())
    return hashed.hexdigest()


def _plain(value: object, scale: int | None) -> object:
    """Return a value as every driver could give it."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float | Decimal) and scale is not None:
        return f"{value:.{scale}f}"
    return value


_SCHEMA: Final = "current_schema()::regnamespace"
_SURROUNDINGS: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": (
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2",
        "SELECT type, name, tbl_name, sql FROM sqlite_temp_master ORDER BY 1, 2",
        *(
            f"PRAGMA {name}"
            for name in (
                "foreign_keys",
                "ignore_check_constraints",
                "query_only",
                "defer_foreign_keys",
                "recursive_triggers",
                "user_version",
            )
        ),
    ),
    "postgresql": (
        "SELECT oid, relname, relkind::text, relnamespace::regnamespace::text, relacl::text,"
        " relrowsecurity, reloptions::text, pg_relation_filenode(oid) FROM pg_class"
        f" WHERE relnamespace IN ({_SCHEMA}, pg_my_temp_schema()) ORDER BY oid",
        "SELECT attrelid, attnum, attname, atttypid::regtype::text, attnotnull, attisdropped,"
        " attidentity::text, pg_get_expr(adbin, adrelid) FROM pg_attribute"
        " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
        f" WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = {_SCHEMA})"
        " ORDER BY 1, 2",
        "SELECT oid, conname, condeferrable, condeferred, convalidated, pg_get_constraintdef(oid)"
        f" FROM pg_constraint WHERE connamespace = {_SCHEMA} ORDER BY oid",
        "SELECT indexrelid, indisvalid, pg_get_indexdef(indexrelid) FROM pg_index"
        f" JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = {_SCHEMA} ORDER BY 1",
        "SELECT tgrelid, tgname, tgenabled::text FROM pg_trigger"
        f" JOIN pg_class ON pg_class.oid = tgrelid WHERE relnamespace = {_SCHEMA} ORDER BY 1, 2",
        f"SELECT oid, proname FROM pg_proc WHERE pronamespace = {_SCHEMA} ORDER BY oid",
        f"SELECT oid, typname FROM pg_type WHERE typnamespace = {_SCHEMA} ORDER BY oid",
        "SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY oid",
        "SELECT oid, extname FROM pg_extension ORDER BY oid",
        "SELECT name, setting FROM pg_settings WHERE name !~ '^plpgsql' ORDER BY name",
        "SELECT current_user, session_user, current_database(), current_schemas(true)::text",
        "SELECT classid, objid, objsubid FROM pg_locks"
        " WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY 1, 2, 3",
        "SELECT pg_listening_channels()",
        "SELECT name FROM pg_prepared_statements ORDER BY name",
        "SELECT name FROM pg_cursors ORDER BY name",
    ),
    "mariadb": (
        "SHOW TABLES",
        "SHOW TRIGGERS",
        "SELECT table_name, column_name, column_type, column_default, is_nullable, extra"
        " FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, 2",
        "SELECT table_name, constraint_name FROM information_schema.table_constraints"
        " WHERE table_schema = DATABASE() ORDER BY 1, 2",
        "SELECT routine_name FROM information_schema.routines"
        " WHERE routine_schema = DATABASE() ORDER BY 1",
        "SHOW SESSION VARIABLES",
        "SELECT current_user(), DATABASE(), IS_USED_LOCK(CONCAT('mine ', CONNECTION_ID()))",
    ),
}
"""What else than rows a test could leave."""

_SEQUENCES: Final = (
    "SELECT oid::regclass::text FROM pg_class"
    f" WHERE relkind = 'S' AND relnamespace = {_SCHEMA} ORDER BY oid"
)
_PASSING: Final = re.compile(
    r"\('(error_count|gtid_\w+|identity|last_gtid|last_insert_id|rand_seed\d|timestamp"
    r"|pseudo_thread_id|warning_count)'"
)
"""Variables of MariaDB's that speak of the last statement."""

_COUNTER: Final = re.compile(r" AUTO_INCREMENT=\d+")
"""How far MariaDB has counted, which no rollback takes back, and is not what it counts on from."""


def surroundings_of(db: DemoDatabase) -> set[str]:
    """Return everything but rows that a test could leave: schema, sequences, settings, locks."""
    kind = kind_of(db)
    queries = list(_SURROUNDINGS[kind])
    if kind == "postgresql":
        names = [name for (name,) in ask(db, _SEQUENCES)]
        queries += [f"SELECT '{name}', last_value, is_called FROM {name}" for name in names]
    if kind == "mariadb":
        queries += [f"SHOW CREATE TABLE {table}" for (table,) in ask(db, "SHOW TABLES")]
    found = {f"{row} of {query}" for query in queries for row in ask(db, query)}
    return {_COUNTER.sub("", each) for each in found if not _PASSING.match(each)}


_BEFORE: Final[WeakKeyDictionary[DemoDatabase, set[str]]] = WeakKeyDictionary()


def assert_as_generated(db: DemoDatabase, rows: str) -> None:
    """Hold that a demo database has the rows that it was generated with, and nothing else is left.

    Args:
        db: The demo database, looked at for the first time before anybody has written.
        rows: What `rows_of` gives for the dataset.
    """
    now = surroundings_of(db)
    before, _BEFORE[db] = _BEFORE.get(db, now), now
    assert now ^ before == set()
    assert rows_of(driver_of(db)) == rows


def state_of(db: DemoDatabase) -> object:
    """Return everything that is in a demo database, and around it."""
    return rows_of(driver_of(db)), surroundings_of(db)


# --- Sessions


@pattern()
def _session_commits(db: DemoDatabase) -> Iterator[None]:
    db.session.add(tier("kept"))
    yield
    db.session.commit()
    assert tiers(db) == {"kept"}
    yield


@pattern()
def _session_commits_again_and_again(db: DemoDatabase) -> Iterator[None]:
    for number in range(3):
        db.session.add(tier(f"kept {number}"))
        db.session.commit()
        yield
    db.session.rollback()
    assert tiers(db) == {"kept 0", "kept 1", "kept 2"}


@pattern()
def _session_rolls_back(db: DemoDatabase) -> Iterator[None]:
    db.session.add(tier("kept"))
    db.session.commit()
    db.session.add(tier("gone"))
    db.session.flush()
    yield
    db.session.rollback()
    assert tiers(db) == {"kept"}


@pattern()
def _session_closes_without_commit(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as session:
        session.add(tier("gone"))
        session.flush()
        yield
    assert not tiers(db)


@pattern()
def _session_is_left_open(db: DemoDatabase) -> Iterator[None]:
    session = db.sessionmaker()
    LEFT_OPEN.append(session)
    session.add(tier("left"))
    session.flush()
    yield
    session.add(tier("pending"))


@pattern()
def _session_is_used_after_its_close(db: DemoDatabase) -> Iterator[None]:
    db.session.add(tier("first"))
    db.session.commit()
    db.session.close()
    yield
    db.session.add(tier("second"))
    db.session.commit()
    assert tiers(db) == {"first", "second"}


@pattern()
def _session_begins_a_block(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker.begin() as session:
        session.add(tier("kept"))
        yield
    with suppress(Stop), db.sessionmaker.begin() as session:
        session.add(tier("gone"))
        session.flush()
        raise Stop
    assert tiers(db) == {"kept"}


@pattern()
def _session_nests(db: DemoDatabase) -> Iterator[None]:
    session = db.session
    session.add(tier("outer"))
    with session.begin_nested():
        session.add(tier("inner"))
        yield
    nested = session.begin_nested()
    session.add(tier("gone"))
    session.flush()
    yield
    nested.rollback()
    with session.begin_nested():
        session.add(tier("middle"))
        with suppress(Stop), session.begin_nested():
            session.add(tier("innermost"))
            session.flush()
            raise Stop
        session.add(tier("after"))
    session.commit()
    assert tiers(db) == {"outer", "inner", "middle", "after"}


@pattern()
def _session_nests_and_rolls_all_back(db: DemoDatabase) -> Iterator[None]:
    with db.session.begin_nested():
        db.session.add(tier("nested"))
    yield
    db.session.rollback()
    assert not tiers(db)


@pattern()
def _session_goes_on_after_an_integrity_error(db: DemoDatabase) -> Iterator[None]:
    session = db.session
    session.add(tier("first"))
    session.commit()
    session.add(tier("first"))
    with pytest.raises(IntegrityError):
        session.commit()
    yield
    with pytest.raises(PendingRollbackError):
        session.connection()
    session.rollback()
    session.add(tier("second"))
    session.commit()
    assert tiers(db) == {"first", "second"}


@pattern()
def _session_goes_on_after_a_nested_integrity_error(db: DemoDatabase) -> Iterator[None]:
    session = db.session
    for name in ("first", "first", "second"):
        with suppress(IntegrityError), session.begin_nested():
            session.add(tier(name))
    yield
    session.commit()
    assert tiers(db) == {"first", "second"}


@pattern()
def _session_s_connection_commits(db: DemoDatabase) -> Iterator[None]:
    db.session.add(tier("kept"))
    db.session.flush()
    db.session.connection().commit()
    yield
    db.session.close()
    assert tiers(db) == {"kept"}


@pattern()
def _session_s_connection_rolls_back(db: DemoDatabase) -> Iterator[None]:
    db.session.add(tier("gone"))
    db.session.flush()
    db.session.connection().rollback()
    yield
    db.session.close()
    assert not tiers(db)
    assert rows_in(db, "invoices") == db.counts["invoices"]


@pattern()
def _session_s_bind_is_used(db: DemoDatabase) -> Iterator[None]:
    bind = db.session.get_bind()
    assert isinstance(bind, Engine)
    with bind.connect() as connection:
        connection.execute(text(INSERT.format("kept")))
        connection.commit()
        yield
        connection.execute(text(INSERT.format("gone")))
    assert tiers(db) == {"kept"}


@pattern()
def _sessions_see_each_other_s_commits(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as one, db.sessionmaker() as other:
        one.add(tier("one"))
        one.commit()
        yield
        assert other.scalars(text("SELECT count(*) FROM customer_types")).one() == 5
        other.add(tier("other"))
        other.commit()
        assert one.scalars(text("SELECT count(*) FROM customer_types")).one() == 6


@pattern()
def _session_of_a_reader_is_older(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as reader, db.sessionmaker() as writer:
        reader.get(CustomerType, 1)
        writer.add(tier("kept"))
        writer.commit()
        yield
        reader.rollback()
    assert tiers(db) == {"kept"}


@pattern()
def _session_reads_first_and_writes_later(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as reader, db.sessionmaker() as writer:
        reader.get(CustomerType, 1)
        writer.add(tier("kept"))
        writer.commit()
        yield
        reader.add(tier("gone"))
        reader.flush()
        reader.rollback()
    assert tiers(db) == {"kept"}


@pattern()
def _session_of_an_older_writer_rolls_back(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as older, db.sessionmaker() as newer:
        older.add(tier("older"))
        older.flush()
        newer.add(tier("newer"))
        newer.commit()
        yield
        with pytest.warns(IsolationWarning) as caught:
            older.rollback()
    assert [str(each.message) for each in caught] == [STALE]
    assert not tiers(db)


@pattern()
def _session_of_an_older_writer_rolls_back_to_its_savepoint(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as older, db.sessionmaker() as newer:
        nested = older.begin_nested()
        older.add(tier("older"))
        older.flush()
        newer.add(tier("newer"))
        newer.flush()
        yield
        with pytest.warns(IsolationWarning) as caught:
            nested.rollback()
        newer.rollback()
        newer.add(tier("again"))
        newer.commit()
        older.commit()
    assert [str(each.message) for each in caught] == [STALE]
    assert tiers(db) == {"again"}


@pattern()
def _session_of_a_newer_writer_rolls_back(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as older, db.sessionmaker() as newer:
        older.add(tier("older"))
        older.flush()
        newer.add(tier("newer"))
        newer.flush()
        yield
        newer.rollback()
        newer.add(tier("again"))
        older.commit()
        newer.commit()
    assert tiers(db) == {"older", "again"}


@pattern()
def _session_per_scope(db: DemoDatabase) -> Iterator[None]:
    registry = scoped_session(db.sessionmaker)
    registry.add(tier("kept"))
    registry.commit()
    registry.add(tier("gone"))
    registry.flush()
    yield
    registry.remove()
    assert tiers(db) == {"kept"}


@pattern()
def _session_of_their_own_on_the_connection(db: DemoDatabase) -> Iterator[None]:
    db.connection.begin()
    with Session(db.connection, join_transaction_mode="create_savepoint") as session:
        session.add(tier("gone"))
        session.commit()
        yield
        session.add(tier("gone too"))
        session.rollback()
    db.connection.rollback()
    assert not tiers(db)


@pattern()
def _session_deletes_everything(db: DemoDatabase) -> Iterator[None]:
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(table.delete())
    db.session.commit()
    yield
    assert not any(rows_in(db, name) for name in db.metadata.tables)


@pattern()
def _session_works_as_a_unit(db: DemoDatabase) -> Iterator[None]:
    customer = db.session.get_one(Customer, 1)
    customer.notes = "changed"
    customer.customer_type = tier("new")
    db.session.delete(db.session.get_one(InvoiceLineItem, 1))
    db.session.commit()
    yield
    assert db.session.get_one(Customer, 1).customer_type.name == "new"
    assert rows_in(db, "invoice_line_items") == db.counts["invoice_line_items"] - 1


@pattern()
def _session_inserts_in_bulk_and_returns(db: DemoDatabase) -> Iterator[None]:
    values = [
        {
            "name": f"bulk {number}",
            "discount_percentage": 0,
            "priority_level": 1,
            "created_at": NEW_YEAR,
        }
        for number in range(1_500)
    ]
    statement = sqlalchemy.insert(CustomerType).returning(CustomerType.id)
    ids = db.session.scalars(statement, values[:1_000]).all()
    assert len(set(ids)) == 1_000
    yield
    db.session.bulk_insert_mappings(sqlalchemy.inspect(CustomerType), values[1_000:])
    db.session.commit()
    assert len(tiers(db)) == 1_500
    deleted = db.session.scalars(
        sqlalchemy.delete(CustomerType).where(CustomerType.id > 4).returning(CustomerType.name)
    )
    assert len(deleted.all()) == 1_500
    db.session.rollback()
    assert len(tiers(db)) == 1_500


# --- Engines and connections


@pattern()
def _connection_commits_and_rolls_back(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text(INSERT.format("kept")))
        connection.commit()
        yield
        connection.execute(text(INSERT.format("gone")))
        connection.rollback()
        connection.execute(text(INSERT.format("closed")))
    assert tiers(db) == {"kept"}


@pattern()
def _connection_is_opened_and_closed(db: DemoDatabase) -> Iterator[None]:
    db.engine.connect().close()
    yield
    assert rows_in(db, "invoices") == db.counts["invoices"]


@pattern()
def _connection_of_the_database_is_used(db: DemoDatabase) -> Iterator[None]:
    connection = db.connection
    assert db.connection is connection
    connection.execute(text(INSERT.format("kept")))
    connection.commit()
    connection.close()
    yield
    assert db.connection is not connection
    db.connection.execute(text(INSERT.format("left")))


@pattern()
def _engine_begins(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text(INSERT.format("kept")))
        yield
    with suppress(Stop), db.engine.begin() as connection:
        connection.execute(text(INSERT.format("gone")))
        raise Stop
    assert tiers(db) == {"kept"}


@pattern()
def _engine_is_disposed_of(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text(INSERT.format("kept")))
    db.engine.dispose()
    yield
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM customer_types")) == 5


@pattern()
def _connection_is_invalidated(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text(INSERT.format("gone")))
        yield
        connection.invalidate()
        connection.rollback()
        assert connection.scalar(text("SELECT count(*) FROM customer_types")) == 4
    db.session.add(tier("gone too"))
    db.session.flush()
    db.session.invalidate()
    assert not tiers(db)


@pattern()
def _connections_use_the_same_names_of_savepoints(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as one, db.engine.connect() as other:
        first = one.begin_nested()
        one.execute(text(INSERT.format("one")))
        second = other.begin_nested()
        yield
        other.execute(text(INSERT.format("other")))
        second.rollback()
        first.commit()
        one.commit()
        other.commit()
    assert tiers(db) == {"one"}


_LEVELS: Final = {
    "sqlite": "SERIALIZABLE",
    "postgresql": "READ COMMITTED",
    "mariadb": "REPEATABLE READ",
}


@pattern()
def _connection_in_autocommit(db: DemoDatabase) -> Iterator[None]:
    options = {"isolation_level": "AUTOCOMMIT"}
    with db.engine.connect().execution_options(**options) as connection:
        assert connection.get_isolation_level() == "AUTOCOMMIT"
        connection.execute(text(INSERT.format("kept")))
        yield
        connection.rollback()
    with db.engine.execution_options(**options).connect() as connection:
        connection.execute(text(INSERT.format("kept too")))
    with db.engine.connect() as connection:
        assert connection.get_isolation_level() == _LEVELS[kind_of(db)]
        connection.execute(text(INSERT.format("gone")))
    assert tiers(db) == {"kept", "kept too"}


@pattern()
def _connection_in_autocommit_takes_savepoints(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SAVEPOINT one"))
        connection.execute(text(INSERT.format("gone")))
        yield
        connection.execute(text("ROLLBACK TO one"))
        connection.execute(text(INSERT.format("kept")))
    assert tiers(db) == {"kept"}


# --- SQL


@pattern()
def _text_takes_a_savepoint_twice(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        for name in ("outer", "inner"):
            connection.execute(text("SAVEPOINT one"))
            connection.execute(text(INSERT.format(name)))
        yield
        connection.execute(text("ROLLBACK TO one"))
        connection.execute(text("RELEASE SAVEPOINT one"))
        if kind_of(db) != "mariadb":  # where the second savepoint has taken the first one's place
            connection.execute(text("RELEASE one"))
        connection.commit()
    assert tiers(db) == {"outer"}


@pattern()
def _text_releases_the_outer_savepoint(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("SAVEPOINT outer_one"))
        connection.execute(text("SAVEPOINT inner_one"))
        connection.execute(text(INSERT.format("kept")))
        yield
        connection.execute(text("RELEASE SAVEPOINT outer_one"))
        nested = connection.begin_nested()
        with pytest.raises(DBAPIError, match=r"inner_one.*does not exist|savepoint: inner_one"):
            connection.execute(text("ROLLBACK TO inner_one"))
        nested.rollback()
        connection.commit()
    assert tiers(db) == {"kept"}


@pattern("sqlite", "postgresql")
def _tables_are_dropped_and_altered(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE invoice_line_items"))
        connection.execute(text("ALTER TABLE customers ADD COLUMN extra TEXT DEFAULT 'x'"))
        connection.execute(text("ALTER TABLE inventory RENAME TO stock"))
    yield
    assert rows_in(db, "stock") == db.counts["inventory"]
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE stock"))
    db.metadata.drop_all(db.engine)


# --- The driver's interface


@pattern()
def _raw_connection_commits_and_rolls_back(db: DemoDatabase) -> Iterator[None]:
    mark = "?" if kind_of(db) == "sqlite" else "%s"
    with closing(db.engine.raw_connection()) as raw:
        cursor = raw.cursor()
        cursor.execute("BEGIN")
        cursor.execute(INSERT.format("kept"))
        raw.commit()
        yield
        cursor.executemany(INSERT.format("{}").replace("'{}'", mark), [("a",), ("b",)])
        raw.rollback()
        cursor.execute(INSERT.format("closed"))
    assert tiers(db) == {"kept"}


@pattern()
def _results_are_streamed_while_others_commit(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as reader:
        result = reader.execution_options(yield_per=5).execute(text("SELECT id FROM invoices"))
        for number, _ in enumerate(result):
            with db.sessionmaker() as writer:
                writer.add(tier(f"kept {number}"))
                writer.commit()
            if number == 3:
                yield
    assert len(tiers(db)) == db.counts["invoices"]


@pattern()
def _results_are_streamed_while_others_roll_back(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as reader:
        query = text("SELECT id FROM invoices").execution_options(yield_per=5)
        result = reader.execute(query)
        for number, _ in enumerate(result):
            nested = reader.begin_nested()
            reader.execute(text(INSERT.format("nested")))
            nested.rollback()
            with db.engine.connect() as writer:
                writer.execute(text(INSERT.format("gone")))
            if number == 3:
                yield
    assert not tiers(db)


@pattern()
def _results_are_left_half_read(db: DemoDatabase) -> Iterator[None]:
    connection = db.engine.connect()
    result = connection.execute(text("SELECT * FROM invoice_line_items"))
    result.fetchone()
    raw = db.engine.raw_connection()
    cursor: Any = raw.cursor()
    cursor.execute(INSERT.format("left") + ", ('too', 0, 1, true, '2025-01-01') RETURNING id")
    LEFT_OPEN.append((connection, result, raw, cursor))
    yield
    with db.sessionmaker() as session:
        session.add(tier("kept"))
        session.commit()
    raw.commit()
    assert len(cursor.fetchall()) == 2


@pattern()
def _driver_is_read(db: DemoDatabase) -> Iterator[None]:
    with closing(db.engine.raw_connection()) as raw:
        driver: Any = raw.driver_connection
        cursor = driver.cursor()
        cursor.execute("SELECT count(*) FROM invoices")
        assert tuple(cursor.fetchone()) == (75,)
        yield
        cursor.execute("DELETE FROM inventory")


# --- Threads


def in_threads(function: Callable[[int], None], threads: int) -> None:
    """Run a function in several threads, each with its number, and raise what one raises."""
    with ThreadPoolExecutor(threads) as pool:
        for each in [pool.submit(function, number) for number in range(threads)]:
            each.result()


@pattern()
def _threads_commit_and_roll_back(db: DemoDatabase) -> Iterator[None]:
    start = threading.Barrier(4)

    def work(thread: int) -> None:
        start.wait()
        for number in range(50):
            with db.sessionmaker() as session:
                session.add(tier(f"{thread}-{number}"))
                session.flush()
                if number % 3:
                    session.commit()
                elif number % 2:
                    session.rollback()

    in_threads(work, 4)
    yield
    assert tiers(db) == {f"{t}-{n}" for t in range(4) for n in range(50) if n % 3}


@pattern()
def _threads_of_an_application_read_commit_and_fail(db: DemoDatabase) -> Iterator[None]:
    """Each opens its own sessions, sees what has been committed, and takes nothing of others."""
    factory = sessionmaker(db.engine, expire_on_commit=False)
    start = threading.Barrier(4)

    def work(thread: int) -> None:
        start.wait()
        for number in range(10):
            name = f"{thread}-{number}"
            with factory() as session:
                assert session.scalar(select(func.count()).select_from(Invoice)) == 75
                seen = set(session.scalars(select(CustomerType.name)))
                assert {f"{thread}-{each}" for each in range(number) if each % 5 < 2} <= seen
                session.add(tier(name))
                session.get_one(Customer, 1 + thread).name = f"changed by {name}"
                if number % 5 == 0:
                    session.commit()
                elif number % 5 == 1:
                    session.flush()
                    with suppress(IntegrityError), session.begin_nested():
                        session.add(tier("Bronze"))
                    session.commit()
                elif number % 5 == 2:
                    session.flush()
                    session.add(tier(name))
                    with pytest.raises(IntegrityError):
                        session.commit()
                    session.rollback()
                elif number % 5 == 3:
                    session.flush()
                    session.rollback()
                else:
                    session.flush()

    in_threads(work, 4)
    yield
    assert tiers(db) == {f"{t}-{n}" for t in range(4) for n in range(10) if n % 5 < 2}
    with factory() as session:
        names = [session.get_one(Customer, 1 + thread).name for thread in range(4)]
    assert names == [f"changed by {thread}-6" for thread in range(4)]


@pattern()
def _threads_hand_a_transaction_over(db: DemoDatabase) -> Iterator[None]:
    sessions: list[Session] = []

    def opens(_number: int) -> None:
        sessions.append(db.sessionmaker())
        sessions[0].add(tier("kept"))
        sessions[0].flush()

    in_threads(opens, 1)
    yield
    sessions[0].commit()
    sessions[0].add(tier("gone"))
    sessions[0].flush()
    in_threads(lambda _: sessions[0].close(), 1)
    assert tiers(db) == {"kept"}
    db.session.add(tier("main"))
    db.session.commit()


@pattern()
def _threads_wait_for_the_main_one(db: DemoDatabase) -> Iterator[None]:
    def work(_number: int) -> None:
        with db.engine.begin() as connection:
            connection.execute(text(INSERT.format("thread")))

    db.session.add(tier("flushed"))
    db.session.flush()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "PATIENCE", 0.01)
        with pytest.raises(IsolationError) as caught:
            in_threads(work, 1)
    assert str(caught.value) == (
        "Another thread has written to the demo database and has neither committed nor rolled "
        "back for 0 seconds.\n"
        "Commit there first, also what a test has only flushed: it stays inside the test."
    )
    yield
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(work, 1)
        db.session.commit()
        waiting.result()
    assert tiers(db) == {"flushed", "thread"}


@pattern()
def _threads_read_while_the_main_one_writes(db: DemoDatabase) -> Iterator[None]:
    def read(_number: int) -> None:
        with db.sessionmaker() as session:
            assert session.get_one(Customer, 1).id == 1
            session.rollback()

    db.session.add(tier("flushed"))
    db.session.flush()
    in_threads(read, 2)
    yield
    db.session.rollback()
    assert not tiers(db)


# --- DemoDatabase itself


@pattern()
def _database_is_reset(db: DemoDatabase) -> Iterator[None]:
    before, session = state_of(db), db.session
    session.execute(Inventory.__table__.delete())  # type: ignore[attr-defined]
    session.commit()
    with db.sessionmaker() as other:
        other.add(tier("other"))
        other.flush()
        yield
        db.reset()
        assert state_of(db) == before
        other.add(tier("again"))
        other.commit()
    assert db.session is not session
    assert tiers(db) == {"again"}
    db.reset()
    assert state_of(db) == before


@pattern("sqlite", "postgresql")
def _database_is_reset_after_its_tables_were_dropped(db: DemoDatabase) -> Iterator[None]:
    before = state_of(db)
    db.metadata.drop_all(db.engine)
    yield
    db.reset()
    assert state_of(db) == before


@pattern()
def _digests_are_those_of_the_dataset(db: DemoDatabase) -> Iterator[None]:
    before = dict(db.digests)
    db.session.execute(sqlalchemy.update(Invoice).values(notes="changed"))
    yield
    changed = {name for name, digest in db.digests.items() if digest != before[name]}
    assert changed == {"invoices"}
