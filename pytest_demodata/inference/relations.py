"""How tables hang together: owners, orders, circles; which keys are drawn, and which follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

from pytest_demodata.errors import BlueprintError
from pytest_demodata.foreign_keys import Key, keys_of
from pytest_demodata.inference.uniqueness import unique_sets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Table

_NAME_COUNTS, _UNIQUE_COUNTS, _CASCADE_COUNTS, _ALONE_COUNTS = 2, 3, 4, 20


@dataclass(slots=True)
class Relations:
    """The foreign keys of a table, and what becomes of them.

    Attributes:
        table: The table.
        keys: Its foreign keys.
        owner: That to the table which owns its rows, if one does.
        later: Those that are NULL until the table they refer to is filled.
        bound: Whether the table cannot do without its owner.
    """

    table: Table
    keys: list[Key]
    owner: Key | None = None
    later: set[Key] = field(default_factory=set)
    bound: bool = False

    def needs(self) -> set[str]:
        """Name the tables that are to be filled before this one."""
        keys = (key for key in self.keys if not key.refers_to_itself and key not in self.later)
        return {key.parent.key for key in keys}


def relations_of(
    tables: Sequence[Table],
    owners: Mapping[str, Key | None],
    unowned: Iterable[str],
) -> dict[str, Relations]:
    """Find an owner for each table that can have one, and an order in which all can be filled.

    Args:
        tables: The tables.
        owners: The owners that a user has named, by the owned table.
        unowned: Tables that are to have none.

    Returns:
        By table, in an order in which they can be filled: owners before what they own.

    Raises:
        BlueprintError: Tables refer to each other in a circle, and no key in it may be NULL.
    """
    relations = {table.key: Relations(table, keys_of(table)) for table in tables}
    known = relations.keys()
    for each in relations.values():
        each.keys = [key for key in each.keys if key.parent.key in known]
    _break_circles(relations)
    free = set(unowned)
    for name, each in relations.items():
        if name in owners:
            each.owner, each.bound = owners[name], owners[name] is not None
        elif name not in free:
            each.owner = _best_owner(each)
    return _in_order(relations)


def _break_circles(relations: dict[str, Relations]) -> None:
    """Set keys later that may be NULL, until no table is filled before what it needs."""
    while circle := _circle({name: each.needs() for name, each in relations.items()}):
        between = [
            key
            for name, parent in zip(circle, circle[1:], strict=False)
            for key in relations[name].keys
            if key.parent.key == parent and key not in relations[name].later
        ]
        steps = list(zip(circle, circle[1:], strict=False))
        for name, parent in steps:
            keys = [key for key in between if key.table.key == name and key.parent.key == parent]
            if all(key.nullable for key in keys):
                relations[name].later |= set(keys)
                break
        else:
            columns = ", ".join(sorted({str(key) for key in between}))
            message = (
                f"Tables refer to each other in a circle, {' -> '.join(circle)}, and none of the "
                f"foreign keys in it may be NULL: {columns}.\n"
                "Allowed: a circle in which one may be, so that it can be set when all rows are "
                "there. Make one of these columns nullable, or leave one of the tables out: "
                "infer(…, without=[…])."
            )
            raise BlueprintError(message)


def _circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return a circle of a graph, from a node to itself, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1][::-1])
    return []


def _best_owner(relations: Relations) -> Key | None:
    """Choose the key whose parent a row belongs to: one that is never NULL, the likeliest first."""
    table = relations.table
    uniques = unique_sets(table)
    primary = {column.key for column in table.primary_key.columns}

    def likelihood(key: Key) -> int:
        columns = set(key.columns)
        constraint = next(
            each
            for each in table.foreign_key_constraints
            if {element.parent.key for element in each.elements} == columns
        )
        parent = key.parent.name.rstrip("s").lower()
        return (
            _CASCADE_COUNTS * (str(constraint.ondelete).upper() == "CASCADE")
            + _UNIQUE_COUNTS * any(columns <= unique for unique in uniques)
            + _UNIQUE_COUNTS * (columns <= primary)
            + _ALONE_COUNTS * any(columns == unique for unique in uniques)
            + _NAME_COUNTS * table.name.lower().startswith(parent)
        )

    referring = {name for key in relations.keys for name in key.columns}
    links = [unique for unique in uniques if unique <= referring]
    candidates = [
        key
        for key in relations.keys
        if not key.refers_to_itself
        and key not in relations.later
        and (not key.nullable or any(set(key.columns) <= unique for unique in links))
    ]
    if not candidates:
        return None
    owner = max(candidates, key=likelihood)  # the first of equal ones
    relations.bound = any(set(owner.columns) <= unique for unique in uniques)
    return owner


def _in_order(relations: dict[str, Relations]) -> dict[str, Relations]:
    """Order the tables by families, and give up owners until there is an order."""
    while True:
        roots = {name: _root(relations, name) for name in relations}
        _leave_families(relations, roots)
        roots = {name: _root(relations, name) for name in relations}
        graph: dict[str, set[str]] = {root: set() for root in dict.fromkeys(roots.values())}
        for name, each in relations.items():
            graph[roots[name]] |= {roots[parent] for parent in each.needs()} - {roots[name]}
        circle = _circle(graph)
        if not circle:
            break
        members = [each for name, each in relations.items() if roots[name] in circle and each.owner]
        if not members:  # pragma: no cover - without owners, families are tables
            break
        next(iter(sorted(members, key=lambda each: each.bound))).owner = None
    ordered: dict[str, Relations] = {}
    for root in TopologicalSorter({name: sorted(graph[name]) for name in graph}).static_order():
        members = [name for name in relations if roots[name] == root]
        inner = {
            name: sorted(
                (relations[name].needs() & set(members)) | ({_owner(relations, name)} - {""})
            )
            for name in members
        }
        for name in TopologicalSorter(inner).static_order():
            ordered[name] = relations[name]
    return ordered


def _owner(relations: Mapping[str, Relations], name: str) -> str:
    owner = relations[name].owner
    return owner.parent.key if owner is not None else ""


def _root(relations: Mapping[str, Relations], name: str) -> str:
    while above := _owner(relations, name):
        name = above
    return name


def _leave_families(relations: dict[str, Relations], roots: Mapping[str, str]) -> None:
    """Have no table owned that refers to rows of its family other than its owner and siblings.

    Those are made after it.
    """
    for name, each in relations.items():
        if each.owner is None:
            continue
        for key in each.keys:
            parent = key.parent.key
            inside = roots[parent] == roots[name] and key != each.owner
            if (
                inside
                and not key.refers_to_itself
                and key not in each.later
                and not (is_sibling(relations, each, key) or taken_from_owner(relations, each, key))
                and parent != each.owner.parent.key
            ):
                each.owner = None
                break


def is_sibling(relations: Mapping[str, Relations], each: Relations, key: Key) -> bool:
    """Return whether a key refers to a table whose rows have the same owner."""
    other = relations[key.parent.key].owner
    return (
        each.owner is not None
        and other is not None
        and other.parent is each.owner.parent
        and other.table is not each.table
    )


def taken_from_owner(
    relations: Mapping[str, Relations], each: Relations, key: Key
) -> tuple[str, ...] | None:
    """Return the columns of the owner that refer to the same parent as a key, if some always do."""
    if each.owner is None:
        return None
    for other in relations[each.owner.parent.key].keys:
        same = other.parent is key.parent and set(other.targets) == set(key.targets)
        if same and not other.nullable and other not in relations[each.owner.parent.key].later:
            by_target = dict(zip(other.targets, other.columns, strict=True))
            return tuple(by_target[target] for target in key.targets)
    return None


CHILDREN: Final = "children"
"""The name of the fan-out of a table whose owner is owned by nobody."""

GRANDCHILDREN: Final = "grandchildren"
"""The name of the fan-out of a table further down."""
