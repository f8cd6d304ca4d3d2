"""The README: what it shows runs, and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest_demodata
from pytest_demodata.settings import SETTINGS

if TYPE_CHECKING:
    import pytest

ROOT: Final = Path(__file__).parent.parent
README: Final = (ROOT / "README.md").read_text("utf-8")
QUICKSTART: Final = ROOT / "examples" / "quickstart" / "test_quickstart.py"


def _blocks(language: str) -> list[str]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [text for named, text in blocks if named == language]


def test_the_example_is_the_quickstart() -> None:
    """The example of the README is the file that its first command runs."""
    assert _blocks("python") == [QUICKSTART.read_text("utf-8")]


def test_the_quickstart_prints_the_two_lines(pytester: pytest.Pytester) -> None:
    """A run of the example tells its settings, and what it has made, as the README shows it."""
    result = pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", QUICKSTART)
    result.assert_outcomes(passed=1)
    (lines,) = [block for block in _blocks("") if block.startswith("demodata: --")]
    settings, made = lines.splitlines()
    assert settings in result.outlines
    seconds = re.compile(r"[0-9.]+ s$")
    assert seconds.sub("", made) in [seconds.sub("", line) for line in result.outlines]


def test_the_generator_runs_as_shown(tmp_path: Path) -> None:
    """What the README shows of the generator runs, in a Python of its own."""
    (program,) = [block for block in _blocks("") if "DataGenerator(engine" in block]
    program = program.replace('"large"', '"small"') + "engine.dispose()\n"
    command = [sys.executable, "-P", "-W", "error", "-c", program]
    subprocess.run(command, check=True, cwd=tmp_path)
    assert (tmp_path / "demo.db").stat().st_size > 100_000


def test_the_options_and_fixtures_are_those_there_are() -> None:
    """The README's tables name each setting with its option, variable, ini key and default."""
    for setting in SETTINGS:
        row = f"| `{setting.option}` | `{setting.variable}` | `{setting.ini}` | "
        assert any(
            line.startswith(row) and str(setting.default) in line for line in README.splitlines()
        )
    for name in pytest_demodata.__all__:
        if name.startswith(("assert_", "find_")):
            assert f"| `{name}(" in README


def test_the_two_commands_are_there() -> None:
    """One command runs the quickstart, one runs the tests."""
    assert "pip install . && pytest examples/quickstart\n" in _blocks("")
    assert "pip install '.[test]' && pytest\n" in _blocks("")
