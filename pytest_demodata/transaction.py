"""A transaction on a connection of the driver's, and the savepoints in it.

Knows who owns a savepoint and who has written after which, and nothing of who may write when.
"""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Protocol
from weakref import ref

from pytest_demodata.clients import Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from sqlalchemy.engine.interfaces import DBAPIConnection

    from pytest_demodata.clients import Client
    from pytest_demodata.databases import Database
    from pytest_demodata.scopes import Scope
    from pytest_demodata.statements import Statement


class Reader(Protocol):
    """A cursor that may not be read after a rollback."""

    def hold(self) -> None:
        """Read all rows that are left."""


_numbers: Final = count(1)


class Transaction:
    """What there is from the filling of a database until it is thrown away.

    Args:
        database: What is known of this kind of database.
        driver: The driver's connection, in the transaction.
        lose: Told of each savepoint that a rollback takes along.

    Attributes:
        driver: The driver's connection.
        cause: What ended the transaction, or nothing.
        occupied: What keeps the connection from running statements, or nothing.
        handed_out: Whether somebody has the connection, and may write unseen.
        releasing: Whether savepoints that nobody goes back to are released.
        marks: The savepoints, the oldest first.
        written: Who has written what is there now, one after the other; None stands for anybody.
        put: What has been put on the connection.
        remembered: What has been asked once.
    """

    def __init__(
        self, database: Database, driver: DBAPIConnection, lose: Callable[[Mark], object]
    ) -> None:
        self._database = database
        self._lose = lose
        self._process = os.getpid()
        self._cursor = driver.cursor()
        self._readers: set[ref[Reader]] = set()
        self._writes = 0
        self._counters: object = None
        self._counted_at = -1
        self.driver: Final = driver
        self.cause = ""
        self.occupied = ""
        self.handed_out = False
        self.releasing = True
        self.marks: Final[list[Mark]] = []
        self.written: Final[list[Client | None]] = []
        self.put: Final[dict[Hashable, object]] = {}
        self.remembered: Final[dict[str, Any]] = {}

    def foreign(self) -> bool:
        """Return whether the connection is that of the process this one has been forked from."""
        return not self._database.survives_fork and self._process != os.getpid()

    def look(self, statement: Statement | None = None) -> None:
        """Notice that the transaction has been ended, by a statement or by somebody else."""
        if self.cause or self.occupied or self._database.in_transaction(self.driver):
            return
        if self._database.lost(self.driver):
            self.cause = _LOST
        else:
            self.cause = f"the statement {statement} ended it" if statement else _ROUND

    def check(self) -> None:
        """Notice that the transaction has been ended, also where that does not show."""
        if self.marks and self.marks[-1].position == len(self.written):
            self.back_to(self.marks[-1])  # to nothing else

    def fail(self, error: Exception) -> None:
        """Note what a statement of our own has failed with."""
        words = " ".join(str(error).split())
        self.cause = f"{_LOST if self._database.lost(self.driver) else _ROUND} ({words})"

    def reads(self, cursor: Reader) -> None:
        """Have a cursor hold its rows before anything is rolled back."""
        self._readers.add(ref(cursor, self._readers.discard))

    def hold_readers(self) -> None:
        """Have the cursors read what is left, before it cannot be read any more."""
        readers = [each() for each in self._readers.copy()]
        self._readers.clear()
        for reader in filter(None, readers):
            reader.hold()

    def note(self, writer: Client | None) -> None:
        """Write down who writes after which savepoint; None stands for anybody."""
        self._writes += 1
        above = self.marks[-1].position if self.marks else 0
        if len(self.written) == above or self.written[-1] is not writer:
            self.written.append(writer)

    def hand_out(self) -> None:
        """Expect that somebody has the connection from now on, and does anything with it."""
        self.note(None)
        self.handed_out = True

    def mark(self, owner: Client | Scope | None) -> Mark:
        """Take a savepoint, or share the last one where nothing has been written after it."""
        last = self.marks[-1] if self.marks else None
        if last is not None and last.position == len(self.written) and not self.handed_out:
            name = last.name
        else:
            name = f"demodata_{next(_numbers)}"
            self._control(f"SAVEPOINT {name}")
        mark = Mark(name, owner, len(self.written), self._writes)
        self.marks.append(mark)
        return mark

    def guard(self, scope: Scope) -> Mark:
        """Take the guard of a scope, and see how keys are counted, if that can have changed."""
        guard = self.mark(scope)
        if self._counted_at != self._writes and not self.cause:
            self._counters = self._database.counters(self.driver)
            self._counted_at = self._writes
        guard.counters = self._counters
        return guard

    def back_to(self, mark: Mark, *, counting: bool = False) -> None:
        """Undo everything after a savepoint, and forget the savepoints after it.

        Args:
            mark: The savepoint.
            counting: Have the database count keys as it did then, too.
        """
        if self._readers:
            self.hold_readers()
        statement = f"ROLLBACK TO SAVEPOINT {mark.name}"
        if counting and self._writes > mark.writes:
            statement += self._database.recount(mark.counters)
            self._counters, self._counted_at = mark.counters, self._writes
        if not self._control(statement):
            return
        while self.marks[-1] is not mark:
            self._lose(self.marks.pop())
        del self.written[mark.position :]

    def secure(self, client: Client) -> None:
        """Have a savepoint that a failed statement can go back to, and takes nobody's work along.

        None is needed where nothing has been written after the last one, or only by the client
        itself, which has to go back behind it anyway.
        """
        self.trim()
        for last in self.marks[-1:]:
            after = self.written[last.position :]
            if not after or (last.owner is client and set(after) == {client}):
                return
        self.mark(None)

    def end(self, guard: Mark) -> None:
        """Do what else was to be done at a scope's end; without it, the data is not as it was."""
        for action in guard.endings.values():
            if self.cause:
                return
            try:
                action(self.driver)
            except Exception as error:  # noqa: BLE001 - each driver has errors of its own
                self.fail(error)

    def release(self, mark: Mark) -> None:
        """Give the last savepoint up."""
        mark.owner = None
        self.trim()

    def trim(self) -> None:
        """Release savepoints that nobody goes back to and no other one stands above.

        One after which nothing has been written is left for the next who needs one.
        """
        while self.releasing and self.marks and self.marks[-1].owner is None:
            mark = self.marks[-1]
            shared = len(self.marks) > 1 and self.marks[-2].name == mark.name
            if not shared and mark.position == len(self.written):
                return
            self.marks.pop()
            mark.alive = False
            if not shared:
                self._control(f"RELEASE SAVEPOINT {mark.name}")

    def forget(self) -> None:
        """Tell the owners of all savepoints that they are gone."""
        while self.marks:
            self._lose(self.marks.pop())

    def _control(self, statement: str) -> bool:
        """Run a statement of our own on the driver's connection.

        Returns:
            Whether it worked; where it did not, the transaction is not ours any more.
        """
        if self.cause or self.foreign():
            return False
        try:
            self._cursor.execute(statement)
        except Exception as error:  # noqa: BLE001 - each driver has errors of its own
            self.fail(error)
            return False
        return True


_LOST: Final = "the connection to the server was lost"
_ROUND: Final = (
    "COMMIT, ROLLBACK or close() went round the demo database, on the driver's own connection"
)
