"""Recipes for dates and times."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.errors import BlueprintError
from pytest_demodata.recipes.numbering import too_few_values
from pytest_demodata.recipes.recipe import Recipe
from pytest_demodata.streams import WORD_BITS
from pytest_demodata.values import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_demodata.recipes.recipe import Run

_MOST_DAYS: Final = 300_000
"""Days that the calendar of every database goes back."""

_MOST_BEYOND: Final = 730
"""Days from a limit to the farthest day of those that are brought inside."""

_EVEN_WEEK: Final = (1,) * 7
_EVEN_YEAR: Final = (1,) * 12


@dataclass(frozen=True, slots=True)
class Around(Recipe):
    """Days, or times in seconds, between two days counted from the reference date.

    Attributes:
        first: Days from the reference date to the first day.
        last: Days from the reference date to the last day.
        seconds: Draw a time of the day as well.
        unique: No two rows have the same.
        limits: What the days, or times, have to be in, wherever the reference date is; those that
            are outside are brought inside. It rises.
    """

    first: int
    last: int
    seconds: bool = False
    unique: bool = False
    limits: range | None = None

    def draw(self, run: Run) -> Sequence[int]:
        """Scale the bits to the days, or seconds."""
        unit = DAY_SECONDS if self.seconds else 1
        first, count = (run.as_of + self.first) * unit, (self.last - self.first + 1) * unit
        if self.unique:  # as far back as there are rows
            size = max(count, run.total)
            return [first + count - 1 - number for number in run.shuffled(size)]
        drawn = [first + (bits * count >> WORD_BITS) for bits in run.bits()]
        if self.limits is None:
            return drawn
        span = min(count, _MOST_BEYOND * unit)
        return [within(self.limits, span, each) for each in drawn]

    def check(self, run: Run) -> None:
        """Look whether the calendar goes back far enough.

        Raises:
            VolumeError: There are more rows than days.
        """
        if self.unique and not self.seconds and run.total > _MOST_DAYS:
            raise too_few_values(run, _MOST_DAYS)


def within(limits: range, span: int, number: int) -> int:
    """Bring a number into a range, if it is outside: no farther from its end than a span."""
    if number in limits:
        return number
    step = number % min(span, len(limits))
    return limits[0] + step if number < limits[0] else limits[-1] - step


@dataclass(frozen=True, slots=True)
class Year(Recipe):
    """Years as whole numbers, counted from that of the reference date.

    Attributes:
        first: Years from it to the first one.
        last: Years from it to the last one.
    """

    first: int
    last: int

    def draw(self, run: Run) -> Sequence[int]:
        """Scale the bits to the years."""
        first = date.fromordinal(run.as_of).year + self.first
        count = self.last - self.first + 1
        return [first + (bits * count >> WORD_BITS) for bits in run.bits()]


@dataclass(frozen=True, slots=True)
class Rising(Recipe):
    """Days that never fall from one row to the next, dense where a calendar says so.

    Row k of n has the day at which (k + a random part) / n of the calendar's weight is reached, so
    that any row is known without the others. The first row has the first day.

    Attributes:
        first: Days from the reference date to the first day, such as -730.
        last: Days from the reference date to the last day, such as 0.
        week: Weights of Monday to Sunday, as whole numbers.
        year: Weights of January to December, as whole numbers.
        tail: Of the last rows, how many days before the last day each is at the most, in order:
            (21, 0) puts the last row on the last day, and the one before within three weeks of it.
        times: Draw tuples of the day and the time of the day, a fraction of 2**32 that rises
            within the day, for two columns that are drawn together.

    Raises:
        BlueprintError: Weights that are not seven and twelve, an empty span, or a tail that does
            not fall.
    """

    first: int
    last: int
    week: tuple[int, ...] = _EVEN_WEEK
    year: tuple[int, ...] = _EVEN_YEAR
    tail: tuple[int, ...] = ()
    times: bool = False

    def __post_init__(self) -> None:
        if (
            len(self.week) != len(_EVEN_WEEK)
            or len(self.year) != len(_EVEN_YEAR)
            or min(*self.week, *self.year) < 1
            or self.first > self.last
            or list(self.tail) != sorted(set(self.tail), reverse=True)
        ):
            message = (
                f"Rising dates from {self.first} to {self.last} have the weights {self.week} by "
                f"day of the week and {self.year} by month, and the tail {self.tail}.\n"
                "Allowed: seven and twelve whole numbers from 1, a last day from the first on, and "
                "a tail whose numbers fall."
            )
            raise BlueprintError(message)

    def draw(self, run: Run) -> Sequence[Any]:
        """Look the rows' shares up in the running weight of the calendar."""
        first, last = run.as_of + self.first, run.as_of + self.last
        weight = _running_weight(first, last + 1, self.week, self.year)
        scale = run.total << WORD_BITS
        shares = [
            ((row << WORD_BITS) + bits) * weight[-1]
            for row, bits in zip(range(run.start, run.stop), run.bits(), strict=True)
        ]
        indexes = [bisect_right(weight, share // scale) - 1 for share in shares]
        days = [first + index for index in indexes]
        self._put_ends(days, run, last)
        if not self.times:
            return days
        spans = {
            index: (weight[index] * scale, (weight[index + 1] - weight[index]) * scale)
            for index in set(indexes)
        }
        fractions = [
            ((share - start) << WORD_BITS) // length
            for share, (start, length) in zip(shares, map(spans.__getitem__, indexes), strict=True)
        ]
        if run.start == 0 and fractions:
            fractions[0] = 0
        return list(zip(days, fractions, strict=True))

    def _put_ends(self, days: list[int], run: Run, last: int) -> None:
        if run.start == 0 and days:
            days[0] = last + self.first - self.last
        for row, before in enumerate(self.tail, run.total - len(self.tail)):
            if max(run.start, 1) <= row < run.stop:
                days[row - run.start] = max(days[row - run.start], last - before)


@lru_cache(maxsize=64)
def _running_weight(
    start: int, stop: int, week: tuple[int, ...], year: tuple[int, ...]
) -> list[int]:
    days = map(date.fromordinal, range(start, stop))
    weights = (week[day.weekday()] * year[day.month - 1] for day in days)
    return list(accumulate(weights, initial=0))
