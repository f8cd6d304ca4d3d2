"""Datasets are generated once: what is kept for later runs, when it is used, and when it is not."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest
from sqlalchemy import Column, DefaultClause, Engine, Index, Integer, Table, event, make_url

# The runs inside the tests find these loaded, and do not load them each time anew.
from pytest_demodata import furnishing, images
from pytest_demodata.databases.sqlite import Sqlite
from pytest_demodata.defaults import DEFAULT_AS_OF
from pytest_demodata.images import Images
from pytest_demodata.invoicing import Base, Customer
from pytest_demodata.invoicing.blueprint import INVOICING

if TYPE_CHECKING:
    from pytest_demodata.provision import Stats

GOLDEN: Final[dict[str, dict[str, str]]] = json.loads(
    Path(__file__).with_name("golden.json").read_text("utf-8")
)

QUIET: Final = ("-W", "error", "-p", "no:hypothesispytest", "-p", "no:faker", "-p", "no:randomly")

MADE: Final = "demodata: made small, 572 rows in N s"
TAKEN: Final = "demodata: made small, 572 rows from the cache in N s"

GOLDEN_TEST: Final = f"""
    import pytest
    from sqlalchemy import text
    from sqlalchemy.exc import IntegrityError

    GOLDEN = {GOLDEN["en_US small"]!r}

    def test_the_data_is_that_of_the_contract(demo_db_small):
        assert dict(demo_db_small.digests) == GOLDEN
        assert demo_db_small.counts["customers"] == 25

    def test_writes(demo_db_small):
        with demo_db_small.engine.begin() as connection:
            connection.execute(text("CREATE TABLE mine (id INTEGER PRIMARY KEY)"))
            connection.execute(text("DELETE FROM invoice_line_items"))

    def test_foreign_keys_hold(demo_db_small):
        with pytest.raises(IntegrityError):
            demo_db_small.session.execute(text("UPDATE products SET category_id = 99"))

    def test_the_data_is_as_it_was(demo_db_small):
        assert dict(demo_db_small.digests) == GOLDEN
        tables = demo_db_small.session.scalars(text("SELECT name FROM sqlite_master")).all()
        assert "mine" not in tables and "ix_invoices_customer_id" in tables
"""


class Run(Protocol):
    """Runs pytest, and returns what the plugin has told of the datasets."""

    def __call__(self, *arguments: str, **outcomes: int) -> str:
        """Run it, and return the line."""


@pytest.fixture(autouse=True)
def _nothing_said_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what this run is told from the runs inside the tests."""
    for name in ("VOLUME", "SEED", "URL", "LOCALE", "AS_OF", "NO_CACHE"):
        monkeypatch.delenv(f"DEMODATA_{name}", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run pytest on a suite that looks at the small dataset, in this process."""
    pytester.makepyfile(test_small_dataset=GOLDEN_TEST)

    def run(*arguments: str, **outcomes: int) -> str:
        result = pytester.runpytest_inprocess(*QUIET, *arguments)
        result.assert_outcomes(**(outcomes or {"passed": 4}))
        return _told(result)

    return run


def _told(result: pytest.RunResult) -> str:
    (line,) = [line for line in result.outlines if line.startswith("demodata: made")]
    return re.sub(r"\d+\.\d\d\d?", "N", line)


@pytest.fixture
def folder(pytester: pytest.Pytester) -> Path:
    """Where pytest's cache has the images."""
    return pytester.path / ".pytest_cache" / "d" / "demodata"


@pytest.fixture
def kept(tmp_path: Path) -> Images:
    """Images in a folder that is not there yet."""
    return Images(tmp_path / "images", limit=100)


def _write(content: bytes) -> Any:
    return lambda path: path.write_bytes(content)


# What users see


def test_the_second_run_takes_what_the_first_has_kept(run: Run, folder: Path) -> None:
    """The line at the end says which of the two happened, and the data is the same."""
    assert run() == MADE
    (image,) = folder.iterdir()
    assert re.fullmatch("[0-9a-f]{32}-[0-9a-f]{64}.sqlite", image.name)
    assert run() == TAKEN
    assert list(folder.iterdir()) == [image]


def test_a_file_is_filled_from_the_cache_as_well(run: Run, pytester: pytest.Pytester) -> None:
    """In memory or in a file, the image is the same one, and nothing is left beside the file."""
    assert run() == MADE
    url = f"sqlite:///{pytester.path / 'mine.db'}"
    before = sorted(path.name for path in pytester.path.iterdir())
    assert run(f"--demodata-url={url}") == TAKEN
    assert sorted(path.name for path in pytester.path.iterdir()) == before


@pytest.mark.parametrize(
    "options", [["-p", "no:cacheprovider"], ["--demodata-no-cache"]], ids=["pytest", "ours"]
)
def test_the_cache_can_be_left_out(run: Run, folder: Path, options: list[str]) -> None:
    """Nothing is kept, and nothing that was kept is taken."""
    assert run(*options) == MADE
    assert not folder.exists()
    run()
    assert run(*options) == MADE


def test_the_cache_can_be_switched_off_for_good(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment goes before the ini file."""
    pytester.makeini("[pytest]\ndemodata_no_cache = yes")
    assert [run(), run()] == [MADE, MADE]
    monkeypatch.setenv("DEMODATA_NO_CACHE", "off")
    assert [run(), run()] == [MADE, TAKEN]


def test_no_cache_without_a_yes_or_a_no_is_an_error(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is neither is not guessed."""
    monkeypatch.setenv("DEMODATA_NO_CACHE", "maybe")
    result = pytester.runpytest_inprocess(*QUIET)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[:2] == [
        "ERROR: The environment variable DEMODATA_NO_CACHE: The switch is 'maybe'.",
        "Allowed: 1, on, true, yes; or 0, false, no, off.",
    ]


def test_cache_clear_clears(run: Run) -> None:
    """It is pytest's cache, with pytest's option."""
    run()
    assert run("--cache-clear") == MADE
    assert run() == TAKEN


def test_a_cache_that_cannot_be_written_to_is_no_error(run: Run, pytester: pytest.Pytester) -> None:
    """The data is generated, as it is without a cache."""
    (pytester.path / ".pytest_cache").mkdir()
    (pytester.path / ".pytest_cache" / "d").write_text("in the way")
    assert [run("-W", "default"), run("-W", "default")] == [MADE, MADE]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:0],
        lambda data: data[:-1],
        lambda data: data[:9_999] + b"?" + data[10_000:],
    ],
    ids=["empty", "cut", "changed"],
)
def test_a_damaged_image_is_made_anew(run: Run, folder: Path, damage: Any) -> None:
    """It is noticed before it is used."""
    run()
    (image,) = folder.iterdir()
    whole = image.read_bytes()
    image.write_bytes(damage(whole))
    assert run() == MADE
    assert image.read_bytes() == whole
    assert run() == TAKEN


@pytest.mark.parametrize(
    "option",
    ["seed=7", "locale=de_DE", "as-of=2024-06-30", "volume=customers=26", "volume=small*2"],
)
def test_other_settings_are_another_image(pytester: pytest.Pytester, option: str) -> None:
    """Each has its own, and they stand beside each other."""
    pytester.makepyfile("def test_it(demo_db): assert demo_db.counts")
    lines = [
        _told(pytester.runpytest_inprocess(*QUIET, *options))
        for options in ([], [f"--demodata-{option}"], [], [f"--demodata-{option}"])
    ]
    assert [" from the cache " in line for line in lines] == [False, False, True, True]


def test_whatever_the_data_hangs_on_is_looked_at(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of anything, or a change in the package itself, is another image."""
    run()
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.99.0")
    assert [run(), run()] == [MADE, TAKEN]
    monkeypatch.setattr(furnishing, "version", lambda name: f"{name} 99")
    assert [run(), run()] == [MADE, TAKEN]
    monkeypatch.setattr(furnishing, "_fingerprint", lambda: "another")
    assert [run(), run()] == [MADE, TAKEN]


def test_the_fingerprint_is_of_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the same as long as no file of the package changes."""
    fingerprint = furnishing._fingerprint.__wrapped__  # noqa: SLF001 - without its memory
    assert fingerprint() == fingerprint()
    before = fingerprint()
    monkeypatch.setattr(furnishing, "__file__", str(tmp_path / "furnishing.py"))
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "en_US.json").write_text("{}")
    other = fingerprint()
    (tmp_path / "words" / "en_US.json").write_text("[]")
    assert len({before, other, fingerprint()}) == 3


def test_a_changed_schema_is_another_image(run: Run) -> None:
    """An index that a project adds to the tables is there, in the first run and in later ones."""
    run()
    index = Index("ix_customers_credit_limit", Customer.credit_limit)
    try:
        assert [run(), run()] == [MADE, TAKEN]
    finally:
        Customer.__table__.indexes.discard(index)  # type: ignore[attr-defined]
    assert run() == TAKEN


def test_where_a_project_listens_nothing_is_kept(run: Run, folder: Path) -> None:
    """What its listeners do when the tables are created cannot be known to be the same later."""

    def listener(*_: object, **_options: object) -> None:
        """Do nothing."""

    event.listen(Base.metadata, "after_create", listener)
    try:
        assert [run(), run()] == [MADE, MADE]
    finally:
        event.remove(Base.metadata, "after_create", listener)
    assert list(folder.iterdir()) == []
    assert run() == MADE


def test_listeners_of_indexes_and_of_statements_are_listeners_too(run: Run, folder: Path) -> None:
    """Whatever a project does beside what we do, no image holds it."""

    def listener(*_: object, **_options: object) -> None:
        """Do nothing."""

    def statement_listener(
        _connection: object, _cursor: object, statement: str, parameters: object, *_: object
    ) -> tuple[str, object]:
        return statement, parameters

    index = next(iter(Base.metadata.tables["invoices"].indexes))
    for target, name, function, options in (
        (index, "after_create", listener, {}),
        (Engine, "before_cursor_execute", statement_listener, {"retval": True}),
    ):
        event.listen(target, name, function, **options)
        try:
            assert [run(), run()] == [MADE, MADE]
        finally:
            event.remove(target, name, function)
    assert not folder.exists() or list(folder.iterdir()) == []


def test_what_a_project_adds_to_the_tables_is_not_kept(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """A table, view or default of its own may be another one in the next run."""
    pytester.makepyfile("def test_it(demo_db_small): assert demo_db_small.counts")

    def run() -> str:
        return _told(pytester.runpytest_inprocess(*QUIET))

    own = Table("own", Base.metadata, Column("id", Integer, primary_key=True))
    try:
        assert [run(), run()] == [MADE, MADE]
    finally:
        Base.metadata.remove(own)
    column = Base.metadata.tables["inventory"].columns["location"]
    column.server_default = DefaultClause("here")
    try:
        assert [run(), run()] == [MADE, MADE]
    finally:
        column.server_default = None
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_database_that_is_attached_is_not_committed_to(
    pytester: pytest.Pytester, folder: Path
) -> None:
    """What a project attaches is the project's: nothing is kept, and nothing is committed."""
    pytester.makeconftest("""
        from sqlalchemy import Engine, event

        @event.listens_for(Engine, "connect")
        def attach(driver, record):
            if "app" not in [row[1] for row in driver.execute("PRAGMA database_list")]:
                driver.execute("ATTACH 'app.db' AS app")
    """)
    pytester.makepyfile("""
        from sqlalchemy import text

        def test_it(demo_db_small):
            with demo_db_small.engine.begin() as connection:
                assert connection.scalar(text("SELECT count(*) FROM customers")) == 25
                connection.execute(text("CREATE TABLE app.mine (id INTEGER)"))
    """)
    for _ in range(2):
        result = pytester.runpytest_subprocess(*QUIET)
        result.assert_outcomes(passed=1)
        assert _told(result) == MADE
    assert (pytester.path / "app.db").stat().st_size == 0
    assert not folder.exists() or list(folder.iterdir()) == []


def test_tables_without_rows_are_counted_alike(pytester: pytest.Pytester) -> None:
    """The counts are the same, generated or taken."""
    pytester.makepyfile("""
        def test_it(demo_db):
            assert dict(demo_db.counts) == {
                "customer_types": 4, "product_categories": 5, "customers": 26, "products": 20,
                "customer_addresses": 52, "inventory": 20,
            }
    """)
    for _ in range(2):
        options = ["--demodata-volume=customers=26,products=20,invoices=0"]
        pytester.runpytest_inprocess(*QUIET, *options).assert_outcomes(passed=1)


def test_a_disk_that_is_full_at_the_end_is_told_in_a_sentence(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small file is written at the commit only."""
    del run

    def full(*_: object) -> None:
        message = "disk I/O error"
        raise sqlite3.OperationalError(message)

    monkeypatch.setattr(Sqlite, "settle", full)
    result = pytester.runpytest_inprocess(*QUIET)
    result.assert_outcomes(errors=4)
    assert "Keeping the data stopped with OperationalError: disk I/O error." in result.outlines


def test_large_volumes_are_not_kept(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would push all others out."""
    monkeypatch.setattr(furnishing, "MOST_ROWS", 571)
    assert [run(), run()] == [MADE, MADE]
    assert list(folder.iterdir()) == []


def test_words_of_faker_are_part_of_what_is_looked_at(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faker's releases change them; the image is taken without loading Faker."""
    pytester.makepyfile("def test_it(demo_db_small): assert demo_db_small.locale == 'fr_FR'")

    def line() -> str:
        return _told(pytester.runpytest_inprocess(*QUIET, "--demodata-locale=fr_FR"))

    assert [" from the cache " in line() for _ in range(2)] == [False, True]
    monkeypatch.setattr(furnishing, "version", lambda name: f"{name} 99")
    assert " from the cache " not in line()


def test_a_broken_database_comes_from_the_cache(run: Run, pytester: pytest.Pytester) -> None:
    """After a test has broken out, the next has the data anew, and soon."""
    pytester.makepyfile(
        test_first="""
            def test_breaks_out(demo_db_small):
                driver = demo_db_small.engine.raw_connection().driver_connection
                driver.execute("DELETE FROM invoice_line_items")
                driver.commit()
        """
    )
    line = run(passed=4, failed=1)
    assert line == f"{MADE}; {TAKEN.removeprefix('demodata: made ')}"


def test_a_file_that_is_no_room_for_is_an_error_in_a_sentence(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is told as it is told of a generation."""
    run()

    def full(*_: object) -> None:
        message = "database or disk is full"
        raise sqlite3.OperationalError(message)

    monkeypatch.setattr(Sqlite, "take_image", full)
    result = pytester.runpytest_inprocess(*QUIET)
    result.assert_outcomes(errors=4)
    assert any(
        line.startswith("Taking the data from ")
        and line.endswith(" stopped with OperationalError: database or disk is full.")
        for line in result.outlines
    )


# Several workers, several runs


def test_of_several_workers_one_generates(pytester: pytest.Pytester) -> None:
    """The others wait for it, and take what it has kept."""
    pytest.importorskip("xdist")
    pytester.makepyfile(test_small_dataset=GOLDEN_TEST)
    options = ["--dist=each", "--tx=4*popen"]
    first, second = (pytester.runpytest_subprocess(*QUIET, *options) for _ in range(2))
    for result in (first, second):
        result.assert_outcomes(passed=16)
    several = "572 rows from the cache, {} times in N to N s"
    taken = several.format(3)
    assert sorted(_told(first).removeprefix("demodata: made ").split("; ")) == [
        f"small, {taken}",
        "small, 572 rows in N s",
    ]
    assert _told(second) == f"demodata: made small, {several.format(4)}"


def test_two_runs_at_once(pytester: pytest.Pytester, folder: Path) -> None:
    """Both find the data whole, and one image is left."""
    pytester.makepyfile(test_small_dataset=GOLDEN_TEST)
    command = [sys.executable, "-m", "pytest", *QUIET]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [run.communicate()[0] for run in runs]
    assert all("4 passed" in output for output in outputs), outputs
    (image,) = folder.iterdir()
    assert image.suffix == ".sqlite"


def test_who_was_killed_holds_nobody_up(pytester: pytest.Pytester, run: Run, folder: Path) -> None:
    """Neither the lock nor a file that is half written outlives its process for the next run."""
    program = f"""
        import os, signal
        from pathlib import Path
        from pytest_demodata import furnishing
        from pytest_demodata.images import Images

        def killed(path):
            path.write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)

        images = Images(Path({str(folder)!r}))
        with images.making("0" * 32):
            images.keep("0" * 32, killed)
    """
    subprocess.run([sys.executable, "-c", dedent(program)], check=False, cwd=pytester.path)
    left = {path.suffix: path for path in folder.iterdir()}
    assert left.keys() == {".lock", ".unfinished"}  # and nothing that is taken for an image
    started = time.monotonic()
    with Images(folder).making("0" * 32):
        assert time.monotonic() - started < 5
    old = time.time() - 90_000
    os.utime(left[".unfinished"], (old, old))
    assert run() == MADE
    assert [path.suffix for path in folder.iterdir()] == [".sqlite"]


# The images themselves


def test_an_image_is_found_by_its_key(kept: Images) -> None:
    """And not by another."""
    assert kept.find("a" * 32) is None
    kept.keep("a" * 32, _write(b"one"))
    kept.keep("b" * 32, _write(b"two"))
    found = [kept.find(letter * 32) for letter in "abc"]
    assert [path and path.read_bytes() for path in found] == [b"one", b"two", None]


def test_what_was_not_used_for_longest_goes(kept: Images, tmp_path: Path) -> None:
    """All images together stay within the limit."""
    for turn, letter in enumerate("abc"):
        kept.keep(letter * 32, _write(letter.encode() * 33))
        for path in (tmp_path / "images").glob(f"{letter}*"):
            os.utime(path, (turn + 1, turn + 1))
    assert kept.find("a" * 32) is not None
    kept.keep("d" * 32, _write(b"d" * 33))
    assert [letter for letter in "abcd" if kept.find(letter * 32)] == ["a", "c", "d"]
    kept.keep("e" * 32, _write(b"e" * 101))
    assert [letter for letter in "abcde" if kept.find(letter * 32)] == []


@pytest.mark.parametrize("error", [OSError("full"), sqlite3.OperationalError("full")])
def test_an_image_that_cannot_be_written_is_none(
    kept: Images, tmp_path: Path, error: Exception
) -> None:
    """Nothing half written stays."""

    def write(path: Path) -> None:
        path.write_bytes(b"half")
        raise error

    with kept.making("a" * 32):
        kept.keep("a" * 32, write)
    assert kept.find("a" * 32) is None
    assert list((tmp_path / "images").iterdir()) == []


def test_ctrl_c_leaves_nothing_half_written(kept: Images, tmp_path: Path) -> None:
    """The image is not there, and neither is its beginning."""

    def write(path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), kept.making("a" * 32):
        kept.keep("a" * 32, write)
    assert list((tmp_path / "images").iterdir()) == []


def test_an_image_that_is_only_to_be_read_is_found(
    kept: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user's cache, or a container's, serves as well."""
    kept.keep("a" * 32, _write(b"one"))

    def refused(_path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "utime", refused)
    assert kept.find("a" * 32) is not None


def test_an_image_that_is_gone_meanwhile_is_none(
    kept: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else may remove it between one look and the next."""
    kept.keep("a" * 32, _write(b"one"))

    def gone(*_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(images, "_name", gone)
    assert kept.find("a" * 32) is None


def test_an_image_that_cannot_be_opened_is_not_taken(tmp_path: Path) -> None:
    """The data is generated then."""
    with Sqlite().scratch(make_url("sqlite://"), Base.metadata) as scratch:
        assert not Sqlite().take_image(scratch.connection, tmp_path / "gone.sqlite")


def test_who_makes_an_image_is_waited_for(kept: Images) -> None:
    """The second one in finds what the first has made."""
    found: list[Path | None] = []

    def second() -> None:
        with kept.making("a" * 32):
            found.append(kept.find("a" * 32))

    thread = threading.Thread(target=second)
    with kept.making("a" * 32):
        thread.start()
        time.sleep(0.1)
        assert not found
        kept.keep("a" * 32, _write(b"one"))
    thread.join()
    assert found[0] is not None


@pytest.mark.parametrize(
    ("age", "held", "stays"),
    [(0, False, True), (90, False, False), (90, True, True), (90_000, True, False)],
)
def test_the_lock_of_a_killed_run_goes(
    kept: Images, tmp_path: Path, age: float, *, held: bool, stays: bool
) -> None:
    """As soon as somebody keeps another image; one that is held, and half an image, after a day."""
    path = tmp_path / "images" / f"{'a' * 32}.lock"
    path.parent.mkdir()
    unfinished = path.with_suffix(".unfinished")
    for each in (path, unfinished):
        each.touch()
        os.utime(each, (time.time() - age,) * 2)
    with kept.making("a" * 32) if held else nullcontext():
        kept.keep("b" * 32, _write(b"two"))
        assert path.exists() == stays
        assert unfinished.exists() == (age < 86_400)
    assert kept.find("b" * 32) is not None


def test_nobody_waits_for_ever(kept: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who hangs while making an image keeps others from making it for a time only."""
    monkeypatch.setattr(images, "_PATIENCE", 0.1)
    with kept.making("a" * 32), kept.making("a" * 32):
        kept.keep("a" * 32, _write(b"one"))
    assert kept.find("a" * 32) is not None


@pytest.fixture
def in_the_way(tmp_path: Path) -> Path:
    """What stands where a lock's file belongs."""
    path = tmp_path / "images" / f"{'a' * 32}.lock"
    path.parent.mkdir()
    return path


def test_where_there_are_no_locks_nobody_waits(
    kept: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite calls a file busy that its system cannot lock."""
    monkeypatch.setattr(images, "_locked", lambda _lock: False)
    started = time.monotonic()
    with kept.making("a" * 32):
        assert time.monotonic() - started < 5


def test_without_a_lock_the_image_is_made(kept: Images, in_the_way: Path) -> None:
    """A folder where there can be no lock, or what is no lock, keeps nobody from working."""
    in_the_way.mkdir()
    with kept.making("a" * 32):
        kept.keep("a" * 32, _write(b"one"))
    assert kept.find("a" * 32) is not None


def test_what_is_no_lock_is_none(kept: Images, in_the_way: Path) -> None:
    """SQLite says so, and the image is made."""
    in_the_way.write_bytes(b"no database" * 100)
    with kept.making("a" * 32):
        kept.keep("a" * 32, _write(b"one"))
    assert kept.find("a" * 32) is not None


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """There are no images then, and no error."""
    (tmp_path / "file").write_text("in the way")
    kept = Images(tmp_path / "file" / "images")
    with kept.making("a" * 32):
        kept.keep("a" * 32, _write(b"one"))
    assert kept.find("a" * 32) is None


class _Heard(Images):
    """Tells when somebody has looked for an image."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.looked = threading.Event()

    def find(self, key: str) -> Path | None:
        found = super().find(key)
        self.looked.set()
        return found


def _furnish(kept: Images) -> Stats:
    """Fill a database in memory with the small dataset."""
    furnisher = furnishing.Furnisher(
        "small",
        blueprint=INVOICING,
        seed=42,
        locale="en_US",
        as_of=DEFAULT_AS_OF,
        progress=lambda _: nullcontext(lambda *_: None),
        images=kept,
    )
    database = Sqlite()
    with database.scratch(make_url("sqlite://"), Base.metadata) as scratch:
        return furnisher.furnish(scratch.connection, database)


def test_who_has_waited_takes_what_was_made_meanwhile(tmp_path: Path) -> None:
    """Between the look for an image and the lock, somebody else may have kept one."""
    assert not _furnish(Images(tmp_path)).from_cache
    (image,) = tmp_path.glob("*.sqlite")
    aside = image.rename(tmp_path / "aside")
    kept = _Heard(tmp_path)
    stats: list[Stats] = []
    waiting = threading.Thread(target=lambda: stats.append(_furnish(kept)))
    with Images(tmp_path).making(image.name.partition("-")[0]):
        waiting.start()
        assert kept.looked.wait(30)
        aside.rename(image)
    waiting.join(30)

    assert [each.from_cache for each in stats] == [True]
    assert stats[0].counts["customers"] == 25
