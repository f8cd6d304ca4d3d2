"""MariaDB: LOAD DATA LOCAL of ready-made files, and INSERTs of many rows in ready-made text.

On both sides the tables are there beforehand, with their keys and indexes: to create some commits
whatever is open. Each time a database of our own is created, and dropped, outside of the time.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import NullPool, create_engine

from benchmarks.ready_rows import ready_text
from benchmarks.servers import MARIADB, scratch_database
from benchmarks.timing import seconds_of
from pytest_demodata import DataGenerator

from .contest import Contest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

    from pytest_demodata.blueprint import Blueprint

_ROWS_TOGETHER: Final = 1_000
"""Rows in one INSERT, of about 150 kB: more, or fewer, gain nothing."""


@contextmanager
def contest(volume: str, blueprint: Blueprint) -> Iterator[Contest]:
    """Make the rows ready."""
    text = ready_text(volume, blueprint, create_engine(MARIADB.url).dialect)
    inserts = [each for name, table in text.items() for each in _inserts(name, *table)]
    with TemporaryDirectory(prefix="demobench-") as folder:
        loads = [_load(Path(folder), name, *table) for name, table in text.items()]
        yield Contest(
            database="MariaDB",
            floors={
                "LOAD DATA LOCAL": partial(_in_tables, blueprint, partial(_execute, loads)),
                f"INSERT of {_ROWS_TOGETHER:,} rows": partial(
                    _in_tables, blueprint, partial(_execute, inserts)
                ),
            },
            beyond={},
            ours=partial(_in_tables, blueprint, partial(_generate, blueprint, volume)),
        )


def _load(folder: Path, name: str, columns: Sequence[str], lines: str) -> str:
    path = folder / name
    path.write_bytes(lines.encode())
    return (
        f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE {name}"
        f" CHARACTER SET utf8mb4 FIELDS ESCAPED BY 0x5C ({', '.join(columns)})"
    )


def _inserts(name: str, columns: Sequence[str], lines: str) -> Iterator[str]:
    """Quote each field: what is escaped in a file is escaped in a string as well."""
    quoted = lines.replace("'", r"\'").replace("\t", "','")
    rows = [f"('{row}')".replace(r"'\N'", "NULL") for row in quoted.splitlines()]
    into = f"INSERT INTO {name} ({', '.join(columns)}) VALUES "  # noqa: S608 - our own names
    for start in range(0, len(rows), _ROWS_TOGETHER):
        yield into + ",".join(rows[start : start + _ROWS_TOGETHER])


def _in_tables(blueprint: Blueprint, fill: Callable[[Connection], object]) -> float:
    """Time what fills the tables in a transaction, which is committed outside of the time.

    To roll it back would take as long again.
    """
    with scratch_database(MARIADB) as url:
        engine = create_engine(url, poolclass=NullPool)
        blueprint.metadata.create_all(engine)
        with engine.begin() as connection:
            return seconds_of(partial(fill, connection))


def _execute(statements: Sequence[str], connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    with closing(driver.cursor()) as cursor:
        for statement in statements:
            cursor.execute(statement)


def _generate(blueprint: Blueprint, volume: str, connection: Connection) -> None:
    DataGenerator(connection, blueprint=blueprint).generate(volume)
