"""The asyncio engine: it does what an asynchronous driver's does, and leaves nothing behind.

Each test finds the dataset as generated, which its fixture looks at.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, MissingGreenlet
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from pytest_demodata import (
    DatabaseSetupError,
    IsolationError,
    IsolationWarning,
    assert_intact,
    sandbox,
)
from pytest_demodata.async_facade import async_facade_engine
from pytest_demodata.invoicing import Customer, CustomerType, Invoice

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pytest_demodata import DemoDatabase

asynchronous = pytest.mark.asyncio(loop_scope="function")

GOLDEN: Final = json.loads(Path(__file__).with_name("golden.json").read_text("utf-8"))
_NEW_YEAR: Final = datetime(2025, 1, 1)  # noqa: DTZ001 - the dataset's times have no zone
_WAITED: Final = (
    "Another {who} has written to the demo database and has neither committed nor rolled back"
    "{since}.\n"
    "Commit there first, also what a test has only flushed: it stays inside the test."
)


class _Stop(Exception):  # noqa: N818 - not an error
    """Ends a block."""


@pytest.fixture
def db(demo_db_small: DemoDatabase) -> DemoDatabase:
    """A small demo database, of which no test before has left or taken anything."""
    assert dict(demo_db_small.digests) == GOLDEN["en_US small"]
    return demo_db_small


@pytest.fixture
def engine(db: DemoDatabase) -> AsyncEngine:
    """Its engine for asyncio."""
    return db.async_engine


@pytest.fixture
def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """What makes sessions on it."""
    return async_sessionmaker(engine)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for others for a tenth of a second only."""
    monkeypatch.setattr(sandbox, "PATIENCE", 0.1)


def _tier(name: str) -> CustomerType:
    return CustomerType(name=name, discount_percentage=0, priority_level=1, created_at=_NEW_YEAR)


def _row(name: str) -> dict[str, object]:
    return {
        "name": name,
        "discount_percentage": 0,
        "priority_level": 1,
        "active": True,
        "created_at": _NEW_YEAR,
    }


async def _write(engine: AsyncEngine, name: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(CustomerType).values(_row(name)))


def _tiers(db: DemoDatabase) -> set[str]:
    """Return the tiers of customers that have been added, seen without asyncio."""
    with db.engine.connect() as connection:
        return set(connection.scalars(text("SELECT name FROM customer_types WHERE id > 4")))


# --- Connections


@asynchronous
async def test_a_block_commits_or_rolls_back(db: DemoDatabase, engine: AsyncEngine) -> None:
    """`begin` commits at its end, and rolls back where an error ends it."""
    await _write(engine, "kept")
    with suppress(_Stop):
        async with engine.begin() as connection:
            await connection.execute(insert(CustomerType).values(_row("gone")))
            raise _Stop
    assert _tiers(db) == {"kept"}


@asynchronous
async def test_a_connection_commits_as_it_goes(db: DemoDatabase, engine: AsyncEngine) -> None:
    """`commit`, `rollback`, `begin_nested` and `close` do what they do elsewhere."""
    async with engine.connect() as connection:
        await connection.execute(insert(CustomerType), [_row("kept"), _row("too")])
        await connection.commit()
        await connection.execute(insert(CustomerType).values(_row("gone")))
        await connection.rollback()
        async with connection.begin():
            await connection.execute(insert(CustomerType).values(_row("outer")))
            nested = await connection.begin_nested()
            await connection.execute(insert(CustomerType).values(_row("inner")))
            await nested.rollback()
        await connection.execute(insert(CustomerType).values(_row("closed")))
    assert _tiers(db) == {"kept", "too", "outer"}


@asynchronous
async def test_a_connection_in_autocommit_keeps_each_statement(
    db: DemoDatabase, engine: AsyncEngine
) -> None:
    """AUTOCOMMIT is as it is elsewhere: a rollback undoes nothing."""
    autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with autocommit.connect() as connection:
        await connection.execute(insert(CustomerType).values(_row("kept")))
        await connection.rollback()
    assert _tiers(db) == {"kept"}


@asynchronous
async def test_statements_are_executed_in_all_ways(engine: AsyncEngine) -> None:
    """Results are there at once; `scalar`, `scalars`, RETURNING and the driver's SQL work."""
    async with engine.connect() as connection:
        assert await connection.scalar(select(func.count(Invoice.id))) == 75
        assert len((await connection.scalars(select(Invoice.id))).all()) == 75
        result = await connection.exec_driver_sql("SELECT id FROM invoices ORDER BY id")
        assert result.fetchone() == (1,)
        assert result.fetchmany(2) == [(2,), (3,)]
        returning = insert(CustomerType).returning(CustomerType.name)
        names = await connection.scalars(returning, [_row("a"), _row("b")])
        assert set(names) == {"a", "b"}
        changed = await connection.execute(update(Customer).values(notes="x"))
        assert changed.rowcount == 25


@asynchronous
async def test_a_result_is_read_at_once(engine: AsyncEngine) -> None:
    """A result that is not read to its end keeps no table, and sees nothing that comes later."""
    async with engine.connect() as connection, engine.connect() as other:
        result = await connection.execute(select(Invoice.id))
        assert result.fetchone()
        await other.execute(text("DELETE FROM invoice_line_items"))
        await other.execute(text("DELETE FROM invoices"))
        if engine.dialect.name == "sqlite":  # which drops no table that is being read
            await other.execute(text("DROP TABLE invoices"))
        assert len(result.all()) == 74


@asynchronous
async def test_results_are_streamed(db: DemoDatabase, engine: AsyncEngine) -> None:
    """`stream` gives row after row, while others commit and roll back."""
    async with engine.connect() as connection:
        result = await connection.stream(select(Invoice.id).execution_options(yield_per=5))
        number = 0
        async for _ in result:
            number += 1
            await _write(engine, f"kept {number}")
            with suppress(_Stop):
                async with engine.begin() as other:
                    await other.execute(insert(CustomerType).values(_row("gone")))
                    raise _Stop
        async with connection.stream_scalars(select(Invoice.id)) as scalars:
            assert len(await scalars.all()) == number
        left = await connection.stream(select(Invoice.id))
        assert await left.fetchone()
    assert _tiers(db) == {f"kept {each}" for each in range(1, 76)}


@asynchronous
async def test_functions_run_inside(engine: AsyncEngine) -> None:
    """`run_sync` runs what knows no asyncio: reflection, an inspector, `create_all`, `drop_all`."""
    if engine.dialect.name in {"mariadb", "mysql"}:
        pytest.skip("there a table cannot be created inside a transaction")

    def reflect(connection: Connection) -> set[str]:
        reflected = MetaData()
        reflected.reflect(connection)
        return set(reflected.tables) & set(inspect(connection).get_table_names())

    own = MetaData()
    extras = Table("extras", own, Column("id", Integer, primary_key=True))
    async with engine.begin() as connection:
        before = await connection.run_sync(reflect)
        assert "invoices" in before
        await connection.run_sync(own.create_all)
        await connection.execute(insert(extras))
        assert await connection.run_sync(reflect) == before | {"extras"}
        await connection.run_sync(own.drop_all)
    async with engine.begin() as connection:
        await connection.run_sync(own.create_all)


@asynchronous
async def test_the_driver_is_the_one_without_asyncio(db: DemoDatabase, engine: AsyncEngine) -> None:
    """`get_raw_connection` gives the facade, and in it the driver's own connection."""
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        cursor: Any = raw.cursor()
        cursor.execute("SELECT count(*) FROM invoices")
        assert cursor.fetchone() == (75,)
        driver: Any = raw.driver_connection
        with db.engine.connect() as other:
            assert driver is other.connection.driver_connection


@asynchronous
async def test_an_engine_is_used_outside_of_a_greenlet(engine: AsyncEngine) -> None:
    """What would fail on an asynchronous driver fails here as well."""
    with pytest.raises(MissingGreenlet), engine.sync_engine.connect() as connection:
        connection.execute(text("SELECT 1"))


@asynchronous
async def test_a_commit_as_text_is_refused(engine: AsyncEngine) -> None:
    """The text would end the transaction that holds the data."""
    async with engine.connect() as connection:
        with pytest.raises(IsolationError, match="'COMMIT' would end the transaction"):
            await connection.execute(text("COMMIT"))


@asynchronous
async def test_the_engine_is_disposed_of(db: DemoDatabase, engine: AsyncEngine) -> None:
    """`dispose` ends nothing; there is one engine, and it goes on."""
    await _write(engine, "kept")
    await engine.dispose()
    assert db.async_engine is engine
    async with engine.connect() as connection:
        assert await connection.scalar(select(func.count(CustomerType.id))) == 5


# --- Sessions


Sessions = async_sessionmaker[AsyncSession]


@asynchronous
async def test_a_session_commits_and_rolls_back(db: DemoDatabase, sessions: Sessions) -> None:
    """A session keeps what it commits, and nothing that it rolls back or leaves uncommitted."""
    async with sessions() as session:
        session.add(_tier("kept"))
        await session.commit()
        session.add(_tier("gone"))
        await session.flush()
        await session.rollback()
        session.add(_tier("left"))
        await session.flush()
    async with sessions() as session:
        session.add(_tier("closed"))
        await session.flush()
        await session.close()
        session.add(_tier("again"))
        await session.commit()
    assert _tiers(db) == {"kept", "again"}


@asynchronous
async def test_a_session_nests(db: DemoDatabase, sessions: Sessions) -> None:
    """`begin` and `begin_nested` as blocks."""
    async with sessions.begin() as session:
        session.add(_tier("outer"))
        async with session.begin_nested():
            session.add(_tier("inner"))
        with suppress(_Stop):
            async with session.begin_nested():
                session.add(_tier("gone"))
                await session.flush()
                raise _Stop
    with suppress(_Stop):
        async with sessions.begin() as session:
            session.add(_tier("gone too"))
            await session.flush()
            raise _Stop
    assert _tiers(db) == {"outer", "inner"}


@asynchronous
async def test_a_session_goes_on_after_an_error(db: DemoDatabase, sessions: Sessions) -> None:
    """An IntegrityError arrives as such, and after a rollback the session works."""
    async with sessions() as session:
        session.add(_tier("kept"))
        await session.commit()
        session.add(_tier("kept"))
        with pytest.raises(IntegrityError):
            await session.commit()
        await session.rollback()
        with pytest.raises(DBAPIError, match="nowhere"):
            await session.execute(text("SELECT * FROM nowhere"))
        await session.rollback()
        session.add(_tier("after"))
        await session.commit()
    assert _tiers(db) == {"kept", "after"}


@asynchronous
async def test_a_session_streams_and_runs_functions(sessions: Sessions) -> None:
    """`stream`, `stream_scalars`, `get`, `refresh` and `run_sync` of a session."""
    async with sessions() as session:
        names = [row.name async for row in await session.stream(select(Customer.name))]
        scalars = await session.stream_scalars(select(Customer).execution_options(yield_per=7))
        assert [customer.name async for customer in scalars] == names
        invoice = await session.get_one(Invoice, 1)
        with pytest.raises(MissingGreenlet):
            _ = invoice.customer
        await session.refresh(invoice, ["customer"])
        assert invoice.customer.name in names
        lines = await session.run_sync(lambda _: len(invoice.line_items))
        assert lines


@asynchronous
async def test_a_session_that_is_left_open(db: DemoDatabase, engine: AsyncEngine) -> None:
    """The garbage collector rolls back what nobody has closed, without a warning."""
    session = AsyncSession(engine)
    session.add(_tier("left"))
    await session.flush()
    del session
    gc.collect()
    assert not _tiers(db)
    _LEFT_OPEN.append(AsyncSession(engine))
    _LEFT_OPEN[0].add(_tier("left"))
    await _LEFT_OPEN[0].flush()


_LEFT_OPEN: Final[list[AsyncSession]] = []


@asynchronous
async def test_a_session_of_the_test_before(db: DemoDatabase, sessions: Sessions) -> None:
    """What the test before has left open is of no consequence; its session still works."""
    await _write(db.async_engine, "kept")
    if _LEFT_OPEN:
        session = _LEFT_OPEN.pop()
        await session.rollback()
        await session.close()
    async with sessions.begin() as session:
        session.add(_tier("too"))
    assert _tiers(db) == {"kept", "too"}


@asynchronous
async def test_both_engines_see_the_same_rows(db: DemoDatabase, sessions: Sessions) -> None:
    """What is written with asyncio is read without, and the other way round, in one test."""
    db.session.add(_tier("flushed"))
    db.session.flush()
    async with sessions() as session:
        names = set(await session.scalars(select(CustomerType.name)))
        assert "flushed" in names
        session.add(_tier("added"))
        await session.commit()
    assert "added" in set(db.session.scalars(select(CustomerType.name)))
    db.session.commit()
    db.reset()
    async with sessions() as session:
        assert await session.scalar(select(func.count(CustomerType.id))) == 4
    assert_intact(db)


# --- Tasks


@asynchronous
async def test_tasks_commit_and_roll_back(db: DemoDatabase, sessions: Sessions) -> None:
    """Of many tasks at once, each with a session, exactly the rows stay that were committed."""

    async def work(number: int) -> None:
        async with sessions() as session:
            session.add(_tier(f"first {number}"))
            await session.flush()
            await asyncio.sleep(0.0001 * (number % 7))
            session.add(_tier(f"second {number}"))
            if number % 3:
                await session.commit()
            elif number % 2:
                await session.rollback()

    await asyncio.gather(*map(work, range(60)))
    kept = [number for number in range(60) if number % 3]
    assert _tiers(db) == {f"{each} {number}" for each in ("first", "second") for number in kept}


@asynchronous
async def test_statements_of_tasks_take_turns(engine: AsyncEngine) -> None:
    """A task that only executes statements does not keep the others from running."""
    seen: list[int] = []

    async def work(number: int) -> None:
        async with engine.connect() as connection:
            for _ in range(3):
                await connection.execute(text("SELECT 1"))
                seen.append(number)

    await asyncio.gather(work(1), work(2))
    assert seen == [1, 2, 1, 2, 1, 2]


async def _hold(sessions: Sessions, written: asyncio.Event, end: Awaitable[object]) -> None:
    async with sessions() as session:
        session.add(_tier("held"))
        await session.flush()
        written.set()
        await end
        await session.commit()


@asynchronous
async def test_a_task_waits_for_another_ones_transaction(
    db: DemoDatabase, engine: AsyncEngine, sessions: Sessions
) -> None:
    """A write waits until the other task commits, and the event loop runs on meanwhile."""
    written, end = asyncio.Event(), asyncio.Event()
    holding = asyncio.create_task(_hold(sessions, written, end.wait()))
    await written.wait()
    writing = asyncio.create_task(_write(engine, "after"))
    await asyncio.sleep(0.05)
    assert not writing.done()
    assert _tiers(db) == {"held"}
    end.set()
    await asyncio.gather(holding, writing)
    assert _tiers(db) == {"held", "after"}


@asynchronous
@pytest.mark.usefixtures("impatient")
async def test_a_task_does_not_wait_forever(
    db: DemoDatabase, engine: AsyncEngine, sessions: Sessions
) -> None:
    """A transaction that does not end is an error in the task that waits; it ends all the same."""
    written, end = asyncio.Event(), asyncio.Event()
    holding = asyncio.create_task(_hold(sessions, written, end.wait()))
    await written.wait()
    with pytest.raises(IsolationError) as caught:
        await _write(engine, "refused")
    assert str(caught.value) == _WAITED.format(who="task", since=" for 0 seconds")
    end.set()
    await holding
    assert _tiers(db) == {"held"}


@asynchronous
@pytest.mark.usefixtures("impatient")
async def test_patience_is_with_one_transaction(db: DemoDatabase, engine: AsyncEngine) -> None:
    """A task whose turn comes late waits on, as long as others' transactions do end."""

    async def work(number: int) -> None:
        async with engine.begin() as connection:
            await connection.execute(insert(CustomerType).values(_row(str(number))))
            await asyncio.sleep(0.05)

    await asyncio.gather(*map(work, range(6)))
    assert len(_tiers(db)) == 6


@asynchronous
async def test_what_cannot_wait_is_refused_at_once(db: DemoDatabase, sessions: Sessions) -> None:
    """Without asyncio a write would hold up the event loop that the other task runs in."""
    written, end = asyncio.Event(), asyncio.Event()
    holding = asyncio.create_task(_hold(sessions, written, end.wait()))
    await written.wait()
    db.session.add(_tier("refused"))
    with pytest.raises(IsolationError) as caught:
        db.session.flush()
    since = ", and cannot before this task awaits something"
    assert str(caught.value) == _WAITED.format(who="task", since=since)
    db.session.rollback()
    end.set()
    await holding
    assert _tiers(db) == {"held"}


@asynchronous
async def test_a_task_does_not_wait_for_itself(db: DemoDatabase, sessions: Sessions) -> None:
    """Sessions interleave in one task, also where SQLAlchemy commits a block in one of its own."""
    async with sessions() as session:
        session.add(_tier("older"))
        await session.flush()
        async with sessions.begin() as other:
            other.add(_tier("newer"))
        db.session.add(_tier("newest"))
        db.session.commit()
        await session.commit()
    assert _tiers(db) == {"older", "newer", "newest"}


@asynchronous
async def test_a_task_does_not_wait_for_who_started_it(
    db: DemoDatabase, engine: AsyncEngine, sessions: Sessions
) -> None:
    """Whoever has written and then waits for tasks, or a thread, would be waited for in vain."""

    def in_a_thread() -> None:
        with db.engine.begin() as connection:
            connection.execute(insert(CustomerType).values(_row("thread")))

    async with sessions() as session:
        session.add(_tier("starter"))
        await session.flush()
        await asyncio.gather(_write(engine, "one"), _write(engine, "two"))
        await asyncio.wait_for(_write(engine, "waited for"), 5)
        await asyncio.to_thread(in_a_thread)
        await session.commit()
    assert _tiers(db) == {"starter", "one", "two", "waited for", "thread"}


@asynchronous
async def test_a_rollback_that_takes_a_started_tasks_rows_along_warns(
    db: DemoDatabase, engine: AsyncEngine, sessions: Sessions
) -> None:
    """They share one transaction: the older one's rollback undoes the newer one's rows."""
    async with sessions() as session:
        session.add(_tier("older"))
        await session.flush()
        await asyncio.create_task(_write(engine, "newer"))
        with pytest.warns(IsolationWarning, match="A rollback on one connection"):
            await session.rollback()
    assert not _tiers(db)


@asynchronous
async def test_nobody_waits_for_a_task_that_has_ended(
    db: DemoDatabase, engine: AsyncEngine, sessions: Sessions
) -> None:
    """A task may leave its session to another one, which need not have been started by it."""
    session = sessions()

    async def begin() -> None:
        session.add(_tier("handed over"))
        await session.flush()

    await asyncio.create_task(begin())
    await _write(engine, "other")
    await session.commit()
    await session.close()
    assert _tiers(db) == {"handed over", "other"}


@asynchronous
@pytest.mark.parametrize("where", ["sleeping", "executing", "waiting"])
async def test_a_task_is_cancelled(
    db: DemoDatabase, engine: AsyncEngine, sessions: Sessions, where: str
) -> None:
    """A task that is cancelled in its transaction leaves nothing, and the engine works on."""

    async def work() -> None:
        async with sessions() as session:
            session.add(_tier("gone"))
            await session.flush()
            while where == "executing":
                await session.execute(text("SELECT 1"))
            await asyncio.sleep(60)

    works = [work(), work()] if where == "waiting" else [work()]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*works), 0.05)
    await _write(engine, "after")
    assert _tiers(db) == {"after"}


@asynchronous
async def test_a_thread_waits_for_a_task(db: DemoDatabase, sessions: Sessions) -> None:
    """A thread that no task has asked for its work waits until the task commits."""

    def work() -> None:
        with db.engine.begin() as connection:
            connection.execute(insert(CustomerType).values(_row("thread")))

    thread = threading.Thread(target=work)
    async with sessions.begin() as session:
        session.add(_tier("task"))
        await session.flush()
        thread.start()
        await asyncio.sleep(0.02)
        assert thread.is_alive()
    await asyncio.to_thread(thread.join)
    assert _tiers(db) == {"task", "thread"}


@asynchronous
async def test_a_task_waits_for_a_thread(db: DemoDatabase, engine: AsyncEngine) -> None:
    """And a task waits for a thread, without holding up the event loop, which may have to help."""
    written, end = threading.Event(), threading.Event()

    def work() -> None:
        with db.engine.begin() as connection:
            connection.execute(insert(CustomerType).values(_row("thread")))
            written.set()
            end.wait()

    thread = asyncio.create_task(asyncio.to_thread(work))
    await asyncio.to_thread(written.wait)
    asyncio.get_running_loop().call_later(0.02, end.set)
    await _write(engine, "task")
    await thread
    assert _tiers(db) == {"thread", "task"}


def test_loops_in_threads(db: DemoDatabase) -> None:
    """Each of several threads has an event loop of its own, with several tasks."""
    engine = db.async_engine

    async def main(thread: int) -> None:
        await asyncio.gather(*(_write(engine, f"{thread}-{number}") for number in range(10)))

    threads = [threading.Thread(target=lambda n=n: asyncio.run(main(n))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _tiers(db) == {f"{thread}-{number}" for thread in range(4) for number in range(10)}


def test_loops_one_after_the_other(db: DemoDatabase) -> None:
    """No event loop is held: the next one goes on where the one before has ended."""
    session = AsyncSession(db.async_engine)
    session.add(_tier("kept"))
    asyncio.run(session.flush())
    asyncio.run(session.commit())
    asyncio.run(session.close())
    assert _tiers(db) == {"kept"}


def test_a_loop_that_is_not_asyncios(db: DemoDatabase, impatient: None) -> None:
    """Under trio, which SQLAlchemy does not support, nothing of ours stands in the way."""
    del impatient
    trio = pytest.importorskip("trio")

    async def main() -> None:
        connection = await db.async_engine.connect()
        await connection.execute(insert(CustomerType).values(_row("kept")))
        await connection.commit()
        assert await connection.scalar(select(func.count(CustomerType.id))) == 5
        await connection.close()
        session = AsyncSession(db.async_engine)
        session.add(_tier("too"))
        await session.commit()
        await session.close()
        await trio.to_thread.run_sync(hold.wait)
        session.add(_tier("refused"))
        with pytest.raises(IsolationError, match="Another thread has written"):
            await session.commit()
        await session.close()

    hold, end = threading.Event(), threading.Event()

    def work() -> None:
        while "too" not in _tiers(db):
            end.wait(0.01)
        with db.engine.begin() as connection:
            connection.execute(insert(CustomerType).values(_row("thread")))
            hold.set()
            end.wait()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        trio.run(main)
    finally:
        end.set()
        thread.join()
    assert _tiers(db) == {"kept", "too", "thread"}


# --- Runs

TOOLS: Final = """
    from datetime import datetime

    from sqlalchemy import insert, text
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

    from pytest_demodata.invoicing import CustomerType

    LEFT_OPEN = []

    def tier(name):
        return CustomerType(
            name=name, discount_percentage=0, priority_level=1, created_at=datetime(2025, 1, 1)
        )

    async def write(db, name):
        async with async_sessionmaker(db.async_engine).begin() as session:
            session.add(tier(name))

    async def tiers(db):
        async with db.async_engine.connect() as connection:
            query = text("SELECT name FROM customer_types WHERE id > 4 ORDER BY id")
            return " ".join(await connection.scalars(query))
"""
"""A module for the generated tests: tiers of customers are what they write."""

STRICT: Final = ["-Werror", "-Wignore:assertions not in test modules"]
"""Warnings are errors, but for the one that pytest gives under `python -O`."""

ALONE: Final = [f"-pno:{plugin}" for plugin in ("faker", "hypothesispytest", "randomly", "xdist")]
"""Without the plugins that take longer to load than the generated tests take."""

WRITING: Final = {
    "commits": "await write(db, 'row')\nyield db",
    "returns": "await write(db, 'row')\nreturn db",
    "has a session open": """
        async with AsyncSession(db.async_engine) as session:
            session.add(tier("row"))
            await session.flush()
            yield db
    """,
    "commits later": """
        async with AsyncSession(db.async_engine) as session:
            session.add(tier("row"))
            await session.flush()
            yield db
            await session.commit()
    """,
    "leaves a session open": """
        LEFT_OPEN.append(AsyncSession(db.async_engine))
        LEFT_OPEN[-1].add(tier("row"))
        await LEFT_OPEN[-1].flush()
        return db
    """,
    "leaves a connection open": """
        LEFT_OPEN.append(await db.async_engine.connect())
        await LEFT_OPEN[-1].execute(insert(CustomerType).values(
            name="row", discount_percentage=0, priority_level=1, created_at=datetime(2025, 1, 1)
        ))
        return db
    """,
    "uses the session without asyncio": "db.session.add(tier('row'))\nyield db",
}
"""How a fixture writes a row."""

TESTS: Final = """
    @{test}
    class TestWith:
        async def test_one(self, row):
            assert await tiers(row) == "row"
            await write(row, "one")
            assert await tiers(row) == "row one"

        async def test_other(self, row):
            assert await tiers(row) == "row"
            session = AsyncSession(row.async_engine)
            session.add(tier("other"))
            await session.flush()
            LEFT_OPEN.append(session)

    @{test}
    async def test_after(demo_db_small):
        assert await tiers(demo_db_small) == "{after}"
"""


class Inside(Protocol):
    """Runs the generated tests."""

    def __call__(self, *options: str, **outcomes: int) -> pytest.RunResult:
        """Run them with these options, and see that they come out like this."""


@pytest.fixture
def inside(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Inside:
    """Run generated tests, with their tools."""
    monkeypatch.delenv("PYTEST_ADDOPTS")
    pytester.makepyfile(tools=TOOLS)

    def run(*options: str, **outcomes: int) -> pytest.RunResult:
        result = pytester.runpytest(*STRICT, *ALONE, *options)
        result.assert_outcomes(**outcomes)
        return result

    return run


def _suite(pytester: pytest.Pytester, fixture: str, how: str, test: str, after: str) -> None:
    """Write a suite of two modules, with a fixture that writes a row."""
    body = indent(dedent(how).strip(), " " * 4)
    head = "import pytest\nimport pytest_asyncio\nfrom tools import *\n\n"
    row = f"@{fixture}\nasync def row(demo_db_small):\n    db = demo_db_small\n{body}\n"
    tests = head + dedent(TESTS).format(test=test, after=after)
    pytester.makepyfile(conftest=head + row, test_a=tests, test_b=tests)


SCOPES: Final = ("function", "class", "module", "package", "session")
_OUTLIVES_A_CLASS: Final = SCOPES[2:]


@pytest.mark.parametrize(
    ("scope", "how"),
    [
        *(("function", how) for how in ("commits", "returns", "leaves a session open")),
        *((scope, how) for scope in SCOPES[1:] for how in WRITING),
    ],
)
def test_rows_last_as_long_as_the_scope_of_their_fixture(
    pytester: pytest.Pytester, inside: Inside, scope: str, how: str
) -> None:
    """It does not matter how an asynchronous fixture writes, nor which loop it runs in."""
    _suite(
        pytester,
        fixture=f"pytest_asyncio.fixture(scope={scope!r}, loop_scope={scope!r})",
        how=WRITING[how],
        test=f"pytest.mark.asyncio(loop_scope={scope!r})",
        after="row" if scope in _OUTLIVES_A_CLASS else "",
    )
    inside("-oasyncio_default_fixture_loop_scope=function", passed=6)


@pytest.mark.parametrize("scope", SCOPES)
def test_modes_and_scopes_of_the_loop(
    pytester: pytest.Pytester, inside: Inside, scope: str
) -> None:
    """In auto mode, with the loop's scope from the settings, it is as it is in strict mode."""
    _suite(
        pytester,
        fixture=f"pytest.fixture(scope={scope!r})",
        how=WRITING["leaves a session open"],
        test="pytest.mark.filterwarnings('error')",
        after="row" if scope in _OUTLIVES_A_CLASS else "",
    )
    inside(
        "--asyncio-mode=auto",
        f"-oasyncio_default_fixture_loop_scope={scope}",
        f"-oasyncio_default_test_loop_scope={scope}",
        passed=6,
    )


def test_a_session_for_all_tests_of_a_module(pytester: pytest.Pytester, inside: Inside) -> None:
    """A session that a fixture of wider scope keeps open writes in each test for that test."""
    pytester.makepyfile("""
        import pytest
        import pytest_asyncio
        from tools import *

        pytestmark = pytest.mark.asyncio(loop_scope="module")

        @pytest_asyncio.fixture(scope="module", loop_scope="module")
        async def session(demo_db_small):
            async with AsyncSession(demo_db_small.async_engine) as session:
                session.add(tier("fixture"))
                await session.flush()
                yield session

        @pytest.mark.parametrize("number", range(3))
        @pytest.mark.parametrize("end", ["commit", "rollback", "flush"])
        async def test_it(session, demo_db_small, end, number):
            assert await tiers(demo_db_small) == "fixture"
            session.add(tier("test"))
            await session.flush()
            assert await tiers(demo_db_small) == "fixture test"
            await write(demo_db_small, "other")
            if end != "rollback":
                await getattr(session, end)()
                assert await tiers(demo_db_small) == "fixture test other"

        async def test_after(demo_db_small):
            assert await tiers(demo_db_small) == "fixture"
    """)
    inside("-oasyncio_default_fixture_loop_scope=function", passed=10)


@pytest.mark.parametrize("scope", ["function", "module", "session"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_plugin_of_anyio(
    pytester: pytest.Pytester, inside: Inside, scope: str, backend: str
) -> None:
    """With anyio, on asyncio and, as far as SQLAlchemy goes there, on trio."""
    pytest.importorskip(backend)
    pytester.makepyfile(f"""
        import pytest
        from tools import *

        pytestmark = pytest.mark.anyio

        async def add(db, name):
            session = AsyncSession(db.async_engine)
            session.add(tier(name))
            await session.commit()
            await session.close()

        async def names(db):
            connection = await db.async_engine.connect()
            query = text("SELECT name FROM customer_types WHERE id > 4 ORDER BY id")
            found = " ".join(await connection.scalars(query))
            await connection.close()
            return found

        @pytest.fixture(scope="session")
        def anyio_backend():
            return {backend!r}

        @pytest.fixture(scope={scope!r})
        async def row(demo_db_small):
            await add(demo_db_small, "row")
            LEFT_OPEN.append(AsyncSession(demo_db_small.async_engine))
            LEFT_OPEN[-1].add(tier("left"))
            await LEFT_OPEN[-1].flush()
            yield demo_db_small

        async def test_one(row):
            assert await names(row) == "row left"
            await add(row, "one")
            assert await names(row) == "row left one"

        async def test_other(row):
            assert await names(row) == "row left"

        async def test_after(demo_db_small):
            assert await names(demo_db_small) == {"" if scope == "function" else "row left"!r}
    """)
    inside("-pno:asyncio", passed=3)


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_all_of_it_on_a_server(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    server: str,
) -> None:
    """The tests of this file that have an event loop pass on PostgreSQL and MariaDB as well."""
    monkeypatch.delenv("PYTEST_ADDOPTS")
    url = request.getfixturevalue(f"{server}_url").render_as_string(hide_password=False)
    options = ["-m", "asyncio", f"--demodata-url={url}", "-pno:cacheprovider"]
    result = pytester.runpytest_subprocess(Path(__file__), *ALONE, *options)
    outcomes = result.parseoutcomes()
    assert result.ret == pytest.ExitCode.OK
    assert outcomes["passed"] > 30
    assert outcomes.get("skipped", 0) == (server == "mariadb")


def test_a_test_that_breaks_out(pytester: pytest.Pytester, inside: Inside) -> None:
    """A test that ends the transaction on the driver's own connection fails with the cause."""
    pytester.makepyfile("""
        import asyncio
        from tools import *

        def test_breaks_out(demo_db_small):
            async def main():
                async with demo_db_small.async_engine.connect() as connection:
                    raw = await connection.get_raw_connection()
                    raw.driver_connection.commit()

            asyncio.run(main())

        def test_next(demo_db_small):
            assert asyncio.run(tiers(demo_db_small)) == ""
            asyncio.run(write(demo_db_small, "row"))

        def test_last(demo_db_small):
            assert asyncio.run(tiers(demo_db_small)) == ""
    """)
    result = inside("-pno:asyncio", passed=2, failed=1)
    result.stdout.fnmatch_lines(["This test broke out of the transaction *"])


# --- What it needs

_MISSING: Final = (
    "async_engine cannot be had: SQLAlchemy's asyncio stands on greenlet ({}).\n"
    "Needed: greenlet 3 or later, and no asynchronous driver.\n"
    "Install it: pip install 'pytest-demodata[asyncio]'"
)


def test_greenlet_is_missing(db: DemoDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without greenlet a sentence says what to install."""
    monkeypatch.setitem(sys.modules, "greenlet", None)
    with pytest.raises(DatabaseSetupError) as caught:
        async_facade_engine(db.engine.url, db._sandbox, db._database.facade)  # noqa: SLF001
    reason = "import of greenlet halted; None in sys.modules"
    assert str(caught.value) == _MISSING.format(reason)


def test_a_run_without_greenlet(pytester: pytest.Pytester) -> None:
    """A test fails with the sentence, and the one that needs no asyncio passes."""
    pytester.makeconftest("import sys; sys.modules['greenlet'] = None")
    pytester.makepyfile("""
        def test_asyncio(demo_db_small):
            demo_db_small.async_engine

        def test_without(demo_db_small):
            assert demo_db_small.session.connection()
    """)
    result = pytester.runpytest_subprocess(*STRICT, *ALONE)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E * Install it: pip install 'pytest-demodata[[]asyncio[]]'"])


def test_a_run_without_asyncio_loads_nothing_for_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither SQLAlchemy's asyncio nor ours is loaded by a test that does not ask for it.

    SQLAlchemy 2.0 loads greenlet itself, wherever there is one; and so does coverage.
    """
    monkeypatch.delenv("COVERAGE_PROCESS_START", raising=False)
    pytester.makepyfile("""
        import sys
        import sqlalchemy

        def test_it(demo_db_small):
            assert demo_db_small.session.connection()
            heavy = {"sqlalchemy.ext.asyncio", "pytest_demodata.async_facade", "greenlet"}
            if sqlalchemy.__version__ < "2.1":
                heavy.discard("greenlet")
            assert not heavy & set(sys.modules)
    """)
    pytester.runpytest_subprocess(*STRICT, *ALONE).assert_outcomes(passed=1)
