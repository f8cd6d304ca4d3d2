"""The savepoints that a dataset lives in, and what happens where a test breaks out of them."""

from __future__ import annotations

import gc
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import create_engine, make_url, text

from pytest_demodata import IsolationWarning, prepare_sqlite
from pytest_demodata.clients import Client, Mark
from pytest_demodata.databases import database_of
from pytest_demodata.errors import GenerationError, IsolationError
from pytest_demodata.facade import FacadeConnection
from pytest_demodata.isolation import execute_raw, savepoint
from pytest_demodata.sandbox import Sandbox
from pytest_demodata.scopes import Scope, Scopes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from pytest_demodata import DemoDatabase


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_a_savepoint_that_is_gone_at_its_end_is_told(any_engine: Engine, end: str) -> None:
    """Whoever ends the transaction last, after the last row, does not pass for a success."""
    with any_engine.connect() as connection:
        connection.begin()
        message = r"The transaction was ended while the generation ran in it, by a COMMIT or"
        with pytest.raises(GenerationError, match=message), savepoint(connection):
            execute_raw(connection, end)
        connection.rollback()


# --- Breaking out

ROUND: Final = (
    "COMMIT, ROLLBACK or close() went round the demo database, on the driver's own connection"
)
ENDS: Final = {
    "driver.commit()": ROUND,
    "driver.rollback()": ROUND,
    "driver.cursor().execute('COMMIT')": ROUND,
}
LOST: Final = "the connection to the server was lost"
ESCAPES: Final = {
    "sqlite": {
        **ENDS,
        "driver.close()": ROUND,
        "driver.executescript('SELECT 1;')": ROUND,
        "clash('ROLLBACK')": (
            "the statement 'INSERT OR ROLLBACK INTO customer_types (id, name) VALUES (1, 1)' ended"
            " it"
        ),
        "trigger()": "the statement 'DELETE FROM inventory' ended it",
    },
    "postgresql": {
        **ENDS,
        "driver.close()": LOST,
        "session('SELECT pg_terminate_backend(pg_backend_pid())')": LOST,
    },
    "mariadb": {
        "driver.rollback()": ROUND,
        "driver.close()": LOST,
        "session('KILL CONNECTION_ID()')": LOST,
        "session(\"EXECUTE IMMEDIATE 'COMMIT'\")": (
            "the statement \"EXECUTE IMMEDIATE 'COMMIT'\" ended it"
        ),
    },
}
"""Each way out, and the cause that is told."""

ESCAPED: Final = (
    "This test broke out of the transaction that holds the demo data of volume {volume!r}: "
    "{cause}.\n"
    "Commit and roll back on the session, connection or engine of the demo database: that stays "
    "inside the test.\n"
    "The next test gets the data anew; what fixtures of a wider scope had added to it is gone."
)
GONE: Final = (
    "The data is gone: the transaction that held it was ended, as {cause}.\n"
    "The next test gets it anew."
)

TOOLS: Final = """
    from contextlib import suppress
    from datetime import datetime

    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError, IntegrityError

    from pytest_demodata.invoicing import CustomerType

    def write(db, name):
        with db.sessionmaker.begin() as session:
            session.add(CustomerType(
                name=name, discount_percentage=0, priority_level=1,
                created_at=datetime(2025, 1, 1),
            ))

    def tiers(db):
        with db.engine.connect() as connection:
            query = text("SELECT name FROM customer_types WHERE id > 4 ORDER BY id")
            return " ".join(connection.scalars(query))

    def escape(db, how):
        driver = db.engine.raw_connection().driver_connection

        def clash(resolution):
            with suppress(IntegrityError):
                db.session.execute(text(
                    f"INSERT OR {resolution} INTO customer_types (id, name) VALUES (1, 1)"
                ))

        def session(statement):
            with suppress(DBAPIError):
                db.session.execute(text(statement))

        def trigger():
            with suppress(IntegrityError), db.engine.begin() as connection:
                connection.execute(text(
                    "CREATE TRIGGER t BEFORE DELETE ON inventory BEGIN"
                    " SELECT RAISE(ROLLBACK, 'no'); END"
                ))
                connection.execute(text("DELETE FROM inventory"))

        eval(how, {
            "driver": driver, "clash": clash, "session": session, "trigger": trigger
        })

    def assert_anew(db):
        assert tiers(db) == ""
        with db.engine.connect() as connection:
            for table, rows in db.counts.items():
                assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == rows
        write(db, "anew")
"""
"""A module for the generated tests."""

STRICT: Final = ["-Werror", "-Wignore:assertions not in test modules"]
"""Warnings are errors, but for the one that pytest gives under `python -O`."""

ALONE: Final = [f"-pno:{plugin}" for plugin in ("faker", "hypothesispytest", "randomly", "xdist")]
"""Without the plugins that take longer to load than the generated tests take."""


@pytest.fixture
def tools(pytester: pytest.Pytester) -> None:
    """Give the generated tests their module."""
    pytester.makepyfile(tools=TOOLS)


def _run(pytester: pytest.Pytester, *arguments: str, **outcomes: int) -> pytest.RunResult:
    result = pytester.runpytest(*STRICT, *ALONE, *arguments)
    result.assert_outcomes(**outcomes)
    return result


def _in_errors(result: pytest.RunResult) -> str:
    """Return the output without the marks of a traceback's lines."""
    return "\n".join(line.removeprefix("E   ").strip() for line in result.outlines)


def _assert_told(result: pytest.RunResult, volume: str, cause: str, times: int = 1) -> None:
    told = ESCAPED.format(volume=volume, cause=cause)
    assert _in_errors(result).count(told) == times


def _times_made(result: pytest.RunResult, volume: str) -> int:
    """Return how often a volume was made or taken from the cache, as the last line tells it."""
    (line,) = [line for line in result.outlines if line.startswith("demodata: made ")]
    entries = [entry for entry in line[15:].split("; ") if entry.startswith(f"{volume}, ")]
    counted = [re.search(r"(\d+) times in ", entry) for entry in entries]
    return sum(1 if times is None else int(times[1]) for times in counted)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("any_url", "how"),
    [(kind, how) for kind, ways in ESCAPES.items() for how in ways],
    indirect=["any_url"],
)
def test_a_test_that_breaks_out_fails_with_the_cause(
    pytester: pytest.Pytester, any_url: str, how: str
) -> None:
    """It fails, what it does next with the data fails in a sentence, and the next finds it anew."""
    cause = ESCAPES[make_url(any_url).get_backend_name()][how]
    pytester.makepyfile(f"""
        import pytest
        from pytest_demodata import IsolationError
        from tools import assert_anew, escape, tiers, write

        def test_before(demo_db_small):
            write(demo_db_small, "before")

        def test_escapes(demo_db_small):
            write(demo_db_small, "test")
            escape(demo_db_small, {how!r})
            for use in (
                lambda: write(demo_db_small, "again"),
                lambda: tiers(demo_db_small),
                lambda: demo_db_small.sessionmaker().connection(),
                lambda: demo_db_small.engine.raw_connection(),
                lambda: demo_db_small.digests,
                lambda: demo_db_small.reset(),
            ):
                with pytest.raises(IsolationError) as caught:
                    use()
                assert str(caught.value) == {GONE.format(cause=cause)!r}
            demo_db_small.session.rollback()

        def test_next(demo_db_small):
            assert_anew(demo_db_small)

        def test_later(demo_db_small):
            assert_anew(demo_db_small)
    """)
    result = _run(pytester, f"--demodata-url={any_url}", failed=1, passed=3)
    _assert_told(result, "small", cause)
    assert _times_made(result, "small") == 2


KILLS: Final = {
    "postgresql": "SELECT pg_terminate_backend({})",
    "mariadb": "KILL {}",
}


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("any_url", KILLS, indirect=True)
def test_a_connection_that_is_killed_in_the_middle(pytester: pytest.Pytester, any_url: str) -> None:
    """The test fails with the cause, also of one that only reads, and the next finds it anew."""
    kind = make_url(any_url).get_backend_name()
    number = "pg_backend_pid()" if kind == "postgresql" else "CONNECTION_ID()"
    pytester.makepyfile(f"""
        import time
        from threading import Thread

        import pytest
        from pytest_demodata import IsolationError
        from sqlalchemy import create_engine, text
        from sqlalchemy.exc import DBAPIError
        from tools import assert_anew, tiers, write

        def kill(db):
            with db.engine.connect() as connection:
                number = connection.scalar(text("SELECT {number}"))
            other = create_engine({any_url!r}, isolation_level="AUTOCOMMIT")
            with other.connect() as connection:
                connection.execute(text({KILLS[kind]!r}.format(number)))
            other.dispose()
            time.sleep(0.1)

        @pytest.fixture(scope="module", autouse=True)
        def row(demo_db_small):
            write(demo_db_small, "module")

        def test_writes(demo_db_small):
            with demo_db_small.sessionmaker() as session:
                session.execute(text("DELETE FROM inventory"))
                kill(demo_db_small)
                with pytest.raises((DBAPIError, IsolationError)):
                    session.execute(text("DELETE FROM invoice_line_items"))
            with pytest.raises(IsolationError, match="The data is gone: .* {LOST}"):
                tiers(demo_db_small)

        def test_next(demo_db_small):
            assert_anew(demo_db_small)

        def test_reads(demo_db_small):
            tiers(demo_db_small)
            kill(demo_db_small)
            with pytest.raises((DBAPIError, IsolationError)):
                tiers(demo_db_small)

        def test_after_it(demo_db_small):
            assert_anew(demo_db_small)

        def test_is_killed_in_its_thread(demo_db_small):
            with pytest.raises((DBAPIError, IsolationError)):
                with demo_db_small.engine.begin() as connection:
                    thread = Thread(target=kill, args=[demo_db_small])
                    thread.start()
                    thread.join()
                    connection.execute(text("DELETE FROM inventory"))

        def test_last(demo_db_small):
            assert_anew(demo_db_small)
    """)
    result = _run(pytester, f"--demodata-url={any_url}", failed=3, passed=3)
    assert _in_errors(result).count(f"of volume 'small': {LOST}") == 3
    assert _times_made(result, "small") == 4


PHASES: Final = {
    "setup": "with_setup",
    "teardown": "with_teardown",
    "setup of a class": "with_class",
    "teardown of a class": "with_class_teardown",
    "setup of a module": "with_module",
}


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("how", ["driver.rollback()", "clash('ROLLBACK')"])
@pytest.mark.parametrize("phase", PHASES)
def test_a_fixture_that_breaks_out_is_an_error(
    pytester: pytest.Pytester, phase: str, how: str
) -> None:
    """The test at work is told, whichever fixture it was, and the next test finds the data anew."""
    pytester.makepyfile(
        test_a=f"""
            import pytest
            from tools import assert_anew, escape, tiers, write

            @pytest.fixture
            def with_setup(demo_db_small):
                write(demo_db_small, "fixture")
                escape(demo_db_small, {how!r})

            @pytest.fixture
            def with_teardown(demo_db_small):
                yield
                write(demo_db_small, "fixture")
                escape(demo_db_small, {how!r})

            @pytest.fixture(scope="class")
            def with_class(demo_db_small):
                write(demo_db_small, "fixture")
                escape(demo_db_small, {how!r})

            @pytest.fixture(scope="class")
            def with_class_teardown(demo_db_small):
                write(demo_db_small, "fixture")
                yield
                assert tiers(demo_db_small) == "fixture"
                escape(demo_db_small, {how!r})

            @pytest.fixture(scope="module")
            def with_module(demo_db_small):
                write(demo_db_small, "fixture")
                escape(demo_db_small, {how!r})

            class TestIt:
                def test_escapes(self, {PHASES[phase]}):
                    pass

            def test_next(demo_db_small):
                assert_anew(demo_db_small)

            def test_later(demo_db_small):
                assert_anew(demo_db_small)
        """,
        test_b="""
            from tools import assert_anew

            def test_next_module(demo_db_small):
                assert_anew(demo_db_small)
        """,
    )
    result = _run(pytester, errors=1, passed=4 if "teardown" in phase else 3)
    _assert_told(result, "small", ESCAPES["sqlite"][how])
    assert _times_made(result, "small") == 2


@pytest.mark.usefixtures("tools")
def test_the_last_teardown_breaks_out(pytester: pytest.Pytester) -> None:
    """Also the teardown of a session's fixture is told."""
    pytester.makepyfile("""
        import pytest
        from tools import escape

        @pytest.fixture(scope="session")
        def of_session(demo_db_small):
            yield
            escape(demo_db_small, "driver.commit()")

        def test_last(of_session):
            pass
    """)
    _assert_told(_run(pytester, errors=1, passed=1), "small", ROUND)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("any_url", "end"),
    [
        ("sqlite", "COMMIT"),
        ("sqlite", "ROLLBACK"),
        ("postgresql", "ROLLBACK"),
        ("mariadb", "COMMIT"),
    ],
    indirect=["any_url"],
)
def test_a_new_transaction_does_not_hide_that_the_old_one_has_ended(
    pytester: pytest.Pytester, any_url: str, end: str
) -> None:
    """A savepoint that is gone is found at the latest when the test ends."""
    pytester.makepyfile(f"""
        import re
        from tools import assert_anew, escape, tiers, write

        def test_before(demo_db_small):
            assert_anew(demo_db_small)

        def test_escapes(demo_db_small):
            write(demo_db_small, "test")
            escape(demo_db_small, "[driver.cursor().execute(each) for each in ({end!r}, 'BEGIN')]")

        def test_next(demo_db_small):
            assert_anew(demo_db_small)

        def test_later(demo_db_small):
            assert_anew(demo_db_small)
    """)
    result = _run(pytester, f"--demodata-url={any_url}", errors=1, passed=4)
    result.stdout.fnmatch_lines([f"*of volume 'small': {ROUND} (*demodata_*)."])


@pytest.mark.usefixtures("tools")
def test_statements_after_a_new_transaction(pytester: pytest.Pytester) -> None:
    """Once a savepoint was missed, the test gets the sentence."""
    pytester.makepyfile(
        """
        import pytest
        from pytest_demodata import IsolationError
        from tools import assert_anew, escape, tiers, write

        def test_escapes(demo_db_small):
            with demo_db_small.sessionmaker() as session:
                session.execute(demo_db_small.metadata.tables["inventory"].delete())
                escape(demo_db_small, "driver.execute('COMMIT'), driver.execute('BEGIN')")
                session.rollback()
            with pytest.raises(IsolationError, match="The data is gone: .* no such savepoint"):
                tiers(demo_db_small)

        def test_next(demo_db_small):
            assert_anew(demo_db_small)
    """.replace(" no such", r" \\(no such")
    )
    _run(pytester, failed=1, passed=1)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("any_url", ["sqlite", "postgresql"], indirect=True)
def test_only_the_broken_database_is_made_anew(pytester: pytest.Pytester, any_url: str) -> None:
    """Another volume, and what was written to it, stays."""
    pytester.makepyfile("""
        import pytest
        from tools import assert_anew, escape, tiers, write

        @pytest.fixture(scope="module", autouse=True)
        def rows(demo_db_small, demo_db_medium):
            write(demo_db_small, "small")
            write(demo_db_medium, "medium")

        def test_escapes(demo_db_small, demo_db_medium):
            escape(demo_db_small, "driver.commit()")
            assert tiers(demo_db_medium) == "medium"

        def test_next(demo_db_small, demo_db_medium):
            assert_anew(demo_db_small)
            assert tiers(demo_db_medium) == "medium"

        def test_both(demo_db_small, demo_db_medium):
            escape(demo_db_small, "driver.commit()")
            escape(demo_db_medium, "driver.rollback()")

        def test_last(demo_db_small, demo_db_medium):
            assert_anew(demo_db_small)
            assert_anew(demo_db_medium)
    """)
    result = _run(pytester, f"--demodata-url={any_url}", failed=2, passed=2)
    told = [ESCAPED.format(volume=volume, cause=ROUND) for volume in ("small", "medium")]
    assert "\n\n".join(told) in _in_errors(result)
    assert (_times_made(result, "small"), _times_made(result, "medium")) == (3, 2)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("end", "outcomes"),
    [
        ("pytest.skip('why')", {"failed": 1}),
        ("unittest.SkipTest('why')", {"failed": 1}),
        ("pytest.xfail('why')", {"xfailed": 1}),
        ("pytest.fail('why')", {"failed": 1}),
        ("ValueError('why')", {"failed": 1}),
    ],
)
def test_a_test_that_breaks_out_and_ends_otherwise(
    pytester: pytest.Pytester, end: str, outcomes: dict[str, int]
) -> None:
    """A skip does not hide the cause, and an error of the test's own has it as a note."""
    raising = end if end.startswith("pytest") else f"raise {end}"
    pytester.makepyfile(f"""
        import unittest

        import pytest
        from tools import assert_anew, escape

        def test_escapes(demo_db_small):
            escape(demo_db_small, "driver.commit()")
            {raising}

        def test_next(demo_db_small):
            assert_anew(demo_db_small)
    """)
    result = _run(pytester, passed=1, **outcomes)
    if outcomes == {"failed": 1}:
        _assert_told(result, "small", ROUND)


@pytest.mark.usefixtures("tools")
def test_a_test_marked_xfail_breaks_out(pytester: pytest.Pytester) -> None:
    """Breaking out is a failure as any other to the marker, and is repaired as well."""
    pytester.makepyfile("""
        import pytest
        from tools import assert_anew, escape

        @pytest.mark.xfail(strict=True)
        def test_escapes(demo_db_small):
            escape(demo_db_small, "driver.commit()")

        @pytest.mark.xfail(raises=ValueError)
        def test_escapes_otherwise(demo_db_small):
            escape(demo_db_small, "driver.commit()")

        def test_next(demo_db_small):
            assert_anew(demo_db_small)
    """)
    _assert_told(_run(pytester, xfailed=1, failed=1, passed=1), "small", ROUND)


@pytest.mark.usefixtures("tools")
def test_a_test_case_breaks_out(pytester: pytest.Pytester) -> None:
    """A test of unittest's fails with the cause as well."""
    pytester.makepyfile("""
        import unittest

        import pytest
        from tools import assert_anew, escape

        class TestIt(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def database(self, demo_db_small):
                self.db = demo_db_small

            def test_a_escapes(self):
                escape(self.db, "driver.commit()")

            def test_b_next(self):
                assert_anew(self.db)
    """)
    _assert_told(_run(pytester, failed=1, passed=1), "small", ROUND)


@pytest.mark.usefixtures("tools")
def test_what_is_left_of_an_escape_does_not_touch_the_next_test(
    pytester: pytest.Pytester, any_url: str
) -> None:
    """Sessions and connections that outlive the transaction they began in change nothing."""
    pytester.makepyfile("""
        from sqlalchemy import text
        from tools import assert_anew, escape, tiers, write

        left = []

        def test_escapes(demo_db_small):
            session = demo_db_small.sessionmaker()
            session.begin_nested()
            session.execute(text("DELETE FROM inventory"))
            automatic = demo_db_small.engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            )
            automatic.execute(text("SAVEPOINT one"))
            demo_db_small.session.begin_nested()
            demo_db_small.session.execute(text("DELETE FROM inventory"))
            half_read = demo_db_small.session.execute(text("SELECT * FROM invoices"))
            left.extend([session, automatic, half_read])
            escape(demo_db_small, "driver.rollback()")

        def test_next(demo_db_small):
            assert_anew(demo_db_small)
            session, automatic, _ = left
            automatic.execute(text("ROLLBACK TO one"))
            automatic.execute(text("RELEASE SAVEPOINT one"))
            session.rollback()
            assert tiers(demo_db_small) == "anew"
            session.execute(text("DELETE FROM inventory"))
            session.commit()
            automatic.close()

        def test_later(demo_db_small):
            assert_anew(demo_db_small)
    """)
    result = _run(pytester, f"--demodata-url={any_url}", failed=1, passed=2)
    _assert_told(result, "small", ROUND)


# --- What a fixture leaves in the session of the test


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("writes", ["session.add(row)", "session.add(row); session.flush()"])
def test_another_fixture_does_not_commit_what_the_test_has_begun(
    pytester: pytest.Pytester, writes: str
) -> None:
    """A wider fixture that is asked for in a test's body leaves the test's own rows alone."""
    pytester.makepyfile(f"""
        from datetime import datetime

        from pytest_demodata.invoicing import CustomerType
        from tools import assert_anew, tiers

        def test_asks(demo_db_small, request):
            session = demo_db_small.session
            row = CustomerType(
                name="row", discount_percentage=0, priority_level=1,
                created_at=datetime(2025, 1, 1),
            )
            {writes}
            request.getfixturevalue("tmp_path_factory")
            request.getfixturevalue("demo_db_medium")
            session.rollback()
            assert tiers(demo_db_small) == ""
            session.add(row)
            request.getfixturevalue("record_testsuite_property")

        def test_next(demo_db_small):
            assert_anew(demo_db_small)
    """)
    _run(pytester, passed=2)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("nested", [False, True])
def test_the_end_of_a_test_undoes_an_older_session_without_a_word(
    pytester: pytest.Pytester, *, nested: bool
) -> None:
    """A session that was left open, with newer commits of others, is no reason to warn."""
    pytester.makepyfile(f"""
        import pytest
        from sqlalchemy import text
        from tools import assert_anew, tiers, write

        @pytest.mark.parametrize("number", range(2))
        def test_leaves_open(demo_db_small, number):
            if {nested}:
                demo_db_small.session.begin_nested()
            demo_db_small.session.execute(text("DELETE FROM inventory"))
            write(demo_db_small, "newer")

        def test_next(demo_db_small):
            assert_anew(demo_db_small)

        def test_resets(demo_db_small):
            if {nested}:
                demo_db_small.session.begin_nested()
            demo_db_small.session.execute(text("DELETE FROM inventory"))
            write(demo_db_small, "newer")
            demo_db_small.reset()
            assert_anew(demo_db_small)
    """)
    _run(pytester, passed=4)


@pytest.mark.usefixtures("tools")
def test_an_application_s_own_listeners_are_there_before_the_data(
    pytester: pytest.Pytester,
) -> None:
    """SQLAlchemy's recipe for SQLite, on all engines, does not stop the generation."""
    pytester.makeconftest("""
        from sqlalchemy import Engine, event

        def connect(driver, record):
            driver.isolation_level = None
            driver.execute("PRAGMA foreign_keys = ON")
            driver.execute("PRAGMA journal_mode = WAL")

        def begin(connection):
            connection.exec_driver_sql("BEGIN")

        def pytest_configure():
            event.listen(Engine, "connect", connect)
            event.listen(Engine, "begin", begin)

        def pytest_unconfigure():
            event.remove(Engine, "connect", connect)
            event.remove(Engine, "begin", begin)
    """)
    pytester.makepyfile("""
        import pytest
        from tools import assert_anew

        @pytest.mark.parametrize("number", range(2))
        def test_it(demo_db_small, number):
            assert_anew(demo_db_small)
    """)
    _run(pytester, passed=2)
    _run(pytester, "--demodata-url=sqlite:///demo.sqlite", passed=2)


@pytest.mark.usefixtures("tools")
def test_reset_takes_the_rows_of_wider_fixtures_until_the_test_ends(
    pytester: pytest.Pytester, any_url: str
) -> None:
    """They are back in the next test; tables that the test has made are gone."""
    pytester.makepyfile("""
        import pytest
        from sqlalchemy import inspect, text
        from tools import assert_anew, tiers, write

        def tables(db):
            if db.engine.name != "mariadb":
                with db.engine.begin() as connection:
                    yield connection

        @pytest.fixture(scope="module")
        def row(demo_db_small):
            write(demo_db_small, "module")

        def test_resets(row, demo_db_small):
            before = dict(demo_db_small.digests)
            write(demo_db_small, "test")
            for connection in tables(demo_db_small):
                connection.execute(text(
                    "CREATE TABLE extras (customer_id INTEGER REFERENCES customers (id))"
                ))
                connection.execute(text("INSERT INTO extras VALUES (1)"))
                connection.execute(text("ALTER TABLE customers ADD COLUMN extra TEXT"))
            demo_db_small.reset()
            assert tiers(demo_db_small) == ""
            after = dict(demo_db_small.digests)
            assert {name for name in after if after[name] != before[name]} == {"customer_types"}
            inspector = inspect(demo_db_small.engine)
            assert set(inspector.get_table_names()) == set(demo_db_small.counts)
            columns = {column["name"] for column in inspector.get_columns("customers")}
            assert columns == set(demo_db_small.metadata.tables["customers"].columns.keys())

        def test_next(row, demo_db_small):
            assert tiers(demo_db_small) == "module"

        @pytest.fixture(scope="module")
        def resetting(demo_db_small):
            demo_db_small.reset()

        def test_reset_for_the_module(resetting, demo_db_small):
            assert_anew(demo_db_small)
    """)
    _run(pytester, f"--demodata-url={any_url}", passed=3)


# --- The sandbox itself


@contextmanager
def _two_tables() -> Iterator[Any]:
    engine = prepare_sqlite(create_engine("sqlite://", connect_args={"check_same_thread": False}))
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE numbers (number INTEGER UNIQUE)"))
        yield connection.connection.driver_connection
        connection.invalidate()
    engine.dispose()


@pytest.fixture
def scopes() -> Scopes:
    """Scopes of a test in a module, both open."""
    scopes = Scopes()
    scopes.open(Scope("module", "module"))
    scopes.open(Scope("test", "test"))
    return scopes


@pytest.fixture
def box(scopes: Scopes, engine: Engine) -> Iterator[Sandbox]:
    """A sandbox with one empty table."""
    box = Sandbox(database_of(engine.dialect), scopes, _two_tables)
    yield box
    box.discard()


def _work(
    box: Sandbox, client: Client, statement: str, action: Callable[[], object] = lambda: None
) -> None:
    with box.working(client, statement) as runs:
        if runs:
            action()


def _insert(box: Sandbox, client: Client, number: int) -> None:
    def action() -> None:
        box.cursor().execute(f"INSERT INTO numbers VALUES ({number})")

    _work(box, client, "INSERT", action)


def _marks(box: Sandbox) -> list[Mark]:
    return box.fill().marks


def _numbers(box: Sandbox) -> list[int]:
    cursor = box.cursor()
    cursor.execute("SELECT number FROM numbers ORDER BY number")
    return [number for (number,) in cursor.fetchall()]


def test_a_driver_without_a_facade_of_its_own(box: Sandbox) -> None:
    """The facade that any driver has looks at statements, commits and rolls back."""
    connection = FacadeConnection(box)
    cursor = connection.cursor()
    cursor.execute("INSERT INTO numbers VALUES (?)", (1,))
    connection.commit()
    cursor.executemany("INSERT INTO numbers VALUES (?)", [(2,), (3,)])
    connection.rollback()
    assert list(cursor.execute("SELECT number FROM numbers")) == [(1,)]
    assert (cursor.description[0][0], cursor.connection) == ("number", connection)
    cursor.arraysize = 7
    assert cursor.arraysize == 7
    assert connection.in_transaction
    connection.close()
    assert _numbers(box) == [1]


@pytest.mark.parametrize("owner", ["sqlite"], indirect=True)
@pytest.mark.parametrize("size", [None, 70])
@pytest.mark.usefixtures("owner")
def test_a_rollback_while_rows_are_fetched_loses_none(
    demo_db_small: DemoDatabase, size: int | None
) -> None:
    """As when the garbage collector closes a session just then."""
    session = demo_db_small.sessionmaker()
    session.execute(text("DELETE FROM inventory"))
    raw: Any = demo_db_small.engine.raw_connection().dbapi_connection

    def of_row(_cursor: object, row: tuple[int]) -> int:
        if row[0] == 3 and session.in_transaction():
            session.rollback()
        return row[0]

    raw.row_factory = of_row
    cursor = raw.execute("SELECT id FROM invoices ORDER BY id")
    rows = cursor.fetchall() if size is None else cursor.fetchmany(size)
    assert sorted(rows + cursor.fetchall()) == list(range(1, 76))
    assert cursor.fetchmany() == []


def test_many_commits_leave_no_savepoints(box: Sandbox) -> None:
    """A test that commits twenty thousand times has the one savepoint of each scope at its end."""
    older = Client()
    _insert(box, older, -1)
    for number in range(20_000):
        client = Client()
        _insert(box, client, number)
        box.commit(client)
    assert len(_marks(box)) == 3  # the savepoints of two scopes and of one client
    box.commit(older)
    assert len(_marks(box)) == 2
    assert len(_numbers(box)) == 20_001


def test_a_savepoint_of_the_same_name_again_and_again(box: Sandbox) -> None:
    """Savepoints that are never released go with the transaction."""
    client = Client()
    for number in range(200):
        _work(box, client, "SAVEPOINT one")
        _insert(box, client, number)
        _work(box, client, "ROLLBACK TO one")
    box.commit(client)
    assert len(_marks(box)) == 2
    assert _numbers(box) == []


def test_an_ending_that_fails_is_a_cause(box: Sandbox, scopes: Scopes) -> None:
    """What could not be put back is thrown away with the data, and the next use gets it anew."""

    def fail(_: object) -> None:
        message = "no"
        raise ValueError(message)

    scope = Scope("a test", object())
    scopes.open(scope)
    _insert(box, Client(), 1)
    box.at_end("first", fail)
    box.at_end("second", fail)
    scopes.close()
    assert box.close_scope(scope).endswith("(no)")
    assert _numbers(box) == []


def test_an_interrupt_in_a_statement_leaves_the_sandbox_usable(box: Sandbox) -> None:
    """Ctrl-C in a statement comes through, and no lock stays behind."""
    client = Client()

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _work(box, client, "DELETE", interrupted)
    thread = threading.Thread(target=box.rollback, args=[client])
    thread.start()
    thread.join(1)
    assert not thread.is_alive()
    _insert(box, client, 1)
    assert _numbers(box) == [1]


def test_a_warning_that_is_an_error_comes_after_the_rollback(box: Sandbox) -> None:
    """Where warnings are errors, the rollback of an older writer is done all the same."""
    older, newer = Client(), Client()
    _insert(box, older, 1)
    _insert(box, newer, 2)
    with pytest.raises(IsolationWarning):
        box.rollback(older)
    assert _numbers(box) == []

    def work() -> None:
        _insert(box, newer, 3)
        box.commit(newer)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()
    assert _numbers(box) == [3]


def test_a_client_that_outlives_its_test_rolls_nothing_back(box: Sandbox, scopes: Scopes) -> None:
    """A session that the garbage collector closes in the next test has nothing to undo."""
    late, nested = Client(), Client()
    _insert(box, late, 1)
    _work(box, nested, "SAVEPOINT one")
    assert not box.close_scope(scopes.close())
    scopes.open(Scope("next", "next"))
    client = Client()
    _insert(box, client, 2)
    box.rollback(late)
    _work(box, nested, "ROLLBACK TO one")
    _work(box, nested, "RELEASE one")
    box.rollback(nested)
    box.commit(client)
    assert _numbers(box) == [2]
    assert not box.close_scope(scopes.close())
    assert _numbers(box) == []


def test_settings_end_with_their_scope(box: Sandbox, scopes: Scopes) -> None:
    """Of what is to be undone for a key, the first is, at the end of the test."""
    order: list[str] = []
    box.at_end("key", lambda _: order.append("first"))
    box.at_end("key", lambda _: order.append("second"))
    assert not box.close_scope(scopes.close())
    assert order == ["first"]


def test_a_sandbox_without_any_scope(box: Sandbox, scopes: Scopes) -> None:
    """What a fixture of the session writes stays, and nothing has a guard."""
    scopes.close()
    scopes.close()
    client = Client()
    assert box.back_to_birth()
    box.at_end("key", lambda _: None)
    _insert(box, client, 1)
    box.commit(client)
    assert not box.back_to_birth()
    assert _numbers(box) == [1]
    assert _marks(box) == []


def test_a_scope_that_was_never_written_for_closes_at_once(box: Sandbox, scopes: Scopes) -> None:
    """A test that does not use the database costs it nothing."""
    assert not box.close_scope(scopes.close())
    assert box._transaction is None  # noqa: SLF001 - not even filled


def test_a_thread_that_waits_while_the_database_is_thrown_away(
    box: Sandbox, scopes: Scopes
) -> None:
    """It goes on with the new one, and in the scopes that are open then."""
    holding, waiting = Client(), Client()
    _insert(box, holding, 1)
    thread = threading.Thread(target=_insert, args=[box, waiting, 2])
    thread.start()
    while not box._writer_gone._waiters:  # type: ignore[attr-defined]  # noqa: SLF001
        pass
    box.discard()
    thread.join()
    assert _numbers(box) == [2]
    assert not box.close_scope(scopes.close())
    assert _numbers(box) == []


@pytest.mark.parametrize("owner", ["sqlite", "postgresql", "mariadb"], indirect=True)
@pytest.mark.usefixtures("owner")
def test_sessions_that_the_garbage_collector_finds_roll_back_their_own(
    demo_db_small: DemoDatabase,
) -> None:
    """A session in a cycle that nobody closed undoes what it wrote, whenever it is collected."""

    class Box:
        """Something that refers to itself."""

    delete = text("DELETE FROM inventory")
    for _ in range(3):
        cycle: Any = Box()
        cycle.itself, cycle.session = cycle, demo_db_small.sessionmaker()
        cycle.session.execute(delete)
        del cycle
        gc.collect()
    rows = demo_db_small.session.scalar(text("SELECT count(*) FROM inventory"))
    assert rows == demo_db_small.counts["inventory"]


def test_a_thread_between_two_tests_waits_for_the_next(
    box: Sandbox, scopes: Scopes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on in the next test, or is told after a while that there is none."""
    scopes.idle = True
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(_insert, box, Client(), 1)
        with pytest.raises(TimeoutError):
            writing.result(timeout=0.1)
        scopes.idle = False
        writing.result()
        assert _numbers(box) == [1]
        scopes.idle = True
        monkeypatch.setattr("pytest_demodata.sandbox.PATIENCE", 0.02)
        with pytest.raises(IsolationError, match="The demo database was used between two tests"):
            pool.submit(_insert, box, Client(), 2).result()
    scopes.idle = False
    assert _numbers(box) == [1]
