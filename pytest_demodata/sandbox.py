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

import os
import warnings
from asyncio import current_task
from contextlib import ExitStack, closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from inspect import currentframe
from itertools import count, takewhile
from threading import Condition, RLock, get_ident
from time import monotonic
from traceback import walk_stack
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol
from weakref import ref

from pytest_demodata.errors import IsolationError, IsolationWarning
from pytest_demodata.statements import Effect, Statement

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Callable, Hashable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor

    from pytest_demodata.databases import Database
    from pytest_demodata.scopes import Scope, Scopes


class Reader(Protocol):
    """A cursor that may not be read after a rollback."""

    def hold(self) -> None:
        """Read all rows that are left."""


PATIENCE: Final = 5.0
"""Seconds that a write waits for a transaction of another thread or task, as `sqlite3` does."""

_numbers: Final = count(1)

_READ: Final = Effect.READ
_WRITE: Final = Effect.WRITE
"""Asked for at each statement, and until Python 3.12 an Enum looks its members up in Python."""


@dataclass(slots=True, eq=False)
class Mark:
    """A savepoint in the transaction.

    Attributes:
        name: Its name; that of the one before, where nothing has been written between the two.
        owner: Whose it is; nobody's any more, once what follows it is kept.
        position: How much of what is there now had been written before it.
        writes: How often anybody had written before it, also what has been undone since.
        counters: How the database counted keys then, where a rollback leaves that as it is.
        alive: Whether it can be gone back to.
        endings: For a scope's, what else is to be done at its end.
    """

    name: str
    owner: Client | Scope | None
    position: int
    writes: int = 0
    counters: object = None
    alive: bool = True
    endings: dict[Hashable, Callable[[DBAPIConnection], object]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Client:
    """A connection as the code under test sees it.

    Attributes:
        autocommit: Whether each statement is kept at once.
        begun: Whether SQLAlchemy has begun a transaction on it.
        failed: Whether a statement has failed where the database wants a rollback then.
        mark: The savepoint of its transaction, once it has written.
        nested: Its own savepoints with its own names for them, the outermost first; before it
            has written, the names only.
        polls: Whether it comes again by itself where a write has to wait.
        thread: The thread that last wrote on it.
        task: The task of asyncio's that last wrote on it, if one did.
    """

    autocommit: bool = False
    begun: bool = False
    failed: bool = False
    mark: Mark | None = None
    nested: list[tuple[str, Mark | None]] = field(default_factory=list)
    polls: bool = False
    thread: int = 0
    task: Task[Any] | None = None

    def sign(self) -> None:
        """Note who writes on it now."""
        self.thread, self.task = get_ident(), running_task()

    def waits_for(self, other: Client) -> bool:
        """Return whether what it writes has to wait for the end of another one's transaction.

        Not for a transaction of its own writer, or of whoever started that writer and may be
        waiting for it; and not for one whose task has ended, as a fixture's has before the test.
        """
        if other.mark in _begun.get() or (other.task is not None and other.task.done()):
            return False
        if other.thread != self.thread:
            return True
        return None not in {self.task, other.task} and self.task is not other.task


_begun: Final[ContextVar[frozenset[Mark]]] = ContextVar("demodata_begun", default=frozenset())
"""The open transactions begun here, or before this task was started or this thread was asked."""


def running_task() -> Task[Any] | None:
    """Return the task of asyncio's that runs in this thread, if one does."""
    try:
        return current_task()
    except RuntimeError:  # there is no event loop, or it is another library's
        return None


class BusyError(IsolationError):
    """A write has to wait for the transactions of others, and cannot, or no longer.

    Attributes:
        others: Whose they are.
        patience: The seconds to wait for them, if they stay the same.
    """

    def __init__(self, client: Client, others: frozenset[Client]) -> None:
        task = any(other.thread == client.thread for other in others)
        self.others = others
        self.patience = PATIENCE
        since = f" for {PATIENCE:.0f} seconds"
        if task and not client.polls:
            since = ", and cannot before this task awaits something"
        super().__init__(
            f"Another {'task' if task else 'thread'} has written to the demo database and has "
            f"neither committed nor rolled back{since}.\n"
            "Commit there first, also what a test has only flushed: it stays inside the test."
        )


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
        occupied: What keeps the driver's connection from running statements, or nothing.
        releasing: Whether savepoints that nobody goes back to are released; not where that would
            keep, up to the end of all, what only the rollback to each of them takes back.
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
        self.lock: Final = RLock()
        self._one_less: Final = Condition(self.lock)
        self.occupied = ""
        self.releasing = True
        self._driver: DBAPIConnection | None = None
        self._cursor: DBAPICursor
        self._marks: list[Mark] = []
        self._guards: dict[Scope, Mark] = {}
        self._writers: set[Client] = set()
        self._readers: set[ref[Reader]] = set()
        self._written: list[Client | None] = []
        self._writes = 0
        self._counters: object = None
        self._counted_at = -1
        self._remembered: dict[str, Any] = {}
        self._process = 0
        self._handed_out = False
        self._outside: Final = Client()
        self._put: dict[Hashable, object] = {}
        self._version = -1
        self._cause = ""

    @property
    def ended(self) -> bool:
        """Whether the transaction has been ended, or the connection been lost."""
        return bool(self._cause)

    def cursor(self, *arguments: object, **options: object) -> DBAPICursor:
        """Return a cursor of the driver's."""
        with self.lock:
            return self._touched().cursor(*arguments, **options)

    def reads(self, cursor: Reader) -> None:
        """Have a cursor hold its rows before anything is rolled back."""
        with self.lock:
            self._readers.add(ref(cursor, self._readers.discard))

    def driver(self, *, quietly: bool = False) -> DBAPIConnection:
        """Hand out the driver's connection, on which anybody may write anything.

        Args:
            quietly: Nobody does.
        """
        with self.lock:
            driver = self._touched()
            if not quietly:
                if self._database.failure_aborts:
                    self._mark(self._outside)  # for what fails on it to take nothing along
                self._note(None)
                self._handed_out = True
            return driver

    def ask(self, statement: str) -> Any:  # noqa: ANN401 - rows, as the driver has them
        """Run a statement of our own, and return its rows, if it has any."""
        with self.lock, closing(self._touched().cursor()) as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else ()

    def remembered(self, key: str, ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it is
        """Return what is asked once for a connection of the driver's."""
        with self.lock:
            if key not in self._remembered:
                self._remembered[key] = ask()
            return self._remembered[key]

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
            self._hold_readers()
            action(driver)
            self._put[key] = value
            self.at_end(key, lambda _: self._put.pop(key, None))

    def at_end(
        self, key: Hashable, action: Callable[[DBAPIConnection], object], *, once: bool = False
    ) -> None:
        """Do something when the innermost scope ends; for each key, what was given first.

        Args:
            key: What it is about.
            action: Does it on the driver's connection.
            once: Leave it to a wider scope that has the key.
        """
        with self.lock:
            self._touched()
            guards = list(self._guards.values())
            if once and any(key in guard.endings for guard in guards):
                return
            for guard in guards[-1:]:
                guard.endings.setdefault(key, action)

    def run(
        self, client: Client, text: str, action: Callable[..., object], *arguments: object
    ) -> object:
        """Run a statement of a client's; the same as in `working`, for a single call.

        Args:
            client: Whose statement it is.
            text: The statement.
            action: Runs it.
            arguments: What `action` is given.

        Returns:
            What `action` returns; None where savepoints stand for it.
        """
        __tracebackhide__ = True
        statement = self._database.grammar.look_at(text)
        with self.lock:
            stands = self._prepare(client, statement, writes=False)
            try:
                return None if stands else action(*arguments)
            except BaseException:
                self._recover(client)
                raise
            finally:
                self._look(statement)

    @contextmanager
    def working(
        self, client: Client, text: str, *, writes: bool = False
    ) -> Iterator[Statement | None]:
        """Let a client's statement be run inside, and see what comes of it.

        Args:
            client: Whose statement it is.
            text: The statement.
            writes: Hold it to write, also where its words only read.

        Yields:
            What is to be run; None where savepoints of the client's stand for it.

        Raises:
            IsolationError: The statement would end the transaction, the test has broken out of it
                before, or another thread's transaction does not end.
            Exception: The driver's error for a transaction in which a statement has failed before.
        """
        __tracebackhide__ = True
        statement = self._database.grammar.look_at(text)
        with self.lock:
            stands = self._prepare(client, statement, writes=writes)
            try:
                yield None if stands else statement
            except BaseException:
                self._recover(client)
                raise
            finally:
                self._look(statement)

    def commit(self, client: Client) -> None:
        """Keep what a client has written.

        Raises:
            Exception: The driver's error, where a deferred constraint does not hold.
        """
        with self.lock:
            if client.failed:
                self.rollback(client)
            client.begun = False
            if client.mark is not None:
                self._check_deferred(client)
            self._keep(client)

    def rollback(self, client: Client) -> None:
        """Undo what a client has written since its last commit.

        Warns:
            IsolationWarning: Others have written since it began, and that is gone as well.
        """
        with self.lock:
            client.begun = client.failed = False
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
            self._look()
            if guard is not None and self._driver is not None and not self._cause:
                self._back_to(guard, counting=True)
                self.releasing, self._handed_out = True, False
                self._release(guard)
                self._end(guard)
                self._look()
            if cause := self._cause:
                self.discard()
            return cause

    def back_to_birth(self) -> bool:
        """Go back to how the innermost scope found the data; tell if that is as generated."""
        with self.lock:
            self._touched()
            for guard in list(self._guards.values())[-1:]:
                self._back_to(guard, counting=True)
            return not self._written

    def writing(self) -> bool:
        """Return whether a client has written and has not committed."""
        with self.lock:
            return bool(self._writers)

    def broken(self) -> str:
        """Return what ended the transaction, or nothing where it stands."""
        with self.lock:
            self._look()
            return self._cause

    def discard(self) -> None:
        """Forget the connection and all savepoints in it; the next use fills a new one."""
        with self.lock:
            while self._marks:
                self._lose(self._marks.pop())
            self._guards.clear()
            self._written.clear()
            self.releasing, self._handed_out = True, False
            self._put.clear()
            self._remembered.clear()
            self._driver = None
            self._version = self._counted_at = -1
            self._cause = ""
            if self._foreign():
                _ANOTHERS.append(self._resources.pop_all())
            self._resources.close()

    def fill(self) -> None:
        """Fill the database now, and not only at its first use."""
        with self.lock:
            if self._driver is None:
                self._driver = self._resources.enter_context(self._filled())
                self._cursor = self._driver.cursor()
                self._process = os.getpid()

    def _touched(self) -> DBAPIConnection:
        """Return the driver's connection, with a guard for every scope that it now works for."""
        if self._scopes.idle:
            self._wait_for_a_test()
        if self._driver is None:
            self.fill()
        if self._foreign():
            self._refuse_to_share()
        if self.occupied:
            message = (
                f"{self.occupied} is still open on the connection that all share.\n"
                "End it before the next statement."
            )
            raise IsolationError(message)
        self._look()
        if self._version != self._scopes.version and not self._cause:
            self._guard()
            if self._cause and not self._written:  # lost before this test, with nothing on it
                self.discard()
                self.fill()
                self._guard()
        if self._cause:
            message = (
                f"The data is gone: the transaction that held it was ended, as {self._cause}.\n"
                "The next test gets it anew."
            )
            raise IsolationError(message)
        assert self._driver is not None  # noqa: S101 - just filled
        if self._database.aborted(self._driver):  # by whoever has the driver's own connection
            self._back_to(self._marks[-1])
        return self._driver

    def _foreign(self) -> bool:
        """Return whether the connection is that of the process this one has been forked from."""
        return not self._database.survives_fork and self._process != os.getpid()

    def _refuse_to_share(self) -> NoReturn:
        """Refuse to share a connection with another process."""
        message = (
            "The demo database was used in a process that the test has forked, and a connection "
            "to a server cannot be shared.\n"
            "Give the process the data that it needs, or start a thread."
        )
        raise IsolationError(message)

    def _wait_for_a_test(self) -> None:
        """Have a thread that has outlived its test wait for the next one to take its guard."""
        refused = self._scopes.between_tests
        if get_ident() != self._scopes.thread:
            deadline = monotonic() + PATIENCE
            while self._scopes.idle and monotonic() < deadline:
                self._one_less.wait(0.01)
            refused = self._scopes.idle
        if refused:
            message = (
                "The demo database was used between two tests, where nothing could undo it.\n"
                "Use it in tests and fixtures, and join the threads that a test has started."
            )
            raise IsolationError(message)

    def _look(self, statement: Statement | None = None) -> None:
        """Notice that the transaction has been ended, by a statement or by somebody else."""
        if self._driver is None or self._cause or self.occupied:
            return
        if self._database.in_transaction(self._driver):
            return
        if self._database.lost(self._driver):
            self._cause = _LOST
        else:
            self._cause = f"the statement {statement} ended it" if statement else _ROUND

    def _guard(self) -> None:
        """Take the guards of all scopes that are written for now, and of no narrower one."""
        current = self._scopes.current()
        self._version = self._scopes.version
        if current is None:
            return
        for scope in reversed([scope for scope in self._guards if scope not in current]):
            self._withdraw(scope)
        new = [scope for scope in current if scope not in self._guards]
        if new and self._marks and self._marks[-1].position == len(self._written):
            self._back_to(self._marks[-1])  # to nothing else, to see whether it stands
        for scope in current:
            if scope not in self._guards:
                for client in list(self._writers):
                    self._keep(client)
                self._guards[scope] = self._guard_of(scope)

    def _guard_of(self, scope: Scope) -> Mark:
        """Take the guard of a scope, and see how keys are counted, if that can have changed."""
        guard = self._mark(scope)
        if self._counted_at != self._writes and self._driver is not None and not self._cause:
            self._counters = self._database.counters(self._driver)
            self._counted_at = self._writes
        guard.counters = self._counters
        return guard

    def _end(self, guard: Mark) -> None:
        """Do what else was to be done at a scope's end; without it, the data is not as it was."""
        for action in guard.endings.values():
            if self._driver is None or self._cause:
                return
            try:
                action(self._driver)
            except Exception as error:  # noqa: BLE001 - each driver has errors of its own
                self._fail(error)

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

    def _prepare(self, client: Client, statement: Statement, *, writes: bool) -> bool:
        """Take the savepoints that a statement needs before it is run, if it is to be run.

        Returns:
            Whether it is not, because savepoints of the client's stand for it.
        """
        self._touched()
        effect = statement.effect
        if effect is not _READ and effect is not _WRITE and self._stands_for(client, statement):
            return True
        self._check_failed(client)
        writes = writes or effect is not _READ
        if writes:
            self._begin(client)
        if self._database.failure_aborts:
            self._secure(client)
        if writes:
            self._note(client)
        return False

    def _stands_for(self, client: Client, statement: Statement) -> bool:
        """Do with our own savepoints what a statement says of transactions.

        Returns:
            Whether that is all there was to do.
        """
        effect, name = statement.effect, statement.savepoint
        if effect is Effect.NOTHING:
            return True
        if effect is Effect.BEGIN and not client.begun:
            return True  # an event listener or a driver's user begins what has begun already
        if effect in {Effect.BEGIN, Effect.END}:
            message = (
                f"The statement {statement} would end the transaction that holds the demo data.\n"
                f"{statement.instead}"
            )
            raise IsolationError(message)
        if effect is Effect.SAVEPOINT:
            self._check_failed(client)
            if client.autocommit:
                self._begin(client)
            written = client.autocommit or client.mark is not None
            client.nested.append((name, self._mark(client) if written else None))
            return True
        found = [number for number, (each, _) in enumerate(client.nested) if each == name]
        if not found:
            return False  # the database says that there is no such savepoint
        if effect is Effect.ROLLBACK_TO:
            _, mark = client.nested[found[-1]]
            self._forget_nested(client, found[-1] + 1)
            if mark is not None:
                self._undo(client, mark)
            client.failed = False
        else:
            self._check_failed(client)
            self._forget_nested(client, found[-1])
            self._trim()
        return True

    def _forget_nested(self, client: Client, start: int) -> None:
        """Forget a client's own savepoints from that with this number on."""
        for mark in filter(None, (mark for _, mark in client.nested[start:])):
            mark.owner = None
        del client.nested[start:]

    def _check_failed(self, client: Client) -> None:
        if client.failed:
            raise self._database.aborted_error()

    def _secure(self, client: Client) -> None:
        """Have a savepoint that a failed statement can go back to, and takes nobody's work along.

        None is needed where nothing has been written after the last one, or only by the client
        itself, which has to go back behind it anyway.
        """
        self._trim()
        for last in self._marks[-1:]:
            after = self._written[last.position :]
            if not after or (last.owner is client and set(after) == {client}):
                return
        self._mark(None)

    def _recover(self, client: Client) -> None:
        """Have the transaction go on after a statement of a client's has failed."""
        if self._driver is not None and self._database.aborted(self._driver):
            client.failed = not client.autocommit
            self._back_to(self._marks[-1])

    def _check_deferred(self, client: Client) -> None:
        try:
            self._database.check_deferred(self._touched())
        except Exception:
            if self._database.failure_aborts:
                self.rollback(client)
            raise

    def _begin(self, client: Client) -> None:
        """Take the savepoint of a client's transaction, once nobody else is in one."""
        client.sign()
        if client.mark is None:
            if self._writers:
                self._wait(client)
            if not client.autocommit:
                client.mark = self._mark(client)
                if client.nested:
                    client.nested = [
                        (name, mark or self._mark(client)) for name, mark in client.nested
                    ]
                self._writers.add(client)
                still = [mark for mark in _begun.get() if mark.alive and mark.owner]
                _begun.set(frozenset([client.mark, *still]))

    def _note(self, writer: Client | None) -> None:
        """Write down who writes after which savepoint; None stands for anybody."""
        self._writes += 1
        above = self._marks[-1].position if self._marks else 0
        if len(self._written) == above or self._written[-1] is not writer:
            self._written.append(writer)

    def _wait(self, client: Client) -> None:
        """Wait for the transactions of other threads; for those of tasks a thread cannot wait."""

        def alone() -> bool:
            return not others()

        def others() -> frozenset[Client]:
            return frozenset(filter(client.waits_for, self._writers))

        at_once = client.polls or any(other.thread == client.thread for other in others())
        if not self._one_less.wait_for(alone, 0 if at_once else PATIENCE):
            raise BusyError(client, others())
        self._touched()

    def _undo(self, client: Client, mark: Mark) -> None:
        """Go back to a savepoint of a client's, and tell whose work goes with it."""
        if not mark.alive:
            return
        others = any(writer not in {client, None} for writer in self._written[mark.position :])
        self._back_to(mark)
        if others and not self._scopes.ending:
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
        self._forget_writer(client)
        self._trim()

    def _forget_writer(self, client: Client) -> None:
        """Let those go on that have waited for the end of a client's transaction."""
        self._writers.discard(client)
        self._one_less.notify_all()

    def _mark(self, owner: Client | Scope | None) -> Mark:
        """Take a savepoint, or share the last one where nothing has been written after it."""
        last = self._marks[-1] if self._marks else None
        if last is not None and last.position == len(self._written) and not self._handed_out:
            name = last.name
        else:
            name = f"demodata_{next(_numbers)}"
            self._control(f"SAVEPOINT {name}")
        mark = Mark(name, owner, len(self._written), self._writes)
        self._marks.append(mark)
        return mark

    def _back_to(self, mark: Mark, *, counting: bool = False) -> None:
        """Undo everything after a savepoint, and forget the savepoints after it.

        Args:
            mark: The savepoint.
            counting: Have the database count keys as it did then, too.
        """
        if self._readers:
            self._hold_readers()
        statement = f"ROLLBACK TO SAVEPOINT {mark.name}"
        if counting and self._writes > mark.writes:
            statement += self._database.recount(mark.counters)
            self._counters, self._counted_at = mark.counters, self._writes
        if not self._control(statement):
            return
        while self._marks[-1] is not mark:
            self._lose(self._marks.pop())
        del self._written[mark.position :]

    def _hold_readers(self) -> None:
        """Have the cursors read what is left, before it cannot be read any more."""
        while self._readers:
            reader = self._readers.pop()()
            if reader is not None:
                reader.hold()

    def _lose(self, mark: Mark) -> None:
        """Tell the owner of a savepoint that it is gone; one of several of a client's stays known.

        So that the client can still go back to it, or release it, and nothing happens.
        """
        mark.alive = False
        if isinstance(mark.owner, Client) and mark.owner.mark is mark:
            self._forget_writer(mark.owner)
            mark.owner.mark = None

    def _release(self, mark: Mark) -> None:
        """Give the last savepoint up."""
        mark.owner = None
        self._trim()

    def _trim(self) -> None:
        """Release savepoints that nobody goes back to and no other one stands above.

        One after which nothing has been written is left for the next who needs one.
        """
        while self.releasing and self._marks and self._marks[-1].owner is None:
            mark = self._marks[-1]
            shared = len(self._marks) > 1 and self._marks[-2].name == mark.name
            if not shared and mark.position == len(self._written):
                return
            self._marks.pop()
            mark.alive = False
            if not shared:
                self._control(f"RELEASE SAVEPOINT {mark.name}")

    def _control(self, statement: str) -> bool:
        """Run a statement of our own on the driver's connection.

        Returns:
            Whether it worked; where it did not, the transaction is not ours any more.
        """
        if self._driver is None or self._cause or self._foreign():
            return False
        try:
            self._cursor.execute(statement)
        except Exception as error:  # noqa: BLE001 - each driver has errors of its own
            self._fail(error)
            return False
        return True

    def _fail(self, error: Exception) -> None:
        """Note what a statement of our own has failed with."""
        words = " ".join(str(error).split())
        lost = self._driver is not None and self._database.lost(self._driver)
        self._cause = f"{_LOST if lost else _ROUND} ({words})"


_ANOTHERS: Final[list[object]] = []
"""What belongs to the process that this one has been forked from, and is not to be closed here."""

_LOST: Final = "the connection to the server was lost"
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
