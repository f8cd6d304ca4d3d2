"""An engine whose connections all work in one sandbox, whoever asks for one, in any thread.

A connection of its pool is a facade over the sandbox's one connection of the driver's: what the
code under test commits or rolls back on it is a savepoint there. Whatever a facade does not know
is the driver's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from sqlalchemy import NullPool, create_engine

from pytest_demodata.clients import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor

    from pytest_demodata.sandbox import Sandbox


class FacadeCursor:
    """A cursor of the driver's, whose statements are the sandbox's to look at first."""

    _OWN: ClassVar[frozenset[str]] = frozenset({"connection", "_cursor"})

    connection: FacadeConnection
    _cursor: DBAPICursor

    def __init__(self, connection: FacadeConnection, cursor: DBAPICursor) -> None:
        vars(self).update(connection=connection, _cursor=cursor)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the driver's has
        return getattr(self._cursor, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name in self._OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self._cursor, name, value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor)  # type: ignore[call-overload, no-any-return]

    def close(self) -> None:
        """Close the cursor, and not while another thread has it read its rows."""
        with self.connection.sandbox.lock:
            self._cursor.close()

    def execute(self, statement: str, *parameters: Any) -> Any:  # noqa: ANN401
        """Run a statement."""
        __tracebackhide__ = True
        self.connection.run(statement, self._cursor.execute, statement, *parameters)
        return self

    def executemany(self, statement: str, *parameters: Any) -> Any:  # noqa: ANN401
        """Run a statement for each of many parameters."""
        __tracebackhide__ = True
        self.connection.run(statement, self._cursor.executemany, statement, *parameters)
        return self

    def hold(self) -> None:
        """Read the rows that are left, where the driver has not read them all at once."""


class BufferedCursor(FacadeCursor):
    """A cursor of a driver that has read all rows at once; a context manager, and iterable."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cursor.fetchone, None)


class FacadeConnection:
    """A connection of the driver's, as its users see it."""

    _QUIET: ClassVar[frozenset[str]] = frozenset()
    """What of the driver's connection changes nothing."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.client = Client()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the driver's has
        return getattr(self.sandbox.driver(quietly=name in self._QUIET), name)

    def run(self, statement: str, action: Callable[..., object], *arguments: object) -> object:
        """Run a statement inside the sandbox; None where a savepoint of ours stands for it."""
        __tracebackhide__ = True
        return self.sandbox.run(self.client, statement, action, *arguments)

    def cursor(self, *arguments: Any, **options: Any) -> FacadeCursor:  # noqa: ANN401
        """Open a cursor."""
        return FacadeCursor(self, self.sandbox.cursor(*arguments, **options))

    def commit(self) -> None:
        """Keep what was written on this connection, until the test ends."""
        self.sandbox.commit(self.client)

    def rollback(self) -> None:
        """Undo what was written on this connection since its last commit."""
        self.sandbox.rollback(self.client)

    def close(self) -> None:
        """End the transaction, as a closed connection does, and leave the driver's open."""
        self.sandbox.rollback(self.client)


def facade_engine(
    url: URL, sandbox: Sandbox, facade: type[FacadeConnection] = FacadeConnection
) -> Engine:
    """Build the engine; once per dataset, because it costs more than a query.

    Args:
        url: What the engine says its URL is, and which dialect it speaks.
        sandbox: Where its connections work.
        facade: What its connections are.
    """

    def connect() -> DBAPIConnection:
        return cast("DBAPIConnection", facade(sandbox))

    engine = create_engine(url, creator=connect, poolclass=NullPool)
    dialect = engine.dialect
    level_of = dialect.get_isolation_level

    def do_begin(connection: FacadeConnection) -> None:
        connection.client.begun = True

    def set_isolation_level(connection: FacadeConnection, level: str) -> None:
        connection.client.autocommit = level == "AUTOCOMMIT"

    def get_isolation_level(connection: FacadeConnection) -> str:
        if connection.client.autocommit:
            return "AUTOCOMMIT"
        return level_of(cast("DBAPIConnection", connection))

    def get_driver_connection(connection: FacadeConnection) -> DBAPIConnection:
        return connection.sandbox.driver()

    vars(dialect).update(
        do_begin=do_begin,
        set_isolation_level=set_isolation_level,
        get_isolation_level=get_isolation_level,
        get_driver_connection=get_driver_connection,
    )
    return engine
