"""The recipes for foreign keys: they draw the numbers of parent rows, from 0."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, chain, compress, pairwise, repeat
from math import prod
from operator import le, ne
from typing import TYPE_CHECKING, Any

from pytest_demodata.errors import BlueprintError, VolumeError
from pytest_demodata.foreign_keys import key_through
from pytest_demodata.recipes.recipe import ColumnName, Recipe, all_parts
from pytest_demodata.streams import WORD_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Table

    from pytest_demodata.recipes.recipe import Run


class Referring(Recipe):
    """A recipe that says which rows of the parent table rows refer to, by number from 0.

    It fills a foreign key. The key's columns then have what those rows have.
    """

    __slots__ = ()

    @abstractmethod
    def draw(self, run: Run) -> Sequence[int | None]:
        """Return the number of a row of the parent table for each row; None for NULL."""

    def check(self, run: Run) -> None:
        """Look whether there is a parent.

        Raises:
            VolumeError: There is none.
        """
        if not run.rows(run.key.parent.key):
            raise _too_few_parents(run, needed=1, drawable=0)


@dataclass(frozen=True, slots=True)
class Reference(Referring):
    """A parent drawn at random, out of those that were there on the row's date.

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
        parent = key_through(table, column.split(",")).parent.key
        if self.at is not None:
            yield ColumnName(table.key, self.at)
        for name in (self.weight, self.since, self.until):
            if name is not None:
                yield ColumnName(parent, name)

    def check(self, run: Run) -> None:
        """Count the parents that can be drawn on the reference date, as far as it matters.

        Those that are not distinct need one that is wanted, whenever.

        Raises:
            VolumeError: They are too few.
        """
        parents = _Parents(self, run)
        needed = run.largest_family if self.distinct else 1
        drawable = parents.lasting(run.as_of) if self.distinct else parents.wanted()
        if drawable < needed:
            raise _too_few_parents(run, needed, drawable)

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
        return drawn

    def _by_slots(self, run: Run, weight: str) -> list[int]:
        slots = run.slots(ColumnName(run.key.parent.key, weight))
        shift = WORD_BITS + 1 - len(slots).bit_length()
        return [slots[bits >> shift] for bits in run.bits()]


@dataclass(frozen=True, slots=True)
class Matching(Referring):
    """A parent drawn at random, out of those that have the same values as the row.

    For keys that share a column, such as `(tenant_id, product_id)` where `tenant_id` is the owner's.

    Attributes:
        columns: Columns of this table.
        targets: The parent's columns that have the same values.
        optional: A row that no parent matches refers to none.
    """

    columns: tuple[str, ...]
    targets: tuple[str, ...]
    optional: bool = False

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:
        """Read both sides."""
        parent = key_through(table, column.split(",")).parent.key
        yield from (ColumnName(table.key, name) for name in self.columns)
        yield from (ColumnName(parent, name) for name in self.targets)

    def draw(self, run: Run) -> Sequence[int | None]:
        """Scale the bits to the parents that match."""
        groups = run.grouped(run.key.parent.key, self.targets)
        wanted = zip(*map(run.values, self.columns), strict=True)
        drawn: list[int | None] = []
        for values, bits in zip(wanted, run.bits(), strict=True):
            group = groups.get(values, ())
            if not group and not self.optional:
                raise self._unmatched(run, values)
            drawn.append(group[bits * len(group) >> WORD_BITS] if group else None)
        return drawn

    def _unmatched(self, run: Run, values: tuple[Any, ...]) -> VolumeError:
        held = ", ".join(map("{} = {!r}".format, self.targets, values))
        return VolumeError(
            f"'{run.table.key}.{run.column}' needs a row of {run.key.parent.key!r} with {held}, "
            "and there is none.\n"
            f"Allowed: a volume in which there is one for each row of {run.table.key!r}; with "
            "rows=FanOut(…, range(1, …)) for the parent each owner has some."
        )


@dataclass(frozen=True, slots=True)
class Earlier(Referring):
    """A row of the same table before this one, so that the rows are trees.

    Attributes:
        roots: Of a hundred rows, how many of the first have no parent; at least the first row.
        to_itself: A root refers to itself, where the key may not be NULL.
    """

    roots: int = 10
    to_itself: bool = False

    def draw(self, run: Run) -> Sequence[int | None]:
        """Scale the bits to the rows before."""
        roots = max(1, run.total * self.roots // 100)
        rows = range(run.start, run.stop)
        return [
            bits * row >> WORD_BITS if row >= roots else row if self.to_itself else None
            for row, bits in zip(rows, run.bits(), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Portion(Referring):
    """Of each so many rows of the parent, those at some places: one row here for each of them.

    For the tables of subclasses, which divide the rows of the base class among them.

    Attributes:
        cycle: Of how many rows.
        places: At which places among them, from 0, rising.
    """

    cycle: int
    places: tuple[int, ...]

    def draw(self, run: Run) -> Sequence[int]:
        """Count through the places."""
        cycle, places, some = self.cycle, self.places, len(self.places)
        return [row // some * cycle + places[row % some] for row in range(run.start, run.stop)]

    def count(self, rows: int) -> int:
        """Return how many of so many rows are at the places."""
        cycles, rest = divmod(rows, self.cycle)
        return cycles * len(self.places) + sum(place < rest for place in self.places)

    def check(self, run: Run) -> None:
        """Need nothing: there is a row for each parent at the places, and no other."""


@dataclass(frozen=True, slots=True)
class Once(Referring):
    """A parent that no other row refers to, drawn at random."""

    def draw(self, run: Run) -> Sequence[int]:
        """Take the rows' places in a permutation of the parents."""
        return run.shuffled(run.rows(run.key.parent.key))

    def check(self, run: Run) -> None:
        """Look whether there are enough parents.

        Raises:
            VolumeError: There are not.
        """
        parents = run.rows(run.key.parent.key)
        if run.total > parents:
            raise _too_few_parents(run, run.total, parents)


@dataclass(frozen=True, slots=True)
class Combination(Recipe):
    """The number of a combination of rows of several tables, which no other row has.

    Attributes:
        tables: The tables.
    """

    tables: tuple[str, ...]

    def draw(self, run: Run) -> Sequence[int]:
        """Take the rows' places in a permutation of all combinations."""
        return run.shuffled(self._count(run))

    def check(self, run: Run) -> None:
        """Look whether there are enough combinations.

        Raises:
            VolumeError: There are not.
        """
        if run.total > self._count(run):
            message = (
                f"Volume {run.volume!r} has {run.total:,} rows of {run.table.key!r}, and there are "
                f"{self._count(run):,} combinations of rows of {', '.join(self.tables)}.\n"
                f"Allowed: at most as many rows as combinations. Give {run.table.key!r} fewer, by "
                f"Fill({run.table.key!r}, rows=Fixed({self._count(run)}))."
            )
            raise VolumeError(message)

    def _count(self, run: Run) -> int:
        return prod(map(run.rows, self.tables))


@dataclass(frozen=True, slots=True)
class PartOf(Referring):
    """The row of one of the tables of a combination.

    Attributes:
        column: The column with the combination's number.
        tables: The tables.
        place: Which of them.
    """

    column: str
    tables: tuple[str, ...]
    place: int

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        """Read the combination's number."""
        return [ColumnName(table.key, self.column)]

    def draw(self, run: Run) -> Sequence[int]:
        """Take the number apart."""
        below = prod(map(run.rows, self.tables[: self.place]))
        rows = run.rows(self.tables[self.place])
        return [number // below % rows for number in run.values(self.column)]


@dataclass(frozen=True, slots=True)
class Sibling(Referring):
    """A row of another table that has the same owner, drawn at random.

    Attributes:
        table: The other table.
    """

    table: str

    def draw(self, run: Run) -> Sequence[int | None]:
        """Scale the bits to the owner's rows there."""
        families = run.siblings(self.table)
        return [
            start + (bits * size >> WORD_BITS) if size else None
            for (start, size), bits in zip(families, run.bits(), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class KeyOf(Recipe):
    """What the parent rows have, that another column gives by their numbers.

    Attributes:
        rows: The column with the numbers.
        table: The parent.
        column: The parent's column.
    """

    rows: str
    table: str
    column: str

    def draw(self, run: Run) -> Sequence[Any]:
        """Look the column up by the numbers."""
        return run.taken_by_number(self.table, self.column, run.values(self.rows))

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        """Read the numbers, and the parent's column."""
        return [ColumnName(table.key, self.rows), ColumnName(self.table, self.column)]


def references_in(recipe: Recipe) -> Iterator[Referring]:
    """Find what refers to parents in a recipe, also inside of others."""
    return (part for part in all_parts(recipe) if isinstance(part, Referring))


def _too_few_parents(run: Run, needed: int, drawable: int) -> VolumeError:
    parent = run.key.parent.key
    return VolumeError(
        f"Volume {run.volume!r} has too few rows of {parent!r}: "
        f"'{run.table.key}.{run.column}' needs {needed} different ones at a time, and of the "
        f"{run.rows(parent):,} only {drawable:,} can always be drawn.\n"
        f"Allowed: a volume with more rows of {parent!r}."
    )


class _Parents:
    """The rows of the parent table as a reference sees them: by number, from 0."""

    def __init__(self, reference: Reference, run: Run) -> None:
        parent = run.key.parent.key

        def whole(name: str | None) -> Sequence[Any] | None:
            return None if name is None else run.whole(ColumnName(parent, name))

        self._where = f"{run.table.key}.{run.column}"
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
