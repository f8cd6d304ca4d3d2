"""Everything that the schema promises, and the rules of the invoicing dataset where it is that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import Column, Index, UniqueConstraint, case, func, select

from pytest_demodata.assertions.catalog import Catalog, TableName, from_clause
from pytest_demodata.assertions.checked import (
    Checked,
    Outcome,
    bullets,
    checked_limit,
    counted,
    hold,
    key_text,
)
from pytest_demodata.assertions.columns import present
from pytest_demodata.assertions.invoices import DATASET, invoices_outcome
from pytest_demodata.assertions.orphans import orphans_outcome, tables_to_check
from pytest_demodata.assertions.target import metadata_of, reading
from pytest_demodata.assertions.totals import sum_outcome
from pytest_demodata.assertions.unique import duplicates
from pytest_demodata.defaults import DEFAULT_AS_OF, DEFAULT_LOCALE
from pytest_demodata.errors import DatabaseSetupError
from pytest_demodata.invoicing.models import Base
from pytest_demodata.invoicing.rules import violations
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from sqlalchemy import Connection, MetaData, Table

    from pytest_demodata.assertions.target import Target
    from pytest_demodata.blueprint import Blueprint

_ORPHAN_RULE: Final = 17


def assert_intact(  # noqa: PLR0913 - what each of the checks takes
    target: Target,
    *,
    metadata: MetaData | None = None,
    blueprint: Blueprint | None = None,
    references: Mapping[str, str] | None = None,
    as_of: date | None = None,
    locale: str | None = None,
    limit: int = 5,
) -> Checked:
    """Raise if data breaks what its schema promises, or a rule of the dataset if it is that.

    Looked at are foreign keys, as `assert_no_orphans` does, primary keys and what is unique, what
    is NOT NULL, and where the tables are those of the invoicing dataset, its amounts, as
    `assert_invoice_totals` does, and its rules. Where a blueprint declares sums, they are held to
    it, to the cent.

    Args:
        target: A DemoDatabase, Session, Connection or Engine.
        metadata: Whose promises to hold the data to; those of the DemoDatabase, or else those that
            the database itself has.
        blueprint: The blueprint whose sums to hold the data to; that of the DemoDatabase, or else
            none.
        references: What the schema does not declare, as in `find_orphans`.
        as_of: The reference date that the dataset was generated with; that of the DemoDatabase, or
            else the default.
        locale: The locale that it was generated with, likewise.
        limit: How many rows to name for each promise.

    Raises:
        AssertionError: It names each promise that is broken, and the first rows that break it.
        DatabaseSetupError: The target is none, or there are no tables.
        LocaleError: Nobody has words for the locale.
        SettingError: A reference, a table of the MetaData or the limit cannot be used.
    """
    __tracebackhide__ = True
    checked_limit(limit)
    if blueprint is None:
        blueprint = cast("Blueprint | None", getattr(target, "blueprint", None))
    if metadata is None and blueprint is not None:
        metadata = blueprint.metadata
    if as_of is None:
        as_of = cast("date", getattr(target, "as_of", DEFAULT_AS_OF))
    if locale is None:
        locale = cast("str", getattr(target, "locale", DEFAULT_LOCALE))
    with reading(target) as connection:
        catalog, metadata = Catalog(connection), metadata_of(target, metadata)
        tables = _tables(catalog, metadata)
        outcomes = [
            orphans_outcome(connection, catalog, metadata, None, references, limit),
            *(_promises(connection, catalog, table, metadata, limit) for table in tables),
        ]
        if _is_dataset(catalog, tables):
            outcomes.append(
                invoices_outcome(connection, catalog, metadata, DATASET, on=None, limit=limit)
            )
            outcomes.append(_rules(connection, as_of, locale))
        else:
            outcomes += [
                sum_outcome(connection, catalog, each, limit)
                for each in (blueprint.sums() if blueprint is not None else ())
            ]
        rows = sum(catalog.rows(table) for table in tables)
    return hold(_together(outcomes, rows))


def _together(outcomes: list[Outcome], rows: int) -> Outcome:
    checked = Checked(
        keys=sum(each.checked.keys for each in outcomes),
        rules=sum(each.checked.rules for each in outcomes),
        rows=rows,
    )
    return Outcome(checked, tuple(text for each in outcomes for text in each.failures))


def _tables(catalog: Catalog, metadata: MetaData | None) -> list[TableName]:
    tables = tables_to_check(catalog, metadata)
    if tables:
        return [present(catalog, table, ()) for table in tables]
    message = (
        "Nothing was checked: there are no tables.\n"
        "Needed: a database with tables in the schema that the connection uses.\n"
        "Create them, or name the MetaData of those in other schemas: metadata=Base.metadata."
    )
    raise DatabaseSetupError(message)


def _promises(
    connection: Connection,
    catalog: Catalog,
    table: TableName,
    metadata: MetaData | None,
    limit: int,
) -> Outcome:
    """Hold a table to its unique keys and its NOT NULL."""
    if metadata is None:
        keys = catalog.unique_keys(table)
        columns = catalog.columns(table)
        required = [name for name, column in columns.items() if not column.nullable]
        required += [name for name in catalog.primary_key(table) if name not in required]
    else:
        declared = _declared(catalog, metadata, table)
        keys = list(_keys(declared))
        required = [column.name for column in declared.columns if not column.nullable]
    for each in (*keys, required):
        present(catalog, table, each)
    failures = [
        text for key in keys for text in duplicates(connection, catalog, table, key, limit=limit)
    ]
    failures += _nulls(connection, catalog, table, required, limit)
    return Outcome(Checked(keys=len(keys), rules=len(required)), tuple(failures))


def _declared(catalog: Catalog, metadata: MetaData, name: TableName) -> Table:
    names = {catalog.name_of(table): table for table in metadata.tables.values()}
    return names[name]


def _keys(table: Table) -> Iterator[tuple[str, ...]]:
    """Return what a table of a MetaData declares as unique among all rows."""
    constraints = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    indexes = [each for each in table.indexes if _is_whole(each)]
    found = [each.columns for each in (table.primary_key, *constraints)]
    found += [each.columns for each in indexes]
    keys = {tuple(column.name for column in columns) for columns in found}
    yield from sorted(keys - {()})


def _is_whole(index: Index) -> bool:
    """Say whether an index is unique, on columns, and on all rows."""
    partial = any(option.endswith("_where") for option in index.dialect_kwargs)
    columns = all(isinstance(each, Column) for each in index.expressions)
    return bool(index.unique) and columns and not partial


def _nulls(
    connection: Connection, catalog: Catalog, table: TableName, required: list[str], limit: int
) -> Iterator[str]:
    """Say which columns are NULL that may not be."""
    if not required:
        return
    key = catalog.primary_key(table)
    rows = from_clause(table, (*key, *required))
    missing = [func.sum(case((rows.c[name].is_(None), 1), else_=0)) for name in required]
    counts = connection.execute(select(*missing)).one()
    for name, count in zip(required, counts, strict=True):
        if not count:
            continue
        keys = [rows.c[each] for each in key]
        first = select(*(keys or [rows.c[name]])).where(rows.c[name].is_(None))
        found = connection.execute(first.order_by(*keys).limit(limit))
        lines = [key_text(table, tuple(row)) for row in found]
        head = f"{table}.{name}: {counted(int(count), 'row')} with NULL, and none may be"
        head += f" ({counted(catalog.rows(table), 'row')} looked at)."
        shown = bullets(lines, count=int(count), limit=limit) if keys else ()
        yield "\n".join([head, *shown])


def _is_dataset(catalog: Catalog, tables: list[TableName]) -> bool:
    """Say whether the eight tables of the dataset are there, with all of their columns."""
    return all(
        TableName(None, name) in tables
        and not catalog.missing_columns(TableName(None, name), table.columns.keys())
        for name, table in Base.metadata.tables.items()
    )


def _rules(connection: Connection, as_of: date, locale: str) -> Outcome:
    """Hold the dataset to its rules; orphans were looked for before."""
    found = sorted(
        (
            each
            for each in violations(connection, as_of=as_of, words=words_of(locale))
            if each.rule != _ORPHAN_RULE
        ),
        key=lambda each: (each.rule, each.table),
    )
    checked = Checked(rules=_ORPHAN_RULE)
    if not found:
        return Outcome(checked)
    count = "1 rule is" if len(found) == 1 else f"{len(found)} rules are"
    head = f"{count} broken in the invoicing dataset, held to as_of={as_of} and locale={locale!r}."
    return Outcome(checked, ("\n".join([head, *(f"  {each}" for each in found)]),))
