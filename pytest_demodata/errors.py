"""What can go wrong, each with a type of its own so that callers can tell it apart."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class DemodataError(Exception):
    """The base of every error that pytest-demodata raises on purpose."""


class VolumeError(DemodataError, ValueError):
    """A volume that cannot be read, or that cannot be generated."""


class SettingError(DemodataError, ValueError):
    """A seed or a reference date that cannot be used."""


class LocaleError(DemodataError, ValueError):
    """A locale that neither the package nor Faker has words for."""


class BlueprintError(DemodataError, ValueError):
    """A blueprint that does not fit its tables, found when the blueprint is built."""


class DatabaseSetupError(DemodataError):
    """A connection on which all-or-nothing cannot be promised."""


class GenerationRunningError(DemodataError):
    """A generation was asked for while another one runs on the same database."""

    def __init__(self, found: str = "A generation is already running on this database") -> None:
        super().__init__(
            f"{found}, and a second one would mix its rows into it.\n"
            "Wait until it has ended, or use a database of its own for each."
        )


class StageError(DemodataError):
    """A stage was asked for before what it needs, or where its rows already are."""


class GenerationError(DemodataError):
    """A generation failed and was undone; `__cause__` is what stopped it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of the dataset that a table breaks.

    Attributes:
        rule: The rule's number in the project's `domain.md`.
        table: The table.
        sentence: What every row does, or what should be so.
        count: How many rows break it; 0 where it is about the table as a whole.
        keys: The primary keys of the first few.
    """

    rule: int
    table: str
    sentence: str
    count: int
    keys: tuple[object, ...]

    def __str__(self) -> str:
        if not self.count:
            return f"{self.table}, rule {self.rule}: {self.sentence}"
        more = self.count - len(self.keys)
        keys = ", ".join(map(str, self.keys)) + (f" … and {more:,} more" if more else "")
        return (
            f"{self.table}, rule {self.rule}: each {self.sentence}; {self.count:,} do not: {keys}"
        )


class ValidationError(DemodataError, AssertionError):
    """The database breaks rules of the dataset; `violations` holds them as data."""

    def __init__(self, message: str, violations: tuple[Violation, ...]) -> None:
        super().__init__(message)
        self.violations = violations


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return a sentence naming the allowed words nearest to `word`, or nothing."""
    near = get_close_matches(word, list(allowed), n=3, cutoff=0.6)
    if not near:
        return ""
    return f"\nDid you mean {' or '.join(repr(match) for match in near)}?"
