"""How time per row and peak memory grow with the volume, into a file and into servers.

Each generation runs in a process of its own, into an empty database of its own, and commits.
"""

from __future__ import annotations

import statistics
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from pytest_demodata import row_counts

from .figures import Figure
from .processes import run_python
from .servers import scratch_database, servers_there
from .single_generation import URL_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .figures import Extent, Say
    from .servers import Server

GROUP: Final = "growth"
MOST_MEMORY: Final = 1.2
MOST_TIME: Final = 1.15
_PROMISED: Final = "large*100"
_PROGRAM: Final = ("-m", "benchmarks.single_generation")


@dataclass(frozen=True, slots=True)
class _Growth:
    """What a volume took.

    Attributes:
        seconds: Per row.
        memory: The peak, in bytes.
    """

    seconds: float
    memory: float


def measure(extent: Extent, say: Say) -> list[Figure]:
    """Measure all volumes into a file, and the promised one into each server."""
    into_files = ["small", "medium", "large"]
    if not extent.quick:
        into_files += ["large*10", "huge", _PROMISED]
    figures = _figures("SQLite in a file", None, into_files, extent)
    for server in servers_there(say):
        volumes = ["small"] if extent.quick else ["large", _PROMISED]
        figures += _figures(server.name, server, volumes, extent)
    return figures


def _figures(
    database: str, server: Server | None, volumes: list[str], extent: Extent
) -> list[Figure]:
    base = "large" if "large" in volumes else volumes[-1]
    grown = {volume: _grow(server, volume, _turns(volume, base, extent)) for volume in volumes}
    figures = []
    for volume, growth in grown.items():
        promised = volume == _PROMISED
        figure = partial(Figure, group=GROUP, database=database, volume=volume, beside=base)
        figures += [
            figure(
                what="time per row",
                amount=growth.seconds,
                beside_amount=grown[base].seconds,
                ratio=growth.seconds / grown[base].seconds,
                bound=extent.bound(MOST_TIME) if promised else None,
            ),
            figure(
                what="peak memory",
                unit="B",
                amount=growth.memory,
                beside_amount=grown[base].memory,
                ratio=growth.memory / grown[base].memory,
                bound=extent.bound(MOST_MEMORY) if promised else None,
            ),
        ]
    return figures


def _turns(volume: str, base: str, extent: Extent) -> int:
    """Measure what all others are held beside most often, and what takes long once."""
    if volume == base:
        return extent.turns
    return extent.few if volume in {"small", "medium"} else 1


def _grow(server: Server | None, volume: str, turns: int) -> _Growth:
    seconds, memory = [], []
    for _ in range(turns):
        with _empty_database(server) as url:
            printed = run_python(*_PROGRAM, volume, variables={URL_VARIABLE: url}).split()
        seconds.append(float(printed[0]))
        memory.append(int(printed[1]))
    rows = sum(row_counts(volume).values())
    return _Growth(statistics.median(seconds) / rows, statistics.median(memory))


@contextmanager
def _empty_database(server: Server | None) -> Iterator[str]:
    if server is None:
        with TemporaryDirectory(prefix="demobench-") as folder:
            yield f"sqlite:///{Path(folder) / 'demo.db'}"
        return
    with scratch_database(server) as url:
        yield url.render_as_string(hide_password=False)
