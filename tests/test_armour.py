"""A database that already has tables of the dataset's names keeps every byte of them.

The code under test does its worst, in each of the ways that it has; the test that did it fails with
the cause, the next one finds the dataset whole, and the user's tables, looked at over other
connections, are what they were.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pytest
from runs import Runs

if TYPE_CHECKING:
    from pathlib import Path

    from users_database import UsersDatabase

HELD: Final = "the transaction that holds the demo data"
"""What the report says of a test that ends the transaction, or tries to."""

ENDINGS: Final = {
    "postgresql": (
        "COMMIT",
        "commit work;",
        "/* all */ COMMIT",
        "-- all\n COMMIT",
        "END",
        "ROLLBACK",
        "ABORT",
        "COMMIT AND CHAIN",
        "ROLLBACK AND CHAIN",
        "SELECT 1; COMMIT",
        "SELECT 1; COMMIT AND CHAIN",
        "SAVEPOINT one; COMMIT",
        "PREPARE TRANSACTION 'one'",
    ),
    "mariadb": (
        "COMMIT",
        "ROLLBACK",
        "CREATE TABLE things (id INT)",
        "SET autocommit = 1",
        "/*! COMMIT */",
        "EXECUTE IMMEDIATE 'COMMIT'",
        "BEGIN NOT ATOMIC COMMIT; END",
        "COMMIT AND CHAIN",
        "COMMIT RELEASE",
        "START TRANSACTION READ WRITE",
        "TRUNCATE TABLE invoice_line_items",
        "DROP TABLE IF EXISTS audit",
        "ALTER TABLE customers ADD COLUMN thing INT",
        "LOCK TABLES customers WRITE",
        "/* all */ COMMIT",
        "# all\nCOMMIT",
        "/*M! COMMIT */",
        "/*!50000 ROLLBACK */",
        "BEGIN",
        "SET @x = 1, autocommit = OFF, @@session.autocommit = ON",
        "IF 1 THEN COMMIT; END IF",
        "CREATE TABLE audit AS SELECT 1 AS id",
        "CREATE OR REPLACE TABLE audit (id INT)",
        "CREATE VIEW things AS SELECT 1 AS id",
        "CREATE INDEX things ON customers (name)",
        "CREATE SEQUENCE things",
        "CREATE FUNCTION thing() RETURNS INT RETURN 1",
        "CREATE TRIGGER thing BEFORE DELETE ON customers FOR EACH ROW SET @x = 1",
        "DROP TABLE invoice_line_items",
        "RENAME TABLE customers TO clients",
        "ANALYZE TABLE customers",
        "OPTIMIZE TABLE customers",
        "CHECK TABLE customers",
        "REPAIR TABLE customers",
    ),
}
"""Statements that end the transaction for real where nothing stops them, the worst first."""

CHANNELS: Final = {
    "session": ("db.session.execute(text(statement))", 50),
    "connection": ("db.connection.exec_driver_sql(statement)", 4),
    "engine": ("in_a_transaction(db, statement)", 4),
    "cursor": ("db.engine.raw_connection().cursor().execute(statement)", 4),
    "driver": ("driver.cursor().execute(statement)", 10),
}
"""How a statement gets to the database, and how many of them are tried in that way."""

LOOSENED: Final = {
    "postgresql": (
        "cursor.execute('RESET ALL')",
        "cursor.execute('DISCARD ALL')",
        "driver.rollback()",
        "cursor.execute('RESET search_path')",
        "cursor.execute('SET search_path TO public')",
        "cursor.execute('SET default_transaction_read_only = off')",
        "cursor.execute('SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE')",
        "cursor.execute('COMMIT AND CHAIN'), cursor.execute('RESET ALL')",
        "cursor.execute('BEGIN'), cursor.execute('RESET ALL')",
        "cursor.execute('SELECT 1; DELETE FROM audit; COMMIT')",
        "driver.pgconn.reset()",
        "setattr(driver, 'read_only', False)",
        "setattr(driver, 'autocommit', False)",
    ),
    "mariadb": (
        "driver.autocommit(True)",
        "driver.begin()",
        "cursor.execute('SET SESSION TRANSACTION READ WRITE')",
        "cursor.execute('START TRANSACTION READ WRITE')",
        "cursor.execute('COMMIT AND CHAIN')",
        "driver.select_db(USERS)",
        "driver.close(), driver.connect()",
        "killed(driver), driver.ping(reconnect=True)",
        "driver._execute_command(0x1f, b''), driver._read_ok_packet()",
    ),
}
"""What could take an armour off, once the transaction has ended."""

ATTACK: Final = """
    from contextlib import suppress
    from functools import partial
    from itertools import product

    import pytest
    from sqlalchemy import text
    from tools import assert_whole

    def in_a_transaction(db, statement):
        with db.engine.begin() as connection:
            connection.execute(text(statement))

    def in_the_session(db, statement):
        db.session.execute(text(statement))
        db.session.commit()

    def on_the_driver(driver, statement):
        try:
            driver.cursor().execute(statement)
            driver.commit()
        except BaseException:
            driver.rollback()
            raise

    def delete_everything(*ways):
        for way, table, statement in product(
            ways,
            ["invoice_line_items", "audit", "ledger"],
            [
                "DELETE FROM {}",
                "UPDATE {} SET id = id + 1000",
                "INSERT INTO {} (id) VALUES (99)",
                "TRUNCATE TABLE {}",
                "DROP TABLE {}",
            ],
        ):
            with suppress(Exception):
                way(statement.format(table))

    def killed(driver):
        with suppress(Exception):
            driver.kill(driver.thread_id())

    def driver_of(db):
        return db.engine.raw_connection().driver_connection
"""


@pytest.fixture
def attack(runs: Runs) -> Runs:
    """Runs with what an attack needs."""
    return _armed(runs)


def _armed(runs: Runs) -> Runs:
    runs.write(attack=ATTACK)
    return runs


def _fought(result: pytest.RunResult) -> dict[str, str]:
    """Return what the report says of each test that failed, by its parameter."""
    recorder: Any = result.reprec  # type: ignore[attr-defined]
    failed: dict[str, str] = {}
    for report in recorder.getreports("pytest_runtest_logreport"):
        if report.failed:
            name = report.location[2]
            failed[name] = failed.get(name, "") + report.longreprtext
    return failed


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_statement_that_ends_the_transaction(
    attack: Runs, users: UsersDatabase, channel: str
) -> None:
    """It fails its test with the cause, on its way or afterwards, and never reaches the user."""
    way, number = CHANNELS[channel]
    statements = ENDINGS[users.kind][:number]
    attack.write(
        test_it=f"""
        from attack import *

        @pytest.mark.parametrize(
            "statement", {statements!r}, ids=range({len(statements)}), scope="module"
        )
        class TestIt:
            def test_ends(self, demo_db_small, statement):
                db = demo_db_small
                driver = driver_of(db)
                try:
                    {way}
                finally:
                    delete_everything(partial(in_the_session, db), partial(in_a_transaction, db))
                    if {channel == "driver"}:
                        delete_everything(partial(on_the_driver, driver))

            def test_next(self, demo_db_small, statement):
                assert_whole(demo_db_small)
        """
    )
    result = attack.run("--tb=line")
    failed = _fought(result)
    users.assert_clean()
    told = {
        statement: failed.get(f"TestIt.test_ends[{i}]", "")
        for i, statement in enumerate(statements)
    }
    assert [statement for statement, report in told.items() if HELD not in report] == []
    result.assert_outcomes(passed=len(statements), failed=len(statements))


def test_nothing_takes_the_armour_off(attack: Runs, users: UsersDatabase) -> None:
    """After a stray COMMIT the session can be reset or begun anew, and still writes nothing."""
    attack.write(
        test_it=f"""
        from attack import *

        USERS = {users.name!r}

        @pytest.mark.filterwarnings("ignore::DeprecationWarning")
        @pytest.mark.parametrize("how", {LOOSENED[users.kind]!r}, scope="module")
        class TestIt:
            def test_ends(self, demo_db_small, how):
                driver = driver_of(demo_db_small)
                driver.commit()
                cursor = driver.cursor()
                with suppress(Exception):
                    eval(how)
                delete_everything(partial(on_the_driver, driver))
                delete_everything(partial(in_the_session, demo_db_small))

            def test_next(self, demo_db_small, how):
                assert_whole(demo_db_small)
        """
    )
    result = attack.run("--tb=line")
    failed = _fought(result)
    users.assert_clean()
    number = len(LOOSENED[users.kind])
    assert [name for name, report in failed.items() if HELD not in report] == []
    result.assert_outcomes(passed=number, failed=number)


@pytest.mark.parametrize("users", ["postgresql"], indirect=True)
def test_settings_of_the_user_do_not_weaken_the_armour(
    attack: Runs, users: UsersDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Role, database, environment and URL may each name the user's schema, and a time limit."""
    users.tell(
        f"ALTER DATABASE {users.name} SET search_path TO public",
        f"ALTER ROLE {users.guest} SET search_path TO public",
        f"ALTER ROLE {users.guest} SET default_transaction_read_only = off",
        f"ALTER ROLE {users.guest} SET idle_in_transaction_session_timeout = '200ms'",
    )
    monkeypatch.setenv("PGOPTIONS", "-c search_path=public -c idle_session_timeout=200")
    attack.url += "&options=-csearch_path%3Dpublic%20-cwork_mem%3D5MB"
    attack.write(
        test_it="""
        import time
        from attack import *

        def test_idle(demo_db_small):
            time.sleep(0.4)
            assert_whole(demo_db_small)
            assert demo_db_small.session.scalar(text("SHOW work_mem")) == "5MB"

        @pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK; RESET ALL"])
        def test_ends(demo_db_small, statement):
            driver = driver_of(demo_db_small)
            driver.cursor().execute(statement)
            delete_everything(partial(on_the_driver, driver))

        def test_next(demo_db_small):
            assert_whole(demo_db_small)
        """
    )
    result = attack.run("--tb=line")
    users.assert_clean()
    result.assert_outcomes(passed=2, failed=2)


def test_the_users_own_tables_are_in_the_transaction_as_well(
    attack: Runs, users: UsersDatabase
) -> None:
    """What a test writes to them by their full names, and commits, goes with the test."""
    theirs = "public" if users.kind == "postgresql" else users.name
    attack.write(
        test_it=f"""
        from attack import *

        def test_qualified(demo_db_small):
            for table in ("invoice_line_items", "audit"):
                with demo_db_small.engine.begin() as connection:
                    connection.execute(text(f"DELETE FROM {theirs}.{{table}}"))
                query = text(f"SELECT count(*) FROM {theirs}.{{table}}")
                assert demo_db_small.session.scalar(query) == 0
                demo_db_small.session.commit()

        def test_next(demo_db_small):
            assert_whole(demo_db_small)
            query = text("SELECT count(*) FROM {theirs}.audit")
            assert demo_db_small.session.scalar(query) == 2
        """
    )
    result = attack.run("--tb=line")
    users.assert_clean()
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("users", ["postgresql"], indirect=True)
def test_settings_of_a_test_end_with_it(attack: Runs, users: UsersDatabase) -> None:
    """Another search path, or none, leaves the user's tables and the next test as they were."""
    statements = (
        "SET search_path TO public",
        "SET LOCAL search_path TO public",
        "SELECT set_config('search_path', 'public', false)",
        "RESET ALL",
        "SET default_transaction_read_only = off",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET ROLE NONE",
    )
    attack.write(
        test_it=f"""
        from attack import *

        @pytest.mark.parametrize(
            "statement", {statements!r}, ids=range({len(statements)}), scope="module"
        )
        class TestIt:
            def test_sets(self, demo_db_small, statement):
                in_the_session(demo_db_small, statement)
                delete_everything(
                    partial(in_the_session, demo_db_small), partial(in_a_transaction, demo_db_small)
                )

            def test_next(self, demo_db_small, statement):
                assert_whole(demo_db_small)
                in_the_session(demo_db_small, "UPDATE customers SET name = 'X'")
        """
    )
    result = attack.run("--tb=line")
    users.assert_clean()
    result.assert_outcomes(passed=2 * len(statements))


def test_a_file_keeps_its_bytes(pytester: pytest.Pytester, tmp_path: Path) -> None:
    """On SQLite nothing is written to the file that the URL names, nor beside it."""
    file = tmp_path / "users.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "CREATE TABLE invoice_line_items (id INTEGER);"
            "CREATE TABLE audit (id INTEGER);"
            "INSERT INTO invoice_line_items VALUES (7);"
            "INSERT INTO audit VALUES (8);"
        )
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    runs = _armed(Runs(pytester, f"sqlite:///{file}"))
    runs.write(
        test_it="""
        from attack import *

        @pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"], scope="module")
        class TestIt:
            def test_ends(self, demo_db_small, end):
                driver = driver_of(demo_db_small)
                driver.executescript(end)
                delete_everything(partial(on_the_driver, driver))

            def test_next(self, demo_db_small, end):
                assert_whole(demo_db_small)
        """
    )
    result = runs.run("--tb=line")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    result.assert_outcomes(passed=2, failed=2)
