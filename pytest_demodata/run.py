"""A run of pytest's: its demo databases, and how they follow the scopes of its tests."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final
from unittest import SkipTest

import pytest

from pytest_demodata.defaults import VOLUME_NAMES
from pytest_demodata.errors import DemodataError, VolumeError
from pytest_demodata.scopes import Scope, Scopes
from pytest_demodata.settings import absolute_url
from pytest_demodata.ticker import Ticker

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from datetime import date

    from pytest_demodata.demo_database import DemoDatabase
    from pytest_demodata.provision import Stats
    from pytest_demodata.settings import Settings

DATABASE_FIXTURES: Final = frozenset({"demo_db", *(f"demo_db_{name}" for name in VOLUME_NAMES)})
SETTING_FIXTURES: Final = frozenset(
    {"demodata_seed", "demodata_url", "demodata_locale", "demodata_as_of"}
)

RUN: Final = pytest.StashKey["Run"]()

_SETTINGS, _MADE = "demodata_settings", "demodata_made"
"""What a test's report carries, from a worker of pytest-xdist to where the terminal is."""


class Run:
    """The plugin's state in one run, and the hooks that change it.

    Args:
        config: The run's configuration.
        settings: What its datasets are made of, where no fixture says otherwise.
    """

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.settings = settings
        self.url = absolute_url(settings.url, config.invocation_params.dir)
        self._config = config
        self._is_worker = hasattr(config, "workerinput")
        self._scopes = Scopes()
        self._item: pytest.Item | None = None
        self._databases: dict[str, DemoDatabase] = {}
        self._used = False
        self._made_with: dict[str, object] = {}
        self._news: dict[str, Any] = {}
        self._told = False
        self._made: dict[str, list[tuple[int, float]]] = {}
        self._reported: set[str] = set()
        self._escapes: list[str] = []

    def expect(self) -> None:
        """Watch the scopes from now on, because tests that use the plugin have been collected.

        Raises:
            pytest.UsageError: The dataset cannot have the volume; on a worker of pytest-xdist, the
                fixture says so instead.
        """
        self._used = True
        self._news[_SETTINGS] = self.settings.options()
        idle = self._is_worker or self._config.option.collectonly or self._config.option.setupplan
        if self.settings.volume not in VOLUME_NAMES and not idle:
            from pytest_demodata.provision import check_volume  # noqa: PLC0415 - loads SQLAlchemy

            try:
                check_volume(self.settings.volume)
            except VolumeError as error:
                raise pytest.UsageError(str(error)) from None

    def settings_lines(self) -> list[str]:
        """Return the line that tells the settings, if a test uses them.

        A worker of pytest-xdist keeps it for a test's report: nobody sees the worker's terminal.
        """
        if self._is_worker:
            return []
        line = self._news.pop(_SETTINGS, None)
        return [] if line is None else [f"demodata: {line}"]

    def made_line(self) -> str:
        """Return the line that tells which volumes were made, or nothing."""
        volumes = [_made_text(label, made) for label, made in self._made.items()]
        return f"demodata: made {'; '.join(volumes)}" if volumes else ""

    @contextmanager
    def databases(
        self, *, seed: int, url: str, locale: str, as_of: date
    ) -> Iterator[Callable[[str], DemoDatabase]]:
        """Give a function that makes the demo database of a volume, once; close all at the end."""
        from pytest_demodata.demo_database import DemoDatabase  # noqa: PLC0415 - loads SQLAlchemy

        with ExitStack() as stack:
            settings = {"seed": seed, "url": url, "locale": locale, "as_of": as_of}
            self._made_with = {f"demodata_{name}": value for name, value in settings.items()}

            def database(volume: str) -> DemoDatabase:
                if volume not in self._databases:
                    self._used = True
                    with _in_a_sentence():
                        self._databases[volume] = stack.enter_context(
                            DemoDatabase(
                                volume,
                                seed=seed,
                                url=url,
                                locale=locale,
                                as_of=as_of,
                                scopes=self._scopes,
                                progress=self._ticker,
                                made=self._note_made,
                            )
                        )
                    stack.callback(self._forget, volume)
                    self._open_scopes()
                return self._databases[volume]

            yield database

    def _forget(self, volume: str) -> None:
        database = self._databases.pop(volume)
        if volume not in self._reported and (cause := database.broken()):
            self._escapes.append(_escape_text(volume, cause))

    @contextmanager
    def _ticker(self, volume: str) -> Iterator[Ticker]:
        ticker = Ticker(self._config, volume)
        try:
            yield ticker
        finally:
            ticker.clear()

    def _note_made(self, stats: Stats) -> None:
        told = {
            "seed": self.settings.seed,
            "locale": self.settings.locale,
            "as_of": self.settings.as_of,
        }
        others = [
            f"{name} {getattr(stats, name)}" for name in told if getattr(stats, name) != told[name]
        ]
        label = ", ".join([stats.volume, *others])
        self._news.setdefault(_MADE, []).append((label, sum(stats.counts.values()), stats.seconds))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Leave what is written outside of any fixture's setup with the scopes written for last.

        That is the teardown of a fixture that gives way to its next parameter.
        """
        self._item = item
        self._scopes.idle = False
        self._scopes.enter(None)
        try:
            with self._watched():
                result = yield
                if self._used:
                    self._open_scopes()
                    self._check_settings(item)
                return result
        finally:
            self._scopes.leave()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Fail the test that breaks out of the transaction."""
        with self._watched():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        """Fail the teardown that breaks out of the transaction."""
        try:
            with self._watched():
                return (yield)
        finally:
            self._scopes.idle = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Let the fixtures of a run that was stopped end as they do otherwise."""
        self._scopes.idle = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Have what a fixture writes last as long as its scope does."""
        if self._used:
            self._open_scopes()
        pending = [each for each in self._databases.values() if each.pending()]
        self._scopes.enter(request.node.listchain)
        try:
            result = yield
            if fixturedef.scope != "function":
                for database in self._databases.values():
                    if database not in pending:
                        database.keep()
            return result
        finally:
            self._scopes.leave()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Send the news along with a test's report."""
        report = yield
        vars(report).update(self._news)
        self._news = {}
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the news, where the terminal is."""
        news = vars(report)
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if _SETTINGS in news and not self._told and reporter is not None:
            self._told = True
            reporter.ensure_newline()
            reporter.write_line(f"demodata: {news[_SETTINGS]}")
        for label, rows, seconds in news.get(_MADE, ()):
            self._made.setdefault(label, []).append((rows, seconds))

    def _check_settings(self, item: pytest.Item) -> None:
        """Fail a test whose folder has a setting of its own, which came too late to be heard."""
        arguments = getattr(item, "funcargs", {})
        if not DATABASE_FIXTURES.intersection(arguments):
            return
        for name, made_with in self._made_with.items():
            if arguments.get(name, made_with) != made_with:
                message = (
                    f"This test has the {name} {arguments[name]!r}, but the demo databases of this "
                    f"session are made with {made_with!r}.\n"
                    "A session has one: redefine the fixture in the conftest.py of the whole "
                    "suite, or run the folders one by one."
                )
                pytest.fail(message, pytrace=False)

    def _open_scopes(self) -> None:
        """Open the scopes of the test at work that are not open yet, before its fixtures write."""
        if self._item is None or self._scopes.innermost() is self._item:
            return
        for node in self._item.listchain():
            if isinstance(node, pytest.Session | pytest.Dir) or self._scopes.holds(node):
                continue
            self._scopes.open(Scope(node.nodeid, node))
            node.addfinalizer(self._close_scope)

    def _close_scope(self) -> None:
        scope = self._scopes.close()
        for volume, database in self._databases.items():
            cause = database.close_scope(scope)
            if cause and volume not in self._reported:
                self._escapes.append(_escape_text(volume, cause))
            if cause:
                self._reported.discard(volume)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Fail with the cause where the transaction of a demo database has been ended."""
        try:
            yield
        except (pytest.skip.Exception, SkipTest):
            self._fail_escapes()
            raise
        except BaseException as error:
            for escape in self._pop_escapes():
                error.add_note(escape)
            raise
        self._fail_escapes()

    def _fail_escapes(self) -> None:
        if escapes := self._pop_escapes():
            raise pytest.fail.Exception("\n\n".join(escapes), pytrace=False) from None

    def _pop_escapes(self) -> list[str]:
        for volume, database in self._databases.items():
            if volume not in self._reported and (cause := database.broken()):
                self._reported.add(volume)
                self._escapes.append(_escape_text(volume, cause))
        escapes, self._escapes = self._escapes, []
        return escapes


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    """Fail without a traceback where an error of ours says it all.

    Inside the fixture, because pytest keeps what a fixture raised for the next test that asks.
    """
    try:
        yield
    except DemodataError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _escape_text(volume: str, cause: str) -> str:
    return (
        f"This test broke out of the transaction that holds the demo data of volume {volume!r}: "
        f"{cause}.\n"
        "Commit and roll back on the session, connection or engine of the demo database: that "
        "stays inside the test.\n"
        "The next test gets the data anew; what fixtures of a wider scope had added to it is gone."
    )


def _made_text(label: str, made: list[tuple[int, float]]) -> str:
    rows = made[0][0]
    seconds = sorted(seconds for _, seconds in made)
    text = f"{label}, {rows:,} rows"
    if len(made) == 1:
        return f"{text} in {seconds[0]:.2f} s"
    return f"{text}, {len(made)} times in {seconds[0]:.2f} to {seconds[-1]:.2f} s"
