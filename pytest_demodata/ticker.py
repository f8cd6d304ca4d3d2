"""Shows on a terminal what is being generated, and how far it is."""

from __future__ import annotations

import time
from contextlib import nullcontext
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

_PATIENCE: Final = 1.0
_INTERVAL: Final = 0.1


class Ticker:
    """The line that tells of a generation, once that has taken more than a second.

    Args:
        config: Where the terminal is found; without one, nothing is shown.
        volume: What is being generated.
        clock: Returns seconds.
    """

    def __init__(
        self, config: pytest.Config, volume: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        self._capture: Any = config.pluginmanager.get_plugin("capturemanager")
        self._volume = volume
        self._clock = clock
        self._due = clock() + _PATIENCE
        self._shown = False

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        """Show the stage at work and the rows done, where there is a terminal to show it on."""
        if self._reporter is None or not self._reporter.isatty or self._clock() < self._due:
            return
        self._due = self._clock() + _INTERVAL
        self._write(f"demodata: generating {self._volume}: {stage}, {done:,} of {total:,} rows")

    def clear(self) -> None:
        """Take the line away, if there is one."""
        if self._shown:
            self._write("")

    def _write(self, line: str) -> None:
        """Write over what was shown last, past the capture of the test that waits.

        Not wider than the terminal: what goes on in a second line is never written over.
        """
        with self._capture.global_and_fixture_disabled() if self._capture else nullcontext():
            if not self._shown:
                self._reporter.ensure_newline()
                self._shown = True
            self._reporter.rewrite(line[: get_terminal_size().columns - 1], erase=True)
            self._reporter.write("\r")
            self._reporter.flush()
