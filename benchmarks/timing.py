"""Measurements in turn, in one process."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Timed = Callable[[], float]
    """Does something, and returns the seconds of what counts of it."""

_Name = TypeVar("_Name")


def in_turns(turns: int, actions: Mapping[_Name, Timed]) -> dict[_Name, list[float]]:
    """Take the seconds of each action, one after the other, and again."""
    seconds: dict[_Name, list[float]] = {name: [] for name in actions}
    for _ in range(turns):
        for name, action in actions.items():
            gc.collect()
            seconds[name].append(action())
    return seconds


def seconds_of(action: Callable[[], object]) -> float:
    """Time one call."""
    start = perf_counter()
    action()
    return perf_counter() - start


@contextmanager
def unburdened() -> Iterator[None]:
    """Keep the garbage collector from going through what is there already, such as ready rows."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
