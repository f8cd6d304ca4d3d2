"""What Arrow calls the types of SQLAlchemy's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from sqlalchemy import types

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Column, Table

_TYPES: Final[Mapping[type, Callable[[Any], pa.DataType]]] = {
    types.BigInteger: lambda _: pa.int64(),
    types.Boolean: lambda _: pa.bool_(),
    types.Date: lambda _: pa.date32(),
    types.DateTime: lambda _: pa.timestamp("us"),
    types.Integer: lambda _: pa.int32(),
    types.Numeric: lambda kind: pa.decimal128(kind.precision, kind.scale),
    types.String: lambda _: pa.string(),
}


def schema_of(table: Table) -> pa.Schema:
    """Return a table's columns as Arrow has them, in their order.

    Enums are their values, and times have no zone.

    Raises:
        TypeError: A column's type, and all that it is derived from, is none of those known here.
    """
    return pa.schema(
        [pa.field(column.name, _type(column), nullable=column.nullable) for column in table.columns]
    )


def _type(column: Column[Any]) -> pa.DataType:
    for kind in type(column.type).__mro__:
        if kind in _TYPES:
            return _TYPES[kind](column.type)
    message = (
        f"Column '{column.table.name}.{column.name}' is of the type {column.type!r}, for which "
        "there is no type of Arrow's here.\n"
        f"Known: {', '.join(kind.__name__ for kind in _TYPES)}."
    )
    raise TypeError(message)
