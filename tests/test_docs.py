"""The pages of docs/: what they show runs, and what they name exists."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

import pytest

import pytest_demodata
from pytest_demodata import recipes
from pytest_demodata.settings import SETTINGS

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"
PAGES: Final = sorted(path.name for path in DOCS.glob("*.md"))


class Block(NamedTuple):
    """A block of code of a page."""

    language: str
    title: str
    text: str


def _page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def _blocks(name: str, language: str) -> list[Block]:
    found = re.findall(
        r'^```(\w*)(?: title="([^"]+)")?\n(.*?)^```$', _page(name), re.DOTALL | re.MULTILINE
    )
    return [Block(*each) for each in found if each[0] == language]


def _run(program: str, folder: Path) -> None:
    """Run a program in a Python of its own, where a warning is an error."""
    command = [sys.executable, "-P", "-W", "error", "-c", program]
    subprocess.run(command, check=True, cwd=folder)


def _write(folder: Path, blocks: list[Block]) -> None:
    for _, title, text in blocks:
        path = folder / title
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


def test_the_tutorial_passes(pytester: pytest.Pytester) -> None:
    """Whoever types the tutorial has tests that pass after each half of it."""
    blocks = _blocks("tutorial.md", "python")
    options = ("-W", "error", "-p", "no:cacheprovider")
    first = [each for each in blocks if each.title in {"report.py", "test_report.py"}]
    assert len(first) == 2
    (pytester.path / "revenue").mkdir()
    _write(pytester.path / "revenue", first)
    result = pytester.runpytest_subprocess(*options, "revenue")
    result.assert_outcomes(passed=4)

    library = pytester.path / "library"
    library.mkdir()
    (library / "library").mkdir()
    (library / "library" / "__init__.py").touch()
    rest = [each for each in blocks if each not in first]
    later = {"conftest.py", "test_owed.py"}
    _write(library, _blocks("tutorial.md", "toml"))
    _write(library, [each for each in rest if each.title not in later])
    pytester.runpytest_subprocess(*options, library).assert_outcomes(passed=3)
    _write(library, [each for each in rest if each.title in later])
    pytester.runpytest_subprocess(*options, library).assert_outcomes(passed=4)


PROGRAMS: Final = [
    pytest.param(block.text, id=f"{page} {number}")
    for page in ("your-own-models.md", "without-pytest.md")
    for number, block in enumerate(_blocks(page, "python"))
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_programs_run(program: str, tmp_path: Path) -> None:
    """What a page shows as a program runs as it stands, in an empty folder."""
    _run(program, tmp_path)


def test_there_are_programs() -> None:
    """Where a page has none, nothing would be tested."""
    assert len(PROGRAMS) >= 5


def test_the_tests_of_the_guarantees_exist() -> None:
    """Each test that the page names is there, and so is each function of the reading."""
    page = _page("guarantees.md")
    names = re.findall(r"`((?:tests|examples)/[\w/]+\.py)::(\w+)`", page)
    assert len(names) > 100
    assert page.count("::") == len(names)
    functions = {path: _functions(ROOT / path) for path, _ in names}
    assert [f"{path}::{name}" for path, name in names if name not in functions[path]] == []
    reading = _functions(ROOT / "tests" / "independent_reading.py")
    assert set(re.findall(r"`(_\w+)`", page)) <= reading


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_guarantees_name_every_rule() -> None:
    """The seventeen of the dataset, each with a row of its own."""
    rules = re.findall(r"^\| (\d+) [a-z]", _page("guarantees.md"), re.MULTILINE)
    assert rules == [str(number) for number in range(1, 18)]


def test_the_reference_has_every_public_name() -> None:
    """Each name of the package, and each function of the vocabulary."""
    shown = re.findall(r"^::: ([\w.]+)$", _page("reference.md"), re.MULTILINE)
    names = {name.rpartition(".")[2] for name in shown}
    vocabulary = {name for name in recipes.__all__ if name[0].islower()} - {"popularity"}
    assert {*pytest_demodata.__all__, *vocabulary, "Recipe", "Run"} == names
    assert len(names) == len(shown)


def test_the_page_of_own_models_has_the_whole_vocabulary() -> None:
    """Its table has a row for each recipe, and one for each way to say how many rows."""
    page = _page("your-own-models.md")
    for name in sorted({name for name in recipes.__all__ if name[0].islower()} - {"popularity"}):
        assert f"\n| `{name}(" in page
    for name in ("Fixed", "Sized", "FanOut", "PerRow", "Existing"):
        assert f"\n| `{name}(" in page


def test_the_options_are_those_there_are() -> None:
    """The table names each setting with its option, variable, ini key and default."""
    lines = _page("volumes-and-seeds.md").splitlines()
    for setting in SETTINGS:
        row = f"| `{setting.option}` | `{setting.variable}` | `{setting.ini}` | "
        assert any(line.startswith(row) and str(setting.default) in line for line in lines)


def test_the_helpers_are_those_there_are() -> None:
    """The table of the assertion helpers has all of them."""
    page = _page("assertion-helpers.md")
    for name in pytest_demodata.__all__:
        if name.startswith(("assert_", "find_")):
            assert f"| `{name}(" in page


@pytest.mark.parametrize("page", [*PAGES, "../README.md", "../examples/own_models/README.md"])
def test_what_a_page_names_of_the_checkout_is_there(page: str) -> None:
    """Files and folders in code, and files behind links; headings the build looks at."""
    text = _page(page)
    named = re.findall(r"`((?:examples|tests|benchmarks|docs)/[\w./]*)[`:]", text)
    assert [path for path in named if not (ROOT / path).exists()] == []
    folder = (DOCS / page).parent
    linked = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    assert [path for path in linked if not (folder / path).exists()] == []


def test_every_page_is_in_the_navigation_and_on_the_first_page() -> None:
    """No page is written that nobody finds."""
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    first = _page("index.md")
    for page in PAGES:
        assert f"- {page}\n" in navigation
        assert page == "index.md" or f"({page})" in first
