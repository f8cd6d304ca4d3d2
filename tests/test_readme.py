"""The README: what it shows runs, and prints what it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pytest_demodata.settings import SETTINGS

if TYPE_CHECKING:
    import pytest

ROOT: Final = Path(__file__).parent.parent
README: Final = (ROOT / "README.md").read_text("utf-8")
QUICKSTART: Final = ROOT / "examples" / "quickstart" / "test_quickstart.py"
SHOP: Final = ROOT / "examples" / "own_models" / "shop"


def _blocks(language: str) -> list[str]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [text for named, text in blocks if named == language]


def test_the_example_is_the_quickstart() -> None:
    """The example of the README is the file that its first command runs."""
    assert _blocks("python")[0] == QUICKSTART.read_text("utf-8")


def test_the_quickstart_prints_the_two_lines(pytester: pytest.Pytester) -> None:
    """A run of the example tells its settings, and what it has made, as the README shows it."""
    result = pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", QUICKSTART)
    result.assert_outcomes(passed=1)
    (lines,) = [block for block in _blocks("") if block.startswith("demodata: --")]
    settings, made = lines.splitlines()
    assert settings in result.outlines
    seconds = re.compile(r"[0-9.]+ s$")
    assert seconds.sub("", made) in [seconds.sub("", line) for line in result.outlines]


def test_own_models_are_filled_as_shown(pytester: pytest.Pytester) -> None:
    """One line of ini fills the shop of the examples; with the fixture, its totals are sums."""
    shutil.copytree(SHOP, pytester.path / "shop")
    (ini,) = _blocks("toml")
    (pytester.path / "pyproject.toml").write_text(ini, "utf-8")
    _, first, conftest = _blocks("python")
    pytester.makepyfile(first)
    options = ("-W", "error", "-p", "no:cacheprovider")
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=1)
    pytester.makeconftest(conftest)
    sums = """
        from shop.models import Order, OrderLine

        from pytest_demodata import assert_totals

        def test_orders_are_the_sums_of_their_lines(demo_db):
            assert_totals(demo_db, parent=Order.total, children=OrderLine.amount)
    """
    pytester.makepyfile(test_sums=sums)
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=2)


def test_the_options_are_those_there_are() -> None:
    """The README's table names each setting with its option, variable, ini key and default."""
    for setting in SETTINGS:
        row = f"| `{setting.option}` | `{setting.variable}` | `{setting.ini}` | "
        assert any(
            line.startswith(row) and str(setting.default) in line for line in README.splitlines()
        )


def test_the_two_commands_are_there() -> None:
    """One command runs the quickstart, one runs the tests."""
    assert "pip install . && pytest examples/quickstart\n" in _blocks("")
    assert "pip install '.[test]' && pytest\n" in _blocks("")
