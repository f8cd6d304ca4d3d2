"""Numbers of inferred columns: as usual for their names, within types and constraints."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inferred import plan_of, table_of, values_of
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    Integer,
    Numeric,
    SmallInteger,
    types,
)
from sqlalchemy.dialects import mysql

from pytest_demodata import BlueprintError, VolumeError
from pytest_demodata.inference.infer import infer
from pytest_demodata.inference.numbers import _NAMES, highest_of

MONEY = Numeric(10, 2)
NAMES = st.sampled_from(
    ["value", "price", "rating", "tax_rate", "latitude", "year", "rssi", "is", "phone", "ms"]
)
KINDS = st.sampled_from(
    [
        SmallInteger(),
        Integer(),
        BigInteger(),
        mysql.TINYINT(),
        mysql.MEDIUMINT(),
        Float(),
        Numeric(2, 1),
        Numeric(3, 3),
        Numeric(5, 2),
        Numeric(12, 4),
        Numeric(),
    ]
)


@pytest.mark.parametrize(
    ("name", "kind", "low", "high"),
    [
        ("quantity", Integer(), 1, 20),
        ("rating", Numeric(2, 1), 1, 5),
        ("rating", Float(), 1, 5),
        ("discount_percent", Numeric(5, 2), 0, 30),
        ("percent_full", Integer(), 0, 1_000),
        ("tax_rate", Numeric(5, 4), 0, Decimal("0.25")),
        ("tax_rate", Numeric(5, 2), 0, 25),
        ("tax_percent", Integer(), 0, 25),
        ("bonus_percent", Float(), 0, 25),
        ("interest_rate", Float(), 0, 0.25),
        ("vat", Numeric(10, 2), 1, 1_000),
        ("attendance_rate", Float(), 0, 1),
        ("success_ratio", Integer(), 0, 100),
        ("hourly_rate", MONEY, 15, 150),
        ("price", MONEY, 1, 1_000),
        ("price_cents", Integer(), 100, 100_000),
        ("salary", MONEY, 24_000, 160_000),
        ("view_count", Integer(), 0, 500),
        ("latitude", Float(), -90, 90),
        ("longitude", Numeric(9, 6), -180, 180),
        ("gpa", Numeric(3, 2), 0, 4),
        ("credit_score", Integer(), 300, 850),
        ("humidity", Float(), 0, 100),
        ("rssi", Integer(), -90, -30),
        ("pressure_hpa", Float(), 950, 1_050),
        ("heart_rate", Integer(), 50, 120),
        ("month", Integer(), 1, 12),
        ("day_of_week", Integer(), 0, 6),
        ("port", Integer(), 1_024, 65_535),
        ("file_size", Integer(), 100, 10_000_000),
        ("duration_ms", Integer(), 1, 600_000),
        ("warranty_months", Integer(), 1, 36),
        ("odometer", Integer(), 1_000, 200_000),
        ("year", Integer(), 1995, 2025),
        ("birth_year", SmallInteger(), 1945, 2007),
        ("expiry_year", Integer(), 2025, 2030),
        ("anything", Integer(), 0, 1_000),
        ("salary", SmallInteger(), 24_000, 32_767),
        ("salary", mysql.TINYINT(), 0, 127),
        ("salary", Numeric(4, 1), 0, Decimal("999.9")),
    ],
)
def test_a_name_says_what_a_number_is(name: str, kind: Any, low: Any, high: Any) -> None:
    """Numbers are what they usually are, as far as the type holds them."""
    values = values_of(kind, name, volume="large")
    assert low <= min(values) <= max(values) <= high
    assert len(set(values)) > 3


def test_years_follow_the_reference_date() -> None:
    """And not today's, nor that of a release."""
    years = values_of(Integer(), "year", volume="large", as_of=date(2040, 1, 1))
    assert (min(years), max(years)) == (2010, 2040)
    small = values_of(Integer(), "year", CheckConstraint("year <= 2000"), as_of=date(2040, 1, 1))
    assert max(small) <= 2000
    old = values_of(Integer(), "year", CheckConstraint("year > 1800"))
    assert min(old) >= 1995


@given(
    NAMES,
    KINDS,
    st.one_of(st.none(), st.integers(-100, 100), st.integers(-40_000, 40_000)),
    st.one_of(st.none(), st.integers(0, 100), st.integers(0, 40_000)),
    st.booleans(),
    st.booleans(),
)
def test_numbers_are_within_type_and_constraints(  # noqa: PLR0913, PLR0917 - drawn
    name: str,
    kind: Any,
    low: int | None,
    span: int | None,
    strict: bool,  # noqa: FBT001 - drawn
    unique: bool,  # noqa: FBT001 - drawn
) -> None:
    """Whatever they are, or it is told that there are none, or too few."""
    least = ">" if strict else ">="
    most = "<" if strict else "<="
    checks = [] if low is None else [f'"{name}" {least} {low}']
    high = None if span is None else (low or 0) + span
    checks += [] if high is None else [f'"{name}" {most} {high}']
    items = [CheckConstraint(check) for check in checks]
    try:
        values = values_of(kind, name, *items, unique=unique)
    except (BlueprintError, VolumeError):
        scale = kind.scale or 0 if isinstance(kind, Numeric) else 0
        unit = Decimal(1).scaleb(-scale)
        highest = highest_of(kind) * unit
        first = max(-highest, Decimal(-(10**9)) if low is None else low)
        last = min(highest, Decimal(10**9) if high is None else high)
        assert (last - first) / unit < 27
        return
    assert not unique or len(set(values)) == len(values)
    for value in values:
        assert low is None or (value > low if strict else value >= low)
        assert high is None or (value < high if strict else value <= high)
        if isinstance(value, Decimal):
            _, digits, exponent = value.as_tuple()
            assert len(digits) <= (kind.precision or 12)
            assert -int(exponent) <= (kind.scale or 0)
        elif isinstance(value, int):
            assert -highest_of(kind) - 1 <= value <= highest_of(kind)


@given(st.sets(st.integers(0, 30), max_size=20), KINDS, st.booleans())
def test_excluded_numbers_are_not_drawn(
    excluded: set[int],
    kind: Any,
    unique: bool,  # noqa: FBT001 - drawn
) -> None:
    """However many there are."""
    checks = [CheckConstraint(f"value != {number}") for number in excluded]
    within = CheckConstraint("value BETWEEN 0 AND 60")
    try:
        values = values_of(kind, "value", *checks, within, unique=unique)
    except (BlueprintError, VolumeError):
        assert unique or highest_of(kind) < 10_000
        return
    assert not set(values) & excluded


def test_what_is_excluded_may_be_no_number_of_the_type() -> None:
    """Then it says nothing."""
    values = values_of(Numeric(4, 1), "value", CheckConstraint("value != 0.25"))
    assert len(values) == 25
    whole = values_of(Integer(), "value", CheckConstraint("value != 0.5"))
    assert len(whole) == 25


def test_a_number_that_has_to_be_one_is() -> None:
    """What leaves none is told, with the column."""
    assert {*values_of(Integer(), "value", CheckConstraint("value = 7"))} == {7}
    for check in (
        "value > 3 AND value < 4",
        "value = 1 AND value = 2",
        "value IN (1) AND value > 1",
    ):
        table = table_of("things", Column("value", Integer, nullable=False), CheckConstraint(check))
        with pytest.raises(BlueprintError, match=r"things\.value: its constraints leave no"):
            infer(table.metadata)
    table = table_of(
        "things",
        Column("value", Float, nullable=False),
        CheckConstraint("value > 3 AND value < 3.1"),
    )
    with pytest.raises(BlueprintError, match="leave no number"):
        infer(table.metadata)


def test_everything_excluded_is_told() -> None:
    """Numbers of which none is left, whole ones or fractions."""
    checks = [CheckConstraint(f"value != {number}") for number in (1, 2)]
    within = CheckConstraint("value BETWEEN 1 AND 2")
    table = table_of("things", Column("value", Integer, nullable=False), *checks, within)
    with pytest.raises(BlueprintError, match="leave no number"):
        infer(table.metadata)


def test_a_unique_number_is_counted_before_any_row_is_made() -> None:
    """As many values as the constraints leave."""
    table = table_of(
        "things", Column("value", Integer, unique=True), CheckConstraint("value BETWEEN 5 AND 14")
    )
    with pytest.raises(VolumeError, match=r"'things\.value' can have 10 different values"):
        plan_of(table)
    negative = values_of(Integer(), "value", CheckConstraint("value < 0"), unique=True)
    assert max(negative) < 0


def test_the_ranges_of_names_are_ranges() -> None:
    """The first number is below the last, for every name that is known."""
    assert all(low < high for _, low, high, _ in _NAMES)


@pytest.mark.parametrize("check", ["value < 5", "value > -5", "value <> 3"])
def test_the_largest_integers_are_unique_too(check: str) -> None:
    """More of them than Python can count in a range."""
    values = values_of(BigInteger(), "value", CheckConstraint(check), unique=True)
    assert len({*values}) == 25


@pytest.mark.parametrize("name", ["rssi", "phone", "zip"])
def test_a_type_may_hold_none_of_the_usual_numbers(name: str) -> None:
    """Then it has others, from 0 on."""
    values = values_of(Numeric(2, 1), name)
    assert 0 <= min(values) <= max(values) < 10


def test_binary_fractions_have_six_digits_at_the_most() -> None:
    """Which a FLOAT of MariaDB keeps."""
    for name in ("latitude", "rating", "price", "salary", "tax_rate"):
        for value in values_of(types.Float(), name, volume="large"):
            digits = len(str(abs(value)).replace(".", "").strip("0"))
            assert digits <= 6
