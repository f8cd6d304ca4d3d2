"""A parent's column that should be the sum over its children."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from pytest_demodata.assertions.amounts import CENTS, rescaled
from pytest_demodata.assertions.catalog import Catalog
from pytest_demodata.assertions.checked import Checked, Outcome, checked_limit, hold
from pytest_demodata.assertions.columns import named_column
from pytest_demodata.assertions.references import joining
from pytest_demodata.assertions.sums import Ledger, Sum, held, rows_with_children
from pytest_demodata.assertions.target import metadata_of, reading
from pytest_demodata.errors import DatabaseSetupError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection, Subquery

    from pytest_demodata.assertions.columns import ColumnRef
    from pytest_demodata.assertions.references import Reference
    from pytest_demodata.assertions.target import Target
    from pytest_demodata.blueprint import DeclaredSum


def assert_totals(  # noqa: PLR0913 - what joins two tables
    target: Target,
    *,
    parent: ColumnRef,
    children: ColumnRef,
    where: ColumnElement[bool] | None = None,
    on: Mapping[str, str] | None = None,
    limit: int = 5,
) -> Checked:
    """Raise if a parent's column is not the sum over its children, to the cent.

    A parent without children has the sum 0; a child's NULL adds nothing; a parent's NULL is no
    sum. Amounts are exact to 15 digits; where both columns are whole numbers, they are compared as
    such, and so may be cents themselves.

    Args:
        target: A DemoDatabase, Session, Connection or Engine.
        parent: The column with the sum: `Order.total`, a `Column`, or `"orders.total"`.
        children: The column that is summed: `OrderLine.amount`, or `"order_lines.amount"`.
        where: On columns of the parent's table, which parents to look at; on columns of the
            children's, which children to sum.
        on: How children refer to parents, `{"order_lines.order_id": "orders.id"}`; else by the one
            foreign key between the two tables, of the MetaData or of the database.
        limit: How many rows to name.

    Raises:
        AssertionError: It names the first parents, with both amounts.
        DatabaseSetupError: The target is none, or no parent fits the condition.
        SettingError: A column, the condition or the limit cannot be used.
    """
    __tracebackhide__ = True
    with reading(target) as connection:
        catalog = Catalog(connection)
        total, part = named_column(catalog, parent), named_column(catalog, children)
        reference = joining(
            catalog,
            part.table,
            total.table,
            metadatas=(total.metadata, part.metadata, metadata_of(target, None)),
            on=on,
        )
        ledger = _ledger(catalog, reference, total.name, part.name, where)
        rows, failures = held(connection, ledger, limit=checked_limit(limit))
        if where is not None and not rows:
            message = (
                f"Nothing was checked: no row of {total.table} is one that where= asks for.\n"
                "Give a condition that rows fit, or none."
            )
            raise DatabaseSetupError(message)
        checked = Checked(rules=1, rows=rows + catalog.rows(part.table))
    return hold(Outcome(checked, tuple(failures)))


def sum_outcome(
    connection: Connection,
    catalog: Catalog,
    declared: DeclaredSum,
    limit: int,
) -> Outcome:
    """Hold a sum that a blueprint declares."""
    child, parent = catalog.name_of(declared.key.table), catalog.name_of(declared.key.parent)
    of_child = ", ".join(declared.key.table.columns[name].name for name in declared.key.columns)
    of_parent = ", ".join(declared.key.parent.columns[name].name for name in declared.key.targets)
    total, part = named_column(catalog, declared.parent), named_column(catalog, declared.child)
    reference = joining(
        catalog,
        part.table,
        total.table,
        metadatas=(total.metadata,),
        on={f"{child}.({of_child})": f"{parent}.({of_parent})"},
    )
    ledger = _ledger(catalog, reference, total.name, part.name, None)
    if not declared.childless:
        columns = ledger.rows.c
        parted = select(ledger.rows).where(columns.children > 0, columns.total.is_not(None))
        rows = parted.subquery("ledger")
        ledger = _ledger_of(catalog, reference, total.name, part.name, rows, ledger.keys)
    rows_read, failures = held(connection, ledger, limit=limit)
    return Outcome(Checked(rules=1, rows=rows_read), tuple(failures))


def _ledger(
    catalog: Catalog,
    reference: Reference,
    total: str,
    part: str,
    where: ColumnElement[bool] | None,
) -> Ledger:
    rows, keys = rows_with_children(catalog, reference, {"total": total}, part, where)
    return _ledger_of(catalog, reference, total, part, rows, keys)


def _ledger_of(  # noqa: PLR0913, PLR0917 - two columns, and what joins their tables
    catalog: Catalog, reference: Reference, total: str, part: str, rows: Subquery, keys: int
) -> Ledger:
    places = catalog.column(reference.parent, total).places
    places_of_part = catalog.column(reference.child, part).places
    unit = CENTS if places or places_of_part else 0
    adds_up = Sum(
        name=total,
        amount=rescaled(rows.c.total, places, unit),
        described=f"{reference.child}.{part} sum to",
        expected=rescaled(func.coalesce(rows.c.summed, 0), places_of_part, unit),
        children=str(reference.child),
    )
    return Ledger(reference.parent, rows, keys, (adds_up,), unit)
