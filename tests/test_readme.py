"""The README: what it shows runs, and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

README: Final = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [text for named, text in blocks if named == language]


def test_the_example_runs_and_prints_what_it_says() -> None:
    """The one example, in a Python of its own with warnings as errors."""
    (program,) = _blocks("python")
    result = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", program + "engine.dispose()\n"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout in _blocks("")


def test_the_two_commands_are_there() -> None:
    """One command runs the quickstart, one runs the tests."""
    assert "pip install . && pytest examples/quickstart\n" in _blocks("")
    assert "pip install '.[test]' && pytest\n" in _blocks("")
