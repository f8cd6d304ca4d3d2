"""Blueprints: how the tables of a `MetaData` are filled."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from sqlalchemy import Integer, Table, inspect

from pytest_demodata.errors import BlueprintError, did_you_mean
from pytest_demodata.foreign_keys import key_through, keys_of
from pytest_demodata.recipes.deriving import ShareOf, SumOf, Taken
from pytest_demodata.recipes.drawing import Serial, Stored
from pytest_demodata.recipes.naming import column_name, named_as_columns
from pytest_demodata.recipes.python_forms import in_counts, in_python
from pytest_demodata.recipes.recipe import ColumnName, Recipe, all_parts, through_text
from pytest_demodata.recipes.referring import KeyOf, Portion, references_in
from pytest_demodata.values import converter, counts_in_whole, is_amount, is_whole_number
from pytest_demodata.volumes import Volume, volumes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Column, MetaData
    from sqlalchemy.orm import DeclarativeBase

    from pytest_demodata.foreign_keys import Key
    from pytest_demodata.recipes.naming import ColumnRef
    from pytest_demodata.recipes.recipe import Kind, Run

    # The keys are names, or tuples of names; a Mapping's keys are invariant to a type checker.
    Recipes = Mapping[Any, Recipe | Callable[[Run], Sequence[Any]]]


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
        through: The foreign key column to the owner; it is filled with the owner's key. Several
            columns, where they are one key, as a tuple.
        sizes: The numbers that occur, each as often as the others: a `range`, or the name of one
            in the volume, such as `lines`.
        within: The most rows that an owner has: a number, or a table, of whose rows each owner
            needs as many different ones.

    Raises:
        BlueprintError: A range that is empty, falls, or begins below 0.
    """

    through: ColumnRef | tuple[ColumnRef, ...]
    sizes: range | str
    within: str | int | None = None

    def __post_init__(self) -> None:
        names = self.through if isinstance(self.through, tuple) else (self.through,)
        object.__setattr__(self, "through", ",".join(map(column_name, names)))
        sizes = self.sizes
        if isinstance(sizes, range) and (not sizes or sizes.step < 0 or sizes.start < 0):
            message = (
                f"The fan-out through {self.through!r} has the sizes {sizes}.\n"
                "Allowed: a range of at least one number, from 0 up."
            )
            raise BlueprintError(message)

    @property
    def owner(self) -> str:
        """The columns of the key to the owner, as one text."""
        return cast("str", self.through)


@dataclass(frozen=True, slots=True)
class PerRow:
    """Rows in proportion to another table's, which does not own them.

    Attributes:
        table: The other table.
        rows: How many rows there are…
        of: … for so many of the other table.
        at_most: Tables that have at least as many rows.
    """

    table: str
    rows: int
    of: int = 1
    at_most: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A row for each of some rows of the parent: for the table of a subclass.

    Attributes:
        through: The columns of the foreign key to the parent.
        portion: Which of the parent's rows.
    """

    through: str
    portion: Portion


@dataclass(frozen=True, slots=True)
class Existing:
    """The rows that are in the database already: none is made, and others may refer to them."""


Rows = Fixed | Sized | FanOut | PerRow | Share | Existing

_SHOWN: Final = 5

ROWS: Final = "#"
"""Ends the name of the column that has the numbers of the parent rows."""


class Source(NamedTuple):
    """The recipe of a column, and all columns that it draws together."""

    columns: tuple[str, ...]
    recipe: Recipe


class Fill:
    """How one table is filled.

    Args:
        table: The table, or the class mapped to it; or the table's name, for a blueprint to find.
        rows: How many rows it gets. May be left out where the rest is inferred.
        columns: A recipe for each column, by name, `Column` or attribute; for several columns,
            where they are drawn together as tuples, a tuple of them. A primary key of one integer
            column and the foreign key to the owner need none, nor does a column that may be NULL
            or has a default in the database.
        virtual: Recipes for columns that are computed but not stored, for others to read.

    Raises:
        BlueprintError: The recipes do not fit the table.
    """

    def __init__(
        self,
        table: Table | type[DeclarativeBase] | str,
        *,
        rows: Rows | None = None,
        columns: Recipes | None = None,
        virtual: Recipes | None = None,
    ) -> None:
        self._sought = ""
        if isinstance(table, str):  # what it says is looked at when the table is known
            self._sought = table
            self._said: tuple[Rows | None, Recipes | None, Recipes | None] = (
                rows,
                columns,
                virtual,
            )
            return
        self.table = (
            table if isinstance(table, Table) else cast("Table", inspect(table).local_table)
        )
        self.rows = rows
        self._keys: dict[str, Key] = {}
        self.owner_key = (
            key_through(self.table, rows.owner.split(",")) if isinstance(rows, FanOut) else None
        )
        self.owner = self._owner()
        self.given = MappingProxyType(self._named(columns or {}))
        self.virtual = MappingProxyType(self._named(virtual or {}))
        stored = {names: in_counts(self.table, names, each) for names, each in self.given.items()}
        unstored = _sources(
            {names: in_counts(self.table, names, each) for names, each in self.virtual.items()}
        )
        self._check_names(_names_in(stored), unstored)
        drawn = _sources(self._drawn(stored))
        self.sources: Mapping[str, Source] = MappingProxyType(
            {**self._sources_of_keys(drawn), **drawn, **unstored}
        )
        self.columns = tuple(
            column.key for column in self.table.columns if column.key in self.sources
        )

    def on(self, metadata: MetaData) -> Fill:
        """Return the same for a table of a `MetaData`, where only its name was given.

        Raises:
            BlueprintError: There is no such table, or the recipes do not fit it.
        """
        if not self._sought:
            return self
        if self._sought not in metadata.tables:
            message = (
                f"Table {self._sought!r} has a fill, but is not in the MetaData.\n"
                f"Tables: {', '.join(metadata.tables)}."
                f"{did_you_mean(self._sought, metadata.tables)}"
            )
            raise BlueprintError(message)
        rows, columns, virtual = self._said
        return Fill(metadata.tables[self._sought], rows=rows, columns=columns, virtual=virtual)

    @property
    def name(self) -> str:
        """The table's name, after that of its schema if it is in one."""
        return self.table.key

    def reads(self, column: str) -> Iterable[ColumnName]:
        """Name the columns that a column is computed from."""
        columns, recipe = self.sources[column]
        return recipe.reads(self.table, columns[0].removesuffix(ROWS))

    def key(self, through: str) -> Key:
        """Return the foreign key that columns, with commas between them, belong to.

        Raises:
            BlueprintError: They belong to none.
        """
        if through not in self._keys:
            self._keys[through] = key_through(self.table, through.split(","))
        return self._keys[through]

    def missing(self) -> list[str]:
        """List the columns that need a recipe and have none."""
        return [
            column.key
            for column in self.table.columns
            if column.key not in self.sources
            and not column.nullable
            and column.server_default is None
            and column.computed is None
        ]

    def _named(self, recipes: Recipes) -> dict[Any, Any]:
        """Name the columns that recipes are given for: by a text, or a tuple of texts."""
        named: dict[Any, Any] = {}
        for given, recipe in recipes.items():
            together = given if isinstance(given, tuple) else (given,)
            for other in named_as_columns(together):
                if other.table != self.name:
                    message = (
                        f"The fill of {self.name!r} has a recipe for '{other.table}.{other.column}'"
                        f", a column of another table.\n"
                        f"Columns of {self.name!r}: {', '.join(self.table.columns.keys())}. Give "
                        f"the other table a fill of its own."
                    )
                    raise BlueprintError(message)
            columns = tuple(map(column_name, together))
            names = columns if isinstance(given, tuple) else columns[0]
            if names in named:
                raise _given_twice(columns[0])
            named[names] = recipe
        return named

    def _owner(self) -> str | None:
        if self.owner_key is None:
            return None
        if self.owner_key.refers_to_itself:
            message = (
                f"The rows of {self.name!r} are owned by rows of the same table, through "
                f"{self.rows.owner!r}.\n"  # type: ignore[union-attr]
                "Allowed: a FanOut through the foreign key to another table."
            )
            raise BlueprintError(message)
        return self.owner_key.parent.key

    def _sources_of_keys(self, given: Mapping[str, Source]) -> dict[str, Source]:
        """Return what fills the keys for which there is no recipe."""
        keys: dict[str, Recipe] = {}
        primary = list(self.table.primary_key.columns)
        if (
            len(primary) == 1
            and isinstance(primary[0].type, Integer)
            and not primary[0].foreign_keys
        ):
            keys[primary[0].key] = Serial()
        if self.owner_key is not None:
            through = ",".join(self.owner_key.columns)
            for column, target in zip(self.owner_key.columns, self.owner_key.targets, strict=True):
                keys[column] = Taken(through, target)
        if isinstance(self.rows, Existing):
            keys = {column.key: Stored(column.key) for column in self.table.columns}
        if isinstance(self.rows, Share):
            keys |= self._drawn_by_number(self.rows.through, self.rows.portion)
        return {name: source for name, source in _sources(keys).items() if name not in given}

    def _drawn(self, stored: Mapping[Any, Recipe]) -> dict[Any, Recipe]:
        """Have foreign keys drawn as the numbers of parent rows, and the keys looked up by them."""
        drawn: dict[Any, Recipe] = {}
        for names, recipe in stored.items():
            if any(references_in(recipe)):
                drawn |= self._drawn_by_number(through_text(names), recipe)
            else:
                drawn[names] = recipe
        return drawn

    def _drawn_by_number(self, through: str, recipe: Recipe) -> dict[Any, Recipe]:
        key = self.key(through)
        rows = ",".join(key.columns) + ROWS
        recipes: dict[Any, Recipe] = {rows: recipe}
        settled = {name for each in references_in(recipe) for name in each.settled}
        for column, target in zip(key.columns, key.targets, strict=True):
            if column in through.split(",") and column not in settled:
                recipes[column] = KeyOf(rows, key.parent.key, target)
        return recipes

    def _check_names(self, stored: Iterable[str], unstored: Iterable[str]) -> None:
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


def _names_in(recipes: Iterable[Any]) -> list[str]:
    together = ((names,) if isinstance(names, str) else names for names in recipes)
    return [name for names in together for name in names]


def _sources(recipes: Mapping[Any, Recipe]) -> dict[str, Source]:
    """List each column with its recipe, also where one recipe has several columns."""
    sources: dict[str, Source] = {}
    for names, recipe in recipes.items():
        together = (names,) if isinstance(names, str) else names
        if twice := sources.keys() & set(together):
            raise _given_twice(min(twice))
        sources.update(dict.fromkeys(together, Source(together, recipe)))
    return sources


def _given_twice(column: str) -> BlueprintError:
    return BlueprintError(
        f"Column {column!r} has two recipes.\n"
        "Allowed: one, for the column alone or for it and others together."
    )


class DeclaredSum(NamedTuple):
    """An amount of a parent that is the sum over its children.

    Attributes:
        parent: The column with the sum.
        child: The column that is summed.
        key: The children's foreign key to the parent.
        childless: Whether parents without children have the sum 0; else nothing is said of them.
    """

    parent: Column[Any]
    child: Column[Any]
    key: Key
    childless: bool


class Blueprint:
    """How the tables of a `MetaData` are filled, and in which stages.

    Args:
        metadata: The tables.
        stages: By name, in order: the fills of a stage. A table that others refer to is filled in
            the same stage before them, or in an earlier one.
        volumes: What `small`, `medium`, `large` and `huge` count, if the tables are not those of
            the invoicing dataset; without it, 25, 100, 1,000 and 20,000 rows of each table that a
            `Sized` counts under its own name.
        fingerprint: A text that changes with everything that the rows hang on besides the settings
            and this package; None where nobody can tell, and no image of the rows is kept.

    Raises:
        BlueprintError: The fills do not fit each other or the tables.
    """

    def __init__(
        self,
        metadata: MetaData,
        stages: Mapping[str, Sequence[Fill]],
        *,
        volumes: Mapping[str, Volume] | None = None,
        fingerprint: str | None = None,
    ) -> None:
        self.metadata = metadata
        self.fingerprint = fingerprint
        self.stages: Mapping[str, tuple[Fill, ...]] = MappingProxyType(
            {name: tuple(fill.on(metadata) for fill in fills) for name, fills in stages.items()}
        )
        self.fills: Mapping[str, Fill] = MappingProxyType(self._by_table())
        for fill in self.fills.values():
            self._check_complete(fill)
        self.volumes = volumes_of(self._sized()) if volumes is None else volumes
        self._check_stages()
        self.set_later: Mapping[str, tuple[Key, ...]] = MappingProxyType(self._set_later())
        self._check_reads()
        self.conversions: Mapping[ColumnName, Callable[[Any], Any]] = MappingProxyType(
            self._conversions()
        )

    def __repr__(self) -> str:
        names = list(self.fills)
        more = ", …" if len(names) > _SHOWN else ""
        return f"<Blueprint of {len(names)} tables: {', '.join(names[:_SHOWN])}{more}>"

    def _sized(self) -> list[str]:
        rows = (fill.rows for fill in self.fills.values())
        return list(dict.fromkeys(each.count for each in rows if isinstance(each, Sized)))

    def sums(self) -> list[DeclaredSum]:
        """List the sums of numbers that stored columns are by their recipes."""
        found = []
        for fill in self.fills.values():
            for name in fill.columns:
                recipe = fill.sources[name].recipe
                if isinstance(recipe, SumOf):
                    child, childless = recipe.child, True
                    parent = ColumnName(fill.name, name)
                elif isinstance(recipe, ShareOf):
                    parent, childless = recipe.parent, False
                    child = ColumnName(fill.name, name)
                else:
                    continue
                total, part = (
                    self.fills[each.table].table.columns.get(each.column)
                    for each in (parent, child)
                )
                key = self.fills[child.table].owner_key
                assert key is not None  # noqa: S101 - the blueprint has been looked at
                if total is None or part is None:  # virtual ones are in no database
                    continue
                if is_whole_number(total.type) and is_whole_number(part.type):
                    found.append(DeclaredSum(total, part, key, childless))
        return found

    def kind_of(self, name: ColumnName) -> Kind | None:
        """Return the type that a column's values are counted in; None where nobody knows.

        A virtual column that takes a column of another table, or adds it up, counts as that does.
        """
        fill = self.fills[name.table]
        if name.column in fill.table.columns:
            return fill.table.columns[name.column].type
        sources = self._read_elsewhere(fill, name.column)
        return self.kind_of(sources[0][1]) if sources else None

    def _read_elsewhere(self, fill: Fill, column: str) -> list[tuple[Recipe, ColumnName]]:
        """List what a column's recipe takes or adds up of another table, with who does so."""
        found: list[tuple[Recipe, ColumnName]] = []
        for part in all_parts(fill.sources[column].recipe):
            if isinstance(part, Taken):
                parent = fill.key(part.through).parent.key
                found.append((part, ColumnName(parent, part.column)))
            elif isinstance(part, SumOf):
                found.append((part, part.child))
            elif isinstance(part, ShareOf):
                found.append((part, part.parent))
        return found

    def _conversions(self) -> dict[ColumnName, Callable[[Any], Any]]:
        """Return by column what makes of another table's values such as fit it.

        Raises:
            BlueprintError: Its type does not hold them, or they cannot be added up or divided.
        """
        found = {}
        for fill in self.fills.values():
            for name in fill.columns:
                for part, source in self._read_elsewhere(fill, name):
                    if isinstance(part, Taken) and name in part.through.split(","):
                        continue
                    convert = self._conversion(ColumnName(fill.name, name), part, source)
                    if convert is not None:
                        found[ColumnName(fill.name, name)] = convert
        return found

    def _conversion(
        self, target: ColumnName, part: Recipe, source: ColumnName
    ) -> Callable[[Any], Any] | None:
        kind, kind_of_source = self.kind_of(target), self.kind_of(source)
        assert kind is not None  # noqa: S101 - it is stored
        where = f"Column '{target.table}.{target.column}' ({kind!r})"
        of = f"'{source.table}.{source.column}'"
        if kind_of_source is None:
            given = self.fills[source.table].virtual.get(source.column)
            if not counts_in_whole(kind) or not in_python(given):
                return None
            message = (
                f"{where} reads {of}, which is virtual and has no type to count its values in.\n"
                f"Allowed: a column that is stored. Add {of} to the table, or calculate it where "
                "it is read."
            )
            raise BlueprintError(message)
        if isinstance(part, SumOf | ShareOf):
            for each in (kind_of_source, kind):
                if not is_amount(each, binary=isinstance(part, SumOf)):
                    verb = "added up" if isinstance(part, SumOf) else "divided"
                    message = (
                        f"{where} is made of {of} ({kind_of_source!r}), and {each!r} cannot be "
                        f"{verb}.\n"
                        "Allowed: whole numbers, NUMERIC with a number of decimal places, and "
                        "intervals."
                    )
                    raise BlueprintError(message)
        try:
            return converter(kind_of_source, kind)
        except ValueError:
            message = (
                f"{where} reads {of} ({kind_of_source!r}), and does not hold each of its values.\n"
                "Allowed: a type that does, with as many decimal places. Or give the other "
                "column's values to a virtual column, and write derived(…) from that."
            )
            raise BlueprintError(message) from None

    def existing(self) -> list[Fill]:
        """List the fills of tables whose rows are there already."""
        return [fill for fill in self.fills.values() if isinstance(fill.rows, Existing)]

    def referred(self) -> set[str]:
        """Name the tables that rows which are made refer to."""
        made = [fill for fill in self.fills.values() if not isinstance(fill.rows, Existing)]
        return {key.parent.key for fill in made for key in self._references(fill)}

    def reads(self) -> Mapping[str, set[str]]:
        """Name by table the columns that any column is computed from."""
        columns: dict[str, set[str]] = {name: set() for name in self.fills}
        for fill in self.fills.values():
            for name in fill.sources:
                for read in fill.reads(name):
                    columns[read.table].add(read.column)
        return columns

    def owned_by(self, table: str) -> list[Fill]:
        """List the fills of the tables whose rows a table owns."""
        return [fill for fill in self.fills.values() if fill.owner == table]

    def roots(self, stage: str) -> list[Fill]:
        """List the fills of a stage that no other table owns."""
        return [fill for fill in self.stages[stage] if fill.owner is None]

    def filled(self, stage: str) -> list[Fill]:
        """List the fills of a stage whose rows are made, and not there already."""
        return [fill for fill in self.stages[stage] if not isinstance(fill.rows, Existing)]

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

    def _check_complete(self, fill: Fill) -> None:
        missing = fill.missing()
        if fill.rows is None:
            message = (
                f"Table {fill.name!r} has no number of rows.\n"
                "Give it rows=Fixed(…), Sized(…) or FanOut(…), or have infer() complete it."
            )
            raise BlueprintError(message)
        if missing and not isinstance(fill.rows, Existing):
            message = (
                f"Table {fill.name!r} has no recipe for {', '.join(map(repr, missing))}, which may "
                "not be NULL and has no default in the database.\n"
                f"Add to columns={{…}}: {missing[0]!r}: <a recipe>."
            )
            raise BlueprintError(message)

    def _references(self, fill: Fill) -> list[Key]:
        """List the foreign keys of a table that are filled, but for those to itself."""
        return [
            key
            for key in keys_of(fill.table)
            if not key.refers_to_itself and all(name in fill.sources for name in key.columns)
        ]

    def _parents(self, fill: Fill) -> set[str]:
        later = self.set_later.get(fill.name, ())
        return {key.parent.key for key in self._references(fill) if key not in later}

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

    def _set_later(self) -> dict[str, tuple[Key, ...]]:
        """List by table the keys that are NULL until the table they refer to is filled.

        Raises:
            BlueprintError: One may not be NULL.
        """
        before: set[str] = set()
        later: dict[str, tuple[Key, ...]] = {}
        for fill in self.fills.values():
            ahead = [key for key in self._references(fill) if key.parent.key not in before]
            for key in ahead:
                missing = key.parent.key
                if missing not in self.fills or not key.can_be_set_later:
                    cure = "Move its fill to the front" if missing in self.fills else "Add a fill"
                    message = (
                        f"Table {fill.name!r} refers to {missing!r}, which is not filled before it."
                        f"\nOrder: {', '.join(self.fills)}. {cure}."
                    )
                    raise BlueprintError(message)
            if ahead:
                later[fill.name] = tuple(ahead)
            before.add(fill.name)
        return later

    def _check_reads(self) -> None:
        graph = TopologicalSorter[ColumnName]()
        for fill in self.fills.values():
            for column in fill.sources:
                self._check_distinct(fill, column)
                reads = list(fill.reads(column))
                for read in reads:
                    self._check_readable(ColumnName(fill.name, column), read)
                graph.add(ColumnName(fill.name, column), *reads)
                for part in all_parts(fill.sources[column].recipe):
                    self._check_part(fill, column, part)
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
            if getattr(reference, "distinct", False) and fill.owner is None:
                message = (
                    f"Column '{fill.name}.{column.removesuffix(ROWS)}' refers to distinct parents "
                    f"among the rows of one owner, and the rows of {fill.name!r} have none.\n"
                    "Give the table rows=FanOut(…), or leave out distinct=True."
                )
                raise BlueprintError(message)

    def _check_part(self, fill: Fill, column: str, part: Recipe) -> None:
        where = f"Column '{fill.name}.{column}'"
        if isinstance(part, SumOf) and self.fills[part.child.table].owner != fill.name:
            owned = ", ".join(each.name for each in self.owned_by(fill.name)) or "none"
            message = (
                f"{where} is a sum over {part.child.table!r}, whose rows {fill.name!r} does not "
                f"own.\nTables that it owns: {owned}. A table is owned through rows=FanOut(…)."
            )
            raise BlueprintError(message)
        if isinstance(part, ShareOf):
            key = fill.key(part.through)
            if key != fill.owner_key or part.parent.table != fill.owner:
                message = (
                    f"{where} is a share of '{part.parent.table}.{part.parent.column}' through "
                    f"{part.through!r}, and no row of {part.parent.table!r} owns it through that "
                    "key.\n"
                    f"Allowed: an amount of the owner's. The owner of {fill.name!r}: "
                    f"{fill.owner or 'none'}. A table is owned through rows=FanOut(…)."
                )
                raise BlueprintError(message)
        if isinstance(part, Taken) and part.of and part.of != fill.key(part.through).parent.key:
            parent = fill.key(part.through).parent.key
            message = (
                f"{where} takes '{part.of}.{part.column}' through {part.through!r}, which refers "
                f"to {parent!r}.\n"
                f"Columns of {parent!r}: {', '.join(self.fills[parent].table.columns.keys())}."
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
