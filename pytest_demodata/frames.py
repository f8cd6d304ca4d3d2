"""Frames: runs of rows of one table, whose columns are drawn when they are first asked for."""

from __future__ import annotations

from itertools import accumulate, chain, pairwise, repeat
from typing import TYPE_CHECKING, Any

from pytest_demodata.blueprint import ROWS
from pytest_demodata.errors import DemodataError, GenerationError
from pytest_demodata.recipes.drawing import Serial
from pytest_demodata.recipes.recipe import ColumnName, through_text
from pytest_demodata.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_demodata.blueprint import Fill
    from pytest_demodata.engine import Plan
    from pytest_demodata.foreign_keys import Key
    from pytest_demodata.recipes.recipe import Kind, Recipe


class Frame:
    """Rows of one table whose columns are drawn when they are first asked for, and then kept.

    Args:
        plan: What is generated.
        fill: How the table is filled.
        start: The number of the first row.
        stop: The number behind that of the last row.
        owner: The rows that own these, if any do.
        family_sizes: How many of these rows each of the owner's rows owns.
    """

    __slots__ = ("_children", "_values", "family_sizes", "fill", "owner", "plan", "start", "stop")

    def __init__(  # noqa: PLR0913, PLR0917 - a run of rows, and where it belongs
        self,
        plan: Plan,
        fill: Fill,
        start: int,
        stop: int,
        owner: Frame | None = None,
        family_sizes: Sequence[int] = (),
    ) -> None:
        self.plan = plan
        self.fill = fill
        self.start = start
        self.stop = stop
        self.owner = owner
        self.family_sizes = family_sizes
        self._values: dict[str, Sequence[Any]] = {}
        self._children: dict[str, Frame] = {}

    def values(self, column: str) -> Sequence[Any]:
        """Return a column, and draw it, with those it reads, if that was not done yet."""
        if column in self._values:
            return self._values[column]
        kept = self.plan.kept(ColumnName(self.fill.name, column))
        if kept is not None:
            self._values[column] = kept[self.start : self.stop]
        else:
            names, recipe = self.fill.sources[column]
            drawn = self._drawn(recipe, names[0])
            parts = [drawn] if len(names) == 1 else self._unzipped(drawn, names)
            self._values.update(zip(names, parts, strict=True))
        return self._values[column]

    def _drawn(self, recipe: Recipe, column: str) -> Sequence[Any]:
        try:
            drawn = recipe.draw(FrameRun(self, column))
            count = len(drawn)
        except DemodataError:
            raise
        except Exception as error:
            found = f"its recipe stopped with {type(error).__name__}: {error}".rstrip(".")
            raise self._undrawable(column, found) from error
        if count != self.stop - self.start:
            found = f"its recipe drew {count} values for {self.stop - self.start} rows"
            raise self._undrawable(column, found)
        return drawn

    def _unzipped(self, rows: Sequence[Any], names: tuple[str, ...]) -> list[Sequence[Any]]:
        if any(not isinstance(row, tuple) or len(row) != len(names) for row in rows):
            found = f"its recipe draws for {len(names)} columns, but not tuples of {len(names)}"
            raise self._undrawable(names[0], found)
        return list(zip(*rows, strict=True)) or [()] * len(names)

    def _undrawable(self, column: str, found: str) -> GenerationError:
        return GenerationError(
            f"Column '{self.fill.name}.{column}' could not be drawn: {found}.\n"
            "Everything that this generation had done is undone."
        )

    def children(self, fill: Fill) -> Frame:
        """Return the rows of another table that these rows own."""
        if fill.name not in self._children:
            start = self.plan.offset(fill, self.start)
            sizes = self.plan.sizes(fill, self.start, self.stop)
            self._children[fill.name] = Frame(
                self.plan, fill, start, start + sum(sizes), self, sizes
            )
        return self._children[fill.name]

    def forget_children(self) -> None:
        """Let go of the children, so that they are freed before the next rows are made."""
        self._children.clear()


class FrameRun:
    """A frame, as the recipe of one of its columns sees it (`pytest_demodata.recipes.Run`)."""

    __slots__ = ("_frame", "as_of", "column", "start", "stop", "table", "total", "volume", "words")

    def __init__(self, frame: Frame, column: str) -> None:
        self._frame = frame
        self.column = column.removesuffix(ROWS)
        self.table = frame.fill.table
        self.start = frame.start
        self.stop = frame.stop
        self.total = frame.plan.counts[frame.fill.name]
        self.volume = frame.plan.volume.name
        self.as_of = frame.plan.as_of.toordinal()
        self.words = frame.plan.words

    @property
    def family_sizes(self) -> Sequence[int]:
        return self._frame.family_sizes

    def bits(self, *, lane: str = "", exact: bool = False) -> Sequence[int]:
        stream = self._stream(lane)
        if exact:
            return stream.strata(self.start, self.stop, self.total)
        return stream.bits(self.start, self.stop)

    def ranked(self, sort_key: Callable[[int, int], int]) -> Sequence[int]:
        return self._stream("").strata(self.start, self.stop, self.total, sort_key)

    def shuffled(self, size: int) -> Sequence[int]:
        return self._stream("").shuffled(self.start, self.stop, size)

    def values(self, column: str) -> Sequence[Any]:
        return self._frame.values(column)

    def kind(self, column: str) -> Kind | None:
        return self._frame.plan.blueprint.kind_of(ColumnName(self._frame.fill.name, column))

    @property
    def convert(self) -> Callable[[Any], Any] | None:
        name = ColumnName(self._frame.fill.name, self.column)
        return self._frame.plan.blueprint.conversions.get(name)

    @property
    def key(self) -> Key:
        return self._frame.fill.key(self.column)

    @property
    def largest_family(self) -> int:
        return self._frame.plan.largest_family(self._frame.fill)

    def taken(self, through: str, column: str) -> Sequence[Any]:
        frame = self._frame
        key = frame.fill.key(through)
        if frame.owner is not None and key == frame.fill.owner_key:
            return self._for_families(frame.owner.values(column))
        return self.taken_by_number(key.parent.key, column, self._parents(key))

    def numbers(self, through: str) -> Sequence[int | None]:
        frame = self._frame
        key = frame.fill.key(through)
        if frame.owner is not None and key == frame.fill.owner_key:
            return self._for_families(range(frame.owner.start, frame.owner.stop))
        return self._parents(key)

    def _for_families(self, values: Sequence[Any]) -> list[Any]:
        """Repeat what an owner has for each of the rows that it owns."""
        return list(chain.from_iterable(map(repeat, values, self._frame.family_sizes)))

    def _parents(self, key: Key) -> Sequence[int | None]:
        """Return the numbers of the parents, from the key itself where no recipe draws them."""
        frame = self._frame
        rows = through_text(key.columns) + ROWS
        if rows in frame.fill.sources:
            return frame.values(rows)
        columns = [frame.values(name) for name in key.columns]
        groups = frame.plan.grouped(key.parent.key, key.targets)
        return [
            None if None in values else groups[values][0] for values in zip(*columns, strict=True)
        ]

    def taken_by_number(self, table: str, column: str, rows: Sequence[int | None]) -> Sequence[Any]:
        plan = self._frame.plan
        if isinstance(plan.blueprint.fills[table].sources[column].recipe, Serial):
            if None in rows:
                return [None if row is None else row + 1 for row in rows]
            return [row + 1 for row in rows]  # type: ignore[operator]
        values = plan.whole(ColumnName(table, column))
        if None in rows:
            return [None if row is None else values[row] for row in rows]
        return list(map(values.__getitem__, rows))  # type: ignore[arg-type]

    def grouped(self, table: str, columns: tuple[str, ...]) -> Mapping[Any, Sequence[int]]:
        return self._frame.plan.grouped(table, columns)

    def siblings(self, table: str) -> Sequence[tuple[int, int]]:
        frame = self._frame
        assert frame.owner is not None  # noqa: S101 - the blueprint has been looked at
        return self._for_families(_families(frame.owner, table))

    def families(self, table: str) -> Sequence[tuple[int, int]]:
        return _families(self._frame, table)

    def stored(self, column: str) -> Sequence[Any]:
        rows = self._frame.plan.existing.get(self.table.key, {})
        return rows[column][self.start : self.stop] if rows else ()

    def sums(self, child: ColumnName) -> Sequence[int]:
        frame = self._frame
        children = frame.children(frame.plan.blueprint.fills[child.table])
        values = children.values(child.column)
        if None in values:
            values = [value or 0 for value in values]
        families = pairwise(accumulate(children.family_sizes, initial=0))
        return [sum(values[start:stop]) for start, stop in families]

    def rows(self, table: str) -> int:
        return self._frame.plan.counts[table]

    def whole(self, column: ColumnName) -> Sequence[Any]:
        return self._frame.plan.whole(column)

    def running_total(self, column: ColumnName) -> Sequence[int]:
        return self._frame.plan.running_total(column)

    def slots(self, column: ColumnName) -> Sequence[int]:
        return self._frame.plan.slots(column)

    def _stream(self, lane: str) -> Stream:
        column = f"{self.column}/{lane}" if lane else self.column
        return Stream(self._frame.plan.seed, self.table.key, column)


def _families(owner: Frame, table: str) -> list[tuple[int, int]]:
    """Return the first row and the number of rows of another table that each row owns."""
    children = owner.children(owner.plan.blueprint.fills[table])
    starts = accumulate(children.family_sizes, initial=children.start)
    return list(zip(starts, children.family_sizes, strict=False))
