"""Plans from what users say: checked settings, and parts of tables without a database."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_demodata.defaults import (
    DEFAULT_AS_OF,
    DEFAULT_LOCALE,
    DEFAULT_SEED,
    DEFAULT_VOLUME,
    EARLIEST_AS_OF,
    LATEST_AS_OF,
)
from pytest_demodata.engine import Plan
from pytest_demodata.errors import SettingError, VolumeError
from pytest_demodata.invoicing.blueprint import INVOICING
from pytest_demodata.layout import Layout
from pytest_demodata.parts import rows_of_part
from pytest_demodata.volumes import Volume, parse_volume
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_demodata.blueprint import Blueprint


def table_part(  # noqa: PLR0913 - a part of a table, and the settings of a dataset
    table: str,
    part: int,
    parts: int,
    *,
    volume: str | Volume = DEFAULT_VOLUME,
    seed: int = DEFAULT_SEED,
    locale: str = DEFAULT_LOCALE,
    as_of: date = DEFAULT_AS_OF,
    blueprint: Blueprint = INVOICING,
) -> Iterator[tuple[Any, ...]]:
    """Make the rows of one part of a table: without a database, and without the other rows.

    The parts put together, in the order of their numbers, are the table that a `DataGenerator`
    with the same settings fills, whoever makes them, on whichever machine, and in any order.

    Args:
        table: The table's name, such as `invoice_line_items`.
        part: Which part, counted from 0.
        parts: How many parts of nearly equal size there are; more than rows leave some empty.
        volume: The volume of the whole dataset.
        seed: Its seed.
        locale: Its locale.
        as_of: The date that all of its dates hang on.
        blueprint: How the tables are filled.

    Returns:
        Rows, made a few thousand at a time: tuples of Python's values, in the order of the table's
        columns (`Base.metadata.tables[table].columns`).

    Raises:
        SettingError: There is no such table or part, or a seed or a date that cannot be used.
        LocaleError: Nobody has words for the locale.
        VolumeError: The volume cannot be read or generated.
    """
    if not isinstance(volume, Volume):
        volume = parse_volume(volume, blueprint.volumes)
    sizes = (tuple(volume.counts.items()), tuple(volume.fan_outs.items()))
    as_of = checked_date(as_of)
    plan = _plan_of(blueprint, volume.name, *sizes, checked_seed(seed), locale, as_of)
    return rows_of_part(plan, table, part, parts)


def row_counts(
    volume: str | Volume = DEFAULT_VOLUME, *, blueprint: Blueprint = INVOICING
) -> Mapping[str, int]:
    """Return how many rows each table of a volume has, by its name, before any is made.

    Raises:
        VolumeError: The volume cannot be read, or is too large for the keys.
    """
    if not isinstance(volume, Volume):
        volume = parse_volume(volume, blueprint.volumes)
    return Layout(blueprint, volume).counts


@lru_cache(maxsize=1)
def _plan_of(  # noqa: PLR0913, PLR0917 - what a dataset is a function of
    blueprint: Blueprint,
    name: str,
    counts: tuple[tuple[str, int], ...],
    fan_outs: tuple[tuple[str, range], ...],
    seed: int,
    locale: str,
    as_of: date,
) -> Plan:
    """Make a plan, and keep it for the next part: it holds what the tables know of each other."""
    volume = Volume(name, dict(counts), dict(fan_outs))
    return Plan(blueprint, volume, seed=seed, words=words_of(locale), as_of=as_of)


def check_volume(text: str, *, seed: int, as_of: date) -> None:
    """Look whether the invoicing dataset can have a volume, without a database.

    Raises:
        VolumeError: It cannot: too many rows for the keys, or too few to draw from; then it names
            the least that works.
    """
    volume = parse_volume(text)
    row_counts(volume)
    try:
        _try(volume, seed, as_of)
    except VolumeError as error:
        message = f"{error}\nThe least that works is {_least(volume, seed, as_of)}."
        raise VolumeError(message) from None


def _try(volume: Volume, seed: int, as_of: date) -> None:
    Plan(INVOICING, volume, seed=seed, words=words_of(DEFAULT_LOCALE), as_of=as_of)


def _least(volume: Volume, seed: int, as_of: date) -> str:
    """Name the volume with as many more customers and products as its invoices need.

    How many that is hangs on no other count, so that it is tried with one customer and invoice.
    """
    given = volume.counts
    products = given["products"]
    while not _is_enough(products, volume.fan_outs, seed, as_of):
        products += 1
    counts = {**given, "customers": max(1, given["customers"]), "products": products}
    return ",".join(f"{table}={rows}" for table, rows in counts.items())


def _is_enough(products: int, fan_outs: Mapping[str, range], seed: int, as_of: date) -> bool:
    counts = {"customers": 1, "products": products, "invoices": 1}
    try:
        _try(Volume("the least", counts, fan_outs), seed, as_of)
    except VolumeError:
        return False
    return True


def checked_seed(seed: int) -> int:
    """Return a seed, if it is one.

    Raises:
        SettingError: It is none.
    """
    if isinstance(seed, int) and not isinstance(seed, bool):
        return seed
    message = f"The seed is {seed!r}.\nAllowed: any whole number."
    raise SettingError(message)


def checked_date(as_of: date) -> date:
    """Return a reference date, without a time.

    Raises:
        SettingError: It is none, or one at the ends of the calendar.
    """
    if isinstance(as_of, datetime):
        as_of = as_of.date()
    if isinstance(as_of, date) and EARLIEST_AS_OF <= as_of <= LATEST_AS_OF:
        return as_of
    message = (
        f"The reference date as_of is {as_of!r}.\n"
        f"Allowed: a date from {EARLIEST_AS_OF} to {LATEST_AS_OF}, such as {DEFAULT_AS_OF!r}."
    )
    raise SettingError(message)
