"""What code under test does to a database, and that nothing of it is left for the next test.

A pattern stops (`yield`) wherever a test could fail in its middle. The dataset is looked at through
sqlite3 itself, and compared with one that was generated elsewhere.
"""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import sqlalchemy
from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, PendingRollbackError
from sqlalchemy.orm import Session, scoped_session

from pytest_demodata import (
    DataGenerator,
    IsolationError,
    IsolationWarning,
    prepare_sqlite,
    sandbox,
)
from pytest_demodata.invoicing import Customer, CustomerType, Inventory, Invoice, InvoiceLineItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_demodata import DemoDatabase

    Pattern = Callable[[DemoDatabase], Iterator[None]]

PATTERNS: Final[dict[str, Pattern]] = {}

_LEFT_OPEN: Final[list[object]] = []
"""What tests leave behind in a global, as a failing test does in its traceback."""

_INSERT: Final = (
    "INSERT INTO customer_types (name, discount_percentage, priority_level, active, created_at)"
    " VALUES ('{}', 0, 1, 1, '2025-01-01 00:00:00.000000')"
)
_NEW_YEAR: Final = datetime(2025, 1, 1)  # noqa: DTZ001 - the dataset's times have no zone
_STALE: Final = (
    "A rollback on one connection of the demo database has also undone what another one wrote "
    "after it had begun: they share one transaction.\n"
    "End the older transaction before the newer one writes."
)


class _Stop(Exception):  # noqa: N818 - not an error
    """Ends a block."""


def _pattern(function: Pattern) -> Pattern:
    PATTERNS[function.__name__.strip("_")] = function
    return function


def _tier(name: str) -> CustomerType:
    return CustomerType(name=name, discount_percentage=0, priority_level=1, created_at=_NEW_YEAR)


def _driver(db: DemoDatabase) -> sqlite3.Connection:
    with closing(db.engine.raw_connection()) as raw:
        driver: sqlite3.Connection = raw.driver_connection  # type: ignore[assignment]
    return driver


def _tiers(db: DemoDatabase) -> set[str]:
    """Return the tiers of customers that have been added."""
    rows = _driver(db).execute("SELECT name FROM customer_types WHERE id > 4").fetchall()
    return {name for (name,) in rows}


def _rows(db: DemoDatabase, table: str) -> int:
    return int(_driver(db).execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def state(driver: sqlite3.Connection) -> str:
    """Return a digest of everything that a test could leave in a database."""
    settings = ("foreign_keys", "ignore_check_constraints", "query_only", "defer_foreign_keys")
    values = [
        (name, *driver.execute(f"PRAGMA {name}").fetchone())
        for name in (*settings, "recursive_triggers", "user_version")
    ]
    temporary = driver.execute("SELECT sql FROM sqlite_temp_master").fetchall()
    return sha256("\n".join([*driver.iterdump(), str(values), str(temporary)]).encode()).hexdigest()


def state_of(db: DemoDatabase) -> str:
    """Return the state of a demo database."""
    return state(_driver(db))


def _generated(volume: str) -> str:
    engine = prepare_sqlite(create_engine("sqlite://"))
    with engine.connect() as connection:
        DataGenerator(connection).generate(volume)
        generated = state(connection.connection.driver_connection)  # type: ignore[arg-type]
    engine.dispose()
    return generated


@pytest.fixture(scope="module")
def generated() -> str:
    """The state of a small dataset that no test has ever seen."""
    return _generated("small")


# --- Sessions


@_pattern
def _session_commits(db: DemoDatabase) -> Iterator[None]:
    db.session.add(_tier("kept"))
    yield
    db.session.commit()
    assert _tiers(db) == {"kept"}
    yield


@_pattern
def _session_commits_again_and_again(db: DemoDatabase) -> Iterator[None]:
    for number in range(3):
        db.session.add(_tier(f"kept {number}"))
        db.session.commit()
        yield
    db.session.rollback()
    assert _tiers(db) == {"kept 0", "kept 1", "kept 2"}


@_pattern
def _session_rolls_back(db: DemoDatabase) -> Iterator[None]:
    db.session.add(_tier("kept"))
    db.session.commit()
    db.session.add(_tier("gone"))
    db.session.flush()
    yield
    db.session.rollback()
    assert _tiers(db) == {"kept"}


@_pattern
def _session_closes_without_commit(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as session:
        session.add(_tier("gone"))
        session.flush()
        yield
    assert not _tiers(db)


@_pattern
def _session_is_left_open(db: DemoDatabase) -> Iterator[None]:
    session = db.sessionmaker()
    _LEFT_OPEN.append(session)
    session.add(_tier("left"))
    session.flush()
    yield
    session.add(_tier("pending"))


@_pattern
def _session_is_used_after_its_close(db: DemoDatabase) -> Iterator[None]:
    db.session.add(_tier("first"))
    db.session.commit()
    db.session.close()
    yield
    db.session.add(_tier("second"))
    db.session.commit()
    assert _tiers(db) == {"first", "second"}


@_pattern
def _session_begins_a_block(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker.begin() as session:
        session.add(_tier("kept"))
        yield
    with suppress(_Stop), db.sessionmaker.begin() as session:
        session.add(_tier("gone"))
        session.flush()
        raise _Stop
    assert _tiers(db) == {"kept"}


@_pattern
def _session_nests(db: DemoDatabase) -> Iterator[None]:
    session = db.session
    session.add(_tier("outer"))
    with session.begin_nested():
        session.add(_tier("inner"))
        yield
    nested = session.begin_nested()
    session.add(_tier("gone"))
    session.flush()
    yield
    nested.rollback()
    with session.begin_nested():
        session.add(_tier("middle"))
        with suppress(_Stop), session.begin_nested():
            session.add(_tier("innermost"))
            session.flush()
            raise _Stop
        session.add(_tier("after"))
    session.commit()
    assert _tiers(db) == {"outer", "inner", "middle", "after"}


@_pattern
def _session_nests_and_rolls_all_back(db: DemoDatabase) -> Iterator[None]:
    with db.session.begin_nested():
        db.session.add(_tier("nested"))
    yield
    db.session.rollback()
    assert not _tiers(db)


@_pattern
def _session_goes_on_after_an_integrity_error(db: DemoDatabase) -> Iterator[None]:
    session = db.session
    session.add(_tier("first"))
    session.commit()
    session.add(_tier("first"))
    with pytest.raises(IntegrityError):
        session.commit()
    yield
    with pytest.raises(PendingRollbackError):
        session.connection()
    session.rollback()
    session.add(_tier("second"))
    session.commit()
    assert _tiers(db) == {"first", "second"}


@_pattern
def _session_goes_on_after_a_nested_integrity_error(db: DemoDatabase) -> Iterator[None]:
    session = db.session
    for name in ("first", "first", "second"):
        with suppress(IntegrityError), session.begin_nested():
            session.add(_tier(name))
    yield
    session.commit()
    assert _tiers(db) == {"first", "second"}


@_pattern
def _session_s_connection_commits(db: DemoDatabase) -> Iterator[None]:
    db.session.add(_tier("kept"))
    db.session.flush()
    db.session.connection().commit()
    yield
    db.session.close()
    assert _tiers(db) == {"kept"}


@_pattern
def _session_s_connection_rolls_back(db: DemoDatabase) -> Iterator[None]:
    db.session.add(_tier("gone"))
    db.session.flush()
    db.session.connection().rollback()
    yield
    db.session.close()
    assert not _tiers(db)
    assert _rows(db, "invoices") == db.counts["invoices"]


@_pattern
def _session_s_bind_is_used(db: DemoDatabase) -> Iterator[None]:
    bind = db.session.get_bind()
    assert isinstance(bind, Engine)
    with bind.connect() as connection:
        connection.execute(text(_INSERT.format("kept")))
        connection.commit()
        yield
        connection.execute(text(_INSERT.format("gone")))
    assert _tiers(db) == {"kept"}


@_pattern
def _sessions_see_each_other_s_commits(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as one, db.sessionmaker() as other:
        one.add(_tier("one"))
        one.commit()
        yield
        assert other.scalars(text("SELECT count(*) FROM customer_types")).one() == 5
        other.add(_tier("other"))
        other.commit()
        assert one.scalars(text("SELECT count(*) FROM customer_types")).one() == 6


@_pattern
def _session_of_a_reader_is_older(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as reader, db.sessionmaker() as writer:
        reader.get(CustomerType, 1)
        writer.add(_tier("kept"))
        writer.commit()
        yield
        reader.rollback()
    assert _tiers(db) == {"kept"}


@_pattern
def _session_reads_first_and_writes_later(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as reader, db.sessionmaker() as writer:
        reader.get(CustomerType, 1)
        writer.add(_tier("kept"))
        writer.commit()
        yield
        reader.add(_tier("gone"))
        reader.flush()
        reader.rollback()
    assert _tiers(db) == {"kept"}


@_pattern
def _session_of_an_older_writer_rolls_back(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as older, db.sessionmaker() as newer:
        older.add(_tier("older"))
        older.flush()
        newer.add(_tier("newer"))
        newer.commit()
        yield
        with pytest.warns(IsolationWarning) as caught:
            older.rollback()
    assert [str(each.message) for each in caught] == [_STALE]
    assert not _tiers(db)


@_pattern
def _session_of_an_older_writer_rolls_back_to_its_savepoint(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as older, db.sessionmaker() as newer:
        nested = older.begin_nested()
        older.add(_tier("older"))
        older.flush()
        newer.add(_tier("newer"))
        newer.flush()
        yield
        with pytest.warns(IsolationWarning) as caught:
            nested.rollback()
        newer.rollback()
        newer.add(_tier("again"))
        newer.commit()
        older.commit()
    assert [str(each.message) for each in caught] == [_STALE]
    assert _tiers(db) == {"again"}


@_pattern
def _session_of_a_newer_writer_rolls_back(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as older, db.sessionmaker() as newer:
        older.add(_tier("older"))
        older.flush()
        newer.add(_tier("newer"))
        newer.flush()
        yield
        newer.rollback()
        newer.add(_tier("again"))
        older.commit()
        newer.commit()
    assert _tiers(db) == {"older", "again"}


@_pattern
def _session_per_scope(db: DemoDatabase) -> Iterator[None]:
    registry = scoped_session(db.sessionmaker)
    registry.add(_tier("kept"))
    registry.commit()
    registry.add(_tier("gone"))
    registry.flush()
    yield
    registry.remove()
    assert _tiers(db) == {"kept"}


@_pattern
def _session_of_their_own_on_the_connection(db: DemoDatabase) -> Iterator[None]:
    db.connection.begin()
    with Session(db.connection, join_transaction_mode="create_savepoint") as session:
        session.add(_tier("gone"))
        session.commit()
        yield
        session.add(_tier("gone too"))
        session.rollback()
    db.connection.rollback()
    assert not _tiers(db)


@_pattern
def _session_deletes_everything(db: DemoDatabase) -> Iterator[None]:
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(table.delete())
    db.session.commit()
    yield
    assert not any(_rows(db, name) for name in db.metadata.tables)


@_pattern
def _session_works_as_a_unit(db: DemoDatabase) -> Iterator[None]:
    customer = db.session.get_one(Customer, 1)
    customer.notes = "changed"
    customer.customer_type = _tier("new")
    db.session.delete(db.session.get_one(InvoiceLineItem, 1))
    db.session.commit()
    yield
    assert db.session.get_one(Customer, 1).customer_type.name == "new"
    assert _rows(db, "invoice_line_items") == db.counts["invoice_line_items"] - 1


@_pattern
def _session_inserts_in_bulk_and_returns(db: DemoDatabase) -> Iterator[None]:
    values = [
        {
            "name": f"bulk {number}",
            "discount_percentage": 0,
            "priority_level": 1,
            "created_at": _NEW_YEAR,
        }
        for number in range(1_500)
    ]
    statement = sqlalchemy.insert(CustomerType).returning(CustomerType.id)
    ids = db.session.scalars(statement, values[:1_000]).all()
    assert len(set(ids)) == 1_000
    yield
    db.session.bulk_insert_mappings(sqlalchemy.inspect(CustomerType), values[1_000:])
    db.session.commit()
    assert len(_tiers(db)) == 1_500
    deleted = db.session.scalars(
        sqlalchemy.delete(CustomerType).where(CustomerType.id > 4).returning(CustomerType.name)
    )
    assert len(deleted.all()) == 1_500
    db.session.rollback()
    assert len(_tiers(db)) == 1_500


# --- Engines and connections


@_pattern
def _connection_commits_and_rolls_back(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text(_INSERT.format("kept")))
        connection.commit()
        yield
        connection.execute(text(_INSERT.format("gone")))
        connection.rollback()
        connection.execute(text(_INSERT.format("closed")))
    assert _tiers(db) == {"kept"}


@_pattern
def _connection_is_opened_and_closed(db: DemoDatabase) -> Iterator[None]:
    db.engine.connect().close()
    yield
    assert _rows(db, "invoices") == db.counts["invoices"]


@_pattern
def _connection_of_the_database_is_used(db: DemoDatabase) -> Iterator[None]:
    connection = db.connection
    assert db.connection is connection
    connection.execute(text(_INSERT.format("kept")))
    connection.commit()
    connection.close()
    yield
    assert db.connection is not connection
    db.connection.execute(text(_INSERT.format("left")))


@_pattern
def _engine_begins(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text(_INSERT.format("kept")))
        yield
    with suppress(_Stop), db.engine.begin() as connection:
        connection.execute(text(_INSERT.format("gone")))
        raise _Stop
    assert _tiers(db) == {"kept"}


@_pattern
def _engine_is_disposed_of(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text(_INSERT.format("kept")))
    db.engine.dispose()
    yield
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM customer_types")) == 5


@_pattern
def _connection_is_invalidated(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text(_INSERT.format("gone")))
        yield
        connection.invalidate()
        connection.rollback()
        assert connection.scalar(text("SELECT count(*) FROM customer_types")) == 4
    db.session.add(_tier("gone too"))
    db.session.flush()
    db.session.invalidate()
    assert not _tiers(db)


@_pattern
def _connections_use_the_same_names_of_savepoints(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as one, db.engine.connect() as other:
        first = one.begin_nested()
        one.execute(text(_INSERT.format("one")))
        second = other.begin_nested()
        yield
        other.execute(text(_INSERT.format("other")))
        second.rollback()
        first.commit()
        one.commit()
        other.commit()
    assert _tiers(db) == {"one"}


@_pattern
def _connection_in_autocommit(db: DemoDatabase) -> Iterator[None]:
    options = {"isolation_level": "AUTOCOMMIT"}
    with db.engine.connect().execution_options(**options) as connection:
        assert connection.get_isolation_level() == "AUTOCOMMIT"
        connection.execute(text(_INSERT.format("kept")))
        yield
        connection.rollback()
    with db.engine.execution_options(**options).connect() as connection:
        connection.execute(text(_INSERT.format("kept too")))
    with db.engine.connect() as connection:
        assert connection.get_isolation_level() == "SERIALIZABLE"
        connection.execute(text(_INSERT.format("gone")))
    assert _tiers(db) == {"kept", "kept too"}


@_pattern
def _connection_in_autocommit_takes_savepoints(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SAVEPOINT one"))
        connection.execute(text(_INSERT.format("gone")))
        yield
        connection.execute(text("ROLLBACK TO one"))
        connection.execute(text(_INSERT.format("kept")))
    assert _tiers(db) == {"kept"}


@_pattern
def _engine_has_listeners(db: DemoDatabase) -> Iterator[None]:
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = NORMAL"):
            cursor.execute(f"PRAGMA {pragma}")
        assert cursor.execute("PRAGMA temp_store = MEMORY").fetchall() == [(0,)]
        cursor.close()

    def begin(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    event.listen(Engine, "connect", connect)
    event.listen(Engine, "begin", begin)
    try:
        with db.sessionmaker() as session:
            session.add(_tier("kept"))
            session.commit()
            session.add(_tier("gone"))
            session.flush()
    finally:
        event.remove(Engine, "connect", connect)
        event.remove(Engine, "begin", begin)
    yield
    assert _tiers(db) == {"kept"}


@_pattern
def _connection_asks_for_two_phases(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection, pytest.raises(NotImplementedError):
        connection.begin_twophase()
    yield
    assert _rows(db, "invoices") == db.counts["invoices"]


# --- SQL


@_pattern
def _text_would_end_the_transaction(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text(_INSERT.format("kept")))
        for statement in ("COMMIT", "ROLLBACK", "BEGIN", "END", "commit transaction;", "Begin"):
            message = (
                f"The statement {statement!r} would end the transaction that holds the demo data.\n"
                "Call commit() or rollback() of the session or connection instead: they stay "
                "inside the test."
            )
            with pytest.raises(IsolationError) as caught:
                connection.execute(text(statement))
            assert str(caught.value) == message
            yield
        connection.execute(text("-- a comment\nSELECT 1"))
        connection.execute(text(_INSERT.format("kept too")))
        connection.commit()
    assert _tiers(db) >= {"kept too"}


@_pattern
def _text_takes_savepoints(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("SAVEPOINT one"))
        connection.execute(text(_INSERT.format("kept")))
        connection.execute(text("SAVEPOINT 'A name'"))
        connection.execute(text(_INSERT.format("gone")))
        connection.execute(text("SAVEPOINT [a name of another]"))
        yield
        connection.execute(text('ROLLBACK TO SAVEPOINT "a NAME"'))
        with pytest.raises(OperationalError, match="no such savepoint: two"):
            connection.execute(text("RELEASE two"))
        connection.execute(text("RELEASE SAVEPOINT ONE"))
        connection.commit()
    assert _tiers(db) == {"kept"}


@_pattern
def _text_takes_a_savepoint_twice(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        for name in ("outer", "inner"):
            connection.execute(text("SAVEPOINT one"))
            connection.execute(text(_INSERT.format(name)))
        yield
        connection.execute(text("ROLLBACK TO one"))
        connection.execute(text("RELEASE one"))
        connection.execute(text("RELEASE one"))
        connection.commit()
    assert _tiers(db) == {"outer"}


@_pattern
def _text_releases_the_outer_savepoint(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("SAVEPOINT outer_one"))
        connection.execute(text("SAVEPOINT inner_one"))
        connection.execute(text(_INSERT.format("kept")))
        yield
        connection.execute(text("RELEASE outer_one"))
        with pytest.raises(OperationalError, match="no such savepoint: inner_one"):
            connection.execute(text("ROLLBACK TO inner_one"))
        connection.commit()


@_pattern
def _tables_are_created(db: DemoDatabase) -> Iterator[None]:
    metadata = MetaData()
    Table("extras", metadata, Column("id", Integer, primary_key=True))
    metadata.create_all(db.engine)
    yield
    with db.engine.begin() as connection:
        connection.execute(text("INSERT INTO extras VALUES (1)"))
        connection.execute(text("CREATE TEMPORARY TABLE notes (id INTEGER)"))
        connection.execute(text("CREATE VIEW big AS SELECT * FROM invoices WHERE total > 1000"))
        connection.execute(text("CREATE INDEX ix_notes ON customers (notes)"))
        connection.execute(
            text("CREATE TRIGGER t AFTER INSERT ON extras BEGIN DELETE FROM inventory; END")
        )
        connection.execute(text("INSERT INTO extras VALUES (2)"))
    assert not _rows(db, "inventory")


@_pattern
def _tables_are_dropped_and_altered(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE invoice_line_items"))
        connection.execute(text("ALTER TABLE customers ADD COLUMN extra TEXT DEFAULT 'x'"))
        connection.execute(text("ALTER TABLE inventory RENAME TO stock"))
    yield
    assert _rows(db, "stock") == db.counts["inventory"]
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE stock"))
    db.metadata.drop_all(db.engine)


@_pattern
def _deferred_keys_are_held_at_commit(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE extras (customer_id INTEGER"
                " REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED)"
            )
        )
    with db.sessionmaker() as session:
        session.execute(text("INSERT INTO extras VALUES (0)"))
        yield
        with pytest.raises(IntegrityError, match="FOREIGN KEY constraint failed"):
            session.commit()
        session.rollback()
        session.execute(text("INSERT INTO extras VALUES (1)"))
        session.commit()
    assert _rows(db, "extras") == 1


@_pattern
def _keys_are_deferred_by_a_pragma(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(text("UPDATE customers SET customer_type_id = 99"))
        yield
        with pytest.raises(IntegrityError, match="FOREIGN KEY constraint failed"):
            connection.commit()


@_pattern
def _switches_of_the_connection_are_set(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text("PRAGMA ignore_check_constraints = ON"))
        connection.execute(text("UPDATE customers SET credit_limit = 0"))
        yield
        connection.execute(text("pragma main.recursive_triggers(1)"))
        connection.execute(text("PRAGMA query_only = TRUE"))
        with pytest.raises(OperationalError, match="readonly"):
            connection.execute(text("DELETE FROM inventory"))


@_pattern
def _number_of_the_schema_is_set(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("PRAGMA user_version = 7"))
        connection.commit()
        yield
        connection.execute(text("PRAGMA user_version = 8"))
        connection.rollback()
        assert connection.scalar(text("PRAGMA user_version")) == 7


@_pattern
def _rows_are_replaced(db: DemoDatabase) -> Iterator[None]:
    row = "(1, 'replaced', 0, 1, 1, '2025-01-01 00:00:00.000000')"
    columns = "(id, name, discount_percentage, priority_level, active, created_at)"
    with db.engine.begin() as connection:
        connection.execute(text(f"INSERT OR IGNORE INTO customer_types {columns} VALUES {row}"))
        connection.execute(
            text(
                f"INSERT INTO customer_types {columns} VALUES {row}"
                " ON CONFLICT (id) DO UPDATE SET name = excluded.name"
            )
        )
        yield
        connection.execute(text("DELETE FROM inventory"))
        connection.execute(text("WITH c AS (SELECT 1) DELETE FROM invoice_line_items"))
    assert db.session.get_one(CustomerType, 1).name == "replaced"


# --- The driver's interface


@_pattern
def _raw_connection_commits_and_rolls_back(db: DemoDatabase) -> Iterator[None]:
    with closing(db.engine.raw_connection()) as raw:
        cursor = raw.cursor()
        cursor.execute("BEGIN")
        cursor.execute(_INSERT.format("kept"))
        raw.commit()
        yield
        cursor.executemany(_INSERT.format("{}").replace("'{}'", "?"), [("a",), ("b",)])
        raw.rollback()
        cursor.execute(_INSERT.format("closed"))
    assert _tiers(db) == {"kept"}


@_pattern
def _raw_connection_is_used_with_with(db: DemoDatabase) -> Iterator[None]:
    with closing(db.engine.raw_connection()) as raw:
        connection: Any = raw.dbapi_connection
        with connection:
            connection.execute(_INSERT.format("kept"))
            yield
        with suppress(_Stop), connection as same:
            assert same is connection
            same.executemany(_INSERT.format("gone"), [()])
            raise _Stop
        assert connection.total_changes
    assert _tiers(db) == {"kept"}


@_pattern
def _raw_cursors_are_read_in_all_ways(db: DemoDatabase) -> Iterator[None]:
    with closing(db.engine.raw_connection()) as raw:
        connection: Any = raw.dbapi_connection
        cursor = connection.cursor()
        assert cursor.connection is connection
        cursor.arraysize = 2
        assert cursor.execute("SELECT id FROM customers ORDER BY id") is cursor
        assert next(cursor) == (1,)
        assert cursor.fetchone() == (2,)
        assert cursor.fetchmany() == [(3,), (4,)]
        assert cursor.fetchmany(1) == [(5,)]
        yield
        assert [row for row in cursor if row[0] < 8] == [(6,), (7,)]
        assert cursor.fetchone() is None
        assert cursor.execute("SELECT ?", (1,)).fetchall() == [(1,)]
        assert cursor.execute("SELECT :a", {"a": 1}).description[0][0] == ":a"
        cursor.close()


@_pattern
def _raw_rows_are_of_a_kind(db: DemoDatabase) -> Iterator[None]:
    with closing(db.engine.raw_connection()) as raw:
        connection: Any = raw.dbapi_connection
        connection.row_factory = lambda cursor, row: {cursor.description[0][0]: row[0]}
        assert connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}
        yield
    with db.engine.connect() as other:
        assert other.exec_driver_sql("SELECT 1 AS one").one() == (1,)


@_pattern
def _scripts_are_executed(db: DemoDatabase) -> Iterator[None]:
    script = """
        CREATE TABLE extras (id INTEGER, note TEXT DEFAULT 'a; b');
        CREATE TRIGGER t AFTER INSERT ON extras BEGIN
            DELETE FROM inventory; UPDATE customers SET notes = 'x;y';
        END;
        INSERT INTO extras (id) VALUES (1);;
        -- the last statement needs no semicolon
        INSERT INTO extras (id) VALUES (2)
    """
    with closing(db.engine.raw_connection()) as raw:
        connection: Any = raw.dbapi_connection
        cursor = connection.executescript(script)
        assert _rows(db, "extras") == 2
        assert not _rows(db, "inventory")
        yield
        cursor.execute("DELETE FROM inventory")  # which a script commits first
        cursor.executescript("DELETE FROM extras;\n\n")
        connection.rollback()
        assert not _rows(db, "extras")
        with pytest.raises(sqlite3.OperationalError, match="unrecognized token"):
            cursor.executescript("DELETE FROM inventory; SELECT 'an end")
        cursor.executescript("BEGIN; DELETE FROM invoice_line_items; ROLLBACK;")
        assert _rows(db, "invoice_line_items")
        cursor.executescript("BEGIN; DELETE FROM customer_addresses; COMMIT;")
        connection.rollback()
        assert not _rows(db, "customer_addresses")


@_pattern
def _the_database_is_copied(db: DemoDatabase) -> Iterator[None]:
    with closing(db.engine.raw_connection()) as raw, closing(sqlite3.connect(":memory:")) as copy:
        connection: Any = raw.dbapi_connection
        connection.execute("DELETE FROM invoice_line_items")
        yield
        connection.backup(copy)
        assert copy.execute("SELECT count(*) FROM invoice_line_items").fetchone() == (0,)
        assert copy.execute("SELECT count(*) FROM invoices").fetchone() == (75,)


@_pattern
def _functions_are_replaced(db: DemoDatabase) -> Iterator[None]:
    with closing(db.engine.raw_connection()) as raw:
        connection: Any = raw.dbapi_connection
        for number in (1, 2, 1):
            connection.create_function("cased", 1, {1: str.title, 2: str.upper}[number])
        reading = connection.execute("SELECT cased('loud') FROM customers")
        assert next(reading) == ("Loud",)
        connection.create_function("other", 0, lambda: 7)
        yield
        assert connection.execute("SELECT other()").fetchone() == (7,)


@_pattern
def _functions_are_registered_while_a_query_is_read(db: DemoDatabase) -> Iterator[None]:
    def twice(number: int) -> int:
        return 2 * number

    def connect(connection: Any, _record: object) -> None:
        connection.create_function("twice", 1, twice, deterministic=True)

    event.listen(db.engine, "connect", connect)
    try:
        with db.engine.connect() as reader:
            for (number,) in reader.execute(text("SELECT twice(id) FROM customers")):
                with db.engine.connect() as other:
                    assert other.scalar(text(f"SELECT twice({number})")) == 2 * number
    finally:
        event.remove(db.engine, "connect", connect)
    yield


@_pattern
def _results_are_streamed_while_others_commit(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as reader:
        result = reader.execution_options(yield_per=5).execute(text("SELECT id FROM invoices"))
        for number, _ in enumerate(result):
            with db.sessionmaker() as writer:
                writer.add(_tier(f"kept {number}"))
                writer.commit()
            if number == 3:
                yield
    assert len(_tiers(db)) == db.counts["invoices"]


@_pattern
def _results_are_streamed_while_others_roll_back(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as reader:
        result = reader.execution_options(yield_per=5).execute(text("SELECT id FROM invoices"))
        for number, _ in enumerate(result):
            nested = reader.begin_nested()
            reader.execute(text(_INSERT.format("nested")))
            nested.rollback()
            with db.engine.connect() as writer:
                writer.execute(text(_INSERT.format("gone")))
            if number == 3:
                yield
    assert not _tiers(db)


@_pattern
def _results_are_left_half_read(db: DemoDatabase) -> Iterator[None]:
    connection = db.engine.connect()
    result = connection.execute(text("SELECT * FROM invoice_line_items"))
    result.fetchone()
    raw = db.engine.raw_connection()
    cursor: Any = raw.cursor()
    cursor.execute(_INSERT.format("left") + ", ('too', 0, 1, 1, '2025-01-01') RETURNING id")
    _LEFT_OPEN.append((connection, result, raw, cursor))
    yield
    with db.sessionmaker() as session:
        session.add(_tier("kept"))
        session.commit()
    raw.commit()
    assert len(cursor.fetchall()) == 2


@_pattern
def _driver_is_read(db: DemoDatabase) -> Iterator[None]:
    assert _driver(db).execute("SELECT count(*) FROM invoices").fetchone() == (75,)
    yield
    _driver(db).execute("DELETE FROM inventory")


# --- Threads


def _in_threads(function: Callable[[int], None], threads: int) -> None:
    with ThreadPoolExecutor(threads) as pool:
        for each in [pool.submit(function, number) for number in range(threads)]:
            each.result()


@_pattern
def _threads_commit_and_roll_back(db: DemoDatabase) -> Iterator[None]:
    start = threading.Barrier(4)

    def work(thread: int) -> None:
        start.wait()
        for number in range(50):
            with db.sessionmaker() as session:
                session.add(_tier(f"{thread}-{number}"))
                session.flush()
                if number % 3:
                    session.commit()
                elif number % 2:
                    session.rollback()

    _in_threads(work, 4)
    yield
    assert _tiers(db) == {f"{t}-{n}" for t in range(4) for n in range(50) if n % 3}


@_pattern
def _threads_hand_a_transaction_over(db: DemoDatabase) -> Iterator[None]:
    sessions: list[Session] = []

    def opens(_number: int) -> None:
        sessions.append(db.sessionmaker())
        sessions[0].add(_tier("kept"))
        sessions[0].flush()

    _in_threads(opens, 1)
    yield
    sessions[0].commit()
    sessions[0].add(_tier("gone"))
    sessions[0].flush()
    _in_threads(lambda _: sessions[0].close(), 1)
    assert _tiers(db) == {"kept"}
    db.session.add(_tier("main"))
    db.session.commit()


@_pattern
def _threads_wait_for_the_main_one(db: DemoDatabase) -> Iterator[None]:
    def work(_number: int) -> None:
        with db.engine.begin() as connection:
            connection.execute(text(_INSERT.format("thread")))

    db.session.add(_tier("flushed"))
    db.session.flush()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "PATIENCE", 0.01)
        with pytest.raises(IsolationError) as caught:
            _in_threads(work, 1)
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
    assert _tiers(db) == {"flushed", "thread"}


@_pattern
def _threads_read_while_the_main_one_writes(db: DemoDatabase) -> Iterator[None]:
    def read(_number: int) -> None:
        with db.sessionmaker() as session:
            assert session.get_one(Customer, 1).id == 1
            session.rollback()

    db.session.add(_tier("flushed"))
    db.session.flush()
    _in_threads(read, 2)
    yield
    db.session.rollback()
    assert not _tiers(db)


# --- DemoDatabase itself


@_pattern
def _database_is_reset(db: DemoDatabase) -> Iterator[None]:
    before, session = state_of(db), db.session
    session.execute(Inventory.__table__.delete())  # type: ignore[attr-defined]
    session.commit()
    with db.sessionmaker() as other:
        other.add(_tier("other"))
        other.flush()
        yield
        db.reset()
        assert state_of(db) == before
        other.add(_tier("again"))
        other.commit()
    assert db.session is not session
    assert _tiers(db) == {"again"}
    db.reset()
    assert state_of(db) == before


@_pattern
def _database_is_reset_after_its_tables_were_dropped(db: DemoDatabase) -> Iterator[None]:
    before = state_of(db)
    db.metadata.drop_all(db.engine)
    yield
    db.reset()
    assert state_of(db) == before


@_pattern
def _digests_are_those_of_the_dataset(db: DemoDatabase) -> Iterator[None]:
    before = dict(db.digests)
    db.session.execute(sqlalchemy.update(Invoice).values(notes="changed"))
    yield
    changed = {name for name, digest in db.digests.items() if digest != before[name]}
    assert changed == {"invoices"}


# --- The tests


@pytest.mark.parametrize("name", [*PATTERNS, *reversed(PATTERNS)])
def test_a_pattern_finds_the_dataset_and_does_what_it_does_elsewhere(
    demo_db_small: DemoDatabase, generated: str, name: str
) -> None:
    """Code under test gets what it would get of a database of its own, whatever came before."""
    assert state_of(demo_db_small) == generated
    for _ in PATTERNS[name](demo_db_small):
        pass


def test_nothing_is_left_of_the_last_pattern(demo_db_small: DemoDatabase, generated: str) -> None:
    """The dataset is as it was generated after all of that."""
    assert state_of(demo_db_small) == generated
    assert dict(demo_db_small.counts) == {
        table: _rows(demo_db_small, table) for table in demo_db_small.metadata.tables
    }


STRICT: Final = ["-Werror", "-Wignore:assertions not in test modules"]
"""Warnings are errors, but for the one that pytest gives under `python -O`."""

_FAILING: Final = """
    import sys

    import pytest

    sys.path.insert(0, {folder!r})
    from test_patterns import PATTERNS, state_of

    class Stop(Exception):
        pass

    @pytest.fixture(autouse=True)
    def intact(demo_db_small):
        assert state_of(demo_db_small) == {generated!r}

    @pytest.mark.parametrize("step", {steps})
    @pytest.mark.parametrize("name", PATTERNS)
    def test_fails(demo_db_small, name, step):
        steps = PATTERNS[name](demo_db_small)
        for number, _ in enumerate(steps):
            if number == step:
                break
        raise Stop

    @pytest.mark.parametrize("number", range(5))
    def test_passes(number):
        pass
"""

_SHUFFLING: Final = """
    import random

    def pytest_collection_modifyitems(items):
        random.Random(str({seed})).shuffle(items)
"""


@pytest.mark.parametrize(
    ("steps", "arguments"),
    [
        pytest.param([0, 1], ["-p", "no:xdist"], id="in memory"),
        pytest.param([0], ["-n", "2", "--demodata-url=sqlite:///demo.sqlite"], id="files"),
    ],
)
def test_a_test_that_fails_in_the_middle_of_a_pattern_leaves_nothing(
    pytester: pytest.Pytester, generated: str, steps: list[int], arguments: list[str]
) -> None:
    """The next test finds the dataset also where a test stopped halfway, in whatever order."""
    pytester.makeconftest(_SHUFFLING.format(seed=steps))
    folder = str(Path(__file__).parent)
    pytester.makepyfile(_FAILING.format(folder=folder, generated=generated, steps=steps))
    result = pytester.runpytest_subprocess(*STRICT, "-pno:randomly", "--tb=no", *arguments)
    result.assert_outcomes(failed=len(steps) * len(PATTERNS), passed=5)
    assert sum(line.startswith("demodata: made small, ") for line in result.outlines) == 1
    assert not list(pytester.path.glob("*.sqlite"))


def test_errors_of_the_driver_pass_through(demo_db_small: DemoDatabase) -> None:
    """An error of SQLite's reaches the code under test as SQLAlchemy's."""
    with demo_db_small.engine.connect() as connection:
        with pytest.raises(DBAPIError, match='near "SELEC": syntax error'):
            connection.execute(text("SELEC 1"))
        with pytest.raises(OperationalError, match="no such savepoint: never"):
            connection.execute(text("ROLLBACK TO never"))
        assert connection.scalar(text("SELECT 1")) == 1
