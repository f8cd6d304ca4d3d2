"""A database that holds a dataset, as the tests get it."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Self, cast

from sqlalchemy import URL, make_url
from sqlalchemy.orm import Session, sessionmaker

from pytest_demodata.databases import database_of
from pytest_demodata.digests import digest_of_table
from pytest_demodata.facade import facade_engine
from pytest_demodata.furnishing import Furnisher
from pytest_demodata.sandbox import Sandbox
from pytest_demodata.urls import names_file, read_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import date
    from pathlib import Path

    from sqlalchemy import Connection, Engine, MetaData
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from pytest_demodata.blueprint import Blueprint
    from pytest_demodata.images import Images
    from pytest_demodata.progress import Progress
    from pytest_demodata.provision import Stats
    from pytest_demodata.scopes import Scope, Scopes


class DemoDatabase:
    """A database that holds a dataset, in a transaction that is never committed.

    On SQLite, whose database is nobody else's, the data itself lies below the transaction.

    What a test, or the code under test, writes, commits and rolls back on the members stays inside
    the test. The plugin makes these; a test gets one from a fixture such as `demo_db_medium`.

    Attributes:
        volume: The volume's name, in the form to paste back.
        seed: The seed.
        locale: The locale.
        as_of: The date that all dates of the data hang on.
        blueprint: How the tables were filled.
        metadata: The `MetaData` of the tables.
        engine: An `Engine` for code under test that wants one. Each connection it hands out, in any
            thread, is inside the transaction, and its commits stay inside the test.
        sessionmaker: Makes further sessions on `engine`.
    """

    def __init__(  # noqa: PLR0913 - the settings of a dataset, and who is told of it
        self,
        volume: str,
        *,
        blueprint: Blueprint,
        seed: int,
        url: str | URL,
        folder: Path,
        locale: str,
        as_of: date,
        scopes: Scopes,
        progress: Callable[[str], AbstractContextManager[Progress]],
        made: Callable[[Stats, str], object],
        images: Images | None = None,
    ) -> None:
        self._furnisher = Furnisher(
            volume,
            blueprint=blueprint,
            seed=seed,
            locale=locale,
            as_of=as_of,
            progress=progress,
            images=images,
        )
        self._made = made
        self._url = _place(url, folder)
        self._database = database_of(self._url.get_dialect()())
        self._sandbox = Sandbox(self._database, scopes, self._filled)
        self._counts: Mapping[str, int] = {}
        self._session: Session | None = None
        self._connection: Connection | None = None
        self.volume = volume
        self.seed = seed
        self.locale = locale
        self.as_of = as_of
        self.blueprint = blueprint
        self.metadata: MetaData = blueprint.metadata
        self.engine: Engine = facade_engine(
            URL.create(self._url.drivername), self._sandbox, self._database.facade
        )
        self.sessionmaker: sessionmaker[Session] = sessionmaker(self.engine)
        self._sandbox.fill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Roll the transaction back, and with it the tables and all that is in them."""
        try:
            self.end_transactions()
        finally:
            self._sandbox.discard()

    def __repr__(self) -> str:
        return (
            f"<DemoDatabase {self.volume}, seed {self.seed}, {self.locale}, as of {self.as_of}, on "
            f"{self.engine.url}>"
        )

    @property
    def session(self) -> Session:
        """A `Session`, the same one each time within a test, and a fresh one in the next."""
        if self._session is None:
            self._session = self.sessionmaker()
        return self._session

    @property
    def connection(self) -> Connection:
        """A `Connection`, the same one each time within a test, and a fresh one in the next."""
        if self._connection is None or self._connection.closed:
            self._connection = self.engine.connect()
        return self._connection

    @cached_property
    def async_engine(self) -> AsyncEngine:
        """An `AsyncEngine` over the same data, for any event loop; it holds none.

        Raises:
            DatabaseSetupError: There is no greenlet, without which SQLAlchemy knows no asyncio.
        """
        from pytest_demodata.async_facade import async_facade_engine  # noqa: PLC0415 - asyncio only

        return async_facade_engine(self.engine.url, self._sandbox, self._database.facade)

    @property
    def counts(self) -> Mapping[str, int]:
        """The rows of each table as they were generated, by the table's name."""
        return self._counts

    @property
    def digests(self) -> Mapping[str, str]:
        """The SHA-256 of each table's rows as they are now, in one canonical form, by table.

        Of the data as it was generated, they are the same on every machine and database.
        """
        with self.engine.connect() as connection:
            digests = {
                name: digest_of_table(connection, table)
                for name, table in self.metadata.tables.items()
            }
        return MappingProxyType(digests)

    def reset(self) -> None:
        """Go back to the data as it was generated, until the test ends.

        What fixtures of a wider scope have added is gone as well, and back in the next test.
        Sessions of `sessionmaker` go on in a new transaction.
        """
        as_generated = self._sandbox.back_to_birth()
        self.end_transactions()
        if not as_generated:
            with self.engine.begin() as connection:
                generator = self._furnisher.generator(connection)
                generator.reset()
                generator.generate(self.volume)

    def loaded_by_others(self) -> Mapping[int, object] | None:
        """Return what `session` holds, by `id`; None where somebody has begun to write on it."""
        session = self._session
        if self._sandbox.writing():
            return None
        if session is None:
            return {}
        if session.new or session.dirty or session.deleted:
            return None
        return {id(each): each for each in session}

    def keep(self, others: Mapping[int, object]) -> None:
        """Commit what a fixture of a wider scope has left uncommitted on the members.

        Its objects stay loaded and leave the session, so that a fixture can hand them out.

        Args:
            others: What `loaded_by_others` returned before the fixture was set up.
        """
        session, connection = self._session, self._connection
        if session is not None and session.in_transaction():
            expire, session.expire_on_commit = session.expire_on_commit, False
            try:
                session.commit()
            finally:
                session.expire_on_commit = expire
            for each in list(session):
                if id(each) not in others:
                    session.expunge(each)
        if connection is not None and connection.in_transaction():
            connection.commit()

    def close_scope(self, scope: Scope) -> str:
        """Go back to how a scope found the data; for what it returns see `Sandbox.close_scope`.

        Close the sessions afterwards: there is nothing left then that they could roll back.
        """
        return self._sandbox.close_scope(scope)

    def end_transactions(self) -> None:
        """Close `session` and `connection`, so that whoever asks next gets others."""
        with ExitStack() as stack:
            if self._session is not None:
                stack.callback(self._session.close)
            if self._connection is not None:
                stack.callback(self._connection.close)
            self._session = self._connection = None

    def broken(self) -> str:
        """Return what ended the transaction that holds the data, or nothing where it stands."""
        return self._sandbox.broken()

    def _engines(self) -> Iterator[Engine]:
        """Give the engines that there are, which may have seen another place before."""
        yield self.engine
        if "async_engine" in vars(self):
            yield self.async_engine.sync_engine

    @contextmanager
    def _filled(self) -> Iterator[DBAPIConnection]:
        """Open a connection of the driver's and have the data on it."""
        with self._database.scratch(self._url, self.metadata) as scratch:
            connection = scratch.connection
            stats = self._furnisher.furnish(connection, self._database)
            self.volume, self.as_of, self._counts = stats.volume, stats.as_of, stats.counts
            self._made(stats, scratch.remark)
            for engine in self._engines():
                engine.dialect.default_schema_name = connection.dialect.default_schema_name
            yield cast("DBAPIConnection", connection.connection.driver_connection)


def _place(given: str | URL, folder: Path) -> URL:
    """Return the URL, with the whole path of its file for tests that change the folder."""
    text = read_url(given, folder)
    url = make_url(text)
    return url.set(database=str(folder / str(url.database))) if names_file(text) else url
