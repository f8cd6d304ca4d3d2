"""Numbers for columns, by their names, types and constraints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import types
from sqlalchemy.dialects import mysql

from pytest_demodata.inference.names import words_of_name
from pytest_demodata.recipes.drawing import Choice, Skewed, Whole
from pytest_demodata.recipes.numbering import Permuted
from pytest_demodata.values import scale_of

if TYPE_CHECKING:
    from pytest_demodata.inference.bounds import Bounds
    from pytest_demodata.recipes.recipe import Recipe

_RANGES: Final[tuple[tuple[str, int, int, bool], ...]] = (
    (r"(\w+ )*(quantity|qty)|items", 1, 20, True),
    (r"(\w+ )*age", 18, 90, False),
    (r"(\w+ )*year", 1990, 2024, False),
    (r"(\w+ )*month", 1, 12, False),
    (r"(\w+ )*(day|day of month)", 1, 28, False),
    (r"(\w+ )*(weekday|day of week)", 0, 6, False),
    (r"(\w+ )*hours?", 0, 23, False),
    (r"(\w+ )*(minutes?|mins?)", 0, 59, False),
    (r"(\w+ )*(seconds?|secs?|duration|timeout|delay|interval)", 1, 3_600, True),
    (r"(\w+ )*(milliseconds|millis|ms|latency)", 1, 600_000, True),
    (r"(\w+ )*(percent|percentage|pct|discount|tax|vat)", 0, 30, False),
    (r"(\w+ )*(rate|ratio|fraction|share|probability|confidence)", 0, 1, False),
    (r"(\w+ )*(rating|stars|grade)", 1, 5, False),
    (r"(\w+ )*(score|points)", 0, 100, False),
    (r"(\w+ )*(priority|level|rank|severity|tier)", 1, 5, False),
    (
        r"(\w+ )*(position|pos|sort|order|sequence|seq|index|idx|ordinal|line)( number| no| order)?",
        1,
        100,
        False,
    ),
    (r"(\w+ )*(salary|income|wage|compensation)", 24_000, 160_000, True),
    (
        r"(\w+ )*(price|cost|amount|total|subtotal|fee|balance|payment|value|charge|budget|revenue|sum|net|gross|msrp|deposit|debit|credit|limit|worth|due|paid|freight|commission)",
        1,
        1_000,
        True,
    ),
    (
        r"(\w+ )*(weight|height|width|length|depth|size|volume|distance|area|thickness)",
        1,
        200,
        True,
    ),
    (r"(\w+ )*(latitude|lat)", -90, 90, False),
    (r"(\w+ )*(longitude|lon|lng|long)", -180, 180, False),
    (r"(\w+ )*(temperature|temp)", -20, 40, False),
    (r"(\w+ )*(bytes|filesize|memory)", 100, 10_000_000, True),
    (r"(\w+ )*port", 1_024, 65_535, False),
    (r"(\w+ )*(version|revision|attempts?|retries)", 1, 10, True),
    (r"(\w+ )*(status|code|errno|exit code)", 0, 9, False),
    (
        r"(\w+ )*(count|number|num|stock|views|likes|hits|votes|visits|followers|seats|capacity|pages)",
        0,
        500,
        True,
    ),
)
_BY_NAME: Final = tuple(
    (re.compile(expression), low, high, skewed) for expression, low, high, skewed in _RANGES
)
_HIGHEST: Final = (
    (mysql.TINYINT, 127),
    (mysql.MEDIUMINT, 8_388_607),
    (types.SmallInteger, 32_767),
    (types.BigInteger, 2**63 - 1),
    (types.Integer, 2**31 - 1),
)
_ANY: Final = (0, 1_000, True)


def highest_of(kind: types.TypeEngine[Any]) -> int:
    """Return the largest number that a type holds, in units of its last digit."""
    for integer, highest in _HIGHEST:
        if isinstance(kind, integer):
            return highest
    if isinstance(kind, types.Numeric) and not isinstance(kind, types.Float):
        return int(10 ** min(kind.precision or 12, 15)) - 1
    return 10**6


def units_of(column: str, kind: types.TypeEngine[Any], bounds: Bounds) -> tuple[range, bool]:
    """Return the numbers that a column is filled with, in units of its last digit.

    Returns:
        The numbers, none where the constraints leave none, and whether small ones are frequent.
    """
    scale = 0 if isinstance(kind, types.Float) else scale_of(kind)
    unit, highest = 10**scale, highest_of(kind)
    words = words_of_name(column)
    low, high, skewed = next(
        (each for expression, *each in _BY_NAME if expression.fullmatch(words)), list(_ANY)
    )
    first, last = low * unit, min(high * unit, highest)
    least, most = bounds.first_unit(scale), bounds.last_unit(scale)
    span = max(last - first, 0)
    if least is not None and (least > first or least > last):
        first, last = least, max(last, min(least + span, highest))
    if most is not None and most < last:
        last = most
        if least is None and first > last:
            first = last - span
    if first > last and least is None and most is None:
        first = 0
    return range(first, min(last, highest) + 1), bool(skewed)


def number_recipe(
    column: str, kind: types.TypeEngine[Any], bounds: Bounds, *, unique: bool
) -> Recipe | None:
    """Choose what a column of numbers is filled with; None where the constraints leave nothing."""
    numbers, skewed = units_of(column, kind, bounds)
    if unique:
        least, most = bounds.first_unit(scale_of(kind)), bounds.last_unit(scale_of(kind))
        first = 1 if least is None else least
        last = highest_of(kind) if most is None else most
        return Permuted(range(first, last + 1)) if first <= last else None
    if not numbers:
        return None
    if isinstance(kind, types.Float):
        # Quarters are the same in every database, also where it has fewer digits than Python.
        quarters = tuple(value / 4 for value in range(numbers[0] * 4, numbers[-1] * 4 + 1))
        return Choice(quarters[: 1 << 12] if len(quarters) > 1 << 12 else quarters)
    excluded = {unit for value in bounds.excluded if (unit := _unit_of(value, kind)) is not None}
    if excluded and len(numbers) < 1 << 12:
        left = tuple(number for number in numbers if number not in excluded)
        return Choice(left) if left else None
    return Skewed(numbers) if skewed else Whole(numbers)


def _unit_of(value: object, kind: types.TypeEngine[Any]) -> int | None:
    from decimal import Decimal, InvalidOperation  # noqa: PLC0415 - TODO

    try:
        return int(Decimal(str(value)).scaleb(scale_of(kind)))
    except InvalidOperation:
        return None
