"""Dates and times of a row, which follow each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import types

from pytest_demodata.inference.names import words_of_name
from pytest_demodata.recipes.dating import Around, Rising
from pytest_demodata.recipes.deriving import Derived, DerivedColumn, Taken
from pytest_demodata.recipes.drawing import AsOf, Fraction, Sometimes
from pytest_demodata.values import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Column

    from pytest_demodata.inference.bounds import Bounds
    from pytest_demodata.recipes.recipe import Recipe

_STAGES: Final = (
    r"(\w+ )*(create|created|creation|insert|inserted|added|register|registered|registration|join|joined|signup|hire|hired)( \w+)*",
    r"(\w+ )*(order|ordered|invoice|issue|issued|placed|booked|submitted|requested|sent|date|opened|open)( date| at| on| time)?",
    r"(\w+ )*(start|starts|started|begin|begins|began|from|since|valid from|effective)( \w+)*",
    r"(\w+ )*(confirm|confirmed|approved|accepted|published|activated|assigned)( \w+)*",
    r"(\w+ )*(pay|paid|payment|charged|billed)( \w+)*",
    r"(\w+ )*(ship|shipped|shipment|dispatched|packed)( \w+)*",
    r"(\w+ )*(deliver|delivered|received|arrived)( \w+)*",
    r"(\w+ )*(end|ends|ended|finish|finished|complete|completed|resolved|until|valid to|valid until|to)( \w+)*",
    r"(\w+ )*(close|closed|cancel|cancelled|canceled|returned|refunded|revoked|left|terminated)( \w+)*",
    r"(\w+ )*(update|updated|modify|modified|change|changed|edited|last|seen|login|activity|access|accessed)( \w+)*",
    r"(\w+ )*(archive|archived|delete|deleted|removed)( \w+)*",
)
_ORDER: Final = tuple(map(re.compile, _STAGES))
_OTHER: Final = 3
_LATE: Final = re.compile(
    r"(\w+ )*(due|expire|expires|expired|expiry|expiration|deadline|next|renew\w*|scheduled)( \w+)*"
)
_BIRTHS: Final = re.compile(r"(\w+ )*(birth|born|dob|birthday)( \w+)*|date of birth")
_SELDOM: Final = re.compile(
    r"(\w+ )*(delete|deleted|removed|archived|cancelled|canceled|returned|refunded|revoked|terminated|locked|banned)( \w+)*"
)

_YEARS: Final = 730
_PAST: Final = -30
"""Days from the reference date to the last first date, which leaves room for those that follow."""

BASE: Final = "moment#"
"""The virtual column with a row's first moment, in seconds."""


def is_time(kind: types.TypeEngine[Any]) -> bool:
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
    return [
        moment + (fraction * max(_left(moment, today) // 2, 1) >> 32)
        for moment, fraction, today in zip(moments, fractions, todays, strict=True)
    ]


def _left(moment: int, today: int) -> int:
    """Return the seconds until the reference date begins."""
    return max(today * DAY_SECONDS - moment, 0)


@dataclass(frozen=True, slots=True)
class _Next:
    """Steps forward from a moment: within what is left until today, or beyond it."""

    days: int
    at_least: int
    beyond: bool

    def __call__(
        self, moments: Sequence[int], fractions: Sequence[int], todays: Sequence[int]
    ) -> list[int]:
        span = self.days * DAY_SECONDS
        steps = (
            self.at_least
            + (fraction * (span if self.beyond else min(span, _left(moment, today)) + 1) >> 32)
            for moment, fraction, today in zip(moments, fractions, todays, strict=True)
        )
        return [moment + step for moment, step in zip(moments, steps, strict=True)]


def time_recipes(
    columns: Sequence[Column[Any]], bounds: Mapping[str, Bounds]
) -> tuple[dict[str, Recipe], dict[Any, Recipe]]:
    """Choose what a table's dates and times are filled with, so that they follow each other.

    Args:
        columns: The columns.
        bounds: What the constraints say of the table's columns.

    Returns:
        Recipes of the columns, and of virtual columns that they read; `base_recipes` are others.
    """
    recipes: dict[str, Recipe] = {}
    virtual: dict[Any, Recipe] = {"today#": AsOf()}
    chain: list[Column[Any]] = []
    for column in columns:
        mine = bounds.get(column.key)
        if mine is not None and (alone := _between(column, mine)) is not None:
            recipes[column.key] = alone
        elif _BIRTHS.fullmatch(words_of_name(column.key)):
            recipes[column.key] = Around(-80 * 365, -18 * 365, seconds=_has_time(column))
        else:
            chain.append(column)
    before = BASE
    at_least = DAY_SECONDS if _strict(chain, bounds) else 0
    for place, column in enumerate(_ordered(chain, bounds)):
        late = bool(_LATE.fullmatch(words_of_name(column.key)))
        moment = BASE
        if place:
            moment = f"{column.key}#moment"
            virtual[f"{column.key}#step"] = Fraction()
            virtual[moment] = DerivedColumn(
                _Next(60 if late else 30, at_least, late), before, f"{column.key}#step", "today#"
            )
        recipe: Recipe = Derived(partial(_stored, _has_time(column)), moment)
        recipes[column.key] = recipe
        if not (late and not _has_followers(column, bounds)):
            before = moment
    return recipes, virtual


def _stored(has_time: bool, moment: int) -> int:  # noqa: FBT001 - bound once
    return moment if has_time else moment // DAY_SECONDS


def _has_time(column: Column[Any]) -> bool:
    return isinstance(column.type, types.DateTime)


def share_of_values(column: str) -> int:
    """Return in how many rows of a hundred an optional date is there."""
    return 10 if _SELDOM.fullmatch(words_of_name(column)) else 85


def _ordered(columns: Sequence[Column[Any]], bounds: Mapping[str, Bounds]) -> list[Column[Any]]:
    """Order columns by what their names mean, and then as the constraints want."""

    def stage(column: Column[Any]) -> tuple[int, int]:
        words = words_of_name(column.key)
        if _LATE.fullmatch(words):
            return len(_ORDER), 0
        found = (place for place, each in enumerate(_ORDER) if each.fullmatch(words))
        return next(found, _OTHER), 0

    ordered = sorted(columns, key=stage)
    for _ in ordered:
        for column in list(ordered):
            others = (
                [other for other, _ in bounds[column.key].above] if column.key in bounds else []
            )
            places = [place for place, each in enumerate(ordered) if each.key in others]
            if places and max(places) > ordered.index(column):
                ordered.remove(column)
                ordered.insert(max(places), column)
    return ordered


def _strict(columns: Sequence[Column[Any]], bounds: Mapping[str, Bounds]) -> bool:
    return any(
        not equal
        for column in columns
        if column.key in bounds
        for _, equal in bounds[column.key].above
    )


def _has_followers(column: Column[Any], bounds: Mapping[str, Bounds]) -> bool:
    return any(other == column.key for each in bounds.values() for other, _ in each.above)


def _between(column: Column[Any], bounds: Bounds) -> Recipe | None:
    """Return what draws a date between two literals, if the constraints have one."""
    ends = [
        _moment_of(end[0]) if end is not None else None for end in (bounds.lowest, bounds.highest)
    ]
    if ends == [None, None]:
        return None
    first, last = ends
    if first is None:
        first = (last or 0) - _YEARS * DAY_SECONDS
    if last is None:
        last = first + _YEARS * DAY_SECONDS
    from pytest_demodata.recipes.drawing import Whole  # noqa: PLC0415 - TODO

    if _has_time(column):
        return Whole(range(first + 1, last))
    return Whole(
        range(first // DAY_SECONDS + 1, max(last // DAY_SECONDS, first // DAY_SECONDS + 2))
    )


def _moment_of(value: object) -> int | None:
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return read.toordinal() * DAY_SECONDS + read.hour * 3_600 + read.minute * 60 + read.second


_ = (date, Sometimes)
