"""Words of Faker's, drawn in bulk and then chosen from."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.errors import BlueprintError, did_you_mean
from pytest_demodata.recipes.numbering import too_few_values
from pytest_demodata.recipes.recipe import Recipe
from pytest_demodata.streams import WORD_BITS
from pytest_demodata.values import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_demodata.recipes.recipe import Kind, Run

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_POOL: Final = 1_000
_LARGE_POOL: Final = 20_000


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

    __slots__ = ("_kind", "_options", "_pools", "_provider", "_unique")

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
        self._unique = unique
        self._pools: dict[str, Sequence[Any]] = {}

    def in_counts(self, kinds: Sequence[Kind | None]) -> Recipe:
        """Remember what to count the values in."""
        return Faked(self._provider, self._options, kind=kinds[0], unique=self._unique)

    def once(self) -> Recipe:
        """Return the same, of which no two rows have the same."""
        return Faked(self._provider, self._options, kind=self._kind, unique=True)

    def draw(self, run: Run) -> Sequence[Any]:
        """Choose from the pool, or take the rows' places in a permutation of it."""
        pool = self._pool(run)
        size = len(pool)
        if self._unique:
            return [pool[number] for number in run.shuffled(size)]
        return [pool[bits * size >> WORD_BITS] for bits in run.bits()]

    def check(self, run: Run) -> None:
        """Look whether Faker gives enough different values, where no two rows have the same.

        Raises:
            VolumeError: It does not.
        """
        if self._unique and run.total > len(self._pool(run)):
            raise too_few_values(run, len(self._pool(run)))

    def _pool(self, run: Run) -> Sequence[Any]:
        locale = run.words.locale
        if locale not in self._pools:
            self._pools[locale] = self._drawn(locale)
        return self._pools[locale]

    def _drawn(self, locale: str) -> Sequence[Any]:
        """Call the provider, from a state that hangs on its name only."""
        import faker  # noqa: PLC0415 - takes 0.2 s, and most runs do not need it

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some of Faker's locales warn of themselves
            fake = faker.Faker(locale)
        fake.seed_instance(int.from_bytes(sha256(self._provider.encode()).digest()[:8], "big"))
        make = getattr(fake, self._provider)
        values = [make(**self._options) for _ in range(_LARGE_POOL if self._unique else _POOL)]
        if self._unique:
            values = list({repr(value): value for value in values}.values())
        kind = self._kind
        return values if kind is None else [counted(kind, value) for value in values]


def _check_provider(provider: str) -> None:
    import faker  # noqa: PLC0415 - see above

    fake = faker.Faker()
    if callable(getattr(fake, provider, None)) and not provider.startswith("_"):
        return
    names = [name for name in dir(fake.factories[0]) if not name.startswith("_")]
    message = (
        f"Faker has no provider {provider!r}.{did_you_mean(provider, names)}\n"
        "Allowed: a name from https://faker.readthedocs.io, such as company or iban."
    )
    raise BlueprintError(message)
