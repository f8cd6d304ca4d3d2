"""A run of pytest's: its demo databases, and how they follow the scopes of its tests."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import ExitStack, contextmanager
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_demodata.defaults import VOLUME_NAMES
from pytest_demodata.errors import DemodataError, NoConnectionError, SettingError, VolumeError
from pytest_demodata.masking import Masks
from pytest_demodata.scopes import Scope, Scopes
from pytest_demodata.settings import SETTINGS, read_date
from pytest_demodata.ticker import Ticker
from pytest_demodata.urls import names_server, url_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from datetime import date

    from _pytest.fixtures import SubRequest

    from pytest_demodata.blueprint import Blueprint
    from pytest_demodata.demo_database import DemoDatabase
    from pytest_demodata.images import Images
    from pytest_demodata.provision import Stats
    from pytest_demodata.settings import Settings
    from pytest_demodata.urls import DatabaseUrl

DATABASE_FIXTURES: Final = frozenset({"demo_db", *(f"demo_db_{name}" for name in VOLUME_NAMES)})
SETTING_FIXTURES: Final = frozenset(
    each.ini for each in SETTINGS if each.name not in {"volume", "no_cache", "metadata"}
)

RUN: Final = pytest.StashKey["Run"]()

URL_FIXTURE: Final = "demodata_url"
BLUEPRINT_FIXTURE: Final = "demodata_blueprint"

_SETTINGS, _MADE = "demodata_settings", "demodata_made"
"""What a test's report carries, from a worker of pytest-xdist to where the terminal is."""


class Run:
    """The plugin's state in one run, and the hooks that change it.

    Args:
        config: The run's configuration.
        settings: What its datasets are made of, where no fixture says otherwise.
        volume_from: Where the volume was given, if it was.
    """

    def __init__(self, config: pytest.Config, settings: Settings, volume_from: str) -> None:
        self.settings = settings
        self._volume_from = volume_from
        self._config = config
        self._is_worker = hasattr(config, "workerinput")
        self._masks = Masks()
        self._masks.learn(settings.url)
        self._scopes = Scopes()
        self._item: pytest.Item | None = None
        self._blueprint: tuple[object, Blueprint] | None = None
        self._databases: dict[str, DemoDatabase] = {}
        self._refused: dict[DatabaseUrl | None, str] = {}
        self._goes_on = False
        self._used = False
        self._made_with: dict[str, object] = {}
        self._news: dict[str, Any] = {}
        self._told = False
        self._made: dict[str, list[float]] = {}
        self._remarks: list[str] = []
        self._reported: set[str] = set()
        self._escapes: list[str] = []

    def expect(self, *, own_tables: bool) -> None:
        """Watch the scopes from now on, because tests that use the plugin have been collected.

        Args:
            own_tables: A project has tables of its own filled, whose volumes are not known yet.

        Raises:
            pytest.UsageError: The dataset cannot have the volume.
        """
        self._used = True
        self._news[_SETTINGS] = self.settings.options()
        option = self._config.option
        if not (self._is_worker or option.collectonly or option.setupplan or own_tables):
            self.check_volume()

    def check_volume(self) -> None:
        """Look whether the dataset can have the volume, unless it is one of the four.

        Raises:
            pytest.UsageError: It cannot.
        """
        if self.settings.volume in VOLUME_NAMES or self.settings.metadata:
            return
        from pytest_demodata.planning import check_volume  # noqa: PLC0415 - loads SQLAlchemy

        try:
            check_volume(self.settings.volume, seed=self.settings.seed, as_of=self.settings.as_of)
        except VolumeError as error:
            message = f"{self._volume_from}: {error}"
            raise pytest.UsageError(message) from None

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
        return f"demodata: made {'; '.join([*volumes, *self._remarks])}" if volumes else ""

    @contextmanager
    def databases(
        self, *, seed: int, url: str, locale: str, as_of: date | str, blueprint: object
    ) -> Iterator[Callable[[str], DemoDatabase]]:
        """Give a function that makes the demo database of a volume, once; close all at the end."""
        from pytest_demodata.demo_database import DemoDatabase  # noqa: PLC0415 - loads SQLAlchemy

        with ExitStack() as stack:
            settings = {
                "seed": seed,
                "url": url,
                "locale": locale,
                "as_of": as_of,
                "blueprint": blueprint,
            }
            self._made_with = {f"demodata_{name}": value for name, value in settings.items()}

            def database(volume: str) -> DemoDatabase:
                if volume not in self._databases:
                    self._used = True
                    if names_server(str(url_of(url))):
                        self._expect_sigterm()
                    with _in_a_sentence(), self._tried_once(url_of(url)):
                        self._databases[volume] = stack.enter_context(
                            DemoDatabase(
                                volume,
                                blueprint=self._completed(blueprint),
                                seed=seed,
                                url=url,
                                folder=self._config.invocation_params.dir,
                                locale=locale,
                                as_of=read_date(as_of) if isinstance(as_of, str) else as_of,
                                scopes=self._scopes,
                                progress=self._ticker,
                                made=self._note_made,
                                images=self._images(),
                            )
                        )
                    stack.callback(self._forget, volume)
                    self._open_scopes()
                return self._databases[volume]

            yield database

    def blueprint(self) -> Any:  # noqa: ANN401 - whatever a user has named
        """Return the invoicing dataset, or what the settings name instead.

        Raises:
            pytest.fail.Exception: There is no such thing.
        """
        if self.settings.metadata:
            with _in_a_sentence():
                return _imported(self.settings.metadata)
        from pytest_demodata.invoicing.blueprint import INVOICING  # noqa: PLC0415 - loads SQLAlchemy

        return INVOICING

    def _completed(self, blueprint: object) -> Blueprint:
        """Infer what a user has not said of the tables, once."""
        from pytest_demodata.inference.infer import as_blueprint  # noqa: PLC0415 - loads SQLAlchemy

        if self._blueprint is None or self._blueprint[0] is not blueprint:
            self._blueprint = (blueprint, as_blueprint(blueprint))
        return self._blueprint[1]

    @contextmanager
    def _tried_once(self, url: DatabaseUrl | None) -> Iterator[None]:
        """Have a server that cannot be reached waited for once, and not for each volume.

        Raises:
            NoConnectionError: It could not be, the last time.
        """
        if url in self._refused:
            message = (
                f"{self._refused[url]}\n"
                "This is how it failed before: in one session it is tried once."
            )
            raise NoConnectionError(message)
        try:
            yield
        except NoConnectionError as error:
            if error.lasting:
                self._refused[url] = str(error)
            raise

    def _images(self) -> Images | None:
        """Return where datasets are kept in pytest's cache, if there is one, and it is wanted."""
        cache = getattr(self._config, "cache", None)
        if cache is None or self.settings.no_cache:
            return None
        from pytest_demodata.images import Images  # noqa: PLC0415 - only with a demo database

        try:
            return Images(cache.mkdir("demodata"))
        except OSError:  # a cache that cannot be written to
            return None

    def _expect_sigterm(self) -> None:
        """Have SIGTERM end the run as Ctrl-C does, so that what is on a server goes in order."""
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            self._config.add_cleanup(_end_at_sigterm)

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

    def _note_made(self, stats: Stats, remark: str) -> None:
        expected = {
            "seed": self.settings.seed,
            "locale": self.settings.locale,
            "as_of": self.settings.as_of,
        }
        others = [
            f"{name} {getattr(stats, name)}"
            for name, value in expected.items()
            if getattr(stats, name) != value
        ]
        url = url_of(self._made_with[URL_FIXTURE])
        if url is not None and url != self.settings.url:
            others.append(f"url {url.masked}")
        rows = f"{sum(stats.counts.values()):,} rows"
        if stats.from_cache:
            rows += " from the cache"
        label = ", ".join([stats.volume, *others, rows])
        told = (label, stats.seconds, names_server(str(url)), remark)
        self._news.setdefault(_MADE, []).append(told)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Leave what is written outside of any fixture's setup with the scopes written for last.

        That is the teardown of a fixture that gives way to its next parameter.
        """
        self._item = item
        self._scopes.between_tests = False
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
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Fail the teardown that breaks out of the transaction."""
        self._goes_on = nextitem is not None and nextitem.parent is item.parent
        self._scopes.ending = True
        try:
            with self._watched():
                return (yield)
        finally:
            self._scopes.ending = False
            self._scopes.between_tests = self._scopes.idle = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Let the fixtures of a run that was stopped end as they do otherwise."""
        self._scopes.between_tests = self._scopes.idle = False

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: SubRequest
    ) -> Generator[None, object, object]:
        """Have what a fixture writes last as long as its scope does."""
        self._open_scopes()
        wider = list(self._databases.values()) if fixturedef.scope != "function" else []
        before = {database: database.loaded_by_others() for database in wider}
        self._scopes.enter(request.node.listchain)
        try:
            result = yield
            if fixturedef.argname == URL_FIXTURE:
                self._masks.learn(result)
            if fixturedef.scope != "function":
                self._keep(before, lambda: fixturedef.finish(request))
            return result
        finally:
            self._scopes.leave()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Send the news along with a test's report, and no secret."""
        report = yield
        self._masks.hide_in(report)
        vars(report).update(self._news)
        self._news = {}
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self,
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Hide the secrets in what is told of a file that cannot be collected."""
        report = yield
        self._masks.hide_in(report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: object) -> None:
        """Hide the secrets in what is told of a plugin that fails."""
        self._masks.hide(excrepr)

    @pytest.hookimpl(wrapper=True)
    def pytest_keyboard_interrupt(self) -> Generator[None]:
        """Hide the secrets in what --full-trace will show of where the run was stopped."""
        yield
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        self._masks.hide(getattr(reporter, "_keyboardinterrupt_memo", None))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the news, where the terminal is."""
        news = vars(report)
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if _SETTINGS in news and not self._told and reporter is not None:
            self._told = True
            reporter.ensure_newline()
            reporter.write_line(f"demodata: {news[_SETTINGS]}")
        for label, seconds, on_server, remark in news.get(_MADE, ()):
            if on_server:
                self._expect_sigterm()
            self._made.setdefault(label, []).append(seconds)
            if remark and remark not in self._remarks:
                self._remarks.append(remark)

    def _keep(
        self,
        before: Mapping[DemoDatabase, Mapping[int, object] | None],
        undo: Callable[[], object],
    ) -> None:
        """Keep what a fixture has left uncommitted, or have it set up again for the next test."""
        try:
            for database in self._databases.values():
                if (others := before.get(database, {})) is not None:
                    database.keep(others)
        except BaseException:
            undo()
            raise

    def _check_settings(self, item: pytest.Item) -> None:
        """Fail a test whose folder has a setting of its own, which came too late to be heard."""
        arguments = getattr(item, "funcargs", {})
        if not DATABASE_FIXTURES.intersection(arguments):
            return
        for name, made_with in self._made_with.items():
            if arguments.get(name, made_with) != made_with:
                given, made = (
                    url_of(each) if name == URL_FIXTURE else each
                    for each in (arguments[name], made_with)
                )
                message = (
                    f"This test has the {name} {given!r}, but the demo databases of this session "
                    f"are made with {made!r}.\n"
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
        self._scopes.idle = False

    def _close_scope(self) -> None:
        """Go back on every database, also where a session of the code under test cannot end."""
        self._scopes.idle = self._goes_on and self._scopes.innermost() is self._item
        scope = self._scopes.close()
        with ExitStack() as stack:
            for volume, database in self._databases.items():
                stack.callback(self._close_scope_of, scope, volume, database)

    def _close_scope_of(self, scope: Scope, volume: str, database: DemoDatabase) -> None:
        cause = database.close_scope(scope)
        if cause and volume not in self._reported:
            self._escapes.append(_escape_text(volume, cause))
        if cause:
            self._reported.discard(volume)
        database.end_transactions()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Fail with the cause where the transaction of a demo database has been ended."""
        try:
            yield
        except BaseException as error:
            if isinstance(error, _skipping()):
                self._fail_escapes()
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


def _skipping() -> tuple[type[BaseException], ...]:
    """Return what skips a test, without loading unittest where no test does."""
    unittest = sys.modules.get("unittest")
    return (pytest.skip.Exception, *([unittest.SkipTest] if unittest else []))


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    """Fail without a traceback where an error of ours says it all.

    Inside the fixture, because pytest keeps what a fixture raised for the next test that asks.
    """
    try:
        yield
    except DemodataError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _imported(place: str) -> object:
    """Import what `module:name` says.

    Raises:
        SettingError: There is no such module, or it has no such name.
    """
    module, _, names = place.partition(":")
    try:
        return attrgetter(names)(import_module(module))
    except Exception as error:
        message = (
            f"demodata_metadata is {place!r}, which cannot be imported: "
            f"{type(error).__name__}: {error}.\n"
            "Allowed: module:name, such as app.models:Base, in a module that Python finds.\n"
            "Add its folder to pytest's pythonpath, or install the project: pip install -e ."
        )
        raise SettingError(message) from error


def _end_at_sigterm() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _escape_text(volume: str, cause: str) -> str:
    return (
        f"This test broke out of the transaction that holds the demo data of volume {volume!r}: "
        f"{cause}.\n"
        "Commit and roll back on the session, connection or engine of the demo database: that "
        "stays inside the test.\n"
        "The next test gets the data anew; what fixtures of a wider scope had added to it is gone."
    )


def _made_text(label: str, made: list[float]) -> str:
    if len(made) == 1:
        return f"{label} in {_seconds_text(made[0])} s"
    fastest, slowest = _seconds_text(min(made)), _seconds_text(max(made))
    return f"{label}, {len(made)} times in {fastest} to {slowest} s"


def _seconds_text(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds >= _SHORT else f"{seconds:.3f}"


_SHORT: Final = 0.01
