"""Values as the engine computes them, and as Python and the databases hold them.

The engine counts: money in cents (any NUMERIC in units of its last digit), dates in days
(`date.toordinal`), times in seconds of those days. Everything else is what it is. A chunk turns
into `Decimal`, `date` and `datetime` only when it is handed over.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

DAY_SECONDS: Final = 86_400

_EXACT: Final = Context(prec=1_000)
"""The user's own decimal context may round."""


def half_up(numerator: int, denominator: int) -> int:
    """Divide non-negative integers and round to the nearest one, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def each_once(
    convert: Callable[[Any], Any], values: Iterable[Any], *, null: object = None
) -> list[Any]:
    """Convert values, each different one once, and None to `null`."""
    different = {*values} - {None}
    converted = dict(zip(different, map(convert, different), strict=True))
    converted[None] = null
    return list(map(converted.__getitem__, values))


def python_values(kind: types.TypeEngine[Any], values: Sequence[Any]) -> Sequence[Any]:
    """Turn a column of counted values into the Python values that SQLAlchemy's type takes."""
    convert = _python_converter(kind)
    return values if convert is None else each_once(convert, values)


def _python_converter(kind: types.TypeEngine[Any]) -> Callable[[Any], object] | None:
    if isinstance(kind, types.TypeDecorator):
        return _python_converter(kind.impl_instance)
    if isinstance(kind, types.DateTime):
        return moment
    if isinstance(kind, types.Date):
        return date.fromordinal
    if isinstance(kind, types.Boolean):
        return bool
    if scale := scale_of(kind):
        return lambda value: Decimal(value).scaleb(-scale, _EXACT)
    return None


def moment(seconds: int) -> datetime:
    """Turn counted seconds into a time without zone."""
    day, second = divmod(seconds, DAY_SECONDS)
    return datetime.fromordinal(day) + timedelta(seconds=second)


def scale_of(kind: types.TypeEngine[Any]) -> int:
    """Return how many decimal places the engine counts in; 0 where it does not."""
    return kind.scale or 0 if isinstance(kind, types.Numeric) else 0


@lru_cache(maxsize=8_192)
def date_text(day: int) -> str:
    """Turn a counted day into its text in ISO 8601."""
    return date.fromordinal(day).isoformat()


@lru_cache(maxsize=8_192)
def _clock_text(second: int) -> str:
    """Turn the second of a day into its text in ISO 8601."""
    minute, second = divmod(second, 60)
    return f"{minute // 60:02d}:{minute % 60:02d}:{second:02d}"


def time_text(seconds: int) -> str:
    """Turn counted seconds into the text that databases read as a time without zone."""
    day, second = divmod(seconds, DAY_SECONDS)
    return f"{date_text(day)} {_clock_text(second)}"


def counted(kind: types.TypeEngine[Any], value: Any) -> Any:
    """TEMPORARY."""
    if isinstance(kind, types.DateTime):
        return value.toordinal() * DAY_SECONDS + value.hour * 3600 + value.minute * 60 + value.second
    if isinstance(kind, types.Date):
        return value.toordinal()
    if scale := scale_of(kind):
        return int(Decimal(value).scaleb(scale))
    return value
