"""What a test costs in a run of pytest: with our fixture, and with that of pytest-sqla.

It is the difference between runs of many tests and of one test, each of which reads, writes and
commits by a session, less what tests without fixtures cost.
"""

from __future__ import annotations

import statistics
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

from .processes import OURS, run_pytest
from .servers import scratch_database
from .timing import in_turns, seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .servers import Server

OURS_SUITE: Final = "ours"
WITHOUT_FIXTURE: Final = "no fixture"
PYTEST_SQLA: Final = "pytest-sqla"
FILES: Final = ("test_one.py", "test_many.py")

_SUITE: Final = """
from datetime import datetime
import pytest
from sqlalchemy import func, select
from pytest_demodata.invoicing import ProductCategory

COUNT = select(func.count()).select_from(ProductCategory)
DAY = datetime(2025, 1, 2)

@pytest.mark.parametrize("turn", range({tests}))
def test_reads_and_writes(turn, {fixture}):
    session = {session}
    before = session.scalar(COUNT)
    session.add(ProductCategory(name="Another", sort_order=9, active=True, created_at=DAY))
    session.commit()
    assert session.scalar(COUNT) == before + 1
"""
_SUITE_WITHOUT: Final = """
import pytest

@pytest.mark.parametrize("turn", range({tests}))
def test_nothing(turn):
    pass
"""


class _Suite(NamedTuple):
    """The source of a suite, what pytest is given for it, and what its environment has."""

    source: str
    arguments: Sequence[str] = ()
    variables: Mapping[str, str] | None = None


def beside_pytest_sqla(server: Server | None, *, tests: int, turns: int) -> Mapping[str, float]:
    """Measure the seconds of a test, beyond one that does nothing."""
    with TemporaryDirectory(prefix="demobench-") as place, _suites(server) as suites:
        folder = Path(place)
        actions = {
            (suite, name): partial(_run, folder / suite, name, each)
            for suite, each in suites.items()
            for name in FILES
        }
        for suite, each in suites.items():
            _write(folder / suite, each.source, tests)
            _run(folder / suite, "test_one.py", each)
        taken = in_turns(turns, actions)
    medians = {action: statistics.median(seconds) for action, seconds in taken.items()}
    costs = {
        suite: (medians[suite, "test_many.py"] - medians[suite, "test_one.py"]) / (tests - 1)
        for suite in (OURS_SUITE, PYTEST_SQLA, WITHOUT_FIXTURE)
    }
    return {suite: costs[suite] - costs[WITHOUT_FIXTURE] for suite in (OURS_SUITE, PYTEST_SQLA)}


@contextmanager
def _suites(server: Server | None) -> Iterator[Mapping[str, _Suite]]:
    """Give what to run: ours, pytest-sqla's in a database of its own, and one with no fixture."""
    ours = "sqlite://" if server is None else server.url.render_as_string(hide_password=False)
    with _database_of_pytest_sqla(server) as theirs:
        yield {
            WITHOUT_FIXTURE: _Suite(_SUITE_WITHOUT),
            OURS_SUITE: _Suite(
                _SUITE.replace("{fixture}", "demo_db_small").replace(
                    "{session}", "demo_db_small.session"
                ),
                OURS,
                {"DEMODATA_URL": ours},
            ),
            PYTEST_SQLA: _Suite(
                _SUITE.replace("{fixture}", "sqla_session").replace("{session}", "sqla_session"),
                ("-p", "pytest_sqla.plugin", "-o", "sqla_metadata=pytest_demodata.invoicing:Base"),
                {"PYTEST_SQLA_URL": theirs},
            ),
        }


@contextmanager
def _database_of_pytest_sqla(server: Server | None) -> Iterator[str]:
    if server is None:
        yield "sqlite://"
        return
    with scratch_database(server) as url:
        yield url.render_as_string(hide_password=False)


def _write(folder: Path, source: str, tests: int) -> None:
    folder.mkdir()
    for name, number in zip(FILES, (1, tests), strict=True):
        (folder / name).write_text(source.format(tests=number), "utf-8")


def _run(folder: Path, name: str, suite: _Suite) -> float:
    return seconds_of(partial(run_pytest, folder, [*suite.arguments, name], suite.variables))
