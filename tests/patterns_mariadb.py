"""What code under test does to a database of MariaDB's, through PyMySQL."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Final

import pymysql
import pytest
import sqlalchemy
from patterns import INSERT, NEW_YEAR, ask, pattern, rows_in, tier, tiers
from pymysql.cursors import Cursor, DictCursor, SSCursor, SSDictCursor
from sqlalchemy import Column, Engine, Integer, MetaData, Table, event, func, text
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from pytest_demodata import IsolationError
from pytest_demodata.invoicing import CustomerType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_demodata import DemoDatabase

_INSTEAD: Final = (
    "On MariaDB and MySQL it commits whatever is open, or leaves the database of the test. Use "
    "CREATE or DROP TEMPORARY TABLE, or commit() and rollback() of the session or connection."
)


_VALUES: Final = (
    "(name, discount_percentage, priority_level, active, created_at) VALUES (%s, %s, %s, %s, %s)"
)


def _raw(db: DemoDatabase) -> Any:
    """Return a connection of the driver's, as the code under test gets it."""
    return db.engine.raw_connection()


# --- SQL


@pattern("mariadb")
def _text_would_end_the_transaction(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text(INSERT.format("kept")))
        for statement in ("COMMIT", "ROLLBACK", "BEGIN", "START TRANSACTION", "commit and chain"):
            with pytest.raises(IsolationError) as caught:
                connection.execute(text(statement))
            assert str(caught.value) == (
                f"The statement {statement!r} would end the transaction that holds the demo data.\n"
                "Call commit() or rollback() of the session or connection instead: they stay "
                "inside the test."
            )
            yield
        connection.commit()
    assert tiers(db) == {"kept"}


_ENDING: Final = (
    "CREATE TABLE extras (id INT)",
    "create or replace table extras (id INT)",
    "DROP TABLE IF EXISTS nothing",
    "ALTER TABLE customers ADD COLUMN extra INT",
    "TRUNCATE TABLE inventory",
    "RENAME TABLE inventory TO stock",
    "CREATE INDEX ix_notes ON customers (name)",
    "CREATE VIEW big AS SELECT * FROM invoices",
    "LOCK TABLES customers WRITE",
    "UNLOCK TABLES",
    "ANALYZE TABLE customers",
    "OPTIMIZE LOCAL TABLE customers",
    "SET autocommit = 1",
    "SET @@session.autocommit = 0",
    "/*!40000 COMMIT */",
    "/*M!100100 CREATE TABLE extras (id INT) */",
    "/*! SET autocommit = 1 */",
    "XA START 'one'",
    "XA COMMIT 'one'",
    "USE mysql",
    "use `mysql`",
    "CACHE INDEX customers IN hot",
    "BACKUP STAGE START",
    "RESET MASTER",
    "FLUSH TABLES",
)


@pattern("mariadb")
def _text_would_commit(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text(INSERT.format("kept")))
        for number, statement in enumerate(_ENDING):
            with pytest.raises(IsolationError) as caught:
                connection.exec_driver_sql(statement)
            first, second = str(caught.value).split("\n")
            assert first == (
                f"The statement {statement!r} would end the transaction that holds the demo data."
            )
            assert second == _INSTEAD or "COMMIT" in statement
            if number == 0:
                yield
        yield
        connection.commit()
    assert tiers(db) == {"kept"}


@pattern("mariadb")
def _tables_are_created(db: DemoDatabase) -> Iterator[None]:
    metadata = MetaData()
    Table("extras", metadata, Column("id", Integer, primary_key=True))
    with pytest.raises(IsolationError, match=r"The statement 'CREATE TABLE extras .* would end"):
        metadata.create_all(db.engine)
    with pytest.raises(IsolationError, match=r"The statement 'DROP TABLE .* would end"):
        db.metadata.drop_all(db.engine)
    yield
    assert rows_in(db, "customers") == db.counts["customers"]


_TEMPORARY: Final = {
    "one": "CREATE TEMPORARY TABLE one (id INT AUTO_INCREMENT PRIMARY KEY, n INT)",
    "`two words`": "create  temporary\n table `two words` (id INT)",
    "three": "CREATE TEMPORARY TABLE IF NOT EXISTS three (id INT)",
    "four": "CREATE OR REPLACE TEMPORARY TABLE four AS SELECT 1 AS id",
    "five": "/* of ours */ CREATE TEMPORARY TABLE five (id INT)",
    "six": "CREATE TEMPORARY TABLE {place}.six (id INT)",
    "seven": "CREATE TEMPORARY TABLE `{place}`.`seven` (id INT)",
    "eight": "/*!40000 CREATE TEMPORARY TABLE eight (id INT) */",
}


def _temporary(db: DemoDatabase) -> set[str]:
    """Return which of the temporary tables are there."""
    found = set()
    for name in [*_TEMPORARY, "nine"]:
        with suppress(pymysql.err.ProgrammingError):
            ask(db, f"SELECT 1 FROM {name}")
            found.add(name)
    return found


@pattern("mariadb")
def _temporary_tables_are_created(db: DemoDatabase) -> Iterator[None]:
    assert _temporary(db) == set()
    ((place,),) = ask(db, "SELECT DATABASE()")
    with db.engine.begin() as connection:
        for statement in _TEMPORARY.values():
            connection.exec_driver_sql(statement.format(place=place))
        connection.execute(text("INSERT INTO one (n) VALUES (7), (8)"))
        yield
        connection.execute(text("DROP TEMPORARY TABLE `two words`"))
    columns = Column("id", Integer, primary_key=True)
    Table("nine", MetaData(), columns, prefixes=["TEMPORARY"]).create(db.engine)
    assert ask(db, "SELECT id, n FROM one ORDER BY id") == [(1, 7), (2, 8)]
    assert _temporary(db) == {"nine", *_TEMPORARY} - {"`two words`"}


@pattern("mariadb")
def _a_temporary_table_hides_another(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE customers (id INT)"))
        assert connection.scalar(text("SELECT count(*) FROM customers")) == 0
        yield


@pattern("mariadb")
def _keys_are_not_looked_at(db: DemoDatabase) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text("SET foreign_key_checks = 0"))
        connection.execute(text("DELETE FROM customers WHERE id = 1"))
        yield
    with db.engine.begin() as connection:
        assert connection.scalar(text("SELECT @@foreign_key_checks")) == 0


@pattern("mariadb")
def _keys_are_looked_at(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        with pytest.raises(IntegrityError):
            connection.execute(text("DELETE FROM customers WHERE id = 1"))
        yield
        connection.execute(text(INSERT.format("kept")))
        with pytest.raises(IntegrityError):
            connection.execute(text(INSERT.format("kept")))
        connection.commit()  # because a failed statement stops nothing here
    assert tiers(db) == {"kept"}


@pattern("mariadb")
def _settings_are_set(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        for statement in (
            "SET SESSION sql_mode = 'ANSI_QUOTES'",
            "SET time_zone = '+09:00'",
            "SET @@session.group_concat_max_len = 2048, lock_wait_timeout = 60",
            "SET NAMES latin1",
            "SET CHARACTER SET utf8",
            "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "SET TRANSACTION READ ONLY",
            "SET STATEMENT max_statement_time = 10 FOR SELECT 1",
            "SET @mine = 7",
            "SET unique_checks = 0, sql_safe_updates = 1",
            "/*!40101 SET sql_notes = 0 */",
            "SET timestamp = 1",
            "SET lc_time_names = 'de_DE'",
        ):
            connection.exec_driver_sql(statement)
        assert connection.exec_driver_sql('SELECT "id" FROM customers LIMIT 1').scalar() == 1
        yield
        connection.rollback()
        assert connection.scalar(text("SELECT @@time_zone")) == "+09:00"


@pattern("mariadb")
def _a_setting_is_no_whole_number(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("SET max_statement_time = 60"))
        yield


@pattern("mariadb")
def _statements_are_cancelled(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text(INSERT.format("kept")))
        with pytest.raises(DBAPIError, match="max_statement_time exceeded"):
            connection.execute(text("SET STATEMENT max_statement_time = 0.02 FOR SELECT SLEEP(5)"))
        yield
        connection.commit()
    assert tiers(db) == {"kept"}


@pattern("mariadb")
def _a_lock_by_name_is_left(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT GET_LOCK(CONCAT('mine ', CONNECTION_ID()), 0)")) == 1
    yield


@pattern("mariadb")
def _autocommit_is_set_among_others(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        for value in (1, 0, 1):
            with suppress(IsolationError):
                connection.execute(text(f"SET @mine = 7, autocommit = {value}"))
            connection.execute(text(INSERT.format("gone")))
            yield
            connection.rollback()
            assert not tiers(db)


@pattern("mariadb")
def _a_limit_is_set(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("SET sql_select_limit = 3"))
        assert len(connection.execute(text("SELECT id FROM customers")).all()) == 3
        yield


@pattern("mariadb")
def _rows_are_replaced(db: DemoDatabase) -> Iterator[None]:
    values = {
        "id": 1,
        "name": "replaced",
        "discount_percentage": 0,
        "priority_level": 1,
        "active": True,
        "created_at": NEW_YEAR,
    }
    statement = insert(CustomerType).values(values)
    with db.engine.begin() as connection:
        connection.execute(statement.prefix_with("IGNORE"))
        connection.execute(statement.on_duplicate_key_update(name="replaced"))
        connection.execute(text(INSERT.replace("INSERT", "REPLACE").format("kept")))
        connection.execute(text(INSERT.replace("INSERT", "REPLACE").format("kept")))
        yield
        connection.execute(text("DELETE FROM inventory LIMIT 3"))
        connection.execute(text("ANALYZE UPDATE customers SET name = 'analysed'"))
    assert db.session.get_one(CustomerType, 1).name == "replaced"
    assert tiers(db) == {"kept"}
    assert rows_in(db, "inventory") == db.counts["inventory"] - 3


@pattern("mariadb")
def _rows_are_analysed_and_rolled_back(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        for statement in (
            "ANALYZE DELETE FROM inventory",
            "ANALYZE FORMAT=JSON DELETE FROM inventory",
            "/* all */ DELETE FROM inventory",
            "EXECUTE IMMEDIATE 'DELETE FROM inventory'",
            "SET STATEMENT max_statement_time = 10 FOR DELETE FROM inventory",
        ):
            connection.exec_driver_sql(statement)
            assert not rows_in(db, "inventory"), statement
            connection.rollback()
            assert rows_in(db, "inventory"), statement
        yield


@pattern("mariadb")
def _text_takes_savepoints(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("SAVEPOINT one"))
        connection.execute(text(INSERT.format("kept")))
        connection.execute(text("SAVEPOINT `A name`"))
        connection.execute(text(INSERT.format("gone")))
        yield
        connection.execute(text("ROLLBACK TO SAVEPOINT `a NAME`"))
        with pytest.raises(OperationalError, match="SAVEPOINT two does not exist"):
            connection.execute(text("RELEASE SAVEPOINT two"))
        connection.execute(text("RELEASE SAVEPOINT ONE"))
        connection.commit()
    assert tiers(db) == {"kept"}


@pattern("mariadb")
def _locks_are_taken(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection, db.engine.connect() as other:
        connection.execute(text("SELECT id FROM customers FOR UPDATE"))
        connection.execute(text("SELECT id FROM customers LOCK IN SHARE MODE"))
        assert connection.scalar(text("SELECT GET_LOCK(CONCAT('mine ', CONNECTION_ID()), 1)")) == 1
        connection.execute(text("SELECT RELEASE_LOCK(CONCAT('mine ', CONNECTION_ID()))"))
        yield
        assert other.scalar(text("SELECT count(*) FROM customers")) == 25


# --- Keys


@pattern("mariadb")
def _the_next_key_is_the_same_in_each_test(db: DemoDatabase) -> Iterator[None]:
    db.session.add(added := tier("first"))
    db.session.commit()
    assert added.id == 5
    yield
    with db.engine.begin() as connection:
        connection.execute(text(INSERT.format("second")))
        assert connection.scalar(text("SELECT LAST_INSERT_ID()")) == 6
        values = INSERT.format("third") + ", ('fourth', 0, 1, true, '2025-01-01')"
        connection.execute(text(values.replace("INSERT INTO", "insert ignore\n into")))
    assert ask(db, "SELECT max(id) FROM customer_types") == [(8,)]


@pattern("mariadb")
def _the_next_key_of_a_statement_with_a_comment(db: DemoDatabase) -> Iterator[None]:
    for comment in ("/* of ours */ ", "-- of ours\n", "# of ours\n"):
        with db.engine.connect() as connection:
            connection.exec_driver_sql(comment + INSERT.format("gone"))
            assert connection.scalar(text("SELECT LAST_INSERT_ID()")) == 5
        yield


@pattern("mariadb")
def _the_next_key_of_a_table_with_its_database(db: DemoDatabase) -> Iterator[None]:
    ((place,),) = ask(db, "SELECT DATABASE()")
    for table in (f"{place}.customer_types", f"`{place}`.`customer_types`"):
        with db.engine.connect() as connection:
            connection.execute(text(INSERT.replace("customer_types", table).format("gone")))
            assert connection.scalar(text("SELECT LAST_INSERT_ID()")) == 5
        yield


@pattern("mariadb")
def _a_key_of_their_own_moves_no_other(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE own (id INT AUTO_INCREMENT PRIMARY KEY)"))
        with suppress(DBAPIError):
            connection.execute(text("INSERT INTO customers (nothing) VALUES (1)"))
        connection.execute(text("INSERT INTO own VALUES ()"))
        assert connection.scalar(text("SELECT id FROM own")) == 1
        yield
        row = "VALUES (77, 'mine', 0, 1, true, '2025-01-01')"
        names = "(id, name, discount_percentage, priority_level, active, created_at)"
        connection.execute(text(f"INSERT INTO customer_types {names} {row}"))
        connection.execute(text("INSERT INTO own VALUES ()"))
        assert connection.scalar(text("SELECT max(id) FROM own")) == 2
        connection.commit()
    db.session.add(added := tier("next"))
    db.session.commit()
    assert added.id == 78


@pattern("mariadb")
def _many_rows_are_inserted(db: DemoDatabase) -> Iterator[None]:
    with closing(_raw(db)) as raw, raw.cursor() as cursor:
        names = [(f"more {number}",) for number in range(300)]
        values = "VALUES (%s, 0, 1, true, '2025-01-01')"
        statement = INSERT.partition("VALUES")[0] + values
        assert cursor.executemany(statement, names) == 300
        assert ask(db, "SELECT max(id) FROM customer_types") == [(304,)]
        yield
        raw.rollback()
        rows = [(name, 0, 1, True, NEW_YEAR) for (name,) in names]
        assert cursor.executemany(INSERT.partition("(")[0] + _VALUES, rows) == 300
        assert ask(db, "SELECT max(id) FROM customer_types") == [(304,)]
        raw.commit()


@pattern("mariadb")
def _many_rows_are_inserted_with_functions(db: DemoDatabase) -> Iterator[None]:
    columns = {"discount_percentage": 0, "priority_level": 1, "created_at": func.now()}
    statement = sqlalchemy.insert(CustomerType).values(**columns)
    with db.engine.begin() as connection:
        connection.execute(statement, [{"name": f"many {number}"} for number in range(20)])
        yield
        assert connection.scalar(text("SELECT max(id) FROM customer_types")) == 24


# --- The driver's interface


@pattern("mariadb")
def _engine_has_listeners(db: DemoDatabase) -> Iterator[None]:
    def connect(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES'")
            cursor.execute("SET NAMES utf8mb4")
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")

    def begin(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("SET @tenant = 7")

    event.listen(Engine, "connect", connect)
    event.listen(Engine, "begin", begin)
    try:
        with db.sessionmaker() as session:
            session.add(tier("kept"))
            session.commit()
            assert session.scalar(text("SELECT @tenant")) == 7
            session.add(tier("gone"))
            session.flush()
    finally:
        event.remove(Engine, "connect", connect)
        event.remove(Engine, "begin", begin)
    yield
    assert tiers(db) == {"kept"}


@pattern("mariadb")
def _connection_asks_for_two_phases(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        with pytest.raises(IsolationError, match="XA"):
            connection.begin_twophase()
        yield
    assert rows_in(db, "invoices") == db.counts["invoices"]


@pattern("mariadb")
def _raw_connection_begins(db: DemoDatabase) -> Iterator[None]:
    with closing(_raw(db)) as raw:
        connection = raw.dbapi_connection
        connection.begin()
        with connection.cursor() as cursor:
            assert cursor.execute(INSERT.format("kept")) == 1
            assert cursor.lastrowid == 5
            assert connection.insert_id() == 5
        connection.begin()
        connection.query(INSERT.format("gone"))
        yield
        connection.rollback()
        connection.ping(reconnect=True)
        assert connection.open
    assert tiers(db) == {"kept"}


@pattern("mariadb")
def _raw_connection_is_in_autocommit(db: DemoDatabase) -> Iterator[None]:
    with closing(_raw(db)) as raw:
        connection = raw.dbapi_connection
        assert not connection.get_autocommit()
        connection.autocommit(1)
        assert connection.get_autocommit()
        cursor = connection.cursor()
        cursor.execute(INSERT.format("kept"))
        connection.rollback()
        yield
        connection.autocommit(0)
        cursor.execute(INSERT.format("gone"))
        with pytest.raises(IsolationError, match="The database 'mysql' is not that of"):
            connection.select_db("mysql")
        with pytest.raises(pymysql.err.OperationalError):
            cursor.execute("RELEASE SAVEPOINT one")
    assert tiers(db) == {"kept"}


@pattern("mariadb")
def _raw_cursors_are_read_in_all_ways(db: DemoDatabase) -> Iterator[None]:
    query = "SELECT id FROM customers ORDER BY id"
    with closing(_raw(db)) as raw:
        connection = raw.dbapi_connection
        with connection.cursor() as cursor:
            assert cursor.execute(query) == 25
            assert cursor.connection is connection
            assert cursor.rowcount == 25
            assert cursor.mogrify("SELECT %s", ["a'b"]) == "SELECT 'a\\'b'"
            assert cursor.fetchone() == (1,)
            assert cursor.fetchmany(2) == ((2,), (3,))
            assert next(iter(cursor)) == (4,)
            assert [row for row in cursor if row[0] < 7] == [(5,), (6,)]
        yield
        for kind in (Cursor, SSCursor):
            with connection.cursor(kind) as cursor:
                cursor.execute(query + " LIMIT %s", [3])
                assert list(cursor.fetchall()) == [(1,), (2,), (3,)]
        for kind in (DictCursor, SSDictCursor):
            cursor = connection.cursor(kind)
            cursor.execute(query)
            assert cursor.fetchone() == {"id": 1}
            connection.commit()
            assert cursor.fetchone() == {"id": 2}
            cursor.close()


@pattern("mariadb")
def _results_are_streamed_on_the_whole_connection(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect().execution_options(stream_results=True) as connection:
        result = connection.execute(text("SELECT id FROM invoices ORDER BY id"))
        assert len(result.all()) == 75
        connection.execute(text(INSERT.format("kept")))
        yield
        nested = connection.begin_nested()
        connection.execute(text(INSERT.format("gone")))
        nested.rollback()
        connection.commit()
    assert tiers(db) == {"kept"}


@pattern("mariadb")
def _results_are_not_buffered(db: DemoDatabase) -> Iterator[None]:
    with closing(_raw(db)) as raw:
        cursor = raw.dbapi_connection.cursor(SSCursor)
        cursor.execute("SELECT id FROM invoices ORDER BY id")
        assert cursor.fetchone() == (1,)
        with db.sessionmaker() as session:
            session.add(tier("kept"))
            session.commit()
        yield
        assert len(list(cursor)) == 74
    assert tiers(db) == {"kept"}


@pattern("mariadb")
def _a_procedure_is_called(db: DemoDatabase) -> Iterator[None]:
    """As there is none but ours, which only marks the database."""
    with closing(_raw(db)) as raw, raw.cursor() as cursor:
        ((name,),) = ask(
            db,
            "SELECT routine_name FROM information_schema.routines"
            " WHERE routine_schema = DATABASE()",
        )
        cursor.execute(INSERT.format("kept"))
        cursor.callproc(name)
        assert len(cursor.fetchall()) == 1
        cursor.execute(f"CALL {name}()")
        yield
        with pytest.raises(pymysql.err.OperationalError, match="does not exist"):
            cursor.execute("CALL nothing()")
        raw.commit()
    assert tiers(db) == {"kept"}


@pattern("mariadb")
def _raw_connection_is_a_block(db: DemoDatabase) -> Iterator[None]:
    with _raw(db).dbapi_connection as connection:
        connection.query(INSERT.format("kept"))
        connection.commit()
        yield
        connection.query(INSERT.format("gone"))
    assert tiers(db) == {"kept"}


@pattern("mariadb")
def _a_temporary_table_hides_one_of_the_dataset(db: DemoDatabase) -> Iterator[None]:
    with db.engine.connect() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE customers (label VARCHAR(9))"))
        yield
        connection.execute(text("INSERT INTO customers VALUES ('one')"))
        assert connection.scalars(text("SELECT label FROM customers")).all() == ["one"]
        connection.execute(text("DROP TEMPORARY TABLE customers"))
        connection.execute(text(INSERT.format("kept")))
        connection.commit()
    assert tiers(db) == {"kept"}
