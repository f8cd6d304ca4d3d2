"""How long other tools take to fill the same tables, in SQLite in memory, beside ours."""

from __future__ import annotations

import os
import statistics
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine

from pytest_demodata import DataGenerator, parse_volume, prepare_sqlite
from pytest_demodata.images import Images
from pytest_demodata.invoicing import Base

from .competitors import COMPETITORS
from .demo_databases import seconds_to_make
from .figures import Figure, median_ratio
from .timing import in_turns, seconds_of, unburdened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Engine

    from pytest_demodata import Volume

    from .figures import Extent, Say
    from .timing import Timed

    Fill = Callable[[Connection, Volume], None]

GROUP: Final = "competitors"
DATABASE: Final = "SQLite in memory"
GENERATED: Final = "ours, generated"
CACHED: Final = "ours, from the cache"
AT_LEAST: Final[Mapping[str, float]] = {
    "factory_boy with the ORM": 30,
    "Faker with the ORM": 30,
    "Faker with Core": 10,
    "mimesis with Core": 5,
}

_SLOW: Final = 5
_VERY_SLOW: Final = 15
"""Seconds from which on few turns are enough, and one."""


def measure(extent: Extent, say: Say) -> list[Figure]:
    """Measure each tool that is installed, by turns with ours."""
    os.environ.setdefault("SQLSEED_LOG_LEVEL", "ERROR")
    volume = extent.volumes[0]
    tools = {name: fill for name, module in COMPETITORS.items() if (fill := _tool(module, say))}
    figures = []
    with TemporaryDirectory(prefix="demobench-") as folder, unburdened():
        ours: dict[str, Timed] = {
            GENERATED: partial(_generate, volume),
            CACHED: partial(seconds_to_make, volume, Images(Path(folder))),
        }
        for action in ours.values():
            action()
        for tool, fill in tools.items():
            if _runs(tool, fill, say):
                actions: dict[str, Timed] = {tool: partial(_fill, fill, volume), **ours}
                figures += _figures(tool, volume, _compare(actions, tool, extent), extent)
    return figures


def _tool(module: str, say: Say) -> Fill | None:
    try:
        competitor: Any = import_module(f".competitors.{module}", __package__)
    except ImportError as error:
        say(f"The competitor {module} was left out: {error}.")
        return None
    fill: Fill = competitor.fill
    return fill


def _runs(tool: str, fill: Fill, say: Say) -> bool:
    """Load what a tool loads once, and look whether it still works."""
    try:
        _fill(fill, "small")
    except Exception as error:  # noqa: BLE001 - another release of it may fail in any way
        say(f"{tool} was left out: {type(error).__name__}: {error}.")
        return False
    return True


def _compare(actions: Mapping[str, Timed], tool: str, extent: Extent) -> dict[str, list[float]]:
    seconds = in_turns(1, actions)
    first = seconds[tool][0]
    turns = 1 if first > _VERY_SLOW else extent.few if first > _SLOW else extent.turns
    for name, taken in in_turns(turns - 1, actions).items():
        seconds[name] += taken
    return seconds


def _engine() -> Engine:
    engine = prepare_sqlite(create_engine("sqlite://"))
    Base.metadata.create_all(engine)
    return engine


def _fill(fill: Fill, volume: str) -> float:
    """Time a transaction that fills tables which are there."""
    engine = _engine()
    read = parse_volume(volume)

    def transaction() -> None:
        with engine.begin() as connection:
            fill(connection, read)

    seconds = seconds_of(transaction)
    engine.dispose()
    return seconds


def _generate(volume: str) -> float:
    """Time the same of ours."""
    engine = _engine()
    seconds = seconds_of(lambda: DataGenerator(engine).generate(volume))
    engine.dispose()
    return seconds


def _figures(
    tool: str, volume: str, seconds: Mapping[str, list[float]], extent: Extent
) -> list[Figure]:
    limit = AT_LEAST.get(tool)
    return [
        Figure(
            group=GROUP,
            what=tool,
            database=DATABASE,
            volume=volume,
            amount=statistics.median(seconds[tool]),
            beside=ours,
            beside_amount=statistics.median(seconds[ours]),
            ratio=median_ratio(seconds[tool], seconds[ours]),
            bound=extent.bound(limit, at_least=True) if limit and ours == GENERATED else None,
        )
        for ours in (GENERATED, CACHED)
    ]
