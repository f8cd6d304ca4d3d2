"""The line that tells, on a terminal, how far a long generation is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_demodata.ticker import Ticker

if TYPE_CHECKING:
    from collections.abc import Iterator


class Terminal:
    """Pytest's reporter and capture as the ticker knows them, with a clock; takes notes."""

    def __init__(self, *, isatty: bool = True) -> None:
        self.isatty = isatty
        self.now = 100.0
        self.done: list[str] = []
        self.plugins: dict[str, object] = {"terminalreporter": self, "capturemanager": self}
        self.pluginmanager = self

    def get_plugin(self, name: str) -> object:
        """Stand for the plugin manager."""
        return self.plugins.get(name)

    def clock(self) -> float:
        """Tell the time."""
        return self.now

    @contextmanager
    def global_and_fixture_disabled(self) -> Iterator[None]:
        """Stand for the capture."""
        self.done.append("[")
        yield
        self.done.append("]")

    def ensure_newline(self) -> None:
        """Stand for the reporter."""
        self.done.append("newline")

    def rewrite(self, line: str, *, erase: bool) -> None:
        """Stand for the reporter."""
        assert erase
        self.done.append(line)

    def write(self, text: str) -> None:
        """Stand for the reporter."""
        self.done.append(text)

    def flush(self) -> None:
        """Stand for the reporter."""
        self.done.append("flush")

    def ticker(self) -> Ticker:
        """Make a ticker on this terminal."""
        return Ticker(cast("pytest.Config", cast("Any", self)), "large*10", clock=self.clock)


def test_within_a_second_nothing_is_shown() -> None:
    """A generation that is done soon leaves the terminal alone."""
    terminal = Terminal()
    ticker = terminal.ticker()
    terminal.now += 0.99
    ticker("customers", 1, 2)
    ticker.clear()
    assert terminal.done == []


def test_after_a_second_a_line_is_shown_ten_times_a_second_and_taken_away() -> None:
    """The line is written over itself past the capture, and over with nothing at the end."""
    terminal = Terminal()
    ticker = terminal.ticker()
    terminal.now += 1
    ticker("customers", 1_000, 2_000_000)
    first = "demodata: generating large*10: customers, 1,000 of 2,000,000 rows"
    assert terminal.done == ["[", "newline", first, "\r", "flush", "]"]
    terminal.done.clear()
    terminal.now += 0.09
    ticker("invoices", 2_000, 2_000_000)
    assert terminal.done == []
    terminal.now += 0.02
    ticker("invoices", 3_000, 2_000_000)
    ticker("invoices", 3_001, 2_000_000)
    later = "demodata: generating large*10: invoices, 3,000 of 2,000,000 rows"
    assert terminal.done == ["[", later, "\r", "flush", "]"]
    terminal.done.clear()
    ticker.clear()
    assert terminal.done == ["[", "", "\r", "flush", "]"]


def test_the_line_is_no_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that went on in the next one could not be written over."""
    monkeypatch.setenv("COLUMNS", "40")
    terminal = Terminal()
    ticker = terminal.ticker()
    terminal.now += 1
    ticker("customers", 1_000, 2_000_000)
    assert terminal.done[2] == "demodata: generating large*10: customer"
    assert len(terminal.done[2]) == 39


@pytest.mark.parametrize("missing", ["terminalreporter", "terminal"])
def test_without_a_terminal_nothing_is_shown(missing: str) -> None:
    """Nothing is written into a pipe or a file, or where pytest has no reporter."""
    terminal = Terminal(isatty=missing != "terminal")
    terminal.plugins.pop(missing, None)
    ticker = terminal.ticker()
    terminal.now += 10
    ticker("customers", 1, 2)
    ticker.clear()
    assert terminal.done == []


def test_without_a_capture_the_line_is_shown_too() -> None:
    """Pytest runs without its capture as well."""
    terminal = Terminal()
    del terminal.plugins["capturemanager"]
    ticker = terminal.ticker()
    terminal.now += 10
    ticker("customers", 1, 2)
    line = "demodata: generating large*10: customers, 1 of 2 rows"
    assert terminal.done == ["newline", line, "\r", "flush"]
