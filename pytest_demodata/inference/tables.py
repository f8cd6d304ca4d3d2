"""What one table is filled with: its keys, its other columns, and how many rows it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer

from pytest_demodata.blueprint import (
    Existing,
    FanOut,
    Fill,
    Fixed,
    PerRow,
    Sized,
)
from pytest_demodata.errors import BlueprintError
from pytest_demodata.foreign_keys import key_through, keys_of
from pytest_demodata.inference.bounds import Bounds
from pytest_demodata.inference.checks import Comparison, NotNull
from pytest_demodata.inference.columns import Unknown, comparing_recipe, recipe_of
from pytest_demodata.inference.distinctness import WANTED, Distinctness
from pytest_demodata.inference.drafts import draft_of
from pytest_demodata.inference.groups import group_recipes
from pytest_demodata.inference.names import is_the_name
from pytest_demodata.inference.relations import (
    CHILDREN,
    GRANDCHILDREN,
    follows,
    is_owned,
    is_sibling,
    taken_from_owner,
)
from pytest_demodata.inference.times import base_recipes, is_time, share_of_values, time_recipes
from pytest_demodata.recipes.deriving import Derived, OnlyWhere, Taken
from pytest_demodata.recipes.drawing import Counted, Listed, Sometimes, Standing
from pytest_demodata.recipes.referring import (
    Earlier,
    EarlierAlike,
    Matching,
    Owned,
    Reference,
    Sibling,
    references_in,
)
from pytest_demodata.streams import WORD_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Column

    from pytest_demodata.blueprint import Rows
    from pytest_demodata.foreign_keys import Key
    from pytest_demodata.inference.checks import Fact
    from pytest_demodata.inference.columns import Problem
    from pytest_demodata.inference.schema import Schema
    from pytest_demodata.recipes.recipe import Recipe

_OFTEN: Final = 85
_SEVERAL: Final = 3


def fill_of(schema: Schema, name: str, problems: list[Problem]) -> Fill:
    """Complete what a user has said of a table, or has not.

    Args:
        schema: All tables.
        name: The table.
        problems: Where to put the columns that cannot be inferred.

    Raises:
        BlueprintError: What a user has said does not fit the table.
    """
    given = schema.given.get(name)
    if given is not None and isinstance(given.rows, Existing):
        return Fill(given.table, rows=given.rows, virtual=_wanted())
    return _TableInference(schema, name, problems).fill()


def _wanted() -> dict[Any, Recipe]:
    return {"standing#": Standing(), WANTED: Derived(_skew, "standing#")}


def _skew(standing: int) -> int:
    """Turn a standing into a weight: the first fifth of the rows has nearly half of the sum."""
    return (1 << (WORD_BITS + 8)) // (standing + (1 << WORD_BITS) // 10)


class _TableInference:
    """What one table is filled with.

    Args:
        schema: All tables.
        name: The table.
        problems: Where to put the columns that cannot be inferred.
    """

    def __init__(self, schema: Schema, name: str, problems: list[Problem]) -> None:
        self._schema = schema
        self._name = name
        self._relations = schema.relations[name]
        self._table = self._relations.table
        self._given = schema.given.get(name)
        self._draft = draft_of(self._relations, self._given, problems)
        self._distinctness = Distinctness(schema, self._draft)
        self._share = schema.hierarchies.shares.get(name)
        self._targets = schema.targets(name)
        known = self._relations.keys
        self._lacking = {
            column for key in keys_of(self._table) if key not in known for column in key.columns
        }

    def fill(self) -> Fill:
        """Put rows and recipes together."""
        draft, given = self._draft, self._given
        self._distinctness.decide()
        self._fill_keys()
        self._check_constraints_on_keys()
        self._fill_rest()
        if self._targets:
            draft.virtual |= _wanted()
        columns = {
            names: recipe
            for names, recipe in draft.columns.items()
            if draft.given.isdisjoint((names,) if isinstance(names, str) else names)
        }
        return Fill(
            self._table,
            rows=self._rows(),
            columns=columns | dict(given.given if given is not None else {}),
            virtual=draft.virtual | dict(given.virtual if given is not None else {}),
        )

    def _rows(self) -> Rows:
        draft, owner = self._draft, self._relations.owner
        if self._given is not None and self._given.rows is not None:
            return self._given.rows
        if self._share is not None:
            return self._share
        if owner is not None:
            return FanOut(owner.columns, self._sizes(), within=draft.within)
        if draft.has_one_row():
            return Fixed(1)
        if draft.once_of:
            first, *others = draft.once_of
            return PerRow(first, 1, at_most=tuple(others))
        parent = next((key.parent.key for key in self._relations.keys if self._is_needed(key)), "")
        return PerRow(parent, _SEVERAL) if parent else Sized(self._name)

    def _sizes(self) -> str | range:
        if self._draft.one_each:
            return range(1, 2)
        return CHILDREN if self._schema.depth(self._name) == 1 else GRANDCHILDREN

    def _is_needed(self, key: Key) -> bool:
        return not key.nullable and not key.refers_to_itself

    # Foreign keys

    def _check_constraints_on_keys(self) -> None:
        """Report what constraints say of foreign keys, as far as it is not kept anyway."""
        referring = self._relations.drawn_columns() - self._draft.given
        for fact in self._draft.facts:
            compared = fact.other if isinstance(fact, Comparison) else None
            names = [name for name in (fact.column, compared) if name in referring]
            if names and not isinstance(fact, NotNull) and not self._is_kept(fact):
                self._draft.report(
                    str(names[0]), f"it is a foreign key, and a constraint limits it: {_told(fact)}"
                )

    def _is_kept(self, fact: Fact) -> bool:
        if not isinstance(fact, Comparison):
            return False
        keys = [key for key in self._relations.keys if key.columns == (fact.column,)]
        if fact.other is None:
            positive = fact.operator in {">", ">=", "!="} and fact.value in {0, 1}
            return (
                positive
                and (fact.operator, fact.value) != (">", 1)
                and all(self._counts(key) for key in keys)
            )
        keys += [key for key in self._relations.keys if key.columns == (fact.other,)]
        if self._is_order_of_tree(fact, keys):
            return True
        return fact.operator == "!=" and any(
            isinstance(part, Reference) and part.unlike in {fact.column, fact.other}
            for name in (fact.column, fact.other)
            for part in references_in(self._draft.columns.get(name, Standing()))
        )

    def _is_order_of_tree(self, fact: Comparison, keys: Sequence[Key]) -> bool:
        """Return whether a fact is that a row's key is behind that of the row it refers to."""
        itself = [key for key in keys if key.refers_to_itself and key.is_optional()]
        if not itself or not self._draft.is_serial(itself[0].targets[0]):
            return False
        forward = {">", ">=", "!="} if fact.column == itself[0].targets[0] else {"<", "<=", "!="}
        return {fact.column, fact.other} == {*itself[0].columns, *itself[0].targets} and (
            fact.operator in forward
        )

    def _counts(self, key: Key) -> bool:
        """Return whether a key refers to numbers that count from 1."""
        (target,) = key.targets
        column = key.parent.columns[target]
        return list(key.parent.primary_key.columns) == [column] and not column.foreign_keys

    def _fill_keys(self) -> None:
        relations, draft = self._schema.relations, self._draft
        settled_by = [key for key in (self._relations.owner,) if key is not None]
        settled = draft.settled()
        if self._share is not None:
            settled_by.append(_key_of(self._relations.keys, self._share.through))
            settled |= set(settled_by[-1].columns)
        for key in sorted(self._relations.keys, key=self._precedence):
            columns = set(key.columns)
            if key in settled_by or columns <= draft.given or key.columns in draft.columns:
                settled_by.append(key)
                continue
            if (
                key.columns[0] in draft.columns
                and len(key.columns) == 1
                and not any(columns <= set(other.columns) for other in settled_by)
            ):
                settled_by.append(key)
                continue
            if any(follows(relations, key, other) for other in settled_by):
                continue
            if columns <= settled:
                self._report_settled(key)
                continue
            self._draw(key, self._shared(key, settled))
            settled_by.append(key)
            settled |= columns

    def _shared(self, key: Key, settled: set[str]) -> tuple[str, ...]:
        """List the columns of a key that something else fills."""
        return tuple(
            name for name in key.columns if name in settled or name not in key.drawn_columns
        )

    def _precedence(self, key: Key) -> tuple[bool, int, int]:
        """Order keys so that those which others follow from are first, and narrow ones then."""
        relations = self._schema.relations
        others = [each for each in self._relations.keys if each != key]
        led = sum(follows(relations, each, key) for each in others)
        following = sum(follows(relations, key, each) for each in others)
        hidden = key != key_through(self._table, key.columns)
        return hidden, following - led, len(key.columns)

    def _report_settled(self, key: Key) -> None:
        self._draft.report(
            key.columns[0],
            f"it refers to {key.parent.key!r}, but what it has follows from another foreign key",
        )

    def _draw(self, key: Key, shared: tuple[str, ...]) -> None:
        """Have a foreign key drawn.

        Args:
            key: The key.
            shared: Those of its columns that are filled already.
        """
        owner = self._relations.owner
        taken = taken_from_owner(self._schema.relations, self._relations, key)
        if taken is not None and owner is not None:
            for name, column in zip(key.columns, taken, strict=True):
                if name not in shared:
                    self._draft.columns[name] = Taken(",".join(owner.columns), column)
            return
        if key.refers_to_itself:
            recipe = self._recipe_for_tree(key, shared)
        else:
            recipe = self._recipe_for_parents(key, shared)
        self._draft.put(key, self._only_for_class(key.columns, recipe))

    def _recipe_for_tree(self, key: Key, shared: tuple[str, ...]) -> Recipe:
        owned = self._relations.owned_columns()
        if not set(shared).isdisjoint(key.drawn_columns):
            self._report_settled(key)
        if not owned.issuperset(shared):
            return EarlierAlike(shared, to_itself=not self._is_optional(key, shared))
        required = not self._is_optional(key, shared)
        return Earlier(to_itself=required, in_family=bool(owned), columns=shared)

    def _recipe_for_parents(self, key: Key, shared: tuple[str, ...]) -> Recipe:
        relations = self._schema.relations
        optional = self._is_optional(key, shared)
        if shared:
            targets = dict(zip(key.columns, key.targets, strict=True))
            return Matching(shared, tuple(targets[name] for name in shared), optional)
        if is_sibling(relations, self._relations, key):
            return Sibling(key.parent.key, optional)
        if key in self._relations.later and is_owned(relations, key) and optional:
            return Owned(key.parent.key)
        recipe = Reference(WANTED, unlike=self._distinctness.unlike(key))
        return Sometimes(recipe, _OFTEN) if optional else recipe

    def _is_optional(self, key: Key, shared: Sequence[str]) -> bool:
        required = {fact.column for fact in self._draft.facts if isinstance(fact, NotNull)}
        return key.is_optional(shared) and required.isdisjoint(key.columns)

    def _only_for_class(self, names: Iterable[str], recipe: Recipe) -> Recipe:
        """Leave a column NULL in the rows of classes that do not have it."""
        for name in names:
            owners = self._schema.hierarchies.classes_of(self._name, name)
            if owners is not None and self._table.columns[name].nullable:
                return OnlyWhere(recipe, *owners)
        return recipe

    # Everything else

    def _fill_rest(self) -> None:
        draft = self._draft
        self._fill_discriminator()
        filled = draft.settled() | self._relations.drawn_columns()
        if self._share is not None:
            filled |= set(self._share.through.split(","))
        left = [
            column
            for column in self._table.columns
            if column.key not in filled
            and column.computed is None
            and (not draft.is_serial(column.key) or draft.has_one_row())
        ]
        times = [
            column
            for column in left
            if is_time(column.type)
            and column.key not in draft.distinct
            and draft.bounds.get(column.key, Bounds()).values is None
        ]
        self._fill_times(times)
        others = [
            column for column in left if column.key not in self._lacking and column not in times
        ]
        grouped, virtual = group_recipes(self._table.name, others, draft.bounds, draft.distinct)
        draft.virtual |= virtual
        for column in left:
            if column.key in self._lacking:
                self._leave_null(column)
            elif column.key in grouped:
                recipe = grouped[column.key]
                draft.columns[column.key] = self._optional(column, recipe, self._often(column))
            elif column not in times:
                self._fill_column(column)

    def _fill_discriminator(self) -> None:
        discriminator = self._schema.hierarchies.discriminators.get(self._name)
        if discriminator is None:
            return
        name, values = discriminator
        if name not in self._draft.given:
            self._draft.columns[name] = Listed(values)
            return
        shares = self._schema.hierarchies.shares
        above = (
            _key_of(self._schema.relations[name].keys, share.through).parent.key
            for name, share in shares.items()
        )
        if self._name in above:
            message = (
                f"Column '{self._name}.{name}' tells a row's class, and the tables of the classes "
                "are filled to fit it; it has a recipe.\n"
                "Allowed: no recipe for it; each class then has as many rows as the others. Or "
                "leave the tables of the subclasses out: infer(…, without=[…])."
            )
            raise BlueprintError(message)

    def _leave_null(self, column: Column[Any]) -> None:
        """Leave a foreign key NULL whose parent is left out."""
        if not column.nullable:
            parents = " and ".join(
                sorted(repr(each.column.table.key) for each in column.foreign_keys)
            )
            self._draft.report(column.key, f"it refers to {parents}, which is left out")

    def _fill_times(self, columns: Sequence[Column[Any]]) -> None:
        if not self._schema.has_times(self._name):
            return
        draft, owner = self._draft, self._relations.owner
        has_base = owner is not None and self._schema.has_times(owner.parent.key)
        draft.virtual |= base_recipes(
            ",".join(owner.columns) if owner is not None and has_base else None
        )
        others = {
            name: column
            for name, column in self._table.columns.items()
            if is_time(column.type) and name in draft.distinct | draft.given
        }
        recipes, virtual = time_recipes(columns, draft.bounds, others)
        draft.virtual |= virtual
        for name, recipe in recipes.items():
            column = self._table.columns[name]
            draft.columns[name] = self._optional(column, recipe, share_of_values(name))

    def _fill_column(self, column: Column[Any]) -> None:
        draft = self._draft
        bounds = draft.bounds.get(column.key, Bounds())
        first = bounds.first_unit(0)
        alone = list(self._table.primary_key.columns) == [column]
        if alone and isinstance(column.type, Integer) and first and bounds.last_unit(0) is None:
            draft.columns[column.key] = Counted(first)
            return
        unique = column.key in draft.distinct
        try:
            if bounds.above:
                others = {name: self._table.columns[name] for name, _ in bounds.above}
                recipe, virtual = comparing_recipe(column, bounds, others, unique=unique)
                draft.virtual |= virtual
            else:
                recipe = recipe_of(column, bounds, unique=unique)
        except Unknown as unknown:
            if not column.nullable and column.server_default is None:
                draft.report(column.key, str(unknown))
            return
        draft.columns[column.key] = self._optional(column, recipe, self._often(column))

    def _often(self, column: Column[Any]) -> int:
        """Return in how many rows of a hundred an optional value is there."""
        return 100 if is_the_name(self._table.name, column.key) else _OFTEN

    def _optional(self, column: Column[Any], recipe: Recipe, percent: int) -> Recipe:
        """Leave a column NULL in some rows, where nothing needs it."""
        required = self._draft.bounds.get(column.key, Bounds()).required
        needed = column.key in self._targets | self._draft.distinct
        needed = needed or (self._name, column.key) in self._schema.summed
        if column.nullable and not required and not needed:
            recipe = Sometimes(recipe, percent)
        return self._only_for_class([column.key], recipe)


def _key_of(keys: Iterable[Key], through: str) -> Key:
    return next(key for key in keys if ",".join(key.columns) == through)


def _told(fact: Fact) -> str:
    if isinstance(fact, Comparison):
        return f"{fact.column} {fact.operator} {fact.other or repr(fact.value)}"
    return repr(fact)
