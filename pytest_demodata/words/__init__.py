"""The words of a locale: names, places, streets, products, notes, and those for any table.

Those of `en_US`, `de_DE` and `ja_JP` are data in this package, made by `scripts/make_words.py`, so
that no Faker release changes them. Those of any other locale come from Faker when asked for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_demodata.defaults import DEFAULT_LOCALE, PACKAGED_LOCALES
from pytest_demodata.errors import BlueprintError, LocaleError, did_you_mean
from pytest_demodata.words.live import draw_words

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The words of one locale, by name of the list.

    Attributes:
        locale: The locale's name, such as `de_DE`.
        faker: The release of Faker the words were made with.
        packaged: Whether they are data of the package; if not, they change with Faker's releases.
        lists: The words themselves, as `scripts/make_words.py` describes them.
    """

    locale: str
    faker: str
    packaged: bool
    lists: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - lists of words, pairs and formats
        """Return one list of words, or one format.

        Raises:
            BlueprintError: There is none of that name.
        """
        try:
            return self.lists[name]
        except KeyError:
            message = (
                f"There are no words {name!r} for {self.locale}.\n"
                f"Words: {', '.join(sorted(self.lists))}.{did_you_mean(name, self.lists)}"
            )
            raise BlueprintError(message) from None


@cache
def words_of(locale: str) -> Words:
    """Return the words of a locale, from the package or else from Faker.

    Raises:
        LocaleError: Faker does not have the locale either.
    """
    if not isinstance(locale, str):
        message = f"The locale is {locale!r}.\nAllowed: a name such as {DEFAULT_LOCALE!r}."
        raise LocaleError(message)
    if locale in PACKAGED_LOCALES:
        text = files(__package__).joinpath(f"{locale}.json").read_text("utf-8")
        lists = json.loads(text)
        return Words(locale, lists["faker"], packaged=True, lists=MappingProxyType(lists))
    lists = draw_words(locale, fallback=words_of(DEFAULT_LOCALE).lists)
    return Words(locale, lists["faker"], packaged=False, lists=MappingProxyType(lists))
