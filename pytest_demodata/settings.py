"""The settings of a run: read from the command line, the environment and the ini file, once."""

from __future__ import annotations

import re
import shlex
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_demodata.defaults import (
    DEFAULT_AS_OF,
    DEFAULT_LOCALE,
    DEFAULT_SEED,
    DEFAULT_URL,
    DEFAULT_VOLUME,
    EARLIEST_AS_OF,
    LATEST_AS_OF,
    PACKAGED_LOCALES,
)
from pytest_demodata.errors import LocaleError, SettingError, did_you_mean, without_a_country
from pytest_demodata.urls import DatabaseUrl, read_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Settings(NamedTuple):
    """What a run's datasets are made of, where no fixture says otherwise.

    Attributes:
        volume: The name of the volume of `demo_db`.
        seed: The seed.
        url: The database.
        locale: The locale.
        as_of: The reference date.
        no_cache: Whether every dataset is generated, and none kept for later runs.
        metadata: Where the project's own tables are, as `module:name`; nothing for the invoicing
            dataset.
    """

    volume: str
    seed: int
    url: str
    locale: str
    as_of: date
    no_cache: bool = False
    metadata: str = ""

    def options(self) -> str:
        """Return the command line that gives these settings; what few change only if changed.

        It shows no secret.
        """
        url = DatabaseUrl(self.url).masked
        given = {"volume": self.volume, "seed": self.seed, "url": url}
        if self.locale != DEFAULT_LOCALE:
            given["locale"] = self.locale
        if self.as_of != DEFAULT_AS_OF:
            given["as-of"] = self.as_of.isoformat()
        if self.metadata:
            given["metadata"] = self.metadata
        return " ".join(
            f"--demodata-{name}={shlex.quote(str(each))}" for name, each in given.items()
        )


class Setting(NamedTuple):
    """One of the settings, as users give it.

    Attributes:
        name: Its name in `Settings`; the option, variable and ini key follow from it.
        default: What it is where nobody gives it.
        read: Turns what users write into its value.
        decides: What it decides.
        is_switch: Whether its option takes no value.
    """

    name: str
    default: object
    read: Callable[[str], object]
    decides: str
    is_switch: bool = False

    @property
    def option(self) -> str:
        """The option of the command line."""
        return f"--demodata-{self.name.replace('_', '-')}"

    @property
    def ini(self) -> str:
        """The key of the ini file."""
        return f"demodata_{self.name}"

    @property
    def variable(self) -> str:
        """The variable of the environment."""
        return self.ini.upper()

    @property
    def help(self) -> str:
        """What it decides, and where else it can be given, first the place that goes before."""
        default = "no" if self.is_switch else self.default
        return f"{self.decides} (environment: {self.variable}; ini: {self.ini}; default: {default})"


def read_settings(sources: Callable[[Setting], Mapping[str, str | None]]) -> Settings:
    """Read all settings.

    Args:
        sources: For a setting, what each place says, first the one that goes before the others.

    Raises:
        SettingError: It names the place, the value, and what is allowed.
    """
    values = {setting.name: _read(setting, sources(setting)) for setting in SETTINGS}
    return Settings(**values)  # type: ignore[arg-type]


def place_of(sources: Mapping[str, str | None]) -> str:
    """Return the place that is heard, or nothing where none says anything."""
    return next((place for place, text in sources.items() if text), "")


def _read(setting: Setting, sources: Mapping[str, str | None]) -> object:
    for place, text in sources.items():
        if text:
            try:
                return setting.read(text)
            except ValueError as error:
                message = f"{place}: {error}"
                raise SettingError(message) from error
    return setting.default


def read_volume(text: str) -> str:
    """Read a volume, and return its name; where it counts tables, that may be a project's own.

    Raises:
        VolumeError: It is none.
    """
    from pytest_demodata.volumes import counts_in, parse_volume  # noqa: PLC0415 - where none is given, not needed

    if (counts := counts_in(text)) is not None:  # of tables that are not known yet
        return ",".join(f"{table}={rows}" for table, rows in counts.items())
    return parse_volume(text).name


def read_seed(text: str) -> int:
    """Read a whole number.

    Raises:
        SettingError: It is none.
    """
    if re.fullmatch(r"\s*[+-]?[0-9]{1,4000}\s*", text):
        return int(text)
    message = f"The seed is {text!r}.\nAllowed: any whole number, such as {DEFAULT_SEED}."
    raise SettingError(message)


def read_switch(text: str) -> bool:
    """Read a yes or a no.

    Raises:
        SettingError: It is neither.
    """
    word = text.strip().casefold()
    if word in _YES | _NO:
        return word in _YES
    message = (
        f"The switch is {text!r}.\nAllowed: {', '.join(sorted(_YES))}; or {', '.join(sorted(_NO))}."
    )
    raise SettingError(message)


_YES: Final = {"1", "on", "true", "yes"}
_NO: Final = {"0", "false", "no", "off"}


def read_date(text: str) -> date:
    """Read a date.

    Raises:
        SettingError: It is none.
    """
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        message = (
            f"The reference date is {text!r}.\n"
            f"Allowed: a date as YYYY-MM-DD, such as {DEFAULT_AS_OF}."
        )
        raise SettingError(message) from None
    if EARLIEST_AS_OF <= day <= LATEST_AS_OF:
        return day
    message = (
        f"The reference date is {text!r}.\nAllowed: a date from {EARLIEST_AS_OF} to {LATEST_AS_OF}."
    )
    raise SettingError(message)


def read_place(text: str) -> str:
    """Read where something is: the name of a module, and of what it has.

    Raises:
        SettingError: It is not of that form.
    """
    place = text.strip()
    if _PLACE.fullmatch(place):
        return place
    message = (
        f"The place of the tables is {text!r}.\n"
        "Allowed: module:name, such as app.models:Base; the name of a MetaData, of a declarative "
        "base class or of a blueprint."
    )
    raise SettingError(message)


_PLACE: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def read_locale(text: str) -> str:
    """Read the name of a locale that the package or Faker has.

    Faker's are looked up among its files: to import it takes longer than most test runs.

    Raises:
        LocaleError: Nobody has it.
    """
    locale = text.strip()
    if locale in PACKAGED_LOCALES:
        return locale
    known = sorted(_locales_of_faker() | set(PACKAGED_LOCALES))
    if locale in known:
        return locale
    message = without_a_country(locale, known) or (
        f"The locale is {text!r}.\n"
        f"Allowed: {', '.join(PACKAGED_LOCALES)}, which the package has, and those of "
        f"Faker that name a country.{did_you_mean(locale, known)}"
    )
    raise LocaleError(message)


def _locales_of_faker() -> set[str]:
    spec = find_spec("faker")
    folders = spec.submodule_search_locations if spec else None
    found = (path for folder in folders or () for path in Path(folder).glob("providers/*/*/"))
    return {path.name for path in found if re.fullmatch(r"[a-z]{2,3}_[A-Z]{2}", path.name)}


SETTINGS: Final = (
    Setting(
        "volume",
        DEFAULT_VOLUME,
        read_volume,
        "volume of demo_db: small, medium, large, huge, a multiple (large*10), or counts "
        "(customers=50,products=20,invoices=500)",
    ),
    Setting("seed", DEFAULT_SEED, read_seed, "seed of the data: any whole number"),
    Setting(
        "url",
        DEFAULT_URL,
        read_url,
        "database: sqlite:// (in memory), sqlite:///file, postgresql+psycopg://…, "
        "mysql+pymysql://… or mariadb+pymysql://…",
    ),
    Setting(
        "locale", DEFAULT_LOCALE, read_locale, "locale of names, places and taxes, such as de_DE"
    ),
    Setting(
        "as_of",
        DEFAULT_AS_OF,
        read_date,
        "date that all dates of the data hang on, as YYYY-MM-DD",
    ),
    Setting(
        "metadata",
        "",
        read_place,
        "tables to fill instead of the invoicing dataset's: a MetaData or declarative base class "
        "as module:name, such as app.models:Base",
    ),
    Setting(
        "no_cache",
        False,  # noqa: FBT003 - a default
        read_switch,
        "generate all data anew, and keep none of it in pytest's cache for later runs",
        is_switch=True,
    ),
)
"""All settings, in the order in which they are told."""
