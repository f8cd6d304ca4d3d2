"""Workers of pytest-xdist on one server and one URL, also of two runs at once."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest
from runs import GOLDEN
from sqlalchemy import NullPool, create_engine, text
from users_database import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runs import Runs
    from users_database import UsersDatabase

CROWD: Final = """
    import json, os, random
    from pathlib import Path

    import pytest
    from sqlalchemy import text
    from tools import assert_whole

    HERE = "SELECT current_schema()" if {postgresql} else "SELECT DATABASE()"

    @pytest.fixture(scope="session", autouse=True)
    def seeded():
        random.seed(1)

    @pytest.mark.parametrize("turn", range({turns}))
    def test_works(demo_db_small, turn, worker_id, testrun_uid):
        session = demo_db_small.session
        assert_whole(demo_db_small)
        place = session.scalar(text(HERE))
        for statement in (
            "UPDATE customers SET name = 'X'",
            "DELETE FROM invoice_line_items",
            "DELETE FROM inventory WHERE id = 1",
        ):
            session.execute(text(statement))
        session.commit()
        found = [place, testrun_uid, worker_id, dict(demo_db_small.digests)]
        Path(f"found-{{testrun_uid}}-{{worker_id}}-{{turn}}.json").write_text(json.dumps(found))
"""
"""Every test writes to the same rows as those of all other workers."""


@contextmanager
def _waits(users: UsersDatabase) -> Iterator[list[str]]:
    """Look all the time for sessions that wait for a lock; give what was seen."""
    seen: list[str] = []
    looks = 0
    over = threading.Event()

    def look() -> None:
        nonlocal looks
        while not over.wait(0.02):
            seen.extend(users.waiting())
            looks += 1

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
    assert looks > 50


def test_a_wait_would_be_seen(users: UsersDatabase) -> None:
    """The server's views tell of a session that waits for a row of another one."""
    engine = create_engine(users.url, poolclass=NullPool)
    update = text("UPDATE customers SET name = 'X'")
    with engine.connect() as first, engine.connect() as second, ThreadPoolExecutor(1) as pool:
        first.execute(update)
        waiting = pool.submit(second.execute, update)
        wait_for(users.waiting, "a wait", seconds=2)
        first.rollback()
        waiting.result()
        second.rollback()
    users.assert_clean()


def test_two_runs_of_four_workers_at_once(
    runs: Runs, users: UsersDatabase, pytester: pytest.Pytester
) -> None:
    """Eight workers have a place each, the same data in each, and none waits for another."""
    runs.write(test_it=CROWD.format(postgresql=users.kind == "postgresql", turns=8))
    with _waits(users) as seen:
        both = [runs.start("-n4", plugins=["xdist"]) for _ in range(2)]
        ends = [run.end(60) for run in both]
    assert ends == [0, 0], both[0].output() + both[1].output()
    assert seen == []
    found = [json.loads(path.read_text("utf-8")) for path in pytester.path.glob("found-*")]
    assert len(found) == 16
    places = {place: (run, worker) for place, run, worker, _ in found}
    workers = {(run, worker) for _, run, worker, _ in found}
    assert sorted(places.values()) == sorted(workers)
    assert len({run for run, _ in workers}) == 2
    digests = found[0][3]
    assert all(each == digests for *_, each in found)
    written = {table for table, digest in GOLDEN["en_US small"].items() if digests[table] != digest}
    assert written == {"customers", "inventory", "invoice_line_items"}
    users.assert_clean()


def test_a_crashed_worker_is_replaced(runs: Runs, users: UsersDatabase) -> None:
    """The replacement has the data, the other tests pass, and only the empty place is left."""
    runs.write(
        test_it="""
        import os, signal
        import pytest
        from sqlalchemy import text
        from tools import assert_whole

        @pytest.mark.parametrize("turn", range(8))
        def test_works(demo_db_small, turn):
            assert_whole(demo_db_small)
            demo_db_small.session.execute(text("DELETE FROM invoice_line_items"))
            demo_db_small.session.commit()
            if turn == 3:
                os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    run = runs.start("-n2", plugins=["xdist"])
    assert run.end() == pytest.ExitCode.TESTS_FAILED
    assert "crashed while running 'test_it.py::test_works[3]'" in run.output()
    assert "1 failed, 7 passed" in run.output()
    users.assert_clean(killed=True)
    runs.write(
        test_it="""
        from tools import assert_whole

        def test_it(demo_db_small):
            assert_whole(demo_db_small)
        """
    )
    runs.run().assert_outcomes(passed=1)
    users.assert_clean()


@pytest.mark.parametrize("users", ["postgresql"], indirect=True)
def test_without_xdist(runs: Runs, users: UsersDatabase) -> None:
    """Where pytest-xdist cannot even be imported, everything works."""
    runs.write(
        no_xdist="""
        import sys

        sys.modules["xdist"] = None
        sys.modules["execnet"] = None
        """,
        test_it="""
        import pytest
        from tools import assert_whole

        def test_it(demo_db_small):
            assert_whole(demo_db_small)
            with pytest.raises(ImportError):
                import xdist
        """,
    )
    run = runs.start("-pno:xdist.looponfail", "-pno_xdist")
    assert run.end() == 0, run.output()
    assert "demodata: made small" in run.output()
    users.assert_clean()
