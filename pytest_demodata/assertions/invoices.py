"""Invoices that should add up: lines, subtotal, tax and total."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func

from pytest_demodata.assertions.amounts import CENTS, rescaled, share
from pytest_demodata.assertions.catalog import Catalog
from pytest_demodata.assertions.checked import Checked, Outcome, checked_limit, hold
from pytest_demodata.assertions.columns import named_column
from pytest_demodata.assertions.references import joining
from pytest_demodata.assertions.sums import (
    Ledger,
    Sum,
    held,
    rows_of,
    rows_with_children,
)
from pytest_demodata.assertions.target import metadata_of, reading
from pytest_demodata.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import ColumnElement, Connection, MetaData, Subquery

    from pytest_demodata.assertions.catalog import TableName
    from pytest_demodata.assertions.columns import ColumnRef, NamedColumn
    from pytest_demodata.assertions.target import Target

_OF_INVOICES: Final = ("subtotal", "tax_rate", "tax_amount", "total")
_OF_LINES: Final = (
    "quantity", "unit_price", "discount_percentage", "discount_amount", "line_total",
)  # fmt: skip
_RATES: Final = frozenset({"quantity", "tax_rate", "discount_percentage"})
_MAY_BE_NULL: Final = frozenset(
    {"tax_rate", "tax_amount", "discount_percentage", "discount_amount"}
)


_TOGETHER: Final[tuple[tuple[set[str], set[str]], ...]] = (
    ({"quantity", "unit_price", "discount_percentage", "discount_amount"}, set()),
    ({"quantity", "unit_price", "line_total"}, {"discount_amount"}),
    ({"subtotal", "line_total"}, set()),
    ({"subtotal", "tax_rate", "tax_amount"}, set()),
    ({"line_total", "tax_rate", "tax_amount"}, set()),
    ({"subtotal", "total"}, {"tax_amount"}),
    ({"line_total", "total"}, {"tax_amount"}),
)
"""Columns that say something together, and those that they may have beside them."""

DATASET: Final[Mapping[str, ColumnRef]] = {
    **{name: f"invoices.{name}" for name in _OF_INVOICES},
    **{name: f"invoice_line_items.{name}" for name in _OF_LINES},
}
"""Where the invoicing dataset has its amounts."""


def assert_invoice_totals(  # noqa: PLR0913 - the columns of an invoice and its lines
    target: Target,
    *,
    subtotal: ColumnRef | None = None,
    tax_rate: ColumnRef | None = None,
    tax_amount: ColumnRef | None = None,
    total: ColumnRef | None = None,
    quantity: ColumnRef | None = None,
    unit_price: ColumnRef | None = None,
    discount_percentage: ColumnRef | None = None,
    discount_amount: ColumnRef | None = None,
    line_total: ColumnRef | None = None,
    on: Mapping[str, str] | None = None,
    limit: int = 5,
) -> Checked:
    """Raise if an invoice does not add up to the cent.

    What is held: discount_amount = quantity x unit_price x discount_percentage / 100; line_total =
    quantity x unit_price - discount_amount; subtotal = the sum of line_total; tax_amount = subtotal
    x tax_rate / 100; total = subtotal + tax_amount. All are rounded half up, away from zero. A
    discount, tax or rate that is NULL counts as 0.

    Args:
        target: A DemoDatabase, Session, Connection or Engine.
        subtotal: The column of your own invoices, as an attribute of a model, a `Column` or
            `"table.column"`; and so for the other columns. Name those you have: what hangs on
            others is not looked at, and without a subtotal, the sum of the lines is taken. Name
            none, and they are those of the invoicing dataset.
        tax_rate: A percentage.
        tax_amount: The invoice's tax.
        total: What is to be paid.
        quantity: The lines' columns, from here on.
        unit_price: The price of one.
        discount_percentage: A percentage.
        discount_amount: What is taken off the line.
        line_total: What the line costs.
        on: How lines refer to invoices, `{"lines.bill_id": "bills.id"}`; else by the one foreign
            key between the two tables, of the MetaData or of the database.
        limit: How many invoices, and lines, to name.

    Raises:
        AssertionError: It names the first invoices and lines, with both amounts.
        DatabaseSetupError: The target is none.
        SettingError: A column or the limit cannot be used, or a column alone says nothing.
    """
    __tracebackhide__ = True
    given: dict[str, ColumnRef | None] = {
        "subtotal": subtotal,
        "tax_rate": tax_rate,
        "tax_amount": tax_amount,
        "total": total,
        "quantity": quantity,
        "unit_price": unit_price,
        "discount_percentage": discount_percentage,
        "discount_amount": discount_amount,
        "line_total": line_total,
    }
    references = {name: column for name, column in given.items() if column is not None} or DATASET
    with reading(target) as connection:
        catalog = Catalog(connection)
        metadata = metadata_of(target, None)
        outcome = invoices_outcome(connection, catalog, metadata, references, on=on, limit=limit)
    return hold(outcome)


def invoices_outcome(  # noqa: PLR0913 - what assert_invoice_totals takes
    connection: Connection,
    catalog: Catalog,
    metadata: MetaData | None,
    references: Mapping[str, ColumnRef],
    *,
    on: Mapping[str, str] | None,
    limit: int,
) -> Outcome:
    """Hold invoices and lines to what their columns should be; see `assert_invoice_totals`."""
    checked_limit(limit)
    columns = {name: named_column(catalog, each) for name, each in references.items()}
    _check_use(columns)
    ledgers = [*_invoices(catalog, metadata, columns, on), *_lines(catalog, columns)]
    failures = [text for ledger in ledgers for text in held(connection, ledger, limit=limit)[1]]
    tables = {column.table for column in columns.values()}
    rules = sum(len(ledger.sums) for ledger in ledgers)
    rows = sum(catalog.rows(table) for table in tables)
    return Outcome(Checked(rules=rules, rows=rows), tuple(failures))


def _table(columns: Mapping[str, NamedColumn], names: Iterable[str]) -> TableName | None:
    """Return the table that has these columns, if any of them is named.

    Raises:
        SettingError: They are of several tables.
    """
    named = {name: columns[name] for name in names if name in columns}
    tables = {column.table for column in named.values()}
    if tables <= {table := next(iter(tables), None)}:
        return table
    listed = ", ".join(f"{name}={str(column)!r}" for name, column in named.items())
    message = (
        f"The columns {listed} are of {len(tables)} tables.\n"
        f"Allowed: {', '.join(names)} of one table.\n"
        "For sums over another table, use assert_totals."
    )
    raise SettingError(message)


def _check_use(columns: Mapping[str, NamedColumn]) -> None:
    """Refuse a column that is named and hangs together with no other.

    Raises:
        SettingError: There is one.
    """
    named, used = set(columns), set()
    for together, beside in _TOGETHER:
        if together <= named:
            used |= together | beside
    for name in (name for name in columns if name not in used):
        partners = " or ".join(
            " and ".join(sorted(together - {name}))
            for together, beside in _TOGETHER
            if name in together | beside
        )
        message = (
            f"The column {name}={str(columns[name])!r} says nothing alone.\n"
            f"Needed with it: {partners}.\n"
            "Name those too, or leave it out."
        )
        raise SettingError(message)


def _invoices(
    catalog: Catalog,
    metadata: MetaData | None,
    columns: Mapping[str, NamedColumn],
    on: Mapping[str, str] | None,
) -> Iterator[Ledger]:
    table = _table(columns, _OF_INVOICES)
    if table is None:
        return
    named = {name: columns[name].name for name in _OF_INVOICES if name in columns}
    lines = columns.get("line_total")
    if lines is None:
        rows, keys = rows_of(catalog, table, named)
    else:
        known = (*(column.metadata for column in columns.values()), metadata)
        reference = joining(catalog, lines.table, table, metadatas=known, on=on)
        rows, keys = rows_with_children(catalog, reference, named, lines.name)
    amounts = _Amounts(catalog, columns, rows)
    yield Ledger(table, rows, keys, tuple(_sums_of_invoices(amounts)), amounts.unit)


def _sums_of_invoices(amounts: _Amounts) -> Iterator[Sum]:
    if amounts.has("subtotal", "line_total"):
        subtotal = amounts.title("subtotal")
        yield Sum(subtotal, amounts.of("subtotal"), "lines sum to", amounts.lines(), "lines")
    base, described, children = _base(amounts)
    if amounts.has("tax_rate", "tax_amount"):
        expected = amounts.percentage(base, amounts.unit, "tax_rate")
        rated = f"{described} x {amounts.title('tax_rate')}"
        tax = amounts.title("tax_amount")
        yield Sum(tax, amounts.of("tax_amount"), rated, expected, children)
    if not amounts.has("total"):
        return
    if amounts.has("tax_amount"):
        base = base + amounts.of("tax_amount")
        described = f"{described} + {amounts.title('tax_amount')}"
    yield Sum(amounts.title("total"), amounts.of("total"), described, base, children)


def _base(amounts: _Amounts) -> tuple[ColumnElement[Any], str, str]:
    """Return what is taxed: the subtotal, or the sum of the lines where there is none."""
    if amounts.has("subtotal"):
        return amounts.of("subtotal"), amounts.title("subtotal"), ""
    return amounts.lines(), "sum of lines", "lines"


def _lines(catalog: Catalog, columns: Mapping[str, NamedColumn]) -> Iterator[Ledger]:
    table = _table(columns, _OF_LINES)
    if table is None or "quantity" not in columns:
        return
    named = {name: columns[name].name for name in _OF_LINES if name in columns}
    rows, keys = rows_of(catalog, table, named)
    amounts = _Amounts(catalog, columns, rows)
    yield Ledger(table, rows, keys, tuple(_sums_of_lines(amounts)), amounts.unit)


def _sums_of_lines(amounts: _Amounts) -> Iterator[Sum]:
    gross, places = amounts.gross()
    described = f"{amounts.title('quantity')} x {amounts.title('unit_price')}"
    if amounts.has("discount_percentage", "discount_amount"):
        expected = amounts.percentage(gross, places, "discount_percentage")
        rated = f"{described} x {amounts.title('discount_percentage')}"
        discount = amounts.title("discount_amount")
        yield Sum(discount, amounts.of("discount_amount"), rated, expected)
    if not amounts.has("line_total"):
        return
    if amounts.has("discount_amount"):
        gross = gross - amounts.of("discount_amount", places)
        described = f"{described} - {amounts.title('discount_amount')}"
    expected = rescaled(gross, places, amounts.unit)
    yield Sum(amounts.title("line_total"), amounts.of("line_total"), described, expected)


class _Amounts:
    """The amounts of a row of a ledger, in the unit that all of them are compared in."""

    def __init__(
        self, catalog: Catalog, columns: Mapping[str, NamedColumn], rows: Subquery
    ) -> None:
        self._columns = columns
        self._rows = rows
        self._places = {
            name: catalog.column(column.table, column.name).places
            for name, column in columns.items()
        }
        amounts = [self._places[name] for name in columns if name not in _RATES]
        self.unit = CENTS if any(amounts) else 0

    def has(self, *names: str) -> bool:
        """Say whether the user has named these columns."""
        return set(names) <= set(self._columns)

    def title(self, name: str) -> str:
        """Return what the user calls a column."""
        return self._columns[name].name

    def of(self, name: str, places: int | None = None) -> ColumnElement[Any]:
        """Return an amount, in units or with so many decimal places."""
        wanted = self.unit if places is None else places
        return rescaled(self._scaled(name), self._places[name], wanted)

    def lines(self) -> ColumnElement[Any]:
        """Return the sum of the lines; 0 where there are none."""
        summed = func.coalesce(self._rows.c.summed, 0)
        return rescaled(summed, self._places["line_total"], self.unit)

    def gross(self) -> tuple[ColumnElement[Any], int]:
        """Return quantity x unit price, and the decimal places that it has, not yet rounded."""
        product = self._scaled("quantity") * self._scaled("unit_price")
        places = self._places["quantity"] + self._places["unit_price"]
        wanted = max(places, self.unit, self._places.get("discount_amount", 0))
        return rescaled(product, places, wanted), wanted

    def percentage(self, amount: ColumnElement[Any], places: int, rate: str) -> ColumnElement[Any]:
        """Return a rate of an amount that has so many decimal places; of nothing, it is 0."""
        decimals = self._places[rate] + places - self.unit
        return func.coalesce(share(amount, self._scaled(rate), 100 * 10**decimals), 0)

    def _scaled(self, name: str) -> ColumnElement[Any]:
        column = self._rows.c[name]
        return func.coalesce(column, 0) if name in _MAY_BE_NULL else column
