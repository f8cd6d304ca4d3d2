"""One generation in a process of its own: `python -m benchmarks.single_generation VOLUME`.

Where to, an environment variable says: arguments are seen by everybody. Prints the seconds it took,
without what is loaded and connected to only once, and the most bytes of memory that the process has
ever held.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

from sqlalchemy import create_engine

from pytest_demodata import DataGenerator, prepare_sqlite

if TYPE_CHECKING:
    from collections.abc import Sequence

URL_VARIABLE: Final = "DEMOBENCH_URL"

_STATUS: Final = Path("/proc/self/status")
_UNITS: Final = {"darwin": 1}


def peak_memory() -> int:
    """Return the most bytes that this process has held.

    Linux tells it without what the process had that started this one, which `getrusage` counts in.
    """
    if _STATUS.exists():
        for line in _STATUS.read_text("ascii").splitlines():
            name, _, value = line.partition(":")
            if name == "VmHWM":
                return int(value.split()[0]) * 1024
    import resource  # noqa: PLC0415 - Windows has none

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * _UNITS.get(sys.platform, 1024)


def main(words: Sequence[str]) -> None:
    """Generate, and print."""
    (volume,) = words
    engine = create_engine(os.environ[URL_VARIABLE])
    if engine.dialect.name == "sqlite":
        prepare_sqlite(engine)
    DataGenerator(prepare_sqlite(create_engine("sqlite://"))).generate("small")
    engine.connect().close()
    start = perf_counter()
    DataGenerator(engine).generate(volume)
    seconds = perf_counter() - start
    sys.stdout.write(f"{seconds} {peak_memory()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
