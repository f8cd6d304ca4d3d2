"""Columns that are about one thing: the names and addresses of a person, the parts of a place.

One number stands for the thing, and each of its columns is made out of that number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import types

from pytest_demodata.inference import makers
from pytest_demodata.inference.makers import Email, Least, Maker, OfPlace
from pytest_demodata.inference.names import (
    is_people,
    without_table,
    words_of_name,
)
from pytest_demodata.recipes.deriving import Localized
from pytest_demodata.recipes.numbering import Numbered

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from sqlalchemy import Column

    from pytest_demodata.inference.bounds import Bounds
    from pytest_demodata.recipes.numbering import Capacity
    from pytest_demodata.recipes.recipe import Recipe
    from pytest_demodata.words import Words


class _Part(NamedTuple):
    """What a column says of a thing.

    Attributes:
        role: Which one of several such things in a row it is about.
        name: What it says.
        column: The column.
    """

    role: str
    name: str
    column: Column[Any]


def group_recipes(
    table: str,
    columns: Iterable[Column[Any]],
    bounds: Mapping[str, Bounds],
    distinct: Container[str],
) -> tuple[dict[str, Recipe], dict[Any, Recipe]]:
    """Choose what fills the columns of a table that are about one thing.

    Args:
        table: The table's name.
        columns: The columns that are open.
        bounds: What the constraints say of them.
        distinct: The columns in which no two rows have the same.

    Returns:
        The recipes of those columns, and of the virtual columns that they read.
    """
    texts = [
        column for column in columns if _is_free_text(column) and _is_unbound(bounds, column.key)
    ]
    recipes: dict[str, Recipe] = {}
    virtual: dict[Any, Recipe] = {}
    for group in (*_people(table, texts), *_places(table, texts), *_listed(table, texts)):
        open_parts = {key: maker for key, maker in group.makers.items() if key not in recipes}
        able = {
            key: maker
            for key, maker in open_parts.items()
            if key not in distinct
            or (key in group.telling and maker.can_be_unique(_length(texts, key, bounds)))
        }
        if len(able) + group.others < _FEWEST:
            continue
        uniques = [key for key in able if key in distinct]
        number = f"{next(iter((*uniques, *able)))}#{group.name}"
        capacity: Capacity = group.capacity
        for key, maker in able.items():
            fitting = maker.within(_length(texts, key, bounds), unique=key in distinct)
            recipes[key] = Localized(fitting.function, (number,))
            if key in distinct:
                capacity = Least(capacity, fitting.capacity)
        virtual[number] = Numbered(_itself, capacity, bool(uniques), group.natural)
    return recipes, virtual


_FEWEST: Final = 2


def _itself(_words: Words, number: int) -> int:
    return number


def _is_free_text(column: Column[Any]) -> bool:
    return isinstance(column.type, types.String) and not isinstance(column.type, types.Enum)


def _is_unbound(bounds: Mapping[str, Bounds], key: str) -> bool:
    """Return whether the constraints ask for no more of a text than that it is there."""
    mine = bounds.get(key)
    return mine is None or (
        mine.values is None
        and mine.lowest is None
        and mine.highest is None
        and not mine.above
        and not mine.excluded
        and mine.shortest <= 1
        and set(mine.likes) <= {"%@%"}
    )


def _length_of(column: Column[Any]) -> int | None:
    """Return how many characters a column of text holds, if that is said."""
    return column.type.length if isinstance(column.type, types.String) else None


def _length(columns: Iterable[Column[Any]], key: str, bounds: Mapping[str, Bounds]) -> int | None:
    column = next(each for each in columns if each.key == key)
    checked = bounds[key].longest if key in bounds else None
    lengths = [each for each in (_length_of(column), checked) if each is not None]
    return min(lengths, default=None)


@dataclass(frozen=True, slots=True)
class _Group:
    """Columns about one thing.

    Attributes:
        name: What kind of thing.
        makers: By column, what makes its text.
        telling: The columns whose texts are different for each number.
        capacity: How many numbers there are.
        natural: How many of them are taken as long as there are not more rows.
        others: How many more columns are about it, which go their own way.
    """

    name: str
    makers: Mapping[str, Maker]
    telling: Container[str]
    capacity: Capacity
    natural: Capacity
    others: int = 0


# People

_CONTEXT: Final = (
    r"(?:(?:personal|work|private|business|office|home|primary|secondary|alternate|alternative|"
    r"recovery|backup|other) )?"
)
_EMAIL: Final = re.compile(rf"((?:\w+ )*?){_CONTEXT}(?:e ?mail(?: address)?|mail)")
_LOGIN: Final = re.compile(r"((?:\w+ )*?)(?:user ?name|login(?: name)?|nick ?name|nick|handle)")
_NAMES: Final = (
    ("given", re.compile(r"((?:\w+ )*?)(?:(?:first|given|fore|preferred) ?name|fname)")),
    ("family", re.compile(r"((?:\w+ )*?)(?:(?:last|family|sur) ?name|lname)")),
    ("full", re.compile(r"((?:\w+ )*?)(?:(?:full|display|real|legal|person) ?name)")),
)
_NAME: Final = re.compile(r"((?:\w+ )*?)name")
_OF_PEOPLE: Final = re.compile(
    r"(\w+ )*(account|profile|registration|signup|subscription|reservation|inquiry)s?"
)


def _person_part(table: str, column: Column[Any]) -> _Part | None:
    words = words_of_name(column.key)
    bare = without_table(words, table)
    if found := _LOGIN.fullmatch(words):
        return _Part(_role(found, table), "login", column)
    if found := _EMAIL.fullmatch(bare):
        return _Part(_role(found, table), "email", column)
    for name, expression in _NAMES:
        if found := expression.fullmatch(bare):
            return _Part(_role(found, table), name, column)
    if found := _NAME.fullmatch(bare):
        role = _role(found, table)
        named = is_people(role) if role else is_people(table) or bool(_OF_PEOPLE.fullmatch(table))
        return _Part(role, "full", column) if named else None
    if is_people(bare) and not bare.endswith("user agent"):
        return _Part(bare, "full", column)
    return None


def _role(found: re.Match[str], table: str) -> str:
    role = found[1].strip()
    return "" if role in {table, table.removesuffix("s")} else role


def _people(table: str, columns: Sequence[Column[Any]]) -> list[_Group]:
    """Put the columns of each person together; an address without a name is the only one's."""
    words = words_of_name(table)
    parts = [part for column in columns if (part := _person_part(words, column)) is not None]
    named = {part.role for part in parts if part.name in {"given", "family", "full"}}
    if len(named) == 1:
        (only,) = named
        parts = [part._replace(role=only) if part.role == "" else part for part in parts]
    groups = []
    for role in dict.fromkeys(part.role for part in parts):
        mine = [part for part in parts if part.role == role]
        emails = [part.column.key for part in mine if part.name == "email"]
        made = {
            part.column.key: _maker_of_person(part.name, emails, part.column.key) for part in mine
        }
        telling = {part.column.key for part in mine if part.name in {"full", "email", "login"}}
        groups.append(
            _Group("person", made, telling, makers.many_pairs_of_names, makers.pairs_of_names)
        )
    return groups


def _maker_of_person(part: str, emails: Sequence[str], key: str) -> Maker:
    if part == "email":
        return Maker(Email(emails.index(key)), makers.many_pairs_of_names, short=makers.SHORT_EMAIL)
    return _PERSONS[part]


_PERSONS: Final = {
    "given": Maker(makers.given_name, makers.many_pairs_of_names),
    "family": Maker(makers.family_name, makers.many_pairs_of_names),
    "full": makers.PERSON,
    "login": makers.LOGIN,
}


# Places

_PLACE: Final = tuple(
    (name, re.compile(rf"((?:\w+ )*?)(?:{expression})"))
    for name, expression in (
        ("city", r"(?:city|town|locality|municipality)(?: name)?"),
        ("state", r"(?:state|province)(?: (?:code|name|province))?"),
        ("region", r"region|county"),
        ("postal code", r"zip ?code|zip|postal ?code|post ?code|postal|plz"),
        ("code", r"country ?(?:code|iso|iso ?code|iso ?[23])"),
        ("country", r"country(?: name)?"),
        (
            "street",
            r"street|address|addr|(?:street |address )*line ?1|street address|address ?1",
        ),
    )
)


def _place_part(table: str, column: Column[Any]) -> _Part | None:
    bare = without_table(words_of_name(column.key), table)
    if bare == "name" and re.fullmatch(r"cit(y|ies)|towns?", table):
        return _Part("", "city", column)
    for name, expression in _PLACE:
        if found := expression.fullmatch(bare):
            role = found[1].strip()
            return _Part(re.sub(r"(^| )address$", "", role), name, column)
    return None


def _places(table: str, columns: Sequence[Column[Any]]) -> list[_Group]:
    words = words_of_name(table)
    parts = [part for column in columns if (part := _place_part(words, column)) is not None]
    groups = []
    for role in dict.fromkeys(part.role for part in parts):
        mine = [part for part in parts if part.role == role]
        names = {part.name for part in mine}
        if not names - {"country", "code"}:
            continue
        made = {
            part.column.key: Maker(_place_function(part, names), makers.place_count)
            for part in mine
            if part.name != "street"
        }
        groups.append(
            _Group(
                "place",
                made,
                (),
                makers.place_count,
                makers.place_count,
                others=int("street" in names),
            )
        )
    return groups


def _place_function(part: _Part, names: set[str]) -> OfPlace:
    letters = _letters_of_code(part.column)
    if part.name == "code" or (part.name == "country" and _length_of(part.column) in {2, 3}):
        return OfPlace(letters)
    if part.name == "region" and "state" not in names:
        return OfPlace("state")
    return OfPlace(part.name)


def _letters_of_code(column: Column[Any]) -> int:
    three = _length_of(column) == len("USA") or column.key.endswith("3")
    return len("USA") if three else len("US")


# What is listed with its codes

_COUNTRY: Final = {
    "name": Maker(makers.Entry("countries", 0), makers.COUNTRY.capacity),
    "code": makers.COUNTRY_CODE,
    "long code": makers.COUNTRY_CODE_3,
}
_LISTS: Final[dict[str, dict[str, Maker]]] = {
    "country": _COUNTRY,
    "currency": {
        "code": makers.CURRENCY_CODE,
        "symbol": Maker(makers.Entry("currencies", 1), makers.COUNTRY.capacity),
        "name": Maker(makers.Entry("currencies", 2), makers.COUNTRY.capacity),
    },
    "language": {
        "code": makers.LANGUAGE_CODE,
        "name": Maker(makers.Entry("languages", 1), makers.COUNTRY.capacity),
    },
}
_LISTED: Final = re.compile(
    r"(?:(?P<name>name|label|title)|(?P<symbol>symbol)|"
    r"(?P<long>iso ?3|alpha ?3|iso alpha ?3|code ?3)|"
    r"(?P<code>code|iso|iso ?code|iso ?2|alpha ?2|iso alpha ?2|id|short code|abbreviation))"
)


def _listed(table: str, columns: Sequence[Column[Any]]) -> list[_Group]:
    """Put the names and codes of countries, currencies and languages together."""
    words = words_of_name(table)
    about = re.sub("ies$", "y", words).removesuffix("s")
    groups = []
    for kind, known in _LISTS.items():
        own = about == kind or about.endswith(f" {kind}")
        made: dict[str, Maker] = {}
        for column in columns:
            part = _listed_part(kind, words_of_name(column.key), column, own=own)
            if part in known and known[part] not in made.values():
                made[column.key] = known[part]
        if made:
            natural = known["code"].natural or 0
            telling = [key for key, maker in made.items() if maker is not known.get("symbol")]
            groups.append(_Group(kind, made, telling, makers.COUNTRY.capacity, natural))
    return groups


def _listed_part(kind: str, words: str, column: Column[Any], *, own: bool) -> str:
    bare = without_table(words, kind)
    if not own:
        if words == kind:
            bare = "name" if kind == "country" else "code"
        elif bare == words:
            return ""
    found = _LISTED.fullmatch(bare)
    if found is None:
        return ""
    if found["long"]:
        return "long code"
    if found["code"] and kind == "country" and _length_of(column) == len("USA"):
        return "long code"
    return next(name for name in ("name", "symbol", "code") if found[name])
