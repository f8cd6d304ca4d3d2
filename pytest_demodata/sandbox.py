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
from contextlib import ExitStack, closing, contextmanager
from inspect import currentframe
from itertools import takewhile
from threading import Condition, RLock, get_ident
from time import monotonic
from traceback import walk_stack
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pytest_demodata.clients import Client, busy_error
from pytest_demodata.errors import IsolationError, IsolationWarning
from pytest_demodata.statements import Effect, Statement
from pytest_demodata.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor

    from pytest_demodata.clients import Mark
    from pytest_demodata.databases import Database
    from pytest_demodata.scopes import Scope, Scopes
    from pytest_demodata.transaction import Reader

PATIENCE: Final = 5.0
"""Seconds that a write waits for a transaction of another thread or task, as `sqlite3` does."""

_READ: Final = Effect.READ
_WRITE: Final = Effect.WRITE
"""Asked for at each statement, and until Python 3.12 an Enum looks its members up in Python."""


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
        self.lock: Final = RLock()
        self._writer_gone: Final = Condition(self.lock)
        self._transaction: Transaction | None = None
        self._guards: dict[Scope, Mark] = {}
        self._version = -1
        self._writers: set[Client] = set()
        self._outside: Final = Client()

    @property
    def ended(self) -> bool:
        """Whether the transaction has been ended, or the connection been lost."""
        return self._transaction is not None and bool(self._transaction.cause)

    def cursor(self, *arguments: object, **options: object) -> DBAPICursor:
        """Return a cursor of the driver's."""
        with self.lock:
            return self._touched().driver.cursor(*arguments, **options)

    def reads(self, cursor: Reader) -> None:
        """Have a cursor hold its rows before anything is rolled back."""
        with self.lock:
            self.fill().reads(cursor)

    def driver(self, *, quietly: bool = False) -> DBAPIConnection:
        """Hand out the driver's connection, on which anybody may write anything.

        Args:
            quietly: Nobody does.
        """
        with self.lock:
            transaction = self._touched()
            if not quietly:
                if self._database.failure_aborts:
                    transaction.mark(self._outside)  # for what fails on it to take nothing along
                transaction.hand_out()
            return transaction.driver

    def ask(self, statement: str) -> Any:  # noqa: ANN401 - rows, as the driver has them
        """Run a statement of our own, and return its rows, if it has any."""
        with self.lock, closing(self._touched().driver.cursor()) as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else ()

    def remembered(self, key: str, ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it is
        """Return what is asked once for a connection of the driver's."""
        with self.lock:
            remembered = self._touched().remembered
            if key not in remembered:
                remembered[key] = ask()
            return remembered[key]

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
            transaction = self._touched()
            put = transaction.put
            if key in put and put[key] is value:
                return
            transaction.hold_readers()
            action(transaction.driver)
            put[key] = value
            self.at_end(key, lambda _: put.pop(key, None))

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

    def keep_savepoints(self) -> None:
        """Release none before the scope ends.

        Where that would keep, up to the end of all, what only the rollback to each takes back.
        """
        with self.lock:
            self.fill().releasing = False

    @contextmanager
    def occupied(self, what: str) -> Iterator[None]:
        """Refuse all statements while something else has the driver's connection at work."""
        transaction = self.fill()
        transaction.occupied = what
        try:
            yield
        finally:
            transaction.occupied = ""

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
            transaction = self._prepare(client, statement, writes=False)
            if transaction is None:
                return None
            try:
                return action(*arguments)
            except BaseException:
                self._recover(client, transaction)
                raise
            finally:
                transaction.look(statement)

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
            transaction = self._prepare(client, statement, writes=writes)
            if transaction is None:
                yield None
                return
            try:
                yield statement
            except BaseException:
                self._recover(client, transaction)
                raise
            finally:
                transaction.look(statement)

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
            transaction = self._transaction
            if transaction is None:
                return ""
            guard = self._guards.pop(scope, None)
            transaction.look()
            if guard is not None and not transaction.cause:
                transaction.back_to(guard, counting=True)
                transaction.releasing, transaction.handed_out = True, False
                transaction.release(guard)
                if guard.endings:
                    transaction.end(guard)
                transaction.look()
            if cause := transaction.cause:
                self.discard()
            return cause

    def back_to_birth(self) -> bool:
        """Go back to how the innermost scope found the data; tell if that is as generated."""
        with self.lock:
            transaction = self._touched()
            for guard in list(self._guards.values())[-1:]:
                transaction.back_to(guard, counting=True)
            return not transaction.written

    def writing(self) -> bool:
        """Return whether a client has written and has not committed."""
        with self.lock:
            return bool(self._writers)

    def broken(self) -> str:
        """Return what ended the transaction, or nothing where it stands."""
        with self.lock:
            if self._transaction is None:
                return ""
            self._transaction.look()
            return self._transaction.cause

    def discard(self) -> None:
        """Forget the connection and all savepoints in it; the next use fills a new one."""
        with self.lock:
            transaction, self._transaction = self._transaction, None
            self._guards.clear()
            self._version = -1
            if transaction is not None:
                transaction.forget()
                if transaction.foreign():
                    _ANOTHERS.append(self._resources.pop_all())
            self._resources.close()

    def fill(self) -> Transaction:
        """Fill the database, if it is not; return the transaction."""
        with self.lock:
            if self._transaction is None:
                driver = self._resources.enter_context(self._filled())
                self._transaction = Transaction(self._database, driver, self._lose)
            return self._transaction

    def _touched(self) -> Transaction:
        """Return the transaction, with a guard for every scope that it now works for."""
        if self._scopes.idle:
            self._wait_for_a_test()
        transaction = self._transaction or self.fill()
        if transaction.foreign():
            _refuse_to_share()
        if transaction.occupied:
            message = (
                f"{transaction.occupied} is still open on the connection that all share.\n"
                "End it before the next statement."
            )
            raise IsolationError(message)
        transaction.look()
        if self._version != self._scopes.version and not transaction.cause:
            self._guard(transaction)
            if transaction.cause and not transaction.written:  # before this test
                self.discard()
                transaction = self.fill()
                self._guard(transaction)
        if transaction.cause:
            message = (
                "The data is gone: the transaction that held it was ended, as "
                f"{transaction.cause}.\n"
                "The next test gets it anew."
            )
            raise IsolationError(message)
        if self._database.failure_aborts and self._database.aborted(transaction.driver):
            transaction.back_to(transaction.marks[-1])  # the driver's own connection did that
        return transaction

    def _wait_for_a_test(self) -> None:
        """Have a thread that has outlived its test wait for the next one to take its guard."""
        refused = self._scopes.between_tests
        if get_ident() != self._scopes.thread:
            deadline = monotonic() + PATIENCE
            while self._scopes.idle and monotonic() < deadline:
                self._writer_gone.wait(0.01)
            refused = self._scopes.idle
        if refused:
            message = (
                "The demo database was used between two tests, where nothing could undo it.\n"
                "Use it in tests and fixtures, and join the threads that a test has started."
            )
            raise IsolationError(message)

    def _guard(self, transaction: Transaction) -> None:
        """Take the guards of all scopes that are written for now, and of no narrower one."""
        current = self._scopes.current()
        self._version = self._scopes.version
        if current is None:
            return
        for scope in reversed(list(self._guards)):
            if scope not in current:
                self._withdraw(scope, transaction)
        new = [scope for scope in current if scope not in self._guards]
        if new:
            transaction.check()
        for scope in new:
            for client in list(self._writers):
                self._keep(client)
            self._guards[scope] = transaction.guard(scope)

    def _withdraw(self, scope: Scope, transaction: Transaction) -> None:
        """Give the guard of a narrower scope up, for a wider one to write above no savepoint."""
        guard = self._guards[scope]
        if guard.position == len(transaction.written):
            del self._guards[scope]
            transaction.back_to(guard)
            transaction.release(guard)
            return
        message = (
            f"A fixture of a wider scope was set up after {scope.name} had written to the demo "
            "database. What the fixture writes goes when that ends, and not when its own scope "
            "does.\nRequest the fixture before the first write, by naming it as an argument."
        )
        _warn(message)

    def _prepare(self, client: Client, statement: Statement, *, writes: bool) -> Transaction | None:
        """Take the savepoints that a statement needs, and return where it is to be run.

        Returns:
            The transaction; None where savepoints of the client's stand for the statement.
        """
        transaction = self._touched()
        effect = statement.effect
        if (
            effect is not _READ
            and effect is not _WRITE
            and self._stands_for(client, statement, transaction)
        ):
            return None
        self._check_failed(client)
        writes = writes or effect is not _READ
        if writes:
            transaction = self._begin(client, transaction)
        if self._database.failure_aborts:
            transaction.secure(client)
        if writes:
            transaction.note(client)
        return transaction

    def _stands_for(self, client: Client, statement: Statement, transaction: Transaction) -> bool:
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
                transaction = self._begin(client, transaction)
            written = client.autocommit or client.mark is not None
            client.nested.append((name, transaction.mark(client) if written else None))
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
            transaction.trim()
        return True

    def _forget_nested(self, client: Client, start: int) -> None:
        """Forget a client's own savepoints from that with this number on."""
        for mark in filter(None, (mark for _, mark in client.nested[start:])):
            mark.owner = None
        del client.nested[start:]

    def _check_failed(self, client: Client) -> None:
        if client.failed:
            raise self._database.aborted_error()

    def _recover(self, client: Client, transaction: Transaction) -> None:
        """Have the transaction go on after a statement of a client's has failed."""
        if self._database.aborted(transaction.driver):
            client.failed = not client.autocommit
            transaction.back_to(transaction.marks[-1])

    def _check_deferred(self, client: Client) -> None:
        try:
            self._database.check_deferred(self._touched().driver)
        except Exception:
            if self._database.failure_aborts:
                self.rollback(client)
            raise

    def _begin(self, client: Client, transaction: Transaction) -> Transaction:
        """Take the savepoint of a client's transaction, once nobody else is in one.

        Returns:
            The transaction that holds the data after the wait.
        """
        client.sign()
        if client.mark is None:
            if self._writers:
                transaction = self._wait(client)
            if not client.autocommit:
                client.begin(transaction.mark(client))
                if client.nested:
                    client.nested = [
                        (name, mark or transaction.mark(client)) for name, mark in client.nested
                    ]
                self._writers.add(client)
        return transaction

    def _wait(self, client: Client) -> Transaction:
        """Wait for the transactions of other threads; for those of tasks a thread cannot wait."""

        def alone() -> bool:
            return not others()

        def others() -> frozenset[Client]:
            return frozenset(filter(client.waits_for, self._writers))

        at_once = client.polls or any(other.thread == client.thread for other in others())
        if not self._writer_gone.wait_for(alone, 0 if at_once else PATIENCE):
            raise busy_error(client, others(), PATIENCE)
        return self._touched()

    def _undo(self, client: Client, mark: Mark) -> None:
        """Go back to a savepoint of a client's, and tell whose work goes with it."""
        transaction = self._transaction
        if transaction is None or not mark.alive:
            return
        after = transaction.written[mark.position :]
        others = any(writer not in {client, None} for writer in after)
        transaction.back_to(mark)
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
        if self._transaction is not None:
            self._transaction.trim()

    def _forget_writer(self, client: Client) -> None:
        """Let those go on that have waited for the end of a client's transaction."""
        self._writers.discard(client)
        self._writer_gone.notify_all()

    def _lose(self, mark: Mark) -> None:
        """Tell the owner of a savepoint that it is gone; one of several of a client's stays known.

        So that the client can still go back to it, or release it, and nothing happens.
        """
        mark.alive = False
        if isinstance(mark.owner, Client) and mark.owner.mark is mark:
            self._forget_writer(mark.owner)
            mark.owner.mark = None


_ANOTHERS: Final[list[object]] = []
"""What belongs to the process that this one has been forked from, and is not to be closed here."""


def _refuse_to_share() -> NoReturn:
    """Refuse to share a connection with another process."""
    message = (
        "The demo database was used in a process that the test has forked, and a connection "
        "to a server cannot be shared.\n"
        "Give the process the data that it needs, or start a thread."
    )
    raise IsolationError(message)


def _warn(message: str) -> None:
    """Warn of a line that is neither ours nor SQLAlchemy's."""
    inner = takewhile(
        lambda each: each[0].f_globals.get("__name__", "").startswith(_INNER),
        walk_stack(currentframe()),
    )
    warnings.warn(message, IsolationWarning, stacklevel=1 + len(list(inner)))


_INNER: Final = ("pytest_demodata.", "sqlalchemy.", "contextlib")
