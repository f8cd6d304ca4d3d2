"""Runs of pytest inside of a test, on a user's database: in this process, or in another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any, Final

from users_database import wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

GOLDEN: Final[dict[str, dict[str, str]]] = json.loads(
    Path(__file__).with_name("golden.json").read_text("utf-8")
)

_OTHERS: Final = (
    *("anyio", "asyncio", "faker", "hypothesispytest", "randomly", "rerunfailures", "timeout"),
    *("xdist", "xdist.looponfail"),
)
"""Plugins that take long to load, or have a hand in what is looked at."""

TOOLS: Final = f"""
    import os
    import time
    from pathlib import Path

    from sqlalchemy import text

    GOLDEN = {GOLDEN["en_US small"]!r}

    def say(word):
        path = Path(f"{{word}}.part")
        path.write_text(str(os.getpid()))
        path.rename(word)

    def wait_for(word):
        while not Path(word).exists():
            time.sleep(0.01)

    def assert_whole(db):
        assert db.volume == "small"
        with db.engine.connect() as connection:
            for table, rows in db.counts.items():
                assert connection.scalar(text(f"SELECT count(*) FROM {{table}}")) == rows
        assert dict(db.digests) == GOLDEN
"""
"""A module for the generated tests, which work on the small volume."""


_START: Final = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " runpy.run_module('pytest', run_name='__main__', alter_sys=True)"
)
"""Hears Ctrl-C, also where the tests were started in the background, as `pytest &`."""


class Started:
    """A run in a process of its own, in a process group of its own.

    Args:
        process: The process.
        folder: Where its tests stand.
    """

    def __init__(self, process: subprocess.Popen[Any], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self.pid = process.pid

    def heard(self, word: str) -> int:
        """Wait until a test says a word, and return the number of the test's process."""
        path = self._folder / word
        wait_for(lambda: path.exists() or self._process.poll() is not None, f"the word {word!r}")
        assert path.exists(), self.output()
        return int(path.read_text("utf-8"))

    def say(self, word: str) -> None:
        """Say a word that a test waits for."""
        (self._folder / word).touch()

    def output(self) -> str:
        """Return what it has printed so far."""
        return (self._folder / f"output-{self.pid}").read_text("utf-8", errors="replace")

    def end(self, seconds: float = 30) -> int:
        """Wait for its end, and return its exit code."""
        return self._process.wait(seconds)

    def kill(self) -> None:
        """Kill it and what it has started, without a chance to do anything."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def interrupt(self) -> None:
        """Press Ctrl-C, which a terminal sends to all processes."""
        os.killpg(self.pid, signal.SIGINT)


class Runs:
    """Runs tests against a database.

    Args:
        pytester: Where the tests stand.
        url: The database.
    """

    def __init__(self, pytester: pytest.Pytester, url: str) -> None:
        self._pytester = pytester
        self._started: list[Started] = []
        self.url = url
        pytester.makepyfile(tools=TOOLS)

    def write(self, **files: str) -> None:
        """Write modules of tests."""
        for name, content in files.items():
            (self._pytester.path / f"{name}.py").write_text(dedent(content), "utf-8")

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run them in this process, with warnings as errors."""
        arguments = self._arguments(arguments)
        return self._pytester.runpytest_inprocess(*arguments, no_reraise_ctrlc=True)

    def start(self, *arguments: str, plugins: Sequence[str] = (), traced: bool = True) -> Started:
        """Start them in a process of their own, with some of the plugins that the others lack.

        Args:
            arguments: Pytest's.
            plugins: What is to be loaded beside ours.
            traced: Whether coverage is measured; a signal can get lost in its tracer.
        """
        command = [sys.executable, "-c", _START, *self._arguments(arguments, plugins)]
        if not traced:
            command = ["env", "-u", "COVERAGE_PROCESS_START", *command]
        folder = self._pytester.path
        output = folder / "output"
        with output.open("w", encoding="utf-8") as file:
            process = self._pytester.popen(
                command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )
        output.rename(folder / f"output-{process.pid}")
        self._started.append(Started(process, folder))
        return self._started[-1]

    def kill(self) -> None:
        """Kill what still runs."""
        for each in self._started:
            each.kill()

    def _arguments(self, arguments: Sequence[str], plugins: Sequence[str] = ()) -> tuple[str, ...]:
        without = (f"-pno:{plugin}" for plugin in _OTHERS if plugin not in plugins)
        return ("-Werror", *without, f"--demodata-url={self.url}", *arguments)
