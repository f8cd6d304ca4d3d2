"""Texts of all kinds, each made out of a number.

A maker gives different texts for different numbers below its capacity, so that a unique column
needs nothing but numbers of which none stands twice. They are different for databases too that
compare without regard to case, accents and spaces at the end.
"""

from __future__ import annotations

import json
import re
import string
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv6Address
from math import prod
from typing import TYPE_CHECKING, Final

from pytest_demodata.recipes.numbering import (
    LARGEST_CAPACITY,
    FilledIn,
    Numbered,
    capacity_of,
    count_of,
    filled_in,
    pattern,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_demodata.recipes.numbering import Capacity
    from pytest_demodata.recipes.recipe import Recipe
    from pytest_demodata.words import Words

    Function = Callable[[Words, int], str]

_REPEATS: Final = 1 << 24
"""How often the words of a list are used again, with another number behind them."""

_DIGITS: Final = string.digits + string.ascii_uppercase
_FEWEST: Final = 4
_SPREAD: Final = 7_393_913_191
"""A prime that no number of digits is a multiple of."""

SHORTEST: Final = 8
"""A unique text in fewer characters than these is nothing but a code."""


# What databases take for the same

_SMALL_KANA: Final = dict(zip("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", strict=True))
_ALIKE: Final = str.maketrans(
    {chr(code): chr(code + 0x60) for code in range(0x3041, 0x3097)}
    | {chr(ord(small) - 0x60): large for small, large in _SMALL_KANA.items()}
    | _SMALL_KANA
    | {"ø": "o", "đ": "d", "ł": "l", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "ħ": "h", "ð": "d"}
    | {"æ": "ae", "œ": "oe", "þ": "th", "ー": ""}
)


def folded(text: str) -> str:
    """Return a text without what a database may overlook when it compares: case and accents."""
    if text.isascii():
        return text.lower().replace("ss", "s").rstrip()
    apart = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return letters.translate(_ALIKE).replace("ss", "s").rstrip()


# Makers


@dataclass(frozen=True, slots=True)
class Short:
    """Writes numbers into few characters, where a text of their own is too long.

    Attributes:
        before: What stands before the number.
        behind: What stands behind it.
        alphabet: The digits.
        width: The most of them.
    """

    before: str = "X"
    behind: str = ""
    alphabet: str = _DIGITS
    width: int = 7

    def within(self, longest: int) -> Short:
        """Return what fits into a length: with fewer digits, and without what is around them."""
        around = len(self.before) + len(self.behind)
        if around and longest - around < _FEWEST:
            return Short(width=min(max(longest - 1, 1), 7))
        return replace(self, width=min(self.width, max(longest - around, 1)))

    @property
    def capacity(self) -> int:
        """How many numbers can be written."""
        return int(len(self.alphabet) ** self.width)

    def text(self, number: int) -> str:
        """Write a number, so that one after the other looks different."""
        number = number * _SPREAD % self.capacity
        digits = []
        while number:
            number, digit = divmod(number, len(self.alphabet))
            digits.append(self.alphabet[digit])
        written = "".join(reversed(digits)).rjust(self.width, self.alphabet[0])
        return f"{self.before}{written}{self.behind}"

    def is_like(self, text: str) -> bool:
        """Return whether a text might be one that is written here."""
        found, before, behind = folded(text), folded(self.before), folded(self.behind)
        middle = found.removeprefix(before).removesuffix(behind)
        return (
            found == f"{before}{middle}{behind}"
            and len(middle) == self.width
            and set(middle) <= set(self.alphabet.lower())
        )


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes texts.

    Attributes:
        function: Takes the words and a number.
        capacity: How many numbers there are, of the words or for all.
        natural: How many of them it takes where nothing need be unique; all, if None.
        short: What stands for a text that is too long; else it is cut, where it need not be unique.
        width: How long all of the texts are, if they are of one length.
    """

    function: Function
    capacity: Capacity
    natural: Capacity | None = None
    short: Short | None = None
    width: int | None = None

    def within(self, longest: int | None, *, unique: bool) -> Maker:
        """Return what makes texts that are no longer than a column."""
        if isinstance(self.function, Codes) and unique and (longest or SHORTEST) >= SHORTEST:
            codes = replace(self.function, longer=True)
            return Maker(codes, codes.capacity, codes.count).fitted(longest, unique=unique)
        return self.fitted(longest, unique=unique)

    def fitted(self, longest: int | None, *, unique: bool) -> Maker:
        """Return the same with what is too long cut, or something shorter in its place."""
        if longest is None or (self.width is not None and self.width <= longest):
            return self
        function = self.function
        if isinstance(function, Listed):
            function = function.within(longest)
        short = (self.short or Short()).within(longest)
        cuts = self.short is None and not unique
        fitting = _Fitting(function, longest, None if cuts else short)
        if not unique:
            return replace(self, function=fitting)
        return replace(self, function=fitting, capacity=Least(self.capacity, short.capacity))

    def can_be_unique(self, longest: int | None) -> bool:
        """Return whether texts that differ, and look like it, fit into a length."""
        return longest is None or longest >= min(self.width or SHORTEST, SHORTEST)

    def recipe(self, *, longest: int | None, unique: bool) -> Recipe:
        """Have texts made that are no longer than the column.

        Args:
            longest: The column's length in characters, if it has one.
            unique: No two rows have the same.
        """
        if unique and not self.can_be_unique(longest):
            return code_recipe(longest or 0, unique=True)
        made = self.within(longest, unique=unique)
        return Numbered(made.function, made.capacity, unique, made.natural)


@dataclass(frozen=True, slots=True)
class Least:
    """The smaller one of two capacities."""

    one: Capacity
    another: Capacity

    def __call__(self, words: Words) -> int:
        """Return it, of the words."""
        return min(capacity_of(self.one, words), capacity_of(self.another, words))


def code_recipe(length: int, *, unique: bool) -> Recipe:
    """Have codes of capital letters made, and of digits behind them where there is room."""
    letters = min(length, 3)
    return pattern("?" * letters + "#" * min(length - letters, 9), unique=unique)


def secret_recipe(length: int, *, unique: bool) -> Recipe:
    """Have hexadecimal digits made that look like a key or a checksum."""
    if length < _DIGITS_OF_NUMBER:
        return pattern("^" * length, unique=unique)
    return Numbered(_Hash(length), 1 << 60, unique)


_DIGITS_OF_NUMBER: Final = 16


@dataclass(frozen=True, slots=True)
class _Hash:
    """Makes a checksum of a number, with the number itself at the end."""

    length: int

    def __call__(self, _words: Words, number: int) -> str:
        digest = sha256(number.to_bytes(8, "big")).hexdigest()
        return digest[: self.length - _DIGITS_OF_NUMBER] + f"{number:016x}"


@dataclass(frozen=True, slots=True)
class _Fitting:
    """Makes what another function makes, and something shorter where that is too long."""

    function: Function
    longest: int
    short: Short | None

    def __call__(self, words: Words, number: int) -> str:
        text = self.function(words, number)
        if self.short is None:
            return text if len(text) <= self.longest else _cut(text, self.longest)
        if len(text) <= self.longest and not self.short.is_like(text):
            return text
        return self.short.text(number % self.short.capacity)[: self.longest]


def _cut(text: str, longest: int) -> str:
    """Cut a text, between two words if they are not too long."""
    start = text[: longest + 1].rpartition(" ")[0].rstrip(" ,.;&-")
    if len(start) > longest // 2:
        return start
    return text[:longest].strip(" ,.;&-") or text[:longest]


def _counted(text: str, turn: int, between: str = " ") -> str:
    """Put the turn behind a word that has been used before."""
    return f"{text}{between}{turn + 1}" if turn else text


# Out of lists


@lru_cache(maxsize=512)
def entries_of(
    words: Words, name: str, part: int | None, between: str, longest: int | None = None
) -> Sequence[str]:
    """Return the texts of a list that differ, also if a number is put behind them.

    Args:
        words: The locale's words.
        name: The list.
        part: Which part of its entries.
        between: What stands between a text and its number.
        longest: The most characters; all texts are too long for it, if none fits.
    """
    given = (str(entry if part is None else entry[part]) for entry in words[name])
    texts: dict[str, str] = {}
    for text in given:
        texts.setdefault(folded(text), text)
    numbered = re.compile(rf"(.*){re.escape(folded(between + '.')[:-1])}\d+", re.DOTALL)
    apart = [
        text
        for key, text in texts.items()
        if key and not ((found := numbered.fullmatch(key)) and found[1].rstrip() in texts)
    ]
    return [text for text in apart if longest is None or len(text) <= longest] or apart


@dataclass(frozen=True, slots=True)
class Listed:
    """Takes a word from a list; the list again, with numbers, when it is at its end."""

    name: str
    part: int | None = None
    between: str = " "
    longest: int | None = None

    def __call__(self, words: Words, number: int) -> str:
        """Return the word at a place, or the word and how often it has been there."""
        entries = entries_of(words, self.name, self.part, self.between, self.longest)
        turn, place = divmod(number, len(entries))
        return _counted(entries[place], turn, self.between)

    def within(self, longest: int) -> Listed:
        """Return the same of those words only that are short enough."""
        return replace(self, longest=longest)

    def count(self, words: Words) -> int:
        """Return how many words there are, whatever their length."""
        return len(entries_of(words, self.name, self.part, self.between))

    def capacity(self, words: Words) -> int:
        """Return how many texts there are, with numbers."""
        return self.count(words) * _REPEATS


def of_list(name: str, part: int | None = None, between: str = " ") -> Maker:
    """Make texts out of a list."""
    listed = Listed(name, part, between)
    return Maker(listed, listed.capacity, listed.count)


def of_pattern(text: str) -> Maker:
    """Make texts out of a pattern, of which those that are too long are digits."""
    return Maker(
        FilledIn(text), min(count_of(text), LARGEST_CAPACITY), short=_NUMERALS, width=len(text)
    )


_NUMERALS: Final = Short(before="", alphabet=string.digits, width=18)


@lru_cache(maxsize=32)
def _second_lines(words: Words) -> Sequence[str]:
    """Return what the second lines of addresses may be: all that their patterns give."""
    texts: dict[str, str] = {}
    for text in words["street2"]:
        for number in range(count_of(text)):
            filled = filled_in(text, number)
            texts.setdefault(folded(filled), filled)
    return list(texts.values())


def _second_line(words: Words, number: int) -> str:
    lines = _second_lines(words)
    turn, place = divmod(number, len(lines))
    return _counted(lines[place], turn, " / ")


STREET2: Final = Maker(
    _second_line,
    lambda words: len(_second_lines(words)) * _REPEATS,
    lambda words: len(_second_lines(words)),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One part of the entry of a list that a number stands for, whatever its length.

    Attributes:
        name: The list.
        part: The part.
    """

    name: str
    part: int

    def __call__(self, words: Words, number: int) -> str:
        """Return the part of the entry at a place."""
        turn, place = divmod(number, len(words[self.name]))
        return _counted(str(words[self.name][place][self.part]), turn)


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes of so many letters: first those of a list, and then all the others there are.

    Attributes:
        name: The list.
        part: Which part of its entries.
        letters: How many letters.
        longer: Whether there are longer ones when all of these have been used.
    """

    name: str
    part: int
    letters: int
    longer: bool = False

    def __call__(self, words: Words, number: int) -> str:
        """Return the code at a place."""
        codes = _all_codes(words, self.name, self.part, self.letters)
        turn, place = divmod(number, len(codes))
        return _counted(codes[place], turn if self.longer else 0, "")

    def count(self, words: Words) -> int:
        """Return how many are listed."""
        return _listed_codes(words, self.name, self.part, self.letters)

    def capacity(self, words: Words) -> int:
        """Return how many there are."""
        repeats = _REPEATS if self.longer else 1
        return len(_all_codes(words, self.name, self.part, self.letters)) * repeats


def _listed_codes(words: Words, name: str, part: int, letters: int) -> int:
    return len({entry[part] for entry in words[name] if len(entry[part]) == letters})


@lru_cache(maxsize=16)
def _all_codes(words: Words, name: str, part: int, letters: int) -> Sequence[str]:
    listed = [entry[part] for entry in words[name] if len(entry[part]) == letters]
    alphabet = string.ascii_lowercase if listed and listed[0].islower() else string.ascii_uppercase
    written = (filled_in("?" * letters, number) for number in range(26**letters))
    others = (text if alphabet.isupper() else text.lower() for text in written)
    return list(dict.fromkeys((*listed, *others)))


def codes_of(name: str, part: int, letters: int) -> Maker:
    """Make codes of so many letters, the listed ones first."""
    codes = Codes(name, part, letters)
    return Maker(codes, codes.capacity, codes.count, width=letters)


# People


@lru_cache(maxsize=32)
def _names(words: Words, name: str) -> Sequence[tuple[str, str]]:
    """Return names of one word, with the letters that stand for them, each of them once."""
    kept: dict[str, tuple[str, str]] = {}
    slugs: set[str] = set()
    for text, slug in words[name]:
        if text.isalpha() and slug not in slugs and folded(text) not in kept:
            kept[folded(text)] = text, slug
            slugs.add(slug)
    return list(kept.values()) or [(text, slug) for text, slug in words[name]]


def pairs_of_names(words: Words) -> int:
    """Return how many people there are before a name has to be given again."""
    return len(_names(words, "given_names")) * len(_names(words, "family_names"))


def many_pairs_of_names(words: Words) -> int:
    """Return how many people there are, with numbers."""
    return pairs_of_names(words) * _REPEATS


def _person(words: Words, number: int) -> tuple[str, str, str, str, int]:
    given_names, family_names = _names(words, "given_names"), _names(words, "family_names")
    turn, pair = divmod(number, len(given_names) * len(family_names))
    family, given = divmod(pair, len(given_names))
    return (*given_names[given], *family_names[family], turn)


def given_name(words: Words, number: int) -> str:
    """Return a person's first name."""
    return _person(words, number)[0]


def family_name(words: Words, number: int) -> str:
    """Return a person's last name."""
    return _person(words, number)[2]


def _full_name(words: Words, number: int) -> str:
    given, _, family, _, turn = _person(words, number)
    return _counted(words["name_format"].format(given=given, family=family), turn)


def _login(words: Words, number: int) -> str:
    _, given, _, family, turn = _person(words, number)
    return _counted(f"{given}.{family}", turn, "")


_DOMAINS: Final = ("example.com", "example.org", "example.net")


@dataclass(frozen=True, slots=True)
class Email:
    """A person's address; of one with several, each is in another domain."""

    place: int = 0

    def __call__(self, words: Words, number: int) -> str:
        """Return a person's address."""
        domain = _DOMAINS[(number + self.place) % len(_DOMAINS)]
        return f"{_login(words, number)}@{domain}"


SHORT_EMAIL: Final = Short("x", "@a.example", _DIGITS.lower())
PERSON: Final = Maker(_full_name, many_pairs_of_names, pairs_of_names)
EMAIL: Final = Maker(Email(), many_pairs_of_names, pairs_of_names, SHORT_EMAIL)
LOGIN: Final = Maker(_login, many_pairs_of_names, pairs_of_names)
GIVEN_NAME: Final = of_list("given_names", 0)
FAMILY_NAME: Final = of_list("family_names", 0)


# Things, and what is called after them


@lru_cache(maxsize=32)
def _nouns_of(words: Words) -> Sequence[str]:
    texts = {folded(noun): noun for noun in words["nouns"] if noun.isalpha()}
    return list(texts.values())


def _nouns(words: Words, number: int) -> tuple[str, str, int]:
    nouns = _nouns_of(words)
    turn, pair = divmod(number, len(nouns) ** 2)
    first, second = divmod(pair, len(nouns))
    return nouns[first], nouns[second], turn


def _noun_pairs(words: Words) -> int:
    return len(_nouns_of(words)) ** 2


def _many_nouns(words: Words) -> int:
    return _noun_pairs(words) * _REPEATS


def _slug(words: Words, number: int) -> str:
    first, second, turn = _nouns(words, number)
    return _counted(f"{first}-{second}", turn, "-")


def _thing(words: Words, number: int) -> str:
    first, second, turn = _nouns(words, number)
    return _counted(f"{first.capitalize()} {second}", turn)


def _json_text(words: Words, number: int) -> str:
    return json.dumps({"name": _slug(words, number)})


def _host(words: Words, number: int) -> str:
    return f"{_slug(words, number)}.example.com"


def _url(words: Words, number: int) -> str:
    return f"https://example.com/{_slug(words, number)}"


def _path(words: Words, number: int) -> str:
    return f"/{_slug(words, number).replace('-', '/', 1)}.txt"


@dataclass(frozen=True, slots=True)
class _File:
    endings: tuple[str, ...]

    def __call__(self, words: Words, number: int) -> str:
        return f"{_slug(words, number)}.{self.endings[number % len(self.endings)]}"


def _of_nouns(function: Function, short: Short | None = None) -> Maker:
    return Maker(function, _many_nouns, _noun_pairs, short)


THING: Final = _of_nouns(_thing)
SLUG: Final = _of_nouns(_slug)
JSON_TEXT: Final = _of_nouns(_json_text, Short('{"x":"', '"}'))
HOST: Final = _of_nouns(_host, Short("x", ".example", _DIGITS.lower()))
URL: Final = _of_nouns(_url, Short("http://a.example/", "", _DIGITS.lower()))
PATH: Final = _of_nouns(_path, Short("/", "", _DIGITS.lower()))
FILE: Final = _of_nouns(_File(("pdf", "txt", "csv", "png", "jpg")), Short("x", ".pdf"))
PICTURE: Final = _of_nouns(_File(("png", "jpg")), Short("x", ".png"))
TITLE: Final = of_list("titles")
SENTENCE: Final = of_list("sentences")
NOUN: Final = of_list("nouns", between="-")
COMPANY: Final = of_list("companies")


# Places


def _street(words: Words, number: int) -> str:
    streets = _streets(words)
    street, house, block, lot, turn = _mixed(number, _street_sizes(words))
    text = words["street_format"].format(
        street=streets[street],
        number=words["house_numbers"][0] + house,
        block=block + 1,
        lot=lot + 1,
    )
    return _counted(text, turn, ", ")


def _streets(words: Words) -> Sequence[str]:
    return entries_of(words, "streets", None, "")


def _street_sizes(words: Words) -> tuple[int, int, int, int]:
    """Return how many streets there are, houses in a street, and in some countries parts of it."""
    first, last = words["house_numbers"]
    parts = (30, 20) if "{lot}" in words["street_format"] else (1, 1)
    return len(_streets(words)), last - first + 1, *parts


def _mixed(number: int, sizes: Sequence[int]) -> list[int]:
    """Take a number apart into digits, each below its size, and what is left."""
    digits = []
    for size in sizes:
        number, digit = divmod(number, size)
        digits.append(digit)
    return [*digits, number]


def _houses(words: Words) -> int:
    return prod(_street_sizes(words))


def _many_houses(words: Words) -> int:
    return _houses(words) * _REPEATS


@lru_cache(maxsize=32)
def _all_postal_codes(words: Words) -> Sequence[str]:
    codes: dict[str, None] = {}
    for place in words["places"]:
        first, last = place[5:7]
        numbers = [None] if last is None else range(first, last + 1)
        codes.update(dict.fromkeys(_postal_code(words, first, number) for number in numbers))
    return list(codes)


def _postal_code(words: Words, first: object, number: int | None) -> str:
    if number is None:
        return str(first)
    text: str = words["postal_format"].format(number, number // 10_000, number % 10_000)
    return text


def _any_postal_code(words: Words, number: int) -> str:
    codes = _all_postal_codes(words)
    turn, place = divmod(number, len(codes))
    return _counted(codes[place], turn, "/")


def _postal_codes(words: Words) -> int:
    return len(_all_postal_codes(words))


def place_count(words: Words) -> int:
    """Return how many numbers stand for places: each several times, with other postal codes."""
    return len(words["places"]) << 16


@dataclass(frozen=True, slots=True)
class OfPlace:
    """One part of the place that a number stands for.

    Attributes:
        part: `city`, `state`, `region`, `postal code`, `country`, or the letters of its code.
    """

    part: str | int

    def __call__(self, words: Words, number: int) -> str:
        """Return the part of a place."""
        turn, index = divmod(number, len(words["places"]))
        place = words["places"][index]
        if self.part == "postal code":
            first, last = place[5:7]
            return _postal_code(words, first, last and first + turn % (last - first + 1))
        if isinstance(self.part, int):
            return _country_code(words, place[3], self.part)
        return str(place[("city", "state", "region", "country").index(self.part)])


def _country_code(words: Words, country: str, letters: int) -> str:
    """Return the code of a country, by its name; or that of the locale's."""
    territory = words.locale.rpartition("_")[2]
    place = 1 if letters == len(territory) else 2
    found = (entry[place] for entry in words["countries"] if country == entry[0])
    others = (entry[place] for entry in words["countries"] if territory == entry[1])
    return str(next(found, None) or next(others, territory))


@lru_cache(maxsize=32)
def _phone_patterns(words: Words) -> Sequence[str]:
    return list(dict.fromkeys(place[7] for place in words["places"] if place[7]))


def _phone(words: Words, number: int) -> str:
    patterns = _phone_patterns(words)
    if not patterns:
        return f"+999 {number:09d}"  # a country that does not exist
    turn, place = divmod(number, len(patterns))
    size = count_of(patterns[place])
    return _counted(filled_in(patterns[place], turn % size), turn // size, " x")


def _phones(words: Words) -> int:
    return max(len(_phone_patterns(words)), 1) * _REPEATS


def _few_phones(words: Words) -> int:
    return max(len(_phone_patterns(words)), 1) * 100


STREET: Final = Maker(_street, _many_houses, _houses)
POSTAL_CODE: Final = Maker(
    _any_postal_code, lambda words: _postal_codes(words) * _REPEATS, _postal_codes
)
PHONE: Final = Maker(_phone, _phones, _few_phones, _NUMERALS)
CITY: Final = of_list("places", 0)
STATE: Final = of_list("places", 1)
COUNTRY: Final = of_list("countries", 0)
COUNTRY_CODE: Final = codes_of("countries", 1, 2)
COUNTRY_CODE_3: Final = codes_of("countries", 2, 3)
CURRENCY_CODE: Final = codes_of("currencies", 0, 3)
LANGUAGE_CODE: Final = codes_of("languages", 0, 2)


# Numbers with a checksum, and of machines


def _iban(_words: Words, number: int) -> str:
    account = f"{number:018d}"
    digits = "".join(str(int(letter, 36)) for letter in f"{account}DE00")
    return f"DE{98 - int(digits) % 97:02d}{account}"


@dataclass(frozen=True, slots=True)
class _Ean:
    """Makes numbers of products or books, with their check digit."""

    before: str

    def __call__(self, _words: Words, number: int) -> str:
        digits = f"{self.before}{number:09d}"
        total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
        return f"{digits}{-total % 10}"


def _card(_words: Words, number: int) -> str:
    digits = f"400000{number:09d}"
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    total = sum(each - 9 if each > 9 else each for each in doubled)  # noqa: PLR2004 - Luhn's
    return f"{digits}{-total % 10}"


def _ip(_words: Words, number: int) -> str:
    nets = ("192.0.2", "198.51.100", "203.0.113")
    turn, rest = divmod(number, 3 * 254)
    if turn:
        return str(IPv6Address(0x2001_0DB8 << 96 | turn << 16 | rest))
    return f"{nets[rest // 254]}.{rest % 254 + 1}"


def _network(_words: Words, number: int) -> str:
    return f"10.{number >> 8}.{number & 0xFF}.0/24"


def _mac(_words: Words, number: int) -> str:
    return ":".join(f"{byte:02x}" for byte in (2, *number.to_bytes(5, "big")))


def _uuid(_words: Words, number: int) -> str:
    digits = f"{number * 0x9E3779B97F4A7C15 & (1 << 64) - 1:016x}{number:016x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def _version(_words: Words, number: int) -> str:
    major, rest = divmod(number, 1000)
    return f"{major + 1}.{rest // 100}.{rest % 100}"


@lru_cache(maxsize=32)
def _color_codes(words: Words) -> dict[str, int]:
    codes = dict.fromkeys(each[1] for each in words["colors"])
    return {code: place for place, code in enumerate(codes)}


def _color(words: Words, number: int) -> str:
    """Return one of the listed colours, or any other."""
    codes = _color_codes(words)
    if number < len(codes):
        return list(codes)[number]
    while (code := f"#{(number * 0x9E3779B1 + 1) & 0xFFFFFF:06x}") in codes:
        number = codes[code]
    return code


IBAN: Final = Maker(_iban, 10**18, width=22)
EAN: Final = Maker(_Ean("200"), 10**9, short=_NUMERALS, width=13)
ISBN: Final = Maker(_Ean("978"), 10**9, short=_NUMERALS, width=13)
CARD: Final = Maker(_card, 10**9, short=_NUMERALS, width=16)
IP: Final = Maker(_ip, 3 * 254 * _REPEATS, 3 * 254)
NETWORK: Final = Maker(_network, 1 << 16)
MAC: Final = Maker(_mac, 1 << 40, width=17)
UUID: Final = Maker(_uuid, 1 << 60, width=36)
VERSION: Final = Maker(_version, 10**9, 20_000)
COLOR: Final = Maker(_color, 1 << 24, lambda words: len(_color_codes(words)))
