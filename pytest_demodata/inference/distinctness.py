"""What keeps rows apart of which no two may have the same values in some columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import types
from sqlalchemy.dialects import postgresql

from pytest_demodata.inference.checks import Comparison
from pytest_demodata.inference.relations import is_owned, taken_from_owner
from pytest_demodata.inference.uniqueness import unique_sets
from pytest_demodata.recipes.deriving import AtPlaces, EachInFamily, Position
from pytest_demodata.recipes.drawing import Counted
from pytest_demodata.recipes.numbering import Each, Permuted
from pytest_demodata.recipes.referring import (
    Combination,
    Matching,
    Once,
    Owned,
    PartOf,
    Place,
    Previous,
    Reference,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_demodata.foreign_keys import Key
    from pytest_demodata.inference.drafts import Draft
    from pytest_demodata.inference.schema import Schema
    from pytest_demodata.recipes.recipe import Recipe

WANTED = "wanted#"
"""The virtual column that says how often other rows refer to a row."""

_LISTED, _UNFIT = 3, 4
_FEW = 64

_ADDRESSES: Final = postgresql.INET | postgresql.CIDR | postgresql.MACADDR


def draws_apart(recipe: Recipe) -> bool:
    """Return whether a recipe draws no value twice."""
    return isinstance(recipe, Counted | Each | Permuted) or bool(getattr(recipe, "unique", False))


class Distinctness:
    """Decides what keeps the rows of one table apart.

    Args:
        schema: All tables.
        draft: What is known of the table; what is decided is added.
    """

    def __init__(self, schema: Schema, draft: Draft) -> None:
        self._schema = schema
        self._draft = draft
        self._relations = draft.relations
        self._owned = draft.relations.owned_columns()
        self._referring = draft.relations.drawn_columns()

    def decide(self) -> None:
        """Decide for each set of columns that is unique."""
        draft = self._draft
        share = self._schema.hierarchies.shares.get(draft.table.key)
        if share is not None:
            draft.apart.append(frozenset(share.through.split(",")))
        draft.apart += [
            frozenset({column.key}) for column in draft.table.columns if draft.is_serial(column.key)
        ]
        draft.apart += self._given_apart()
        single = self._schema.hierarchies.single.get(draft.table.key, set())
        for unique in (*unique_sets(draft.table), *sorted(single, key=sorted)):
            if any(each <= unique for each in draft.apart) or unique <= draft.given:
                continue
            if self._is_owners_own(unique):
                draft.one_each = True
                draft.apart.append(unique)
            elif not self._keep_apart(unique) and unique not in single:
                draft.report(
                    min(unique & draft.given or unique),
                    f"no two rows may have the same {', '.join(sorted(unique))}, and there is "
                    "nothing to keep them apart",
                )

    def _given_apart(self) -> list[frozenset[str]]:
        """List the columns that a user has given recipes for which draw nothing twice."""
        given = self._schema.given.get(self._draft.table.key)
        sources = {} if given is None else given.sources
        apart = [
            frozenset(source.columns) for source in sources.values() if draws_apart(source.recipe)
        ]
        within_owner = [
            self._owned | {name}
            for name, source in sources.items()
            if self._owned and isinstance(source.recipe, Position)
        ]
        return apart + within_owner

    def _is_owners_own(self, unique: frozenset[str]) -> bool:
        """Return whether no two owners have the same in the columns that they fill."""
        owner = self._relations.owner
        if owner is None or not unique <= self._owned:
            return False
        targets = dict(zip(owner.columns, owner.targets, strict=True))
        names = {targets[name] for name in unique}
        return any(each <= names for each in unique_sets(owner.parent))

    def _keep_apart(self, unique: frozenset[str]) -> bool:
        if own := [key for key in self._relations.keys if self._leads_to_own(key, unique)]:
            self._draft.put(own[0], Owned(own[0].parent.key))
            self._draft.apart.append(frozenset(own[0].columns))
            return True
        scalars = self._scalars(unique)
        if self._owned and self._owned <= unique:
            if scalars and self._scalar_within_owner(scalars[0]):
                return True
            return any(
                self._key_within_owner(key)
                for key in self._relations.keys
                if set(key.columns) <= unique and set(key.columns) - self._owned
            )
        if scalars and self._fitness(scalars[0]) < _LISTED:
            self._be_distinct(scalars[0])
            return True
        keys = [
            key
            for key in self._relations.keys
            if key != self._relations.owner
            and set(key.columns) <= unique
            and not set(key.columns) & (self._draft.settled() | self._owned)
        ]
        if len(keys) == 1 and not scalars:
            self._once(keys[0])
            return True
        return self._combine(keys, scalars)

    def _leads_to_own(self, key: Key, unique: frozenset[str]) -> bool:
        """Return whether a key can refer to one of the rows that the row itself owns."""
        return (
            unique.issuperset(key.columns)
            and key in self._relations.later
            and key.is_optional()
            and is_owned(self._schema.relations, key)
            and self._draft.settled().isdisjoint(key.columns)
        )

    def _scalars(self, unique: frozenset[str]) -> list[str]:
        """List the columns that are no keys and can keep rows apart, the best first."""
        names = unique - self._owned - self._referring - self._draft.given
        columns = self._draft.table.columns
        fit = [
            name
            for name in names
            if self._fitness(name) < _UNFIT
            and columns[name].computed is None
            and (self._draft.settled().isdisjoint({name}) or name in self._draft.distinct)
        ]
        return sorted(fit, key=lambda name: (self._fitness(name), name))

    def _fitness(self, name: str) -> int:
        """Return how well a column keeps rows apart; small numbers are better."""
        column = self._draft.table.columns[name]
        kind = column.type
        while isinstance(kind, types.TypeDecorator) and not isinstance(kind, types.Interval):
            kind = kind.impl_instance
        bounds = self._draft.bounds.get(name)
        if self._draft.listed_values(column) is not None:
            return _LISTED
        if bounds is not None and bounds.values is not None:
            return _LISTED
        if isinstance(kind, types.String | types.Uuid | types.LargeBinary):
            return 0
        if isinstance(kind, types.Integer | types.Numeric | types.Float | _ADDRESSES):
            return 1
        return 2 if isinstance(kind, types.Date | types.DateTime | types.Time) else _UNFIT

    def _be_distinct(self, name: str) -> None:
        self._draft.distinct.add(name)
        self._draft.apart.append(frozenset({name}))

    def _scalar_within_owner(self, name: str) -> bool:
        draft, column = self._draft, self._draft.table.columns[name]
        apart = self._owned | {name}
        values: Sequence[object] | None = draft.listed_values(column)
        bounds = draft.bounds.get(name)
        if isinstance(column.type, types.Integer) and values is None:
            first, last = 1, None
            if bounds is not None:
                low, last = bounds.first_unit(0), bounds.last_unit(0)
                first = 1 if low is None else low
            if last is None and not (bounds and (bounds.above or bounds.excluded)):
                draft.columns[name] = Position(first)
                draft.apart.append(apart)
                return True
            if last is not None and 0 <= last - first < _FEW:
                values = range(first, last + 1)
        if values is not None:
            draft.columns[name] = EachInFamily(values)
            draft.within = len(values)
            draft.apart.append(apart)
            return True
        if self._fitness(name) == _LISTED:
            return False
        self._be_distinct(name)
        return True

    def _key_within_owner(self, key: Key) -> bool:
        """Have the rows of an owner refer to different parents, if the key is free to."""
        draft = self._draft
        if key in self._relations.later or set(key.columns) & (draft.settled() - self._owned):
            return False  # how many rows the parent has is not known before this table's
        shared = tuple(name for name in key.columns if name in self._owned)
        if shared:
            pairs = dict(zip(key.columns, key.targets, strict=True))
            targets = tuple(pairs[name] for name in shared)
            draft.put(key, Matching(shared, targets, distinct=True))
            draft.within = 1
        elif key.refers_to_itself or taken_from_owner(self._schema.relations, self._relations, key):
            return False
        else:
            draft.put(key, Reference(WANTED, distinct=True, unlike=self.unlike(key)))
            draft.within = key.parent.key
        draft.apart.append(self._owned | set(key.columns))
        return True

    def unlike(self, key: Key) -> str | None:
        """Return the columns of another key to the same table that a constraint sets apart."""
        apart = [
            {fact.column, fact.other}
            for fact in self._draft.facts
            if isinstance(fact, Comparison) and fact.operator == "!="
        ]
        for other in self._relations.keys:
            same = other.parent is key.parent and other.targets == key.targets
            if same and other != key and {*other.columns, *key.columns} in apart:
                settled = self._draft.settled().issuperset(other.columns)
                return ",".join(other.columns) if settled else None
        return None

    def _once(self, key: Key) -> None:
        if key.refers_to_itself:
            recipe: Previous | Once = Previous(to_itself=not key.is_optional())
        else:
            recipe = Once(optional=key.is_optional())
            if not key.is_optional():
                self._draft.once_of.append(key.parent.key)
        self._draft.put(key, recipe)
        self._draft.apart.append(frozenset(key.columns))

    def _combine(self, keys: Sequence[Key], scalars: Sequence[str]) -> bool:
        """Give each row a combination of parents and values that no other has."""
        draft = self._draft
        lists = {name: draft.listed_values(draft.table.columns[name]) or () for name in scalars}
        if any(key.refers_to_itself for key in keys) or not all(lists.values()):
            return False
        if not keys and not scalars:
            return False
        if not keys and len(scalars) == 1:
            self._be_distinct(scalars[0])
            return True
        parts: tuple[str | int, ...] = (
            *(key.parent.key for key in keys),
            *map(len, lists.values()),
        )
        columns = [*(name for key in keys for name in key.columns), *scalars]
        number = ",".join(columns) + "#combination"
        draft.virtual[number] = Combination(parts)
        for place, key in enumerate(keys):
            draft.put(key, PartOf(number, parts, place))
        for place, (name, values) in enumerate(lists.items(), len(keys)):
            draft.virtual[f"{name}#place"] = Place(number, parts, place)
            draft.columns[name] = AtPlaces(values, f"{name}#place")
        draft.apart.append(frozenset(columns))
        return True
