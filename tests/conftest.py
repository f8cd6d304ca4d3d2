"""Databases for the tests: SQLite always, PostgreSQL and MariaDB where they run.

The servers are those of the environment variables DEMODATA_TEST_POSTGRESQL and
DEMODATA_TEST_MARIADB, or else those of this machine. Each test run makes a database of its own on
them, and drops it. With DEMODATA_TEST_REQUIRE_SERVERS=1 a missing server is a failure.
"""

from __future__ import annotations

import os
import secrets
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from pytest_demodata import prepare_sqlite
from pytest_demodata.invoicing import Base

pytest.register_assert_rewrite(
    "patterns",
    "patterns_mariadb",
    "patterns_postgresql",
    "patterns_sqlite",
    "runs",
    "users_database",
)

from runs import Runs  # noqa: E402 - after what has its assertions rewritten
from users_database import MariaDBDatabase, PostgreSQLDatabase  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import URL, Engine
    from users_database import UsersDatabase

pytest_plugins = ["pytester"]

_SERVERS: Final = {
    "postgresql": (
        "DEMODATA_TEST_POSTGRESQL",
        "postgresql+psycopg://postgres@127.0.0.1:5432/postgres?connect_timeout=3",
    ),
    "mariadb": (
        "DEMODATA_TEST_MARIADB",
        "mariadb+pymysql://root@127.0.0.1:3306/?connect_timeout=3",
    ),
}

_KINDS: Final = {kind.kind: kind for kind in (PostgreSQLDatabase, MariaDBDatabase)}


@contextmanager
def _scratch_database(server: str) -> Iterator[URL]:
    """Create a database on a server for as long as the tests need it."""
    variable, default = _SERVERS[server]
    url = make_url(os.environ.get(variable, default))
    name = f"demodata_test_{secrets.token_hex(6)}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except DBAPIError as error:
        reason = f"no {server} at {url.render_as_string()}; set {variable} ({error.orig})"
        if os.environ.get("DEMODATA_TEST_REQUIRE_SERVERS"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    try:
        yield url.set(database=name)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        admin.dispose()


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The runs inside of tests print what they print on a desk: on CI, pytest cuts no line."""
    for variable in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:asyncio")  # where no ini file is, it warns
    return pytester


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[URL]:
    """A PostgreSQL database that is dropped after the run."""
    with _scratch_database("postgresql") as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[URL]:
    """A MariaDB database that is dropped after the run."""
    with _scratch_database("mariadb") as url:
        yield url


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine on an empty SQLite database in memory, prepared as users are told to."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def any_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on an empty database of each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("engine")
        return
    engine = create_engine(request.getfixturevalue(f"{request.param}_url"))
    if request.param == "mariadb":  # else what another test has left open is waited for all day
        event.listen(engine, "connect", _wait_no_longer)
    yield engine
    Base.metadata.drop_all(engine)
    engine.dispose()


def _wait_no_longer(driver: Any, _record: object) -> None:
    with closing(driver.cursor()) as cursor:
        cursor.execute("SET SESSION lock_wait_timeout = 30")


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def any_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database of each kind, for runs of pytest inside of a test."""
    if request.param == "sqlite":
        return "sqlite://"
    url: URL = request.getfixturevalue(f"{request.param}_url")
    return url.render_as_string(hide_password=False)


@pytest.fixture(params=["postgresql", "mariadb"])
def users(request: pytest.FixtureRequest) -> Iterator[UsersDatabase]:
    """A user's own database, for the one test, with tables of the names that the dataset has."""
    database = _KINDS[request.param](request.getfixturevalue(f"{request.param}_url"))
    yield database
    database.drop()


class _Nobody:
    """Whoever has no database of their own, as on SQLite in memory."""

    kind = "sqlite"
    url = "sqlite://"

    def assert_untouched(self) -> None:
        """Hold nothing."""


@pytest.fixture(scope="session")
def owners(
    request: pytest.FixtureRequest,
) -> Callable[[str], AbstractContextManager[UsersDatabase | _Nobody]]:
    """Give the owner of a database of each kind, for the fixture `owner`.

    When the last test of an owner's is over, nothing of the demo databases is left on the server.
    """

    @contextmanager
    def owner(kind: str) -> Iterator[UsersDatabase | _Nobody]:
        if kind == "sqlite":
            yield _Nobody()
            return
        database = _KINDS[kind](request.getfixturevalue(f"{kind}_url"))
        try:
            yield database
            database.assert_clean()
        finally:
            database.drop()

    return owner


@pytest.fixture
def runs(
    users: UsersDatabase, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Runs]:
    """Runs of pytest on the user's database; what is left of them is killed."""
    for name in ("VOLUME", "SEED", "URL", "LOCALE", "AS_OF"):
        monkeypatch.delenv(f"DEMODATA_{name}", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    runs = Runs(pytester, users.url)
    yield runs
    runs.kill()
