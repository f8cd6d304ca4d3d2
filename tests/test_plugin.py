"""The front door, as a project's own suite sees it: fixtures, settings, markers, and the report."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final, NoReturn, Protocol
from xml.etree import ElementTree as ET

import pytest

# The runs inside the tests find these loaded, and do not load them each time anew.
import pytest_demodata.demo_database

GOLDEN: Final[dict[str, dict[str, str]]] = json.loads(
    Path(__file__).with_name("golden.json").read_text("utf-8")
)

VARIABLES: Final = ("VOLUME", "SEED", "URL", "LOCALE", "AS_OF", "NO_CACHE")

SETTINGS_LINE: Final = (
    "demodata: --demodata-volume=medium --demodata-seed=42 --demodata-url=sqlite://"
)
MADE_MEDIUM: Final = "demodata: made medium, 3,109 rows in N.NN s"
MADE_SMALL: Final = "demodata: made small, 572 rows in N.NN s"

VOLUMES_ALLOWED: Final = (
    "Allowed: small, medium, large, huge; a multiple such as large*10; or counts such as "
    "customers=50,products=20,invoices=500."
)
FILES_ALLOWED: Final = (
    "Allowed: sqlite:// (in memory), or sqlite:///file (in a temporary file beside it)."
)
URLS_ALLOWED: Final = (
    f"{FILES_ALLOWED[:-1].replace(', or', ',')}, "
    "postgresql+psycopg://user:password@host:port/database, and the same with mysql+pymysql or "
    "mariadb+pymysql."
)

QUIET: Final = (
    *("-W", "error", "-p", "no:hypothesispytest", "-p", "no:faker", "-p", "no:randomly"),
)
"""Warnings are errors; plugins that load much at each run are left out."""


class Run(Protocol):
    """Runs pytest."""

    def __call__(self, *arguments: str | Path) -> pytest.RunResult:
        """Run it with these arguments."""


@pytest.fixture(autouse=True)
def _nothing_said_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what this run is told from the runs inside the tests."""
    for name in VARIABLES:
        monkeypatch.delenv(f"DEMODATA_{name}", raising=False)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run pytest in this process, with warnings as errors."""

    def run(*arguments: str | Path) -> pytest.RunResult:
        return pytester.runpytest_inprocess(*QUIET, *arguments, no_reraise_ctrlc=True)

    return run


@pytest.fixture
def start(pytester: pytest.Pytester) -> Run:
    """Run pytest in a process of its own, with warnings as errors."""

    def start(*arguments: str | Path) -> pytest.RunResult:
        return pytester.runpytest_subprocess(*QUIET, *arguments)

    return start


def _told(result: pytest.RunResult) -> list[str]:
    """Return the lines of the plugin's, without the seconds that it measured."""
    lines = [line for line in result.outlines if line.startswith("demodata: ")]
    return [re.sub(r"\d+\.\d\d\d?", "N.NN", line) for line in lines]


def _section(result: pytest.RunResult, title: str) -> list[str]:
    """Return the lines between a title of the report and the next."""
    lines = iter(result.outlines)
    for line in lines:
        if re.fullmatch(rf"_+ {re.escape(title)} _+", line):
            break
    found = []
    for line in lines:
        if re.match(r"[_=]{3,} .* [_=]{3,}$", line) or line.startswith("demodata: "):
            break
        found.append(line)
    return found


# What the fixtures are


def test_each_fixture_holds_its_volume(run: Run, pytester: pytest.Pytester) -> None:
    """Three volumes in one test have the rows of their names, each table of them counted."""
    pytester.makepyfile("""
        from sqlalchemy import text

        VOLUMES = {"small": (25, 100, 75), "medium": (100, 500, 300), "large": (1000, 2000, 5000)}

        def test_volumes(demo_db_small, demo_db_medium, demo_db_large):
            for db in (demo_db_small, demo_db_medium, demo_db_large):
                tables = ("customers", "products", "invoices")
                assert tuple(db.counts[name] for name in tables) == VOLUMES[db.volume]
                assert list(db.counts) == [
                    "customer_types", "product_categories", "customers", "customer_addresses",
                    "products", "inventory", "invoices", "invoice_line_items",
                ]
                for name, rows in db.counts.items():
                    assert db.session.scalar(text(f"SELECT count(*) FROM {name}")) == rows
    """)
    result = run()
    result.assert_outcomes(passed=1)
    assert _told(result) == [
        SETTINGS_LINE,
        "demodata: made small, 572 rows in N.NN s; medium, 3,109 rows in N.NN s; "
        "large, 45,009 rows in N.NN s",
    ]


def test_each_fixture_asks_for_its_volume(run: Run, pytester: pytest.Pytester) -> None:
    """The huge one too, which takes too long to be made here."""
    pytester.makeconftest("""
        import pytest

        @pytest.fixture(scope="session")
        def _demodata_databases():
            return lambda volume: f"a database of {volume}"
    """)
    pytester.makepyfile("""
        def test_volumes(demo_db_small, demo_db_medium, demo_db_large, demo_db_huge, demo_db):
            assert [demo_db_small, demo_db_medium, demo_db_large, demo_db_huge, demo_db] == [
                f"a database of {volume}" for volume in ("small", "medium", "large", "huge", "huge")
            ]
    """)
    run("--demodata-volume=huge").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("volume", "customers"),
    [
        ("small", 25),
        ("small*3", 75),
        ("customers=7,invoices=9", 7),
        ("customers=0,products=0,invoices=0", 0),
    ],
)
def test_demo_db_follows_the_option(
    run: Run, pytester: pytest.Pytester, volume: str, customers: int
) -> None:
    """A name, a multiple or counts: the named fixtures stay what they are."""
    pytester.makepyfile(f"""
        from sqlalchemy import func, select
        from pytest_demodata.invoicing import Customer

        def test_volume(demo_db, demo_db_small):
            count = select(func.count()).select_from(Customer)
            assert demo_db.session.scalar(count) == {customers}
            assert demo_db_small.session.scalar(count) == 25
            assert (demo_db is demo_db_small) == (demo_db.volume == "small")
    """)
    run(f"--demodata-volume={volume}").assert_outcomes(passed=1)


def test_demo_db_is_the_medium_one_where_nobody_says_otherwise(
    run: Run, pytester: pytest.Pytester
) -> None:
    """It is the same object as the fixture of that name, made once for all tests."""
    pytester.makepyfile("""
        seen = []

        def test_one(demo_db):
            seen.append(demo_db)

        def test_two(demo_db_medium, demo_db):
            assert demo_db_medium is demo_db is seen[0]

        def test_three(request):
            assert request.getfixturevalue("demo_db_medium") is seen[0]
    """)
    result = run()
    result.assert_outcomes(passed=3)
    assert _told(result) == [SETTINGS_LINE, MADE_MEDIUM]


def test_the_members(run: Run, pytester: pytest.Pytester) -> None:
    """A demo database says what it is, and gives whatever the code under test works with."""
    pytester.makepyfile(f"""
        from datetime import date

        import pytest
        from sqlalchemy import Connection, Engine, text
        from sqlalchemy.orm import Session, sessionmaker

        from pytest_demodata import DemoDatabase
        from pytest_demodata.invoicing import Base

        GOLDEN = {GOLDEN["en_US small"]!r}
        QUERY = text("SELECT count(*) FROM customers")

        def test_settings(demo_db_small):
            assert isinstance(demo_db_small, DemoDatabase)
            assert demo_db_small.volume == "small"
            assert demo_db_small.seed == 42
            assert demo_db_small.locale == "en_US"
            assert demo_db_small.as_of == date(2025, 12, 31)
            assert repr(demo_db_small) == (
                "<DemoDatabase small, seed 42, en_US, as of 2025-12-31, on sqlite://>"
            )

        def test_counts_are_read_only_and_as_generated(demo_db_small):
            with pytest.raises(TypeError, match="does not support item assignment"):
                demo_db_small.counts["customers"] = 0
            demo_db_small.session.execute(text("DELETE FROM invoice_line_items"))
            assert demo_db_small.counts["invoice_line_items"] > 0
            with pytest.raises(AttributeError):
                demo_db_small.counts = {{}}

        def test_digests(demo_db_small):
            assert demo_db_small.digests == GOLDEN
            with pytest.raises(TypeError, match="does not support item assignment"):
                demo_db_small.digests["customers"] = ""

        def test_digests_are_those_of_now(demo_db_small):
            demo_db_small.session.execute(text("UPDATE customers SET name = 'X' WHERE id = 1"))
            demo_db_small.session.commit()
            now = demo_db_small.digests
            assert {{name for name in GOLDEN if GOLDEN[name] != now[name]}} == {{"customers"}}

        def test_metadata(demo_db_small):
            assert demo_db_small.metadata is Base.metadata
            assert set(demo_db_small.metadata.tables) == set(demo_db_small.counts)

        def test_ways_in(demo_db_small):
            assert isinstance(demo_db_small.session, Session)
            assert isinstance(demo_db_small.sessionmaker, sessionmaker)
            assert isinstance(demo_db_small.connection, Connection)
            assert isinstance(demo_db_small.engine, Engine)
            assert demo_db_small.session is demo_db_small.session
            assert demo_db_small.connection is demo_db_small.connection
            with demo_db_small.sessionmaker() as session:
                assert session is not demo_db_small.session
                assert session.scalar(QUERY) == 25
            with demo_db_small.engine.connect() as connection:
                assert connection.scalar(QUERY) == 25
            assert demo_db_small.session.scalar(QUERY) == 25
            assert demo_db_small.connection.scalar(QUERY) == 25

        seen = []

        def test_a_session_in_one_test(demo_db_small):
            seen.extend([demo_db_small.session, demo_db_small.connection, demo_db_small.engine])

        def test_is_a_fresh_one_in_the_next(demo_db_small):
            assert demo_db_small.session is not seen[0]
            assert demo_db_small.connection is not seen[1]
            assert seen[1].closed
            assert demo_db_small.engine is seen[2]

        def test_a_closed_connection_is_followed_by_another(demo_db_small):
            demo_db_small.connection.close()
            assert demo_db_small.connection.scalar(QUERY) == 25

        def test_reset(demo_db_small):
            demo_db_small.session.execute(text("DELETE FROM invoice_line_items"))
            demo_db_small.session.commit()
            demo_db_small.reset()
            assert demo_db_small.digests == GOLDEN
            demo_db_small.reset()
            demo_db_small.connection.execute(text("DELETE FROM inventory"))
            assert demo_db_small.digests != GOLDEN

        def test_at_the_end(demo_db_small):
            assert demo_db_small.digests == GOLDEN
    """)
    run().assert_outcomes(passed=11)


def test_the_data_is_that_of_the_contract(run: Run, pytester: pytest.Pytester) -> None:
    """Under other settings too, the fixtures hold the data whose digests are written down."""
    pytester.makepyfile(f"""
        def test_digests(demo_db):
            assert demo_db.digests == {GOLDEN["de_DE medium"]!r}
    """)
    run("--demodata-locale=de_DE").assert_outcomes(passed=1)


def test_the_settings_are_fixtures(run: Run, pytester: pytest.Pytester) -> None:
    """A test gets the settings that everything is generated with, and nothing is made for that."""
    pytester.makepyfile("""
        from datetime import date

        def test_settings(demodata_seed, demodata_url, demodata_locale, demodata_as_of):
            assert (demodata_seed, demodata_url) == (42, "sqlite://")
            assert (demodata_locale, demodata_as_of) == ("en_US", date(2025, 12, 31))
    """)
    result = run()
    result.assert_outcomes(passed=1)
    assert _told(result) == [SETTINGS_LINE]


def test_a_fixture_can_be_built_upon(run: Run, pytester: pytest.Pytester) -> None:
    """A conftest adds to a demo database under its own name, and the tests are marked still."""
    pytester.makeconftest("""
        import pytest
        from sqlalchemy import text

        @pytest.fixture(scope="session")
        def demo_db_small(demo_db_small):
            demo_db_small.session.execute(text("DELETE FROM inventory"))
            return demo_db_small
    """)
    pytester.makepyfile("""
        from sqlalchemy import text

        def test_one(demo_db_small):
            query = text("SELECT count(*) FROM inventory")
            assert demo_db_small.session.scalar(query) == 0
            demo_db_small.reset()
            assert demo_db_small.session.scalar(query) == 100

        def test_two(demo_db_small):
            assert demo_db_small.session.scalar(text("SELECT count(*) FROM inventory")) == 0
    """)
    run("-m", "demodata_small").assert_outcomes(passed=2)


def test_doctests_and_unittest(run: Run, pytester: pytest.Pytester) -> None:
    """A doctest and a TestCase get a demo database the way they get any fixture."""
    pytester.maketxtfile(
        test_doc="""
        >>> db = getfixture("demo_db_small")
        >>> db.counts["customers"]
        25
        >>> from sqlalchemy import text
        >>> _ = db.session.execute(text("DELETE FROM inventory"))
        >>> db.session.commit()
    """
    )
    pytester.makepyfile("""
        import unittest
        import pytest
        from sqlalchemy import text

        COUNT = text("SELECT count(*) FROM inventory")

        class TestWithAttribute(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _db(self, demo_db_small):
                self.db = demo_db_small

            def test_write(self):
                self.assertEqual(self.db.session.scalar(COUNT), 100)
                self.db.session.execute(text("DELETE FROM inventory"))
                self.db.session.commit()

            def test_write_again(self):
                self.test_write()

        @pytest.fixture(scope="class")
        def db(request, demo_db_small):
            request.cls.db = demo_db_small

        @pytest.mark.usefixtures("db")
        class TestWithUse(unittest.TestCase):
            def test_read(self):
                self.assertEqual(self.db.session.scalar(COUNT), 100)
    """)
    result = run()
    result.assert_outcomes(passed=4)
    assert _told(result) == [SETTINGS_LINE, MADE_SMALL]


# What the settings are made of


EXPECTED: Final = {
    "volume": ("small", "'small'"),
    "seed": ("7", "7"),
    "url": ("sqlite:///:memory:", "'sqlite:///:memory:'"),
    "locale": ("de_DE", "'de_DE'"),
    "as_of": ("2024-02-29", "date(2024, 2, 29)"),
}
OTHERS: Final = {
    "volume": "huge",
    "seed": "8",
    "url": "sqlite:///other.db",
    "locale": "ja_JP",
    "as_of": "2023-03-01",
}


@pytest.mark.parametrize("place", ["option", "variable", "ini", "default"])
def test_the_order_of_the_places(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The command line goes before the environment, that before the ini file, for each setting."""
    places = ["option", "variable", "ini", "default"]
    said = dict.fromkeys(places[places.index(place) :], OTHERS)
    said[place] = {name: text for name, (text, _) in EXPECTED.items()}
    expected = {name: code for name, (_, code) in EXPECTED.items()}
    if place == "default":
        said = {}
        expected = {"volume": "'medium'", "seed": "42", "url": "'sqlite://'", "locale": "'en_US'"}
        expected["as_of"] = "date(2025, 12, 31)"
    ini = "\n".join(f"demodata_{name} = {text}" for name, text in said.get("ini", {}).items())
    pytester.makeini(f"[pytest]\n{ini}\naddopts = --strict-config --strict-markers")
    for name, text in said.get("variable", {}).items():
        monkeypatch.setenv(f"DEMODATA_{name.upper()}", text)
    options = [
        f"--demodata-{name.replace('_', '-')}={text}"
        for name, text in said.get("option", {}).items()
    ]
    pytester.makeconftest("""
        import pytest

        @pytest.fixture(scope="session")
        def _demodata_databases():
            return lambda volume: volume
    """)
    pytester.makepyfile(f"""
        from datetime import date

        def test_settings(demo_db, demodata_seed, demodata_url, demodata_locale, demodata_as_of):
            assert demo_db == {expected["volume"]}
            assert demodata_seed == {expected["seed"]}
            assert demodata_url == {expected["url"]}
            assert demodata_locale == {expected["locale"]}
            assert demodata_as_of == {expected["as_of"]}
    """)
    run(*options).assert_outcomes(passed=1)


def test_an_empty_value_says_nothing(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty option leaves it to the environment, and an empty variable to the ini file."""
    pytester.makeini("[pytest]\ndemodata_seed = 8\ndemodata_locale =")
    monkeypatch.setenv("DEMODATA_SEED", "")
    monkeypatch.setenv("DEMODATA_VOLUME", "large")
    pytester.makepyfile("def test_settings(demodata_seed): assert demodata_seed == 8")
    result = run("--demodata-volume=", "--demodata-seed=")
    result.assert_outcomes(passed=1)
    assert _told(result) == [
        "demodata: --demodata-volume=large --demodata-seed=8 --demodata-url=sqlite://"
    ]


def test_pyproject_with_values_that_are_no_text(run: Run, pytester: pytest.Pytester) -> None:
    """A number or a date in pyproject.toml is what it looks like."""
    pytester.makepyprojecttoml("""
        [tool.pytest.ini_options]
        demodata_volume = "small"
        demodata_seed = -7
        demodata_as_of = 2024-02-29
    """)
    pytester.makepyfile("def test_settings(demo_db): assert demo_db.volume == 'small'")
    result = run()
    result.assert_outcomes(passed=1)
    assert _told(result) == [
        "demodata: --demodata-volume=small --demodata-seed=-7 --demodata-url=sqlite:// "
        "--demodata-as-of=2024-02-29",
        MADE_SMALL,
    ]


def test_the_applications_own_variables_are_not_read(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A DATABASE_URL is the application's, not ours."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://production/db")
    monkeypatch.setenv("SQLALCHEMY_URL", "postgresql://production/db")
    pytester.makepyfile("def test_url(demodata_url): assert demodata_url == 'sqlite://'")
    run().assert_outcomes(passed=1)


BAD: Final = [
    ("volume", "lrge", f"Volume 'lrge' is not a volume.\n{VOLUMES_ALLOWED}\nDid you mean 'large'?"),
    ("seed", "1.5", "The seed is '1.5'.\nAllowed: any whole number, such as 42."),
    (
        "url",
        "postgresql://u:secret@h/d",
        "The URL begins with 'postgresql', and the demo databases work through "
        "'postgresql+psycopg'.\nWrite 'postgresql+psycopg://u:***@h/d'.",
    ),
    (
        "url",
        "sqlite:////none/x.db",
        "The URL is 'sqlite:////none/x.db', and there is no folder /none.\n"
        "Allowed: a file in a folder that exists; the temporary file stands beside it.",
    ),
    (
        "locale",
        "xx_XX",
        "The locale is 'xx_XX'.\n"
        "Allowed: de_DE, en_US, ja_JP, which the package has, and those of Faker that name a "
        "country.",
    ),
    (
        "as_of",
        "31.12.2025",
        "The reference date is '31.12.2025'.\nAllowed: a date as YYYY-MM-DD, such as 2025-12-31.",
    ),
]


@pytest.mark.parametrize(("name", "text", "sentence"), BAD)
def test_a_bad_value_stops_the_run_at_once(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    run: Run,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    text: str,
    sentence: str,
) -> None:
    """It is a usage error from whichever place, in sentences, before any test is collected."""
    pytester.makepyfile("raise RuntimeError('collected')")
    option = f"--demodata-{name.replace('_', '-')}"
    variable = f"DEMODATA_{name.upper()}"

    def stopped(place: str, *arguments: str) -> None:
        result = run(*arguments)
        assert int(result.ret) == 4
        assert result.outlines == []
        assert "\n".join(result.errlines).strip() == f"ERROR: {place}: {sentence}"

    stopped(option, f"{option}={text}")
    stopped(option, f"{option}={text}", "-n", "2")
    stopped(option, f"{option}={text}", "--collect-only")
    monkeypatch.setenv(variable, text)
    stopped(f"The environment variable {variable}")
    monkeypatch.delenv(variable)
    pytester.makeini(f"[pytest]\ndemodata_{name} = {text}")
    stopped(f"The ini option demodata_{name}")


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (
            "--demodata-as-of=0900-01-01",
            "The reference date is '0900-01-01'.\nAllowed: a date from 1010-01-01 to 9990-12-31.",
        ),
        (
            "--demodata-volume=large*100000000",
            "Volume 'large*100000000' has 100,000,000,000 rows of 'customers'.\n"
            "Allowed: from 0 to 2,147,483,647, the largest INTEGER key.",
        ),
    ],
    ids=["date", "volume"],
)
def test_what_can_never_be_generated_stops_the_run_at_once(
    run: Run, pytester: pytest.Pytester, option: str, sentence: str
) -> None:
    """A value that can be read, and that no dataset can be made of, is a usage error too."""
    pytester.makepyfile("def test_it(demo_db): pass")
    result = run(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "\n".join(result.errlines).strip() == f"ERROR: {option.partition('=')[0]}: {sentence}"


NO_CUSTOMERS: Final = (
    "has too few rows of 'customers': 'invoices.customer_id' needs 1 different ones at a time, and "
    "of the 0 only 0 can always be drawn.\nAllowed: a volume with more rows of 'customers'."
)
FEW_PRODUCTS: Final = (
    "has too few rows of 'products': 'invoice_line_items.product_id' needs 8 different ones at a "
    "time, and of the 10 only {} can always be drawn.\n"
    "Allowed: a volume with more rows of 'products'."
)


@pytest.mark.parametrize(
    ("counts", "options", "sentence", "least"),
    [
        (
            "customers=0,products=20,invoices=5",
            [],
            NO_CUSTOMERS,
            "customers=1,products=20,invoices=5",
        ),
        (
            "customers=9,products=10,invoices=8",
            ["-n2"],
            FEW_PRODUCTS.format(6),
            "customers=9,products=12,invoices=8",
        ),
        (
            "customers=9,products=10,invoices=8",
            ["--demodata-seed=3", "--demodata-as-of=2024-01-05"],
            FEW_PRODUCTS.format(5),
            "customers=9,products=13,invoices=8",
        ),
    ],
)
def test_a_volume_that_the_dataset_cannot_have_stops_the_run_at_once(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    run: Run,
    pytester: pytest.Pytester,
    counts: str,
    options: list[str],
    sentence: str,
    least: str,
) -> None:
    """Counts that do not fit each other are a usage error, where tests use them."""
    option = f"--demodata-volume={counts}"
    pytester.makepyfile("def test_it(demo_db): pass")
    result = run(option, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    place, _, volume = option.partition("=")
    assert "\n".join(result.errlines).strip() == (
        f"ERROR: {place}: Volume {volume!r} {sentence}\nThe least that works is {least}."
    )
    run(f"--demodata-volume={least}", *options).assert_outcomes(passed=1)


def test_a_volume_that_the_dataset_cannot_have_matters_only_where_it_is_used(
    run: Run, pytester: pytest.Pytester
) -> None:
    """A run without our fixtures takes counts that do not fit each other, and loads nothing."""
    pytester.makepyfile("def test_it(): pass")
    result = run("--demodata-volume=customers=0,products=20,invoices=5")
    assert result.ret == pytest.ExitCode.OK


TEXTS_ALLOWED: Final = "Allowed: a text such as 'sqlite://', or a URL of SQLAlchemy's."

DATES_ALLOWED: Final = (
    "Allowed: a date from 1010-01-01 to 9990-12-31, such as datetime.date(2025, 12, 31)."
)

FILE: Final = "small, url sqlite:///x.db, 572 rows"

REDEFINED_WRONG: Final = [
    ("demodata_seed", "'7'", "The seed is '7'.\nAllowed: any whole number."),
    ("demodata_seed", "True", "The seed is True.\nAllowed: any whole number."),
    (
        "demodata_locale",
        "None",
        "The locale is None.\nAllowed: a name such as 'en_US'.",
    ),
    (
        "demodata_as_of",
        "'31.12.2025'",
        "The reference date is '31.12.2025'.\nAllowed: a date as YYYY-MM-DD, such as 2025-12-31.",
    ),
    (
        "demodata_as_of",
        "20251231",
        f"The reference date as_of is 20251231.\n{DATES_ALLOWED}",
    ),
    (
        "demodata_as_of",
        "datetime.date(9, 1, 1)",
        f"The reference date as_of is datetime.date(9, 1, 1).\n{DATES_ALLOWED}",
    ),
    ("demodata_url", "None", f"The URL is None.\n{TEXTS_ALLOWED}"),
    (
        "demodata_url",
        "'x.db'",
        f"The URL does not begin with a scheme and '://'.\n{URLS_ALLOWED}",
    ),
    (
        "demodata_url",
        "pathlib.PurePosixPath('x.db')",
        f"The URL is PurePosixPath('x.db').\n{TEXTS_ALLOWED}",
    ),
    (
        "demodata_url",
        "'nonsense://u:secret@h/d'",
        f"The URL begins with 'nonsense', on which there are no demo databases.\n{URLS_ALLOWED}",
    ),
    (
        "demodata_url",
        "sqlalchemy.make_url('mysql+mysqldb://u:secret@h/d')",
        "The URL begins with 'mysql+mysqldb', and the demo databases work through "
        "'mysql+pymysql'.\nWrite 'mysql+pymysql://u:***@h/d'.",
    ),
    (
        "demodata_url",
        "'sqlite:///file:x.db?mode=ro&uri=true'",
        f"The URL is 'sqlite:///file:x.db?mode=ro&uri=true'.\n{FILES_ALLOWED}",
    ),
    (
        "demodata_url",
        "'sqlite:////none/x.db'",
        "The URL is 'sqlite:////none/x.db', and there is no folder /none.\n"
        "Allowed: a file in a folder that exists; the temporary file stands beside it.",
    ),
]


def _redefine(pytester: pytest.Pytester, fixture: str, code: str) -> None:
    pytester.makeconftest(f"""
        import datetime, pathlib
        import pytest, sqlalchemy

        @pytest.fixture(scope="session")
        def {fixture}():
            return {code}
    """)


@pytest.mark.parametrize(("fixture", "code", "sentence"), REDEFINED_WRONG)
def test_a_setting_redefined_as_something_wrong(
    run: Run, pytester: pytest.Pytester, fixture: str, code: str, sentence: str
) -> None:
    """Each test that needs it fails with a sentence and no traceback; the others pass."""
    _redefine(pytester, fixture, code)
    pytester.makepyfile("""
        def test_one(demo_db_small): pass
        def test_two(demo_db_medium): pass
        def test_three(): pass
    """)
    result = run("-l")
    result.assert_outcomes(passed=1, errors=2)
    assert _section(result, "ERROR at setup of test_one") == sentence.split("\n")
    assert _section(result, "ERROR at setup of test_two") == sentence.split("\n")
    assert _told(result) == [SETTINGS_LINE]
    assert "secret" not in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(
    ("fixture", "code", "made"),
    [
        ("demodata_seed", "7", "small, seed 7, 572 rows"),
        ("demodata_seed", "-(10**30)", f"small, seed -1{'0' * 30}, 572 rows"),
        ("demodata_locale", "'de_DE'", "small, locale de_DE, 572 rows"),
        ("demodata_as_of", "datetime.date(2020, 1, 1)", "small, as_of 2020-01-01, 572 rows"),
        ("demodata_as_of", "datetime.datetime(2020, 1, 1)", "small, as_of 2020-01-01, 572 rows"),
        ("demodata_as_of", "'2020-01-01'", "small, as_of 2020-01-01, 572 rows"),
        ("demodata_as_of", "'2025-12-31'", "small, 572 rows"),
        ("demodata_url", "sqlalchemy.URL.create('sqlite')", "small, 572 rows"),
        ("demodata_url", "sqlalchemy.make_url('sqlite:///x.db')", FILE),
        ("demodata_url", "'sqlite:///x.db'", FILE),
    ],
)
def test_a_setting_redefined(
    run: Run, pytester: pytest.Pytester, fixture: str, code: str, made: str
) -> None:
    """A conftest says what the datasets are made of, and the last line how it differs."""
    _redefine(pytester, fixture, code)
    pytester.makepyfile(f"""
        import datetime, sqlalchemy

        def test_setting(demo_db_small):
            expected = {code}
            if isinstance(expected, datetime.datetime):
                expected = expected.date()
            if "{fixture}" == "demodata_as_of" and isinstance(expected, str):
                expected = datetime.date.fromisoformat(expected)
            if "{fixture}" != "demodata_url":
                assert getattr(demo_db_small, "{fixture}".removeprefix("demodata_")) == expected
    """)
    result = run()
    result.assert_outcomes(passed=1)
    assert _told(result) == [SETTINGS_LINE, f"demodata: made {made} in N.NN s"]


def test_settings_can_be_computed_from_others(run: Run, pytester: pytest.Pytester) -> None:
    """A conftest's fixture may hang on others, and a fixture of its own generates with them."""
    pytester.makeconftest("""
        import pytest
        from sqlalchemy import create_engine
        from pytest_demodata import DataGenerator, prepare_sqlite

        @pytest.fixture(scope="session")
        def demodata_seed(demodata_seed):
            return demodata_seed + 1

        @pytest.fixture(scope="session")
        def filled(demodata_seed, demodata_locale, demodata_as_of):
            engine = prepare_sqlite(create_engine("sqlite://"))
            generator = DataGenerator(
                engine, seed=demodata_seed, locale=demodata_locale, as_of=demodata_as_of
            )
            generator.generate("small")
            yield engine
            engine.dispose()
    """)
    pytester.makepyfile("""
        from pytest_demodata.digests import digest_of_table

        def test_alike(filled, demo_db_small):
            with filled.connect() as connection:
                for name, table in demo_db_small.metadata.tables.items():
                    assert digest_of_table(connection, table) == demo_db_small.digests[name]
            assert demo_db_small.seed == 43
    """)
    run().assert_outcomes(passed=1)


def test_a_setting_with_parameters(run: Run, pytester: pytest.Pytester) -> None:
    """The tests run with one seed after the other, each on data of its own, counted apart."""
    pytester.makepyfile("""
        import pytest
        from sqlalchemy import text

        digests = []

        @pytest.fixture(scope="session", params=[1, 2])
        def demodata_seed(request):
            return request.param

        def test_seed(demo_db_small, demodata_seed):
            assert demo_db_small.seed == demodata_seed
            assert demo_db_small.digests not in digests
            digests.append(demo_db_small.digests)
            demo_db_small.session.execute(text("DELETE FROM inventory"))
            demo_db_small.session.commit()

        def test_data(demo_db_small):
            assert demo_db_small.digests == digests[-1]
    """)
    result = run()
    result.assert_outcomes(passed=4)
    assert _told(result)[1:] == [
        "demodata: made small, seed 1, 572 rows in N.NN s; small, seed 2, 572 rows in N.NN s"
    ]


def test_an_error_of_a_users_fixture_keeps_its_traceback(
    run: Run, pytester: pytest.Pytester
) -> None:
    """Only what the plugin's own fixtures raise says it all in a sentence."""
    pytester.makepyfile("""
        import pytest
        from pytest_demodata import parse_volume

        @pytest.fixture
        def volume():
            return parse_volume("lrge")

        def test_volume(volume): pass
    """)
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            '*return parse_volume("lrge")',
            "E *VolumeError: Volume 'lrge' is not a volume.",
        ]
    )


@pytest.mark.parametrize("order", [("below", "beside"), ("beside", "below")])
def test_a_setting_redefined_for_a_folder(
    run: Run, pytester: pytest.Pytester, order: tuple[str, str]
) -> None:
    """A session has one dataset of a volume: who would get another's is told so."""
    (pytester.mkdir("below") / "conftest.py").write_text(
        "import pytest\n@pytest.fixture(scope='session')\ndef demodata_seed(): return 7\n", "utf-8"
    )
    pytester.mkdir("beside")
    seeds = {"below": 7, "beside": 42}
    for folder, seed in seeds.items():
        Path(folder, f"test_{folder}.py").write_text(
            f"def test_seed(demo_db_small): assert demo_db_small.seed == {seed}\n"
            f"def test_setting(demodata_seed): assert demodata_seed == {seed}\n"
            f"def test_nothing(): pass\n",
            "utf-8",
        )
    result = run(*order)
    result.assert_outcomes(passed=5, errors=1)
    first, second = (seeds[folder] for folder in order)
    assert _section(result, "ERROR at setup of test_seed") == [
        f"This test has the demodata_seed {second}, but the demo databases of this session are "
        f"made with {first}.",
        "A session has one: redefine the fixture in the conftest.py of the whole suite, or run the "
        "folders one by one.",
    ]
    for folder in order:
        run(folder).assert_outcomes(passed=3)


# What is left out, and what nothing is made for


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no demo database be made in this process."""

    def fail(*_: object, **__: object) -> NoReturn:
        message = "a demo database is made"
        raise RuntimeError(message)

    monkeypatch.setattr(pytest_demodata.demo_database.DemoDatabase, "__init__", fail)


@pytest.mark.usefixtures("no_database")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--collect-only"],
        ["--collect-only", "-q"],
        ["--setup-plan"],
        ["--fixtures"],
        ["--fixtures-per-test"],
        ["--markers"],
        ["--help"],
        ["--version"],
        ["-k", "nothing"],
        ["-m", "not demodata_large"],
        ["--deselect=test_large.py::test_large"],
    ],
)
def test_nothing_is_made_where_no_test_runs(
    run: Run, pytester: pytest.Pytester, arguments: list[str]
) -> None:
    """To look at a suite, or to leave its tests out, touches no database."""
    pytester.makepyfile(test_large="def test_large(demo_db_large): pass")
    result = run(*arguments)
    deselects = arguments[0] in {"-k", "-m"} or "--deselect" in arguments[0]
    expected = pytest.ExitCode.NO_TESTS_COLLECTED if deselects else pytest.ExitCode.OK
    assert result.ret == expected
    shown = [SETTINGS_LINE] if arguments[0].startswith(("--col", "--setup", "--fixtures")) else []
    assert _told(result) == shown
    assert (run().ret, pytester.path.name) == (pytest.ExitCode.TESTS_FAILED, pytester.path.name)


def test_nothing_is_loaded_where_no_test_runs(
    start: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to pytest_unconfigure, a suite that is only collected has loaded no third-party module."""
    monkeypatch.delenv("COVERAGE_PROCESS_START", raising=False)  # which loads greenlet
    pytester.makeconftest("""
        import sys

        def pytest_unconfigure(config):
            heavy = {"sqlalchemy", "faker", "psycopg", "pymysql", "greenlet"}
            print("HEAVY", sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
            print("OURS", *sorted(name for name in sys.modules if "pytest_demodata" in name))
    """)
    pytester.makepyfile("def test_large(demo_db_large, demodata_url): pass")
    options = [f"-pno:{name}" for name in ("faker", "randomly", "sqla")]
    result = start(
        *options,
        "--setup-plan",
        "--demodata-volume=small*3",
        "--demodata-locale=fr_FR",
        "--demodata-url=sqlite:///x.db",
    )
    assert result.ret == 0
    assert "HEAVY []" in result.outlines
    result.stdout.fnmatch_lines(["*SETUP*S demo_db_large *"])


def test_help_markers_and_fixtures_are_shown(run: Run, pytester: pytest.Pytester) -> None:
    """What the plugin adds can be looked up where users look."""
    pytester.makepyfile("")
    helped = run("--help").stdout
    helped.fnmatch_lines(
        [
            "demo databases (pytest-demodata):",
            "  --demodata-volume=VALUE",
            "                        volume of demo_db: small, medium, large, huge, a",
            "                        multiple (large*10), or counts",
            "                        (customers=50,products=20,invoices=500) (environment:",
            "                        DEMODATA_VOLUME; ini: demodata_volume; default: medium)",
            "  --demodata-seed=VALUE",
            "                        seed of the data: any whole number (environment:",
            "                        DEMODATA_SEED; ini: demodata_seed; default: 42)",
            "  --demodata-url=VALUE  database: sqlite:// (in memory), sqlite:///file,",
            "                        postgresql+psycopg://…, mysql+pymysql://… or",
            "                        mariadb+pymysql://… (environment: DEMODATA_URL; ini:",
            "                        demodata_url; default: sqlite://)",
            "  --demodata-locale=VALUE",
            "                        locale of names, places and taxes, such as de_DE",
            "                        (environment: DEMODATA_LOCALE; ini: demodata_locale;",
            "                        default: en_US)",
            "  --demodata-as-of=VALUE",
            "                        date that all dates of the data hang on, as YYYY-MM-DD",
            "                        (environment: DEMODATA_AS_OF; ini: demodata_as_of;",
            "                        default: 2025-12-31)",
            "  --demodata-no-cache   generate all data anew, and keep none of it in pytest's",
            "                        cache for later runs (environment: DEMODATA_NO_CACHE;",
            "                        ini: demodata_no_cache; default: no)",
        ]
    )
    for name in VARIABLES:
        helped.fnmatch_lines([f"  demodata_{name.lower()} (string):*"])
    marked = run("--markers").outlines
    for name in ("small", "medium", "large", "huge"):
        assert (
            f"@pytest.mark.demodata_{name}: uses a demo database of volume {name} (pytest-demodata)"
        ) in marked
    shown = run("--fixtures").stdout
    for fixture, sentence in {
        "demodata_seed": "The seed: the same one gives the same data on every machine and *.",
        "demodata_url": "The database: `sqlite://`, `sqlite:///file`, or a server's *.",
        "demodata_locale": "The locale of names, places, telephone numbers and taxes, *.",
        "demodata_as_of": "The date that all dates of the data hang on; nothing is later.",
        "demo_db_small": "A database that holds the small dataset: 25 customers, 75 invoices.",
        "demo_db_medium": "A database that holds the medium dataset: 100 customers, 300 invoices.",
        "demo_db_large": "A database that holds the large dataset: 1,000 customers, 5,000 *.",
        "demo_db_huge": "A database that holds the huge dataset: 20,000 customers, 100,000 *.",
        "demo_db": "A database that holds the volume that --demodata-volume names, or the *.",
    }.items():
        shown.fnmatch_lines([f"{fixture} [[]session scope] -- *", f"    {sentence}"])
    shown.no_fnmatch_line("_demodata*")


@pytest.mark.usefixtures("no_database")
@pytest.mark.parametrize(
    ("volume", "expression", "left"),
    [
        ("medium", "demodata_small", ["param", "small", "use"]),
        ("medium", "demodata_medium", ["default"]),
        ("medium", "not demodata_large", ["default", "none", "param", "small", "use"]),
        ("medium", "demodata_large", ["large", "through"]),
        ("medium", "demodata_huge", ["large"]),
        ("large", "demodata_large", ["default", "large", "through"]),
        ("large*3", "demodata_large", ["default", "large", "through"]),
        ("huge", "not demodata_large and not demodata_huge", ["none", "param", "small", "use"]),
        ("customers=5", "demodata_medium", []),
        ("customers=5", "not demodata_large", ["default", "none", "param", "small", "use"]),
    ],
)
def test_tests_are_marked_with_the_volumes_they_use(
    run: Run, pytester: pytest.Pytester, volume: str, expression: str, left: list[str]
) -> None:
    """By themselves, through a fixture, by usefixtures or autouse; demo_db by the option."""
    pytester.makepyfile("""
        import pytest

        @pytest.fixture
        def through_another(demo_db_large): pass

        def test_default(demo_db): pass
        def test_large(demo_db_large, demo_db_huge): pass
        def test_none(): pass
        @pytest.mark.parametrize("n", [1])
        def test_param(n, demo_db_small): pass
        def test_small(demo_db_small): pass
        def test_through(through_another): pass

        @pytest.mark.usefixtures("demo_db_small")
        class TestUse:
            def test_use(self): pass
    """)
    result = run("--strict-markers", f"--demodata-volume={volume}", "-m", expression, "--co", "-q")
    found = re.findall(r"::test_(\w+)", result.stdout.str())
    assert sorted(found) == left


# What the report tells


def test_the_settings_line_can_be_pasted_back(run: Run, pytester: pytest.Pytester) -> None:
    """A run with the options of the line tells the same line and makes the same data."""
    pytester.makepyfile("def test_it(demo_db): print('D', demo_db.digests['customers'], 'D')")
    (pytester.path / "it's my $folder").mkdir()
    options = [
        "--demodata-volume=customers = 5, invoices=7",
        "--demodata-seed= -3 ",
        "--demodata-url=sqlite:///it's my $folder/*.db",
        "--demodata-locale=de_DE",
        "--demodata-as-of=20240229",
    ]
    first = run("-s", *options)
    first.assert_outcomes(passed=1)
    line, made = _told(first)
    assert line == (
        "demodata: --demodata-volume=customers=5,invoices=7 --demodata-seed=-3 "
        "--demodata-url='sqlite:///it'\"'\"'s my $folder/*.db' --demodata-locale=de_DE "
        "--demodata-as-of=2024-02-29"
    )
    assert re.fullmatch(
        r"demodata: made customers=5,products=500,invoices=7, 1,\d{3} rows in N.NN s", made
    )
    pasted = shlex.split(line.removeprefix("demodata: "))
    second = run("-s", *pasted)
    assert _told(second) == [line, made.replace(" rows in", " rows from the cache in")]
    digests = [re.findall("D [0-9a-f]{64} D", each.stdout.str()) for each in (first, second)]
    assert digests[0] == digests[1] != []


def test_the_lines_stand_where_they_are_looked_for(run: Run, pytester: pytest.Pytester) -> None:
    """One stands under the count of the tests, the other above the last line; also in -q and -v."""
    pytester.makepyfile("def test_it(demo_db_small): pass")
    lines = run().outlines
    assert lines[lines.index("collected 1 item") + 1] == SETTINGS_LINE
    assert re.fullmatch(r"demodata: made small, 572 rows in \d\.\d\d s", lines[-2])
    assert re.fullmatch("=+ 1 passed in .* =+", lines[-1])
    for options in (["-q"], ["-qq"], ["-v"], ["-vv"], ["--no-header"]):
        told = _told(run("--demodata-no-cache", *options))
        assert told == [SETTINGS_LINE, MADE_SMALL], options


def test_the_lines_are_absent_where_nobody_asked(run: Run, pytester: pytest.Pytester) -> None:
    """A run of tests that do not use the plugin tells nothing of it, whatever it is told."""
    pytester.makepyfile("""
        def test_nothing(): pass
        def test_database(demo_db_small): pass
    """)
    for options in (["-k", "nothing"], ["-k", "nowhere"], ["--deselect", "test_the"]):
        assert "demodata: " not in run(*options, "--demodata-volume=large").stdout.str() or (
            options[0] == "--deselect"
        )
    result = run("-k", "nothing")
    result.assert_outcomes(passed=1, deselected=1)
    assert _told(result) == []


def test_a_fixture_that_is_asked_for_by_name_only(run: Run, pytester: pytest.Pytester) -> None:
    """What is found out only while a test runs is told in the last line alone."""
    pytester.makepyfile("""
        def test_it(request):
            assert request.getfixturevalue("demo_db_small").counts["customers"] == 25
    """)
    result = run()
    result.assert_outcomes(passed=1)
    assert _told(result) == [MADE_SMALL]


def test_datasets_that_are_made_again_are_counted(run: Run, pytester: pytest.Pytester) -> None:
    """After a test has broken out of the transaction, the last line tells of both datasets."""
    pytester.makepyfile("""
        def test_breaks_out(demo_db_small):
            demo_db_small.engine.raw_connection().driver_connection.commit()
        def test_next(demo_db_small, demo_db_medium):
            assert demo_db_small.counts["customers"] == 25
            demo_db_small.connection
            assert demo_db_small.digests["inventory"]
    """)
    result = run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert _told(result)[-1] == (
        "demodata: made small, 572 rows in N.NN s; medium, 3,109 rows in N.NN s; "
        "small, 572 rows from the cache in N.NN s"
    )


def test_an_escape_is_told_where_it_happened(run: Run, pytester: pytest.Pytester) -> None:
    """Beside a test's own failure, instead of its being skipped, or at the teardown that did it."""
    pytester.makepyfile("""
        import pytest

        def escape(db):
            db.engine.raw_connection().driver_connection.commit()

        def test_fails(demo_db_small):
            escape(demo_db_small)
            raise ValueError("its own")

        def test_skips(demo_db_small):
            escape(demo_db_small)
            pytest.skip("later")

        @pytest.fixture
        def late(demo_db_small):
            yield
            escape(demo_db_small)

        def test_ends_late(late): pass

        def test_next(demo_db_small):
            assert demo_db_small.digests["customers"]
            pytest.skip("later")
    """)
    result = run()
    result.assert_outcomes(failed=2, passed=1, skipped=1, errors=1)
    told = [line for line in result.outlines if "This test broke out of the transaction" in line]
    sentence = (
        "This test broke out of the transaction that holds the demo data of volume 'small': COMMIT,"
        " ROLLBACK or close() went round the demo database, on the driver's own connection."
    )
    assert [line.removeprefix("E").strip() for line in told] == [sentence] * 3
    result.stdout.fnmatch_lines(["E * ValueError: its own", f"E * {sentence}"])
    for title in ("test_skips", "ERROR at teardown of test_ends_late"):
        assert _section(result, title) == [
            sentence,
            "Commit and roll back on the session, connection or engine of the demo database: that "
            "stays inside the test.",
            "The next test gets the data anew; what fixtures of a wider scope had added to it is "
            "gone.",
        ]
    assert _told(result)[-1] == (
        "demodata: made small, 572 rows in N.NN s; "
        "small, 572 rows from the cache, 3 times in N.NN to N.NN s"
    )


def test_with_xdist_each_line_is_told_once(start: Run, pytester: pytest.Pytester) -> None:
    """Each worker makes a dataset of its own, and the terminal tells it as it tells of one."""
    pytest.importorskip("xdist")
    pytester.makepyfile("""
        import pytest
        from sqlalchemy import text

        @pytest.mark.parametrize("n", range(4))
        def test_it(demo_db_small, n):
            assert demo_db_small.session.scalar(text("SELECT count(*) FROM inventory")) == 100
            demo_db_small.session.execute(text("DELETE FROM inventory"))
            demo_db_small.session.commit()
    """)
    options = ["--dist=each", "--tx=2*popen", "-v", "--demodata-seed=7"]
    result = start(*options, "--demodata-no-cache")
    result.assert_outcomes(passed=8)
    assert _told(result) == [
        SETTINGS_LINE.replace("42", "7"),
        "demodata: made small, 572 rows, 2 times in N.NN to N.NN s",
    ]
    before = result.outlines[: result.outlines.index(SETTINGS_LINE.replace("42", "7"))]
    assert not any("PASSED" in line for line in before)


def test_with_xdist_nothing_is_told_where_nobody_asked(
    start: Run, pytester: pytest.Pytester
) -> None:
    """A worker's collection of no test that uses the plugin is silent too."""
    pytest.importorskip("xdist")
    pytester.makepyfile("""
        def test_nothing(): pass
        def test_database(demo_db_small): pass
    """)
    result = start("-n", "1", "-m", "not demodata_small")
    result.assert_outcomes(passed=1)
    assert _told(result) == []


def test_junit_xml_holds_nothing_of_ours(run: Run, pytester: pytest.Pytester) -> None:
    """What a report carries for the terminal is not written into files."""
    pytester.makepyfile("def test_it(demo_db_small): pass")
    run("--junitxml=report.xml").assert_outcomes(passed=1)
    text = Path("report.xml").read_text("utf-8")
    assert "demodata" not in text
    (case,) = ET.fromstring(text).iter("testcase")  # noqa: S314 - pytest's own
    assert list(case) == []


# Databases in a file


def _folder(path: Path) -> dict[str, tuple[bytes, int]]:
    return {each.name: (each.read_bytes(), each.stat().st_mtime_ns) for each in path.iterdir()}


@pytest.mark.parametrize("form", ["sqlite:///data/app.db", "sqlite:///{path}/data/app.db"])
@pytest.mark.parametrize("there", [True, False])
def test_a_file_is_never_written_to(
    run: Run, pytester: pytest.Pytester, form: str, *, there: bool
) -> None:
    """The data stands in a file of its own in that folder, which is gone at the end."""
    folder = pytester.mkdir("data")
    if there:
        (folder / "app.db").write_bytes(b"not even a database")
        os.utime(folder / "app.db", ns=(1, 1))
    before = _folder(folder)
    pytester.makepyfile("""
        import os
        import sys
        from pathlib import Path

        import pytest
        from sqlalchemy import text

        def test_file(demo_db_large):
            assert repr(demo_db_large).endswith(", on sqlite://>")
            demo_db_large.session.execute(text("DELETE FROM inventory"))
            demo_db_large.session.commit()
            assert demo_db_large.session.scalar(text("PRAGMA page_count")) > 1000
            if not sys.platform.startswith("linux"):
                pytest.skip("the file has no name, or cannot be looked up")
            files = [os.readlink(each) for each in Path("/proc/self/fd").iterdir() if each.exists()
                     or each.is_symlink()]
            files = [each for each in files if ".demodata-" in each]
            assert len(files) == 1
            assert files[0].endswith(".sqlite (deleted)")
            assert Path(files[0]).parent == Path("data").absolute()
            assert os.listdir("data") == [EXISTING] * bool(EXISTING)

        EXISTING = "app.db" if os.path.exists("data/app.db") else ""
    """)
    url = form.format(path=pytester.path)
    result = run(f"--demodata-url={url}")
    result.assert_outcomes(passed=1)
    assert _told(result)[0] == SETTINGS_LINE.replace("sqlite://", url)
    assert _folder(folder) == before


def test_a_folder_that_cannot_be_written_to(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can know before it is tried; then a sentence says what to do."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise PermissionError(13, "Permission denied", "name")

    monkeypatch.setattr("pytest_demodata.databases.sqlite.mkstemp", refuse)
    pytester.makepyfile("def test_it(demo_db): pass")
    result = run("--demodata-url=sqlite:///app.db")
    result.assert_outcomes(errors=1)
    assert _section(result, "ERROR at setup of test_it") == [
        f"No temporary file can be made beside {pytester.path / 'app.db'}: Permission denied.",
        "Name a file in a folder that exists and can be written to, or use sqlite:// (in memory).",
    ]


def test_a_killed_run_leaves_nothing(start: Run, pytester: pytest.Pytester) -> None:
    """The file has no name any more when a test runs, so that even kill -9 leaves none."""
    pytester.makepyfile("""
        import os, signal
        def test_it(demo_db_small):
            demo_db_small.session.connection().exec_driver_sql("DELETE FROM inventory")
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    before = sorted(pytester.path.iterdir())
    result = start("-p", "no:cacheprovider", "--demodata-url=sqlite:///app.db")
    assert result.ret == -9
    left = {path.name for path in pytester.path.iterdir()} - {path.name for path in before}
    assert {name for name in left if not name.startswith(("runpytest", "__", "std"))} == set()


# Generations that do not end well


def _stopping(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, *, after: int, times: int = 1
) -> None:
    """Have the loading of the `after`-th chunk fail, a number of times."""
    sqlite = pytest_demodata.databases.sqlite.Sqlite
    loader, calls, failures = sqlite.loader, 0, 0

    def stopping(*arguments: object) -> object:
        nonlocal calls, failures
        calls += 1
        if calls >= after and failures < times:
            calls, failures = 0, failures + 1
            raise error
        return loader(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite, "loader", stopping)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///app.db"])
def test_a_generation_that_fails(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """The tests that need it say why, without a traceback; nothing is left, and others pass."""
    _stopping(monkeypatch, OSError("disk full"), after=3)
    pytester.makepyfile("""
        def test_one(demo_db_small): pass
        def test_two(demo_db_small): pass
        def test_other(demo_db_medium): pass
    """)
    before = {path.name for path in pytester.path.iterdir()}
    result = run("-p", "no:cacheprovider", f"--demodata-url={url}")
    result.assert_outcomes(passed=1, errors=2)
    for test in ("test_one", "test_two"):
        assert _section(result, f"ERROR at setup of {test}") == [
            "Filling table 'customers', rows 1 to 25, stopped with OSError: disk full.",
            "Everything that this generation had done is undone.",
        ]
    assert _told(result)[1:] == [MADE_MEDIUM]
    assert {path.name for path in pytester.path.iterdir()} - {"__pycache__"} == before


def test_a_generation_that_works_the_second_time(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With pytest-rerunfailures a failed attempt is tried again, on clean ground."""
    pytest.importorskip("pytest_rerunfailures")
    _stopping(monkeypatch, OSError("disk full"), after=3)
    pytester.makepyfile(f"""
        def test_one(demo_db_small):
            assert demo_db_small.digests == {GOLDEN["en_US small"]!r}
        def test_two(demo_db_small): pass
    """)
    result = run("--reruns=1")
    assert result.parseoutcomes() == {"passed": 2, "rerun": 1}
    assert _told(result) == [SETTINGS_LINE, MADE_SMALL]


def test_a_flaky_test_is_run_again_on_the_data_as_generated(
    run: Run, pytester: pytest.Pytester
) -> None:
    """What the first attempt wrote is gone in the second."""
    pytest.importorskip("pytest_rerunfailures")
    pytester.makepyfile("""
        from sqlalchemy import text
        attempts = []

        def test_flaky(demo_db_small):
            attempts.append(1)
            query = text("SELECT count(*) FROM inventory")
            assert demo_db_small.session.scalar(query) == 100
            demo_db_small.session.execute(text("DELETE FROM inventory"))
            demo_db_small.session.commit()
            assert len(attempts) == 3
    """)
    result = run("--reruns=2")
    assert result.parseoutcomes() == {"passed": 1, "rerun": 2}


def test_an_interrupted_generation(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends the run as it ends any, with nothing left."""
    _stopping(monkeypatch, KeyboardInterrupt(), after=3)
    pytester.makepyfile("""
        def test_one(demo_db_small): pass
        def test_two(demo_db_small): pass
    """)
    before = {path.name for path in pytester.path.iterdir()}
    result = run("-p", "no:cacheprovider", "--demodata-url=sqlite:///app.db")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert _told(result) == [SETTINGS_LINE.replace("sqlite://", "sqlite:///app.db")]
    assert {path.name for path in pytester.path.iterdir()} - {"__pycache__"} == before


# Runs of other kinds


SUITE: Final = """
    from sqlalchemy import text

    def test_write(demo_db_small):
        demo_db_small.session.execute(text("DELETE FROM inventory"))
        demo_db_small.session.commit()

    def test_read(demo_db_small, demo_db_medium):
        for db in (demo_db_small, demo_db_medium):
            query = text("SELECT count(*) FROM inventory")
            if db.session.scalar(query) != db.counts["inventory"]:
                raise RuntimeError
"""


@pytest.mark.parametrize(
    "options",
    [
        ["--import-mode=importlib"],
        ["-p", "no:cacheprovider"],
        ["-p", "no:xdist"],
        ["-p", "no:terminal"],
        ["-p", "no:capture"],
        ["-p", "no:faulthandler", "-p", "no:threadexception", "-p", "no:unraisableexception"],
        ["-s", "--setup-show"],
        ["-x", "--maxfail=1", "--showlocals", "--tb=long"],
        ["--assert=plain", "-ra", "--durations=0"],
    ],
    ids=" ".join,
)
def test_runs_with_other_options(run: Run, pytester: pytest.Pytester, options: list[str]) -> None:
    """The plugin needs none of pytest's others, and disturbs none."""
    pytester.makepyfile(SUITE)
    result = run(*options)
    assert result.ret == pytest.ExitCode.OK
    if options != ["-p", "no:terminal"]:
        assert len(_told(result)) == 2


def test_a_run_without_docstrings_and_asserts(pytester: pytest.Pytester) -> None:
    """`python -OO` strips both, and the fixtures work."""
    pytester.makepyfile(SUITE)
    ignored = "ignore:assertions not in test modules:pytest.PytestConfigWarning"
    command = [sys.executable, "-OO", "-m", "pytest", *QUIET, "-W", ignored]
    result = pytester.run(*command)
    result.assert_outcomes(passed=2)


def test_two_runs_in_one_process(run: Run, pytester: pytest.Pytester) -> None:
    """Each run has settings, datasets and lines of its own."""
    pytester.makepyfile("def test_it(demo_db): assert demo_db.session.connection()")
    assert _told(run("--demodata-volume=small"))[1:] == [MADE_SMALL]
    assert _told(run()) == [SETTINGS_LINE, MADE_MEDIUM]


def test_a_run_inside_a_test_that_uses_a_demo_database(
    run: Run, pytester: pytest.Pytester, demo_db_small: pytest_demodata.DemoDatabase
) -> None:
    """A run inside a test, as pytester makes them, leaves the outer one's data alone."""
    demo_db_small.connection.exec_driver_sql("DELETE FROM inventory")
    pytester.makepyfile(SUITE)
    run().assert_outcomes(passed=2)
    query = "SELECT count(*) FROM inventory"
    assert demo_db_small.connection.exec_driver_sql(query).scalar() == 0
    demo_db_small.reset()
    assert demo_db_small.connection.exec_driver_sql(query).scalar() == 100


# What is shown of a long generation


IMPATIENT: Final = """
    import pytest_demodata.ticker

    pytest_demodata.ticker._PATIENCE = 0.05
    pytest_demodata.ticker._INTERVAL = 0.01
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize("options", [[], ["-v", "-s"]], ids=" ".join)
def test_a_terminal_shows_what_is_generated(pytester: pytest.Pytester, options: list[str]) -> None:
    """The line is written over in place, past the capture, and blank before the test's result."""
    import pty  # noqa: PLC0415 - not everywhere

    pytester.makeconftest(IMPATIENT)
    pytester.makepyfile("def test_it(demo_db): pass")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pytest", *QUIET, "--demodata-volume=large", *options]
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment):
        os.close(theirs)
        written = b""
        try:
            while more := os.read(ours, 65536):
                written += more
        except OSError:  # how Linux tells that the other end is closed
            pass
    os.close(ours)
    lines = [line.split("\r") for line in written.decode().replace("\r\n", "\n").split("\n")]
    (shown,) = (line for line in lines if any("demodata: generating" in each for each in line))
    ticks = [each for each in shown if each.strip()]
    assert len(ticks) > 2
    if not options:
        assert not ticks[-1].startswith("demodata:")
        ticks.pop()
    for tick in ticks:
        assert re.fullmatch(r"demodata: generating large: [a-z]+, [\d,]+ of 45,009 rows *", tick), (
            tick
        )
        assert len(tick) == 99
    blank = shown.index(" " * 99)
    assert not any("generating" in each for each in shown[blank:])
    assert "1 passed" in lines[-2][0]


@pytest.mark.parametrize("options", [[], ["-s"], ["--capture=sys"], ["-v"]], ids=" ".join)
def test_a_pipe_gets_nothing_of_it(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """Where output is no terminal, nothing is written but the report."""
    monkeypatch.setattr("pytest_demodata.ticker._PATIENCE", 0)
    pytester.makepyfile("def test_it(demo_db_small): pass")
    result = run(*options)
    result.assert_outcomes(passed=1)
    assert _told(result) == [SETTINGS_LINE, MADE_SMALL]
    assert "generating" not in result.stdout.str() + result.stderr.str()
