"""Tables of the tests' own, filled as `infer` finds they should be."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Integer, MetaData, Table

from pytest_demodata.engine import Plan
from pytest_demodata.inference.infer import infer
from pytest_demodata.values import python_values
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Constraint

AS_OF: Final = date(2025, 12, 31)


def table_of(
    name: str, *items: Column[Any] | Constraint, metadata: MetaData | None = None
) -> Table:
    """Make a table that has a key of its own."""
    key = Column("id", Integer, primary_key=True)
    return Table(name, metadata if metadata is not None else MetaData(), key, *items)


def plan_of(
    table: Table, *, volume: str = "small", locale: str = "en_US", as_of: date = AS_OF
) -> Plan:
    """Plan what is inferred of the tables that one is among."""
    blueprint = infer(table.metadata)
    return Plan(blueprint, blueprint.volumes[volume], seed=42, words=words_of(locale), as_of=as_of)


def rows_of(
    table: Table, *, volume: str = "small", locale: str = "en_US", as_of: date = AS_OF
) -> Mapping[str, Sequence[Any]]:
    """Make all rows of a table, column by column, in Python's values."""
    plan = plan_of(table, volume=volume, locale=locale, as_of=as_of)
    columns = plan.rows(table.key, 0, plan.counts[table.key]).columns
    return {
        name: python_values(table.columns[name].type, values) for name, values in columns.items()
    }


def values_of(kind: Any, name: str = "value", *items: Any, **how: Any) -> Sequence[Any]:
    """Make the values of one column, of a table `things` that has no other."""
    options = {key: how.pop(key) for key in ("unique", "nullable", "default") if key in how}
    options.setdefault("nullable", False)
    table = table_of(how.pop("table", "things"), Column(name, kind, **options), *items)
    return rows_of(table, **how)[name]
