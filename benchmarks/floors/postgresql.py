"""PostgreSQL: COPY of ready-made text by psycopg, and then indexes, keys and ANALYZE.

On both sides tables are created, within the time, in a transaction that is rolled back.
"""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import NullPool, create_engine
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from benchmarks.ready_rows import ready_text
from benchmarks.servers import POSTGRESQL, scratch_database
from benchmarks.timing import seconds_of
from pytest_demodata import DataGenerator

from .contest import Contest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from pytest_demodata.blueprint import Blueprint

_REFERENCES: Final = "FOREIGN KEY"
_ALL_KEYS: Final = "FOREIGN KEY|PRIMARY KEY|UNIQUE"


class _Script(NamedTuple):
    """Statements before the rows, those that the rows go with, and those behind them."""

    before: list[str]
    copies: list[tuple[str, bytes]]
    after: list[str]


@contextmanager
def contest(volume: str, blueprint: Blueprint) -> Iterator[Contest]:
    """Make the rows ready, in a database of our own."""
    with scratch_database(POSTGRESQL) as url:
        engine = create_engine(url, poolclass=NullPool)
        copies = [
            (f"COPY {name} ({', '.join(columns)}) FROM STDIN", lines.encode())
            for name, (columns, lines) in ready_text(volume, blueprint, engine.dialect).items()
        ]
        scripts = {
            last: _script(blueprint, engine, copies, last) for last in (_REFERENCES, _ALL_KEYS)
        }
        yield Contest(
            database="PostgreSQL",
            floors={
                "COPY, indexes and foreign keys last": partial(_fill, engine, scripts[_REFERENCES])
            },
            beyond={"COPY, indexes and all keys last": partial(_fill, engine, scripts[_ALL_KEYS])},
            ours=partial(_generate, blueprint, engine, volume),
        )


def _script(
    blueprint: Blueprint, engine: Engine, copies: list[tuple[str, bytes]], last: str
) -> _Script:
    """Write down what creates the tables, where keys of some kinds are added last."""
    tables = blueprint.metadata.sorted_tables
    added = [
        str(AddConstraint(constraint, isolate_from_table=False).compile(engine))
        for table in tables
        for constraint in sorted(table.constraints, key=lambda each: str(each.name))
    ]
    keys = [each for each in added if re.search(rf" ADD CONSTRAINT \w+ (?:{last})\b", each)]
    indexes = chain.from_iterable(table.indexes for table in tables)
    return _Script(
        [_without(str(CreateTable(table).compile(engine)), last) for table in tables],
        copies,
        [
            *sorted(str(CreateIndex(index).compile(engine)) for index in indexes),
            *sorted(keys, key=lambda each: _REFERENCES in each),
            *(f"ANALYZE {table.name}" for table in tables),
        ],
    )


def _without(statement: str, keys: str) -> str:
    """Leave keys of some kinds out of a CREATE TABLE."""
    key = rf",\s*CONSTRAINT \w+ (?:{keys}) ?\([^)]*\)(?: REFERENCES [^,\n]*)?"
    return re.sub(key, "", statement).replace("%%", "%")  # doubled for statements with parameters


def _fill(engine: Engine, script: _Script) -> float:
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        with closing(driver.cursor()) as cursor:
            seconds = seconds_of(partial(_load, cursor, script))
        driver.rollback()
    return seconds


def _load(cursor: Any, script: _Script) -> None:  # noqa: ANN401 - the driver's
    for statement in script.before:
        cursor.execute(statement)
    for statement, lines in script.copies:
        with cursor.copy(statement) as copy:
            copy.write(lines)
    for statement in script.after:
        cursor.execute(statement)


def _generate(blueprint: Blueprint, engine: Engine, volume: str) -> float:
    with engine.connect() as connection:
        seconds = seconds_of(
            lambda: DataGenerator(connection, blueprint=blueprint).generate(volume)
        )
        connection.rollback()
    return seconds
