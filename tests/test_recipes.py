"""Recipes: what each of them draws, through small tables of the tests' own."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import accumulate, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table

from pytest_demodata import BlueprintError, GenerationError, Volume, VolumeError
from pytest_demodata.blueprint import Blueprint, FanOut, Fill, Fixed
from pytest_demodata.engine import Plan
from pytest_demodata.recipes import (
    AsOf,
    Choice,
    ColumnName,
    Constant,
    Derived,
    DerivedColumn,
    Distinct,
    Fraction,
    Listed,
    Localized,
    Pinned,
    Position,
    Recipe,
    Reference,
    Rising,
    Run,
    Serial,
    Sometimes,
    Standing,
    SumOf,
    Taken,
    Whole,
    Word,
    popularity,
)
from pytest_demodata.streams import BLOCK, Stream
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Recipes = Mapping[str | tuple[str, ...], Recipe]

AS_OF: Final = date(2025, 12, 31)
WORDS: Final = words_of("en_US")
SIZES: Final = st.integers(1, 3 * BLOCK)


def _tables(**columns: str) -> dict[str, Table]:
    """Make tables of integers by the names of their columns; `parent_id` refers to `parents.id`."""
    metadata = MetaData()
    return {
        table: Table(
            table,
            metadata,
            Column("id", Integer, primary_key=True),
            *(
                Column(name, Integer, *_parent(name.removesuffix("_id") if "_id" in name else None))
                for name in names.split()
            ),
        )
        for table, names in columns.items()
    }


def _parent(name: str | None) -> list[ForeignKey]:
    return [] if name is None else [ForeignKey(f"{name}s.id")]


def _plan(*fills: Fill, seed: int = 42, locale: str = "en_US") -> Plan:
    blueprint = Blueprint(fills[0].table.metadata, {"all": fills})
    volume = Volume("tiny", {}, {})
    return Plan(blueprint, volume, seed=seed, words=words_of(locale), as_of=AS_OF)


def _things(rows: int, columns: Recipes, virtual: Recipes | None = None, **how: Any) -> Plan:
    """Plan one table, `things`, with the columns that recipes are given for."""
    names = " ".join(name if isinstance(name, str) else " ".join(name) for name in columns)
    table = _tables(things=names)["things"]
    return _plan(Fill(table, rows=Fixed(rows), columns=columns, virtual=virtual), **how)


def _families(
    parents: Fixed | int,
    things: Fixed | FanOut,
    parent_columns: Recipes,
    thing_columns: Recipes,
    virtual: Recipes | None = None,
) -> Plan:
    """Plan `parents`, with columns that are computed only, and `things` that refer to them."""
    names = " ".join(name for name in thing_columns if isinstance(name, str))
    if isinstance(things, FanOut) and "parent_id" not in names:
        names += " parent_id"
    tables = _tables(parents="", things=names)
    rows = Fixed(parents) if isinstance(parents, int) else parents
    return _plan(
        Fill(tables["parents"], rows=rows, columns={}, virtual=parent_columns),
        Fill(tables["things"], rows=things, columns=thing_columns, virtual=virtual),
    )


def _rows(plan: Plan, column: str, table: str = "things") -> list[Any]:
    """Make one column of a whole table."""
    return list(plan.rows(table, 0, plan.counts[table]).columns[column])


def _draw(recipe: Recipe, rows: int, **how: Any) -> list[Any]:
    """Draw a recipe that needs no other column."""
    return _rows(_things(rows, {"value": recipe}, **how), "value")


def _groups(values: Sequence[Any], owners: Sequence[int]) -> dict[int, list[Any]]:
    """Sort the values of the children by their owners."""
    groups: dict[int, list[Any]] = {}
    for value, owner in zip(values, owners, strict=True):
        groups.setdefault(owner, []).append(value)
    return groups


# Values as they are


def test_constant() -> None:
    """A constant is the same in every row, whatever its type."""
    assert _draw(Constant("x"), 3) == ["x", "x", "x"]
    assert _draw(Constant(None), 2) == [None, None]


def test_listed() -> None:
    """Listed values follow each other, and begin again when they run out."""
    assert _draw(Listed("abc"), 7) == ["a", "b", "c", "a", "b", "c", "a"]


def test_listed_in_any_run() -> None:
    """A run of rows takes the listed values by row number, not from the first."""
    plan = _things(100, {"value": Listed((0, 1, 2))})

    assert list(plan.rows("things", 4, 8).columns["value"]) == [1, 2, 0, 1]


@pytest.mark.parametrize("values", [(), [], ""])
def test_listed_without_values(values: Sequence[Any]) -> None:
    """A list of no values is refused."""
    with pytest.raises(BlueprintError) as caught:
        Listed(values)

    assert str(caught.value) == "A list of values is empty.\nAllowed: at least one value."


def test_serial() -> None:
    """Keys count from 1."""
    assert _draw(Serial(), 4) == [1, 2, 3, 4]


def test_as_of() -> None:
    """The reference date is the same in every row, in days."""
    assert _draw(AsOf(), 2) == [AS_OF.toordinal()] * 2


def test_fraction() -> None:
    """A fraction is the bits of its own column, as they are."""
    stream = Stream(42, "things", "value")

    assert _draw(Fraction(), 1_500) == list(stream.bits(0, 1_500))
    assert _draw(Fraction(exact=True), 1_500) == stream.strata(0, 1_500, 1_500)


@pytest.mark.parametrize(
    "recipe",
    [
        Fraction(),
        Whole(range(1_000_000)),
        Choice(range(100)),
        Distinct(10_000),
        Word("streets"),
        Standing(),
    ],
)
def test_seed_and_column(recipe: Recipe) -> None:
    """Another seed, and another column, gets other draws of the same recipe."""
    plan = _things(50, {"value": recipe, "other": recipe})

    assert _rows(plan, "value") == _draw(recipe, 50)
    assert _rows(plan, "value") != _rows(plan, "other")
    assert _rows(plan, "value") != _draw(recipe, 50, seed=43)


# Whole numbers


@settings(deadline=None)
@given(rows=SIZES, count=st.integers(1, 1_024), first=st.integers(-50, 50), step=st.integers(1, 9))
def test_exact_whole(rows: int, count: int, first: int, step: int) -> None:
    """Of an exact range, each number is drawn as often as the others in every 1,024 rows."""
    numbers = range(first, first + count * step, step)
    drawn = _draw(Whole(numbers, exact=True), rows)

    for base in range(0, rows, BLOCK):
        block = drawn[base : base + BLOCK]
        counts = Counter(block)
        assert set(counts) <= set(numbers)
        assert {counts[number] for number in numbers} <= {
            len(block) // count,
            -(-len(block) // count),
        }


@pytest.mark.parametrize(
    "numbers", [range(7), range(-3, 4), range(10, 100, 15), range(5, 0, -1), range(9, 10)]
)
def test_whole(numbers: range) -> None:
    """Every number of a range is drawn about equally often, and no other."""
    counts = Counter(_draw(Whole(numbers), 20_000))

    assert set(counts) == set(numbers)
    assert max(counts.values()) < 1.1 * 20_000 / len(numbers)
    assert min(counts.values()) > 0.9 * 20_000 / len(numbers)


@pytest.mark.parametrize("numbers", [range(5, 5), range(0), range(9, 3), range(3, 9, -1)])
def test_whole_out_of_nothing(numbers: range) -> None:
    """A range without numbers is refused."""
    with pytest.raises(BlueprintError) as caught:
        Whole(numbers)

    assert str(caught.value) == (
        f"A whole number is drawn from {numbers}, which is empty.\n"
        "Allowed: a range of at least one number."
    )


# Choices


@settings(deadline=None)
@given(rows=SIZES, weights=st.lists(st.integers(0, 1_000), min_size=1, max_size=50))
def test_exact_choice(rows: int, weights: list[int]) -> None:
    """In n rows of a block, a value is drawn n times its share, give or take less than one."""
    assume(sum(weights))
    drawn = _draw(Choice(range(len(weights)), weights=weights, exact=True), rows)

    for base in range(0, rows, BLOCK):
        block = drawn[base : base + BLOCK]
        counts = Counter(block)
        for value, weight in enumerate(weights):
            expected = len(block) * weight / sum(weights)
            assert abs(counts[value] - expected) <= 1
            assert counts[value] >= 1 or expected < 1
            assert counts[value] == 0 or weight


def test_exact_choice_of_a_rare_value() -> None:
    """A value with a share of 1 in 1,024 is drawn exactly once in each 1,024 rows."""
    drawn = _draw(Choice("ab", weights=(1, 1_023), exact=True), 3 * BLOCK)

    assert [drawn[base : base + BLOCK].count("a") for base in range(0, 3 * BLOCK, BLOCK)] == [1] * 3


@pytest.mark.parametrize(
    "weights", [(1, 1), (70, 20, 10), (1, 2, 3, 4, 90), (0, 5, 0, 5, 0), (10**12, 10**12)]
)
def test_choice(weights: tuple[int, ...]) -> None:
    """A choice is drawn in proportion to the weights, and a weight of 0 never."""
    counts = Counter(_draw(Choice(range(len(weights)), weights=weights), 40_000))

    for value, weight in enumerate(weights):
        assert counts[value] / 40_000 == pytest.approx(weight / sum(weights), abs=0.01)
        assert weight or value not in counts


def test_choice_of_a_rare_value() -> None:
    """A value with a share of 1 in 4,096 is drawn that often, also where shares are not exact."""
    drawn = _draw(Choice("ab", weights=(4_095, 1)), 40 * 4_096)

    assert 20 < drawn.count("b") < 60


def test_choice_of_many_values() -> None:
    """Of more values than the 4,096 slots of a short cut, each is drawn, and about as often."""
    counts = Counter(_draw(Choice(range(10_000)), 200_000))

    assert len(counts) == 10_000
    assert max(counts.values()) < 60


@pytest.mark.parametrize("weights", [(1, 19_998, 1), (2, 39_993, 5)])
def test_choice_of_a_tiny_weight(weights: tuple[int, ...]) -> None:
    """A value with a share far below 1 in 4,096 is still drawn, and so much less often."""
    counts = Counter(_draw(Choice(range(3), weights=weights), 200_000))

    for value in (0, 2):
        assert 0 < counts[value] < 3 * 200_000 * weights[value] / sum(weights)


def test_choice_without_weights() -> None:
    """Without weights all values are alike, and a single one is always drawn."""
    assert Counter(_draw(Choice("abcd", exact=True), BLOCK)) == dict.fromkeys("abcd", 256)
    assert _draw(Choice(("only",)), 3) == ["only"] * 3


@pytest.mark.parametrize(
    ("values", "weights"),
    [("", None), ("ab", (1,)), ("ab", (1, 2, 3)), ("ab", (0, 0)), ("abc", (1, -1, 2)), ("", ())],
)
def test_choice_that_does_not_fit(values: str, weights: tuple[int, ...] | None) -> None:
    """No values, and weights that do not fit the values, are refused."""
    with pytest.raises(BlueprintError) as caught:
        Choice(values, weights=weights)

    assert str(caught.value) == (
        f"A choice of {len(values)} values has the weights {list(weights or ())}.\n"
        "Allowed: at least one value, and a weight of 0 or more for each, not all 0."
    )


def test_choices_are_values() -> None:
    """Choices that say the same are equal, and show what they were made of."""
    assert Choice("ab", weights=(1, 2)) == Choice("ab", weights=(1, 2))
    assert Choice("ab", weights=(1, 2)) != Choice("ab", weights=(1, 2), exact=True)
    assert repr(Choice("ab")) == "Choice(values='ab', weights=None, exact=False)"


# Words


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "ja_JP"])
def test_word(locale: str) -> None:
    """A word is one of the locale's list, and each of them is drawn."""
    streets = words_of(locale)["streets"]

    assert set(_draw(Word("streets"), 100 * len(streets), locale=locale)) == set(streets)


def test_unknown_word() -> None:
    """A list that the locale does not have is named as such, and not as a failed draw."""
    with pytest.raises(BlueprintError, match="There are no words 'street' for en_US"):
        _draw(Word("street"), 1)


# Single rows


def test_pinned() -> None:
    """Pinned rows have their values, negative ones counted from the end, and no other row has."""
    pinned = Pinned(Whole(range(10)), {0: "first", 3: "fourth", -1: "last", -3: None})
    free = _draw(Whole(range(10)), 9)

    assert _draw(pinned, 9) == ["first", *free[1:3], "fourth", *free[4:6], None, free[7], "last"]


@settings(deadline=None)
@given(
    rows=st.integers(1, 12),
    pins=st.dictionaries(st.integers(-8, 8), st.sampled_from("abc"), max_size=6),
    data=st.data(),
)
def test_pinned_in_a_short_table(rows: int, pins: dict[int, str], data: st.DataObject) -> None:
    """Of two pins on the same row the first given holds; a pin beyond the table has no effect."""
    expected: list[str | None] = [None] * rows
    for number, value in reversed(pins.items()):
        if -rows <= number < rows:
            expected[number] = value
    plan = _things(rows, {"value": Pinned(Constant(None), pins)})
    start = data.draw(st.integers(0, rows))
    stop = data.draw(st.integers(start, rows))

    assert list(plan.rows("things", start, stop).columns["value"]) == expected[start:stop]


@pytest.mark.parametrize("percent", [0, 1, 15, 50, 92, 100])
def test_sometimes(percent: int) -> None:
    """So many rows of a hundred have what the other recipe draws, and the rest NULL."""
    drawn = _draw(Sometimes(Whole(range(1, 1_000)), percent), 20_000)
    inner = _draw(Whole(range(1, 1_000)), 20_000)
    kept = [value for value in drawn if value is not None]

    assert len(kept) / 20_000 == pytest.approx(percent / 100, abs=0.01)
    assert all(value in (None, other) for value, other in zip(drawn, inner, strict=True))


def test_sometimes_is_a_draw_of_its_own() -> None:
    """Whether there is a value has nothing to do with what the value is."""
    drawn = _draw(Sometimes(Whole(range(100)), 50), 20_000)
    kept = [value for value in drawn if value is not None]

    assert sum(kept) / len(kept) == pytest.approx(49.5, abs=1)


@pytest.mark.parametrize("percent", [150, 101, -1])
def test_sometimes_beyond_a_hundred(percent: int) -> None:
    """A share that is not between none and all is refused."""
    with pytest.raises(BlueprintError) as caught:
        Sometimes(Constant(1), percent=percent)

    assert str(caught.value) == (
        f"There is a value in {percent} of 100 rows.\nAllowed: from 0 to 100."
    )


def test_around_what_reads_other_columns() -> None:
    """Pinned and Sometimes go around any recipe, also one that reads other columns."""
    columns: Recipes = {
        "number": Serial(),
        "double": Pinned(Derived(lambda number: 2 * number, "number"), {1: -1}),
        "maybe": Sometimes(Derived(lambda double: double + 1, "double"), 100),
    }
    plan = _things(4, columns)

    assert _rows(plan, "double") == [2, -1, 6, 8]
    assert _rows(plan, "maybe") == [3, 0, 7, 9]


# Unique numbers


@settings(deadline=None, max_examples=50)
@given(rows=st.integers(0, 3_000), capacity=st.integers(1, 5_000))
def test_distinct(rows: int, capacity: int) -> None:
    """No number is drawn twice; they are in the range, or in the multiple that is large enough."""
    drawn = _draw(Distinct(capacity), rows)

    assert len(set(drawn)) == rows
    assert all(0 <= number < max(1, -(-rows // capacity)) * capacity for number in drawn)


def test_distinct_up_to_its_capacity() -> None:
    """As many rows as there are numbers get all of them, in random order."""
    drawn = _draw(Distinct(500), 500)

    assert sorted(drawn) == list(range(500))
    assert drawn != sorted(drawn)


def test_distinct_beyond_its_capacity() -> None:
    """With more rows than numbers, the numbers are out of a whole multiple of the range."""
    drawn = _draw(Distinct(500), 1_001)

    assert len(set(drawn)) == 1_001
    assert 1_450 < max(drawn) < 1_500


def test_distinct_words() -> None:
    """The capacity can hang on the locale's words."""
    places = len(WORDS["places"])
    drawn = _draw(Distinct(lambda words: len(words["places"])), places)

    assert sorted(drawn) == list(range(places))


@pytest.mark.parametrize("capacity", [0, -3])
def test_distinct_without_capacity(capacity: int) -> None:
    """Distinct numbers out of an empty range are refused."""
    with pytest.raises(BlueprintError) as caught:
        Distinct(capacity)

    assert str(caught.value) == (
        f"Distinct numbers have a capacity of {capacity}.\nAllowed: 1 or more."
    )


# Popularity


@settings(deadline=None, max_examples=50)
@given(rows=SIZES, newcomers=st.integers(0, 100))
def test_standing(rows: int, newcomers: int) -> None:
    """Standings are spread evenly over the range in each 1,024 rows, whoever the newcomers are."""
    drawn = _draw(Standing(newcomers), rows)

    for base in range(0, rows, BLOCK):
        block = drawn[base : base + BLOCK]
        assert sorted(block) == [
            (2 * rank + 1) * 2**32 // (2 * len(block)) for rank in range(len(block))
        ]


def test_standing_of_anyone() -> None:
    """Who is wanted most is random: as many in the first half as in the second."""
    drawn = _draw(Standing(), BLOCK)

    assert 70 < sum(standing < 2**32 // 5 for standing in drawn[: BLOCK // 2]) < 130


def test_standing_of_newcomers() -> None:
    """The last rows of a hundred are behind about half of the others, and mixed with the rest."""
    drawn = _draw(Standing(newcomers=20), 1_000)
    settled, newcomers = drawn[:800], drawn[800:]

    assert sum(standing < min(newcomers) for standing in settled) / 800 == pytest.approx(
        0.5, abs=0.06
    )
    assert min(newcomers) < sorted(settled)[450]
    assert max(newcomers) > sorted(settled)[-30]


def test_standing_of_newcomers_in_a_block() -> None:
    """Newcomers stand behind half of the older rows of their own block, and change no other."""
    drawn = _draw(Standing(newcomers=20), 3_000)
    settled, newcomers = drawn[2 * BLOCK : 2_400], drawn[2_400:]

    assert drawn[: 2 * BLOCK] == _draw(Standing(), 3_000)[: 2 * BLOCK]
    assert sum(standing < min(newcomers) for standing in settled) / len(settled) == pytest.approx(
        0.5, abs=0.06
    )
    assert max(newcomers) > sorted(settled)[-20]


@pytest.mark.parametrize("seed", range(20))
def test_standing_of_newcomers_in_a_small_table(seed: int) -> None:
    """In a small table none of the newcomers is the most wanted."""
    drawn = _draw(Standing(newcomers=20), 20, seed=seed)

    assert drawn.index(min(drawn)) < 16


@pytest.mark.parametrize("rows", [200, 1_024, 5_000])
def test_popularity(rows: int) -> None:
    """The most wanted fifth has about two thirds of the weight, and every row has some."""
    weights = [popularity(standing, unwanted=0) for standing in _draw(Standing(), rows)]
    weights.sort(reverse=True)

    assert 0.62 < sum(weights[: rows // 5]) / sum(weights) < 0.70
    assert weights[-1] > 0


@pytest.mark.parametrize("unwanted", [0, 5, 40, 100])
def test_unwanted(unwanted: int) -> None:
    """So many rows of a hundred have no weight, and they are those with the last standings."""
    drawn = sorted(_draw(Standing(), BLOCK))
    weights = [popularity(standing, unwanted=unwanted) for standing in drawn]

    assert weights.count(0) == pytest.approx(BLOCK * unwanted / 100, abs=1)
    assert weights == sorted(weights, reverse=True)


# Rising dates

_WEEKS: Final = st.lists(st.integers(1, 30), min_size=7, max_size=7).map(tuple)
_YEARS: Final = st.lists(st.integers(1, 30), min_size=12, max_size=12).map(tuple)
_TAILS: Final = st.lists(st.integers(0, 40), max_size=4, unique=True).map(
    lambda days: tuple(sorted(days, reverse=True))
)


@settings(deadline=None)
@given(
    rows=st.integers(0, 2_000),
    first=st.integers(-1_000, 100),
    span=st.integers(0, 900),
    week=_WEEKS,
    year=_YEARS,
    tail=_TAILS,
)
def test_rising(  # noqa: PLR0913, PLR0917 - all that a rising date hangs on
    rows: int,
    first: int,
    span: int,
    week: tuple[int, ...],
    year: tuple[int, ...],
    tail: tuple[int, ...],
) -> None:
    """Days never fall, the first is the first day, none is behind the last, and the tail holds."""
    last = first + span
    days = _draw(Rising(first, last, week=week, year=year, tail=tail), rows)
    from_first = [day - AS_OF.toordinal() - first for day in days]

    assert from_first == sorted(from_first)
    assert from_first[:1] == [0][:rows]
    assert all(0 <= day <= span for day in from_first)
    ends = list(zip(reversed(from_first), reversed(tail), strict=False))
    assert all(span - day <= before for day, before in ends[: max(rows - 1, 0)])


@settings(deadline=None)
@given(ends=st.tuples(st.integers(0, 2_500), st.integers(0, 2_500)))
def test_rising_in_any_run(ends: tuple[int, int]) -> None:
    """Any run of rows has the days that it has among all rows, its ends included."""
    start, stop = min(ends), max(ends)
    plan = _things(2_500, {"value": Rising(-700, 0, week=(5, 5, 5, 5, 5, 1, 1), tail=(21, 7, 0))})

    assert (
        list(plan.rows("things", start, stop).columns["value"]) == _rows(plan, "value")[start:stop]
    )


@settings(deadline=None)
@given(
    rows=st.integers(0, 2_000),
    span=st.integers(0, 900),
    week=_WEEKS,
    tail=_TAILS,
)
def test_rising_times(rows: int, span: int, week: tuple[int, ...], tail: tuple[int, ...]) -> None:
    """With times, the days are the same, and times never fall within a day."""
    days = _draw(Rising(-span, 0, week=week, tail=tail), rows)
    moments = _draw(Rising(-span, 0, week=week, tail=tail, times=True), rows)

    assert [day for day, _ in moments] == days
    assert moments == sorted(moments)
    assert all(0 <= time < 2**32 for _, time in moments)
    assert [time for _, time in moments[:1]] == [0][:rows]


def test_rising_times_of_a_full_day() -> None:
    """Where a day has many rows, their times are spread over all of it."""
    times = [time for _, time in _draw(Rising(0, 0, times=True), 1_000)]

    assert all(abs(time - row * 2**32 // 1_000) <= 2**32 // 1_000 for row, time in enumerate(times))


def test_day_and_time_of_two_columns() -> None:
    """A day and its time fill two columns that are drawn together."""
    plan = _things(9, {("day", "time"): Rising(-5, 0, times=True)})
    moments = list(zip(_rows(plan, "day"), _rows(plan, "time"), strict=True))

    assert [day for day, _ in moments] == sorted(day for day, _ in moments)
    assert moments[0] == (AS_OF.toordinal() - 5, 0)


def test_tail() -> None:
    """A tail brings the last rows near the last day, and leaves those that are nearer."""
    days = [day - AS_OF.toordinal() for day in _draw(Rising(-700, -10, tail=(30, 14, 0)), 5)]

    assert days[-1] == -10
    assert days[-2] >= -24
    assert days[-3] >= -40
    assert days[0] == -700


def test_tail_of_a_single_row() -> None:
    """A single row has the first day, whatever the tail says."""
    assert _draw(Rising(-700, 0, tail=(21, 0)), 1) == [AS_OF.toordinal() - 700]


def test_days_of_the_week() -> None:
    """Days of the week are drawn in proportion to their weights."""
    days = _draw(Rising(-699, 0, week=(20, 20, 20, 20, 10, 5, 5)), 20_000)
    counts = Counter(date.fromordinal(day).weekday() for day in days)

    for weekday, weight in enumerate((20, 20, 20, 20, 10, 5, 5)):
        assert counts[weekday] / 20_000 == pytest.approx(weight / 100, abs=0.005)


def test_months_of_the_year() -> None:
    """Months are drawn in proportion to their weights and lengths."""
    days = _draw(Rising(-364, 0, year=(1,) * 11 + (9,)), 20_000)
    december = sum(date.fromordinal(day).month == 12 for day in days)

    assert december / 20_000 == pytest.approx(9 * 31 / (9 * 31 + 334), abs=0.005)


def test_even_calendar() -> None:
    """Without weights every day has as many rows as any other."""
    counts = Counter(_draw(Rising(-99, 0), 10_000))

    assert len(counts) == 100
    assert set(counts.values()) <= {98, 99, 100, 101, 102}


@pytest.mark.parametrize(
    ("first", "last", "week", "year", "tail"),
    [
        (0, -1, (1,) * 7, (1,) * 12, ()),
        (-5, 0, (1,) * 6, (1,) * 12, ()),
        (-5, 0, (1,) * 7, (1,) * 13, ()),
        (-5, 0, (1, 1, 1, 1, 1, 1, 0), (1,) * 12, ()),
        (-5, 0, (1,) * 7, (-1, *(1,) * 11), ()),
        (-5, 0, (), (), ()),
        (-5, 0, (1,) * 7, (1,) * 12, (0, 21)),
        (-5, 0, (1,) * 7, (1,) * 12, (9, 4, 4)),
        (-5, 0, (1,) * 7, (1,) * 12, (9, 2, 3, 1)),
    ],
)
def test_rising_that_does_not_fit(
    first: int,
    last: int,
    week: tuple[int, ...],
    year: tuple[int, ...],
    tail: tuple[int, ...],
) -> None:
    """Weights other than seven and twelve from 1, empty spans and tails not falling are refused."""
    with pytest.raises(BlueprintError) as caught:
        Rising(first, last, week=week, year=year, tail=tail)

    assert str(caught.value) == (
        f"Rising dates from {first} to {last} have the weights {week} by day of the week and "
        f"{year} by month, and the tail {tail}.\n"
        "Allowed: seven and twelve whole numbers from 1, a last day from the first on, and a tail "
        "whose numbers fall."
    )


# Columns that are computed


def test_derived() -> None:
    """A derived column is a function of the row's other columns, in the order given."""
    columns: Recipes = {
        "difference": Derived(int.__sub__, "large", "small"),
        "large": Listed((10, 20)),
    }
    plan = _things(3, columns, virtual={"small": Serial()})

    assert _rows(plan, "difference") == [9, 18, 7]


def test_derived_column() -> None:
    """A function of whole columns is called once, and gives the same as one of the rows."""
    calls: list[int] = []

    def totals(quantities: Sequence[int], prices: Sequence[int]) -> list[int]:
        calls.append(len(quantities))
        return [quantity * price for quantity, price in zip(quantities, prices, strict=True)]

    columns: Recipes = {
        "quantity": Whole(range(1, 9)),
        "price": Whole(range(100, 999)),
        "total": DerivedColumn(totals, "quantity", "price"),
        "again": Derived(int.__mul__, "quantity", "price"),
    }
    plan = _things(50, columns)

    assert _rows(plan, "total") == _rows(plan, "again")
    assert calls == [50, 50]


@pytest.mark.parametrize(
    ("locale", "names"),
    [("en_US", ["Martha 1", "Martha 2"]), ("ja_JP", ["玲子 1", "玲子 2"])],
)
def test_localized(locale: str, names: list[str]) -> None:
    """A localized column is a function of the locale's words and of other columns."""
    recipe = Localized(lambda words, key: f"{words['given_names'][0][0]} {key}", ("id",))

    assert _draw(recipe, 2, locale=locale) == names


def test_localized_without_columns() -> None:
    """A localized column of no other columns calls its function for each row."""
    calls = iter(range(100))
    recipe = Localized(lambda words: f"{words.locale} {next(calls)}")

    assert _draw(recipe, 3) == ["en_US 0", "en_US 1", "en_US 2"]
    assert _draw(recipe, 0) == []


@pytest.mark.parametrize("kind", [Derived, DerivedColumn])
def test_derived_from_nothing(kind: type[Derived]) -> None:
    """A function of no column is refused."""
    with pytest.raises(BlueprintError) as caught:
        kind(str)

    assert str(caught.value) == (
        "The function <class 'str'> is derived from no column.\n"
        "Name the columns that it takes, or use Constant(value)."
    )


def test_virtual_columns_are_not_stored() -> None:
    """A virtual column can be read by others, and is not among the columns of a chunk."""
    plan = _things(
        2,
        {"value": Derived(lambda hidden: hidden + 1, "hidden")},
        virtual={"hidden": Listed((5, 7))},
    )

    assert {name: list(values) for name, values in plan.rows("things", 0, 2).columns.items()} == {
        "id": [1, 2],
        "value": [6, 8],
    }


def test_columns_drawn_together() -> None:
    """Columns under one key are drawn together, so that a row's values belong together."""
    places = (("Bonn", "NRW"), ("Ulm", "BW"), ("Hof", None))
    plan = _things(300, {("city", "state"): Choice(places)})
    chunk = plan.rows("things", 0, 300)

    assert set(zip(chunk.columns["city"], chunk.columns["state"], strict=True)) == set(places)


def test_columns_read_together() -> None:
    """Each of the columns drawn together can be read by others, and virtual ones can too."""
    plan = _things(
        2,
        {"text": Derived("{}-{}".format, "second", "first")},
        virtual={("first", "second"): Listed((("a", 1), ("b", 2)))},
    )

    assert _rows(plan, "text") == ["1-a", "2-b"]


def test_columns_drawn_together_for_no_rows() -> None:
    """Where there are no rows, columns drawn together are empty, each of them."""
    plan = _things(0, {("city", "state"): Choice((("Bonn", "NRW"),))})

    assert {name: list(values) for name, values in plan.rows("things", 0, 0).columns.items()} == {
        "id": [],
        "city": [],
        "state": [],
    }


def test_columns_drawn_together_for_empty_families() -> None:
    """Where an owner has no rows, each of the columns drawn together is empty."""
    tables = _tables(parents="total", things="parent_id first second")
    plan = _plan(
        Fill(tables["parents"], rows=Fixed(3), columns={"total": SumOf("things.second")}),
        Fill(
            tables["things"],
            rows=FanOut("parent_id", range(1)),
            columns={("first", "second"): Choice(((1, 2),))},
        ),
    )

    assert _rows(plan, "total", "parents") == [0, 0, 0]
    assert [
        list(chunk.columns["second"])
        for chunk in plan.chunks("all")
        if chunk.table is tables["things"]
    ] == [[]]


# Children of an owner


def test_position() -> None:
    """Positions count anew for each owner, from 1 or from what is given."""
    plan = _families(
        100,
        FanOut("parent_id", range(5)),
        {},
        {"position": Position(), "index": Position(first=0)},
    )
    owners = _rows(plan, "parent_id")
    positions = _groups(_rows(plan, "position"), owners)

    assert {len(group) for group in positions.values()} == {1, 2, 3, 4}
    assert all(group == list(range(1, len(group) + 1)) for group in positions.values())
    assert _rows(plan, "index") == [position - 1 for position in _rows(plan, "position")]


def test_taken_from_the_owner() -> None:
    """A child takes columns and virtual columns of the row that owns it, its key among them."""
    plan = _families(
        50,
        FanOut("parent_id", range(4)),
        {"mark": Derived(lambda key: 10 * key, "id")},
        {"mark": Taken("parent_id", "mark"), "key": Taken("parent_id", "id")},
    )
    owners = _rows(plan, "parent_id")

    assert _rows(plan, "mark") == [10 * owner for owner in owners]
    assert _rows(plan, "key") == owners
    assert owners == sorted(owners)


def test_taken_from_another_parent() -> None:
    """A row takes a column of the parent that it drew, also where the values are no numbers."""
    plan = _families(
        7,
        Fixed(200),
        {"share": Constant(1), "name": Derived("parent {}".format, "id")},
        {"parent_id": Reference("share"), "name": Taken("parent_id", "name")},
    )

    assert _rows(plan, "name") == [f"parent {key}" for key in _rows(plan, "parent_id")]


def test_taken_from_no_parent() -> None:
    """Where the foreign key is NULL, so is what is taken through it."""
    plan = _families(
        7,
        Fixed(300),
        {"name": Derived("parent {}".format, "id")},
        {"parent_id": Sometimes(Reference(), 50), "name": Taken("parent_id", "name")},
    )
    keys = _rows(plan, "parent_id")

    assert _rows(plan, "name") == [None if key is None else f"parent {key}" for key in keys]
    assert 100 < keys.count(None) < 200


def test_taken_through_a_key_that_is_never_null() -> None:
    """A row takes from the parent that it drew through a foreign key that is NOT NULL, too."""
    metadata = MetaData()
    parents = Table("parents", metadata, Column("id", Integer, primary_key=True))
    things = Table(
        "things",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", ForeignKey("parents.id"), nullable=False),
        Column("double", Integer),
    )
    plan = _plan(
        Fill(parents, rows=Fixed(7), columns={}, virtual={"double": Derived(_doubled, "id")}),
        Fill(
            things,
            rows=Fixed(300),
            columns={"parent_id": Reference(), "double": Taken("parent_id", "double")},
        ),
    )

    assert _rows(plan, "double") == [2 * key for key in _rows(plan, "parent_id")]


def _doubled(number: int) -> int:
    return 2 * number


def test_taken_from_a_second_parent() -> None:
    """A row that one parent owns takes from its owner and from the parent that it drew."""
    tables = _tables(owners="", parents="", things="owner_id parent_id both")
    plan = _plan(
        Fill(tables["owners"], rows=Fixed(20), columns={}, virtual={"name": Serial()}),
        Fill(
            tables["parents"],
            rows=Fixed(5),
            columns={},
            virtual={"share": Constant(1), "name": Derived(lambda key: 100 * key, "id")},
        ),
        Fill(
            tables["things"],
            rows=FanOut("owner_id", range(1, 4)),
            columns={
                "parent_id": Reference("share"),
                "both": Derived(int.__add__, "owner_name", "parent_name"),
            },
            virtual={
                "owner_name": Taken("owner_id", "name"),
                "parent_name": Taken("parent_id", "name"),
            },
        ),
    )
    keys = zip(_rows(plan, "owner_id"), _rows(plan, "parent_id"), strict=True)

    assert _rows(plan, "both") == [owner + 100 * parent for owner, parent in keys]


def test_sum_of() -> None:
    """A sum is that of the rows owned, 0 where there are none, of stored and virtual columns."""
    tables = _tables(parents="total count", things="parent_id amount")
    plan = _plan(
        Fill(
            tables["parents"],
            rows=Fixed(300),
            columns={"total": SumOf("things.amount"), "count": SumOf("things.one")},
        ),
        Fill(
            tables["things"],
            rows=FanOut("parent_id", range(4)),
            columns={"amount": Whole(range(-50, 1_000))},
            virtual={"one": Constant(1)},
        ),
    )
    groups = _groups(_rows(plan, "amount"), _rows(plan, "parent_id"))

    assert _rows(plan, "total", "parents") == [sum(groups.get(key, [])) for key in range(1, 301)]
    assert _rows(plan, "count", "parents") == [len(groups.get(key, [])) for key in range(1, 301)]
    assert 0 in _rows(plan, "count", "parents")


@pytest.mark.parametrize("child", ["amount", ".amount", "things.", "", "."])
def test_sum_of_no_column(child: str) -> None:
    """A sum over anything but `table.column` is refused."""
    with pytest.raises(BlueprintError) as caught:
        SumOf(child)

    assert str(caught.value) == (
        f"The column of another table is given as {child!r}.\n"
        "Allowed: 'table.column', a Column, or an attribute of a model (Line.amount)."
    )


# References


def _drawn_parents(rows: int, weights: Sequence[int], *, exact: bool = False) -> list[int]:
    plan = _families(
        len(weights),
        Fixed(rows),
        {"share": Listed(weights)},
        {"parent_id": Reference("share", exact=exact)},
    )
    return _rows(plan, "parent_id")


@pytest.mark.parametrize("exact", [False, True])
@settings(deadline=None, max_examples=50)
@given(weights=st.lists(st.integers(0, 1_000), min_size=1, max_size=60))
def test_reference_to_the_unwanted(weights: list[int], exact: bool) -> None:  # noqa: FBT001 - a parameter
    """A parent with weight 0 is never drawn, and every key that is drawn is one of a parent."""
    assume(sum(weights))
    drawn = set(_drawn_parents(500, weights, exact=exact))

    assert drawn <= {key for key, weight in enumerate(weights, 1) if weight}


def test_reference() -> None:
    """Parents are drawn in proportion to their weights."""
    counts = Counter(_drawn_parents(40_000, (1, 2, 3, 4)))

    for key, weight in enumerate((1, 2, 3, 4), 1):
        assert counts[key] / 40_000 == pytest.approx(weight / 10, abs=0.02)


def test_exact_reference() -> None:
    """Where shares are exact they hold in each 1,024 rows, and the rarest parent is drawn."""
    drawn = _drawn_parents(2 * BLOCK, (1, 511, 512), exact=True)

    for base in (0, BLOCK):
        assert Counter(drawn[base : base + BLOCK]) == {1: 1, 2: 511, 3: 512}


def test_reference_to_many() -> None:
    """Where weights are not exact, they are rounded by no more than a quarter of a share."""
    parents = 1_000
    counts = Counter(_drawn_parents(200_000, [1] * parents))

    assert len(counts) == parents
    assert min(counts.values()) > 80
    assert max(counts.values()) < 330


def test_reference_without_weight() -> None:
    """Without a weight all parents are drawn alike."""
    plan = _families(8, Fixed(40_000), {}, {"parent_id": Reference()})
    counts = Counter(_rows(plan, "parent_id"))

    assert set(counts) == set(range(1, 9))
    assert all(count == pytest.approx(5_000, rel=0.06) for count in counts.values())


def test_exact_reference_without_weight() -> None:
    """Without a weight but with exact shares, parents are drawn equally often in 1,024 rows."""
    plan = _families(8, Fixed(2 * BLOCK), {}, {"parent_id": Reference(exact=True)})
    drawn = _rows(plan, "parent_id")

    for base in (0, BLOCK):
        assert Counter(drawn[base : base + BLOCK]) == dict.fromkeys(range(1, 9), BLOCK // 8)


def test_reference_without_weight_since() -> None:
    """Without a weight, the parents that are there on the row's day are drawn alike."""
    plan = _families(
        4,
        Fixed(9_000),
        {"start": Listed((1, 2, 3, 9))},
        {"parent_id": Reference(at="day", since="start"), "day": Constant(5)},
    )
    counts = Counter(_rows(plan, "parent_id"))

    assert set(counts) == {1, 2, 3}
    assert all(count == pytest.approx(3_000, rel=0.08) for count in counts.values())


@pytest.mark.parametrize(
    "recipe",
    [
        Reference(),
        Sometimes(Reference(), 50),
        Pinned(Reference(), {0: None}),
        Pinned(Sometimes(Reference(), 50), {0: None}),
    ],
)
def test_reference_to_an_empty_table(recipe: Recipe) -> None:
    """A table without rows is refused as a parent, also inside of another recipe."""
    with pytest.raises(VolumeError) as caught:
        _families(0, Fixed(5), {}, {"parent_id": recipe})

    assert str(caught.value) == (
        "Volume 'tiny' has too few rows of 'parents': 'things.parent_id' needs 1 different ones at "
        "a time, and of the 0 only 0 can always be drawn.\n"
        "Allowed: a volume with more rows of 'parents'."
    )


@pytest.mark.parametrize("around", [lambda inner: Sometimes(inner, 50), lambda inner: inner])
def test_reference_to_none_that_is_wanted(around: Callable[[Recipe], Recipe]) -> None:
    """Parents that all have the weight 0 are refused, also inside of another recipe."""
    with pytest.raises(VolumeError) as caught:
        _families(3, Fixed(5), {"share": Constant(0)}, {"parent_id": around(Reference("share"))})

    assert str(caught.value) == (
        "Volume 'tiny' has too few rows of 'parents': 'things.parent_id' needs 1 different ones at "
        "a time, and of the 3 only 0 can always be drawn.\n"
        "Allowed: a volume with more rows of 'parents'."
    )


def test_no_parents_for_no_rows() -> None:
    """A table that gets no rows needs no parents."""
    assert _rows(_families(0, Fixed(0), {}, {"parent_id": Reference()}), "parent_id") == []


_DATES: Final = (1, 4, 4, 9, 15, 16, 20, 30)
"""The first days of eight parents, in an order that never falls."""


def _dated(reference: Reference, parent_columns: Recipes, days: range) -> list[tuple[int, int]]:
    """Draw parents for rows on random days, and return key and day of each."""
    plan = _families(
        len(_DATES),
        Fixed(3_000),
        {"share": Listed((3, 1, 0, 2, 5, 1, 1, 1)), **parent_columns},
        {"parent_id": reference, "day": Whole(days)},
    )
    return list(zip(_rows(plan, "parent_id"), _rows(plan, "day"), strict=True))


@pytest.mark.parametrize("exact", [False, True])
def test_reference_since(exact: bool) -> None:  # noqa: FBT001 - a parameter
    """A parent is drawn only on days after the one since when it is there, and then it is."""
    drawn = _dated(
        Reference("share", at="day", since="start", exact=exact),
        {"start": Listed(_DATES)},
        range(2, 40),
    )

    assert all(_DATES[key - 1] < day for key, day in drawn)
    assert {key for key, _ in drawn} == {1, 2, 4, 5, 6, 7, 8}
    assert {key for key, day in drawn if day <= 4} == {1}


@pytest.mark.parametrize("exact", [False, True])
def test_reference_until(exact: bool) -> None:  # noqa: FBT001 - a parameter
    """A parent is drawn only on days before the one on which it ends; others take its place."""
    ends = (10, 3, 99, AS_OF.toordinal() + 1, 12, 40, 40, 20)
    drawn = _dated(
        Reference("share", at="day", until="end", exact=exact), {"end": Listed(ends)}, range(40)
    )

    assert all(ends[key - 1] > day for key, day in drawn)
    assert {key for key, _ in drawn} == {1, 2, 4, 5, 6, 7, 8}
    assert max(day for key, day in drawn if key == 2) == 2


def test_reference_since_and_until() -> None:
    """With both, a parent is drawn only between the day it begins and the day it ends."""
    ends = (AS_OF.toordinal() + 1, 9, 99, 17, 19, 25, 25, 99)
    drawn = _dated(
        Reference("share", at="day", since="start", until="end"),
        {"start": Listed(_DATES), "end": Listed(ends)},
        range(2, 40),
    )

    assert all(_DATES[key - 1] < day < ends[key - 1] for key, day in drawn)
    assert {key for key, _ in drawn} == {1, 2, 4, 5, 6, 7, 8}


@pytest.mark.parametrize("exact", [False, True])
def test_distinct_reference(exact: bool) -> None:  # noqa: FBT001 - a parameter
    """No owner has the same parent twice, even where it has as many rows as there are parents."""
    tables = _tables(owners="", parents="", things="owner_id parent_id")
    plan = _plan(
        Fill(tables["owners"], rows=Fixed(200), columns={}),
        Fill(
            tables["parents"],
            rows=Fixed(6),
            columns={},
            virtual={"share": Listed((1, 0, 9, 1, 1, 1))},
        ),
        Fill(
            tables["things"],
            rows=FanOut("owner_id", range(6)),
            columns={"parent_id": Reference("share", distinct=True, exact=exact)},
        ),
    )
    groups = _groups(_rows(plan, "parent_id"), _rows(plan, "owner_id"))

    assert all(len(set(group)) == len(group) for group in groups.values())
    assert {key for group in groups.values() for key in group} == {1, 3, 4, 5, 6}
    assert max(map(len, groups.values())) == 5


def _distinct_and_dated(starts: Sequence[int], ends: Sequence[int], day: int, sizes: range) -> Plan:
    tables = _tables(owners="", parents="", things="owner_id parent_id")
    return _plan(
        Fill(tables["owners"], rows=Fixed(100), columns={}),
        Fill(
            tables["parents"],
            rows=Fixed(len(starts)),
            columns={},
            virtual={"share": Constant(1), "start": Listed(starts), "end": Listed(ends)},
        ),
        Fill(
            tables["things"],
            rows=FanOut("owner_id", sizes),
            columns={
                "parent_id": Reference("share", at="day", since="start", until="end", distinct=True)
            },
            virtual={"day": Constant(day)},
        ),
    )


def test_distinct_reference_with_dates() -> None:
    """The parent that takes the place of a repeated one is there on the row's day, too."""
    always = AS_OF.toordinal() + 1
    plan = _distinct_and_dated((0, 1, 2, 3, 7), (always, 5, always, always, always), 6, range(4))
    groups = _groups(_rows(plan, "parent_id"), _rows(plan, "owner_id"))

    assert {key for group in groups.values() for key in group} == {1, 3, 4}
    assert all(len(set(group)) == len(group) for group in groups.values())


def test_reference_before_the_first_parent() -> None:
    """A row that is older than every parent is refused, with what is needed."""
    plan = _families(
        3,
        Fixed(5),
        {"share": Constant(1), "start": Listed((7, 8, 9))},
        {"parent_id": Reference("share", at="day", since="start"), "day": Constant(7)},
    )

    with pytest.raises(VolumeError) as caught:
        _rows(plan, "parent_id")

    assert str(caught.value) == (
        "'things.parent_id' needs one more row of 'parents' than can be drawn: on its date there "
        "are 0, of which 0 are taken and the others ruled out.\n"
        "Allowed: a volume with more rows of 'parents'."
    )


def test_reference_to_the_unwanted_since() -> None:
    """A row on whose day all parents that are there have the weight 0 is refused."""
    plan = _families(
        3,
        Fixed(5),
        {"share": Listed((0, 0, 1)), "start": Listed((1, 2, 9))},
        {"parent_id": Reference("share", at="day", since="start"), "day": Constant(5)},
    )

    with pytest.raises(VolumeError) as caught:
        _rows(plan, "parent_id")

    assert str(caught.value) == (
        "'things.parent_id' needs one more row of 'parents' than can be drawn: on its date there "
        "are 2, of which 0 are taken and the others ruled out.\n"
        "Allowed: a volume with more rows of 'parents'."
    )


def test_reference_to_what_has_ended() -> None:
    """Parents that have all ended before the reference date can be drawn for rows before that."""
    plan = _families(
        3,
        Fixed(90),
        {"end": Constant(10)},
        {"parent_id": Reference(at="day", until="end"), "day": Whole(range(10))},
    )

    assert set(_rows(plan, "parent_id")) == {1, 2, 3}


def test_distinct_reference_to_what_has_ended() -> None:
    """Distinct parents have to be there on the reference date, too."""
    with pytest.raises(VolumeError) as caught:
        _distinct_and_dated((0, 1, 2), (10, 10, 10), 5, range(1, 3))

    assert str(caught.value) == (
        "Volume 'tiny' has too few rows of 'parents': 'things.parent_id' needs 2 different ones at "
        "a time, and of the 3 only 0 can always be drawn.\n"
        "Allowed: a volume with more rows of 'parents'."
    )


def test_too_few_parents_for_one_owner() -> None:
    """An owner with more rows than there are parents on its day is refused."""
    always = AS_OF.toordinal() + 1
    plan = _distinct_and_dated((0, 1, 9), (always,) * 3, 5, range(3, 4))

    with pytest.raises(VolumeError) as caught:
        _rows(plan, "parent_id")

    assert str(caught.value) == (
        "'things.parent_id' needs one more row of 'parents' than can be drawn: on its date there "
        "are 2, of which 2 are taken and the others ruled out.\n"
        "Allowed: a volume with more rows of 'parents'."
    )


def test_no_parent_is_left() -> None:
    """A row on whose day every parent has ended is refused."""
    always = AS_OF.toordinal() + 1
    plan = _distinct_and_dated((0, 1, 9), (3, 4, always), 5, range(1, 2))

    with pytest.raises(VolumeError, match="there are 2, of which 0 are taken and the others ruled"):
        _rows(plan, "parent_id")


@pytest.mark.parametrize(("since", "until"), [("start", None), (None, "end"), ("start", "end")])
def test_reference_without_a_date(since: str | None, until: str | None) -> None:
    """Bounds in time are refused where no column gives the row's own date."""
    with pytest.raises(BlueprintError) as caught:
        Reference("share", since=since, until=until)

    assert str(caught.value) == (
        f"A reference has since={since!r} and until={until!r}, but no date to hold them to.\n"
        "Give the row's own date as at='…'."
    )


def test_reference_to_the_own_table() -> None:
    """A table may refer to itself, to rows that were there before."""
    table = _tables(things="thing_id day")["things"]
    plan = _plan(
        Fill(
            table,
            rows=Fixed(500),
            columns={
                "thing_id": Pinned(Reference("share", at="later", since="day"), {0: None}),
                "day": Serial(),
            },
            virtual={"share": Constant(1), "later": Derived(lambda key: max(key, 2), "id")},
        )
    )
    first, *others = _rows(plan, "thing_id")

    assert first is None
    assert all(key < row for row, key in enumerate(others, 2))


# Recipes of a user's own


class _Neighbours(Recipe):
    """Everything that a run offers, in a text for each row."""

    def draw(self, run: Run) -> Sequence[str]:
        weights = ColumnName("parents", "share")
        whole, totals, slots = run.whole(weights), run.running_total(weights), run.slots(weights)
        assert len(run.bits(lane="mine")) == run.stop - run.start
        assert run.bits(lane="mine") != run.bits() or run.start == run.stop
        assert list(accumulate(whole)) == list(totals)
        assert set(slots) == {row for row, weight in enumerate(whole) if weight}
        assert sum(run.family_sizes) == run.stop - run.start
        prices = run.taken("parent_id", "price")
        return [
            f"{run.table.name}.{run.column} {number} of {run.total}: {key} at {price}"
            f" in {run.words.locale} on {date.fromordinal(run.as_of)}"
            for number, (key, price) in enumerate(
                zip(run.values("parent_id"), prices, strict=True), run.start
            )
        ]

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:
        assert column == "text"
        return [
            ColumnName(table.name, "parent_id"),
            ColumnName("parents", "price"),
            ColumnName("parents", "share"),
        ]


def test_own_recipe() -> None:
    """A recipe of a user's own sees the run that it fills, and what it says that it reads."""
    plan = _families(
        3,
        FanOut("parent_id", range(2, 3)),
        {"price": Listed((50, 70, 90)), "share": Listed((1, 0, 2))},
        {"text": _Neighbours()},
    )

    assert _rows(plan, "text") == [
        f"things.text {number} of 6: {key} at {price} in en_US on 2025-12-31"
        for number, (key, price) in enumerate(
            [(1, 50), (1, 50), (2, 70), (2, 70), (3, 90), (3, 90)]
        )
    ]


class _Squares(Recipe):
    """A recipe with nothing but `draw`."""

    def draw(self, run: Run) -> Sequence[int]:
        return [row * row for row in range(run.start, run.stop)]


def test_own_recipe_that_reads_nothing() -> None:
    """A recipe that reads no other column needs to say nothing but how it draws."""
    assert _draw(_Squares(), 4) == [0, 1, 4, 9]
    assert list(_Squares().reads(_tables(things="value")["things"], "value")) == []


def test_recipe_without_draw() -> None:
    """A recipe that does not say how it draws cannot be made."""

    class Empty(Recipe):
        pass

    with pytest.raises(TypeError, match="draw"):
        Empty()  # type: ignore[abstract]


def test_failing_function() -> None:
    """A function that raises stops the generation with the column's name and the cause."""
    plan = _things(2, {"value": Derived(itemgetter(3), "pair")}, virtual={"pair": Constant((1, 2))})

    with pytest.raises(GenerationError) as caught:
        _rows(plan, "value")

    assert str(caught.value).startswith(
        "Column 'things.value' could not be drawn: its recipe stopped with IndexError: tuple index "
        "out of range."
    )
    assert isinstance(caught.value.__cause__, IndexError)


class _Draws(Recipe):
    """Draws the same few values, whatever the run."""

    def __init__(self, *values: Any) -> None:
        self._values = values

    def draw(self, run: Run) -> Sequence[Any]:
        assert run.start == 0
        return self._values


@pytest.mark.parametrize("values", [(), (1, 2), (1, 2, 3, 4)])
def test_number_of_values(values: tuple[int, ...]) -> None:
    """A recipe that draws fewer or more values than there are rows is refused."""
    with pytest.raises(GenerationError) as caught:
        _draw(_Draws(*values), 3)

    assert str(caught.value) == (
        f"Column 'things.value' could not be drawn: its recipe drew {len(values)} values for 3 "
        "rows.\n"
        "Everything that this generation had done is undone."
    )


def test_number_of_values_of_a_function() -> None:
    """A function of whole columns that gives too few values is refused as well."""
    columns: Recipes = {"value": DerivedColumn(lambda keys: keys[1:], "id")}

    with pytest.raises(GenerationError, match="its recipe drew 4 values for 5 rows"):
        _rows(_things(5, columns), "value")


@pytest.mark.parametrize(
    "rows", [((1, 2), (1, 2, 3)), ((1,), (1, 2)), ((), ()), ((1, 2, 3), (1, 2, 3))]
)
def test_width_of_tuples(rows: tuple[tuple[int, ...], ...]) -> None:
    """Of columns drawn together, tuples that are not as wide as there are columns are refused."""
    plan = _things(2, {("first", "second"): _Draws(*rows)})

    with pytest.raises(GenerationError) as caught:
        _rows(plan, "second")

    assert str(caught.value) == (
        "Column 'things.first' could not be drawn: its recipe draws for 2 columns, but not tuples "
        "of 2.\n"
        "Everything that this generation had done is undone."
    )


# All of them


_ANY: Final[dict[str | tuple[str, ...], Recipe]] = {
    "fraction": Fraction(),
    "even": Fraction(exact=True),
    "whole": Whole(range(50)),
    "choice": Choice("abc", weights=(1, 2, 3), exact=True),
    "listed": Listed("xyz"),
    "word": Word("places"),
    "pinned": Pinned(Whole(range(5)), {0: "a", 1_500: "b", -1: "c"}),
    "maybe": Sometimes(Serial(), 50),
    "unique": Distinct(100),
    "standing": Standing(newcomers=10),
    "date": Rising(-100, 0, tail=(3, 0)),
    ("day", "time"): Rising(-100, 0, week=(9, 9, 9, 9, 9, 1, 1), tail=(3, 0), times=True),
    "sum": Derived(int.__add__, "whole", "fraction"),
    "localized": Localized(lambda words, number: words["streets"][number % 9], ("whole",)),
}


@settings(deadline=None, max_examples=50)
@given(ends=st.tuples(st.integers(0, 2_500), st.integers(0, 2_500)))
def test_any_run_of_rows(ends: tuple[int, int]) -> None:
    """Whatever the recipe, any run of rows is the same cut of the whole table."""
    start, stop = min(ends), max(ends)
    plan = _things(2_500, _ANY)
    cut = plan.rows("things", start, stop).columns

    for name, values in plan.rows("things", 0, 2_500).columns.items():
        assert list(cut[name]) == list(values[start:stop]), name


def test_days_follow_each_other() -> None:
    """Days of a run and of the one behind it never fall at the seam."""
    plan = _things(5_000, {"value": Rising(-2_000, 0)})
    last_days = [
        (plan.rows("things", at - 1, at).columns["value"][0], plan.rows("things", at, at + 1))
        for at in range(500, 5_000, 500)
    ]

    assert all(day <= chunk.columns["value"][0] for day, chunk in last_days)
    assert all(one < other for one, other in pairwise(day for day, _ in last_days))
