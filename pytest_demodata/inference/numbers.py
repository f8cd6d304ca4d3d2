"""Numbers for columns, by their names, types and constraints."""

from __future__ import annotations

import re
from decimal import Decimal
from math import ceil
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import types
from sqlalchemy.dialects import mysql

from pytest_demodata.inference.names import words_of_name
from pytest_demodata.recipes.dating import Year
from pytest_demodata.recipes.drawing import Fractional, Skewed, Whole
from pytest_demodata.recipes.numbering import LARGEST_CAPACITY, Permuted
from pytest_demodata.values import scale_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_demodata.inference.bounds import Bounds
    from pytest_demodata.recipes.recipe import Recipe

    Kind = types.TypeEngine[Any]

_ANY: Final = r"(\w+ )*"

_NAMES: Final[tuple[tuple[str, int, int, bool], ...]] = (
    (r"quantity|qty|(\w+ )*(quantity|qty)|items", 1, 20, True),
    (rf"{_ANY}cents", 100, 100_000, True),
    (rf"{_ANY}(credit score|fico)", 300, 850, False),
    (rf"{_ANY}(gpa|grade point average)", 0, 4, False),
    (rf"{_ANY}age", 18, 90, False),
    (rf"{_ANY}month", 1, 12, False),
    (rf"{_ANY}quarter|semester|term", 1, 4, False),
    (rf"{_ANY}(weekday|day of week)", 0, 6, False),
    (rf"{_ANY}(week|week number|calendar week)", 1, 52, False),
    (rf"{_ANY}(day|day of month)", 1, 28, False),
    (rf"{_ANY}months", 1, 36, True),
    (rf"{_ANY}days", 1, 60, True),
    (rf"{_ANY}weeks", 1, 12, True),
    (rf"{_ANY}years?( of)?( experience)", 0, 30, True),
    (rf"{_ANY}years", 1, 10, True),
    (rf"{_ANY}(hours?|hrs?)", 0, 23, False),
    (rf"{_ANY}(minutes?|mins?)", 0, 59, False),
    (rf"{_ANY}(milliseconds|millis|ms|latency|response time)", 1, 600_000, True),
    (rf"{_ANY}(seconds?|secs?|duration|timeout|delay|interval|ttl)", 1, 3_600, True),
    (rf"{_ANY}(battery|humidity|progress|completion|completeness|fill|fuel)( \w+)*", 0, 100, False),
    (rf"{_ANY}(percent|percentage|pct)( (full|complete|completed|done))", 0, 100, False),
    (rf"{_ANY}(percent|percentage|pct|discount)", 0, 30, False),
    (rf"{_ANY}(rating|stars|grade|satisfaction)", 1, 5, False),
    (rf"{_ANY}(score|points|mark|marks)", 0, 100, False),
    (rf"{_ANY}(priority|level|rank|severity|tier|floor|difficulty)", 1, 5, False),
    (rf"{_ANY}(heart rate|pulse|bpm)", 50, 120, False),
    (rf"{_ANY}(hourly rate|hourly wage|day rate|rate per hour)", 15, 150, False),
    (
        (
            rf"{_ANY}(position|pos|sort|order|sequence|seq|index|idx|ordinal|line|rownum)"
            r"( (number|no|order|index))?"
        ),
        1,
        100,
        False,
    ),
    (rf"{_ANY}(salary|income|wage|compensation|earnings|payroll)", 24_000, 160_000, True),
    (
        (
            rf"{_ANY}(budget|revenue|turnover|sales|purchase price|loan amount|credit limit|"
            r"market cap|"
            r"net worth|profit)"
        ),
        1_000,
        100_000,
        True,
    ),
    (
        (
            rf"{_ANY}(price|cost|amount|total|subtotal|fee|balance|payment|value|charge|sum|net|"
            r"gross|"
            r"msrp|deposit|debit|credit|limit|worth|due|paid|freight|commission|tax|vat|tip|"
            r"bonus|fine|"
            r"refund|premium|rent|toll|shipping)"
        ),
        1,
        1_000,
        True,
    ),
    (rf"{_ANY}(bytes|filesize|file size|memory|disk)", 100, 10_000_000, True),
    (rf"{_ANY}(height|length)( in)? ?(cm)", 150, 200, False),
    (rf"{_ANY}(weight)( in)? ?(kg)", 1, 120, True),
    (rf"{_ANY}(odometer|mileage|kilometers|kilometres|miles|km)( \w+)?", 1_000, 200_000, True),
    (
        (
            rf"{_ANY}(weight|height|width|length|depth|size|volume|distance|area|thickness|radius|"
            r"diameter|dimension)( (kg|g|cm|mm|m|lb|in|km2|m2|sqm|sqft))?"
        ),
        1,
        200,
        True,
    ),
    (rf"{_ANY}(latitude|lat)", -90, 90, False),
    (rf"{_ANY}(longitude|lon|lng|long)", -180, 180, False),
    (rf"{_ANY}(altitude|elevation)( m)?", 0, 2_000, True),
    (rf"{_ANY}(body temperature|fever)", 36, 40, False),
    (rf"{_ANY}(temperature|temp)( (c|celsius))?", -20, 40, False),
    (rf"{_ANY}pressure( (hpa|mbar))?", 950, 1_050, False),
    (rf"{_ANY}(rssi|signal strength|signal|dbm)", -90, -30, False),
    (rf"{_ANY}(voltage|volts|watts|power|wattage)", 1, 240, False),
    (rf"{_ANY}(speed|velocity)( (kmh|kph|mph))?", 0, 130, False),
    (rf"{_ANY}(engine capacity|displacement)", 1, 5, False),
    (rf"{_ANY}(port|port number)", 1_024, 65_535, False),
    (
        rf"{_ANY}(version|revision|attempts?|retries|edition|release|iteration|generation)",
        1,
        9,
        True,
    ),
    (rf"{_ANY}(http status|status code|response code)", 200, 204, False),
    (rf"{_ANY}(status|code|errno|exit code|state|type|kind|flags?)", 0, 9, False),
    (rf"{_ANY}(population|inhabitants)", 1_000, 1_000_000, True),
    (
        rf"{_ANY}(seats|doors|bedrooms|bathrooms|rooms|floors|storeys|children|dependents)",
        1,
        8,
        True,
    ),
    (rf"{_ANY}(credits|credit hours|units)", 1, 12, False),
    (rf"{_ANY}(pages|page count|word count|words)", 20, 800, True),
    (rf"{_ANY}(failed|failure|error|retry)( \w+)* (count|attempts)", 0, 5, True),
    (r"zip|zip ?code|postal ?code|postcode", 10_000, 99_999, False),
    (rf"{_ANY}(phone|mobile|fax|phone number)", 2_000_000_000, 2_147_483_647, False),
    (
        (
            rf"{_ANY}(count|number|num|stock|views|likes|hits|votes|visits|followers|capacity|"
            r"downloads|shares|clicks|available)"
        ),
        0,
        500,
        True,
    ),
)
_BY_NAME: Final = tuple(
    (re.compile(expression), low, high, skewed) for expression, low, high, skewed in _NAMES
)
_RATE: Final = re.compile(
    rf"{_ANY}(rate|ratio|fraction|share|probability|confidence|alpha|opacity|accuracy|"
    r"utili[sz]ation)"
)
_SMALL_RATE: Final = re.compile(
    rf"{_ANY}(tax|vat|discount|interest|commission|inflation|growth|bonus|mortgage|apr|apy)"
    r"( (rate|ratio|percent|percentage|pct|fraction))?"
)
_YEARS: Final[tuple[tuple[str, int, int], ...]] = (
    (rf"{_ANY}birth year|year of birth|yob", -80, -18),
    (rf"{_ANY}(expiry|expiration|exp|expires|valid until|end) year", 0, 5),
    (rf"{_ANY}year( of \w+)?", -30, 0),
)
_YEARS_BY_NAME: Final = tuple((re.compile(each), (first, last)) for each, first, last in _YEARS)
_FIRST_YEAR, _LAST_YEAR = 1_900, 2_100
_LARGEST_BYTE: Final = 127

_HIGHEST: Final = (
    (mysql.TINYINT, _LARGEST_BYTE),
    (mysql.MEDIUMINT, 8_388_607),
    (types.SmallInteger, 32_767),
    (types.BigInteger, 2**63 - 1),
    (types.Integer, 2**31 - 1),
)
_USUAL_PRECISION: Final = 12
_MOST_DIGITS: Final = 15
_SMALL_PARTS: Final = 64
_MANY: Final = 10_000
"""Numbers from 1 on that are enough for a unique column, so that it needs none below."""


class Numbers(NamedTuple):
    """Numbers that a column is filled with.

    Attributes:
        units: The numbers, in units of the last digit; none where the constraints leave none.
        skewed: Whether small ones are frequent.
    """

    units: range
    skewed: bool


def highest_of(kind: Kind) -> int:
    """Return the largest number that a type holds, in units of its last digit."""
    for integer, highest in _HIGHEST:
        if isinstance(kind, integer):
            return highest
    if isinstance(kind, types.Numeric) and not isinstance(kind, types.Float):
        return int(10 ** min(kind.precision or _USUAL_PRECISION, _MOST_DIGITS)) - 1
    return 10**6


def units_of(column: str, kind: Kind, bounds: Bounds) -> Numbers:
    """Return the numbers that a column is filled with, as far as it is not unique."""
    scale = scale_of(kind)
    highest = highest_of(kind)
    low, high, skewed = _usual(words_of_name(column), kind)
    first = max(int(low * 10**scale), -highest)
    last = min(ceil(high * 10**scale), highest)
    if first > last:  # the type does not hold the usual numbers
        first, last = 0, min(ceil((high - low) * 10**scale), highest)
    least, most = bounds.first_unit(scale), bounds.last_unit(scale)
    span = last - first
    if least is not None and (least > first or least > last):
        first, last = least, max(last, least + span)
    if most is not None and most < last:
        last = most
        if first > last:
            first = last - span if least is None else max(least, last - span)
    return Numbers(range(max(first, -highest - 1), min(last, highest) + 1), skewed)


def _usual(words: str, kind: Kind) -> tuple[float, float, bool]:
    """Return the smallest and the largest usual number, and whether small ones are frequent."""
    if _SMALL_RATE.fullmatch(words):
        percent = words.endswith(("percent", "percentage", "pct"))
        if "rate" in words or percent or _digits_before_point(kind) <= 1:
            whole = percent or _digits_before_point(kind) > 1
            return (0, 25, False) if whole else (0, 0.25, False)
    found = ((low, high, skew) for each, low, high, skew in _BY_NAME if each.fullmatch(words))
    usual = next(found, None)
    if usual is None and _RATE.fullmatch(words):
        parts = scale_of(kind) > 0 or isinstance(kind, types.Float)
        return (0, 1, False) if parts else (0, 100, False)
    return usual or (0, 1_000, True)


def _digits_before_point(kind: Kind) -> int:
    """Return how many digits a type has before the point; a binary fraction, few."""
    if isinstance(kind, types.Float):
        return 1
    if isinstance(kind, types.Numeric) and kind.precision is not None:
        return kind.precision - scale_of(kind)
    return _USUAL_PRECISION


def number_recipe(column: str, kind: Kind, bounds: Bounds, *, unique: bool) -> Recipe | None:
    """Choose what a column of numbers is filled with; None where the constraints leave nothing."""
    excluded = _excluded(kind, bounds)
    if unique:
        return _unique(kind, bounds, excluded)
    numbers, skewed = units_of(column, kind, bounds)
    if isinstance(kind, types.Float):
        if numbers == range(2) and _usual(words_of_name(column), kind)[1] < 1 and not excluded:
            return Fractional(Whole(range(1, _SMALL_PARTS // 4 + 1)), _SMALL_PARTS)
        return _fractional(numbers, excluded, skewed=skewed) if numbers else None
    left = _without(numbers, excluded)
    if not left:
        return None
    return _year_recipe(column, kind, bounds) or _drawn(left, skewed=skewed)


def _drawn(numbers: range, *, skewed: bool) -> Recipe:
    return Skewed(numbers) if skewed else Whole(numbers)


def _unique(kind: Kind, bounds: Bounds, excluded: Iterable[int]) -> Recipe | None:
    scale = scale_of(kind)
    least, most = bounds.first_unit(scale), bounds.last_unit(scale)
    highest = highest_of(kind)
    last = highest if most is None else min(most, highest)
    lowest = 1 if last >= _MANY else max(-highest, last - LARGEST_CAPACITY)
    first = lowest if least is None else max(least, -highest)
    numbers = _without(range(first, min(last, first + LARGEST_CAPACITY) + 1), excluded)
    if not numbers:
        return None
    return Permuted(numbers[::-1] if least is None and first < 1 else numbers)


def _without(numbers: range, excluded: Iterable[int]) -> range:
    """Return the longest part of a range in which nothing is that is excluded."""
    ends = sorted({number for number in excluded if number in numbers})
    starts = [numbers.start, *(end + 1 for end in ends)]
    pieces = (range(*each) for each in zip(starts, [*ends, numbers.stop], strict=True))
    return max(pieces, key=len)


def _fractional(numbers: range, excluded: Iterable[int], *, skewed: bool) -> Recipe | None:
    """Draw binary fractions of at most six digits, which every database keeps as they are."""
    digits = len(str(max(abs(numbers[0]), abs(numbers[-1]) - 1, 0)))
    parts = 1 << max(6 - digits, 0)
    fine = range(numbers[0] * parts, numbers[-1] * parts + 1)
    left = _without(fine, [number * parts for number in excluded])
    return Fractional(_drawn(left, skewed=skewed), parts) if left else None


def _year_recipe(column: str, kind: Kind, bounds: Bounds) -> Recipe | None:
    """Return what draws a year near the reference date, if it is one and the constraints let it."""
    words = words_of_name(column)
    years = next((years for each, years in _YEARS_BY_NAME if each.fullmatch(words)), None)
    least, most = bounds.first_unit(0), bounds.last_unit(0)
    if (
        years is None
        or scale_of(kind)
        or highest_of(kind) < _LAST_YEAR
        or (least is not None and least > _FIRST_YEAR)
        or (most is not None and most < _LAST_YEAR)
        or bounds.excluded
    ):
        return None
    return Year(*years)


def _excluded(kind: Kind, bounds: Bounds) -> set[int]:
    """Return the excluded numbers that the type can have, in units of the last digit."""
    values = (Decimal(value) for value in bounds.excluded if isinstance(value, int | Decimal))
    units = {value.scaleb(scale_of(kind)) for value in values}
    return {int(unit) for unit in units if unit == unit.to_integral_value()}
