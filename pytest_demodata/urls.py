"""The URL of a database: which ones there can be, and how one is shown without its secrets."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from pytest_demodata.defaults import DEFAULT_URL
from pytest_demodata.errors import SettingError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK: Final = "***"


class DatabaseUrl(str):
    """The URL of a database, a text whose repr shows no secret."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(self.masked)

    @property
    def masked(self) -> str:
        """The URL with *** in place of every secret."""
        return _masked(self)[0]

    @property
    def secrets(self) -> frozenset[str]:
        """The passwords and the like in the URL, as they are written there."""
        return _masked(self)[1]

    def scrub(self, text: str) -> str:
        """Return a text with *** in place of every secret of the URL's, however it is written.

        A secret that is also a user, a host or the like, or is too short to tell from other
        words, is taken out only where it stands as a password does.
        """
        if not self.secrets:
            return text
        for pattern in _patterns(self):
            text = pattern.sub(rf"\g<1>{MASK}", text)
        return text


_SCHEME: Final = re.compile(r"((?:[\w+.-]+://)?)(.*)", re.DOTALL)
_SECRET_KEY: Final = re.compile(r"pass|pwd|secret|token", re.IGNORECASE)
_BEFORE: Final = r"""((?i:\w*(?:pass|pwd|secret|token)\w*)['"]?\s*[=:]\s*['"]?)"""

_LONG: Final = 6
"""From so many characters on, a secret is found within longer words too."""
_SHORT: Final = 4
"""With fewer characters, it is a secret only where it stands as a password does."""

_COLOUR: Final = r"(?:\x1b\[[\d;]*m)*"
"""What may stand between any two characters: of %40, a terminal's colours make a word."""

# Escapes that end in a letter may stand before a word: of a terminal's colour, and of a repr.
_START: Final = r"(?:(?<!\w)|(?<=\[\dm)|(?<=\[\d\dm)|(?<=\\n)|(?<=\\t))"


@lru_cache
def _masked(url: str) -> tuple[str, frozenset[str]]:
    """Mask a URL.

    What may belong to a password that is not escaped does: all up to the last '@', and, where
    there is none, what stands for a port and is no number.
    """
    head, question, query = url.partition("?")
    query, secrets = _masked_query(query)
    parts = _SCHEME.fullmatch(head + question + query)
    assert parts is not None  # noqa: S101 - any text fits
    scheme, rest = parts.groups()
    if rest.startswith("/"):
        return scheme + rest, secrets
    user_info, at, place = rest.rpartition("@")
    user, colon, password = user_info.partition(":")
    if "?" in user_info:
        return f"{scheme}{user.partition('?')[0]}{colon}{MASK}", secrets
    host = re.match(r"(\[[^\]]*\]|[^:/?]*):([^/?]*)", place)
    if host and not re.fullmatch("[0-9]*", host[2]):
        place = f"{host[1]}:{MASK}"
    if password:
        secrets |= {password}
        password = MASK
    return f"{scheme}{user}{colon}{password}{at}{place}", secrets


def _masked_query(query: str) -> tuple[str, frozenset[str]]:
    """Mask the values of secret keys; what follows one without a key belongs to it."""
    pieces: list[str] = []
    secrets: list[str] = []
    goes_on = False
    for piece in query.split("&"):
        key, equals, value = piece.partition("=")
        if goes_on and not equals:
            secrets[-1] += f"&{piece}"
            continue
        goes_on = bool(value) and _SECRET_KEY.search(unquote_plus(key)) is not None
        if goes_on:
            secrets.append(value)
        pieces.append(f"{key}={MASK}" if goes_on else piece)
    return "&".join(pieces), frozenset(secrets)


@lru_cache
def _patterns(url: str) -> tuple[re.Pattern[str], ...]:
    """Return what finds a URL's secrets; a first group is to stay."""
    masked, secrets = _masked(url)
    known = [secret for secret in secrets if unquote(secret) not in unquote(masked)]
    long = [secret for secret in known if len(unquote(secret)) >= _LONG]
    words = [secret for secret in known if _SHORT <= len(unquote(secret)) < _LONG]
    cut = {form for secret in (*long, *words) for form in _spellings(secret)}
    patterns = (
        f"(:){_any_of(secrets)}(?=@)",
        rf"{_BEFORE}{_any_of(secrets)}(?!\w)",
        rf"(){_START}{_any_of(words)}(?!\w)",
        f"(){_any_of(long)}",
        rf"(){_START}{_choice(each for form in cut for each in _heads(form))}(?=\.\.\.)",
        rf"(\.\.\.){_choice(each for form in cut for each in _tails(form))}(?!\w)",
    )
    return tuple(map(re.compile, patterns))


def _any_of(secrets: Iterable[str]) -> str:
    """Return a pattern of any of the secrets in any spelling, in colours or without."""
    spelled = {form for secret in secrets for form in _spellings(secret)}
    return _choice(_COLOUR.join(map(re.escape, form)) for form in spelled)


def _heads(form: str) -> Iterator[str]:
    """Give patterns of what pytest leaves of a secret before the dots of a long text."""
    for end in range(3, min(len(form), _PART)):
        yield re.escape(form[:end])
    if len(form) > _PART:
        yield re.escape(form[:_PART]) + _REST


def _tails(form: str) -> Iterator[str]:
    """Give patterns of what pytest leaves of a secret after the dots of a long text."""
    for size in range(3, min(len(form), _PART)):
        yield re.escape(form[-size:])
    if len(form) > _PART:
        yield _REST + re.escape(form[-_PART:])


_PART: Final = 24
"""So many characters tell a secret."""
_REST: Final = r"""[^\s'"]*?"""


def _choice(patterns: Iterable[str]) -> str:
    """Return a pattern of any of some, the longest first; of none, one of nothing."""
    longest = sorted(set(patterns), key=len, reverse=True)
    return f"(?:{'|'.join(longest)})" if longest else _NOTHING


_NOTHING: Final = r"(?!)"


def _spellings(secret: str) -> Iterator[str]:
    """Give a secret as URLs, reprs and libpq's connection strings write it."""
    for plain in (secret, unquote(secret), unquote_plus(secret)):
        yield plain
        yield repr(plain)[1:-1]
        yield plain.replace("\\", r"\\").replace("'", r"\'")
        yield quote(plain, safe=" +")
        yield quote(plain, safe="")
        yield quote_plus(plain)


def url_of(value: object) -> DatabaseUrl | None:
    """Return a text, or a URL of SQLAlchemy's, as a URL; None where it is neither."""
    if isinstance(value, DatabaseUrl):
        return value
    if isinstance(value, str):
        return DatabaseUrl(value)
    render = getattr(value, "render_as_string", None)
    return DatabaseUrl(render(hide_password=False)) if callable(render) else None


class Server(NamedTuple):
    """A kind of server.

    Attributes:
        name: What people call it.
        scheme: How its URLs begin.
        driver: The module that its driver is.
        extra: The extra of ours that installs the driver.
    """

    name: str
    scheme: str
    driver: str
    extra: str


_POSTGRESQL: Final = Server("PostgreSQL", "postgresql+psycopg", "psycopg", "postgresql")
SERVERS: Final = {
    "postgresql": _POSTGRESQL,
    "postgres": _POSTGRESQL,
    "mysql": Server("MySQL", "mysql+pymysql", "pymysql", "mysql"),
    "mariadb": Server("MariaDB", "mariadb+pymysql", "pymysql", "mysql"),
}
"""The kinds of servers, by how SQLAlchemy calls their dialects, or once did."""

_BY_SCHEME: Final = {server.scheme: server for server in SERVERS.values()}

_FILES: Final = ("sqlite", "sqlite+pysqlite")
_ASYNC: Final = {"aiomysql", "aiosqlite", "asyncmy", "asyncpg", "psycopg_async"}

_FILES_ALLOWED: Final = (
    "Allowed: sqlite:// (in memory), or sqlite:///file (in a temporary file beside it)."
)
_ALLOWED: Final = (
    "Allowed: sqlite:// (in memory), sqlite:///file (in a temporary file beside it), "
    "postgresql+psycopg://user:password@host:port/database, and the same with mysql+pymysql or "
    "mariadb+pymysql."
)


def read_url(value: object, folder: Path | None = None) -> DatabaseUrl:
    """Read the URL of a database, as far as it can be without SQLAlchemy.

    Args:
        value: The URL, as a text or as SQLAlchemy's.
        folder: Where a relative path begins, if it is not the current one.

    Raises:
        SettingError: The demo databases cannot stand there. It shows no secret.
    """
    given = url_of(value)
    if given is None:
        message = (
            f"The URL is {value!r}.\n"
            f"Allowed: a text such as {DEFAULT_URL!r}, or a URL of SQLAlchemy's."
        )
        raise SettingError(message)
    url = DatabaseUrl(given.strip())
    scheme, slashes, rest = url.partition("://")
    if not slashes or not re.fullmatch(r"[\w+.-]+", scheme):
        message = f"The URL does not begin with a scheme and '://'.\n{_ALLOWED}"
        raise SettingError(message)
    if scheme in _FILES:
        _check_file(url, rest, folder or Path.cwd())
    elif scheme in _BY_SCHEME:
        _check_place(url, rest)
        _check_driver(_BY_SCHEME[scheme])
    else:
        raise SettingError(_refusal(scheme, url))
    return url


def names_file(url: str) -> bool:
    """Return whether a URL that has been read is that of a file."""
    scheme, _, rest = url.partition("://")
    return scheme in _FILES and rest not in {"", "/", "/:memory:"}


def names_server(url: str) -> bool:
    """Return whether a URL leads to a server."""
    return url.partition("://")[0] in _BY_SCHEME


def _check_file(url: DatabaseUrl, rest: str, folder: Path) -> None:
    if rest and (not rest.startswith("/") or "?" in rest):
        message = f"The URL is {url!r}.\n{_FILES_ALLOWED}"
        raise SettingError(message)
    if not names_file(url):
        return
    file = folder / rest[1:]
    if file.is_dir() or not file.parent.is_dir():
        why = f"{file} is a folder" if file.is_dir() else f"there is no folder {file.parent}"
        message = (
            f"The URL is {url!r}, and {why}.\n"
            "Allowed: a file in a folder that exists; the temporary file stands beside it."
        )
        raise SettingError(message)


def _check_place(url: DatabaseUrl, rest: str) -> None:
    """Look whether everybody reads the same host out of a URL.

    SQLAlchemy ends a password at its first '@' and takes the rest of it for the host, which a
    driver then shows; and it takes an '@' of the query for the one before the host.
    """
    user_info, _, place = rest.rpartition("@")
    if "@" in user_info.partition(":")[2] or "?" in user_info:
        message = (
            f"The URL is {url!r}, and its password may end at more than one place.\n"
            "Write %40 for each '@' in the password and the query, and %3F for a '?' in the "
            "password."
        )
        raise SettingError(message)
    port = re.match(r"(?:\[[^\]]*\]|[^:/?]*):([^/?]+)", place)
    if port and not (re.fullmatch("[0-9]{1,5}", port[1]) and 1 <= int(port[1]) <= _LAST_PORT):
        message = (  # which does not show the URL: the port may be a password without its '@'
            f"The URL begins with {url.partition('://')[0]!r}, and what follows the ':' of its "
            "host is no port.\nAllowed: a number from 1 to 65535; user and password stand before "
            "an '@'."
        )
        raise SettingError(message)


_LAST_PORT: Final = 65_535


def _check_driver(server: Server) -> None:
    if find_spec(server.driver) is None:
        message = (
            f"The URL begins with {server.scheme!r}, and the driver {server.driver} is not "
            f"installed.\nInstall it: pip install 'pytest-demodata[{server.extra}]'."
        )
        raise SettingError(message)


def _refusal(scheme: str, url: DatabaseUrl) -> str:
    """Say what to write where the demo databases do not work through a driver."""
    backend, _, driver = scheme.partition("+")
    server = SERVERS.get(backend)
    instead = server.scheme if server else "sqlite" if backend == "sqlite" else None
    if instead is None:
        near = did_you_mean(scheme, (*_BY_SCHEME, *_FILES))
        found = f"The URL begins with {scheme!r}, on which there are no demo databases."
        return f"{found}\n{_ALLOWED}{near}"
    found = f"The URL begins with {scheme!r}, and the demo databases work through {instead!r}"
    if driver in _ASYNC:
        found = (
            f"The URL begins with {scheme!r}, an async driver: the data stays on one sync "
            "connection, and the async_engine of a demo database gives it to asyncio code"
        )
    return f"{found}.\nWrite {instead + url.masked.removeprefix(scheme)!r}."
