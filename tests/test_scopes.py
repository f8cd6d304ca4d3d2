"""What fixtures write to a demo database lasts as long as their scope, and no longer."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

import pytest

from pytest_demodata.scopes import Scope, Scopes

TOOLS: Final = """
    from datetime import datetime

    from sqlalchemy import text

    from pytest_demodata.invoicing import CustomerType

    def tier(name):
        return CustomerType(
            name=name, discount_percentage=0, priority_level=1, created_at=datetime(2025, 1, 1)
        )

    def insert(name):
        return text(
            "INSERT INTO customer_types (name, discount_percentage, priority_level, active,"
            f" created_at) VALUES ('{name}', 0, 1, true, '2025-01-01 00:00:00.000000')"
        )

    def write(db, name):
        with db.sessionmaker.begin() as session:
            session.add(tier(name))

    def tiers(db):
        with db.engine.connect() as connection:
            query = text("SELECT name FROM customer_types WHERE id > 4 ORDER BY id")
            return " ".join(connection.scalars(query))
"""
"""A module for the generated tests: tiers of customers are what they write."""

STRICT: Final = ["-Werror", "-Wignore:assertions not in test modules"]
"""Warnings are errors, but for the one that pytest gives under `python -O`."""

ALONE: Final = [f"-pno:{plugin}" for plugin in ("faker", "hypothesispytest", "randomly", "xdist")]
"""Without the plugins that take longer to load than the generated tests take."""

WIDER: Final = (
    "A fixture of a wider scope was set up after {test} had written to the demo database. What the "
    "fixture writes goes when that ends, and not when its own scope does.\n"
    "Request the fixture before the first write, by naming it as an argument."
)


@pytest.fixture
def tools(pytester: pytest.Pytester) -> None:
    """Give the generated tests their module."""
    pytester.makepyfile(tools=TOOLS)


def _run(pytester: pytest.Pytester, *arguments: str, **outcomes: int) -> pytest.RunResult:
    result = pytester.runpytest(*STRICT, *ALONE, *arguments)
    result.assert_outcomes(**outcomes)
    return result


pytestmark = pytest.mark.usefixtures("tools")


def test_rows_last_as_long_as_the_scope_of_their_fixture(
    pytester: pytest.Pytester, any_url: str
) -> None:
    """Fixtures of class, module, package and session each keep what they add to their own end."""
    pytester.makepyfile(
        **{
            "conftest": """
                import pytest
                from tools import write

                @pytest.fixture(scope="session")
                def of_session(demo_db_small):
                    write(demo_db_small, "session")
            """,
            "outer/__init__": "",
            "outer/conftest": """
                import pytest
                from tools import write

                @pytest.fixture(scope="package", autouse=True)
                def of_outer(demo_db_small, of_session):
                    write(demo_db_small, "outer")
            """,
            "outer/test_a": """
                import pytest
                from tools import tiers, write

                @pytest.fixture(scope="module")
                def of_module(demo_db_small):
                    write(demo_db_small, "module")

                @pytest.fixture(scope="class")
                def of_class(demo_db_small):
                    write(demo_db_small, "class")

                @pytest.fixture
                def of_test(demo_db_small):
                    write(demo_db_small, "test")

                def test_first(of_test, of_module, demo_db_small):
                    assert tiers(demo_db_small) == "session outer module test"
                    write(demo_db_small, "body")

                class TestInside:
                    def test_one(self, of_test, of_class, demo_db_small):
                        assert tiers(demo_db_small) == "session outer module class test"

                    def test_other(self, demo_db_small):
                        assert tiers(demo_db_small) == "session outer module class"

                    class TestDeeper:
                        def test_one(self, of_class, demo_db_small):
                            assert tiers(demo_db_small) == "session outer module class"

                def test_after(demo_db_small):
                    assert tiers(demo_db_small) == "session outer module"
            """,
            "outer/inner/__init__": "",
            "outer/inner/conftest": """
                import pytest
                from tools import write

                @pytest.fixture(scope="package")
                def of_inner(demo_db_small):
                    write(demo_db_small, "inner")
            """,
            "outer/inner/test_b": """
                from tools import tiers

                def test_inside(of_inner, demo_db_small):
                    assert tiers(demo_db_small) == "session outer inner"
            """,
            "outer/inner/test_c": """
                from tools import tiers

                def test_inside(demo_db_small):
                    assert tiers(demo_db_small) == "session outer inner"
            """,
            "outer/test_d": """
                from tools import tiers

                def test_after(demo_db_small):
                    assert tiers(demo_db_small) == "session outer"
            """,
            "test_z": """
                from tools import tiers

                def test_outside(demo_db_small):
                    assert tiers(demo_db_small) == "session"
            """,
        }
    )
    files = ("outer/test_a.py", "outer/inner", "outer/test_d.py", "test_z.py")
    _run(pytester, f"--demodata-url={any_url}", *files, passed=9)


def test_the_next_key_is_the_one_after_those_of_wider_scopes(
    pytester: pytest.Pytester, any_url: str
) -> None:
    """Each test counts on from what fixtures have added, and the next module from the dataset."""
    pytester.makepyfile(
        tools_of_keys="""
            from tools import tier

            def keys(db, rows=1):
                with db.sessionmaker() as session:
                    added = [tier(f"{number}") for number in range(rows)]
                    session.add_all(added)
                    session.commit()
                    found = [each.id for each in added]
                    for each in added:
                        session.delete(each)
                    session.commit()
                    return found
        """,
        test_a="""
            import pytest
            from tools import tiers, write
            from tools_of_keys import keys

            @pytest.fixture(scope="module")
            def of_module(demo_db_small):
                write(demo_db_small, "module")
                write(demo_db_small, "module too")

            @pytest.fixture(scope="class")
            def of_class(of_module, demo_db_small):
                write(demo_db_small, "class")

            def test_before(demo_db_small):
                assert keys(demo_db_small, 3) == [5, 6, 7]

            @pytest.mark.parametrize("number", range(2))
            def test_in_the_module(of_module, demo_db_small, number):
                assert keys(demo_db_small) == [7]

            class TestIt:
                @pytest.mark.parametrize("number", range(3))
                def test_in_the_class(self, of_class, demo_db_small, number):
                    assert keys(demo_db_small, 2) == [8, 9]

            def test_after(demo_db_small):
                demo_db_small.session.connection()
                assert keys(demo_db_small) == [7]
                demo_db_small.reset()
                assert keys(demo_db_small) == [5]
                assert tiers(demo_db_small) == ""

            def test_last(demo_db_small):
                assert keys(demo_db_small) == [7]
        """,
        test_b="""
            from tools_of_keys import keys

            def test_next_module(demo_db_small):
                assert keys(demo_db_small) == [5]
        """,
    )
    _run(pytester, f"--demodata-url={any_url}", passed=9)


WRITING: Final = {
    "commits": "db.session.add(tier('row')); db.session.commit()",
    "flushes": "db.session.add(tier('row')); db.session.flush()",
    "adds": "db.session.add(tier('row'))",
    "nests": "db.session.begin_nested(); db.session.add(tier('row'))",
    "executes": "db.connection.execute(insert('row'))",
    "commits on the connection": "db.connection.execute(insert('row')); db.connection.commit()",
    "leaves a session open": "s = db.sessionmaker(); s.add(tier('row')); s.flush(); LEFT.append(s)",
    "leaves a connection open": "c = db.engine.connect(); c.execute(insert('row')); LEFT.append(c)",
    "uses the driver": (
        "db.engine.raw_connection().driver_connection.cursor().execute(str(insert('row')))"
    ),
}


@pytest.mark.parametrize(
    ("any_url", "scope"),
    [
        *(("sqlite", scope) for scope in ("class", "module", "session")),
        ("postgresql", "module"),
        ("postgresql", "session"),
        ("mariadb", "module"),
    ],
    indirect=["any_url"],
)
def test_it_does_not_matter_how_a_fixture_writes(
    pytester: pytest.Pytester, any_url: str, scope: str
) -> None:
    """A fixture of a wider scope may commit, or flush, or only add."""
    pytester.makeconftest("LEFT = []")
    row, of_session = "row", scope == "session"
    for number, how in enumerate(WRITING.values()):
        name = f"row {number}" if of_session else "row"
        row = " ".join(f"row {each}" for each in range(number + 1)) if of_session else "row"
        pytester.makepyfile(
            **{
                f"test_{number}_a": f"""
                    import pytest
                    from conftest import LEFT
                    from tools import insert, tier, tiers, write

                    @pytest.fixture(scope={scope!r})
                    def row(demo_db_small):
                        db = demo_db_small
                        {how.replace("row", name)}
                        return db

                    class TestWith:
                        def test_one(self, row):
                            assert tiers(row) == {row!r}
                            write(row, "one")
                            row.session.rollback()

                        def test_other(self, row):
                            assert tiers(row) == {row!r}

                        def test_unnamed(self, demo_db_small):
                            assert tiers(demo_db_small) == {row!r}

                    def test_after(demo_db_small):
                        assert tiers(demo_db_small) == {"" if scope == "class" else row!r}
                """,
                f"test_{number}_b": f"""
                    from tools import tiers

                    def test_next_module(demo_db_small):
                        assert tiers(demo_db_small) == {row if of_session else ""!r}
                """,
            }
        )
    _run(pytester, f"--demodata-url={any_url}", passed=5 * len(WRITING))


def test_objects_of_a_wider_fixture_stay_loaded(pytester: pytest.Pytester) -> None:
    """A fixture hands out an object that it has only added, and each test reads it."""
    pytester.makepyfile("""
        import pytest
        from tools import tier

        @pytest.fixture(scope="module")
        def added(demo_db_small):
            added = tier("added")
            demo_db_small.session.add(added)
            return added

        @pytest.mark.parametrize("number", range(3))
        def test_reads(added, demo_db_small, number):
            assert (added.id, added.name) == (5, "added")
            assert demo_db_small.session.expire_on_commit
            demo_db_small.session.merge(added).name = f"changed {number}"
            demo_db_small.session.flush()
    """)
    _run(pytester, passed=3)


def test_fixtures_are_requested_in_any_order(pytester: pytest.Pytester) -> None:
    """A wider fixture that is asked for while a narrower one is set up keeps its rows."""
    pytester.makepyfile("""
        import pytest
        from tools import tiers, write

        @pytest.fixture(scope="session")
        def of_session(request):
            write(request.getfixturevalue("demo_db_small"), "session")

        @pytest.fixture(scope="module")
        def of_module(request, demo_db_small):
            request.getfixturevalue("of_session")
            write(demo_db_small, "module")

        @pytest.fixture(scope="class")
        def of_class(request, demo_db_small):
            assert tiers(demo_db_small) == ""
            request.getfixturevalue("of_module")
            write(demo_db_small, "class")

        @pytest.fixture
        def of_test(request, demo_db_small):
            assert tiers(demo_db_small) == ""
            request.getfixturevalue("of_class")
            write(demo_db_small, "test")

        class TestFirst:
            def test_all(self, of_test, demo_db_small):
                assert tiers(demo_db_small) == "session module class test"

            def test_again(self, demo_db_small):
                assert tiers(demo_db_small) == "session module class"

        def test_last(demo_db_small):
            assert tiers(demo_db_small) == "session module"
    """)
    _run(pytester, passed=3)


def test_a_test_asks_for_a_wider_fixture_before_it_writes(pytester: pytest.Pytester) -> None:
    """`getfixturevalue` in the body of a test that has only read keeps the fixture's rows."""
    pytester.makepyfile("""
        import pytest
        from tools import tiers, write

        @pytest.fixture(scope="module")
        def of_module(demo_db_small):
            write(demo_db_small, "module")

        def test_asks(request, demo_db_small):
            assert tiers(demo_db_small) == ""
            request.getfixturevalue("of_module")
            write(demo_db_small, "test")

        def test_after(demo_db_small):
            assert tiers(demo_db_small) == "module"
    """)
    _run(pytester, passed=2)


def test_a_test_asks_for_a_wider_fixture_after_it_has_written(pytester: pytest.Pytester) -> None:
    """It is told that the fixture's rows go with the test."""
    pytester.makepyfile(
        test_it=f"""
        import pytest
        from pytest_demodata import IsolationWarning
        from tools import tiers, write

        @pytest.fixture(scope="module")
        def of_module(demo_db_small):
            write(demo_db_small, "module")

        class TestIt:
            def test_asks(self, request, demo_db_small):
                write(demo_db_small, "test")
                with pytest.warns(IsolationWarning) as caught:
                    request.getfixturevalue("of_module")
                messages = [str(each.message) for each in caught]
                assert messages == [
                    {WIDER!r}.format(test="test_it.py::TestIt::test_asks"),
                    {WIDER!r}.format(test="test_it.py::TestIt"),
                ]
                assert tiers(demo_db_small) == "test module"

        def test_after(demo_db_small):
            assert tiers(demo_db_small) == ""
    """
    )
    _run(pytester, passed=2)


@pytest.mark.parametrize("any_url", ["sqlite", "postgresql"], indirect=True)
def test_that_warning_as_an_error_leaves_nothing(pytester: pytest.Pytester, any_url: str) -> None:
    """Where warnings are errors, the late fixture fails, and the next test has the dataset."""
    pytester.makepyfile("""
        import pytest
        from tools import tiers, write

        @pytest.fixture(scope="module")
        def of_module(demo_db_small):
            write(demo_db_small, "module")

        def test_asks(request, demo_db_small):
            write(demo_db_small, "test")
            request.getfixturevalue("of_module")

        def test_after(demo_db_small):
            assert tiers(demo_db_small) == ""
            write(demo_db_small, "test")

        def test_later(demo_db_small):
            assert tiers(demo_db_small) == ""
    """)
    result = _run(pytester, f"--demodata-url={any_url}", failed=1, passed=2)
    result.stdout.fnmatch_lines(["*IsolationWarning: A fixture of a wider scope was set up after*"])


@pytest.mark.parametrize("any_url", ["sqlite", "mariadb"], indirect=True)
def test_teardowns_read_and_write(pytester: pytest.Pytester, any_url: str) -> None:
    """Each teardown finds what its fixture has written, and the rows of narrower ones gone."""
    pytester.makeconftest("""
        import pytest
        from tools import tiers, write

        @pytest.fixture(scope="session")
        def of_session(demo_db_small):
            write(demo_db_small, "session")
            yield
            assert tiers(demo_db_small) == "session"
            write(demo_db_small, "teardown")
            demo_db_small.session.connection()

        @pytest.fixture(scope="module")
        def of_module(demo_db_small, of_session):
            write(demo_db_small, "module")
            yield
            assert tiers(demo_db_small) == "session module"
            write(demo_db_small, "teardown")

        @pytest.fixture
        def of_test(demo_db_small, of_module):
            write(demo_db_small, "test")
            yield
            assert tiers(demo_db_small).startswith("session module test body")
            write(demo_db_small, "teardown")
    """)
    test = """
        from tools import tiers, write

        def test_one(of_test, demo_db_small):
            assert tiers(demo_db_small) == "session module test"
            write(demo_db_small, "body")

        test_other = test_one
    """
    pytester.makepyfile(test_a=test, test_b=test)
    _run(pytester, f"--demodata-url={any_url}", passed=4)


def test_parametrised_fixtures_of_a_module(pytester: pytest.Pytester) -> None:
    """A parameter's rows go when its teardown deletes them, or else when the module ends."""
    pytester.makepyfile(
        test_a="""
            import pytest
            from sqlalchemy import text
            from tools import tiers, write

            @pytest.fixture(scope="module", params=["a", "b"])
            def deleting(request, demo_db_small):
                write(demo_db_small, request.param)
                yield request.param
                demo_db_small.session.execute(
                    text("DELETE FROM customer_types WHERE name = :name"), {"name": request.param}
                )
                demo_db_small.session.commit()

            @pytest.mark.parametrize("number", range(2))
            def test_deletes(deleting, demo_db_small, number):
                assert tiers(demo_db_small) == deleting
                write(demo_db_small, "test")
        """,
        test_b="""
            import pytest
            from tools import tiers, write

            so_far = []

            @pytest.fixture(scope="module", params=["a", "b"])
            def keeping(request, demo_db_small):
                write(demo_db_small, request.param)
                so_far.append(request.param)

            @pytest.mark.parametrize("number", range(2))
            def test_keeps(keeping, demo_db_small, number):
                assert tiers(demo_db_small) == " ".join(so_far)
                write(demo_db_small, "test")
        """,
        test_c="""
            from tools import tiers

            def test_next(demo_db_small):
                assert tiers(demo_db_small) == ""
        """,
    )
    _run(pytester, passed=9)


def test_setup_functions_of_the_xunit_style(pytester: pytest.Pytester) -> None:
    """What setup_module, setup_class and setup_method write lasts as long as they do."""
    pytester.makeconftest("""
        import pytest
        import tools

        @pytest.fixture(scope="session", autouse=True)
        def database(demo_db_small):
            tools.db = demo_db_small
    """)
    test = """
        import tools
        from tools import tiers, write

        def setup_module():
            write(tools.db, "module")

        def teardown_module():
            assert tiers(tools.db) == "module"

        def setup_function():
            write(tools.db, "function")

        class TestIt:
            @classmethod
            def setup_class(cls):
                write(tools.db, "class")

            def setup_method(self):
                write(tools.db, "method")

            def test_one(self):
                assert tiers(tools.db) == "module class method"
                write(tools.db, "test")

            test_other = test_one

        def test_without_any_fixture():
            assert tiers(tools.db) == "module function"
            write(tools.db, "test")

        test_again = test_without_any_fixture
    """
    pytester.makepyfile(test_a=test, test_b=test)
    _run(pytester, passed=8)


def test_test_cases_of_unittest(pytester: pytest.Pytester) -> None:
    """What setUpClass and setUp write lasts as long as they do."""
    pytester.makepyfile("""
        import unittest

        import pytest
        from tools import tiers, write

        @pytest.fixture(scope="class")
        def database(request, demo_db_small):
            request.cls.db = demo_db_small
            write(demo_db_small, "fixture")

        @pytest.fixture(scope="module", autouse=True)
        def everywhere(demo_db_small):
            Case.everywhere = demo_db_small

        class Case(unittest.TestCase):
            everywhere = None

        class TestOne(Case):
            @classmethod
            def setUpClass(cls):
                write(Case.everywhere, "class")
                cls.addClassCleanup(write, Case.everywhere, "cleanup")

        @pytest.mark.usefixtures("database")
        class TestOther(TestOne):
            def setUp(self):
                write(self.db, "setup")

            def tearDown(self):
                write(self.db, "teardown")

            def test_one(self):
                self.assertEqual(set(tiers(self.db).split()), {"class", "fixture", "setup"})
                write(self.db, "test")

            test_other = test_one

        def test_after(demo_db_small):
            assert tiers(demo_db_small) == ""
    """)
    _run(pytester, passed=3)


def test_a_database_is_born_in_the_body_of_a_test(pytester: pytest.Pytester) -> None:
    """A database first asked for in a test, or in a module's fixture, follows its scopes."""
    pytester.makepyfile(
        test_a="""
            from tools import tiers, write

            def test_before():
                pass

            def test_born(request):
                db = request.getfixturevalue("demo_db_small")
                write(db, "test")
                assert tiers(db) == "test"

            def test_after(request):
                assert tiers(request.getfixturevalue("demo_db_small")) == ""
        """,
        test_b="""
            import pytest
            from tools import tiers, write

            @pytest.fixture(scope="module")
            def born(request):
                db = request.getfixturevalue("demo_db_medium")
                write(db, "module")
                return db

            @pytest.mark.parametrize("number", range(2))
            def test_born(born, number):
                assert tiers(born) == "module"
                write(born, "test")
        """,
        test_c="""
            from tools import tiers

            def test_both(request):
                for volume in ("small", "medium"):
                    assert tiers(request.getfixturevalue(f"demo_db_{volume}")) == ""
        """,
    )
    _run(pytester, passed=6)


def test_several_volumes_in_one_test(pytester: pytest.Pytester) -> None:
    """Each volume has a transaction, a session and rows of its own."""
    pytester.makepyfile("""
        import pytest
        from tools import tiers, write

        @pytest.fixture(scope="module")
        def rows(demo_db_small, demo_db_medium):
            write(demo_db_small, "small")
            demo_db_medium.session.connection()

        @pytest.mark.parametrize("number", range(2))
        def test_three(rows, demo_db_small, demo_db_medium, demo_db, request, number):
            large = request.getfixturevalue("demo_db_large")
            assert demo_db is not demo_db_medium or demo_db.volume == "medium"
            assert demo_db_small.counts["invoices"] == 75
            assert demo_db_medium.counts["invoices"] == 300
            assert large.counts["invoices"] == 5_000
            write(demo_db_medium, "medium")
            write(large, "large")
            demo_db_medium.reset()
            assert [tiers(db) for db in (demo_db_small, demo_db_medium, large)] == [
                "small", "", "large"
            ]
            sessions = {demo_db_small.session, demo_db_medium.session, large.session}
            assert len(sessions) == 3
    """)
    _run(pytester, passed=2)


def test_tests_without_a_database_come_in_between(pytester: pytest.Pytester) -> None:
    """A test without fixtures that has got hold of a database leaves nothing either."""
    pytester.makepyfile(
        test_a="""
            import pytest
            import tools
            from tools import tiers, write

            @pytest.fixture(scope="module")
            def row(demo_db_small):
                write(demo_db_small, "module")
                tools.db = demo_db_small

            def test_first(row):
                write(tools.db, "test")

            def test_plain():
                assert tiers(tools.db) == "module"
                write(tools.db, "plain")

            def test_tmp_path(tmp_path):
                assert tiers(tools.db) == "module"
                write(tools.db, "plain")

            def test_last(row):
                assert tiers(tools.db) == "module"
        """,
        test_b="""
            import tools
            from tools import tiers, write

            def test_other_module():
                assert tiers(tools.db) == ""
                write(tools.db, "plain")

            def test_last():
                assert tiers(tools.db) == ""
        """,
    )
    script = """
        >>> import tools
        >>> tools.tiers(tools.db)
        ''
        >>> tools.write(tools.db, "doctest")
    """
    pytester.maketxtfile(first=script, second=script)
    _run(pytester, "test_a.py", "first.txt", "second.txt", "test_b.py", passed=8)


def test_a_fixture_of_a_wider_scope_fails(pytester: pytest.Pytester) -> None:
    """What a fixture wrote before it failed goes with its scope."""
    pytester.makepyfile(
        test_a="""
            import pytest
            from tools import tiers, write

            @pytest.fixture(scope="module")
            def failing(demo_db_small):
                write(demo_db_small, "failed")
                demo_db_small.session.add(None)

            def test_one(failing):
                pass

            def test_other(failing):
                pass

            def test_after(demo_db_small):
                assert tiers(demo_db_small) == "failed"
        """,
        test_b="""
            from tools import tiers

            def test_next(demo_db_small):
                assert tiers(demo_db_small) == ""
        """,
    )
    _run(pytester, errors=2, passed=2)


def test_the_session_is_one_in_a_test_and_another_in_the_next(pytester: pytest.Pytester) -> None:
    """`session` and `connection` are the same ones within a test, and new in the next."""
    pytester.makepyfile("""
        import pytest

        seen = []

        @pytest.fixture
        def early(demo_db_small):
            return demo_db_small.session, demo_db_small.connection

        @pytest.mark.parametrize("number", range(3))
        def test_identity(early, demo_db_small, number):
            assert early == (demo_db_small.session, demo_db_small.connection)
            demo_db_small.session.info["test"] = number
            assert not {id(each) for each in early} & {id(each) for each in seen}
            assert all(each.info.get("test") != number for each in seen[::2])
            seen.extend(early)
    """)
    _run(pytester, passed=3)


@pytest.mark.skipif(find_spec("pytest_rerunfailures") is None, reason="no pytest-rerunfailures")
def test_tests_are_run_again(pytester: pytest.Pytester) -> None:
    """A test that is run again finds the dataset, and the rows of wider fixtures."""
    pytester.makepyfile(
        test_a="""
            import pytest
            from tools import tiers, write

            runs = []

            @pytest.fixture(scope="module")
            def row(demo_db_small):
                write(demo_db_small, "module")

            @pytest.fixture(scope="class")
            def failing_once(demo_db_small):
                runs.append("fixture")
                assert runs.count("fixture") > 1
                write(demo_db_small, "class")

            class TestIt:
                def test_one(self, row, demo_db_small):
                    assert tiers(demo_db_small) == "module"
                    write(demo_db_small, "test")
                    runs.append("test")
                    assert runs.count("test") > 2

                def test_other(self, failing_once, demo_db_small):
                    assert tiers(demo_db_small) == "module class"

            def test_escapes(demo_db_small):
                runs.append("escape")
                assert tiers(demo_db_small) == ("module" if runs.count("escape") == 1 else "")
                write(demo_db_small, "test")
                if runs.count("escape") == 1:
                    demo_db_small.engine.raw_connection().driver_connection.commit()
        """,
        test_b="""
            from tools import tiers

            def test_next(demo_db_small):
                assert tiers(demo_db_small) == ""
        """,
    )
    result = pytester.runpytest(*STRICT, *ALONE, "--reruns=2")
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["rerun"]) == (4, 4)
    assert outcomes.keys() == {"passed", "rerun"}


@pytest.mark.parametrize("option", ["--setup-plan", "--setup-only", "--setup-show"])
def test_options_about_setups(pytester: pytest.Pytester, option: str) -> None:
    """Options that show the setups do not stumble over the plugin."""
    pytester.makepyfile("""
        import pytest
        from tools import write

        @pytest.fixture(scope="module")
        def row(demo_db_small):
            write(demo_db_small, "module")

        def test_it(row, demo_db_small):
            write(demo_db_small, "test")
    """)
    result = pytester.runpytest(*STRICT, *ALONE, option)
    assert result.ret == pytest.ExitCode.OK
    made = any("demodata: made small" in line for line in result.outlines)
    assert made == (option != "--setup-plan")


def test_a_run_that_stops_early_closes_all_scopes(pytester: pytest.Pytester) -> None:
    """With `-x`, wider teardowns still find their rows, and nothing warns."""
    pytester.makepyfile("""
        import pytest
        from tools import tiers, write

        @pytest.fixture(scope="module")
        def row(demo_db_small):
            write(demo_db_small, "module")
            yield
            print("TEARDOWN", tiers(demo_db_small))

        def test_fails(row, demo_db_small):
            demo_db_small.session.connection()
            write(demo_db_small, "test")
            raise RuntimeError

        def test_never():
            pass
    """)
    _run(pytester, "-x", "-s", failed=1).stdout.fnmatch_lines(["*TEARDOWN module"])


def test_scopes_know_what_is_written_for_whom() -> None:
    """The scopes that are open, less those narrower than the fixture at work."""
    scopes, module, test = Scopes(), object(), object()
    assert scopes.innermost() is None
    assert scopes.current() == ()
    outer, inner = Scope("module", module), Scope("test", test)
    scopes.open(outer)
    scopes.open(inner)
    assert scopes.current() == (outer, inner)
    assert scopes.innermost() is test
    assert scopes.holds(module)
    scopes.enter(lambda: [module])
    assert scopes.current() == (outer,)
    scopes.enter(None)
    assert scopes.current() is None
    scopes.leave()
    scopes.leave()
    before = scopes.version
    assert scopes.close() is inner
    assert scopes.version > before
    assert not scopes.holds(test)


@pytest.mark.usefixtures("tools")
def test_a_thread_that_outlives_its_test_writes_nothing(pytester: pytest.Pytester) -> None:
    """Between two tests nobody is inside, so that nothing written there could ever be undone."""
    pytester.makeconftest("""
        import tools

        def pytest_runtest_logfinish(nodeid):
            if nodeid.endswith("test_one"):
                try:
                    tools.write(tools.db, "late")
                except Exception as error:
                    tools.late = str(error)
    """)
    pytester.makepyfile("""
        import tools

        def test_one(demo_db_small):
            tools.db = demo_db_small
            tools.write(demo_db_small, "mine")

        def test_two(demo_db_small):
            assert tools.tiers(demo_db_small) == ""
            assert tools.late == (
                "The demo database was used between two tests, where nothing could undo it.\\n"
                "Use it in tests and fixtures, and join the threads that a test has started."
            )
    """)
    _run(pytester, passed=2)


@pytest.mark.usefixtures("tools")
def test_a_run_that_is_stopped_ends_its_fixtures(pytester: pytest.Pytester) -> None:
    """A session-scoped fixture still finds the database when the run is interrupted."""
    pytester.makeconftest("""
        import pytest, tools

        @pytest.fixture(scope="session")
        def kept(demo_db_small):
            yield
            tools.write(demo_db_small, "last")
            print("TIERS", tools.tiers(demo_db_small))
    """)
    pytester.makepyfile("""
        def test_one(kept): pass

        def test_two(kept): raise KeyboardInterrupt
    """)
    result = pytester.runpytest_subprocess("-s", *STRICT, *ALONE)
    result.stdout.fnmatch_lines(["*TIERS last"])


def test_a_reader_that_outlives_its_test_goes_on(pytester: pytest.Pytester, any_url: str) -> None:
    """A thread of a session's fixture polls through all tests, and neither fails nor disturbs."""
    pytester.makeconftest("""
        import pytest, threading
        from sqlalchemy import text

        @pytest.fixture(scope="session", autouse=True)
        def poller(demo_db_small):
            stop, errors = threading.Event(), []

            def poll():
                while not stop.is_set():
                    try:
                        with demo_db_small.engine.connect() as connection:
                            for row in connection.execute(text("SELECT * FROM invoices")):
                                pass
                            connection.execute(text("UPDATE customers SET notes = 'polled'"))
                            connection.commit()
                    except Exception as error:
                        errors.append(error)

            thread = threading.Thread(target=poll)
            thread.start()
            yield
            stop.set()
            thread.join()
            assert not errors
    """)
    pytester.makepyfile("""
        import pytest
        from sqlalchemy import text

        @pytest.mark.parametrize("number", range(60))
        def test_it(number, demo_db_small):
            query = text("SELECT count(*) FROM invoice_line_items")
            assert demo_db_small.session.scalar(query) == 225
            demo_db_small.session.execute(text("DELETE FROM invoice_line_items"))
            demo_db_small.session.commit()
    """)
    ignoring = "-Wdefault::pytest_demodata.IsolationWarning"
    _run(pytester, ignoring, f"--demodata-url={any_url}", passed=60)


def test_a_session_that_cannot_end_keeps_no_other_from_it(pytester: pytest.Pytester) -> None:
    """Where an application's listener fails at the end of a test, all volumes are as before."""
    pytester.makepyfile("""
        from sqlalchemy import event
        from sqlalchemy.orm import Session
        from tools import tiers, write

        def fail(session, transaction):
            raise RuntimeError("the application's")

        def test_one(demo_db_small, demo_db_medium):
            for db in (demo_db_small, demo_db_medium):
                write(db, "mine")
                db.session.connection()
                event.listen(db.session, "after_transaction_end", fail)

        def test_two(demo_db_small, demo_db_medium):
            assert tiers(demo_db_small) == tiers(demo_db_medium) == ""
            assert demo_db_small.session.connection() is demo_db_small.session.connection()
    """)
    _run(pytester, passed=2, errors=1)


def test_a_teardown_that_writes_belongs_to_its_test(pytester: pytest.Pytester) -> None:
    """Also where the first use of the run is a getfixturevalue inside the fixture or the test."""
    pytester.makepyfile("""
        import pytest
        from tools import tiers, write

        held = {}

        @pytest.fixture
        def cleaning(request):
            yield
            write(held["db"], "late")

        def test_one(cleaning, request):
            held["db"] = request.getfixturevalue("demo_db_small")

        def test_two(request):
            assert tiers(request.getfixturevalue("demo_db_small")) == ""
    """)
    _run(pytester, passed=2)


def test_a_fixture_whose_rows_cannot_be_kept_is_set_up_again(pytester: pytest.Pytester) -> None:
    """No test gets the value of a fixture whose rows are not there."""
    pytester.makepyfile("""
        import pytest
        from tools import tier

        @pytest.fixture(scope="module")
        def twice(demo_db_small):
            demo_db_small.session.add(tier("Bronze"))

        def test_one(twice): pass
        def test_two(twice): pass
    """)
    _run(pytester, errors=2)


def test_a_wider_fixture_takes_nothing_from_the_session(pytester: pytest.Pytester) -> None:
    """What a test has loaded stays in its session where a fixture is set up meanwhile."""
    pytester.makepyfile("""
        import pytest
        from pytest_demodata.invoicing import Customer
        from tools import tier

        @pytest.fixture(scope="module")
        def extra(demo_db_small):
            added = tier("extra")
            demo_db_small.session.add(added)
            return added

        def test_one(request, demo_db_small):
            session = demo_db_small.session
            customer = session.get(Customer, 1)
            added = request.getfixturevalue("extra")
            assert customer in session and added not in session
            customer.name = "mine"
            session.commit()
            assert session.get(Customer, 1).name == "mine"
            assert added.name == "extra"
    """)
    _run(pytester, passed=1)
