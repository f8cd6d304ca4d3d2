"""What each kind of database is asked to do, seen from an independent connection."""

from __future__ import annotations

import asyncio
import enum
import logging
import os
import secrets
import signal
import sqlite3
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import pytest
from sqlalchemy import (
    DDL,
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    SingletonThreadPool,
    StaticPool,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session

from pytest_demodata import DatabaseSetupError, DataGenerator, prepare_sqlite, table_part
from pytest_demodata.blueprint import Blueprint, Fill, Fixed
from pytest_demodata.databases import Database, database_of, mysql
from pytest_demodata.defaults import DEFAULT_AS_OF, DEFAULT_SEED
from pytest_demodata.digests import digest_of_plan, digest_of_table
from pytest_demodata.engine import Chunk, Plan
from pytest_demodata.errors import (
    GenerationError,
    GenerationRunningError,
    IsolationWarning,
    StageError,
)
from pytest_demodata.invoicing import Base, ProductCategory
from pytest_demodata.invoicing.blueprint import INVOICING
from pytest_demodata.isolation import in_this_process
from pytest_demodata.recipes import Constant, Listed, Recipe, Serial
from pytest_demodata.volumes import parse_volume
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import URL, Dialect, Engine

    from pytest_demodata import DemoDatabase
    from pytest_demodata.databases.default import Scratch
    from pytest_demodata.recipes import Run


def _plan(volume: str, locale: str = "en_US") -> Plan:
    return Plan(
        INVOICING,
        parse_volume(volume),
        seed=DEFAULT_SEED,
        words=words_of(locale),
        as_of=DEFAULT_AS_OF,
    )


@pytest.mark.parametrize("locale", ["en_US", "ja_JP"])
def test_every_database_holds_what_the_engine_made(any_engine: Engine, locale: str) -> None:
    """The digests of the rows read back are those of the rows as computed, on every database."""
    DataGenerator(any_engine, locale=locale).generate("medium")
    plan = _plan("medium", locale)
    with any_engine.connect() as connection:
        for name, table in Base.metadata.tables.items():
            assert digest_of_table(connection, table) == digest_of_plan(plan, name)


def test_every_database_passes_the_rules(any_engine: Engine) -> None:
    """validate() reads each database alike."""
    generator = DataGenerator(any_engine)
    generator.generate("medium")
    generator.validate()


def test_the_next_key_is_a_new_one(any_engine: Engine) -> None:
    """A row that is added afterwards gets its key from the database, past those there are."""
    DataGenerator(any_engine).generate("small")
    with Session(any_engine) as session:
        session.add(
            ProductCategory(name="Cars", sort_order=6, created_at=datetime(2025, 1, 1))  # noqa: DTZ001 - as the columns are
        )
        session.commit()
        assert session.scalar(select(ProductCategory.id).where(ProductCategory.name == "Cars")) == 6


def test_the_default_loader_loads_what_the_fast_one_does(engine: Engine) -> None:
    """What a database without a file of its own gets is the same, value by value."""
    plan = _plan("small")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for stage in INVOICING.stages:
            for chunk in plan.chunks(stage):
                Database().loader(connection, chunk)()
        slow = {
            name: digest_of_table(connection, table) for name, table in Base.metadata.tables.items()
        }
        stored = {
            name: connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY id").all()
            for name in Base.metadata.tables
        }
    DataGenerator(engine).reset()
    DataGenerator(engine).generate("small")
    with engine.connect() as connection:
        for name, table in Base.metadata.tables.items():
            assert digest_of_table(connection, table) == slow[name]
            raw = connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY id").all()
            assert raw == stored[name]


def test_unknown_dialects_get_the_default() -> None:
    """A dialect without a file of its own is served all the same."""

    class Dialect:
        name = "cobol"

    dialect: Any = Dialect()
    assert type(database_of(dialect)) is Database


def test_the_default_database_knows_itself_by_its_address() -> None:
    """Two engines with one address are one database, whatever their users and passwords."""
    first = create_engine("postgresql+psycopg://ann:secret@db.example/shop")
    second = create_engine("postgresql+psycopg://bob@db.example/shop")
    identities = []
    for engine in (first, second):
        connection: Any = type("Connection", (), {"engine": engine})()
        identities.append(Database().identity(connection))
    assert identities[0] == identities[1] == ("postgresql", "db.example", None, "shop")


def test_nulls_and_fractions_are_stored_as_sqlalchemy_does(engine: Engine) -> None:
    """Each type is stored in the form in which SQLAlchemy's own INSERT stores it."""
    table = Table(
        "values",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("amount", Numeric(10, 2), nullable=True),
        Column("price", Numeric(10, 2), nullable=False),
        Column("whole", Numeric(10, 0)),
        Column("day", Date),
        Column("moment", DateTime),
        Column("flag", Boolean),
        Column("select", String),
    )
    day = 738_886
    columns: dict[str, list[Any]] = {
        "id": [1, 2],
        "amount": [None, 110],
        "price": [1, 70_000],
        "whole": [None, 12],
        "day": [day, None],
        "moment": [day * 86_400 + 3_661, None],
        "flag": [True, None],
        "select": ["ä", None],
    }
    chunk = Chunk(table, 0, 2, columns)
    rows = []
    with engine.connect() as connection:
        for database in (Database(), database_of(engine.dialect)):
            table.create(connection)
            database.loader(connection, chunk)()
            raw = connection.exec_driver_sql('SELECT * FROM "values"').all()
            typed = connection.execute(select(table)).all()
            rows.append((raw, typed))
            table.drop(connection)
    assert rows[0] == rows[1]


# SQLite: the recipe


def test_an_engine_without_the_recipe_is_told_how() -> None:
    """A plain engine is refused before anything is written, with the lines to add."""
    engine = create_engine("sqlite://")
    with pytest.raises(DatabaseSetupError) as error:
        DataGenerator(engine).generate("small")
    assert str(error.value) == (
        "This SQLite engine does not begin transactions, so that a failed generation could not be "
        "undone: tables and savepoints would stand outside of them.\n"
        "Prepare the engine before its first connect:\n"
        "    from pytest_demodata import prepare_sqlite\n"
        "    engine = prepare_sqlite(create_engine(…))"
    )
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_connection_without_foreign_keys_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Foreign keys that are not enforced break no promise of ours, but are worth a warning."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("BEGIN")
        with caplog.at_level(logging.WARNING, "pytest_demodata"):
            DataGenerator(connection).generate("small")
    engine.dispose()
    (message,) = caplog.messages
    assert message == (
        "This SQLite connection does not enforce foreign keys; "
        "pytest_demodata.prepare_sqlite(engine) switches them on."
    )


def _keyed(**columns: Recipe) -> Blueprint:
    """Make a blueprint of parents, with a key of two columns as well, and of children of them."""
    metadata = MetaData()
    parent = Table(
        "parent",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("a", Integer, nullable=False),
        Column("b", Integer, nullable=False),
        UniqueConstraint("a", "b"),
    )
    child = Table(
        "child's",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", ForeignKey(parent.c.id)),
        Column("x", Integer),
        Column("y", Integer),
        ForeignKeyConstraint(["x", "y"], [parent.c.a, parent.c.b]),
    )
    fills = [
        Fill(parent, rows=Fixed(3), columns={"a": Serial(), "b": Constant(7)}),
        Fill(child, rows=Fixed(3), columns=columns),
    ]
    return Blueprint(metadata, {"all": fills})


def _referring(value: Recipe) -> Blueprint:
    """Make a blueprint of parents, and of children with the one key."""
    metadata = MetaData()
    parent = Table("parent", metadata, Column("id", Integer, primary_key=True))
    child = Table(
        "child's",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", ForeignKey(parent.c.id), index=True),
    )
    fills = [
        Fill(parent, rows=Fixed(3), columns={}),
        Fill(child, rows=Fixed(3), columns={"parent_id": value}),
    ]
    return Blueprint(metadata, {"all": fills})


@pytest.mark.parametrize(
    ("blueprint", "told"),
    [
        (_referring(Listed((1, None, 99))), "parent_id 99"),
        (_keyed(parent_id=Listed((1, 99, 2))), "rowid 2"),
        (_keyed(x=Listed((1, 2)), y=Listed((7, 8))), "rowid 2"),
    ],
)
def test_a_key_without_a_parent_stops_a_generation(blueprint: Blueprint, told: str) -> None:
    """Foreign keys are looked at when the tables are full, and nothing is left of them."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    with pytest.raises(GenerationError) as error:
        DataGenerator(engine, blueprint=blueprint).generate("small")
    assert str(error.value) == (
        f"Table \"child's\" has a row that refers to no row of 'parent': {told}.\n"
        "Everything that this generation had done is undone."
    )
    assert inspect(engine).get_table_names() == []
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


def test_what_a_trigger_writes_has_parents_too() -> None:
    """Tables that are not ours are looked at where a trigger may have written to them."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE users (id INTEGER PRIMARY KEY)",
            "CREATE TABLE audit (user_id INTEGER REFERENCES users (id))",
            "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
            "CREATE TRIGGER watch AFTER INSERT ON parent"
            " BEGIN INSERT INTO audit VALUES (NEW.id); END",
        ):
            connection.exec_driver_sql(statement)
    with pytest.raises(GenerationError, match="'audit' has a row that refers to no row of 'users'"):
        DataGenerator(engine, blueprint=_referring(Constant(1))).generate("small")
    engine.dispose()


def test_a_trigger_that_writes_nothing_wrong_is_no_error() -> None:
    """Where there is one, all tables are looked at, and all is well."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql(
            "CREATE TRIGGER watch AFTER INSERT ON parent BEGIN SELECT NEW.id; END"
        )
    counts = DataGenerator(engine, blueprint=_referring(Constant(1))).generate("small").counts
    assert counts == {"parent": 3, "child's": 3}
    engine.dispose()


def test_a_key_to_what_can_be_no_parent_is_an_error() -> None:
    """As it is where SQLite looks at each row."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER)")
        connection.exec_driver_sql(
            'CREATE TABLE "child\'s" (id INTEGER PRIMARY KEY, parent_id REFERENCES parent (id))'
        )
    with pytest.raises(GenerationError, match="foreign key mismatch"):
        DataGenerator(engine, blueprint=_referring(Constant(1))).generate("small")
    engine.dispose()


class _Gap(Recipe):
    """A recipe that nobody can know to draw NULL."""

    __slots__ = ()

    def draw(self, run: Run) -> Sequence[Any]:
        return [None if row else 1 for row in range(run.start, run.stop)]


@pytest.mark.parametrize("kind", [Integer, Boolean, Numeric(12, 2)])
def test_a_null_where_none_may_be_is_told_by_the_database(any_engine: Engine, kind: Any) -> None:
    """And not by how its text is written."""
    metadata = MetaData()
    table = Table(
        "strict",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("value", kind, nullable=False),
    )
    fill = Fill(table, rows=Fixed(2), columns={"value": _Gap()})
    with pytest.raises(GenerationError, match=r"(?i)not.null|cannot be null"):
        DataGenerator(any_engine, blueprint=Blueprint(metadata, {"all": [fill]})).generate("small")


def test_a_generation_inside_of_asyncio(postgresql_url: URL) -> None:
    """What runs in a greenlet stays in its thread, and a driver gets one statement at a time."""
    engine = create_async_engine(postgresql_url.set(drivername="postgresql+psycopg_async"))

    async def generate() -> object:
        async with engine.begin() as connection:
            await connection.run_sync(lambda each: DataGenerator(each).generate("small"))
            rows: object = await connection.scalar(text("SELECT count(*) FROM customers"))
            await connection.run_sync(Base.metadata.drop_all)
        await engine.dispose()
        return rows

    assert asyncio.run(generate()) == 25


def test_copy_speaks_the_encoding_of_the_connection(postgresql_url: URL) -> None:
    """What the server was told to expect is what it gets."""
    engine = create_engine(postgresql_url, connect_args={"client_encoding": "latin1"})
    DataGenerator(engine, locale="de_DE").generate("small")
    with engine.connect() as connection:
        names = connection.scalars(text("SELECT name FROM customers ORDER BY id")).all()
    made = [row[1] for row in table_part("customers", 0, 1, volume="small", locale="de_DE")]
    Base.metadata.drop_all(engine)
    engine.dispose()
    assert names == made
    assert not "".join(names).isascii()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_ctrl_c_stops_a_load_that_waits(request: pytest.FixtureRequest, kind: str) -> None:
    """Whatever the server waits for, it is told to wait no longer, and all is undone."""
    engine = create_engine(request.getfixturevalue(f"{kind}_url"))
    Base.metadata.create_all(engine)
    waiting = threading.Event()

    def interrupt() -> None:
        waiting.wait(30)
        time.sleep(0.5)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    DataGenerator(engine).foundation("small")
    other = engine.connect()  # a row of products waits for the category that it refers to
    other.execute(text("SELECT * FROM product_categories FOR UPDATE"))
    waiting.set()
    thread.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt), engine.connect() as connection:
        DataGenerator(connection).products("small")
    assert time.monotonic() - started < 10
    thread.join()
    other.close()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM products")) == 0
    Base.metadata.drop_all(engine)
    engine.dispose()


def test_keys_are_looked_at_again_whatever_happens() -> None:
    """A connection whose transaction could not be ended is given to nobody."""
    engine = prepare_sqlite(create_engine("sqlite://"))

    @event.listens_for(engine, "rollback")
    def refuse(_connection: object) -> None:
        raise LookupError

    with engine.connect() as connection:
        checking = database_of(engine.dialect).checking_keys_last(connection)
        with pytest.raises(LookupError), checking:
            connection.exec_driver_sql("SELECT 1")
        assert connection.invalidated
    event.remove(engine, "rollback", refuse)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


def test_keys_that_have_parents_or_are_null_are_kept() -> None:
    """Afterwards the connection looks at them row by row again."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    blueprint = _keyed(
        parent_id=Listed((1, None, 3)), x=Listed((1, None, 3)), y=Listed((7, 99, None))
    )
    assert DataGenerator(engine, blueprint=blueprint).generate("small").counts["child's"] == 3
    with engine.connect() as connection, pytest.raises(IntegrityError):
        connection.exec_driver_sql('INSERT INTO "child\'s" (parent_id) VALUES (99)')
    engine.dispose()


def test_keys_of_tables_that_say_no_more_than_the_parent() -> None:
    """A key that names no columns is to the primary key."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    blueprint = _keyed(parent_id=Listed((1, 99)))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY, a INT, b INT)")
        connection.exec_driver_sql(
            'CREATE TABLE "child\'s"'
            " (id INTEGER PRIMARY KEY, parent_id REFERENCES parent, x INT, y INT)"
        )
    with pytest.raises(GenerationError, match="refers to no row of 'parent': "):
        DataGenerator(engine, blueprint=blueprint).generate("small")
    engine.dispose()


def test_keys_in_a_database_beside_the_main_one(tmp_path: Path) -> None:
    """Tables of a schema refer to tables of the same one."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    event.listen(
        engine, "connect", lambda driver, _: driver.execute(f"ATTACH '{tmp_path / 'b.db'}' AS b")
    )
    metadata = MetaData(schema="b")
    parent = Table("parent", metadata, Column("id", Integer, primary_key=True))
    child = Table(
        "child",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", ForeignKey(parent.c.id)),
    )
    fills = [
        Fill(parent, rows=Fixed(3), columns={}),
        Fill(child, rows=Fixed(3), columns={"parent_id": Listed((1, 2, 99))}),
    ]
    blueprint = Blueprint(metadata, {"all": fills})
    with pytest.raises(GenerationError, match="refers to no row of 'parent': "):
        DataGenerator(engine, blueprint=blueprint).generate("small")
    engine.dispose()


def test_a_transaction_that_is_open_already_keeps_its_keys() -> None:
    """On a connection that is shared, SQLite would not hear it; the keys are looked at at once."""
    engine = prepare_sqlite(create_engine("sqlite://", poolclass=StaticPool))
    blueprint = _keyed(parent_id=Listed((1, 99)))
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("BEGIN")
        with pytest.raises(GenerationError, match="FOREIGN KEY constraint failed"):
            DataGenerator(engine, blueprint=blueprint).generate("small")
    engine.dispose()


def test_an_engine_that_looks_at_no_keys_stays_so(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever has switched them off is told, and finds them as they were."""
    engine = prepare_sqlite(create_engine("sqlite://"))

    @event.listens_for(engine, "connect")
    def switch_off(driver: sqlite3.Connection, _: object) -> None:
        driver.execute("PRAGMA foreign_keys = OFF")

    with caplog.at_level(logging.WARNING, "pytest_demodata"):
        assert DataGenerator(engine).generate("small").counts["customers"] == 25
    assert "does not enforce foreign keys" in caplog.text
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 0
    engine.dispose()


def test_a_connection_that_is_lost_while_keys_are_last() -> None:
    """Nothing is switched on a connection that is no more."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    database = database_of(engine.dialect)
    with engine.connect() as connection, database.checking_keys_last(connection):
        connection.invalidate()
    engine.dispose()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 brought `autocommit`")
@pytest.mark.parametrize("autocommit", [True, False])
def test_the_drivers_autocommit_is_taken_over(tmp_path: Path, *, autocommit: bool) -> None:
    """Whatever the driver's own transaction control was, a prepared engine commits."""
    file = tmp_path / "kept.db"
    engine = prepare_sqlite(
        create_engine(f"sqlite:///{file}", connect_args={"autocommit": autocommit})
    )
    DataGenerator(engine).generate("small")
    engine.dispose()
    with closing(sqlite3.connect(file)) as driver:
        assert driver.execute("SELECT count(*) FROM invoices").fetchall() == [(75,)]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.12 brought `autocommit`")
def test_the_drivers_autocommit_is_refused() -> None:
    """An engine that commits each statement, and was not prepared, is refused."""
    engine = create_engine("sqlite://", connect_args={"autocommit": True})
    with pytest.raises(DatabaseSetupError, match="does not begin transactions"):
        DataGenerator(engine).generate("small")
    engine.dispose()


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_autocommit_is_refused(request: pytest.FixtureRequest, server: str) -> None:
    """On a server too, a connection on which nothing could be undone is refused."""
    url = request.getfixturevalue(f"{server}_url")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with pytest.raises(DatabaseSetupError) as error:
        DataGenerator(engine).generate("small")
    assert str(error.value) == (
        "The connection is in AUTOCOMMIT mode, so that a failed generation could not be undone.\n"
        "Use a connection without it: engine.execution_options(isolation_level=…)."
    )
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_translated_schema_is_refused(engine: Engine) -> None:
    """Rows never go to other tables than those that are looked at."""
    translated = engine.execution_options(schema_translate_map={None: "demo"})
    with pytest.raises(DatabaseSetupError) as error:
        DataGenerator(translated).generate("small")
    assert str(error.value) == (
        "The connection has the schema_translate_map {None: 'demo'}, which statements of the "
        "driver's own do not follow.\n"
        "Use a connection without it; on PostgreSQL, set the search_path instead."
    )


def test_an_engine_can_be_prepared_twice(engine: Engine) -> None:
    """A second prepare_sqlite() changes nothing."""
    assert prepare_sqlite(engine) is engine
    DataGenerator(engine).generate("small")


def test_a_dialect_that_cannot_tell_its_mode_is_trusted() -> None:
    """Where SQLAlchemy does not know whether a driver commits each statement, we go on."""

    class Dialect(DefaultDialect):
        def detect_autocommit_setting(self, dbapi_conn: object) -> bool:
            raise NotImplementedError

    engine = create_engine("sqlite://")
    raw = engine.raw_connection()

    class Connection:
        dialect = Dialect()
        connection = raw

        def get_execution_options(self) -> dict[str, object]:
            return {}

    connection: Any = Connection()
    Database().check(connection)
    raw.close()
    engine.dispose()


def test_only_sqlite_is_prepared() -> None:
    """An engine of another database is handed back with a sentence."""
    engine = create_engine("mariadb+pymysql://nobody@localhost")
    with pytest.raises(DatabaseSetupError) as error:
        prepare_sqlite(engine)
    assert str(error.value) == (
        "prepare_sqlite() was given an engine for mariadb.\n"
        "Other databases need no preparation: use the engine as it is."
    )


def test_types_of_ones_own_are_processed(engine: Engine) -> None:
    """What SQLAlchemy processes on the way in, the fast loader has it process too."""

    class Colour(enum.Enum):
        RED = 1
        BLUE = 2

    class Shouted(TypeDecorator[str]):
        impl = String
        cache_ok = True

        def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
            return value and value.upper()

    table = Table(
        "own",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("colour", Enum(Colour)),
        Column("shouted", Shouted),
        Column("facts", JSON),
        Column("key", Uuid),
        Column("day", _UtcDay),
    )
    key = UUID(int=7)
    columns: dict[str, list[Any]] = {
        "id": [1, 2],
        "colour": [Colour.BLUE, None],
        "shouted": ["hey", None],
        "facts": [{"a": [1]}, {}],
        "key": [key, key],
        "day": [738_886, None],
    }
    with engine.connect() as connection:
        table.create(connection)
        database_of(engine.dialect).loader(connection, Chunk(table, 0, 2, columns))()
        assert connection.execute(select(table)).all() == [
            (1, Colour.BLUE, "HEY", {"a": [1]}, key, date(2024, 1, 1)),
            (2, None, None, {}, key, None),
        ]


class _UtcDay(TypeDecorator[date]):
    """A date under another name."""

    impl = Date
    cache_ok = True


def test_the_recipe_rolls_everything_back(engine: Engine) -> None:
    """Create, insert, nest, DDL, roll back: nothing is left, as on other databases."""
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE a (id INTEGER PRIMARY KEY)"))
        with connection.begin_nested():
            connection.execute(text("INSERT INTO a VALUES (1)"))
            connection.execute(text("CREATE TABLE b (id INTEGER REFERENCES a (id))"))
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(text("INSERT INTO b VALUES (2)"))
        connection.rollback()
        assert connection.execute(text("SELECT * FROM sqlite_master")).all() == []


def test_the_recipe_commits(tmp_path: Path) -> None:
    """What is committed is there for another connection."""
    file = tmp_path / "kept.db"
    engine = prepare_sqlite(create_engine(f"sqlite:///{file}"))
    DataGenerator(engine).generate("small")
    engine.dispose()
    with closing(sqlite3.connect(file)) as driver:
        assert driver.execute("SELECT count(*) FROM invoices").fetchall() == [(75,)]
        assert driver.execute("PRAGMA foreign_key_check").fetchall() == []
        assert driver.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_read_only_file_is_named(tmp_path: Path) -> None:
    """A database that cannot be written to is one sentence."""
    file = tmp_path / "fixed.db"
    sqlite3.connect(file).close()
    engine = prepare_sqlite(create_engine(f"sqlite:///file:{file}?mode=ro&uri=true"))
    with pytest.raises(DatabaseSetupError) as error:
        DataGenerator(engine).generate("small")
    engine.dispose()
    assert str(error.value) == (
        "This SQLite database cannot be written to: attempt to write a readonly database."
    )


def test_two_databases_in_memory_are_two(engine: Engine) -> None:
    """Generations in two databases in memory do not hinder each other."""
    other = prepare_sqlite(create_engine("sqlite://"))
    started = threading.Event()

    def progress(_stage: str, _done: int, _total: int) -> None:
        if not started.is_set():
            started.set()
            DataGenerator(other).generate("small")

    DataGenerator(engine, progress=progress).generate("small")
    with other.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM invoices")) == 75
    other.dispose()


_SHARING: Final[dict[str, dict[str, Any]]] = {
    "static": {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}},
    "thread": {"poolclass": SingletonThreadPool},
}


@pytest.mark.parametrize("second", ["engine", "connection", "reset"])
@pytest.mark.parametrize("pool", _SHARING)
def test_who_is_refused_on_a_shared_connection_leaves_it_alone(pool: str, second: str) -> None:
    """The generation that runs goes on, and the foreign keys are looked at afterwards."""
    engine = prepare_sqlite(create_engine("sqlite://", **_SHARING[pool]))
    refused: list[str] = []

    def progress(stage: str, _done: int, _total: int) -> None:
        if stage in refused:
            return
        refused.append(stage)
        other = DataGenerator(connection if second == "connection" else engine)
        action: Callable[[], object] = other.reset if second == "reset" else other.generate
        with pytest.raises(GenerationRunningError):
            action()

    with engine.connect() as connection:
        assert DataGenerator(engine, progress=progress).generate("small").counts["invoices"] == 75
        assert refused == ["foundation", "customers", "products", "invoices"]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.scalar(text("SELECT count(*) FROM invoices")) == 75
    engine.dispose()


def test_threads_on_a_shared_connection() -> None:
    """One of them generates, and the others are refused, or find its rows."""
    engine = prepare_sqlite(create_engine("sqlite://", **_SHARING["static"]))

    def generate(_: int) -> str:
        try:
            DataGenerator(engine).generate("small")
        except (GenerationRunningError, StageError) as error:
            return type(error).__name__
        return "generated"

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(generate, range(4)))
    assert outcomes.count("generated") == 1
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


# MariaDB: CREATE TABLE commits


def test_mariadb_does_not_commit_the_callers_transaction(mariadb_url: URL) -> None:
    """Where CREATE TABLE would commit, missing tables on a Connection are refused."""
    engine = create_engine(mariadb_url)
    with engine.connect() as connection, pytest.raises(DatabaseSetupError) as error:
        DataGenerator(connection).generate("small")
    assert str(error.value) == (
        "The tables customer_addresses, customer_types, customers, inventory, invoice_line_items, "
        "invoices, product_categories, products are missing, and on mariadb to create them would "
        "commit your transaction.\n"
        "Create them before it begins: Base.metadata.create_all(engine)."
    )
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_mariadb_frees_its_lock(mariadb_url: URL) -> None:
    """After a generation that failed, and one that did not, the lock can be had again."""
    engine = create_engine(mariadb_url)
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        for _ in range(2):
            DataGenerator(connection).generate("small")
            assert connection.scalar(text("SELECT is_free_lock(concat('demodata ', database()))"))
            connection.rollback()
    Base.metadata.drop_all(engine)
    engine.dispose()


# What is asked of each kind


def test_a_database_of_which_nothing_is_known(any_engine: Engine) -> None:
    """By default a transaction is believed in, and neither constraints nor keys are looked at."""
    database = Database()
    with any_engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        assert database.in_transaction(driver)
        assert not database.lost(driver)
        assert not database.aborted(driver)
        database.check_deferred(driver)
        assert not database.recount(database.counters(driver))
    with pytest.raises(NotImplementedError):
        database.scratch(make_url("oracle://scott:tiger@host/db"), MetaData())
    with pytest.raises(NotImplementedError):
        database.aborted_error()
    with any_engine.connect() as connection:
        assert not database.can_keep(connection)
        for refused in (
            lambda: database.stop(connection),
            lambda: database.keep_image(connection, Path("image")),
            lambda: database.take_image(connection, Path("image")),
        ):
            with pytest.raises(NotImplementedError):
                refused()


class Reversed(TypeDecorator[str]):
    """A type that has no text of ours."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Turn it round."""
        del dialect
        return value and value[::-1]


class Tint(enum.Enum):
    """Has names that are not its values."""

    RED = "r"


ODD: Final = MetaData()
TEXTS: Final = Table(
    "texts",
    ODD,
    Column("id", Integer, primary_key=True),
    Column("text", String(40)),
    Column("amount", Numeric(12, 2)),
    Column("day", Date),
    Column("time", DateTime),
    Column("flag", Boolean),
    Column("colour", Enum(Tint)),
)
ODDS: Final = Table(
    "odds", ODD, Column("id", Integer, primary_key=True), Column("text", Reversed, nullable=False)
)
PLACES: Final = Table(
    "places",
    ODD,
    Column("id", Integer, primary_key=True),
    Column("data", JSON),
    Column("height", Float),
)
ROWS: Final[dict[str, Sequence[Any]]] = {
    "id": [1, 2, 3, 4],
    "text": ["a\tb\nc\\d\r", "N", None, "\\N 'é' \u00a0\x01"],
    "amount": [-5, 0, None, 1_234_567],
    "day": [1, 738_000, None, 738_001],
    "time": [738_000 * 86_400, 738_000 * 86_400 + 86_399, None, 86_400],
    "flag": [True, False, None, True],
    "colour": [Tint.RED, None, Tint.RED, None],
}


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mariadb that takes files"])
def loading_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database of each kind with tables that are not the dataset's; MariaDB loads in two ways."""
    kind, *files = request.param.split(maxsplit=1)
    if kind == "sqlite":
        engine: Engine = request.getfixturevalue("engine")
    else:
        arguments = {"local_infile": True} if files else {}
        engine = create_engine(request.getfixturevalue(f"{kind}_url"), connect_args=arguments)
    ODD.create_all(engine)
    yield engine
    ODD.drop_all(engine)
    engine.dispose()


def test_values_arrive_as_they_are(loading_engine: Engine) -> None:
    """Tabs, line ends, backslashes, NULL, negative amounts and first days are loaded unchanged."""
    chunk = Chunk(TEXTS, 0, 4, ROWS)
    with loading_engine.begin() as connection:
        database_of(connection.dialect).loader(connection, chunk)()
        rows = connection.execute(select(TEXTS).order_by(TEXTS.c.id)).all()
    assert [row.text for row in rows] == ROWS["text"]
    assert [row.amount for row in rows] == [Decimal("-0.05"), Decimal(0), None, Decimal("12345.67")]
    assert [row.day for row in rows] == [day and date.fromordinal(day) for day in ROWS["day"]]
    assert [row.time and row.time.isoformat(" ") for row in rows] == [
        f"{date.fromordinal(738_000)} 00:00:00",
        f"{date.fromordinal(738_000)} 23:59:59",
        None,
        "0001-01-01 00:00:00",
    ]
    assert [row.flag for row in rows] == ROWS["flag"]
    assert [row.colour for row in rows] == ROWS["colour"]


def test_a_type_without_a_text_is_inserted_by_sqlalchemy(loading_engine: Engine) -> None:
    """A type of the user's own has its say."""
    chunk = Chunk(ODDS, 0, 2, {"id": [1, 2], "text": ["abc", "d"]})
    with loading_engine.begin() as connection:
        database_of(connection.dialect).loader(connection, chunk)()
        assert connection.scalars(select(ODDS.c.text.cast(String(20)))).all() == ["cba", "d"]


def test_types_that_are_counted_in_nothing(loading_engine: Engine) -> None:
    """JSON and floating point numbers are loaded as SQLAlchemy does it."""
    chunk = Chunk(PLACES, 0, 2, {"id": [1, 2], "data": [{"a": [1]}, None], "height": [0.5, None]})
    with loading_engine.begin() as connection:
        database_of(connection.dialect).loader(connection, chunk)()
        rows = connection.execute(select(PLACES).order_by(PLACES.c.id)).all()
    assert list(map(tuple, rows)) == [(1, {"a": [1]}, 0.5), (2, None, None)]


def test_a_row_that_mariadb_does_not_take_is_an_error(mariadb_url: URL) -> None:
    """LOAD DATA LOCAL leaves out what breaks a constraint with a warning, and we do not."""
    engine = create_engine(mariadb_url, connect_args={"local_infile": True})
    ODD.create_all(engine)
    chunk = Chunk(TEXTS, 0, 2, {"id": [1, 1], "text": ["a", "b"]})
    with engine.connect() as connection, pytest.raises(GenerationError) as error:
        database_of(connection.dialect).loader(connection, chunk)()
    assert str(error.value) == (
        "MariaDB or MySQL did not take 1 rows as they are: Duplicate entry '1' for key 'PRIMARY'.\n"
        "Everything that this generation had done is undone."
    )
    ODD.drop_all(engine)
    engine.dispose()


def test_postgresql_builds_keys_and_indexes_last_and_as_they_were(postgresql_url: URL) -> None:
    """Tables that are filled when they are created have what create_all gives them."""
    query = text("""
        SELECT conrelid::regclass::text AS "table", conname AS name, pg_get_constraintdef(oid) AS is
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        ORDER BY 1, 2, 3
    """)
    engine = create_engine(postgresql_url)
    found = []
    for fill in (Base.metadata.create_all, lambda engine: DataGenerator(engine).generate("small")):
        fill(engine)
        with engine.connect() as connection:
            found.append(connection.execute(query).all())
        Base.metadata.drop_all(engine)
    assert found[0] == found[1]
    assert len([each for each in found[0] if each[2].startswith("FOREIGN KEY")]) == 7
    engine.dispose()


def test_what_hangs_on_keys_and_indexes_on_postgresql_stays(postgresql_url: URL) -> None:
    """What a listener has said of an index or a foreign key is there after the rows as well."""
    metadata = MetaData()
    parents = Table("parents", metadata, Column("id", Integer, primary_key=True))
    Table(
        "children",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", ForeignKey(parents.c.id, name="of_parent"), index=True),
    )
    comments = (
        "COMMENT ON INDEX ix_children_parent_id IS 'mine'",
        "COMMENT ON CONSTRAINT of_parent ON children IS 'mine'",
    )
    for comment in comments:
        event.listen(metadata, "after_create", DDL(comment))  # type: ignore[no-untyped-call]
    query = text(
        "SELECT count(*) FROM pg_description WHERE description = 'mine'"
        " AND objoid IN (SELECT oid FROM pg_class UNION SELECT oid FROM pg_constraint)"
    )
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        database = database_of(connection.dialect)
        with database.creating(connection, metadata, metadata.sorted_tables):
            pass
        assert connection.scalar(query) == 2
        connection.rollback()
    engine.dispose()


def _scratch(url: URL, metadata: MetaData = ODD) -> AbstractContextManager[Scratch]:
    return database_of(url.get_dialect()()).scratch(url, metadata)


def test_a_run_that_hangs_while_it_creates_is_not_waited_for_forever(
    mariadb_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has waited for its turn long enough says for what, and leaves nothing."""
    monkeypatch.setattr(mysql, "_PATIENCE", 0.1)
    engine = create_engine(mariadb_url)
    with engine.connect() as connection:
        connection.execute(text("DO GET_LOCK('demodata_setup', 0)"))
        with pytest.raises(DatabaseSetupError) as error, _scratch(mariadb_url):
            pytest.fail("it has not waited")
    engine.dispose()
    assert str(error.value) == (
        "Another run on this server has been creating or dropping its demo databases for 0.1 "
        "seconds, and holds the lock 'demodata_setup'.\n"
        "Look at SHOW PROCESSLIST, and end the session that hangs."
    )


def test_a_storage_engine_without_transactions(mariadb_url: URL) -> None:
    """What could not be undone is refused."""
    metadata = MetaData()
    Table(
        "logs",
        metadata,
        Column("id", Integer, primary_key=True),
        mysql_engine="MyISAM",
        mariadb_engine="MyISAM",
    )
    with pytest.raises(DatabaseSetupError) as error, _scratch(mariadb_url, metadata):
        pytest.fail("it has been taken")
    assert str(error.value) == (
        "The storage engine of these tables has no transactions: logs (MyISAM).\n"
        "Allowed: InnoDB, without which no test could be undone."
    )


def test_the_servers_default_storage_engine_does_not_matter(mariadb_url: URL) -> None:
    """Tables that name none are InnoDB's."""
    url = mariadb_url.update_query_dict({"init_command": "SET default_storage_engine = MyISAM"})
    with _scratch(url) as scratch:
        engines = "SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE()"
        assert set(scratch.connection.scalars(text(engines))) == {"InnoDB"}


def test_a_name_that_is_taken(mariadb_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another error than that of a missing right is the server's own, and a decoy stays."""
    monkeypatch.setattr(secrets, "token_hex", lambda _: "0" * 12)
    engine = create_engine(mariadb_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE DATABASE demodata_000000000000"))
        connection.execute(text("CREATE TABLE demodata_000000000000.t (id INT)"))
        with pytest.raises(Exception, match="database exists"), _scratch(mariadb_url):
            pytest.fail("it has been taken")
        connection.execute(text("DROP DATABASE demodata_000000000000"))
    engine.dispose()


def test_a_scratch_database_that_cannot_be_dropped_is_told(mariadb_url: URL) -> None:
    """Whoever loses the connection, and the right to drop, hears of what the next run drops."""
    admin = create_engine(mariadb_url, isolation_level="AUTOCOMMIT")
    name = f"u{secrets.token_hex(6)}"
    accounts = [f"{name}@'{host}'" for host in ("localhost", "127.0.0.1")]
    url = mariadb_url.set(username=name, database=None)

    def run(statement: str) -> None:
        with admin.connect() as connection:
            for account in accounts:
                connection.execute(text(statement.format(account)))

    run("CREATE USER {}")
    run("GRANT ALL ON `demodata\\_%`.* TO {}")

    names: list[str] = []

    def use() -> None:
        with _scratch(url) as scratch, admin.connect() as connection:
            names.append(scratch.connection.scalar(text("SELECT DATABASE()")) or "")
            run("REVOKE DROP ON `demodata\\_%`.* FROM {}")
            driver: Any = scratch.connection.connection.driver_connection
            connection.execute(text(f"KILL {driver.thread_id()}"))

    with pytest.warns(IsolationWarning, match="could not be dropped: .*denied"):
        use()
    run("DROP USER {}")
    with _scratch(mariadb_url), admin.connect() as connection:
        left = connection.scalars(text("SHOW DATABASES LIKE 'demodata\\_%'")).all()
    admin.dispose()
    assert not set(names) & set(left)


def test_a_server_that_cannot_be_looked_at_in_the_end(postgresql_url: URL) -> None:
    """Whoever cannot connect again hears that nobody has looked, and the transaction is gone."""
    admin = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    role = f"r{secrets.token_hex(6)}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN SUPERUSER"))
        told = pytest.warns(IsolationWarning, match="could not be seen whether")
        with told, _scratch(postgresql_url.set(username=role)):
            connection.execute(text(f"ALTER ROLE {role} NOLOGIN"))
        connection.execute(text(f"DROP ROLE {role}"))
        left = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^demodata_[0-9a-f]{12}$'"
        assert connection.scalars(text(left)).all() == []
    admin.dispose()


@pytest.mark.parametrize("owner", ["postgresql", "mariadb"], indirect=True)
def test_statistics_are_there_with_the_rows(owner_database: DemoDatabase) -> None:
    """The planner knows how many rows there are, from the first query on."""
    known = {
        "postgresql": "SELECT reltuples FROM pg_class WHERE oid = 'invoice_line_items'::regclass",
        "mariadb": (
            "SELECT max(cardinality) FROM information_schema.statistics"
            " WHERE table_schema = DATABASE() AND table_name = 'invoice_line_items'"
        ),
    }
    with owner_database.engine.connect() as connection:
        rows = connection.scalar(text(known[connection.dialect.name]))
    assert 0.5 <= rows / owner_database.counts["invoice_line_items"] <= 2


@pytest.fixture
def owner_database(owner: object, demo_db_small: DemoDatabase) -> DemoDatabase:
    """A demo database on the server of its owner."""
    del owner
    return demo_db_small


def test_what_is_done_in_this_process_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A forked process does not do what the one before it is to do."""
    done: list[int] = []
    act = in_this_process(done.append)
    act(1)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    act(2)
    assert done == [1]
