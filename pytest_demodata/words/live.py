"""Words of a locale that the package does not keep, drawn from Faker when asked for.

Faker is imported here and nowhere else at run time, and its random state is one of our own.
"""

from __future__ import annotations

import html
import logging
import warnings
from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.errors import LocaleError, did_you_mean, without_a_country

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from faker import Faker

_LOG: Final = logging.getLogger("pytest_demodata")

_NAMES: Final = 2_000
_PLACES: Final = 80
_STREETS: Final = 200
_REGIONS: Final = ("West", "Southwest", "Midwest", "Southeast", "Northeast")
_FAMILY_FIRST: Final = ("zh", "ko", "ja", "vi", "hu")

_GENERAL: Final = {
    "companies": ("company", "company", 200, 60),
    "jobs": ("job", "job", 120, 60),
    "sentences": ("lorem", "sentence", 150, 80),
}
"""Lists that Faker has in many languages: its provider, the method, how many, how long."""

_COLORS: Final = 32

_TAX_RATES: Final = {
    "AT": 20_000, "AU": 10_000, "BE": 21_000, "BG": 20_000, "CH": 8_100, "CL": 19_000,
    "CO": 19_000, "CZ": 21_000, "DE": 19_000, "DK": 25_000, "EE": 24_000, "ES": 21_000,
    "FI": 25_500, "FR": 20_000, "GB": 20_000, "GR": 24_000, "HR": 25_000, "HU": 27_000,
    "ID": 12_000, "IE": 23_000, "IL": 18_000, "IT": 22_000, "KR": 10_000, "LT": 21_000,
    "LU": 17_000, "LV": 21_000, "MX": 16_000, "NL": 21_000, "NO": 25_000, "NZ": 15_000,
    "PH": 12_000, "PL": 23_000, "PT": 23_000, "RO": 21_000, "SE": 25_000, "SI": 22_000,
    "SK": 23_000, "TH": 7_000, "TR": 20_000, "UA": 20_000, "VN": 10_000, "ZA": 15_000,
}  # fmt: skip
"""Standard rates of value added tax in thousandths of a percent; 0 for a country not listed."""


def draw_words(locale: str, fallback: Mapping[str, Any]) -> dict[str, Any]:
    """Draw names, places, streets and what else Faker has in the language; take the rest as it is.

    Faker's places are made up, and Faker knows no range of telephone numbers reserved for fiction:
    each place has one postal code, and nobody has a telephone.

    Args:
        locale: A locale of Faker's that names a country.
        fallback: Words for what Faker does not have, such as products, titles and countries.

    Raises:
        LocaleError: Faker does not have the locale.
    """
    import faker  # noqa: PLC0415 - takes 0.2 s, and most runs do not need it
    from faker.config import AVAILABLE_LOCALES  # noqa: PLC0415

    known = sorted(each for each in AVAILABLE_LOCALES if "_" in each)
    if locale not in known:
        message = without_a_country(locale, known) or (
            f"There are no words for the locale {locale!r}.\n"
            "Allowed: de_DE, en_US and ja_JP, which the package has, and the "
            f"{len(known)} locales of Faker {faker.VERSION} that name a country."
            f"{did_you_mean(locale, known)}"
        )
        raise LocaleError(message)
    _LOG.warning(
        "The words for %s come from Faker %s and may change with Faker's releases; those for "
        "de_DE, en_US and ja_JP are kept in pytest-demodata.",
        locale,
        faker.VERSION,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some of Faker's locales warn of themselves
        fake = faker.Faker(locale)
    fake.seed_instance(0)
    family_first = locale.split("_", 1)[0] in _FAMILY_FIRST
    return {
        **fallback,
        "locale": locale,
        "faker": faker.VERSION,
        "given_names": _with_slugs(_drawn(fake.first_name, _NAMES)),
        "family_names": _with_slugs(_drawn(fake.last_name, _NAMES)),
        "name_format": "{family} {given}" if family_first else "{given} {family}",
        "places": _places(fake, locale),
        "streets": _drawn(fake.street_name, _STREETS),
        **_general(fake, locale),
    }


def _drawn(provider: Callable[[], str], count: int, longest: int = 60) -> list[str]:
    """Call a provider so many times and keep each different word that is not too long."""
    words = dict.fromkeys(provider() for _ in range(count))
    return [word for word in words if word and len(word) <= longest]


def _general(fake: Faker, locale: str) -> dict[str, list[Any]]:
    """Draw words for columns of any table, where Faker has them in the language of the locale."""
    language = locale.split("_", 1)[0]
    own: dict[str, Any] = {
        each.__provider__.rpartition(".")[2]: each
        for each in fake.get_providers()
        if str(each.__lang__).split("_", 1)[0] == language
    }
    lists: dict[str, list[Any]] = {
        name: _texts(getattr(fake, method), count, longest)
        for name, (provider, method, count, longest) in _GENERAL.items()
        if provider in own
    }
    if "color" in own:
        colors = [(name, code.lower()) for name, code in own["color"].all_colors.items()]
        lists["colors"] = colors[:: -(-len(colors) // _COLORS)]
    return lists


def _texts(provider: Callable[[], str], count: int, longest: int) -> list[str]:
    """Return so many different texts, or as many as there are; some of Faker's are HTML."""
    texts = dict.fromkeys(html.unescape(provider()) for _ in range(3 * count))
    fitting = [text for text in texts if text.isprintable() and len(text) <= longest]
    return fitting[:count]


def _with_slugs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Add the letters that carry a name in an email address, and keep the first of equal ones."""
    from faker.decode import unidecode  # noqa: PLC0415 - see above

    by_slug: dict[str, str] = {}
    for name in names:
        slug = "".join(letter for letter in unidecode(name).lower() if "a" <= letter <= "z")
        by_slug.setdefault(slug, name)
    return [(name, slug) for slug, name in by_slug.items() if slug]


def _places(fake: Faker, locale: str) -> list[tuple[str, str, str, str, int, str, None, None]]:
    territory = locale.rpartition("_")[2]
    try:
        country = fake.current_country()
    except (AttributeError, ValueError):
        country = territory
    cities = _drawn(fake.city, _PLACES)
    state = _state_provider(fake)
    tax_rate = _TAX_RATES.get(territory, 0)
    states = {city: state() for city in cities}
    regions = dict(zip(dict.fromkeys(states.values()), _REGIONS * len(cities), strict=False))
    return [
        (city, name, regions[name], country, tax_rate, str(fake.postcode()), None, None)
        for city, name in states.items()
    ]


def _state_provider(fake: Faker) -> Callable[[], str]:
    """Return what the locale calls a state, or the next thing to it."""
    for name in ("administrative_unit", "state", "region", "county"):
        provider: Callable[[], str] | None = getattr(fake, name, None)
        if provider is not None:
            return provider
    return lambda: "-"
