"""All tables that are filled together: how they refer to each other, and what a user has said."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import MetaData, Table
from sqlalchemy import inspect as inspect_mapping

from pytest_demodata.blueprint import Existing
from pytest_demodata.errors import BlueprintError
from pytest_demodata.foreign_keys import keys_of
from pytest_demodata.inference.hierarchies import Hierarchies
from pytest_demodata.inference.relations import relations_of
from pytest_demodata.inference.times import is_time
from pytest_demodata.recipes.deriving import ShareOf, SumOf
from pytest_demodata.recipes.recipe import Recipe, all_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.orm import DeclarativeBase

    from pytest_demodata.blueprint import Fill
    from pytest_demodata.foreign_keys import Key
    from pytest_demodata.inference.relations import Relations


class Schema:
    """The tables of a `MetaData` that are filled.

    Args:
        base: The tables, or the declarative base class that has them.
        fills: What a user has said of some tables.
        without: Tables that stay empty.

    Attributes:
        metadata: The tables.
        given: What a user has said, by table.
        hierarchies: The classes that are mapped to the tables.
        summed: The columns that a user has sums of.
        relations: The foreign keys of each table, in an order in which the tables can be filled.

    Raises:
        BlueprintError: Tables cannot be filled one after the other, or what a user has said does
            not fit them.
    """

    def __init__(
        self,
        base: MetaData | type[DeclarativeBase],
        fills: Sequence[Fill],
        without: Iterable[Table | type[DeclarativeBase] | str],
    ) -> None:
        self.metadata = base if isinstance(base, MetaData) else base.metadata
        self.given = _by_table(self.metadata, fills)
        self.without = set(map(_table_of, without))
        self._check_without()
        tables = [table for name, table in self.metadata.tables.items() if name not in self.without]
        self.hierarchies = Hierarchies(base, tables)
        self.summed = {
            part.child
            for fill in self.given.values()
            for part in _parts(fill)
            if isinstance(part, SumOf)
        }
        self.relations: Mapping[str, Relations] = relations_of(
            tables, self._owners(), self.hierarchies.single
        )

    @property
    def tables(self) -> list[Table]:
        """The tables, in an order in which they can be filled."""
        return [each.table for each in self.relations.values()]

    def root(self, name: str) -> str:
        """Return the table above a table that no other owns."""
        while (owner := self.relations[name].owner) is not None:
            name = owner.parent.key
        return name

    def depth(self, name: str) -> int:
        """Return how many owners stand above a table."""
        owner = self.relations[name].owner
        return 0 if owner is None else 1 + self.depth(owner.parent.key)

    def targets(self, name: str) -> set[str]:
        """Name the columns of a table that foreign keys refer to."""
        keys = (key for each in self.relations.values() for key in each.keys)
        return {target for key in keys if key.parent.key == name for target in key.targets}

    def has_times(self, name: str) -> bool:
        """Return whether a table's rows have a first moment."""
        fill = self.given.get(name)
        if fill is not None and isinstance(fill.rows, Existing):
            return False
        return any(is_time(column.type) for column in self.relations[name].table.columns)

    def _check_without(self) -> None:
        if unknown := sorted(self.without - self.metadata.tables.keys()):
            message = (
                f"The table {unknown[0]!r} is to be left out, but is not in the MetaData.\n"
                f"Tables: {', '.join(self.metadata.tables)}."
            )
            raise BlueprintError(message)
        if both := sorted(self.without & self.given.keys()):
            message = (
                f"The table {both[0]!r} is to be left out, and has a fill.\n"
                "Allowed: one of the two. Take it out of without=[…], or leave out the fill."
            )
            raise BlueprintError(message)

    def _owners(self) -> dict[str, Key | None]:
        """Return the owners that follow from what a user has said, and from classes."""
        owners: dict[str, Key | None] = {
            name: fill.owner_key for name, fill in self.given.items() if fill.rows is not None
        }
        for name, fill in self.given.items():
            for part in _parts(fill):
                if isinstance(part, SumOf):
                    child = part.child.table
                    owners.setdefault(child, self._key_between(child, name))
                if isinstance(part, ShareOf):
                    owners.setdefault(name, fill.key(part.through))
        for name in self.hierarchies.shares:
            owners.setdefault(name, None)
        return owners

    def _key_between(self, child: str, parent: str) -> Key:
        table = self.metadata.tables.get(child)
        if table is None:
            message = (
                f"A sum of {parent!r} is over the table {child!r}, which is not in the MetaData.\n"
                f"Tables: {', '.join(self.metadata.tables)}."
            )
            raise BlueprintError(message)
        keys = [key for key in keys_of(table) if key.parent.key == parent]
        if len(keys) == 1:
            return keys[0]
        message = (
            f"A sum of {parent!r} is over {child!r}, which has {len(keys)} foreign keys to it.\n"
            f"Say which one: Fill({child!r}, rows=FanOut(<column>, range(1, 6)))."
        )
        raise BlueprintError(message)


def _parts(fill: Fill) -> Iterator[Recipe]:
    for recipe in fill.given.values():
        if isinstance(recipe, Recipe):
            yield from all_parts(recipe)


def _table_of(given: Table | type[DeclarativeBase] | str) -> str:
    if isinstance(given, str):
        return given
    table = given if isinstance(given, Table) else cast("Table", inspect_mapping(given).local_table)
    return table.key


def _by_table(metadata: MetaData, fills: Sequence[Fill]) -> dict[str, Fill]:
    given: dict[str, Fill] = {}
    for fill in (each.on(metadata) for each in fills):
        if metadata.tables.get(fill.name) is not fill.table:
            message = (
                f"Table {fill.name!r} has a fill, but is not in the MetaData.\n"
                f"Tables: {', '.join(metadata.tables)}."
            )
            raise BlueprintError(message)
        if fill.name in given:
            message = f"Table {fill.name!r} is filled twice.\nAllowed: one fill a table."
            raise BlueprintError(message)
        given[fill.name] = fill
    return given
