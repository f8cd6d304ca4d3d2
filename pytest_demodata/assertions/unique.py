"""Values that stand more than once."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, select

from pytest_demodata.assertions.catalog import Catalog, from_clause
from pytest_demodata.assertions.checked import (
    Checked,
    Outcome,
    bullets,
    checked_limit,
    counted,
    hold,
    key_text,
    values_text,
)
from pytest_demodata.assertions.columns import named_column
from pytest_demodata.assertions.target import reading
from pytest_demodata.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, FromClause, Select

    from pytest_demodata.assertions.catalog import TableName
    from pytest_demodata.assertions.columns import ColumnRef
    from pytest_demodata.assertions.target import Target

_ROWS_SHOWN: Final = 3
"""Rows that are named of each value that stands more than once."""


def assert_unique(target: Target, *columns: ColumnRef, limit: int = 5) -> Checked:
    """Raise if a value, or a combination of values, stands twice.

    The database compares them, as it would for a unique constraint; a row with a NULL among them is
    like no other.

    Args:
        target: A DemoDatabase, Session, Connection or Engine.
        columns: The columns of one table that are unique together: attributes of a model,
            `Column`s, or `"table.column"`.
        limit: How many values to name.

    Raises:
        AssertionError: It names the first values, and the rows that have them.
        DatabaseSetupError: The target is none.
        SettingError: A column or the limit cannot be used.
    """
    __tracebackhide__ = True
    checked_limit(limit)
    with reading(target) as connection:
        catalog = Catalog(connection)
        found = [named_column(catalog, column) for column in columns]
        tables = {column.table for column in found}
        if len(tables) != 1:
            listed = ", ".join(map(str, found)) or "none"
            message = (
                f"The columns that should be unique together are {listed}.\n"
                "Allowed: one or more columns of one table.\n"
                "Write it as in assert_unique(session, Customer.email)."
            )
            raise SettingError(message)
        names = tuple(column.name for column in found)
        failures = tuple(duplicates(connection, catalog, found[0].table, names, limit=limit))
        checked = Checked(keys=1, rows=catalog.rows(found[0].table))
    return hold(Outcome(checked, failures))


def duplicates(
    connection: Connection,
    catalog: Catalog,
    table: TableName,
    columns: tuple[str, ...],
    *,
    limit: int,
) -> Iterator[str]:
    """Say which values of columns stand more than once, if any."""
    key = catalog.primary_key(table)
    rows = from_clause(table, (*key, *columns)).alias("rows_of_it")
    repeated = _repeated(rows, columns)
    count = connection.scalar(select(func.count()).select_from(repeated.subquery())) or 0
    if not count:
        return
    found = connection.execute(_rows_that_repeat(rows, repeated, key, columns, limit))
    title = f"{table}.{columns[0]}" if len(columns) == 1 else f"{table}.({', '.join(columns)})"
    head = f"{title}: {counted(count, 'value')} more than once"
    head += f" ({counted(catalog.rows(table), 'row')} looked at)."
    lines = _lines([tuple(row) for row in found], table, columns)
    yield "\n".join([head, *bullets(lines, count=count, limit=limit)])


def _repeated(rows: FromClause, columns: tuple[str, ...]) -> Select[Any]:
    each = [rows.c[name] for name in columns]
    labelled = [column.label(f"value_{number}") for number, column in enumerate(each)]
    query = select(*labelled, func.count().label("times"))
    query = query.where(*(column.is_not(None) for column in each))
    return query.group_by(*each).having(func.count() > 1)


def _rows_that_repeat(
    rows: FromClause,
    repeated: Select[Any],
    key: tuple[str, ...],
    columns: tuple[str, ...],
    limit: int,
) -> Select[Any]:
    """Return the first rows of the first values: place among their like, times, values and key."""
    first = repeated.order_by(*list(repeated.selected_columns)[:-1]).limit(limit).subquery("first")
    values = list(first.c)[:-1]
    same = and_(*(value == rows.c[name] for value, name in zip(values, columns, strict=True)))
    keys = [rows.c[name] for name in key]
    place = func.row_number().over(partition_by=values, order_by=keys or None).label("place")
    labelled = [column.label(f"key_{number}") for number, column in enumerate(keys)]
    joined = select(place, first.c.times, *values, *labelled)
    numbered = joined.select_from(first.join(rows, same)).subquery("numbered")
    shown = select(numbered).where(numbered.c.place <= _ROWS_SHOWN)
    return shown.order_by(*list(numbered.c)[2 : 2 + len(columns)], numbered.c.place)


def _lines(
    found: list[tuple[Any, ...]], table: TableName, columns: tuple[str, ...]
) -> Iterator[str]:
    of_value, after = itemgetter(slice(1, 2 + len(columns))), 2 + len(columns)
    for (times, *values), rows in groupby(found, of_value):
        keys = [key_text("", row[after:]) for row in rows if row[after:]]
        more = f" … and {times - len(keys):,} more" if times > len(keys) else ""
        named = f": {table}{','.join(keys)}{more}" if keys else ""
        yield f"{values_text(columns, tuple(values))} stands {times:,} times{named}"
