"""Savepoints that undo all or nothing. Knows connections, and nothing of datasets."""

from __future__ import annotations

import os
import threading
from contextlib import closing, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Final, ParamSpec

from pytest_demodata.errors import GenerationError, GenerationRunningError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from sqlalchemy import Connection

_Arguments = ParamSpec("_Arguments")

_numbers: Final = count(1)
_running: Final[set[Hashable]] = set()
_running_guard: Final = threading.Lock()


def execute_raw(connection: Connection, statement: str) -> None:
    """Run a statement on the driver's own cursor.

    SQLAlchemy throws the whole connection away where Ctrl-C stops one of its statements, and a
    database in memory with it; the driver only stops the statement.
    """
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(statement)


def in_this_process(action: Callable[_Arguments, object]) -> Callable[_Arguments, None]:
    """Return what does something in this process, and nothing in one that is forked from it."""
    process = os.getpid()

    def act(*arguments: _Arguments.args, **options: _Arguments.kwargs) -> None:
        if os.getpid() == process:
            action(*arguments, **options)

    return act


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Keep what is done inside only if it ends without an exception.

    The savepoint is a statement of its own, not SQLAlchemy's nested transaction, which gets
    confused where the database itself has ended the transaction. Where it has (a full disk on
    SQLite, a deadlock on MySQL, a lost connection), the exception gets a note that says so.

    Raises:
        GenerationError: The savepoint is gone at the end: something inside ended the transaction.
    """
    name = f"demodata_step_{next(_numbers)}"
    execute_raw(connection, f"SAVEPOINT {name}")
    try:
        yield
    except BaseException as error:
        try:
            execute_raw(connection, f"ROLLBACK TO SAVEPOINT {name}")
            execute_raw(connection, f"RELEASE SAVEPOINT {name}")
        except Exception:  # noqa: BLE001 - whatever it is, the first error is the one to tell
            error.add_note(
                "The transaction had already ended, or the connection was lost: what was written "
                "in it before is gone as well, or was committed by whoever ended it. Roll the "
                "connection back before you use it again."
            )
        raise
    try:
        execute_raw(connection, f"RELEASE SAVEPOINT {name}")
    except Exception as error:
        raise ended_elsewhere() from error


def ended_elsewhere() -> GenerationError:
    """Return the error for a transaction that somebody else has ended."""
    return GenerationError(
        "The transaction was ended while the generation ran in it, by a COMMIT or ROLLBACK from "
        "elsewhere: part of the rows may have been kept.\n"
        "Leave the connection alone until the generation has returned, also in a progress "
        "callback, and call reset()."
    )


@contextmanager
def only_one(identity: Hashable) -> Iterator[None]:
    """Refuse to enter while this process is already inside for the same database.

    Raises:
        GenerationRunningError: It is.
    """
    with _running_guard:
        if identity in _running:
            raise GenerationRunningError
        _running.add(identity)
    try:
        yield
    finally:
        with _running_guard:
            _running.discard(identity)
