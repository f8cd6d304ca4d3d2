"""Tables whose rows should add up, and those rows that do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Table,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.sql.visitors import iterate, replacement_traverse

from pytest_demodata.assertions.amounts import money_text, scaled
from pytest_demodata.assertions.catalog import from_clause
from pytest_demodata.assertions.checked import bullets, key_text
from pytest_demodata.assertions.references import matching
from pytest_demodata.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, FromClause, Subquery

    from pytest_demodata.assertions.catalog import Catalog, TableName
    from pytest_demodata.assertions.references import Reference


@dataclass(frozen=True, slots=True)
class Sum:
    """What an amount of a row should be, both in whole units.

    Attributes:
        name: The amount's name.
        amount: The amount.
        described: How that comes about which it should be.
        expected: What it should be.
        children: What the row should have children of, if `expected` is a sum over them.
    """

    name: str
    amount: ColumnElement[Any]
    described: str
    expected: ColumnElement[Any]
    children: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A table whose rows should add up.

    Attributes:
        table: The table.
        rows: Its rows: their keys as `key_0` and on, the amounts by name as scaled integers, and
            the sum over the children and their number as `summed` and `children`.
        keys: How many columns the key has.
        sums: What should be so.
        places: The decimal places of a unit.
    """

    table: TableName
    rows: Subquery
    keys: int
    sums: tuple[Sum, ...]
    places: int


def rows_of(catalog: Catalog, table: TableName, amounts: Mapping[str, str]) -> tuple[Subquery, int]:
    """Return the rows of a table as a ledger has them, and how many columns the key has.

    Args:
        catalog: Where to look the columns up.
        table: The table.
        amounts: The table's columns, by the names to give them.
    """
    source = from_clause(table, catalog.columns(table)).alias("rows_of_it")
    key = catalog.primary_key(table)
    query = select(*_keys(source, key), *_amounts(catalog, table, source, amounts))
    return query.subquery("ledger"), len(key)


def rows_with_children(
    catalog: Catalog,
    reference: Reference,
    amounts: Mapping[str, str],
    summed: str,
    where: ColumnElement[bool] | None = None,
) -> tuple[Subquery, int]:
    """Return the rows of a parent table, each with the sum over its children.

    Args:
        catalog: Where to look the columns up.
        reference: What joins the children to the parents.
        amounts: The parent's columns, by the names to give them.
        summed: The children's column.
        where: Which parents to look at, or which children to sum.
    """
    parent = from_clause(reference.parent, catalog.columns(reference.parent)).alias("parent")
    key = catalog.primary_key(reference.parent) or reference.parent_columns
    of_parents, of_children = _placed(catalog, reference, where)
    sums = _sums_by_parent(catalog, reference, key, summed, of_children)
    query = select(
        *_keys(parent, key),
        *_amounts(catalog, reference.parent, parent, amounts),
        sums.c.summed,
        func.coalesce(sums.c.children, 0).label("children"),
    )
    same = (sums.c[f"key_{number}"] == parent.c[name] for number, name in enumerate(key))
    query = query.select_from(parent.outerjoin(sums, and_(*same)))
    return query.where(_moved(of_parents, parent)).subquery("ledger"), len(key)


def _sums_by_parent(
    catalog: Catalog,
    reference: Reference,
    key: tuple[str, ...],
    summed: str,
    where: ColumnElement[bool],
) -> Subquery:
    """Return the key of each parent that has children, with their sum and number.

    Each child looks for its parent, so that an index is needed on the parent's side only, and the
    parent's column alone decides what is equal.
    """
    parent = from_clause(reference.parent, (*key, *reference.parent_columns)).alias("of")
    child = from_clause(reference.child, catalog.columns(reference.child)).alias("child")
    places = catalog.column(reference.child, summed).places
    query = select(
        *_keys(parent, key),
        cast(func.sum(scaled(child.c[summed], places)), BigInteger).label("summed"),
        func.count().label("children"),
    )
    query = query.select_from(child.join(parent, matching(catalog, reference, parent, child)))
    query = query.where(_moved(where, child)).group_by(*(parent.c[name] for name in key))
    return query.subquery("sums")


def held(connection: Connection, ledger: Ledger, *, limit: int) -> tuple[int, list[str]]:
    """Count the rows that were looked at, and say in a paragraph which do not add up, if any."""
    wrong = or_(*(each.amount.is_distinct_from(each.expected) for each in ledger.sums))
    of_wrong = func.coalesce(func.sum(case((wrong, 1), else_=0)), 0)
    counts = select(func.count(), of_wrong).select_from(ledger.rows)
    rows, count = map(int, connection.execute(counts).one())
    if not count:
        return rows, []
    keys = list(ledger.rows.c)[: ledger.keys]
    amounts = [side for each in ledger.sums for side in (each.amount, each.expected)]
    query = select(*keys, *amounts, *_number_of_children(ledger)).where(wrong)
    found = connection.execute(query.order_by(*keys).limit(limit))
    lines = (_line(ledger, tuple(row)) for row in found)
    head = f"{count:,} of {rows:,} {ledger.table} {'does' if count == 1 else 'do'} not add up."
    return rows, ["\n".join([head, *bullets(lines, count=count, limit=limit)])]


def _line(ledger: Ledger, row: tuple[Any, ...]) -> str:
    key, values = row[: ledger.keys], row[ledger.keys :]
    pairs = zip(ledger.sums, values[::2], values[1::2], strict=False)
    texts = [
        f"{each.name} {money_text(amount, ledger.places)},"
        f" {each.described} {money_text(expected, ledger.places)}"
        + (f" (no {each.children})" if each.children and not values[-1] else "")
        for each, amount, expected in pairs
        if amount != expected
    ]
    return f"{key_text(ledger.table, key)}: {'; '.join(texts)}"


def _number_of_children(ledger: Ledger) -> list[ColumnElement[int]]:
    return [ledger.rows.c.children] if "children" in ledger.rows.c else []


def _keys(source: FromClause, key: tuple[str, ...]) -> list[ColumnElement[Any]]:
    return [source.c[name].label(f"key_{number}") for number, name in enumerate(key)]


def _amounts(
    catalog: Catalog, table: TableName, source: FromClause, amounts: Mapping[str, str]
) -> list[ColumnElement[Any]]:
    return [
        scaled(source.c[column], catalog.column(table, column).places).label(name)
        for name, column in amounts.items()
    ]


def _placed(
    catalog: Catalog, reference: Reference, where: ColumnElement[bool] | None
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return a condition as one on the parents and one on the children.

    Raises:
        SettingError: It is on both, or on another table.
    """
    if where is None:
        return true(), true()
    tables = _tables_in(catalog, where)
    if tables == {reference.parent}:
        return where, true()
    if tables == {reference.child}:
        return true(), where
    message = (
        f"The condition where={' '.join(str(where).split())} cannot be placed.\n"
        f"Allowed: a condition on columns of {str(reference.parent)!r}, for the rows to look at, or"
        f" of {str(reference.child)!r}, for those to sum.\n"
        "Write it as in where=Order.status != 'draft'."
    )
    raise SettingError(message)


def _tables_in(catalog: Catalog, where: ColumnElement[bool]) -> set[TableName]:
    if not isinstance(where, ColumnElement):
        return set()
    columns = [each for each in iterate(where) if isinstance(each, Column)]
    return {catalog.name_of(each.table) for each in columns if isinstance(each.table, Table)}


def _moved(where: ColumnElement[bool], source: FromClause) -> ColumnElement[bool]:
    """Return a condition on the columns of a table as one on what it is selected as."""

    def column(element: object, **_: object) -> Any | None:  # noqa: ANN401 - as SQLAlchemy has it
        return source.c[element.name] if isinstance(element, Column) else None

    return replacement_traverse(where, {}, column)
