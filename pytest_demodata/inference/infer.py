"""Completes a blueprint: what a user has not said follows from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import Integer, MetaData, Table, types
from sqlalchemy import inspect as inspect_mapping

from pytest_demodata.blueprint import (
    ROWS,
    Blueprint,
    Existing,
    FanOut,
    Fill,
    Fixed,
    PerRow,
    Share,
    Sized,
)
from pytest_demodata.errors import BlueprintError
from pytest_demodata.foreign_keys import Key, key_through
from pytest_demodata.inference.bounds import Bounds, bounds_of
from pytest_demodata.inference.checks import facts_of
from pytest_demodata.inference.columns import Problem, Unknown, comparing_recipe, recipe_of
from pytest_demodata.inference.groups import group_recipes
from pytest_demodata.inference.hierarchies import Hierarchies
from pytest_demodata.inference.names import is_the_name
from pytest_demodata.inference.relations import (
    CHILDREN,
    GRANDCHILDREN,
    Relations,
    is_sibling,
    relations_of,
    taken_from_owner,
)
from pytest_demodata.inference.times import (
    BASE,
    base_recipes,
    is_time,
    share_of_values,
    time_recipes,
)
from pytest_demodata.inference.uniqueness import unique_sets
from pytest_demodata.recipes.deriving import (
    Derived,
    EachInFamily,
    OnlyWhere,
    Position,
    ShareOf,
    SumOf,
    Taken,
)
from pytest_demodata.recipes.drawing import Listed, Sometimes, Standing
from pytest_demodata.recipes.recipe import ColumnName, Recipe, all_parts
from pytest_demodata.recipes.referring import (
    Combination,
    Earlier,
    Matching,
    Once,
    PartOf,
    Reference,
    Sibling,
)
from pytest_demodata.streams import WORD_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Column
    from sqlalchemy.orm import DeclarativeBase

_WANTED: Final = "wanted#"
_OFTEN: Final = 85


def infer(
    metadata: MetaData | type[DeclarativeBase],
    *fills: Fill,
    without: Iterable[Table | type[DeclarativeBase] | str] = (),
) -> Blueprint:
    """Make a blueprint of a `MetaData`: what the fills do not say follows from the tables.

    Args:
        metadata: The tables, or the declarative base class that has them.
        fills: What is known of some tables: their rows, or the recipes of some of their columns.
        without: Tables that stay empty, with the foreign keys to them NULL.

    Raises:
        BlueprintError: Columns cannot be inferred; it names each, and what to write. Or a fill does
            not fit its table.
    """
    found = metadata if isinstance(metadata, MetaData) else metadata.metadata
    return _Inference(found, metadata, fills, without).blueprint()


def _table_of(given: Table | type[DeclarativeBase] | str) -> str:
    if isinstance(given, str):
        return given
    table = given if isinstance(given, Table) else cast("Table", inspect_mapping(given).local_table)
    return table.key


class _Inference:
    """Everything that is found out about a `MetaData`, table by table."""

    def __init__(
        self,
        metadata: MetaData,
        base: MetaData | type[DeclarativeBase],
        fills: Sequence[Fill],
        without: Iterable[Table | type[DeclarativeBase] | str],
    ) -> None:
        self._metadata = metadata
        self._given = _by_table(metadata, fills)
        left_out = set(map(_table_of, without))
        if unknown := sorted(left_out - metadata.tables.keys()):
            message = (
                f"The table {unknown[0]!r} is to be left out, but is not in the MetaData.\n"
                f"Tables: {', '.join(metadata.tables)}."
            )
            raise BlueprintError(message)
        self._tables = [table for name, table in metadata.tables.items() if name not in left_out]
        self._hierarchies = Hierarchies(base, self._tables)
        self._problems: list[Problem] = []
        self._relations = relations_of(self._tables, self._owners(), self._unowned())
        self._referred = {key.parent.key for each in self._relations.values() for key in each.keys}

    def blueprint(self) -> Blueprint:
        """Complete all fills, and order them.

        Raises:
            BlueprintError: Columns cannot be inferred.
        """
        fills = {name: self._fill(each) for name, each in self._relations.items()}
        if self._problems:
            raise BlueprintError(_told(self._problems))
        stages: dict[str, list[Fill]] = {}
        for name, fill in fills.items():
            stages.setdefault(self._root(name), []).append(fill)
        fingerprint = None if self._given else _fingerprint(self._tables, self._hierarchies)
        return Blueprint(self._metadata, stages, fingerprint=fingerprint)

    def _root(self, name: str) -> str:
        while (owner := self._relations[name].owner) is not None:
            name = owner.parent.key
        return name

    def _owners(self) -> dict[str, Key | None]:
        """Return the owners that follow from what a user has said."""
        owners: dict[str, Key | None] = {}
        for name, fill in self._given.items():
            if fill.rows is not None:
                owners[name] = fill.owner_key
        for name, fill in self._given.items():
            for column, recipe in fill.given.items():
                for part in all_parts(recipe) if isinstance(recipe, Recipe) else ():
                    if isinstance(part, SumOf):
                        owners.setdefault(
                            part.child.table, self._key_between(part.child.table, name)
                        )
                    if isinstance(part, ShareOf):
                        owners.setdefault(name, key_through(fill.table, part.through))
        for name, share in self._hierarchies.shares.items():
            owners.setdefault(name, None)
        return owners

    def _key_between(self, child: str, parent: str) -> Key:
        table = self._metadata.tables.get(child)
        if table is None:
            message = (
                f"A sum of {parent!r} is over the table {child!r}, which is not in the MetaData.\n"
                f"Tables: {', '.join(self._metadata.tables)}."
            )
            raise BlueprintError(message)
        keys = [key for key in _keys(table) if key.parent.key == parent]
        if len(keys) == 1:
            return keys[0]
        message = (
            f"A sum of {parent!r} is over {child!r}, which has {len(keys)} foreign keys to it.\n"
            f"Say which one: Fill({child!r}, rows=FanOut(<column>, range(1, 6)))."
        )
        raise BlueprintError(message)

    def _unowned(self) -> list[str]:
        return [name for name, fill in self._given.items() if isinstance(fill.rows, Existing)]

    def _depth(self, name: str) -> int:
        owner = self._relations[name].owner
        return 0 if owner is None else 1 + self._depth(owner.parent.key)

    def _fill(self, relations: Relations) -> Fill:
        given = self._given.get(relations.table.key)
        if given is not None and isinstance(given.rows, Existing):
            return Fill(relations.table, rows=given.rows, virtual=self._wanted())
        work = _TableInference(self, relations, given)
        return work.fill()

    def _wanted(self) -> dict[Any, Recipe]:
        return {"standing#": Standing(), _WANTED: Derived(_skew, "standing#")}

    def wanted(self, name: str) -> dict[Any, Recipe]:
        """Return how much rows of a table are wanted, where others refer to it."""
        return self._wanted() if name in self._referred else {}

    def has_times(self, name: str) -> bool:
        """Return whether a table's rows have a first moment."""
        fill = self._given.get(name)
        if fill is not None and isinstance(fill.rows, Existing):
            return False
        return any(is_time(column.type) for column in self._relations[name].table.columns)

    @property
    def relations(self) -> dict[str, Relations]:
        return self._relations

    @property
    def hierarchies(self) -> Hierarchies:
        return self._hierarchies

    def report(self, problem: Problem) -> None:
        """Remember a column that cannot be inferred."""
        self._problems.append(problem)

    def depth(self, name: str) -> int:
        """Return how many owners stand above a table."""
        return self._depth(name)


def _keys(table: Table) -> list[Key]:
    from pytest_demodata.foreign_keys import keys_of  # noqa: PLC0415 - TODO

    return keys_of(table)


def _fingerprint(tables: Sequence[Table], hierarchies: Hierarchies) -> str | None:
    """Describe all that is inferred from, beside the statements that create the tables.

    Returns:
        None where a type or a default is code of the application's own, which may change unseen.
    """
    described: list[object] = [hierarchies.discriminators, hierarchies.shares]
    for table in tables:
        for column in table.columns:
            kind = column.type
            if not type(kind).__module__.startswith("sqlalchemy."):
                return None
            default = (
                column.default.arg
                if column.default is not None and column.default.is_scalar
                else None
            )
            described.append((table.key, column.key, column.name, repr(kind), str(default)))
    return repr(described)


def _skew(standing: int) -> int:
    """Turn a standing into a weight: the first fifth of the rows has nearly half of the sum."""
    return (1 << (WORD_BITS + 8)) // (standing + (1 << WORD_BITS) // 10)


def _by_table(metadata: MetaData, fills: Sequence[Fill]) -> dict[str, Fill]:
    given: dict[str, Fill] = {}
    for fill in fills:
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


def _told(problems: Sequence[Problem]) -> str:
    count = "1 column" if len(problems) == 1 else f"{len(problems)} columns"
    lines = [f"  {each.column}: {each.reason}.\n    Write: {each.line}" for each in problems]
    return "\n".join(
        [
            f"{count} cannot be inferred:",
            *lines,
            "Give them a recipe in infer(…, Fill(…)), or leave their tables out: without=[…].",
        ]
    )


class _TableInference:
    """What one table is filled with."""

    def __init__(self, whole: _Inference, relations: Relations, given: Fill | None) -> None:
        self._whole = whole
        self._relations = relations
        self._table = relations.table
        self._given = dict(given.given) if given is not None else {}
        self._given_names = {
            name
            for names in self._given
            for name in ((names,) if isinstance(names, str) else names)
        }
        self._given_virtual = dict(given.virtual) if given is not None else {}
        self._given_rows = given.rows if given is not None else None
        self._columns: dict[Any, Any] = {}
        self._virtual: dict[Any, Any] = {}
        self._distinct: set[str] = set()
        self._within: str | int | None = None
        self._one_each = False
        self._once_of: str | None = None
        facts, unclear = facts_of(self._table)
        for each in unclear:
            if not self._given_names & set(each.columns):
                for column in each.columns[:1]:
                    self._report(
                        column, f"the constraint {each.text!r} is not understood: {each.reason}"
                    )
        self._bounds = bounds_of(facts)

    def fill(self) -> Fill:
        """Put rows and recipes together."""
        self._be_unique()
        self._fill_keys()
        self._fill_plain()
        self._virtual |= self._whole.wanted(self._table.key)
        columns = {
            names: recipe
            for names, recipe in self._columns.items()
            if not self._given_names & {*((names,) if isinstance(names, str) else names)}
        }
        return Fill(
            self._table,
            rows=self._rows(),
            columns=columns | self._given,
            virtual=self._virtual | self._given_virtual,
        )

    def _report(self, column: str, reason: str) -> None:
        name = f"{self._table.key}.{column}"
        line = f"Fill({self._table.key!r}, columns={{{column!r}: choice(…)}})"
        self._whole.report(Problem(name, reason, line))

    def _rows(self) -> Fixed | Sized | FanOut | PerRow | Share | Existing:
        if self._given_rows is not None:
            return self._given_rows
        share = self._whole.hierarchies.shares.get(self._table.key)
        if share is not None:
            return share
        owner = self._relations.owner
        if owner is None:
            parents = [
                key
                for key in self._relations.keys
                if not key.nullable
                and not key.refers_to_itself
                and key not in self._relations.later
            ]
            single = self._single_value()
            if single:
                return Fixed(1)
            if self._once_of is not None:
                return PerRow(self._once_of, 1)
            return PerRow(parents[0].parent.key, 3) if parents else Sized(self._table.key)
        sizes: str | range = CHILDREN if self._whole.depth(self._table.key) == 1 else GRANDCHILDREN
        if self._one_each:
            sizes = range(1, 2)
        return FanOut(owner.columns, sizes, within=self._within)

    def _single_value(self) -> bool:
        """Return whether a constraint lets the table have one row only."""
        primary = list(self._table.primary_key.columns)
        bounds = self._bounds.get(primary[0].key) if len(primary) == 1 else None
        return bounds is not None and bounds.values is not None and len(bounds.values) == 1

    # What is unique

    def _be_unique(self) -> None:
        """Decide, for each set of columns of which no two rows are alike, what keeps them apart."""
        owner = self._relations.owner
        owned = set(owner.columns) if owner is not None else set()
        keys = [key for key in self._relations.keys if key != owner]
        for unique in unique_sets(self._table):
            if unique & self._given_names and not unique <= self._given_names | owned:
                pass
            if unique & self._distinct or unique <= self._given_names:
                continue
            if len(unique) == 1 and self._is_serial(next(iter(unique))):
                continue
            if owned and unique <= owned:
                self._one_each = True
                continue
            referring = [key for key in keys if set(key.columns) & unique]
            scalars = sorted(
                unique
                - owned
                - {name for key in self._relations.keys for name in key.columns}
                - self._given_names,
                key=self._fitness,
            )
            if owned and owned <= unique:
                if self._unique_within_owner(unique, owned, referring, scalars):
                    continue
            elif scalars:
                self._distinct.add(scalars[0])
                continue
            elif len(referring) == 1 and not owned & unique:
                self._once(referring[0])
                continue
            elif not owned & unique and all(len(key.columns) == 1 for key in referring):
                self._combine(referring)
                continue
            if unique <= self._given_names | owned:
                continue
            self._report(
                min(unique),
                f"no two rows may have the same {', '.join(sorted(unique))}, and there is nothing to "
                "keep them apart",
            )

    def _is_serial(self, name: str) -> bool:
        column = self._table.columns[name]
        return (
            [each.key for each in self._table.primary_key.columns] == [name]
            and isinstance(column.type, Integer)
            and not column.foreign_keys
        )

    def _fitness(self, name: str) -> tuple[int, str]:
        """Order the columns by how well they keep rows apart."""
        kind = self._table.columns[name].type
        if isinstance(kind, types.Enum | types.Boolean):
            return 3, name
        bounds = self._bounds.get(name)
        if bounds is not None and bounds.values is not None:
            return 3, name
        if isinstance(kind, types.Date):
            return 2, name
        return (0 if isinstance(kind, types.String | types.Uuid) else 1), name

    def _unique_within_owner(
        self, unique: frozenset[str], owned: set[str], referring: list[Key], scalars: list[str]
    ) -> bool:
        if scalars:
            name = scalars[0]
            column = self._table.columns[name]
            if isinstance(column.type, types.Integer) and name not in self._bounds:
                self._columns[name] = Position()
                self._distinct.add(name)
                return True
            values = self._listed_values(column)
            if values is not None:
                self._columns[name] = EachInFamily(values)
                self._within = len(values)
                self._distinct.add(name)
                return True
            self._distinct.add(name)
            return True
        if referring:
            key = referring[0]
            owner = self._relations.owner
            assert owner is not None  # noqa: S101 - it is part of what is unique
            self._columns[key.columns if len(key.columns) > 1 else key.columns[0]] = Reference(
                _WANTED if not key.refers_to_itself else None, distinct=True
            )
            self._within = key.parent.key
            self._distinct |= set(key.columns)
            return True
        return not unique - owned

    def _listed_values(self, column: Column[Any]) -> tuple[Any, ...] | None:
        kind = column.type
        if isinstance(kind, types.Boolean):
            return (False, True)
        if isinstance(kind, types.Enum):
            return tuple(kind.enum_class or ()) or tuple(kind.enums)
        bounds = self._bounds.get(column.key)
        return bounds.values if bounds is not None else None

    def _once(self, key: Key) -> None:
        if self._once_of is None and not key.refers_to_itself:
            self._once_of = key.parent.key
        self._columns[key.columns if len(key.columns) > 1 else key.columns[0]] = Once()
        self._distinct |= set(key.columns)

    def _combine(self, keys: Sequence[Key]) -> None:
        """Give each row a combination of parents that no other has."""
        tables = tuple(key.parent.key for key in keys)
        number = ",".join(key.columns[0] for key in keys) + "#combination"
        self._virtual[number] = Combination(tables)
        for place, key in enumerate(keys):
            self._columns[key.columns[0]] = PartOf(number, tables, place)
            self._distinct.add(key.columns[0])

    # Foreign keys

    def _fill_keys(self) -> None:
        relations = self._whole.relations
        owner = self._relations.owner
        share = self._whole.hierarchies.shares.get(self._table.key)
        settled = set(owner.columns) if owner is not None else set()
        settled |= set(share.through.split(",")) if share is not None else set()
        settled |= self._given_names | {
            name
            for names in self._columns
            for name in ((names,) if isinstance(names, str) else names)
        }
        for key in self._relations.keys:
            open_columns = [name for name in key.columns if name not in settled]
            if not open_columns:
                continue
            taken = taken_from_owner(relations, self._relations, key)
            if taken is not None and owner is not None:
                for name, column in zip(key.columns, taken, strict=True):
                    if name in open_columns:
                        self._columns[name] = Taken(",".join(owner.columns), column)
            else:
                self._draw(key, open_columns)
            settled |= set(open_columns)

    def _draw(self, key: Key, open_columns: list[str]) -> None:
        shared = [name for name in key.columns if name not in open_columns]
        names: Any = key.columns if len(key.columns) > 1 else key.columns[0]
        recipe: Recipe
        if shared:
            targets = dict(zip(key.columns, key.targets, strict=True))
            recipe = Matching(tuple(shared), tuple(targets[name] for name in shared), key.nullable)
            names = tuple(open_columns) if len(open_columns) > 1 else open_columns[0]
            if isinstance(names, tuple) or len(key.columns) > 1:
                names = key.columns
        elif key.refers_to_itself:
            recipe = Earlier(to_itself=not key.nullable)
        elif is_sibling(self._whole.relations, self._relations, key):
            recipe = Sibling(key.parent.key)
        else:
            recipe = Reference(_WANTED)
            if key.nullable and not self._part_of_unique(key):
                recipe = Sometimes(recipe, _OFTEN)
        self._columns[names] = self._only_for_class(key.columns, recipe)

    def _part_of_unique(self, key: Key) -> bool:
        return any(set(key.columns) & unique for unique in unique_sets(self._table))

    def _only_for_class(self, names: Iterable[str], recipe: Recipe) -> Recipe:
        """Leave a column NULL in the rows of classes that do not have it."""
        for name in names:
            owners = self._whole.hierarchies.classes_of(self._table.key, name)
            if owners is not None:
                return OnlyWhere(recipe, *owners)
        return recipe

    # Everything else

    def _fill_plain(self) -> None:
        filled = self._given_names | {
            name
            for names in self._columns
            for name in ((names,) if isinstance(names, str) else names)
        }
        owner, relations = self._relations.owner, self._relations
        filled |= set(owner.columns) if owner is not None else set()
        filled |= {name for key in relations.keys for name in key.columns}
        left = [
            column
            for column in self._table.columns
            if column.key not in filled
            and column.computed is None
            and not (self._is_serial(column.key) and not self._single_value())
            and not (column.foreign_keys and column.nullable)
        ]
        discriminator = self._whole.hierarchies.discriminators.get(self._table.key)
        if discriminator is not None:
            name, values = discriminator
            if name not in filled:
                self._columns[name] = Listed(values)
            left = [column for column in left if column.key != name]
        times = [
            column
            for column in left
            if is_time(column.type)
            and column.key not in self._distinct
            and (column.key not in self._bounds or self._bounds[column.key].values is None)
        ]
        self._fill_times(times)
        left = [column for column in left if column not in times]
        grouped, virtual = group_recipes(self._table.name, left, self._bounds, self._distinct)
        self._virtual |= virtual
        for column in left:
            if column.key in grouped:
                self._columns[column.key] = self._optional(
                    column, grouped[column.key], self._share(column)
                )
            else:
                self._fill_column(column)

    def _share(self, column: Column[Any]) -> int:
        """Return in how many rows of a hundred an optional value is there."""
        return 100 if is_the_name(self._table.name, column.key) else _OFTEN

    def _fill_times(self, columns: Sequence[Column[Any]]) -> None:
        if not self._whole.has_times(self._table.key):
            return
        owner = self._relations.owner
        has_base = owner is not None and self._whole.has_times(owner.parent.key)
        self._virtual |= base_recipes(
            ",".join(owner.columns) if owner is not None and has_base else None
        )
        others = {
            name: column
            for name, column in self._table.columns.items()
            if is_time(column.type) and name in self._distinct | self._given_names
        }
        recipes, virtual = time_recipes(columns, self._bounds, others)
        self._virtual |= virtual
        for name, recipe in recipes.items():
            self._columns[name] = self._optional(
                self._table.columns[name], recipe, share_of_values(name)
            )

    def _fill_column(self, column: Column[Any]) -> None:
        bounds = self._bounds.get(column.key, Bounds())
        unique = column.key in self._distinct
        try:
            if bounds.above and not (set(dict(bounds.above)) - set(self._table.columns.keys())):
                others = {name: self._table.columns[name] for name, _ in bounds.above}
                recipe, virtual = comparing_recipe(column, bounds, others, unique=unique)
                self._virtual |= virtual
            else:
                recipe = recipe_of(column, bounds, unique=unique)
        except Unknown as unknown:
            if column.nullable or column.server_default is not None:
                return
            self._report(column.key, str(unknown))
            return
        self._columns[column.key] = self._optional(column, recipe, self._share(column))

    def _optional(self, column: Column[Any], recipe: Recipe, percent: int) -> Recipe:
        bounds = self._bounds.get(column.key)
        required = bounds is not None and bounds.required
        referred = any(
            column.key in key.targets
            for each in self._whole.relations.values()
            for key in each.keys
            if key.parent is self._table
        )
        if column.nullable and not required and not referred and column.key not in self._distinct:
            recipe = Sometimes(recipe, percent)
        return self._only_for_class([column.key], recipe)


_ = (ROWS, BASE, ColumnName)


def as_blueprint(given: object) -> Blueprint:
    """Return a blueprint, inferred where only the tables are given.

    Args:
        given: A `Blueprint`, a `MetaData`, or a declarative base class.

    Raises:
        BlueprintError: It is none of these, or columns cannot be inferred.
    """
    if isinstance(given, Blueprint):
        return given
    if isinstance(given, MetaData):
        return infer(given)
    if isinstance(given, type) and isinstance(getattr(given, "metadata", None), MetaData):
        return infer(cast("type[DeclarativeBase]", given))
    message = (
        f"The blueprint is {given!r}.\n"
        "Allowed: a MetaData, a declarative base class, or what infer(…) returns.\n"
        "Have the fixture demodata_blueprint return one of these."
    )
    raise BlueprintError(message)
