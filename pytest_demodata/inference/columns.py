"""What each column is filled with, as far as its name, type and constraints tell."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Column, types
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine.default import DefaultDialect

from pytest_demodata.inference import makers
from pytest_demodata.inference.bounds import Bounds
from pytest_demodata.inference.names import words_of_name
from pytest_demodata.inference.numbers import highest_of, number_recipe, units_of
from pytest_demodata.inference.texts import recipe_for_text
from pytest_demodata.inference.times import is_time
from pytest_demodata.recipes.dating import Around
from pytest_demodata.recipes.deriving import DerivedColumn
from pytest_demodata.recipes.drawing import Choice, Constant, Fraction, Whole
from pytest_demodata.recipes.numbering import Each, Numbered, RandomBits, pattern
from pytest_demodata.values import counted, scale_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_demodata.recipes.recipe import Recipe
    from pytest_demodata.words import Words


class Problem(NamedTuple):
    """A column that cannot be inferred.

    Attributes:
        column: `table.column`.
        reason: Why.
        line: What to write.
    """

    column: str
    reason: str
    line: str


class Unknown(Exception):  # noqa: N818 - told to the user as a Problem
    """A column cannot be inferred; the text says why."""


_MOSTLY: Final = ("active", "enabled", "visible", "valid", "verified", "available", "published")
_SELDOM: Final = (
    "deleted",
    "archived",
    "locked",
    "admin",
    "banned",
    "hidden",
    "disabled",
    "superuser",
    "staff",
    "blocked",
    "cancelled",
    "test",
)
_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class _Bytes:
    """Makes bytes of a number."""

    longest: int

    def __call__(self, _words: Words, number: int) -> bytes:
        return hashlib.sha256(number.to_bytes(8, "big")).digest()[: self.longest]


def _json(words: Words, number: int) -> dict[str, object]:
    nouns = words["nouns"]
    return {"name": nouns[number % len(nouns)], "value": number % 1_000}


@dataclass(frozen=True, slots=True)
class _Items:
    """Makes lists of up to four values."""

    make: Callable[[Words, int], Any]

    def __call__(self, words: Words, number: int) -> list[Any]:
        size, first = number % 5, number // 5
        return [self.make(words, first + place) for place in range(size)]


def _noun(words: Words, number: int) -> str:
    return str(words["nouns"][number % len(words["nouns"])])


def _number(_words: Words, number: int) -> int:
    return number % 100


def recipe_of(column: Column[Any], bounds: Bounds, *, unique: bool) -> Recipe:
    """Choose what a column is filled with that is no key and no date that follows another.

    Args:
        column: The column.
        bounds: What the constraints say of it.
        unique: No two rows have the same value.

    Raises:
        Unknown: It cannot be told.
    """
    kind = column.type
    if bounds.values is not None:
        return _one_of(column, bounds.values, unique=unique)
    if isinstance(kind, types.TypeDecorator) and not isinstance(kind, types.Interval):
        return _decorated(column, kind, bounds, unique=unique)
    return _plain(column, kind, bounds, unique=unique)


def _plain(  # noqa: C901, PLR0911, PLR0912 - one line for each kind of type
    column: Column[Any], kind: types.TypeEngine[Any], bounds: Bounds, *, unique: bool
) -> Recipe:
    if isinstance(kind, types.Enum):
        values = tuple(kind.enum_class or ()) or tuple(kind.enums)
        return Each(values) if unique else Choice(values)
    if isinstance(kind, mysql.SET):
        return Choice(tuple({value} for value in kind.values))
    if isinstance(kind, types.Boolean):
        return Each((True, False)) if unique else _boolean(column)
    if isinstance(kind, types.Integer | types.Numeric | types.Float):
        recipe = number_recipe(column.key, kind, bounds, unique=unique)
        if recipe is None:
            raise Unknown("its constraints leave no number that its type holds")
        return recipe
    if is_time(kind):
        seconds = isinstance(kind, types.DateTime)
        return Around(-730, -1, seconds=seconds, unique=unique)
    if isinstance(kind, types.Time):
        return Whole(range(0, 86_400, 1 if unique else 60))
    if isinstance(kind, types.Interval | postgresql.INTERVAL):
        return Whole(range(60, 86_400, 60))
    if isinstance(kind, types.Uuid):
        return RandomBits()
    if isinstance(kind, types.String):
        return _text(column, kind.length, bounds, unique=unique)
    if isinstance(kind, types.LargeBinary | types.BINARY | types.VARBINARY):
        longest = min(getattr(kind, "length", None) or _BYTES, _BYTES)
        return Numbered(_Bytes(longest), 1 << 48, unique)
    if isinstance(kind, types.JSON):
        return Numbered(_json, 1 << 20)
    if isinstance(kind, types.ARRAY):
        return _array(kind)
    if isinstance(kind, postgresql.INET):
        return makers.IP.recipe(longest=None, unique=unique)
    if isinstance(kind, postgresql.MACADDR):
        return makers.MAC.recipe(longest=None, unique=unique)
    raise Unknown(f"nothing is known of its type, {kind!r}")


def _one_of(column: Column[Any], values: Sequence[Any], *, unique: bool) -> Recipe:
    """Draw what a CHECK lists; of an enumeration, the members whose names are listed."""
    kind = column.type
    if isinstance(kind, types.Enum) and kind.enum_class is not None:
        by_name = dict(zip(kind.enums, kind.enum_class, strict=False))
        values = [by_name[value] for value in values if value in by_name]
    if isinstance(kind, types.Boolean):
        values = tuple(map(bool, values))
    if isinstance(kind, types.Numeric) or is_time(kind):
        values = [_counted_literal(kind, value) for value in values]
    if not values:
        raise Unknown("its constraints leave no value")
    return Each(tuple(values)) if unique else Choice(tuple(values))


def _counted_literal(kind: types.TypeEngine[Any], value: Any) -> Any:  # noqa: ANN401 - a literal
    from datetime import date, datetime  # noqa: PLC0415 - TODO
    from decimal import Decimal  # noqa: PLC0415

    try:
        if isinstance(kind, types.DateTime):
            return counted(kind, datetime.fromisoformat(str(value)))
        if isinstance(kind, types.Date):
            return counted(kind, date.fromisoformat(str(value)))
        return counted(kind, Decimal(str(value))) if scale_of(kind) else value
    except ValueError as error:
        raise Unknown(f"its constraint has the value {value!r}, which it cannot hold") from error


def _boolean(column: Column[Any]) -> Recipe:
    words = words_of_name(column.key).split()
    default = _default(column)
    if default is not None:
        often = 85 if default else 15
    elif any(word in _MOSTLY for word in words):
        often = 90
    else:
        often = 10 if any(word in _SELDOM for word in words) else 50
    return Choice((True, False), weights=(often, 100 - often))


def _default(column: Column[Any]) -> Any:  # noqa: ANN401 - of the column's type
    """Return the value that SQLAlchemy itself would put in, where it is always the same."""
    default = column.default
    return default.arg if default is not None and default.is_scalar else None


def _text(column: Column[Any], length: int | None, bounds: Bounds, *, unique: bool) -> Recipe:
    longest = bounds.longest if length is None else min(length, bounds.longest or length)
    table = column.table.name if column.table is not None else ""
    if bounds.lowest is not None or bounds.highest is not None or bounds.above:
        raise Unknown("it is text, and a constraint compares it")
    if bounds.likes:
        return _like(bounds.likes, longest, unique=unique)
    if bounds.shortest > 1:
        return _long_enough(bounds.shortest, longest, unique=unique)
    default = _default(column)
    recipe = recipe_for_text(table, column.key, longest=longest, unique=unique)
    if isinstance(default, str) and default and not unique and isinstance(recipe, Choice):
        return Constant(default)
    return recipe


def _long_enough(shortest: int, longest: int | None, *, unique: bool) -> Recipe:
    length = max(shortest, min(longest or 12, 12))
    if longest is not None and shortest > longest:
        raise Unknown("its constraints leave no length")
    return pattern("?" * (length - length // 2) + "#" * (length // 2), unique=unique)


def _like(likes: Sequence[str], longest: int | None, *, unique: bool) -> Recipe:
    if len(likes) > 1:
        raise Unknown("several constraints say what its text is like")
    (like,) = likes
    if like == "%@%":
        return makers.EMAIL.recipe(longest=longest, unique=unique)
    fixed = like.strip("%")
    if any(sign in fixed for sign in "%_#?^"):
        raise Unknown(f"a constraint says that its text is LIKE {like!r}")
    room = min((longest or len(fixed) + 8) - len(fixed), 8)
    if room < 1:
        raise Unknown(f"its text is LIKE {like!r}, and there is no room for more")
    if not like.startswith("%"):
        return pattern(fixed + "#" * room, unique=unique)
    if not like.endswith("%"):
        return pattern("#" * room + fixed, unique=unique)
    return pattern("#" + fixed + "#" * (room - 1), unique=unique)


def _array(kind: types.ARRAY[Any]) -> Recipe:
    item = kind.item_type
    if (kind.dimensions or 1) == 1:
        if isinstance(item, types.String) and (item.length is None or item.length >= 16):
            return Numbered(_Items(_noun), 1 << 20)
        if isinstance(item, types.Integer):
            return Numbered(_Items(_number), 1 << 20)
        if isinstance(item, types.Enum):
            return Numbered(_Items(_Member(tuple(item.enum_class or item.enums))), 1 << 20)
    raise Unknown(f"nothing is known of arrays of {item!r}")


@dataclass(frozen=True, slots=True)
class _Member:
    values: tuple[Any, ...]

    def __call__(self, _words: Words, number: int) -> Any:  # noqa: ANN401 - any
        return self.values[number % len(self.values)]


def _decorated(
    column: Column[Any], kind: types.TypeDecorator[Any], bounds: Bounds, *, unique: bool
) -> Recipe:
    """Find values that a type of the application's own takes, and gives back as they were."""
    impl = kind.impl_instance
    dialect = DefaultDialect()
    holds_text = isinstance(impl, types.String | types.LargeBinary) and not isinstance(
        impl, types.Enum
    )
    if isinstance(kind, types.PickleType):
        return Numbered(_json, 1 << 20)
    if (holds_text or isinstance(impl, types.JSON)) and not unique:
        for example, recipe in (
            ({"a": 1}, Numbered(_json, 1 << 20)),
            (["a"], Numbered(_Items(_noun), 1 << 20)),
        ):
            if _survives(kind, dialect, example, str | bytes if holds_text else object):
                return recipe
    while isinstance(impl, types.TypeDecorator):
        impl = impl.impl_instance
    default = _default(column)
    if _takes(kind, impl, dialect):
        return _plain(column, impl, bounds, unique=unique)
    if default is not None and not unique:
        return Constant(default)
    raise Unknown(
        f"its type {type(kind).__name__} is the application's own, and takes no value that "
        f"{impl!r} does"
    )


def _takes(
    kind: types.TypeDecorator[Any], impl: types.TypeEngine[Any], dialect: DefaultDialect
) -> bool:
    """Return whether a type takes the Python values of what it is built on, and returns them."""
    from pytest_demodata.values import python_values  # noqa: PLC0415 - TODO

    example = _example(impl)
    if example is None:
        return False
    (value,) = python_values(impl, [example])
    return _survives(kind, dialect, value, object)


def _example(impl: types.TypeEngine[Any]) -> object:
    for counted_as, value in (
        (types.Enum, None),
        (types.Boolean, True),
        (types.Integer, 12),
        (types.Float, 1.5),
        (types.Numeric, 1200),
        (types.DateTime, 63_000_000_000),
        (types.Date, 738_000),
        (types.Time, 3_600),
        (types.Interval, 3_600),
        (types.Uuid, 1 << 100 | 1 << 78 | 1 << 63),
        (types.String, "example"),
        (types.LargeBinary, b"example"),
        (types.JSON, {"a": 1}),
    ):
        if isinstance(impl, counted_as):
            return value
    return None


def _survives(
    kind: types.TypeDecorator[Any],
    dialect: DefaultDialect,
    value: object,
    stored: Any,  # noqa: ANN401 - a type
) -> bool:
    """Return whether an application's type stores a value, and reads the same again."""
    try:
        bound = kind.process_bind_param(value, dialect)
        again = kind.process_result_value(bound, dialect)
    except Exception:  # noqa: BLE001 - the application's own code
        return False
    return isinstance(bound, stored) and bool(again == value)


def comparing_recipe(
    column: Column[Any], bounds: Bounds, others: Mapping[str, Column[Any]], *, unique: bool
) -> tuple[Recipe, dict[str, Recipe]]:
    """Choose what fills a number that is larger than other columns.

    Returns:
        The recipe, and those of virtual columns that it reads.

    Raises:
        Unknown: It is no number, or is unique as well.
    """
    kind = column.type
    if (
        unique
        or not isinstance(kind, types.Integer | types.Numeric | types.Float)
        or isinstance(kind, types.Float)
    ):
        raise Unknown("a constraint compares it with another column")
    compared = [(others[name], equal) for name, equal in bounds.above]
    if any(
        not isinstance(each.type, types.Integer | types.Numeric | types.Float)
        for each, _ in compared
    ):
        raise Unknown("a constraint compares it with a column of another kind")
    numbers, _ = units_of(column.key, kind, bounds)
    if not numbers:
        raise Unknown("its constraints leave no number that its type holds")
    most = bounds.last_unit(scale_of(kind))
    above = _Above(
        first=numbers[0],
        span=len(numbers),
        last=highest_of(kind) if most is None else most,
        factors=tuple(
            (scale_of(kind) - scale_of(each.type), 0 if equal else 1) for each, equal in compared
        ),
    )
    fraction = f"{column.key}#more"
    names = [name for name, _ in bounds.above]
    return DerivedColumn(above, fraction, *names), {fraction: Fraction()}


@dataclass(frozen=True, slots=True)
class _Above:
    """Draws numbers that are larger than those of other columns.

    Attributes:
        first: The smallest.
        span: How far beyond it they go.
        last: The largest.
        factors: For each other column, the power of ten to multiply with, and the least difference.
    """

    first: int
    span: int
    last: int
    factors: tuple[tuple[int, int], ...]

    def __call__(self, fractions: Sequence[int], *others: Sequence[int | None]) -> list[int]:
        return [
            self._above(fraction, values)
            for fraction, values in zip(fractions, zip(*others, strict=True), strict=True)
        ]

    def _above(self, fraction: int, values: Sequence[int | None]) -> int:
        low = self.first
        for value, (power, more) in zip(values, self.factors, strict=True):
            if value is not None:
                scaled = value * 10**power if power >= 0 else -(-value // 10**-power)
                low = max(low, scaled + more)
        high = max(min(low + self.span, self.last), low)
        return low + (fraction * (high - low + 1) >> 32)
