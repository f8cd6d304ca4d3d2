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

    @property
    def settled(self) -> tuple[str, ...]:
        """The columns of the key that something else fills, if not all are this recipe's."""
        return ()

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
        unlike: The columns, with commas between them, of another foreign key to the same table: the
            row that it refers to is not drawn.
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
    unlike: str | None = None
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
        if self.unlike is not None:
            yield from (ColumnName(table.key, name) for name in self.unlike.split(","))
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
        needed = (run.largest_family if self.distinct else 1) + (self.unlike is not None)
        several = self.distinct or self.unlike is not None
        drawable = parents.lasting(run.as_of) if several else parents.wanted()
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
        if self.unlike is not None:
            others = run.numbers(self.unlike)
            sizes = run.family_sizes if self.distinct else repeat(1, len(drawn))
            parents.replace_repeated(drawn, dates, sizes, others)
        elif self.distinct:
            parents.replace_repeated(drawn, dates, run.family_sizes)
        return drawn

    def _by_slots(self, run: Run, weight: str) -> list[int]:
        slots = run.slots(ColumnName(run.key.parent.key, weight))
        shift = WORD_BITS + 1 - len(slots).bit_length()
        return [slots[bits >> shift] for bits in run.bits()]


@dataclass(frozen=True, slots=True)
class Matching(Referring):
    """A parent drawn at random, out of those that have the same values as the row.

    For keys that share a column, such as `(tenant_id, product_id)` where `tenant_id` is the
    owner's.

    Attributes:
        columns: Columns of the key that something else fills.
        targets: The parent's columns that have the same values.
        optional: A row that no parent matches refers to none.
        distinct: No parent twice among the rows of one owner, who has all of `columns`.
    """

    columns: tuple[str, ...]
    targets: tuple[str, ...]
    optional: bool = False
    distinct: bool = False

    @property
    def settled(self) -> tuple[str, ...]:
        """The columns that have to match."""
        return self.columns

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:
        """Read both sides."""
        parent = key_through(table, column.split(",")).parent.key
        yield from (ColumnName(table.key, name) for name in self.columns)
        yield from (ColumnName(parent, name) for name in self.targets)

    def draw(self, run: Run) -> Sequence[int | None]:
        """Scale the bits to the parents that match; of a family, to those behind each other."""
        groups = run.grouped(run.key.parent.key, self.targets)
        wanted = list(zip(*map(run.values, self.columns), strict=True))
        bits = run.bits()
        sizes = run.family_sizes if self.distinct else repeat(1, len(wanted))
        drawn: list[int | None] = []
        for size in sizes:
            first = len(drawn)
            group = groups.get(wanted[first], ()) if size else ()
            if len(group) < size and not self.optional:
                raise self._unmatched(run, wanted[first], size, len(group))
            there = len(group)
            start = bits[first] * there >> WORD_BITS if size else 0
            drawn += [
                group[(start + place) % there] if place < there else None for place in range(size)
            ]
        return drawn

    def _unmatched(self, run: Run, values: tuple[Any, ...], needed: int, found: int) -> VolumeError:
        held = ", ".join(map("{} = {!r}".format, self.targets, values))
        parent = run.key.parent.key
        return VolumeError(
            f"'{run.table.key}.{run.column}' needs {needed:,} of the rows of {parent!r} with "
            f"{held}, and there are {found:,}.\n"
            f"Allowed: as many as there are. Give {parent!r} more rows for each owner, by "
            f"Fill({parent!r}, rows=FanOut(…, range(3, 9))), or {run.table.key!r} fewer."
        )


@dataclass(frozen=True, slots=True)
class Earlier(Referring):
    """A row of the same table before this one, so that the rows are trees.

    Attributes:
        roots: Of a hundred rows, how many of the first have no parent; at least the first row.
        to_itself: A root refers to itself, where the key may not be NULL.
        in_family: Parents have the same owner as the row; the first of each owner's rows is a root.
        columns: Columns of the key that something else fills, with the owner's values.
    """

    roots: int = 10
    to_itself: bool = False
    in_family: bool = False
    columns: tuple[str, ...] = ()

    @property
    def settled(self) -> tuple[str, ...]:
        """The columns that the owner fills."""
        return self.columns

    def draw(self, run: Run) -> Sequence[int | None]:
        """Scale the bits to the rows before."""
        if self.in_family:
            starts = accumulate(run.family_sizes, initial=run.start)
            families = zip(starts, run.family_sizes, strict=False)
            firsts = chain.from_iterable(repeat(start, size) for start, size in families)
            return [
                self._drawn(row, first, bits, first)
                for row, first, bits in zip(_rows(run), firsts, run.bits(), strict=True)
            ]
        roots = max(1, run.total * self.roots // 100)
        return [
            self._drawn(row, roots - 1, bits, 0)
            for row, bits in zip(_rows(run), run.bits(), strict=True)
        ]

    def _drawn(self, row: int, last_root: int, bits: int, first: int) -> int | None:
        if row > last_root:
            return first + (bits * (row - first) >> WORD_BITS)
        return row if self.to_itself else None


@dataclass(frozen=True, slots=True)
class EarlierAlike(Referring):
    """A row of the same table before this one that has the same values, so that rows are trees.

    Attributes:
        columns: The columns of the key that refer to themselves; something else fills them.
        to_itself: The first row of each tree refers to itself, where the key may not be NULL.
    """

    columns: tuple[str, ...]
    to_itself: bool = False

    @property
    def settled(self) -> tuple[str, ...]:
        """The columns that are alike."""
        return self.columns

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        """Read the columns that are alike."""
        return [ColumnName(table.key, name) for name in self.columns]

    def draw(self, run: Run) -> Sequence[int | None]:
        """Scale the bits to the rows before, of those that are alike."""
        groups = run.grouped(run.table.key, self.columns)
        wanted = zip(*map(run.values, self.columns), strict=True)
        drawn: list[int | None] = []
        for row, values, bits in zip(_rows(run), wanted, run.bits(), strict=True):
            before = bisect_left(group := groups[values], row)
            root = row if self.to_itself else None
            drawn.append(group[bits * before >> WORD_BITS] if before else root)
        return drawn


@dataclass(frozen=True, slots=True)
class Previous(Referring):
    """The row before this one, which no other refers to: chains of up to `length` rows.

    Attributes:
        length: How many rows a chain has at most.
        to_itself: Each row refers to itself, where the key may not be NULL.
    """

    length: int = 4
    to_itself: bool = False

    def draw(self, run: Run) -> Sequence[int | None]:
        """Count back."""
        if self.to_itself:
            return _rows(run)
        return [row - 1 if row % self.length else None for row in _rows(run)]


def _rows(run: Run) -> range:
    return range(run.start, run.stop)


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
    """A parent that no other row refers to, drawn at random.

    Attributes:
        optional: Rows beyond the number of parents have none.
    """

    optional: bool = False

    def draw(self, run: Run) -> Sequence[int | None]:
        """Take the rows' places in a permutation of the parents."""
        parents = run.rows(run.key.parent.key)
        if run.total <= parents:
            return run.shuffled(parents)
        drawn = run.shuffled(run.total)
        return [number if number < parents else None for number in drawn]

    def check(self, run: Run) -> None:
        """Look whether there are enough parents.

        Raises:
            VolumeError: There are not.
        """
        parents = run.rows(run.key.parent.key)
        if run.total > parents and not self.optional:
            raise _too_few_parents(run, run.total, parents)


@dataclass(frozen=True, slots=True)
class Combination(Recipe):
    """The number of a combination of rows of several tables, or values, which no other row has.

    Attributes:
        parts_of: The tables; for a list of values, how many there are.
    """

    parts_of: tuple[str | int, ...]

    def draw(self, run: Run) -> Sequence[int]:
        """Take the rows' places in a permutation of all combinations."""
        return run.shuffled(_combinations(run, self.parts_of))

    def check(self, run: Run) -> None:
        """Look whether there are enough combinations.

        Raises:
            VolumeError: There are not.
        """
        count = _combinations(run, self.parts_of)
        if run.total > count:
            parts = (
                f"rows of {part!r}" if isinstance(part, str) else f"{part} values"
                for part in self.parts_of
            )
            message = (
                f"Volume {run.volume!r} has {run.total:,} rows of {run.table.key!r}, and there are "
                f"{count:,} combinations of {', '.join(parts)}.\n"
                f"Allowed: at most as many rows as combinations. Give {run.table.key!r} fewer, by "
                f"Fill({run.table.key!r}, rows=Fixed({count}))."
            )
            raise VolumeError(message)


def _combinations(run: Run, parts: tuple[str | int, ...]) -> int:
    return prod(part if isinstance(part, int) else run.rows(part) for part in parts)


@dataclass(frozen=True, slots=True)
class Place(Recipe):
    """The place of a combination among the rows of one of its tables, or in a list of values.

    Attributes:
        column: The column with the combination's number.
        parts_of: What is combined, as in `Combination`.
        place: Which of it.
    """

    column: str
    parts_of: tuple[str | int, ...]
    place: int

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        """Read the combination's number."""
        return [ColumnName(table.key, self.column)]

    def draw(self, run: Run) -> Sequence[int]:
        """Take the number apart."""
        below = _combinations(run, self.parts_of[: self.place])
        count = _combinations(run, self.parts_of[self.place : self.place + 1])
        return [number // below % count for number in run.values(self.column)]


class PartOf(Place, Referring):
    """The row of one of the tables of a combination, for a foreign key."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sibling(Referring):
    """A row of another table that has the same owner, drawn at random.

    Attributes:
        table: The other table.
        optional: A row whose owner has none there refers to none.
    """

    table: str
    optional: bool = False

    def draw(self, run: Run) -> Sequence[int | None]:
        """Scale the bits to the owner's rows there."""
        families = run.siblings(self.table)
        if not self.optional and any(not size for _, size in families):
            message = (
                f"'{run.table.key}.{run.column}' needs a row of {self.table!r} with the same "
                "owner, and an owner has none.\n"
                f"Allowed: one or more for each owner: Fill({self.table!r}, rows=FanOut(…, "
                "range(1, 5)))."
            )
            raise VolumeError(message)
        return _one_of_each(families, run.bits())


@dataclass(frozen=True, slots=True)
class Owned(Referring):
    """One of the rows that this one owns, drawn at random; none where it owns none.

    Attributes:
        table: The table that they are in.
    """

    table: str

    def draw(self, run: Run) -> Sequence[int | None]:
        """Scale the bits to the rows owned."""
        return _one_of_each(run.families(self.table), run.bits())


def _one_of_each(families: Sequence[tuple[int, int]], draws: Sequence[int]) -> list[int | None]:
    return [
        start + (bits * size >> WORD_BITS) if size else None
        for (start, size), bits in zip(families, draws, strict=True)
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
        self,
        drawn: list[int],
        dates: Sequence[int],
        sizes: Iterable[int],
        others: Sequence[int | None] = (),
    ) -> None:
        """Replace what stands twice in a family, and what stands in the same row of `others`."""
        families = list(pairwise(accumulate(sizes, initial=0)))
        different = [
            len({*drawn[start:stop], *others[start:stop]} - {None}) for start, stop in families
        ]
        wanted = [stop - start + len({*others[start:stop]} - {None}) for start, stop in families]
        for start, stop in compress(families, map(ne, different, wanted)):
            for row in range(start, stop):
                taken = [*drawn[start:row], *others[row : row + 1]]
                if drawn[row] in taken:
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

    def _next_fitting(self, number: int, date: int, taken: Sequence[int | None]) -> int:
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
