"""Recipes that take and give Python's values, where the engine counts.

A user writes `Decimal("9.99")`, a `date` or a member of an enumeration. What is given once is
counted when the blueprint is built; what a function makes is counted as it is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import types

from pytest_demodata.errors import BlueprintError, DemodataError, GenerationError
from pytest_demodata.recipes.drawing import Choice, Constant, Counted, Listed, Whole
from pytest_demodata.recipes.naming import column_name
from pytest_demodata.recipes.recipe import ColumnName, Recipe
from pytest_demodata.values import counted, python_values, scale_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from sqlalchemy import Table

    from pytest_demodata.recipes.naming import ColumnRef
    from pytest_demodata.recipes.recipe import Kind, Run


def in_counts(table: Table, names: str | tuple[str, ...], recipe: object) -> Recipe:
    """Return a column's recipe, with what is given in Python's values counted.

    Args:
        table: The table.
        names: The column, or the columns that are drawn together.
        recipe: What the user has given: a recipe, or a function of the run.

    Raises:
        BlueprintError: It is neither, or a value does not fit the column.
    """
    together = (names,) if isinstance(names, str) else names
    where = f"'{table.key}.{', '.join(together)}'"
    kinds = [table.columns[name].type if name in table.columns else None for name in together]
    if not isinstance(recipe, Recipe):
        if not callable(recipe):
            message = (
                f"Column {where} has the recipe {recipe!r}.\n"
                "Allowed: a recipe, such as choice(…) or constant(…), or a function that takes the "
                "run and returns a list."
            )
            raise BlueprintError(message)
        recipe = Made(cast("Callable[[Run], Sequence[Any]]", recipe))
    try:
        return recipe.in_counts(kinds)
    except (ValueError, TypeError) as error:
        if isinstance(error, DemodataError):
            raise
        message = (
            f"Column {where} is given a value that it cannot hold: {error}.\n"
            f"Its type is {', '.join(map(str, kinds))}. Give values of that type."
        )
        raise BlueprintError(message) from error


def _counted(kinds: Sequence[Kind | None], value: Any) -> Any:  # noqa: ANN401 - any column's
    """Count a value; of several columns that are drawn together, each of a tuple."""
    if len(kinds) == 1:
        return value if value is None or kinds[0] is None else counted(kinds[0], value)
    return tuple(_counted([kind], each) for kind, each in zip(kinds, value, strict=True))


@dataclass(frozen=True, slots=True)
class Given(Recipe):
    """Values that a user has written down, to be drawn as another recipe says.

    Attributes:
        recipe: The other recipe, over Python's values.
    """

    recipe: Constant | Choice | Listed

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Count the values."""
        return self.recipe.mapped(lambda value: _counted(kinds, value))

    def draw(self, run: Run) -> Sequence[Any]:
        """Draw what the other recipe draws."""
        return self.recipe.draw(run)


@dataclass(frozen=True, slots=True)
class Between(Recipe):
    """Numbers, dates or times from a first to a last one, each as likely as the other."""

    first: Any
    last: Any
    step: Any = None

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Count both ends."""
        first, last = _counted(kinds, self.first), _counted(kinds, self.last)
        step = 1 if self.step is None else _step(kinds[0], self.step)
        if isinstance(first, float) or isinstance(last, float):
            message = "a range of binary fractions has no steps; give whole numbers"
            raise ValueError(message)
        if first > last or step < 1:
            message = (
                f"A range goes from {self.first!r} to {self.last!r} by {self.step!r}.\n"
                "Allowed: a first value that is not beyond the last, and a step forward."
            )
            raise BlueprintError(message)
        return Whole(range(first, last + 1, step))

    def draw(self, run: Run) -> Sequence[Any]:
        """Draw whole numbers, where there is no column's type to count in."""
        return self.in_counts([None]).draw(run)


@dataclass(frozen=True, slots=True)
class Stepping(Recipe):
    """A first value, and for each further row a step more."""

    first: Any
    step: Any

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Count the first value and the step."""
        return Counted(_counted(kinds, self.first), _step(kinds[0], self.step))

    def draw(self, run: Run) -> Sequence[Any]:
        """Count, where there is no column's type."""
        return Counted(self.first, self.step).draw(run)


def _step(kind: Kind | None, step: Any) -> int:  # noqa: ANN401 - a number or a timedelta
    if isinstance(step, timedelta):
        return step.days if isinstance(kind, types.Date) else int(step.total_seconds())
    if kind is not None and scale_of(kind):
        return int(counted(kind, step))
    return int(step)


class Made(Recipe):
    """What a user's function makes of a run: a list of Python's values, one for each row."""

    __slots__ = ("_function", "_kinds")

    def __init__(
        self, function: Callable[[Run], Sequence[Any]], kinds: Sequence[Kind | None] = (None,)
    ) -> None:
        self._function = function
        self._kinds = kinds

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Remember what to count the values in."""
        return Made(self._function, kinds)

    def draw(self, run: Run) -> Sequence[Any]:
        """Call the function, and count what it makes."""
        return _all_counted(run, self._kinds, self._function(run))


class Calculated(Recipe):
    """A function of other columns of the row, called for each row with Python's values.

    Args:
        function: Takes the values of the columns, in their order.
        columns: Columns, or virtual columns, of the same table.

    Raises:
        BlueprintError: No columns.
    """

    __slots__ = ("_columns", "_function", "_kinds")

    def __init__(
        self,
        function: Callable[..., Any],
        *columns: ColumnRef,
        kinds: Sequence[Kind | None] = (None,),
    ) -> None:
        if not columns:
            message = (
                f"The function {function!r} is derived from no column.\n"
                "Name the columns that it takes, or use constant(value)."
            )
            raise BlueprintError(message)
        self._function = function
        self._columns = tuple(map(column_name, columns))
        self._kinds = kinds

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Remember what to count the results in."""
        return Calculated(self._function, *self._columns, kinds=kinds)

    def draw(self, run: Run) -> Sequence[Any]:
        """Call the function row by row."""
        columns = [_in_python(run, name) for name in self._columns]
        return _all_counted(run, self._kinds, list(map(self._function, *columns)))

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        """Read the columns given."""
        return [ColumnName(table.key, name) for name in self._columns]


def _in_python(run: Run, name: str) -> Sequence[Any]:
    values = run.values(name)
    if name not in run.table.columns:
        return values
    return python_values(run.table.columns[name].type, values)


def _all_counted(run: Run, kinds: Sequence[Kind | None], values: Sequence[Any]) -> Sequence[Any]:
    """Count values that a function has made; amounts are rounded half up to their last digit.

    Raises:
        GenerationError: One does not fit the column.
    """
    try:
        return [_counted(kinds, _rounded(kinds[0], value)) for value in values]
    except (ValueError, TypeError) as error:
        message = (
            f"The function of column '{run.table.key}.{run.column}' has made a value that the "
            f"column cannot hold: {error}.\n"
            f"Its type is {', '.join(map(str, kinds))}. Make values of that type."
        )
        raise GenerationError(message) from error


def _rounded(kind: Kind | None, value: Any) -> Any:  # noqa: ANN401 - any column's
    if isinstance(value, Decimal) and kind is not None and (scale := scale_of(kind)):
        return value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    return value


def choice(*values: object, weights: Sequence[int] | None = None) -> Recipe:
    """Draw one of the values, each as likely as the other, or as the weights say.

    Raises:
        BlueprintError: No values, or weights that do not fit them.
    """
    return Given(Choice(values, weights))


def weighted(weights: dict[Any, int]) -> Recipe:
    """Draw one of the keys, as likely as its whole number says.

    Raises:
        BlueprintError: No values, or weights that are all 0.
    """
    return Given(Choice(tuple(weights), tuple(weights.values())))


def constant(value: object) -> Recipe:
    """Put the same value in every row."""
    return Given(Constant(value))


def listed(*values: object) -> Recipe:
    """Take one value after the other, from the first again when they run out.

    Raises:
        BlueprintError: No values.
    """
    return Given(Listed(values))


def between(first: Any, last: Any, *, step: Any = None) -> Recipe:  # noqa: ANN401 - numbers, dates
    """Draw a number, date or time from a first to a last one, both of them included.

    Args:
        first: The first: an `int`, `Decimal`, `date`, `datetime` or `timedelta`, as the column has.
        last: The last.
        step: What lies between two values that can be drawn, from the first on; else a unit of the
            column's last digit, a day or a second.

    Raises:
        BlueprintError: The last is before the first.
    """
    return Between(first, last, step)


def sequence(first: Any = 1, step: Any = 1) -> Recipe:  # noqa: ANN401 - numbers, dates
    """Begin with a value and add a step for each further row: no value stands twice.

    Args:
        first: A number, `date` or `datetime`.
        step: A number, or a `timedelta`; of a date or time, a number of days or seconds.
    """
    return Stepping(first, step)


def derived(function: Callable[..., Any], *columns: ColumnRef) -> Recipe:
    """Calculate from other columns of the row, in Python's values.

    Args:
        function: Takes the values of the columns; amounts are `Decimal`, dates `date`. Amounts that
            it returns are rounded half up to the column's last digit.
        columns: Columns, or virtual columns, of the same table.

    Raises:
        BlueprintError: No columns.
    """
    return Calculated(function, *columns)
