"""Dates and times of a row, which follow each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import types

from pytest_demodata.inference.names import words_of_name
from pytest_demodata.recipes.dating import Around, Rising, within
from pytest_demodata.recipes.deriving import Derived, DerivedColumn, Taken
from pytest_demodata.recipes.drawing import AsOf, Fraction
from pytest_demodata.values import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Column

    from pytest_demodata.inference.bounds import Bounds
    from pytest_demodata.recipes.recipe import Recipe

    Kind = types.TypeEngine[Any]
    Columns = Sequence[Column[Any]]


def _words(expression: str, *, behind: str = r"( \w+)*") -> re.Pattern[str]:
    """Return what finds one of some words in a name."""
    return re.compile(rf"(\w+ )*({expression}){behind}")


_ORDER: Final = (
    _words(
        "create|created|creation|insert|inserted|added|register|registered|registration|join|"
        "joined|signup|hire|hired|enrolled|enrollment|founded"
    ),
    _words(
        "order|ordered|invoice|issue|issued|placed|booked|submitted|requested|sent|date|opened|"
        "open|reported|admitted|admission",
        behind="( date| at| on| time)?",
    ),
    _words("start|starts|started|begin|begins|began|from|since|valid from|effective"),
    _words("confirm|confirmed|approved|accepted|published|activated|assigned|verified"),
    _words("pay|paid|payment|charged|billed"),
    _words("ship|shipped|shipment|dispatched|packed"),
    _words("deliver|delivered|received|arrived"),
    _words(
        "end|ends|ended|finish|finished|complete|completed|resolved|until|valid to|valid until|to|"
        "discharged|discharge|graduated|graduation|expired"
    ),
    _words(
        "close|closed|cancel|cancelled|canceled|returned|refunded|revoked|left|terminated|"
        "termination"
    ),
    _words(
        "update|updated|modify|modified|change|changed|edited|last|seen|login|activity|access|"
        "accessed"
    ),
    _words("archive|archived|delete|deleted|removed"),
)
_OTHER: Final = 3
_DUE: Final = _words("due|deadline")
_LATE: Final = _words(r"due|expire|expires|expiry|expiration|deadline|next|renew\w*|scheduled")
_BIRTHS: Final = _words("birth|born|dob|birthday|birthdate")
_SELDOM: Final = _words(
    "delete|deleted|removed|archived|cancelled|canceled|returned|refunded|revoked|terminated|"
    "termination|locked|banned"
)

_YEARS: Final = 730
_PAST: Final = -30
"""Days from the reference date to the last first date, which leaves room for those that follow."""

BASE: Final = "moment#"
"""The virtual column with a row's first moment, in seconds."""


def is_time(kind: Kind) -> bool:
    """Return whether a type holds dates."""
    return isinstance(kind, types.Date | types.DateTime)


def base_recipes(owner: str | None) -> dict[Any, Recipe]:
    """Return what a table's first moments are made of: rising, or behind those of the owner.

    Args:
        owner: The columns of the key to an owner that has such moments.
    """
    if owner is None:
        return {
            ("day#", "time#"): Rising(-_YEARS, _PAST, times=True),
            BASE: DerivedColumn(_moments, "day#", "time#"),
        }
    return {
        "before#": Taken(owner, BASE),
        "wait#": Fraction(),
        "today#": AsOf(),
        BASE: DerivedColumn(_behind_owner, "before#", "wait#", "today#"),
    }


def _moments(days: Sequence[int], fractions: Sequence[int]) -> list[int]:
    return [
        day * DAY_SECONDS + (fraction * DAY_SECONDS >> 32)
        for day, fraction in zip(days, fractions, strict=True)
    ]


def _behind_owner(
    moments: Sequence[int], fractions: Sequence[int], todays: Sequence[int]
) -> list[int]:
    end = DAY_SECONDS * todays[0] if todays else 0
    return [
        moment + (fraction * max(end - moment >> 1, 1) >> 32)
        for moment, fraction in zip(moments, fractions, strict=True)
    ]


def _left(moment: int, today: int) -> int:
    """Return the seconds until the reference date begins."""
    return max(today * DAY_SECONDS - moment, 0)


@dataclass(frozen=True, slots=True)
class _Next:
    """Steps forward from a moment: within what is left until today, or beyond it.

    Attributes:
        most: How many seconds it goes forward.
        least: How many it goes at the least.
        kept: How many seconds are left for the steps behind this one.
        beyond: Whether it may go beyond today.
    """

    most: int
    least: int
    kept: int
    beyond: bool

    def __call__(
        self, moments: Sequence[int], fractions: Sequence[int], todays: Sequence[int]
    ) -> list[int]:
        return [
            moment + self.least + (fraction * (self._room(moment, today) + 1) >> 32)
            for moment, fraction, today in zip(moments, fractions, todays, strict=True)
        ]

    def _room(self, moment: int, today: int) -> int:
        if self.beyond:
            return self.most
        return min(self.most, max(_left(moment, today) - self.least - self.kept, 0))


@dataclass(frozen=True, slots=True)
class _Behind:
    """Moves moments behind those of other columns.

    Attributes:
        units: Of each other column, how many seconds it is counted in.
        least: How far behind.
    """

    units: tuple[int, ...]
    least: int

    def __call__(self, moment: int, *others: int | None) -> int:
        known = (
            other * unit + self.least
            for other, unit in zip(others, self.units, strict=True)
            if other is not None
        )
        return max((moment, *known))


def time_recipes(
    columns: Columns, bounds: Mapping[str, Bounds], others: Mapping[str, Column[Any]]
) -> tuple[dict[str, Recipe], dict[Any, Recipe]]:
    """Choose what a table's dates and times are filled with, so that they follow each other.

    Args:
        columns: The columns.
        bounds: What the constraints say of the table's columns.
        others: Dates and times of the table that are filled in another way.

    Returns:
        Recipes of the columns, and of virtual columns that they read; `base_recipes` are others.
    """
    chain = _Chain(columns, bounds, others)
    births = [each for each in columns if _BIRTHS.fullmatch(words_of_name(each.key))]
    for column in births:
        chain.add_birth(column)
    ordered = _ordered([column for column in columns if column not in births], bounds)
    for place, column in enumerate(ordered):
        chain.add(column, first=not place, behind=ordered[place + 1 :])
    return chain.recipes, chain.virtual


class _Chain:
    """Dates and times of a row, of which each is made out of the one before it."""

    def __init__(
        self, columns: Columns, bounds: Mapping[str, Bounds], others: Mapping[str, Column[Any]]
    ) -> None:
        self.recipes: dict[str, Recipe] = {}
        self.virtual: dict[Any, Recipe] = {"today#": AsOf()}
        self._bounds = bounds
        self._others = others
        self._columns = {column.key: column for column in columns} | dict(others)
        self._before = BASE

    def add_birth(self, column: Column[Any]) -> None:
        """Add a date long before all others."""
        self.recipes[column.key] = Around(
            -80 * 365, -18 * 365, seconds=has_time(column.type), limits=self._limits(column)
        )

    def add(self, column: Column[Any], *, first: bool, behind: Columns) -> None:
        """Add the date that follows those that are there.

        Args:
            column: The column.
            first: It is the first one, and has the row's first moment.
            behind: The columns that come after it.
        """
        late = _is_late(column) and not self._has_followers(column)
        moment = self._before
        if not first:
            moment = f"{column.key}#moment"
            self.virtual[f"{column.key}#step"] = Fraction()
            kept = sum(self._least(each) for each in behind)
            following = _Next(
                (60 if _is_late(column) else 30) * DAY_SECONDS,
                self._least(column),
                kept,
                _is_late(column),
            )
            is_due = _DUE.fullmatch(words_of_name(column.key)) and not list(self._above(column))
            before = BASE if is_due else self._before
            self.virtual[moment] = DerivedColumn(following, before, f"{column.key}#step", "today#")
        moment = self._limited(column, self._behind_others(column, moment))
        stored = _moments_themselves if has_time(column.type) else _days_of
        self.recipes[column.key] = DerivedColumn(stored, moment)
        if not late:
            self._before = moment

    def _behind_others(self, column: Column[Any], moment: str) -> str:
        """Move a column behind those that are filled in another way, and that it has to follow."""
        names = [name for name, _ in self._above(column) if name in self._others]
        if not names:
            return moment
        units = tuple(1 if has_time(self._others[name].type) else DAY_SECONDS for name in names)
        moved = f"{column.key}#behind"
        self.virtual[moved] = Derived(_Behind(units, self._least(column)), moment, *names)
        return moved

    def _limited(self, column: Column[Any], moment: str) -> str:
        limits = self._limits(column)
        if limits is None:
            return moment
        unit = 1 if has_time(column.type) else DAY_SECONDS
        limited = f"{column.key}#limited"
        seconds = range(limits.start * unit, limits.stop * unit)
        self.virtual[limited] = Derived(partial(within, seconds, _YEARS * DAY_SECONDS), moment)
        return limited

    def _limits(self, column: Column[Any]) -> range | None:
        mine = self._bounds.get(column.key)
        return None if mine is None else limits_of(column.type, mine) or None

    def _above(self, column: Column[Any]) -> Iterable[tuple[str, bool]]:
        return self._bounds[column.key].above if column.key in self._bounds else ()

    def _least(self, column: Column[Any]) -> int:
        """Return how many seconds a column is behind the one before it at the least.

        A day where a date is compared with a time of the same day, or has to be a later one.
        """
        least = 0
        for name, equal in self._above(column):
            other = self._columns.get(name)
            other_has_time = other is not None and has_time(other.type)
            if not has_time(column.type) and (other_has_time or not equal):
                return DAY_SECONDS
            least = max(least, 0 if equal else 1)
        return least

    def _has_followers(self, column: Column[Any]) -> bool:
        return any(other == column.key for each in self._bounds.values() for other, _ in each.above)


def _is_late(column: Column[Any]) -> bool:
    return _LATE.fullmatch(words_of_name(column.key)) is not None


def _moments_themselves(moments: Sequence[int]) -> Sequence[int]:
    return moments


def _days_of(moments: Sequence[int]) -> list[int]:
    return [moment // DAY_SECONDS for moment in moments]


def has_time(kind: Kind) -> bool:
    """Return whether a type holds times of a day too."""
    return isinstance(kind, types.DateTime)


def share_of_values(column: str) -> int:
    """Return in how many rows of a hundred an optional date is there."""
    return 10 if _SELDOM.fullmatch(words_of_name(column)) else 85


def _ordered(columns: Columns, bounds: Mapping[str, Bounds]) -> list[Column[Any]]:
    """Order columns by what their names mean, and then as the constraints want."""
    ordered = sorted(columns, key=_stage)
    for _ in columns:
        for column in list(ordered):
            above = bounds[column.key].above if column.key in bounds else ()
            others = {other for other, _ in above}
            places = [place for place, each in enumerate(ordered) if each.key in others]
            if places and max(places) > ordered.index(column):
                ordered.remove(column)
                ordered.insert(max(places), column)
    return ordered


def _stage(column: Column[Any]) -> int:
    if _is_late(column):
        return len(_ORDER)
    words = words_of_name(column.key)
    found = (place for place, each in enumerate(_ORDER) if each.fullmatch(words))
    return next(found, _OTHER)


# Literals


_MOST_DAYS: Final = 100_000


def limits_of(kind: Kind, bounds: Bounds) -> range | None:
    """Return the days, or seconds, that the literals of constraints leave; None if there are none.

    It begins at the literal, and where there is only one, goes on for long.
    """
    timed = has_time(kind)
    first, last = _limit(bounds.lowest, 1, timed=timed), _limit(bounds.highest, -1, timed=timed)
    most = _MOST_DAYS * (DAY_SECONDS if timed else 1)
    if first is not None and last is not None:
        return range(first, last + 1)
    if first is not None:
        return range(first, first + most)
    if last is not None:
        return range(last - most + 1, last + 1)
    return None


def _limit(end: tuple[Any, bool] | None, step: int, *, timed: bool) -> int | None:
    """Return the first or last day, or second, that a literal leaves."""
    if end is None:
        return None
    value, itself = end
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    second = (read.hour * 60 + read.minute) * 60 + read.second
    if timed:
        return read.toordinal() * DAY_SECONDS + second + (0 if itself else step)
    inside = itself and (step < 0 or not second)
    later = second and step < 0  # the day itself is before a time of it
    return read.toordinal() + (0 if inside or later else step)
