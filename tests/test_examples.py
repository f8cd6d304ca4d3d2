"""The example of own models, which needs a session of its own, and what its README shows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pytest

SHOP: Final = Path(__file__).parent.parent / "examples" / "own_models"
README: Final = (SHOP / "README.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [text for named, text in blocks if named == language]


def _count_of(result: pytest.RunResult) -> int:
    outcomes = result.parseoutcomes()
    assert outcomes.keys() == {"passed"}, outcomes
    return outcomes["passed"]


def test_the_shop_runs_on_each_database(pytester: pytest.Pytester, any_url: str) -> None:
    """Its suite passes from elsewhere, on all three."""
    options = ("-p", "no:cacheprovider", f"--demodata-url={any_url}")
    assert _count_of(pytester.runpytest_subprocess(SHOP, *options)) > 10


def test_one_line_of_ini_is_enough(pytester: pytest.Pytester) -> None:
    """The first step of the README, in a project of its own; in it, the sums do not agree yet."""
    shutil.copytree(SHOP / "shop", pytester.path / "shop")
    (ini,) = _blocks("toml")
    (pytester.path / "pyproject.toml").write_text(ini, "utf-8")
    first, *_ = _blocks("python")
    pytester.makepyfile(first)
    disagreement = """
        from pytest_demodata import assert_totals
        from shop.models import Order, OrderLine

        def test_lines_add_up(demo_db):
            assert_totals(demo_db, parent=Order.total, children=OrderLine.amount)
    """
    pytester.makepyfile(test_sums=disagreement)
    result = pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    (shown,) = [each for each in _blocks("") if each.startswith("AssertionError: 250 of")]
    result.stdout.fnmatch_lines([f"E *{line.strip()}" for line in shown.splitlines()[:2]])


def test_the_readme_shows_the_blueprint_and_the_errors_that_there_are() -> None:
    """The blueprint is that of the conftest, and the errors are those that its tests expect."""
    conftest = (SHOP / "shop_tests" / "conftest.py").read_text("utf-8")
    _, blueprint, _ = _blocks("python")
    assert indent(blueprint, "    ") in conftest
    tests = (SHOP / "shop_tests" / "test_shop_blueprint.py").read_text("utf-8")
    (refused,) = [each for each in _blocks("") if each.startswith("1 column cannot be inferred")]
    assert refused.rstrip() in tests
