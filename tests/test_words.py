"""Words: those of the package, and those that Faker gives for any other locale."""

from __future__ import annotations

import json
import logging
import random
import re
import subprocess
import sys
import warnings
import zoneinfo
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import faker
import pytest
from faker.config import AVAILABLE_LOCALES
from faker.generator import random as fakers_random
from sqlalchemy import String

import pytest_demodata
from pytest_demodata import BlueprintError, DemodataError, LocaleError, parse_volume
from pytest_demodata.defaults import PACKAGED_LOCALES
from pytest_demodata.engine import Plan
from pytest_demodata.invoicing import Region
from pytest_demodata.invoicing.blueprint import INVOICING
from pytest_demodata.words import Words, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MAKE_WORDS: Final = Path(__file__).resolve().parents[1] / "scripts" / "make_words.py"

GENERAL: Final = {
    "colors": 30,
    "companies": 200,
    "countries": 100,
    "currencies": 20,
    "departments": 15,
    "domains": 20,
    "jobs": 120,
    "languages": 30,
    "mime_types": 20,
    "nouns": 300,
    "sentences": 150,
    "timezones": 40,
    "titles": 100,
    "user_agents": 10,
}
"""The lists for columns of any table, and how many items each has at least."""

NAMES: Final = {
    *GENERAL,
    "category_descriptions",
    "customer_notes",
    "faker",
    "family_names",
    "given_names",
    "house_numbers",
    "invoice_notes",
    "locale",
    "locations",
    "name_format",
    "places",
    "postal_format",
    "products",
    "promotion_notes",
    "street2",
    "street_format",
    "streets",
    "type_descriptions",
}

EXAMPLES: Final = {
    "fr_FR": {"companies", "jobs", "sentences", "colors"},
    "zh_CN": {"companies", "jobs", "sentences"},
    "no_NO": {"companies"},
    "en_MS": {"companies", "jobs", "colors"},
    "de_AT": {"companies", "jobs", "sentences", "colors"},
}
"""Locales that the package does not keep, and which of the general lists Faker has for them.

Norwegian has no states, and nobody knows country MS.
"""

packaged = pytest.mark.parametrize("locale", PACKAGED_LOCALES)
live = pytest.mark.parametrize("locale", EXAMPLES)


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Forget the words of other tests, so that each test sees them loaded or drawn."""
    words_of.cache_clear()
    yield
    words_of.cache_clear()


# The words of the package


def test_packaged_locales() -> None:
    """The package keeps the words of three locales."""
    assert PACKAGED_LOCALES == ("de_DE", "en_US", "ja_JP")


@packaged
def test_packaged(locale: str) -> None:
    """The words of a packaged locale know where they come from, and are there by name."""
    words = words_of(locale)

    assert words.locale == words["locale"] == locale
    assert words.faker == words["faker"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", words.faker)
    assert words.packaged
    assert set(words.lists) == NAMES


@packaged
@pytest.mark.parametrize(("name", "fewest"), [("given_names", 100), ("family_names", 100)])
def test_names(locale: str, name: str, fewest: int) -> None:
    """A name has letters from a to z for an email address, which no other name of its list has."""
    pairs = words_of(locale)[name]

    assert len(pairs) >= fewest
    assert all(re.fullmatch(r"[a-z]+", slug) for _, slug in pairs)
    assert Counter(slug for _, slug in pairs).most_common(1)[0][1] == 1
    assert all(name.strip() == name and 0 < len(name) <= 60 for name, _ in pairs)


@pytest.mark.parametrize(
    ("locale", "name"),
    [("en_US", "Ada Byron"), ("de_DE", "Ada Byron"), ("ja_JP", "Byron Ada")],
)
def test_format_of_names(locale: str, name: str) -> None:
    """A family name comes first where the locale puts it first."""
    assert words_of(locale)["name_format"].format(given="Ada", family="Byron") == name


@packaged
def test_places(locale: str) -> None:
    """A place has a region of the five, postal codes from first to last, and a telephone."""
    words = words_of(locale)

    assert {place[2] for place in words["places"]} == {region.value for region in Region}
    for city, state, _, country, tax_rate, first, last, phone in words["places"]:
        assert 0 < len(city) <= 60
        assert 0 < len(state) <= 40
        assert country == words["places"][0][3]
        assert 0 <= tax_rate <= 25_000
        assert 0 <= first <= last
        assert re.fullmatch(r"[\d#() -]+", phone)
    assert len({tuple(place[:2]) for place in words["places"]}) == len(words["places"])


@packaged
def test_states(locale: str) -> None:
    """All places of a state are in one region and have one tax rate."""
    places = words_of(locale)["places"]
    terms = {(state, region, tax_rate) for _, state, region, _, tax_rate, *_ in places}

    assert len(terms) == len({state for state, *_ in terms})


@pytest.mark.parametrize(
    ("locale", "postal_code"), [("en_US", "01234"), ("de_DE", "01234"), ("ja_JP", "000-1234")]
)
def test_postal_codes(locale: str, postal_code: str) -> None:
    """A postal code is written as the locale writes it, from the number and its two halves."""
    assert words_of(locale)["postal_format"].format(1_234, 0, 1_234) == postal_code


@packaged
def test_products(locale: str) -> None:
    """There are five categories of products, each with the words that names are put together of."""
    groups = words_of(locale)["products"]

    assert [group["category"] for group in groups] == [
        "Electronics",
        "Clothing",
        "Home & Garden",
        "Books",
        "Sports",
    ]
    for group in groups:
        kinds = [kind for kind, *_ in group["kinds"]]
        assert len(set(kinds)) == len(kinds) >= 32
        assert len(set(group["makers"])) == len(group["makers"]) >= 24
        assert len(set(group["styles"])) == len(group["styles"]) >= 14
        assert len(group["descriptions"]) >= 6
        for kind, cheapest, dearest, lightest, heaviest in group["kinds"]:
            name = group["format"].format(kind=kind, maker="M", style="S")
            assert kind in name
            assert 0 < cheapest < dearest <= 4 * cheapest
            assert 0 <= lightest <= heaviest


@packaged
def test_other_words(locale: str) -> None:
    """Streets, notes and descriptions are there, and none is empty or stands twice."""
    words = words_of(locale)
    formats = words["street_format"], words["locations"]

    for name in ("streets", "street2", "customer_notes", "invoice_notes", "promotion_notes"):
        assert len(set(words[name])) == len(words[name]) >= 5
        assert all(0 < len(text) <= 200 for text in words[name])
    assert len(words["type_descriptions"]) == 4
    assert len(words["category_descriptions"]) == 5
    assert 1 <= words["house_numbers"][0] < words["house_numbers"][1]
    assert "Elm" in formats[0].format(street="Elm", number=1, block=2, lot=3)
    assert formats[1].format(aisle="B", bay=7, shelf=3) == "B-07-3"


@packaged
@pytest.mark.parametrize(("name", "fewest"), GENERAL.items())
def test_general_lists(locale: str, name: str, fewest: int) -> None:
    """A list for columns of any table is long enough, and its texts are printable and different."""
    items = words_of(locale)[name]
    rows = [item if isinstance(item, list) else [item] for item in items]

    assert len(items) >= fewest
    assert len({row[0] for row in rows}) == len(rows)
    longest = 160 if name == "user_agents" else 80
    for row in rows:
        assert all(text.isprintable() and text.strip() == text for text in row)
        assert all(0 < len(text) <= longest for text in row)


@packaged
@pytest.mark.parametrize(
    ("name", "patterns"),
    [
        ("colors", (r".+", r"#[0-9a-f]{6}")),
        ("countries", (r".+", r"[A-Z]{2}", r"[A-Z]{3}")),
        ("currencies", (r"[A-Z]{3}", r"\S{1,4}", r".+")),
        ("languages", (r"[a-z]{2}", r".+")),
        ("mime_types", (r"[a-z]+/[a-z0-9.+-]+", r"[a-z0-9]+")),
    ],
)
def test_codes(locale: str, name: str, patterns: tuple[str, ...]) -> None:
    """Items with several fields have the same ones in the same order; no code or name is twice."""
    items = words_of(locale)[name]

    for item in items:
        assert len(item) == len(patterns)
        assert all(re.fullmatch(*pair) for pair in zip(patterns, item, strict=True))
    unique = [1] if name == "currencies" else []  # several have kr for a symbol
    for field in set(range(len(patterns))) - set(unique):
        assert len({item[field] for item in items}) == len(items)


@packaged
def test_nouns(locale: str) -> None:
    """A noun can stand in a slug: it is written with a to z only."""
    assert all(re.fullmatch(r"[a-z]+", noun) for noun in words_of(locale)["nouns"])


@packaged
def test_domains(locale: str) -> None:
    """Each domain is reserved for documentation, so that nobody can have it."""
    domains = words_of(locale)["domains"]

    assert all(re.fullmatch(r"([a-z]+\.)?example\.(com|org|net)", domain) for domain in domains)


@packaged
def test_timezones(locale: str) -> None:
    """Each time zone is there where the zones of the IANA are."""
    known = zoneinfo.available_timezones()
    if not known:
        pytest.skip("this machine has no time zones")

    assert set(words_of(locale)["timezones"]) <= known


@pytest.mark.parametrize("name", ["countries", "colors", "currencies", "languages"])
def test_codes_are_the_same_in_each_locale(name: str) -> None:
    """Only the name of an item differs from locale to locale."""
    place = 0 if name in {"countries", "colors"} else -1
    codes = []
    for locale in PACKAGED_LOCALES:
        items = [list(item) for item in words_of(locale)[name]]
        for item in items:
            item.pop(place)
        codes.append(items)

    assert codes[0] == codes[1] == codes[2]


@pytest.mark.parametrize(
    ("locale", "sentence", "country", "color"),
    [
        ("en_US", r"The [A-Za-z ]+\.", ["Germany", "DE", "DEU"], ["Red", "#ff0000"]),
        (
            "de_DE",
            r"(Der|Die|Das) [A-Za-zÄÖÜäöüß ]+\.",
            ["Deutschland", "DE", "DEU"],
            ["Rot", "#ff0000"],
        ),
        ("ja_JP", r"[^ A-Za-z]+は[^ A-Za-z]+。", ["ドイツ", "DE", "DEU"], ["赤", "#ff0000"]),
    ],
)
def test_general_lists_are_in_the_language(
    locale: str, sentence: str, country: list[str], color: list[str]
) -> None:
    """Sentences and names are in the language of the locale."""
    words = words_of(locale)

    assert all(re.fullmatch(sentence, text) for text in words["sentences"])
    assert country in words["countries"]
    assert color in words["colors"]


@packaged
def test_packaged_without_faker(locale: str) -> None:
    """The words of a packaged locale are loaded without Faker."""
    code = (
        "import sys\n"
        "from pytest_demodata.words import words_of\n"
        f"words_of({locale!r})['streets']\n"
        "print('faker' in sys.modules, 'sqlalchemy' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )

    assert ran.stdout == "False False\n"


def test_words_are_kept() -> None:
    """The words of a locale are loaded once."""
    assert words_of("de_DE") is words_of("de_DE")


def test_words_cannot_be_changed() -> None:
    """No list can be put in the place of another, because all generations share them."""
    lists: Any = words_of("en_US").lists

    with pytest.raises(TypeError):
        lists["streets"] = []


def test_unknown_list() -> None:
    """A list that is not there is refused, with those that are."""
    with pytest.raises(BlueprintError) as caught:
        words_of("de_DE")["stret"]

    assert str(caught.value) == (
        "There are no words 'stret' for de_DE.\n"
        f"Words: {', '.join(sorted(NAMES))}.\n"
        "Did you mean 'streets' or 'street2'?"
    )


def test_nothing_near() -> None:
    """A list whose name is like none of those there gets no suggestion."""
    with pytest.raises(BlueprintError) as caught:
        words_of("en_US")["xyz"]

    assert str(caught.value) == (
        f"There are no words 'xyz' for en_US.\nWords: {', '.join(sorted(NAMES))}."
    )


def _made(*options: str, words: Path | None = None) -> tuple[int, str, str]:
    folder = words or Path(pytest_demodata.__file__).parent / "words"
    ran = subprocess.run(
        [sys.executable, "-P", str(MAKE_WORDS), *options, "--words", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


def test_made_by_the_script() -> None:
    """The words in the package are what the script makes of Faker and the curated files."""
    release = words_of("en_US").faker
    if release != faker.VERSION:
        pytest.skip(f"the words were made with Faker {release}, and {faker.VERSION} is installed")

    assert _made("--check") == (0, "", "")


def test_general_lists_are_made_by_the_script() -> None:
    """The lists for columns of any table are what the script makes, whatever Faker's release."""
    assert _made("--general", "--check") == (0, "", "")


def test_the_script_keeps_all_but_the_general_lists(tmp_path: Path) -> None:
    """When general lists are made, the other words stay as they are, byte for byte."""
    packaged = Path(pytest_demodata.__file__).parent / "words"
    for locale in PACKAGED_LOCALES:
        words = dict(words_of(locale).lists) | {"faker": "1.2.3", "nouns": ["old"]}
        (tmp_path / f"{locale}.json").write_text(json.dumps(words), "utf-8")

    assert _made("--general", "--check", words=tmp_path)[0] == 1
    assert _made("--general", words=tmp_path) == (0, "", "")

    for locale in PACKAGED_LOCALES:
        name, recorded = f"{locale}.json", words_of(locale).faker
        expected = (packaged / name).read_text("utf-8").replace(recorded, "1.2.3")
        assert (tmp_path / name).read_text("utf-8") == expected


# The words of Faker


@live
def test_live(locale: str) -> None:
    """Any other locale gets from Faker what Faker has in its language, and the rest from en_US."""
    words, english = words_of(locale), words_of("en_US")
    drawn = {"locale", "faker", "given_names", "family_names", "name_format", "places", "streets"}
    drawn |= EXAMPLES[locale]

    assert words.locale == words["locale"] == locale
    assert words.faker == words["faker"] == faker.VERSION
    assert not words.packaged
    assert set(words.lists) == NAMES
    assert all(words[name] is english[name] for name in NAMES - drawn)


@live
def test_live_names(locale: str) -> None:
    """Names that are drawn have letters from a to z, which no other name of their list has."""
    words = words_of(locale)

    for name in ("given_names", "family_names"):
        slugs = [slug for _, slug in words[name]]
        assert len(set(slugs)) == len(slugs) >= 50
        assert all(re.fullmatch(r"[a-z]+", slug) for slug in slugs)


@live
def test_live_general_lists(locale: str) -> None:
    """What is drawn for columns of any table is different, printable and no longer than ours."""
    words, english = words_of(locale), words_of("en_US")

    for name in EXAMPLES[locale]:
        assert words[name] != english[name]
        texts = [item[0] if name == "colors" else item for item in words[name]]
        assert 15 <= len(set(texts)) == len(texts) <= 200
        assert all(text.isprintable() and 0 < len(text) <= 80 for text in texts)
        assert not any(re.search(r"&\w+;", text) for text in texts)
    if "colors" in EXAMPLES[locale]:
        assert all(re.fullmatch(r"#[0-9a-f]{6}", code) for _, code in words["colors"])


@live
def test_live_places(locale: str) -> None:
    """Places that are drawn have one postal code each, no telephone, and a city of their own."""
    places = words_of(locale)["places"]
    cities = [city for city, *_ in places]
    terms = {(state, region, tax_rate) for _, state, region, _, tax_rate, *_ in places}

    assert len(set(cities)) == len(cities) >= 20
    assert {place[2] for place in places} <= {region.value for region in Region}
    assert len(terms) == len({state for state, *_ in terms})
    assert all(isinstance(postal_code, str) and postal_code for *_, postal_code, _, _ in places)
    assert {place[6:] for place in places} == {(None, None)}


@pytest.mark.parametrize(
    ("locale", "country", "tax_rate"),
    [
        ("fr_FR", "France", 20_000),
        ("de_AT", "Austria", 20_000),
        ("pt_BR", "Brazil", 0),
        ("zh_CN", "People's Republic of China", 0),
        ("en_MS", "MS", 0),
    ],
)
def test_country(locale: str, country: str, tax_rate: int) -> None:
    """Places have Faker's name of the country, or its code, and the rate of its tax, if known."""
    places = words_of(locale)["places"]

    assert {(place[3], place[4]) for place in places} == {(country, tax_rate)}


def test_country_without_states() -> None:
    """Where Faker knows nothing like a state, there is a dash, and one region."""
    assert {place[1:3] for place in words_of("no_NO")["places"]} == {("-", "West")}


@pytest.mark.parametrize(
    ("locale", "states"),
    [
        ("fr_FR", {"Alsace", "Aquitaine", "Bretagne", "Corse", "Lorraine", "Picardie"}),
        ("de_AT", {"Tirol", "Wien"}),
        ("en_GB", {"Cornwall", "Devon", "Greater London", "Kent", "Norfolk", "Suffolk"}),
        ("hu_HU", {"Baranya", "Heves", "Pest", "Somogy", "Vas", "Zala"}),
    ],
)
def test_states_of_a_locale(locale: str, states: set[str]) -> None:
    """A state is what the locale calls one: a state, a region, a county."""
    assert states & {place[1] for place in words_of(locale)["places"]}


@pytest.mark.parametrize(
    ("locale", "name"),
    [
        ("fr_FR", "Ada Byron"),
        ("zh_CN", "Byron Ada"),
        ("ko_KR", "Byron Ada"),
        ("hu_HU", "Byron Ada"),
    ],
)
def test_live_format_of_names(locale: str, name: str) -> None:
    """A family name comes first in the languages that put it first."""
    assert words_of(locale)["name_format"].format(given="Ada", family="Byron") == name


@live
def test_live_words_fit(locale: str) -> None:
    """A dataset can be made of the words that are drawn, and its texts fit their columns."""
    plan = Plan(
        INVOICING, parse_volume("small"), seed=1, words=words_of(locale), as_of=date(2025, 12, 31)
    )

    for table, rows in plan.counts.items():
        chunk = plan.rows(table, 0, rows)
        for name, values in chunk.columns.items():
            kind = chunk.table.columns[name].type
            if isinstance(kind, String) and kind.length:
                assert all(text is None or len(text) <= kind.length for text in values)


def test_a_locale_is_a_name() -> None:
    """What is no text is refused as a locale."""
    nothing: Any = None
    with pytest.raises(LocaleError) as caught:
        words_of(nothing)
    assert str(caught.value) == "The locale is None.\nAllowed: a name such as 'en_US'."


def test_locale_that_warns_of_itself() -> None:
    """A locale that Faker warns of can be drawn where warnings are errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        words = words_of("fr_QC")

    assert len(words["places"]) >= 20


def test_live_in_another_process() -> None:
    """The words that Faker gives are the same in another process."""
    code = (
        "import json\n"
        "from pytest_demodata.words import words_of\n"
        "print(json.dumps(dict(words_of('fr_FR').lists)))"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )

    assert json.loads(ran.stdout) == json.loads(json.dumps(dict(words_of("fr_FR").lists)))


def test_says_that_words_may_change(caplog: pytest.LogCaptureFixture) -> None:
    """Drawing words says, once for each locale, that they may change with Faker."""
    words_of("fr_FR")
    words_of("fr_FR")

    assert caplog.record_tuples == [
        (
            "pytest_demodata",
            logging.WARNING,
            f"The words for fr_FR come from Faker {faker.VERSION} and may change with Faker's "
            "releases; those for de_DE, en_US and ja_JP are kept in pytest-demodata.",
        )
    ]


@packaged
def test_packaged_words_are_silent(locale: str, caplog: pytest.LogCaptureFixture) -> None:
    """Loading the words of the package says nothing."""
    words_of(locale)

    assert caplog.record_tuples == []


def test_random_states() -> None:
    """Neither Python's global random state nor the one that Fakers share is read or changed."""
    random.seed(1)
    fakers_random.seed(1)
    states = random.getstate(), fakers_random.getstate()
    first = dict(words_of("fr_FR").lists)
    assert (random.getstate(), fakers_random.getstate()) == states

    words_of.cache_clear()
    random.seed(2)
    fakers_random.seed(2)

    assert dict(words_of("fr_FR").lists) == first


@pytest.mark.parametrize(
    ("locale", "suggestion"),
    [
        ("fr_FRR", "\nDid you mean 'fr_FR'?"),
        ("de-AT", "\nDid you mean 'de_AT'?"),
        ("klingon", ""),
        ("", ""),
    ],
)
def test_unknown_locale(locale: str, suggestion: str, caplog: pytest.LogCaptureFixture) -> None:
    """A locale that nobody has is refused, with the nearest ones, and nothing is said of words."""
    with pytest.raises(LocaleError) as caught:
        words_of(locale)

    assert str(caught.value) == (
        f"There are no words for the locale {locale!r}.\n"
        "Allowed: de_DE, en_US and ja_JP, which the package has, and the "
        f"{sum('_' in each for each in AVAILABLE_LOCALES)} locales of Faker {faker.VERSION} that "
        f"name a country.{suggestion}"
    )
    assert caplog.record_tuples == []


def test_kind_of_error() -> None:
    """A locale error can be caught as a `ValueError` and as any error of the package."""
    assert issubclass(LocaleError, ValueError)
    assert issubclass(LocaleError, DemodataError)


def test_own_words() -> None:
    """Words can be made by hand, for a dataset of one's own."""
    words = Words("en_US", "none", packaged=False, lists={"colours": ["red", "blue"]})

    assert words["colours"] == ["red", "blue"]
