"""The rows of a volume, ready-made: as the driver of SQLite takes them, and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine

from pytest_demodata import DataGenerator, parse_volume, prepare_sqlite
from pytest_demodata.databases.rendering import rows_of
from pytest_demodata.defaults import DEFAULT_AS_OF, DEFAULT_LOCALE, DEFAULT_SEED
from pytest_demodata.engine import Plan
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Dialect

    from pytest_demodata.blueprint import Blueprint

    Rows = list[tuple[Any, ...]]


def ready_rows(volume: str, blueprint: Blueprint) -> Mapping[str, Rows]:
    """Read all rows back as SQLite's driver gives them, by table, parents first."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    DataGenerator(engine, blueprint=blueprint).generate(volume)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        rows = {
            table.name: driver.execute(f"SELECT * FROM {table.name} ORDER BY id").fetchall()  # noqa: S608 - our own names
            for table in blueprint.metadata.sorted_tables
        }
    engine.dispose()
    return rows


def ready_text(
    volume: str, blueprint: Blueprint, dialect: Dialect
) -> Mapping[str, tuple[list[str], str]]:
    """Return the columns and the lines of each table, as COPY and LOAD DATA read them.

    To the byte, they are what a generation sends.
    """
    plan = Plan(
        blueprint,
        parse_volume(volume, blueprint.volumes),
        seed=DEFAULT_SEED,
        words=words_of(DEFAULT_LOCALE),
        as_of=DEFAULT_AS_OF,
    )
    columns: dict[str, list[str]] = {}
    lines: dict[str, list[str]] = {table.name: [] for table in blueprint.metadata.sorted_tables}
    for stage in blueprint.stages:
        for chunk in plan.chunks(stage):
            columns[chunk.table.name] = list(chunk.columns)
            lines[chunk.table.name] += rows_of(chunk, dialect) or ()
    return {name: (columns[name], "\n".join([*each, ""])) for name, each in lines.items()}
