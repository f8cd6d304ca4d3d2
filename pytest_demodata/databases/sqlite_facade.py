"""What sqlite3's connections have beyond the standard of drivers, for the code under test."""

from __future__ import annotations

import re
import sqlite3
import sys
from contextlib import closing, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from pytest_demodata.facade import FacadeConnection, FacadeCursor
from pytest_demodata.statements import Effect, Grammar, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from sqlalchemy.engine.interfaces import DBAPICursor

    from pytest_demodata.sandbox import Sandbox

GRAMMAR: Final = Grammar(
    Words(begins=((r"PRAGMA (?!(?:\w+\.)?(?:user_version|application_id)\s*[=(])", Effect.READ),))
)

_READ: Final = Effect.READ

_SETTING: Final = re.compile(r"\s*PRAGMA\s+(?:\w+\.)?(\w+)\s*[=(]", re.IGNORECASE)
_FIXED: Final = frozenset({"journal_mode", "synchronous", "temp_store"})
"""What cannot be set inside a transaction, and applications set on each new connection."""
_SWITCHES: Final = frozenset(
    {
        "cache_size",
        "defer_foreign_keys",
        "ignore_check_constraints",
        "max_page_count",
        "query_only",
        "recursive_triggers",
        "reverse_unordered_selects",
        "writable_schema",
    }
)
"""What changes the results of others, and a rollback does not undo."""


class SqliteFacadeCursor(FacadeCursor):
    """A cursor that is an iterator, with scripts."""

    _OWN: ClassVar[frozenset[str]] = frozenset({"connection", "_cursor", "_rows"})

    _rows: Iterator[Any]

    def __init__(self, connection: FacadeConnection, cursor: DBAPICursor) -> None:
        vars(self).update(connection=connection, _cursor=cursor, _rows=cursor)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - a row is what the row_factory says
        for row in self.fetchmany(1):
            return row
        raise StopIteration

    def execute(self, statement: str, *parameters: Any) -> FacadeCursor:  # noqa: ANN401
        """Run a statement; keep what RETURNING returns, because no savepoint goes before that."""
        __tracebackhide__ = True
        if setting := _SETTING.match(statement):
            statement = self._prepare(setting[1].lower(), statement)
        cursor: Any = self._cursor
        sandbox = self.connection.sandbox
        with sandbox.lock:  # or somebody rolls back before it is known to read
            self.connection.run(statement, cursor.execute, statement, *parameters)
            if self._rows is not cursor:
                self._rows = cursor
            if cursor.description is not None:
                if GRAMMAR.look_at(statement).effect is _READ:
                    sandbox.reads(self)
                else:
                    self._rows = iter(list(cursor))
        return self

    def fetchone(self) -> Any:  # noqa: ANN401
        """Return the next row, or None."""
        return next(self, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows."""
        size = self._cursor.arraysize if size is None else size
        rows: list[Any] = []
        with self.connection.sandbox.lock:
            while more := list(islice(self._rows, size - len(rows))):
                rows += more  # and again, because a rollback meanwhile has put others in place
        return rows

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return self.fetchmany(sys.maxsize)

    def hold(self) -> None:
        """Read the rows that are left, because SQLite stops a query where others roll back.

        It does not where the transaction has changed no schema, as ours has.
        """
        with self.connection.sandbox.lock, suppress(sqlite3.Error):
            self._rows = iter(list(self._rows))

    def _prepare(self, name: str, statement: str) -> str:
        """Return what to run of a PRAGMA, and see to it that it ends with the test."""
        if name in _FIXED:
            return f"PRAGMA {name}"
        if name in _SWITCHES:
            ((before,),) = self.connection.cursor().execute(f"PRAGMA {name}")
            self.connection.sandbox.at_end(
                name, lambda driver: driver.execute(f"PRAGMA {name} = {before}")
            )
        return statement

    def executescript(self, script: str) -> SqliteFacadeCursor:
        """Commit, and run several statements, each kept at once, as sqlite3 does."""
        self.connection.commit()
        begun = False
        for statement in _statements_of(script):
            effect = GRAMMAR.look_at(statement).effect
            if effect is Effect.END and "ROLLBACK" in statement.upper():
                self.connection.rollback()
            elif effect not in {Effect.BEGIN, Effect.END}:
                self.execute(statement)
            begun = effect is Effect.BEGIN or (begun and effect is not Effect.END)
            if not begun:
                self.connection.commit()
        return self


def _statements_of(script: str) -> Iterator[str]:
    """Cut a script into statements; what is no whole one at its end comes last."""
    statement = ""
    for part in script.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip(" \n\t;"):
        yield statement


class SqliteFacade(FacadeConnection):
    """A connection with shortcuts, rows of a kind, functions, and a commit at the end of `with`."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.isolation_level: str | None = ""
        self.row_factory: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.commit()
        else:
            self.rollback()

    def cursor(self, *arguments: Any, **options: Any) -> SqliteFacadeCursor:  # noqa: ANN401
        """Open a cursor."""
        cursor: Any = self.sandbox.cursor(*arguments, **options)
        if self.row_factory is not None:
            cursor.row_factory = self.row_factory
        return SqliteFacadeCursor(self, cursor)

    def execute(self, statement: str, *parameters: Any) -> Any:  # noqa: ANN401
        """Run a statement on a cursor of its own."""
        return self.cursor().execute(statement, *parameters)

    def executemany(self, statement: str, *parameters: Any) -> Any:  # noqa: ANN401
        """Run a statement for each of many parameters on a cursor of its own."""
        return self.cursor().executemany(statement, *parameters)

    def executescript(self, script: str) -> FacadeCursor:
        """Run several statements on a cursor of its own."""
        return self.cursor().executescript(script)

    def create_function(
        self,
        name: str,
        narg: int,
        func: Callable[..., Any] | None,
        **options: Any,  # noqa: ANN401
    ) -> None:
        """Register a function, which SQLite refuses to do while a query is being read."""
        self.sandbox.put(
            ("function", name.lower(), narg),
            func,
            lambda driver: driver.create_function(name, narg, func, **options),
        )

    def backup(self, target: sqlite3.Connection, **options: Any) -> None:  # noqa: ANN401
        """Copy the database; sqlite3's own waits forever for the end of our transaction."""
        with closing(sqlite3.connect(":memory:")) as copy:
            copy.deserialize(self.sandbox.driver().serialize())
            copy.backup(target, **options)
