"""Values as the engine computes them, and as Python and the databases hold them.

The engine counts. This is what it counts, by SQLAlchemy's type of the column, and what Python has
for it (`python_values` leads from the left to the right, `counted` back):

| type | counted | Python |
|---|---|---|
| Numeric with a scale | units of the last digit (cents) | Decimal |
| Date | days (`date.toordinal`) | date |
| DateTime | seconds of those days | datetime without zone |
| DateTime(timezone=True) | seconds of those days, in UTC | datetime in UTC |
| Time | seconds since midnight; with `timezone=True` in UTC | time |
| Interval, also of a dialect | seconds | timedelta |
| Uuid | its 128 bits as a number | UUID, or with `as_uuid=False` str |
| Boolean | True and False, or 1 and 0 | bool |
| ARRAY | list of what is counted of its items' type | list |
| Float and any other | as it is | as it is |

Of a TypeDecorator it is what its `impl` has. The Python value then goes into the decorator's
`process_bind_param`. What is not a whole number is the application's own value, and goes there as
it is; so does any value where `impl` is not counted.

None is SQL's NULL in all of them, in JSON too. A chunk turns into Python's values only when it is
handed over.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Dialect

    Kind = types.TypeEngine[Any]
    Convert = Callable[[Any], Any]

DAY_SECONDS: Final = 86_400

EPOCH: Final = date(1970, 1, 1).toordinal() * DAY_SECONDS
"""From where SQLAlchemy counts an Interval that is stored as a DATETIME."""

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


class _Counting(NamedTuple):
    """How values of a type are counted.

    Attributes:
        python: Turns a counted value into Python's; None where it is the same.
        count: Turns Python's value into the counted one.
        plain: Whether both are values of one kind, that can be looked up in a dictionary.
    """

    python: Convert | None
    count: Convert
    plain: bool = True


def python_values(kind: Kind, values: Sequence[Any]) -> Sequence[Any]:
    """Turn a column of counted values into the Python values that SQLAlchemy's type takes."""
    counting = _counting_of(kind)
    if counting.python is None:
        return values
    if counting.plain:
        return each_once(counting.python, values)
    return [None if value is None else counting.python(value) for value in values]


def counted(kind: Kind, value: Any) -> Any:  # noqa: ANN401 - a value of any type
    """Turn a Python value of a type into its counted form, the inverse of `python_values`.

    A time without zone is taken as one in UTC where the type has a zone. What a TypeDecorator
    would get changed if it were counted stays as it is, as its own values do.

    Raises:
        ValueError: The type does not hold the value, or holds it only if it is rounded.
    """
    if value is None:
        return None
    try:
        return _counting_of(kind).count(value)
    except _UNCOUNTED as error:
        message = f"{value!r} is no value that can be counted as {kind!r}: {error}."
        raise ValueError(message) from None


def counter(kind: Kind) -> Convert:
    """Return what counts values of a type, one by one; for None, and for errors, see `counted`.

    Its errors are whatever comes up: an ArithmeticError, AttributeError, TypeError or ValueError.
    """
    return _counting_of(kind).count


def converter(source: Kind, target: Kind) -> Convert | None:
    """Return what makes of a counted value of one type that of another, which holds all of it.

    Returns:
        None where both count alike.

    Raises:
        ValueError: The other type does not hold each value of the first.
    """
    of_source, of_target = _measure(source), _measure(target)
    if of_source == of_target:
        return None
    (unit, digits), (wanted, places) = of_source, of_target
    if unit == wanted == "number" and digits <= places:
        factor = 10 ** (places - digits)
        return lambda value: value * factor
    if (unit, wanted) == ("truth", "number"):
        factor = 10**places
        return lambda value: int(value) * factor
    if (unit, wanted) == ("number", "real"):
        number = _as_real(target)
        return lambda value: number(Decimal(value).scaleb(-digits, _EXACT))
    if (unit, wanted) == ("day", "moment"):
        return lambda value: value * DAY_SECONDS
    message = f"{target!r} does not hold each value of {source!r}"
    raise ValueError(message)


def _as_real(kind: Kind) -> Convert:
    return float if isinstance(innermost(kind), types.Float) else _same


def _measure(kind: Kind) -> tuple[str, Any]:
    """Return what a type's values are counted in; of numbers with the decimal places."""
    inner = innermost(kind)
    if is_interval(inner):
        return "duration", 0
    if isinstance(inner, types.Integer):
        return "number", 0
    if isinstance(inner, types.Float):  # of SQLAlchemy 2.0 a Numeric
        return "real", 0
    if isinstance(inner, types.Numeric):
        return ("real", 0) if inner.scale is None else ("number", inner.scale)
    for each, unit in _MEASURES.items():
        if isinstance(inner, each):
            return unit, 0
    return "as it is", python_type(inner) or type(inner)


def is_amount(kind: Kind, *, binary: bool = False) -> bool:
    """Return whether values of a type can be added up, and exactly, unless `binary` ones may be."""
    return _measure(kind)[0] in {"number", "truth", "duration", *(["real"] if binary else [])}


def is_whole_number(kind: Kind) -> bool:
    """Return whether a type's values are whole numbers, or have a number of decimal places."""
    return _measure(kind)[0] == "number"


def counts_in_whole(kind: Kind) -> bool:
    """Return whether a type's values are counted as other than Python's own numbers and texts."""
    return _measure(kind) != ("number", 0) and _counting_of(kind).python is not None


_MEASURES: Final[dict[type[types.TypeEngine[Any]], str]] = {
    types.Boolean: "truth",
    types.Date: "day",
    types.DateTime: "moment",
    types.Time: "clock",
    types.Uuid: "uuid",
}

_UNCOUNTED: Final = (ArithmeticError, AttributeError, TypeError, ValueError)


def _counting_of(kind: Kind) -> _Counting:
    if is_interval(kind):
        return _DURATION
    if isinstance(kind, types.TypeDecorator):
        return _counting_around(_counting_of(kind.impl_instance))
    for each, counting_of in _COUNTINGS.items():
        if isinstance(kind, each):
            return counting_of(kind)
    return _AS_IT_IS


def is_interval(kind: Kind) -> bool:
    """Return whether a type is SQLAlchemy's or a dialect's for durations."""
    return isinstance(kind, types.Interval) or python_type(kind) is timedelta


def python_type(kind: Kind) -> type | None:
    """Return the class of a type's values; None for a decorator, and where the type has none."""
    if isinstance(kind, types.TypeDecorator):
        return None
    try:
        return kind.python_type
    except NotImplementedError:
        return None


def _same(value: Any) -> Any:  # noqa: ANN401 - a value of any type
    return value


_AS_IT_IS: Final = _Counting(None, _same)


def _real(value: Any) -> Any:  # noqa: ANN401 - whatever was given
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    message = "a number is wanted"
    raise TypeError(message)


def _counting_of_number(scale: int | None) -> _Counting:
    if not scale:
        return _Counting(None, _real_or_decimal if scale is None else partial(_count_units, 0))
    return _Counting(partial(_units, scale), partial(_count_units, scale))


def _units(scale: int, value: int) -> Decimal:
    return Decimal(value).scaleb(-scale, _EXACT)


def _count_units(scale: int, value: Any) -> int:  # noqa: ANN401 - whatever was given
    exact = Decimal(str(_real_or_decimal(value))).scaleb(scale, _EXACT)
    if exact != int(exact):
        message = f"it has more than {scale} decimal places"
        raise ValueError(message)
    return int(exact)


def _real_or_decimal(value: Any) -> Any:  # noqa: ANN401 - whatever was given
    return value if isinstance(value, Decimal) else _real(value)


def _count_truth(value: Any) -> bool:  # noqa: ANN401 - whatever was given
    if value in {True, False}:
        return bool(value)
    message = "True or False is wanted"
    raise ValueError(message)


def _count_day(value: date) -> int:
    if isinstance(value, datetime):
        message = "a date without a time is wanted"
        raise TypeError(message)
    return value.toordinal()


def _count_moment(zone: Any, value: datetime) -> int:  # noqa: ANN401 - UTC or None
    if value.tzinfo is not None:
        if zone is None:
            message = "it has a time zone, and the type has none"
            raise ValueError(message)
        value = value.astimezone(UTC)
    return value.toordinal() * DAY_SECONDS + _count_clock(None, value.time())


def _clock(zone: Any, seconds: int) -> time:  # noqa: ANN401 - UTC or None
    minutes, second = divmod(seconds, 60)
    return time(*divmod(minutes, 60), second, tzinfo=zone)


def _count_clock(zone: Any, value: time) -> int:  # noqa: ANN401 - UTC or None
    offset = value.utcoffset() if zone is not None else None
    if value.microsecond:
        message = "whole seconds are wanted"
        raise ValueError(message)
    if value.tzinfo is not None and offset is None:
        message = "it has a time zone, and the type has none, or the zone depends on the day"
        raise ValueError(message)
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return (seconds - _count_duration(offset or timedelta())) % DAY_SECONDS


def _count_duration(value: timedelta) -> int:
    if value.microseconds:
        message = "whole seconds are wanted"
        raise ValueError(message)
    return value.days * DAY_SECONDS + value.seconds


def _uuid(value: Any) -> UUID:  # noqa: ANN401 - counted, or a UUID already
    return UUID(int=int(value))


def _count_uuid(value: Any) -> int:  # noqa: ANN401 - whatever was given
    return (value if isinstance(value, UUID) else UUID(value)).int


def _counting_of_items(counting: _Counting) -> _Counting:
    python = counting.python
    return _Counting(
        None if python is None else partial(_each_item, python),
        partial(_each_item, counting.count),
        plain=False,
    )


def _each_item(convert: Convert, value: Any) -> list[Any]:  # noqa: ANN401 - whatever was given
    if not isinstance(value, list | tuple):
        message = "a list is wanted"
        raise TypeError(message)
    return [
        _each_item(convert, item)
        if isinstance(item, list | tuple)
        else None
        if item is None
        else convert(item)
        for item in value
    ]


def _counting_around(counting: _Counting) -> _Counting:
    if counting.python is None:
        return _AS_IT_IS
    python = partial(_if_counted, counting.python)
    return _Counting(python, partial(_count_if_same, python, counting.count), plain=False)


def _if_counted(convert: Convert, value: Any) -> Any:  # noqa: ANN401 - counted or not
    return convert(value) if isinstance(value, int) else value


def _count_if_same(python: Convert, count: Convert, value: Any) -> Any:  # noqa: ANN401 - see above
    try:
        number = count(value)
        if python(number) == value:
            return number
    except _UNCOUNTED:
        if isinstance(value, int):
            raise
    return value


def moment(seconds: int) -> datetime:
    """Turn counted seconds into a time without zone."""
    day, second = divmod(seconds, DAY_SECONDS)
    return datetime.fromordinal(day) + timedelta(seconds=second)


def _zoned_moment(seconds: int) -> datetime:
    return moment(seconds).replace(tzinfo=UTC)


_DURATION: Final = _Counting(partial(timedelta, 0), _count_duration)
_DATE: Final = _Counting(date.fromordinal, _count_day)
_TRUTH: Final = _Counting(bool, _count_truth)
_MOMENT: Final = _Counting(moment, partial(_count_moment, None))
_ZONED: Final = _Counting(_zoned_moment, partial(_count_moment, UTC))
_CLOCK: Final = _Counting(partial(_clock, None), partial(_count_clock, None))
_ZONED_CLOCK: Final = _Counting(partial(_clock, UTC), partial(_count_clock, UTC))
_UUID: Final = _Counting(_uuid, _count_uuid)
_UUID_TEXT: Final = _Counting(lambda value: str(_uuid(value)), _count_uuid)

# Of SQLAlchemy 2.0, Float is a Numeric, and so it comes first.
_COUNTINGS: Final[dict[type[types.TypeEngine[Any]], Callable[[Any], _Counting]]] = {
    types.Float: lambda _: _Counting(None, _real),
    types.Numeric: lambda kind: _counting_of_number(kind.scale),
    types.Date: lambda _: _DATE,
    types.DateTime: lambda kind: _ZONED if kind.timezone else _MOMENT,
    types.Time: lambda kind: _ZONED_CLOCK if kind.timezone else _CLOCK,
    types.Boolean: lambda _: _TRUTH,
    types.Uuid: lambda kind: _UUID if kind.as_uuid else _UUID_TEXT,
    types.ARRAY: lambda kind: _counting_of_items(_counting_of(kind.item_type)),
}


def scale_of(kind: Kind) -> int:
    """Return how many decimal places the engine counts in; 0 where it does not."""
    if isinstance(kind, types.Float) or not isinstance(kind, types.Numeric):
        return 0
    return kind.scale or 0


def innermost(kind: Kind) -> Kind:
    """Return the type that decorators are around; SQLAlchemy's Interval is none of those."""
    while isinstance(kind, types.TypeDecorator) and not isinstance(kind, types.Interval):
        kind = kind.impl_instance
    return kind


def bound_values(kind: Kind, values: Sequence[Any], dialect: Dialect) -> Sequence[Any]:
    """Turn a column of counted values into those that SQLAlchemy hands to the driver."""
    impl = kind.dialect_impl(dialect)
    process = impl.bind_processor(dialect)
    made = python_values(kind, values)
    if process is None:
        return made
    if isinstance(innermost(impl), types.JSON):  # which makes JSON's null of None
        return [None if value is None else process(value) for value in made]
    return list(map(process, made))


def has_expression(kind: Kind, dialect: Dialect) -> bool:
    """Return whether a type puts its values into an SQL expression of its own."""
    return kind.dialect_impl(dialect).bind_expression(_BOUND) is not None


_BOUND: Final = bindparam("value", type_=types.NullType())


@lru_cache(maxsize=8_192)
def date_text(day: int) -> str:
    """Turn a counted day into its text in ISO 8601."""
    return date.fromordinal(day).isoformat()


@lru_cache(maxsize=8_192)
def clock_text(second: int) -> str:
    """Turn the second of a day into its text in ISO 8601."""
    minute, second = divmod(second, 60)
    return f"{minute // 60:02d}:{minute % 60:02d}:{second:02d}"


def time_text(seconds: int) -> str:
    """Turn counted seconds into the text that databases read as a time without zone."""
    day, second = divmod(seconds, DAY_SECONDS)
    return f"{date_text(day)} {clock_text(second)}"
