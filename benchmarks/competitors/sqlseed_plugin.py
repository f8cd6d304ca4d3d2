"""sqlseed: its generators for the texts and for keys of any parent, a plugin for the rest.

The plugin's `sqlseed_transform_batch` adds what hangs together, a batch at a time, to columns that
are skipped. As sqlseed's expressions those would each be evaluated in a thread of its own, and none
of them could know the sum of an invoice's lines.

sqlseed opens a database by its path or URL and commits each batch. To fill the tables of a
connection that is there, its adapter is given that connection, as within its own `transaction()`.
"""

from __future__ import annotations

from random import choice
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import inspect
from sqlseed import DataOrchestrator
from sqlseed.database.sqlalchemy_adapter import SQLAlchemyAdapter
from sqlseed.plugins import hookimpl

from pytest_demodata.invoicing import Base

from . import plausible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from pytest_demodata import Volume

    Row = dict[str, Any]


def _sometimes(generator: str, chance: float) -> Row:
    return {"generator": generator, "null_ratio": 1 - chance}


def _key_of(table: str) -> Row:
    return {"generator": "foreign_key", "ref_table": table, "ref_column": "id"}


GENERATED: Final[Mapping[str, Row]] = {
    "customer_types": {},
    "customers": {
        "name": "name",
        "email": {"generator": "template", "template": "customer.{sequence}@example.com"},
        "phone": "phone",
        "notes": _sometimes("sentence", 0.2),
        "customer_type_id": _key_of("customer_types"),
    },
    "customer_addresses": {
        "street": "address",
        "street2": _sometimes("address", 0.25),
        "city": "city",
        "state": "state",
        "postal_code": "zip_code",
    },
    "product_categories": {},
    "products": {
        "name": "catch_phrase",
        "description": "sentence",
        "category_id": _key_of("product_categories"),
    },
    "inventory": {},
    "invoices": {"notes": _sometimes("sentence", 0.1), "customer_id": _key_of("customers")},
    "invoice_line_items": {},
}


class _Adapter(SQLAlchemyAdapter):
    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._given = connection

    def connect(self, db_path: str) -> None:
        del db_path
        self._engine = self._given.engine
        self._dialect = self._detect_dialect()
        self._inspector = inspect(self._given)
        self._transaction_connection = self._given

    def close(self) -> None:
        """Leave the engine, which is not its own."""


class _Plugin:
    drawn: Iterator[Mapping[str, Any]]

    @hookimpl
    def sqlseed_transform_batch(self, batch: list[Row]) -> list[Row]:
        return [{**row, **next(self.drawn)} for row in batch]


class _Orchestrator(DataOrchestrator):
    def __init__(self, connection: Connection) -> None:
        self._given = connection
        super().__init__("", optimize_pragma=False)
        self._plugin = _Plugin()
        self._plugins.register(self._plugin)

    def _create_adapter(self) -> _Adapter:
        return _Adapter(self._given)

    def fill_rows(self, table: str, drawn: Sequence[Mapping[str, Any]]) -> None:
        """Generate the texts of a table, beside what is drawn."""
        self._plugin.drawn = iter(drawn)
        skipped = dict.fromkeys(Base.metadata.tables[table].columns.keys(), "skip")
        result = self.fill_table(
            table, count=len(drawn), columns={**skipped, **GENERATED[table]}, skip_ai=True
        )
        if result.errors:
            raise RuntimeError(result.errors[0])


def fill(connection: Connection, volume: Volume) -> None:
    """Fill the tables, in the connection's transaction."""
    products = [
        {"id": key, "sku": f"SKU-{key:06}", **plausible.draw_product()}
        for key in range(1, volume.counts["products"] + 1)
    ]
    sqlseed = _Orchestrator(connection)
    with sqlseed:
        sqlseed.fill_rows("customer_types", plausible.CUSTOMER_TYPES)
        sqlseed.fill_rows(
            "customers", [plausible.draw_customer() for _ in range(volume.counts["customers"])]
        )
        sqlseed.fill_rows("customer_addresses", _addresses(volume))
        sqlseed.fill_rows("product_categories", plausible.CATEGORIES)
        sqlseed.fill_rows("products", products)
        sqlseed.fill_rows(
            "inventory",
            [{"product_id": product["id"], **plausible.draw_stock()} for product in products],
        )
        # Not in blocks: in a table that has rows, sqlseed looks for the keys of each new one.
        keys = range(1, volume.counts["invoices"] + 1)
        invoices, lines = plausible.draw_invoices(keys, products, volume)
        sqlseed.fill_rows("invoices", invoices)
        sqlseed.fill_rows("invoice_line_items", lines)


def _addresses(volume: Volume) -> list[Row]:
    return [
        {
            "customer_id": key,
            "country": plausible.COUNTRY,
            **plausible.draw_address(primary=not place),
        }
        for key in range(1, volume.counts["customers"] + 1)
        for place in range(choice(volume.fan_outs["addresses"]))
    ]
