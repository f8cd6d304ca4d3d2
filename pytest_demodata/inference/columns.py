"""What each column is filled with, as far as its name, type and constraints tell."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine.default import DefaultDialect

from pytest_demodata.defaults import DEFAULT_LOCALE
from pytest_demodata.inference import makers
from pytest_demodata.inference.names import words_of_name
from pytest_demodata.inference.numbers import highest_of, number_recipe, units_of
from pytest_demodata.inference.texts import recipe_for_text
from pytest_demodata.inference.times import is_time, limits_of
from pytest_demodata.recipes.dating import Around, Year
from pytest_demodata.recipes.deriving import DerivedColumn
from pytest_demodata.recipes.drawing import Choice, Constant, Fraction, Whole
from pytest_demodata.recipes.numbering import (
    Each,
    Numbered,
    Permuted,
    RandomBits,
    capacity_of,
    filled_in,
    pattern,
)
from pytest_demodata.values import counted, innermost, python_values, scale_of
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Column

    from pytest_demodata.inference.bounds import Bounds
    from pytest_demodata.recipes.recipe import Recipe
    from pytest_demodata.words import Words

    Kind = types.TypeEngine[Any]


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


_MOSTLY: Final = frozenset(
    [
        "active",
        "enabled",
        "visible",
        "valid",
        "verified",
        "available",
        "published",
        "paid",
        "online",
        "current",
    ]
)
_SELDOM: Final = frozenset(
    [
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
        "frozen",
        "suspended",
        "expired",
        "failed",
        "draft",
        "deprecated",
        "spam",
    ]
)
_BYTES: Final = 24
_SHORTEST_NOUN: Final = 16
_MANY: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Bytes:
    """Makes bytes of a number: the number itself in the first of them."""

    longest: int

    def __call__(self, _words: Words, number: int) -> bytes:
        own = number.to_bytes(8, "little")[: min(self.longest, 6)]
        return (own + hashlib.sha256(own).digest())[: self.longest]


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


@dataclass(frozen=True, slots=True)
class _Member:
    """Takes one of some values."""

    values: tuple[Any, ...]

    def __call__(self, _words: Words, number: int) -> Any:  # noqa: ANN401 - any
        return self.values[number % len(self.values)]


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
        return _one_of(column, bounds, unique=unique)
    if isinstance(kind, types.TypeDecorator) and not isinstance(kind, types.Interval):
        return _decorated(column, kind, bounds, unique=unique)
    return _plain(column, kind, bounds, unique=unique)


def _plain(  # noqa: C901, PLR0911, PLR0912 - one line for each kind of type
    column: Column[Any], kind: Kind, bounds: Bounds, *, unique: bool
) -> Recipe:
    if isinstance(kind, types.Enum):
        return _values(_members(kind, bounds), unique=unique)
    if isinstance(kind, mysql.SET):
        return Choice(tuple({value} for value in kind.values))
    if isinstance(kind, types.Boolean):
        return Each((True, False)) if unique else _boolean(column)
    if isinstance(kind, types.Integer | types.Numeric | types.Float):
        recipe = number_recipe(column.key, kind, bounds, unique=unique)
        if recipe is None:
            message = "its constraints leave no number that its type holds"
            raise Unknown(message)
        return recipe
    if is_time(kind):
        return _moment(kind, bounds, unique=unique)
    if isinstance(kind, types.Time):
        return _seconds(unique=unique)
    if isinstance(kind, types.Interval | postgresql.INTERVAL):
        return _seconds(unique=unique)
    if isinstance(kind, types.Uuid):
        return RandomBits()
    if isinstance(kind, types.String):
        return _text(column, kind, bounds, unique=unique)
    if isinstance(kind, types.LargeBinary | types.BINARY | types.VARBINARY):
        longest = min(kind.length or _BYTES, _BYTES)
        return Numbered(_Bytes(longest), 1 << 8 * min(longest, 6), unique)
    if isinstance(kind, types.JSON):
        return Numbered(_json, _MANY)
    if isinstance(kind, types.ARRAY):
        return _array(kind)
    if isinstance(kind, mysql.YEAR):
        return Year(-30, 0)
    for network, maker in _NETWORKS:
        if isinstance(kind, network):
            return maker.recipe(longest=None, unique=unique)
    message = f"nothing is known of its type, {kind!r}"
    raise Unknown(message)


_NETWORKS: Final = (
    (postgresql.INET, makers.IP),
    (postgresql.CIDR, makers.NETWORK),
    (postgresql.MACADDR, makers.MAC),
)


def _moment(kind: Kind, bounds: Bounds, *, unique: bool) -> Recipe:
    limits = limits_of(kind, bounds)
    if limits is not None and not limits:
        message = "its constraints leave no date"
        raise Unknown(message)
    if unique and limits is not None:
        return Permuted(limits if bounds.lowest is not None else limits[::-1])
    timed = isinstance(kind, types.DateTime)
    return Around(-730, -1, seconds=timed, unique=unique, limits=limits)


def _seconds(*, unique: bool) -> Recipe:
    """Have durations made, or times of the day: whole minutes where they need not be unique."""
    return Permuted(range(86_400)) if unique else Whole(range(60, 86_400, 60))


def _values(values: Sequence[Any], *, unique: bool) -> Recipe:
    if not values:
        message = "its constraints leave no value"
        raise Unknown(message)
    return Each(tuple(values)) if unique else Choice(tuple(values))


def _members(kind: types.Enum, bounds: Bounds) -> list[Any]:
    """Return the members of an enumeration, but for those that a constraint excludes."""
    members: Sequence[Any] = list(kind.enum_class or kind.enums)
    names = zip(kind.enums, members, strict=False)
    return [member for name, member in names if name not in bounds.excluded]


def _one_of(column: Column[Any], bounds: Bounds, *, unique: bool) -> Recipe:
    """Draw what a CHECK lists; of an enumeration, the members whose names are listed."""
    kind = innermost(column.type)
    values = [value for value in bounds.values or () if _is_within(value, bounds)]
    if isinstance(kind, types.Enum) and kind.enum_class is not None:
        by_name = dict(zip(kind.enums, kind.enum_class, strict=False))
        values = [by_name[value] for value in values if value in by_name]
    if isinstance(kind, types.Boolean):
        values = list(map(bool, values))
    if isinstance(kind, types.Numeric) or is_time(kind):
        values = [_counted_literal(kind, value) for value in values]
    if isinstance(column.type, types.TypeDecorator):
        values = [value for value in values if _survives(column.type, [value], strict=True)]
    return _values(values, unique=unique)


def _is_within(value: Any, bounds: Bounds) -> bool:  # noqa: ANN401 - any literal
    """Return whether a value that is listed is one that the other constraints leave."""
    if value in bounds.excluded:
        return False
    if isinstance(value, str):
        longest = bounds.longest if bounds.longest is not None else len(value)
        return bounds.shortest <= len(value) <= longest
    low, high = bounds.lowest, bounds.highest
    return (low is None or value > low[0] or (low[1] and value == low[0])) and (
        high is None or value < high[0] or (high[1] and value == high[0])
    )


def _counted_literal(kind: Kind, value: Any) -> Any:  # noqa: ANN401 - a literal
    try:
        if isinstance(kind, types.DateTime):
            return counted(kind, datetime.fromisoformat(str(value)))
        if isinstance(kind, types.Date):
            return counted(kind, date.fromisoformat(str(value)))
        return counted(kind, Decimal(str(value))) if scale_of(kind) else value
    except ValueError as error:
        message = f"its constraint has the value {value!r}, which it cannot hold"
        raise Unknown(message) from error


def _boolean(column: Column[Any]) -> Recipe:
    words = set(words_of_name(column.key).split())
    default = _default(column)
    if default is not None:
        often = 85 if default else 15
    elif words & _MOSTLY:
        often = 90
    else:
        often = 10 if words & _SELDOM else 50
    return Choice((True, False), weights=(often, 100 - often))


def _default(column: Column[Any]) -> Any:  # noqa: ANN401 - of the column's type
    """Return the value that SQLAlchemy itself would put in, where it is always the same."""
    default = column.default
    return getattr(default, "arg", None) if default is not None and default.is_scalar else None


# Texts


def _text(column: Column[Any], kind: types.String, bounds: Bounds, *, unique: bool) -> Recipe:
    lengths = [each for each in (kind.length, bounds.longest) if each is not None]
    longest = min(lengths, default=None)
    if bounds.above or bounds.highest is not None or (bounds.lowest or ("",))[0] != "":
        message = "it is text, and a constraint compares it"
        raise Unknown(message)
    if longest is not None and bounds.shortest > longest:
        message = "its constraints leave no length"
        raise Unknown(message)
    if bounds.likes:
        return _like(bounds.likes, bounds.shortest, longest, unique=unique)
    table = column.table.name if column.table is not None else ""
    recipe = recipe_for_text(table, column.key, longest=longest, unique=unique)
    if isinstance(recipe, Choice):
        return _chosen(column, recipe, bounds)
    if any(len(str(value)) >= max(bounds.shortest, 1) for value in bounds.excluded):
        message = "it is text, and a constraint excludes some"
        raise Unknown(message)
    if bounds.shortest > 1:
        return _long_enough(recipe, bounds.shortest, longest, unique=unique)
    return recipe


def _chosen(column: Column[Any], recipe: Choice, bounds: Bounds) -> Recipe:
    """Draw one of a few words that the constraints leave; or the default, which is one too."""
    default = _default(column)
    if isinstance(default, str) and default and _is_within(default, bounds):
        return Constant(default)
    values = [value for value in recipe.values if _is_within(value, bounds)]
    if values:
        return Choice(tuple(values))
    return makers.code_recipe(max(bounds.shortest, min(bounds.longest or 9, 9)), unique=False)


_ROOM_FOR_NUMBERS: Final = 20


def _long_enough(recipe: Recipe, shortest: int, longest: int | None, *, unique: bool) -> Recipe:
    """Have texts made that are not too short."""
    if isinstance(recipe, Numbered) and (longest or _MANY) >= shortest + _ROOM_FOR_NUMBERS:
        return replace(recipe, function=_AtLeast(recipe.function, shortest))
    length = max(shortest, min(longest or 12, 12))
    return pattern("?" * (length - length // 2) + "#" * (length // 2), unique=unique)


@dataclass(frozen=True, slots=True)
class _AtLeast:
    """Makes what another function makes, with the number behind it where it is too short."""

    function: Callable[[Words, int], str]
    shortest: int

    def __call__(self, words: Words, number: int) -> str:
        text = self.function(words, number)
        if len(text) >= self.shortest:
            return text
        return f"{text}-{number:0{max(self.shortest - len(text) - 1, 1)}d}"


def _like(likes: Sequence[str], shortest: int, longest: int | None, *, unique: bool) -> Recipe:
    if len(likes) > 1:
        message = "several constraints say what its text is like"
        raise Unknown(message)
    (like,) = likes
    if like == "%@%" and shortest <= 1:
        return makers.EMAIL.recipe(longest=longest, unique=unique)
    fixed = like.strip("%")
    room = max(min((longest or len(fixed) + 8) - len(fixed), 8), shortest - len(fixed))
    if room < 1:
        message = f"its text is LIKE {like!r}, and there is no room for more"
        raise Unknown(message)
    first = {(True, False): room, (True, True): 1, (False, True): 0}[
        like.startswith("%"), like.endswith("%")
    ]
    return Numbered(_Framing(fixed, first, room - first), 10**room, unique)


@dataclass(frozen=True, slots=True)
class _Framing:
    """Puts the digits of a number before a text and behind it."""

    text: str
    before: int
    behind: int

    def __call__(self, _words: Words, number: int) -> str:
        digits = filled_in("#" * (self.before + self.behind), number)
        return f"{digits[: self.before]}{self.text}{digits[self.before :]}"


def _array(kind: types.ARRAY[Any]) -> Recipe:
    item = kind.item_type
    if (kind.dimensions or 1) == 1:
        if isinstance(item, types.Enum):
            return Numbered(_Items(_Member(tuple(item.enum_class or item.enums))), _MANY)
        if isinstance(item, types.String) and (item.length or _MANY) >= _SHORTEST_NOUN:
            return Numbered(_Items(_noun), _MANY)
        if isinstance(item, types.Integer):
            return Numbered(_Items(_number), _MANY)
    message = f"nothing is known of arrays of {item!r}"
    raise Unknown(message)


# Types of the application's own


def _decorated(
    column: Column[Any], kind: types.TypeDecorator[Any], bounds: Bounds, *, unique: bool
) -> Recipe:
    """Find values that a type of the application's own takes, and gives back as they were.

    Where there are none, those do that it takes and gives back as something else, as long as it
    stores what it gives back as before.
    """
    if isinstance(kind, types.PickleType):
        return Numbered(_json, _MANY)
    recipes = list(_candidates(column, kind, bounds, unique=unique))
    for strict in (True, False):
        for recipe in recipes:
            if _survives(kind, _samples(recipe, kind), strict=strict, unique=unique):
                return recipe
    default = _default(column)
    if default is not None and not unique:
        return Constant(default)
    message = (
        f"its type {type(kind).__name__} is the application's own, and takes no value that "
        f"{innermost(kind)!r} does"
    )
    raise Unknown(message)


def _candidates(
    column: Column[Any], kind: types.TypeDecorator[Any], bounds: Bounds, *, unique: bool
) -> Iterator[Recipe]:
    """Give what a type may take, the likeliest first."""
    for values in _own_values(kind):
        yield _values(values, unique=unique)
    impl = innermost(kind)
    is_text = isinstance(impl, types.String) and not isinstance(impl, types.Enum)
    if (is_text or isinstance(impl, types.LargeBinary | types.JSON)) and not unique:
        yield Numbered(_json, _MANY)
        yield Numbered(_Items(_noun), _MANY)
        yield Numbered(_Items(_number), _MANY)
    with suppress(Unknown):
        yield _plain(column, impl, bounds, unique=unique)
    if not (is_text or isinstance(impl, types.LargeBinary)):
        return
    longest = getattr(impl, "length", None) if is_text else None
    about = re.sub("(Type|Column|Field|Decorator)$", "", type(kind).__name__)
    yield recipe_for_text("", about, longest=longest, unique=unique)
    for maker in _OWN_TEXTS:
        yield maker.recipe(longest=longest, unique=unique)
    if not unique:
        yield Whole(range(1, 1_000))


_OWN_TEXTS: Final = (
    makers.NOUN,
    makers.UUID,
    makers.of_pattern("+120255501##"),
    makers.URL,
    makers.EMAIL,
    makers.IP,
    makers.MAC,
    makers.CURRENCY_CODE,
    makers.COUNTRY_CODE,
    makers.LANGUAGE_CODE,
    makers.COLOR,
    makers.VERSION,
    makers.of_list("timezones", None, "_"),
)


def _own_values(kind: types.TypeDecorator[Any]) -> Iterator[Sequence[Any]]:
    """Give the lists of values that a type holds: members of enumerations, codes of choices."""
    for name, value in vars(kind).items():
        if isinstance(value, type) and issubclass(value, Enum):
            yield list(value)
        elif name.strip("_") in {"choices", "values", "options", "allowed", "allowed_values"}:
            items = list(value) if isinstance(value, list | tuple | set | frozenset | dict) else []
            codes = [item[0] if isinstance(item, tuple) else item for item in items]
            if codes:
                yield sorted(codes, key=str)


def _samples(recipe: Recipe, kind: types.TypeDecorator[Any]) -> Sequence[Any]:
    """Return some of the values that a recipe draws, as Python has them."""
    drawn: list[Any]
    if isinstance(recipe, Choice | Each):
        drawn = list(recipe.values)
    elif isinstance(recipe, Numbered):
        words = words_of(DEFAULT_LOCALE)
        usual = recipe.natural if recipe.natural is not None and not recipe.unique else None
        capacity = capacity_of(recipe.capacity if usual is None else usual, words)
        numbers = {0, 1, 2, 3, 7, 1_000, 12_345, capacity // 3, capacity // 2, capacity - 1}
        drawn = [recipe.function(words, number) for number in numbers if number < capacity]
    elif isinstance(recipe, Whole):
        drawn = [recipe.numbers[0], recipe.numbers[-1]]
    else:
        drawn = [_example(innermost(kind))]
    return python_values(kind, drawn)


def _example(impl: Kind) -> object:
    """Return one of the values that a type holds, counted."""
    for counted_as, value in _EXAMPLES:
        if isinstance(impl, counted_as):
            return value
    return 12


_EXAMPLES: Final[tuple[tuple[type[Kind], object], ...]] = (
    (types.Float, 1.5),
    (types.DateTime, 63_000_000_000),
    (types.Date, 738_000),
    (types.Uuid, 1 << 100 | 1 << 78 | 1 << 63),
)


def _survives(
    kind: types.TypeDecorator[Any], values: Sequence[Any], *, strict: bool, unique: bool = False
) -> bool:
    """Return whether an application's type stores values, and reads the same again.

    Args:
        kind: The type.
        values: The values.
        strict: It reads what was stored; otherwise something that it stores as the same.
        unique: What it stores of different values is different.
    """
    try:
        stored = [_stored(kind, value) for value in values]
        if any(_stored(kind, value) != kept for value, kept in zip(values, stored, strict=True)):
            return False  # as of a password with a salt: no two generations would be the same
        if not all(_fits(kind, kept) for kept in stored):
            return False
        read = [_read(kind, kept) for kept in stored]
        if unique and len(set(stored)) < len(stored):
            return False
        if strict:
            return all(bool(one == other) for one, other in zip(read, values, strict=True))
        return all(_stored(kind, value) == kept for value, kept in zip(read, stored, strict=True))
    except Exception:  # noqa: BLE001 - the application's own code
        return False


_DIALECT: Final = DefaultDialect()


def _stored(kind: Kind, value: Any) -> Any:  # noqa: ANN401 - any
    """Return what a type, and those it is around, hand on to the database."""
    while isinstance(kind, types.TypeDecorator):
        if type(kind).process_bind_param is not types.TypeDecorator.process_bind_param:
            value = kind.process_bind_param(value, _DIALECT)
        kind = kind.impl_instance
    return value


def _read(kind: Kind, value: Any) -> Any:  # noqa: ANN401 - any
    """Return what a type, and those it is around, make of what the database has."""
    around: list[types.TypeDecorator[Any]] = []
    while isinstance(kind, types.TypeDecorator):
        around.append(kind)
        kind = kind.impl_instance
    for each in reversed(around):
        if type(each).process_result_value is not types.TypeDecorator.process_result_value:
            value = each.process_result_value(value, _DIALECT)
    return value


def _fits(kind: types.TypeDecorator[Any], stored: object) -> bool:
    """Return whether the database can hold what a type hands on."""
    impl = innermost(kind)
    for each, held in _HELD:
        if isinstance(impl, each):
            longest = getattr(impl, "length", None)
            return isinstance(stored, held) and (
                longest is None or not isinstance(stored, str | bytes) or len(stored) <= longest
            )
    return stored is not None


_HELD: Final[tuple[tuple[type[Kind], Any], ...]] = (
    (types.Enum, (str, Enum)),
    (types.String, str),
    (types.LargeBinary, bytes | memoryview),
    (types.Boolean, int),
    (types.Integer, int),
    (types.Float, int | float),
    (types.Numeric, int | float | Decimal),
    (types.DateTime, datetime),
    (types.Date, date),
)


# Comparisons


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
        message = "a constraint compares it with another column"
        raise Unknown(message)
    compared = [(others[name], equal) for name, equal in bounds.above]
    if any(
        not isinstance(each.type, types.Integer | types.Numeric | types.Float)
        for each, _ in compared
    ):
        message = "a constraint compares it with a column of another kind"
        raise Unknown(message)
    numbers, _ = units_of(column.key, kind, bounds)
    if not numbers:
        message = "its constraints leave no number that its type holds"
        raise Unknown(message)
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
