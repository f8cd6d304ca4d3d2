"""What a recipe is, and what it may look at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pytest_demodata.errors import BlueprintError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Table

    from pytest_demodata.words import Words


class ColumnName(NamedTuple):
    """A column, or a virtual column, by name."""

    table: str
    column: str


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
    def start(self) -> int:
        """The number of the first row, counted from 0."""

    @property
    def stop(self) -> int:
        """The number behind that of the last row."""

    @property
    def total(self) -> int:
        """The rows that the whole table gets."""

    @property
    def as_of(self) -> int:
        """The reference date, in days (`date.toordinal`)."""

    @property
    def words(self) -> Words:
        """The words of the locale."""

    @property
    def family_sizes(self) -> Sequence[int]:
        """How many rows of the run each owner has, in order; their sum is the length of the run."""

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

    def taken(self, through: str, column: str) -> Sequence[Any]:
        """Return a column of the parents that the foreign key `through` refers to."""

    def sums(self, child: ColumnName) -> Sequence[int]:
        """Return the sum of a column over the children that each row owns."""

    def rows(self, table: str) -> int:
        """Return how many rows another table gets."""

    def whole(self, column: ColumnName) -> Sequence[Any]:
        """Return a column of all rows of another table, in the order of their keys."""

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


def parent_of(table: Table, column: str) -> Table:
    """Return the table whose primary key a foreign key column refers to.

    Raises:
        BlueprintError: The column is no foreign key, or not to a primary key.
    """
    keys = table.columns[column].foreign_keys if column in table.columns else ()
    targets = sorted((key.column for key in keys), key=str)
    for target in targets:
        if target.primary_key:
            return target.table
    if targets:
        message = (
            f"Column '{table.name}.{column}' refers to '{targets[0]}'.\n"
            "Allowed: a foreign key to a primary key."
        )
        raise BlueprintError(message)
    referring = ", ".join(name for name, each in table.columns.items() if each.foreign_keys)
    message = (
        f"Column '{table.name}.{column}' is no foreign key, so it has no parent.\n"
        f"Foreign keys of {table.name!r}: {referring or 'none'}."
    )
    raise BlueprintError(message)
