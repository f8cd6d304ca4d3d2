"""What CHECK constraints say of the columns of a table, and which of them are not understood."""

from __future__ import annotations

import enum
import operator
import sqlite3
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    Uuid,
    bindparam,
    create_engine,
    func,
    text,
)

from pytest_demodata.inference.checks import (
    Comparison,
    Fact,
    Length,
    Matches,
    NotNull,
    NotUnderstood,
    OneOf,
    facts_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL, Engine


class Cents(TypeDecorator[int]):
    """Money that the database has in cents."""

    impl = Integer
    cache_ok = True


class Level(enum.Enum):
    """Values that are not what is stored: the names are."""

    LOW = "l"
    HIGH = "h"


def _orders(*constraints: CheckConstraint) -> Table:
    return Table(
        "orders",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("price", Numeric(10, 2)),
        Column("cost", Float),
        Column("quantity", Integer),
        Column("cents", Cents),
        Column("status", String(10)),
        Column("code", String(10)),
        Column("note", Text),
        Column("starts", Date),
        Column("ends", Date),
        Column("seen", DateTime),
        Column("daily", Time),
        Column("active", Boolean),
        Column("extra", JSON),
        Column("token", Uuid),
        Column("Mixed Case", Integer, key="mixed"),
        *constraints,
    )


def _facts(condition: str) -> list[Fact]:
    """Return the facts of a condition that is understood as a whole."""
    facts, unclear = facts_of(_orders(CheckConstraint(condition.replace(":", r"\:"))))
    assert unclear == []
    return facts


def _unclear(condition: str) -> tuple[str, tuple[str, ...]]:
    """Return why a condition is not understood, and its columns; nothing of it is a fact."""
    facts, (unclear,) = facts_of(_orders(CheckConstraint(condition.replace(":", r"\:"))))
    assert facts == []
    assert unclear.text == condition
    return unclear.reason, unclear.columns


# Comparisons


@pytest.mark.parametrize(
    ("condition", "fact"),
    [
        ("price > 0", Comparison("price", ">", 0)),
        ("price>=0", Comparison("price", ">=", 0)),
        ("0 < price", Comparison("price", ">", 0)),
        ("0 <= price", Comparison("price", ">=", 0)),
        ("100 >= price", Comparison("price", "<=", 100)),
        ("100 > price", Comparison("price", "<", 100)),
        ("5 = quantity", Comparison("quantity", "=", 5)),
        ("quantity == 5", Comparison("quantity", "=", 5)),
        ("quantity <> 5", Comparison("quantity", "!=", 5)),
        ("5 != quantity", Comparison("quantity", "!=", 5)),
        ("quantity > -5", Comparison("quantity", ">", -5)),
        ("quantity > - 5", Comparison("quantity", ">", -5)),
        ("quantity > +5", Comparison("quantity", ">", 5)),
        ("price < 1.50", Comparison("price", "<", Decimal("1.50"))),
        ("price < .5", Comparison("price", "<", Decimal("0.5"))),
        ("price < 1.", Comparison("price", "<", Decimal(1))),
        ("price < 1e3", Comparison("price", "<", Decimal("1e3"))),
        ("cost < 2.5E-1", Comparison("cost", "<", Decimal("0.25"))),
        ("price > '1.5'", Comparison("price", ">", Decimal("1.5"))),
        ("quantity > '-5'", Comparison("quantity", ">", -5)),
        ("quantity = true", Comparison("quantity", "=", 1)),
        ("status = 'open'", Comparison("status", "=", "open")),
        ("status <> ''", Comparison("status", "!=", "")),
        ("status <> 'it''s'", Comparison("status", "!=", "it's")),
        ("status <> N'x'", Comparison("status", "!=", "x")),
        ("status <> _utf8mb4'x'", Comparison("status", "!=", "x")),
        ("status <> '('", Comparison("status", "!=", "(")),
        ("active = true", Comparison("active", "=", value=True)),
        ("active = FALSE", Comparison("active", "=", value=False)),
        ("active = 1", Comparison("active", "=", value=True)),
        ("active <> 'f'", Comparison("active", "!=", value=False)),
        ("starts > '2020-01-01'", Comparison("starts", ">", "2020-01-01")),
        ("starts > DATE '2020-01-01'", Comparison("starts", ">", "2020-01-01")),
        ("seen > timestamp'2020-01-01 10:00'", Comparison("seen", ">", "2020-01-01 10:00")),
        ("token <> 'a'", Comparison("token", "!=", "a")),
        ("token <> 5", Comparison("token", "!=", 5)),
        ("cents > 5", Comparison("cents", ">", 5)),
        ("ends >= starts", Comparison("ends", ">=", other="starts")),
        ("seen >= starts", Comparison("seen", ">=", other="starts")),
        ("price > cost", Comparison("price", ">", other="cost")),
        ("quantity < price", Comparison("quantity", "<", other="price")),
        ("active", Comparison("active", "=", value=True)),
        ("NOT active", Comparison("active", "=", value=False)),
        ("quantity", Comparison("quantity", "!=", 0)),
        ("NOT quantity", Comparison("quantity", "=", 0)),
        ("NOT price < 5", Comparison("price", ">=", 5)),
        ("NOT NOT price < 5", Comparison("price", "<", 5)),
        ("NOT (price = 5)", Comparison("price", "!=", 5)),
        ("NOT ends < starts", Comparison("ends", ">=", other="starts")),
    ],
)
def test_comparison(condition: str, fact: Fact) -> None:
    """A column is compared with a literal or with another column, from either side."""
    assert repr(_facts(condition)) == repr([fact])  # which tells 1 from True


@pytest.mark.parametrize(
    "condition",
    [
        "PRICE > 0",
        '"price" > 0',
        "`Price` > 0",
        "[price] > 0",
        "([price]) > 0",
        "orders.price > 0",
        '"Orders"."price" > 0',
        "shop.orders.price > 0",
        "[dbo].[orders].[price] > 0",
        "((price) > (0))",
        "\n price\t>\n0 ",
    ],
)
def test_names(condition: str) -> None:
    """A name is found in any case, in any quotes and behind that of the table."""
    assert _facts(condition) == [Comparison("price", ">", 0)]


def test_key_of_a_column() -> None:
    """A column is found by its name, and returned by its key."""
    assert _facts('"Mixed Case" > 0') == [Comparison("mixed", ">", 0)]
    assert _unclear("mixed > 0") == ("mixed is no column of the table", ())


def test_names_that_differ_in_case() -> None:
    """Of two names that differ only in case, it is the one that is written so."""
    table = Table(
        "t",
        MetaData(),
        Column("a", Integer),
        Column("A", Integer),
        CheckConstraint('"A" > 1'),
        CheckConstraint('"a" > 2'),
    )

    assert facts_of(table) == ([Comparison("A", ">", 1), Comparison("a", ">", 2)], [])


def test_quotes_in_a_name() -> None:
    """A name may contain the quotes that it stands in, doubled."""
    table = Table("t", MetaData(), Column('a"b', Integer), CheckConstraint('"a""b" > 1'))

    assert facts_of(table) == ([Comparison('a"b', ">", 1)], [])


@pytest.mark.parametrize("name", ["date", "time", "timestamp", "length", "array", "cast", "any"])
def test_columns_named_as_something_else(name: str) -> None:
    """What is a column and what is not is seen from what follows."""
    condition = CheckConstraint(f"{name} > 'a' AND {name} <= 'b'")
    table = Table("t", MetaData(), Column(name, String), condition)

    assert facts_of(table) == ([Comparison(name, ">", "a"), Comparison(name, "<=", "b")], [])


# Other facts


@pytest.mark.parametrize(
    ("condition", "facts"),
    [
        ("status IN ('a', 'b')", [OneOf("status", ("a", "b"))]),
        ("status in ('a', 'a')", [OneOf("status", ("a",))]),
        ("(quantity) IN (1, -2, (3))", [OneOf("quantity", (1, -2, 3))]),
        ("active IN (0, 1)", [OneOf("active", (False, True))]),
        ("status = 'a' OR status = 'b'", [OneOf("status", ("a", "b"))]),
        ("'a' = status OR (status = 'b' OR status IN ('c'))", [OneOf("status", ("a", "b", "c"))]),
        ("status NOT IN ('a')", [Comparison("status", "!=", "a")]),
        ("NOT status IN ('a')", [Comparison("status", "!=", "a")]),
        ("status = ANY (ARRAY['a', 'b'])", [OneOf("status", ("a", "b"))]),
        ("status = SOME(array['a'])", [OneOf("status", ("a",))]),
        ("NOT status = ANY (ARRAY['a'])", [Comparison("status", "!=", "a")]),
        (
            "quantity <> ALL (ARRAY[1, 2])",
            [Comparison("quantity", "!=", 1), Comparison("quantity", "!=", 2)],
        ),
        (
            "price BETWEEN 1 AND 9.5",
            [Comparison("price", ">=", 1), Comparison("price", "<=", Decimal("9.5"))],
        ),
        (
            "starts between '2020-01-01' and ends and quantity > 1",
            [
                Comparison("starts", ">=", "2020-01-01"),
                Comparison("starts", "<=", other="ends"),
                Comparison("quantity", ">", 1),
            ],
        ),
        ("length(code) >= 3", [Length("code", ">=", 3)]),
        ("3 <= CHAR_LENGTH(code)", [Length("code", ">=", 3)]),
        ("character_length(code) <> 3", [Length("code", "!=", 3)]),
        ("len(note) = 3", [Length("note", "=", 3)]),
        ("NOT length(code) < 3", [Length("code", ">=", 3)]),
        ("length(token) = 3", [Length("token", "=", 3)]),
        ("length(code) between 2 and 4", [Length("code", ">=", 2), Length("code", "<=", 4)]),
        ("status IS NOT NULL", [NotNull("status")]),
        ("NOT status IS NULL", [NotNull("status")]),
        ("NOT (status IS NULL)", [NotNull("status")]),
        ("note LIKE '%@%'", [Matches("note", "%@%")]),
        ("note like 'abc%'", [Matches("note", "abc%")]),
        ("note like '%.com'", [Matches("note", "%.com")]),
        ("note ~~ 'a b%'", [Matches("note", "a b%")]),
        ("note LIKE 'abc'", [Comparison("note", "=", "abc")]),
        ("json_valid(extra)", []),
        ("json_valid(`extra`) AND price > 0", [Comparison("price", ">", 0)]),
        ("true", []),
        (
            "(price > 0 AND (quantity > 0 AND status IS NOT NULL))",
            [Comparison("price", ">", 0), Comparison("quantity", ">", 0), NotNull("status")],
        ),
    ],
)
def test_other_facts(condition: str, facts: list[Fact]) -> None:
    """Lists, lengths, patterns and NOT NULL are understood, and what is joined by AND."""
    assert repr(_facts(condition)) == repr(facts)


@pytest.mark.parametrize(
    ("condition", "facts"),
    [
        ("price IS NULL OR price > 0", [Comparison("price", ">", 0)]),
        ("(price > 0) OR (price IS NULL)", [Comparison("price", ">", 0)]),
        ("price IS NULL OR (price IS NOT NULL AND price > 0)", [Comparison("price", ">", 0)]),
        ("status IS NULL OR status IN ('a')", [OneOf("status", ("a",))]),
        ("status IN ('a') OR status IS NULL", [OneOf("status", ("a",))]),
        ("status = 'a' OR status IS NULL OR status = 'b'", [OneOf("status", ("a", "b"))]),
        ("code IS NULL OR length(code) = 3", [Length("code", "=", 3)]),
        ("ends IS NULL OR ends >= starts", [Comparison("ends", ">=", other="starts")]),
        (
            "starts IS NULL OR ends IS NULL OR ends >= starts",
            [Comparison("ends", ">=", other="starts")],
        ),
        (
            "price IS NULL OR price BETWEEN 1 AND 2",
            [Comparison("price", ">=", 1), Comparison("price", "<=", 2)],
        ),
    ],
)
def test_null_or_something(condition: str, facts: list[Fact]) -> None:
    """Where NULL is allowed besides, the facts are those of the other values."""
    assert _facts(condition) == facts


@pytest.mark.parametrize(
    ("condition", "facts"),
    [
        ("(status)::text = 'a'::character varying", [Comparison("status", "=", "a")]),
        ("(price > (0)::numeric)", [Comparison("price", ">", 0)]),
        ("(price)::numeric > 0", [Comparison("price", ">", 0)]),
        ("price > 0::numeric", [Comparison("price", ">", 0)]),
        ("price > 1.5::numeric", [Comparison("price", ">", Decimal("1.5"))]),
        ("price > 15::numeric(10, 2)", [Comparison("price", ">", 15)]),
        ("quantity > '-1'::integer", [Comparison("quantity", ">", -1)]),
        ("(quantity)::numeric < price", [Comparison("quantity", "<", other="price")]),
        (
            "cost > ('-1.5'::numeric)::double precision",
            [Comparison("cost", ">", Decimal("-1.5"))],
        ),
        (
            "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])"
            "::text[]))",
            [OneOf("status", ("a", "b"))],
        ),
        (
            "((status)::text <> ALL (ARRAY[('a'::character varying)::text]))",
            [Comparison("status", "!=", "a")],
        ),
        ("char_length((code)::text) >= 3", [Length("code", ">=", 3)]),
        ("length(code)::bigint >= 3", [Length("code", ">=", 3)]),
        ("active = 'true'::boolean", [Comparison("active", "=", value=True)]),
        ("status = 'a'::bpchar", [Comparison("status", "=", "a")]),
        ("status = 'abc'::character varying(3)", [Comparison("status", "=", "abc")]),
        ("status = 'a'::public.\"Mood\"", [Comparison("status", "=", "a")]),
        ("CAST(status AS text) = 'a'", [Comparison("status", "=", "a")]),
        ("cast('5' as signed integer) < quantity", [Comparison("quantity", ">", 5)]),
        ("starts >= '2020-01-01'::date", [Comparison("starts", ">=", "2020-01-01")]),
        (
            "(starts)::timestamp without time zone >= '2020-01-01'::timestamp with time zone",
            [Comparison("starts", ">=", "2020-01-01")],
        ),
        ("daily > '10:00'::time(3) without time zone", [Comparison("daily", ">", "10:00")]),
        ("daily > '10:00'::timestamp with local time zone", [Comparison("daily", ">", "10:00")]),
    ],
)
def test_casts(condition: str, facts: list[Fact]) -> None:
    """A cast that changes no value of the column's does not matter; one of a literal is done."""
    assert _facts(condition) == facts


# What is not understood


@pytest.mark.parametrize(
    ("condition", "reason", "columns"),
    [
        ("price = cost + 1", "it calculates with +", ("price", "cost")),
        ("ends > starts + 1", "it calculates with +", ("starts", "ends")),
        ("price > -cost", "it calculates with -", ("price", "cost")),
        ("quantity % 2 = 0", "it calculates with %", ("quantity",)),
        ("status || 'a' = code", "it calculates with ||", ("status", "code")),
        ("price > 0 -- always", "it calculates with -", ("price",)),
        ("lower(status) = 'a'", "it calls lower()", ("status",)),
        ("octet_length(code) > 3", "it calls octet_length()", ("code",)),
        ("length(trim(code)) > 3", "it calls trim()", ("code",)),
        ("length(quantity) > 3", "it calls length()", ("quantity",)),
        ("length(code, 2) > 3", "it calls length()", ("code",)),
        ("starts <= now()", "it calls now()", ("starts",)),
        ("price >= total", "total is no column of the table", ("price",)),
        ("other.price >= 0", "other.price is no column of the table", ("price",)),
        ("price = NULL", "it compares with NULL", ("price",)),
        ("price IN (1, NULL)", "it compares with NULL", ("price",)),
        ("price IS NULL", "a column has to be NULL", ("price",)),
        ("1 = 1", "it compares no column", ()),
        ("price", "price alone is a condition, but is not boolean", ("price",)),
        ("false", "it has something else where a column is expected", ()),
        ("length(code) IS NOT NULL", "it has something else where a column is expected", ("code",)),
        (
            "price IN (cost, 2)",
            "it has something else where a literal is expected",
            ("price", "cost"),
        ),
        (
            "length(code) > length(note)",
            "it compares a length with something else than a whole number",
            ("code", "note"),
        ),
        (
            "quantity > length(code)",
            "it compares a length with something else than a whole number",
            ("quantity", "code"),
        ),
        (
            "length(code) > 1.5",
            "it compares a length with something else than a whole number",
            ("code",),
        ),
        (
            "length(code) > true",
            "it compares a length with something else than a whole number",
            ("code",),
        ),
        ("(price > 0) = (cost > 0)", "> is not understood where it stands", ("price", "cost")),
        ("price = ARRAY[1]", "ARRAY is not understood where it stands", ("price",)),
        (
            "price = ARRAY[1]::int[]",
            "it has an array where one value is expected",
            ("price",),
        ),
        ("price = ANY ('{1}'::int[])", "what it compares with is no list of values", ("price",)),
        ("price < ANY (ARRAY[1])", "< ANY is not understood where it stands", ("price",)),
        (
            "status > 5",
            "it compares status with 5, which is of a different kind",
            ("status",),
        ),
        (
            "price > 'x'",
            "it compares price with 'x', which is of a different kind",
            ("price",),
        ),
        (
            "active = 2",
            "it compares active with 2, which is of a different kind",
            ("active",),
        ),
        (
            "status > price",
            "it compares status and price, which are of different kinds",
            ("price", "status"),
        ),
        (
            "NOT (price > 0 AND cost > 0)",
            "NOT is understood of a comparison, of IN and of IS NULL only",
            ("price", "cost"),
        ),
        (
            "note NOT LIKE 'a%'",
            "NOT is understood of a comparison, of IN and of IS NULL only",
            ("note",),
        ),
        (
            "price NOT BETWEEN 1 AND 2",
            "NOT is understood of a comparison, of IN and of IS NULL only",
            ("price",),
        ),
        (
            "note LIKE 'a_%'",
            "LIKE 'a_%' is more than a text with % in front of it or behind it",
            ("note",),
        ),
        (
            "note LIKE '%@%.%'",
            "LIKE '%@%.%' is more than a text with % in front of it or behind it",
            ("note",),
        ),
        (
            "note LIKE '%'",
            "LIKE '%' is more than a text with % in front of it or behind it",
            ("note",),
        ),
        ("quantity LIKE '1%'", "LIKE is understood of a text and a pattern only", ("quantity",)),
        ("note LIKE 5", "LIKE is understood of a text and a pattern only", ("note",)),
        ("json_valid(note)", "its text has to be JSON", ("note",)),
        (
            "status = 'a' OR quantity > 5",
            "its OR is neither about NULL nor about the values of one column",
            ("quantity", "status"),
        ),
        (
            "status = 'a' OR code = 'a'",
            "its OR is neither about NULL nor about the values of one column",
            ("status", "code"),
        ),
        (
            "status = code OR status = 'a'",
            "its OR is neither about NULL nor about the values of one column",
            ("status", "code"),
        ),
        (
            "status IS NULL OR code IS NULL",
            "one of several columns has to be NULL",
            ("status", "code"),
        ),
        (
            "ends IS NULL OR status = 'paid'",
            "what it asks for depends on whether another column is NULL",
            ("status", "ends"),
        ),
        (
            "ends IS NULL OR status IS NOT NULL",
            "what it asks for depends on whether another column is NULL",
            ("status", "ends"),
        ),
        (
            "price::integer > 0",
            "its cast to integer may change a value",
            ("price",),
        ),
        ("CAST(price AS decimal(10, 2)) > 0", "its cast to decimal may change a value", ("price",)),
        ("seen::date >= '2020-01-01'", "its cast to date may change a value", ("seen",)),
        ("quantity::text > '5'", "its cast to text may change a value", ("quantity",)),
        ("token::mood > '5'", "its cast to mood may change a value", ("token",)),
        (
            "status = 'abc'::char(2)",
            "its cast of 'abc' to char is not understood",
            ("status",),
        ),
        ("price > 1.5::int", "its cast of Decimal('1.5') to int is not understood", ("price",)),
        (
            "price > 1.555::numeric(3, 2)",
            "its cast of Decimal('1.555') to numeric is not understood",
            ("price",),
        ),
        ("price > 'x'::numeric", "its cast of 'x' to numeric is not understood", ("price",)),
        ("status > 5::text", "its cast of 5 to text is not understood", ("status",)),
        ("active = 'x'::boolean", "its cast of 'x' to boolean is not understood", ("active",)),
    ],
)
def test_not_understood(condition: str, reason: str, columns: tuple[str, ...]) -> None:
    """What cannot be read as a fact is named, with its columns and the reason."""
    assert _unclear(condition) == (reason, columns)


@pytest.mark.parametrize(
    ("condition", "reason", "columns"),
    [
        ("", "it ends too soon", ()),
        ("price >", "it ends too soon", ("price",)),
        ("(price > 0", "it ends too soon", ("price",)),
        ("price > 0)", "')' is not understood where it stands", ("price",)),
        ("0 < price < 10", "'<' is not understood where it stands", ("price",)),
        ("price > 0 cost", "'cost' is not understood where it stands", ("price", "cost")),
        ("price IS TRUE", "'TRUE' is not understood where it stands", ("price",)),
        ("price NOT > 0", "'>' is not understood where it stands", ("price",)),
        ("price BETWEEN 1 OR 2", "'OR' is not understood where it stands", ("price",)),
        ("price IN 5", "'5' is not understood where it stands", ("price",)),
        ("price IN (5 6)", "'6' is not understood where it stands", ("price",)),
        ("price = ANY cost", "'cost' is not understood where it stands", ("price", "cost")),
        ("orders.5 > 3", "'.5' is not understood where it stands", ()),
        ("orders. > 3", "'>' is not understood where it stands", ()),
        ("note ~ '^a'", "'~' is not understood where it stands", ("note",)),
        ("note LIKE 'a' ESCAPE '!'", "'ESCAPE' is not understood where it stands", ("note",)),
        (
            r"note = 'a\b'",
            "it has a backslash in a text, which databases read in different ways",
            ("note",),
        ),
        ("note = 'a", '"\'" is not understood where it stands', ("note",)),
        ("note = E'a'", "\"'a'\" is not understood where it stands", ("note",)),
        ("price > 12abc", "'1' is not understood where it stands", ("price",)),
        ("price > 0x1F", "'0' is not understood where it stands", ("price",)),
        ("price > ٣", "'٣' is not understood where it stands", ("price",)),
        ("price > -(1)", "'(' is not understood where it stands", ("price",)),
        (f"price > {'9' * 61}", "'9' is not understood where it stands", ("price",)),
        ("CAST(price > 0", "it ends too soon", ("price",)),
        ("price::5 > 0", "'5' is not understood where it stands", ("price",)),
        ("price::numeric(x) > 0", "'>' is not understood where it stands", ("price",)),
        ("price::time with 5", "'5' is not understood where it stands", ("price",)),
        ("price::numeric[5] > 0", "'5' is not understood where it stands", ("price",)),
        (
            "price > 0::int::int::int::int::int",
            "'::' is not understood where it stands",
            ("price",),
        ),
        (
            "CASE WHEN price > 0 THEN cost > 0 END",
            "'CASE' is not understood where it stands",
            ("price", "cost"),
        ),
        (
            "price IN (SELECT cost)",
            "'SELECT' is not understood where it stands",
            ("price", "cost"),
        ),
        ("date(seen) > '2020-01-01' AND", "it ends too soon", ("seen",)),
        (f"{'(' * 99}price", "it has more than 32 brackets in each other", ("price",)),
        (f"price > 0 {'x' * 60}", f"{'x' * 40!r} is not understood where it stands", ("price",)),
    ],
)
def test_no_condition_that_is_read(condition: str, reason: str, columns: tuple[str, ...]) -> None:
    """What cannot be read at all is named, with all columns that it mentions."""
    assert _unclear(condition) == (reason, columns)


def test_the_parts_that_are_understood_count() -> None:
    """Of a constraint joined by AND, one part that is not understood leaves the others."""
    condition = "price > 0 AND price > cost * 2 AND quantity > 0 AND lower(code) = 'a'"

    assert facts_of(_orders(CheckConstraint(condition))) == (
        [Comparison("price", ">", 0), Comparison("quantity", ">", 0)],
        [NotUnderstood(condition, ("price", "cost", "code"), "it calculates with *")],
    )


# Constraints of a table


def test_no_constraints() -> None:
    """A table without constraints has no facts."""
    assert facts_of(_orders()) == ([], [])


def test_constraints_of_columns_and_types() -> None:
    """Constraints of a column and of its type count as those of the table do, in one order."""
    table = Table(
        "t",
        MetaData(),
        Column("a", Integer, CheckConstraint("a > 0"), CheckConstraint("a < 9")),
        Column("flag", Boolean(create_constraint=True)),
        Column("level", Enum(Level, create_constraint=True)),
        Column("tags", ARRAY(String)),
        CheckConstraint("a > 0"),
    )

    assert facts_of(table) == (
        [
            Comparison("a", "<", 9),
            Comparison("a", ">", 0),
            OneOf("flag", (False, True)),
            OneOf("level", ("LOW", "HIGH")),
        ],
        [],
    )


def test_expressions() -> None:
    """Constraints may be expressions, with values of any kind that can be written in SQL."""
    table = _orders()
    columns = table.columns
    for expression in (
        columns.price > Decimal("1.5"),
        columns.starts >= date(2020, 1, 1),
        columns.seen < datetime(2020, 1, 1, 10),  # noqa: DTZ001 - as the column has it
        columns.active.is_not(None),
        columns.mixed.in_([1, 2]),
        columns.note.like("%@%"),
        func.length(columns.code) > 2,
        columns.ends >= columns.starts,
        text("quantity > :least").bindparams(least=5),
    ):
        table.append_constraint(CheckConstraint(expression))
    facts, unclear = facts_of(table)

    assert unclear == []
    assert set(facts) == {
        Comparison("price", ">", Decimal("1.5")),
        Comparison("starts", ">=", "2020-01-01"),
        Comparison("seen", "<", "2020-01-01 10:00:00"),
        NotNull("active"),
        OneOf("mixed", (1, 2)),
        Matches("note", "%@%"),
        Length("code", ">", 2),
        Comparison("ends", ">=", other="starts"),
        Comparison("quantity", ">", 5),
    }


def test_values_that_cannot_be_written() -> None:
    """A value that has no text in SQL is not understood, and no error."""
    table = Table("t", MetaData(), Column("a", LargeBinary), Column("b", Integer))
    table.append_constraint(CheckConstraint(table.columns.b > bindparam("least", type_=Integer)))
    assert facts_of(table) == (
        [],
        [NotUnderstood("t.b > :least", ("b",), "':' is not understood where it stands")],
    )


def test_colons_that_are_no_parameters() -> None:
    """A reflected text with a colon in it is read as it stands."""
    assert facts_of(_orders(CheckConstraint("note <> ' :x'"))) == (
        [Comparison("note", "!=", " :x")],
        [],
    )


# What databases give back

TABLE: Final = """
    CREATE TABLE inferred (
        id int PRIMARY KEY,
        price numeric(10, 2),
        cost float,
        quantity int,
        status varchar(10),
        code varchar(10),
        note varchar(100),
        starts date,
        ends date,
        active boolean,
        {constraints}
    )
"""

CONSTRAINTS: Final[dict[str, list[Fact] | None]] = {
    "price > 0": [Comparison("price", ">", 0)],
    "0.5 <= cost": [Comparison("cost", ">=", Decimal("0.5"))],
    "cost < price": [Comparison("cost", "<", other="price")],
    "quantity BETWEEN -1 AND 10 AND quantity <> 5": [
        Comparison("quantity", ">=", -1),
        Comparison("quantity", "<=", 10),
        Comparison("quantity", "!=", 5),
    ],
    "quantity IN (-1, 2)": [OneOf("quantity", (-1, 2))],
    "status IN ('a b', 'c')": [OneOf("status", ("a b", "c"))],
    "status NOT IN ('c', 'd')": [Comparison("status", "!=", "c"), Comparison("status", "!=", "d")],
    "status IS NULL OR status IN ('a', 'b')": [OneOf("status", ("a", "b"))],
    "code = 'a' OR code = 'b' OR code IS NULL": [OneOf("code", ("a", "b"))],
    "code IS NOT NULL": [NotNull("code")],
    "note LIKE '%@%'": [Matches("note", "%@%")],
    "note IS NULL OR note <> ''": [Comparison("note", "!=", "")],
    "starts >= '2020-01-01'": [Comparison("starts", ">=", "2020-01-01")],
    "ends >= starts": [Comparison("ends", ">=", other="starts")],
    "quantity < price": [Comparison("quantity", "<", other="price")],
    "price = cost + 1": None,
    "coalesce(price, cost) > 0": None,
}


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on a database of each kind; the table is dropped again."""
    if request.param == "sqlite":
        engine = create_engine("sqlite://")
    else:
        url: URL = request.getfixturevalue(f"{request.param}_url")
        engine = create_engine(url)
    yield engine
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS inferred"))
    engine.dispose()


def _reflected(engine: Engine, *conditions: str) -> Table:
    """Make a table with constraints, and return it as the database describes it."""
    constraints = ", ".join(f"CHECK ({condition})" for condition in conditions)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS inferred")
        statement = TABLE.format(constraints=constraints)
        connection.execute(text(statement.replace(":", r"\:")))
    return Table("inferred", MetaData(), autoload_with=engine)


def test_reflected(server: Engine) -> None:
    """What a database makes of a constraint says what was written."""
    for condition, facts in CONSTRAINTS.items():
        found, unclear = facts_of(_reflected(server, condition))
        assert found == (facts or []), condition
        assert [each.columns for each in unclear] == ([] if facts else [("price", "cost")])


def test_reflected_flags(server: Engine) -> None:
    """A boolean column is a condition; MariaDB has a number in its place."""
    boolean = server.dialect.name in {"sqlite", "postgresql"}
    true = Comparison("active", "=", value=True) if boolean else Comparison("active", "!=", 0)
    false = Comparison("active", "=", value=False) if boolean else Comparison("active", "=", 0)

    assert facts_of(_reflected(server, "active")) == ([true], [])
    assert facts_of(_reflected(server, "NOT active")) == ([false], [])


def test_reflected_quotes(server: Engine) -> None:
    """A quote in a text is doubled; MariaDB has a backslash, which others read differently."""
    facts, unclear = facts_of(_reflected(server, "status <> 'it''s'"))

    if server.dialect.name in {"sqlite", "postgresql"}:
        assert (facts, unclear) == ([Comparison("status", "!=", "it's")], [])
        return
    assert facts == []
    assert [(each.text, each.columns) for each in unclear] == [
        (r"`status` <> 'it\'s'", ("status",))
    ]


def test_reflected_lengths(server: Engine) -> None:
    """A length is that of a text in characters."""
    function = "length" if server.dialect.name == "sqlite" else "char_length"

    assert facts_of(_reflected(server, f"{function}(code) >= 3")) == ([Length("code", ">=", 3)], [])


def test_reflected_with_each_other(server: Engine) -> None:
    """Constraints of one table are read in one order, whatever the order of the database."""
    table = _reflected(server, *CONSTRAINTS)
    facts, unclear = facts_of(table)

    assert set(facts) == {fact for facts in CONSTRAINTS.values() for fact in facts or ()}
    assert [each.columns for each in unclear] == [("price", "cost")] * 2
    assert facts_of(_reflected(server, *reversed(CONSTRAINTS))) == (facts, unclear)


# Whatever the text is

PIECES: Final = (
    *("price", "status", "active", "code", '"Mixed Case"', "[cost]", "`note`", "orders.", "x"),
    *("(", ")", ",", "[", "]", ".", "::", "'", '"', "`", "\\", ";", "--", "/*", ":x", "%", "_"),
    *("<", "<=", "=", "<>", "+", "-", "*", "||", "~~", "~", "@>"),
    *("AND", "OR", "NOT", "IN", "IS", "NULL", "BETWEEN", "LIKE", "ANY", "ALL", "ARRAY", "CAST"),
    *("AS", "CASE", "TRUE", "DATE", "length(", "char_length(", "lower(", "json_valid(", "now()"),
    *("text", "numeric(1)", "character varying", "with time zone", "int[]", "COLLATE"),
    *("1", "-1", "1.5", "1e9", "1e9999", "'a'", "'%a%'", "'2020-01-01'", "N'x'", "E'x'", "٣"),
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)))
def test_no_text_is_an_error(condition: str) -> None:
    """Whatever the text is, it is understood or not, and what is said of it names columns."""
    table = _orders(CheckConstraint(condition))
    facts, unclear = facts_of(table)

    named = {column for each in unclear for column in each.columns}
    assert named | {fact.column for fact in facts} <= set(table.columns.keys())
    assert all(each.reason for each in unclear)


@pytest.mark.parametrize(
    "condition",
    [
        "(" * 10_000,
        "NOT " * 10_000 + "active",
        "- " * 10_000 + "1",
        "price" + "::int" * 10_000,
        "price = " * 10_000,
        "price + " * 10_000 + "1 > 0",
        "price > 0 AND " * 10_000 + "price",
        "lower(" * 10_000,
        "ARRAY[" * 10_000,
        "'" * 10_001,
        "9" * 10_000,
        "a." * 10_000,
    ],
)
def test_long_texts(condition: str) -> None:
    """No text is too long or too deep to say something of it."""
    facts_of(_orders(CheckConstraint(condition)))


NUMBERS: Final = st.integers(-2, 2).map(str)
SIDES: Final = st.sampled_from(["a", "b"])
TESTS: Final = st.one_of(
    st.tuples(SIDES, st.sampled_from(["<", "<=", ">", ">=", "=", "<>", "!="]), NUMBERS | SIDES),
    st.tuples(NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "="]), SIDES),
    st.tuples(SIDES, st.sampled_from(["IS NULL", "IS NOT NULL", ""])),
    st.tuples(SIDES, st.just("BETWEEN"), NUMBERS, st.just("AND"), NUMBERS),
    st.tuples(SIDES, st.sampled_from(["IN (", "NOT IN ("]), NUMBERS, st.just(","), NUMBERS)
    .map(lambda parts: (*parts, ")")),
).map(" ".join)  # fmt: skip
CONDITIONS: Final = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(" AND ".join),
        st.lists(inner, min_size=2, max_size=3).map(" OR ".join),
        inner.map("({})".format),
        inner.map("NOT {}".format),
    ),
    max_leaves=5,
)
ROWS: Final = [(a, b) for a in (None, -2, -1, 0, 1, 2) for b in (None, -2, -1, 0, 1, 2)]


COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def _holds(fact: Fact, row: dict[str, Any]) -> bool:
    """Judge a fact, on its own, as a database judges a CHECK: what is unknown holds."""
    value = row[fact.column]
    if isinstance(fact, NotNull) or value is None:
        return value is not None or not isinstance(fact, NotNull)
    if isinstance(fact, OneOf):
        return value in fact.values
    assert isinstance(fact, Comparison)
    other = row[fact.other] if fact.other else fact.value
    return other is None or bool(COMPARE[fact.operator](value, other))


@settings(max_examples=400, deadline=None)
@given(CONDITIONS)
def test_facts_say_what_the_condition_says(condition: str) -> None:
    """SQLite accepts exactly the rows of which all facts are true; of parts, no others."""
    columns = Column("a", Integer), Column("b", Integer)
    facts, unclear = facts_of(Table("t", MetaData(), *columns, CheckConstraint(condition)))
    database = sqlite3.connect(":memory:")
    for a, b in ROWS:
        statement = f"SELECT ({condition}) IS NOT FALSE FROM (SELECT ? AS a, ? AS b)"
        (accepted,) = database.execute(statement, (a, b)).fetchone()
        true = all(_holds(fact, {"a": a, "b": b}) for fact in facts)
        assert true if accepted else unclear or not true
    database.close()
