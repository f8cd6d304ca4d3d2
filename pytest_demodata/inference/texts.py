"""Texts for columns that are known by their names: each made out of a number.

A maker gives different texts for different numbers below its capacity, so that a unique column
needs nothing but numbers of which none stands twice.
"""

from __future__ import annotations

import json
import re
import string
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pytest_demodata.invoicing.customers import with_digits
from pytest_demodata.recipes.numbering import Numbered, pattern
from pytest_demodata.recipes.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_demodata.words import Words

_REPEATS: Final = 1 << 24
"""How often the words of a list are used again, with another number behind them."""

_DIGITS: Final = string.digits + string.ascii_uppercase
_SHORT: Final = 8


class Maker(NamedTuple):
    """Makes texts.

    Attributes:
        function: Takes the words and a number.
        capacity: How many numbers there are, of the words or for all.
        natural: How many of them it takes where nothing need be unique; all, if None.
    """

    function: Callable[[Words, int], str]
    capacity: int | Callable[[Words], int]
    natural: Callable[[Words], int] | None = None


def text_recipe(maker: Maker, *, longest: int | None, unique: bool) -> Recipe:
    """Have texts made that are no longer than the column.

    Args:
        maker: Makes them.
        longest: The column's length in characters, if it has one.
        unique: No two rows have the same.
    """
    if longest is not None and longest < _SHORT and unique:
        return code_recipe(longest, unique=True)
    function = maker.function if longest is None else _Fitting(maker.function, longest)
    return Numbered(function, maker.capacity, unique, maker.natural)


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
    """Makes what another function makes, and a code of its number where that is too long."""

    function: Callable[[Words, int], str]
    longest: int

    def __call__(self, words: Words, number: int) -> str:
        text = self.function(words, number)
        if len(text) <= self.longest:
            return text
        if self.longest < _SHORT:
            return text[: self.longest].strip() or text[: self.longest]
        width = self.longest - 1
        digits = []
        while number:
            number, digit = divmod(number, len(_DIGITS))
            digits.append(_DIGITS[digit])
        return "X" + "".join(reversed(digits)).rjust(min(width, 7), "0")[-width:]


def _counted(text: str, turn: int, between: str = " ") -> str:
    """Put the turn behind a word that has been used before."""
    return f"{text}{between}{turn + 1}" if turn else text


@dataclass(frozen=True, slots=True)
class _Listed:
    """Takes a word from a list; the list again, with numbers, when it is at its end."""

    name: str
    part: int | None = None
    between: str = " "
    capital: bool = False

    def __call__(self, words: Words, number: int) -> str:
        entries = words[self.name]
        turn, place = divmod(number, len(entries))
        entry = entries[place]
        text = str(entry if self.part is None else entry[self.part])
        return _counted(text.capitalize() if self.capital else text, turn, self.between)

    def count(self, words: Words) -> int:
        """Return how many words there are."""
        return len(words[self.name])

    def capacity(self, words: Words) -> int:
        """Return how many texts there are, with numbers."""
        return self.count(words) * _REPEATS


def _of_list(name: str, part: int | None = None, **how: Any) -> Maker:  # noqa: ANN401 - as above
    listed = _Listed(name, part, **how)
    return Maker(listed, listed.capacity, listed.count)


def _pairs(words: Words) -> int:
    return len(words["given_names"]) * len(words["family_names"])


def _many_pairs(words: Words) -> int:
    return _pairs(words) * _REPEATS


def _person(words: Words, number: int) -> tuple[str, str, str, str, int]:
    turn, pair = divmod(number, _pairs(words))
    family, given = divmod(pair, len(words["given_names"]))
    return (*words["given_names"][given], *words["family_names"][family], turn)


def _full_name(words: Words, number: int) -> str:
    given, _, family, _, turn = _person(words, number)
    return _counted(words["name_format"].format(given=given, family=family), turn)


def _slugs(words: Words, number: int) -> str:
    _, given, _, family, turn = _person(words, number)
    return _counted(f"{given}.{family}", turn, "")


def _email(words: Words, number: int) -> str:
    domains = ("example.com", "example.org", "example.net")
    return f"{_slugs(words, number)}@{domains[number % len(domains)]}"


def _nouns(words: Words, number: int) -> tuple[str, str, int]:
    nouns = words["nouns"]
    turn, pair = divmod(number, len(nouns) ** 2)
    first, second = divmod(pair, len(nouns))
    return nouns[first], nouns[second], turn


def _many_nouns(words: Words) -> int:
    return len(words["nouns"]) ** 2 * _REPEATS


def _noun_pairs(words: Words) -> int:
    return len(words["nouns"]) ** 2


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


def _file(words: Words, number: int) -> str:
    endings = ("pdf", "txt", "csv", "png", "jpg")
    return f"{_slug(words, number)}.{endings[number % len(endings)]}"


def _street(words: Words, number: int) -> str:
    first, last = words["house_numbers"]
    house, street = divmod(number, len(words["streets"]))
    turn, house = divmod(house, last - first + 1)
    text = words["street_format"].format(street=words["streets"][street], number=first + house)
    return _counted(text, turn)


def _house_count(words: Words) -> int:
    first, last = words["house_numbers"]
    return len(words["streets"]) * (last - first + 1)


def _houses(words: Words) -> int:
    return _house_count(words) * _REPEATS


def _postal_code(words: Words, number: int) -> str:
    turn, place = divmod(number, len(words["places"]))
    first, last = words["places"][place][5:7]
    if last is None:
        return _counted(str(first), turn, "-")
    return _counted(
        words["postal_format"].format(first + turn % (last - first + 1)),
        turn // (last - first + 1),
        "-",
    )


def _place_count(words: Words) -> int:
    return len(words["places"]) * 10


def _phone(words: Words, number: int) -> str:
    formats = [place[7] for place in words["places"] if place[7]]
    if not formats:
        return f"+{10_000_000_000 + number}"
    turn, place = divmod(number, len(formats))
    holes = formats[place].count("#") + formats[place].count("%")
    wholes = 10**holes
    text = with_digits(formats[place], ((turn % wholes) << 32) // wholes + 1)
    return _counted(text, turn // wholes, " x")


def _phones(words: Words) -> int:
    return len(words["places"]) * _REPEATS


def _few_phones(words: Words) -> int:
    return len(words["places"]) * 100


def _check_digits(text: str) -> int:
    """Return the remainder of ISO 7064, letters counted from 10."""
    return int("".join(str(int(letter, 36)) for letter in text)) % 97


def _iban(_words: Words, number: int) -> str:
    account = f"{number:018d}"
    return f"DE{98 - _check_digits(f'{account}DE00'):02d}{account}"


def _ean(_words: Words, number: int) -> str:
    digits = f"200{number:09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _isbn(_words: Words, number: int) -> str:
    digits = f"978{number:09d}"
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
        return f"2001:db8::{turn >> 16:x}:{turn & 0xFFFF:x}:{rest:x}"
    return f"{nets[rest // 254]}.{rest % 254 + 1}"


def _mac(_words: Words, number: int) -> str:
    return ":".join(f"{byte:02x}" for byte in (2, *number.to_bytes(5, "big")))


def _uuid(_words: Words, number: int) -> str:
    digits = f"{number * 0x9E3779B97F4A7C15 & (1 << 64) - 1:016x}{number:016x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def _version(_words: Words, number: int) -> str:
    major, rest = divmod(number, 1000)
    return f"{major + 1}.{rest // 100}.{rest % 100}"


def _color(words: Words, number: int) -> str:
    turn, place = divmod(number, len(words["colors"]))
    return str(words["colors"][place][1]) if not turn else f"#{turn & 0xFFFFFF:06x}"


def _sentence(words: Words, number: int) -> str:
    return _Listed("sentences")(words, number)


def _sentence_count(words: Words) -> int:
    return len(words["sentences"])


def _many_sentences(words: Words) -> int:
    return len(words["sentences"]) * _REPEATS


PERSON = Maker(_full_name, _many_pairs, _pairs)
EMAIL = Maker(_email, _many_pairs, _pairs)
LOGIN = Maker(_slugs, _many_pairs, _pairs)
THING = Maker(_thing, _many_nouns, _noun_pairs)
SLUG = Maker(_slug, _many_nouns, _noun_pairs)
TITLE = _of_list("titles")
SENTENCE = Maker(_sentence, _many_sentences, _sentence_count)
NOUN = _of_list("nouns", between="-")
COMPANY = _of_list("companies")
CITY = _of_list("places", 0)

_MAKERS: Final[tuple[tuple[str, Maker], ...]] = (
    (r"e ?mail( address)?|mail", EMAIL),
    (r"(user|login|screen|nick|account) ?name|login|nick|handle|username", LOGIN),
    (r"(first|given|fore|middle) ?name|firstname", _of_list("given_names", 0)),
    (r"(last|family|sur) ?name|lastname|surname|maiden name", _of_list("family_names", 0)),
    (r"(full|display|contact|customer|employee|author|person|real|holder|owner) name", PERSON),
    (r"author|contact|owner|manager|assignee|recipient|sender|reviewer", PERSON),
    (
        r"phone|mobile|fax|tel|telephone|cell|phone number|fax number",
        Maker(_phone, _phones, _few_phones),
    ),
    (
        r"street|address|address ?(line)? ?1|street address|line ?1",
        Maker(_street, _houses, _house_count),
    ),
    (r"(address|street|address line|line) ?[23]", _of_list("street2")),
    (r"city|town|locality|place|municipality", CITY),
    (r"state|province|region|county|district", _of_list("places", 1)),
    (
        r"zip|zip ?code|postal ?code|post ?code|postcode|zipcode|plz",
        Maker(_postal_code, _phones, _place_count),
    ),
    (r"country ?code|country iso|iso ?code|nationality code", _of_list("countries", 1, between="")),
    (r"country|nation|nationality|country name", _of_list("countries", 0)),
    (
        r"company( name)?|organi[sz]ation( name)?|employer|vendor|supplier|manufacturer|brand|publisher|label|firm",
        COMPANY,
    ),
    (r"job|job title|occupation|profession|position title", _of_list("jobs")),
    (r"department( name)?|division", _of_list("departments")),
    (r"colou?r ?(hex|code)|hex colou?r", Maker(_color, 1 << 24, None)),
    (r"colou?r", _of_list("colors", 0)),
    (r"currency( code)?", _of_list("currencies", 0, between="")),
    (r"language( code)?|lang|locale", _of_list("languages", 0, between="")),
    (r"time ?zone|tz", _of_list("timezones", between="_")),
    (r"mime( type)?|content type|media type", _of_list("mime_types", 0, between="+")),
    (r"user ?agent", _of_list("user_agents")),
    (r"(\w+ )*(url|uri|link|href|website|homepage|webpage)", Maker(_url, _many_nouns, _noun_pairs)),
    (r"(\w+ )*(domain|host|hostname|server|fqdn)( name)?", Maker(_host, _many_nouns, _noun_pairs)),
    (r"(\w+ )*(ip|ip ?addr|ip ?address)", Maker(_ip, 3 * 254 * _REPEATS, lambda _: 3 * 254)),
    (r"mac|mac ?addr(ess)?", Maker(_mac, 1 << 40)),
    (r"(\w+ )*(uuid|guid)", Maker(_uuid, 1 << 60)),
    (r"(\w+ )*(path|directory|folder)", Maker(_path, _many_nouns, _noun_pairs)),
    (
        r"(\w+ )*(file|filename|file ?name|attachment|image|photo|picture|avatar|thumbnail)",
        Maker(_file, _many_nouns, _noun_pairs),
    ),
    (r"(\w+ )*json", Maker(_json_text, _many_nouns, _noun_pairs)),
    (r"(\w+ )*version", Maker(_version, 10**9, lambda _: 20_000)),
    (r"iban", Maker(_iban, 10**18)),
    (r"ean|ean ?13|gtin|upc|barcode", Maker(_ean, 10**9)),
    (r"isbn|isbn ?13", Maker(_isbn, 10**9)),
    (r"(credit )?card( number)?", Maker(_card, 10**9)),
    (r"(\w+ )*slug|permalink", SLUG),
    (r"title|subject|headline|heading|caption|topic|(\w+ )*title", TITLE),
    (
        r"(\w+ )*(description|comments?|notes?|remarks?|message|summary|bio|biography|about|details?|reason|feedback|review|text|body|content|abstract|excerpt|instructions|explanation|quote|error|help)",
        SENTENCE,
    ),
)
_RECIPES: Final = tuple((re.compile(expression), maker) for expression, maker in _MAKERS)

_PEOPLE: Final = re.compile(
    r"(\w+ )*(user|customer|client|person|people|employee|contact|author|member|patient|student|teacher|"
    r"doctor|driver|guest|manager|owner|staff|subscriber|player|artist|actor|lead|worker|citizen|"
    r"candidate|applicant|attendee|speaker|agent|buyer|seller|tenant|resident|friend|admin)(s)?"
)
_PLACES_OF_PEOPLE: Final = re.compile(
    r"(\w+ )*(compan(y|ies)|vendors?|suppliers?|organi[sz]ations?|brands?|publishers?)"
)

_CODES: Final = re.compile(
    r"(\w+ )*(sku|code|ref|reference|number|no|num|nr|serial|serial number|key|identifier|vin|plate|"
    r"ticket|tracking|invoice|order|account|symbol|abbr|abbreviation|short)"
)
_SECRETS: Final = re.compile(
    r"(\w+ )*(token|secret|hash|hashed|password|passwd|pwd|digest|checksum|salt|signature|api key|"
    r"session key|etag|fingerprint|nonce|md5|sha1|sha256|cookie|auth|hex|hexdigest|prefix|csrf)"
)
_STATES: Final = re.compile(r"(\w+ )*(status|state|stage|phase|condition)")
_KINDS: Final = re.compile(
    r"(\w+ )*(type|kind|category|class|group|level|tier|mode|format|method|source|channel|unit|role|scope|tag|plan|segment|theme|grade)"
)
_STATUS_WORDS: Final = ("active", "pending", "done", "open", "closed", "new")
_KIND_WORDS: Final = ("standard", "basic", "premium", "internal", "special")


def words_of_name(name: str) -> str:
    """Take a name in snake_case or CamelCase apart, into small words."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.sub(r"[\W_]+", " ", spaced).strip().lower()


def recipe_for_text(table: str, column: str, *, longest: int | None, unique: bool) -> Recipe:
    """Choose what a column of text is filled with, by its name and its table's."""
    words, whole = words_of_name(column), words_of_name(table)
    bare = words.removeprefix(f"{whole.removesuffix('s')} ").removeprefix(f"{whole} ")
    for name in dict.fromkeys((words, bare, _without_role(words))):
        for expression, maker in _RECIPES:
            if expression.fullmatch(name):
                return text_recipe(maker, longest=longest, unique=unique)
    if bare in {"name", "label"}:
        return text_recipe(_name_maker(whole), longest=longest, unique=unique)
    if _SECRETS.fullmatch(words):
        return secret_recipe(min(longest or 40, 40), unique=unique)
    if _STATES.fullmatch(words) and not unique:
        return _small_set(_STATUS_WORDS, longest)
    if _CODES.fullmatch(words):
        return code_recipe(min(longest or 9, 9), unique=unique)
    if _KINDS.fullmatch(words) and not unique:
        return _small_set(_KIND_WORDS, longest)
    if bare in {"gender", "sex"} and not unique:
        return _small_set(("female", "male", "other"), longest)
    if words.endswith(" name"):
        return text_recipe(_name_maker(words.removesuffix(" name")), longest=longest, unique=unique)
    if longest is None or longest >= _LONG:
        return text_recipe(SENTENCE if not unique else THING, longest=longest, unique=unique)
    return text_recipe(NOUN, longest=longest, unique=unique)


_LONG: Final = 200


def _without_role(words: str) -> str:
    """Leave out who a column is about: `billing_city` is a city."""
    role = r"(billing|shipping|home|work|office|contact|customer|primary|secondary|mailing|delivery|birth|company|personal|business|user|from|to|old|new|last|current|default|main|alt|alternate)"
    return re.sub(rf"^{role} (?=\w)", "", words)


def _name_maker(about: str) -> Maker:
    if _PEOPLE.fullmatch(about):
        return PERSON
    if _PLACES_OF_PEOPLE.fullmatch(about):
        return COMPANY
    for expression, maker in _RECIPES:
        if expression.fullmatch(about) or expression.fullmatch(about.removesuffix("s")):
            return maker
    return THING


def _small_set(values: Sequence[str], longest: int | None) -> Recipe:
    """Draw one of a few words, or of their first letters where there is no room for them."""
    from pytest_demodata.recipes.drawing import Choice  # noqa: PLC0415 - TODO

    if longest is not None:
        values = tuple(dict.fromkeys(value[:longest] for value in values))
    return Choice(values)
