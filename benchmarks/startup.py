"""What the plugin costs a run of pytest that does not use it."""

from __future__ import annotations

import statistics
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from .figures import Bound, Figure, median_ratio
from .processes import OURS, run_pytest, run_python
from .timing import in_turns, seconds_of

if TYPE_CHECKING:
    from .figures import Extent, Say

GROUP: Final = "startup"
MOST_SECONDS: Final = 0.005

_NOTHING: Final = """
def test_nothing():
    pass
"""
_TELLS: Final = """
import sys

def pytest_unconfigure(config):
    print("LOADED", *sorted(sys.modules))
"""
_IMPORTS: Final = """
from time import perf_counter
start = perf_counter()
import pytest
between = perf_counter()
import pytest_demodata.plugin
print(between - start, perf_counter() - between)
"""


def measure(extent: Extent, say: Say) -> list[Figure]:
    """Measure modules, the import, and a whole run."""
    del say
    return [_modules(), _import(extent), _whole_run(extent)]


def _modules() -> Figure:
    """Count what a run loads of others because of us."""
    with TemporaryDirectory(prefix="demobench-") as name:
        folder = Path(name)
        (folder / "conftest.py").write_text(_TELLS, "utf-8")
        (folder / "test_nothing.py").write_text(_NOTHING, "utf-8")
        with_us, without = (_loaded(folder, arguments) for arguments in (OURS, ()))
    own = {"pytest_demodata"} | sys.stdlib_module_names
    foreign = {module for module in with_us - without if module.partition(".")[0] not in own}
    return Figure(
        group=GROUP,
        what="third-party modules loaded" + "".join(f", {each}" for each in sorted(foreign)),
        amount=len(foreign),
        unit="modules",
        bound=Bound(0, of="amount"),
    )


def _loaded(folder: Path, arguments: tuple[str, ...]) -> set[str]:
    printed = run_pytest(folder, arguments)
    (line,) = (each for each in printed.splitlines() if each.startswith("LOADED "))
    return set(line.split()[1:])


def _import(extent: Extent) -> Figure:
    turns = 3 if extent.quick else 20
    run_python("-c", _IMPORTS)
    taken = [[float(each) for each in run_python("-c", _IMPORTS).split()] for _ in range(turns)]
    theirs, ours = zip(*taken, strict=True)
    return Figure(
        group=GROUP,
        what="the import of the plugin",
        amount=statistics.median(ours),
        beside="the import of pytest",
        beside_amount=statistics.median(theirs),
        ratio=median_ratio(ours, theirs),
        bound=None if extent.quick else Bound(MOST_SECONDS, of="amount"),
    )


def _whole_run(extent: Extent) -> Figure:
    turns = 1 if extent.quick else 2 * extent.turns
    with TemporaryDirectory(prefix="demobench-") as name:
        folder = Path(name)
        (folder / "test_nothing.py").write_text(_NOTHING, "utf-8")
        run_pytest(folder, OURS)
        seconds = in_turns(
            turns,
            {
                arguments: partial(seconds_of, partial(run_pytest, folder, arguments))
                for arguments in (OURS, ())
            },
        )
    return Figure(
        group=GROUP,
        what="a run that does not use the plugin",
        amount=statistics.median(seconds[OURS]),
        beside="a run without the plugin",
        beside_amount=statistics.median(seconds[()]),
        ratio=median_ratio(seconds[OURS], seconds[()]),
    )
