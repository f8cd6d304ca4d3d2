"""One transaction that is never committed, in which others commit and roll back as they like.

Knows a connection of the driver's and scopes, and nothing of datasets. Every client, which is a
connection as the code under test sees it, works on the one connection of the driver's. Its
transaction is a savepoint, taken at its first write: a client that only reads has nothing to roll
back. A commit keeps the rows and forgets the savepoint, because transactions interleave, and
releasing a savepoint would end those that were taken after it.

A scope of the tests is a savepoint as well, the scope's guard, taken when somebody first touches
the database in it, and gone back to at its end.
"""

from __future__ import annotations

import warnings
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from inspect import currentframe
from itertools import count, takewhile
from threading import Condition, get_ident
from time import monotonic
from traceback import walk_stack
from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakSet

from pytest_demodata.errors import IsolationError, IsolationWarning
from pytest_demodata.statements import Effect, Statement, look_at

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from contextlib import AbstractContextManager

    from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor

    from pytest_demodata.databases import Database
    from pytest_demodata.scopes import Scope, Scopes


class Reader(Protocol):
    """A cursor that may not be read after a rollback."""

    def hold(self) -> None:
        """Read all rows that are left."""


PATIENCE: Final = 5.0
"""Seconds that a write waits for another thread's transaction, as `sqlite3` waits for a lock."""

_numbers: Final = count(1)


@dataclass(slots=True, eq=False)
class Mark:
    """A savepoint in the transaction.

    Attributes:
        name: Its name, used once.
        owner: Whose it is; nobody's any more, once what follows it is kept.
        position: How much had been written before it.
        alive: Whether it can be gone back to.
        endings: For a scope's, what else is to be done at its end.
    """

    name: str
    owner: Client | Scope | None
    position: int
    alive: bool = True
    endings: dict[Hashable, Callable[[DBAPIConnection], object]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Client:
    """A connection as the code under test sees it.

    Attributes:
        autocommit: Whether each statement is kept at once.
        begun: Whether SQLAlchemy has begun a transaction on it.
        mark: The savepoint of its transaction, once it has written.
        nested: Its own savepoints with its own names for them, the outermost first.
        thread: The thread that last wrote on it.
    """

    autocommit: bool = False
    begun: bool = False
    mark: Mark | None = None
    nested: list[tuple[str, Mark]] = field(default_factory=list)
    thread: int = 0


class Sandbox:
    """The transaction, and the savepoints in it.

    Args:
        database: What is known of this kind of database.
        scopes: The scopes of the tests.
        filled: Gives a new connection of the driver's, in a transaction that holds the data, and
            closes it at the end; entered at the first use, and at the next one after a test has
            broken out.

    Attributes:
        lock: Held while the driver's connection, or a cursor of it, is at work.
    """

    def __init__(
        self,
        database: Database,
        scopes: Scopes,
        filled: Callable[[], AbstractContextManager[DBAPIConnection]],
    ) -> None:
        self._database = database
        self._scopes = scopes
        self._filled = filled
        self._resources = ExitStack()
        self.lock: Final = Condition()
        self._driver: DBAPIConnection | None = None
        self._marks: list[Mark] = []
        self._guards: dict[Scope, Mark] = {}
        self._writers: set[Client] = set()
        self._readers: WeakSet[Reader] = WeakSet()
        self._written: list[Client | None] = []
        self._put: dict[Hashable, object] = {}
        self._version = -1
        self._cause = ""

    def cursor(self, *arguments: object) -> DBAPICursor:
        """Return a cursor of the driver's."""
        with self.lock:
            return self._touched().cursor(*arguments)

    def reads(self, cursor: Reader) -> None:
        """Have a cursor hold its rows before anything is rolled back."""
        with self.lock:
            self._readers.add(cursor)

    def driver(self) -> DBAPIConnection:
        """Hand out the driver's connection, on which anybody may write anything."""
        with self.lock:
            driver = self._touched()
            self._note(None)
            return driver

    def put(
        self,
        key: Hashable,
        value: object,
        action: Callable[[DBAPIConnection], object],
    ) -> None:
        """Put something on the driver's connection, if it is not there.

        It cannot be taken away, but is put there again for whoever asks after the scope's end.
        """
        with self.lock:
            driver = self._touched()
            if key in self._put and self._put[key] is value:
                return
            for reader in list(self._readers):
                reader.hold()
            action(driver)
            self._put[key] = value
            self.at_end(key, lambda _: self._put.pop(key, None))

    def at_end(self, key: Hashable, action: Callable[[DBAPIConnection], object]) -> None:
        """Do something when the innermost scope ends; for each key, what was given first."""
        with self.lock:
            self._touched()
            for guard in list(self._guards.values())[-1:]:
                guard.endings.setdefault(key, action)

    def run(self, client: Client, text: str, action: Callable[[], object]) -> None:
        """Run a statement of a client's.

        Args:
            client: Whose statement it is.
            text: The statement.
            action: Runs it; not called where savepoints of the client's stand for it.

        Raises:
            IsolationError: The statement would end the transaction, the test has broken out of it
                before, or another thread's transaction does not end.
        """
        __tracebackhide__ = True
        statement = look_at(text)
        with self.lock:
            self._touched()
            if self._stands_for(client, statement):
                return
            if statement.effect is not Effect.READ:
                self._begin(client)
            try:
                action()
            finally:
                self._look(f"the statement {statement} ended it")

    def commit(self, client: Client) -> None:
        """Keep what a client has written.

        Raises:
            Exception: The driver's error, where a deferred constraint does not hold.
        """
        with self.lock:
            client.begun = False
            if client.mark is not None:
                self._database.check_deferred(self._touched())
            self._keep(client)

    def rollback(self, client: Client) -> None:
        """Undo what a client has written since its last commit.

        Warns:
            IsolationWarning: Others have written since it began, and that is gone as well.
        """
        with self.lock:
            client.begun = False
            try:
                if client.mark is not None:
                    self._undo(client, client.mark)
            finally:
                self._keep(client)

    def close_scope(self, scope: Scope) -> str:
        """Go back to how a scope found the data.

        A transaction that has been broken out of is thrown away; the next use fills a new one.

        Returns:
            What ended the transaction, or nothing where it stood.
        """
        with self.lock:
            guard = self._guards.pop(scope, None)
            if guard is not None and self._driver is not None and not self.broken():
                with ExitStack() as endings:  # of which none may keep the data from going back
                    for action in guard.endings.values():
                        endings.callback(action, self._driver)
                    self._back_to(guard)
                    self._release(guard)
            if cause := self.broken():
                self.discard()
            return cause

    def back_to_birth(self) -> bool:
        """Go back to how the innermost scope found the data; tell if that is as generated."""
        with self.lock:
            self._touched()
            for guard in list(self._guards.values())[-1:]:
                self._back_to(guard)
            return not self._written

    def writing(self) -> bool:
        """Return whether a client has written and has not committed."""
        with self.lock:
            return bool(self._writers)

    def broken(self) -> str:
        """Return what ended the transaction, or nothing where it stands."""
        with self.lock:
            if self._driver is not None:
                self._look(_ROUND)
            return self._cause

    def discard(self) -> None:
        """Forget the connection and all savepoints in it; the next use fills a new one."""
        with self.lock:
            while self._marks:
                self._lose(self._marks.pop())
            self._guards.clear()
            self._written.clear()
            self._put.clear()
            self._driver = None
            self._resources.close()
            self._version, self._cause = -1, ""
            self.lock.notify_all()

    def fill(self) -> None:
        """Fill the database now, and not only at its first use."""
        with self.lock:
            if self._driver is None:
                self._driver = self._resources.enter_context(self._filled())

    def _touched(self) -> DBAPIConnection:
        """Return the driver's connection, with a guard for every scope that it now works for."""
        self._wait_for_a_test()
        self.fill()
        self._look(_ROUND)
        if self._cause:
            message = (
                f"The data is gone: the transaction that held it was ended, as {self._cause}.\n"
                "The next test gets it anew."
            )
            raise IsolationError(message)
        if self._version != self._scopes.version:
            self._guard()
        assert self._driver is not None  # noqa: S101 - just filled
        return self._driver

    def _wait_for_a_test(self) -> None:
        """Have a thread that has outlived its test wait for the next one to take its guard."""
        if not self._scopes.idle:
            return
        refused = self._scopes.between_tests
        if get_ident() != self._scopes.thread:
            deadline = monotonic() + PATIENCE
            while self._scopes.idle and monotonic() < deadline:
                self.lock.wait(0.01)
            refused = self._scopes.idle
        if refused:
            message = (
                "The demo database was used between two tests, where nothing could undo it.\n"
                "Use it in tests and fixtures, and join the threads that a test has started."
            )
            raise IsolationError(message)

    def _look(self, cause: str) -> None:
        """Notice that the transaction has been ended."""
        if self._driver is not None and not self._database.in_transaction(self._driver):
            self._cause = self._cause or cause

    def _guard(self) -> None:
        """Take the guards of all scopes that are written for now, and of no narrower one."""
        current = self._scopes.current()
        self._version = self._scopes.version
        if current is None:
            return
        for scope in reversed([scope for scope in self._guards if scope not in current]):
            self._withdraw(scope)
        for scope in current:
            if scope not in self._guards:
                for client in list(self._writers):
                    self._keep(client)
                self._guards[scope] = self._mark(scope)

    def _withdraw(self, scope: Scope) -> None:
        """Give the guard of a narrower scope up, for a wider one to write above no savepoint."""
        guard = self._guards[scope]
        if guard.position == len(self._written):
            del self._guards[scope]
            self._back_to(guard)
            self._release(guard)
            return
        message = (
            f"A fixture of a wider scope was set up after {scope.name} had written to the demo "
            "database. What the fixture writes goes when that ends, and not when its own scope "
            "does.\nRequest the fixture before the first write, by naming it as an argument."
        )
        _warn(message)

    def _stands_for(self, client: Client, statement: Statement) -> bool:
        """Do with our own savepoints what a statement says of transactions.

        Returns:
            Whether that is all there was to do.
        """
        effect, name = statement.effect, statement.savepoint
        if effect in {Effect.READ, Effect.WRITE}:
            return False
        if effect is Effect.BEGIN and not client.begun:
            return True  # an event listener or a driver's user begins what has begun already
        if effect in {Effect.BEGIN, Effect.END}:
            message = (
                f"The statement {statement} would end the transaction that holds the demo data.\n"
                "Call commit() or rollback() of the session or connection instead: they stay "
                "inside the test."
            )
            raise IsolationError(message)
        if effect is Effect.SAVEPOINT:
            self._begin(client)
            client.nested.append((name, self._mark(client)))
            return True
        found = [number for number, (each, _) in enumerate(client.nested) if each == name]
        if not found:
            return False  # the database says that there is no such savepoint
        if effect is Effect.ROLLBACK_TO:
            _, mark = client.nested[found[-1]]
            self._forget_nested(client, found[-1] + 1)
            self._undo(client, mark)
        else:
            self._forget_nested(client, found[-1])
            self._trim()
        return True

    def _forget_nested(self, client: Client, start: int) -> None:
        """Forget a client's own savepoints from that with this number on."""
        for _, mark in client.nested[start:]:
            mark.owner = None
        del client.nested[start:]

    def _begin(self, client: Client) -> None:
        """Take the savepoint of a client's transaction, once no other thread is in one."""
        client.thread = get_ident()
        if client.mark is None:
            self._wait(client)
            if not client.autocommit:
                client.mark = self._mark(client)
                self._writers.add(client)
        self._note(client)

    def _note(self, writer: Client | None) -> None:
        """Write down who writes after which savepoint; None stands for anybody."""
        above = self._marks[-1].position if self._marks else 0
        if len(self._written) == above or self._written[-1] is not writer:
            self._written.append(writer)

    def _wait(self, client: Client) -> None:
        def alone() -> bool:
            return all(other.thread == client.thread for other in self._writers)

        if not self.lock.wait_for(alone, PATIENCE):
            message = (
                "Another thread has written to the demo database and has neither committed nor "
                f"rolled back for {PATIENCE:.0f} seconds.\n"
                "Commit there first, also what a test has only flushed: it stays inside the test."
            )
            raise IsolationError(message)
        self._touched()

    def _undo(self, client: Client, mark: Mark) -> None:
        """Go back to a savepoint of a client's, and tell whose work goes with it."""
        if not mark.alive:
            return
        others = any(writer not in {client, None} for writer in self._written[mark.position :])
        self._back_to(mark)
        if others:
            message = (
                "A rollback on one connection of the demo database has also undone what another "
                "one wrote after it had begun: they share one transaction.\n"
                "End the older transaction before the newer one writes."
            )
            _warn(message)

    def _keep(self, client: Client) -> None:
        """Forget a client's savepoints, and so keep what it wrote."""
        if client.mark is not None:
            client.mark.owner = None
            client.mark = None
        self._forget_nested(client, 0)
        self._writers.discard(client)
        self._trim()
        self.lock.notify_all()

    def _mark(self, owner: Client | Scope) -> Mark:
        mark = Mark(f"demodata_{next(_numbers)}", owner, len(self._written))
        self._control(f"SAVEPOINT {mark.name}")
        self._marks.append(mark)
        return mark

    def _back_to(self, mark: Mark) -> None:
        """Undo everything after a savepoint, and forget the savepoints after it."""
        for reader in list(self._readers):
            reader.hold()
        self._readers.clear()
        if not self._control(f"ROLLBACK TO SAVEPOINT {mark.name}"):
            return
        while self._marks[-1] is not mark:
            self._lose(self._marks.pop())
        del self._written[mark.position :]
        self.lock.notify_all()

    def _lose(self, mark: Mark) -> None:
        """Tell the owner of a savepoint that it is gone; one of several of a client's stays known.

        So that the client can still go back to it, or release it, and nothing happens.
        """
        mark.alive = False
        if isinstance(mark.owner, Client) and mark.owner.mark is mark:
            self._writers.discard(mark.owner)
            mark.owner.mark = None

    def _release(self, mark: Mark) -> None:
        """Give the last savepoint up."""
        if self._control(f"RELEASE SAVEPOINT {mark.name}"):
            self._marks.remove(mark)
            mark.alive = False
            self._trim()

    def _trim(self) -> None:
        """Release savepoints that nobody goes back to and no other one stands above."""
        while self._marks and self._marks[-1].owner is None:
            mark = self._marks.pop()
            mark.alive = False
            self._control(f"RELEASE SAVEPOINT {mark.name}")

    def _control(self, statement: str) -> bool:
        """Run a statement of our own on the driver's connection.

        Returns:
            Whether it worked; where it did not, the transaction is not ours any more.
        """
        if self._driver is None or self._cause:
            return False
        try:
            with closing(self._driver.cursor()) as cursor:
                cursor.execute(statement)
        except Exception as error:  # noqa: BLE001 - each driver has errors of its own
            self._cause = f"{_ROUND} ({error})"
            return False
        return True


_ROUND: Final = (
    "COMMIT, ROLLBACK or close() went round the demo database, on the driver's own connection"
)


def _warn(message: str) -> None:
    """Warn of a line that is neither ours nor SQLAlchemy's."""
    inner = takewhile(
        lambda each: each[0].f_globals.get("__name__", "").startswith(_INNER),
        walk_stack(currentframe()),
    )
    warnings.warn(message, IsolationWarning, stacklevel=1 + len(list(inner)))


_INNER: Final = ("pytest_demodata.", "sqlalchemy.", "contextlib")
