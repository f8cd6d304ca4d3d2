"""Words to choose from: the locale's, and those of Faker's that are drawn in bulk."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from datetime import datetime, time
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import types

from pytest_demodata.errors import BlueprintError, GenerationError, did_you_mean
from pytest_demodata.recipes.fitting import UnfitError, fit_for
from pytest_demodata.recipes.numbering import too_few_values
from pytest_demodata.recipes.recipe import Recipe
from pytest_demodata.streams import WORD_BITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_demodata.recipes.recipe import Kind, Run

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_POOL: Final = 1_000
_LARGE_POOL: Final = 20_000


@dataclass(frozen=True, slots=True)
class Listing(Recipe):
    """One of the locale's words, or each of them once.

    Attributes:
        name: The list of words, such as `streets`.
        unique: No two rows have the same.
    """

    name: str
    unique: bool = False

    def once(self) -> Recipe:
        """Draw no word twice."""
        return replace(self, unique=True)

    def draw(self, run: Run) -> Sequence[Any]:
        """Scale the bits to the list, or take the rows' places in a permutation of it."""
        words = run.words[self.name]
        count = len(words)
        if self.unique:
            return [words[number] for number in run.shuffled(count)]
        return [words[bits * count >> WORD_BITS] for bits in run.bits()]

    def check(self, run: Run) -> None:
        """Look whether there are enough words, where no two rows have the same.

        Raises:
            VolumeError: There are not.
        """
        if self.unique and run.total > len(run.words[self.name]):
            raise too_few_values(run, len(run.words[self.name]))


class Faked(Recipe):
    """What one of Faker's providers gives, drawn once in bulk for all rows to choose from.

    Args:
        provider: Its name, such as `company`.
        options: Its arguments.
        kind: The type of the column.
        unique: No two rows have the same.

    Raises:
        BlueprintError: Faker has no such provider.
    """

    __slots__ = ("_kind", "_options", "_pools", "_provider", "unique")

    def __init__(
        self,
        provider: str,
        options: Mapping[str, Any] = _NOTHING,
        *,
        kind: Kind | None = None,
        unique: bool = False,
    ) -> None:
        _check_provider(provider)
        self._provider = provider
        self._options = options
        self._kind = kind
        self.unique = unique
        self._pools: dict[str, Sequence[Any]] = {}

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Remember what to count the values in, and look at one of them.

        Raises:
            BlueprintError: It is not of the column's type, whatever its length.
        """
        faked = Faked(self._provider, self._options, kind=kinds[0], unique=self.unique)
        for value in faked._made("en_US", 1):
            may_be_long = len(kinds) == 1 and isinstance(kinds[0], types.String)
            if not (may_be_long and isinstance(value, str)):
                fit_for(kinds)(value)
        return faked

    def once(self) -> Recipe:
        """Return the same, of which no two rows have the same."""
        return Faked(self._provider, self._options, kind=self._kind, unique=True)

    def draw(self, run: Run) -> Sequence[Any]:
        """Choose from the pool, or take the rows' places in a permutation of it."""
        pool = self._pool(run)
        size = len(pool)
        if self.unique:
            return [pool[number] for number in run.shuffled(size)]
        return [pool[bits * size >> WORD_BITS] for bits in run.bits()]

    def check(self, run: Run) -> None:
        """Look whether Faker gives enough different values, where no two rows have the same.

        Raises:
            VolumeError: It does not.
        """
        if self.unique and run.total > len(self._pool(run)):
            raise too_few_values(run, len(self._pool(run)))

    def _pool(self, run: Run) -> Sequence[Any]:
        locale = run.words.locale
        if locale not in self._pools:
            self._pools[locale] = self._drawn(locale)
        return self._pools[locale]

    def _drawn(self, locale: str) -> Sequence[Any]:
        """Draw values, and leave out those that are too long for the column."""
        fit, values = fit_for([self._kind]), []
        for value in self._made(locale, _LARGE_POOL if self.unique else _POOL):
            try:
                values.append(fit(value))
            except UnfitError as error:
                refused = error
        if not values:
            message = (
                f"faker({self._provider!r}) makes nothing that the column takes, only such as "
                f"{refused.value!r}.\n"
                f"Allowed: {refused.wanted}. Give arguments that make less, or another provider."
            )
            raise GenerationError(message)
        return list({repr(value): value for value in values}.values()) if self.unique else values

    def _made(self, locale: str, count: int) -> list[Any]:
        """Call the provider so often, from a state that hangs on its name only."""
        import faker  # noqa: PLC0415 - takes 0.2 s, and most runs do not need it

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some of Faker's locales warn of themselves
            fake = faker.Faker(locale)
        fake.seed_instance(int.from_bytes(sha256(self._provider.encode()).digest()[:8], "big"))
        make = getattr(fake, self._provider)
        try:
            made = [make(**self._options) for _ in range(count)]
        except Exception as error:
            options = "".join(f", {name}={value!r}" for name, value in self._options.items())
            message = (
                f"faker({self._provider!r}{options}) cannot be called: {error}.\n"
                "Allowed: the arguments that https://faker.readthedocs.io names."
            )
            raise BlueprintError(message) from error
        return list(map(_whole_seconds, made))


def _whole_seconds(value: Any) -> Any:  # noqa: ANN401 - whatever Faker makes
    return value.replace(microsecond=0) if isinstance(value, datetime | time) else value


_TIMELESS: Final = {
    "century",
    "date_between_dates",
    "date_time_between_dates",
    "pytimezone",
    "timezone",
}
"""What does not hang on today among the providers of dates; two of them take both ends."""


def _check_provider(provider: object) -> None:
    import faker  # noqa: PLC0415 - see above

    fake = faker.Faker()
    names = {
        name
        for each in fake.get_providers()
        for name in dir(each)
        if not name.startswith("_") and callable(getattr(each, name))
    }
    if provider not in names:
        message = (
            f"Faker has no provider {provider!r}.{did_you_mean(str(provider), sorted(names))}\n"
            "Allowed: a name from https://faker.readthedocs.io, such as company or iban."
        )
        raise BlueprintError(message)
    dates = next(each for each in fake.get_providers() if hasattr(each, "date_time"))
    if (
        hasattr(dates, str(provider))
        and not hasattr(faker.providers.BaseProvider, str(provider))
        and provider not in _TIMELESS
    ):
        message = (
            f"Faker's provider {provider!r} hangs on today, and the data would be others "
            "tomorrow.\n"
            "Allowed: between(…) from a first to a last date or time."
        )
        raise BlueprintError(message)
