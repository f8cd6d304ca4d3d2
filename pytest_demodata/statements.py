"""What a statement of SQL does to a transaction, read off its words without comments and texts.

What all databases understand is here; a dialect's own words are in the dialect's file.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator


class Effect(enum.Enum):
    """What a statement does to the transaction it runs in."""

    READ = enum.auto()
    WRITE = enum.auto()
    NOTHING = enum.auto()
    """It says of transactions what a savepoint cannot follow, and hurts nobody if it is not run."""
    BEGIN = enum.auto()
    END = enum.auto()
    SAVEPOINT = enum.auto()
    ROLLBACK_TO = enum.auto()
    RELEASE = enum.auto()


COMMIT_ON_IT: Final = (
    "Call commit() or rollback() of the session or connection instead: they stay inside the test."
)
_ONE_BY_ONE: Final = (
    "Run the statements one by one, and call commit() or rollback() of the session or connection "
    "for those that say so: they stay inside the test."
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that has been looked at.

    Attributes:
        text: The statement, or several, as the database gets it.
        plain: The same without comments, and without what stands in quotes.
        effect: What it does.
        savepoint: The savepoint's name, where it names one, in small letters.
        instead: What to do instead, where it would end the transaction.
    """

    text: str
    plain: str
    effect: Effect
    savepoint: str = ""
    instead: str = COMMIT_ON_IT

    def __str__(self) -> str:
        words = " ".join(self.text.split())
        return repr(words if len(words) <= _SHOWN else f"{words[: _SHOWN - 2]} …")


_SHOWN: Final = 80
_REMEMBERED: Final = 1_024
_LONGEST: Final = 10_000
"""Statements that are looked at anew each time have more characters."""

_GAP: Final = r"[\s;(\ufeff]*+"
_NAME: Final = r"""(?:"([^"]+)"|'([^']+)'|`([^`]+)`|\[([^\]]+)\]|([\w$]+))"""

PLAIN_TOKENS: Final = (
    r"""(?P<blank>--[^\n]*|/\*.*?(?:\*/|\Z))|(?P<text>'(?:[^']|'')*')"""
    r"""|(?P<name>"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\])"""
)
"""What may hold words that do nothing: comments, texts in quotes, and names in quotes."""

READING: Final = frozenset({"SELECT", "VALUES", "EXPLAIN", "SHOW", "DESCRIBE"})
"""The verbs that only read."""

_SAVEPOINTS: Final = (
    (rf"ROLLBACK (?:TRANSACTION |WORK )?TO (?:SAVEPOINT )?{_NAME}", Effect.ROLLBACK_TO),
    (rf"SAVEPOINT {_NAME}", Effect.SAVEPOINT),
    (rf"RELEASE (?:SAVEPOINT )?{_NAME}", Effect.RELEASE),
)
_TRANSACTIONS: Final = (
    (r"(?:BEGIN|START TRANSACTION)\b", Effect.BEGIN),
    (r"(?:COMMIT|END|ROLLBACK|ABORT|PREPARE TRANSACTION|LOCK TABLES)\b", Effect.END),
    (r"WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|REPLACE|MERGE)\b)", Effect.READ),
)


@dataclass(frozen=True, slots=True)
class Words:
    """What a dialect's words say of transactions, beside those that all understand.

    Attributes:
        begins: The words that statements begin with, a gap between two as a blank, as regular
            expressions, and what such a statement does; they go before what all understand.
        reading: The verbs that only read, unless `begins` says otherwise.
        instead: For an effect of `begins`, what to do instead of the statement.
        tokens: What may hold words that do nothing, as groups `blank`, `text` and `name`; a group
            `nest` begins a comment that may hold others, and a group `end` ends a statement where
            a text may have several.
        or_tokens: The same, as another version of the database reads it.
    """

    begins: tuple[tuple[str, Effect], ...] = ()
    reading: frozenset[str] = READING
    instead: str = COMMIT_ON_IT
    tokens: str = PLAIN_TOKENS
    or_tokens: str | None = None


class Grammar:
    """Looks at statements of one dialect.

    Args:
        words: The dialect's own words.
    """

    def __init__(self, words: Words) -> None:
        self._reading = words.reading
        readings = [words.tokens] if words.or_tokens is None else [words.tokens, words.or_tokens]
        self._readings = [re.compile(tokens, re.DOTALL) for tokens in readings]
        own = [(_begins(text), effect, words.instead) for text, effect in words.begins]
        shared = [(_begins(text), effect, COMMIT_ON_IT) for text, effect in _TRANSACTIONS]
        savepoints = [(_begins(text), effect, COMMIT_ON_IT) for text, effect in _SAVEPOINTS]
        self._controlling = (*savepoints, *own, *shared)
        self._remembered = lru_cache(_REMEMBERED)(self._look_at)

    def look_at(self, text: str) -> Statement:
        """Tell what a statement does; whatever is not known to read is held to write."""
        return self._remembered(text) if len(text) <= _LONGEST else self._look_at(text)

    def _look_at(self, text: str) -> Statement:
        first, *others = [self._read(text, tokens) for tokens in self._readings]
        worse = (each for each in others if each.effect in {Effect.BEGIN, Effect.END})
        return next(worse, first)

    def _read(self, text: str, tokens: re.Pattern[str]) -> Statement:
        """Read a text in one way.

        Of several statements in it, it does what goes furthest; our savepoints cannot stand for
        one of them, so that such a text is held to end the transaction.
        """
        parts = [each for each in _parts(text, tokens) if each.strip(" \t\r\n;\ufeff")] or [""]
        found = [self._look_at_one(text, part) for part in parts]
        if len(found) == 1:
            return found[0]
        plain = ";".join(parts)
        if any(each.effect not in {Effect.READ, Effect.WRITE} for each in found):
            return Statement(text, plain, Effect.END, instead=_ONE_BY_ONE)
        writes = any(each.effect is Effect.WRITE for each in found)
        return Statement(text, plain, Effect.WRITE if writes else Effect.READ)

    def _look_at_one(self, text: str, part: str) -> Statement:
        for pattern, effect, instead in self._controlling:
            if match := pattern.match(part):
                name = next(filter(None, match.groups()), "").lower()
                return Statement(text, part, effect, name, instead)
        found = _VERB.match(part)
        reads = found is not None and found[1].upper() in self._reading
        return Statement(text, part, Effect.READ if reads else Effect.WRITE)


def _parts(text: str, tokens: re.Pattern[str]) -> Iterator[str]:
    """Cut a text into its statements, and leave comments and the contents of texts out."""
    plain: list[str] = []
    position = 0
    while found := tokens.search(text, position):
        code = text[position : found.start()]
        plain.append(code)
        position = found.end()
        kind = found.lastgroup
        if kind == "end" and not _holds_more("".join(plain)):
            yield "".join(plain)
            plain.clear()
        elif kind == "nest":
            position = _end_of_comment(text, position)
            plain.append(" ")
        elif kind in {"name", "end"} or (kind == "text" and _NAMING.search(code[-_WORD:])):
            plain.append(found[0])
        else:
            plain.append("''" if kind == "text" else " ")
    yield "".join(plain) + text[position:]


def _holds_more(plain: str) -> bool:
    """Return whether a statement that holds others goes on after the semicolon behind this."""
    return "ATOMIC" in plain.upper() and _HOLDS_STATEMENTS.match(plain) is not None


def _end_of_comment(text: str, position: int) -> int:
    """Return where a comment ends that may hold others, and begins before a position."""
    depth = 1
    for found in re.compile(r"/\*|\*/").finditer(text, position):
        depth += 1 if found[0] == "/*" else -1
        if depth == 0:
            return found.end()
    return len(text)


def _begins(words: str) -> re.Pattern[str]:
    return re.compile(_GAP + words.replace(" ", rf"(?=\W){_GAP}"), re.IGNORECASE | re.DOTALL)


_VERB: Final = re.compile(rf"{_GAP}(\w+)")
_NAMING: Final = re.compile(r"\b(?:SAVEPOINT|RELEASE|TO)\s*$", re.IGNORECASE)
"""After these words SQLite takes a text for a name."""
_WORD: Final = 20
"""Characters that one of these words, and a few blanks, take."""

_HOLDS_STATEMENTS: Final = _begins(
    r"CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)\b.*\bBEGIN ATOMIC\b(?!.*\bEND\s*$)"
)
