"""DataGenerator: what it fills, in which order, and what it leaves when it is stopped."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, suppress
from datetime import UTC, date, datetime
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    create_engine,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pytest_demodata import (
    DatabaseSetupError,
    DataGenerator,
    GenerationError,
    GenerationRunningError,
    LocaleError,
    SettingError,
    StageError,
    Volume,
    VolumeError,
    prepare_sqlite,
)
from pytest_demodata.blueprint import Blueprint, FanOut, Fill, Fixed
from pytest_demodata.invoicing import Base, Customer, Invoice
from pytest_demodata.recipes import Derived

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL, Connection, Engine

TABLES = [
    "customer_types",
    "product_categories",
    "customers",
    "customer_addresses",
    "products",
    "inventory",
    "invoices",
    "invoice_line_items",
]


def _counts(connection: Connection) -> dict[str, int]:
    return {
        name: connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in Base.metadata.tables.items()
    }


def _dump(connection: Connection) -> list[str]:
    driver: Any = connection.connection.driver_connection
    return list(driver.iterdump())


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection to SQLite in memory, with a row of the user's own in a table of the user's."""
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE mine (word TEXT)"))
        connection.execute(text("INSERT INTO mine VALUES ('kept')"))
        yield connection


def test_fills_an_engine_and_commits(any_engine: Engine) -> None:
    """On an Engine, the rows are there for every other connection afterwards."""
    stats = DataGenerator(any_engine).generate("small")
    with any_engine.connect() as connection:
        assert _counts(connection) == dict(stats.counts)


def test_fills_a_connection_without_a_commit(any_engine: Engine) -> None:
    """On a Connection, the rows go with the caller's transaction."""
    Base.metadata.create_all(any_engine)
    with any_engine.connect() as connection, connection.begin() as transaction:
        DataGenerator(connection).generate("small")
        assert _counts(connection)["invoices"] == 75
        transaction.rollback()
    with any_engine.connect() as connection:
        assert not any(_counts(connection).values())


def test_missing_tables_vanish_with_the_transaction(connection: Connection) -> None:
    """Tables that the generator creates on SQLite are rolled back with the rows."""
    connection.commit()
    DataGenerator(connection).generate("small")
    connection.rollback()
    assert inspect(connection).get_table_names() == ["mine"]


def test_tables_that_exist_are_used_with_their_indexes(engine: Engine) -> None:
    """Indexes, also the user's own, are the same before and after."""
    Base.metadata.create_all(engine)
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name")
    with engine.begin() as connection:
        connection.execute(text("CREATE INDEX mine ON invoices (status, due_date DESC)"))
        before = connection.execute(query).all()
    DataGenerator(engine).generate("small")
    with engine.connect() as connection:
        assert connection.execute(query).all() == before


def test_works_with_the_models(engine: Engine) -> None:
    """The rows load as objects, with relationships both ways."""
    DataGenerator(engine).generate("small")
    with Session(engine) as session:
        invoice = session.scalars(select(Invoice).order_by(Invoice.id)).first()
        assert invoice is not None
        assert invoice in invoice.customer.invoices
        assert sum(line.line_total for line in invoice.line_items) == invoice.subtotal
        assert [line.position for line in invoice.line_items] == list(
            range(1, len(invoice.line_items) + 1)
        )


@pytest.mark.parametrize("table", TABLES)
def test_a_failing_insert_leaves_the_database_as_it_was(connection: Connection, table: str) -> None:
    """Whichever table the database refuses a row of, what was there before stays, and no more."""
    Base.metadata.create_all(connection)
    connection.execute(
        text(
            f"CREATE TRIGGER refuse BEFORE INSERT ON {table} WHEN new.id = 3 "
            "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        )
    )
    before = _dump(connection)
    with pytest.raises(GenerationError) as error:
        DataGenerator(connection).generate("small")
    rows = {"customer_types": 4, "product_categories": 5, "customers": 25, "products": 100}
    rows |= {"inventory": 100, "invoices": 75, "customer_addresses": 38, "invoice_line_items": 225}
    assert str(error.value) == (
        f"Filling table {table!r}, rows 1 to {rows[table]}, stopped with IntegrityError: not this "
        "one.\n"
        "Everything that this generation had done is undone."
    )
    assert isinstance(error.value.__cause__, sqlite3.IntegrityError)
    assert _dump(connection) == before
    connection.execute(text("DROP TRIGGER refuse"))
    DataGenerator(connection).generate("small")


@pytest.mark.parametrize("stop", [ValueError("no more"), KeyboardInterrupt(), SystemExit(1)])
@pytest.mark.parametrize("stage", ["foundation", "customers", "products", "invoices"])
def test_an_exception_in_any_stage_leaves_the_database_as_it_was(
    connection: Connection, stage: str, stop: BaseException
) -> None:
    """What stops a generation in the middle of a stage, Ctrl-C among it, undoes all stages."""

    def progress(at: str, _done: int, _total: int) -> None:
        if at == stage:
            raise stop

    before = _dump(connection)
    expected = GenerationError if isinstance(stop, ValueError) else type(stop)
    with pytest.raises(expected):
        DataGenerator(connection, progress=progress).generate("small")
    assert _dump(connection) == before


def test_a_failure_on_an_engine_leaves_nothing(any_engine: Engine) -> None:
    """On every database, a generation that fails on an Engine leaves no row and no new table."""

    def progress(stage: str, _done: int, _total: int) -> None:
        if stage == "invoices":
            message = "enough"
            raise RuntimeError(message)

    with pytest.raises(GenerationError, match="RuntimeError: enough"):
        DataGenerator(any_engine, progress=progress).generate("small")
    assert inspect(any_engine).get_table_names() == []


def test_a_failed_recipe_is_named(connection: Connection) -> None:
    """An exception in a user's own recipe names the column, and leaves no table behind."""
    metadata = MetaData()
    table = Table("number", metadata, Column("id", Integer, primary_key=True), Column("n", Integer))
    fill = Fill(table, rows=Fixed(3), columns={"n": Derived(lambda key: 1 // (key - 2), "id")})
    generator = DataGenerator(connection, blueprint=Blueprint(metadata, {"all": [fill]}))
    with pytest.raises(GenerationError) as error:
        generator.generate("small")
    assert str(error.value) == (
        "Column 'number.n' could not be drawn: its recipe stopped with ZeroDivisionError: "
        "integer division or modulo by zero.\n"
        "Everything that this generation had done is undone."
    )
    assert inspect(connection).get_table_names() == ["mine"]


def test_a_full_disk_leaves_a_file_as_it_was(tmp_path: Path) -> None:
    """When the disk is full, the file holds what it held before, and the transaction goes on."""
    file = tmp_path / "full.db"
    with closing(sqlite3.connect(file)) as driver:
        driver.execute("CREATE TABLE mine (word TEXT)")
        driver.execute("INSERT INTO mine VALUES ('kept')")
        driver.commit()
        before = list(driver.iterdump())
    engine = prepare_sqlite(create_engine(f"sqlite:///{file}"))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100")
        connection.exec_driver_sql("INSERT INTO mine VALUES ('not lost')")
        with pytest.raises(GenerationError, match="database or disk is full"):
            DataGenerator(connection).generate("medium")
        assert connection.exec_driver_sql("SELECT word FROM mine").scalars().all() == [
            "kept",
            "not lost",
        ]
        connection.rollback()
    engine.dispose()
    with closing(sqlite3.connect(file)) as driver:
        assert list(driver.iterdump()) == before


def test_a_transaction_that_has_ended_is_told_of() -> None:
    """An error that comes after the transaction's own end says what else is gone."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    with engine.connect() as connection:

        def progress(*_: object) -> None:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.rollback()
            raise LookupError

        with pytest.raises(GenerationError, match="The progress callback") as error:
            DataGenerator(connection, progress=progress).generate("small")
        connection.rollback()
    engine.dispose()
    assert "The transaction had already ended" in "".join(error.value.__notes__)


def _start_generation(file: Path, volume: str) -> subprocess.Popen[str]:
    program = f"""
        import signal
        from sqlalchemy import create_engine
        from pytest_demodata import DataGenerator, prepare_sqlite
        signal.signal(signal.SIGINT, signal.default_int_handler)
        engine = prepare_sqlite(create_engine("sqlite:///{file}"))
        def progress(stage, done, total):
            print(stage, flush=True)
        DataGenerator(engine, progress=progress).generate("{volume}")
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-c", dedent(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_leaves_a_file_as_it_was(tmp_path: Path, sign: signal.Signals) -> None:
    """Ctrl-C, SIGTERM and kill -9 in the middle of a load leave no row and no table."""
    file = tmp_path / "stopped.db"
    with _start_generation(file, "large*10") as process:
        assert process.stdout is not None
        while process.stdout.readline() != "invoices\n":
            assert process.poll() is None
        process.send_signal(sign)
        process.communicate(timeout=60)
    assert process.returncode != 0
    with closing(sqlite3.connect(file)) as driver:
        assert list(driver.iterdump()) == ["BEGIN TRANSACTION;", "COMMIT;"]


def test_stages_run_one_by_one(any_engine: Engine) -> None:
    """Stage by stage gives the rows of a whole generation, and a repeated foundation adds none."""
    whole = DataGenerator(any_engine).generate("small")
    with any_engine.connect() as connection:
        rows = {
            name: connection.execute(select(table).order_by(table.c.id)).all()
            for name, table in Base.metadata.tables.items()
        }
    generator = DataGenerator(any_engine)
    generator.reset()
    assert generator.foundation("small").counts == {"customer_types": 4, "product_categories": 5}
    generator.foundation()
    generator.products()
    generator.customers()
    assert generator.invoices().counts == whole.counts
    with any_engine.connect() as connection:
        for name, table in Base.metadata.tables.items():
            assert connection.execute(select(table).order_by(table.c.id)).all() == rows[name]


def test_a_stage_refuses_to_run_before_what_it_needs(engine: Engine) -> None:
    """A stage whose parents are not there says what is missing and which stage makes it."""
    generator = DataGenerator(engine)
    with pytest.raises(StageError) as error:
        generator.customers("small")
    assert str(error.value) == (
        "The stage 'customers' of volume 'small' needs 4 rows of 'customer_types', and there are "
        "0.\nRun the stage 'foundation' with this volume first, after reset() if it has run with "
        "another."
    )
    generator.foundation()
    generator.customers("small")
    generator.products("small")
    with pytest.raises(StageError) as error:
        generator.invoices("medium")
    assert str(error.value) == (
        "The stage 'invoices' of volume 'medium' needs 100 rows of 'customers', and there are 25."
        "\nRun the stage 'customers' with this volume first, after reset() if it has run with "
        "another."
    )


def test_a_stage_refuses_the_parents_of_another_seed(engine: Engine) -> None:
    """Invoices are not made for customers that another seed made: the sums would not hold."""
    other = DataGenerator(engine, seed=1)
    other.foundation("small")
    other.customers()
    other.products()
    with pytest.raises(StageError) as error:
        DataGenerator(engine, seed=2).invoices("small")
    assert str(error.value) == (
        "The stage 'invoices' needs the rows of 'customers' that seed 2, locale en_US and as_of "
        "2025-12-31 make, and those there are others.\nRun all stages with the same settings."
    )


def test_a_stage_refuses_tables_with_rows(engine: Engine) -> None:
    """A second generation does not mix its rows into the first."""
    generator = DataGenerator(engine)
    generator.generate("small")
    with pytest.raises(StageError) as error:
        generator.generate("small")
    assert str(error.value) == (
        "The stage 'customers' fills empty tables, but there are rows: 25 in 'customers', 38 in "
        "'customer_addresses'.\n"
        "Call reset() to empty these tables, whoever filled them, or use another database."
    )
    generator.reset()
    generator.generate("small")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM customer_types WHERE id = 4",
        "UPDATE customer_types SET name = 'Mine' WHERE id = 2",
    ],
)
def test_a_foundation_of_someone_else_is_refused(engine: Engine, statement: str) -> None:
    """Rows in the foundation's tables that are not the foundation's are not built on."""
    generator = DataGenerator(engine)
    generator.foundation()
    with engine.begin() as connection:
        connection.execute(text(statement))
    with pytest.raises(StageError, match="in 'customer_types', 5 in 'product_categories'"):
        generator.generate()


def test_tables_of_the_users_own_are_not_touched(any_engine: Engine) -> None:
    """A table of the same name with other columns is refused, and reset() does not empty it."""
    with any_engine.begin() as connection:
        connection.execute(text("CREATE TABLE customers (id INTEGER PRIMARY KEY, nm VARCHAR(9))"))
        connection.execute(text("INSERT INTO customers VALUES (1, 'Ann')"))
    generator = DataGenerator(any_engine)
    for action in (generator.generate, generator.reset, generator.validate):
        with pytest.raises(DatabaseSetupError) as error:
            action()
        assert str(error.value) == (
            "The database has a table 'customers' that is not the dataset's: it has no columns "
            "created_at, credit_limit, customer_type_id, email, name, notes, phone, status, "
            "updated_at.\n"
            "Use a database, or a schema, that has no such table; this one is left as it is."
        )
    with any_engine.begin() as connection:
        assert connection.execute(text("SELECT * FROM customers")).all() == [(1, "Ann")]
        connection.execute(text("DROP TABLE customers"))


def test_a_stage_that_the_blueprint_lacks(engine: Engine) -> None:
    """A blueprint of one's own has stages of its own, and no rules of the invoicing dataset."""
    metadata = MetaData()
    table = Table("number", metadata, Column("id", Integer, primary_key=True))
    blueprint = Blueprint(metadata, {"all": [Fill(table, rows=Fixed(3), columns={})]})
    generator = DataGenerator(engine, blueprint=blueprint)
    assert generator.generate().counts == {"number": 3}
    with pytest.raises(StageError) as error:
        generator.customers()
    assert str(error.value) == "The blueprint has no stage 'customers'.\nStages: all."
    with pytest.raises(StageError, match="fills the tables of another blueprint"):
        generator.validate()


def test_reset_empties_the_tables_and_nothing_else(connection: Connection) -> None:
    """After reset() the dataset's tables are empty, and the user's keep their rows."""
    generator = DataGenerator(connection)
    generator.reset()
    with pytest.raises(StageError, match="has generated nothing yet"):
        generator.stats()
    generator.generate("small")
    for _ in range(2):
        generator.reset()
        assert not any(_counts(connection).values())
        assert connection.scalar(text("SELECT word FROM mine")) == "kept"
        with pytest.raises(StageError) as caught:
            generator.stats()
        assert str(caught.value) == (
            "This generator has no dataset any more: reset() has emptied the tables.\n"
            "Call generate() or a stage first."
        )
    assert generator.generate("small").counts["invoices"] == 75


def test_stats_say_what_was_generated(engine: Engine) -> None:
    """Volume, seed, locale, date, rows, beginning and duration can be read afterwards."""
    generator = DataGenerator(engine, seed=7, locale="de_DE", as_of=date(2024, 2, 29))
    with pytest.raises(StageError) as error:
        generator.stats()
    assert str(error.value) == (
        "This generator has generated nothing yet.\nCall generate() or a stage first."
    )
    before = datetime.now(UTC)
    generator.generate("customers=5,products=30")
    stats = generator.stats()
    assert (stats.volume, stats.seed, stats.locale, stats.as_of, stats.words) == (
        "customers=5,products=30,invoices=300",
        7,
        "de_DE",
        date(2024, 2, 29),
        "package",
    )
    assert stats.counts["customers"] == 5
    assert before <= stats.started <= datetime.now(UTC)
    assert 0 < stats.seconds < 60


def test_stats_name_the_release_of_faker(engine: Engine) -> None:
    """Words that the package does not keep are said to be Faker's."""
    stats = DataGenerator(engine, locale="it_IT").generate("small")
    assert stats.words.startswith("Faker ")


def test_progress_counts_up_to_all_rows(engine: Engine) -> None:
    """The callback gets the stage, the rows done, which only grow, and the rows in all."""
    calls: list[tuple[str, int, int]] = []
    stats = DataGenerator(engine, progress=lambda *call: calls.append(call)).generate("medium")
    total = sum(stats.counts.values())
    assert list(dict.fromkeys(stage for stage, _, _ in calls)) == [
        "foundation",
        "customers",
        "products",
        "invoices",
    ]
    assert [done for _, done, _ in calls] == sorted({done for _, done, _ in calls})
    assert calls[-1] == ("invoices", total, total)


def test_a_second_generation_from_inside_is_refused(engine: Engine) -> None:
    """A generation started by another's progress callback is refused, and the first goes on."""
    refused: list[str] = []

    with engine.begin() as outer:

        def progress(_stage: str, _done: int, _total: int) -> None:
            if not refused:
                with pytest.raises(GenerationRunningError) as error:
                    DataGenerator(outer).generate("small")
                refused.append(str(error.value))

        DataGenerator(outer, progress=progress).generate("small")
        assert _counts(outer)["invoices"] == 75
    assert refused == [
        "A generation is already running on this database, and a second one would mix its rows "
        "into it.\nWait until it has ended, or use a database of its own for each."
    ]


def _generate_while_another_runs(url: str, second: Engine) -> BaseException | None:
    """Start a generation in a thread, and a second one while the first is in the middle."""
    first = create_engine(url)
    if url.startswith("sqlite"):
        prepare_sqlite(first)
    inside, go_on = threading.Event(), threading.Event()

    def progress(_stage: str, _done: int, _total: int) -> None:
        inside.set()
        go_on.wait(30)

    thread = threading.Thread(
        target=DataGenerator(first, progress=progress).generate, args=["small"]
    )
    thread.start()
    assert inside.wait(30)
    found: BaseException | None = None
    try:
        DataGenerator(second).generate("small")
    except GenerationRunningError as error:
        found = error
    finally:
        go_on.set()
        thread.join()
        first.dispose()
    return found


def test_a_second_generation_on_the_same_file_is_refused(tmp_path: Path) -> None:
    """Two engines on one file are seen to be one database."""
    url = f"sqlite:///{tmp_path / 'one.db'}"
    engine = prepare_sqlite(create_engine(url))
    assert "already running" in str(_generate_while_another_runs(url, engine))
    with engine.connect() as connection:
        assert _counts(connection)["invoices"] == 75
    engine.dispose()


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_a_second_generation_on_the_same_server_is_refused(
    request: pytest.FixtureRequest, server: str
) -> None:
    """A generation in another process is seen by the server's own lock."""
    url = request.getfixturevalue(f"{server}_url").render_as_string(hide_password=False)
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    process = _start_blocked_generation(url)
    try:
        with pytest.raises(GenerationRunningError, match="already running"):
            DataGenerator(engine).generate("small")
    finally:
        process.communicate("go on\n", timeout=60)
    assert process.returncode == 0
    with engine.connect() as connection:
        assert _counts(connection)["invoices"] == 75
    Base.metadata.drop_all(engine)
    engine.dispose()


def _start_blocked_generation(url: str) -> subprocess.Popen[str]:
    """Start a generation in another process that stops in the middle until it reads a line."""
    program = f"""
        from sqlalchemy import create_engine
        from pytest_demodata import DataGenerator, prepare_sqlite
        engine = create_engine({url!r})
        if engine.dialect.name == "sqlite":
            prepare_sqlite(engine)
        blocked = False
        def progress(stage, done, total):
            global blocked
            if not blocked:
                blocked = True
                print("inside", flush=True)
                input()
        DataGenerator(engine, progress=progress).generate("small")
        engine.dispose()
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", dedent(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "inside\n"
    return process


def test_another_process_on_the_same_file_is_refused(tmp_path: Path) -> None:
    """SQLite's own lock shows that another process is generating into the file."""
    url = f"sqlite:///{tmp_path / 'two.db'}"
    process = _start_blocked_generation(url)
    engine = prepare_sqlite(create_engine(url, connect_args={"timeout": 0.2}))
    with pytest.raises(GenerationRunningError) as error:
        DataGenerator(engine).generate("small")
    assert str(error.value) == (
        "Another connection is writing to this SQLite file (database is locked), and a second one "
        "would mix its rows into it.\n"
        "Wait until it has ended, or use a database of its own for each."
    )
    process.communicate("go on\n", timeout=60)
    assert process.returncode == 0
    engine.dispose()


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ("42", "The seed is '42'.\nAllowed: any whole number."),
        (True, "The seed is True.\nAllowed: any whole number."),
        (1.5, "The seed is 1.5.\nAllowed: any whole number."),
    ],
)
def test_a_bad_seed_is_refused(engine: Engine, seed: Any, message: str) -> None:
    """A seed that is no whole number is named."""
    with pytest.raises(SettingError) as error:
        DataGenerator(engine, seed=seed)
    assert str(error.value) == message


@pytest.mark.parametrize("as_of", ["2025-12-31", date(999, 1, 1), date(9999, 12, 31), None])
def test_a_bad_date_is_refused(engine: Engine, as_of: Any) -> None:
    """A reference date that is none, or that leaves no room around it, is named."""
    with pytest.raises(SettingError) as error:
        DataGenerator(engine, as_of=as_of)
    assert str(error.value) == (
        f"The reference date as_of is {as_of!r}.\nAllowed: a date from 1010-01-01 to "
        "9990-12-31, such as datetime.date(2025, 12, 31)."
    )


@pytest.mark.parametrize(
    "as_of", [date(1010, 1, 1), date(9990, 12, 31), datetime(2024, 2, 29, 1, tzinfo=UTC)]
)
def test_dates_at_the_edge_work(engine: Engine, as_of: date) -> None:
    """The earliest and the latest date that are allowed can be generated, and hold all rules."""
    generator = DataGenerator(engine, as_of=as_of)
    generator.generate("small")
    generator.validate()


def test_a_session_is_not_a_connection(engine: Engine) -> None:
    """What is neither Connection nor Engine is refused with what to give instead."""
    with Session(engine) as session, pytest.raises(DatabaseSetupError) as error:
        DataGenerator(session)  # type: ignore[arg-type]
    assert str(error.value) == (
        "A DataGenerator works on a Connection or an Engine, not on Session.\n"
        "For a Session, give session.connection()."
    )


def test_bad_volumes_and_locales_touch_no_database(engine: Engine) -> None:
    """What cannot be generated is refused before anything is created."""
    with pytest.raises(VolumeError):
        DataGenerator(engine).generate("enormous")
    with pytest.raises(LocaleError):
        DataGenerator(engine, locale="en_XX")
    assert inspect(engine).get_table_names() == []


def test_another_seed_gives_other_data_and_the_same_seed_the_same(engine: Engine) -> None:
    """The seed decides."""

    def names(seed: int) -> list[str]:
        generator = DataGenerator(engine, seed=seed)
        generator.reset()
        generator.generate("small")
        with Session(engine) as session:
            return list(session.scalars(select(Customer.name).order_by(Customer.id)))

    assert names(1) == names(1)
    assert names(1) != names(-1)


def test_a_volume_of_ones_own(engine: Engine) -> None:
    """generate() takes a Volume as well as its name."""
    volume = Volume(
        "tiny",
        {"customers": 3, "products": 12, "invoices": 4},
        {"addresses": range(1, 2), "lines": range(2, 3)},
    )
    stats = DataGenerator(engine).generate(volume)
    assert (stats.volume, stats.counts["customer_addresses"]) == ("tiny", 3)
    assert stats.counts["invoice_line_items"] == 8


def test_empty_volumes_give_empty_tables(any_engine: Engine) -> None:
    """A volume of nothing makes the tables, with no more than the foundation in them."""
    generator = DataGenerator(any_engine)
    generator.generate("customers=0,products=0,invoices=0")
    generator.validate()
    with any_engine.connect() as connection:
        counts = _counts(connection)
    assert {table: rows for table, rows in counts.items() if rows} == {
        "customer_types": 4,
        "product_categories": 5,
    }


def test_the_callbacks_exception_is_named(engine: Engine) -> None:
    """A progress callback that fails is told from a table that cannot be filled."""

    def progress(_stage: str, _done: int, _total: int) -> None:
        message = "no terminal."
        raise OSError(message)

    with pytest.raises(GenerationError) as error:
        DataGenerator(engine, progress=progress).generate("small")
    assert str(error.value) == (
        "The progress callback, called in stage 'foundation', stopped with OSError: no terminal.\n"
        "Everything that this generation had done is undone."
    )


def test_an_index_that_cannot_be_built_is_named(connection: Connection) -> None:
    """A user's own unique index that the rows break undoes the stage, and the error says which."""
    Base.metadata.create_all(connection)
    connection.execute(text("CREATE UNIQUE INDEX mine_only ON customer_addresses (region)"))
    before = _dump(connection)
    with pytest.raises(GenerationError) as error:
        DataGenerator(connection).generate("small")
    assert str(error.value) == (
        "Filling the tables of stage 'customers' ('customers', 'customer_addresses') stopped with "
        "IntegrityError: UNIQUE constraint failed: customer_addresses.region.\n"
        "Everything that this generation had done is undone."
    )
    assert _dump(connection) == before


def test_tables_that_cannot_be_created_are_named(connection: Connection) -> None:
    """A name that is taken by something else stops the generation with a sentence."""
    connection.execute(text("CREATE TABLE other (id INTEGER)"))
    connection.execute(text("CREATE INDEX ix_customers_customer_type_id ON other (id)"))
    with pytest.raises(GenerationError) as error:
        DataGenerator(connection).generate("small")
    assert str(error.value) == (
        "The generation of volume 'small' stopped with OperationalError: index "
        "ix_customers_customer_type_id already exists.\n"
        "Everything that this generation had done is undone."
    )
    assert inspect(connection).get_table_names() == ["mine", "other"]


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
@pytest.mark.parametrize("at", ["customers", "invoices"])
def test_a_transaction_that_is_ended_from_elsewhere_is_told(
    connection: Connection, at: str, end: str
) -> None:
    """A COMMIT or ROLLBACK in the callback stops the generation instead of going on unprotected."""

    def progress(stage: str, done: int, total: int) -> None:
        if stage == at and (stage != "invoices" or done == total):
            driver: Any = connection.connection.driver_connection
            driver.execute(end)

    with pytest.raises(GenerationError) as error:
        DataGenerator(connection, progress=progress).generate("small")
    assert str(error.value) == (
        "The transaction was ended while the generation ran in it, by a COMMIT or ROLLBACK from "
        "elsewhere: part of the rows may have been kept.\n"
        "Leave the connection alone until the generation has returned, also in a progress "
        "callback, and call reset()."
    )
    connection.rollback()


def test_ctrl_c_while_indexes_are_built_spares_all_else() -> None:
    """A real signal between two statements of the last step undoes the generation, and no more."""
    program = """
        import signal
        from sqlalchemy import create_engine, text
        from pytest_demodata import DataGenerator, prepare_sqlite
        from pytest_demodata.databases import sqlite

        signal.signal(signal.SIGINT, signal.default_int_handler)
        execute_raw = sqlite.execute_raw

        def interrupted(connection, statement):
            execute_raw(connection, statement)
            if statement.startswith("CREATE INDEX ix_invoice_line_items_product_id"):
                signal.raise_signal(signal.SIGINT)

        sqlite.execute_raw = interrupted
        engine = prepare_sqlite(create_engine("sqlite://"))
        with engine.connect() as connection:
            connection.execute(text("CREATE TABLE mine (word TEXT)"))
            connection.execute(text("INSERT INTO mine VALUES ('kept')"))
            connection.commit()
            try:
                DataGenerator(connection).generate("small")
            except KeyboardInterrupt as error:
                print("stopped", getattr(error, "__notes__", []))
            print(connection.scalars(text("SELECT word FROM mine")).all())
            print(connection.scalars(text("SELECT name FROM sqlite_master")).all())
    """
    result = subprocess.run(
        [sys.executable, "-P", "-c", dedent(program)], capture_output=True, text=True, check=True
    )
    assert result.stdout == "stopped []\n['kept']\n['mine']\n"


def test_a_lost_connection_is_told(postgresql_url: URL) -> None:
    """When the server ends the session, the error names the table, and nothing is left."""
    engine, admin = create_engine(postgresql_url), create_engine(postgresql_url)

    def progress(stage: str, _done: int, _total: int) -> None:
        if stage == "products":
            with admin.connect() as other:
                other.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                        " current_database() AND pid <> pg_backend_pid()"
                    )
                )

    with pytest.raises(GenerationError, match="Filling table '") as error:
        DataGenerator(engine, progress=progress).generate("large")
    assert "the connection was lost" in "".join(error.value.__notes__)
    assert inspect(admin).get_table_names() == []
    DataGenerator(engine).generate("small")
    Base.metadata.drop_all(engine)
    engine.dispose()
    admin.dispose()


def test_the_next_key_after_a_failure_is_the_first(postgresql_url: URL) -> None:
    """PostgreSQL's sequences are where they were after a generation that failed."""
    engine = create_engine(postgresql_url)
    Base.metadata.create_all(engine)

    def progress(stage: str, _done: int, _total: int) -> None:
        if stage == "invoices":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DataGenerator(engine, progress=progress).generate("small")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT nextval('customers_id_seq')")) == 1
    Base.metadata.drop_all(engine)
    engine.dispose()


def test_schemas_of_one_server_do_not_hinder_each_other(postgresql_url: URL) -> None:
    """Two generations in two schemas of one database run at once, in open transactions."""
    engine = create_engine(postgresql_url)
    with engine.connect() as first, engine.connect() as second:
        for connection, schema in ((first, "one"), (second, "two")):
            connection.execute(text(f"CREATE SCHEMA {schema}"))
            connection.execute(text(f"SET LOCAL search_path = {schema}"))
            DataGenerator(connection).generate("small")
        assert _counts(first) == _counts(second)
        assert _counts(first)["invoices"] == 75
    engine.dispose()


def test_mariadbs_tables_stay_with_the_generation_that_made_them(mariadb_url: URL) -> None:
    """A generation that is refused drops no table of the one that runs."""
    process = _start_blocked_generation(mariadb_url.render_as_string(hide_password=False))
    engine = create_engine(mariadb_url)
    with pytest.raises(GenerationRunningError):
        DataGenerator(engine).generate("small")
    process.communicate("go on\n", timeout=60)
    assert process.returncode == 0
    with engine.connect() as connection:
        assert _counts(connection)["invoices"] == 75
    Base.metadata.drop_all(engine)
    engine.dispose()


def test_an_error_leaves_the_callers_connection_as_it_was(connection: Connection) -> None:
    """A transaction that the generator began is not left open after an error."""
    connection.commit()
    with pytest.raises(StageError):
        DataGenerator(connection).customers("small")
    assert not connection.in_transaction()
    with connection.begin():
        DataGenerator(connection).generate("small")


def test_progress_after_a_foundation_reaches_all_rows(engine: Engine) -> None:
    """Rows that are there already are not counted as rows to come."""
    calls: list[tuple[str, int, int]] = []
    generator = DataGenerator(engine, progress=lambda *call: calls.append(call))
    generator.foundation("small")
    generator.generate("small")
    assert calls[-1] == ("invoices", 563, 563)


def test_words_from_faker_keep_the_rules(engine: Engine) -> None:
    """A locale whose words come from Faker passes the same rules."""
    generator = DataGenerator(engine, locale="fr_FR")
    generator.generate("medium")
    generator.validate()


def test_a_connection_lost_in_a_load_leaves_no_tables(mariadb_url: URL) -> None:
    """Tables that MariaDB has committed are dropped over another connection."""
    arguments = {"local_infile": True}
    engine = create_engine(mariadb_url, connect_args=arguments)
    admin = create_engine(mariadb_url)

    def progress(stage: str, *_: object) -> None:
        if stage == "products":
            with admin.connect() as other:
                threads = other.scalars(
                    text(
                        "SELECT id FROM information_schema.processlist"
                        " WHERE db = DATABASE() AND id <> CONNECTION_ID()"
                    )
                )
                for thread in threads.all():
                    with suppress(DBAPIError):  # it has ended meanwhile
                        other.exec_driver_sql(f"KILL {thread}")

    with pytest.raises(GenerationError):
        DataGenerator(engine, progress=progress).generate("large")
    assert inspect(admin).get_table_names() == []
    engine.dispose()
    admin.dispose()


def test_owners_without_rows_are_passed_over(any_engine: Engine) -> None:
    """A table whose owners have no rows stays empty, also through SQLAlchemy's own INSERT."""
    metadata = MetaData()
    parent = Table("parent", metadata, Column("id", Integer, primary_key=True))
    child = Table(
        "child",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", ForeignKey("parent.id")),
    )
    fills = [
        Fill(parent, rows=Fixed(3), columns={}),
        Fill(child, rows=FanOut("parent_id", range(1)), columns={}),
    ]
    stats = DataGenerator(any_engine, blueprint=Blueprint(metadata, {"all": fills})).generate()
    assert stats.counts == {"parent": 3}
    with any_engine.connect() as connection:
        assert connection.execute(select(child)).all() == []
    metadata.drop_all(any_engine)


def test_a_database_of_another_kind_is_filled_the_ordinary_way() -> None:
    """A dialect that we know nothing of gets tables, rows and a commit."""
    engine = create_engine("sqlite://")
    engine.dialect.name = "other"
    metadata = MetaData()
    table = Table("number", metadata, Column("id", Integer, primary_key=True))
    blueprint = Blueprint(metadata, {"all": [Fill(table, rows=Fixed(3), columns={})]})
    DataGenerator(engine, blueprint=blueprint).generate()
    with engine.connect() as connection:
        assert connection.scalars(select(table.c.id)).all() == [1, 2, 3]
    engine.dispose()


def test_mariadbs_own_tables_are_not_dropped(mariadb_url: URL) -> None:
    """A generation that fails on tables that were there before leaves them, empty."""
    engine = create_engine(mariadb_url)
    Base.metadata.create_all(engine)

    def progress(stage: str, _done: int, _total: int) -> None:
        if stage == "invoices":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DataGenerator(engine, progress=progress).generate("small")
    with engine.connect() as connection:
        assert not any(_counts(connection).values())
    Base.metadata.drop_all(engine)
    engine.dispose()
