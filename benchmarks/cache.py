"""A demo database that starts from pytest's cache, beside one that is generated."""

from __future__ import annotations

import statistics
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from pytest_demodata.images import Images

from .demo_databases import seconds_to_make
from .figures import Figure, median_ratio
from .timing import in_turns, unburdened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .figures import Extent, Say

GROUP: Final = "cache"
AT_LEAST: Final = 15


def measure(extent: Extent, say: Say) -> list[Figure]:
    """Measure three volumes."""
    del say
    promised, longest = extent.volumes
    turns = {"medium": extent.turns, promised: extent.turns, longest: extent.few}
    return [
        figure
        for volume, taken in turns.items()
        for figure in _figures(volume, _compare(volume, taken), promised, extent)
    ]


def _compare(volume: str, turns: int) -> Mapping[str, list[float]]:
    """Generate, generate and keep, and take what was kept, by turns."""
    with TemporaryDirectory(prefix="demobench-") as folder:
        warm = Images(Path(folder, "warm"))
        seconds_to_make("small", warm)
        with unburdened():
            seconds_to_make(volume, warm)
            return in_turns(
                turns,
                {
                    "generated": partial(seconds_to_make, volume, None),
                    "kept": partial(_make_and_keep, volume),
                    "taken": partial(seconds_to_make, volume, warm),
                },
            )


def _make_and_keep(volume: str) -> float:
    with TemporaryDirectory(prefix="demobench-") as folder:
        return seconds_to_make(volume, Images(Path(folder)))


def _figures(
    volume: str, seconds: Mapping[str, list[float]], promised: str, extent: Extent
) -> list[Figure]:
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    figure = partial(Figure, group=GROUP, database="SQLite in memory", volume=volume)
    return [
        figure(
            what="a demo database, generated",
            amount=medians["generated"],
            beside="from the cache",
            beside_amount=medians["taken"],
            ratio=median_ratio(seconds["generated"], seconds["taken"]),
            bound=extent.bound(AT_LEAST, at_least=True) if volume == promised else None,
        ),
        figure(
            what="a demo database, generated and kept",
            amount=medians["kept"],
            beside="generated",
            beside_amount=medians["generated"],
            ratio=median_ratio(seconds["kept"], seconds["generated"]),
        ),
    ]
