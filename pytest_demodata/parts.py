"""Runs of a table's rows, as Python holds them, without a database and without the other rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.errors import SettingError, did_you_mean
from pytest_demodata.values import python_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_demodata.engine import Plan

_ROWS_AT_A_TIME: Final = 5_000


def rows_of(plan: Plan, table: str, start: int, stop: int) -> Iterator[tuple[Any, ...]]:
    """Make the rows range(start, stop) of a table, each with its values in the table's order."""
    columns = plan.blueprint.fills[table].table.columns
    for first in range(start, stop, _ROWS_AT_A_TIME):
        chunk = plan.rows(table, first, min(first + _ROWS_AT_A_TIME, stop))
        values = (python_values(columns[name].type, chunk.columns[name]) for name in chunk.columns)
        yield from zip(*values, strict=True)


def rows_of_part(plan: Plan, table: str, part: int, parts: int) -> Iterator[tuple[Any, ...]]:
    """Make the rows of one of the nearly equal parts that a table is cut into, in their order.

    Raises:
        SettingError: There is no such table, or no such part.
    """
    if table not in plan.counts:
        message = (
            f"The dataset has no table {table!r}.\n"
            f"Tables: {', '.join(plan.counts)}.{did_you_mean(str(table), plan.counts)}"
        )
        raise SettingError(message)
    if not (isinstance(part, int) and isinstance(parts, int) and 0 <= part < parts):
        message = (
            f"The rows asked for are those of part {part!r} of {parts!r}.\n"
            "Allowed: 1 part or more, and a part from 0 to the one before their number."
        )
        raise SettingError(message)
    rows = plan.counts[table]
    return rows_of(plan, table, rows * part // parts, rows * (part + 1) // parts)
