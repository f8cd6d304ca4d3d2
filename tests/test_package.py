"""The package as a whole: its imports, its names, and what it costs a run that does not use it."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import entry_points, files, metadata, version
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

import pytest_demodata
from pytest_demodata.invoicing import Base

PACKAGE: Final = Path(pytest_demodata.__file__).parent

LADDER: Final = [
    [
        "background",
        "defaults",
        "errors",
        "images",
        *("inference", "inference.conditions", "inference.names"),
        "streams",
        "progress",
        "scopes",
        "statements",
        "ticker",
    ],
    [
        "inference.checks",
        "foreign_keys",
        "inference.uniqueness",
        "words.live",
        "violations",
        "urls",
    ],
    ["assertions.amounts", "assertions.catalog", "assertions.checked", "assertions.target"],
    ["assertions.columns"],
    ["assertions.references", "assertions.unique"],
    ["assertions.orphans", "assertions.sums"],
    ["assertions.invoices", "assertions.totals"],
    ["words", "volumes", "values", "clients"],
    ["transaction"],
    ["recipes.recipe", "settings", "masking", "sandbox", "inference.bounds"],
    [
        "inference.relations",
        "recipes.drawing",
        "recipes.naming",
        "recipes.numbering",
        "recipes.referring",
    ],
    ["recipes.fitting", "recipes.dating", "recipes.deriving"],
    ["recipes.pools", "recipes.python_forms"],
    ["recipes.vocabulary"],
    ["recipes"],
    ["blueprint"],
    ["frames", "inference.hierarchies", "layout"],
    ["engine"],
    ["isolation", "facade", "parts", "invoicing.expressions", "invoicing.timing"],
    [
        *("async_facade", "databases.connecting", "databases.default", "databases.rendering"),
        *("databases.psycopg_facade", "databases.pymysql_facade", "databases.sqlite_facade"),
        "databases.sqlite_keys",
        *("digests", "invoicing.models"),
    ],
    ["databases.mysql", "databases.postgresql", "databases.sqlite"],
    ["databases", "invoicing.foundation", "invoicing.customers", "invoicing.products"],
    ["invoicing", "invoicing.invoices", "invoicing.row_rules"],
    ["invoicing.blueprint", "invoicing.table_rules"],
    ["generation", "invoicing.rules", "planning"],
    ["provision", "assertions.intact"],
    ["assertions", "furnishing"],
    ["demo_database", "inference.makers", "inference.numbers", "inference.times"],
    ["inference.groups", "inference.texts"],
    ["inference.columns", "inference.schema"],
    ["inference.drafts"],
    ["inference.distinctness"],
    ["inference.tables"],
    ["inference.infer"],
    ["run"],
    ["__init__", "plugin"],
]
"""A module imports from rungs above its own line, siblings never from each other."""


def _modules() -> dict[str, Path]:
    modules = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        modules[name] = path
    return modules


def _imports(path: Path) -> set[str]:
    """List what a module imports from the package when it runs, not for its annotations only."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    prefix = "pytest_demodata."
    return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}


@pytest.mark.parametrize("name", sorted(_modules()))
def test_imports_form_a_ladder(name: str) -> None:
    """A module imports only from lower rungs, so that the package reads from front to back."""
    rungs = {module: rung for rung, modules in enumerate(LADDER) for module in modules}
    higher = {imported for imported in _imports(_modules()[name]) if rungs[imported] >= rungs[name]}
    assert not higher


def test_the_ladder_names_every_module() -> None:
    """No module stands beside the ladder."""
    assert {module for modules in LADDER for module in modules} == set(_modules())


def test_a_run_that_does_not_use_the_plugin_loads_nothing_for_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to pytest_unconfigure, a run without our fixtures has loaded no third-party module.

    Faker has a pytest plugin of its own, which loads Faker; it is left out here, and so are others
    that load SQLAlchemy, and coverage, which loads greenlet.
    """
    monkeypatch.delenv("COVERAGE_PROCESS_START", raising=False)
    pytester.makeconftest("""
        import sys
        before = set(sys.modules)

        def pytest_unconfigure(config):
            heavy = {"sqlalchemy", "faker", "psycopg", "pymysql", "greenlet"}
            ours = {name for name in sys.modules if name.startswith("pytest_demodata")}
            print("HEAVY", sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
            print("OURS", sorted(ours))
    """)
    pytester.makepyfile("def test_nothing(): pass")
    others = [f"-pno:{name}" for name in ("faker", "randomly", "sqla", "xdist")]
    result = pytester.runpytest_subprocess(*others)
    result.assert_outcomes(passed=1)
    printed = result.outlines
    assert "HEAVY []" in printed
    light = (
        *("defaults", "errors", "masking", "plugin", "run", "scopes", "settings", "ticker"),
        "urls",
    )
    ours = ["pytest_demodata", *(f"pytest_demodata.{name}" for name in light)]
    assert f"OURS {ours}" in printed


def test_every_public_name_can_be_imported() -> None:
    """The table of contents is true, and a name that is not in it is an AttributeError."""
    for name in dir(pytest_demodata):
        assert getattr(pytest_demodata, name) is not None
    with pytest.raises(AttributeError, match="'pytest_demodata' has no attribute 'nothing'"):
        _ = pytest_demodata.nothing


def test_the_metadata_says_what_it_is() -> None:
    """The distribution is typed, licensed, a pytest plugin, and needs three libraries."""
    about = metadata("pytest-demodata")
    assert about["License-Expression"] == "MIT"
    assert {"Framework :: Pytest", "Typing :: Typed"} <= set(about.get_all("Classifier") or ())
    needed = [each for each in about.get_all("Requires-Dist") or () if "extra ==" not in each]
    assert sorted(name[:6].lower() for name in needed) == ["faker>", "pytest", "sqlalc"]
    (plugin,) = [each for each in entry_points(group="pytest11") if each.name == "demodata"]
    assert plugin.value == "pytest_demodata.plugin"
    assert (PACKAGE / "py.typed").exists()
    assert files("pytest-demodata")


def test_the_changelog_has_this_version() -> None:
    """What is released is written down."""
    changelog = Path(__file__).parent.parent / "CHANGELOG.md"
    assert f"## {version('pytest-demodata')}" in changelog.read_text("utf-8")


def test_each_foreign_key_has_an_index() -> None:
    """Every foreign key of the dataset has an index that begins with it."""
    for table in Base.metadata.tables.values():
        indexed = {next(iter(index.columns)).name for index in table.indexes}
        assert {key.parent.name for key in table.foreign_keys} <= indexed


def test_the_random_state_is_neither_read_nor_changed() -> None:
    """A seeded test suite draws the same numbers with a generation in between as without."""
    program = """
        import random
        from sqlalchemy import create_engine
        from pytest_demodata import DataGenerator, prepare_sqlite
        random.seed(1)
        state = random.getstate()
        for locale in ("en_US", "fr_FR"):
            engine = prepare_sqlite(create_engine("sqlite://"))
            DataGenerator(engine, locale=locale).generate("small")
            engine.dispose()
        assert random.getstate() == state
    """
    subprocess.run([sys.executable, "-P", "-c", dedent(program)], check=True)
