"""Nothing of the plugin's is left on a server a second after a run's end, whatever the end."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from users_database import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runs import Runs, Started
    from users_database import UsersDatabase

IN_A_TEST: Final = """
    import time
    from sqlalchemy import text
    from tools import assert_whole, say, wait_for

    def test_works(demo_db_small):
        assert_whole(demo_db_small)
        demo_db_small.session.execute(text("DELETE FROM invoice_line_items"))
        demo_db_small.session.commit()
        say("working")
        wait_for("go on")

    def test_next(demo_db_small):
        assert_whole(demo_db_small)
"""
IN_A_STATEMENT: Final = """
    from sqlalchemy import text
    from tools import assert_whole, say

    def test_works(demo_db_small):
        say("working")
        demo_db_small.session.execute(text({!r}))

    def test_next(demo_db_small):
        assert_whole(demo_db_small)
"""
IN_A_LOAD: Final = """
    def test_works(demo_db_huge):
        raise AssertionError("it was to be stopped before")
"""
WHOLE: Final = """
    from tools import assert_whole

    def test_whole(demo_db_small):
        assert_whole(demo_db_small)
"""
LIMITED: Final = ("--timeout=1.5", "-otimeout_func_only=true")
"""The time limit of a test, without its fixtures."""

on_postgresql = pytest.mark.parametrize("users", ["postgresql"], indirect=True)
on_mariadb = pytest.mark.parametrize("users", ["mariadb"], indirect=True)


def _in_a_test(runs: Runs) -> Started:
    """Start a run, and return when it is in a test."""
    runs.write(test_it=IN_A_TEST)
    run = runs.start()
    run.heard("working")
    return run


def _in_a_load(runs: Runs, users: UsersDatabase) -> Started:
    """Start a run, and return when it is in the middle of a load."""
    runs.write(test_it=IN_A_LOAD)
    run = runs.start(traced=False)
    wait_for(users.loading, "a load")
    return run


def _next_run_removes(runs: Runs, users: UsersDatabase) -> None:
    """Hold that the next run works, and takes away what a killed one had to leave."""
    runs.write(test_it=WHOLE)
    runs.run("test_it.py").assert_outcomes(passed=1)
    users.assert_clean()


# --- Ends that a run has a hand in


def test_a_normal_end(runs: Runs, users: UsersDatabase) -> None:
    """Neither tests that fail, nor several volumes, nor a run that stops early leave anything."""
    runs.write(
        test_it="""
        import pytest
        from sqlalchemy import text

        def test_two(demo_db_small, demo_db):
            demo_db.session.execute(text("DELETE FROM invoice_line_items"))
            demo_db.session.commit()
            demo_db_small.session.execute(text("DELETE FROM invoice_line_items"))

        def test_fails(demo_db_small):
            demo_db_small.session.execute(text("SELECT * FROM nowhere"))

        def test_exits(demo_db_small):
            demo_db_small.session.execute(text("DELETE FROM inventory"))
            pytest.exit("that is enough")
        """
    )
    result = runs.run("--demodata-volume=customers=3,products=20,invoices=5")
    result.assert_outcomes(passed=1, failed=1)
    assert users.kind == "postgresql" or len(users.scratch) == 2
    users.assert_clean()


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_a_stray_end_of_the_transaction(runs: Runs, users: UsersDatabase, end: str) -> None:
    """What the code under test has committed for real is taken away, also after the last test."""
    runs.write(
        test_it=f"""
        from tools import assert_whole

        def test_ends(demo_db_small):
            driver = demo_db_small.engine.raw_connection().driver_connection
            driver.cursor().execute("{end}")
        """
    )
    runs.run().assert_outcomes(failed=1)
    users.assert_clean()


@pytest.mark.parametrize(
    ("users", "where"),
    [("postgresql", "load"), ("mariadb", "load"), ("mariadb", "test")],
    indirect=["users"],
)
def test_ctrl_c(runs: Runs, users: UsersDatabase, where: str) -> None:
    """The run ends as any interrupted run does, and takes everything away."""
    run = _in_a_test(runs) if where == "test" else _in_a_load(runs, users)
    run.interrupt()
    assert run.end() != 0
    users.assert_clean()
    assert "KeyboardInterrupt" in run.output()
    users.assert_clean()


@pytest.mark.parametrize(
    ("users", "where"),
    [("postgresql", "test"), ("mariadb", "test"), ("mariadb", "load")],
    indirect=["users"],
)
def test_sigterm(runs: Runs, users: UsersDatabase, where: str) -> None:
    """A run that is told to end takes everything away."""
    run = _in_a_test(runs) if where == "test" else _in_a_load(runs, users)
    os.kill(run.pid, signal.SIGTERM)
    assert run.end() != 0
    users.assert_clean()


@pytest.mark.parametrize(
    ("users", "who"),
    [("postgresql", "controller"), ("mariadb", "controller"), ("mariadb", "worker")],
    indirect=["users"],
)
def test_sigterm_with_workers(runs: Runs, users: UsersDatabase, who: str) -> None:
    """Neither the process that is told to end nor any other leaves anything."""
    runs.write(test_it=IN_A_TEST, test_other=WHOLE)
    run = runs.start("-n2", "--dist=loadfile", plugins=["xdist"])
    worker = run.heard("working")
    assert worker != run.pid
    os.kill(run.pid if who == "controller" else worker, signal.SIGTERM)
    run.say("go on")
    assert run.end() != 0
    users.assert_clean()


@on_mariadb
def test_ctrl_c_with_workers(runs: Runs, users: UsersDatabase) -> None:
    """Ctrl-C goes to the controller and the workers at once."""
    runs.write(test_it=IN_A_TEST, test_other=WHOLE)
    run = runs.start("-n2", "--dist=loadfile", plugins=["xdist"])
    run.heard("working")
    run.interrupt()
    run.say("go on")
    assert run.end() == pytest.ExitCode.INTERRUPTED, run.output()
    users.assert_clean()


# --- Ends that it has none in


def test_kill_9_in_a_load(runs: Runs, users: UsersDatabase) -> None:
    """No row is left; what no transaction holds, the next run removes."""
    _in_a_load(runs, users).kill()
    users.assert_clean(killed=True)
    _next_run_removes(runs, users)


def test_kill_9_after_a_stray_commit(runs: Runs, users: UsersDatabase) -> None:
    """Rows that were committed for real, by a test that was then killed, go with the next run."""
    runs.write(
        test_it="""
        import time
        from tools import say

        def test_ends(demo_db_small):
            demo_db_small.engine.raw_connection().driver_connection.commit()
            say("working")
            time.sleep(60)
        """
    )
    run = runs.start()
    run.heard("working")
    run.kill()
    users.assert_untouched()
    _next_run_removes(runs, users)


def test_kill_9_in_a_test_beside_a_live_run(runs: Runs, users: UsersDatabase) -> None:
    """A third run removes what the killed one has left, and nothing of the live one's."""
    live = _in_a_test(runs)
    lives = users.left()
    runs.write(test_killed=IN_A_TEST.replace('"working"', '"also working"'), test_third=WHOLE)
    killed = runs.start("test_killed.py")
    killed.heard("also working")
    killed.kill()
    runs.run("test_third.py").assert_outcomes(passed=1)
    wait_for(lambda: users.left() == lives, "the end of all but the live run", seconds=1)
    live.say("go on")
    assert live.end() == 0, live.output()
    users.assert_clean()


# --- The server's doing


def test_a_session_that_the_server_ends(runs: Runs, users: UsersDatabase) -> None:
    """The test at work fails with the cause, the next one finds the data anew, others nothing."""
    runs.write(
        test_it="""
        import pytest
        from sqlalchemy import text
        from tools import assert_whole, say, wait_for

        @pytest.mark.parametrize("then", ["nothing", "session", "rollback"], scope="module")
        class TestIt:
            def test_works(self, demo_db_small, then):
                demo_db_small.session.execute(text("DELETE FROM invoice_line_items"))
                say(then)
                wait_for(f"{then} done")
                if then == "session":
                    demo_db_small.session.execute(text("SELECT 1"))
                if then == "rollback":
                    demo_db_small.session.rollback()

            def test_next(self, demo_db_small, then):
                assert_whole(demo_db_small)

        def test_unconcerned():
            say("between")
            wait_for("between done")

        def test_after_the_unconcerned(demo_db_small):
            assert_whole(demo_db_small)
        """
    )
    run = runs.start("-rA")
    for then in ("nothing", "session", "rollback", "between"):
        run.heard(then)
        assert users.end_sessions() == 1
        wait_for(lambda: not users.sessions(), "the end of the session")
        run.say(f"{then} done")
    assert run.end() == pytest.ExitCode.TESTS_FAILED, run.output()
    output = run.output()
    for then in ("nothing", "session", "rollback"):
        assert re.search(rf"^(FAILED|ERROR) .*::test_works\[{then}\]", output, re.MULTILINE)
        assert f"PASSED test_it.py::TestIt::test_next[{then}]" in output
    assert output.count("the transaction that holds the demo data of volume 'small'") == 3, output
    assert "PASSED test_it.py::test_unconcerned" in output
    assert "PASSED test_it.py::test_after_the_unconcerned" in output
    users.assert_clean()


def test_a_session_that_the_server_ends_in_a_load(runs: Runs, users: UsersDatabase) -> None:
    """The test fails in a sentence that says so, and the next volume is loaded all the same."""
    runs.write(test_it=IN_A_LOAD, test_other=WHOLE)
    run = runs.start("-rA")
    wait_for(users.loading, "a load")
    assert users.end_sessions() >= 1
    assert run.end() == pytest.ExitCode.TESTS_FAILED, run.output()
    assert "PASSED test_other.py::test_whole" in run.output()
    assert re.search(r"(?i)lost connection|connection was (?:lost|killed)|terminat", run.output())
    users.assert_clean()


def _limited(users: UsersDatabase) -> Callable[[], None]:
    """Let no statement of the guest's take long, and return how to end that."""
    if users.kind == "postgresql":
        users.tell(f"ALTER ROLE {users.guest} SET statement_timeout = '15ms'")
        return lambda: users.tell(f"ALTER ROLE {users.guest} RESET statement_timeout")
    users.tell(f"ALTER USER {users.guest} WITH MAX_STATEMENT_TIME 0.015")
    return lambda: users.tell(f"ALTER USER {users.guest} WITH MAX_STATEMENT_TIME 0")


def test_a_generation_that_takes_the_server_too_long(runs: Runs, users: UsersDatabase) -> None:
    """A timeout of the server's fails it in a sentence, and nothing stays."""
    runs.write(
        test_it="""
        def test_works(demo_db_large):
            pass

        def test_again(demo_db_large):
            pass
        """
    )
    unlimited = _limited(users)
    result = runs.run()
    result.assert_outcomes(errors=2)
    assert re.search(r"statement timeout|max_statement_time", result.stdout.str())
    users.assert_clean()
    unlimited()
    _next_run_removes(runs, users)


@pytest.fixture
def tiny_disk(users: UsersDatabase) -> Iterator[Path]:
    """A disk of four megabytes that the guest's tables stand on."""
    name = f"tiny_{secrets.token_hex(6)}"
    folder = Path(f"/tmp/{name}")  # noqa: S108 - where the server can look as well
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None:
        pytest.skip("no disk can be mounted on this system")
    folder.mkdir()
    options = "size=4m,mode=0700,uid=postgres"
    mounted = subprocess.run(
        [mount, "-t", "tmpfs", "-o", options, "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"no disk can be mounted here: {mounted.stderr}")
    try:
        users.tell(
            f"CREATE TABLESPACE {name} LOCATION '{folder}'",
            f"GRANT CREATE ON TABLESPACE {name} TO {users.guest}",
            f"ALTER ROLE {users.guest} SET default_tablespace = {name}",
        )
        yield folder
        users.tell(f"DROP TABLESPACE {name}")
    finally:
        subprocess.run([unmount, folder], check=True)
        folder.rmdir()


@on_postgresql
def test_a_full_disk(runs: Runs, users: UsersDatabase, tiny_disk: Path) -> None:
    """It fails the load in a sentence, leaves no file, and a volume that has room still comes."""
    runs.write(test_it=IN_A_LOAD, test_other=WHOLE)
    result = runs.run("-rA")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*No space left on device*"])
    users.assert_clean()
    assert shutil.disk_usage(tiny_disk).used < 1_000_000


# --- Time limits of tests, and children


def test_pytest_timeout(runs: Runs, users: UsersDatabase) -> None:
    """A test that is stopped inside a statement of the server's fails, and the next one passes."""
    runs.write(test_it=IN_A_STATEMENT.format(users.sleep))
    run = runs.start("-rA", *LIMITED, "--timeout-method=signal", plugins=["timeout"])
    assert run.end(15) == pytest.ExitCode.TESTS_FAILED, run.output()
    assert "Timeout" in run.output()
    assert "PASSED test_it.py::test_next" in run.output()
    users.assert_clean()


@on_postgresql
def test_pytest_timeout_that_ends_the_run(runs: Runs, users: UsersDatabase) -> None:
    """Its other method ends the process, as a kill -9 does, and the server soon notices."""
    runs.write(test_it=IN_A_STATEMENT.format(users.sleep))
    run = runs.start(*LIMITED, "--timeout-method=thread", plugins=["timeout"])
    assert run.end(15) != 0
    assert "Timeout" in run.output()
    users.assert_clean()


def test_forked_children(runs: Runs, users: UsersDatabase) -> None:
    """A child that exits, in whichever way, leaves the parent's transaction alone."""
    runs.write(
        test_it="""
        import gc, multiprocessing, os, sys
        from sqlalchemy import text
        from tools import assert_whole

        def child(db):
            db.session.close()
            db.engine.dispose()
            gc.collect()

        def written(db):
            return db.session.scalar(text("SELECT count(*) FROM customers WHERE name = 'X'")) == 1

        def write(db):
            db.session.execute(text("UPDATE customers SET name = 'X' WHERE id = 1"))

        def test_fork(demo_db_small):
            write(demo_db_small)
            pid = os.fork()
            if not pid:
                child(demo_db_small)
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
            assert written(demo_db_small)
            demo_db_small.session.rollback()
            assert_whole(demo_db_small)

        def test_multiprocessing(demo_db_small):
            write(demo_db_small)
            context = multiprocessing.get_context("fork")
            process = context.Process(target=child, args=[demo_db_small])
            process.start()
            process.join()
            assert process.exitcode == 0
            assert written(demo_db_small)

        def test_next(demo_db_small):
            assert_whole(demo_db_small)
        """
    )
    run = runs.start()
    assert run.end() == 0, run.output()
    users.assert_clean()


def test_a_forked_child_that_goes_on_as_a_run(runs: Runs, users: UsersDatabase) -> None:
    """A child that raises comes to the end of pytest's run as well, and takes nothing away."""
    runs.write(
        test_it="""
        import os
        from sqlalchemy import text
        from tools import assert_whole

        parent = os.getpid()

        def test_fork(demo_db_small):
            demo_db_small.session.execute(text("UPDATE customers SET name = 'X' WHERE id = 1"))
            pid = os.fork()
            if not pid:
                raise ValueError("the child's")
            os.waitpid(pid, 0)
            query = text("SELECT count(*) FROM customers WHERE name = 'X'")
            assert demo_db_small.session.scalar(query) == 1

        def test_next(demo_db_small):
            if os.getpid() == parent:
                assert_whole(demo_db_small)
        """
    )
    run = runs.start()
    assert run.end() == 0, run.output()
    assert "the child's" in run.output()
    assert "2 passed" in run.output()
    users.assert_clean()


# --- Roles that may not everything


@on_postgresql
def test_a_role_without_the_right_to_create_schemas(runs: Runs, users: UsersDatabase) -> None:
    """The tables are temporary then, the end of the run says so, and the armour holds."""
    users.tell(
        f"ALTER DATABASE {users.name} OWNER TO CURRENT_USER",
        f"GRANT SELECT, DELETE ON ALL TABLES IN SCHEMA public TO {users.guest}",
    )
    users.remember()
    runs.write(
        test_it="""
        import pytest
        from contextlib import suppress
        from sqlalchemy import text
        from tools import assert_whole

        @pytest.mark.parametrize("end", ["commit", "rollback"], scope="module")
        class TestIt:
            def test_whole(self, demo_db_small, end):
                assert_whole(demo_db_small)
                demo_db_small.session.execute(text("DELETE FROM invoice_line_items"))
                demo_db_small.session.commit()

            def test_ends(self, demo_db_small, end):
                driver = demo_db_small.engine.raw_connection().driver_connection
                getattr(driver, end)()
                for statement in ("RESET ALL", "DELETE FROM inventory", "DELETE FROM audit"):
                    with suppress(Exception):
                        driver.cursor().execute(statement)
                    with suppress(Exception):
                        driver.commit()

            def test_next(self, demo_db_small, end):
                assert_whole(demo_db_small)

        def test_another(demo_db):
            assert demo_db.counts["customers"] == 3
        """
    )
    result = runs.run("--demodata-volume=customers=3,products=20,invoices=5")
    users.assert_clean()
    result.assert_outcomes(passed=5, failed=2)
    told = [line for line in result.outlines if line.startswith("demodata: made ")]
    assert re.sub(r"\d+\.\d+", "N", told[-1]) == (
        "demodata: made small, 572 rows, 3 times in N to N s; "
        "customers=3,products=20,invoices=5, 88 rows in N s; in temporary tables, because the "
        f"role '{users.guest}' may not create a schema in the database '{users.name}'; "
        f'GRANT CREATE ON DATABASE "{users.name}" TO "{users.guest}"; lets it'
    )


@on_postgresql
def test_a_role_without_any_right(runs: Runs, users: UsersDatabase) -> None:
    """The error names the GRANT to run, and with it the run passes."""
    users.tell(
        f"ALTER DATABASE {users.name} OWNER TO CURRENT_USER",
        f"REVOKE ALL ON DATABASE {users.name} FROM PUBLIC, {users.guest}",
        f"GRANT CONNECT ON DATABASE {users.name} TO {users.guest}",
    )
    users.remember()
    _assert_grant_helps(runs, users)


@on_mariadb
def test_a_user_without_the_right_to_create_databases(runs: Runs, users: UsersDatabase) -> None:
    """The error names the GRANT to run, and with it the run passes."""
    users.tell(rf"REVOKE ALL ON `demodata\_%`.* FROM {users.guest}")
    _assert_grant_helps(runs, users)


def _assert_grant_helps(runs: Runs, users: UsersDatabase) -> None:
    runs.write(test_it=WHOLE)
    result = runs.run()
    result.assert_outcomes(errors=1)
    grants = re.findall(r"GRANT [^;]+", result.stdout.str())
    assert len(set(grants)) == 1
    users.assert_clean()
    users.tell(grants[0])
    users.remember()
    _next_run_removes(runs, users)


# --- What is not the plugin's


@pytest.fixture
def decoys(users: UsersDatabase) -> Iterator[list[str]]:
    """Places of the user's with names like the plugin's; only the first two are exactly such."""
    digits = secrets.token_hex(5)
    contents = {
        f"demodata_{digits}ab": "table",
        f"demodata_{digits}ac": "routine",
        f"demodata_{digits.upper()}AB": "table",
        f"demodata_{digits}xy": "table",
        f"demodata_{digits}a": "table",
        f"demodata_{digits}abc": "table",
        f"demodata_backup_{digits}": "table",
    }
    for name, content in contents.items():
        users.make_place(name, content)
    users.remember()
    yield list(contents)
    for name in contents:
        users.drop_place(name)


def test_what_only_looks_like_ours_stays(
    runs: Runs, users: UsersDatabase, decoys: list[str]
) -> None:
    """A name that does not fit, or a place that holds something of the user's, is never dropped."""
    runs.write(test_it=WHOLE)
    runs.run().assert_outcomes(passed=1)
    users.assert_clean()
    assert set(decoys) <= users.places()
