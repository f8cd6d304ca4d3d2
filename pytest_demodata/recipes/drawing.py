"""Recipes that draw values from a stream, from a list or from the locale's words."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.errors import BlueprintError
from pytest_demodata.recipes.recipe import Recipe
from pytest_demodata.streams import WORD_BITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Table

    from pytest_demodata.recipes.recipe import ColumnName, Kind, Run
    from pytest_demodata.words import Words


_SLOT_BITS: Final = 12
_SLOT_SHIFT: Final = WORD_BITS - _SLOT_BITS


@dataclass(frozen=True, slots=True)
class Constant(Recipe):
    """The same value in every row."""

    value: object

    def draw(self, run: Run) -> Sequence[Any]:
        """Repeat the value."""
        return [self.value] * (run.stop - run.start)

    def mapped(self, function: Callable[[Any], Any]) -> Constant:
        """Return the same with another value."""
        return Constant(function(self.value))


@dataclass(frozen=True, slots=True)
class Listed(Recipe):
    """One value after the other, from the first again when they run out."""

    values: Sequence[Any]

    def __post_init__(self) -> None:
        if not self.values:
            message = "A list of values is empty.\nAllowed: at least one value."
            raise BlueprintError(message)

    def draw(self, run: Run) -> Sequence[Any]:
        """Take the values by row number."""
        return [self.values[row % len(self.values)] for row in range(run.start, run.stop)]

    def mapped(self, function: Callable[[Any], Any]) -> Listed:
        """Return the same over other values."""
        return Listed(tuple(map(function, self.values)))


@dataclass(frozen=True, slots=True)
class Counted(Recipe):
    """A first number, and for each further row a step more."""

    first: int
    step: int = 1

    def draw(self, run: Run) -> Sequence[int]:
        """Count from the first row on."""
        first, step = self.first, self.step
        return [first + step * row for row in range(run.start, run.stop)]


@dataclass(frozen=True, slots=True)
class Serial(Recipe):
    """1, 2, 3 …, the integer keys of a table."""

    def draw(self, run: Run) -> Sequence[int]:
        """Count from 1."""
        return range(run.start + 1, run.stop + 1)


@dataclass(frozen=True, slots=True)
class Stored(Recipe):
    """What the rows have that are in the database already."""

    column: str

    def draw(self, run: Run) -> Sequence[Any]:
        """Take them as they were read."""
        return run.stored(self.column)


@dataclass(frozen=True, slots=True)
class AsOf(Recipe):
    """The reference date, in days."""

    def draw(self, run: Run) -> Sequence[int]:
        """Repeat the date."""
        return [run.as_of] * (run.stop - run.start)


@dataclass(frozen=True, slots=True)
class Fraction(Recipe):
    """A random integer in range(2**32), for a function to scale: `fraction * n >> 32`.

    Attributes:
        exact: Spread the draws of each 1,024 rows evenly over the range.
    """

    exact: bool = False

    def draw(self, run: Run) -> Sequence[int]:
        """Draw the bits as they are."""
        return run.bits(exact=self.exact)


@dataclass(frozen=True, slots=True)
class Whole(Recipe):
    """A whole number out of a range, each as likely as the other.

    Attributes:
        numbers: The range, with a step if need be; its stop is not drawn.
        exact: Every number occurs, as often as the others, in each 1,024 rows.
    """

    numbers: range
    exact: bool = False

    def __post_init__(self) -> None:
        if not self.numbers:
            message = (
                f"A whole number is drawn from {self.numbers}, which is empty.\n"
                "Allowed: a range of at least one number."
            )
            raise BlueprintError(message)

    def draw(self, run: Run) -> Sequence[int]:
        """Scale the bits to the range."""
        first, step, count = self.numbers.start, self.numbers.step, len(self.numbers)
        return [first + step * (bits * count >> WORD_BITS) for bits in run.bits(exact=self.exact)]


@dataclass(frozen=True, slots=True)
class Skewed(Recipe):
    """A whole number out of a range, small ones more often than large ones.

    Attributes:
        numbers: The range, with a step if need be; its stop is not drawn.
    """

    numbers: range

    def draw(self, run: Run) -> Sequence[int]:
        """Scale the squares of the bits to the range."""
        first, step, count = self.numbers.start, self.numbers.step, len(self.numbers)
        shift = 2 * WORD_BITS
        return [first + step * (bits * bits * count >> shift) for bits in run.bits()]


@dataclass(frozen=True, slots=True)
class Fractional(Recipe):
    """Binary fractions: the whole numbers of another recipe, divided by a power of two.

    Attributes:
        recipe: The other recipe, which reads no column.
        divisor: What its numbers are divided by.
    """

    recipe: Recipe
    divisor: int

    def draw(self, run: Run) -> Sequence[float]:
        """Divide what the other recipe draws."""
        return [number / self.divisor for number in self.recipe.draw(run)]

    def parts(self) -> Iterable[Recipe]:
        """Name the other recipe."""
        return (self.recipe,)


@dataclass(frozen=True, slots=True)
class Choice(Recipe):
    """One of several values; tuples, where several columns are drawn together.

    Attributes:
        values: What to choose from.
        weights: How likely each is, as whole numbers; all alike if not given.
        exact: The shares hold in each 1,024 rows, and not only on average: in n rows (at most
            1,024), whatever has a share of 1/n or more occurs.

    Raises:
        BlueprintError: No values, or weights that do not fit them.
    """

    values: Sequence[Any]
    weights: Sequence[int] | None = None
    exact: bool = False
    _bounds: Sequence[int] = field(init=False, repr=False, compare=False)
    _slots: Sequence[Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        weights = [1] * len(self.values) if self.weights is None else list(self.weights)
        if len(weights) != len(self.values) or sum(weights) < 1 or min(weights) < 0:
            message = (
                f"A choice of {len(self.values)} values has the weights {weights}.\n"
                "Allowed: at least one value, and a weight of 0 or more for each, not all 0."
            )
            raise BlueprintError(message)
        bounds = _bounds(weights)
        starts = [-(-bound >> _SLOT_SHIFT) for bound in (0, *bounds)]
        stops = [*starts[1:], 1 << _SLOT_BITS]
        pieces = zip(self.values, starts, stops, strict=True)
        slots = [value for value, start, stop in pieces for _ in range(start, stop)]
        too_small = any(
            weight and start == stop
            for weight, start, stop in zip(weights, starts, stops, strict=True)
        )
        object.__setattr__(self, "_bounds", bounds)
        object.__setattr__(self, "_slots", () if too_small else slots)

    def mapped(self, function: Callable[[Any], Any]) -> Choice:
        """Return the same over other values."""
        return Choice(tuple(map(function, self.values)), self.weights, exact=self.exact)

    def draw(self, run: Run) -> Sequence[Any]:
        """Look the bits up in the running shares, or in 1/4,096 of them where that is enough."""
        if self._slots and not self.exact:
            slots = self._slots
            return [slots[bits >> _SLOT_SHIFT] for bits in run.bits()]
        values, bounds = self.values, self._bounds
        return [values[bisect_right(bounds, bits)] for bits in run.bits(exact=self.exact)]


def _bounds(weights: Sequence[int]) -> list[int]:
    """Cut range(2**32) in proportion to the weights: where each share but the last ends."""
    *ends, total = accumulate(weights)
    return [(end << WORD_BITS) // total for end in ends]


@dataclass(frozen=True, slots=True)
class Word(Recipe):
    """One of the locale's words, each as likely as the other.

    Attributes:
        name: The list of words, such as `streets`.
    """

    name: str

    def draw(self, run: Run) -> Sequence[Any]:
        """Scale the bits to the list."""
        words = run.words[self.name]
        count = len(words)
        return [words[bits * count >> WORD_BITS] for bits in run.bits()]


@dataclass(frozen=True, slots=True)
class Distinct(Recipe):
    """Whole numbers of which no two rows have the same, in random order.

    Attributes:
        capacity: The numbers are in range(capacity) for as many rows as that, and in a whole
            multiple of that range for more; a function of the locale's `Words`, if it hangs on
            them.
    """

    capacity: int | Callable[[Words], int]

    def __post_init__(self) -> None:
        if isinstance(self.capacity, int) and self.capacity < 1:
            message = f"Distinct numbers have a capacity of {self.capacity}.\nAllowed: 1 or more."
            raise BlueprintError(message)

    def draw(self, run: Run) -> Sequence[int]:
        """Take the row's place in a permutation of the range."""
        capacity = self.capacity if isinstance(self.capacity, int) else self.capacity(run.words)
        return run.shuffled(-(-max(run.total, 1) // capacity) * capacity)


@dataclass(frozen=True, slots=True)
class Sometimes(Recipe):
    """What another recipe draws, and NULL in the other rows.

    Attributes:
        recipe: The other recipe.
        percent: In how many rows of a hundred there is a value.
    """

    recipe: Recipe
    percent: int

    def __post_init__(self) -> None:
        if self.percent not in range(101):
            message = f"There is a value in {self.percent} of 100 rows.\nAllowed: from 0 to 100."
            raise BlueprintError(message)

    def draw(self, run: Run) -> Sequence[Any]:
        """Blank out the rows whose own draw is above the share."""
        bound = (self.percent << WORD_BITS) // 100
        values = zip(self.recipe.draw(run), run.bits(lane="null"), strict=True)
        return [value if bits < bound else None for value, bits in values]

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Count what the other recipe draws."""
        return Sometimes(self.recipe.in_counts(kinds), self.percent)

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:
        """Read what the other recipe reads."""
        return self.recipe.reads(table, column)

    def parts(self) -> Iterable[Recipe]:
        """Name the other recipe."""
        return (self.recipe,)


class Pinned(Recipe):
    """What another recipe draws, but for a few rows, so that a rare value occurs at any volume.

    Args:
        recipe: The other recipe.
        rows: Values by row number, negative ones counted from the end; where two numbers mean the
            same row of a short table, the first given holds.
    """

    __slots__ = ("_recipe", "_rows")

    def __init__(self, recipe: Recipe, rows: Mapping[int, object]) -> None:
        self._recipe = recipe
        self._rows = tuple(rows.items())

    def draw(self, run: Run) -> Sequence[Any]:
        """Draw all rows, then put the few in their places."""
        values = list(self._recipe.draw(run))
        for number, value in reversed(self._rows):
            row = number if number >= 0 else run.total + number
            if run.start <= row < run.stop:
                values[row - run.start] = value
        return values

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Count what the other recipe draws; the few values are counted as they are given."""
        return Pinned(self._recipe.in_counts(kinds), dict(self._rows))

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:
        """Read what the other recipe reads."""
        return self._recipe.reads(table, column)

    def parts(self) -> Iterable[Recipe]:
        """Name the other recipe."""
        return (self._recipe,)


@dataclass(frozen=True, slots=True)
class Standing(Recipe):
    """How much a row is wanted, as evenly spread fractions of 2**32, the most wanted first.

    Attributes:
        newcomers: Of a hundred rows, how many of the last stand behind half of the older ones of
            the same 1,024 rows, so that in a small table none of them is among the most wanted.
    """

    newcomers: int = 0

    def __post_init__(self) -> None:
        if self.newcomers not in range(101):
            message = f"Of 100 rows {self.newcomers} are newcomers.\nAllowed: from 0 to 100."
            raise BlueprintError(message)

    def draw(self, run: Run) -> Sequence[int]:
        """Order the rows by their bits, and newcomers by bits of the upper half."""
        settled = run.total * (100 - self.newcomers) // 100
        half = 1 << (WORD_BITS - 1)
        return run.ranked(lambda row, bits: bits if row < settled else half + bits // 2)


def popularity(standing: int, *, unwanted: int) -> int:
    """Turn a standing into a weight for a `Reference`: a few are wanted much, most little.

    The weight falls with the rank r of n as 1/(r/n + 0.01), a Zipf-Mandelbrot law in which the
    first fifth has two thirds of the sum.

    Args:
        standing: A fraction of 2**32, as `Standing` draws it.
        unwanted: How many rows of a hundred have no weight.
    """
    if standing >= ((100 - unwanted) << WORD_BITS) // 100:
        return 0
    return (1 << (WORD_BITS + 8)) // (standing + (1 << WORD_BITS) // 100)
