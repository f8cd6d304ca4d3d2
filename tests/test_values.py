"""Values: cents, days and seconds as the engine counts them, and as Python holds them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Text,
    Time,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects import mysql, postgresql

from pytest_demodata.values import DAY_SECONDS, counted, half_up, moment, python_values, scale_of

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine


@settings(deadline=None)
@given(numerator=st.integers(0, 10**18), denominator=st.integers(1, 10**9))
def test_half_up(numerator: int, denominator: int) -> None:
    """A quotient is rounded as `Decimal` rounds it with ROUND_HALF_UP."""
    quotient, rest = divmod(numerator, denominator)
    fraction = Decimal(rest) / Decimal(denominator)

    assert half_up(numerator, denominator) == quotient + int(
        fraction.quantize(Decimal(1), ROUND_HALF_UP)
    )


@settings(deadline=None)
@given(whole=st.integers(0, 10**12), denominator=st.integers(1, 10**6).map(lambda half: 2 * half))
def test_half_goes_up(whole: int, denominator: int) -> None:
    """Exactly a half goes up, whether the number before it is odd or even."""
    numerator = whole * denominator + denominator // 2

    assert half_up(numerator, denominator) == whole + 1
    assert half_up(numerator - 1, denominator) == whole


@settings(deadline=None)
@given(day=st.dates(), second=st.integers(0, DAY_SECONDS - 1))
def test_moment(day: date, second: int) -> None:
    """A counted time is so many seconds behind the midnight of its day, and has no zone."""
    made = moment(day.toordinal() * DAY_SECONDS + second)

    assert made == datetime(day.year, day.month, day.day) + timedelta(seconds=second)  # noqa: DTZ001 - without zone
    assert made.tzinfo is None


def test_first_and_last_moment() -> None:
    """The first and the last second that Python knows can be counted."""
    last = (date.max.toordinal() + 1) * DAY_SECONDS - 1

    assert moment(DAY_SECONDS).isoformat() == "0001-01-01T00:00:00"
    assert moment(last).isoformat() == "9999-12-31T23:59:59"


@pytest.mark.parametrize(
    ("kind", "counted", "expected"),
    [
        (Numeric(12, 2), [0, 5, 1999, -1], ["0.00", "0.05", "19.99", "-0.01"]),
        (Numeric(6, 3), [7, 12_345], ["0.007", "12.345"]),
        (postgresql.NUMERIC(20, 1), [10**15 + 1], ["100000000000000.1"]),
        (mysql.DECIMAL(10, 4), [1], ["0.0001"]),
    ],
)
def test_money(kind: TypeEngine[Any], counted: list[int], expected: list[str]) -> None:
    """Units of the last digit become decimals with exactly the places of the type."""
    assert [str(value) for value in python_values(kind, counted)] == expected


def test_money_in_a_context_that_rounds() -> None:
    """Amounts keep all their digits, also where the program's own decimals are rounded."""
    with localcontext(prec=4):
        made = python_values(Numeric(12, 2), [123_456_789, -1])

    assert [str(value) for value in made] == ["1234567.89", "-0.01"]


@pytest.mark.parametrize("kind", [Date(), postgresql.DATE(), mysql.DATE()])
def test_dates(kind: TypeEngine[Any]) -> None:
    """Counted days become dates."""
    day = date(2024, 2, 29)

    assert python_values(kind, [day.toordinal(), 1]) == [day, date.min]


@pytest.mark.parametrize("kind", [DateTime(), postgresql.TIMESTAMP(), mysql.DATETIME()])
def test_times(kind: TypeEngine[Any]) -> None:
    """Counted seconds become times."""
    seconds = date(2024, 2, 29).toordinal() * DAY_SECONDS + 3_661

    assert python_values(kind, [seconds]) == [datetime(2024, 2, 29, 1, 1, 1)]  # noqa: DTZ001 - without zone


class _Moment(TypeDecorator[datetime]):
    """A type of a project's own, around another one."""

    impl = DateTime
    cache_ok = True


class _Amount(TypeDecorator[Decimal]):
    """Money of a project's own."""

    impl = Numeric(12, 2)
    cache_ok = True


class _Note(TypeDecorator[str]):
    """A text of a project's own."""

    impl = String
    cache_ok = True


def test_types_around_other_types() -> None:
    """A type that is made around another one takes the values of that one."""
    notes = ["a", None]

    assert python_values(_Moment(), [DAY_SECONDS + 1, None]) == [
        datetime(1, 1, 1, 0, 0, 1),  # noqa: DTZ001 - without zone
        None,
    ]
    assert [str(value) for value in python_values(_Amount(), [1_999])] == ["19.99"]
    assert python_values(_Note(), notes) is notes


@pytest.mark.parametrize("kind", [Boolean(), postgresql.BOOLEAN(), mysql.BOOLEAN()])
def test_booleans(kind: TypeEngine[Any]) -> None:
    """Truth values are those of Python, also where they were kept as 0 and 1."""
    made = python_values(kind, [True, 1, False, 0, None])

    assert [repr(value) for value in made] == ["True", "True", "False", "False", "None"]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Integer(), [1, 2, None]),
        (BigInteger(), [2**40]),
        (String(9), ["ä", "", None]),
        (Text(), ["long"]),
        (Enum("a", "b"), ["a", None]),
        (Float(), [0.5, None]),
        (Numeric(9, 0), [7]),
        (Numeric(), [7]),
        (JSON(), [{"a": 1}, [2], None]),
    ],
)
def test_other_types(kind: TypeEngine[Any], values: list[Any]) -> None:
    """A value of any other type is what it is, whole numbers among them."""
    assert python_values(kind, values) is values


@pytest.mark.parametrize("kind", [Numeric(12, 2), Date(), DateTime(), Boolean()])
def test_null(kind: TypeEngine[Any]) -> None:
    """NULL stays NULL."""
    first, last = python_values(kind, [None, None])

    assert first is None
    assert last is None


@settings(deadline=None)
@given(cents=st.lists(st.one_of(st.none(), st.integers(-(10**12), 10**12))))
def test_order_and_length(cents: list[int | None]) -> None:
    """A column keeps its order and its length, and its amounts to the cent."""
    made = python_values(Numeric(15, 2), cents)

    assert [None if value is None else int(value * 100) for value in made] == cents


@pytest.mark.parametrize(
    ("kind", "scale"),
    [
        (Numeric(12, 2), 2),
        (Numeric(12, 0), 0),
        (Numeric(), 0),
        (postgresql.NUMERIC(8, 5), 5),
        (Float(), 0),
        (Integer(), 0),
        (Date(), 0),
        (String(), 0),
    ],
)
def test_scale(kind: TypeEngine[Any], scale: int) -> None:
    """Only a NUMERIC with decimal places is counted in units of its last digit."""
    assert scale_of(kind) == scale


CASES: Final[list[tuple[TypeEngine[Any], Any, Any]]] = [
    (Numeric(12, 2), 1_999, Decimal("19.99")),
    (Numeric(40, 20), 10**39 + 1, Decimal("10000000000000000000.00000000000000000001")),
    (Numeric(9, 0), 7, 7),
    (Numeric(), Decimal("1.5"), Decimal("1.5")),
    (Float(), 0.1, 0.1),
    (Float(), 3, 3),
    (Double(), -1e300, -1e300),
    (Date(), 738_945, date(2024, 2, 29)),
    (DateTime(), 738_945 * DAY_SECONDS + 3_661, datetime(2024, 2, 29, 1, 1, 1)),  # noqa: DTZ001 - without zone
    (DateTime(timezone=True), 738_945 * DAY_SECONDS, datetime(2024, 2, 29, tzinfo=UTC)),
    (Time(), 3_661, time(1, 1, 1)),
    (Time(timezone=True), 86_399, time(23, 59, 59, tzinfo=UTC)),
    (Interval(), -1, timedelta(seconds=-1)),
    (postgresql.INTERVAL(), 90_000, timedelta(days=1, hours=1)),
    (Uuid(), 7, UUID(int=7)),
    (postgresql.UUID(as_uuid=False), 7, "00000000-0000-0000-0000-000000000007"),
    (Boolean(), True, True),
    (ARRAY(Date), [1, None], [date.min, None]),
    (
        ARRAY(Numeric(9, 2), dimensions=2),
        [[1, None], [2, 3]],
        [[Decimal("0.01"), None], [Decimal("0.02"), Decimal("0.03")]],
    ),
    (ARRAY(Integer), [1, None], [1, None]),
    (JSON(), {"a": [1.5]}, {"a": [1.5]}),
    (LargeBinary(), b"\0", b"\0"),
    (String(), "a", "a"),
    (Integer(), 7, 7),
    (_Moment(), DAY_SECONDS, datetime(1, 1, 1)),  # noqa: DTZ001 - without zone
    (_Moment(), datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)),
    (_Moment(), "its own", "its own"),
    (_Amount(), 1_999, Decimal("19.99")),
    (_Amount(), Decimal("0.005"), Decimal("0.005")),
    (_Amount(), 0.1, 0.1),
    (_Note(), "a", "a"),
]


@pytest.mark.parametrize(("kind", "count", "value"), CASES)
def test_what_is_counted(kind: TypeEngine[Any], count: Any, value: Any) -> None:
    """A value is counted, and what is counted is the value again."""
    assert counted(kind, value) == count
    assert type(counted(kind, value)) is type(count)
    assert python_values(kind, [count, None]) == [value, None]
    assert counted(kind, None) is None


@pytest.mark.parametrize(
    ("kind", "value", "count"),
    [
        (Numeric(12, 2), 19.99, 1_999),
        (Numeric(12, 2), 5, 500),
        (Numeric(9, 0), Decimal("7.0"), 7),
        (Float(), Decimal("0.5"), 0.5),
        (
            DateTime(timezone=True),
            datetime(1, 1, 2, 1, tzinfo=timezone(timedelta(hours=2))),
            DAY_SECONDS + 82_800,
        ),
        (DateTime(timezone=True), datetime(1, 1, 1), DAY_SECONDS),  # noqa: DTZ001 - taken for UTC
        (Time(timezone=True), time(1, tzinfo=timezone(timedelta(hours=2))), 82_800),
        (Time(timezone=True), time(1), 3_600),
        (Uuid(), "00000000000000000000000000000007", 7),
        (Uuid(as_uuid=False), UUID(int=7), 7),
        (Boolean(), 1, True),
        (ARRAY(Date), (date.min,), [1]),
    ],
)
def test_what_is_counted_of_other_values(kind: TypeEngine[Any], value: Any, count: Any) -> None:
    """A value of another class that means the same is taken, if nothing of it gets lost."""
    assert counted(kind, value) == count
    assert type(counted(kind, value)) is type(count)


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (Numeric(12, 2), Decimal("0.005"), "it has more than 2 decimal places"),
        (Numeric(12, 2), Decimal("NaN"), "cannot convert"),
        (Numeric(12, 2), Decimal("Infinity"), "cannot convert"),
        (Numeric(12, 2), True, "a number is wanted"),
        (Numeric(9, 0), 0.5, "it has more than 0 decimal places"),
        (Numeric(), "1", "a number is wanted"),
        (Float(), "1", "a number is wanted"),
        (Date(), datetime(1, 1, 1), "a date without a time is wanted"),  # noqa: DTZ001 - without zone
        (Date(), 7, "has no attribute 'toordinal'"),
        (DateTime(), date(1, 1, 1), "has no attribute 'tzinfo'"),
        (DateTime(), datetime(1, 1, 1, tzinfo=UTC), "it has a time zone, and the type has none"),
        (DateTime(), datetime(1, 1, 1, microsecond=1), "whole seconds are wanted"),  # noqa: DTZ001 - without zone
        (Time(), time(1, microsecond=1), "whole seconds are wanted"),
        (Time(), time(1, tzinfo=UTC), "it has a time zone, and the type has none"),
        (
            Time(timezone=True),
            time(1, tzinfo=ZoneInfo("Europe/Paris")),
            "the zone depends on the day",
        ),
        (Interval(), timedelta(microseconds=1), "whole seconds are wanted"),
        (Uuid(), "x", "badly formed"),
        (Boolean(), "yes", "True or False is wanted"),
        (Boolean(), [], "unhashable"),
        (ARRAY(Date), "text", "a list is wanted"),
        (ARRAY(Date), [7], "has no attribute 'toordinal'"),
        (_Moment(), 7, "has no attribute 'tzinfo'"),
    ],
)
def test_what_cannot_be_counted(kind: TypeEngine[Any], value: Any, why: str) -> None:
    """Nothing is rounded, and no zone is left out."""
    with pytest.raises(ValueError, match=f"is no value that can be counted as .*{why}"):
        counted(kind, value)


def test_uuids_are_taken_as_they_are_too() -> None:
    """Also where a number is what is counted."""
    assert python_values(Uuid(), [UUID(int=7), 7]) == [UUID(int=7)] * 2
