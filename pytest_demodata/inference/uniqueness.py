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
    constraints = (each for each in table.constraints if isinstance(each, UniqueConstraint))
    indexes = (index.columns for index in table.indexes if index.unique)
    sets = {
        frozenset(column.key for column in table.primary_key.columns),
        *(frozenset(column.key for column in each.columns) for each in constraints),
        *(frozenset(each.key for each in index if isinstance(each, Column)) for index in indexes),
    }
    return sorted(sets - {frozenset()}, key=lambda each: (len(each), sorted(each)))
