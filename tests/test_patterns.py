"""What code under test does to a database, and that nothing of it is left for the next test.

The patterns stand in `patterns.py` and, for one kind of database, in `patterns_….py`. The dataset
is looked at on the driver's own connection, and compared with one that was generated elsewhere;
what the database's owner has is looked at over other connections.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import patterns_mariadb
import patterns_postgresql
import patterns_sqlite
import pytest
from patterns import KINDS, PATTERNS, assert_as_generated, kind_of, rows_in, rows_of
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from pytest_demodata import DataGenerator, prepare_sqlite

if TYPE_CHECKING:
    from sqlalchemy import URL
    from users_database import UsersDatabase

    from pytest_demodata import DemoDatabase

assert all(each in PATTERNS for each in KINDS), (  # which the modules of the kinds have filled
    patterns_sqlite,
    patterns_postgresql,
    patterns_mariadb,
)


@pytest.fixture(scope="module")
def generated() -> str:
    """The rows of a small dataset that no test has ever seen."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    with engine.connect() as connection:
        DataGenerator(connection).generate("small")
        rows = rows_of(connection.connection.driver_connection)
    engine.dispose()
    return rows


def _forth_and_back(kind: str) -> pytest.MarkDecorator:
    """Name all patterns of a kind, for tests that share a demo database.

    The owner has a mark of its own: pytest 9 sets a session's fixture up for each set of parameters
    that are given together.
    """
    return pytest.mark.parametrize("name", [*PATTERNS[kind], *reversed(PATTERNS[kind])])


@_forth_and_back("sqlite")
@pytest.mark.parametrize("owner", ["sqlite"], indirect=True)
def test_a_pattern_on_sqlite(
    demo_db_small: DemoDatabase, owner: UsersDatabase, generated: str, name: str
) -> None:
    """Code under test gets what it would get of a database of its own, whatever came before."""
    _run_pattern(demo_db_small, owner, generated, name)


@_forth_and_back("postgresql")
@pytest.mark.parametrize("owner", ["postgresql"], indirect=True)
def test_a_pattern_on_postgresql(
    demo_db_small: DemoDatabase, owner: UsersDatabase, generated: str, name: str
) -> None:
    """The same, and what the owner has in tables of the same names stays as it is."""
    _run_pattern(demo_db_small, owner, generated, name)


@_forth_and_back("mariadb")
@pytest.mark.parametrize("owner", ["mariadb"], indirect=True)
def test_a_pattern_on_mariadb(
    demo_db_small: DemoDatabase, owner: UsersDatabase, generated: str, name: str
) -> None:
    """The same, and what the owner has in tables of the same names stays as it is."""
    _run_pattern(demo_db_small, owner, generated, name)


def _run_pattern(db: DemoDatabase, owner: UsersDatabase, generated: str, name: str) -> None:
    assert kind_of(db) == owner.kind
    assert_as_generated(db, generated)
    for _ in PATTERNS[owner.kind][name](db):
        pass
    owner.assert_untouched()


@pytest.mark.parametrize("owner", KINDS, indirect=True)
def test_nothing_is_left_of_the_last_pattern(demo_db_small: DemoDatabase, generated: str) -> None:
    """The dataset is as it was generated after all of that."""
    assert_as_generated(demo_db_small, generated)
    assert dict(demo_db_small.counts) == {
        table: rows_in(demo_db_small, table) for table in demo_db_small.metadata.tables
    }


STRICT: Final = ["-Werror", "-Wignore:assertions not in test modules"]
"""Warnings are errors, but for the one that pytest gives under `python -O`."""

_FAILING: Final = """
    import sys

    import pytest

    sys.path.insert(0, {folder!r})
    import patterns_{kind}
    from patterns import PATTERNS, assert_as_generated, kind_of

    class Stop(Exception):
        pass

    @pytest.fixture(autouse=True)
    def intact(demo_db_small):
        assert kind_of(demo_db_small) == {kind!r}
        assert_as_generated(demo_db_small, {generated!r})

    @pytest.mark.parametrize("step", {steps})
    @pytest.mark.parametrize("name", PATTERNS[{kind!r}])
    def test_fails(demo_db_small, name, step):
        steps = PATTERNS[{kind!r}][name](demo_db_small)
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


@pytest.fixture(params=["sqlite", "a file", "postgresql", "mariadb"])
def place(request: pytest.FixtureRequest) -> str:
    """The URL of each kind of place where demo databases stand."""
    if request.param == "sqlite":
        return "sqlite://"
    if request.param == "a file":
        return "sqlite:///demo.sqlite"
    url: URL = request.getfixturevalue(f"{request.param}_url")
    return url.render_as_string(hide_password=False)


def test_a_test_that_fails_in_the_middle_of_a_pattern_leaves_nothing(
    pytester: pytest.Pytester, generated: str, place: str
) -> None:
    """The next test finds the dataset also where a test stopped halfway, in whatever order."""
    kind = make_url(place).get_backend_name()
    alone = place == "sqlite://"
    steps = [0, 1] if alone else [0]
    failing = _FAILING.format(
        folder=str(Path(__file__).parent), kind=kind, generated=generated, steps=steps
    )
    pytester.makeconftest(_SHUFFLING.format(seed=steps))
    pytester.makepyfile(failing)
    arguments = ["-pno:xdist"] if alone else ["-n2"]
    result = pytester.runpytest_subprocess(
        *STRICT, "-pno:randomly", "--tb=no", *arguments, f"--demodata-url={place}"
    )
    result.assert_outcomes(failed=len(steps) * len(PATTERNS[kind]), passed=5)
    assert sum(line.startswith("demodata: made small, ") for line in result.outlines) == 1
    assert not list(pytester.path.glob("*.sqlite"))


_SAID: Final = {
    "sqlite": ('near "SELEC": syntax error', "no such savepoint: never"),
    "postgresql": ('syntax error at or near "SELEC"', 'savepoint "never" does not exist'),
    "mariadb": ("You have an error in your SQL syntax", "SAVEPOINT never does not exist"),
}


@pytest.mark.parametrize("owner", KINDS, indirect=True)
def test_errors_of_the_driver_pass_through(demo_db_small: DemoDatabase) -> None:
    """An error of the database's reaches the code under test as SQLAlchemy's."""
    syntax, savepoint = _SAID[kind_of(demo_db_small)]
    with demo_db_small.engine.connect() as connection:
        with pytest.raises(DBAPIError, match=syntax):
            connection.execute(text("SELEC 1"))
        connection.rollback()
        with pytest.raises(DBAPIError, match=savepoint):
            connection.execute(text("ROLLBACK TO never"))
        connection.rollback()
        assert connection.scalar(text("SELECT 1")) == 1
