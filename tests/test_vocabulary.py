"""The vocabulary of blueprints: what each word draws, and what is said where it does not fit."""

from __future__ import annotations

import enum
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from pytest_demodata import (
    VOLUMES,
    Blueprint,
    BlueprintError,
    DemodataError,
    Existing,
    FanOut,
    Fill,
    Fixed,
    GenerationError,
    VolumeError,
)
from pytest_demodata.engine import Plan
from pytest_demodata.parts import rows_of
from pytest_demodata.recipes import (
    ColumnName,
    Constant,
    Recipe,
    between,
    choice,
    constant,
    derived,
    faker,
    listed,
    pattern,
    sequence,
    share_of,
    sometimes,
    sum_of,
    taken,
    unique,
    weighted,
    word,
)
from pytest_demodata.recipes.vocabulary import WORDS
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_demodata.recipes import Run


class Color(enum.Enum):
    """The colours that a thing can have."""

    RED = "r"
    GREEN = "g"


class Upper(TypeDecorator[str]):
    """Texts that the application writes in capitals."""

    impl = String(10)
    cache_ok = True


class Base(DeclarativeBase):
    """The models of these tests."""


class Parent(Base):
    """What owns things."""

    __tablename__ = "parents"
    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    number: Mapped[int | None]
    day: Mapped[date | None]
    length: Mapped[timedelta | None]
    things: Mapped[list[Thing]] = relationship(back_populates="parent")


class Other(Base):
    """What has nothing to do with either."""

    __tablename__ = "others"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int | None]


class Thing(Base):
    """A column of each type."""

    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("parents.id"))
    parent: Mapped[Parent] = relationship(back_populates="things")
    number: Mapped[int | None]
    whole: Mapped[Decimal | None] = mapped_column(Numeric(4, 0))
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    fine: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    loose: Mapped[Decimal | None] = mapped_column(Numeric)
    real: Mapped[float | None] = mapped_column(Float)
    day: Mapped[date | None] = mapped_column(Date)
    at: Mapped[datetime | None] = mapped_column(DateTime)
    zoned: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    clock: Mapped[time | None] = mapped_column(Time)
    length: Mapped[timedelta | None] = mapped_column(Interval)
    name: Mapped[str | None] = mapped_column(String(40))
    code: Mapped[str | None] = mapped_column(String(8))
    note: Mapped[str | None] = mapped_column(Text)
    upper: Mapped[str | None] = mapped_column(Upper)
    color: Mapped[Color | None] = mapped_column(Enum(Color))
    state: Mapped[str | None] = mapped_column(Enum("open", "paid"))
    yes: Mapped[bool | None] = mapped_column(Boolean)
    uid: Mapped[UUID | None] = mapped_column(Uuid)
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    extra: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    needed: Mapped[int] = mapped_column(server_default="0")


Columns = dict[Any, Any]

OWNED = FanOut(Thing.parent_id, range(4))


def _blueprint(
    things: Columns | None = None,
    parents: Columns | None = None,
    *,
    rows: FanOut | Fixed = OWNED,
    virtual: Columns | None = None,
    virtual_of_parents: Columns | None = None,
) -> Blueprint:
    """Fill five parents, and eight things that they own, or other rows that nobody does."""
    if isinstance(rows, Fixed):
        things = {"parent_id": constant(1), **(things or {})}
    fills = [
        Fill(Parent, rows=Fixed(5), columns=parents or {}, virtual=virtual_of_parents),
        Fill(Thing, rows=rows, columns=things or {}, virtual=virtual),
    ]
    return Blueprint(Base.metadata, {"all": fills}, volumes=VOLUMES)


def _rows(blueprint: Blueprint, table: str, *names: str) -> list[Any]:
    """Make a table's rows, and return some of its columns."""
    plan = Plan(
        blueprint, VOLUMES["small"], seed=1, words=words_of("en_US"), as_of=date(2026, 1, 1)
    )
    places = [plan.blueprint.fills[table].columns.index(name) for name in names]
    rows = rows_of(plan, table, 0, plan.counts[table])
    found = [tuple(row[place] for place in places) for row in rows]
    return found if len(names) > 1 else [value for (value,) in found]


def _drawn(name: str, recipe: object, **others: Any) -> list[Any]:
    """Return what a recipe draws for the eight rows of a column."""
    return _rows(_blueprint({name: recipe}, **others), "things", name)


def _refused(action: Callable[[], object], error: type[DemodataError] = BlueprintError) -> str:
    with pytest.raises(error) as caught:
        action()
    return str(caught.value)


# What each word draws


FITTING: Mapping[str, tuple[Any, ...]] = {
    "number": (1, -7),
    "whole": (Decimal(5), Decimal(9999)),
    "price": (Decimal("9.99"), Decimal("-0.05")),
    "loose": (Decimal("1.23456"), Decimal(3)),
    "real": (0.5, -2.25),
    "day": (date(2024, 2, 29), date(2025, 1, 1)),
    "at": (datetime(2024, 2, 29, 13, 5), datetime(2025, 1, 1)),  # noqa: DTZ001 - the column has none
    "zoned": (datetime(2024, 2, 29, 13, 5, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)),
    "clock": (time(3, 4, 5), time(0)),
    "length": (timedelta(days=3), timedelta(seconds=5)),
    "name": ("a", "b"),
    "upper": ("A", "B"),
    "color": (Color.RED, Color.GREEN),
    "state": ("open", "paid"),
    "yes": (True, False),
    "uid": (UUID(int=1), UUID(int=2)),
    "data": (b"a", b"b"),
    "extra": ({"a": 1}, {"b": [2]}),
    "tags": (["a"], ["b", "c"]),
}


def _same(found: object, expected: object) -> bool:
    """Compare values with their types; a NUMERIC without decimal places is made of integers."""
    return found == expected and (type(found) is type(expected) or isinstance(expected, Decimal))


@pytest.mark.parametrize(("name", "values"), FITTING.items())
def test_values_of_each_type(name: str, values: tuple[Any, Any]) -> None:
    """What is written down comes out as it was written, in a column of any type."""
    first, second = values

    assert all(_same(each, first) for each in _drawn(name, constant(first)))
    assert _drawn(name, listed(first, second)) == [first, second] * 4
    drawn = _drawn(name, choice(first, second))
    assert all(_same(each, first) or _same(each, second) for each in drawn)
    assert _drawn(name, choice(first, second, weights=[1, 0])) == [first] * 8
    assert _drawn(name, lambda run: [second] * (run.stop - run.start)) == [second] * 8
    assert _drawn(name, derived(lambda _: second, "id")) == [second] * 8
    assert sorted(map(repr, _drawn(name, unique(choice(first, second)), rows=Fixed(2))))


@pytest.mark.parametrize("name", sorted(FITTING.keys() - {"extra", "tags"}))
def test_weighted_values(name: str) -> None:
    """The keys of a mapping are drawn as likely as their numbers say."""
    first, second = FITTING[name]

    assert _drawn(name, weighted({first: 0, second: 3})) == [second] * 8


def test_null_is_a_value() -> None:
    """NULL can be one of several values, and what a function returns."""
    assert set(_drawn("number", choice(1, None))) == {1, None}
    assert _drawn("price", constant(None)) == [None] * 8
    assert _drawn("price", derived(lambda _: None, "id")) == [None] * 8


def test_amounts_in_other_forms() -> None:
    """A NUMERIC column takes whole numbers and floats too, if they have no more decimal places."""
    assert _drawn("price", listed(2, 1.5)) == [Decimal("2.00"), Decimal("1.50")] * 4


@pytest.mark.parametrize(
    ("name", "recipe", "expected"),
    [
        ("number", between(1, 3), {1, 2, 3}),
        ("number", between(1, 9, step=4), {1, 5, 9}),
        ("whole", between(1, 2), {Decimal(1), Decimal(2)}),
        ("price", between(Decimal("0.01"), Decimal("0.02")), {Decimal("0.01"), Decimal("0.02")}),
        ("price", between(1, 2, step=Decimal("0.50")), {Decimal(1), Decimal("1.5"), Decimal(2)}),
        (
            "day",
            between(date(2024, 2, 28), date(2024, 2, 29)),
            {date(2024, 2, n) for n in (28, 29)},
        ),
        (
            "day",
            between(date(2024, 1, 1), date(2024, 1, 9), step=timedelta(7)),
            {date(2024, 1, 1), date(2024, 1, 8)},
        ),
        ("day", between(date(2024, 1, 1), date(2024, 1, 9), step=9), {date(2024, 1, 1)}),
        (
            "at",
            between(datetime(2024, 1, 1), datetime(2024, 1, 2), step=timedelta(hours=24)),  # noqa: DTZ001
            {datetime(2024, 1, 1), datetime(2024, 1, 2)},  # noqa: DTZ001
        ),
        ("clock", between(time(1), time(2), step=3600), {time(1), time(2)}),
        ("length", between(timedelta(1), timedelta(2), step=86_400), {timedelta(1), timedelta(2)}),
    ],
)
def test_ranges(name: str, recipe: Recipe, expected: set[Any]) -> None:
    """Both ends are drawn, and what the steps lead to; nothing else."""
    assert set(_drawn(name, recipe, rows=Fixed(200), virtual=None)) == expected


def test_a_range_has_the_column_s_last_digit() -> None:
    """Without a step, amounts have cents, days follow each other, and so do seconds."""
    assert any(each % 1 for each in _drawn("price", between(1, 2)))
    assert len(set(_drawn("at", between(datetime(2024, 1, 1), datetime(2024, 1, 9))))) == 8  # noqa: DTZ001


@pytest.mark.parametrize(
    ("name", "recipe", "expected"),
    [
        ("number", sequence(), [1, 2, 3]),
        ("number", sequence(10, -5), [10, 5, 0]),
        (
            "price",
            sequence(Decimal("1.50"), Decimal("0.05")),
            list(map(Decimal, ("1.50", "1.55", "1.60"))),
        ),
        (
            "day",
            sequence(date(2024, 2, 28)),
            [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)],
        ),
        (
            "day",
            sequence(date(2024, 1, 1), timedelta(days=2)),
            [date(2024, 1, 1), date(2024, 1, 3), date(2024, 1, 5)],
        ),
        (
            "at",
            sequence(datetime(2024, 1, 1), timedelta(hours=1)),  # noqa: DTZ001
            [datetime(2024, 1, 1, hour) for hour in range(3)],  # noqa: DTZ001
        ),
        ("length", sequence(timedelta(0), 60), [timedelta(minutes=n) for n in range(3)]),
    ],
)
def test_sequences(name: str, recipe: Recipe, expected: list[Any]) -> None:
    """A sequence counts from its first value on."""
    assert _drawn(name, recipe)[:3] == expected
    assert _drawn(name, unique(recipe))[:3] == expected


def test_patterns() -> None:
    """A pattern is filled in, in texts and in what the application makes of texts."""
    assert all(
        len(each) == 8 and each[:5] == "INV-2" for each in _drawn("code", pattern("INV-2###"))
    )
    assert len(set(_drawn("code", pattern("#", unique=True)))) == 8
    assert len(set(_drawn("code", unique(pattern("#"))))) == 8
    assert len(_drawn("upper", pattern("??"))) == 8
    assert len(_drawn("note", pattern("#" * 100))) == 8


@pytest.mark.parametrize("locale", ["de_DE", "en_US", "ja_JP"])
@pytest.mark.parametrize("name", WORDS)
def test_each_list_of_words(name: str, locale: str) -> None:
    """Each list has texts, each of them once."""
    words = words_of(locale)[name]

    assert all(isinstance(each, str) for each in words)
    assert len(set(words)) == len(words)


def test_words() -> None:
    """Words are drawn from the locale's list, and once only where they are to be unique."""
    assert set(_drawn("name", word("nouns"))) <= set(words_of("en_US")["nouns"])
    everything = _drawn("note", unique(word("departments")), rows=Fixed(18))
    assert sorted(everything) == sorted(words_of("en_US")["departments"])


def test_faker() -> None:
    """Faker's providers fill columns of the type of what they make, cut to what is short enough."""
    assert len(_drawn("name", faker("company"))) == 8
    assert set(_drawn("number", faker("pyint", min_value=1, max_value=2))) == {1, 2}
    assert all(
        each.as_tuple().exponent == -2
        for each in _drawn("price", faker("pydecimal", left_digits=3, right_digits=2))
    )
    assert max(map(len, _drawn("code", faker("first_name"), rows=Fixed(500)))) == 8
    moments = faker(
        "date_time_between_dates",
        datetime_start=datetime(2024, 1, 1),  # noqa: DTZ001
        datetime_end=datetime(2024, 1, 9),  # noqa: DTZ001
    )
    assert all(each.microsecond == 0 for each in _drawn("at", moments))
    assert _drawn("name", faker("company")) == _drawn("name", faker("company"))


def test_unique_words_of_faker() -> None:
    """As many different values as the provider has."""
    drawn = _drawn("number", unique(faker("random_digit")), rows=Fixed(10))
    assert sorted(drawn) == list(range(10))


def test_sometimes() -> None:
    """In so many rows of a hundred there is a value: of a recipe, or of a function."""
    found = Counter(_drawn("number", sometimes(constant(1), 30), rows=Fixed(2000)))
    assert 500 < found[1] < 700
    assert found.keys() == {1, None}
    assert _drawn("number", sometimes(lambda run: [1] * (run.stop - run.start), 100)) == [1] * 8
    drawn = _drawn("number", sometimes(unique(between(1, 9)), 60))
    assert len(set(drawn) - {None}) == 8 - drawn.count(None)


@pytest.mark.parametrize(
    ("name", "recipe", "values"),
    [
        ("number", choice(1, 2, 3), {1, 2, 3}),
        ("number", listed(1, 2, 3), {1, 2, 3}),
        ("number", weighted({1: 1, 2: 5, 3: 0}), {1, 2, 3}),
        ("price", choice(1, Decimal("1.00"), 2, 3), {1, 2, 3}),
        ("number", between(1, 3), {1, 2, 3}),
        ("number", unique(unique(choice(1, 2, 3))), {1, 2, 3}),
        ("color", choice(Color.RED, Color.GREEN), {Color.RED, Color.GREEN}),
    ],
)
def test_unique(name: str, recipe: Recipe, values: set[Any]) -> None:
    """Each value is drawn once, and too few of them are refused before any row is made."""
    drawn = _drawn(name, unique(recipe), rows=Fixed(len(values)))
    assert len(drawn) == len(values)
    assert set(drawn) == values
    error = _refused(lambda: _drawn(name, unique(recipe), rows=Fixed(8)), VolumeError)
    assert error.startswith(
        f"Volume 'small' has 8 rows of 'things', and the unique column 'things.{name}' can have "
        f"{len(values)} different values.\n"
    )


def test_unique_values_that_cannot_be_looked_up() -> None:
    """What JSON holds is told apart by how it is written."""
    drawn = _drawn("extra", unique(choice({"a": 1}, {"b": 1}, {"a": 1})), rows=Fixed(2))
    assert sorted(map(str, drawn)) == ["{'a': 1}", "{'b': 1}"]


@pytest.mark.parametrize("recipe", [unique(word("user_agents")), unique(faker("random_letter"))])
def test_too_few_unique_words(recipe: Recipe) -> None:
    """Lists have an end, and so have Faker's."""
    error = _refused(lambda: _drawn("note", recipe, rows=Fixed(100)), VolumeError)
    assert error.startswith("Volume 'small' has 100 rows of 'things', and the unique column")


def test_columns_together() -> None:
    """Several columns are drawn as tuples, by attribute, `Column` or name."""
    pairs = {("a", Decimal("1.50")), ("b", Decimal("2.50"))}
    keys: list[Any] = [
        (Thing.name, Thing.price),
        (Thing.__table__.c.name, Thing.__table__.c.price),
        ("name", "price"),
    ]
    for key in keys:
        drawn = _rows(_blueprint({key: choice(*pairs)}), "things", "name", "price")
        assert set(drawn) == pairs

    def numbered(run: Run) -> list[tuple[str, Decimal]]:
        return [(str(row), Decimal(row) + Decimal("0.005")) for row in range(run.start, run.stop)]

    drawn = _rows(_blueprint({("name", "price"): numbered}), "things", "name", "price")
    assert drawn[:2] == [("0", Decimal("0.01")), ("1", Decimal("1.01"))]


def test_a_recipe_of_one_s_own() -> None:
    """A subclass counts as the engine does, and reads other columns."""

    class Double(Recipe):
        def draw(self, run: Run) -> Sequence[Any]:
            return [2 * value for value in run.values("price")]

        def reads(self, table: Table, column: str) -> Any:  # noqa: ARG002
            return [ColumnName(table.key, "price")]

    things = {"price": constant(Decimal("1.25")), "fine": Double()}
    assert _rows(_blueprint(things), "things", "fine") == [Decimal("0.0250")] * 8


@pytest.mark.parametrize(
    "word_of",
    [
        constant(Decimal("1.50")),
        between(Decimal("1.50"), Decimal("1.50")),
        sequence(Decimal("1.50")),
        derived(lambda number: number * Decimal("1.5"), "number"),
        sometimes(lambda run: [Decimal("1.50")] * (run.stop - run.start), 100),
    ],
)
def test_words_inside_a_recipe_of_one_s_own(word_of: Recipe) -> None:
    """What a recipe draws from a word is counted as its column counts."""

    class Same(Recipe):
        def draw(self, run: Run) -> Sequence[Any]:
            return word_of.draw(run)

    rows = _rows(_blueprint({"number": constant(1), "price": Same()}), "things", "price")
    assert rows[0] == Decimal("1.50")
    drawn = _drawn("number", derived(int, "text#"), virtual={"text#": _Twice(pattern("#"))})
    assert all(each % 11 == 0 for each in drawn)


class _Twice(Recipe):
    """Writes a text twice."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    def draw(self, run: Run) -> Sequence[Any]:
        """Write it."""
        return [2 * value for value in self._recipe.draw(run)]


def test_functions_see_their_rows() -> None:
    """A function of the run may return anything that can be gone through."""
    drawn = _drawn("number", lambda run: (row * 10 for row in range(run.start, run.stop)))
    assert drawn == [row * 10 for row in range(8)]


def test_derived() -> None:
    """A function gets Python's values of other columns, and its amounts are rounded half up."""
    things = {
        Thing.price: constant(Decimal("1.25")),
        Thing.day: constant(date(2024, 1, 31)),
        Thing.fine: derived(lambda price: price / 3, Thing.price),
        Thing.number: derived(lambda price: price * 2, "price"),
        Thing.whole: derived(lambda price: -price * 2, "price"),
        Thing.at: derived(lambda day: datetime(day.year, day.month, day.day), Thing.day),  # noqa: DTZ001
        Thing.name: derived("{:%B}".format, Thing.day),
    }
    names = ("fine", "number", "whole", "at", "name")
    assert _rows(_blueprint(things), "things", *names)[0] == (
        Decimal("0.4167"),
        3,
        Decimal(-3),
        datetime(2024, 1, 31),  # noqa: DTZ001
        "January",
    )


def test_virtual_columns() -> None:
    """What is not stored is Python's too: values, functions, and what is taken from the parent."""
    drawn = _drawn(
        "price",
        derived(lambda *parts: sum(parts, Decimal(0)), "number#", "list#", "amount#", "run#"),
        virtual={
            "number#": between(2, 2),
            "list#": listed(Decimal("0.25")),
            "amount#": sometimes(taken("parent_id", "amount"), 100),
            "run#": lambda run: [100] * (run.stop - run.start),
        },
        parents={"amount": constant(Decimal("5.50"))},
    )
    assert drawn == [Decimal("107.75")] * 8


def test_a_virtual_sum() -> None:
    """A sum that is not stored is in Python's values for others to read."""
    parents = {"amount": derived(lambda total: total * 2, "total#")}
    blueprint = _blueprint(
        {"price": constant(Decimal("0.75"))},
        parents,
        virtual={
            "back#": taken("parent_id", "total#"),
            "share#": share_of("parents.total#", "parent_id"),
        },
        virtual_of_parents={"total#": sum_of("things.price")},
    )
    assert sum(_rows(blueprint, "parents", "amount")) == 8 * 2 * Decimal("0.75")
    assert blueprint.sums() == []


def test_a_virtual_sequence_and_pattern() -> None:
    """Words that draw numbers and texts do so for virtual columns."""
    drawn = _drawn(
        "name",
        derived(lambda number, text: f"{number}{text}", "number#", "text#"),
        virtual={"number#": sequence(5), "text#": pattern("?%")},
    )
    assert drawn[0][0] == "5"
    assert len(drawn[7]) == 4


# What is taken from other tables


@pytest.mark.parametrize(
    ("name", "source", "value", "expected"),
    [
        ("price", "amount", Decimal("1.25"), Decimal("1.25")),
        ("fine", "amount", Decimal("1.25"), Decimal("1.2500")),
        ("real", "amount", Decimal("1.25"), 1.25),
        ("loose", "amount", Decimal("1.25"), Decimal("1.25")),
        ("number", "number", 7, 7),
        ("price", "number", 7, Decimal("7.00")),
        ("whole", "number", 7, Decimal(7)),
        ("real", "number", 7, 7.0),
        ("day", "day", date(2024, 2, 29), date(2024, 2, 29)),
        ("at", "day", date(2024, 2, 29), datetime(2024, 2, 29)),  # noqa: DTZ001
        ("zoned", "day", date(2024, 2, 29), datetime(2024, 2, 29, tzinfo=UTC)),
        ("length", "length", timedelta(5), timedelta(5)),
        ("fine", "amount", None, None),
    ],
)
def test_taken(name: str, source: str, value: Any, expected: Any) -> None:
    """The parent's value comes in the type of the column that takes it."""
    for column in (source, f"parents.{source}", getattr(Parent, source)):
        drawn = _drawn(name, taken(Thing.parent_id, column), parents={source: constant(value)})
        assert all(_same(each, expected) for each in drawn)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("number", "amount"),
        ("whole", "amount"),
        ("name", "amount"),
        ("day", "amount"),
        ("yes", "number"),
        ("name", "day"),
        ("number", "day"),
        ("length", "number"),
    ],
)
def test_taken_into_a_type_that_does_not_hold_it(name: str, source: str) -> None:
    """What would lose digits, or be of another kind, is refused."""
    of = Base.metadata.tables["parents"].columns[source].type
    own = Base.metadata.tables["things"].columns[name].type
    recipe = taken(Thing.parent_id, source)

    assert _refused(lambda: _blueprint({name: recipe}, {source: constant(None)})) == (
        f"Column 'things.{name}' ({own!r}) reads 'parents.{source}' ({of!r}), and does not hold "
        "each of its values.\n"
        "Allowed: a type that does, with as many decimal places. Or give the other column's values "
        "to a virtual column, and write derived(…) from that."
    )


@pytest.mark.parametrize(
    ("parent", "child", "recipe"),
    [
        ("amount", "price", between(Decimal("-1.00"), 5)),
        ("amount", "price", sometimes(between(1, 5), 50)),
        ("amount", "number", between(1, 5)),
        ("number", "number", between(1, 5)),
        ("length", "length", between(timedelta(0), timedelta(1))),
        ("amount", "yes", choice(True, False)),  # noqa: FBT003 - a value
        ("number", "yes", choice(True, False)),  # noqa: FBT003 - a value
    ],
)
def test_sum_of(parent: str, child: str, recipe: Recipe) -> None:
    """A sum is that of the children, in the parent's type; without children it is 0."""
    blueprint = _blueprint({child: recipe}, {parent: sum_of(getattr(Thing, child))})
    found: dict[int, Any] = {}
    for owner, value in _rows(blueprint, "things", "parent_id", child):
        if value is not None:
            found[owner] = found.get(owner, type(value)(0)) + value
    sums = dict(_rows(blueprint, "parents", "id", parent))

    nothing = timedelta(0) if parent == "length" else 0
    assert sums == {owner: found.get(owner, nothing) for owner in range(1, 6)}
    assert len(found) < 5
    assert len(blueprint.sums()) == (child not in {"yes", "length"})


@pytest.mark.parametrize("amount", ["10.00", "-5.00", "0", "0.01", "-0.02"])
@pytest.mark.parametrize("name", ["price", "fine"])
def test_share_of(name: str, amount: str) -> None:
    """The parts are the whole, each of its sign, to the last digit of the parts."""
    blueprint = _blueprint(
        {name: share_of(Parent.amount, Thing.parent_id)}, {"amount": constant(Decimal(amount))}
    )
    families: dict[int, list[Decimal]] = {}
    for owner, part in _rows(blueprint, "things", "parent_id", name):
        families.setdefault(owner, []).append(part)

    assert {sum(each) for each in families.values()} == {Decimal(amount)}
    assert {len(each) for each in families.values()} == {1, 2, 3}
    parts = [each for family in families.values() for each in family]
    assert all(each >= 0 for each in parts) or all(each <= 0 for each in parts)


def test_share_of_null() -> None:
    """Of no amount there are no parts."""
    recipe = share_of("parents.amount", "parent_id")
    assert _drawn("price", recipe, parents={"amount": constant(None)}) == [None] * 8


# What is refused when the blueprint is built


NOT_FITTING: Sequence[tuple[str, object, str]] = [
    ("number", "x", "a whole number"),
    ("number", 1.5, "a whole number"),
    ("number", Decimal(1), "a whole number"),
    ("number", True, "a whole number"),
    ("number", date(2024, 1, 1), "a whole number"),
    ("whole", Decimal("1.5"), "a whole number, below 10,000"),
    ("whole", 10_000, "a whole number, below 10,000"),
    *(
        ("price", value, "a Decimal of at most 2 decimal places, below 100,000,000")
        for value in ("x", Decimal("1.555"), True, Decimal("NaN"), Decimal(10**8), 1.005)
    ),
    ("loose", "x", "a number"),
    ("real", "x", "a number"),
    ("day", "2024-01-01", "a date"),
    ("day", datetime(2024, 1, 1), "a date"),  # noqa: DTZ001
    *(
        (
            "at",
            value,
            "a datetime of whole seconds, with a time zone only if the column has one",
        )
        for value in (
            date(2024, 1, 1),
            "x",
            datetime(2024, 1, 1, microsecond=5),  # noqa: DTZ001
            datetime(2024, 1, 1, tzinfo=UTC),
        )
    ),
    ("clock", 5, "a time of whole seconds, with a time zone only if the column has one"),
    ("length", 5, "a timedelta of whole seconds"),
    ("code", 5, "a text of at most 8 characters"),
    ("code", "x" * 9, "a text of at most 8 characters"),
    ("note", b"x", "a text"),
    ("color", "RED", "one of Color.RED, Color.GREEN"),
    ("state", "sent", "one of 'open', 'paid'"),
    ("state", 5, "one of 'open', 'paid'"),
    ("yes", 5, "True or False"),
    ("uid", "x", "a UUID"),
    ("data", "x", "bytes"),
    ("tags", "x", "a list of values of the type of its items"),
]


@pytest.mark.parametrize(("name", "value", "wanted"), NOT_FITTING)
def test_a_value_that_does_not_fit(name: str, value: object, wanted: str) -> None:
    """A value that the column does not hold is named, with what the column holds."""
    kind = Base.metadata.tables["things"].columns[name].type
    message = (
        f"Column 'things.{name}' is given {value!r}, and its type is {kind!r}.\nAllowed: {wanted}."
    )
    fitting, _ = FITTING.get(name, (None, None))

    for recipe in (
        constant(value),
        choice(fitting, value),
        listed(value),
        sometimes(constant(value), 5),
    ):
        assert _refused(lambda recipe=recipe: _blueprint({name: recipe})) == message  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        each
        for each in NOT_FITTING
        if not (each[0] in {"number", "whole"} and isinstance(each[1], Decimal))
        and each[1] not in {Decimal("1.555"), Decimal(10**8)}
    ],
)
def test_what_a_function_makes_does_not_fit(name: str, value: object, wanted: str) -> None:
    """A function that makes what the column does not hold is stopped, with column and value."""
    message = f"The function of column 'things.{name}' has made {value!r}.\nAllowed: {wanted}."

    for recipe in (derived(lambda _: value, "id"), lambda run: [value] * (run.stop - run.start)):
        assert _refused(lambda recipe=recipe: _drawn(name, recipe), GenerationError) == message  # type: ignore[misc]


def test_a_value_that_another_type_does_not_hold() -> None:
    """Types that SQLAlchemy does not have are named as they are; long enumerations are cut."""
    names = [f"x{number}" for number in range(9)]
    table = Table(
        "t", MetaData(), Column("id", Integer, primary_key=True), Column("e", Enum(*names))
    )
    assert _refused(lambda: Fill(table, rows=Fixed(1), columns={"e": constant("y")})).endswith(
        "Allowed: one of 'x0', 'x1', 'x2', 'x3', 'x4', …."
    )


def test_several_columns_that_are_not_given_tuples() -> None:
    """A value for two columns is a tuple of two, and each of them fits."""
    key = (Thing.name, Thing.price)
    for value in ("a", ("a",), ("a", 1, 2), ["a", 1]):
        assert _refused(lambda value=value: _blueprint({key: constant(value)})) == (  # type: ignore[misc]
            f"Column 'things.name, price' is given {value!r}.\nAllowed: a tuple of 2 values."
        )
    assert _refused(lambda: _blueprint({key: choice(("a", "x"))})) == (
        "Column 'things.price' is given 'x', and its type is Numeric(precision=10, scale=2).\n"
        "Allowed: a Decimal of at most 2 decimal places, below 100,000,000."
    )
    error = _refused(
        lambda: _rows(
            _blueprint({key: lambda run: ["a"] * (run.stop - run.start)}), "things", "name"
        ),
        GenerationError,
    )
    assert error == (
        "The function of column 'things.name' has made 'a'.\nAllowed: a tuple of 2 values."
    )
    assert _refused(lambda: _blueprint({key: faker("company")})).endswith(
        "Allowed: a tuple of 2 values."
    )


@pytest.mark.parametrize(
    "recipe",
    [
        constant(None),
        choice(1, None),
        listed(1, None),
        unique(choice(1, None)),
        sometimes(constant(1), 50),
    ],
)
def test_null_in_a_column_that_is_not(recipe: Recipe) -> None:
    """NULL that is written down for a NOT NULL column is refused."""
    message = (
        "Column 'things.needed' is given NULL, and it is NOT NULL.\n"
        "Allowed: a value for each row. Leave None and sometimes(…) out, or make the column "
        "nullable."
    )
    assert _refused(lambda: _blueprint({Thing.needed: recipe})) == message


def test_null_in_one_of_several_columns() -> None:
    """Of columns that are drawn together, the one that may not be NULL is named."""
    key = (Thing.name, Thing.needed)
    assert "'things.needed'" in _refused(lambda: _blueprint({key: choice(("a", None))}))
    assert set(_rows(_blueprint({key: choice((None, 1))}), "things", "name")) == {None}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (choice, "choice() has nothing to choose from.\nAllowed: one value or more."),
        (listed, "A list of values is empty.\nAllowed: at least one value."),
        (
            lambda: weighted({}),
            "weighted(…) is given {}.\nAllowed: a mapping of one value or more to whole numbers: "
            '{"open": 1, "paid": 8}.',
        ),
        (
            lambda: weighted(["a"]),  # type: ignore[arg-type]
            "weighted(…) is given ['a'].\nAllowed: a mapping of one value or more to whole "
            'numbers: {"open": 1, "paid": 8}.',
        ),
        (
            lambda: weighted({"a": 0.5}),  # type: ignore[dict-item]
            "The weights of a choice are [0.5].\n"
            "Allowed: whole numbers, such as parts of a hundred.",
        ),
        (
            lambda: choice("a", weights=[True]),
            "The weights of a choice are [True].\n"
            "Allowed: whole numbers, such as parts of a hundred.",
        ),
        (
            lambda: choice("a", weights=[1, 2]),
            "A choice of 1 values has the weights [1, 2].\n"
            "Allowed: at least one value, and a weight of 0 or more for each, not all 0.",
        ),
        (
            lambda: weighted({"a": -1, "b": 2}),
            "A choice of 2 values has the weights [-1, 2].\n"
            "Allowed: at least one value, and a weight of 0 or more for each, not all 0.",
        ),
        (
            lambda: sometimes(constant(1), -1),
            "There is a value in -1 of 100 rows.\nAllowed: from 0 to 100.",
        ),
        (
            lambda: sometimes(constant(1), 101),
            "There is a value in 101 of 100 rows.\nAllowed: from 0 to 100.",
        ),
        (
            lambda: sometimes(5, 50),  # type: ignore[arg-type]
            "A recipe is given as 5.\nAllowed: a recipe, such as choice(…) or constant(…), or a "
            "function that takes the run and returns a list.",
        ),
        (
            lambda: pattern("abc"),
            "The pattern 'abc' has nothing to fill in.\n"
            "Allowed: #, %, ? or ^ for a digit, a digit from 1, a letter, a hexadecimal digit. For "
            "a text that is always the same, use constant(…).",
        ),
        (
            lambda: pattern(5),  # type: ignore[arg-type]
            "The pattern is 5.\nAllowed: a text, such as 'INV-######'.",
        ),
        (
            lambda: word("title"),
            "There is no list of words 'title'.\n"
            f"Allowed: {', '.join(WORDS)}.\nDid you mean 'titles'?",
        ),
        (
            lambda: faker("compny"),
            "Faker has no provider 'compny'.\n"
            "Did you mean 'company' or 'company_email' or 'country'?\n"
            "Allowed: a name from https://faker.readthedocs.io, such as company or iban.",
        ),
        (
            lambda: faker("date_time"),
            "Faker's provider 'date_time' hangs on today, and the data would be others tomorrow.\n"
            "Allowed: between(…) from a first to a last date or time.",
        ),
        (
            lambda: derived(len),
            f"The function {len!r} is derived from no column.\n"
            "Name the columns that it takes, or use constant(value).",
        ),
        (
            lambda: derived("x", "id"),  # type: ignore[arg-type]
            "derived(…) is given 'x' as its function.\n"
            "Allowed: a function, and then the columns whose values it takes: "
            "derived(lambda price: price * 2, Product.price).",
        ),
        (
            lambda: sum_of("amount"),
            "The column of another table is given as 'amount'.\n"
            "Allowed: 'table.column', a Column, or an attribute of a model (Line.amount).",
        ),
        (
            lambda: sum_of(Parent.things),
            "A column is given as Parent.things.\n"
            "Allowed: a name, a Column of a Table, or an attribute of a model that is one column.\n"
            "It is a relationship. Its columns: id.",
        ),
        (
            lambda: taken(Thing.parent, Parent.amount),
            "A column is given as Thing.parent.\n"
            "Allowed: a name, a Column of a Table, or an attribute of a model that is one column.\n"
            "It is a relationship. Its columns: parent_id.",
        ),
        (
            lambda: taken(5, Parent.amount),  # type: ignore[arg-type]
            "A column is given as 5.\n"
            "Allowed: a name, a Column of a Table, or an attribute of a model that is one column.",
        ),
    ],
)
def test_words_that_say_nothing(make: Callable[[], object], message: str) -> None:
    """What can be known without a column is refused where it is written."""
    assert _refused(make) == message


@pytest.mark.parametrize(
    "recipe",
    [
        constant(1),
        sometimes(between(1, 9), 50),
        derived(len, "name"),
        taken("parent_id", "id"),
    ],
)
def test_unique_of_what_cannot_be_counted(recipe: Recipe) -> None:
    """What does not know how many values it has cannot be made unique."""
    assert _refused(lambda: unique(recipe)) == (
        f"The recipe {recipe!r} cannot be made unique: it does not know how many values it has.\n"
        "Allowed: choice(…), between(…), pattern(…), faker(…) and other recipes over values that "
        "can be counted; sequence(…) draws nothing twice."
    )


@pytest.mark.parametrize(
    ("name", "recipe", "message"),
    [
        *(
            (
                name,
                recipe,
                f"Column 'things.{name}': {recipe_name}(…) fills a column of the type "
                f"{Base.metadata.tables['things'].columns[name].type!r}, in which no value is the "
                "next one after another.\nAllowed: whole numbers, NUMERIC with a number of decimal "
                "places, dates and times. For others write choice(…), or derived(…) from a column "
                "that is not stored.",
            )
            for name, recipe, recipe_name in [
                ("real", between(1.0, 2.0), "between"),
                ("real", between(1, 2), "between"),
                ("loose", sequence(), "sequence"),
                ("name", between("a", "b"), "between"),
                ("color", between(Color.RED, Color.GREEN), "between"),
                ("yes", sequence(), "sequence"),
                ("uid", unique(between(UUID(int=1), UUID(int=5))), "between"),
                ("extra", sequence(), "sequence"),
            ]
        ),
        *(
            (
                "number",
                recipe,
                f"Column 'things.number': A range goes from {text}.\n"
                "Allowed: a first value that is not beyond the last, and a step forward.",
            )
            for recipe, text in [
                (between(3, 1), "3 to 1 by None"),
                (between(1, 3, step=0), "1 to 3 by 0"),
                (between(1, 3, step=-1), "1 to 3 by -1"),
            ]
        ),
        *(
            (
                "number",
                recipe,
                f"Column 'things.number' is given {value!r}, and its type is Integer().\n"
                "Allowed: a whole number.",
            )
            for recipe, value in [
                (between(1.0, 2), 1.0),
                (between(None, 2), None),
                (between(1, 3, step=0.5), 0.5),
                (between(1, 3, step=timedelta(1)), timedelta(1)),
                (sequence("x"), "x"),
                (sequence(None), None),
                (sequence(1, 0.5), 0.5),
            ]
        ),
        (
            "day",
            between(date(2024, 1, 1), date(2024, 1, 9), step=timedelta(hours=1)),
            "Column 'things.day' is given datetime.timedelta(seconds=3600), and its type is Date()."
            "\nAllowed: a step of whole days, as a timedelta or a number.",
        ),
        (
            "at",
            sequence(datetime(2024, 1, 1), True),  # noqa: DTZ001, FBT003
            "Column 'things.at' is given True, and its type is DateTime().\n"
            "Allowed: a step of whole seconds, as a timedelta or a number.",
        ),
        (
            "number",
            sequence(1, 0),
            "Column 'things.number': A sequence goes on by 0.\n"
            "Allowed: another step; constant(…) repeats a value.",
        ),
        (
            "number",
            pattern("##"),
            "Column 'things.number': pattern('##') makes texts of 2 characters, and fills a column "
            "that takes a whole number.\n"
            "Allowed: a column of texts that are as long. Numbers and dates are drawn by "
            "between(…) and sequence(…).",
        ),
        (
            "code",
            unique(pattern("#########")),
            "Column 'things.code': pattern('#########') makes texts of 9 characters, and fills a "
            "column that takes a text of at most 8 characters.\n"
            "Allowed: a column of texts that are as long. Numbers and dates are drawn by "
            "between(…) and sequence(…).",
        ),
        (
            "state",
            word("jobs"),
            "Column 'things.state': word('jobs') makes texts, and fills a column that takes one of "
            "'open', 'paid'.\n"
            "Allowed: a column of texts that are as long. Numbers and dates are drawn by "
            "between(…) and sequence(…).",
        ),
        (
            ("name", "note"),
            word("jobs"),
            "Column 'things.name, note': word('jobs') makes texts, and fills several columns.\n"
            "Allowed: a column of texts that are as long. Numbers and dates are drawn by "
            "between(…) and sequence(…).",
        ),
        (
            ("name", "number"),
            between(1, 2),
            "Column 'things.name, number': between(…) fills several columns, in which no value is "
            "the next one after another.\n"
            "Allowed: whole numbers, NUMERIC with a number of decimal places, dates and times. For "
            "others write choice(…), or derived(…) from a column that is not stored.",
        ),
        (
            "number",
            5,
            "Column 'things.number': A recipe is given as 5.\n"
            "Allowed: a recipe, such as choice(…) or constant(…), or a function that takes the run "
            "and returns a list.",
        ),
        (
            "number",
            Recipe,
            f"Column 'things.number': A recipe is given as {Recipe!r}.\n"
            "Allowed: a recipe, such as choice(…) or constant(…), or a function that takes the run "
            "and returns a list.",
        ),
        (
            "name",
            faker("company", size=5),
            "Column 'things.name': faker('company', size=5) cannot be called: Provider.company() "
            "got an unexpected keyword argument 'size'.\n"
            "Allowed: the arguments that https://faker.readthedocs.io names.",
        ),
        (
            "name",
            faker("random_digit"),
            "Column 'things.name' is given 9, and its type is String(length=40).\n"
            "Allowed: a text of at most 40 characters.",
        ),
        (
            "price",
            derived(len, Other.number),
            "The recipe of column 'things.price' names 'others.number', a column of another table."
            f"\nAllowed: columns of 'things': {', '.join(Thing.__table__.columns.keys())}. What "
            "the parent has is read by taken(…).",
        ),
        (
            "price",
            sometimes(taken(Other.number, Parent.amount), 50),
            "The recipe of column 'things.price' names 'others.number', a column of another table."
            f"\nAllowed: columns of 'things': {', '.join(Thing.__table__.columns.keys())}. What "
            "the parent has is read by taken(…).",
        ),
        (
            "price",
            share_of(Parent.amount, (Other.number,)),
            "The recipe of column 'things.price' names 'others.number', a column of another table."
            f"\nAllowed: columns of 'things': {', '.join(Thing.__table__.columns.keys())}. What "
            "the parent has is read by taken(…).",
        ),
        (
            "price",
            derived(len, "nmber"),
            "Column 'things.price' reads 'things.nmber', which has no recipe.\n"
            "Columns: id, parent_id, price.",
        ),
        (
            "price",
            taken("parent_id", "amuont"),
            "Column 'things.price' reads 'parents.amuont', which has no recipe.\n"
            "Columns: id, amount.\nDid you mean 'amount'?",
        ),
        (
            "price",
            taken("number", "amount"),
            "Column 'things.number' is no foreign key, so it has no parent.\n"
            "Foreign keys of 'things': parent_id.",
        ),
        (
            "price",
            taken(Thing.parent_id, "others.id"),
            "Column 'things.price' takes 'others.id' through 'parent_id', which refers to "
            "'parents'.\nColumns of 'parents': id, amount, number, day, length.",
        ),
        (
            "price",
            share_of("others.id", "parent_id"),
            "Column 'things.price' reads 'others.id', but no such table is filled.\n"
            "Tables: parents, things.",
        ),
        (
            "price",
            share_of("things.id", "parent_id"),
            "Column 'things.price' is a share of 'things.id' through 'parent_id', and no row of "
            "'things' owns it through that key.\n"
            "Allowed: an amount of the owner's. The owner of 'things': parents. A table is owned "
            "through rows=FanOut(…).",
        ),
        (
            "real",
            share_of("parents.amount", "parent_id"),
            f"Column 'things.real' ({Thing.__table__.c.real.type!r}) is made of 'parents.amount' "
            f"(Numeric(precision=10, scale=2)), and {Thing.__table__.c.real.type!r} cannot be "
            "divided.\n"
            "Allowed: whole numbers, NUMERIC with a number of decimal places, and intervals.",
        ),
        (
            "number",
            share_of("parents.amount", "parent_id"),
            "Column 'things.number' (Integer()) reads 'parents.amount' (Numeric(precision=10, "
            "scale=2)), and does not hold each of its values.\n"
            "Allowed: a type that does, with as many decimal places. Or give the other column's "
            "values to a virtual column, and write derived(…) from that.",
        ),
    ],
)
def test_words_that_do_not_fit_a_column(name: Any, recipe: object, message: str) -> None:
    """What a column cannot be filled with is refused when the blueprint is built."""
    parents = {"amount": constant(Decimal(1))}
    assert _refused(lambda: _blueprint({name: recipe}, parents)) == message


@pytest.mark.parametrize(
    ("parents", "things", "message"),
    [
        (
            {"amount": sum_of("things.prise")},
            {"price": constant(1)},
            "Column 'parents.amount' reads 'things.prise', which has no recipe.\n"
            "Columns: id, parent_id, price.\nDid you mean 'price'?",
        ),
        (
            {"amount": sum_of("thinks.price")},
            {"price": constant(1)},
            "Column 'parents.amount' reads 'thinks.price', but no such table is filled.\n"
            "Tables: parents, things.\nDid you mean 'things'?",
        ),
        (
            {"amount": sum_of(Thing.fine)},
            {"fine": constant(1)},
            "Column 'parents.amount' (Numeric(precision=10, scale=2)) reads 'things.fine' "
            "(Numeric(precision=12, scale=4)), and does not hold each of its values.\n"
            "Allowed: a type that does, with as many decimal places. Or give the other column's "
            "values to a virtual column, and write derived(…) from that.",
        ),
        (
            {"amount": sum_of(Thing.name)},
            {"name": constant("a")},
            "Column 'parents.amount' (Numeric(precision=10, scale=2)) is made of 'things.name' "
            "(String(length=40)), and String(length=40) cannot be added up.\n"
            "Allowed: whole numbers, NUMERIC with a number of decimal places, and intervals.",
        ),
        (
            {"amount": sum_of("things.twice")},
            {"price": constant(1)},
            "Column 'parents.amount' (Numeric(precision=10, scale=2)) reads 'things.twice', which "
            "is virtual and has no type to count its values in.\n"
            "Allowed: a column that is stored. Add 'things.twice' to the table, or calculate it "
            "where it is read.",
        ),
    ],
)
def test_sums_that_do_not_fit(parents: Columns, things: Columns, message: str) -> None:
    """A sum is over a column that there is, of a type that adds up."""
    virtual = {"twice": derived(lambda price: price * 2, "price")} if "price" in things else None
    assert (
        _refused(lambda: _blueprint(things, parents, virtual=virtual)).partition("Columns")[0]
        == (message.partition("Columns")[0])
    )


def test_a_sum_over_a_virtual_column_that_counts() -> None:
    """A recipe of one's own that counts may be added up without being stored."""
    blueprint = _blueprint({}, {"amount": sum_of("things.cents")}, virtual={"cents": Constant(150)})
    assert sum(_rows(blueprint, "parents", "amount")) == Decimal("12.00")
    assert blueprint.sums() == []


def test_a_sum_over_rows_that_are_not_owned() -> None:
    """Rows that nobody owns are nobody's to add up, nor to divide an amount among."""
    things = {"parent_id": constant(1), "price": constant(1)}
    assert _refused(lambda: _blueprint(things, {"amount": sum_of(Thing.price)}, rows=Fixed(3))) == (
        "Column 'parents.amount' is a sum over 'things', whose rows 'parents' does not own.\n"
        "Tables that it owns: none. A table is owned through rows=FanOut(…)."
    )
    things = {"parent_id": constant(1), "price": share_of(Parent.amount, Thing.parent_id)}
    assert _refused(lambda: _blueprint(things, {"amount": constant(1)}, rows=Fixed(3))) == (
        "Column 'things.price' is a share of 'parents.amount' through 'parent_id', and no row of "
        "'parents' owns it through that key.\n"
        "Allowed: an amount of the owner's. The owner of 'things': none. A table is owned through "
        "rows=FanOut(…)."
    )


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (
            Other.number,
            "The fill of 'things' has a recipe for 'others.number', a column of another table.\n"
            f"Columns of 'things': {', '.join(Thing.__table__.columns.keys())}. Give the other "
            "table a fill of its own.",
        ),
        (
            (Thing.number, Other.number),
            "The fill of 'things' has a recipe for 'others.number', a column of another table.\n"
            f"Columns of 'things': {', '.join(Thing.__table__.columns.keys())}. Give the other "
            "table a fill of its own.",
        ),
        (
            Thing.parent,
            "A column is given as Thing.parent.\n"
            "Allowed: a name, a Column of a Table, or an attribute of a model that is one column.\n"
            "It is a relationship. Its columns: parent_id.",
        ),
        (
            5,
            "A column is given as 5.\n"
            "Allowed: a name, a Column of a Table, or an attribute of a model that is one column.",
        ),
        (
            Column("loose", Integer),
            "A column is given as Column('loose', Integer(), table=None).\n"
            "Allowed: a name, a Column of a Table, or an attribute of a model that is one column.",
        ),
        (
            "nmber",
            "Column 'things.nmber' has a recipe, but the table has no such column.\n"
            f"Columns: {', '.join(Thing.__table__.columns.keys())}.\n"
            "Did you mean 'number' or 'name'?\n"
            "A column that is computed and not stored is given in virtual={…}.",
        ),
    ],
)
def test_keys_of_a_fill_that_are_no_columns(key: Any, message: str) -> None:
    """The keys of a fill are columns of its table."""
    assert _refused(lambda: _blueprint({key: constant(1)})) == message


def test_two_recipes_under_two_names() -> None:
    """A column under its name and as an attribute is one column."""
    assert _refused(lambda: _blueprint({Thing.number: constant(1), "number": constant(2)})) == (
        "Column 'number' has two recipes.\n"
        "Allowed: one, for the column alone or for it and others together."
    )


# What is refused when rows are made


@pytest.mark.parametrize("made", [None, "abcdefgh", b"abcdefgh", 8])
def test_a_function_that_returns_no_list(made: object) -> None:
    """A function of the run returns a list; a text is none, however long it is."""
    assert _refused(lambda: _drawn("name", lambda _: made), GenerationError) == (
        f"The function of column 'things.name' has returned {made!r}.\n"
        "Allowed: a list with a value for each of the rows range(run.start, run.stop)."
    )


@pytest.mark.parametrize("count", [0, 7, 9])
def test_a_function_that_returns_too_few_values(count: int) -> None:
    """A function of the run returns as many values as there are rows."""
    assert _refused(lambda: _drawn("name", lambda _: ["a"] * count), GenerationError) == (
        f"Column 'things.name' could not be drawn: its recipe drew {count} values for 8 rows.\n"
        "Everything that this generation had done is undone."
    )


def test_a_provider_of_faker_s_whose_texts_are_too_long() -> None:
    """Where everything is too long, there is nothing to draw."""
    error = _refused(lambda: _drawn("code", faker("paragraph")), GenerationError)
    assert error.startswith("faker('paragraph') makes nothing that the column takes, only such as")
    assert error.endswith(
        "Allowed: a text of at most 8 characters. Give arguments that make less, or another "
        "provider."
    )


# Blueprints


def test_a_blueprint_says_what_it_fills() -> None:
    """A blueprint in a message is short."""
    assert repr(_blueprint()) == "<Blueprint of 2 tables: parents, things>"
    metadata = MetaData()
    tables = [
        Table(f"t{number}", metadata, Column("id", Integer, primary_key=True))
        for number in range(7)
    ]
    many = Blueprint(metadata, {"all": [Fill(each, rows=Fixed(1)) for each in tables]})
    assert repr(many) == "<Blueprint of 7 tables: t0, t1, t2, t3, t4, …>"
    assert many.volumes["small"].counts == {}


def test_a_fill_without_rows() -> None:
    """Without `infer` a fill says how many rows there are; those that exist need no recipes."""
    with pytest.raises(BlueprintError, match="Table 'parents' has no number of rows"):
        Blueprint(Base.metadata, {"all": [Fill(Parent)]})
    fills = [Fill(Parent, rows=Existing()), Fill(Thing, rows=Existing())]
    blueprint = Blueprint(Base.metadata, {"all": fills})
    assert blueprint.filled("all") == []
    assert blueprint.existing() == fills
