"""Columns as a user names them: an attribute of a model, a `Column`, or `'table.column'`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.orm import InstrumentedAttribute

from pytest_demodata.assertions.catalog import TableName, table_name
from pytest_demodata.errors import SettingError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_demodata.assertions.catalog import Catalog

ColumnRef: TypeAlias = str | Column[Any] | InstrumentedAttribute[Any]

_COLUMN: Final = re.compile(r"((?:[^.()]+\.)?[^.()]+)\.(?:([^.(),]+)|\(([^.()]+)\))")
_ALLOWED: Final = (
    "Allowed: an attribute of a model (Order.total), a Column, or 'table.column'"
    " ('orders.total', 'sales.orders.total')."
)


@dataclass(frozen=True, slots=True)
class NamedColumn:
    """A column of the database, and the MetaData that the user knows it from, if any."""

    table: TableName
    name: str
    metadata: MetaData | None = None

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


def named_column(catalog: Catalog, reference: ColumnRef) -> NamedColumn:
    """Find the column that a user means.

    Raises:
        SettingError: It is no column, or the database does not have it.
    """
    if isinstance(reference, str):
        table, names = split_columns(reference, what="The column")
        if len(names) == 1:
            return NamedColumn(present(catalog, table, names), names[0])
    found = reference.expression if isinstance(reference, InstrumentedAttribute) else reference
    if isinstance(found, Column) and isinstance(found.table, Table):
        table = present(catalog, catalog.name_of(found.table), [found.name])
        return NamedColumn(table, found.name, found.table.metadata)
    message = f"The column is {reference!r}.\n{_ALLOWED}\nName one column of one table."
    raise SettingError(message)


def split_columns(text: str, *, what: str) -> tuple[TableName, tuple[str, ...]]:
    """Read `table.column`, or `table.(one, other)` for several that belong together.

    Raises:
        SettingError: It is written in another way.
    """
    match = _COLUMN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        message = (
            f"{what} is {text!r}.\n"
            "Allowed: 'table.column', or 'table.(one, other)' for columns that belong together,"
            " each with a schema before it if need be.\n"
            "Write it as in 'orders.customer_id'."
        )
        raise SettingError(message)
    table, one, several = match.groups()
    return table_name(table), tuple(name.strip() for name in (one or several).split(","))


def present(catalog: Catalog, table: TableName, columns: Iterable[str]) -> TableName:
    """Return the table as the database spells it, if it is there with the columns.

    Raises:
        SettingError: It is not.
    """
    found = catalog.find(table)
    if found is None:
        names = [str(name) for name in catalog.tables]
        message = (
            f"There is no table {str(table)!r} in the database.\n"
            f"Tables: {', '.join(names) or 'none'}.{did_you_mean(str(table), names)}\n"
            "Create it first, or name another one."
        )
        raise SettingError(message)
    for missing in catalog.missing_columns(found, columns):
        columns_there = list(catalog.columns(found))
        message = (
            f"The table {str(found)!r} has no column {missing!r}.\n"
            f"Columns: {', '.join(columns_there)}.{did_you_mean(missing, columns_there)}\n"
            "Create it first, or name another one."
        )
        raise SettingError(message)
    return found
