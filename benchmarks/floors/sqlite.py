"""SQLite in memory: `executemany`, with the indexes in place and with the indexes last."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from benchmarks.ready_rows import ready_rows
from benchmarks.timing import seconds_of
from pytest_demodata import DataGenerator, prepare_sqlite

from .contest import Contest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine

    from pytest_demodata.blueprint import Blueprint

    Batches = Sequence[tuple[str, Sequence[Sequence[Any]]]]
    """Statements, and what `executemany` takes with each."""

_ROWS_TOGETHER: Final = 32


@contextmanager
def contest(volume: str, blueprint: Blueprint) -> Iterator[Contest]:
    """Make the rows ready; tables and indexes are created within the time."""
    rows = ready_rows(volume, blueprint)
    one_by_one = [(_insert(name, each[0], 1), each) for name, each in rows.items()]
    together = list(chain.from_iterable(_together(name, each) for name, each in rows.items()))
    yield Contest(
        database="SQLite in memory",
        floors={
            "executemany, indexes in place": partial(
                _fill, blueprint, one_by_one, indexes_last=False
            ),
            "executemany, indexes last": partial(_fill, blueprint, one_by_one, indexes_last=True),
        },
        beyond={
            f"{_ROWS_TOGETHER} rows a statement, indexes and keys last": partial(
                _fill, blueprint, together, indexes_last=True, keys_last=True
            )
        },
        ours=partial(_generate, blueprint, volume),
    )


def _insert(name: str, row: Sequence[Any], rows: int) -> str:
    marks = f"({', '.join('?' * len(row))})"
    return f"INSERT INTO {name} VALUES {', '.join([marks] * rows)}"  # noqa: S608 - our own names


def _together(name: str, rows: Sequence[Sequence[Any]]) -> Batches:
    """Put the values of many rows behind one another, and what is left one by one."""
    whole = len(rows) // _ROWS_TOGETHER * _ROWS_TOGETHER
    flat = [
        list(chain.from_iterable(rows[start : start + _ROWS_TOGETHER]))
        for start in range(0, whole, _ROWS_TOGETHER)
    ]
    return [
        (_insert(name, rows[0], _ROWS_TOGETHER), flat),
        (_insert(name, rows[0], 1), rows[whole:]),
    ]


def _engine() -> Engine:
    return prepare_sqlite(create_engine("sqlite://"))


def _fill(
    blueprint: Blueprint, batches: Batches, *, indexes_last: bool, keys_last: bool = False
) -> float:
    engine = _engine()
    tables, indexes = _statements(blueprint, engine)
    first, last = (tables, indexes) if indexes_last else (tables + indexes, [])
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if keys_last:
            driver.execute("PRAGMA foreign_keys = OFF")
        seconds = seconds_of(partial(_load, driver, first, batches, last))
    engine.dispose()
    return seconds


def _load(driver: Any, first: list[str], batches: Batches, last: list[str]) -> None:  # noqa: ANN401 - the driver's
    driver.execute("BEGIN")
    for statement in first:
        driver.execute(statement)
    for statement, rows in batches:
        driver.executemany(statement, rows)
    for statement in last:
        driver.execute(statement)
    if driver.execute("PRAGMA foreign_keys").fetchone() == (0,):
        orphans = driver.execute("PRAGMA foreign_key_check").fetchall()
        assert not orphans  # noqa: S101 - it is the look that takes time
    driver.execute("COMMIT")


def _statements(blueprint: Blueprint, engine: Engine) -> tuple[list[str], list[str]]:
    tables = blueprint.metadata.sorted_tables
    indexes = chain.from_iterable(table.indexes for table in tables)
    return (
        [str(CreateTable(table).compile(engine)) for table in tables],
        sorted(str(CreateIndex(index).compile(engine)) for index in indexes),
    )


def _generate(blueprint: Blueprint, volume: str) -> float:
    engine = _engine()
    seconds = seconds_of(lambda: DataGenerator(engine, blueprint=blueprint).generate(volume))
    engine.dispose()
    return seconds
