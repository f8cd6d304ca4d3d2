"""What a statement of SQL does to a transaction, read off its first words."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final


class Effect(enum.Enum):
    """What a statement does to the transaction it runs in."""

    READ = enum.auto()
    WRITE = enum.auto()
    BEGIN = enum.auto()
    END = enum.auto()
    SAVEPOINT = enum.auto()
    ROLLBACK_TO = enum.auto()
    RELEASE = enum.auto()


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that has been looked at.

    Attributes:
        text: The statement.
        effect: What it does.
        savepoint: The savepoint's name, where it names one, in small letters.
    """

    text: str
    effect: Effect
    savepoint: str = ""

    def __str__(self) -> str:
        words = " ".join(self.text.split())
        return repr(words if len(words) <= _SHOWN else f"{words[: _SHOWN - 2]} …")


_SHOWN: Final = 80

# Without a way back into it: each comment more would double the ways to read them all.
_GAP: Final = r"(?:[\s;(\ufeff]|--[^\n]*(?:\n|$)|/\*(?>.*?\*/))*+"
_NAME: Final = r"""(?:"([^"]+)"|'([^']+)'|`([^`]+)`|\[([^\]]+)\]|([\w$]+))"""

_VERB: Final = re.compile(rf"{_GAP}(\w+)", re.DOTALL)


def _begins(words: str) -> re.Pattern[str]:
    return re.compile(_GAP + words.replace(" ", rf"(?=\W){_GAP}"), re.IGNORECASE | re.DOTALL)


_READING: Final = frozenset({"SELECT", "VALUES", "EXPLAIN", "SHOW", "DESCRIBE"})
_CONTROLLING: Final = (
    (_begins(rf"ROLLBACK (?:TRANSACTION |WORK )?TO (?:SAVEPOINT )?{_NAME}"), Effect.ROLLBACK_TO),
    (_begins(rf"SAVEPOINT {_NAME}"), Effect.SAVEPOINT),
    (_begins(rf"RELEASE (?:SAVEPOINT )?{_NAME}"), Effect.RELEASE),
    (_begins(r"(?:BEGIN|START TRANSACTION)\b"), Effect.BEGIN),
    (_begins(r"(?:COMMIT|END|ROLLBACK|ABORT|PREPARE TRANSACTION|LOCK TABLES)\b"), Effect.END),
    (_begins(r"PRAGMA (?!(?:\w+\.)?(?:user_version|application_id)\s*[=(])"), Effect.READ),
    (_begins(r"WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|REPLACE|MERGE)\b)"), Effect.READ),
)
_TO_LOOK_AT: Final = frozenset(
    {
        "ABORT",
        "BEGIN",
        "COMMIT",
        "END",
        "LOCK",
        "PRAGMA",
        "PREPARE",
        "RELEASE",
        "ROLLBACK",
        "SAVEPOINT",
        "START",
        "WITH",
    }
)


def look_at(text: str) -> Statement:
    """Tell what a statement does; whatever is not known to read is held to write."""
    found = _VERB.match(text)
    verb = found[1].upper() if found else ""
    if verb in _READING:
        return Statement(text, Effect.READ)
    if verb in _TO_LOOK_AT:
        for pattern, effect in _CONTROLLING:
            if match := pattern.match(text):
                return Statement(text, effect, next(filter(None, match.groups()), "").lower())
    return Statement(text, Effect.WRITE)
