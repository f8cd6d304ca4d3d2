"""What PyMySQL's connections have beyond the standard of drivers, for the code under test."""

from __future__ import annotations

import re
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from pytest_demodata.errors import IsolationError
from pytest_demodata.facade import BufferedCursor, FacadeConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_demodata.sandbox import Sandbox

_WORD: Final = r"""(`[^`]+`|"[^"]+"|[\w$]+)"""
_QUALIFIED: Final = rf"(?:{_WORD}\s*\.\s*)?{_WORD}"
_INSERT: Final = re.compile(
    r"[\s(;]*(?:INSERT|REPLACE)\s+(?:(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE)\s+)*"
    rf"(?:INTO\s+)?{_QUALIFIED}",
    re.IGNORECASE,
)
_TEMPORARY: Final = re.compile(
    r"[\s;]*CREATE\s+(?:OR\s+REPLACE\s+)?TEMPORARY\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    + _QUALIFIED,
    re.IGNORECASE,
)
_SET: Final = re.compile(r"[\s;]*SET\b", re.IGNORECASE)
_LOCKING: Final = re.compile(r"\b(?:GET_LOCK|RELEASE_LOCK|RELEASE_ALL_LOCKS)\s*\(", re.IGNORECASE)

_ALL: Final = "LIMIT 1000000"
"""Goes before what the code under test may have set as the most rows of a query."""

_COUNTED: Final = (
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = DATABASE() AND extra LIKE '%auto_increment%' LIMIT 1000000"
)
_SETTINGS: Final = "SHOW SESSION VARIABLES"
_OF_ITS_OWN: Final = frozenset(
    {"identity", "insert_id", "last_insert_id", "rand_seed1", "rand_seed2", "timestamp"}
)
"""What changes without being set, and set would stand still."""

_ONLY_OUR_LOCK: Final = "SELECT RELEASE_ALL_LOCKS(), GET_LOCK(DATABASE(), 0)"
"""Leaves the lock that tells other runs that the scratch database is in use."""


class PyMySQLFacadeCursor(BufferedCursor):
    """A cursor that says of each statement how many rows it concerned."""

    def execute(self, statement: str, *parameters: Any, **options: Any) -> Any:  # noqa: ANN401
        """Run a statement, and return how many rows it concerned."""
        __tracebackhide__ = True
        return self._run(self._cursor.execute, statement, *parameters, **options)

    def executemany(self, statement: str, args: Any) -> Any:  # noqa: ANN401 - as PyMySQL's
        """Run a statement for each of many parameters, and return how many rows it concerned."""
        __tracebackhide__ = True
        from pymysql.cursors import RE_INSERT_VALUES  # noqa: PLC0415 - an extra

        if RE_INSERT_VALUES.match(statement):  # or PyMySQL sends them one by one
            return self._run(self._cursor.executemany, statement, args)
        return sum(self.execute(statement, each) for each in args)

    def callproc(self, name: str, arguments: Any = ()) -> Any:  # noqa: ANN401 - as PyMySQL's
        """Call a procedure."""
        __tracebackhide__ = True
        driver: Any = self._cursor
        return self.connection.run(f"CALL {name}", driver.callproc, name, arguments)

    def _run(
        self,
        action: Callable[..., Any],
        statement: str,
        *parameters: Any,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        __tracebackhide__ = True
        sandbox = self.connection.sandbox
        with sandbox.working(self.connection.client, statement) as runs:
            if runs is None:
                return self._cursor.execute("DO 0")  # for the cursor to have run something
            if _SET.match(runs.plain):
                before = dict(sandbox.ask(_SETTINGS))
                sandbox.at_end("settings", lambda driver: _put_back(driver, before))
            _count_on(sandbox, runs.plain)
            try:
                result = action(statement, *parameters, **options)
            except Exception:
                with suppress(Exception):  # an error does not say whether the transaction stands
                    sandbox.ask("DO 0")
                raise
            _see_to_the_end(sandbox, runs.plain)
            return result


def _see_to_the_end(sandbox: Sandbox, plain: str) -> None:
    """Have what a rollback leaves go with the innermost scope, and keep the lock that is ours."""
    if found := _TEMPORARY.match(plain):
        table = ".".join(filter(None, found.groups()))
        drop = f"DROP TEMPORARY TABLE IF EXISTS {table}"
        sandbox.at_end(table, lambda driver: _say(driver, drop), once=True)
    if _LOCKING.search(plain):
        sandbox.ask("SELECT GET_LOCK(DATABASE(), 0)")
        sandbox.at_end("locks", lambda driver: _say(driver, _ONLY_OUR_LOCK))


def _say(driver: Any, statement: str, *values: object) -> Any:  # noqa: ANN401 - PyMySQL's
    with closing(driver.cursor()) as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall()


def _put_back(driver: Any, before: dict[str, str]) -> None:  # noqa: ANN401 - PyMySQL's
    """Put back the settings of the session that have been changed."""
    _say(driver, "SET SESSION timestamp = DEFAULT, sql_select_limit = DEFAULT")
    for name, value in _say(driver, _SETTINGS):
        old = before.get(name, value)
        if value != old and name not in _OF_ITS_OWN:
            number = re.fullmatch(r"-?\d+(\.\d+)?", old)
            with suppress(Exception):  # what cannot be set has not been set
                if number:
                    _say(driver, f"SET SESSION {name} = {old}")
                else:
                    _say(driver, f"SET SESSION {name} = %s", old)


def _count_on(sandbox: Sandbox, plain: str) -> None:
    """Have the next key of an INSERT be the one after the last there is.

    The server's own counter is not taken back by a rollback, so that each test would get others.
    """
    found = _INSERT.match(plain)
    if found is None:
        return
    table = found[2].strip('`"')
    columns = sandbox.remembered("counted", lambda: dict(sandbox.ask(_COUNTED)))
    start = "0"  # which counts as the server does
    if column := columns.get(table):
        last = f"SELECT COALESCE(MAX(`{column}`), 0) FROM `{table}` {_ALL}"  # noqa: S608 - as is
        start = f"1 + ({last})"
    try:
        sandbox.ask(f"SET insert_id = {start}")
    except Exception:  # noqa: BLE001 - a temporary table may hide the one we know
        with suppress(Exception):
            sandbox.ask("SET insert_id = 0")


class PyMySQLFacade(FacadeConnection):
    """A connection with a client's methods of its own."""

    _QUIET: ClassVar[frozenset[str]] = frozenset(
        {
            "character_set_name",
            "client_flag",
            "encoders",
            "encoding",
            "escape",
            "escape_string",
            "get_host_info",
            "get_proto_info",
            "get_server_info",
            "host",
            "literal",
            "port",
            "server_status",
            "server_version",
            "thread_id",
        }
    )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def open(self) -> bool:
        """Whether the connection can be used."""
        return not self.sandbox.ended

    def cursor(self, cursor: Any = None) -> PyMySQLFacadeCursor:  # noqa: ANN401 - a class
        """Open a cursor, always one that reads all rows at once, for others to work meanwhile."""
        from pymysql import cursors  # noqa: PLC0415 - an extra

        if cursor is not None and issubclass(cursor, cursors.SSCursor):
            dicts = issubclass(cursor, cursors.SSDictCursor)
            cursor = cursors.DictCursor if dicts else cursors.Cursor
        return PyMySQLFacadeCursor(self, self.sandbox.cursor(cursor))

    def query(self, sql: str, unbuffered: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - PyMySQL's
        """Run a statement, and return how many rows it concerned."""
        del unbuffered
        return self.cursor().execute(sql)

    def begin(self) -> None:
        """Commit, and begin a transaction, as the server does."""
        self.commit()

    def autocommit(self, value: bool) -> None:  # noqa: FBT001 - PyMySQL's signature
        """Have each statement kept at once, or not."""
        if value:
            self.commit()
        self.client.autocommit = bool(value)

    def get_autocommit(self) -> bool:
        """Return whether each statement is kept at once."""
        return self.client.autocommit

    def ping(self, reconnect: bool = False) -> None:  # noqa: FBT001, FBT002 - PyMySQL's signature
        """Look whether the server is there; another connection would not have the data."""
        del reconnect
        self.sandbox.ask("DO 0")

    def select_db(self, db: str) -> None:
        """Refuse to leave the demo database.

        Raises:
            IsolationError: Always.
        """
        message = (
            f"The database {db!r} is not that of the demo data, and the connection stays there for "
            "all tests.\n"
            "Open a connection of your own."
        )
        raise IsolationError(message)
