"""The servers that there are, and databases of our own on them."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

    from .figures import Say


@dataclass(frozen=True, slots=True)
class Server:
    """A kind of server, and where it is.

    Attributes:
        name: What to call it.
        variable: The environment variable that may hold its URL.
        default: Its URL where the variable is not set.
        options: What a URL needs for the fastest way in.
        drop: How a database is dropped, whoever is connected to it.
    """

    name: str
    variable: str
    default: str
    options: str
    drop: str

    @property
    def url(self) -> URL:
        """Where it is."""
        return make_url(os.environ.get(self.variable, self.default))


POSTGRESQL: Final = Server(
    "PostgreSQL",
    "DEMODATA_TEST_POSTGRESQL",
    "postgresql+psycopg://postgres@127.0.0.1/postgres",
    "",
    "DROP DATABASE {} WITH (FORCE)",
)
MARIADB: Final = Server(
    "MariaDB",
    "DEMODATA_TEST_MARIADB",
    "mariadb+pymysql://root@127.0.0.1/",
    "local_infile=1",
    "DROP DATABASE {}",
)
SERVERS: Final = (POSTGRESQL, MARIADB)


def servers_there(say: Say) -> list[Server]:
    """List the servers that answer, and name those that do not."""
    return [server for server in SERVERS if version_of(server, say)]


def version_of(server: Server, say: Say) -> str:
    """Return a server's version, or nothing where it does not answer."""
    try:
        return str(_ask(server, "SELECT version()"))
    except (ImportError, SQLAlchemyError) as error:
        cause = str(getattr(error, "orig", error)).partition("\n")[0]
        say(f"{server.name} was left out: {cause} ({server.variable} may name another one).")
        return ""


@contextmanager
def scratch_database(server: Server) -> Iterator[URL]:
    """Create a database of a name that nobody guesses, and drop it in any case."""
    name = f"demobench_{secrets.token_hex(8)}"
    _ask(server, f"CREATE DATABASE {name}")
    try:
        yield server.url.set(database=name).update_query_string(server.options)
    finally:
        _ask(server, server.drop.format(name))


def _ask(server: Server, statement: str) -> object:
    """Run a statement on a connection of its own; return the first value of the answer."""
    engine = create_engine(
        server.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=_PATIENCE
    )
    with engine.connect() as connection:
        answer = connection.execute(text(statement))
        return answer.scalar() if answer.returns_rows else None


_PATIENCE: Final = {"connect_timeout": 5}
