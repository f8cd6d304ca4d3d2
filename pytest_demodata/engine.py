"""The engine: makes the rows of a blueprint, in chunks, any of them without the rest."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise, repeat
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.blueprint import FanOut, Fixed
from pytest_demodata.defaults import LARGEST_KEY
from pytest_demodata.errors import (
    BlueprintError,
    VolumeError,
    did_you_mean,
)
from pytest_demodata.frames import Frame, FrameRun
from pytest_demodata.recipes.recipe import ColumnName, parent_of
from pytest_demodata.recipes.referring import references_in
from pytest_demodata.streams import BLOCK, WORD_BITS, Stream, midpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Table

    from pytest_demodata.blueprint import Blueprint, Fill
    from pytest_demodata.recipes.referring import Reference
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
    ) -> None:
        self.blueprint = blueprint
        self.volume = volume
        self.seed = seed
        self.words = words
        self.as_of = as_of
        self.chunk_rows = chunk_rows
        self._fan_outs: dict[str, range] = {}
        self._offsets: dict[str, Sequence[int]] = {}
        self._whole: dict[ColumnName, Sequence[Any]] = {}
        self._running_total: dict[ColumnName, Sequence[int]] = {}
        self._slots: dict[ColumnName, Sequence[int]] = {}
        counts: dict[str, int] = {}
        self.counts: Mapping[str, int] = MappingProxyType(counts)
        for fill in blueprint.fills.values():
            counts[fill.name] = self._count(fill)
            self._check_count(fill)
            self._check_references(fill)

    def chunks(self, stage: str) -> Iterator[Chunk]:
        """Make all rows of a stage, parents before the rows that they own."""
        for root in self.blueprint.roots(stage):
            rows = self.counts[root.name]
            for start in range(0, rows, self.chunk_rows):
                yield from self._family(
                    Frame(self, root, start, min(start + self.chunk_rows, rows))
                )

    def rows(self, table: str, start: int, stop: int) -> Chunk:
        """Make the rows range(start, stop) of a table, and none of the others.

        Raises:
            IndexError: The table does not have all of these rows.
        """
        fill = self.blueprint.fills[table]
        if not 0 <= start <= stop <= self.counts[table]:
            message = f"Table {table!r} has {self.counts[table]:,} rows, not {start:,} to {stop:,}."
            raise IndexError(message)
        if start == stop:
            return Chunk(fill.table, start, stop, dict.fromkeys(fill.columns, ()))
        frame = self._frame(fill, start, stop)
        cut = slice(start - frame.start, stop - frame.start)
        return Chunk(
            fill.table, start, stop, {name: frame.values(name)[cut] for name in fill.columns}
        )

    def whole(self, column: ColumnName) -> Sequence[Any]:
        """Return a column of all rows of a table, kept from then on; integers in 4 or 8 bytes."""
        if column not in self._whole:
            self._whole[column] = _compact(lambda: self._every(column))
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
            totals = self.running_total(column)
            width = min((_SLOTS_PER_ROW * len(totals)).bit_length(), WORD_BITS)
            ends = [(total << width) // totals[-1] for total in totals]
            slots = array("I")
            for row, (start, stop) in enumerate(pairwise([0, *ends])):
                slots.extend(repeat(row, stop - start))
            self._slots[column] = slots
        return self._slots[column]

    def sizes(self, fill: Fill, start: int, stop: int) -> list[int]:
        """Return how many rows of a table each of the owner's rows range(start, stop) owns."""
        strata = self._fan_out_stream(fill).strata(start, stop, self._owners(fill))
        return _spread(self._fan_outs[fill.name], strata)

    def offset(self, fill: Fill, owner: int) -> int:
        """Return the number of the first row of a table that is owned by a row or one behind it."""
        block = owner // BLOCK
        return self._offsets[fill.name][block] + sum(self.sizes(fill, block * BLOCK, owner))

    def _count(self, fill: Fill) -> int:
        rows = fill.rows
        if isinstance(rows, Fixed):
            return rows.rows
        if not isinstance(rows, FanOut):
            return int(_named(self.volume, "counts", self.volume.counts, rows.count))
        sizes = rows.sizes
        if isinstance(sizes, str):
            sizes = _named(self.volume, "fan-outs", self.volume.fan_outs, sizes)
        self._fan_outs[fill.name] = sizes
        blocks, rest = divmod(self._owners(fill), BLOCK)
        full = sum(_spread(sizes, midpoints(BLOCK)))
        offsets = array("q", range(0, full * blocks + 1, full) if full else [0] * (blocks + 1))
        self._offsets[fill.name] = offsets
        return offsets[-1] + sum(_spread(sizes, midpoints(rest)))

    def _check_count(self, fill: Fill) -> None:
        rows = self.counts[fill.name]
        if rows > LARGEST_KEY:
            message = (
                f"Volume {self.volume.name!r} has {rows:,} rows of {fill.name!r}.\n"
                f"Allowed: from 0 to {LARGEST_KEY:,}, the largest INTEGER key."
            )
            raise VolumeError(message)

    def _check_references(self, fill: Fill) -> None:
        if not self.counts[fill.name]:
            return
        for name, source in fill.sources.items():
            for reference in references_in(source.recipe):
                self._check_capacity(fill, name, reference)

    def _check_capacity(self, fill: Fill, name: str, reference: Reference) -> None:
        needed = self._fan_outs[fill.name][-1] if reference.distinct else 1
        drawable = reference.capacity(FrameRun(Frame(self, fill, 0, 0), name))
        if drawable < needed:
            parent = parent_of(fill.table, name).name
            message = (
                f"Volume {self.volume.name!r} has too few rows of {parent!r}: "
                f"'{fill.name}.{name}' needs {needed} different ones at a time, and of the "
                f"{self.counts[parent]:,} only {drawable:,} can always be drawn.\n"
                f"Allowed: a volume with more rows of {parent!r}."
            )
            raise VolumeError(message)

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
        block = bisect_right(self._offsets[fill.name], row) - 1
        first = block * BLOCK
        sizes = self.sizes(fill, first, min(first + BLOCK, self._owners(fill)))
        ends = list(accumulate(sizes, initial=self._offsets[fill.name][block]))
        return first + bisect_right(ends, row) - 1

    def _every(self, column: ColumnName) -> Iterator[Any]:
        """Make a column of all rows of a table, a block of the root table at a time."""
        lineage = [self.blueprint.fills[column.table]]
        while lineage[0].owner is not None:
            lineage.insert(0, self.blueprint.fills[lineage[0].owner])
        rows = self.counts[lineage[0].name]
        for start in range(0, rows, BLOCK):
            frame = Frame(self, lineage[0], start, min(start + BLOCK, rows))
            for fill in lineage[1:]:
                frame = frame.children(fill)
            yield from frame.values(column.column)

    def _family(self, frame: Frame) -> Iterator[Chunk]:
        columns = {name: frame.values(name) for name in frame.fill.columns}
        yield Chunk(frame.fill.table, frame.start, frame.stop, columns)
        for fill in self.blueprint.owned_by(frame.fill.name):
            yield from self._family(frame.children(fill))
        frame.forget_children()


def _compact(draw: Callable[[], Iterable[Any]]) -> Sequence[Any]:
    """Keep integers in as few bytes as hold them, and anything else in a list."""
    if any(type(value) is bool for value in islice(draw(), 1)):
        return list(draw())
    for typecode in ("i", "q"):
        try:
            return array(typecode, draw())
        except (OverflowError, TypeError):
            continue
    return list(draw())


def _spread(sizes: range, strata: Sequence[int]) -> list[int]:
    return [sizes[bits * len(sizes) >> WORD_BITS] for bits in strata]


def _named(volume: Volume, kind: str, values: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
    """Look a name up in a volume."""
    if name in values:
        return values[name]
    message = (
        f"The blueprint asks for {name!r}, which is not among the {kind} of volume "
        f"{volume.name!r}.\nAllowed: {', '.join(values)}.{did_you_mean(name, values)}"
    )
    raise BlueprintError(message)
