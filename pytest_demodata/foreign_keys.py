"""Foreign keys of tables: which columns refer to which columns of which parent."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import NoReferenceError
from sqlalchemy.schema import sort_tables_and_constraints

from pytest_demodata.errors import BlueprintError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ForeignKeyConstraint, MetaData, Table


class Key(NamedTuple):
    """A foreign key.

    Attributes:
        table: The table that has it.
        columns: The names of its columns there.
        parent: The table it refers to.
        targets: The names of the columns it refers to, in the same order.
        nullable: Whether a row may do without a parent.
    """

    table: Table
    columns: tuple[str, ...]
    parent: Table
    targets: tuple[str, ...]
    nullable: bool

    @property
    def refers_to_itself(self) -> bool:
        """Whether parents are rows of the same table."""
        return self.parent is self.table

    @property
    def can_be_set_later(self) -> bool:
        """Whether a row can be there before its parent: NULL at first, and found by its key."""
        return self.nullable and bool(self.table.primary_key.columns)

    @property
    def drawn_columns(self) -> tuple[str, ...]:
        """The columns but those that refer to themselves, such as the tenant of a tree's rows."""
        if not self.refers_to_itself:
            return self.columns
        pairs = zip(self.columns, self.targets, strict=True)
        return tuple(column for column, target in pairs if column != target)

    def is_optional(self, settled: Sequence[str] = ()) -> bool:
        """Return whether a row without a parent has NULL in all columns but those settled."""
        return set(self.columns) - set(settled) <= set(self.optional_columns)

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """The columns that may be NULL."""
        return tuple(name for name in self.columns if self.table.columns[name].nullable)

    def __str__(self) -> str:
        return f"'{self.table.key}.{', '.join(self.columns)}'"


def in_order(metadata: MetaData) -> list[Table]:
    """List tables so that those which others refer to stand before them, as far as they can."""
    ordered = sort_tables_and_constraints(metadata.tables.values())  # type: ignore[no-untyped-call]
    return [table for table, _ in ordered if table is not None]


def keys_of(table: Table) -> list[Key]:
    """List the foreign keys of a table, in the order of their columns.

    Raises:
        BlueprintError: One refers to a table or column that the MetaData does not have.
    """
    places = {name: place for place, name in enumerate(table.columns.keys())}
    keys = {_key(table, each) for each in table.foreign_key_constraints}
    return sorted(
        keys,
        key=lambda key: ([places[name] for name in key.columns], key.parent.key, key.targets),
    )


def _key(table: Table, constraint: ForeignKeyConstraint) -> Key:
    elements = constraint.elements
    try:
        targets = [element.column for element in elements]
    except NoReferenceError as error:
        message = (
            f"A foreign key of {table.key!r} refers to {elements[0].target_fullname!r}, which the "
            f"MetaData does not have.\nImport the module that maps it first, or reflect its table."
        )
        raise BlueprintError(message) from error
    columns = [element.parent for element in elements]
    return Key(
        table,
        tuple(column.key for column in columns),
        targets[0].table,
        tuple(column.key for column in targets),
        any(column.nullable for column in columns),
    )


def key_through(table: Table, through: str | Sequence[str]) -> Key:
    """Return the foreign key that a column, or several, belong to; the smallest of several keys.

    Of several keys of the same columns, one whose parent refers to those of the others; or the
    first.

    Raises:
        BlueprintError: They belong to none.
    """
    names = (through,) if isinstance(through, str) else tuple(through)
    found = [key for key in keys_of(table) if set(names) <= set(key.columns)]
    if found:
        return min(found, key=lambda key: (len(key.columns), _follows_another(key, found)))
    referring = ", ".join(name for key in keys_of(table) for name in key.columns)
    message = (
        f"Column '{table.key}.{', '.join(names)}' is no foreign key, so it has no parent.\n"
        f"Foreign keys of {table.key!r}: {referring or 'none'}."
    )
    raise BlueprintError(message)


def _follows_another(key: Key, others: Sequence[Key]) -> bool:
    """Return whether the parent of another key with the same columns refers to a key's parent."""
    return any(
        above.parent is key.parent and above.columns == other.targets
        for other in others
        if other.columns == key.columns and other != key
        for above in keys_of(other.parent)
    )
