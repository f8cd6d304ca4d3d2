"""What a recipe is, and what it may look at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pytest_demodata.errors import BlueprintError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Table
    from sqlalchemy.types import TypeEngine

    from pytest_demodata.foreign_keys import Key
    from pytest_demodata.words import Words

    Kind = TypeEngine[Any]


class ColumnName(NamedTuple):
    """A column, or a virtual column, by name; of a table in a schema, `schema.table`."""

    table: str
    column: str


def through_text(through: str | Sequence[str]) -> str:
    """Name a foreign key by its columns, as one text."""
    return through if isinstance(through, str) else ",".join(through)


class Run(Protocol):
    """A run of rows of one table, as a recipe sees it while it fills one column of them.

    Every sequence has one value per row of the run, unless it says otherwise.
    """

    @property
    def table(self) -> Table:
        """The table being filled."""

    @property
    def column(self) -> str:
        """The column being filled; the first, where several are drawn together."""

    @property
    def key(self) -> Key:
        """The foreign key that the column being filled belongs to."""

    @property
    def start(self) -> int:
        """The number of the first row, counted from 0."""

    @property
    def stop(self) -> int:
        """The number behind that of the last row."""

    @property
    def total(self) -> int:
        """The rows that the whole table gets."""

    @property
    def volume(self) -> str:
        """The name of the volume."""

    @property
    def as_of(self) -> int:
        """The reference date, in days (`date.toordinal`)."""

    @property
    def words(self) -> Words:
        """The words of the locale."""

    @property
    def family_sizes(self) -> Sequence[int]:
        """How many rows of the run each owner has, in order; their sum is the length of the run."""

    @property
    def largest_family(self) -> int:
        """The most rows of this table that an owner has."""

    def bits(self, *, lane: str = "", exact: bool = False) -> Sequence[int]:
        """Draw random integers in range(2**32); each lane is a stream of its own.

        With `exact`, the draws of each 1,024 rows are spread evenly over the range.
        """

    def ranked(self, sort_key: Callable[[int, int], int]) -> Sequence[int]:
        """Draw exact bits that rise, among 1,024 rows, with a key made of row number and bits."""

    def shuffled(self, size: int) -> Sequence[int]:
        """Draw different numbers in range(size), whatever the rows; `size` is at least `total`."""

    def values(self, column: str) -> Sequence[Any]:
        """Return another column of the same rows."""

    def kind(self, column: str) -> Kind | None:
        """Return the type that a column's values are counted in; None where nobody knows.

        A virtual column that takes a column of another table, or adds it up, counts as that does.
        """

    @property
    def convert(self) -> Callable[[Any], Any] | None:
        """What makes of a value of another table's column one that fits the column being filled.

        None where both count alike; no value is None.
        """

    def taken(self, through: str, column: str) -> Sequence[Any]:
        """Return a column of the parents that the foreign key `through` refers to."""

    def taken_by_number(self, table: str, column: str, rows: Sequence[int | None]) -> Sequence[Any]:
        """Return a column of rows of another table, given by their numbers, from 0."""

    def grouped(self, table: str, columns: tuple[str, ...]) -> Mapping[Any, Sequence[int]]:
        """Return the row numbers of another table by what they have in columns, as tuples."""

    def siblings(self, table: str) -> Sequence[tuple[int, int]]:
        """Return, of each row's owner, the first row and the number of rows in another table."""

    def families(self, table: str) -> Sequence[tuple[int, int]]:
        """Return the first row and the number of rows in another table that each row owns."""

    def numbers(self, through: str) -> Sequence[int | None]:
        """Return the numbers of the rows that a foreign key refers to, from 0."""

    def stored(self, column: str) -> Sequence[Any]:
        """Return a column of rows that are in the database already."""

    def sums(self, child: ColumnName) -> Sequence[int]:
        """Return the sum of a column over the children that each row owns."""

    def rows(self, table: str) -> int:
        """Return how many rows another table gets."""

    def whole(self, column: ColumnName) -> Sequence[Any]:
        """Return a column of all rows of another table, in their order."""

    def slots(self, column: ColumnName) -> Sequence[int]:
        """Return row numbers of another table, in proportion to a column of weights.

        There is a power of two of them, several times as many as rows.
        """

    def running_total(self, column: ColumnName) -> Sequence[int]:
        """Return the sums of the first 1, 2, 3 … rows of a column of another table."""


class Recipe(ABC):
    """Says how a column is filled: a value that draws it for a run of rows at a time.

    Subclass it for a recipe of your own. What it draws may depend on nothing but the run.
    """

    __slots__ = ()

    @abstractmethod
    def draw(self, run: Run) -> Sequence[Any]:
        """Return a value for each row of the run.

        Money is in cents (NUMERIC in units of its last digit), dates are in days
        (`date.toordinal`), times in seconds (days * 86,400 + second of the day).
        """

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        """Name what `draw` will ask the run for when it fills this column."""
        return ()

    def parts(self) -> Iterable[Recipe]:
        """Name the recipes that this one is made of."""
        return ()

    def own(self) -> Iterable[ColumnName]:
        """Name the columns that were given to it as columns of the table that it fills."""
        return ()

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:  # noqa: ARG002
        """Return what draws the same, with Python's values counted; most count already.

        Args:
            kinds: The types of the columns it fills; None for one that is not stored.
        """
        return self

    def once(self) -> Recipe:
        """Return what draws the same, and no value twice.

        Raises:
            BlueprintError: It cannot tell how many values it has.
        """
        message = (
            f"The recipe {self!r} cannot be made unique: it does not know how many values it has.\n"
            "Allowed: choice(…), between(…), pattern(…), faker(…) and other recipes over values "
            "that can be counted; sequence(…) draws nothing twice."
        )
        raise BlueprintError(message)

    def check(self, run: Run) -> None:  # noqa: B027 - most have nothing to look at
        """Look whether a volume leaves enough to draw from, before any row is made.

        Args:
            run: Without rows, but with what is known of the whole table.

        Raises:
            VolumeError: It does not.
        """


def all_parts(recipe: Recipe) -> Iterable[Recipe]:
    """Give a recipe, and all recipes inside of it."""
    yield recipe
    for part in recipe.parts():
        yield from all_parts(part)
