"""Connect to a server, in bounded time; where that fails, say why, and show no secret."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from traceback import clear_frames
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from warnings import catch_warnings, simplefilter

from sqlalchemy import NullPool, create_engine

from pytest_demodata.errors import NoConnectionError
from pytest_demodata.isolation import in_this_process
from pytest_demodata.urls import SERVERS, url_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection

PATIENCE: Final = 10
"""Seconds that a server has to answer, where the URL does not give it more."""


class _Fault(NamedTuple):
    """What may be wrong.

    Attributes:
        what: What it is.
        remedy: What to do.
        lasting: Whether it is the same a moment later.
    """

    what: str
    remedy: str
    lasting: bool = True


class _Driver(NamedTuple):
    """What is known of a driver.

    Attributes:
        port: Where its server listens if the URL does not say.
        limits: Its arguments that bound the time of connecting, first the one that users know.
        lifted: The attribute of its connections with the last of the limits, if that would
            bound every later statement as well.
        faults: For a pattern of what it says, what is wrong; the first one that fits.
    """

    port: int
    limits: tuple[str, ...]
    lifted: str | None
    faults: tuple[tuple[str, _Fault], ...]


_ABSENT: Final = _Fault("nothing listens there", "Start the server, or correct host and port.")
_NO_HOST: Final = _Fault("there is no host of this name", "Correct the host.")
_SLOW: Final = _Fault(
    "it does not answer in time",
    "Correct host and port, or give it more time: ?connect_timeout=60.",
)
_SILENT: Final = _Fault(
    "what listens there says nothing, as a server of another kind does, or one that hangs",
    "Look which server has this port, and correct the port or the scheme of the URL; or give it "
    "more time: ?connect_timeout=60.",
)
_FOREIGN: Final = _Fault(
    "what listens there is a server of another kind",
    "Look which server has this port, and correct the port or the scheme of the URL.",
)
_MYSQL: Final = _Fault(
    "the server is MySQL", "Write mysql+pymysql:// instead of mariadb+pymysql://."
)
_REFUSED: Final = _Fault(
    "it does not let this user in with this password",
    "Correct user and password; write %40 for an '@' in them, %2F for a '/', %25 for a '%'.",
)
_NO_PASSWORD: Final = _Fault(
    "it does not let this user in, and the URL has no password",
    "Give it one, as user:password@host, best in DEMODATA_URL; write %40 for an '@' in it, %2F for "
    "a '/', %25 for a '%'.",
)
_NO_USER: Final = _Fault(
    "there is no such user",
    "Create the role, or correct the user; where the URL names none, it is that of the operating "
    "system.",
)
_NO_LOGIN: Final = _Fault(
    "this user may not log in", "ALTER ROLE … LOGIN lets the role, or name another user."
)
_NOT_FROM_HERE: Final = _Fault(
    "it lets no such user in from this machine",
    "Correct user and database, or have the server let them in from here.",
)
_NO_RIGHT: Final = _Fault(
    "this user has no right to the database",
    "Grant it, or name another database; its own tables stay as they are.",
)
_UNKNOWN: Final = _Fault(
    "there is no such database",
    "Create it, or name one that is there; its own tables stay as they are.",
)
_FULL: Final = _Fault(
    "it has no connection left",
    "Each volume, on each worker of pytest-xdist, holds one for the whole session: run fewer "
    "workers, or raise the limit.",
    lasting=False,
)
_STARTING: Final = _Fault(
    "it is starting or stopping",
    "Wait until it is ready before the tests begin.",
    lasting=False,
)
_UNSAFE: Final = _Fault(
    "they find no encryption that both accept",
    "Correct the options for TLS in the URL's query, and the files that they name.",
)
_OPTION: Final = _Fault(
    "there is something wrong with an option of the URL's query", "Correct it, or leave it out."
)
_PACKAGE: Final = _Fault(
    "a package is missing for how the server asks for the password", "pip install 'PyMySQL[rsa]'"
)
_OTHER: Final = _Fault("it was refused", "Try the URL with a client of the database's own.")

_DRIVERS: Final = {
    "psycopg": _Driver(
        port=5432,
        limits=("connect_timeout",),
        lifted=None,
        faults=(
            (r"failed to resolve host|could not translate host name", _NO_HOST),
            (r"timeout expired", _SLOW),
            (r'FATAL: +database ".*" does not exist', _UNKNOWN),
            (r"too many (clients|connections)|remaining connection slots", _FULL),
            (r"no password supplied", _NO_PASSWORD),
            (r"authentication failed", _REFUSED),
            (r"no pg_hba\.conf entry|pg_hba\.conf rejects", _NOT_FROM_HERE),
            (r'FATAL: +role ".*" does not exist', _NO_USER),
            (r'FATAL: +role ".*" is not permitted to log in', _NO_LOGIN),
            (r"FATAL: +permission denied for database", _NO_RIGHT),
            (r"system is (starting up|shutting down|in recovery|not yet accepting)", _STARTING),
            (r"invalid response to SSL negotiation|expected authentication request", _FOREIGN),
            (r"invalid connection option|invalid .* value|bad value|unrecognized conf", _OPTION),
            (r"\bSSL\b|certificate", _UNSAFE),
            (r"Connection refused|No route to host|unreachable|No such file", _ABSENT),
        ),
    ),
    "pymysql": _Driver(
        port=3306,
        limits=("connect_timeout", "read_timeout"),
        lifted="_read_timeout",
        faults=(
            (r"^2003 .*(\[Errno -\d+\]|getaddrinfo|resol|not known)", _NO_HOST),
            (r"^2003 .*timed out", _SLOW),
            (r"^2003 ", _ABSENT),
            (r"^2013 .*timed out", _SILENT),
            (r"^1049 ", _UNKNOWN),
            (r"^(1040|1203|1226) ", _FULL),
            (r"^1045 .*\(using password: NO\)", _NO_PASSWORD),
            (r"^(1045|1698|1862) ", _REFUSED),
            (r"^1130 ", _NOT_FROM_HERE),
            (r"^1044 ", _NO_RIGHT),
            (r"^1053 ", _STARTING),
            (r"Packet sequence number wrong", _FOREIGN),
            (r"is not a MariaDB variant", _MYSQL),
            (r"'cryptography' package", _PACKAGE),
            (r"^2026 |\bSSL\b|certificate", _UNSAFE),
        ),
    ),
}
"""PyMySQL gives a code and a text; psycopg, before it is connected, the server's text alone."""


@contextmanager
def connected(url: URL, **connect_args: object) -> Iterator[Connection]:
    """Open a connection of its own, and close it for good at the end.

    Args:
        url: The database.
        connect_args: What the driver is given beside the URL.

    Raises:
        NoConnectionError: There can be no connection. It shows no secret, and carries nothing of
            the driver's, whose tracebacks do.
    """
    with ExitStack() as stack:
        connection = _connect(url, connect_args)
        stack.callback(connection.engine.dispose)
        stack.callback(in_this_process(connection.close))
        stack.callback(in_this_process(_close), connection)
        yield connection


def _connect(url: URL, connect_args: dict[str, object]) -> Connection:
    driver = _DRIVERS[url.get_driver_name()]
    given = {**url.query, **connect_args}
    patience = str(given.get(driver.limits[0], PATIENCE))
    limits = {name: patience for name in driver.limits if name not in given}
    try:
        bounded = url.update_query_dict(limits)
        engine = create_engine(bounded, poolclass=NullPool, connect_args=connect_args)
        connection = engine.connect()
    except Exception as error:  # noqa: BLE001 - each driver has errors of its own
        refusal = _refusal(url, driver, error)
        _forget(error)
    except BaseException as error:  # noqa: BLE001 - goes on, without what --full-trace would show
        raise error.with_traceback(None)  # noqa: B904 - of what the driver was given
    else:
        if driver.lifted and driver.limits[-1] in limits:
            setattr(connection.connection.driver_connection, driver.lifted, None)
        return connection
    raise refusal


def _forget(error: BaseException) -> None:
    """Let go of what an error's tracebacks hold: passwords, and sockets that drivers leave open."""
    following: BaseException | None = error
    with catch_warnings():
        simplefilter("ignore", ResourceWarning)
        while following is not None:
            clear_frames(following.__traceback__)
            following = following.__context__


def _close(connection: Connection) -> None:
    """Close a connection, also one that the server or its user has closed."""
    if not connection.closed:
        connection.invalidate()


def _refusal(url: URL, driver: _Driver, error: Exception) -> NoConnectionError:
    """Say what failed, in the words of ours and of the server's, and what to do."""
    words = _words(error)
    what, remedy, lasting = _fault(url, driver, error, words)
    shown = url_of(url)
    assert shown is not None  # noqa: S101 - a URL is one
    return NoConnectionError(
        f"No connection to {_place(url, driver)}: {what}.\n"
        f"{url.get_driver_name()} says: {shown.scrub(words)}\n{remedy}",
        lasting=lasting,
    )


def _words(error: Exception) -> str:
    """Return the first line of what a driver says, its code before it."""
    said = getattr(error, "orig", None) or error
    first, *_ = " ".join(map(str, said.args)).strip().split("\n")
    return first or type(said).__name__


def _fault(url: URL, driver: _Driver, error: Exception, words: str) -> _Fault:
    for pattern, fault in driver.faults:
        if re.search(pattern, words):
            return fault
    if isinstance(error, ImportError):
        remedy = f"pip install 'pytest-demodata[{SERVERS[url.get_backend_name()].extra}]'"
        return _Fault("its driver cannot be loaded", remedy)
    return _OPTION if isinstance(error, _OF_ARGUMENTS) else _OTHER


_OF_ARGUMENTS: Final = (AttributeError, OSError, TypeError, ValueError)
"""What Python raises where a driver was given what it does not take; its own errors are others."""


def _place(url: URL, driver: _Driver) -> str:
    """Tell where a URL leads, and for whom."""
    server = SERVERS[url.get_backend_name()].name
    given: dict[str, Any] = {
        "user": url.username,
        "host": url.host,
        "port": url.port,
        "database": url.database,
        **url.query,
    }
    host, port = given["host"], given["port"] or driver.port
    named = {"user": given["user"], "database": given.get("dbname", given["database"])}
    names = " and ".join(f"{name} {value!r}" for name, value in named.items() if value)
    return (f"{server} at {host}, port {port}" if host else f"{server} on this machine") + (
        f", for {names}" if names else ""
    )
