"""What code under test does to a database of PostgreSQL's, through psycopg."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Final

import psycopg
import pytest
import sqlalchemy
from patterns import INSERT, NEW_YEAR, Stop, ask, pattern, rows_in, tier, tiers
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types import TypeInfo
from psycopg.types.enum import EnumInfo, register_enum
from sqlalchemy import Column, Engine, Integer, MetaData, Sequence, Table, event, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, StatementError

from pytest_demodata import IsolationError, IsolationWarning
from pytest_demodata.invoicing import Customer, CustomerType, Invoice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_demodata import DemoDatabase

_ABORTED: Final = "current transaction is aborted"
_COLUMNS: Final = "(name, discount_percentage, priority_level, active, created_at)"


def _raw(db: DemoDatabase) -> Any:
    """Return a connection of the driver's, as the code under test gets it."""
    return db.engine.raw_connection()


# --- Statements that fail


@pattern("postgresql")
def _a_failed_statement_stops_the_transaction(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as other:
        other.add(tier("other"))
        other.commit()
    with db.engine.connect() as connection:
        with pytest.raises(DBAPIError, match='relation "nothing" does not exist'):
            connection.execute(text("SELECT * FROM nothing"))
        yield
        for statement in ("SELECT 1", "DELETE FROM inventory", "SAVEPOINT one"):
            with pytest.raises(InternalError, match=_ABORTED):
                connection.execute(text(statement))
        with db.sessionmaker() as another:
            another.add(tier("another"))
            another.commit()
        connection.rollback()
        connection.execute(text(INSERT.format("kept")))
        connection.commit()
    assert tiers(db) == {"other", "another", "kept"}


@pattern("postgresql")
def _a_failed_read_takes_nobody_s_work(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as reader, db.engine.connect() as writer:
        assert reader.scalar(text("SELECT 1")) == 1
        writer.execute(text(INSERT.format("before")))
        writer.commit()
        writer.execute(text(INSERT.format("open")))
        with pytest.raises(DBAPIError, match="division by zero"):
            reader.scalar(text("SELECT 1 / 0"))
        yield
        writer.execute(text(INSERT.format("after")))
        writer.commit()
        with pytest.raises(InternalError, match=_ABORTED):
            reader.scalar(text("SELECT 1"))
        reader.rollback()
        assert reader.scalar(text("SELECT 1")) == 1
    assert tiers(db) == {"before", "open", "after"}


@pattern("postgresql")
def _a_commit_after_a_failure_is_a_rollback(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text(INSERT.format("gone")))
        with pytest.raises(IntegrityError):
            connection.execute(text(INSERT.format("gone")))
        yield
        connection.commit()
        assert connection.scalar(text("SELECT 1")) == 1
    assert not tiers(db)


@pattern("postgresql")
def _a_savepoint_saves_what_was_before_a_failure(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text(INSERT.format("kept")))
        connection.execute(text("SAVEPOINT one"))
        for name in ("gone", "gone", "gone too"):
            with suppress(DBAPIError):
                connection.execute(text(INSERT.format(name)))
        yield
        connection.execute(text("ROLLBACK TO SAVEPOINT one"))
        connection.execute(text(INSERT.format("kept too")))
        connection.execute(text("RELEASE SAVEPOINT one"))
        connection.commit()
    assert tiers(db) == {"kept", "kept too"}


@pattern("postgresql")
def _a_failure_after_a_reading_savepoint(db: DemoDatabase) -> Iterator[None]:
    """As SQLAlchemy does it where an application tries an INSERT and goes on."""
    for _ in range(3):
        with db.sessionmaker() as session:
            session.add(tier("first"))
            session.flush()
            with suppress(IntegrityError), session.begin_nested():
                session.add(tier("first"))
            assert session.get_one(Customer, 1).id == 1
            session.commit()
        yield
        db.session.execute(text("DELETE FROM customer_types WHERE id > 4"))
        db.session.commit()
    assert not tiers(db)


@pattern("postgresql")
def _a_failure_in_autocommit_stops_nothing(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in ("kept", "kept", "kept too"):
            with suppress(IntegrityError):
                connection.execute(text(INSERT.format(name)))
        yield
        connection.rollback()
    assert tiers(db) == {"kept", "kept too"}


@pattern("postgresql")
def _a_failure_while_an_older_writer_is_open(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as older, db.sessionmaker() as newer:
        older.add(tier("older"))
        older.flush()
        newer.add(tier("newer"))
        newer.flush()
        older.add(tier("older too"))
        older.flush()
        newer.add(tier("newer"))
        with pytest.warns(IsolationWarning), pytest.raises(IntegrityError):
            newer.flush()
        yield
        newer.rollback()
        older.commit()
    assert tiers(db) == {"older"}


# --- Constraints and sequences


@pattern("postgresql")
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
        session.add(tier("gone"))
        session.flush()
        yield
        with pytest.raises(IntegrityError, match="violates foreign key constraint"):
            session.commit()
        session.rollback()
        assert rows_in(db, "extras") == 0
        session.execute(text("INSERT INTO extras VALUES (0)"))
        session.execute(text("UPDATE extras SET customer_id = 1"))
        session.commit()
    assert rows_in(db, "extras") == 1
    assert not tiers(db)


@pattern("postgresql")
def _deferred_keys_are_held_when_asked(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE extras (id int UNIQUE DEFERRABLE INITIALLY IMMEDIATE)")
        )
        connection.execute(text("INSERT INTO extras VALUES (1), (2)"))
    with db.engine.connect() as connection:
        connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        connection.execute(text("INSERT INTO extras VALUES (1)"))
        yield
        with pytest.raises(IntegrityError, match="duplicate key"):
            connection.commit()
        connection.rollback()
        with pytest.raises(IntegrityError, match="duplicate key"):
            connection.execute(text("INSERT INTO extras VALUES (1)"))
        connection.rollback()
        connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        connection.execute(text("UPDATE extras SET id = 3 - id"))
        connection.commit()
    assert ask(db, "SELECT sum(id) FROM extras") == [(3,)]


@pattern("postgresql")
def _the_next_key_is_the_same_in_each_test(db: DemoDatabase) -> Iterator[None]:
    with db.sessionmaker() as session:
        added = tier("gone")
        session.add(added)
        session.flush()
        assert added.id == 5
    yield
    db.session.add(again := tier("kept"))
    db.session.commit()
    assert again.id == 6  # a rollback takes no key back, as in production
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT nextval('customers_id_seq')")) == 26
        assert connection.scalar(Sequence("customers_id_seq")) == 27
        connection.execute(text("SELECT setval('invoices_id_seq', 1000)"))
        connection.execute(text("ALTER SEQUENCE inventory_id_seq RESTART WITH 5000"))
        connection.commit()
        assert connection.scalar(text("SELECT nextval('inventory_id_seq')")) == 5000


@pattern("postgresql")
def _a_sequence_is_moved_by_values(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        assert connection.scalar(text("VALUES (nextval('customers_id_seq'))")) == 26
    yield


@pattern("postgresql")
def _a_sequence_is_moved_by_a_common_table_expression(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        query = "WITH a AS (SELECT nextval('customers_id_seq') AS n) SELECT n FROM a"
        assert connection.scalar(text(query)) == 26
    yield


@pattern("postgresql")
def _a_sequence_is_moved_by_a_function(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION next_number() RETURNS bigint LANGUAGE sql"
                " AS $$ SELECT nextval('customers_id_seq') $$"
            )
        )
    yield
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT next_number()")) == 26


@pattern("postgresql")
def _a_function_writes(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION add(name text) RETURNS int LANGUAGE sql AS $$"
                f" INSERT INTO customer_types {_COLUMNS}"
                " VALUES (name, 0, 1, true, now()) RETURNING id $$"
            )
        )
        connection.execute(text("CREATE PROCEDURE clear() LANGUAGE sql AS 'DELETE FROM inventory'"))
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT add('gone')")) == 5
        yield
        connection.rollback()
        assert not tiers(db)
        connection.scalar(text("SELECT add('kept')"))
        connection.execute(text("CALL clear()"))
        connection.commit()
    assert tiers(db) == {"kept"}
    assert not rows_in(db, "inventory")


@pattern("postgresql")
def _a_function_is_written_in_sql(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        if (connection.dialect.server_version_info or ()) >= (14,):
            connection.exec_driver_sql(
                "CREATE PROCEDURE clear() BEGIN ATOMIC DELETE FROM inventory;"
                " DELETE FROM invoice_line_items; END"
            )
            connection.execute(text("CALL clear()"))
            assert not rows_in(db, "inventory")
    yield


@pattern("postgresql")
def _a_procedure_commits(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text("CREATE PROCEDURE ends() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'"))
    with db.engine.connect() as connection:
        for statement in ("CALL ends()", "DO 'BEGIN ROLLBACK; END'"):
            with pytest.raises(DBAPIError, match="invalid transaction termination"):
                connection.execute(text(statement))
            yield
            connection.rollback()


# --- SQL


@pattern("postgresql")
def _text_would_end_the_transaction(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        for statement in ("COMMIT", "ROLLBACK", "BEGIN", "END", "ABORT", "commit and chain"):
            connection.execute(text(INSERT.format("kept")))
            with pytest.raises(IsolationError) as caught:
                connection.execute(text(statement))
            assert str(caught.value) == (
                f"The statement {statement!r} would end the transaction that holds the demo data.\n"
                "Call commit() or rollback() of the session or connection instead: they stay "
                "inside the test."
            )
            yield
            connection.rollback()
        for statement in (
            "SELECT 1; COMMIT",
            "SAVEPOINT one; DELETE FROM inventory; ROLLBACK TO one",
            "BEGIN; DELETE FROM inventory; COMMIT;",
        ):
            with pytest.raises(IsolationError, match="Run the statements one by one"):
                connection.exec_driver_sql(statement)
    assert rows_in(db, "inventory") == db.counts["inventory"]


@pattern("postgresql")
def _text_hides_a_commit(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        for statement in (
            "/* /* */ */ COMMIT",
            "SELECT id AS a$b$c FROM customers; COMMIT; SELECT 1 AS a$b$c",
            "SELECT 1 /* /* */ '; */; COMMIT; --'",
        ):
            with pytest.raises(IsolationError, match="would end the transaction"):
                connection.exec_driver_sql(statement)
            yield


@pattern("postgresql")
def _text_has_several_statements(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        two = f"{INSERT.format('one; two')}; -- ;\n{INSERT.format('COMMIT;')};"
        connection.exec_driver_sql(two)
        yield
        connection.commit()
        connection.exec_driver_sql(two.replace("one", "three").replace("COMMIT", "END"))
        connection.rollback()
        with pytest.raises(DBAPIError, match="duplicate key"):
            connection.exec_driver_sql(f"{INSERT.format('gone')}; {INSERT.format('one; two')}")
    assert tiers(db) == {"one; two", "COMMIT;"}


@pattern("postgresql")
def _text_takes_savepoints(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("SAVEPOINT one"))
        connection.execute(text(INSERT.format("kept")))
        connection.execute(text('SAVEPOINT "A name"'))
        connection.execute(text(INSERT.format("gone")))
        yield
        connection.execute(text('ROLLBACK WORK TO "A name"'))
        connection.execute(text("RELEASE ONE"))
        connection.commit()
        with pytest.raises(DBAPIError, match=r"can only be used in transaction|does not exist"):
            connection.execute(text("RELEASE two"))
    assert tiers(db) == {"kept"}


@pattern("postgresql")
def _settings_are_set(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("SET LOCAL work_mem = '7MB'"))
        connection.execute(text("SET TIME ZONE 'Asia/Tokyo'"))
        connection.execute(text("SET statement_timeout = 60000"))
        assert connection.scalar(text("SHOW work_mem")) == "7MB"
        connection.commit()
        yield
        assert connection.scalar(text("SHOW timezone")) == "Asia/Tokyo"
        connection.execute(text("SET lock_timeout = 50"))
        connection.execute(text("SELECT set_config('app.user', 'me', false)"))
        assert connection.scalar(text("SELECT current_setting('app.user')")) == "me"
        connection.rollback()
        assert connection.scalar(text("SHOW lock_timeout")) == "0"
        connection.execute(text("SET ROLE NONE"))
        connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        connection.execute(text(INSERT.format("kept")))
        connection.commit()
    assert tiers(db) == {"kept"}


@pattern("postgresql")
def _settings_are_read_only(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        for statement in ("SET TRANSACTION READ ONLY", "SET transaction_read_only = on"):
            connection.execute(text(statement))
            connection.rollback()
            connection.execute(text(INSERT.format("gone")))
            yield
            connection.rollback()


@pattern("postgresql")
def _a_setting_is_set_by_a_query(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("SELECT set_config('app.user', 'me', false)"))
        connection.commit()
        connection.execute(text("SELECT set_config('app.user', 'other', false)"))
        yield
        connection.rollback()
        assert connection.scalar(text("SELECT current_setting('app.user')")) == "me"


@pattern("postgresql")
def _rows_are_selected_into_a_table_at_last(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("WITH a AS (SELECT 1 AS id) SELECT id INTO paid FROM a"))
        yield
        connection.rollback()
        with pytest.raises(DBAPIError, match='relation "paid" does not exist'):
            connection.execute(text("SELECT * FROM paid"))


@pattern("postgresql")
def _rows_are_selected_into_a_table(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("SELECT id, total INTO paid FROM invoices"))
        connection.execute(text("SELECT id INTO TEMPORARY papers FROM invoices"))
        yield
        connection.rollback()
        with pytest.raises(DBAPIError, match='relation "paid" does not exist'):
            connection.execute(text("SELECT * FROM paid"))
        connection.rollback()
        connection.execute(text("CREATE TABLE paid AS SELECT id FROM invoices"))
        connection.commit()
    assert rows_in(db, "paid") == db.counts["invoices"]


@pattern("postgresql")
def _an_insert_is_explained(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        for name, options in enumerate(("ANALYZE", "(COSTS off, ANALYZE)", "VERBOSE", "")):
            connection.execute(text(f"EXPLAIN {options} {INSERT.format(name)}"))
        yield
        assert tiers(db) == {"0", "1"}
        connection.rollback()
        assert not tiers(db)
        connection.execute(text(f"EXPLAIN (ANALYZE) {INSERT.format('kept')}"))
        connection.commit()
    assert tiers(db) == {"kept"}


@pattern("postgresql")
def _a_query_modifies_data(db: DemoDatabase) -> Iterator[None]:
    moved = f"WITH a AS (DELETE FROM inventory RETURNING id), b AS ({INSERT.format('kept')})"
    with db.engine.connect() as connection:
        connection.execute(text(f"{moved} SELECT count(*) FROM a"))
        yield
        connection.rollback()
        assert rows_in(db, "inventory")
        assert connection.scalar(text(f"{moved} SELECT count(*) FROM a")) == db.counts["inventory"]
        connection.commit()
    assert tiers(db) == {"kept"}
    assert not rows_in(db, "inventory")


@pattern("postgresql")
def _rows_are_replaced(db: DemoDatabase) -> Iterator[None]:
    values = {
        "id": 1,
        "name": "replaced",
        "discount_percentage": 0,
        "priority_level": 1,
        "created_at": NEW_YEAR,
    }
    statement = insert(CustomerType).values(values)
    with db.engine.begin() as connection:
        connection.execute(statement.on_conflict_do_nothing())
        connection.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_={"name": "replaced"})
        )
        yield
        connection.execute(text("TRUNCATE invoice_line_items"))
        connection.execute(text("TRUNCATE invoices, inventory RESTART IDENTITY CASCADE"))
    assert db.session.get_one(CustomerType, 1).name == "replaced"
    assert not rows_in(db, "invoices")


@pattern("postgresql")
def _tables_are_created(db: DemoDatabase) -> Iterator[None]:
    metadata = MetaData()
    Table("extras", metadata, Column("id", Integer, primary_key=True))
    metadata.create_all(db.engine)
    yield
    with db.engine.begin() as connection:
        for statement in (
            "INSERT INTO extras DEFAULT VALUES",
            "CREATE TEMPORARY TABLE notes (id serial)",
            "CREATE TEMPORARY TABLE customers (id serial)",
            "CREATE VIEW big AS SELECT * FROM invoices WHERE total > 1000",
            "CREATE MATERIALIZED VIEW bigger AS SELECT * FROM big",
            "REFRESH MATERIALIZED VIEW bigger",
            "CREATE INDEX ix_notes ON invoices (notes)",
            "CREATE TYPE mood AS ENUM ('sad', 'happy')",
            "CREATE DOMAIN cents AS bigint CHECK (VALUE >= 0)",
            "CREATE SEQUENCE numbers",
            "CREATE SCHEMA elsewhere CREATE TABLE things (id int)",
            "CREATE FUNCTION clear() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN DELETE FROM inventory; COMMENT ON TABLE extras IS ';'; RETURN NULL; END $$",
            "CREATE TRIGGER t AFTER INSERT ON extras EXECUTE FUNCTION clear()",
            "INSERT INTO extras DEFAULT VALUES",
            "GRANT SELECT ON extras TO PUBLIC",
            "ANALYZE extras",
        ):
            connection.execute(text(statement))
    assert not rows_in(db, "inventory")
    assert rows_in(db, "extras") == 2
    assert rows_in(db, "customers") == 0  # as the temporary one comes first
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE customers"))
    assert rows_in(db, "customers") == db.counts["customers"]


@pattern("postgresql")
def _temporary_tables_go_at_commit(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE notes ON COMMIT DROP AS SELECT 1 AS id"))
        assert connection.scalar(text("SELECT id FROM notes")) == 1
        yield
        connection.rollback()
        with pytest.raises(DBAPIError, match='"notes" does not exist'):
            connection.execute(text("SELECT * FROM notes"))


@pattern("postgresql")
def _what_no_transaction_may_hold(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        for statement in (
            "VACUUM customers",
            "CREATE INDEX CONCURRENTLY i ON customers (name)",
            "CREATE DATABASE demodata_never",
        ):
            with pytest.raises(DBAPIError, match="cannot run inside a transaction block"):
                connection.execute(text(statement))
            yield
            connection.rollback()


@pattern("postgresql")
def _locks_are_taken(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection, db.engine.connect() as other:
        assert connection.scalar(text("SELECT pg_try_advisory_xact_lock(7)"))
        assert connection.scalar(text("SELECT pg_try_advisory_lock(8)"))
        connection.execute(text("SELECT pg_advisory_lock(9)"))
        connection.execute(text("SELECT id FROM customers FOR UPDATE"))
        connection.execute(text("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE"))
        yield
        connection.commit()
        connection.execute(text("SELECT pg_advisory_unlock(9)"))
        assert other.scalar(text("SELECT count(*) FROM customers")) == 25


@pattern("postgresql")
def _statements_are_prepared(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("PREPARE one (int) AS SELECT name FROM customers WHERE id = $1"))
        assert connection.scalar(text("EXECUTE one (1)"))
        connection.execute(text(f"PREPARE two AS {INSERT.format('gone')}"))
        connection.execute(text("EXECUTE two"))
        yield
        connection.rollback()
    assert not tiers(db)


@pattern("postgresql")
def _cursors_of_the_server_are_declared(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("DECLARE one CURSOR FOR SELECT id FROM customers ORDER BY id"))
        assert connection.scalar(text("FETCH NEXT FROM one")) == 1
        connection.execute(text("DECLARE two CURSOR WITH HOLD FOR SELECT 1"))
        yield
        assert connection.scalar(text("FETCH NEXT FROM one")) == 2
        connection.commit()


@pattern("postgresql")
def _notifications_are_sent(db: DemoDatabase) -> Iterator[None]:
    with closing(_raw(db)) as raw:
        cursor = raw.cursor()
        cursor.execute("LISTEN orders")
        cursor.execute("NOTIFY orders, 'one'")
        cursor.execute("SELECT pg_notify('orders', 'two')")
        raw.commit()
        yield
        cursor.execute("UNLISTEN *")


# --- The driver's interface


@pattern("postgresql")
def _engine_has_listeners(db: DemoDatabase) -> Iterator[None]:
    def connect(connection: Any, _record: object) -> None:
        before, connection.autocommit = connection.autocommit, True
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
            cursor.execute("SET search_path TO DEFAULT")
        connection.autocommit = before

    def begin(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("SET LOCAL app.tenant = '7'")

    event.listen(Engine, "connect", connect)
    event.listen(Engine, "begin", begin)
    try:
        with db.sessionmaker() as session:
            session.add(tier("kept"))
            session.commit()
            assert session.scalar(text("SELECT current_setting('app.tenant')")) == "7"
            session.add(tier("gone"))
            session.flush()
    finally:
        event.remove(Engine, "connect", connect)
        event.remove(Engine, "begin", begin)
    yield
    assert tiers(db) == {"kept"}


@pattern("postgresql")
def _connection_asks_for_two_phases(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        with pytest.raises(IsolationError, match=r"two-phase transaction .* would end the one"):
            connection.begin_twophase()
        yield
    assert rows_in(db, "invoices") == db.counts["invoices"]


@pattern("postgresql")
def _rows_are_copied(db: DemoDatabase) -> Iterator[None]:
    into = f"COPY customer_types {_COLUMNS} FROM STDIN"
    with closing(_raw(db)) as raw:
        cursor = raw.cursor()
        with cursor.copy(into) as copy:
            copy.write_row(["kept", 0, 1, True, NEW_YEAR])
        raw.commit()
        with cursor.copy(into) as copy:
            copy.write_row(["gone", 0, 1, True, NEW_YEAR])
        yield
        assert tiers(db) == {"kept", "gone"}
        raw.rollback()
        with suppress(Stop), cursor.copy(into) as copy:
            copy.write_row(["gone", 0, 1, True, NEW_YEAR])
            raise Stop
        raw.rollback()
        with pytest.raises(psycopg.errors.UniqueViolation), cursor.copy(into) as copy:
            copy.write_row(["kept", 0, 1, True, NEW_YEAR])
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            cursor.execute("SELECT 1")
        raw.rollback()
        with cursor.copy("COPY (SELECT id FROM customers ORDER BY id) TO STDOUT") as copy:
            assert [int(row[0]) for row in copy.rows()] == list(range(1, 26))
    assert tiers(db) == {"kept"}


@pattern("postgresql")
def _a_cursor_of_the_server_says_how_much_it_fetches(db: DemoDatabase) -> Iterator[None]:
    with closing(_raw(db)) as raw, raw.cursor(name="mine", scrollable=False) as cursor:
        cursor.itersize = 5
        assert cursor.itersize == 5
        assert cursor.name == "mine"
        cursor.execute("SELECT id FROM invoices ORDER BY id")
        assert len(list(cursor)) == 75
    yield


@pattern("postgresql")
def _rows_are_read_by_a_cursor_of_the_server(db: DemoDatabase) -> Iterator[None]:
    options = {"stream_results": True, "max_row_buffer": 10}
    with db.engine.connect() as connection:
        query = text("SELECT id FROM invoices ORDER BY id").execution_options(**options)
        result = connection.execute(query)
        assert result.fetchone() == (1,)
        connection.execute(text(INSERT.format("gone")))
        yield
        connection.rollback()
    with closing(_raw(db)) as raw:
        with raw.cursor(name="mine") as cursor:
            cursor.execute("SELECT id FROM invoices ORDER BY id")
            assert cursor.fetchmany(2) == [(1,), (2,)]
            assert next(iter(cursor)) == (3,)
            assert len(list(cursor)) == 72
        with raw.cursor("held", withhold=True, scrollable=True) as cursor:
            cursor.execute("SELECT 1")
            raw.commit()
            assert cursor.fetchone() == (1,)
        assert list(raw.cursor().stream("SELECT 1")) == [(1,)]
    with db.sessionmaker() as session:
        for number, invoice in enumerate(session.scalars(sqlalchemy.select(Invoice)).yield_per(9)):
            assert invoice.id
            if number == 20:
                db.session.add(tier("kept"))
                db.session.commit()
    assert tiers(db) == {"kept"}


@pattern("postgresql")
def _raw_connection_is_used_with_blocks(db: DemoDatabase) -> Iterator[None]:
    with closing(_raw(db)) as raw:
        connection = raw.dbapi_connection
        with connection.transaction():
            connection.execute(INSERT.format("kept"))
            with suppress(Stop), connection.transaction():
                connection.execute(INSERT.format("gone"))
                raise Stop
            with connection.transaction():
                connection.execute(INSERT.format("kept too"))
            yield
        with suppress(Stop), connection.transaction():
            connection.execute(INSERT.format("gone"))
            raise Stop
        with connection.transaction(force_rollback=True):
            connection.execute(INSERT.format("gone"))
        with (
            connection.transaction(),
            pytest.raises(psycopg.errors.UniqueViolation),
            connection.transaction(),
        ):
            connection.execute(INSERT.format("kept"))
        with suppress(psycopg.Rollback), connection.transaction():
            connection.execute(INSERT.format("gone"))
            raise psycopg.Rollback
    assert tiers(db) == {"kept", "kept too"}


@pattern("postgresql")
def _raw_blocks_begin_with_a_read(db: DemoDatabase) -> Iterator[None]:
    """What is inside of a block that is inside of a transaction is not kept before that is."""
    with closing(_raw(db)) as raw:
        connection = raw.dbapi_connection
        connection.execute("SELECT 1")
        with connection.transaction():
            connection.execute(INSERT.format("gone"))
        yield
        connection.rollback()
        assert not tiers(db)
        with connection.transaction():
            with suppress(Stop), connection.transaction():
                connection.execute(INSERT.format("gone"))
                raise Stop
            with connection.transaction():
                connection.execute(INSERT.format("inner"))
            connection.execute(INSERT.format("outer"))
            with suppress(psycopg.Error), connection.transaction():
                connection.execute("SELECT nothing")
        connection.rollback()
        assert tiers(db) == {"inner", "outer"}
        with suppress(Stop), connection.transaction():
            with connection.transaction():
                connection.execute(INSERT.format("gone"))
            raise Stop
    assert tiers(db) == {"inner", "outer"}


@pattern("postgresql")
def _raw_connection_is_in_autocommit(db: DemoDatabase) -> Iterator[None]:
    with closing(_raw(db)) as raw:
        connection = raw.dbapi_connection
        assert not connection.autocommit
        connection.autocommit = True
        connection.execute(INSERT.format("kept"))
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(INSERT.format("kept"))
        connection.execute(INSERT.format("kept too"))
        connection.rollback()
        yield
        with suppress(Stop), connection.transaction():
            connection.execute(INSERT.format("gone"))
            raise Stop
        connection.autocommit = False
        connection.execute(INSERT.format("gone"))
    assert tiers(db) == {"kept", "kept too"}


@pattern("postgresql")
def _raw_cursors_are_read_in_all_ways(db: DemoDatabase) -> Iterator[None]:
    with closing(_raw(db)) as raw:
        connection = raw.dbapi_connection
        with connection.cursor() as cursor:
            assert cursor.execute("SELECT id FROM customers ORDER BY id") is cursor
            assert cursor.connection is connection
            assert cursor.rowcount == 25
            assert cursor.fetchone() == (1,)
            assert cursor.fetchmany(2) == [(2,), (3,)]
            assert next(iter(cursor)) == (4,)
            assert [row for row in cursor if row[0] < 7] == [(5,), (6,)]
        yield
        with connection.cursor(row_factory=dict_row) as cursor:
            query = sql.SQL("SELECT {} AS one FROM {} WHERE id = %s").format(
                sql.Identifier("id"), sql.Identifier("customers")
            )
            assert cursor.execute(query, [7]).fetchall() == [{"one": 7}]
            assert cursor.execute(b"SELECT 1 AS one").fetchone() == {"one": 1}
            assert cursor.execute(query, [7], prepare=False, binary=True).fetchone() == {"one": 7}
        connection.row_factory = dict_row
        assert connection.execute("SELECT 1 AS one").fetchall() == [{"one": 1}]
        cursor = connection.cursor()
        insertion = sql.SQL(f"INSERT INTO customer_types {_COLUMNS} VALUES (%s, 0, 1, true, now())")
        cursor.executemany(insertion + sql.SQL(" RETURNING id"), [["a"], ["b"]], returning=True)
        assert cursor.fetchone() == {"id": 5}
        assert cursor.nextset()
        assert cursor.fetchone() == {"id": 6}
    assert not tiers(db)
    with db.engine.connect() as other:
        assert other.exec_driver_sql("SELECT 1 AS one").one() == (1,)


@pattern("postgresql")
def _raw_connection_tells_of_itself(db: DemoDatabase) -> Iterator[None]:
    with closing(_raw(db)) as raw:
        connection = raw.dbapi_connection
        assert not connection.closed
        assert not connection.broken
        assert connection.info.dbname
        assert connection.info.server_version >= 130000
        assert connection.info.encoding == "utf-8"
        with connection as same:
            assert same is connection
            connection.execute(INSERT.format("kept"))
        yield
        with connection.pipeline():
            connection.execute(INSERT.format("gone"))
        connection.cancel()
    assert tiers(db) == {"kept"}


@pattern("postgresql")
def _types_are_registered(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TYPE mood AS ENUM ('sad', 'happy')"))
    yield
    with closing(_raw(db)) as raw:
        info = TypeInfo.fetch(raw.driver_connection, "mood")
        assert info is not None
        info.register(raw.driver_connection)
        moods = EnumInfo.fetch(raw.driver_connection, "mood")
        assert moods is not None
        register_enum(moods, raw.driver_connection)
        mood = raw.cursor().execute("SELECT 'sad'::mood").fetchone()[0]
        assert mood.name == "sad"


@pattern("postgresql")
def _statements_are_cancelled(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text(INSERT.format("kept")))
        connection.commit()
        connection.execute(text("SET LOCAL statement_timeout = 20"))
        with pytest.raises(DBAPIError, match="due to statement timeout"):
            connection.execute(text("SELECT pg_sleep(5)"))
        yield
        connection.rollback()
        connection.execute(text(INSERT.format("kept too")))
        connection.commit()
    assert tiers(db) == {"kept", "kept too"}


@pattern("postgresql")
def _threads_fail_while_others_commit(db: DemoDatabase) -> Iterator[None]:
    start = threading.Barrier(4)

    def work(thread: int) -> None:
        start.wait()
        for number in range(15):
            with db.engine.connect() as connection:
                name = f"{thread}-{number}"
                if thread % 2:
                    with pytest.raises(DBAPIError):
                        connection.execute(text("SELECT nothing"))
                    with pytest.raises(InternalError, match=_ABORTED):
                        connection.execute(text(INSERT.format(name)))
                    connection.rollback()
                connection.execute(text(INSERT.format(name)))
                if number % 2:
                    connection.commit()
                    continue
                with pytest.raises(IntegrityError):
                    connection.execute(text(INSERT.format(name)))

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(work, thread) for thread in range(4)]:
            each.result()
    yield
    assert tiers(db) == {f"{t}-{n}" for t in range(4) for n in range(15) if n % 2}


# --- The connection of the driver's


@pattern("postgresql")
def _raw_connection_is_a_block(db: DemoDatabase) -> Iterator[None]:
    raw = _raw(db).dbapi_connection
    raw.set_isolation_level(psycopg.IsolationLevel.SERIALIZABLE)
    assert raw.isolation_level == psycopg.IsolationLevel.SERIALIZABLE
    with raw as connection:
        connection.execute(INSERT.format("kept"))
    yield
    with suppress(Stop), raw as connection:
        connection.execute(INSERT.format("gone"))
        raise Stop
    assert tiers(db) == {"kept"}


@pattern("postgresql")
def _others_work_while_rows_are_copied(db: DemoDatabase) -> Iterator[None]:
    with closing(_raw(db)) as raw, raw.cursor() as cursor:
        with (
            cursor.copy("COPY inventory (id) TO STDOUT"),
            db.sessionmaker() as session,
            pytest.raises(StatementError) as caught,
        ):
            session.execute(text(INSERT.format("gone")))
        assert str(caught.value.orig) == (
            "A COPY is still open on the connection that all share.\n"
            "End it before the next statement."
        )
        yield
    db.session.execute(text(INSERT.format("kept")))
    db.session.commit()
    assert tiers(db) == {"kept"}


@pattern("postgresql")
def _driver_fails(db: DemoDatabase) -> Iterator[None]:
    db.session.add(tier("kept"))
    db.session.commit()
    driver = _raw(db).driver_connection
    with pytest.raises(psycopg.errors.UndefinedTable):
        driver.execute("SELECT * FROM nothing")
    yield
    assert db.session.scalar(text("SELECT 1")) == 1
    assert tiers(db) == {"kept"}


@pattern("postgresql")
def _another_process_works(db: DemoDatabase) -> Iterator[None]:
    db.session.add(tier("kept"))
    db.session.flush()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        with db.sessionmaker() as session, pytest.raises(StatementError) as caught:
            session.execute(text("SELECT 1"))
    assert str(caught.value.orig) == (
        "The demo database was used in a process that the test has forked, and a connection to a "
        "server cannot be shared.\n"
        "Give the process the data that it needs, or start a thread."
    )
    yield
    assert tiers(db) == {"kept"}
