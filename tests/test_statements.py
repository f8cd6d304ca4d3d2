"""What a statement of SQL does to a transaction, as its first words tell, in each dialect."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from pytest_demodata.databases import Database
from pytest_demodata.databases.mysql import MySQL
from pytest_demodata.databases.postgresql import PostgreSQL
from pytest_demodata.databases.sqlite import Sqlite
from pytest_demodata.statements import COMMIT_ON_IT, Effect, Grammar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import URL

GRAMMARS: Final[dict[str, Grammar]] = {
    "any": Database.grammar,
    "sqlite": Sqlite.grammar,
    "postgresql": PostgreSQL.grammar,
    "mariadb": MySQL.grammar,
}

_ON_ALL: Final = tuple(GRAMMARS)


def _cases(
    shared: list[Any], postgresql: list[Any], mariadb: list[Any], sqlite: Sequence[Any] = ()
) -> pytest.MarkDecorator:
    """Give a test each case with the grammars that it is meant for."""
    by_kind = {"sqlite": sqlite, "postgresql": postgresql, "mariadb": mariadb}
    found = [
        *((kind, case) for kind in _ON_ALL for case in shared),
        *((kind, case) for kind, cases in by_kind.items() for case in cases),
    ]
    return pytest.mark.parametrize(("kind", "case"), found)


@_cases(
    [
        "SELECT 1",
        "select * from t where name = 'COMMIT'",
        "(SELECT 1)",
        "((SELECT 1))",
        "VALUES (1)",
        "EXPLAIN SELECT 1",
        "SHOW TABLES",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "with recursive a(n) as (values (1)) select n from a",
        "WITH a AS (SELECT 'insert') SELECT * FROM a",
        "/* a */ WITH t AS (SELECT 1) SELECT /* b */ rollback FROM t",
        "\ufeffSELECT 1",
        "-- sent by an application\nSELECT 1",
        "/* sent by */ -- an application\n ;; SELECT 1",
        "SELECT ';COMMIT'",
        "SELECT id FROM t FOR UPDATE",
        "SELECT/**/1",
    ],
    sqlite=[
        "EXPLAIN QUERY PLAN DELETE FROM t",
        "PRAGMA foreign_keys = ON",
        "PRAGMA user_version",
        "pragma main.table_info(t)",
    ],
    postgresql=[
        "TABLE t",
        "EXPLAIN DELETE FROM t",
        "EXPLAIN (VERBOSE, COSTS off) DELETE FROM t",
        "SELECT 1; SELECT 2",
        "SELECT 1;;",
        "SELECT 1; -- that is all",
        "SELECT $$;COMMIT$$",
        "SELECT $a$;COMMIT$b$;$a$",
        "SELECT $a$;COMMIT;$a$;",
        r"SELECT E'\';COMMIT'",
        r"SELECT e'a\\', ';COMMIT'",
        "SELECT 'a''; COMMIT; '",
        "SELECT 'a' 'b;', \";ROLLBACK\"",
        "SELECT 1 /* ; */ -- ;\n",
        r"SELECT U&'\0061;'",
        "SELECT /* /* ; */ COMMIT */ 1",
        "/* /* a */ b */ SELECT 1",
        "SELECT 1 /* /* */ ; COMMIT; */",
        "SELECT $ä$;COMMIT;$ä$",
        "SELECT a AS a$b, b AS b$b FROM t",
    ],
    mariadb=[
        "DESCRIBE t",
        "desc t",
        "HELP 'contents'",
        "ANALYZE SELECT 1",
        "ANALYZE FORMAT=JSON SELECT 1",
        "# a comment\nSELECT 1",
        "/*!40000 SELECT 1 */",
        "SELECT /*! STRAIGHT_JOIN */ 1",
        "SELECT '/*! COMMIT */'",
        "SHOW CREATE TABLE t",
    ],
)
def test_what_reads(kind: str, case: str) -> None:
    """A query takes no savepoint."""
    assert GRAMMARS[kind].look_at(case).effect is Effect.READ


@_cases(
    [
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t SELECT 1",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "REPLACE INTO t VALUES (1)",
        "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
        "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
        "(WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a)",
        "VACUUM",
        "CALL something()",
        "START SLAVE",
        "PREPARE a AS SELECT 1",
        "LOCK a",
        "COMMITS",
        "SAVEPOINT",
        "RELEASE",
        "-- only a comment",
        "",
        ";",
    ],
    sqlite=[
        "/* a comment without an end; COMMIT",
        "CREATE TABLE savepoint_log (a)",
        "PRAGMA user_version = 3",
        "PRAGMA main.user_version(3)",
        "PRAGMA\napplication_id=3",
    ],
    postgresql=[
        "CREATE TABLE savepoint_log (a int)",
        "EXPLAIN ANALYZE DELETE FROM t",
        "explain analyse delete from t",
        "EXPLAIN (COSTS off, ANALYZE) DELETE FROM t",
        "EXPLAIN/**/(/*;*/ANALYZE)/**/DELETE FROM t",
        "EXPLAIN --;\n ANALYZE DELETE FROM t",
        "EXPLAIN (FORMAT /* ; */ JSON, ANALYZE) DELETE FROM t",
        "SELECT * INTO a FROM t",
        "SELECT 1 AS a INTO TEMPORARY b",
        "WITH a AS (SELECT 1) SELECT * INTO b FROM a",
        "SELECT nextval('a')",
        "SELECT pg_catalog.\"nextval\"('a')",
        "SELECT setval('a', 1)",
        "VALUES (nextval('a'))",
        "WITH a AS (SELECT nextval('b')) SELECT * FROM a",
        "SELECT set_config('a', 'b', false)",
        "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
        "COPY t FROM STDIN",
        "SET LOCAL work_mem = '1MB'",
        "RESET ALL",
        "DO $$ BEGIN COMMIT; END $$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ DELETE FROM t; SELECT 1; $$",
        "CREATE PROCEDURE f() LANGUAGE plpgsql AS 'BEGIN COMMIT; END;'",
        "CREATE PROCEDURE f() BEGIN ATOMIC DELETE FROM t; DELETE FROM u; END",
        "SELECT 1; DELETE FROM t",
        "DELETE FROM t; -- ;",
        "TRUNCATE t",
        "ANALYZE t",
        "LOCK TABLE t IN EXCLUSIVE MODE",
        "DECLARE a CURSOR FOR SELECT 1",
        "NOTIFY a",
    ],
    mariadb=[
        "/* a comment without an end; COMMIT",
        "SET @a = 1",
        "SET foreign_key_checks = 0",
        "CREATE TEMPORARY TABLE t (id INT)",
        "create  or replace\ntemporary table t (id INT)",
        "DROP TEMPORARY TABLE t",
        "DROP PREPARE a",
        "ANALYZE DELETE FROM t",
        "ANALYZE FORMAT=JSON UPDATE t SET a = 1",
        "/*!40000 DELETE FROM t */",
        "SET STATEMENT max_statement_time = 1 FOR DELETE FROM t",
        "LOAD DATA LOCAL INFILE 'a' INTO TABLE t",
        "DO SLEEP(0)",
        "SET sql_mode = 'autocommit'",
    ],
)
def test_what_may_write(kind: str, case: str) -> None:
    """Whatever is not known to read is held to write."""
    assert GRAMMARS[kind].look_at(case).effect is Effect.WRITE


@_cases(
    [
        ("BEGIN", Effect.BEGIN),
        ("START TRANSACTION READ WRITE", Effect.BEGIN),
        ("START /* a */ TRANSACTION", Effect.BEGIN),
        ("COMMIT", Effect.END),
        ("commit;", Effect.END),
        ("COMMIT AND CHAIN", Effect.END),
        ("COMMIT--a", Effect.END),
        ("COMMIT/**/", Effect.END),
        ("END", Effect.END),
        ("End Transaction", Effect.END),
        ("ROLLBACK", Effect.END),
        ("ROLLBACK TO", Effect.END),
        ("ROLLBACK TRANSACTION", Effect.END),
        ("ABORT", Effect.END),
        ("PREPARE TRANSACTION 'a'", Effect.END),
        (" \n\t; -- a\n /* b */ COMMIT", Effect.END),
        ("\ufeffCOMMIT", Effect.END),
    ],
    sqlite=[("begin immediate transaction", Effect.BEGIN)],
    postgresql=[
        ("begin isolation level serializable", Effect.BEGIN),
        ("COMMIT PREPARED 'a'", Effect.END),
        ("ROLLBACK AND CHAIN", Effect.END),
        ("SELECT 1; COMMIT", Effect.END),
        (";;COMMIT;;", Effect.END),
        ("BEGIN; SELECT 1; COMMIT", Effect.END),
        ("SAVEPOINT a; SELECT 1", Effect.END),
        ("SELECT 1; SET TRANSACTION READ ONLY", Effect.END),
        ("SELECT 1 -- ;\n; COMMIT", Effect.END),
        (r"SELECT 'a\'; COMMIT", Effect.END),
        (r"SELECT E'a\''; COMMIT --'", Effect.END),
        (r"SELECT E'\\'; COMMIT --'", Effect.END),
        ("SELECT '$a$'; COMMIT; SELECT '$a$'", Effect.END),
        ("SELECT $$'$$; COMMIT; SELECT $$'$$", Effect.END),
        ("SELECT $1; COMMIT; SELECT $1", Effect.END),
        ("SELECT a$b$c; COMMIT; SELECT a$b$c", Effect.END),
        ("SELECT 1 /* /* */ '; */; COMMIT; --'", Effect.END),
        ("/* /* */ */ COMMIT", Effect.END),
        ("SELECT 1 /* -- */; COMMIT", Effect.END),
        ('SELECT 1 AS "--"; COMMIT', Effect.END),
        ('SELECT 1 AS "a\'"; COMMIT; SELECT 1 AS "\'"', Effect.END),
        ("SET TRANSACTION READ ONLY", Effect.NOTHING),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", Effect.NOTHING),
        ("set local transaction_read_only = on", Effect.NOTHING),
        ("SET default_transaction_isolation = 'serializable'", Effect.NOTHING),
    ],
    mariadb=[
        ("BEGIN WORK", Effect.BEGIN),
        ("START TRANSACTION WITH CONSISTENT SNAPSHOT", Effect.BEGIN),
        ("/*!40000 COMMIT */", Effect.END),
        ("/*!COMMIT*/", Effect.END),
        ("/*! /**/ COMMIT */", Effect.END),
        ("SET @a = 1, autocommit = 1", Effect.END),
        ("/*M!100100 COMMIT */", Effect.END),
        ("/*! CREATE TABLE t (id INT) */", Effect.END),
        ("CREATE /*!32312 IF NOT EXISTS */ TABLE t (id INT)", Effect.END),
        ("# a\nCOMMIT", Effect.END),
        ("LOCK TABLES t READ", Effect.END),
        ("UNLOCK TABLES", Effect.END),
        ("CREATE TABLE savepoint_log (a INT)", Effect.END),
        ("CREATE TABLE temporary (a INT)", Effect.END),
        ("DROP TABLE t", Effect.END),
        ("ALTER TABLE t ADD b INT", Effect.END),
        ("TRUNCATE t", Effect.END),
        ("RENAME TABLE t TO u", Effect.END),
        ("ANALYZE NO_WRITE_TO_BINLOG TABLE t", Effect.END),
        ("OPTIMIZE TABLE t", Effect.END),
        ("GRANT SELECT ON t TO a", Effect.END),
        ("FLUSH TABLES", Effect.END),
        ("SET autocommit = 1", Effect.END),
        ("SET SESSION autocommit=0", Effect.END),
        ("SET @@autocommit := 1", Effect.END),
        ("SET @@session.autocommit = ON", Effect.END),
        ("SET PASSWORD = 'a'", Effect.END),
        ("BEGIN NOT ATOMIC COMMIT; END", Effect.END),
        ("XA START 'a'", Effect.END),
        ("XA COMMIT 'a'", Effect.END),
        ("USE a", Effect.END),
        ("use `a`", Effect.END),
        ("CACHE INDEX t IN a", Effect.END),
        ("LOAD INDEX INTO CACHE t", Effect.END),
        ("BACKUP STAGE START", Effect.END),
        ("RESET MASTER", Effect.END),
        ("SET NAMES utf8mb4", Effect.NOTHING),
        ("SET TRANSACTION READ ONLY", Effect.NOTHING),
        ("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", Effect.NOTHING),
        ("SET @@session.tx_isolation = 'SERIALIZABLE'", Effect.NOTHING),
        ("SET transaction_read_only = 1", Effect.NOTHING),
    ],
)
def test_what_begins_and_ends_a_transaction(kind: str, case: tuple[str, Effect]) -> None:
    """In whatever case, after whatever comments."""
    text, effect = case
    statement = GRAMMARS[kind].look_at(text)
    assert statement.effect is effect
    assert statement.savepoint == ""


@_cases(
    [
        ("SAVEPOINT a", Effect.SAVEPOINT, "a"),
        ("savepoint Sa_Savepoint_1", Effect.SAVEPOINT, "sa_savepoint_1"),
        ("SAVEPOINT a/* b */", Effect.SAVEPOINT, "a"),
        ("RELEASE SAVEPOINT a;", Effect.RELEASE, "a"),
        ("ROLLBACK TO a", Effect.ROLLBACK_TO, "a"),
        ("ROLLBACK TO SAVEPOINT a", Effect.ROLLBACK_TO, "a"),
        ("rollback work to savepoint A", Effect.ROLLBACK_TO, "a"),
        ("ROLLBACK/**/TO/**/a", Effect.ROLLBACK_TO, "a"),
        ('SAVEPOINT "A name"', Effect.SAVEPOINT, "a name"),
    ],
    sqlite=[
        ("SAVEPOINT'a'", Effect.SAVEPOINT, "a"),
        ("SAVEPOINT [a b]", Effect.SAVEPOINT, "a b"),
        ("RELEASE a", Effect.RELEASE, "a"),
    ],
    postgresql=[
        ("RELEASE a", Effect.RELEASE, "a"),
        ("ROLLBACK TRANSACTION TO a", Effect.ROLLBACK_TO, "a"),
        ("SAVEPOINT a;", Effect.SAVEPOINT, "a"),
    ],
    mariadb=[
        ("SAVEPOINT `a b`", Effect.SAVEPOINT, "a b"),
        ("/*! SAVEPOINT a */", Effect.SAVEPOINT, "a"),
        ("ROLLBACK /*! WORK */ TO a", Effect.ROLLBACK_TO, "a"),
    ],
)
def test_what_names_a_savepoint(kind: str, case: tuple[str, Effect, str]) -> None:
    """The name comes without its quotes, and in small letters, as databases compare it."""
    text, effect, name = case
    statement = GRAMMARS[kind].look_at(text)
    assert (statement.effect, statement.savepoint) == (effect, name)


TEMPORARY_ON_IT: Final = (
    "On MariaDB and MySQL it commits whatever is open, or leaves the database of the test. Use "
    "CREATE or DROP TEMPORARY TABLE, or commit() and rollback() of the session or connection."
)


@pytest.mark.parametrize(
    ("kind", "text", "instead"),
    [
        ("sqlite", "COMMIT", COMMIT_ON_IT),
        ("postgresql", "COMMIT", COMMIT_ON_IT),
        ("postgresql", "SELECT 1; COMMIT", "Run the statements one by one, and call commit() or "),
        ("mariadb", "COMMIT", COMMIT_ON_IT),
        ("mariadb", "DROP TABLE t", TEMPORARY_ON_IT),
    ],
)
def test_what_to_do_instead(kind: str, text: str, instead: str) -> None:
    """A statement that is refused comes with the way out."""
    assert GRAMMARS[kind].look_at(text).instead.startswith(instead)


look_at: Final = Sqlite.grammar.look_at


def test_how_a_statement_is_shown() -> None:
    """On one line, and not more than 80 characters of it."""
    assert str(look_at("COMMIT")) == "'COMMIT'"
    assert str(look_at("DELETE\n  FROM   t")) == "'DELETE FROM t'"
    long = "DELETE FROM t WHERE " + "a " * 40
    assert str(look_at(long[:80])) == repr(long[:80].strip())
    assert str(look_at(long)) == repr(f"{long.strip()[:78]} …")


_COMMENTS = st.sampled_from(
    [" ", "\n", "\t", ";", "/**/", "/* COMMIT */", "-- a\n", "/*\n*/", "\r\n"]
)


@pytest.mark.parametrize("kind", GRAMMARS)
@settings(deadline=None)
@given(gaps=st.lists(_COMMENTS, max_size=40), word=st.sampled_from(["COMMIT", "end", "Rollback"]))
@example(gaps=["/**/"] * 500, word="COMMIT")
def test_comments_hide_nothing(kind: str, gaps: list[str], word: str) -> None:
    """Whatever stands before a COMMIT, it is seen, and in no time."""
    assert GRAMMARS[kind].look_at("".join(gaps) + word).effect is Effect.END


@pytest.mark.parametrize("kind", GRAMMARS)
def test_many_comments_take_no_time(kind: str) -> None:
    """Comments before a query that is none of the words looked for are read once."""
    look = GRAMMARS[kind].look_at
    assert look("/**/" * 2_000 + "WITH a AS (SELECT 1) SELECT 1").effect is Effect.READ
    assert look("/* a" * 2_000 + "WITH a AS (SELECT 1) SELECT 1").effect is Effect.WRITE
    assert look("(" * 5_000 + "SELECT 1" + ")" * 5_000).effect is Effect.READ
    assert look("'" * 9_999 + "; /*" * 2_000).effect is not Effect.READ
    assert look("SELECT $a" * 5_000).effect is Effect.READ
    assert look("INSERT INTO t VALUES " + "('a;b', E'a'), " * 20_000).effect is Effect.WRITE


_WORDS = ["BEGIN", "COMMIT", "END", "ROLLBACK", "TO", "a", "SAVEPOINT", "RELEASE", "TRANSACTION"]
_REST = ["SELECT", "WITH", "PRAGMA", "user_version", "=", "1", ";", "/*b*/", "'", '"', "(", ")"]
_PIECES = st.sampled_from([*_WORDS, *_REST])


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=6).map(" ".join))
def test_no_statement_that_sqlite_ends_a_transaction_by_is_missed(text: str) -> None:
    """SQLite itself is asked: what ends its transaction is refused, what reads changes nothing."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE t (a)")
        connection.execute("SAVEPOINT a")
        effect = look_at(text).effect
        with suppress(sqlite3.Error, sqlite3.Warning):
            connection.execute(text)
        if not connection.in_transaction:
            assert effect is Effect.END
        if effect is Effect.READ:
            assert connection.execute("PRAGMA user_version").fetchone() == (0,)


# --- The servers themselves

_ALIKE: Final = [
    *(
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT a",
        "ROLLBACK TO a",
        "RELEASE SAVEPOINT a",
        "CHAIN",
    ),
    *(
        "SELECT",
        "1",
        ";",
        "/*",
        "*/",
        "/**/",
        "'",
        "''",
        '"',
        "(",
        ")",
        "--",
        "\n",
        "\\",
        ",",
        "AND",
    ),
]
_WORDS_OF: Final = {
    "postgresql": [
        *(
            "END",
            "ABORT",
            "WITH x AS (",
            "EXPLAIN",
            "ANALYZE",
            "SET TRANSACTION READ ONLY",
            "VALUES",
        ),
        *(
            "$$",
            "$a$",
            "a$",
            "E'",
            "U&'",
            "AS b",
            "nextval('s')",
            "INTO x",
            "DELETE FROM t",
            "FROM t",
        ),
    ],
    "mariadb": [
        *(
            "START TRANSACTION",
            "/*!",
            "/*M!",
            "/*!40000",
            "/*!99999",
            "#",
            "`",
            "SET",
            "autocommit",
        ),
        *("=", "0", "NAMES utf8", "CREATE", "TEMPORARY", "TABLE x (id INT)", "DELETE FROM t", "XA"),
        *("ANALYZE", "TABLE t", "@b", "LOCK TABLES", "UNLOCK TABLES", "CHECK", "DROP", "TRUNCATE"),
    ],
}
_MAKING: Final = {
    "postgresql": "DROP TABLE IF EXISTS t, x; CREATE TABLE t AS SELECT 1 AS id;"
    " DROP SEQUENCE IF EXISTS s; CREATE SEQUENCE s; COMMIT",
    "mariadb": "ROLLBACK; SET autocommit = 0; UNLOCK TABLES; DROP TEMPORARY TABLE IF EXISTS x;"
    " DROP TABLE IF EXISTS x; CREATE OR REPLACE TABLE t (id INT) ENGINE = InnoDB;"
    " INSERT INTO t VALUES (1); COMMIT",
}
_LOOKING: Final = {
    "postgresql": "SELECT (SELECT count(*) FROM t), last_value, is_called, to_regclass('x') FROM s",
    "mariadb": "SELECT count(*) FROM t",
}


class _Server:
    """A server with a table of one row, and on PostgreSQL a sequence."""

    def __init__(self, kind: str, driver: Any) -> None:
        self._kind = kind
        self._driver = driver
        self._whole = False

    def ask(self, statement: str) -> Any:
        """Run a statement, and return its rows."""
        with closing(self._driver.cursor()) as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else ()

    def does(self, text: str) -> tuple[bool, bool]:
        """Tell whether a statement ends the transaction, and whether it changes anything."""
        if not self._whole:
            for statement in _MAKING[self._kind].split(";"):
                self.ask(statement)
        self._whole = False
        self.ask("BEGIN" if self._kind == "mariadb" else "SELECT 1")
        self.ask("SAVEPOINT a")
        self.ask("SAVEPOINT guard")
        before = self.ask(_LOOKING[self._kind])
        failed = False
        try:
            self.ask(text)
        except Exception:  # noqa: BLE001 - each driver has errors of its own
            failed = True
        changed = not failed and self.ask(_LOOKING[self._kind]) != before
        try:
            self.ask("ROLLBACK TO SAVEPOINT guard")
        except Exception:  # noqa: BLE001 - as above
            self.ask("ROLLBACK")
            return True, changed
        self._whole = not changed
        return False, changed


@pytest.fixture(params=["postgresql", "mariadb"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, _Server]]:
    """A server of each kind that has one."""
    url: URL = request.getfixturevalue(f"{request.param}_url")
    engine = create_engine(url)
    with engine.connect() as connection:
        server = _Server(request.param, connection.connection.driver_connection)
        yield request.param, server
        server.ask("ROLLBACK")
        for statement in ("DROP TABLE IF EXISTS t", "DROP TABLE IF EXISTS x", "COMMIT"):
            server.ask(statement)
        if request.param == "postgresql":
            server.ask("DROP SEQUENCE s; COMMIT")
        connection.invalidate()
    engine.dispose()


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_no_statement_that_a_server_ends_a_transaction_by_is_missed(
    server: tuple[str, _Server], data: st.DataObject
) -> None:
    """The server itself is asked: what ends its transaction is refused, what reads changes nothing.

    Savepoints are not run, as ours stand for them.
    """
    kind, runs = server
    words = st.sampled_from([*_ALIKE, *_WORDS_OF[kind]])
    text = data.draw(st.lists(words, max_size=8).map(" ".join) | st.lists(words).map("".join))
    effect = GRAMMARS[kind].look_at(text).effect
    if effect in {Effect.SAVEPOINT, Effect.ROLLBACK_TO, Effect.RELEASE, Effect.NOTHING}:
        return
    ends, changes = runs.does(text)
    assert not ends or effect in {Effect.BEGIN, Effect.END}
    assert not changes or effect is not Effect.READ
