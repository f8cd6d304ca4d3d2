"""The clients of a sandbox, the savepoints that they own, and who of them waits for whom."""

from __future__ import annotations

from asyncio import _get_running_loop, current_task
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.errors import BusyError

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Callable, Hashable

    from sqlalchemy.engine.interfaces import DBAPIConnection

    from pytest_demodata.scopes import Scope


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

    def begin(self, mark: Mark) -> None:
        """Have a savepoint be that of its transaction, which begins here."""
        self.mark = mark
        still = [each for each in _begun.get() if each.alive and each.owner]
        _begun.set((mark, *still))

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


_begun: Final[ContextVar[tuple[Mark, ...]]] = ContextVar("demodata_begun", default=())
"""The open transactions begun here, or before this task was started or this thread was asked."""


def running_task() -> Task[Any] | None:
    """Return the task of asyncio's that runs in this thread, if one does."""
    return None if _get_running_loop() is None else current_task()


def busy_error(client: Client, others: frozenset[Client], patience: float) -> BusyError:
    """Return the error for a write that has to wait for the transactions of others."""
    task = any(other.thread == client.thread for other in others)
    since = f" for {patience:.0f} seconds"
    if task and not client.polls:
        since = ", and cannot before this task awaits something"
    message = (
        f"Another {'task' if task else 'thread'} has written to the demo database and has "
        f"neither committed nor rolled back{since}.\n"
        "Commit there first, also what a test has only flushed: it stays inside the test."
    )
    return BusyError(message, others, patience)
