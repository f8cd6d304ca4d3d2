"""What users write their blueprints with, in Python's own values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_demodata.recipes.deriving import ShareOf, SumOf, Taken
from pytest_demodata.recipes.drawing import Choice, Constant, Listed, Sometimes, Word
from pytest_demodata.recipes.naming import column_name, qualified_name
from pytest_demodata.recipes.pools import Faked
from pytest_demodata.recipes.python_forms import Between, Calculated, Given, Stepping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_demodata.recipes.naming import ColumnRef
    from pytest_demodata.recipes.recipe import Recipe


def choice(*values: object, weights: Sequence[int] | None = None) -> Recipe:
    """Draw one of the values, each as likely as the other, or as the weights say.

    Raises:
        BlueprintError: No values, or weights that do not fit them.
    """
    return Given(Choice(values, weights))


def weighted(weights: Mapping[Any, int]) -> Recipe:
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


def word(name: str) -> Recipe:
    """Draw one of the locale's words, which come with the package.

    Args:
        name: The list: `companies`, `jobs`, `nouns`, `sentences`, `titles`, `departments`,
            `streets`, `domains`, `timezones` or `user_agents`.
    """
    return Word(name)


def faker(provider: str, **options: object) -> Recipe:
    """Draw what one of Faker's providers gives: a thousand values at once, for rows to choose from.

    They are the same for each release of Faker, and may be others for the next.

    Args:
        provider: Its name, such as `company` or `iban`.
        options: Its arguments.

    Raises:
        BlueprintError: Faker has no such provider.
    """
    return Faked(provider, options)


def taken(through: ColumnRef | tuple[ColumnRef, ...], column: ColumnRef) -> Recipe:
    """Take the parent's value.

    Args:
        through: The foreign key column that names the parent; several, where they are one key.
        column: The parent's column.
    """
    names = through if isinstance(through, tuple) else (through,)
    own = column if isinstance(column, str) else qualified_name(column).column
    return Taken(",".join(map(column_name, names)), own)


def sum_of(child: ColumnRef) -> Recipe:
    """Add up a column of the rows that this one owns.

    `assert_intact` holds the data to it afterwards, to the cent.

    Args:
        child: The column: `Line.amount`, or `"lines.amount"`.
    """
    return SumOf(child)


def share_of(parent: ColumnRef, through: ColumnRef | tuple[ColumnRef, ...]) -> Recipe:
    """Divide an amount of the parent among the rows that it owns: together they are that amount.

    `assert_intact` holds the data to it afterwards, to the cent.

    Args:
        parent: The amount: `Order.total`, or `"orders.total"`.
        through: The foreign key to the parent.
    """
    return ShareOf(parent, through)


def sometimes(recipe: Recipe, percent: int) -> Recipe:
    """Draw what another recipe does, and NULL in the other rows.

    Args:
        recipe: The other recipe.
        percent: In how many rows of a hundred there is a value.

    Raises:
        BlueprintError: Not from 0 to 100.
    """
    return Sometimes(recipe, percent)


def unique(recipe: Recipe) -> Recipe:
    """Draw what another recipe does, and nothing twice.

    There are enough values for the volume, or it is refused before any row is made.

    Args:
        recipe: A choice, a range, a pattern, a word, or one of Faker's.

    Raises:
        BlueprintError: Another recipe, which cannot tell how many values it has.
    """
    return recipe.once()
