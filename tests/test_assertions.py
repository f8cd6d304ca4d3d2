"""The assertion helpers: what they read from, assert_unique, assert_intact, and python -O."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    create_engine,
    event,
    func,
    make_url,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.orm import scoped_session as scoped

from pytest_demodata import DataGenerator, prepare_sqlite
from pytest_demodata.assertions import (
    Checked,
    assert_intact,
    assert_invoice_totals,
    assert_no_orphans,
    assert_totals,
    assert_unique,
    find_orphans,
)
from pytest_demodata.errors import DatabaseSetupError, LocaleError, SettingError
from pytest_demodata.invoicing import Base, Customer, InvoiceLineItem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine


class Model(DeclarativeBase):
    """People and their pets."""


class Person(Model):
    """A person."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    city: Mapped[str | None] = mapped_column(String(20))


class Pet(Model):
    """A pet of a person."""

    __tablename__ = "pets"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))


@dataclass
class Demo:
    """What the helpers use of a DemoDatabase."""

    session: Session
    metadata: MetaData
    as_of: date
    locale: str


@pytest.fixture
def database(any_engine: Engine) -> Iterator[Engine]:
    """An engine on a database with people, pets, and no rows."""
    Model.metadata.create_all(any_engine)
    yield any_engine
    Model.metadata.drop_all(any_engine)


def _message(check: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as error:
        check(*args, **options)
    return str(error.value)


# What they read from


def test_an_engine_is_connected_to_and_left(database: Engine) -> None:
    """The connection goes back to where it came from, also where the check fails."""
    taken, returned = [], []
    event.listen(database, "checkout", lambda *_: taken.append(1))
    event.listen(database, "checkin", lambda *_: returned.append(1))
    assert assert_no_orphans(database) == Checked(keys=1, rows=0)
    with pytest.raises(SettingError):
        assert_unique(database, "people.none")
    assert len(taken) == len(returned) == 2


def test_a_connection_without_a_transaction_is_left_without_one(database: Engine) -> None:
    """Also where the check fails; one that has a transaction keeps it."""
    with database.connect() as connection:
        assert_no_orphans(connection)
        assert not connection.in_transaction()
        with pytest.raises(SettingError):
            assert_unique(connection, "people.none")
        assert not connection.in_transaction()
        connection.execute(text("INSERT INTO people (id, name) VALUES (1, 'Ada')"))
        assert assert_unique(connection, "people.name") == Checked(keys=1, rows=1)
        assert connection.in_transaction()
        connection.rollback()
        assert assert_unique(connection, "people.name") == Checked(keys=1, rows=0)


def test_a_session_shows_what_is_pending_and_is_not_committed(database: Engine) -> None:
    """It is flushed; a session that is in no transaction is in none afterwards."""
    with Session(database, expire_on_commit=False) as session:
        assert_no_orphans(session)
        assert not session.in_transaction()
        session.add(Person(id=1, name="Ada"))
        assert assert_unique(session, Person.name).rows == 1
        assert session.in_transaction()
        session.rollback()
        assert assert_unique(session, Person.name).rows == 0
        session.add(Person(id=1, name="Ada"))
        session.commit()
        assert assert_unique(session, Person.name).rows == 1
        assert not session.in_transaction()
        session.query(Person).delete()
        session.commit()


def test_a_session_on_a_connection_stays_in_its_transaction(engine: Engine) -> None:
    """As a test's session is, whose commits end in a savepoint."""
    Model.metadata.create_all(engine)
    with engine.connect() as connection, connection.begin():
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            session.add(Person(id=1, name="Ada"))
            session.commit()
            assert assert_unique(session, Person.name).rows == 1
        assert connection.in_transaction()


def test_a_scoped_session_is_the_session_it_stands_for(engine: Engine) -> None:
    """It is taken as its session."""
    Model.metadata.create_all(engine)
    registry = scoped(sessionmaker(engine))
    registry.add(Person(id=1, name="Ada"))
    assert assert_unique(registry, Person.name).rows == 1
    registry.remove()


def test_a_demo_database_gives_its_session_and_its_metadata(engine: Engine) -> None:
    """What has a session is read through it, and its MetaData says what to look at."""
    Model.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE other (id INTEGER REFERENCES people (id))"))
    with Session(engine) as session:
        demo = Demo(session, Model.metadata, date(2025, 12, 31), "en_US")
        assert assert_no_orphans(demo) == Checked(keys=1, rows=0)
        assert assert_no_orphans(session) == Checked(keys=2, rows=0)
        assert find_orphans(demo, metadata=Model.metadata) == ()
        assert assert_totals(demo, parent="people.id", children="pets.id") == Checked(rules=1)


def test_a_session_for_each_model_has_no_database_of_its_own(engine: Engine) -> None:
    """Nor has one that is bound to nothing."""
    with Session(binds={Person: engine}) as session, pytest.raises(DatabaseSetupError) as error:
        assert_no_orphans(session)
    assert str(error.value) == (
        "The Session has no database of its own: it is bound to none, or to one for each model.\n"
        "Allowed: a DemoDatabase, or SQLAlchemy's Session, Connection or Engine.\n"
        "Give the Engine or Connection whose tables are to be checked."
    )


class AsyncSession:
    """Stands for SQLAlchemy's, which cannot be imported without greenlet."""

    __module__ = "sqlalchemy.ext.asyncio.session"


@pytest.mark.parametrize(
    ("target", "first", "last"),
    [
        (
            AsyncSession(),
            "an AsyncSession",
            "From asyncio, let an AsyncSession or AsyncConnection call the helper:"
            " await session.run_sync(assert_no_orphans).",
        ),
        (
            sessionmaker(),
            "a sessionmaker",
            "Give a Session that it makes: with maker() as session.",
        ),
        ("sqlite://", "a str", "Give the Engine: create_engine(url)."),
        (make_url("sqlite://"), "an URL", "Give the Engine: create_engine(url)."),
        (Person, "the class Person", "Give the one that the test writes through."),
        (None, "a NoneType", "Give the one that the test writes through."),
    ],
)
def test_what_is_no_target_is_named(target: Any, first: str, last: str) -> None:
    """A sentence says what it is, what is allowed, and how to get out."""
    checks: list[Any] = [
        assert_no_orphans,
        find_orphans,
        assert_invoice_totals,
        lambda target: assert_totals(target, parent="a.b", children="c.d"),
        lambda target: assert_unique(target, "a.b"),
        assert_intact,
    ]
    for check in checks:
        with pytest.raises(DatabaseSetupError) as error:
            check(target)
        assert str(error.value) == (
            f"The assertion helpers cannot read from {first}.\n"
            "Allowed: a DemoDatabase, or SQLAlchemy's Session, Connection or Engine.\n"
            f"{last}"
        )


# assert_unique


def _people(connection: Connection, *people: tuple[str, str | None]) -> None:
    rows = [{"i": number, "n": name, "c": city} for number, (name, city) in enumerate(people, 1)]
    connection.execute(text("INSERT INTO people (id, name, city) VALUES (:i, :n, :c)"), rows)


def test_values_that_stand_more_than_once_are_named_with_their_rows(database: Engine) -> None:
    """One column or several; a row with a NULL among them is like no other."""
    with database.connect() as connection:
        _people(
            connection,
            *[("Ada", "Bonn")] * 5,
            ("Bob", None),
            ("Bob", None),
            ("Cid", "Bonn"),
            ("Cid", "Kiel"),
        )
        assert _message(assert_unique, connection, Person.name) == (
            "people.name: 3 values more than once (9 rows looked at).\n"
            "  name 'Ada' stands 5 times: people 1, 2, 3 … and 2 more\n"
            "  name 'Bob' stands 2 times: people 6, 7\n"
            "  name 'Cid' stands 2 times: people 8, 9"
        )
        assert _message(assert_unique, connection, "people.name", Person.city) == (
            "people.(name, city): 1 value more than once (9 rows looked at).\n"
            "  name 'Ada', city 'Bonn' stands 5 times: people 1, 2, 3 … and 2 more"
        )
        assert _message(assert_unique, connection, Person.__table__.c.name, limit=1) == (
            "people.name: 3 values more than once (9 rows looked at).\n"
            "  name 'Ada' stands 5 times: people 1, 2, 3 … and 2 more\n"
            "  … and 2 more"
        )
        assert str(assert_unique(connection, Person.id)) == "1 key and 9 rows"


def test_the_database_decides_which_values_are_alike(database: Engine) -> None:
    """To MariaDB 'ADA ' is 'Ada'."""
    with database.connect() as connection:
        _people(connection, ("Ada", None), ("ADA ", None))
        if connection.dialect.name in {"mysql", "mariadb"}:
            assert "stands 2 times: people 1, 2" in _message(assert_unique, connection, Person.name)
        else:
            assert assert_unique(connection, Person.name).rows == 2


def test_rows_without_a_primary_key_are_counted(engine: Engine) -> None:
    """There is no key to name them by."""
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE log (line TEXT)"))
        connection.execute(text("INSERT INTO log VALUES ('a'), ('a')"))
        assert _message(assert_unique, connection, "log.line") == (
            "log.line: 1 value more than once (2 rows looked at).\n  line 'a' stands 2 times"
        )


@pytest.mark.parametrize(
    ("columns", "listed"), [((), "none"), ((Person.name, Pet.id), "people.name, pets.id")]
)
def test_what_is_unique_is_of_one_table(
    engine: Engine, columns: tuple[Any, ...], listed: str
) -> None:
    """A sentence says what was given, what is allowed, and how to get out."""
    Model.metadata.create_all(engine)
    with pytest.raises(SettingError) as error:
        assert_unique(engine, *columns)
    assert str(error.value) == (
        f"The columns that should be unique together are {listed}.\n"
        "Allowed: one or more columns of one table.\n"
        "Write it as in assert_unique(session, Customer.email)."
    )


# assert_intact


def _declared() -> MetaData:
    metadata = MetaData()
    code = Column("code", String(9), unique=True)
    Table(
        "parts",
        metadata,
        Column("id", Integer, primary_key=True),
        code,
        Column("name", String(9), nullable=False),
        Column("weight", Numeric(9, 2)),
        Column("part_of", ForeignKey("parts.id")),
        Index("name_and_weight", "name", "weight", unique=True),
        Index("of_some", "weight", unique=True, sqlite_where=text("weight > 1")),
        Index("lowered", func.lower(code), unique=True),
        Index("by_name", "name"),
    )
    Table("notes", metadata, Column("note", String(9), nullable=False))
    Table("lists", metadata, Column("note", String(9)))
    return metadata


def test_data_is_held_to_what_its_schema_promises(engine: Engine) -> None:
    """Foreign keys, unique keys and NOT NULL of a MetaData, which the database does not hold."""
    with engine.connect() as connection:
        for statement in (
            "CREATE TABLE parts (id INTEGER, code TEXT, name TEXT, weight NUMERIC, part_of INT)",
            "CREATE TABLE notes (note TEXT)",
            "CREATE TABLE lists (note TEXT)",
            "INSERT INTO parts VALUES (1, 'a', 'x', 2, NULL), (2, 'a', 'x', 2, 1),"
            " (NULL, NULL, NULL, NULL, 9)",
            "INSERT INTO notes VALUES (NULL)",
        ):
            connection.execute(text(statement))
        assert _message(assert_intact, connection, metadata=_declared()) == (
            "1 of 1 reference to a parent does not hold (3 rows looked at).\n"
            "  parts.part_of -> parts.id: id of 'parts' is not unique, 1 row without a parent\n"
            "    parts: part_of 9\n"
            "notes.note: 1 row with NULL, and none may be (1 row looked at).\n"
            "parts.code: 1 value more than once (3 rows looked at).\n"
            "  code 'a' stands 2 times\n"
            "parts.(name, weight): 1 value more than once (3 rows looked at).\n"
            "  name 'x', weight 2 stands 2 times\n"
            "parts.id: 1 row with NULL, and none may be (3 rows looked at).\n"
            "parts.name: 1 row with NULL, and none may be (3 rows looked at)."
        )


def test_without_a_metadata_the_promises_are_those_of_the_database(engine: Engine) -> None:
    """SQLite itself lets a primary key be NULL that is not a whole number."""
    with engine.connect() as connection:
        for statement in (
            "CREATE TABLE codes (code TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
            "CREATE TABLE bare (name TEXT)",
            "INSERT INTO codes VALUES ('a', 'x'), (NULL, 'y'), (NULL, 'z')",
        ):
            connection.execute(text(statement))
        assert _message(assert_intact, connection) == (
            "codes.code: 2 rows with NULL, and none may be (3 rows looked at).\n"
            "  codes NULL\n"
            "  codes NULL"
        )
        connection.execute(text("DELETE FROM codes WHERE code IS NULL"))
        assert assert_intact(connection) == Checked(keys=2, rules=2, rows=1)


def test_any_tables_can_be_intact(database: Engine) -> None:
    """Without a dataset there are no further rules; references can be named."""
    with database.connect() as connection:
        _people(connection, ("Ada", "Ada"))
        connection.execute(text("INSERT INTO pets (id, person_id) VALUES (1, 1)"))
        assert assert_intact(connection) == Checked(keys=3, rules=4, rows=2)
        assert assert_intact(connection, metadata=Model.metadata) == assert_intact(connection)
        references = {"people.city": "people.name", "pets.id": "pets.person_id"}
        assert assert_intact(connection, references=references).keys == 5


@pytest.fixture(scope="module")
def medium() -> Iterator[Connection]:
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


def test_the_dataset_is_held_to_its_rules_as_well(medium: Connection) -> None:
    """Of a DemoDatabase, of the tables of its MetaData, or of those of the database."""
    with Session(medium, join_transaction_mode="create_savepoint") as session:
        demo = Demo(session, Base.metadata, date(2025, 12, 31), "en_US")
        checked = assert_intact(demo)
    assert (checked.keys, checked.rules) == (23, 94)
    assert checked.rows == sum(
        medium.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in Base.metadata.tables
    )
    assert assert_intact(medium) == checked
    assert assert_intact(medium, metadata=Base.metadata) == checked


def test_all_that_is_broken_is_said_at_once(medium: Connection) -> None:
    """Orphans, amounts and rules, each in a paragraph of its own."""
    with medium.begin_nested() as savepoint:
        for statement in (
            "UPDATE invoices SET customer_id = 4711 WHERE id = 300",
            "UPDATE invoices SET total = total + 0.01 WHERE id = 3",
            "UPDATE products SET price = 0.01, cost = 0.02 WHERE id = 500",
        ):
            medium.execute(text(statement))
        message = _message(assert_intact, medium)
        savepoint.rollback()
    amounts = medium.execute(text("SELECT total FROM invoices WHERE id = 3")).scalar_one()
    assert message.startswith(
        "1 of 7 references to a parent does not hold (3,100 rows looked at).\n"
        "  invoices.customer_id -> customers.id: 1 row without a parent\n"
        "    invoices 300: customer_id 4711\n"
        "1 of 300 invoices does not add up.\n"
        f"  invoices 3: total {amounts + 0.01:.2f}, subtotal + tax_amount {amounts:.2f}\n"
    )
    assert (
        "rules are broken in the invoicing dataset, held to as_of=2025-12-31 and locale='en_US'.\n"
        "  products, rule 7: each has a price above its cost, by a markup of 1.02 to 2.2;"
        " 1 do not: 500\n"
    ) in message
    assert "rule 17" not in message


def test_the_rules_hang_on_the_date_and_locale_of_the_dataset(medium: Connection) -> None:
    """Those of another are broken, and the message says which were taken."""
    message = _message(assert_intact, medium, as_of=date(2024, 6, 30), locale="de_DE")
    assert "held to as_of=2024-06-30 and locale='de_DE'.\n" in message
    with medium.begin_nested() as savepoint:
        medium.execute(text("UPDATE customers SET phone = '(212) 867-5309' WHERE id = 3"))
        assert _message(assert_intact, medium) == (
            "1 rule is broken in the invoicing dataset,"
            " held to as_of=2025-12-31 and locale='en_US'.\n"
            "  customers, rule 3: each has a phone number from a range reserved for fiction;"
            " 1 do not: 3"
        )
        savepoint.rollback()
    with pytest.raises(LocaleError):
        assert_intact(medium, locale="xx_XX")


def test_a_database_without_tables_is_not_intact(engine: Engine) -> None:
    """There is nothing to check, which is no success."""
    with pytest.raises(DatabaseSetupError) as error:
        assert_intact(engine)
    assert str(error.value) == (
        "Nothing was checked: there are no tables.\n"
        "Needed: a database with tables in the schema that the connection uses.\n"
        "Create them, or name the MetaData of those in other schemas: metadata=Base.metadata."
    )


@pytest.mark.parametrize("limit", [0, -1, 2.5, None])
def test_every_helper_wants_a_limit_of_at_least_one(medium: Connection, limit: Any) -> None:
    """A sentence says so, also where nothing is wrong."""
    checks: list[Any] = [
        assert_no_orphans,
        assert_invoice_totals,
        assert_intact,
        lambda target, limit: assert_unique(target, Customer.email, limit=limit),
        lambda target, limit: assert_totals(
            target, parent="invoices.subtotal", children=InvoiceLineItem.line_total, limit=limit
        ),
    ]
    for check in checks:
        with pytest.raises(SettingError, match=r"^The limit of offenders to name is "):
            check(medium, limit=limit)


def test_the_helpers_work_under_python_o() -> None:
    """They raise AssertionError themselves, as -O takes `assert` out of the code."""
    program = """
        from sqlalchemy import create_engine, text
        from pytest_demodata.assertions import assert_intact, assert_no_orphans, assert_totals
        from pytest_demodata.assertions import assert_unique

        assert False, "this is not run"
        engine = create_engine("sqlite://")
        with engine.begin() as connection:
            for statement in (
                "CREATE TABLE a (id INTEGER PRIMARY KEY, total NUMERIC(9, 2))",
                "CREATE TABLE b (id INTEGER PRIMARY KEY, a_id REFERENCES a, x NUMERIC(9, 2))",
                "INSERT INTO a VALUES (1, 3)",
                "INSERT INTO b VALUES (1, 1, 1), (2, 1, 1), (3, 2, 1)",
            ):
                connection.execute(text(statement))
        for check in (
            assert_no_orphans,
            assert_intact,
            lambda engine: assert_unique(engine, "b.x"),
            lambda engine: assert_totals(engine, parent="a.total", children="b.x"),
        ):
            try:
                check(engine)
            except AssertionError as error:
                print(str(error).splitlines()[0])
        engine.dispose()
    """
    command = [sys.executable, "-O", "-P", "-c", dedent(program)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    assert run.stdout.splitlines() == [
        "1 of 1 reference to a parent does not hold (3 rows looked at).",
        "1 of 1 reference to a parent does not hold (3 rows looked at).",
        "b.x: 1 value more than once (3 rows looked at).",
        "1 of 1 a does not add up.",
    ]
    assert not run.stderr
