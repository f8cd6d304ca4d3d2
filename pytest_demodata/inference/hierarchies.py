"""Classes that inherit from each other: which rows and columns belong to which of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.orm import Mapper, RelationshipProperty, mapperlib
from sqlalchemy.orm.interfaces import ONETOMANY

from pytest_demodata.blueprint import Share
from pytest_demodata.foreign_keys import keys_of
from pytest_demodata.recipes.referring import Portion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import DeclarativeBase


class Hierarchies:
    """The classes mapped to tables that have a discriminator.

    Args:
        base: The declarative base class; of a bare `MetaData`, the mappers are looked for.
        tables: The tables.

    Attributes:
        discriminators: By table, the column that tells a row's class, and its values.
        shares: By table of a subclass, which rows of the table above it has.
        single: By table, foreign keys by which no two rows have the same parent, because its class
            has one object there and no list.
    """

    def __init__(self, base: MetaData | type[DeclarativeBase], tables: Sequence[Table]) -> None:
        self.discriminators: dict[str, tuple[str, tuple[Any, ...]]] = {}
        self.shares: dict[str, Share] = {}
        self.single: dict[str, set[frozenset[str]]] = {}
        self._classes: dict[tuple[str, str], tuple[str, frozenset[Any]]] = {}
        here = {table.key for table in tables}
        for mapper in sorted(_mappers(base), key=_place_of):
            table = mapper.local_table
            if isinstance(table, Table) and table.key in here and mapper.inherits is None:
                self._look_at(mapper, table)
            for each in mapper.relationships:
                self._note_single(each)

    def described(self) -> list[object]:
        """List all that is known of the classes, in an order that hangs on nothing else."""
        return [
            sorted(self.discriminators.items()),
            sorted((name, repr(share)) for name, share in self.shares.items()),
            sorted((name, sorted(map(sorted, keys))) for name, keys in self.single.items()),
            sorted(
                (place, column, sorted(map(str, values)))
                for place, (column, values) in self._classes.items()
            ),
        ]

    def classes_of(self, table: str, column: str) -> tuple[str, frozenset[Any]] | None:
        """Return the discriminator, and its values in the rows that have a column; None for all."""
        return self._classes.get((table, column))

    def _note_single(self, relationship: RelationshipProperty[Any]) -> None:
        """Note the foreign key of a relationship that leads to one object at most."""
        if relationship.direction is not ONETOMANY or relationship.uselist:
            return
        remote = [column for _, column in relationship.local_remote_pairs or ()]
        table = remote[0].table if remote else None
        names = {column.key for column in remote}
        if isinstance(table, Table) and not relationship.viewonly:
            keys = (frozenset(key.columns) for key in keys_of(table))
            self.single.setdefault(table.key, set()).update(key for key in keys if key == names)

    def _look_at(self, mapper: Mapper[Any], table: Table) -> None:
        discriminator = mapper.polymorphic_on
        if not isinstance(discriminator, Column) or discriminator.table is not table:
            return
        name = next(key for key, each in table.columns.items() if each is discriminator)
        identities = sorted(
            (key for key, each in mapper.polymorphic_map.items() if not each.concrete), key=str
        )
        if not identities:
            return
        self.discriminators[table.key] = (name, tuple(identities))
        rows = {table.key: list(identities)}
        for each in mapper.self_and_descendants:
            own = isinstance(each.local_table, Table) and not each.concrete
            if each.inherits is None or not own:
                continue
            below = [
                identity for identity in identities if mapper.polymorphic_map[identity].isa(each)
            ]
            if each.local_table is each.inherits.local_table:
                self._note_columns(each, table, name, frozenset(below))
            else:
                self._note_table(each, rows, below)

    def _note_columns(
        self, mapper: Mapper[Any], table: Table, discriminator: str, identities: frozenset[Any]
    ) -> None:
        """Note the columns of a base table that only a subclass has."""
        above = {id(column) for column in mapper.inherits.columns} if mapper.inherits else set()
        for key, column in table.columns.items():
            if (
                mapper.columns.contains_column(column)
                and id(column) not in above
                and not column.primary_key
            ):
                _, known = self._classes.get((table.key, key), ("", frozenset()))
                self._classes[table.key, key] = (discriminator, known | identities)

    def _note_table(
        self, mapper: Mapper[Any], rows: dict[str, list[Any]], identities: list[Any]
    ) -> None:
        """Note which rows of the table above belong to the table of a subclass."""
        assert mapper.inherits is not None  # noqa: S101 - it is a subclass
        table, above = mapper.local_table, mapper.inherits.local_table
        assert isinstance(table, Table)  # noqa: S101 - as is looked at before
        assert isinstance(above, Table)  # noqa: S101 - a table inherits from a table
        rows[table.key] = identities
        primary = {column.key for column in table.primary_key.columns}
        for key in keys_of(table):
            if key.parent is above and set(key.columns) == primary and identities:
                places = tuple(rows[above.key].index(identity) for identity in identities)
                portion = Portion(len(rows[above.key]), places)
                self.shares[table.key] = Share(",".join(key.columns), portion)


def _mappers(base: MetaData | type[DeclarativeBase]) -> Iterable[Mapper[Any]]:
    """Give the mappers of a base class, or those of all classes that are mapped to a MetaData."""
    if not isinstance(base, MetaData):
        base.registry.configure()
        return base.registry.mappers
    everyone = mapperlib._all_registries()  # noqa: SLF001 - no public way leads to them
    registries = [each for each in everyone if each.metadata is base]
    for each in registries:
        each.configure()
    return [mapper for each in registries for mapper in each.mappers]


def _place_of(mapper: Mapper[Any]) -> tuple[str, str]:
    """Name a mapper by its table and class: a registry gives them in no order."""
    return str(mapper.local_table), mapper.class_.__qualname__
