"""Which columns refer to which: what the MetaData or the database declares, or a user names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, collate
from sqlalchemy.exc import NoReferencedColumnError, NoReferencedTableError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from pytest_demodata.assertions.catalog import TableName
from pytest_demodata.assertions.columns import present, split_columns
from pytest_demodata.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import ForeignKey, FromClause, MetaData, Table
    from sqlalchemy.sql.compiler import SQLCompiler

    from pytest_demodata.assertions.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Reference:
    """Columns of a child table that hold the key of a row of the parent table.

    Attributes:
        child: The table that refers.
        columns: Its columns.
        parent: The table that is referred to.
        parent_columns: Its columns; none where its primary key is meant.
        match_full: Whether a key that is NULL in part is an error too (MATCH FULL).
        declared: Whether the schema says so; else the user does.
    """

    child: TableName
    columns: tuple[str, ...]
    parent: TableName
    parent_columns: tuple[str, ...]
    match_full: bool = False
    declared: bool = True

    def __str__(self) -> str:
        child = f"{self.child}.{_listed(self.columns)}"
        if not self.parent_columns:
            return f"{child} -> {self.parent}"
        return f"{child} -> {self.parent}.{_listed(self.parent_columns)}"


class _Stored(FunctionElement[Any]):
    """The value of a child's column, as a foreign key compares it with the parent's."""

    inherit_cache = True


def declared_keys(catalog: Catalog, metadata: MetaData) -> Iterator[Reference]:
    """Return the foreign keys of a MetaData."""
    for table in metadata.tables.values():
        yield from keys_of_table(catalog, table)


def keys_of_table(catalog: Catalog, table: Table) -> Iterator[Reference]:
    """Return the foreign keys that a table of a MetaData declares, by their columns."""
    for key in sorted(table.foreign_key_constraints, key=lambda key: list(key.column_keys)):
        ends = [_end(catalog, element) for element in key.elements]
        yield Reference(
            child=catalog.name_of(table),
            columns=tuple(element.parent.name for element in key.elements),
            parent=ends[0][0],
            parent_columns=tuple(name for _, name in ends),
            match_full=_is_full(key.match),
        )


def reflected_keys(catalog: Catalog, tables: Iterable[TableName]) -> Iterator[Reference]:
    """Return the foreign keys that the database has on these tables."""
    for child in tables:
        for key in catalog.foreign_keys(child):
            yield Reference(
                child=child,
                columns=tuple(key["constrained_columns"]),
                parent=TableName(key["referred_schema"], key["referred_table"]),
                parent_columns=tuple(key["referred_columns"]),
                match_full=_is_full(key.get("options", {}).get("match")),
            )


def named_references(catalog: Catalog, references: Mapping[str, str]) -> Iterator[Reference]:
    """Return the references that a user names, `{"orders.customer_ref": "customers.id"}`.

    Raises:
        SettingError: One is not written like that, or the database does not have its columns.
    """
    for one, other in references.items():
        child, columns = split_columns(one, what="The child of a reference")
        parent, parent_columns = split_columns(other, what="The parent of a reference")
        if len(columns) != len(parent_columns):
            raise _uneven(one, other)
        yield Reference(
            child=present(catalog, child, columns),
            columns=columns,
            parent=present(catalog, parent, parent_columns),
            parent_columns=parent_columns,
            declared=False,
        )


def matching(
    catalog: Catalog, reference: Reference, parent: FromClause, child: FromClause
) -> ColumnElement[bool]:
    """Return the condition on which a row of the parent is that of the child.

    The parent stands on the left, as SQLite takes the collation of the left side, and PostgreSQL
    is told to take the parent's where they differ, as a foreign key does.
    """
    pairs = []
    for name, parent_name in zip(reference.columns, reference.parent_columns, strict=True):
        value: ColumnElement[Any] = _Stored(child.c[name])
        wanted = catalog.column(reference.parent, parent_name).collation
        if wanted and catalog.column(reference.child, name).collation not in {None, wanted}:
            value = collate(child.c[name], wanted)
        pairs.append(parent.c[parent_name] == value)
    return and_(*pairs)


@compiles(_Stored)
def _as_it_is(element: _Stored, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return compiler.process(element.clauses, **kw)


@compiles(_Stored, "sqlite")
def _without_affinity(element: _Stored, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    """Leave it to the parent's column alone whether '1' and 1 are equal, as a foreign key does."""
    return f"+{compiler.process(element.clauses, **kw)}"


def _end(catalog: Catalog, element: ForeignKey) -> tuple[TableName, str]:
    """Return what a foreign key refers to, also where the MetaData does not have it."""
    try:
        return catalog.name_of(element.column.table), element.column.name
    except (NoReferencedTableError, NoReferencedColumnError):
        table, _, column = element.target_fullname.rpartition(".")
        return catalog.name_in(element.parent.table.metadata, table), column


def _is_full(match: object) -> bool:
    return isinstance(match, str) and match.upper() == "FULL"


def _listed(columns: tuple[str, ...]) -> str:
    return columns[0] if len(columns) == 1 else f"({', '.join(columns)})"


def _uneven(one: str, other: str) -> SettingError:
    message = (
        f"The reference {one!r} -> {other!r} has another number of columns on each side.\n"
        "Allowed: as many columns as the parent's key has.\n"
        "Write it as in {'lines.(region, number)': 'orders.(region, number)'}."
    )
    return SettingError(message)


def joining(
    catalog: Catalog,
    child: TableName,
    parent: TableName,
    *,
    metadatas: Iterable[MetaData | None],
    on: Mapping[str, str] | None,
) -> Reference:
    """Return how the rows of one table belong to those of another: by foreign key, or as told.

    Raises:
        SettingError: There is no foreign key between them, or more than one.
    """
    if on is not None:
        return _as_told(catalog, child, parent, on)
    keys = list(reflected_keys(catalog, [child]))
    for metadata in filter(None, metadatas):
        for table in metadata.tables.values():
            if catalog.name_of(table) == child:
                keys += keys_of_table(catalog, table)
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], Reference] = {}
    for key in keys:
        if _is_same(key.parent, parent):
            columns = key.parent_columns or catalog.primary_key(parent)
            found[key.columns, columns] = Reference(child, key.columns, parent, columns)
    if len(found) == 1:
        return next(iter(found.values()))
    listed = ", ".join(map(str, found.values())) or "none"
    message = (
        f"{str(child)!r} has {len(found)} foreign keys to {str(parent)!r}, and one is needed to "
        f"say which rows belong together.\nForeign keys: {listed}.\n{_how(child, parent)}"
    )
    raise SettingError(message)


def _as_told(
    catalog: Catalog, child: TableName, parent: TableName, on: Mapping[str, str]
) -> Reference:
    told = list(named_references(catalog, on))
    if len(told) == 1 and told[0].child == child and told[0].parent == parent:
        return told[0]
    message = (
        f"The condition on={on!r} does not join {str(child)!r} to {str(parent)!r}.\n"
        f"Allowed: one entry, from the former's columns to the latter's.\n{_how(child, parent)}"
    )
    raise SettingError(message)


def _how(child: TableName, parent: TableName) -> str:
    return f"Say which as in on={{'{child}.parent_id': '{parent}.id'}}."


def _is_same(one: TableName, other: TableName) -> bool:
    """Say whether two names mean one table; the database may leave out the schema or not."""
    return one.name.casefold() == other.name.casefold() and (
        one.schema == other.schema or None in {one.schema, other.schema}
    )
