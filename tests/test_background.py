"""The thread that waits for a server: it has ended before anything is undone."""

from __future__ import annotations

import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pytest_demodata.background import background

if TYPE_CHECKING:
    from collections.abc import Callable


def _nothing() -> None:
    """Stop nothing."""


def test_actions_run_in_their_order_and_elsewhere() -> None:
    """One after the other, in one thread that is not the caller's."""
    seen: list[tuple[int, int]] = []

    def action(number: int) -> Callable[[], None]:
        return lambda: seen.append((number, threading.get_ident()))

    with background(_nothing) as thread:
        futures = [thread.submit(action(number)) for number in range(20)]
        for future in futures:
            future.result()
    assert [number for number, _ in seen] == list(range(20))
    assert len({ident for _, ident in seen} - {threading.get_ident()}) == 1


def test_what_has_not_begun_never_does() -> None:
    """After an error, the action at work ends, and those behind it do not run."""
    go_on, begun, ran = threading.Event(), threading.Event(), []

    def wait() -> None:
        begun.set()
        go_on.wait(30)

    with pytest.raises(LookupError), background(go_on.set) as thread:
        thread.submit(wait)
        begun.wait()
        thread.submit(lambda: ran.append("second"))
        raise LookupError
    assert go_on.is_set()
    assert ran == []


def test_the_first_error_is_the_one_to_tell() -> None:
    """An action that has failed is why something else failed after it."""

    def fail() -> None:
        message = "the cause"
        raise OSError(message)

    with pytest.raises(OSError, match="the cause"), background(_nothing) as thread:
        failing = thread.submit(fail)
        while not failing.done():
            time.sleep(0.001)
        raise LookupError
    with pytest.raises(LookupError), background(_nothing) as thread:
        thread.submit(_nothing).result()
        raise LookupError


def test_ctrl_c_is_not_made_another_error() -> None:
    """Whoever stops a run hears that it was stopped, whatever has failed meanwhile."""

    def fail() -> None:
        raise OSError

    with pytest.raises(KeyboardInterrupt), background(_nothing) as thread:
        failing = thread.submit(fail)
        while not failing.done():
            time.sleep(0.001)
        raise KeyboardInterrupt


def test_ctrl_c_while_it_ends_does_not_leave_it_behind() -> None:
    """The action has ended when `background` has, however often somebody presses Ctrl-C."""
    ended: list[bool] = []
    begun = threading.Event()

    def action() -> None:
        begun.set()
        time.sleep(1)
        ended.append(True)

    def press() -> None:
        for _ in range(2):
            time.sleep(0.1)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    presser = threading.Thread(target=press)
    with pytest.raises((KeyboardInterrupt, LookupError)), background(_nothing) as thread:
        thread.submit(action)
        begun.wait()
        presser.start()
        raise LookupError
    assert ended == [True]
    presser.join()


def test_what_cannot_be_stopped_is_waited_for() -> None:
    """A lost connection, say, over which nobody can be told to stop."""
    ended: list[bool] = []
    begun = threading.Event()

    def stop() -> None:
        raise ConnectionError

    def action() -> None:
        begun.set()
        time.sleep(0.1)
        ended.append(True)

    with pytest.raises(LookupError), background(stop) as thread:
        thread.submit(action)
        begun.wait()
        raise LookupError
    assert ended == [True]


def test_the_switch_interval_is_put_back() -> None:
    """Also where several wait at once, in whatever order they end."""
    before = sys.getswitchinterval()
    first, second = background(_nothing), background(_nothing)
    with first:
        assert sys.getswitchinterval() < before
        second.__enter__()
    assert sys.getswitchinterval() < before
    second.__exit__(None, None, None)
    assert sys.getswitchinterval() == before
