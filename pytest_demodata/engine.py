"""The engine: makes the rows of a blueprint, in chunks, any of them without the rest."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, chain, pairwise, repeat
from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.blueprint import ROWS, Existing
from pytest_demodata.foreign_keys import keys_of
from pytest_demodata.frames import Frame, FrameRun
from pytest_demodata.layout import Layout, spread
from pytest_demodata.recipes.drawing import Serial
from pytest_demodata.recipes.recipe import ColumnName, all_parts, through_text
from pytest_demodata.recipes.referring import Sibling
from pytest_demodata.streams import BLOCK, WORD_BITS, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Table

    from pytest_demodata.blueprint import Blueprint, Fill
    from pytest_demodata.volumes import Volume
    from pytest_demodata.words import Words

_SLOTS_PER_ROW: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """A run of rows of one table, column by column, in counted values.

    Attributes:
        table: The table.
        start: The number of the first row, from 0.
        stop: The number behind that of the last row.
        columns: For each column that has values, by name: one value per row.
    """

    table: Table
    start: int
    stop: int
    columns: Mapping[str, Sequence[Any]]


class Plan:
    """What a generation will make: every count and key is known, and no row is made yet.

    Args:
        blueprint: How the tables are filled.
        volume: How many rows they get.
        seed: Any whole number; another seed, another dataset.
        words: The words of the locale.
        as_of: The date that all dates hang on.
        chunk_rows: How many rows of a table that no other owns are made at a time, along with the
            rows that they own. Changes no value.
        existing: The rows that are there of tables that are not filled, column by column, counted.

    Raises:
        BlueprintError: The blueprint asks for a count that the volume does not have.
        VolumeError: The volume is too large for the keys, or too small for the references.
    """

    def __init__(  # noqa: PLR0913 - the five things a dataset is a function of, and the chunk
        self,
        blueprint: Blueprint,
        volume: Volume,
        *,
        seed: int,
        words: Words,
        as_of: date,
        chunk_rows: int = BLOCK,
        existing: Mapping[str, Mapping[str, Sequence[Any]]] | None = None,
    ) -> None:
        self.existing = existing or {}
        self.blueprint = blueprint
        self.volume = volume
        self.seed = seed
        self.words = words
        self.as_of = as_of
        self.chunk_rows = chunk_rows
        self._whole: dict[ColumnName, Sequence[Any]] = {}
        self._gathered: dict[ColumnName, list[Sequence[Any]]] = {}
        self._looked_up = _looked_up(blueprint)
        self._deferred = _deferred(blueprint)
        self._skipped = {fill.name for fills in self._deferred.values() for fill in fills}
        self._running_total: dict[ColumnName, Sequence[int]] = {}
        self._slots: dict[ColumnName, Sequence[int]] = {}
        self._groups: dict[tuple[str, tuple[str, ...]], Mapping[Any, Sequence[int]]] = {}
        self._layout = Layout(
            blueprint,
            volume,
            {name: len(next(iter(columns.values()))) for name, columns in self.existing.items()},
        )
        self.counts: Mapping[str, int] = self._layout.counts
        for fill in blueprint.fills.values():
            self._check_recipes(fill)

    def chunks(self, stage: str) -> Iterator[Chunk]:
        """Make all rows of a stage, each after the rows that it refers to.

        Rows that refer to rows of other families of the same root are made when all of these are.
        """
        for root in self.blueprint.roots(stage):
            yield from self._families([root])
            for fill in self._deferred[root.name]:
                yield from self._families(self._lineage(fill))

    def _families(self, lineage: Sequence[Fill]) -> Iterator[Chunk]:
        """Make the rows of a table and those that they own, a chunk of its root's at a time."""
        rows = self.counts[lineage[0].name]
        for start in range(0, rows, self.chunk_rows):
            frame = Frame(self, lineage[0], start, min(start + self.chunk_rows, rows))
            for fill in lineage[1:]:
                frame = frame.children(fill)
            yield from self._family(frame)

    def rows(
        self, table: str, start: int, stop: int, columns: Sequence[str] | None = None
    ) -> Chunk:
        """Make the rows range(start, stop) of a table, and none of the others.

        Args:
            table: The table.
            start: The number of the first row.
            stop: The number behind that of the last row.
            columns: Which columns; all of them, if not given.

        Raises:
            IndexError: The table does not have all of these rows.
        """
        fill = self.blueprint.fills[table]
        if not 0 <= start <= stop <= self.counts[table]:
            message = f"Table {table!r} has {self.counts[table]:,} rows, not {start:,} to {stop:,}."
            raise IndexError(message)
        names = fill.columns if columns is None else columns
        if start == stop:
            return Chunk(fill.table, start, stop, dict.fromkeys(names, ()))
        frame = self._frame(fill, start, stop)
        cut = slice(start - frame.start, stop - frame.start)
        return Chunk(fill.table, start, stop, {name: frame.values(name)[cut] for name in names})

    def whole(self, column: ColumnName) -> Sequence[Any]:
        """Return a column of all rows of a table, kept from then on; integers in few bytes."""
        if column not in self._whole:
            self._whole[column] = _compact(self._blocks(column))
        return self._whole[column]

    def kept(self, column: ColumnName) -> Sequence[Any] | None:
        """Return what `whole` has kept of a column, if it has been asked for."""
        return self._whole.get(column)

    def running_total(self, column: ColumnName) -> Sequence[int]:
        """Return the sums of the first 1, 2, 3 … rows of an integer column, kept as `whole` is."""
        if column not in self._running_total:
            self._running_total[column] = array("q", accumulate(self.whole(column)))
        return self._running_total[column]

    def slots(self, column: ColumnName) -> Sequence[int]:
        """Return row numbers in proportion to a column of weights: a power of two of them."""
        if column not in self._slots:
            weights = self.whole(column)
            total = sum(weights)
            width = min((_SLOTS_PER_ROW * len(weights)).bit_length(), WORD_BITS)
            ends = ((weight << width) // total for weight in accumulate(weights, initial=0))
            slots = array("I")
            for row, (start, stop) in enumerate(pairwise(ends)):
                slots.extend(repeat(row, stop - start))
            self._slots[column] = slots
        return self._slots[column]

    def grouped(self, table: str, columns: tuple[str, ...]) -> Mapping[Any, Sequence[int]]:
        """Return the rows of a table by what they have in columns, as tuples; kept."""
        if (table, columns) not in self._groups:
            groups: dict[Any, list[int]] = {}
            wholes = [self.whole(ColumnName(table, column)) for column in columns]
            for row, values in enumerate(zip(*wholes, strict=True)):
                groups.setdefault(values, []).append(row)
            self._groups[table, columns] = groups
        return self._groups[table, columns]

    def largest_family(self, fill: Fill) -> int:
        """Return the most rows of a table that one of the owner's rows owns."""
        return self._layout.fan_outs[fill.name][-1]

    def sizes(self, fill: Fill, start: int, stop: int) -> list[int]:
        """Return how many rows of a table each of the owner's rows range(start, stop) owns."""
        strata = self._fan_out_stream(fill).strata(start, stop, self._owners(fill))
        return spread(self._layout.fan_outs[fill.name], strata)

    def offset(self, fill: Fill, owner: int) -> int:
        """Return the number of the first row of a table that is owned by a row or one behind it."""
        block = owner // BLOCK
        return self._layout.offsets[fill.name][block] + sum(self.sizes(fill, block * BLOCK, owner))

    def _check_recipes(self, fill: Fill) -> None:
        if not self.counts[fill.name]:
            return
        nothing = Frame(self, fill, 0, 0)
        for name, source in fill.sources.items():
            for recipe in all_parts(source.recipe):
                recipe.check(FrameRun(nothing, name))

    def _owners(self, fill: Fill) -> int:
        return self.counts[str(fill.owner)]

    def _fan_out_stream(self, fill: Fill) -> Stream:
        return Stream(self.seed, fill.name, "fan-out")

    def _frame(self, fill: Fill, start: int, stop: int) -> Frame:
        """Return rows that hold range(start, stop): whole families, where the table is owned."""
        if fill.owner is None:
            return Frame(self, fill, start, stop)
        first, last = self._owner_of(fill, start), self._owner_of(fill, stop - 1)
        return self._frame(self.blueprint.fills[fill.owner], first, last + 1).children(fill)

    def _owner_of(self, fill: Fill, row: int) -> int:
        block = bisect_right(self._layout.offsets[fill.name], row) - 1
        first = block * BLOCK
        sizes = self.sizes(fill, first, min(first + BLOCK, self._owners(fill)))
        ends = list(accumulate(sizes, initial=self._layout.offsets[fill.name][block]))
        return first + bisect_right(ends, row) - 1

    def _lineage(self, fill: Fill) -> list[Fill]:
        """List the tables from the root to a table, each of which owns the next one's rows."""
        lineage = [fill]
        while lineage[0].owner is not None:
            lineage.insert(0, self.blueprint.fills[lineage[0].owner])
        return lineage

    def _blocks(self, column: ColumnName) -> Iterator[Sequence[Any]]:
        """Make a column of all rows of a table, a block of the root table at a time."""
        lineage = self._lineage(self.blueprint.fills[column.table])
        rows = self.counts[lineage[0].name]
        for start in range(0, rows, BLOCK):
            frame = Frame(self, lineage[0], start, min(start + BLOCK, rows))
            for fill in lineage[1:]:
                frame = frame.children(fill)
            yield frame.values(column.column)

    def _family(self, frame: Frame) -> Iterator[Chunk]:
        self._gather(frame)
        if not isinstance(frame.fill.rows, Existing):
            columns = {name: frame.values(name) for name in frame.fill.columns}
            yield Chunk(frame.fill.table, frame.start, frame.stop, columns)
        for fill in self.blueprint.owned_by(frame.fill.name):
            if fill.name not in self._skipped:
                yield from self._family(frame.children(fill))
        frame.forget_children()

    def _gather(self, frame: Frame) -> None:
        """Keep what other tables will look up, while it is at hand, or it would be made again."""
        for column in self._looked_up[frame.fill.name] - self._whole.keys():
            parts = self._gathered.setdefault(column, [])
            if sum(map(len, parts)) != frame.start:
                continue
            parts.append(_compact([frame.values(column.column)]))
            if frame.stop == self.counts[column.table]:
                self._whole[column] = _compact(self._gathered.pop(column))


def _deferred(blueprint: Blueprint) -> dict[str, list[Fill]]:
    """List by root the tables below it that refer to rows of other families of the same root."""
    roots: dict[str, str] = {}
    deferred: dict[str, list[Fill]] = {name: [] for name in blueprint.fills}
    late: set[str] = set()
    for fill in blueprint.fills.values():
        root = roots[fill.name] = fill.name if fill.owner is None else roots[fill.owner]
        later = blueprint.set_later.get(fill.name, ())
        for key in keys_of(fill.table):
            source = fill.sources.get(through_text(key.columns) + ROWS)
            outside = source is not None and not isinstance(source.recipe, Sibling)
            inside = roots.get(key.parent.key) == root and not key.refers_to_itself
            if (
                fill.owner
                and inside
                and key not in later
                and ((outside and source is not None) or key.parent.key in late - {fill.owner})
            ):
                deferred[root].append(fill)
                late.add(fill.name)
                break
    return deferred


def _looked_up(blueprint: Blueprint) -> Mapping[str, set[ColumnName]]:
    """List by table the columns that tables read of it which neither own it nor are owned by it."""
    columns: dict[str, set[ColumnName]] = {name: set() for name in blueprint.fills}
    for fill in blueprint.fills.values():
        family = {fill.name, fill.owner, *(child.name for child in blueprint.owned_by(fill.name))}
        reads = chain.from_iterable(map(fill.reads, fill.sources))
        for column in reads:
            if column.table not in family and not _is_serial(blueprint, column):
                columns[column.table].add(column)
    return columns


def _is_serial(blueprint: Blueprint, column: ColumnName) -> bool:
    """Return whether a column follows from the number of its row."""
    return isinstance(blueprint.fills[column.table].sources[column.column].recipe, Serial)


def _compact(blocks: Iterable[Sequence[Any]]) -> Sequence[Any]:
    """Keep integers in as few bytes as hold them, and anything else in a list."""
    integers = (partial(_integers, typecode) for typecode in "bhiq")
    forms: Iterator[Callable[[Sequence[Any]], Any]] = chain(integers, [list])
    form = next(forms)
    kept = form(())
    for block in blocks:
        while (part := _in_form(form, block)) is None:
            form = next(forms)
            kept = form(kept)
        kept.extend(part)
    return kept  # type: ignore[no-any-return]


def _integers(typecode: str, values: Sequence[Any]) -> array[int]:
    if any(isinstance(value, bool) for value in values[:1]):
        raise TypeError
    return array(typecode, values)


def _in_form(form: Callable[[Sequence[Any]], Any], values: Sequence[Any]) -> Any:  # noqa: ANN401
    """Return values in a form, or None where it does not hold them."""
    try:
        return form(values)
    except (OverflowError, TypeError):
        return None
