"""The recipe for foreign keys."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from pytest_demodata.errors import BlueprintError, VolumeError
from pytest_demodata.recipes.recipe import ColumnName, Recipe, parent_of
from pytest_demodata.streams import WORD_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Table

    from pytest_demodata.recipes.recipe import Run


@dataclass(frozen=True, slots=True)
class Reference(Recipe):
    """The key of a parent drawn at random, out of those that were there on the row's date.

    Attributes:
        weight: A column of the parent: how much it is wanted, as a whole number; 0 is never drawn.
            Without it, all are wanted alike.
        at: A column of this table: the row's date, in days.
        since: A column of the parent that never falls from one row to the next: only parents with
            a value below the row's date are drawn.
        until: A column of the parent: only parents with a value above the row's date are drawn.
        distinct: No parent twice among the rows of one owner.
        exact: The parents' shares hold in each 1,024 rows, and not only on average; without
            `exact` and `since`, they are rounded to a quarter of an average share.

    Raises:
        BlueprintError: `since` or `until` without `at`.
    """

    weight: str | None = None
    at: str | None = None
    since: str | None = None
    until: str | None = None
    distinct: bool = False
    exact: bool = False

    def __post_init__(self) -> None:
        if self.at is None and (self.since or self.until):
            message = (
                f"A reference has since={self.since!r} and until={self.until!r}, but no date to "
                "hold them to.\nGive the row's own date as at='…'."
            )
            raise BlueprintError(message)

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:
        """Read the row's date and the parent's columns."""
        parent = parent_of(table, column).name
        if self.at is not None:
            yield ColumnName(table.name, self.at)
        for name in (self.weight, self.since, self.until):
            if name is not None:
                yield ColumnName(parent, name)

    def capacity(self, run: Run) -> int:
        """Count the parents that can be drawn on the reference date, as far as it matters.

        Those that are not distinct need one that is wanted, whenever.
        """
        parents = _Parents(self, run)
        return parents.lasting(run.as_of) if self.distinct else parents.wanted()

    def draw(self, run: Run) -> Sequence[int]:
        """Look the bits up in the running weight, then move the few that do not fit."""
        parents = _Parents(self, run)
        dates = repeat(0) if self.at is None else run.values(self.at)
        if self.weight is not None and self.since is None and not self.exact:
            drawn = self._by_slots(run, self.weight)
        else:
            drawn = parents.by_weight(run.bits(exact=self.exact), dates)
        parents.replace_absent(drawn, dates)
        if self.distinct:
            parents.replace_repeated(drawn, dates, run.family_sizes)
        return [number + 1 for number in drawn]

    def _by_slots(self, run: Run, weight: str) -> list[int]:
        slots = run.slots(ColumnName(parent_of(run.table, run.column).name, weight))
        shift = WORD_BITS + 1 - len(slots).bit_length()
        return [slots[bits >> shift] for bits in run.bits()]


def references_in(recipe: Recipe) -> Iterator[Reference]:
    """Find the references in a recipe, also inside of others."""
    if isinstance(recipe, Reference):
        yield recipe
    for part in recipe.parts():
        yield from references_in(part)


class _Parents:
    """The rows of the parent table as a reference sees them: by number, from 0."""

    def __init__(self, reference: Reference, run: Run) -> None:
        parent = parent_of(run.table, run.column).name

        def whole(name: str | None) -> Sequence[Any] | None:
            return None if name is None else run.whole(ColumnName(parent, name))

        self._where = f"{run.table.name}.{run.column}"
        self._parent = parent
        self._weight: Sequence[int] = range(1, run.rows(parent) + 1)
        if reference.weight is not None:
            self._weight = run.running_total(ColumnName(parent, reference.weight))
        self._since = whole(reference.since)
        self._until = whole(reference.until)

    def wanted(self) -> int:
        """Return 1 if a row has a weight, and 0 if none has."""
        return int(bool(self._weight) and self._weight[-1] > 0)

    def lasting(self, date: int) -> int:
        """Count the rows that fit on a date."""
        return sum(self._fits(number, date) for number in range(len(self._weight)))

    def by_weight(self, draws: Sequence[int], dates: Iterable[int]) -> list[int]:
        weight = self._weight
        if self._since is None:
            total = weight[-1]
            return [bisect_right(weight, bits * total >> WORD_BITS) for bits in draws]
        count = {date: bisect_left(self._since, date) for date in set(dates)}
        for stop in count.values():
            if not stop or not weight[stop - 1]:
                raise self._too_few(stop, 0)
        there = [count[date] for date in dates]
        return [
            bisect_right(weight, bits * weight[stop - 1] >> WORD_BITS, 0, stop)
            for bits, stop in zip(draws, there, strict=True)
        ]

    def replace_absent(self, drawn: list[int], dates: Iterable[int]) -> None:
        until = self._until
        if until is None:
            return
        absent = [
            (row, date)
            for row, (number, date) in enumerate(zip(drawn, dates, strict=False))
            if until[number] <= date
        ]
        for row, date in absent:
            drawn[row] = self._next_fitting(drawn[row], date, ())

    def replace_repeated(
        self, drawn: list[int], dates: Iterable[int], sizes: Sequence[int]
    ) -> None:
        dates = (
            list(dates) if self._until is not None or self._since is not None else [0] * len(drawn)
        )
        start = 0
        for size in sizes:
            stop = start + size
            if len(set(drawn[start:stop])) < size:
                for row in range(start + 1, stop):
                    if drawn[row] in drawn[start:row]:
                        drawn[row] = self._next_fitting(drawn[row], dates[row], drawn[start:row])
            start = stop

    def _next_fitting(self, number: int, date: int, taken: Sequence[int]) -> int:
        """Walk on from a row, and from the first again, to one that is wanted, there and free."""
        stop = len(self._weight) if self._since is None else bisect_left(self._since, date)
        for candidate in chain(range(number + 1, stop), range(min(number + 1, stop))):
            if self._fits(candidate, date) and candidate not in taken:
                return candidate
        raise self._too_few(stop, len(taken))

    def _too_few(self, there: int, taken: int) -> VolumeError:
        return VolumeError(
            f"'{self._where}' needs one more row of {self._parent!r} than can be drawn: "
            f"on its date there are {there}, of which {taken} are taken and the others ruled out.\n"
            f"Allowed: a volume with more rows of {self._parent!r}."
        )

    def _fits(self, number: int, date: int) -> bool:
        if self._until is not None and self._until[number] <= date:
            return False
        below = self._weight[number - 1] if number else 0
        return self._weight[number] > below
