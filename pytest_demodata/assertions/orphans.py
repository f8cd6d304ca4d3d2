"""Rows whose parent is not there."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Table, and_, func, inspect, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper

from pytest_demodata.assertions.catalog import Catalog, from_clause, table_name
from pytest_demodata.assertions.checked import (
    Checked,
    Outcome,
    bullets,
    checked_limit,
    counted,
    hold,
    key_text,
    values_text,
)
from pytest_demodata.assertions.columns import present
from pytest_demodata.assertions.references import (
    Reference,
    declared_keys,
    matching,
    named_references,
    reflected_keys,
)
from pytest_demodata.assertions.target import metadata_of, reading
from pytest_demodata.errors import DatabaseSetupError, SettingError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import ColumnElement, Connection, FromClause, MetaData

    from pytest_demodata.assertions.catalog import TableName
    from pytest_demodata.assertions.target import Target

_MANY: Final = 1_000
"""Rows of a parent table from which on a search without an index is slow."""


class SlowCheckWarning(UserWarning):
    """A check has to search a table from end to end for each row of another."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """A row without a parent.

    Attributes:
        key: Its primary key; empty where the table has none.
        values: What it holds in the columns that refer.
    """

    key: tuple[object, ...]
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Orphans:
    """What is wrong with a reference.

    Attributes:
        table: The table that refers.
        columns: Its columns.
        parent: The table that is referred to.
        parent_columns: Its columns; empty where its primary key is meant, and it has none.
        count: How many rows have no parent.
        rows: The first of them, by primary key.
        problem: Why the reference itself is none: there is no such table or column, or the
            parent's columns are not unique. Empty where all is well but for the rows.
    """

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    count: int
    rows: tuple[Orphan, ...]
    problem: str = ""


def find_orphans(
    target: Target,
    *,
    metadata: MetaData | None = None,
    tables: Iterable[str | Table | type[Any]] | None = None,
    limit: int = 5,
    references: Mapping[str, str] | None = None,
) -> tuple[Orphans, ...]:
    """Find the rows whose parent is not there, and the foreign keys that could have none.

    Foreign keys are compared in the database, as it compares them itself: those of several columns,
    to the table itself, to a unique column, across schemas; a key that is NULL, or NULL in part,
    needs no parent, unless it is MATCH FULL.

    Args:
        target: A DemoDatabase, Session, Connection or Engine.
        metadata: Whose foreign keys to look at; those of the DemoDatabase, or else those that the
            tables of the database have.
        tables: The tables whose rows to look at, by name or as `Table` or model; all of them.
        limit: How many rows to name for each reference.
        references: What the schema does not declare: `{"orders.customer_ref": "customers.id"}`, or
            for several columns `{"lines.(region, number)": "orders.(region, number)"}`.

    Raises:
        DatabaseSetupError: The target is none, or there is nothing to check.
        SettingError: A table, a column or the limit cannot be used.
    """
    with reading(target) as connection:
        catalog = Catalog(connection)
        metadata = metadata_of(target, metadata)
        checked = _references(catalog, metadata, tables, references)
        if not checked:
            raise _nothing_checked(catalog, metadata, tables)
        return tuple(_findings(connection, catalog, checked, checked_limit(limit)))


def assert_no_orphans(
    target: Target,
    *,
    metadata: MetaData | None = None,
    tables: Iterable[str | Table | type[Any]] | None = None,
    limit: int = 5,
    references: Mapping[str, str] | None = None,
) -> Checked:
    """Raise if a row's parent is not there; return how many keys and rows were looked at.

    For the arguments and other errors see `find_orphans`.

    Raises:
        AssertionError: It names each reference, and the first rows without a parent.
    """
    __tracebackhide__ = True
    with reading(target) as connection:
        catalog = Catalog(connection)
        metadata = metadata_of(target, metadata)
        outcome = orphans_outcome(connection, catalog, metadata, tables, references, limit)
        if not outcome.checked.keys:
            raise _nothing_checked(catalog, metadata, tables)
    return hold(outcome)


def orphans_outcome(  # noqa: PLR0913, PLR0917 - what assert_no_orphans takes
    connection: Connection,
    catalog: Catalog,
    metadata: MetaData | None,
    tables: Iterable[str | Table | type[Any]] | None,
    references: Mapping[str, str] | None,
    limit: int,
) -> Outcome:
    """Look for orphans and say what was found; for the arguments see `find_orphans`."""
    checked = _references(catalog, metadata, tables, references)
    found = list(_findings(connection, catalog, checked, checked_limit(limit)))
    rows = sum(catalog.rows(table) for table in {each.child for each in checked})
    looked_at = Checked(keys=len(checked), rows=rows)
    if not found:
        return Outcome(looked_at)
    head = f"{len(found)} of {counted(len(checked), 'reference')} to a parent"
    head += f" {'do' if len(found) > 1 else 'does'} not hold ({counted(rows, 'row')} looked at)."
    lines = [line for each in found for line in _paragraph(each, limit)]
    return Outcome(looked_at, ("\n".join([head, *lines]),))


def _references(
    catalog: Catalog,
    metadata: MetaData | None,
    tables: Iterable[str | Table | type[Any]] | None,
    references: Mapping[str, str] | None,
) -> list[Reference]:
    """Return what to look at, each reference once."""
    named = named_references(catalog, references or {})
    wanted = tables_to_check(catalog, metadata, tables)
    if metadata is None:
        return list(dict.fromkeys([*reflected_keys(catalog, wanted), *named]))
    declared = [each for each in declared_keys(catalog, metadata) if each.child in wanted]
    return list(dict.fromkeys([*declared, *named]))


def _nothing_checked(
    catalog: Catalog,
    metadata: MetaData | None,
    tables: Iterable[str | Table | type[Any]] | None,
) -> DatabaseSetupError:
    """Return the error for a check that could not have failed; no data is wrong by it."""
    names = ", ".join(map(str, tables_to_check(catalog, metadata, tables)))
    message = (
        f"Nothing was checked: there is no foreign key in {names or 'a database without tables'}.\n"
        "Needed: a foreign key, or a reference that the schema does not declare.\n"
        'Name those: references={"orders.customer_ref": "customers.id"}.'
    )
    return DatabaseSetupError(message)


def tables_to_check(
    catalog: Catalog,
    metadata: MetaData | None,
    tables: Iterable[str | Table | type[Any]] | None = None,
) -> list[TableName]:
    """Return the tables of the MetaData, or else of the database, or those of them that are named.

    Raises:
        SettingError: What is named is not among them.
    """
    available = catalog.tables
    if metadata is not None:
        available = sorted((catalog.name_of(each) for each in metadata.tables.values()), key=str)
    if tables is None:
        return available
    if isinstance(tables, str) or not isinstance(tables, Iterable):
        raise _not_a_table(tables, available)
    return [_one_table(catalog, available, each) for each in tables]


def _one_table(
    catalog: Catalog, available: list[TableName], wanted: str | Table | type[Any]
) -> TableName:
    if isinstance(wanted, str):
        name = table_name(wanted)
    elif isinstance(table := _table_of(wanted), Table):
        name = catalog.name_of(table)
    else:
        raise _not_a_table(wanted, available)
    if name in available or (name.schema is not None and catalog.find(name)):
        return name
    raise _not_a_table(str(name), available)


def _table_of(wanted: object) -> Table | None:
    """Return the table that is given, or that of the model that is."""
    mapper = inspect(wanted, raiseerr=False)
    table = mapper.local_table if isinstance(mapper, Mapper) else wanted
    return table if isinstance(table, Table) else None


def _not_a_table(wanted: object, available: list[TableName]) -> SettingError:
    names = [str(name) for name in available]
    near = did_you_mean(wanted, names) if isinstance(wanted, str) else ""
    message = (
        f"The tables to look at hold {wanted!r}, which is no table here.\n"
        f"Allowed: a list of names, Tables or models of {', '.join(names) or 'no table'}.{near}"
    )
    return SettingError(message)


def _findings(
    connection: Connection, catalog: Catalog, references: Iterable[Reference], limit: int
) -> Iterator[Orphans]:
    for reference in references:
        present(catalog, reference.child, reference.columns)
        found = _finding(connection, catalog, _resolved(catalog, reference), limit)
        if found.count or found.problem:
            yield found


def _finding(connection: Connection, catalog: Catalog, reference: Reference, limit: int) -> Orphans:
    problem = _flaw(catalog, reference)
    key = catalog.primary_key(reference.child)
    child = from_clause(reference.child, (*key, *reference.columns)).alias("child")
    source, orphaned = _without_parent(catalog, reference, child, parent_found=not problem)
    problem = problem or _ambiguity(catalog, reference)
    orphaned = or_(orphaned, _torn(child, reference)) if reference.match_full else orphaned
    with _comparable(reference):
        query = select(func.count()).select_from(source).where(orphaned)
        count = connection.scalar(query) or 0
    columns = [child.c[name] for name in (*key, *reference.columns)]
    first = select(*columns).select_from(source).where(orphaned)
    first = first.order_by(*columns[: len(key)]).limit(limit)
    rows = [tuple(row) for row in connection.execute(first)] if count else []
    return Orphans(
        table=str(reference.child),
        columns=reference.columns,
        parent=str(reference.parent),
        parent_columns=reference.parent_columns,
        count=count,
        rows=tuple(Orphan(row[: len(key)], row[len(key) :]) for row in rows),
        problem=problem,
    )


def _resolved(catalog: Catalog, reference: Reference) -> Reference:
    """Return a reference as the database spells it."""
    parent = catalog.find(reference.parent)
    if parent is None:
        return reference
    columns = reference.parent_columns or catalog.primary_key(parent)
    return replace(reference, parent=parent, parent_columns=columns)


def _flaw(catalog: Catalog, reference: Reference) -> str:
    """Say why no row can have a parent, if so."""
    parent, columns = reference.parent, reference.parent_columns
    if catalog.find(parent) is None:
        return f"there is no table {str(parent)!r}"
    for missing in catalog.missing_columns(parent, columns):
        return f"{str(parent)!r} has no column {missing!r}"
    if len(columns) != len(reference.columns):
        key = counted(len(columns), "column")
        return f"the key of {str(parent)!r} has {key}, not {len(reference.columns)}"
    return ""


def _ambiguity(catalog: Catalog, reference: Reference) -> str:
    """Say that a row can have several parents, if so; what only the user declares may."""
    if not reference.declared or catalog.is_unique(reference.parent, reference.parent_columns):
        return ""
    listed = ", ".join(reference.parent_columns)
    return f"{listed} of {str(reference.parent)!r} is not unique"


def _without_parent(
    catalog: Catalog, reference: Reference, child: FromClause, *, parent_found: bool
) -> tuple[FromClause, ColumnElement[bool]]:
    if not parent_found:
        return child, _refers(reference, child)
    _warn_if_slow(catalog, reference)
    parent = from_clause(reference.parent, reference.parent_columns).alias("parent")
    source = child.outerjoin(parent, matching(catalog, reference, parent, child))
    missing = parent.c[reference.parent_columns[0]].is_(None)
    return source, and_(missing, _refers(reference, child))


def _refers(reference: Reference, child: FromClause) -> ColumnElement[bool]:
    return and_(*(child.c[name].is_not(None) for name in reference.columns))


def _torn(child: FromClause, reference: Reference) -> ColumnElement[bool]:
    """Return the condition that a key is NULL in part."""
    columns = [child.c[name] for name in reference.columns]
    some = or_(*(column.is_not(None) for column in columns))
    return and_(some, or_(*(column.is_(None) for column in columns)))


def _warn_if_slow(catalog: Catalog, reference: Reference) -> None:
    parent, columns = reference.parent, reference.parent_columns
    if catalog.is_indexed(parent, columns) or catalog.rows(parent) < _MANY:
        return
    message = (
        f"{reference} is slow to check: {parent} has {catalog.rows(parent):,} rows and no index on "
        f"{', '.join(columns)}.\nCreate one, if only for the tests."
    )
    warnings.warn(message, SlowCheckWarning, stacklevel=2)


@contextmanager
def _comparable(reference: Reference) -> Iterator[None]:
    """Say it in words where the database cannot compare what a user says belongs together."""
    try:
        yield
    except DBAPIError as error:
        if reference.declared:
            raise
        message = (
            f"The reference {reference} cannot be checked: {error.orig}.\n"
            "Allowed: columns that the database can compare with =.\n"
            "Name columns of the same type."
        )
        raise SettingError(message) from error


def _paragraph(found: Orphans, limit: int) -> Iterator[str]:
    reference = Reference(
        table_name(found.table), found.columns, table_name(found.parent), found.parent_columns
    )
    counts = f"{counted(found.count, 'row')} without a parent" if found.count else ""
    yield f"  {reference}: {', '.join(filter(None, (found.problem, counts)))}"
    lines = (
        f"{key_text(found.table, row.key)}: {values_text(found.columns, row.values)}"
        for row in found.rows
    )
    yield from bullets(lines, count=found.count, limit=limit, indent="    ")
