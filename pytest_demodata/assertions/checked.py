"""What a check says: what it looked at, and what it found wrong."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from pytest_demodata.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: `1 row`, `3,105 rows`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


@dataclass(frozen=True, slots=True)
class Checked:
    """What an assertion helper has looked at; printed, `7 keys and 3,105 rows`.

    Attributes:
        keys: Foreign keys, references, primary keys and unique combinations.
        rules: Sums, amounts, columns that are NOT NULL, and rules of the dataset.
        rows: Rows of the tables that these are about.
    """

    keys: int = 0
    rules: int = 0
    rows: int = 0

    def __str__(self) -> str:
        parts = [(self.keys, "key"), (self.rules, "rule")]
        looked_at = [counted(count, noun) for count, noun in parts if count]
        return " and ".join([", ".join(looked_at), counted(self.rows, "row")])


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a check: what was looked at, and a paragraph for each thing found wrong."""

    checked: Checked
    failures: tuple[str, ...] = ()


def hold(outcome: Outcome) -> Checked:
    """Return what was looked at.

    Raises:
        AssertionError: Something was found wrong; also under `python -O`.
    """
    __tracebackhide__ = True
    if outcome.failures:
        raise AssertionError("\n".join(outcome.failures))
    return outcome.checked


def checked_limit(limit: int) -> int:
    """Return how many offenders to name.

    Raises:
        SettingError: It is not a whole number from 1.
    """
    if isinstance(limit, int) and not isinstance(limit, bool) and limit >= 1:
        return limit
    message = (
        f"The limit of offenders to name is {limit!r}.\n"
        "Allowed: a whole number from 1.\n"
        "Leave it out for the first 5."
    )
    raise SettingError(message)


def bullets(lines: Iterable[str], *, count: int, limit: int, indent: str = "  ") -> Iterator[str]:
    """Return the first lines as bullets, and how many more there are."""
    for line in islice(lines, limit):
        yield f"{indent}{line}"
    if count > limit:
        yield f"{indent}… and {count - limit:,} more"


def key_text(table: object, key: tuple[object, ...]) -> str:
    """Return a row's table and primary key: `invoices 17`, `lines (17, 2)`, `log` without one."""
    if not key:
        return str(table)
    texts = ["NULL" if each is None else str(each) for each in key]
    return f"{table} {texts[0]}" if len(key) == 1 else f"{table} ({', '.join(texts)})"


def value_text(value: object) -> str:
    """Return a value as a message shows it: strings quoted, so that blanks are seen."""
    if value is None:
        return "NULL"
    return repr(value) if isinstance(value, str | bytes) else str(value)


def values_text(columns: tuple[str, ...], values: tuple[object, ...]) -> str:
    """Return columns with their values: `region 'EU', number 7`."""
    pairs = zip(columns, values, strict=True)
    return ", ".join(f"{column} {value_text(value)}" for column, value in pairs)
