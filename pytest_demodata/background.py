"""One thread that waits for a server, while the others compute."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SWITCH_SECONDS: Final = 0.0005
_guard: Final = threading.Lock()
_before: Final[list[float]] = []
"""What the switch interval was, once for each who waits at the moment."""


class Background:
    """Runs actions one after the other in a thread of its own."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, "demodata")
        self._submitted: list[Future[object]] = []

    def submit(self, action: Callable[[], object]) -> Future[object]:
        """Have an action run when those before it have."""
        self._submitted = [each for each in self._submitted if not each.done() or each.exception()]
        future: Future[object] = self._executor.submit(action)
        self._submitted.append(future)
        return future

    def failure(self) -> BaseException | None:
        """Return what the first action that has failed was stopped by, if one has."""
        done = [each for each in self._submitted if each.done() and not each.cancelled()]
        return next((cause for each in done if (cause := each.exception())), None)

    def end(self, stop: Callable[[], object]) -> None:
        """Wait for what runs, also through Ctrl-C: it must not meet what undoes it.

        For the action, not for the thread: a `join` that Ctrl-C stops takes the thread for ended.
        """
        ended = False
        while not ended:
            with suppress(KeyboardInterrupt):
                self._executor.shutdown(wait=False, cancel_futures=True)
                running = [each for each in self._submitted if not each.done()]
                if running:
                    with suppress(Exception):  # the connection may be lost
                        stop()
                wait(running)
                ended = True


@contextmanager
def background(stop: Callable[[], object]) -> Iterator[Background]:
    """Give a thread, which has ended when this has, whatever happens.

    Args:
        stop: Ends, from another thread, the action that runs, where nobody waits for it any more.

    Raises:
        Exception: That of an action, where one had failed before something else did.
    """
    thread = Background()
    with _waking_at_once():
        try:
            yield thread
        except Exception:
            if (cause := thread.failure()) is not None:
                raise cause from None
            raise
        finally:
            thread.end(stop)


@contextmanager
def _waking_at_once() -> Iterator[None]:
    """Have a thread go on as soon as the server answers: Python lets it wait for 5 ms."""
    with _guard:
        _before.append(_before[0] if _before else sys.getswitchinterval())
    try:
        sys.setswitchinterval(min(_before[0], _SWITCH_SECONDS))
        yield
    finally:
        with _guard:
            before = _before.pop()
            if not _before:
                sys.setswitchinterval(before)
