"""Inferred columns of all types, those of an application's own among them."""

from __future__ import annotations

import json
import pickle
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import ip_address, ip_network
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import pytest
from inferred import rows_of, table_of, values_of
from sqlalchemy import (
    CHAR,
    JSON,
    CheckConstraint,
    Column,
    Integer,
    LargeBinary,
    Numeric,
    PickleType,
    String,
    Text,
    TypeDecorator,
    insert,
    select,
    types,
)
from sqlalchemy.dialects import mysql, postgresql

from pytest_demodata import BlueprintError, DataGenerator, VolumeError
from pytest_demodata.inference.infer import infer

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Paint(Enum):
    """Colours whose names are not their values."""

    RED = "r"
    BLUE = "b"
    GREEN = "g"


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        (types.Enum(Paint), Paint),
        (types.Enum("a", "b"), str),
        (mysql.SET("a", "b"), set),
        (types.Boolean(), bool),
        (types.Interval(), timedelta),
        (postgresql.INTERVAL(), timedelta),
        (types.Uuid(), uuid.UUID),
        (types.Uuid(as_uuid=False), str),
        (types.LargeBinary(), bytes),
        (types.JSON(), dict),
        (postgresql.JSONB(), dict),
        (types.ARRAY(types.String()), list),
        (types.ARRAY(types.Integer()), list),
        (types.ARRAY(types.Enum(Paint)), list),
        (mysql.YEAR(), int),
        (postgresql.INET(), str),
        (postgresql.CIDR(), str),
        (postgresql.MACADDR(), str),
        (PickleType(), dict),
    ],
)
def test_every_type_has_values(kind: Any, made: type) -> None:
    """Of the class that SQLAlchemy takes."""
    values = values_of(kind)
    assert {type(value) for value in values} == {made}
    assert len({repr(value) for value in values}) > 1


def test_addresses_of_networks_are_valid() -> None:
    """As Python's own module reads them; unique ones go on in version 6."""
    addresses = values_of(postgresql.INET(), unique=True, volume="large")
    assert len({*map(ip_address, addresses)}) == 1_000
    assert all(ip_network(each) for each in values_of(postgresql.CIDR(), unique=True))


@pytest.mark.parametrize(
    ("kind", "capacity"),
    [
        (types.Enum(Paint), 3),
        (types.Boolean(), 2),
        (LargeBinary(1), 256),
        (postgresql.CIDR(), 65_536),
    ],
)
def test_few_values_are_few_unique_ones(kind: Any, capacity: int) -> None:
    """The table has no more rows than that."""
    table = table_of("things", Column("value", kind, unique=True))
    volume = "huge" if capacity > 1_000 else "large"
    if capacity > 20_000:
        assert len({*rows_of(table, volume=volume)["value"]}) == 20_000
        return
    with pytest.raises(VolumeError, match=f"can have {capacity:,} different values"):
        rows_of(table, volume=volume)


@pytest.mark.parametrize("length", [3, 8, 24, 200, None])
def test_unique_bytes_are_no_longer_than_their_column(length: int | None) -> None:
    """And all different."""
    values = values_of(LargeBinary(length), unique=True, volume="large")
    assert len({*values}) == 1_000
    assert all(len(value) <= (length or 24) for value in values)


@pytest.mark.parametrize(
    "kind",
    [types.ARRAY(types.Date()), types.ARRAY(types.Integer(), dimensions=2), types.NullType()],
)
def test_a_type_of_which_nothing_is_known_is_told(kind: Any) -> None:
    """Where it may not be NULL; else it is NULL, and a default of the database's is left alone."""
    table = table_of("things", Column("value", kind, nullable=False))
    with pytest.raises(BlueprintError, match=r"things\.value: nothing is known of"):
        infer(table.metadata)
    table = table_of("things", Column("value", kind))
    assert "value" not in rows_of(table)


# Constraints


@pytest.mark.parametrize(
    ("kind", "check", "values"),
    [
        (Integer(), "value IN (1, 2) AND value > 1", {2}),
        (Integer(), "value IN (1, 2, 3) AND value <> 2 AND value >= 1 AND value < 3", {1}),
        (Integer(), "value IN (1, 2, 3) AND value <= 2 AND value <> 1", {2}),
        (Numeric(5, 2), "value IN (1.5, 2)", {Decimal("1.5"), Decimal(2)}),
        (String(5), "value IN ('a', 'bb', 'ccc') AND length(value) > 1", {"bb", "ccc"}),
        (String(5), "value IN ('a', 'bb', 'ccc') AND length(value) <= 2", {"a", "bb"}),
        (String(5), "value IN ('a', 'b') AND value <> 'b'", {"a"}),
        (types.Enum(Paint), "value IN ('RED', 'BLUE')", {Paint.RED, Paint.BLUE}),
        (types.Enum(Paint), "value <> 'RED'", {Paint.GREEN, Paint.BLUE}),
        (types.Enum("a", "b"), "value = 'a'", {"a"}),
        (types.Boolean(), "value", {True}),
        (types.Boolean(), "value = 0", {False}),
        (types.Date(), "value IN ('2024-01-02')", {date(2024, 1, 2)}),
        (
            types.DateTime(timezone=True),
            "value = '2024-01-02 03:04:05'",
            {datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)},
        ),
    ],
)
def test_listed_values_are_drawn(kind: Any, check: str, values: set[Any]) -> None:
    """Those that the other constraints leave."""
    assert {*values_of(kind, "value", CheckConstraint(check), volume="medium")} == values


@pytest.mark.parametrize(
    ("kind", "check", "reason"),
    [
        (Integer(), "value IN (1) AND value <> 1", "its constraints leave no value"),
        (types.Enum("a", "b"), "value <> 'a' AND value <> 'b'", "its constraints leave no value"),
        (types.Date(), "value = 'soon'", "the value 'soon', which it cannot hold"),
        (Numeric(4, 1), "value = 1.25", "which it cannot hold"),
        (String(5), "length(value) > 7", "its constraints leave no length"),
        (String(5), "value > 'b'", "it is text, and a constraint compares it"),
        (String(5), "value < 'b'", "it is text, and a constraint compares it"),
        (String(5), "value LIKE 'a%' AND value LIKE '%b'", "several constraints say what"),
        (String(5), "value LIKE 'abcde%'", "there is no room for more"),
    ],
)
def test_what_leaves_no_value_is_told(kind: Any, check: str, reason: str) -> None:
    """With the column, the reason, and what to write."""
    table = table_of("things", Column("value", kind, nullable=False), CheckConstraint(check))
    with pytest.raises(BlueprintError) as caught:
        infer(table.metadata)
    message = str(caught.value)
    assert "things.value: " in message
    assert reason in message
    assert "Write: Fill('things', columns={'value': choice(…)})" in message


@pytest.mark.parametrize("unique", [False, True])
@pytest.mark.parametrize(
    ("name", "length", "check", "expected"),
    [
        ("email", 40, "email LIKE '%@%'", lambda text: "@" in text),
        ("email", 40, "email LIKE '%@%' AND length(email) > 5", lambda text: "@" in text[:39]),
        ("code", 20, "code LIKE 'A#%'", lambda text: text.startswith("A#")),
        ("code", 9, "code LIKE '%-X'", lambda text: text.endswith("-X") and len(text) == 9),
        ("code", None, "code LIKE '%-X?-%'", lambda text: "-X?-" in text[1:-1]),
        ("code", 30, "code LIKE 'A%' AND length(code) >= 20", lambda text: len(text) >= 20),
        ("name", 200, "length(name) >= 30", lambda text: 30 <= len(text) <= 200),
        ("name", 20, "length(name) >= 10", lambda text: 10 <= len(text) <= 20),
        ("name", None, "length(name) >= 11", lambda text: len(text) >= 11),
        ("name", None, "length(name) = 12", lambda text: len(text) == 12),
        ("name", 9, "name <> ''", bool),
        ("name", 9, "name > ''", bool),
        ("status", 20, "status <> 'new' AND length(status) > 4", lambda text: text != "new"),
        ("status", 20, "length(status) > 8", lambda text: len(text) > 8),
        ("status", 20, "length(status) <= 4", lambda text: len(text) <= 4),
    ],
)
def test_texts_are_as_constraints_want_them(
    name: str,
    length: int | None,
    check: str,
    expected: Any,
    unique: bool,  # noqa: FBT001 - one of the cases
) -> None:
    """In their length, and what they begin or end with."""
    texts = values_of(String(length), name, CheckConstraint(check), unique=unique)
    assert all(map(expected, texts))
    assert all(text and (length is None or len(text) <= length) for text in texts)
    assert not unique or len({*texts}) == len(texts)


def test_a_default_is_the_rule_for_one_of_a_few_words() -> None:
    """Unless a constraint leaves it out."""
    assert {*values_of(String(20), "status", default="fresh")} == {"fresh"}
    check = CheckConstraint("status <> 'fresh'")
    assert "fresh" not in values_of(String(20), "status", check, default="fresh")
    assert len({*values_of(String(20), "name", default="fresh")}) > 10


# Comparisons


@pytest.mark.parametrize("operator", [">", ">=", "<>"])
@pytest.mark.parametrize("kinds", [(Integer(), Numeric(8, 2)), (Numeric(8, 2), Integer())])
def test_a_number_is_larger_than_another(operator: str, kinds: tuple[Any, Any]) -> None:
    """Whatever their scales, and where the other is NULL too."""
    table = table_of(
        "things",
        Column("small", kinds[0]),
        Column("other", Integer, nullable=False),
        Column("large", kinds[1], nullable=False),
        CheckConstraint(f"large {operator} small AND large >= other AND large <= 900"),
        CheckConstraint("small < 500 AND other < 500"),
    )
    rows = rows_of(table, volume="medium")
    for small, other, large in zip(rows["small"], rows["other"], rows["large"], strict=True):
        assert other <= large <= 900
        assert small is None or (large >= small if operator == ">=" else large > small)


@pytest.mark.parametrize(
    ("kinds", "unique", "reason"),
    [
        ((Integer, types.Float), False, "compares it with another column"),
        ((Integer, Integer), True, "compares it with another column"),
        ((types.Time, Integer), False, "is not understood|of another kind"),
        ((types.Time, types.Time), False, "compares it with another column"),
    ],
)
def test_a_comparison_that_cannot_be_kept_is_told(
    kinds: tuple[Any, Any],
    unique: bool,  # noqa: FBT001 - one of the cases
    reason: str,
) -> None:
    """Where the larger one is a binary fraction, unique, or no number."""
    table = table_of(
        "things",
        Column("small", kinds[0], nullable=False),
        Column("large", kinds[1], nullable=False, unique=unique),
        CheckConstraint("large > small"),
    )
    with pytest.raises(BlueprintError, match=reason):
        infer(table.metadata)


def test_a_comparison_that_leaves_nothing_is_told() -> None:
    """The larger one has limits of its own."""
    table = table_of(
        "things",
        Column("small", Integer, nullable=False),
        Column("large", Integer, nullable=False),
        CheckConstraint("large > small AND large > 5 AND large < 6"),
    )
    with pytest.raises(BlueprintError, match="leave no number that its type holds"):
        infer(table.metadata)


# Types of an application's own


class Bare(TypeDecorator[str]):
    """Changes nothing."""

    impl = CHAR(32)
    cache_ok = True


class Shouting(TypeDecorator[str]):
    """Stores capital letters, and gives them back."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Any) -> Any:
        """Store capital letters."""
        return None if value is None else value.upper()


class Members(TypeDecorator[Paint]):
    """Stores the values of an enumeration."""

    impl = String(10)
    cache_ok = True

    def __init__(self, members: type[Enum]) -> None:
        super().__init__()
        self._members = members

    def process_bind_param(self, value: Any, _dialect: Any) -> Any:
        """Store a member's value."""
        return None if value is None else value.value

    def process_result_value(self, value: Any, _dialect: Any) -> Any:
        """Give a member back."""
        return None if value is None else self._members(value)


class Choices(TypeDecorator[str]):
    """Stores one of some codes."""

    impl = String(10)
    cache_ok = False

    def __init__(self, choices: Any) -> None:
        super().__init__()
        self.choices = choices

    def process_bind_param(self, value: Any, _dialect: Any) -> Any:
        """Store a code."""
        if value is not None and value not in dict(self.choices):
            raise ValueError(value)
        return value


class JsonText(TypeDecorator[Any]):
    """Stores JSON as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Any) -> Any:
        """Write JSON."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: Any, _dialect: Any) -> Any:
        """Read JSON."""
        return None if value is None else json.loads(value)


class Csv(TypeDecorator[Any]):
    """Stores numbers with commas between them."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Any) -> Any:
        """Join the numbers."""
        return None if value is None else ",".join(str(int(each)) for each in value)

    def process_result_value(self, value: Any, _dialect: Any) -> Any:
        """Split them."""
        return None if value is None else [int(each) for each in value.split(",") if each]


class Uuids(TypeDecorator[uuid.UUID]):
    """Stores a UUID, or what can be read as one, as bytes."""

    impl = LargeBinary(16)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Any) -> Any:
        """Store its bytes."""
        return None if value is None else uuid.UUID(str(value)).bytes

    def process_result_value(self, value: Any, _dialect: Any) -> Any:
        """Give a UUID back."""
        return None if value is None else uuid.UUID(bytes=value)


class Aware(TypeDecorator[datetime]):
    """Takes times with a zone only."""

    impl = types.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Any) -> Any:
        """Refuse a time without a zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError(value)
        return value


class Salted(TypeDecorator[str]):
    """Stores something else each time."""

    impl = String(100)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Any) -> Any:
        """Put a salt before the text."""
        return None if value is None else f"{token_hex(4)}{value}"


class Nothing(TypeDecorator[str]):
    """Takes nothing, or so it seems."""

    impl = String(100)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Any) -> Any:
        """Take one word."""
        if value not in {None, "word"}:
            raise ValueError(value)
        return value


class Plain(TypeDecorator[Any]):
    """Is around any type, and changes nothing."""

    impl = Integer
    cache_ok = False

    def __init__(self, impl: Any) -> None:
        super().__init__()
        self.impl = impl

    def process_bind_param(self, value: Any, _dialect: Any) -> Any:
        """Hand the value on."""
        return value


class OneForAll(TypeDecorator[str]):
    """Stores all texts as one."""

    impl = String(100)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Any) -> Any:
        """Forget the text."""
        return None if value is None else "text"


class Nested(TypeDecorator[Any]):
    """Is around another type of the application's own."""

    impl = Uuids
    cache_ok = True


def _round_trip(engine: Engine, kind: Any) -> list[Any]:
    """Generate a table with a column of a type, and read it again."""
    table = table_of("things", Column("value", kind, nullable=False))
    DataGenerator(engine, blueprint=infer(table.metadata)).generate("small")
    with engine.connect() as connection:
        return list(connection.scalars(select(table.c.value)))


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        (Bare(), str),
        (Shouting(), str),
        (Members(Paint), Paint),
        (Choices([("a", "A"), ("b", "B")]), str),
        (Choices({"a": "A", "b": "B"}), str),
        (JsonText(), dict),
        (Csv(), list),
        (Uuids(), uuid.UUID),
        (Nested(), uuid.UUID),
    ],
)
def test_a_type_of_the_applications_own_is_filled(engine: Engine, kind: Any, made: type) -> None:
    """With what it stores, and gives back."""
    values = _round_trip(engine, kind)
    assert {type(value) for value in values} == {made}
    assert len({repr(value) for value in values}) > 1


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        (Integer(), int),
        (types.Float(), float),
        (Numeric(8, 2), Decimal),
        (types.Date(), date),
        (types.DateTime(), datetime),
        (types.Boolean(), bool),
        (types.Uuid(), uuid.UUID),
        (types.Enum(Paint), Paint),
        (JSON(), dict),
    ],
)
def test_a_type_around_another_has_its_values(engine: Engine, kind: Any, made: type) -> None:
    """Whatever it is around, also a type of the application's own."""
    for decorated in (Plain(kind), Plain(Plain(kind))):
        assert {type(value) for value in values_of(decorated)} == {made}
    assert {type(value) for value in _round_trip(engine, Plain(kind))} == {made}


def test_a_number_is_not_compared_with_a_type_of_the_applications_own() -> None:
    """Nobody knows what it stores."""
    table = table_of(
        "things",
        Column("small", Plain(Integer()), nullable=False),
        Column("large", Integer, nullable=False),
        CheckConstraint("large > small"),
    )
    with pytest.raises(BlueprintError, match="compares it with a column of another kind"):
        infer(table.metadata)


def test_a_type_around_arrays_of_unknown_items_is_told() -> None:
    """Nothing is known of what it is around."""
    table = table_of("things", Column("value", Plain(types.ARRAY(types.Date())), nullable=False))
    with pytest.raises(BlueprintError, match="is the application's own"):
        infer(table.metadata)


def test_a_type_that_takes_times_with_a_zone_gets_them() -> None:
    """As the type that it is around does."""
    assert {value.tzinfo for value in values_of(Aware())} == {UTC}


@pytest.mark.parametrize("kind", [Salted(), Nothing(), Choices([])])
def test_a_type_that_takes_nothing_known_is_told(kind: Any) -> None:
    """Or stores something else each time, so that no two generations would be the same."""
    table = table_of("things", Column("value", kind, nullable=False))
    with pytest.raises(BlueprintError) as caught:
        infer(table.metadata)
    name = type(kind).__name__
    assert f"its type {name} is the application's own, and takes no value that String" in str(
        caught.value
    )


def test_a_default_is_a_value_of_its_type() -> None:
    """Where nothing else is known of it, unless no two rows may have the same."""
    assert {*values_of(Nothing(), default="word")} == {"word"}
    table = table_of(
        "things", Column("value", Nothing(), default="word", unique=True, nullable=False)
    )
    with pytest.raises(BlueprintError, match="is the application's own"):
        infer(table.metadata)


def test_unique_values_are_stored_as_different_ones() -> None:
    """A type that makes one of two is told."""
    assert len({*values_of(Shouting(), unique=True)}) == 25
    table = table_of("things", Column("value", OneForAll(), unique=True, nullable=False))
    with pytest.raises(BlueprintError, match="is the application's own"):
        infer(table.metadata)


def test_listed_values_are_those_that_the_type_takes() -> None:
    """A CHECK lists what is stored."""
    check = CheckConstraint("value IN ('word', 'other')")
    assert {*values_of(Nothing(), "value", check)} == {"word"}


def test_pickled_values_can_be_read_again(engine: Engine) -> None:
    """They are dictionaries."""
    values = _round_trip(engine, PickleType())
    assert all(isinstance(value, dict) for value in values)
    assert pickle.loads(pickle.dumps(values)) == values  # noqa: S301 - its own


def test_the_types_of_sqlalchemy_utils_are_filled_or_told(engine: Engine) -> None:
    """Each has valid values, or cannot be inferred; none fails when it is stored."""
    utils = pytest.importorskip("sqlalchemy_utils")
    kinds = {
        "email": utils.EmailType(),
        "uuid": utils.UUIDType(),
        "choice": utils.ChoiceType([("a", "A"), ("b", "B")]),
        "member": utils.ChoiceType(Paint),
        "json": utils.JSONType(),
        "address": utils.IPAddressType(),
        "words": utils.ScalarListType(),
        "numbers": utils.ScalarListType(int),
    }
    table = table_of(
        "things", *(Column(name, kind, nullable=False) for name, kind in kinds.items())
    )
    DataGenerator(engine, blueprint=infer(table.metadata)).generate("small")
    with engine.begin() as connection:
        rows = list(map(dict, connection.execute(select(table)).mappings()))
        connection.execute(table.delete())
        connection.execute(insert(table), rows)
        assert list(map(dict, connection.execute(select(table)).mappings())) == rows
    assert len(rows) == 25


def test_json_of_a_types_own_is_filled() -> None:
    """A decorator around JSON takes dictionaries, or lists."""

    class Listing(TypeDecorator[Any]):
        """Takes lists."""

        impl = JSON
        cache_ok = True

        def process_bind_param(self, value: Any, _dialect: Any) -> Any:
            """Refuse what is no list."""
            if not isinstance(value, list | None):
                raise TypeError(value)
            return value

    assert {type(value) for value in values_of(Listing())} == {list}
