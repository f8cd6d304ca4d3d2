"""validate(): every rule is found broken when it is, and named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from pytest_demodata import DataGenerator, StageError, ValidationError, prepare_sqlite
from pytest_demodata.invoicing import Invoice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine


@pytest.fixture(scope="module")
def dataset() -> Iterator[Connection]:
    """The medium dataset, on a connection that checks no constraint."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    with engine.connect() as connection:
        for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON"):
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql(f"PRAGMA {pragma}")
            connection.exec_driver_sql("BEGIN")
        DataGenerator(connection).generate("medium")
        yield connection
    engine.dispose()


@pytest.fixture
def connection(dataset: Connection) -> Iterator[Connection]:
    """The dataset for one test."""
    with dataset.begin_nested() as savepoint:
        yield dataset
        savepoint.rollback()


BREACHES = [
    (1, "customer_types", "UPDATE customer_types SET discount_percentage = 7 WHERE id = 2"),
    (1, "customer_types", "DELETE FROM customer_types WHERE id = 4"),
    (1, "customers", "UPDATE customers SET customer_type_id = 4 WHERE customer_type_id = 1"),
    (2, "customers", "UPDATE customers SET credit_limit = credit_limit + 50 WHERE id = 3"),
    (2, "customers", "UPDATE customers SET credit_limit = credit_limit + 5000 WHERE id = 3"),
    (3, "customers", "UPDATE customers SET status = 'suspended'"),
    (3, "customers", "UPDATE customers SET name = 'Somebody Else' WHERE id = 3"),
    (3, "customers", "UPDATE customers SET name = 'Prince' WHERE id = 3"),
    (3, "customers", "UPDATE customers SET email = replace(email, 'example', 'acme') WHERE id = 3"),
    (3, "customers", "UPDATE customers SET phone = '(212) 867-5309' WHERE id = 3"),
    (4, "customers", "DELETE FROM customer_addresses WHERE customer_id = 3"),
    (4, "customers", "UPDATE customer_addresses SET is_primary = 0 WHERE customer_id = 3"),
    (4, "customer_addresses", "UPDATE customer_addresses SET address_type = 'other' WHERE id = 1"),
    (5, "customer_addresses", "UPDATE customer_addresses SET state = 'ZZ' WHERE id = 3"),
    (5, "customer_addresses", "UPDATE customer_addresses SET postal_code = '00501' WHERE id = 3"),
    (6, "product_categories", "UPDATE product_categories SET name = 'Cars' WHERE id = 3"),
    (6, "products", "UPDATE products SET name = 'Thing' WHERE id = 3"),
    (7, "products", "UPDATE products SET cost = price WHERE id = 3"),
    (7, "products", "UPDATE products SET cost = price / 2.5 WHERE id = 3"),
    (7, "products", "UPDATE products SET cost = price / 1.5"),
    (7, "products", "UPDATE products SET active = 0"),
    (8, "products", "DELETE FROM inventory WHERE id = 3"),
    (8, "inventory", "UPDATE inventory SET reserved_stock = current_stock + 1 WHERE id = 3"),
    (8, "inventory", "UPDATE inventory SET current_stock = 1000, reserved_stock = 0"),
    (9, "customers", "UPDATE invoices SET customer_id = 1 + id % 100"),
    (9, "products", "UPDATE invoice_line_items SET line_total = id IN (SELECT min(id) FROM"
        " invoice_line_items GROUP BY product_id)"),
    (9, "customers", "UPDATE customers SET status = 'suspended' WHERE id ="
        " (SELECT customer_id FROM invoices ORDER BY id DESC LIMIT 1)"),
    (9, "products", "UPDATE products SET active = 0 WHERE id ="
        " (SELECT product_id FROM invoice_line_items ORDER BY id DESC LIMIT 1)"),
    (10, "invoices", "UPDATE invoices SET date = '2020-01-01' WHERE id = 3"),
    (10, "invoices", "UPDATE invoices SET invoice_number = 'INV-20240101-0300' WHERE id = 300"),
    (10, "invoices", "UPDATE invoices SET invoice_number = 'INV-20240101-9999' WHERE id = 1"),
    (10, "invoices", "UPDATE invoices SET date = date(date, 'weekday 6')"),
    (11, "invoices", "UPDATE invoices SET due_date = date(due_date, '+1 day') WHERE id = 3"),
    (12, "invoices", "UPDATE invoices SET status = 'sent' WHERE status = 'overdue'"),
    (12, "invoices", "UPDATE invoices SET status = 'overdue' WHERE status = 'sent'"),
    (12, "invoices", "UPDATE invoices SET status = 'draft' WHERE id = 1"),
    (12, "invoices", "UPDATE invoices SET paid_date = NULL WHERE id = 1"),
    (12, "invoices", "UPDATE invoices SET paid_date = date(date, '-1 day') WHERE id = 1"),
    (12, "invoices", "UPDATE invoices SET paid_date = '2026-01-01' WHERE id = 1"),
    (12, "invoices", "UPDATE invoices SET paid_date = date WHERE status = 'cancelled'"),
    (12, "invoices", "UPDATE invoices SET status = 'cancelled' WHERE status = 'paid'"),
    (13, "invoice_line_items", "UPDATE invoice_line_items SET"
        " line_total = line_total + 0.01 WHERE id = 3"),
    (13, "invoice_line_items", "UPDATE invoice_line_items SET discount_amount = 0.01 WHERE id = 1"),
    (13, "invoice_line_items", "UPDATE invoice_line_items SET"
        " discount_percentage = 7 WHERE id = 3"),
    (14, "invoice_line_items", "UPDATE products SET price = price + 0.01 WHERE id ="
        " (SELECT product_id FROM invoice_line_items ORDER BY id DESC LIMIT 1)"),
    (14, "invoices", "UPDATE invoice_line_items SET position = position + 10 WHERE id = 3"),
    (15, "invoices", "UPDATE invoices SET subtotal = subtotal + 0.01 WHERE id = 3"),
    (15, "invoices", "UPDATE invoices SET tax_amount = tax_amount - 0.01 WHERE id = 3"),
    (15, "invoices", "UPDATE invoices SET total = total + 0.01 WHERE id = 3"),
    (15, "invoices", "DELETE FROM invoice_line_items WHERE invoice_id = 3"),
    (15, "invoices", "UPDATE invoices SET tax_rate = 99 WHERE id = 3"),
    (16, "invoices", "UPDATE invoices SET created_at = datetime(created_at, '+1 day')"
        " WHERE id = 3"),
    (16, "customers", "UPDATE customers SET created_at = '2025-12-31 12:00:00.000000'"),
    (16, "products", "UPDATE products SET updated_at = '2026-01-01 12:00:00.000000' WHERE id = 1"),
    (17, "customers", "UPDATE customers SET customer_type_id = 9 WHERE id = 3"),
    (17, "customer_addresses", "DELETE FROM customers WHERE id = 3"),
    (17, "products", "UPDATE products SET category_id = 0 WHERE id = 3"),
    (17, "inventory", "UPDATE inventory SET product_id = 0 WHERE id = 3"),
    (17, "invoices", "UPDATE invoices SET customer_id = 0 WHERE id = 3"),
    (17, "invoice_line_items", "UPDATE invoice_line_items SET product_id = 0 WHERE id = 3"),
    (17, "invoice_line_items", "UPDATE invoice_line_items SET invoice_id = 0 WHERE id = 3"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "table", "statement"), BREACHES)
def test_a_broken_rule_is_found(
    connection: Connection, rule: int, table: str, statement: str
) -> None:
    """Each rule, broken on purpose, is named with its number and table."""
    connection.execute(text(statement))
    with pytest.raises(ValidationError) as error:
        DataGenerator(connection).validate()
    found = {(violation.rule, violation.table) for violation in error.value.violations}
    assert (rule, table) in found


def test_a_product_twice_on_an_invoice_is_found(connection: Connection) -> None:
    """Rule 14, without the constraint that keeps it."""
    connection.execute(text("CREATE TABLE copy AS SELECT * FROM invoice_line_items"))
    connection.execute(text("DROP TABLE invoice_line_items"))
    connection.execute(text("ALTER TABLE copy RENAME TO invoice_line_items"))
    connection.execute(text("UPDATE invoice_line_items SET product_id = 1 WHERE invoice_id = 3"))
    with pytest.raises(ValidationError, match="invoices, rule 14: each has no product twice"):
        DataGenerator(connection).validate()


def test_the_intact_dataset_passes(connection: Connection) -> None:
    """Nothing is found where nothing is broken."""
    DataGenerator(connection).validate()


def test_the_message_names_table_rule_and_rows(connection: Connection) -> None:
    """The first few rows are named, and how many more there are."""
    connection.execute(text("UPDATE invoices SET total = total + 0.01 WHERE id % 40 = 1"))
    connection.execute(text("UPDATE customers SET credit_limit = 1 WHERE id = 17"))
    with pytest.raises(ValidationError) as error:
        DataGenerator(connection).validate()
    assert str(error.value) == (
        "2 rules are broken in the invoicing dataset.\n"
        "  customers, rule 2: each has a credit limit of 5,000 x priority + a multiple of 100 from "
        "100 to 5,000; 1 do not: 17\n"
        "  invoices, rule 15: each has a total of subtotal + tax amount; "
        "8 do not: 1, 41, 81, 121, 161 … and 3 more"
    )
    assert isinstance(error.value, AssertionError)


def test_one_broken_rule_is_singular(connection: Connection) -> None:
    """A rule about a table as a whole names no rows."""
    connection.execute(text("UPDATE inventory SET current_stock = 0, reserved_stock = 0"))
    with pytest.raises(ValidationError) as error:
        DataGenerator(connection).validate()
    assert str(error.value) == (
        "4 rules are broken in the invoicing dataset.\n"
        "  inventory, rule 8: out of stock: about 3% of rows, not 100.0%\n"
        "  inventory, rule 8: low: about 10% of rows, not 0.0%\n"
        "  inventory, rule 8: normal: about 30% of rows, not 0.0%\n"
        "  inventory, rule 8: high: about 57% of rows, not 0.0%"
    )


def test_odd_values_are_named_and_do_not_crash(connection: Connection) -> None:
    """A postal code that is no number, and an invoice number that is none, are broken rules."""
    connection.execute(text("UPDATE customer_addresses SET postal_code = 'K1A 0B1' WHERE id = 2"))
    connection.execute(
        text(
            "UPDATE invoices SET invoice_number = substr(invoice_number, 1, 13) || '00AB'"
            " WHERE id = 5"
        )
    )
    with pytest.raises(
        ValidationError, match="customer_addresses, rule 5: each has a city"
    ) as error:
        DataGenerator(connection).validate()
    assert (10, "invoices") in {(each.rule, each.table) for each in error.value.violations}


def test_missing_tables_are_no_broken_rule(engine: Engine) -> None:
    """Where nothing was generated, validate() says so."""
    with pytest.raises(StageError) as error:
        DataGenerator(engine).validate()
    assert str(error.value) == (
        "The tables customer_addresses, customer_types, customers, inventory, invoice_line_items, "
        "invoices, product_categories, products are missing.\nCall generate() first."
    )


@pytest.mark.parametrize("volume", ["products=25", "products=28", "customers=25,products=26"])
@pytest.mark.parametrize("seed", [5, 40])
def test_small_tables_pass(engine: Engine, volume: str, seed: int) -> None:
    """Shares are not held to more than a small table can keep."""
    generator = DataGenerator(engine, seed=seed)
    generator.generate(f"{volume},invoices=0")
    generator.validate()


def test_the_wrong_settings_are_a_broken_rule(connection: Connection) -> None:
    """A dataset read with the words of another locale does not pass for one of that locale."""
    with pytest.raises(ValidationError, match="customer_addresses, rule 5"):
        DataGenerator(connection, locale="de_DE").validate()


def test_models_tell_their_keys(engine: Engine) -> None:
    """A row in a failure's output can be found again, also where it is of no session any more."""
    DataGenerator(engine).generate("small")
    with Session(engine) as session:
        invoice = session.get_one(Invoice, 17)
    assert repr([invoice, Invoice()]) == "[<Invoice 17>, <Invoice (new)>]"
