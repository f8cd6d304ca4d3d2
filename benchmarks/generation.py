"""What generation costs beside the bare inserts: `python benchmarks/generation.py`.

The floor is the same rows, ready-made in a list, through the bare driver's `executemany` into the
same tables with the same indexes. Ours is `DataGenerator.generate`, from the seed to the last row,
once with the tables there and once without. Both run by turns in one process, and the table shows
the median of the ratios of neighbours. Memory is the peak of a process of its own that generates
into a file.
"""

from __future__ import annotations

import argparse
import gc
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine

from pytest_demodata import DataGenerator, prepare_sqlite
from pytest_demodata.invoicing import Base

if TYPE_CHECKING:
    from sqlalchemy import Engine

    Rows = list[tuple[str, list[tuple[Any, ...]]]]


def _engine() -> Engine:
    engine = prepare_sqlite(create_engine("sqlite://"))
    Base.metadata.create_all(engine)
    return engine


def ready_rows(volume: str) -> Rows:
    """Read the rows back as the driver gives them, with the statement that inserts them."""
    engine = _engine()
    DataGenerator(engine).generate(volume)
    ready: Rows = []
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for name, table in Base.metadata.tables.items():
            rows = driver.execute(f"SELECT * FROM {name} ORDER BY id").fetchall()  # noqa: S608
            marks = ", ".join("?" * len(table.columns))
            ready.append((f"INSERT INTO {name} VALUES ({marks})", rows))  # noqa: S608
    engine.dispose()
    order = [table.name for table in Base.metadata.sorted_tables]
    return sorted(ready, key=lambda each: order.index(each[0].split()[2]))


def floor(ready: Rows) -> float:
    """Time the bare inserts, in one transaction."""
    engine = _engine()
    with engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        connection.exec_driver_sql("SELECT 1")
        start = perf_counter()
        for statement, rows in ready:
            driver.executemany(statement, rows)
        seconds = perf_counter() - start
    engine.dispose()
    return seconds


def ours(volume: str, *, tables_there: bool) -> float:
    """Time a whole generation."""
    engine = _engine() if tables_there else prepare_sqlite(create_engine("sqlite://"))
    start = perf_counter()
    DataGenerator(engine).generate(volume)
    seconds = perf_counter() - start
    engine.dispose()
    return seconds


def compare(volume: str, turns: int) -> str:
    """Run floor and ours by turns and return a line of the table."""
    ready = ready_rows(volume)
    gc.collect()
    gc.freeze()
    floors, there, missing = [], [], []
    for _ in range(turns):
        floors.append(floor(ready))
        there.append(ours(volume, tables_there=True))
        missing.append(ours(volume, tables_there=False))
    gc.unfreeze()
    with_tables = statistics.median(map(_ratio, there, floors))
    without = statistics.median(map(_ratio, missing, floors))
    return f"| {volume} | {statistics.median(floors):.3f} s | {with_tables:.2f} | {without:.2f} |"


def _ratio(seconds: float, floor_seconds: float) -> float:
    return seconds / floor_seconds


def peak_memory(volume: str) -> int:
    """Return the peak resident memory, in KiB, of a process that generates into a file."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'demo.db'}"
        command = [sys.executable, __file__, "--into", url, volume]
        return int(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603


def _generate_into(url: str, volume: str) -> None:
    DataGenerator(prepare_sqlite(create_engine(url))).generate(volume)
    sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("volumes", nargs="*", default=["medium", "large", "huge"])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--into", help="generate into this URL and print the peak memory in KiB")
    arguments = parser.parse_args()
    if arguments.into:
        _generate_into(arguments.into, arguments.volumes[0])
        return
    # Memory first: a process inherits the peak of the one that starts it.
    memory = {volume: peak_memory(volume) for volume in arguments.volumes}
    about = (
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"SQLAlchemy {version('SQLAlchemy')}, {platform.machine()}"
    )
    lines = [
        about,
        "",
        "| volume | bare executemany | generate, tables there | generate, tables missing |",
        "|---|---|---|---|",
        *(compare(volume, arguments.turns) for volume in arguments.volumes),
        "",
        "| volume, into a file | peak memory |",
        "|---|---|",
        *(f"| {volume} | {kibibytes / 1024:.0f} MiB |" for volume, kibibytes in memory.items()),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
