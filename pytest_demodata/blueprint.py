"""Blueprints: how the tables of a `MetaData` are filled."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sqlalchemy import Integer, Table, inspect

from pytest_demodata.errors import BlueprintError, did_you_mean
from pytest_demodata.recipes.deriving import SumOf, Taken
from pytest_demodata.recipes.drawing import Serial
from pytest_demodata.recipes.recipe import ColumnName, Recipe, parent_of
from pytest_demodata.recipes.referring import references_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import MetaData
    from sqlalchemy.orm import DeclarativeBase

    # The keys are names, or tuples of names; a Mapping's keys are invariant to a type checker.
    Recipes = Mapping[Any, Recipe]


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same number of rows at any volume.

    Raises:
        BlueprintError: A negative number.
    """

    rows: int

    def __post_init__(self) -> None:
        if self.rows < 0:
            message = f"A table gets {self.rows} rows.\nAllowed: 0 or more."
            raise BlueprintError(message)


@dataclass(frozen=True, slots=True)
class Sized:
    """As many rows as the volume counts under a name.

    Attributes:
        count: The name, such as `customers`.
    """

    count: str


@dataclass(frozen=True, slots=True)
class FanOut:
    """So many rows for each row of the parent, which owns them.

    Attributes:
        through: The foreign key column to the owner; it is filled with the owner's key.
        sizes: The numbers that occur, each as often as the others: a `range`, or the name of one
            in the volume, such as `lines`.

    Raises:
        BlueprintError: A range that is empty, falls, or begins below 0.
    """

    through: str
    sizes: range | str

    def __post_init__(self) -> None:
        sizes = self.sizes
        if isinstance(sizes, range) and (not sizes or sizes.step < 0 or sizes.start < 0):
            message = (
                f"The fan-out through {self.through!r} has the sizes {sizes}.\n"
                "Allowed: a range of at least one number, from 0 up."
            )
            raise BlueprintError(message)


class Source(NamedTuple):
    """The recipe of a column, and all columns that it draws together."""

    columns: tuple[str, ...]
    recipe: Recipe


class Fill:
    """How one table is filled.

    Args:
        table: The table, or the class mapped to it. Its primary key is one integer column.
        rows: How many rows it gets.
        columns: A recipe for each column; for several columns, where they are drawn together as
            tuples. The primary key and the foreign key to the owner need none, nor does a column
            that may be NULL or has a default in the database.
        virtual: Recipes for columns that are computed but not stored, for others to read.

    Raises:
        BlueprintError: The recipes do not fit the table.
    """

    def __init__(
        self,
        table: Table | type[DeclarativeBase],
        *,
        rows: Fixed | Sized | FanOut,
        columns: Recipes,
        virtual: Recipes | None = None,
    ) -> None:
        self.table = (
            table if isinstance(table, Table) else cast("Table", inspect(table).local_table)
        )
        self.rows = rows
        self.owner = self._owner()
        stored, unstored = _sources(columns), _sources(virtual or {})
        self._check_names(stored, unstored)
        self.sources: Mapping[str, Source] = MappingProxyType(
            {**_sources(self._keys()), **stored, **unstored}
        )
        self._check_complete()
        self.columns = tuple(
            column.key for column in self.table.columns if column.key in self.sources
        )

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    def reads(self, column: str) -> Iterable[ColumnName]:
        """Name the columns that a column is computed from."""
        columns, recipe = self.sources[column]
        return recipe.reads(self.table, columns[0])

    def _owner(self) -> str | None:
        if not isinstance(self.rows, FanOut):
            return None
        owner = parent_of(self.table, self.rows.through)
        if owner is self.table:
            message = (
                f"The rows of {self.name!r} are owned by rows of the same table, through "
                f"{self.rows.through!r}.\n"
                "Allowed: a FanOut through the foreign key to another table."
            )
            raise BlueprintError(message)
        return owner.name

    def _keys(self) -> dict[str, Recipe]:
        primary = list(self.table.primary_key.columns)
        if len(primary) != 1 or not isinstance(primary[0].type, Integer):
            names = ", ".join(column.key for column in primary) or "none"
            message = (
                f"Table {self.name!r} has the primary key ({names}).\n"
                "Allowed: a primary key of one integer column."
            )
            raise BlueprintError(message)
        keys: dict[str, Recipe] = {primary[0].key: Serial()}
        if isinstance(self.rows, FanOut):
            key = next(iter(self.table.columns[self.rows.through].foreign_keys))
            keys[self.rows.through] = Taken(self.rows.through, key.column.key)
        return keys

    def _check_names(self, stored: Mapping[str, Source], unstored: Mapping[str, Source]) -> None:
        columns = self.table.columns.keys()
        for name in stored:
            if name not in columns:
                message = (
                    f"Column '{self.name}.{name}' has a recipe, but the table has no such column.\n"
                    f"Columns: {', '.join(columns)}.{did_you_mean(name, columns)}\n"
                    "A column that is computed and not stored is given in virtual={…}."
                )
                raise BlueprintError(message)
        for name in unstored:
            if name in columns:
                message = (
                    f"Column '{self.name}.{name}' is given as virtual, but the table has it.\n"
                    "Move its recipe to columns={…}, or give the virtual column another name."
                )
                raise BlueprintError(message)

    def _check_complete(self) -> None:
        missing = [
            column.key
            for column in self.table.columns
            if column.key not in self.sources
            and not column.nullable
            and column.server_default is None
        ]
        if missing:
            message = (
                f"Table {self.name!r} has no recipe for {', '.join(map(repr, missing))}, which may "
                "not be NULL and has no default in the database.\n"
                f"Add to columns={{…}}: {missing[0]!r}: <a recipe>."
            )
            raise BlueprintError(message)


def _sources(recipes: Recipes) -> dict[str, Source]:
    """List each column with its recipe, also where one recipe has several columns."""
    sources: dict[str, Source] = {}
    for names, recipe in recipes.items():
        together = (names,) if isinstance(names, str) else names
        if twice := sources.keys() & set(together):
            message = (
                f"Column {min(twice)!r} has two recipes.\n"
                "Allowed: one, for the column alone or for it and others together."
            )
            raise BlueprintError(message)
        sources.update(dict.fromkeys(together, Source(together, recipe)))
    return sources


class Blueprint:
    """How the tables of a `MetaData` are filled, and in which stages.

    Args:
        metadata: The tables.
        stages: By name, in order: the fills of a stage. A table that others refer to is filled in
            the same stage before them, or in an earlier one.

    Raises:
        BlueprintError: The fills do not fit each other or the tables.
    """

    def __init__(self, metadata: MetaData, stages: Mapping[str, Sequence[Fill]]) -> None:
        self.metadata = metadata
        self.stages: Mapping[str, tuple[Fill, ...]] = MappingProxyType(
            {name: tuple(fills) for name, fills in stages.items()}
        )
        self.fills: Mapping[str, Fill] = MappingProxyType(self._by_table())
        self._check_stages()
        self._check_parents()
        self._check_reads()

    def owned_by(self, table: str) -> list[Fill]:
        """List the fills of the tables whose rows a table owns."""
        return [fill for fill in self.fills.values() if fill.owner == table]

    def roots(self, stage: str) -> list[Fill]:
        """List the fills of a stage that no other table owns."""
        return [fill for fill in self.stages[stage] if fill.owner is None]

    def needs(self, stage: str) -> list[str]:
        """List the tables of other stages that the rows of a stage refer to."""
        own = {fill.name for fill in self.stages[stage]}
        parents = {parent for name in own for parent in self._parents(self.fills[name])}
        return [name for name in self.fills if name in parents - own]

    def _by_table(self) -> dict[str, Fill]:
        fills: dict[str, Fill] = {}
        for stage in self.stages.values():
            for fill in stage:
                if self.metadata.tables.get(fill.table.key) is not fill.table:
                    message = (
                        f"Table {fill.name!r} has a fill, but is not in the MetaData.\n"
                        f"Tables: {', '.join(self.metadata.tables)}."
                    )
                    raise BlueprintError(message)
                if fill.name in fills:
                    message = f"Table {fill.name!r} is filled twice.\nAllowed: one fill a table."
                    raise BlueprintError(message)
                fills[fill.name] = fill
        return fills

    def _parents(self, fill: Fill) -> set[str]:
        keys = [key for key in fill.table.foreign_keys if key.parent.key in fill.sources]
        return {key.column.table.name for key in keys} - {fill.name}

    def _check_stages(self) -> None:
        for stage, fills in self.stages.items():
            for fill in fills:
                owner = self.fills.get(fill.owner or "")
                if owner is not None and owner not in fills:
                    message = (
                        f"Table {fill.name!r} is in stage {stage!r}, and {fill.owner!r}, which "
                        "owns its rows, is not.\n"
                        "Allowed: a table is filled in the stage of its owner."
                    )
                    raise BlueprintError(message)

    def _check_parents(self) -> None:
        before: set[str] = set()
        for fill in self.fills.values():
            if missing := sorted(self._parents(fill) - before):
                cure = "Move its fill to the front" if missing[0] in self.fills else "Add a fill"
                message = (
                    f"Table {fill.name!r} refers to {missing[0]!r}, which is not filled before it."
                    f"\nOrder: {', '.join(self.fills)}. {cure}."
                )
                raise BlueprintError(message)
            before.add(fill.name)

    def _check_reads(self) -> None:
        graph = TopologicalSorter[ColumnName]()
        for fill in self.fills.values():
            for column in fill.sources:
                self._check_distinct(fill, column)
                reads = list(fill.reads(column))
                for read in reads:
                    self._check_readable(ColumnName(fill.name, column), read)
                graph.add(ColumnName(fill.name, column), *reads)
                self._check_sum(fill, column)
        try:
            graph.prepare()
        except CycleError as error:
            circle = " -> ".join(f"{name.table}.{name.column}" for name in error.args[1][::-1])
            message = (
                f"Columns are computed from each other in a circle: {circle}.\n"
                "Allowed: a column reads columns that do not read it. Draw one of them on its own."
            )
            raise BlueprintError(message) from None

    def _check_distinct(self, fill: Fill, column: str) -> None:
        for reference in references_in(fill.sources[column].recipe):
            if reference.distinct and fill.owner is None:
                message = (
                    f"Column '{fill.name}.{column}' refers to distinct parents among the rows of "
                    f"one owner, and the rows of {fill.name!r} have none.\n"
                    "Give the table rows=FanOut(…), or leave out distinct=True."
                )
                raise BlueprintError(message)

    def _check_sum(self, fill: Fill, column: str) -> None:
        recipe = fill.sources[column].recipe
        if not isinstance(recipe, SumOf) or self.fills[recipe.child.table].owner == fill.name:
            return
        owned = ", ".join(each.name for each in self.owned_by(fill.name)) or "none"
        message = (
            f"Column '{fill.name}.{column}' is a sum over {recipe.child.table!r}, whose rows "
            f"{fill.name!r} does not own.\n"
            f"Tables that it owns: {owned}. A table is owned through rows=FanOut(…)."
        )
        raise BlueprintError(message)

    def _check_readable(self, reader: ColumnName, read: ColumnName) -> None:
        where = f"Column '{reader.table}.{reader.column}' reads '{read.table}.{read.column}'"
        if read.table not in self.fills:
            near = did_you_mean(read.table, self.fills)
            message = (
                f"{where}, but no such table is filled.\nTables: {', '.join(self.fills)}.{near}"
            )
            raise BlueprintError(message)
        columns = self.fills[read.table].sources
        if read.column not in columns:
            near = did_you_mean(read.column, columns)
            message = f"{where}, which has no recipe.\nColumns: {', '.join(columns)}.{near}"
            raise BlueprintError(message)
