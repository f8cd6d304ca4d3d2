"""What users write as a setting, wherever they write it, and what each reader makes of it."""

from __future__ import annotations

import shlex
from datetime import date
from typing import TYPE_CHECKING

import pytest
from faker.config import AVAILABLE_LOCALES

from pytest_demodata.errors import LocaleError, SettingError, VolumeError
from pytest_demodata.settings import (
    SETTINGS,
    Setting,
    Settings,
    read_date,
    read_locale,
    read_seed,
    read_settings,
    read_volume,
)
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULTS = Settings("medium", 42, "sqlite://", "en_US", date(2025, 12, 31))

URLS_ALLOWED = (
    "Allowed: sqlite:// (in memory), sqlite:///file (in a temporary file beside it), "
    "postgresql+psycopg://user:password@host:port/database, and the same with mysql+pymysql or "
    "mariadb+pymysql."
)
NO_URL = f"The URL does not begin with a scheme and '://'.\n{URLS_ALLOWED}"
VOLUMES_ALLOWED = (
    "Allowed: small, medium, large, huge; a multiple such as large*10; or counts such as "
    "customers=50,products=20,invoices=500."
)
LOCALES_ALLOWED = (
    "Allowed: de_DE, en_US, ja_JP, which the package has, and those of Faker that name a country."
)

FIRST = {"volume": "large", "seed": "7", "url": "sqlite:///:memory:", "locale": "de_DE"}
FIRST |= {"as_of": "2024-02-29", "no_cache": "yes"}


def _said(**said: Mapping[str, str | None]) -> Callable[[Setting], Mapping[str, str | None]]:
    return lambda setting: said.get(setting.name, {})


def test_each_setting_has_an_option_a_variable_and_an_ini_key() -> None:
    """The names in the three places follow from the one name of the setting."""
    assert [(each.option, each.variable, each.ini) for each in SETTINGS] == [
        ("--demodata-volume", "DEMODATA_VOLUME", "demodata_volume"),
        ("--demodata-seed", "DEMODATA_SEED", "demodata_seed"),
        ("--demodata-url", "DEMODATA_URL", "demodata_url"),
        ("--demodata-locale", "DEMODATA_LOCALE", "demodata_locale"),
        ("--demodata-as-of", "DEMODATA_AS_OF", "demodata_as_of"),
        ("--demodata-metadata", "DEMODATA_METADATA", "demodata_metadata"),
        ("--demodata-no-cache", "DEMODATA_NO_CACHE", "demodata_no_cache"),
    ]


def test_where_nobody_says_anything_the_defaults_hold() -> None:
    """A place that says nothing, or an empty text, is passed over."""
    assert read_settings(lambda _: {}) == DEFAULTS
    assert read_settings(lambda _: {"option": None, "variable": "", "ini": ""}) == DEFAULTS


def test_the_defaults_are_what_users_could_write() -> None:
    """Each default, written out, is read as itself."""
    assert read_settings(lambda setting: {"option": str(setting.default)}) == DEFAULTS


@pytest.mark.parametrize("name", FIRST)
@pytest.mark.parametrize("nothing", [None, ""])
def test_the_first_place_that_says_something_is_heard(name: str, nothing: str | None) -> None:
    """What later places say is not even read."""
    read = read_settings(_said(**{name: {"a": nothing, "b": FIRST[name], "c": "neverland"}}))
    expected = Settings("large", 7, "sqlite:///:memory:", "de_DE", date(2024, 2, 29), no_cache=True)
    assert read == DEFAULTS._replace(**{name: getattr(expected, name)})


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("volume", "x", f"The place: Volume 'x' is not a volume.\n{VOLUMES_ALLOWED}"),
        ("seed", "x", "The place: The seed is 'x'.\nAllowed: any whole number, such as 42."),
        ("url", "x", f"The place: {NO_URL}"),
        ("locale", "x", f"The place: The locale is 'x'.\n{LOCALES_ALLOWED}"),
        (
            "as_of",
            "x",
            "The place: The reference date is 'x'.\n"
            "Allowed: a date as YYYY-MM-DD, such as 2025-12-31.",
        ),
    ],
)
def test_an_error_names_the_place(name: str, text: str, sentence: str) -> None:
    """Whatever a reader finds wrong is one kind of error, which says where it was written."""
    with pytest.raises(SettingError) as caught:
        read_settings(_said(**{name: {"The place": text}}))
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        (DEFAULTS, "--demodata-volume=medium --demodata-seed=42 --demodata-url=sqlite://"),
        (
            Settings("large*10", -7, "sqlite:///my file.db", "de_DE", date(2024, 2, 29)),
            "--demodata-volume='large*10' --demodata-seed=-7 "
            "--demodata-url='sqlite:///my file.db' --demodata-locale=de_DE "
            "--demodata-as-of=2024-02-29",
        ),
        (
            Settings(
                "customers=5,products=6,invoices=7",
                10**30,
                "sqlite:///it's $HOME/*.db",
                "fr_FR",
                date(1999, 1, 1),
            ),
            "--demodata-volume=customers=5,products=6,invoices=7 --demodata-seed=1"
            + "0" * 30
            + " --demodata-url='sqlite:///it'\"'\"'s $HOME/*.db' --demodata-locale=fr_FR "
            "--demodata-as-of=1999-01-01",
        ),
    ],
)
def test_the_options_can_be_pasted_back(settings: Settings, options: str) -> None:
    """A shell makes of the line just the options that give the same settings."""
    assert settings.options() == options
    given = dict(option.split("=", 1) for option in shlex.split(options))
    names = {each.option: each.name for each in SETTINGS}
    read = {each.name: each.read for each in SETTINGS if each.name != "url"}
    for option, text in given.items():
        name = names[option]
        value = read[name](text) if name in read else text
        assert value == getattr(settings, name)


def test_the_options_show_no_password() -> None:
    """What is pasted back then is to be completed, or left to DEMODATA_URL."""
    settings = DEFAULTS._replace(url="postgresql+psycopg://u:secret@h/d?sslpassword=secret")
    assert settings.options() == (
        "--demodata-volume=medium --demodata-seed=42 "
        "--demodata-url='postgresql+psycopg://u:***@h/d?sslpassword=***'"
    )


@pytest.mark.parametrize(
    ("text", "volume"),
    [
        ("huge", "huge"),
        (" large * 010 ", "large*10"),
        (" invoices = 5 , own.things=007", "invoices=5,own.things=7"),
    ],
)
def test_a_volume_is_told_in_one_form(text: str, volume: str) -> None:
    """However it was written, its name is the form to paste back."""
    assert read_volume(text) == volume


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lrge", "Volume 'lrge' is not a volume."),
        ("Huge", "Volume 'Huge' is not a volume."),
        ("  ", "Volume '  ' is not a volume."),
        ("lage*2", "Volume 'lage*2' multiplies 'lage'."),
        ("large*0", "Volume 'large*0' multiplies by less than 1."),
        ("customers=5,customers=6", "Volume 'customers=5,customers=6' counts 'customers' twice."),
        ("customers=5,", "Volume 'customers=5,' has the part ''."),
    ],
)
def test_no_volume(text: str, found: str) -> None:
    """What is no volume is named, with what is allowed."""
    with pytest.raises(VolumeError) as caught:
        read_volume(text)
    assert str(caught.value).startswith(f"{found}\n{VOLUMES_ALLOWED}")


@pytest.mark.parametrize(
    ("text", "seed"),
    [("0", 0), ("-5", -5), ("+5", 5), (" 7\n", 7), ("007", 7), ("9" * 4000, int("9" * 4000))],
)
def test_any_whole_number_is_a_seed(text: str, seed: int) -> None:
    """Signs, blanks around it and leading zeros are welcome; so is any size."""
    assert read_seed(text) == seed


@pytest.mark.parametrize("text", ["1_000", "1.0", "1e3", "0x10", "- 5", "", " ", "٣", "9" * 4001])
def test_no_seed(text: str) -> None:
    """What is no whole number as people write them is refused."""
    with pytest.raises(SettingError) as caught:
        read_seed(text)
    assert str(caught.value) == (f"The seed is {text!r}.\nAllowed: any whole number, such as 42.")


@pytest.mark.parametrize("text", ["2024-02-29", " 2024-02-29 ", "20240229"])
def test_a_date_is_one_of_the_standard(text: str) -> None:
    """ISO 8601 has two ways to write it."""
    assert read_date(text) == date(2024, 2, 29)


@pytest.mark.parametrize("text", ["2023-02-29", "29.2.2024", "2024-2-29", "today", "2024-02-29T00"])
def test_no_date(text: str) -> None:
    """What is no date of the calendar, or no date alone, is refused."""
    with pytest.raises(SettingError) as caught:
        read_date(text)
    assert str(caught.value) == (
        f"The reference date is {text!r}.\nAllowed: a date as YYYY-MM-DD, such as 2025-12-31."
    )


@pytest.mark.parametrize("locale", [each for each in AVAILABLE_LOCALES if "_" in each])
def test_every_locale_of_faker_is_known(locale: str) -> None:
    """Without loading Faker, just its locales are told from others."""
    assert read_locale(f" {locale} ") == locale


@pytest.mark.parametrize("locale", [each for each in AVAILABLE_LOCALES if "_" not in each])
def test_a_language_is_no_locale(locale: str) -> None:
    """Faker has words for some, and for their places and taxes nothing, or those of America."""
    regional = [each for each in AVAILABLE_LOCALES if each.startswith(f"{locale}_")]
    messages = set()
    for read in (read_locale, words_of):
        with pytest.raises(LocaleError) as caught:
            read(locale)
        messages.add(str(caught.value))
    if regional:
        assert messages == {
            f"The locale is {locale!r}, a language without a country, which decides places and "
            f"taxes.\nAllowed: {', '.join(sorted(regional))}."
        }
    else:
        assert all("of Faker" in each and "that name a country." in each for each in messages)


@pytest.mark.parametrize("text", ["de-DE", "DE_DE", "de_DE.UTF-8"])
def test_almost_a_locale(text: str) -> None:
    """The locales that are written like it are named; which, Faker's release decides."""
    with pytest.raises(LocaleError) as caught:
        read_locale(text)
    message = f"The locale is {text!r}.\n{LOCALES_ALLOWED}\nDid you mean 'de_DE'"
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("text", ["xx_XX", "C.UTF-8", "../de_DE", "__pycache__", "person", ""])
def test_no_locale(text: str) -> None:
    """A locale that nobody has is named, and so are those that are there."""
    with pytest.raises(LocaleError) as caught:
        read_locale(text)
    assert str(caught.value).startswith(f"The locale is {text!r}.\n{LOCALES_ALLOWED}")


def test_without_faker_there_are_the_locales_of_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A Faker that cannot be found is no error here."""
    monkeypatch.setattr("pytest_demodata.settings.find_spec", lambda _: None)
    assert read_locale("de_DE") == "de_DE"
    with pytest.raises(LocaleError, match="The locale is 'fr_FR'"):
        read_locale("fr_FR")
