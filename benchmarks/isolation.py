"""What the isolation of a test costs beside a bare savepoint: `python benchmarks/isolation.py`.

The bare pair is SAVEPOINT, a statement, ROLLBACK TO SAVEPOINT and RELEASE on the driver's own
connection; ours is what the plugin does around a test, with the same statement on a raw connection
of the demo database's engine. Both work on the same connection of the driver's, by turns, and the
table shows the median of the ratios of neighbours. Give the databases as arguments, if they are not
those of this machine.
"""

from __future__ import annotations

import statistics
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.defaults import DEFAULT_AS_OF, DEFAULT_LOCALE, DEFAULT_SEED
from pytest_demodata.demo_database import DemoDatabase
from pytest_demodata.scopes import Scope, Scopes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_demodata.progress import Progress

TESTS: Final = 300
TURNS: Final = 9
STATEMENTS: Final = {
    "read": "SELECT count(*) FROM customer_types",
    "update": "UPDATE customer_types SET active = active WHERE id = 1",
    "insert": (
        "INSERT INTO product_categories (name, active, sort_order, created_at)"
        " VALUES ('a', {true}, 9, '2025-01-01 00:00:00.000000')"
    ),
}
URLS: Final = (
    "sqlite://",
    "postgresql+psycopg://postgres@127.0.0.1/postgres",
    "mariadb+pymysql://root@127.0.0.1/",
)


@contextmanager
def _in_silence(_volume: str) -> Iterator[Progress]:
    yield lambda *_: None


def _seconds(test: Callable[[], object]) -> float:
    start = perf_counter()
    for _ in range(TESTS):
        test()
    return (perf_counter() - start) / TESTS


def _query(connection: Any, query: str) -> None:  # noqa: ANN401 - a driver's, or ours
    with closing(connection.cursor()) as cursor:
        cursor.execute(query)
        if cursor.description:
            cursor.fetchall()


def compare(url: str, query: str) -> tuple[float, float]:
    """Return the seconds of a bare pair, and the median of the ratios of ours to it."""
    scopes = Scopes()
    module = Scope("a module", object())
    with DemoDatabase(
        "small",
        seed=DEFAULT_SEED,
        url=url,
        folder=Path.cwd(),
        locale=DEFAULT_LOCALE,
        as_of=DEFAULT_AS_OF,
        scopes=scopes,
        progress=_in_silence,
        made=lambda *_: None,
    ) as database:
        scopes.open(module)
        facade: Any = database.engine.raw_connection().dbapi_connection
        _query(facade, STATEMENTS["read"])
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

        bare()
        ours()
        pairs = [(_seconds(bare), _seconds(ours)) for _ in range(TURNS)]
        scopes.close()
        database.close_scope(module)
    return statistics.median(floor for floor, _ in pairs), statistics.median(
        time / floor for floor, time in pairs
    )


def main() -> None:
    """Print a line for each database and statement."""
    lines = ["database     statement   bare pair    ours"]
    for url in sys.argv[1:] or URLS:
        kind = url.partition(":")[0].partition("+")[0]
        true = "true" if kind == "postgresql" else "1"
        for name, statement in STATEMENTS.items():
            bare, ratio = compare(url, statement.format(true=true))
            lines.append(f"{kind:12} {name:11} {bare * 1e6:6.0f} us  {ratio:5.2f} x")
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
