"""What psycopg's connections have beyond the standard of drivers, for the code under test."""

from __future__ import annotations

import re
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from pytest_demodata.errors import IsolationError
from pytest_demodata.facade import BufferedCursor, FacadeConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine.interfaces import DBAPICursor

    from pytest_demodata.sandbox import Sandbox
    from pytest_demodata.statements import Statement

_LOCKS: Final = (
    "SELECT format('%s(%s)', CASE mode WHEN 'ShareLock' THEN 'pg_advisory_unlock_shared'"
    " ELSE 'pg_advisory_unlock' END, CASE objsubid WHEN 1 THEN"
    " ((classid::bigint << 32) | objid::bigint)::text"
    " ELSE format('%s, %s', classid::bigint::bit(32)::int, objid::bigint::bit(32)::int) END)"
    " FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
)
_PREPARED: Final = "SELECT format('%I', name) FROM pg_prepared_statements"
_OUTSIDE: Final = {
    re.compile(r"advisory_lock", re.IGNORECASE): (_LOCKS, "SELECT {}"),
    re.compile(r"^[\s;]*PREPARE\b", re.IGNORECASE): (_PREPARED, "DEALLOCATE {}"),
}
"""For words of a statement: what lists the things that no rollback takes back, and takes one."""

_DEFINING: Final = re.compile(
    r"\bCREATE\b.*\b(?:FUNCTION|PROCEDURE|AGGREGATE)\b", re.IGNORECASE | re.DOTALL
)
_CALL_OF_SCHEMA: Final = re.compile(r"\b(?!pg_catalog\b|information_schema\b)\w+\.\w+\s*\(")

_TO_CLIENT: Final = re.compile(r"\bTO\s+STDOUT\b", re.IGNORECASE)
_CONSTRAINING: Final = re.compile(r"[\s;]*SET\s+CONSTRAINTS\b", re.IGNORECASE)

_numbers: Final = count(1)


class PsycopgFacadeCursor(BufferedCursor):
    """A cursor with COPY and streams."""

    _OWN: ClassVar[frozenset[str]] = frozenset({"connection", "_cursor", "itersize", "name"})

    def __init__(self, connection: FacadeConnection, cursor: DBAPICursor, name: str) -> None:
        super().__init__(connection, cursor)
        self.name = name
        self.itersize = 100  # of a cursor of the server's, which it would be

    def execute(self, statement: Any, *parameters: Any, **options: Any) -> Any:  # noqa: ANN401
        """Run a statement, which may be composed of parts, or bytes."""
        __tracebackhide__ = True
        return self._run(self._cursor.execute, statement, *parameters, **options)

    def executemany(self, statement: Any, *parameters: Any, **options: Any) -> Any:  # noqa: ANN401
        """Run a statement for each of many parameters."""
        __tracebackhide__ = True
        return self._run(self._cursor.executemany, statement, *parameters, **options)

    @contextmanager
    def copy(self, statement: Any, *parameters: Any, **options: Any) -> Iterator[Any]:  # noqa: ANN401
        """Copy rows in or out, and let nobody else at the connection meanwhile."""
        driver: Any = self._cursor
        with (
            self.connection.working(self._text_of(statement)) as runs,
            self.connection.sandbox.occupied("A COPY"),
            driver.copy(statement, *parameters, **options) as copy,
        ):
            yield copy
            if runs and _TO_CLIENT.search(runs.plain):
                for _ in copy:  # to the end: psycopg cancels what is not read
                    pass

    def stream(self, statement: Any, *parameters: Any, **options: Any) -> Iterator[Any]:  # noqa: ANN401
        """Yield the rows of a query; the driver has read them all, for others to work meanwhile."""
        del options
        self.execute(statement, *parameters)
        yield from self

    def _run(
        self,
        action: Callable[..., Any],
        statement: Any,  # noqa: ANN401 - psycopg takes texts, bytes, compositions and templates
        *parameters: Any,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        __tracebackhide__ = True
        with self.connection.working(self._text_of(statement)) as runs:
            if runs is not None:
                action(statement, *parameters, **options)
        return self

    def _text_of(self, statement: Any) -> str:  # noqa: ANN401 - as above
        if isinstance(statement, bytes):
            return statement.decode()
        if hasattr(statement, "as_string"):
            return str(statement.as_string(self._cursor))
        return "".join(getattr(statement, "strings", [statement]))


def _see_to_the_end(sandbox: Sandbox, plain: str) -> None:
    """Have what a rollback leaves go with the innermost scope."""
    if _CONSTRAINING.match(plain):
        sandbox.keep_savepoints()  # PostgreSQL keeps their state where a savepoint is released
    if _DEFINING.search(plain):
        defined = sandbox.remembered("defining", list)
        defined.append(plain)
        sandbox.at_end("defining", lambda _: defined.clear(), once=True)
    for words, (listing, taking) in _OUTSIDE.items():
        if words.search(plain):
            before = {name for (name,) in sandbox.ask(listing)}
            sandbox.at_end(taking, _leaving(before, listing, taking))


def _leaving(before: set[str], listing: str, taking: str) -> Callable[[Any], None]:
    """Return what takes all that is not listed before."""

    def take(driver: Any) -> None:  # noqa: ANN401 - psycopg's connection
        # Again and again, for a lock is held as often as it has been asked for.
        while after := [name for (name,) in driver.execute(listing) if name not in before]:
            for name in after:
                driver.execute(taking.format(name))

    return take


class PsycopgFacade(FacadeConnection):
    """A connection with shortcuts, rows of a kind, and blocks that are transactions."""

    _QUIET: ClassVar[frozenset[str]] = frozenset({"adapters", "encoding", "info", "pgconn", "xid"})

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.row_factory: Any = None
        self.isolation_level: Any = None
        self.read_only: bool | None = None
        self.deferrable: bool | None = None
        self._in_transaction = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.commit()
        self.close()

    @property
    def closed(self) -> bool:
        """Whether the connection can be used no more."""
        return self.sandbox.ended

    @property
    def broken(self) -> bool:
        """Whether the connection has been lost."""
        return self.sandbox.ended

    @property
    def autocommit(self) -> bool:
        """Whether each statement is kept at once."""
        return self.client.autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        self.set_autocommit(value)

    def set_autocommit(self, value: bool) -> None:  # noqa: FBT001 - psycopg's signature
        """Have each statement kept at once, or not."""
        self.client.autocommit = value

    def set_isolation_level(self, value: object) -> None:
        """Note a level; there is one transaction, and it has begun."""
        self.isolation_level = value

    @contextmanager
    def working(self, text: str) -> Iterator[Statement | None]:
        """Let a statement be run inside, which begins a transaction unless each is kept at once."""
        __tracebackhide__ = True
        self._in_transaction = not self.client.autocommit
        sandbox = self.sandbox
        calls = "(" in text and (
            sandbox.remembered("defining", list) or _CALL_OF_SCHEMA.search(text) is not None
        )
        with sandbox.working(self.client, text, writes=calls) as runs:
            if runs is not None:
                _see_to_the_end(sandbox, runs.plain)
            yield runs

    def commit(self) -> None:
        """Keep what was written on this connection, until the test ends."""
        self._in_transaction = False
        super().commit()

    def rollback(self) -> None:
        """Undo what was written on this connection since its last commit."""
        self._in_transaction = False
        super().rollback()

    def tpc_begin(self, xid: object) -> None:
        """Refuse a transaction of two phases.

        Raises:
            IsolationError: Always.
        """
        message = (
            f"The two-phase transaction {xid!s} would end the one that holds the demo data.\n"
            "Call commit() or rollback() of the session or connection instead: they stay inside "
            "the test."
        )
        raise IsolationError(message)

    def add_notice_handler(self, callback: object) -> None:
        """Leave it at the handler that the driver's connection has, which all share."""

    def cursor(self, name: str = "", *_: Any, **options: Any) -> PsycopgFacadeCursor:  # noqa: ANN401
        """Open a cursor, always one of the client's.

        A cursor of the server's, which has a name, would end with the savepoint it stands in.
        """
        for of_the_server in ("scrollable", "withhold"):
            options.pop(of_the_server, None)
        options.setdefault("row_factory", self.row_factory)
        return PsycopgFacadeCursor(self, self.sandbox.cursor(**options), name)

    def execute(self, statement: Any, *parameters: Any, **options: Any) -> Any:  # noqa: ANN401
        """Run a statement on a cursor of its own."""
        __tracebackhide__ = True
        return self.cursor().execute(statement, *parameters, **options)

    @contextmanager
    def transaction(
        self,
        savepoint_name: str | None = None,
        force_rollback: bool = False,  # noqa: FBT001, FBT002 - psycopg's signature
    ) -> Iterator[None]:
        """Keep what is written inside unless an exception ends it; nested, in a savepoint."""
        autocommit = self.client.autocommit
        if not self._in_transaction:
            self.client.autocommit, self._in_transaction = False, True
            keep, undo = self.commit, self.rollback
        else:
            name = f'"{savepoint_name or f"block_{next(_numbers)}"}"'
            self.execute(f"SAVEPOINT {name}")

            def keep() -> None:
                self.execute(f"RELEASE {name}")

            def undo() -> None:
                self.execute(f"ROLLBACK TO {name}")
                keep()

        try:
            yield
        except BaseException:
            undo()
            raise
        else:
            (undo if force_rollback else keep)()
        finally:
            self.client.autocommit = autocommit

    @contextmanager
    def pipeline(self) -> Iterator[None]:
        """Run the statements inside one by one, as each of them has to be looked at."""
        yield
