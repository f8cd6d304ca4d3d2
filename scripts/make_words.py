#!/usr/bin/env python
"""Make the words of the packaged locales from Faker's names and from `curated/*.json`.

    python scripts/make_words.py              write pytest_demodata/words/*.json
    python scripts/make_words.py --general    write the general lists only, keep what is there
    python scripts/make_words.py --check      exit 1 if they are not what would be written

Faker has the names: the most frequent where it knows frequencies. The curated files say which of
them to take, to leave out or to spell differently, and hold what Faker does not have: real places
with their postal codes and tax rates, streets, notes and products. `states` holds the region and
the tax rate of a state (thousandths of a percent), so that two places cannot disagree on them.

In every pattern `#` is a random digit, and `%` one from 1.

The general lists are for columns of any table, found by their names: companies, jobs, departments,
nouns, sentences, titles, colors, countries, currencies, languages, domains, MIME types, time
zones and user agents. They are made of `curated/general/*.json` and of the family names that the
words have, whatever release of Faker is installed. `shared.json` has what the locales have in
common, with the names for each of them in the order of `LOCALES`. A noun has the letters a to z
only, in every locale, so that it can stand in a slug; Japanese ones are romanized. All domains are
reserved for documentation (RFC 2606).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from hashlib import sha256
from importlib import import_module
from itertools import chain, product, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from faker import VERSION
from faker.providers.address.en_US import Provider as UnitedStates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

SCRIPTS: Final = Path(__file__).resolve().parent
CURATED: Final = SCRIPTS / "curated"
WORDS: Final = SCRIPTS.parent / "pytest_demodata" / "words"
LOCALES: Final = ("en_US", "de_DE", "ja_JP")

REGIONS: Final = frozenset({"West", "Southwest", "Midwest", "Southeast", "Northeast"})
CATEGORIES: Final = ("Electronics", "Clothing", "Home & Garden", "Books", "Sports")
UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "ş": "s"})

COPIED: Final = (
    "streets", "street_format", "house_numbers", "street2", "customer_notes", "invoice_notes",
    "promotion_notes", "locations", "type_descriptions", "category_descriptions", "products",
)  # fmt: skip
"""What stands in the curated file as it does in the words."""

TRANSLATED: Final = {"countries": 2, "colors": 1, "currencies": 2, "languages": 1}
"""General lists with names in each locale, and how many fields stand in front of the names."""

NEUTRAL: Final = ("domains", "mime_types", "timezones", "user_agents")
"""General lists that are the same in every locale."""

MOST: Final = {"companies": 200, "jobs": 120, "nouns": 320, "sentences": 150, "titles": 100}
"""How many items a general list has at most."""

GENERAL: Final = (*MOST, "departments", *TRANSLATED, *NEUTRAL)

RESERVED_DOMAIN: Final = r"(?:[a-z]+\.)?example\.(?:com|org|net)"
FIELDS: Final = {
    "countries": (r".+", r"[A-Z]{2}", r"[A-Z]{3}"),
    "colors": (r".+", r"#[0-9a-f]{6}"),
    "currencies": (r"[A-Z]{3}", r"\S{1,4}", r".+"),
    "languages": (r"[a-z]{2}", r".+"),
    "mime_types": (r"[a-z]+/[a-z0-9.+-]+", r"[a-z0-9]+"),
}
"""What the fields of an item look like, in a general list whose items are lists."""

FICTIONAL_PHONES: Final = {
    "en_US": r"\([2-9]\d\d\) 555-01##",
    "de_DE": (
        r"030 23125###|069 90009###|040 66969###|0221 4710###|089 99998###"
        r"|0171 39200##|0176 040690##"
    ),
    "ja_JP": r"(?=(?:-?[\d#]){10}$)0\d{1,3}-0#{1,3}-####",
}
"""Telephone numbers that nobody can have.

US: 555-0100 to 555-0199 (NANPA). Germany: the Bundesnetzagentur's numbers for film and television.
Japan reserves none, but no local exchange begins with 0.
"""

LONGEST: Final = {
    "name": 60, "city": 60, "state": 40, "street": 80, "product": 120, "text": 200, "general": 80,
    "user agent": 160,
}  # fmt: skip
AT_LEAST: Final = {"makers": 24, "kinds": 32, "styles": 14, "descriptions": 6}
CHEAPEST: Final = 499
DEAREST: Final = 180_000
WIDEST_PRICE_RANGE: Final = 4


class Group(NamedTuple):
    """Where Faker keeps a group of names, and how many of them to take."""

    name: str
    plain: str
    romanized: str
    cap: int


FEMALE: Final = Group("female_names", "first_names_female", "first_name_female_pairs", 220)
MALE: Final = Group("male_names", "first_names_male", "first_name_male_pairs", 220)
FAMILY: Final = Group("family_names", "last_names", "last_name_pairs", 600)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the words, or check them.

    Raises:
        SystemExit: With a message, if the words are wrong or, with `--check`, out of date.
    """
    parser = argparse.ArgumentParser(description="Make the words of the packaged locales.")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--general", action="store_true", help="make the general lists only")
    parser.add_argument("--words", type=Path, default=WORDS, help="the folder of the words")
    options = parser.parse_args(arguments)

    kept = options.words if options.general else None
    made = {locale: make(locale, kept) for locale in LOCALES}
    faults = [f"{locale}: {fault}" for locale, words in made.items() for fault in faults_of(words)]
    if faults:
        sys.exit("The words are wrong:\n" + "\n".join(f"  {fault}" for fault in faults))
    folder: Path = options.words
    texts = {folder / f"{locale}.json": as_json(words) + "\n" for locale, words in made.items()}
    if not options.check:
        for path, text in texts.items():
            path.write_text(text, "utf-8", newline="\n")
        return
    stale = [path.name for path, text in texts.items() if not is_text(path, text)]
    if stale:
        sys.exit(
            f"{', '.join(stale)} in {folder} differ from what Faker {VERSION} and the curated "
            "files give.\nRun python scripts/make_words.py, and look at the difference."
        )


def make(locale: str, kept: Path | None) -> dict[str, Any]:
    """Return the words of a locale; all but the general lists as a folder has them, if given."""
    words = specific(locale) if kept is None else read(kept, locale)
    words = {name: value for name, value in words.items() if name not in GENERAL}
    return {**words, **general(locale, [name for name, _ in words["family_names"]])}


def read(folder: Path, locale: str) -> dict[str, Any]:
    """Return a file of words or of curated lists."""
    words: dict[str, Any] = json.loads((folder / f"{locale}.json").read_text("utf-8"))
    return words


def specific(locale: str) -> dict[str, Any]:
    """Return the words that the invoicing dataset is made of."""
    curated = read(CURATED, locale)
    female, male, family = (names(locale, group, curated) for group in (FEMALE, MALE, FAMILY))
    return {
        "locale": locale,
        "faker": VERSION,
        "given_names": unique(alternate(female, male)),
        "family_names": family,
        "name_format": curated["name_format"],
        "places": [place(entry, curated) for entry in curated["places"]],
        "postal_format": curated["postal_format"],
        **{name: curated[name] for name in COPIED},
    }


def general(locale: str, family_names: Sequence[str]) -> dict[str, Any]:
    """Return the words for columns of any table."""
    curated, shared = read(CURATED / "general", locale), read(CURATED / "general", "shared")
    made = {
        "companies": companies(curated["companies"], family_names),
        "jobs": sample("jobs", curated["jobs"]),
        "nouns": sample("nouns", curated["nouns"]),
        "sentences": sample("sentences", combined(curated["sentences"])),
        "titles": sample("titles", combined(curated["titles"])),
        "departments": curated["departments"],
        **{name: [translated(name, item, locale) for item in shared[name]] for name in TRANSLATED},
        **{name: shared[name] for name in NEUTRAL},
    }
    return {name: made[name] for name in GENERAL}


def companies(curated: dict[str, list[str]], family_names: Sequence[str]) -> list[str]:
    """Put companies together of family names and of fields of business."""
    formats, fields = curated["formats"], curated["fields"]
    made: dict[str, None] = {}
    for number in range(2 * MOST["companies"]):
        name, other, third = (
            family_names[(number + step) % len(family_names)] for step in (0, 101, 211)
        )
        form, field = formats[number % len(formats)], fields[number % len(fields)]
        made.setdefault(form.format(name=name, other=other, third=third, field=field))
    return list(made)[: MOST["companies"]]


def combined(curated: dict[str, Any]) -> list[str]:
    """Join each beginning with each ending."""
    return [curated["joiner"].join(parts) for parts in product(*curated["parts"])]


def sample(name: str, texts: Iterable[str]) -> list[str]:
    """Return as many texts as a list has at most, in no visible order."""
    return sorted(texts, key=digest)[: MOST[name]]


def translated(name: str, item: list[str], locale: str) -> list[str]:
    """Return an item with its name in one locale: in front of the codes, or behind them."""
    codes, translations = item[: TRANSLATED[name]], item[TRANSLATED[name] :]
    own = translations[LOCALES.index(locale)]
    return [own, *codes] if name in {"countries", "colors"} else [*codes, own]


def names(locale: str, group: Group, curated: dict[str, Any]) -> list[list[str]]:
    """Return Faker's most frequent names and the curated ones, with slugs, in no visible order."""
    changes = curated[group.name]
    found = faker_names(locale, group)
    wanted = changes["take"] or list(found)
    unknown = {*wanted, *changes["leave_out"]} - set(found)
    if unknown:
        sys.exit(f"Faker {VERSION} has no {group.name} {', '.join(sorted(unknown))} for {locale}.")
    left = sorted(set(wanted) - set(changes["leave_out"]), key=lambda name: rank(name, found[name]))
    pairs = [[curated["respell"].get(name, name), found[name].romanized] for name in left]
    pairs = pairs[: group.cap] + changes["add"]
    slugs = curated["slugs"]
    slugged = [[name, slugs.get(name) or slug(romanized)] for name, romanized in pairs]
    return sorted(unique(slugged), key=lambda pair: digest(pair[0]))


class Found(NamedTuple):
    """A name of Faker's: its share among the names (0 if unknown), and its Latin spelling."""

    share: float
    romanized: str


def faker_names(locale: str, group: Group) -> dict[str, Found]:
    """Return the names of a group that Faker has for a locale.

    Faker keeps names, or triples of name, kana and Latin spelling; some with their shares.
    """
    provider = import_module(f"faker.providers.person.{locale}").Provider
    entries = getattr(provider, group.romanized, None) or getattr(provider, group.plain)
    shares = entries if isinstance(entries, dict) else dict.fromkeys(entries, 0.0)
    triples = ((name, name, name) if isinstance(name, str) else name for name in shares)
    return {
        name: Found(share, romanized)
        for (name, _, romanized), share in zip(triples, shares.values(), strict=True)
    }


def rank(name: str, found: Found) -> tuple[float, str]:
    """Order names by frequency, and equally frequent ones in no visible order."""
    return -found.share, digest(name)


def digest(name: str) -> str:
    """Return a number that orders names in no visible way, and the same on every machine."""
    return sha256(name.encode()).hexdigest()


def slug(name: str) -> str:
    """Return the letters that carry a name in an email address."""
    return re.sub(r"[-' ]", "", name.lower().translate(UMLAUTS))


def alternate(female: list[list[str]], male: list[list[str]]) -> list[list[str]]:
    """Return names of both lists in turn, and the rest of the longer one."""
    return [name for name in chain.from_iterable(zip_longest(female, male)) if name]


def unique(pairs: Iterable[list[str]]) -> list[list[str]]:
    """Keep the first of the names with the same slug."""
    by_slug: dict[str, list[str]] = {}
    for pair in pairs:
        by_slug.setdefault(pair[1], pair)
    return list(by_slug.values())


def place(entry: list[Any], curated: dict[str, Any]) -> list[Any]:
    """Add to a place what is true of its whole state."""
    city, state, postal_first, postal_last, phone = entry
    if state not in curated["states"]:
        sys.exit(f"{city} is in {state}, but 'states' has no region and tax rate for {state}.")
    region, tax_rate = curated["states"][state]
    country = curated["country"]
    return [city, state, region, country, tax_rate, postal_first, postal_last, phone]


def faults_of(words: dict[str, Any]) -> Iterator[str]:
    """Say in a sentence each what is wrong with the words of a locale."""
    for name in ("given_names", "family_names"):
        yield from name_faults(name, words[name])
    yield from place_faults(words)
    yield from text_faults(words)
    if tuple(group["category"] for group in words["products"]) != CATEGORIES:
        yield f"The categories of products are not {', '.join(CATEGORIES)}."
    for group in words["products"]:
        yield from product_faults(group)
    for name in GENERAL:
        yield from general_faults(name, words[name])


def general_faults(name: str, items: list[Any]) -> Iterator[str]:
    """Judge a general list, whose items are texts or lists of texts."""
    longest = LONGEST["user agent" if name == "user_agents" else "general"]
    patterns = FIELDS.get(name, (r".+",))
    if name in {"nouns", "domains"}:
        patterns = (r"[a-z]+",) if name == "nouns" else (RESERVED_DOMAIN,)
    rows = [item if isinstance(item, list) else [item] for item in items]
    yield from repeats(name, [row[0] for row in rows])
    for row in rows:
        fits = len(row) == len(patterns) and all(map(re.fullmatch, patterns, row))
        if not fits or not all(text.isprintable() and len(text) <= longest for text in row):
            yield f"{name} has {row!r}, which is too long or not as such items are."


def name_faults(what: str, pairs: list[list[str]]) -> Iterator[str]:
    """Judge names and their slugs."""
    for name, letters in pairs:
        if not re.fullmatch(r"[^\d\s.]+", name) or len(name) > LONGEST["name"]:
            yield f"{what} has {name!r}, which is too long or has digits, spaces or dots."
        if not re.fullmatch(r"[a-z]+", letters):
            yield f"{what} has the slug {letters!r}; only a to z can stand in one."
    yield from repeats(f"slugs of {what}", [letters for _, letters in pairs])


def place_faults(words: dict[str, Any]) -> Iterator[str]:
    """Judge places; what Faker knows about the ZIP codes of a state decides for the US."""
    places = words["places"]
    phones = FICTIONAL_PHONES[words["locale"]]
    yield from repeats("places", [f"{city}, {state}" for city, state, *_ in places])
    for city, state, region, _, _, first, last, phone in places:
        lowest, highest = postal_limits(words["locale"], state)
        if not lowest <= first <= last <= highest:
            yield f"{city} has the postal codes {first}-{last}; {state} has {lowest}-{highest}."
        if region not in REGIONS:
            yield f"{city} lies in {region!r}; the regions are {', '.join(sorted(REGIONS))}."
        if not re.fullmatch(phones, phone):
            yield f"{city} has the telephone {phone!r}, which is in no range kept for fiction."
        if len(city) > LONGEST["city"] or len(state) > LONGEST["state"]:
            yield f"The name of {city} or of {state} is too long."
    for state, count in Counter(state for state, _ in state_terms(places)).items():
        if count > 1:
            yield f"{state} has {count} different regions or tax rates."


def postal_limits(locale: str, state: str) -> tuple[int, int]:
    """Return the lowest and the highest postal code that a state can have."""
    if locale == "en_US":
        return UnitedStates.states_postcode[state]
    return (0, 9_999_999) if locale == "ja_JP" else (1_001, 99_998)


def state_terms(places: list[list[Any]]) -> set[tuple[str, tuple[str, int]]]:
    """Return every combination of a state with a region and a tax rate."""
    return {(state, (region, tax_rate)) for _, state, region, _, tax_rate, *_ in places}


def text_faults(words: dict[str, Any]) -> Iterator[str]:
    """Judge streets, notes and descriptions."""
    limits = {name: LONGEST["text"] for name in COPIED if re.search("notes|descriptions", name)}
    limits |= {"streets": LONGEST["street"], "street2": LONGEST["street"]}
    for name, longest in limits.items():
        yield from repeats(name, words[name])
        for text in words[name]:
            if not 0 < len(text) <= longest:
                yield f"{name} has {text!r}, which is empty or longer than {longest} characters."


def product_faults(group: dict[str, Any]) -> Iterator[str]:
    """Judge the products of a category."""
    category, kinds = group["category"], group["kinds"]
    words = {
        "maker": group["makers"],
        "kind": [kind for kind, *_ in kinds],
        "style": group["styles"],
    }
    for name, fewest in AT_LEAST.items():
        if len(group[name]) < fewest:
            yield f"{category} has {len(group[name])} {name}; it needs {fewest}."
    for name, values in words.items():
        yield from repeats(f"{name}s of {category}", values)
    longest = {name: max(values, key=len) for name, values in words.items()}
    if len(group["format"].format(**longest)) > LONGEST["product"]:
        yield f"{category} has names longer than {LONGEST['product']} characters."
    for text in group["descriptions"]:
        if len(text.format(**longest)) > LONGEST["text"]:
            yield f"{category} has the description {text!r}, which can get too long."
    for kind, cheapest, dearest, lightest, heaviest in kinds:
        if not CHEAPEST <= cheapest < dearest <= min(DEAREST, WIDEST_PRICE_RANGE * cheapest):
            yield f"{kind} costs {cheapest} to {dearest} cents, which is out of range or too wide."
        if not (0 < lightest < heaviest or lightest == heaviest == 0):
            yield f"{kind} weighs {lightest} to {heaviest} grams; give a range, or 0, 0."


def repeats(what: str, texts: Collection[str]) -> Iterator[str]:
    """Say which texts stand in a list more than once."""
    twice = [text for text, count in Counter(texts).items() if count > 1]
    if twice:
        yield f"{what} repeat {', '.join(twice)}."


def as_json(value: object, indent: int = 0) -> str:
    """Return JSON with a line per member of an object and per item of a list of texts or lists."""
    if isinstance(value, dict):
        parts = [f"{json.dumps(name)}: {as_json(item, indent + 2)}" for name, item in value.items()]
        return block("{", parts, "}", indent)
    if isinstance(value, list) and not all(isinstance(item, int) for item in value):
        inline = (item if isinstance(item, dict) else Inline(item) for item in value)
        return block("[", [as_json(item, indent + 2) for item in inline], "]", indent)
    value = value.value if isinstance(value, Inline) else value
    return json.dumps(value, ensure_ascii=False)


class Inline(NamedTuple):
    """A value that stays on its line."""

    value: object


def block(start: str, parts: Iterable[str], stop: str, indent: int) -> str:
    """Return parts on lines of their own between two brackets."""
    margin = "\n" + " " * indent
    return start + ",".join(f"{margin}  {part}" for part in parts) + margin + stop


def is_text(path: Path, text: str) -> bool:
    """Return whether a file exists and holds exactly this text."""
    return path.is_file() and path.read_bytes() == text.encode()


if __name__ == "__main__":
    main()
