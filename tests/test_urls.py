"""The URLs that demo databases stand on, those they do not, and the secrets that nobody sees."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, Protocol
from urllib.parse import quote

# The runs inside the tests find these loaded, and do not load them each time anew.
import psycopg  # noqa: F401
import pymysql  # noqa: F401
import pytest
from sqlalchemy import URL, make_url

import pytest_demodata.demo_database  # noqa: F401
from pytest_demodata.errors import SettingError
from pytest_demodata.masking import Masks
from pytest_demodata.urls import DatabaseUrl, names_file, read_url, url_of

if TYPE_CHECKING:
    from users_database import UsersDatabase

FILES_ALLOWED: Final = (
    "Allowed: sqlite:// (in memory), or sqlite:///file (in a temporary file beside it)."
)
ALLOWED: Final = (
    f"{FILES_ALLOWED[:-1].replace(', or', ',')}, "
    "postgresql+psycopg://user:password@host:port/database, and the same with mysql+pymysql or "
    "mariadb+pymysql."
)
FOLDERS_ALLOWED: Final = (
    "Allowed: a file in a folder that exists; the temporary file stands beside it."
)
NO_SCHEME: Final = f"The URL does not begin with a scheme and '://'.\n{ALLOWED}"
ASYNC: Final = (
    "an async driver: the data stays on one sync connection, and the async_engine of a demo "
    "database gives it to asyncio code."
)
NO_PORT: Final = (
    "The URL begins with 'postgresql+psycopg', and what follows the ':' of its host is no port.\n"
    "Allowed: a number from 1 to 65535; user and password stand before an '@'."
)

PG: Final = "postgresql+psycopg"


# What is shown


@pytest.mark.parametrize(
    ("url", "masked", "secrets"),
    [
        ("sqlite://", "sqlite://", set()),
        ("sqlite:///a:b@c.db", "sqlite:///a:b@c.db", set()),
        (f"{PG}://u@h/d", f"{PG}://u@h/d", set()),
        (f"{PG}://u:@h/d", f"{PG}://u:@h/d", set()),
        (f"{PG}://u:p@h:1/d", f"{PG}://u:***@h:1/d", {"p"}),
        (f"{PG}://u:p%40/:q@[::1]:1/d", f"{PG}://u:***@[::1]:1/d", {"p%40/:q"}),
        (f"{PG}://u:a&pass=b@h/d", f"{PG}://u:***@h/d", {"a&pass=b"}),
        (f"{PG}://me@firm:p@h/d", f"{PG}://me@firm:***@h/d", {"p"}),
        (f"{PG}:///d?user=u&password=p&a=b", f"{PG}:///d?user=u&password=***&a=b", {"p"}),
        (f"{PG}://h?sslPassWord=p=q&a&b=c", f"{PG}://h?sslPassWord=***&b=c", {"p=q&a"}),
        (
            f"{PG}://h?p%61sswd=p&pwd=&api_token=q",
            f"{PG}://h?p%61sswd=***&pwd=&api_token=***",
            "pq",
        ),
        # What is not escaped, and so may end elsewhere
        (f"{PG}://u:p@ss@h/d", f"{PG}://u:***@h/d", {"p@ss"}),
        (f"{PG}://u:p@s/s@h/d", f"{PG}://u:***@h/d", {"p@s/s"}),
        (f"{PG}://u:p?s@h/d?password=q", f"{PG}://u:***", {"q"}),
        (f"{PG}://h:1/d?password=p@ss", f"{PG}://h:1/d?password=***", {"p@ss"}),
        (f"{PG}://u:secret/d", f"{PG}://u:***", set()),
        ("u:p://q@h", "u:***@h", {"p://q"}),
        ("postgresql:/u:p@h", "postgresql:***@h", {"/u:p"}),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, masked: str, secrets: set[str]) -> None:
    """The password of the user, and those among the query's values, are not in its repr."""
    assert repr(DatabaseUrl(url)) == repr(masked)
    assert f"{[DatabaseUrl(url)]}" == f"[{masked!r}]"
    assert DatabaseUrl(url).masked == masked
    assert DatabaseUrl(url).secrets == set(secrets)
    assert DatabaseUrl(url) == url


def test_a_url_is_still_one_to_sqlalchemy() -> None:
    """Only its repr differs from the text's."""
    url = read_url("postgresql+psycopg://u:p%40ss@h:1/d?sslpassword=q")
    assert make_url(url) == URL.create(
        "postgresql+psycopg", "u", "p@ss", "h", 1, "d", {"sslpassword": "q"}
    )
    assert f"{url}" == "postgresql+psycopg://u:p%40ss@h:1/d?sslpassword=q"


@pytest.mark.parametrize(
    ("url", "said", "scrubbed"),
    [
        ("sqlite:///pass", "pass:pass@pass", "pass:pass@pass"),
        # However it is written: as in the URL, decoded, in a repr, for libpq, escaped otherwise
        (f"{PG}://u:a%40b'c%20d-é@h", "'a%40b'c%20d-é' a@b'c d-é.", "'***' ***."),
        (f"{PG}://u:a%40b'c%20d-é@h", r"'a@b\'c d-é' a%40b%27c+d-%C3%A9", "'***' ***"),
        (f"{PG}://h?password=longer+one", "xlonger onex longer+one longer%20one", "x***x *** ***"),
        (
            f"{PG}://h?password=longer",
            "lon...nger 'lo...er' along...",
            "***...*** 'lo...er' along...",
        ),
        (
            f"{PG}://u:{'long' * 9}@h",
            f"{'long' * 8}...nglong 'l...{'long' * 8}'",
            "***...*** 'l...***'",
        ),
        (f"{PG}://u:a%40b@h", "u:a\x1b[0m\x1b[33m%40\x1b[0mb@h", "u:***@h"),
        # A short one is a word of its own
        (f"{PG}://u:test@h", "test tests a.test_b", "*** tests a.test_b"),
        (
            f"{PG}://u:test@h",
            "'\x1b[33mtest\x1b[0m' 'a\\ntest' [2mtest",
            "'\x1b[33m***\x1b[0m' 'a\\n***' [2m***",
        ),
        # One that is too short, or is public anyway, stands where passwords do
        (f"{PG}://u:ab@h", "ab :ab@h {'password': 'ab'}", "ab :***@h {'password': '***'}"),
        (
            "mysql+pymysql://root:root@h",
            "root mysql://root:root@h password=root PGPASSWORD: root, root's",
            "root mysql://root:***@h password=*** PGPASSWORD: ***, root's",
        ),
    ],
)
def test_a_text_without_the_secrets_of_a_url(url: str, said: str, scrubbed: str) -> None:
    """What others say is freed of them, and what is no secret stays."""
    assert DatabaseUrl(url).scrub(said) == scrubbed


# Which there can be


@pytest.mark.parametrize(
    "text",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite+pysqlite://",
        "sqlite:///new.db",
        "sqlite:///sub/new.db",
        "sqlite:///sub/../new file's.db",
        "sqlite:///file:new.db",
        "sqlite:///a@b:c@d.db",
        " sqlite://\n",
    ],
)
def test_the_urls_of_sqlite(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In memory, or a file, whether it is there or not, in a folder that is there."""
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    assert read_url(text) == text.strip()
    assert names_file(read_url(text)) == ("d" in text)
    assert read_url(f"sqlite:///{tmp_path}/new.db") == f"sqlite:///{tmp_path}/new.db"
    assert [path.name for path in tmp_path.iterdir()] == ["sub"]


@pytest.mark.parametrize(
    "text",
    [
        "postgresql+psycopg://",
        "postgresql+psycopg:///d?host=/run/postgresql&password=p%40",
        "postgresql+psycopg://h",
        "postgresql+psycopg://me@firm:p/q:%40@h:5432/d?sslmode=require",
        "mysql+pymysql://u:p@[::1]:65535",
        "mariadb+pymysql://u@h/",
    ],
)
def test_the_urls_of_servers(text: str) -> None:
    """What the two drivers take, as a text or as SQLAlchemy's; SQLAlchemy reads the same."""
    assert read_url(f" {text}\n") == text
    assert make_url(read_url(make_url(text))) == make_url(text)
    assert not names_file(text)


@pytest.mark.parametrize("value", [None, 7, Path("x.db")], ids=repr)
def test_what_is_no_url_at_all(value: object) -> None:
    """A fixture may return anything."""
    with pytest.raises(SettingError) as caught:
        read_url(value)
    assert str(caught.value) == (
        f"The URL is {value!r}.\nAllowed: a text such as 'sqlite://', or a URL of SQLAlchemy's."
    )


def test_a_password_of_any_characters() -> None:
    """Of a URL that SQLAlchemy writes, it reads the same."""
    url = URL.create(PG, "u@v:w", "p@/:?#[]%&= ü+", "h", 1, "d", {"sslpassword": "@/:?#&= ü+"})
    read = read_url(url)
    assert make_url(read) == url
    assert read.masked == "postgresql+psycopg://u%40v%3Aw:***@h:1/d?sslpassword=***"
    assert url_of(read) is read


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", NO_SCHEME),
        ("sqlite", NO_SCHEME),
        ("sqlite:new.db", NO_SCHEME),
        ("://", NO_SCHEME),
        ("u:secret@host/db", NO_SCHEME),
        ("u:secret://@host/db", NO_SCHEME),
        ("sqlite://new.db", f"The URL is 'sqlite://new.db'.\n{FILES_ALLOWED}"),
        ("sqlite:///x?mode=ro", f"The URL is 'sqlite:///x?mode=ro'.\n{FILES_ALLOWED}"),
        ("sqlite://u:secret@h/d", f"The URL is 'sqlite://u:***@h/d'.\n{FILES_ALLOWED}"),
        (
            "oracle://u:secret@h/d",
            f"The URL begins with 'oracle', on which there are no demo databases.\n{ALLOWED}",
        ),
        (
            "Postgresql+psycop://u:secret@h/d",
            "The URL begins with 'Postgresql+psycop', on which there are no demo databases.\n"
            f"{ALLOWED}\nDid you mean 'postgresql+psycopg'?",
        ),
        (
            "postgresql://u:secret@h/d?password=secret",
            "The URL begins with 'postgresql', and the demo databases work through "
            "'postgresql+psycopg'.\nWrite 'postgresql+psycopg://u:***@h/d?password=***'.",
        ),
        (
            "postgres://u:se@cret@h/d",
            "The URL begins with 'postgres', and the demo databases work through "
            "'postgresql+psycopg'.\nWrite 'postgresql+psycopg://u:***@h/d'.",
        ),
        (
            "postgresql+psycopg2://h/d",
            "The URL begins with 'postgresql+psycopg2', and the demo databases work through "
            "'postgresql+psycopg'.\nWrite 'postgresql+psycopg://h/d'.",
        ),
        (
            "mysql://h/d",
            "The URL begins with 'mysql', and the demo databases work through 'mysql+pymysql'.\n"
            "Write 'mysql+pymysql://h/d'.",
        ),
        (
            "mariadb+mysqldb://h/d",
            "The URL begins with 'mariadb+mysqldb', and the demo databases work through "
            "'mariadb+pymysql'.\nWrite 'mariadb+pymysql://h/d'.",
        ),
        (
            "postgresql+asyncpg://u:secret@h/d",
            f"The URL begins with 'postgresql+asyncpg', {ASYNC}\n"
            "Write 'postgresql+psycopg://u:***@h/d'.",
        ),
        (
            "postgresql+psycopg_async://h/d",
            f"The URL begins with 'postgresql+psycopg_async', {ASYNC}\n"
            "Write 'postgresql+psycopg://h/d'.",
        ),
        (
            "mysql+aiomysql://h/d",
            f"The URL begins with 'mysql+aiomysql', {ASYNC}\nWrite 'mysql+pymysql://h/d'.",
        ),
        (
            "mariadb+asyncmy://h/d",
            f"The URL begins with 'mariadb+asyncmy', {ASYNC}\nWrite 'mariadb+pymysql://h/d'.",
        ),
        (
            "sqlite+aiosqlite:///x.db",
            f"The URL begins with 'sqlite+aiosqlite', {ASYNC}\nWrite 'sqlite:///x.db'.",
        ),
        ("postgresql+psycopg://h:0/d", NO_PORT),
        ("postgresql+psycopg://u:p@h:65536/d", NO_PORT),
        ("postgresql+psycopg://u:p@h:5432,g:5432/d", NO_PORT),
        ("postgresql+psycopg://u:secret/d", NO_PORT),
        ("postgresql+psycopg://u:p@[::1]:secret?a=b", NO_PORT),
    ],
)
def test_no_url(text: str, sentence: str) -> None:
    """What demo databases cannot stand on is refused, with what to write; no secret is shown."""
    with pytest.raises(SettingError) as caught:
        read_url(text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql+psycopg://u:se@cret@h/d", "postgresql+psycopg://u:***@h/d"),
        ("mysql+pymysql://u:p@se/cret@h/d", "mysql+pymysql://u:***@h/d"),
        ("mysql+pymysql://u:secret@h/d@e", "mysql+pymysql://u:***@e"),
        ("mysql+pymysql://u:sec?ret@h/d", "mysql+pymysql://u:***"),
        ("postgresql+psycopg://h:1/d?password=se@cret", "postgresql+psycopg://h:1/d?password=***"),
        ("postgresql+psycopg://u:secret@h/d?options=a@b", "postgresql+psycopg://u:***"),
    ],
)
def test_a_password_that_is_not_escaped(text: str, shown: str) -> None:
    """SQLAlchemy would take a part of it for the host, and the driver's error show it."""
    with pytest.raises(SettingError) as caught:
        read_url(text)
    if "password=" in text:
        shown = "postgresql+psycopg://h:1/d?password=***"
    assert str(caught.value) == (
        f"The URL is {shown!r}, and its password may end at more than one place.\n"
        "Write %40 for each '@' in the password and the query, and %3F for a '?' in the password."
    )


@pytest.mark.parametrize(
    ("url", "driver", "extra"),
    [
        ("postgresql+psycopg://u:secret@h/d", "psycopg", "postgresql"),
        ("mysql+pymysql://u:secret@h/d", "pymysql", "mysql"),
        ("mariadb+pymysql://u:secret@h/d", "pymysql", "mysql"),
    ],
)
def test_a_driver_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, url: str, driver: str, extra: str
) -> None:
    """How to install it is told before any test; it is looked for, and not loaded."""
    monkeypatch.setattr(
        "pytest_demodata.urls.find_spec", lambda name: None if name == driver else 1
    )
    with pytest.raises(SettingError) as caught:
        read_url(url)
    assert str(caught.value) == (
        f"The URL begins with {url.partition('://')[0]!r}, and the driver {driver} is not "
        f"installed.\nInstall it: pip install 'pytest-demodata[{extra}]'."
    )


def test_a_file_in_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is missing, or is a file, is named; so is a folder where a file should be."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    faults = {
        "sqlite:///none/x.db": f"there is no folder {tmp_path / 'none'}",
        "sqlite:///file/x.db": f"there is no folder {tmp_path / 'file'}",
        "sqlite:////none/x.db": f"there is no folder {Path('/none')}",
        "sqlite:///~/x.db": f"there is no folder {tmp_path / '~'}",
        "sqlite:///folder": f"{tmp_path / 'folder'} is a folder",
        "sqlite:///folder/": f"{tmp_path / 'folder'} is a folder",
        "sqlite:///.": f"{tmp_path} is a folder",
    }
    for url, why in faults.items():
        with pytest.raises(SettingError) as caught:
            read_url(url)
        assert str(caught.value) == f"The URL is {url!r}, and {why}.\n{FOLDERS_ALLOWED}"


def test_masks_know_nothing_at_first() -> None:
    """Without a secret, every report stays what it is; None, or a number, is no URL."""
    masks = Masks()
    for value in (None, 7, "sqlite://", "nonsense"):
        masks.learn(value)
    report = object()
    assert masks.hide(report) is report
    masks.learn(make_url("postgresql+psycopg://u:secret@h"))
    assert masks.hide([("secret", 7, report)]) == [("***", 7, report)]


# What pytest reports

WORD: Final = "s3kr1t"
"""A part of every password, which no output may hold."""

HIDDEN: Final = f"p@{WORD}/é:w"


class Run(Protocol):
    """Runs pytest, and returns what it printed and wrote."""

    def __call__(self, *arguments: str) -> str:
        """Run it with these arguments."""


@pytest.fixture
def hidden() -> list[str]:
    """What nothing may hold that pytest prints or writes; a test may add to it."""
    return [WORD]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, hidden: list[str]) -> Run:
    """Run pytest, and look for the password in all that it printed, wrote and cached."""
    for name in ("VOLUME", "SEED", "URL", "LOCALE", "AS_OF"):
        monkeypatch.delenv(f"DEMODATA_{name}", raising=False)
    sources = {".py", ".pyc", ".ini"}

    def run(*arguments: str) -> str:
        shutil.rmtree(pytester.path / ".pytest_cache", ignore_errors=True)
        quiet = ("-pno:hypothesispytest", "-pno:faker", "-pno:randomly", "--color=yes")
        everything = (*quiet, "--junitxml=report.xml", *arguments)
        if "-n" in arguments:
            result = pytester.runpytest_subprocess(*everything)
        else:
            result = pytester.runpytest_inprocess(*everything, no_reraise_ctrlc=True)
        printed = result.stdout.str() + result.stderr.str()
        written = [
            path.read_text("utf-8", errors="replace")
            for path in pytester.path.rglob("*")
            if path.is_file() and path.suffix not in sources
        ]
        assert not [word for word in hidden for each in (printed, *written) if word in each]
        return printed

    return run


LOUD: Final = (
    ("-l", "--full-trace", "-vv"),
    ("--tb=long", "--showlocals", "-rA", "-n", "2"),
    ("--tb=native", "--setup-show"),
)
"""What makes pytest show most of what it knows."""


@pytest.fixture
def refused() -> str:
    """A URL with a password, where nothing listens."""
    return f"{PG}://u:{quote(HIDDEN, safe='')}@127.0.0.1:1/d"


FAILING: Final = """
    def test_database(demo_db_small): pass
    def test_again(demo_db_small, demodata_url): pass

    def test_url(demodata_url):
        url = copy = str(demodata_url)
        print(url)
        assert {"url": demodata_url} == {"url": copy + "x"}
"""


@pytest.mark.parametrize("arguments", LOUD, ids=" ".join)
@pytest.mark.parametrize("place", ["option", "variable", "ini", "conftest", "sqlalchemy", "query"])
def test_no_report_shows_a_password(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    run: Run,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    refused: str,
    place: str,
    arguments: tuple[str, ...],
) -> None:
    """Wherever the URL comes from, whatever is wrong, and however much pytest is to show."""
    pytester.makepyfile(FAILING)
    url = refused
    if place == "query":
        url = f"{PG}://127.0.0.1:1/d?user=u&password={quote(HIDDEN, safe='')}&sslpassword={WORD}"
    if place in {"option", "query"}:
        arguments = (*arguments, f"--demodata-url={url}")
    if place == "variable":
        monkeypatch.setenv("DEMODATA_URL", url)
    if place == "ini":
        pytester.makeini(f"[pytest]\ndemodata_url = {url}")
    if place in {"conftest", "sqlalchemy"}:
        code = f"{url!r}" if place == "conftest" else f"sqlalchemy.make_url({url!r})"
        pytester.makeconftest(f"""
            import pytest, sqlalchemy

            @pytest.fixture(scope="session")
            def demodata_url():
                return {code}
        """)
    printed = run(*arguments)
    assert "nothing listens there" in printed
    assert "***" in printed


@pytest.mark.parametrize(
    "arguments",
    [
        ("--collect-only",),
        ("--fixtures", "-v"),
        ("--trace-config",),
        ("--setup-plan",),
        ("--help",),
    ],
    ids=" ".join,
)
def test_nothing_that_is_shown_of_a_run_is_a_password(
    run: Run, pytester: pytest.Pytester, refused: str, arguments: tuple[str, ...]
) -> None:
    """What only looks at the tests shows none either."""
    pytester.makepyfile(FAILING)
    run(f"--demodata-url={refused}", *arguments)


def test_a_url_that_is_refused_shows_no_password(run: Run, pytester: pytest.Pytester) -> None:
    """A password that is not escaped is in no usage error, nor in any format."""
    pytester.makepyfile(FAILING)
    printed = run(f"--demodata-url={PG}://u:a@{WORD}@h/d", "-l", "--full-trace", "-vv")
    assert printed.strip().startswith(
        "ERROR: --demodata-url: The URL is 'postgresql+psycopg://u:***@h/d', and its password may "
    )


def test_parameters_are_named_without_the_password(
    run: Run, pytester: pytest.Pytester, refused: str
) -> None:
    """Where demodata_url has parameters, neither the tests' names nor --setup-show show it."""
    pytester.makeconftest(f"""
        import pytest

        @pytest.fixture(scope="session", params=["sqlite://", {refused!r}, None])
        def demodata_url(request):
            return request.param or "sqlite:///:memory:"
    """)
    pytester.makepyfile("""
        import pytest

        def test_url(demodata_url): pass
        def test_database(demo_db_small): pass

        @pytest.mark.parametrize("url", ["postgresql+psycopg://u:p@h"])
        def test_other(url): pass
    """)
    printed = run("-v", "--setup-show", "--color=no")
    assert "test_url[sqlite://] " in printed
    assert f"test_url[{DatabaseUrl(refused).masked}] " in printed
    assert "test_other[postgresql+psycopg://u:p@h] " in printed
    assert printed.count("SETUP    S demodata_url['sqlite://']") == 1


def test_ctrl_c_shows_no_password(run: Run, pytester: pytest.Pytester, refused: str) -> None:
    """Also where --full-trace shows the arguments of all that was at work."""
    pytester.makeconftest(f"""
        import pytest

        @pytest.fixture(scope="session")
        def demodata_url():
            return {refused!r}
    """)
    pytester.makepyfile("""
        def test_stopped(demodata_url):
            raise KeyboardInterrupt
    """)
    assert "demodata_url = 'postgresql+psycopg://u:***@127" in run("--full-trace", "--color=no")


@pytest.mark.parametrize("driver", ["psycopg", "pymysql"])
def test_ctrl_c_while_connecting_shows_no_password(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    """Nothing of the driver's is in the traceback."""

    def stop(*arguments: object, **named: object) -> NoReturn:
        assert HIDDEN in f"{arguments} {named}"
        raise KeyboardInterrupt

    monkeypatch.setattr(f"{driver}.connect", stop)
    backend = "postgresql" if driver == "psycopg" else "mysql"
    pytester.makepyfile("def test_stopped(demo_db_small): pass")
    url = f"{backend}+{driver}://u:{quote(HIDDEN, safe='')}@h/d"
    printed = run("--full-trace", "--color=no", f"--demodata-url={url}")
    assert "connecting.py" in printed
    assert "test_urls.py" not in printed


def test_what_cannot_be_collected_shows_no_password(
    run: Run, pytester: pytest.Pytester, refused: str
) -> None:
    """A module that fails while it is imported is shown with what it knew."""
    pytester.makepyfile(f"""
        def use(url):
            raise RuntimeError(url)

        use({refused!r})
    """)
    printed = run("-l", "--full-trace", f"--demodata-url={refused}")
    assert "RuntimeError: postgresql+psycopg://u:***@127" in printed


def test_a_plugin_that_fails_shows_no_password(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    """An internal error is shown with the locals of everybody."""
    pytester.makeconftest("""
        def pytest_runtest_logstart():
            import os
            raise RuntimeError(os.environ["DEMODATA_URL"])
    """)
    pytester.makepyfile("def test_it(demodata_url): pass")
    monkeypatch.setenv("DEMODATA_URL", refused)
    assert "RuntimeError: postgresql+psycopg://u:***@127" in run("-l", "--full-trace")


# On a server


ON_A_SERVER: Final = """
    import pytest
    from sqlalchemy import text

    def test_database(demo_db_small, demodata_url):
        engine, url = demo_db_small.engine, str(demodata_url)
        demo_db_small.session.execute(text("SELECT nothing"))

    def test_compare(demo_db_small, demodata_url):
        assert demodata_url == repr(demo_db_small) + demodata_url[20:]

    def test_stop(demo_db_small, demodata_url):
        raise KeyboardInterrupt
"""


@pytest.fixture
def server(users: UsersDatabase, hidden: list[str]) -> DatabaseUrl:
    """A URL on each server, of a user who needs the password."""
    url = DatabaseUrl(users.url)
    hidden.extend(url.secrets)
    return url


@pytest.mark.parametrize("arguments", LOUD, ids=" ".join)
def test_tests_that_fail_on_a_server_show_no_password(
    run: Run, pytester: pytest.Pytester, server: DatabaseUrl, arguments: tuple[str, ...]
) -> None:
    """The database is there, and what fails are the tests."""
    conftest = f"""
        import pytest

        @pytest.fixture(scope="session")
        def demodata_url():
            return {str(server)!r}
    """
    pytester.makepyfile(conftest=conftest, test_all=ON_A_SERVER)
    printed = run(*arguments, "-k", "not stop")
    assert "nothing" in printed
    assert server.masked in printed


def test_ctrl_c_on_a_server_shows_no_password(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, server: DatabaseUrl
) -> None:
    """Nor does it where all of the data's connections are open."""
    monkeypatch.setenv("DEMODATA_URL", server)
    pytester.makepyfile(ON_A_SERVER)
    printed = run("--color=no", "--full-trace", "-k", "stop")
    assert f"demodata_url = {server!r}" in printed


def test_a_redefined_url_is_told_without_the_password(
    run: Run, pytester: pytest.Pytester, server: DatabaseUrl
) -> None:
    """The last line says where the data was; a folder's own URL came too late to be heard."""
    for folder, url in {"a": str(server), "b": "sqlite://", "c": f"{server}?charset=utf8"}.items():
        pytester.mkpydir(folder).joinpath("conftest.py").write_text(
            f"import pytest\n@pytest.fixture(scope='session')\ndef demodata_url(): return {url!r}\n"
        )
        (pytester.path / folder / f"test_{folder}.py").write_text(
            "def test_it(demo_db_small, demodata_url): pass\n"
        )
    printed = run("--color=no")
    assert f"demodata: made small, url {server.masked}, 572 rows in " in printed
    for other in ("'sqlite://'", repr(DatabaseUrl(f"{server}?charset=utf8"))):
        assert (
            f"This test has the demodata_url {other}, but the demo databases of this session are "
            f"made with {server!r}.\n"
        ) in printed


def test_a_generation_that_fails_on_a_server_shows_no_password(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, server: DatabaseUrl
) -> None:
    """An error that nobody foresaw is shown with all that led to it."""

    def fail(*_: object) -> NoReturn:
        raise OSError(str(server))

    pytester.makepyfile(ON_A_SERVER)
    monkeypatch.setattr("pytest_demodata.provision.DataGenerator.generate", fail)
    printed = run("-l", "--full-trace", f"--demodata-url={server}")
    assert f"OSError: {server.masked}" in printed


def test_a_database_that_is_not_there_shows_no_password(
    run: Run, pytester: pytest.Pytester, server: DatabaseUrl
) -> None:
    """The whole text stands in the report, with the names and without the secret."""
    pytester.makepyfile("def test_it(demo_db_small): pass")
    url = make_url(server).set(database="demodata_nodb").render_as_string(hide_password=False)
    printed = run("--color=no", f"--demodata-url={url}")
    assert f"for user '{make_url(server).username}' and database 'demodata_nodb': " in printed
