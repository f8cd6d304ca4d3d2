"""The pytest plugin: options, fixtures, markers, and the two lines of the report.

Loads nothing but the settings at start-up; SQLAlchemy comes with the first demo database.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Final

import pytest

from pytest_demodata.defaults import VOLUME_NAMES
from pytest_demodata.errors import SettingError
from pytest_demodata.run import (
    BLUEPRINT_FIXTURE,
    DATABASE_FIXTURES,
    RUN,
    SETTING_FIXTURES,
    URL_FIXTURE,
    Run,
)
from pytest_demodata.settings import SETTINGS, Setting, Settings, place_of, read_settings
from pytest_demodata.urls import DatabaseUrl, url_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from sqlalchemy import MetaData
    from sqlalchemy.orm import DeclarativeBase

    from pytest_demodata.blueprint import Blueprint
    from pytest_demodata.demo_database import DemoDatabase

    DemoDatabases = Callable[[str], DemoDatabase]

_FIXTURES: Final = DATABASE_FIXTURES | SETTING_FIXTURES | {BLUEPRINT_FIXTURE}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option and an ini key for each setting."""
    group = parser.getgroup("demodata", "demo databases (pytest-demodata)")
    for setting in SETTINGS:
        kind: dict[str, str] = {"metavar": "VALUE"}
        if setting.is_switch:
            kind = {"action": "store_const", "const": "yes"}
        group.addoption(setting.option, dest=setting.ini, help=setting.help, **kind)
        parser.addini(setting.ini, help=setting.help, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings, name the markers, and watch the scopes of the tests."""
    settings = _settings_of(config)
    volume, *_ = SETTINGS
    for name in VOLUME_NAMES:
        config.addinivalue_line(
            "markers", f"demodata_{name}: uses a demo database of volume {name} (pytest-demodata)"
        )
    run = Run(config, settings, place_of(_sources(config, volume)))
    config.stash[RUN] = run
    config.pluginmanager.register(run, "demodata-run")
    if config.getoption("numprocesses", None):  # pytest-xdist's workers could not stop the run
        conftests = config.pluginmanager.get_plugins()
        if not any(
            hasattr(each, BLUEPRINT_FIXTURE) for each in conftests - {sys.modules[__name__]}
        ):
            run.check_volume()


def _settings_of(config: pytest.Config) -> Settings:
    try:
        return read_settings(partial(_sources, config))
    except SettingError as error:
        raise pytest.UsageError(str(error)) from None


def _sources(config: pytest.Config, setting: Setting) -> dict[str, str | None]:
    """Return what each place says of a setting, first the one that goes before the others."""
    return {
        setting.option: config.getoption(setting.ini),
        f"The environment variable {setting.variable}": os.environ.get(setting.variable),
        f"The ini option {setting.ini}": config.getini(setting.ini),
    }


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that use a volume with its name, before -m looks at the markers."""
    volumes = {f"demo_db_{name}": name for name in VOLUME_NAMES}
    multiplied = config.stash[RUN].settings.volume.partition("*")[0]
    if multiplied in VOLUME_NAMES:
        volumes["demo_db"] = multiplied
    _mask_parameters(items)
    for item in items:
        for name in sorted(_fixtures_of(item) & volumes.keys()):
            item.add_marker(f"demodata_{volumes[name]}")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a test after its URL without the password, where `demodata_url` has parameters."""
    url = url_of(val) if argname == URL_FIXTURE else None
    return url.masked if url is not None and url.secrets else None


def _mask_parameters(items: list[pytest.Item]) -> None:
    """Have --setup-show show the parameters of `demodata_url` without the password.

    Equal ones stay one object: pytest 8 sets a fixture up again for another object.
    """
    urls: dict[str, DatabaseUrl] = {}
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if isinstance(text := parameters.get(URL_FIXTURE), str):
            parameters[URL_FIXTURE] = urls.setdefault(text, DatabaseUrl(text))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Notice whether a test that is left uses the plugin."""
    if any(map(_fixtures_of, session.items)):
        session.config.stash[RUN].expect(own_tables=any(map(_has_own_tables, session.items)))


def _has_own_tables(item: pytest.Item) -> bool:
    """Return whether a project has redefined what demo databases hold, for a test."""
    definitions = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return any(
        definition.func.__module__ != __name__
        for definition in definitions.get(BLUEPRINT_FIXTURE, ())
    )


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Tell the settings, if a test uses them."""
    return config.stash[RUN].settings_lines()


def _fixtures_of(item: pytest.Item) -> frozenset[str]:
    """Return our fixtures among an item's, without those that a project has made its own."""
    definitions = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return frozenset(
        name
        for name in _FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if _stands_on_ours(name, definitions.get(name, ()))
    )


def _stands_on_ours(name: str, definitions: Sequence[pytest.FixtureDef[object]]) -> bool:
    """Return whether the last definition is ours, or asks for one before it that is."""
    foreign = list(takewhile(lambda each: each.func.__module__ != __name__, reversed(definitions)))
    return len(foreign) < len(definitions) and all(name in each.argnames for each in foreign)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell which volumes were made, on whichever worker."""
    if line := config.stash[RUN].made_line():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def demodata_seed(pytestconfig: pytest.Config) -> int:
    """The seed: the same one gives the same data on every machine and database."""
    return pytestconfig.stash[RUN].settings.seed


@pytest.fixture(scope="session")
def demodata_url(pytestconfig: pytest.Config) -> str:
    """The database: `sqlite://`, `sqlite:///file`, or a server's `postgresql+psycopg://…`."""
    return pytestconfig.stash[RUN].settings.url


@pytest.fixture(scope="session")
def demodata_locale(pytestconfig: pytest.Config) -> str:
    """The locale of names, places, telephone numbers and taxes, such as `de_DE`."""
    return pytestconfig.stash[RUN].settings.locale


@pytest.fixture(scope="session")
def demodata_as_of(pytestconfig: pytest.Config) -> date:
    """The date that all dates of the data hang on; nothing is later."""
    return pytestconfig.stash[RUN].settings.as_of


@pytest.fixture(scope="session")
def demodata_blueprint(
    pytestconfig: pytest.Config,
) -> Blueprint | MetaData | type[DeclarativeBase]:
    """The tables that demo databases hold, and how they are filled: the invoicing dataset.

    Redefine it to return a `MetaData`, a declarative base class or a blueprint of your own.
    """
    blueprint: Blueprint | MetaData | type[DeclarativeBase] = pytestconfig.stash[RUN].blueprint()
    return blueprint


@pytest.fixture(scope="session")
def _demodata_databases(  # noqa: PLR0913, PLR0917 - each setting has a fixture
    pytestconfig: pytest.Config,
    demodata_seed: int,
    demodata_url: str,
    demodata_locale: str,
    demodata_as_of: date | str,
    demodata_blueprint: object,
) -> Iterator[DemoDatabases]:
    """The demo databases of the session, each made when it is first asked for."""
    with pytestconfig.stash[RUN].databases(
        seed=demodata_seed,
        url=demodata_url,
        locale=demodata_locale,
        as_of=demodata_as_of,
        blueprint=demodata_blueprint,
    ) as databases:
        yield databases


@pytest.fixture(scope="session")
def demo_db_small(_demodata_databases: DemoDatabases) -> DemoDatabase:
    """A database that holds the small dataset: 25 customers, 75 invoices."""
    return _demodata_databases("small")


@pytest.fixture(scope="session")
def demo_db_medium(_demodata_databases: DemoDatabases) -> DemoDatabase:
    """A database that holds the medium dataset: 100 customers, 300 invoices."""
    return _demodata_databases("medium")


@pytest.fixture(scope="session")
def demo_db_large(_demodata_databases: DemoDatabases) -> DemoDatabase:
    """A database that holds the large dataset: 1,000 customers, 5,000 invoices."""
    return _demodata_databases("large")


@pytest.fixture(scope="session")
def demo_db_huge(_demodata_databases: DemoDatabases) -> DemoDatabase:
    """A database that holds the huge dataset: 20,000 customers, 100,000 invoices."""
    return _demodata_databases("huge")


@pytest.fixture(scope="session")
def demo_db(pytestconfig: pytest.Config, _demodata_databases: DemoDatabases) -> DemoDatabase:
    """A database that holds the volume that --demodata-volume names, or the medium dataset."""
    return _demodata_databases(pytestconfig.stash[RUN].settings.volume)
