"""What users write their blueprints with, in Python's own values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.errors import BlueprintError, did_you_mean
from pytest_demodata.recipes.deriving import ShareOf, SumOf, Taken
from pytest_demodata.recipes.drawing import Choice, Constant, Listed, Sometimes
from pytest_demodata.recipes.naming import column_name, named_as_columns, qualified_name
from pytest_demodata.recipes.numbering import pattern as numbered
from pytest_demodata.recipes.pools import Faked, Listing
from pytest_demodata.recipes.python_forms import (
    Between,
    Calculated,
    Given,
    Stepping,
    Written,
    as_recipe,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_demodata.recipes.naming import ColumnRef
    from pytest_demodata.recipes.python_forms import Function
    from pytest_demodata.recipes.recipe import Recipe


def choice(*values: object, weights: Sequence[int] | None = None) -> Recipe:
    """Draw one of the values, each as likely as the other, or as the weights say.

    Raises:
        BlueprintError: No values, or weights that do not fit them.
    """
    if not values:
        message = "choice() has nothing to choose from.\nAllowed: one value or more."
        raise BlueprintError(message)
    return Given(Choice(values, weights if weights is None else _whole_numbers(weights)))


def weighted(weights: Mapping[Any, int]) -> Recipe:
    """Draw one of the keys, as likely as its whole number says.

    Raises:
        BlueprintError: No values, or weights that are all 0.
    """
    if not isinstance(weights, Mapping) or not weights:
        message = (
            f"weighted(…) is given {weights!r}.\n"
            'Allowed: a mapping of one value or more to whole numbers: {"open": 1, "paid": 8}.'
        )
        raise BlueprintError(message)
    return Given(Choice(tuple(weights), _whole_numbers(weights.values())))


def _whole_numbers(weights: Iterable[int]) -> list[int]:
    found = list(weights)
    if all(isinstance(each, int) and not isinstance(each, bool) for each in found):
        return found
    message = (
        f"The weights of a choice are {found!r}.\n"
        "Allowed: whole numbers, such as parts of a hundred."
    )
    raise BlueprintError(message)


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
        columns: Columns, or virtual columns, of the same table. A virtual one has what its recipe
            draws: Python's values, unless it is a recipe of your own that counts.

    Raises:
        BlueprintError: No columns, or one of another table.
    """
    return Calculated(function, *columns)


WORDS: Final = (
    *("companies", "departments", "domains", "jobs", "nouns", "sentences", "streets"),
    *("timezones", "titles", "user_agents"),
)
"""The lists of words that are texts as they are."""


def word(name: str) -> Recipe:
    """Draw one of the locale's words, which come with the package.

    Args:
        name: The list: `companies`, `jobs`, `nouns`, `sentences`, `titles`, `departments`,
            `streets`, `domains`, `timezones` or `user_agents`.

    Raises:
        BlueprintError: There is no such list.
    """
    if name in WORDS:
        return Written(Listing(name), f"word({name!r})")
    message = (
        f"There is no list of words {name!r}.\n"
        f"Allowed: {', '.join(WORDS)}.{did_you_mean(str(name), WORDS)}"
    )
    raise BlueprintError(message)


def pattern(text: str, *, unique: bool = False) -> Recipe:
    """Fill a pattern in: `INV-######` makes `INV-204816`.

    Args:
        text: `#` stands for a digit, `%` for a digit from 1, `?` for a letter A to Z, `^` for a
            hexadecimal digit; everything else for itself.
        unique: No two rows have the same.

    Raises:
        BlueprintError: There is nothing to fill in.
    """
    if not isinstance(text, str):
        message = f"The pattern is {text!r}.\nAllowed: a text, such as 'INV-######'."
        raise BlueprintError(message)
    return Written(numbered(text, unique=unique), f"pattern({text!r})", len(text))


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
        column: The parent's column: `Product.price`, `"price"` or `"products.price"`.

    Raises:
        BlueprintError: One of them is no column.
    """
    names = through if isinstance(through, tuple) else (through,)
    if isinstance(column, str):
        of, _, own = column.rpartition(".")
    else:
        of, own = qualified_name(column)
    return Taken(",".join(map(column_name, names)), own, of, named_as_columns(names))


def sum_of(child: ColumnRef) -> Recipe:
    """Add up a column of the rows that this one owns; a NULL adds nothing.

    `assert_intact` holds numbers to it afterwards, to the cent.

    Args:
        child: The column: `Line.amount`, or `"lines.amount"`.
    """
    return SumOf(child)


def share_of(parent: ColumnRef, through: ColumnRef | tuple[ColumnRef, ...]) -> Recipe:
    """Divide an amount of the parent among the rows that it owns: together they are that amount.

    `assert_intact` holds numbers to it afterwards, to the cent. Where the amount is NULL, so are
    the parts.

    Args:
        parent: The amount: `Order.total`, or `"orders.total"`.
        through: The foreign key to the parent.
    """
    return ShareOf(parent, through)


def sometimes(recipe: Recipe | Function, percent: int) -> Recipe:
    """Draw what another recipe does, and NULL in the other rows.

    Args:
        recipe: The other recipe, or a function of the run.
        percent: In how many rows of a hundred there is a value.

    Raises:
        BlueprintError: Not from 0 to 100, or no recipe.
    """
    return Sometimes(as_recipe(recipe), percent)


def unique(recipe: Recipe) -> Recipe:
    """Draw what another recipe does, and nothing twice.

    There are enough values for the volume, or it is refused before any row is made.

    Args:
        recipe: A choice, a range, a pattern, a word, or one of Faker's.

    Raises:
        BlueprintError: Another recipe, which cannot tell how many values it has.
    """
    return as_recipe(recipe).once()
