"""What can go wrong, each with a type of its own so that callers can tell it apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class DemodataError(Exception):
    """The base of every error that pytest-demodata raises on purpose."""


class VolumeError(DemodataError, ValueError):
    """A volume that cannot be read, or that cannot be generated."""


class SettingError(DemodataError, ValueError):
    """A seed, a URL, a reference date or a part of a table that cannot be used."""


class LocaleError(DemodataError, ValueError):
    """A locale that neither the package nor Faker has words for."""


class BlueprintError(DemodataError, ValueError):
    """A blueprint that does not fit its tables, found when the blueprint is built."""


class DatabaseSetupError(DemodataError):
    """A connection that cannot be had, or on which all-or-nothing cannot be promised."""


class NoConnectionError(DatabaseSetupError):
    """A server that cannot be reached, or that does not let the user in.

    Attributes:
        lasting: Whether another try a moment later would most likely fail as well.
    """

    def __init__(self, message: str, *, lasting: bool = True) -> None:
        super().__init__(message)
        self.lasting = lasting


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


class IsolationError(DemodataError):
    """Something would end the transaction that holds a demo database, or has ended it."""


class BusyError(IsolationError):
    """A write has to wait for the transactions of others, and cannot, or no longer.

    Attributes:
        others: Whose they are.
        patience: The seconds to wait for them, if they stay the same.
    """

    def __init__(self, message: str, others: frozenset[object], patience: float) -> None:
        super().__init__(message)
        self.others = others
        self.patience = patience


class IsolationWarning(UserWarning):
    """What was written to a demo database lasts less long than it should."""


def without_a_country(language: str, locales: Iterable[str]) -> str:
    """Return sentences naming the locales of a language, or nothing where it has none."""
    found = [each for each in locales if each.startswith(f"{language}_")]
    if not found:
        return ""
    return (
        f"The locale is {language!r}, a language without a country, which decides places and "
        f"taxes.\nAllowed: {', '.join(found)}."
    )


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return a sentence naming the allowed words nearest to `word`, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 - a run without a mistake needs none

    folded = {each.casefold(): each for each in allowed}
    near = get_close_matches(word.casefold(), folded, n=3, cutoff=0.6)
    if not near:
        return ""
    return f"\nDid you mean {' or '.join(repr(folded[match]) for match in near)}?"
