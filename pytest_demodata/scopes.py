"""The scopes that are open, from the outermost to the test; knows neither pytest nor databases."""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence


class Scope:
    """A package, module, class or test while it lasts.

    Args:
        name: What to call it in a message.
        place: What it is the scope of.
    """

    __slots__ = ("name", "place")

    def __init__(self, name: str, place: object) -> None:
        self.name = name
        self.place = place


class Scopes:
    """Which scopes are open, and to which of them what is written now belongs.

    Attributes:
        version: Another number whenever `current` may have another answer.
        between_tests: Whether one test has ended and the next one has not begun.
        ending: Whether a test is over, and what it has written on its way out.
        idle: Whether no scope of a test is open yet, or any more.
        thread: The thread that runs the tests.
    """

    def __init__(self) -> None:
        self.version = 0
        self.between_tests = False
        self.ending = False
        self.idle = False
        self.thread = get_ident()
        self._open: list[Scope] = []
        self._writing: list[Callable[[], Collection[object]] | None] = []

    def open(self, scope: Scope) -> None:
        """Begin a scope inside those that are open."""
        self._open.append(scope)
        self.version += 1

    def close(self) -> Scope:
        """End the innermost scope."""
        self.version += 1
        return self._open.pop()

    def holds(self, place: object) -> bool:
        """Return whether the scope of a place is open."""
        return any(scope.place is place for scope in self._open)

    def innermost(self) -> object:
        """Return the place of the innermost scope, or None."""
        return self._open[-1].place if self._open else None

    def enter(self, places: Callable[[], Collection[object]] | None) -> None:
        """Write, until `leave`, for the open scopes of these places only.

        Args:
            places: Returns the places; None where they cannot be told.
        """
        self._writing.append(places)
        self.version += 1

    def leave(self) -> None:
        """Write again for whom was written for before."""
        self._writing.pop()
        self.version += 1

    def current(self) -> Sequence[Scope] | None:
        """Return the scopes with whose end goes what is written now, outermost first.

        None where they cannot be told, so that it is left with those written for last.
        """
        if not self._writing:
            return tuple(self._open)
        if (places := self._writing[-1]) is None:
            return None
        held = places()
        return tuple(scope for scope in self._open if scope.place in held)
