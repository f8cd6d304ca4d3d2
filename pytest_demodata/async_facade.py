"""An engine for asyncio whose connections all work in one sandbox.

There is no asynchronous driver, and no event loop is ever held: each statement first gives the
other tasks their turn, and then runs as it does on the engine without asyncio. So any number of
loops can use it, one after the other or each in a thread of its own.
"""

from __future__ import annotations

from asyncio import sleep
from copy import copy
from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.util import await_only

from pytest_demodata.clients import running_task
from pytest_demodata.errors import BusyError, DatabaseSetupError
from pytest_demodata.facade import facade_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL
    from sqlalchemy.engine.default import DefaultExecutionContext
    from sqlalchemy.engine.interfaces import DBAPICursor
    from sqlalchemy.ext.asyncio import AsyncEngine

    from pytest_demodata.clients import Client
    from pytest_demodata.facade import FacadeConnection, FacadeCursor
    from pytest_demodata.sandbox import Sandbox

_POLL: Final = 0.005
"""Seconds between two looks whether another task's transaction has ended."""


def async_facade_engine(url: URL, sandbox: Sandbox, facade: type[FacadeConnection]) -> AsyncEngine:
    """Build the engine; once per dataset, because it costs more than a query.

    Args:
        url: What the engine says its URL is, and which dialect it speaks.
        sandbox: Where its connections work.
        facade: What its connections are.

    Raises:
        DatabaseSetupError: There is no greenlet, without which SQLAlchemy knows no asyncio.
    """
    try:
        import_module("greenlet")  # SQLAlchemy 2.0 misses it only at the first statement
        from sqlalchemy.ext.asyncio import AsyncEngine  # noqa: PLC0415 - cannot be without it
    except ImportError as error:
        message = (
            f"async_engine cannot be had: SQLAlchemy's asyncio stands on greenlet ({error}).\n"
            "Needed: greenlet 3 or later, and no asynchronous driver.\n"
            "Install it: pip install 'pytest-demodata[asyncio]'"
        )
        raise DatabaseSetupError(message) from error
    engine = facade_engine(url, sandbox, facade)
    dialect = engine.dialect
    # The pool's is not asynchronous, so that what the garbage collector finds open can be closed.
    vars(engine.pool)["_dialect"] = copy(dialect)
    executing = ("do_execute", "do_execute_no_params", "do_executemany")
    vars(dialect).update(
        {name: _after_a_turn(getattr(dialect, name)) for name in executing},
        is_async=True,
        supports_server_side_cursors=True,
        execution_ctx_cls=_async_context(dialect.execution_ctx_cls),  # type: ignore[arg-type]
    )
    return AsyncEngine(engine)


def _after_a_turn(execute: Callable[..., None]) -> Callable[..., None]:
    """Have a statement wait its turn as others of asyncio's do, and not hold the event loop up."""

    def wait_and_execute(cursor: FacadeCursor, *arguments: Any) -> None:  # noqa: ANN401
        __tracebackhide__ = True
        await_only(_turn())  # a MissingGreenlet, as on other engines, where nothing can await it
        client, busy, deadline = cursor.connection.client, None, 0.0
        while True:
            found = _attempt(client, lambda: execute(cursor, *arguments))
            if found is None:
                return
            if busy is None or found.others != busy.others:
                deadline = monotonic() + found.patience
            if monotonic() > deadline:
                raise found
            busy = found
            await_only(_turn(_POLL))

    return wait_and_execute


def _attempt(client: Client, execute: Callable[[], None]) -> BusyError | None:
    """Run a statement; return what it has to wait for, where the event loop can wait."""
    client.polls = running_task() is not None
    try:
        execute()
    except BusyError as busy:
        if not client.polls:
            raise
        return busy
    finally:
        client.polls = False
    return None


async def _turn(seconds: float = 0) -> None:
    """Let the other tasks run; where the event loop is not asyncio's, do nothing."""
    if running_task() is not None:
        await sleep(seconds)


async def _closed_already() -> None:
    """Do nothing, for SQLAlchemy asks an asynchronous cursor to close while its rows stay."""


def _async_context(context: type[DefaultExecutionContext]) -> type[DefaultExecutionContext]:
    """Return a dialect's execution context, with the cursors that SQLAlchemy's asyncio expects."""

    class AsyncContext(context):  # type: ignore[misc, valid-type]
        """Reads all rows at once, as asynchronous drivers do, unless they are streamed."""

        def create_default_cursor(self) -> DBAPICursor:
            cursor: DBAPICursor = super().create_default_cursor()
            vars(cursor)["_async_soft_close"] = _closed_already
            return cursor

        def create_server_side_cursor(self) -> DBAPICursor:
            return self.create_default_cursor()

        def post_exec(self) -> None:
            super().post_exec()
            if not self._is_server_side:
                self.cursor.hold()

    return AsyncContext
