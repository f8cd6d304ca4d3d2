"""Columns as users name them in recipes: by a text, a `Column`, or an attribute of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Column, Table
from sqlalchemy.orm import InstrumentedAttribute, QueryableAttribute, RelationshipProperty

from pytest_demodata.errors import BlueprintError
from pytest_demodata.recipes.recipe import ColumnName

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def named_as_columns(references: Iterable[ColumnRef]) -> list[ColumnName]:
    """Return those of some columns that are not given as texts, with their tables."""
    return [_found(each) for each in references if not isinstance(each, str)]


def _found(reference: object) -> ColumnName:
    found = reference.expression if isinstance(reference, InstrumentedAttribute) else reference
    if isinstance(found, Column) and isinstance(found.table, Table):
        columns = found.table.columns.items()
        return ColumnName(
            found.table.key, next(key for key, column in columns if column.name == found.name)
        )
    message = (
        f"A column is given as {_text(reference)}.\n"
        "Allowed: a name, a Column of a Table, or an attribute of a model that is one column."
        f"{_instead(reference)}"
    )
    raise BlueprintError(message)


def _text(reference: object) -> str:
    return str(reference) if isinstance(reference, QueryableAttribute) else repr(reference)


def _instead(reference: object) -> str:
    """Name the columns of the foreign key, where a relationship is given."""
    relationship = getattr(reference, "property", None)
    if not isinstance(relationship, RelationshipProperty):
        return ""
    found = sorted(str(column.key) for column in relationship.local_columns)
    return f"\nIt is a relationship. Its columns: {', '.join(found)}."
