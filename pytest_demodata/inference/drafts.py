"""What is found out about one table, until it is a fill."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, types

from pytest_demodata.inference.bounds import Bounds, bounds_of
from pytest_demodata.inference.checks import facts_of
from pytest_demodata.inference.columns import Problem
from pytest_demodata.inference.uniqueness import unique_sets
from pytest_demodata.recipes.referring import references_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Column, Table

    from pytest_demodata.blueprint import Fill
    from pytest_demodata.foreign_keys import Key
    from pytest_demodata.inference.checks import Fact
    from pytest_demodata.inference.relations import Relations
    from pytest_demodata.recipes.recipe import Recipe


@dataclass(slots=True)
class Draft:
    """What one table is filled with, as far as it is known.

    Attributes:
        relations: The table's foreign keys.
        given: The columns that a user has said something of.
        facts: What its constraints say.
        bounds: The same by column.
        problems: What cannot be inferred.
        columns: Recipes of columns.
        virtual: Recipes of virtual columns.
        distinct: The columns of which no two rows have the same value.
        apart: Sets of columns of which no two rows have the same values, by their recipes.
        within: The most rows that an owner has, as in `FanOut`.
        one_each: Whether an owner has one row.
        once_of: Tables of whose rows each is referred to once.
    """

    relations: Relations
    given: frozenset[str]
    facts: list[Fact]
    bounds: dict[str, Bounds]
    problems: list[Problem]
    columns: dict[Any, Recipe] = field(default_factory=dict)
    virtual: dict[Any, Recipe] = field(default_factory=dict)
    distinct: set[str] = field(default_factory=set)
    apart: list[frozenset[str]] = field(default_factory=list)
    within: str | int | None = None
    one_each: bool = False
    once_of: list[str] = field(default_factory=list)

    @property
    def table(self) -> Table:
        """The table."""
        return self.relations.table

    def settled(self) -> set[str]:
        """Name the columns that are filled already."""
        others = (
            name
            for recipe in self.columns.values()
            for part in references_in(recipe)
            for name in part.settled
        )
        drawn = names_in(self.columns) - (set(others) - names_in(self._plain()))
        return {*self.given, *self.relations.owned_columns(), *drawn}

    def _plain(self) -> list[Any]:
        """List what is filled by a recipe that has nothing filled by another."""
        return [
            names
            for names, recipe in self.columns.items()
            if not any(part.settled for part in references_in(recipe))
        ]

    def put(self, key: Key, recipe: Recipe) -> None:
        """Have a recipe fill a foreign key."""
        self.columns[key.columns if len(key.columns) > 1 else key.columns[0]] = recipe

    def report(self, column: str, reason: str) -> None:
        """Remember a column that cannot be inferred."""
        recipe = "choice(…)"
        if column in self.given or frozenset({column}) in unique_sets(self.table):
            recipe = "unique(choice(…))"
        line = f"Fill({self.table.key!r}, columns={{{column!r}: {recipe}}})"
        self.problems.append(Problem(f"{self.table.key}.{column}", reason, line))

    def is_serial(self, name: str) -> bool:
        """Return whether a column counts the rows from 1."""
        column = self.table.columns[name]
        if [each.key for each in self.table.primary_key.columns] != [name]:
            return False
        if not isinstance(column.type, Integer) or column.foreign_keys or name in self.given:
            return False
        bounds = self.bounds.get(name, Bounds())
        first, last = bounds.first_unit(0), bounds.last_unit(0)
        return bounds.values is None and last is None and (first is None or first <= 1)

    def has_one_row(self) -> bool:
        """Return whether a constraint lets the table have one row only."""
        primary = list(self.table.primary_key.columns)
        bounds = self.bounds.get(primary[0].key) if len(primary) == 1 else None
        return bounds is not None and bounds.values is not None and len(bounds.values) == 1

    def listed_values(self, column: Column[Any]) -> tuple[Any, ...] | None:
        """Return all values that a column can have, where they are few."""
        bounds = self.bounds.get(column.key)
        if bounds is not None and bounds.values is not None:
            return None if isinstance(column.type, types.Enum) else bounds.values
        if isinstance(column.type, types.Boolean):
            return (False, True)
        if isinstance(column.type, types.Enum):
            members: Iterable[Any] = column.type.enum_class or column.type.enums
            return tuple(members)
        return None


def draft_of(relations: Relations, given: Fill | None, problems: list[Problem]) -> Draft:
    """Begin with what a user has said, and what the table's constraints say.

    Args:
        relations: The table's foreign keys.
        given: What a user has said.
        problems: Where to put what is not understood.
    """
    names = frozenset(names_in(given.given)) if given is not None else frozenset()
    facts, unclear = facts_of(relations.table)
    facts = [fact for fact in facts if fact.column not in names]
    draft = Draft(relations, names, facts, bounds_of(facts), problems)
    for each in unclear:
        if not names & set(each.columns):
            where = each.columns[0] if each.columns else relations.table.columns.keys()[0]
            draft.report(where, f"the constraint {each.text!r} is not understood: {each.reason}")
    return draft


def names_in(columns: Iterable[Any]) -> set[str]:
    """Name the columns in a list of names and tuples of names."""
    return {name for names in columns for name in ((names,) if isinstance(names, str) else names)}
