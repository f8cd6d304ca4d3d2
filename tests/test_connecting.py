"""Connecting to a server: one clear text for whatever goes wrong, soon, and without a password."""

from __future__ import annotations

import secrets
import socket
import struct
import threading
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final, NoReturn

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from pytest_demodata.databases import connecting
from pytest_demodata.databases.connecting import connected
from pytest_demodata.errors import NoConnectionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PASSWORD: Final = "p@s3kr1t/:'w"  # noqa: S105 - of users that are made here
WORD: Final = "s3kr1t"

PG: Final = URL.create("postgresql+psycopg", "u", PASSWORD, "127.0.0.1", database="d")
MY: Final = URL.create("mysql+pymysql", "u", PASSWORD, "127.0.0.1", database="d")

HOST_AND_PORT: Final = "Start the server, or correct host and port."
WHICH_SERVER: Final = (
    "Look which server has this port, and correct the port or the scheme of the URL."
)
WHICH_OR_MORE_TIME: Final = f"{WHICH_SERVER[:-1]}; or give it more time: ?connect_timeout=60."
USER: Final = (
    "Correct user and password; write %40 for an '@' in them, %2F for a '/', %25 for a '%'."
)
GIVE_ONE: Final = (
    "Give it one, as user:password@host, best in DEMODATA_URL; write %40 for an '@' in it, %2F for "
    "a '/', %25 for a '%'."
)
CREATE_USER: Final = (
    "Create the role, or correct the user; where the URL names none, it is that of the operating "
    "system."
)
LOGIN: Final = "ALTER ROLE … LOGIN lets the role, or name another user."
FROM_HERE: Final = "Correct user and database, or have the server let them in from here."
RIGHT: Final = "Grant it, or name another database; its own tables stay as they are."
CREATE: Final = "Create it, or name one that is there; its own tables stay as they are."
MORE_TIME: Final = "Correct host and port, or give it more time: ?connect_timeout=60."
FEWER: Final = (
    "Each volume, on each worker of pytest-xdist, holds one for the whole session: run fewer "
    "workers, or raise the limit."
)
READY: Final = "Wait until it is ready before the tests begin."
ENCRYPTION: Final = "Correct the options for TLS in the URL's query, and the files that they name."
OPTION: Final = "Correct it, or leave it out."
OTHERWISE: Final = "Try the URL with a client of the database's own."


def _refusal(url: URL, **connect_args: object) -> list[str]:
    """Return what is said where there is no connection; no part of it shows the password."""
    with pytest.raises(NoConnectionError) as caught, connected(url, **connect_args):
        raise AssertionError(url)
    error = caught.value
    assert error.__context__ is error.__cause__ is None
    assert WORD not in str(error)
    assert {Path(str(entry.path)).name for entry in caught.traceback} <= {
        *("test_connecting.py", "connecting.py", "contextlib.py")
    }
    return str(error).split("\n")


def _without_password(url: URL) -> URL:
    return url._replace(password=None)  # URL.set takes None for nothing to be set


# Servers that say what they are told


@contextmanager
def _listening(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    """Listen on a port, and answer whoever comes."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with closing(client), suppress(ConnectionError):
                    answer(client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _silent(client: socket.socket) -> None:
    """Say nothing until the other side hangs up."""
    while client.recv(4096):
        pass


def _web(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


_NO_TLS: Final = (struct.pack("!II", 8, 80877103), struct.pack("!II", 8, 80877104))


def _postgresql(code: str, message: str) -> Callable[[socket.socket], None]:
    """Ask for the password, as PostgreSQL does, and refuse it."""
    fields = f"SFATAL\0VFATAL\0C{code}\0M{message}\0\0".encode()

    def answer(client: socket.socket) -> None:
        while client.recv(4096) in _NO_TLS:
            client.sendall(b"N")
        client.sendall(b"R" + struct.pack("!II", 8, 3))
        if client.recv(4096):
            client.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)

    return answer


# What works


@pytest.fixture(params=["postgresql", "mariadb"])
def url(request: pytest.FixtureRequest) -> URL:
    """A database on each server."""
    url: URL = request.getfixturevalue(f"{request.param}_url")
    return url.difference_update_query(["connect_timeout"])


_SLEEP: Final = {"postgresql": "SELECT pg_sleep(1.2)", "mariadb": "SELECT SLEEP(1.2)"}


@pytest.mark.parametrize("query", [{}, {"connect_timeout": "2"}], ids=str)
def test_a_connection_without_limits(
    url: URL, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    """Only connecting is bounded: a statement may take as long as it needs."""
    monkeypatch.setattr(connecting, "PATIENCE", 1)
    with connected(url.update_query_dict(query)) as connection:
        connection.execute(text(_SLEEP[url.get_backend_name()]))


def test_a_limit_of_the_users_own(mariadb_url: URL) -> None:
    """What the URL bounds stays bounded."""
    url = mariadb_url.update_query_dict({"read_timeout": "1"})
    with connected(url) as connection, pytest.raises(Exception, match="timed out"):
        connection.execute(text("SELECT SLEEP(2)"))


def test_what_the_driver_is_given(postgresql_url: URL) -> None:
    """Arguments for the driver go with the URL, and before what it says."""
    with connected(postgresql_url, application_name="demo", connect_timeout=7) as connection:
        assert connection.scalar(text("SHOW application_name")) == "demo"
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.info.get_parameters()["connect_timeout"] == "7"


_SESSIONS: Final = {
    "postgresql": "SELECT pid FROM pg_stat_activity WHERE datname IS NOT NULL",
    "mariadb": "SELECT id FROM information_schema.processlist",
}
_OWN: Final = {"postgresql": "SELECT pg_backend_pid()", "mariadb": "SELECT connection_id()"}
_KILL: Final = {"postgresql": "SELECT pg_terminate_backend({0})", "mariadb": "KILL {0}"}


@pytest.mark.parametrize("how", ["used", "begun", "closed", "driver", "killed"])
def test_a_connection_is_closed_for_good(url: URL, how: str) -> None:
    """At the end the server has no session of it, and nothing fails, whatever became of it."""
    kind = url.get_backend_name()
    watch = create_engine(url, isolation_level="AUTOCOMMIT")
    with watch.connect() as watcher:
        with connected(url) as connection:
            number = connection.scalar(text(_OWN[kind]))
            assert number in set(watcher.scalars(text(_SESSIONS[kind])))
            if how != "begun":
                connection.rollback()
            if how == "closed":
                connection.close()
            driver = connection.connection.driver_connection if how == "driver" else None
            if driver is not None:
                driver.close()
            if how == "killed":
                watcher.execute(text(_KILL[kind].format(number)))
        deadline = monotonic() + 5
        while number in set(watcher.scalars(text(_SESSIONS[kind]))):
            assert monotonic() < deadline
    watch.dispose()


def test_what_goes_wrong_inside_is_not_ours(url: URL) -> None:
    """An error of whoever uses the connection is the one that arrives."""
    error = RuntimeError("theirs")
    with pytest.raises(RuntimeError, match="theirs") as caught, connected(url):
        raise error
    assert caught.value is error


# What does not


def test_where_nothing_listens() -> None:
    """The place is named, with what to start or to correct."""
    place = "127.0.0.1, port 1, for user 'u' and database 'd'"
    assert _refusal(PG.set(port=1)) == [
        f"No connection to PostgreSQL at {place}: nothing listens there.",
        'psycopg says: connection failed: connection to server at "127.0.0.1", port 1 failed: '
        "Connection refused",
        HOST_AND_PORT,
    ]
    assert _refusal(MY.set(port=1)) == [
        f"No connection to MySQL at {place}: nothing listens there.",
        "pymysql says: 2003 Can't connect to MySQL server on '127.0.0.1' ([Errno 111] Connection "
        "refused)",
        HOST_AND_PORT,
    ]


def test_a_socket_that_is_not_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A server may be on this machine, or behind a file."""
    folder = tmp_path_factory.mktemp("s")
    url = make_url(f"postgresql+psycopg://?user=u&dbname=d&password={WORD}&host={folder}")
    what, said, remedy = _refusal(url)
    assert what == (
        f"No connection to PostgreSQL at {folder}, port 5432, for user 'u' and database 'd': "
        "nothing listens there."
    )
    assert said.endswith("No such file or directory")
    assert remedy == HOST_AND_PORT
    url = make_url(f"mariadb+pymysql://?unix_socket={folder}/s")
    assert _refusal(url)[0] == "No connection to MariaDB on this machine: nothing listens there."


@pytest.mark.parametrize("url", [PG, MY], ids=["psycopg", "pymysql"])
def test_a_host_that_nobody_knows(url: URL) -> None:
    """A name that does not resolve is not a server that is down."""
    what, said, remedy = _refusal(url.set(host="nowhere.invalid"))
    assert what.endswith(
        " at nowhere.invalid, port "
        f"{5432 if url is PG else 3306}, for user 'u' and database 'd': there is no host of this "
        "name."
    )
    assert "nowhere.invalid" in said
    assert remedy == "Correct the host."


def test_a_database_that_is_not_there(url: URL) -> None:
    """It is named, as the server names it."""
    what, said, remedy = _refusal(url.set(database="nodb"))
    assert what.endswith("and database 'nodb': there is no such database.")
    assert "nodb" in said
    assert remedy == CREATE


@pytest.fixture
def user(mariadb_url: URL) -> Iterator[URL]:
    """A user of MariaDB's with a password, and one connection at a time."""
    name = f"demodata_{secrets.token_hex(4)}"
    engine = create_engine(mariadb_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE USER {name} IDENTIFIED BY %s WITH MAX_USER_CONNECTIONS 1", (PASSWORD,)
        )
        connection.exec_driver_sql(f"GRANT ALL ON {mariadb_url.database}.* TO {name}")
        yield mariadb_url.set(username=name, password=PASSWORD)
        connection.exec_driver_sql(f"DROP USER {name}")
    engine.dispose()


def test_a_password_that_is_wrong_on_mariadb(user: URL) -> None:
    """The server says so itself, and neither it nor we say the password."""
    with connected(user) as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    what, said, remedy = _refusal(user.set(password=f"not {PASSWORD}"))
    assert what.endswith("it does not let this user in with this password.")
    assert said.startswith(f"pymysql says: 1045 Access denied for user '{user.username}'@")
    assert remedy == USER
    assert _refusal(_without_password(user).update_query_dict({"password": WORD}))[2] == remedy


def test_what_mariadb_lets_a_user_in_for(user: URL) -> None:
    """A password that the URL lacks, and a database that is not theirs, are no wrong password."""
    what, said, remedy = _refusal(_without_password(user))
    assert what.endswith(
        f"for user {user.username!r} and database {user.database!r}: it does not let this user "
        "in, and the URL has no password."
    )
    assert said.startswith(f"pymysql says: 1045 Access denied for user '{user.username}'@")
    assert remedy == GIVE_ONE
    what, said, remedy = _refusal(user.set(database="mysql"))
    assert what.endswith(" and database 'mysql': this user has no right to the database.")
    assert said.startswith("pymysql says: 1044 ")
    assert remedy == RIGHT


@pytest.fixture
def role(postgresql_url: URL) -> Iterator[str]:
    """A role of PostgreSQL's that may not log in."""
    name = f"demodata_{secrets.token_hex(4)}"
    engine = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} NOLOGIN")
        yield name
        connection.exec_driver_sql(f"DROP ROLE {name}")
    engine.dispose()


def test_a_role_that_postgresql_does_not_let_in(postgresql_url: URL, role: str) -> None:
    """That there is none is told from one that may not."""
    what, said, remedy = _refusal(postgresql_url.set(username=f"{role}_x"))
    assert f"for user '{role}_x' and database " in what
    assert what.endswith(": there is no such user.")
    assert said.endswith(f'FATAL:  role "{role}_x" does not exist')
    assert remedy == CREATE_USER
    what, said, remedy = _refusal(postgresql_url.set(username=role))
    assert what.endswith(": this user may not log in.")
    assert said.endswith(f'FATAL:  role "{role}" is not permitted to log in')
    assert remedy == LOGIN


def test_a_connection_limit_on_mariadb(user: URL) -> None:
    """Who holds the connections is told: it may be this run."""
    with connected(user):
        what, said, remedy = _refusal(user)
    assert what.endswith(": it has no connection left.")
    assert said.startswith("pymysql says: 1226 User ")
    assert remedy == FEWER


def test_a_connection_limit_on_postgresql(postgresql_url: URL) -> None:
    """The limit may be that of the role."""
    name = f"demodata_{secrets.token_hex(4)}"
    engine = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD 'x' CONNECTION LIMIT 0")
        what, said, remedy = _refusal(postgresql_url.set(username=name, password="x"))  # noqa: S106
        connection.exec_driver_sql(f"DROP ROLE {name}")
    engine.dispose()
    assert what.endswith(": it has no connection left.")
    assert said.endswith(f'FATAL:  too many connections for role "{name}"')
    assert remedy == FEWER


@pytest.mark.parametrize(
    ("code", "said", "what", "remedy"),
    [
        (
            "28P01",
            'password authentication failed for user "u"',
            "it does not let this user in with this password",
            USER,
        ),
        (
            "28000",
            'no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", no encryption',
            "it lets no such user in from this machine",
            FROM_HERE,
        ),
        (
            "42501",
            'permission denied for database "d"',
            "this user has no right to the database",
            RIGHT,
        ),
        ("53300", "sorry, too many clients already", "it has no connection left", FEWER),
        (
            "53300",
            "remaining connection slots are reserved for roles with the SUPERUSER attribute",
            "it has no connection left",
            FEWER,
        ),
        ("57P03", "the database system is starting up", "it is starting or stopping", READY),
        ("XX000", f"oops {PASSWORD}", "it was refused", OTHERWISE),
    ],
)
def test_what_postgresql_says(code: str, said: str, what: str, remedy: str) -> None:
    """The server's own words follow ours, without the password if it should say it."""
    with _listening(_postgresql(code, said)) as port:
        sentences = _refusal(PG.set(port=port))
    place = f"127.0.0.1, port {port}"
    assert sentences == [
        f"No connection to PostgreSQL at {place}, for user 'u' and database 'd': {what}.",
        f'psycopg says: connection failed: connection to server at "127.0.0.1", port {port} '
        f"failed: FATAL:  {said.replace(PASSWORD, '***')}",
        remedy,
    ]


def test_a_password_that_postgresql_asks_for_in_vain() -> None:
    """A URL without one is told from a wrong one by the driver's words."""
    with _listening(_postgresql("28P01", "never said")) as port:
        what, said, remedy = _refusal(_without_password(PG.set(port=port)))
    assert what.endswith(
        "for user 'u' and database 'd': it does not let this user in, and the URL has no password."
    )
    assert said.endswith("no password supplied")
    assert remedy == GIVE_ONE


@pytest.mark.parametrize(
    ("url", "what", "remedy"),
    [
        (PG, "it does not answer in time", MORE_TIME),
        (
            MY,
            "what listens there says nothing, as a server of another kind does, or one that hangs",
            WHICH_OR_MORE_TIME,
        ),
    ],
    ids=["psycopg", "pymysql"],
)
@pytest.mark.parametrize("query", [{}, {"connect_timeout": "2"}], ids=str)
def test_a_server_that_says_nothing(
    monkeypatch: pytest.MonkeyPatch, url: URL, what: str, remedy: str, query: dict[str, str]
) -> None:
    """It is waited for as long as is said, by us or in the URL, and no longer."""
    monkeypatch.setattr(connecting, "PATIENCE", 20 if query else 2)
    with _listening(_silent) as port:
        begun = monotonic()
        sentences = _refusal(url.set(port=port).update_query_dict(query))
        assert 1.5 < monotonic() - begun < 5
    assert sentences[0].endswith(f": {what}.")
    assert sentences[2] == remedy


def test_a_url_of_one_server_and_the_port_of_another(
    monkeypatch: pytest.MonkeyPatch, postgresql_url: URL, mariadb_url: URL
) -> None:
    """Neither waits for the other one to begin."""
    monkeypatch.setattr(connecting, "PATIENCE", 1)
    mysql = MY.set(host=postgresql_url.host, port=postgresql_url.port or 5432)
    assert _refusal(mysql)[2] == WHICH_OR_MORE_TIME
    for mode in ("prefer", "disable"):
        url = PG.set(host=mariadb_url.host, port=mariadb_url.port or 3306)
        what, _, remedy = _refusal(url.update_query_dict({"sslmode": mode}))
        assert what.endswith(": what listens there is a server of another kind.")
        assert remedy == WHICH_SERVER


@pytest.mark.parametrize("url", [PG, MY], ids=["psycopg", "pymysql"])
def test_a_server_of_the_web(url: URL) -> None:
    """Another protocol is told from a server that fails."""
    with _listening(_web) as port:
        what, _, remedy = _refusal(url.set(port=port))
    assert what.endswith(": what listens there is a server of another kind.")
    assert remedy == WHICH_SERVER


def test_encryption_that_one_side_lacks() -> None:
    """What TLS wants is in the URL's query."""
    with _listening(_postgresql("", "")) as port:
        url = PG.set(port=port).update_query_dict({"sslmode": "require"})
        what, said, remedy = _refusal(url)
    assert what.endswith(": they find no encryption that both accept.")
    assert said.endswith("server does not support SSL, but SSL was required")
    assert remedy == ENCRYPTION


@pytest.mark.parametrize(
    ("url", "query", "said"),
    [
        (PG, {"foo": WORD}, 'invalid connection option "foo"'),
        (PG, {"connect_timeout": "soon"}, "bad value for connect_timeout: 'soon'"),
        (PG, {"sslmode": "perhaps"}, 'connection is bad: invalid sslmode value: "perhaps"'),
        (MY, {"connect_timeout": "soon"}, "invalid literal for int() with base 10: 'soon'"),
        (MY, {"ssl_ca": "/none"}, "2 No such file or directory"),
        (MY, {"foo": "1"}, "Connection.__init__() got an unexpected keyword argument 'foo'"),
    ],
    ids=str,
)
def test_an_option_that_the_driver_refuses(
    url: URL, mariadb_url: URL, query: dict[str, str], said: str
) -> None:
    """Whatever kind of error it is to the driver, it is one sentence."""
    if url is MY:
        url = url.set(username="root", host=mariadb_url.host, port=mariadb_url.port)
    sentences = _refusal(url.update_query_dict(query))
    assert sentences[0].endswith(": there is something wrong with an option of the URL's query.")
    assert sentences[1:] == [f"{url.get_driver_name()} says: {said}", OPTION]


# What a run makes of it


@pytest.mark.parametrize(
    ("code", "said", "tried"),
    [
        ("3D000", 'database "d" does not exist', ["first", "again", "again"]),
        ("57P03", "the database system is starting up", ["first", "first", "first"]),
    ],
)
def test_a_run_tries_once(
    pytester: pytest.Pytester, code: str, said: str, tried: list[str]
) -> None:
    """What failed for one volume is told for the others, unless it may have changed since."""
    pytester.makepyfile("""
        def test_one(demo_db_small): pass
        def test_two(demo_db_medium): pass
        def test_three(demo_db): pass
    """)
    clients: list[socket.socket] = []
    answer = _postgresql(code, said)

    def counted(client: socket.socket) -> None:
        clients.append(client)
        answer(client)

    with _listening(counted) as port:
        url = f"postgresql+psycopg://u:{WORD}@127.0.0.1:{port}/d"
        result = pytester.runpytest_inprocess(f"--demodata-url={url}")
    result.assert_outcomes(errors=3)
    assert len(clients) == tried.count("first")
    printed = result.stdout.str()
    assert printed.count(f"\nNo connection to PostgreSQL at 127.0.0.1, port {port}, for ") == 3
    assert printed.count("\nThis is how it failed before: in one session it is tried once.") == (
        tried.count("again")
    )
    assert WORD not in printed


def test_each_url_is_tried(pytester: pytest.Pytester) -> None:
    """What one server refuses says nothing of another, and is remembered when it is asked again."""
    pytester.makepyfile("""
        import pytest

        @pytest.fixture(scope="session")
        def demodata_url(request):
            return request.param

        URLS = ["postgresql+psycopg://u@127.0.0.1:1/d", "sqlite://"]

        @pytest.mark.parametrize("demodata_url", URLS, indirect=True)
        def test_one(demo_db_small): pass

        @pytest.mark.parametrize("demodata_url", URLS, indirect=True)
        def test_two(demo_db_medium): pass
    """)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=2, errors=2)
    assert result.stdout.str().count("This is how it failed before") == 1


# What cannot be had here


class _DriverError(Exception):
    """What SQLAlchemy says with the driver's error in it."""

    def __init__(self, *args: object) -> None:
        super().__init__("SQLAlchemy's")
        self.orig = Exception(*args)


@pytest.mark.parametrize(
    ("url", "error", "what", "remedy"),
    [
        (MY, _DriverError(1040, "Too many connections"), "it has no connection left", FEWER),
        (MY, _DriverError(1053, "Server shutdown"), "it is starting or stopping", READY),
        (
            MY,
            _DriverError(1130, "Host 'h' is not allowed to connect to this MariaDB server"),
            "it lets no such user in from this machine",
            FROM_HERE,
        ),
        (
            MY,
            _DriverError(2003, "Can't connect to MySQL server on 'h' (timed out)"),
            "it does not answer in time",
            MORE_TIME,
        ),
        (
            MY,
            _DriverError(2026, "SSL is required but the server doesn't support it"),
            "they find no encryption that both accept",
            ENCRYPTION,
        ),
        (
            MY.set(drivername="mariadb+pymysql"),
            Exception("MySQL version 8.4.0 is not a MariaDB variant."),
            "the server is MySQL",
            "Write mysql+pymysql:// instead of mariadb+pymysql://.",
        ),
        (
            MY,
            RuntimeError(
                "'cryptography' package is required for sha256_password or caching_sha2_password "
                "auth methods"
            ),
            "a package is missing for how the server asks for the password",
            "pip install 'PyMySQL[rsa]'",
        ),
        (
            PG,
            ImportError(f"no pq wrapper available {WORD[:-1]}"),
            "its driver cannot be loaded",
            "pip install 'pytest-demodata[postgresql]'",
        ),
        (
            MY,
            ImportError,
            "its driver cannot be loaded",
            "pip install 'pytest-demodata[mysql]'",
        ),
    ],
    ids=str,
)
def test_what_drivers_say_elsewhere(
    monkeypatch: pytest.MonkeyPatch, url: URL, error: Exception, what: str, remedy: str
) -> None:
    """Each of these is told by its code, its words or its kind."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    monkeypatch.setattr(connecting, "create_engine", fail)
    sentences = _refusal(url)
    assert sentences[0].endswith(f": {what}.")
    assert sentences[1].removeprefix(f"{url.get_driver_name()} says: ")
    assert sentences[2] == remedy
