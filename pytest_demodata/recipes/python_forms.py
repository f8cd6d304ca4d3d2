"""Recipes that take and give Python's values, where the engine counts.

A user writes `Decimal("9.99")`, a `date` or a member of an enumeration. What is given once is
counted when the blueprint is built; what a function makes is counted as it is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import types

from pytest_demodata.errors import BlueprintError, GenerationError
from pytest_demodata.recipes.drawing import Choice, Constant, Counted, Listed, Sometimes, Whole
from pytest_demodata.recipes.fitting import UnfitError, fit_for, rounded_for, wanted
from pytest_demodata.recipes.naming import column_name, named_as_columns
from pytest_demodata.recipes.numbering import Each, Permuted
from pytest_demodata.recipes.recipe import ColumnName, Recipe, all_parts
from pytest_demodata.values import is_interval, python_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Table

    from pytest_demodata.recipes.naming import ColumnRef
    from pytest_demodata.recipes.recipe import Kind, Run

    Function = Callable[[Run], Sequence[Any]]


def as_recipe(given: object) -> Recipe:
    """Return a recipe, also for a function of the run.

    Raises:
        BlueprintError: It is neither.
    """
    if isinstance(given, Recipe):
        return given
    if callable(given) and not isinstance(given, type):
        return Made(cast("Function", given))
    message = (
        f"A recipe is given as {given!r}.\n"
        "Allowed: a recipe, such as choice(…) or constant(…), or a function that takes the run and "
        "returns a list."
    )
    raise BlueprintError(message)


def in_counts(table: Table, names: str | tuple[str, ...], recipe: object) -> Recipe:
    """Return a column's recipe, with what is given in Python's values counted.

    Args:
        table: The table.
        names: The column, or the columns that are drawn together.
        recipe: What the user has given: a recipe, or a function of the run.

    Raises:
        BlueprintError: It is neither, a value does not fit the column, or the recipe reads columns
            of another table as if they were this one's.
    """
    together = (names,) if isinstance(names, str) else names
    columns = [table.columns.get(name) for name in together]
    where = f"'{table.key}.{', '.join(together)}'"
    try:
        given = as_recipe(recipe)
    except BlueprintError as error:
        message = f"Column {where}: {error}"
        raise BlueprintError(message) from error
    for part in all_parts(given):
        for named in part.own():
            if named.table != table.key:
                message = (
                    f"The recipe of column {where} names '{named.table}.{named.column}', a column "
                    f"of another table.\n"
                    f"Allowed: columns of {table.key!r}: {', '.join(table.columns.keys())}. What "
                    "the parent has is read by taken(…)."
                )
                raise BlueprintError(message)
    try:
        counted = given.in_counts([None if each is None else each.type for each in columns])
    except UnfitError as error:
        column = columns[error.place] if error.place is not None else None
        name = where if column is None else f"'{table.key}.{column.key}'"
        kind = "" if column is None else f", and its type is {column.type!r}"
        message = f"Column {name} is given {error.value!r}{kind}.\nAllowed: {error.wanted}."
        raise BlueprintError(message) from error
    except BlueprintError as error:
        message = f"Column {where}: {error}"
        raise BlueprintError(message) from error
    for place, column in enumerate(columns):
        if column is not None and not column.nullable and _draws_null(counted, place, columns):
            message = (
                f"Column '{table.key}.{column.key}' is given NULL, and it is NOT NULL.\n"
                "Allowed: a value for each row. Leave None and sometimes(…) out, or make the "
                "column nullable."
            )
            raise BlueprintError(message)
    return counted


def in_python(given: object) -> bool:
    """Return whether what a user has given for a virtual column draws Python's values."""
    recipes = all_parts(given) if isinstance(given, Recipe) else [given]
    return any(not isinstance(each, Recipe) or isinstance(each, _FORMS) for each in recipes)


def _draws_null(recipe: Recipe, place: int, columns: Sequence[object]) -> bool:
    """Return whether it is written down that a recipe draws NULL for one of its columns."""
    if isinstance(recipe, Sometimes):
        return True
    values: Iterable[Any] = ()
    if isinstance(recipe, Constant):
        values = (recipe.value,)
    elif isinstance(recipe, Choice | Each | Listed):
        values = recipe.values
    if len(columns) > 1:
        values = (each for value in values for each in value[place : place + 1])
    return any(value is None for value in values)


class Form(Recipe):
    """A recipe that `in_counts` makes another of, which is the one that draws."""

    __slots__ = ()

    def draw(self, run: Run) -> Sequence[Any]:
        """Draw for the column being filled, inside of a recipe that does not count its parts."""
        return self.in_counts(_kinds_of(run)).draw(run)


def _kinds_of(run: Run) -> list[Kind | None]:
    column = run.table.columns.get(run.column)
    return [None if column is None else column.type]


@dataclass(frozen=True, slots=True)
class Given(Form):
    """Values that a user has written down, to be drawn as another recipe says.

    Attributes:
        recipe: The other recipe, over Python's values.
    """

    recipe: Constant | Choice | Each | Listed

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Count the values."""
        counted = self.recipe.mapped(fit_for(kinds))
        return Each(_different(counted.values)) if isinstance(counted, Each) else counted

    def once(self) -> Recipe:
        """Draw each of the values once."""
        if isinstance(self.recipe, Constant):
            return Recipe.once(self)
        return Given(Each(self.recipe.values))


def _different(values: Sequence[Any]) -> tuple[Any, ...]:
    """Return values, each once; what JSON columns hold cannot be looked up, but written."""
    return tuple({repr(value): value for value in reversed(values)}.values())[::-1]


@dataclass(frozen=True, slots=True)
class Between(Form):
    """Numbers, dates or times from a first to a last one, each as likely as the other."""

    first: Any
    last: Any
    step: Any = None
    unique: bool = False

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Count both ends."""
        kind = _steppable(kinds, "between(…)")
        first, last = _count(kind, self.first), _count(kind, self.last)
        step = 1 if self.step is None else _step(kind, self.step)
        if first > last or step < 1:
            message = (
                f"A range goes from {self.first!r} to {self.last!r} by {self.step!r}.\n"
                "Allowed: a first value that is not beyond the last, and a step forward."
            )
            raise BlueprintError(message)
        numbers = range(first, last + 1, step)
        return Permuted(numbers) if self.unique else Whole(numbers)

    def once(self) -> Recipe:
        """Draw each of the values once."""
        return replace(self, unique=True)


@dataclass(frozen=True, slots=True)
class Stepping(Form):
    """A first value, and for each further row a step more."""

    first: Any
    step: Any

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Count the first value and the step."""
        kind = _steppable(kinds, "sequence(…)")
        step = _step(kind, self.step)
        if not step:
            message = (
                "A sequence goes on by 0.\nAllowed: another step; constant(…) repeats a value."
            )
            raise BlueprintError(message)
        return Counted(_count(kind, self.first), step)

    def once(self) -> Recipe:
        """Stay as it is: nothing is drawn twice."""
        return self


_STEPS = (types.Integer, types.Numeric, types.Date, types.DateTime, types.Time)


def _steppable(kinds: Sequence[Kind | None], word: str) -> Kind:
    """Return the type of a column, if there is a next value after each.

    Raises:
        BlueprintError: There is none.
    """
    kind = types.Integer() if kinds[0] is None else kinds[0]
    binary = isinstance(kind, types.Float) or (
        isinstance(kind, types.Numeric) and kind.scale is None
    )
    if len(kinds) == 1 and not binary and (isinstance(kind, _STEPS) or is_interval(kind)):
        return kind
    found = "several columns" if len(kinds) > 1 else f"a column of the type {kind!r}"
    message = (
        f"{word} fills {found}, in which no value is the next one after another.\n"
        "Allowed: whole numbers, NUMERIC with a number of decimal places, dates and times. For "
        "others write choice(…), or derived(…) from a column that is not stored."
    )
    raise BlueprintError(message)


def _count(kind: Kind, value: Any) -> int:  # noqa: ANN401 - a number, date or time
    if value is None:
        raise UnfitError(value, wanted(kind))
    return int(fit_for([kind])(value))


def _step(kind: Kind, step: Any) -> int:  # noqa: ANN401 - a number or a timedelta
    if isinstance(kind, types.Integer | types.Numeric):
        return _count(kind, step)
    unit = timedelta(days=1) if isinstance(kind, types.Date) else timedelta(seconds=1)
    if isinstance(step, int) and not isinstance(step, bool):
        return step
    if isinstance(step, timedelta) and not step % unit:
        return step // unit
    name = "days" if unit.days else "seconds"
    raise UnfitError(step, f"a step of whole {name}, as a timedelta or a number")


class Made(Recipe):
    """What a user's function makes of a run: a list of Python's values, one for each row."""

    def __init__(self, function: Function, kinds: Sequence[Kind | None] | None = None) -> None:
        self._function = function
        self._kinds = kinds

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Remember what to count the values in."""
        return Made(self._function, kinds)

    def draw(self, run: Run) -> Sequence[Any]:
        """Call the function, and count what it makes."""
        if self._kinds is None:
            return self.in_counts(_kinds_of(run)).draw(run)
        made: object = self._function(run)
        if isinstance(made, str | bytes) or not isinstance(made, Iterable):
            message = (
                f"The function of column '{run.table.key}.{run.column}' has returned {made!r}.\n"
                f"Allowed: a list with a value for each of the rows range(run.start, run.stop)."
            )
            raise GenerationError(message)
        return _all_counted(run, self._fit, list(made))

    @cached_property
    def _fit(self) -> Callable[[Any], Any]:
        return _rounding_fit(self._kinds or (None,))


class Calculated(Recipe):
    """A function of other columns of the row, called for each row with Python's values.

    Args:
        function: Takes the values of the columns, in their order.
        columns: Columns, or virtual columns, of the same table.

    Raises:
        BlueprintError: No columns.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *columns: ColumnRef,
        kinds: Sequence[Kind | None] | None = None,
    ) -> None:
        if not callable(function):
            message = (
                f"derived(…) is given {function!r} as its function.\n"
                "Allowed: a function, and then the columns whose values it takes: "
                "derived(lambda price: price * 2, Product.price)."
            )
            raise BlueprintError(message)
        if not columns:
            message = (
                f"The function {function!r} is derived from no column.\n"
                "Name the columns that it takes, or use constant(value)."
            )
            raise BlueprintError(message)
        self._function = function
        self._given = columns
        self._columns = tuple(map(column_name, columns))
        self._kinds = kinds

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Remember what to count the results in."""
        return Calculated(self._function, *self._given, kinds=kinds)

    def draw(self, run: Run) -> Sequence[Any]:
        """Call the function row by row."""
        if self._kinds is None:
            return self.in_counts(_kinds_of(run)).draw(run)
        columns = [_in_python(run, name) for name in self._columns]
        return _all_counted(run, self._fit, list(map(self._function, *columns)))

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        """Read the columns given."""
        return [ColumnName(table.key, name) for name in self._columns]

    def own(self) -> Iterable[ColumnName]:
        """Name the columns that are given as such."""
        return named_as_columns(self._given)

    @cached_property
    def _fit(self) -> Callable[[Any], Any]:
        return _rounding_fit(self._kinds or (None,))


def _in_python(run: Run, name: str) -> Sequence[Any]:
    kind, values = run.kind(name), run.values(name)
    return values if kind is None else python_values(kind, values)


def _rounding_fit(kinds: Sequence[Kind | None]) -> Callable[[Any], Any]:
    """Return what counts a value that a function has made, with its amounts rounded half up."""
    fit, rounds = fit_for(kinds), list(map(rounded_for, kinds))
    if not any(rounds):
        return fit
    if len(rounds) == 1 and (only := rounds[0]) is not None:
        return lambda value: fit(only(value))

    def rounded(values: Any) -> Any:  # noqa: ANN401 - whatever was made
        if not isinstance(values, tuple) or len(values) != len(rounds):
            return fit(values)
        pairs = zip(rounds, values, strict=True)
        return fit(tuple(value if each is None else each(value) for each, value in pairs))

    return rounded


def _all_counted(run: Run, fit: Callable[[Any], Any], values: Sequence[Any]) -> Sequence[Any]:
    """Count values that a function has made.

    Raises:
        GenerationError: One does not fit the column.
    """
    try:
        return list(map(fit, values))
    except UnfitError as error:
        message = (
            f"The function of column '{run.table.key}.{run.column}' has made {error.value!r}.\n"
            f"Allowed: {error.wanted}."
        )
        raise GenerationError(message) from error


@dataclass(frozen=True, slots=True)
class Written(Form):
    """Texts that another recipe writes, for columns of texts only.

    Attributes:
        recipe: The other recipe.
        word: What it is called.
        length: How long its texts are; 0 where that hangs on the locale.
    """

    recipe: Recipe
    word: str
    length: int = 0

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Look whether the column holds texts, of this length."""
        (kind, *others) = kinds
        of_text = (
            kind is None
            or isinstance(kind, types.TypeDecorator)
            or (isinstance(kind, types.String) and not isinstance(kind, types.Enum))
        )
        longest = getattr(kind, "length", None) or self.length
        if of_text and not others and self.length <= longest:
            return self.recipe
        found = "several columns" if others else f"a column that takes {wanted(kind)}"  # type: ignore[arg-type]
        made = f"texts of {self.length} characters" if self.length else "texts"
        message = (
            f"{self.word} makes {made}, and fills {found}.\n"
            "Allowed: a column of texts that are as long. Numbers and dates are drawn by "
            "between(…) and sequence(…)."
        )
        raise BlueprintError(message)

    def once(self) -> Recipe:
        """Write nothing twice."""
        return replace(self, recipe=self.recipe.once())

    def parts(self) -> Iterable[Recipe]:
        """Name the other recipe."""
        return (self.recipe,)


_FORMS = (Form, Made, Calculated)
