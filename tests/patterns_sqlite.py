"""What code under test does to a database of SQLite's, and to no other."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from patterns import INSERT, Stop, pattern, rows_in, tier, tiers
from sqlalchemy import Column, Engine, Integer, MetaData, Table, event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from pytest_demodata import IsolationError
from pytest_demodata.invoicing import CustomerType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_demodata import DemoDatabase


@pattern("sqlite")
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
            session.add(tier("kept"))
            session.commit()
            session.add(tier("gone"))
            session.flush()
    finally:
        event.remove(Engine, "connect", connect)
        event.remove(Engine, "begin", begin)
    yield
    assert tiers(db) == {"kept"}


@pattern("sqlite")
def _connection_asks_for_two_phases(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection, pytest.raises(NotImplementedError):
        connection.begin_twophase()
    yield
    assert rows_in(db, "invoices") == db.counts["invoices"]


@pattern("sqlite")
def _text_would_end_the_transaction(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text(INSERT.format("kept")))
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
        connection.execute(text(INSERT.format("kept too")))
        connection.commit()
    assert tiers(db) >= {"kept too"}


@pattern("sqlite")
def _text_takes_savepoints(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("SAVEPOINT one"))
        connection.execute(text(INSERT.format("kept")))
        connection.execute(text("SAVEPOINT 'A name'"))
        connection.execute(text(INSERT.format("gone")))
        connection.execute(text("SAVEPOINT [a name of another]"))
        yield
        connection.execute(text('ROLLBACK TO SAVEPOINT "a NAME"'))
        with pytest.raises(OperationalError, match="no such savepoint: two"):
            connection.execute(text("RELEASE two"))
        connection.execute(text("RELEASE SAVEPOINT ONE"))
        connection.commit()
    assert tiers(db) == {"kept"}


@pattern("sqlite")
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
    assert not rows_in(db, "inventory")


@pattern("sqlite")
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
    assert rows_in(db, "extras") == 1


@pattern("sqlite")
def _keys_are_deferred_by_a_pragma(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(text("UPDATE customers SET customer_type_id = 99"))
        yield
        with pytest.raises(IntegrityError, match="FOREIGN KEY constraint failed"):
            connection.commit()


@pattern("sqlite")
def _switches_of_the_connection_are_set(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text("PRAGMA ignore_check_constraints = ON"))
        connection.execute(text("UPDATE customers SET credit_limit = 0"))
        yield
        connection.execute(text("pragma main.recursive_triggers(1)"))
        connection.execute(text("PRAGMA query_only = TRUE"))
        with pytest.raises(OperationalError, match="readonly"):
            connection.execute(text("DELETE FROM inventory"))


@pattern("sqlite")
def _number_of_the_schema_is_set(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("PRAGMA user_version = 7"))
        connection.commit()
        yield
        connection.execute(text("PRAGMA user_version = 8"))
        connection.rollback()
        assert connection.scalar(text("PRAGMA user_version")) == 7


@pattern("sqlite")
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


@pattern("sqlite")
def _raw_connection_is_used_with_with(db: DemoDatabase) -> Iterator[None]:
    with closing(db.engine.raw_connection()) as raw:
        connection: Any = raw.dbapi_connection
        with connection:
            connection.execute(INSERT.format("kept"))
            yield
        with suppress(Stop), connection as same:
            assert same is connection
            same.executemany(INSERT.format("gone"), [()])
            raise Stop
        assert connection.total_changes
    assert tiers(db) == {"kept"}


@pattern("sqlite")
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


@pattern("sqlite")
def _raw_rows_are_of_a_kind(db: DemoDatabase) -> Iterator[None]:
    with closing(db.engine.raw_connection()) as raw:
        connection: Any = raw.dbapi_connection
        connection.row_factory = lambda cursor, row: {cursor.description[0][0]: row[0]}
        assert connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}
        yield
    with db.engine.connect() as other:
        assert other.exec_driver_sql("SELECT 1 AS one").one() == (1,)


@pattern("sqlite")
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
        assert rows_in(db, "extras") == 2
        assert not rows_in(db, "inventory")
        yield
        cursor.execute("DELETE FROM inventory")  # which a script commits first
        cursor.executescript("DELETE FROM extras;\n\n")
        connection.rollback()
        assert not rows_in(db, "extras")
        with pytest.raises(sqlite3.OperationalError, match="unrecognized token"):
            cursor.executescript("DELETE FROM inventory; SELECT 'an end")
        cursor.executescript("BEGIN; DELETE FROM invoice_line_items; ROLLBACK;")
        assert rows_in(db, "invoice_line_items")
        cursor.executescript("BEGIN; DELETE FROM customer_addresses; COMMIT;")
        connection.rollback()
        assert not rows_in(db, "customer_addresses")


@pattern("sqlite")
def _the_database_is_copied(db: DemoDatabase) -> Iterator[None]:
    with closing(db.engine.raw_connection()) as raw, closing(sqlite3.connect(":memory:")) as copy:
        connection: Any = raw.dbapi_connection
        connection.execute("DELETE FROM invoice_line_items")
        yield
        connection.backup(copy)
        assert copy.execute("SELECT count(*) FROM invoice_line_items").fetchone() == (0,)
        assert copy.execute("SELECT count(*) FROM invoices").fetchone() == (75,)


@pattern("sqlite")
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


@pattern("sqlite")
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
