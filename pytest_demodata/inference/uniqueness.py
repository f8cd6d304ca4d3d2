"""What a table says of unique values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, UniqueConstraint

if TYPE_CHECKING:
    from sqlalchemy import Table


def unique_sets(table: Table) -> list[frozenset[str]]:
    """List the sets of columns of which no two rows have the same values, the smallest first.

    An index over expressions, or over some rows only, counts as one over its columns, for all rows.
    """
    primary = frozenset(column.key for column in table.primary_key.columns)
    sets = [primary] if primary else []
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            sets.append(frozenset(column.key for column in constraint.columns))
    for index in table.indexes:
        if index.unique:
            names = [each.key for each in index.columns if isinstance(each, Column)]
            sets.append(frozenset(names))
    for column in table.columns:
        if column.unique:
            sets.append(frozenset({column.key}))
    return sorted({each for each in sets if each}, key=lambda each: (len(each), sorted(each)))
