"""What CHECK constraints say about the columns of a table, where they are simple enough.

A fact is true of every row that has no NULL in the columns of the fact. Values are those of the
database: an Enum's are the names that it stores.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from sqlalchemy import CheckConstraint, TextClause
from sqlalchemy import types as sqltypes
from sqlalchemy.engine.default import DefaultDialect

from pytest_demodata.inference.conditions import (
    CALCULATIONS,
    Call,
    Cast,
    Literal,
    Name,
    Node,
    Operation,
    UnclearError,
    names_in,
    names_of,
    parse_condition,
    parse_number,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Column, Table


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column is less than, equal to … a literal, or another column if `other` names one.

    Attributes:
        column: The column's key.
        operator: One of < <= > >= = !=.
        value: An int, Decimal, str or bool; a date is a str.
        other: The other column's key.
    """

    column: str
    operator: str
    value: object = None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class OneOf:
    """A column is one of some values."""

    column: str
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Length:
    """The length of a column's text is less than, equal to … a number."""

    column: str
    operator: str
    number: int


@dataclass(frozen=True, slots=True)
class NotNull:
    """A column is never NULL."""

    column: str


@dataclass(frozen=True, slots=True)
class Matches:
    """A column's text is LIKE a pattern: a text with a `%` in front of it, behind it, or both."""

    column: str
    pattern: str


Fact: TypeAlias = Comparison | OneOf | Length | NotNull | Matches


class NotUnderstood(NamedTuple):
    """A constraint of which at least a part is not understood.

    Attributes:
        text: The whole constraint.
        columns: The keys of the columns in what is not understood, in the order of the table.
        reason: Why it is not understood.
    """

    text: str
    columns: tuple[str, ...]
    reason: str


class _Length(NamedTuple):
    """The length of a column's text, as an operand."""

    column: str


_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
_LENGTHS: Final = frozenset({"length", "char_length", "character_length", "len"})

_FAMILIES: Final = (
    (sqltypes.Boolean, "boolean"),
    (sqltypes.Integer, "integer"),
    ((sqltypes.Numeric, sqltypes.Float), "number"),
    (sqltypes.String, "text"),
    (sqltypes.Date, "date"),
    (sqltypes.DateTime, "timestamp"),
    (sqltypes.Time, "time"),
    (sqltypes.JSON, "json"),
)
"""Kinds of columns whose values can be compared with each other; any other kind is ''."""

_CAST_FAMILIES: Final = {
    "boolean": "bool boolean",
    "integer": "int integer bigint smallint tinyint mediumint int2 int4 int8 signed unsigned",
    "number": "numeric decimal double real float float4 float8",
    "text": "text character char varchar bpchar nchar nvarchar citext clob",
    "date": "date",
    "timestamp": "timestamp timestamptz datetime",
    "time": "time timetz",
}
_FAMILY_OF_CAST: Final = {
    word: family for family, words in _CAST_FAMILIES.items() for word in words.split()
}
_LOSSLESS: Final = frozenset({("integer", "number"), ("date", "timestamp")})
_COMPARABLE: Final = (_LOSSLESS | {("number", "integer"), ("timestamp", "date")})  # fmt: skip
_BOOLEANS: Final = {"true": True, "t": True, "false": False, "f": False, "1": True, "0": False}


def facts_of(table: Table) -> tuple[list[Fact], list[NotUnderstood]]:
    """Return what the CHECK constraints of a table say, and those that are not understood.

    Of a constraint that is several joined by AND, the parts that are understood count.
    """
    facts: list[Fact] = []
    unclear: list[NotUnderstood] = []
    for text in sorted(set(_texts(table))):
        found, problem = _read(table, text)
        facts += found
        unclear += problem
    return list(dict.fromkeys(facts)), unclear


def _texts(table: Table) -> Iterator[str]:
    """Return the constraints of a table, of its columns and of their types as SQL."""
    parents = (table, *table.columns)
    for constraint in (each for parent in parents for each in parent.constraints):
        if isinstance(constraint, CheckConstraint):
            yield _text(constraint)


def _text(constraint: CheckConstraint) -> str:
    expression, dialect = constraint.sqltext, DefaultDialect()
    options = {"literal_binds": True, "include_table": False}
    if isinstance(expression, TextClause):
        values = expression.compile(dialect=dialect).params.values()
        if values and all(value is None for value in values):
            return expression.text  # ':x' in a reflected text is no parameter
    try:
        return str(expression.compile(dialect=dialect, compile_kwargs=options))
    except Exception:  # noqa: BLE001 - what a value's type raises when it cannot write the value
        return str(expression)


def _read(table: Table, text: str) -> tuple[list[Fact], list[NotUnderstood]]:
    try:
        conjuncts = list(_joined("AND", parse_condition(text)))
    except UnclearError as error:
        return [], [NotUnderstood(text, _keys(table, names_in(text)), str(error))]
    facts: list[Fact] = []
    names: list[str] = []
    reasons: list[str] = []
    for conjunct in conjuncts:
        try:
            facts += _facts(table, conjunct)
        except UnclearError as error:
            names += (name.path[-1] for name in names_of(conjunct))
            reasons.append(str(error))
    if not reasons:
        return facts, []
    return facts, [NotUnderstood(text, _keys(table, names), reasons[0])]


def _joined(word: str, node: Node) -> Iterator[Node]:
    """Return the conditions that are joined by AND, or by OR."""
    match node:
        case Operation(found, parts) if found == word:
            for part in parts:
                yield from _joined(word, part)
        case _:
            yield node


def _keys(table: Table, names: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of the columns among some names, in the order of the table."""
    found = {column.key for name in set(names) if (column := _find(table, name)) is not None}
    return tuple(key for key in table.columns.keys() if key in found)  # noqa: SIM118


def _find(table: Table, name: str) -> Column[object] | None:
    """Return the column of a name, in whatever case it is written."""
    columns = list(table.columns)
    exact = [column for column in columns if column.name == name]
    folded = [column for column in columns if column.name.casefold() == name.casefold()]
    return next(iter(exact + folded), None)


# Conditions


def _facts(table: Table, node: Node) -> list[Fact]:  # noqa: C901, PLR0911 - a case for each kind
    """Return what a condition says.

    Raises:
        UnclearError: It is not one of those that are understood.
    """
    match node:
        case Operation("AND", parts):
            return [fact for part in parts for fact in _facts(table, part)]
        case Operation("OR", _):
            return _alternatives(table, list(_joined("OR", node)))
        case Operation("NOT", (part,)):
            return _negated(table, part)
        case Operation("IN" | "= ANY", _):
            column, values = _membership(table, node)
            return [OneOf(column, values)]
        case Operation("!= ALL", _):
            column, values = _membership(table, node)
            return [Comparison(column, "!=", value) for value in values]
        case Operation("BETWEEN", (operand, lowest, highest)):
            return [
                _comparison(table, ">=", operand, lowest),
                _comparison(table, "<=", operand, highest),
            ]
        case Operation("LIKE", (operand, pattern)):
            return [_match(table, operand, pattern)]
        case Operation(operator, (left, right)) if operator in _MIRRORED:
            return [_comparison(table, operator, left, right)]
        case Literal(True):
            return []
        case Operation("NULL", _):
            message = "a column has to be NULL"
            raise UnclearError(message)
        case Call("json_valid", (argument,)):
            return _valid_json(table, argument)
    return [_flag(table, node, value=True)]


def _negated(table: Table, node: Node) -> list[Fact]:
    match node:
        case Operation("NULL", (part,)):
            return [NotNull(_plain_column(table, part).key)]
        case Operation("IN" | "= ANY", _):
            column, values = _membership(table, node)
            return [Comparison(column, "!=", value) for value in values]
        case Operation(operator, (left, right)) if operator in _OPPOSITE:
            return [_comparison(table, _OPPOSITE[operator], left, right)]
        case Operation():
            message = "NOT is understood of a comparison, of IN and of IS NULL only"
            raise UnclearError(message)
    return [_flag(table, node, value=False)]


def _flag(table: Table, node: Node, *, value: bool) -> Fact:
    """Read a column that stands for a condition: a boolean, or a number that is not 0."""
    column = _plain_column(table, node)
    family = _family(column)
    if family == "boolean":
        return Comparison(column.key, "=", value)
    if family == "integer":
        return Comparison(column.key, "!=" if value else "=", 0)
    message = f"{column.name} alone is a condition, but is not boolean"
    raise UnclearError(message)


def _alternatives(table: Table, parts: list[Node]) -> list[Fact]:
    """Read conditions that are joined by OR: NULL or else something, or values of a column."""
    nullable: set[str] = set()
    others: list[Node] = []
    for part in parts:
        match part:
            case Operation("NULL", (operand,)):
                nullable.add(_plain_column(table, operand).key)
            case _:
                others.append(part)
    if not others:
        message = "one of several columns has to be NULL"
        raise UnclearError(message)
    facts = _facts(table, others[0]) if len(others) == 1 else _values(table, others)
    facts = [fact for fact in facts if not (isinstance(fact, NotNull) and fact.column in nullable)]
    if not all(nullable <= _columns(fact) for fact in facts):
        message = "what it asks for depends on whether another column is NULL"
        raise UnclearError(message)
    return facts


def _values(table: Table, parts: Iterable[Node]) -> list[Fact]:
    """Read conditions that are joined by OR and each name values of the same column."""
    columns: set[str] = set()
    values: list[object] = []
    for part in parts:
        match _facts(table, part):
            case [Comparison(column, "=", value, None)]:
                columns.add(column)
                values.append(value)
            case [OneOf(column, several)]:
                columns.add(column)
                values += several
            case _:
                columns.clear()
                break
    if len(columns) != 1:
        message = "its OR is neither about NULL nor about the values of one column"
        raise UnclearError(message)
    return [OneOf(columns.pop(), tuple(dict.fromkeys(values)))]


def _columns(fact: Fact) -> set[str]:
    other = fact.other if isinstance(fact, Comparison) else None
    return {fact.column} if other is None else {fact.column, other}


def _comparison(table: Table, operator: str, left: Node, right: Node) -> Fact:
    """Read a comparison of a column or of its length, on whichever side it stands."""
    one, another = _operand(table, left), _operand(table, right)
    if isinstance(one, Literal):
        one, another, operator = another, one, _MIRRORED[operator]
    if isinstance(one, Literal):
        message = "it compares no column"
        raise UnclearError(message)
    if isinstance(one, _Length) or isinstance(another, _Length):
        return _length(operator, one, another)
    if isinstance(another, Literal):
        return Comparison(one.key, operator, _fitting(one, another.value))
    families = _family(one), _family(another)
    if families[0] != families[1] and families not in _COMPARABLE:
        message = f"it compares {one.name} and {another.name}, which are of different kinds"
        raise UnclearError(message)
    return Comparison(one.key, operator, other=another.key)


def _length(operator: str, one: _Operand, another: _Operand) -> Length:
    match one, another:
        case _Length(column), Literal(int(number)) if not isinstance(number, bool):
            return Length(column, operator, number)
    message = "it compares a length with something else than a whole number"
    raise UnclearError(message)


def _membership(table: Table, node: Operation) -> tuple[str, tuple[object, ...]]:
    """Return a column and the values in the list that it is compared with."""
    operand, *items = node.parts
    column = _plain_column(table, operand)
    values = [_literal(table, item) for item in (items if node.word == "IN" else _array(items[0]))]
    return column.key, tuple(dict.fromkeys(_fitting(column, value) for value in values))


def _array(node: Node) -> Iterator[Node]:
    """Return the items of an array, each cast as the array is."""
    match node:
        case Operation("ARRAY", items):
            yield from items
        case Cast(operand, kind, sizes, array=True):
            for item in _array(operand):
                yield Cast(item, kind, sizes)
        case _:
            message = "what it compares with is no list of values"
            raise UnclearError(message)


def _match(table: Table, operand: Node, pattern: Node) -> Fact:
    column, text = _plain_column(table, operand), _literal(table, pattern)
    if _family(column) != "text" or not isinstance(text, str):
        message = "LIKE is understood of a text and a pattern only"
        raise UnclearError(message)
    inner = text.removeprefix("%").removesuffix("%")
    if not inner or "%" in inner or "_" in inner:
        message = f"LIKE {text!r} is more than a text with % in front of it or behind it"
        raise UnclearError(message)
    return Comparison(column.key, "=", text) if inner == text else Matches(column.key, text)


def _valid_json(table: Table, argument: Node) -> list[Fact]:
    """Read what MariaDB has for each column of JSON, which says nothing of the value."""
    if _family(_plain_column(table, argument)) == "json":
        return []
    message = "its text has to be JSON"
    raise UnclearError(message)


# Operands


_Operand: TypeAlias = "Column[object] | _Length | Literal"


def _operand(table: Table, node: Node) -> _Operand:
    match node:
        case Literal(None):
            message = "it compares with NULL"
            raise UnclearError(message)
        case Literal():
            return node
        case Name(path):
            return _column(table, path)
        case Cast(operand, _, _, array=False):
            inner = _operand(table, operand)
            if isinstance(inner, Literal):
                return Literal(_converted(inner.value, node))
            return _unchanged(inner, node)
        case Call(name, (argument,)) if name in _LENGTHS:
            column = _plain_column(table, argument)
            if _family(column) in {"text", ""}:
                return _Length(column.key)
    raise UnclearError(_what(node))


def _what(node: Node) -> str:
    """Say what an operand is that is not understood."""
    match node:
        case Call(name):
            return f"it calls {name}()"
        case Operation(word) if word in CALCULATIONS:
            return f"it calculates with {word}"
        case Operation(word):
            return f"{word} is not understood where it stands"
    return "it has an array where one value is expected"


def _plain_column(table: Table, node: Node) -> Column[object]:
    operand = _operand(table, node)
    if isinstance(operand, _Length | Literal):
        message = "it has something else where a column is expected"
        raise UnclearError(message)
    return operand


def _literal(table: Table, node: Node) -> object:
    operand = _operand(table, node)
    if isinstance(operand, Literal):
        return operand.value
    message = "it has something else where a literal is expected"
    raise UnclearError(message)


def _column(table: Table, path: tuple[str, ...]) -> Column[object]:
    column = _find(table, path[-1])
    if column is None or (len(path) > 1 and path[-2].casefold() != table.name.casefold()):
        message = f"{'.'.join(path)} is no column of the table"
        raise UnclearError(message)
    return column


def _family(column: Column[object]) -> str:
    kind = column.type
    if isinstance(kind, sqltypes.TypeDecorator):
        kind = kind.impl_instance
    return next((family for types, family in _FAMILIES if isinstance(kind, types)), "")


# Values


def _fitting(column: Column[object], value: object) -> object:
    """Return a literal as a value of the column's kind: 0 as False, '5' as 5."""
    family = _family(column)
    fitting: object
    if family == "boolean":
        fitting = _boolean(value)
    elif family in {"integer", "number"}:
        fitting = _number(value)
    else:
        fitting = value if isinstance(value, str) or family in {"", "json"} else None
    if fitting is None:
        message = f"it compares {column.name} with {value!r}, which is of a different kind"
        raise UnclearError(message)
    return fitting


def _boolean(value: object) -> bool | None:
    return _BOOLEANS.get(str(value).lower())


def _number(value: object) -> int | Decimal | None:
    if isinstance(value, str):
        return parse_number(value)
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, int | Decimal) else None


def _unchanged(operand: Column[object] | _Length, cast: Cast) -> Column[object] | _Length:
    """Return what is cast, if the cast changes nothing of its value."""
    family = "integer" if isinstance(operand, _Length) else _family(operand)
    other = _family_of_cast(cast)
    if cast.sizes or not other or (family != other and (family, other) not in _LOSSLESS):
        message = f"its cast to {cast.kind} may change a value"
        raise UnclearError(message)
    return operand


def _converted(value: object, cast: Cast) -> int | Decimal | str | bool:
    """Return a literal as the cast makes it."""
    family = _family_of_cast(cast)
    converted: int | Decimal | str | bool | None = None
    if family == "boolean":
        converted = _boolean(value)
    elif family in {"integer", "number"}:
        number = _number(value)
        fits = isinstance(number, int) or (family == "number" and not cast.sizes)
        converted = number if fits else None
    elif isinstance(value, str):
        fits = family != "text" or not cast.sizes or len(value) <= cast.sizes[0]
        converted = value if fits else None
    if converted is None:
        message = f"its cast of {value!r} to {cast.kind} is not understood"
        raise UnclearError(message)
    return converted


def _family_of_cast(cast: Cast) -> str:
    return _FAMILY_OF_CAST.get(cast.kind.partition(" ")[0], "")
