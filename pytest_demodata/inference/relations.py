"""How tables hang together: owners, orders, circles; which keys are drawn, and which follow."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from pytest_demodata.errors import BlueprintError
from pytest_demodata.foreign_keys import Key, key_through, keys_of
from pytest_demodata.inference.uniqueness import unique_sets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Table

CHILDREN: Final = "children"
"""The name of the fan-out of a table whose owner is owned by nobody."""

GRANDCHILDREN: Final = "grandchildren"
"""The name of the fan-out of a table further down."""

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
        said: Whether a user has named the owner, or that there is none.
    """

    table: Table
    keys: list[Key]
    owner: Key | None = None
    later: set[Key] = field(default_factory=set)
    bound: bool = False
    said: bool = False

    def needs(self) -> set[str]:
        """Name the tables that are to be filled before this one."""
        keys = (key for key in self.keys if not key.refers_to_itself and key not in self.later)
        return {key.parent.key for key in keys}

    def drawn_columns(self) -> set[str]:
        """Name the columns that foreign keys fill."""
        return {name for key in self.keys for name in key.drawn_columns}

    def owned_columns(self) -> frozenset[str]:
        """Name the columns that the owner's key fills."""
        return frozenset(self.owner.columns if self.owner is not None else ())


def relations_of(
    tables: Sequence[Table],
    owners: Mapping[str, Key | None],
    single: Mapping[str, set[frozenset[str]]],
) -> dict[str, Relations]:
    """Find an owner for each table that can have one, and an order in which all can be filled.

    Args:
        tables: The tables.
        owners: The owners that a user has named, by the owned table; None for none.
        single: By table, foreign keys by which no two rows have the same parent.

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
    for name, each in relations.items():
        if name in owners:
            each.owner, each.said = owners[name], True
        else:
            each.owner = _best_owner(relations, each, single.get(name, set()))
    _check_owners(relations)
    return _in_order(relations)


def _break_circles(relations: dict[str, Relations]) -> None:
    """Set keys later that may be NULL, until no table is filled before what it needs."""
    while circle := _circle({name: each.needs() for name, each in relations.items()}):
        steps = [_keys_between(relations[name], parent) for name, parent in pairwise(circle)]
        late = next((keys for keys in steps if all(key.can_be_set_later for key in keys)), None)
        if late is None:
            raise _unbroken(circle, [key for keys in steps for key in keys])
        relations[late[0].table.key].later |= set(late)


def _keys_between(relations: Relations, parent: str) -> list[Key]:
    return [
        key for key in relations.keys if key.parent.key == parent and key not in relations.later
    ]


def _unbroken(circle: Sequence[str], keys: Iterable[Key]) -> BlueprintError:
    columns = ", ".join(sorted({str(key) for key in keys}))
    return BlueprintError(
        f"Tables refer to each other in a circle, {' -> '.join(circle)}, and none of the "
        f"foreign keys in it may be NULL: {columns}.\n"
        "Allowed: a circle in which one may be, of a table with a primary key, so that it can be "
        "set when all rows are there. Make one of these columns nullable, or leave one of the "
        "tables out: infer(…, without=[…])."
    )


def _check_owners(relations: Mapping[str, Relations]) -> None:
    """Look whether tables own each other.

    Raises:
        BlueprintError: They do.
    """
    graph = {name: {owner} - {""} for name in relations if (owner := _owner(relations, name))}
    if circle := _circle(graph):
        message = (
            f"Tables own each other's rows in a circle: {' -> '.join(circle)}.\n"
            "Allowed: a table's rows are owned by those of a table that they do not own. Give one "
            "of the tables other rows=…, such as Sized(…)."
        )
        raise BlueprintError(message)


def _circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return a circle of a graph, from a node to itself, or nothing."""
    try:
        TopologicalSorter({name: sorted(each) for name, each in graph.items()}).prepare()
    except CycleError as error:
        return list(error.args[1][::-1])
    return []


def _best_owner(
    relations: Mapping[str, Relations], each: Relations, single: set[frozenset[str]]
) -> Key | None:
    """Choose the key whose parent a row belongs to, the likeliest first.

    It is never NULL, but for link tables whose keys may be.
    """
    table, uniques = each.table, [*unique_sets(each.table), *single]
    primary = {column.key for column in table.primary_key.columns}
    cascading = {
        frozenset(element.parent.key for element in constraint.elements)
        for constraint in table.foreign_key_constraints
        if str(constraint.ondelete).upper() == "CASCADE"
    }

    def likelihood(key: Key) -> int:
        columns = frozenset(key.columns)
        parent = key.parent.name.rstrip("s").lower()
        return (
            _CASCADE_COUNTS * (columns in cascading)
            + _UNIQUE_COUNTS * any(columns <= unique for unique in uniques)
            + _UNIQUE_COUNTS * (columns <= primary)
            + _ALONE_COUNTS * (columns in uniques)
            + _NAME_COUNTS * table.name.lower().startswith(parent)
        )

    referring = each.drawn_columns()
    links = [unique for unique in uniques if unique <= referring]
    candidates = [
        key
        for key in each.keys
        if not key.refers_to_itself
        and key == key_through(table, key.columns)
        and key not in each.later
        and (not key.nullable or any(set(key.columns) <= unique for unique in links))
    ]
    candidates = [key for key in candidates if not _follows(relations, key, candidates)]
    alone = [key for key in candidates if not key.nullable and frozenset(key.columns) in uniques]
    if not candidates or len({key.columns for key in alone}) > 1:
        return None
    owner = max(candidates, key=likelihood)  # the first of equal ones
    each.bound = any(set(owner.columns) <= unique for unique in uniques)
    return owner


def _follows(relations: Mapping[str, Relations], key: Key, others: Iterable[Key]) -> bool:
    """Return whether a key is kept wherever one of others is, and not the other way round."""
    return any(
        follows(relations, key, other) and not follows(relations, other, key)
        for other in others
        if other != key
    )


def follows(
    relations: Mapping[str, Relations],
    key: Key,
    other: Key,
    seen: frozenset[Key] = frozenset(),
) -> bool:
    """Return whether a key is kept wherever another is that has its columns.

    That is so where the other's parent is the same, or itself refers to it by the same columns.
    """
    if not set(key.columns) <= set(other.columns) or other in seen:
        return False
    targets = dict(zip(other.columns, other.targets, strict=True))
    columns = tuple(targets[name] for name in key.columns)
    if other.parent is key.parent and columns == key.targets:
        return True
    above = key._replace(table=other.parent, columns=columns)
    return any(
        follows(relations, above, further, seen | {other})
        for further in relations[other.parent.key].keys
    )


def _in_order(relations: dict[str, Relations]) -> dict[str, Relations]:
    """Order the tables by families, and give up owners until there is an order.

    Raises:
        BlueprintError: The owners that a user has named leave none.
    """
    while True:
        roots = {name: _root(relations, name) for name in relations}
        graph: dict[str, set[str]] = {root: set() for root in dict.fromkeys(roots.values())}
        for name, each in relations.items():
            graph[roots[name]] |= {roots[parent] for parent in each.needs()} - {roots[name]}
        circle = _circle(graph)
        if not circle:
            break
        owned = [
            each
            for name, each in relations.items()
            if roots[name] in circle and each.owner is not None and not each.said
        ]
        if not owned:
            raise _entangled(circle, [name for name in relations if roots[name] in circle])
        min(owned, key=lambda each: each.bound).owner = None
    ordered: dict[str, Relations] = {}
    for root in TopologicalSorter({name: sorted(graph[name]) for name in graph}).static_order():
        members = {name for name in relations if roots[name] == root}
        inner = {name: sorted(_before(relations, name) & members) for name in relations}
        for name in TopologicalSorter(inner).static_order():
            if name in members:
                ordered[name] = relations[name]
    return ordered


def _before(relations: Mapping[str, Relations], name: str) -> set[str]:
    return relations[name].needs() | ({_owner(relations, name)} - {""})


def _entangled(circle: Sequence[str], tables: Sequence[str]) -> BlueprintError:
    return BlueprintError(
        f"The rows of {' -> '.join(circle)}, each with those that they own, refer to each other "
        f"in a circle.\nTables in it: {', '.join(tables)}.\n"
        "Allowed: owners whose rows can be made one after the other. Give one of the tables "
        "rows=Sized(…) instead of FanOut(…)."
    )


def _owner(relations: Mapping[str, Relations], name: str) -> str:
    owner = relations[name].owner
    return owner.parent.key if owner is not None else ""


def _root(relations: Mapping[str, Relations], name: str) -> str:
    while above := _owner(relations, name):
        name = above
    return name


def is_sibling(relations: Mapping[str, Relations], each: Relations, key: Key) -> bool:
    """Return whether a key refers to a table whose rows have the same owner."""
    other = relations[key.parent.key].owner
    return (
        each.owner is not None
        and other is not None
        and other.parent is each.owner.parent
        and other.table is not each.table
    )


def is_owned(relations: Mapping[str, Relations], key: Key) -> bool:
    """Return whether a key refers to a table whose rows are owned by those of the key's table."""
    owner = relations[key.parent.key].owner
    return owner is not None and owner.parent is key.table


def taken_from_owner(
    relations: Mapping[str, Relations], each: Relations, key: Key
) -> tuple[str, ...] | None:
    """Return the columns of the owner that refer to the same parent as a key, if some always do.

    Whoever acted, such as an author, need not be the one who did at the owner.
    """
    if each.owner is None or any(map(_ACTOR.search, key.columns)):
        return None
    above = relations[each.owner.parent.key]
    for other in above.keys:
        same = other.parent is key.parent and set(other.targets) == set(key.targets)
        if same and not other.nullable and not other.refers_to_itself:
            by_target = dict(zip(other.targets, other.columns, strict=True))
            return tuple(by_target[target] for target in key.targets)
    return None


_ACTOR: Final = re.compile(
    r"(^|_)(by|user|author|actor|editor|reviewer|creator|sender|recipient|member|person|employee)"
    r"(_|$)",
    re.IGNORECASE,
)
