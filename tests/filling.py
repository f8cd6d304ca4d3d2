"""Fills tables as a user does, and holds what is there to what was promised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, select

from pytest_demodata import DataGenerator, assert_intact
from pytest_demodata.defaults import DEFAULT_AS_OF, DEFAULT_LOCALE, DEFAULT_SEED
from pytest_demodata.digests import digest_of_plan, digest_of_table
from pytest_demodata.engine import Plan
from pytest_demodata.inference.infer import infer
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine
    from sqlalchemy.orm import DeclarativeBase

    from pytest_demodata.blueprint import Blueprint, Fill

    Tables = MetaData | type[DeclarativeBase]
    Rows = Mapping[str, list[Mapping[str, Any]]]


def plan_of(
    blueprint: Blueprint, volume: str = "small", *, seed: int = DEFAULT_SEED, chunk_rows: int = 1024
) -> Plan:
    """Plan a generation, without a database."""
    return Plan(
        blueprint,
        blueprint.volumes[volume],
        seed=seed,
        words=words_of(DEFAULT_LOCALE),
        as_of=DEFAULT_AS_OF,
        chunk_rows=chunk_rows,
    )


def fill(
    engine: Engine,
    tables: Tables,
    *fills: Fill,
    volume: str = "small",
    seed: int = DEFAULT_SEED,
    without: Sequence[str] = (),
) -> Rows:
    """Fill tables, hold them to what they promise, and return their rows; the tables stay.

    The database holds just the rows that the plan makes.
    """
    metadata = tables if isinstance(tables, MetaData) else tables.metadata
    blueprint = infer(tables, *fills, without=without)
    stats = DataGenerator(engine, blueprint=blueprint, seed=seed).generate(volume)
    assert_intact(engine, metadata=metadata)
    plan = plan_of(blueprint, volume, seed=seed)
    rows: dict[str, list[Mapping[str, Any]]] = {}
    with engine.connect() as connection:
        for name, table in metadata.tables.items():
            keys = list(table.columns.keys())
            rows[name] = [
                dict(zip(keys, row, strict=True)) for row in connection.execute(select(table))
            ]
            assert len(rows[name]) == stats.counts.get(name, 0)
            if name in plan.counts and not (made_by_database(plan, name)):
                assert digest_of_table(connection, table) == digest_of_plan(plan, name), name
    return rows


def made_by_database(plan: Plan, name: str) -> bool:
    """Return whether a table has columns that are not ours, and so no digest of the plan's."""
    fill = plan.blueprint.fills[name]
    return set(fill.columns) != set(fill.table.columns.keys())
