"""Recipes that compute a column from other columns, from the parent or from the children."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain, pairwise, repeat
from typing import TYPE_CHECKING, Any

from pytest_demodata.errors import BlueprintError, VolumeError
from pytest_demodata.foreign_keys import key_through
from pytest_demodata.recipes.naming import column_name, named_as_columns, qualified_name
from pytest_demodata.recipes.recipe import ColumnName, Recipe
from pytest_demodata.streams import WORD_BITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Table

    from pytest_demodata.recipes.naming import ColumnRef
    from pytest_demodata.recipes.recipe import Kind, Run


class Derived(Recipe):
    """A function of other columns of the row, called for each row.

    Args:
        function: Takes the values of the columns, in their order.
        columns: Names of columns, or virtual columns, of the same table.

    Raises:
        BlueprintError: No columns.
    """

    __slots__ = ("_columns", "_function")

    def __init__(self, function: Callable[..., Any], *columns: str) -> None:
        if not columns:
            message = (
                f"The function {function!r} is derived from no column.\n"
                "Name the columns that it takes, or use Constant(value)."
            )
            raise BlueprintError(message)
        self._function = function
        self._columns = columns

    def draw(self, run: Run) -> Sequence[Any]:
        """Call the function row by row."""
        return list(map(self._function, *map(run.values, self._columns)))

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        """Read the columns given."""
        return [ColumnName(table.key, name) for name in self._columns]


class DerivedColumn(Derived):
    """A function of other columns, called once for a run of rows: faster where rows are many.

    Args:
        function: Takes whole columns, in their order, and returns one of the same length.
        columns: Names of columns, or virtual columns, of the same table.
    """

    __slots__ = ()

    def draw(self, run: Run) -> Sequence[Any]:
        """Call the function once."""
        result: Sequence[Any] = self._function(*map(run.values, self._columns))
        return result


@dataclass(frozen=True, slots=True)
class Localized(Recipe):
    """A function of the locale's words and of other columns of the row, called for each row.

    Attributes:
        function: Takes the `Words`, then the values of the columns, in their order.
        columns: Names of columns, or virtual columns, of the same table.
    """

    function: Callable[..., Any]
    columns: Sequence[str] = ()

    def __post_init__(self) -> None:
        if isinstance(self.columns, str):
            message = (
                f"The columns of a localized function are {self.columns!r}.\n"
                f"Allowed: a tuple of names, ({self.columns!r},)."
            )
            raise BlueprintError(message)

    def draw(self, run: Run) -> Sequence[Any]:
        """Call the function row by row."""
        words = repeat(run.words, run.stop - run.start)
        return list(map(self.function, words, *map(run.values, self.columns)))

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        """Read the columns given."""
        return [ColumnName(table.key, name) for name in self.columns]


@dataclass(frozen=True, slots=True)
class Taken(Recipe):
    """The parent's value.

    Attributes:
        through: The foreign key column that names the parent; several, with commas between them.
        column: The parent's column or virtual column.
        of: The parent's table, where the user has named it.
        named: The foreign key's columns, with their table, where the user has named it.
    """

    through: str
    column: str
    of: str = field(default="", compare=False, repr=False)
    named: Sequence[ColumnName] = field(default=(), compare=False, repr=False)

    def draw(self, run: Run) -> Sequence[Any]:
        """Look the column up in the parents."""
        return _converted(run, run.taken(self.through, self.column))

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:
        """Read the parent's column, and the foreign key where it is not what is filled."""
        columns = self.through.split(",")
        yield ColumnName(key_through(table, columns).parent.key, self.column)
        if column not in columns:
            yield from (ColumnName(table.key, name) for name in columns)

    def own(self) -> Iterable[ColumnName]:
        """Name the columns of the key that are given as such."""
        return self.named


@dataclass(frozen=True, slots=True)
class Position(Recipe):
    """The place of a row among its owner's, counted from `first`."""

    first: int = 1

    def draw(self, run: Run) -> Sequence[int]:
        """Count anew for each owner."""
        sizes = run.family_sizes
        runs = [range(self.first, self.first + size) for size in range(max(sizes, default=0) + 1)]
        return list(chain.from_iterable(map(runs.__getitem__, sizes)))


class SumOf(Recipe):
    """The sum over the rows that this one owns.

    Args:
        child: The child's column: `Line.amount`, or `"lines.amount"`; money and money, or counts
            and counts.

    Raises:
        BlueprintError: It is no column.
    """

    __slots__ = ("child",)

    def __init__(self, child: ColumnRef) -> None:
        self.child = qualified_name(child)

    def draw(self, run: Run) -> Sequence[int]:
        """Add up the children of each row."""
        return _converted(run, run.sums(self.child))

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        """Read the children's column."""
        return [self.child]


@dataclass(frozen=True, slots=True)
class EachInFamily(Recipe):
    """Each of some values at most once among the rows of an owner.

    Attributes:
        values: The values; an owner has no more rows than there are.
    """

    values: Sequence[Any]

    def draw(self, run: Run) -> Sequence[Any]:
        """Take the values in their order, for each owner from another one on."""
        values, count, bits = self.values, len(self.values), run.bits()
        drawn: list[Any] = []
        for size in run.family_sizes:
            first = bits[len(drawn)] * count >> WORD_BITS if size else 0
            drawn += [values[(first + place) % count] for place in range(size)]
        return drawn

    def check(self, run: Run) -> None:
        """Look whether there are enough values.

        Raises:
            VolumeError: There are not.
        """
        if run.largest_family > len(self.values):
            message = (
                f"An owner has up to {run.largest_family} rows of {run.table.key!r}, and "
                f"'{run.table.key}.{run.column}' can have {len(self.values)} different values "
                "among them.\n"
                "Allowed: at most as many rows for each owner as values, by "
                f"FanOut(…, range(1, {len(self.values) + 1}))."
            )
            raise VolumeError(message)


@dataclass(frozen=True, slots=True)
class AtPlaces(Recipe):
    """The values at the places that another column gives.

    Attributes:
        values: The values.
        column: The column with their places, from 0.
    """

    values: Sequence[Any]
    column: str

    def draw(self, run: Run) -> Sequence[Any]:
        """Look the values up."""
        return list(map(self.values.__getitem__, run.values(self.column)))

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        """Read the places."""
        return [ColumnName(table.key, self.column)]


@dataclass(frozen=True, slots=True)
class OnlyWhere(Recipe):
    """What another recipe draws, in the rows that have one of some values; NULL in the others.

    Attributes:
        recipe: The other recipe.
        column: The column that is looked at.
        values: Its values in the rows that get one.
    """

    recipe: Recipe
    column: str
    values: frozenset[Any]

    def draw(self, run: Run) -> Sequence[Any]:
        """Blank out the other rows."""
        drawn = zip(self.recipe.draw(run), run.values(self.column), strict=True)
        return [value if each in self.values else None for value, each in drawn]

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:
        """Read what the other recipe reads, and the column that is looked at."""
        yield from self.recipe.reads(table, column)
        yield ColumnName(table.key, self.column)

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Count what the other recipe draws."""
        return OnlyWhere(self.recipe.in_counts(kinds), self.column, self.values)

    def parts(self) -> Iterable[Recipe]:
        """Name the other recipe."""
        return (self.recipe,)


class ShareOf(Recipe):
    """Parts of an amount of the parent, which all of its rows together add up to.

    Args:
        parent: The parent's column: `Order.total`, or `"orders.total"`.
        through: The foreign key to the parent, which owns these rows.
    """

    __slots__ = ("named", "parent", "through")

    def __init__(self, parent: ColumnRef, through: ColumnRef | tuple[ColumnRef, ...]) -> None:
        self.parent = qualified_name(parent)
        names = through if isinstance(through, tuple) else (through,)
        self.named = named_as_columns(names)
        self.through = ",".join(map(column_name, names))

    def draw(self, run: Run) -> Sequence[int | None]:
        """Cut each amount at random places, one for each row but the last; NULL stays NULL."""
        amounts = _converted(run, run.taken(self.through, self.parent.column))
        shares = iter(zip(amounts, run.bits(), strict=True))
        drawn: list[int | None] = []
        for size in run.family_sizes:
            family = [next(shares) for _ in range(size)]
            if not family:
                continue
            amount = family[0][0]
            if amount is None:
                drawn.extend([None] * size)
            else:
                parts = ((bits * amount) >> WORD_BITS for _, bits in family[1:])
                cuts = sorted(parts, reverse=amount < 0)
                drawn.extend(high - low for low, high in pairwise((0, *cuts, amount)))
        return drawn

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        """Read the parent's amount."""
        return [self.parent]

    def own(self) -> Iterable[ColumnName]:
        """Name the columns of the key that are given as such."""
        return self.named


def _converted(run: Run, values: Sequence[Any]) -> Sequence[Any]:
    """Make of values of another table's column such as fit the column being filled."""
    if (convert := run.convert) is None:
        return values
    return [None if value is None else convert(value) for value in values]
