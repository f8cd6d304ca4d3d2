"""The recipe for foreign keys."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, chain, compress, pairwise, repeat
from operator import le, ne
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
        dates = [0] * (run.stop - run.start) if self.at is None else run.values(self.at)
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
        self._run = run
        self._parent = parent
        self._rows = run.rows(parent)
        self._weight_name = reference.weight
        self._weight = whole(reference.weight)
        self._since = whole(reference.since)
        self._until = whole(reference.until)

    def wanted(self) -> int:
        """Return 1 if a row has a weight, and 0 if none has."""
        return int(self._rows > 0 if self._weight is None else any(self._weight))

    def lasting(self, date: int) -> int:
        """Count the rows that fit on a date."""
        return sum(map(self._fits, range(self._rows), repeat(date)))

    def by_weight(self, draws: Sequence[int], dates: Sequence[int]) -> list[int]:
        running: Sequence[int] = range(1, self._rows + 1)
        if self._weight_name is not None:
            running = self._run.running_total(ColumnName(self._parent, self._weight_name))
        if self._since is None:
            total = running[-1]
            return [bisect_right(running, bits * total >> WORD_BITS) for bits in draws]
        there = {date: self._weight_before(date, running) for date in set(dates)}
        return [
            bisect_right(running, bits * weight >> WORD_BITS)
            for bits, weight in zip(draws, map(there.__getitem__, dates), strict=True)
        ]

    def replace_absent(self, drawn: list[int], dates: Sequence[int]) -> None:
        if self._until is None:
            return
        gone = map(le, map(self._until.__getitem__, drawn), dates)
        for row in list(compress(range(len(drawn)), gone)):
            drawn[row] = self._next_fitting(drawn[row], dates[row], ())

    def replace_repeated(
        self, drawn: list[int], dates: Sequence[int], sizes: Sequence[int]
    ) -> None:
        families = list(pairwise(accumulate(sizes, initial=0)))
        different = [len(set(drawn[start:stop])) for start, stop in families]
        for start, stop in compress(families, map(ne, different, sizes)):
            for row in range(start + 1, stop):
                if drawn[row] in (taken := drawn[start:row]):
                    drawn[row] = self._next_fitting(drawn[row], dates[row], taken)

    def _there(self, date: int) -> int:
        """Count the rows that are there on a date: the first ones."""
        return self._rows if self._since is None else bisect_left(self._since, date)

    def _weight_before(self, date: int, running: Sequence[int]) -> int:
        """Return the weight of all rows that are there on a date."""
        there = self._there(date)
        weight = running[there - 1] if there else 0
        if not weight:
            raise self._too_few(there, 0)
        return weight

    def _next_fitting(self, number: int, date: int, taken: Sequence[int]) -> int:
        """Walk on from a row, and from the first again, to one that is wanted, there and free."""
        there = self._there(date)
        for candidate in chain(range(number + 1, there), range(min(number + 1, there))):
            if self._fits(candidate, date) and candidate not in taken:
                return candidate
        raise self._too_few(there, len(taken))

    def _fits(self, number: int, date: int) -> bool:
        """Return whether a row is wanted, and has not ended on a date."""
        if self._weight is not None and not self._weight[number]:
            return False
        return self._until is None or self._until[number] > date

    def _too_few(self, there: int, taken: int) -> VolumeError:
        return VolumeError(
            f"'{self._where}' needs one more row of {self._parent!r} than can be drawn: "
            f"on its date there are {there}, of which {taken} are taken and the others ruled out.\n"
            f"Allowed: a volume with more rows of {self._parent!r}."
        )
