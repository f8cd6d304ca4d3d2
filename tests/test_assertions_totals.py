"""assert_totals and assert_invoice_totals: one cent is found, and there is never a false alarm."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    create_engine,
    exists,
    inspect,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column, relationship

from pytest_demodata import DataGenerator, prepare_sqlite
from pytest_demodata.assertions import Checked, assert_invoice_totals, assert_totals
from pytest_demodata.errors import DatabaseSetupError, SettingError
from pytest_demodata.invoicing import Invoice, InvoiceLineItem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine


class Model(DeclarativeBase):
    """Bills of a lawyer, who counts hours and has prices with four decimal places."""


class Bill(Model):
    """A bill, or a credit note."""

    __tablename__ = "bills"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), default="bill")
    net: Mapped[Decimal | None] = mapped_column(Numeric(15, 2))
    vat_rate: Mapped[Decimal | None] = mapped_column(Numeric(6, 3))
    vat: Mapped[Decimal | None] = mapped_column(Numeric(15, 2))
    gross: Mapped[Decimal | None] = mapped_column(Numeric(15, 2))

    works: Mapped[list[Work]] = relationship()


class Work(Model):
    """What was done for a bill."""

    __tablename__ = "works"

    id: Mapped[int] = mapped_column(primary_key=True)
    bill_id: Mapped[int] = mapped_column(ForeignKey("bills.id"))
    hours: Mapped[Decimal | None] = mapped_column(Numeric(8, 3))
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    rebate_rate: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    rebate: Mapped[Decimal | None] = mapped_column(Numeric(15, 2))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(15, 2))


class Contract(Model):
    """A table that no bill has to do with."""

    __tablename__ = "contracts"

    id: Mapped[int] = mapped_column(primary_key=True)
    bill_id: Mapped[int] = mapped_column(ForeignKey("bills.id"))
    next_bill_id: Mapped[int] = mapped_column(ForeignKey("bills.id"))
    amount: Mapped[Decimal] = mapped_column(Numeric(15, 2))


BILL: dict[str, Any] = {
    "subtotal": Bill.net,
    "tax_rate": Bill.vat_rate,
    "tax_amount": Bill.vat,
    "total": Bill.gross,
    "line_total": Work.amount,
}
WORK: dict[str, Any] = {
    "quantity": Work.hours,
    "unit_price": Work.price,
    "discount_percentage": Work.rebate_rate,
    "discount_amount": Work.rebate,
}
NAMES: dict[str, Any] = {
    "subtotal": "bills.net",
    "tax_rate": "bills.vat_rate",
    "tax_amount": Bill.__table__.c.vat,
    "total": "bills.gross",
    "line_total": "works.amount",
}


@pytest.fixture
def connection(any_engine: Engine) -> Iterator[Connection]:
    """A connection on a database that has the lawyer's tables, and no rows."""
    with any_engine.connect() as connection:
        Model.metadata.create_all(connection)
        yield connection
        connection.rollback()
        for name in reversed(Model.metadata.sorted_tables):
            if inspect(connection).has_table(name.name):
                connection.execute(text(f"DROP TABLE {name}"))
        connection.commit()


def _insert(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    values = ", ".join(f":{name}" for name in names)
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"
    plain = [
        {name: float(value) if isinstance(value, Decimal) else value for name, value in row.items()}
        for row in rows
    ]
    connection.execute(text(statement), plain)


def _bill(number: int, net: str | None, vat: str | None, gross: str | None) -> dict[str, Any]:
    amounts = {"net": net, "vat": vat, "gross": gross, "vat_rate": "19"}
    return {"id": number, "kind": "bill"} | {
        name: None if each is None else Decimal(each) for name, each in amounts.items()
    }


def _work(number: int, bill: int, amount: str | None) -> dict[str, Any]:
    return {
        "id": number,
        "bill_id": bill,
        "amount": None if amount is None else Decimal(amount),
        "hours": None,
        "price": None,
        "rebate_rate": None,
        "rebate": None,
    }


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _message(check: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as error:
        check(*args, **options)
    return str(error.value)


def _three_bills(connection: Connection) -> None:
    bills = [
        _bill(1, "100.00", "19.00", "119.00"),
        _bill(2, "0.00", "0.00", "0.00"),
        _bill(3, "-10.50", "-2.00", "-12.50"),
    ]
    _insert(connection, "bills", bills)
    works = [_work(1, 1, "60.10"), _work(2, 1, "39.90"), _work(3, 3, "-10.50"), _work(4, 3, None)]
    _insert(connection, "works", works)


@pytest.mark.parametrize("columns", [BILL, NAMES])
def test_bills_that_add_up_are_no_error(connection: Connection, columns: dict[str, Any]) -> None:
    """Also one without lines, and a credit note, whose tax is rounded away from zero.

    Columns are attributes of models, Columns or strings.
    """
    _three_bills(connection)
    assert assert_invoice_totals(connection, **columns) == Checked(rules=3, rows=7)
    checked = assert_totals(connection, parent=columns["subtotal"], children=columns["line_total"])
    assert str(checked) == "1 rule and 7 rows"


def test_each_amount_that_is_wrong_is_named_with_what_it_should_be(connection: Connection) -> None:
    """The message has the user's own names for columns, and NULL is no sum."""
    _three_bills(connection)
    bills = [
        _bill(10, "100.00", "19.01", "119.01"),
        _bill(11, "88.10", "16.74", "104.84"),
        _bill(12, None, None, None),
        _bill(13, "1.00", "0.19", "1.20"),
        _bill(14, "2.00", None, "2.00"),
    ]
    _insert(connection, "bills", bills)
    _insert(connection, "works", [_work(10, 10, "100"), _work(13, 13, "1"), _work(14, 14, "2.01")])
    assert _message(assert_invoice_totals, connection, **BILL) == (
        "5 of 8 bills do not add up.\n"
        "  bills 10: vat 19.01, net x vat_rate 19.00\n"
        "  bills 11: net 88.10, lines sum to 0.00 (no lines)\n"
        "  bills 12: net NULL, lines sum to 0.00 (no lines)\n"
        "  bills 13: gross 1.20, net + vat 1.19\n"
        "  bills 14: net 2.00, lines sum to 2.01; vat 0.00, net x vat_rate 0.38"
    )
    assert _message(assert_totals, connection, parent=Bill.net, children=Work.amount, limit=2) == (
        "3 of 8 bills do not add up.\n"
        "  bills 11: net 88.10, works.amount sum to 0.00 (no works)\n"
        "  bills 12: net NULL, works.amount sum to 0.00 (no works)\n"
        "  … and 1 more"
    )
    text_of_one = _message(assert_totals, connection, parent=Bill.vat, children="works.rebate")
    assert text_of_one.startswith("7 of 8 bills do not add up.\n  bills 1: vat 19.00, works.rebate")


def test_lines_are_held_to_quantity_price_and_discount(connection: Connection) -> None:
    """Of prices with four places, only what a line costs is rounded, half up."""
    _insert(connection, "bills", [_bill(1, "0", "0", "0")])
    right = [
        ("1.5", "0.0300", "0", "0", "0.05"),
        ("1.000", "0.0050", None, None, "0.01"),
        ("-1.000", "0.0050", None, None, "-0.01"),
        ("0.333", "99.9999", "10", "3.33", "29.97"),
        ("2", "10.0000", "2.50", "0.50", "19.50"),
        (None, None, None, None, None),
    ]
    wrong = [
        ("1.5", "0.0300", "0", "0", "0.04"),
        ("2", "10.0000", "2.50", "0.49", "19.51"),
        (None, None, None, None, "7"),
    ]
    names = ("hours", "price", "rebate_rate", "rebate", "amount")

    def works(first: int, lines: list[Any]) -> list[dict[str, Any]]:
        return [
            {"id": number, "bill_id": 1}
            | {
                name: None if value is None else Decimal(value)
                for name, value in zip(names, line, strict=True)
            }
            for number, line in enumerate(lines, first)
        ]

    _insert(connection, "works", works(1, right))
    columns = WORK | {"line_total": Work.amount}
    assert assert_invoice_totals(connection, **columns) == Checked(rules=2, rows=6)
    assert assert_invoice_totals(connection, **WORK) == Checked(rules=1, rows=6)
    _insert(connection, "works", works(10, wrong))
    assert _message(assert_invoice_totals, connection, **columns) == (
        "3 of 9 works do not add up.\n"
        "  works 10: amount 0.04, hours x price - rebate 0.05\n"
        "  works 11: rebate 0.49, hours x price x rebate_rate 0.50\n"
        "  works 12: amount 7.00, hours x price - rebate NULL"
    )


def test_what_a_user_does_not_have_is_not_looked_at(connection: Connection) -> None:
    """Without a subtotal the lines are taxed, without a tax the total is the subtotal."""
    _three_bills(connection)
    lines_only: dict[str, Any] = {
        "tax_rate": Bill.vat_rate,
        "tax_amount": Bill.vat,
        "line_total": Work.amount,
    }
    assert assert_invoice_totals(connection, **lines_only).rules == 1
    assert assert_invoice_totals(connection, **lines_only, total=Bill.gross).rules == 2
    taxed: dict[str, Any] = {
        "tax_rate": Bill.vat_rate,
        "tax_amount": Bill.vat,
        "subtotal": Bill.net,
    }
    assert assert_invoice_totals(connection, **taxed) == Checked(rules=1, rows=3)
    assert _message(assert_invoice_totals, connection, total=Bill.gross, subtotal=Bill.net) == (
        "2 of 3 bills do not add up.\n"
        "  bills 1: gross 119.00, net 100.00\n"
        "  bills 3: gross -12.50, net -10.50"
    )
    assert _message(
        assert_invoice_totals, connection, total=Bill.gross, line_total=Work.amount
    ) == (
        "2 of 3 bills do not add up.\n"
        "  bills 1: gross 119.00, sum of lines 100.00\n"
        "  bills 3: gross -12.50, sum of lines -10.50"
    )
    connection.execute(text("UPDATE works SET hours = 3, price = 5, amount = 14 WHERE id = 1"))
    connection.execute(text("DELETE FROM works WHERE id > 1"))
    columns: dict[str, Any] = {
        "quantity": Work.hours,
        "unit_price": Work.price,
        "line_total": Work.amount,
    }
    assert _message(assert_invoice_totals, connection, **columns) == (
        "1 of 1 works does not add up.\n  works 1: amount 14.00, hours x price 15.00"
    )


def test_fifteen_digits_are_exact(connection: Connection) -> None:
    """No false alarm at any size, and a cent is found in each of them."""
    random = Random(15)  # noqa: S311 - amounts are no secret
    bills, works = [], []
    for number in range(1, 401):
        cents = random.choice([1, -1]) * random.randrange(10 ** random.randint(1, 15)) // 2
        rate = random.choice([Decimal("7.250"), Decimal(19), Decimal("0.001"), Decimal("99.999")])
        part = random.randint(-(10**13), 10**13)
        net = Decimal(cents).scaleb(-2)
        vat = _cents(net * rate / 100)
        bills.append(
            _bill(number, str(net), str(vat), str(net + vat)) | {"kind": "bill", "vat_rate": rate}
        )
        works.append(_work(2 * number, number, str(Decimal(part).scaleb(-2))))
        works.append(_work(2 * number + 1, number, str(Decimal(cents - part).scaleb(-2))))
    _insert(connection, "bills", bills)
    _insert(connection, "works", works)
    assert assert_invoice_totals(connection, **BILL) == Checked(rules=3, rows=1_200)
    connection.execute(text("UPDATE bills SET vat = vat + 0.01, gross = gross + 0.01"))
    message = _message(assert_invoice_totals, connection, **BILL)
    assert message.startswith("400 of 400 bills do not add up.")
    connection.execute(text("UPDATE works SET amount = amount - 0.01 WHERE id % 2 = 0"))
    message = _message(assert_totals, connection, parent=Bill.net, children=Work.amount)
    assert message.startswith("400 of 400 bills do not add up.")


def test_tax_is_rounded_half_up_to_the_last_tie(connection: Connection) -> None:
    """Each tie at 7.25 %, and the amounts next to it, are as decimal arithmetic has them."""
    rate = Decimal("7.25")
    bills = []
    for number, cents in enumerate([*range(-900, 900, 100), *range(-921, 921, 20)], 1):
        net = Decimal(cents).scaleb(-2)
        vat = _cents(net * rate / 100)
        bills.append(_bill(number, str(net), str(vat), str(net + vat)) | {"vat_rate": rate})
    _insert(connection, "bills", bills)
    columns = {name: column for name, column in BILL.items() if name != "line_total"}
    assert assert_invoice_totals(connection, **columns).rows == len(bills)


def test_one_cent_is_found_in_100_000_invoices(engine: Engine) -> None:
    """And in all of them together there is no false alarm, though SQLite keeps floats."""
    random = Random(100)  # noqa: S311 - amounts are no secret
    bills, works = [], []
    for number in range(1, 100_001):
        parts = [random.randrange(1, 10**7), random.randrange(1, 10**4)]
        net = sum(parts) / 100
        vat = (2 * sum(parts) * 19 + 100) // 200 / 100
        bills.append((number, net, vat, (round(net * 100) + round(vat * 100)) / 100))
        works += [(number, part / 100) for part in parts]
    with engine.connect() as connection:
        Model.metadata.create_all(connection)
        driver: Any = connection.connection.driver_connection
        driver.executemany(
            "INSERT INTO bills (id, kind, net, vat_rate, vat, gross) VALUES (?, 'b', ?, 19, ?, ?)",
            bills,
        )
        driver.executemany("INSERT INTO works (bill_id, amount) VALUES (?, ?)", works)
        assert assert_invoice_totals(connection, **BILL) == Checked(rules=3, rows=300_000)
        connection.execute(text("UPDATE works SET amount = amount + 0.01 WHERE id = 70001"))
        message = _message(assert_invoice_totals, connection, **BILL)
        net, more = bills[35_000][1], round(bills[35_000][1] * 100 + 1) / 100
        assert message == (
            "1 of 100,000 bills does not add up.\n"
            f"  bills 35001: net {net:.2f}, lines sum to {more:.2f}"
        )


@pytest.fixture(scope="module")
def large() -> Iterator[Connection]:
    """The large dataset, which has 5,000 invoices, on a connection that checks no constraint."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.exec_driver_sql("BEGIN")
        DataGenerator(connection).generate("large")
        yield connection
    engine.dispose()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "UPDATE invoices SET total = total + 0.01 WHERE id = 4711",
            "1 of 5,000 invoices does not add up.\n"
            "  invoices 4711: total 516.10, subtotal + tax_amount 516.09",
        ),
        (
            "UPDATE invoices SET tax_amount = tax_amount - 0.01, total = total - 0.01"
            " WHERE id = 4711",
            "1 of 5,000 invoices does not add up.\n"
            "  invoices 4711: tax_amount 29.20, subtotal x tax_rate 29.21",
        ),
        (
            "UPDATE invoice_line_items SET line_total = line_total - 0.01 WHERE id = 9",
            "1 of 5,000 invoices does not add up.\n"
            "  invoices 2: subtotal 1853.57, lines sum to 1853.56\n"
            "1 of 32,500 invoice_line_items does not add up.\n"
            "  invoice_line_items 9: line_total 1354.44,"
            " quantity x unit_price - discount_amount 1354.45",
        ),
        (
            "UPDATE invoice_line_items SET discount_percentage = 3 WHERE id = 9",
            "1 of 32,500 invoice_line_items does not add up.\n"
            "  invoice_line_items 9: discount_amount 150.50,"
            " quantity x unit_price x discount_percentage 45.15",
        ),
    ],
)
def test_one_cent_is_found_in_the_dataset(large: Connection, statement: str, expected: str) -> None:
    """Without the names of columns, those of the dataset are looked at."""
    assert assert_invoice_totals(large) == Checked(rules=5, rows=37_500)
    with large.begin_nested() as savepoint:
        large.execute(text(statement))
        assert _message(assert_invoice_totals, large) == expected
        savepoint.rollback()
    checked = assert_totals(large, parent=Invoice.subtotal, children=InvoiceLineItem.line_total)
    assert checked.rows == 37_500


def test_a_condition_says_which_parents_or_which_children(connection: Connection) -> None:
    """On the parent's columns, which to look at; on the children's, which to sum."""
    _three_bills(connection)
    connection.execute(text("UPDATE bills SET kind = 'draft', net = 7 WHERE id = 1"))
    options: dict[str, Any] = {"parent": Bill.net, "children": Work.amount}
    checked = assert_totals(connection, **options, where=Bill.kind != "draft")
    assert checked == Checked(rules=1, rows=6)
    assert _message(assert_totals, connection, **options, where=Work.amount < 0) == (
        "1 of 3 bills does not add up.\n  bills 1: net 7.00, works.amount sum to 0.00 (no works)"
    )
    message = "The condition where=works.amount > bills.net cannot be placed.\n"
    elsewhere: tuple[Any, ...] = (
        Work.amount > Bill.net,
        "net > 1",
        exists().where(Contract.id > 1),
    )
    for where in elsewhere:
        with pytest.raises(SettingError, match="cannot be placed") as error:
            assert_totals(connection, **options, where=where)
        assert str(error.value).partition("\n")[2] == (
            "Allowed: a condition on columns of 'bills', for the rows to look at, or of 'works',"
            " for those to sum.\nWrite it as in where=Order.status != 'draft'."
        )
    with pytest.raises(SettingError) as error:
        assert_totals(connection, **options, where=Work.amount > Bill.net)
    assert str(error.value).startswith(message)


def _orders(kind: Any) -> MetaData:
    metadata = MetaData()
    Table(
        "orders",
        metadata,
        Column("region", String(2), primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("ref", String(9)),
        Column("total", kind),
    )
    Table("parts", metadata, Column("order_ref", String(9)), Column("amount", kind))
    return metadata


@pytest.mark.parametrize(
    ("kind", "shown"), [(Integer(), ("31", "30")), (Float(53), ("31.00", "30.00"))]
)
def test_whole_numbers_and_floats_are_compared_too(
    any_engine: Engine, kind: Any, shown: tuple[str, str]
) -> None:
    """Whole numbers as they are, which may be cents; floats to the cent.

    The key is of two columns, and what joins the tables is named.
    """
    metadata = _orders(kind)
    options: dict[str, Any] = {
        "parent": "orders.total",
        "children": "parts.amount",
        "on": {"parts.order_ref": "orders.ref"},
    }
    orders, parts = metadata.tables["orders"], metadata.tables["parts"]
    metadata.create_all(any_engine)
    try:
        with any_engine.begin() as connection:
            rows = [
                {"region": "EU", "number": number, "ref": f"EU{number}", "total": 30}
                for number in (1, 2)
            ]
            connection.execute(orders.insert(), rows)
            rows = [{"order_ref": f"EU{number}", "amount": 10} for number in (1, 1, 1, 2, 2, 2)]
            connection.execute(parts.insert(), rows)
            assert assert_totals(connection, **options).rows == 8
            connection.execute(orders.update().where(orders.c.number == 2).values(total=31))
            assert _message(assert_totals, connection, **options) == (
                "1 of 2 orders does not add up.\n"
                f"  orders (EU, 2): total {shown[0]}, parts.amount sum to {shown[1]}"
            )
    finally:
        metadata.drop_all(any_engine)


def test_a_sum_of_floats_is_held_to_the_cent(engine: Engine) -> None:
    """Ten times 0.1 is 1, and 1.005 is rounded half up though no float is 1.005."""
    metadata = _orders(Float())
    metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(
            text("INSERT INTO orders VALUES ('EU', 1, 'a', 1.0), ('EU', 2, 'b', 1.01)")
        )
        connection.execute(text("INSERT INTO parts VALUES ('a', 0.1)"), [{}] * 10)
        connection.execute(text("INSERT INTO parts VALUES ('b', 1.005)"))
        on = {"parts.order_ref": "orders.ref"}
        assert assert_totals(connection, parent="orders.total", children="parts.amount", on=on)


def test_the_foreign_key_may_be_in_the_metadata_only(engine: Engine) -> None:
    """Where the database has none, that of the columns' MetaData joins the tables."""
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE bills (id INTEGER PRIMARY KEY, net NUMERIC(9, 2))"))
        connection.execute(text("CREATE TABLE works (bill_id INTEGER, amount NUMERIC(9, 2))"))
        assert assert_totals(connection, parent=Bill.net, children=Work.amount) == Checked(rules=1)
        with pytest.raises(SettingError) as error:
            assert_totals(connection, parent="bills.net", children="works.amount")
    assert str(error.value) == (
        "'works' has 0 foreign keys to 'bills', and one is needed to say which rows belong"
        " together.\n"
        "Foreign keys: none.\n"
        "Say which as in on={'works.parent_id': 'bills.id'}."
    )


def test_a_table_may_be_its_own_parent(engine: Engine) -> None:
    """An account that is the sum of those below it; a condition says which are sums."""
    with engine.connect() as connection:
        for statement in (
            "CREATE TABLE accounts (id INTEGER PRIMARY KEY, above REFERENCES accounts,"
            " amount NUMERIC(9, 2), is_sum INTEGER)",
            "INSERT INTO accounts VALUES (1, NULL, 5, 1), (2, 1, 3, 0), (3, 1, 2, 0)",
        ):
            connection.execute(text(statement))
        accounts = Table("accounts", MetaData(), autoload_with=connection)
        options: dict[str, Any] = {"parent": accounts.c.amount, "children": accounts.c.amount}
        assert assert_totals(connection, **options, where=accounts.c.is_sum == 1).rules == 1
        assert _message(assert_totals, connection, **options).startswith("2 of 3 accounts")


def test_the_key_may_be_implicit_or_there_may_be_none(engine: Engine) -> None:
    """A reference to a table means its primary key; without one, rows go by what is referred to."""
    with engine.connect() as connection:
        for statement in (
            "CREATE TABLE sums (id INTEGER PRIMARY KEY, total NUMERIC(9, 2))",
            "CREATE TABLE heap (code TEXT UNIQUE, total NUMERIC(9, 2))",
            "CREATE TABLE parts (sum_id REFERENCES sums, code REFERENCES heap (code),"
            " amount NUMERIC(9, 2))",
            "INSERT INTO sums VALUES (1, 4)",
            "INSERT INTO heap VALUES ('x', 5)",
            "INSERT INTO parts VALUES (1, 'x', 4)",
        ):
            connection.execute(text(statement))
        assert assert_totals(connection, parent="sums.total", children="parts.amount").rows == 2
        assert _message(
            assert_totals, connection, parent="heap.total", children="parts.amount"
        ) == ("1 of 1 heap does not add up.\n  heap x: total 5.00, parts.amount sum to 4.00")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"total": Bill.gross},
            "The column total='bills.gross' says nothing alone.\n"
            "Needed with it: subtotal or line_total.\n"
            "Name those too, or leave it out.",
        ),
        (
            BILL | {"quantity": Work.hours},
            "The column quantity='works.hours' says nothing alone.\n"
            "Needed with it: discount_amount and discount_percentage and unit_price"
            " or line_total and unit_price.\n"
            "Name those too, or leave it out.",
        ),
        (
            {"subtotal": Bill.net, "total": Contract.amount},
            "The columns subtotal='bills.net', total='contracts.amount' are of 2 tables.\n"
            "Allowed: subtotal, tax_rate, tax_amount, total of one table.\n"
            "For sums over another table, use assert_totals.",
        ),
        (
            {"subtotal": Bill.net, "line_total": Contract.amount},
            "'contracts' has 2 foreign keys to 'bills', and one is needed to say which rows belong"
            " together.\n"
            "Foreign keys: contracts.bill_id -> bills.id, contracts.next_bill_id -> bills.id.\n"
            "Say which as in on={'contracts.parent_id': 'bills.id'}.",
        ),
        (
            BILL | {"on": {"contracts.bill_id": "bills.id"}},
            "The condition on={'contracts.bill_id': 'bills.id'} does not join 'works' to 'bills'.\n"
            "Allowed: one entry, from the former's columns to the latter's.\n"
            "Say which as in on={'works.parent_id': 'bills.id'}.",
        ),
        (
            {"subtotal": Bill.works, "total": Bill.gross},
            "The column is <relationship>.\n"
            "Allowed: an attribute of a model (Order.total), a Column, or 'table.column'"
            " ('orders.total', 'sales.orders.total').\n"
            "Name one column of one table.",
        ),
        (
            {"subtotal": "bills.(net, gross)", "total": Bill.gross},
            "The column is 'bills.(net, gross)'.\n"
            "Allowed: an attribute of a model (Order.total), a Column, or 'table.column'"
            " ('orders.total', 'sales.orders.total').\n"
            "Name one column of one table.",
        ),
        (
            {"subtotal": "net", "total": Bill.gross},
            "The column is 'net'.\n"
            "Allowed: 'table.column', or 'table.(one, other)' for columns that belong together,"
            " each with a schema before it if need be.\n"
            "Write it as in 'orders.customer_id'.",
        ),
        (
            {},
            "There is no table 'invoices' in the database.\n"
            "Tables: bills, contracts, works.\n"
            "Create it first, or name another one.",
        ),
    ],
)
def test_what_cannot_be_used_is_named(
    engine: Engine, columns: dict[str, Any], message: str
) -> None:
    """A sentence says what it is, what is allowed, and how to get out."""
    Model.metadata.create_all(engine)
    with pytest.raises(SettingError) as error:
        assert_invoice_totals(engine, **columns)
    assert str(error.value) == message.replace("<relationship>", repr(Bill.works))


def test_a_column_of_an_alias_is_no_column_of_a_table(engine: Engine) -> None:
    """Nor is a computed one."""
    Model.metadata.create_all(engine)
    parents: tuple[Any, ...] = (
        aliased(Bill).net,
        Bill.__table__.alias().c.net,
        Bill.net + 1,
        5,
    )
    for parent in parents:
        with pytest.raises(SettingError, match=r"^The column is "):
            assert_totals(engine, parent=parent, children=Work.amount)


def test_a_condition_that_no_parent_fits_checks_nothing(engine: Engine) -> None:
    """A check that has looked at no row says so, and does not pass."""
    DataGenerator(engine).generate("small")
    with pytest.raises(DatabaseSetupError) as error:
        assert_totals(
            engine,
            parent=Invoice.subtotal,
            children=InvoiceLineItem.line_total,
            where=Invoice.id < 0,
        )
    assert str(error.value) == (
        "Nothing was checked: no row of invoices is one that where= asks for.\n"
        "Give a condition that rows fit, or none."
    )
