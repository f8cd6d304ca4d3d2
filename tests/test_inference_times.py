"""Dates of inferred columns: their order in a row and behind the owner's, and their limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inferred import AS_OF, plan_of, rows_of, table_of, values_of
from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Time,
)

from pytest_demodata import BlueprintError, VolumeError
from pytest_demodata.blueprint import Fill, Fixed
from pytest_demodata.engine import Plan
from pytest_demodata.inference.infer import infer
from pytest_demodata.recipes import AsOf
from pytest_demodata.values import python_values
from pytest_demodata.words import words_of

STAGES = ("created_at", "started_at", "paid_at", "shipped_at", "finished_at", "closed_at")
KINDS = st.sampled_from([Date, DateTime])


def _moment(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.combine(value, time())


def _in_order(earlier: Any, later: Any) -> bool:
    """Return whether a value is not before another; of a date and a time, by their days."""
    if earlier is None or later is None:
        return True
    if isinstance(earlier, datetime) and isinstance(later, datetime):
        return earlier <= later
    return _day(earlier) <= _day(later)


def _day(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value


@given(
    st.lists(st.tuples(st.sampled_from(STAGES), KINDS, st.booleans()), unique_by=lambda t: t[0]),
    st.dates(date(1990, 1, 1), date(2100, 1, 1)),
)
def test_dates_of_a_row_follow_each_other(
    given_columns: list[tuple[str, Any, bool]], as_of: date
) -> None:
    """As their names say, whatever their types, and none is after the reference date."""
    columns = [Column(name, kind, nullable=null) for name, kind, null in given_columns]
    rows = rows_of(table_of("jobs", *columns), as_of=as_of)
    names = [name for name in STAGES if name in rows]
    for row in zip(*(rows[name] for name in names), strict=True):
        there = [value for value in row if value is not None]
        assert all(map(_in_order, there, there[1:]))
        assert all(_day(value) <= as_of for value in there)


@given(KINDS, KINDS, st.sampled_from([">", ">="]), st.booleans(), st.booleans())
def test_a_constraint_between_two_dates_holds(
    one: Any,
    other: Any,
    operator: str,
    swapped: bool,  # noqa: FBT001 - drawn
    null: bool,  # noqa: FBT001 - drawn
) -> None:
    """Also against what their names say, and where the database compares a date with a time."""
    names = ("closed_at", "created_at") if swapped else ("created_at", "closed_at")
    table = table_of(
        "jobs",
        Column(names[0], one, nullable=False),
        Column(names[1], other, nullable=null),
        CheckConstraint(f"{names[1]} {operator} {names[0]}"),
    )
    rows = rows_of(table)
    for first, second in zip(rows[names[0]], rows[names[1]], strict=True):
        earlier, later = _moment(first), _moment(second)
        assert earlier is not None
        assert later is None or (later > earlier if operator == ">" else later >= earlier)
        assert _day(first) <= AS_OF


@given(KINDS, st.sampled_from([">", ">=", "<", "<=", "between"]))
def test_a_constraint_with_literals_holds(kind: Any, operator: str) -> None:
    """Wherever the reference date is; the dates after it stay after it."""
    condition = (
        "begins BETWEEN '2031-02-03' AND '2031-03-04'"
        if operator == "between"
        else f"begins {operator} '2031-02-03'"
    )
    table = table_of(
        "jobs",
        Column("begins", kind, nullable=False),
        Column("ends", kind, nullable=False),
        CheckConstraint(condition),
        CheckConstraint("ends >= begins"),
    )
    literal, last = _moment(date(2031, 2, 3)), _moment(date(2031, 3, 4))
    assert literal is not None
    assert last is not None
    holds: Any = {
        ">": literal.__lt__,
        ">=": literal.__le__,
        "<": literal.__gt__,
        "<=": literal.__ge__,
        "between": lambda value: literal <= value <= last,
    }[operator]
    rows = rows_of(table)
    assert all(holds(_moment(value)) for value in rows["begins"])
    assert all(map(_in_order, rows["begins"], rows["ends"]))


@given(KINDS)
def test_a_constraint_may_leave_one_date(kind: Any) -> None:
    """Every row has it."""
    days = values_of(kind, "begins", CheckConstraint("begins = '2031-02-03'"))
    assert {_day(day) for day in days} == {date(2031, 2, 3)}


@pytest.mark.parametrize(
    ("condition", "first", "last"),
    [
        ("day >= '2024-05-06 07:08:09'", date(2024, 5, 7), None),
        ("day > '2024-05-06 07:08:09'", date(2024, 5, 7), None),
        ("day <= '2024-05-06 07:08:09'", None, date(2024, 5, 6)),
        ("day < '2024-05-06 07:08:09'", None, date(2024, 5, 6)),
        ("day < '2024-05-06'", None, date(2024, 5, 5)),
        ("day > '2024-05-06'", date(2024, 5, 7), None),
        ("day > 'yesterday'", None, None),
    ],
)
def test_a_date_is_compared_with_a_time_as_databases_do(
    condition: str, first: date | None, last: date | None
) -> None:
    """A day begins at midnight."""
    table = table_of("jobs", Column("day", Date, nullable=False), CheckConstraint(condition))
    days = rows_of(table, volume="medium")["day"]
    assert first is None or min(days) >= first
    assert last is None or max(days) <= last


def test_wide_limits_change_nothing() -> None:
    """A literal long ago or far ahead leaves the dates near the reference date."""
    table = table_of(
        "jobs",
        Column("begins", Date, nullable=False),
        CheckConstraint("begins >= '1900-01-01' AND begins <= '2999-12-31'"),
    )
    assert all(AS_OF - timedelta(800) < day <= AS_OF for day in rows_of(table)["begins"])


def test_births_are_long_before() -> None:
    """Of people from 18 to 80, within the limits of a constraint."""
    days = values_of(Date, "birth_date")
    assert all(18 * 365 <= (AS_OF - day).days <= 80 * 365 for day in days)
    limited = values_of(DateTime, "dob", CheckConstraint("dob > '2000-01-01'"))
    assert min(limited).date() >= date(2000, 1, 1)
    assert max(limited).date() < AS_OF


def test_what_is_due_may_be_ahead() -> None:
    """A due date follows the others, and may be after the reference date; the others may not."""
    table = table_of(
        "bills",
        Column("due_date", Date, nullable=False),
        Column("issued_on", Date, nullable=False),
        Column("paid_on", Date, nullable=False),
    )
    rows = rows_of(table, volume="large")
    assert all(map(date.__le__, rows["issued_on"], rows["due_date"]))
    assert any(map(date.__lt__, rows["due_date"], rows["paid_on"]))
    assert max(rows["due_date"]) > AS_OF
    assert max(rows["paid_on"]) <= AS_OF


def test_what_follows_a_due_date_follows_it() -> None:
    """Where a constraint says so."""
    table = table_of(
        "bills",
        Column("due_on", Date, nullable=False),
        Column("reminded_on", Date, nullable=False),
        CheckConstraint("reminded_on > due_on"),
    )
    rows = rows_of(table)
    assert all(map(date.__lt__, rows["due_on"], rows["reminded_on"]))


def test_dates_follow_those_of_the_owner() -> None:
    """A line is not before its order, and an order not before its customer."""
    metadata = MetaData()
    table_of("customers", Column("created_at", DateTime, nullable=False), metadata=metadata)
    table_of(
        "orders",
        Column("customer_id", ForeignKey("customers.id"), nullable=False),
        Column("ordered_at", Date, nullable=False),
        metadata=metadata,
    )
    lines = table_of(
        "order_lines",
        Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        metadata=metadata,
    )
    plan = plan_of(lines, volume="medium")
    made = {
        name: plan.rows(name, 0, plan.counts[name]).columns
        for name in ("customers", "orders", "order_lines")
    }
    customers = dict(zip(made["customers"]["id"], made["customers"]["created_at"], strict=True))
    orders = made["orders"]
    ordered = dict(zip(orders["id"], orders["ordered_at"], strict=True))
    for customer, day in zip(orders["customer_id"], orders["ordered_at"], strict=True):
        assert customers[customer] // 86_400 <= day
    for order, moment in zip(
        made["order_lines"]["order_id"], made["order_lines"]["created_at"], strict=True
    ):
        assert ordered[order] <= moment // 86_400 <= AS_OF.toordinal()
    python = python_values(lines.c.created_at.type, made["order_lines"]["created_at"])
    assert {value.tzinfo for value in python} == {UTC}


@pytest.mark.parametrize("kind", [Date, DateTime])
def test_unique_dates_are_all_different(kind: Any) -> None:
    """As far back as there are rows, and within the limits of a constraint."""
    days = values_of(kind, "day", unique=True, volume="large")
    assert len(set(days)) == 1_000
    assert all(_day(day) <= AS_OF for day in days)
    for condition in ("day > '2020-01-01'", "day < '2020-01-01'"):
        limited = values_of(kind, "day", CheckConstraint(condition), unique=True)
        assert len(set(limited)) == 25
        assert all((_day(day) >= date(2020, 1, 1)) is (">" in condition) for day in limited)


def test_a_calendar_has_an_end() -> None:
    """Too few days for the rows are told before any is made."""
    table = table_of(
        "days",
        Column("day", Date, unique=True),
        CheckConstraint("day BETWEEN '2025-01-01' AND '2025-01-10'"),
    )
    with pytest.raises(VolumeError, match=r"'days\.day' can have 10 different values"):
        plan_of(table)
    table = table_of("days", Column("day", Date, unique=True))
    blueprint = infer(table.metadata, Fill(table, rows=Fixed(300_001)))
    with pytest.raises(VolumeError, match=r"'days\.day' can have 300,000 different values"):
        Plan(blueprint, blueprint.volumes["small"], seed=1, words=words_of("en_US"), as_of=AS_OF)


def test_limits_that_leave_no_date_are_told() -> None:
    """A unique column that can have no value cannot be inferred."""
    table = table_of(
        "days",
        Column("day", Date, unique=True, nullable=False),
        CheckConstraint("day > '2025-01-01' AND day < '2025-01-02'"),
    )
    with pytest.raises(BlueprintError, match="its constraints leave no date"):
        infer(table.metadata)


def test_a_date_follows_one_that_is_given() -> None:
    """What the user's recipe fills is followed too, if a constraint says so."""
    table = table_of(
        "jobs",
        Column("begins", Date),
        Column("ends", Date, nullable=False),
        CheckConstraint("ends > begins"),
    )
    blueprint = infer(table.metadata, Fill(table, columns={"begins": AsOf()}))
    plan = Plan(blueprint, blueprint.volumes["small"], seed=1, words=words_of("en_US"), as_of=AS_OF)
    columns = plan.rows("jobs", 0, 25).columns
    assert all(map(int.__lt__, columns["begins"], columns["ends"]))


def test_a_date_follows_a_unique_one() -> None:
    """Which is drawn without regard to the others."""
    table = table_of(
        "jobs",
        Column("day", DateTime, unique=True),
        Column("ends", Date, nullable=False),
        CheckConstraint("ends >= day"),
    )
    rows = rows_of(table)
    assert all(
        datetime.combine(end, time()) >= day
        for day, end in zip(rows["day"], rows["ends"], strict=True)
    )


def test_what_is_seldom_is_mostly_null() -> None:
    """Few rows are deleted, most that may be updated are."""
    table = table_of("rows", Column("deleted_at", DateTime), Column("updated_at", DateTime))
    rows = rows_of(table, volume="large")
    assert 50 < sum(value is not None for value in rows["deleted_at"]) < 150
    assert 800 < sum(value is not None for value in rows["updated_at"]) < 900


def test_times_of_the_day_are_whole_minutes() -> None:
    """Unless they are unique."""
    times = values_of(Time, "opens")
    assert {each.second for each in times} == {0}
    assert len(set(values_of(Time, "opens", unique=True, volume="large"))) == 1_000


def test_a_table_may_have_no_dates_but_its_owners() -> None:
    """Those of the owner are not asked for."""
    metadata = MetaData()
    table_of("customers", Column("created_at", DateTime, nullable=False), metadata=metadata)
    notes = table_of(
        "notes",
        Column("customer_id", ForeignKey("customers.id"), nullable=False),
        Column("number", Integer, nullable=False),
        metadata=metadata,
    )
    assert len(rows_of(notes)["number"]) > 0
