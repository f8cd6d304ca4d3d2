"""What the isolation of a test costs, beside a bare savepoint and beside pytest-sqla.

The bare pair is SAVEPOINT, a statement, ROLLBACK TO SAVEPOINT and RELEASE on the driver's own
connection; ours is what the plugin does around a test, with the same statement on a raw connection
of the demo database's engine. Both work on the same connection of the driver's, by turns.
"""

from __future__ import annotations

import statistics
from contextlib import closing, contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.scopes import Scope, Scopes

from .demo_databases import demo_database
from .figures import Figure, median_ratio
from .servers import POSTGRESQL, servers_there
from .suites import OURS_SUITE, PYTEST_SQLA, beside_pytest_sqla
from .timing import in_turns, seconds_of, unburdened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .figures import Extent, Say
    from .servers import Server

GROUP: Final = "isolation"
AT_MOST: Final = 2
STATEMENTS: Final = {
    "SELECT": "SELECT count(*) FROM customer_types",
    "UPDATE": "UPDATE customer_types SET active = active WHERE id = 1",
    "INSERT": (
        "INSERT INTO product_categories (name, active, sort_order, created_at)"
        " VALUES ('a', {true}, 9, '2025-01-01 00:00:00.000000')"
    ),
}


def measure(extent: Extent, say: Say) -> list[Figure]:
    """Measure each database."""
    servers = servers_there(say)
    figures = [
        _beside_savepoint(server, statement, extent)
        for server in (None, *servers)
        for statement in STATEMENTS
    ]
    if find_spec("pytest_sqla") is None:
        say("pytest-sqla was left out: it is not installed.")
        return figures
    return figures + [
        _beside_pytest_sqla(server, extent)
        for server in ([None] if extent.quick else [None, *servers])
    ]


def _name_of(server: Server | None) -> str:
    return server.name if server else "SQLite in memory"


def _beside_savepoint(server: Server | None, statement: str, extent: Extent) -> Figure:
    url = server.url.render_as_string(hide_password=False) if server else "sqlite://"
    query = STATEMENTS[statement].format(true="true" if server is POSTGRESQL else "1")
    tests, turns = (30, 1) if extent.quick else (300, 2 * extent.turns - 1)
    with unburdened(), _pair(url, query) as (bare, ours):
        bare()
        ours()
        seconds = in_turns(
            turns, {"bare": partial(_each, tests, bare), "ours": partial(_each, tests, ours)}
        )
    return Figure(
        group=GROUP,
        what=f"the isolation of a test that runs one {statement}",
        database=_name_of(server),
        amount=statistics.median(seconds["ours"]),
        beside="a bare savepoint",
        beside_amount=statistics.median(seconds["bare"]),
        ratio=median_ratio(seconds["ours"], seconds["bare"]),
        bound=extent.bound(AT_MOST),
    )


def _each(times: int, test: Callable[[], object]) -> float:
    def all_tests() -> None:
        for _ in range(times):
            test()

    return seconds_of(all_tests) / times


@contextmanager
def _pair(url: str, query: str) -> Iterator[tuple[Callable[[], object], Callable[[], object]]]:
    """Give the bare pair, and what we do instead, on one connection."""
    scopes = Scopes()
    module = Scope("a module", object())
    with demo_database("small", url=url, scopes=scopes, images=None) as database:
        scopes.open(module)
        facade: Any = database.engine.raw_connection().dbapi_connection
        _query(facade, STATEMENTS["SELECT"])
        driver: Any = facade.sandbox.driver(quietly=True)

        def bare() -> None:
            _query(driver, "SAVEPOINT bare")
            _query(driver, query)
            _query(driver, "ROLLBACK TO SAVEPOINT bare")
            _query(driver, "RELEASE SAVEPOINT bare")

        def ours() -> None:
            scope = Scope("a test", object())
            scopes.open(scope)
            _query(facade, query)
            scopes.close()
            database.close_scope(scope)

        yield bare, ours
        scopes.close()
        database.close_scope(module)


def _query(connection: Any, query: str) -> None:  # noqa: ANN401 - a driver's, or ours
    with closing(connection.cursor()) as cursor:
        cursor.execute(query)
        if cursor.description:
            cursor.fetchall()


def _beside_pytest_sqla(server: Server | None, extent: Extent) -> Figure:
    tests, turns = (50, 1) if extent.quick else (300, extent.few)
    seconds = beside_pytest_sqla(server, tests=tests, turns=turns)
    ours, theirs = seconds[OURS_SUITE], seconds[PYTEST_SQLA]
    return Figure(
        group=GROUP,
        what="a test that reads, writes and commits, beyond one that does nothing",
        database=_name_of(server),
        amount=ours,
        beside=PYTEST_SQLA,
        beside_amount=theirs,
        ratio=ours / theirs,
    )
