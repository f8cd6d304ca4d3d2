"""Recipes that make each value out of a number: unique where no number stands twice."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.errors import BlueprintError, VolumeError
from pytest_demodata.recipes.recipe import Recipe
from pytest_demodata.streams import WORD_BITS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_demodata.recipes.recipe import Run
    from pytest_demodata.words import Words

    Capacity = int | Callable[[Words], int]

LARGEST_CAPACITY: Final = 1 << 62
"""Numbers beyond these are not told apart: no table has so many rows."""

_ROOMY: Final = 4
_LEAST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Numbered(Recipe):
    """What a function makes of a random number.

    Attributes:
        function: Takes the locale's words and a number in range(capacity), and returns a value;
            for different numbers different ones.
        capacity: How many values there are; a function of the locale's words, if it hangs on them.
        unique: No two rows have the same number.
        natural: How many of the first numbers are taken as long as there are not more rows; all,
            if not given.
    """

    function: Callable[[Words, int], Any]
    capacity: Capacity
    unique: bool = False
    natural: Capacity | None = None

    def draw(self, run: Run) -> Sequence[Any]:
        """Draw numbers, or take the rows' places in a permutation of them."""
        words, function = run.words, self.function
        return [function(words, number) for number in self._numbers(run)]

    def once(self) -> Recipe:
        """Have no two rows with the same number."""
        return replace(self, unique=True)

    def _numbers(self, run: Run) -> Sequence[int]:
        capacity = self._capacity(run)
        if self.natural is not None:
            natural = capacity_of(self.natural, run.words)
            if self.unique and natural < run.total:
                natural = 2 * run.total
            capacity = min(capacity, natural)
        if self.unique:
            return run.shuffled(capacity)
        if capacity <= 1 << WORD_BITS:
            return [bits * capacity >> WORD_BITS for bits in run.bits()]
        pairs = zip(run.bits(), run.bits(lane="low"), strict=True)
        return [(high << WORD_BITS | low) * capacity >> 2 * WORD_BITS for high, low in pairs]

    def check(self, run: Run) -> None:
        """Look whether there are enough values, where no two rows have the same.

        Raises:
            VolumeError: There are not.
        """
        if self.unique and run.total > self._capacity(run):
            raise too_few_values(run, self._capacity(run))

    def _capacity(self, run: Run) -> int:
        return min(capacity_of(self.capacity, run.words), LARGEST_CAPACITY)


def capacity_of(capacity: Capacity, words: Words) -> int:
    """Return a capacity, of the locale's words if it hangs on them."""
    return capacity if isinstance(capacity, int) else capacity(words)


def too_few_values(run: Run, capacity: int) -> VolumeError:
    """Return the error for a unique column with fewer values than the table has rows."""
    table, column = run.table.key, run.column.partition("#")[0]
    return VolumeError(
        f"Volume {run.volume!r} has {run.total:,} rows of {table!r}, and the unique column "
        f"'{table}.{column}' can have {capacity:,} different values.\n"
        f"Allowed: at most as many rows as values. Give the table fewer, "
        f"Fill({table!r}, rows=Fixed({capacity})), or the column a recipe with more values, "
        f"Fill({table!r}, columns={{{column!r}: …}})."
    )


@dataclass(frozen=True, slots=True)
class Permuted(Recipe):
    """Whole numbers of a range in random order, of which no two rows have the same.

    Attributes:
        numbers: The range; of a long one, the first numbers: four times as many as rows.
    """

    numbers: range

    def draw(self, run: Run) -> Sequence[int]:
        """Take the rows' places in a permutation of the range."""
        first, step = self.numbers.start, self.numbers.step
        size = min(len(self.numbers), max(_ROOMY * run.total, _LEAST))
        return [first + step * number for number in run.shuffled(size)]

    def check(self, run: Run) -> None:
        """Look whether there are enough numbers.

        Raises:
            VolumeError: There are not.
        """
        if run.total > len(self.numbers):
            raise too_few_values(run, len(self.numbers))


@dataclass(frozen=True, slots=True)
class Each(Recipe):
    """Each of some values once, in random order.

    Attributes:
        values: The values.
    """

    values: Sequence[Any]

    def draw(self, run: Run) -> Sequence[Any]:
        """Take the values at the rows' places in a permutation."""
        return [self.values[number] for number in run.shuffled(len(self.values))]

    def mapped(self, function: Callable[[Any], Any]) -> Each:
        """Return the same over other values."""
        return Each(tuple(map(function, self.values)))

    def check(self, run: Run) -> None:
        """Look whether there are enough values.

        Raises:
            VolumeError: There are not.
        """
        if run.total > len(self.values):
            raise too_few_values(run, len(self.values))


@dataclass(frozen=True, slots=True)
class RandomBits(Recipe):
    """Random numbers of 128 bits, such as UUIDs, of which no two rows have the same.

    The last 32 bits are a permutation of the rows; the others are random.
    """

    def draw(self, run: Run) -> Sequence[int]:
        """Put 96 random bits before the row's place in a permutation."""
        lanes = [run.bits(lane=lane) for lane in ("a", "b", "c")]
        last = run.shuffled(1 << WORD_BITS)
        return [
            (a << 96)
            | ((b & 0xFFFF0FFF | 0x4000) << 64)
            | ((c & 0x3FFFFFFF | 0x80000000) << 32)
            | d
            for a, b, c, d in zip(*lanes, last, strict=True)
        ]


_ALPHABETS: Final = {
    "#": string.digits,
    "%": string.digits[1:],
    "?": string.ascii_uppercase,
    "^": "0123456789abcdef",
}


def pattern(text: str, *, unique: bool = False) -> Numbered:
    """Fill a pattern in: `INV-######` makes `INV-204816`.

    Args:
        text: `#` stands for a digit, `%` for a digit from 1, `?` for a letter A to Z, `^` for a
            hexadecimal digit; everything else for itself.
        unique: No two rows have the same.

    Raises:
        BlueprintError: There is nothing to fill in.
    """
    if not set(text) & _ALPHABETS.keys():
        message = (
            f"The pattern {text!r} has nothing to fill in.\n"
            "Allowed: #, %, ? or ^ for a digit, a digit from 1, a letter, a hexadecimal digit. For "
            "a text that is always the same, use constant(…)."
        )
        raise BlueprintError(message)
    return Numbered(FilledIn(text), count_of(text), unique)


@dataclass(frozen=True, slots=True)
class FilledIn:
    """Writes a number into a pattern."""

    text: str

    def __call__(self, _words: Words, number: int) -> str:
        """Write the number."""
        return filled_in(self.text, number)


def filled_in(text: str, number: int) -> str:
    """Write a number into a pattern, with a digit for each of its signs, as `pattern` has them."""
    pieces = []
    for run, base, form in _runs(text):
        number, digits = divmod(number, base)
        pieces.append(form(digits) if base > 1 else run)
    return "".join(reversed(pieces))


@lru_cache(maxsize=256)
def _runs(text: str) -> Sequence[tuple[str, int, Callable[[int], str]]]:
    """Cut a pattern, from its end, into runs of one sign: each with how many texts it has."""
    runs = [match[0] for match in re.finditer(r"#+|\^+|%|\?|[^#^%?]+", text)]
    return [(run, count_of(run), _form_of(run)) for run in reversed(runs)]


def _form_of(run: str) -> Callable[[int], str]:
    """Return what writes a number with the digits of a run."""
    if run[0] == "#":
        return f"{{:0{len(run)}d}}".format
    if run[0] == "^":
        return f"{{:0{len(run)}x}}".format
    return _ALPHABETS.get(run, run).__getitem__


def count_of(text: str) -> int:
    """Return how many texts there are of a pattern."""
    return prod(len(_ALPHABETS[sign]) for sign in text if sign in _ALPHABETS)
