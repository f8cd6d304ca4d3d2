"""How long a whole run of pytest with one test takes, from its start to its end."""

from __future__ import annotations

import shutil
import statistics
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

from .figures import Figure, median_ratio
from .processes import OURS, run_pytest
from .timing import in_turns, seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .figures import Extent, Say
    from .timing import Timed

GROUP: Final = "sessions"
NO_DATABASE: Final = "no database at all"
FIRST: Final = "ours, first run"
CACHED: Final = "ours, from the cache"
EMPTY: Final = "empty tables"
TOOLS: Final = {
    "Faker with the ORM": ("faker", "faker_orm"),
    "factory_boy with the ORM": ("factory", "factory_boy_orm"),
    "mimesis with Core": ("mimesis", "mimesis_core"),
}
"""What to call a tool, what it is imported as, and the module of `competitors` that uses it."""

_NOTHING: Final = """
def test_nothing():
    pass
"""
_OURS: Final = """
from sqlalchemy import func, select
from pytest_demodata.invoicing import Invoice

def test_reads(demo_db):
    assert demo_db.session.scalar(select(func.count()).select_from(Invoice)) > 0
"""
_EMPTY: Final = """
from sqlalchemy import create_engine, func, select
from pytest_demodata.invoicing import Base, Invoice

def test_reads():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Invoice)) == 0
"""
_THEIRS: Final = """
import pytest
from sqlalchemy import create_engine, func, select
from benchmarks.competitors import {module}
from pytest_demodata import parse_volume, prepare_sqlite
from pytest_demodata.invoicing import Base, Invoice

@pytest.fixture(scope="session")
def connection():
    engine = prepare_sqlite(create_engine("sqlite://"))
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        {module}.fill(connection, parse_volume("{volume}"))
        yield connection

def test_reads(connection):
    assert connection.scalar(select(func.count()).select_from(Invoice)) > 0
"""


class _Run(NamedTuple):
    """A file with one test, what pytest is given for it, and whether it finds an empty cache."""

    source: str
    arguments: Sequence[str] = ()
    first: bool = False


def measure(extent: Extent, say: Say) -> list[Figure]:
    """Measure the default volume, and a larger one."""
    volumes = ("small",) if extent.quick else ("medium", "large")
    return [figure for volume in volumes for figure in _compare(volume, extent, say)]


def _compare(volume: str, extent: Extent, say: Say) -> list[Figure]:
    with TemporaryDirectory(prefix="demobench-") as folder:
        actions: dict[str, Timed] = {}
        for name, run in _runs(volume, say).items():
            place = Path(folder, str(len(actions)))
            place.mkdir()
            (place / "test_one.py").write_text(run.source, "utf-8")
            actions[name] = partial(_seconds, place, run)
            # From then on there is byte code, and ours has a cache.
            run_pytest(place, [*(run.arguments or ["--collect-only"]), "test_one.py"])
        seconds = in_turns(extent.few, actions)
    return _figures(volume, seconds)


def _runs(volume: str, say: Say) -> Mapping[str, _Run]:
    ours = (*OURS, f"--demodata-volume={volume}")
    runs = {
        NO_DATABASE: _Run(_NOTHING),
        EMPTY: _Run(_EMPTY),
        FIRST: _Run(_OURS, ours, first=True),
        CACHED: _Run(_OURS, ours),
    }
    for tool, (package, module) in TOOLS.items():
        if find_spec(package) is None:
            say(f"A run with {tool} was left out: {package} is not installed.")
            continue
        runs[tool] = _Run(_THEIRS.format(module=module, volume=volume))
    return runs


def _seconds(folder: Path, run: _Run) -> float:
    if run.first:
        shutil.rmtree(folder / ".pytest_cache", ignore_errors=True)
    return seconds_of(partial(run_pytest, folder, [*run.arguments, "test_one.py"]))


def _figures(volume: str, seconds: Mapping[str, list[float]]) -> list[Figure]:
    besides = {NO_DATABASE: CACHED, EMPTY: CACHED, FIRST: EMPTY, CACHED: EMPTY}
    return [
        Figure(
            group=GROUP,
            what=name,
            database="SQLite in memory",
            volume=volume,
            amount=statistics.median(taken),
            beside=(beside := besides.get(name, CACHED)),
            beside_amount=statistics.median(seconds[beside]),
            ratio=median_ratio(taken, seconds[beside]),
        )
        for name, taken in seconds.items()
    ]
