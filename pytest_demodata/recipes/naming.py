"""Columns as users name them in recipes: by a text, a `Column`, or an attribute of a model."""

from __future__ import annotations

from typing import Any, TypeAlias

from sqlalchemy import Column, Table
from sqlalchemy.orm import InstrumentedAttribute

from pytest_demodata.errors import BlueprintError
from pytest_demodata.recipes.recipe import ColumnName

ColumnRef: TypeAlias = str | Column[Any] | InstrumentedAttribute[Any]


def column_name(reference: ColumnRef) -> str:
    """Return the name of a column within its table: the text itself, or the column's key.

    Raises:
        BlueprintError: It is no column.
    """
    return reference if isinstance(reference, str) else _found(reference).column


def qualified_name(reference: ColumnRef) -> ColumnName:
    """Return the table and the name of a column; a text says `table.column`.

    Raises:
        BlueprintError: It is no column, or a text of another form.
    """
    if not isinstance(reference, str):
        return _found(reference)
    table, dot, column = reference.rpartition(".")
    if table and dot and column:
        return ColumnName(table, column)
    message = (
        f"The column of another table is given as {reference!r}.\n"
        "Allowed: 'table.column', a Column, or an attribute of a model (Line.amount)."
    )
    raise BlueprintError(message)


def _found(reference: object) -> ColumnName:
    found = reference.expression if isinstance(reference, InstrumentedAttribute) else reference
    if isinstance(found, Column) and isinstance(found.table, Table):
        for key, column in found.table.columns.items():
            if column.name == found.name:
                return ColumnName(found.table.key, key)
    message = (
        f"A column is given as {reference!r}.\n"
        "Allowed: a name, a Column of a Table, or an attribute of a model that is one column."
    )
    raise BlueprintError(message)
