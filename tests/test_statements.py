"""What a statement of SQL does to a transaction, as its first words tell."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_demodata.statements import Effect, look_at


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "select * from t where name = 'COMMIT'",
        "(SELECT 1)",
        "VALUES (1)",
        "EXPLAIN QUERY PLAN DELETE FROM t",
        "SHOW TABLES",
        "DESCRIBE t",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "with recursive a(n) as (values (1)) select n from a",
        "/* a */ WITH t AS (SELECT 1) SELECT /* b */ rollback FROM t",
        "PRAGMA foreign_keys = ON",
        "PRAGMA user_version",
        "pragma main.table_info(t)",
        "\ufeffSELECT 1",
        "-- sent by an application\nSELECT 1",
        "/* sent by */ -- an application\n ;; SELECT 1",
    ],
)
def test_what_reads(text: str) -> None:
    """A query takes no savepoint."""
    assert look_at(text).effect is Effect.READ


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t SELECT 1",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "REPLACE INTO t VALUES (1)",
        "CREATE TABLE savepoint_log (a)",
        "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
        "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
        "WITH a AS (SELECT 'insert') SELECT * FROM a",
        "PRAGMA user_version = 3",
        "PRAGMA main.user_version(3)",
        "PRAGMA\napplication_id=3",
        "VACUUM",
        "CALL something()",
        "START SLAVE",
        "PREPARE a AS SELECT 1",
        "LOCK a",
        "COMMITS",
        "SAVEPOINT",
        "RELEASE",
        "-- only a comment",
        "/* a comment without an end; COMMIT",
        "",
        ";",
    ],
)
def test_what_may_write(text: str) -> None:
    """Whatever is not known to read is held to write."""
    assert look_at(text).effect is Effect.WRITE


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("BEGIN", Effect.BEGIN),
        ("begin immediate transaction", Effect.BEGIN),
        ("START TRANSACTION READ WRITE", Effect.BEGIN),
        ("START /* a */ TRANSACTION", Effect.BEGIN),
        ("COMMIT", Effect.END),
        ("commit;", Effect.END),
        ("COMMIT AND CHAIN", Effect.END),
        ("COMMIT--a", Effect.END),
        ("END", Effect.END),
        ("End Transaction", Effect.END),
        ("ROLLBACK", Effect.END),
        ("ROLLBACK TO", Effect.END),
        ("ROLLBACK TRANSACTION", Effect.END),
        ("ABORT", Effect.END),
        ("PREPARE TRANSACTION 'a'", Effect.END),
        ("LOCK TABLES t READ", Effect.END),
        (" \n\t; -- a\n /* b */ COMMIT", Effect.END),
        ("\ufeffCOMMIT", Effect.END),
    ],
)
def test_what_begins_and_ends_a_transaction(text: str, effect: Effect) -> None:
    """In whatever case, after whatever comments."""
    assert look_at(text).effect is effect
    assert look_at(text).savepoint == ""


@pytest.mark.parametrize(
    ("text", "effect", "name"),
    [
        ("SAVEPOINT a", Effect.SAVEPOINT, "a"),
        ("savepoint Sa_Savepoint_1", Effect.SAVEPOINT, "sa_savepoint_1"),
        ('SAVEPOINT "A name"', Effect.SAVEPOINT, "a name"),
        ("SAVEPOINT'a'", Effect.SAVEPOINT, "a"),
        ("SAVEPOINT `a`;", Effect.SAVEPOINT, "a"),
        ("SAVEPOINT [a b]", Effect.SAVEPOINT, "a b"),
        ("SAVEPOINT a/* b */", Effect.SAVEPOINT, "a"),
        ("RELEASE a", Effect.RELEASE, "a"),
        ("RELEASE SAVEPOINT a;", Effect.RELEASE, "a"),
        ("ROLLBACK TO a", Effect.ROLLBACK_TO, "a"),
        ("ROLLBACK TO SAVEPOINT a", Effect.ROLLBACK_TO, "a"),
        ("ROLLBACK TRANSACTION TO a", Effect.ROLLBACK_TO, "a"),
        ("rollback work to savepoint A", Effect.ROLLBACK_TO, "a"),
        ("ROLLBACK/**/TO/**/a", Effect.ROLLBACK_TO, "a"),
    ],
)
def test_what_names_a_savepoint(text: str, effect: Effect, name: str) -> None:
    """The name comes without its quotes, and in small letters, as databases compare it."""
    statement = look_at(text)
    assert (statement.effect, statement.savepoint) == (effect, name)


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


@settings(deadline=None)
@given(gaps=st.lists(_COMMENTS, max_size=40), word=st.sampled_from(["COMMIT", "end", "Rollback"]))
@example(gaps=["/**/"] * 500, word="COMMIT")
def test_comments_hide_nothing(gaps: list[str], word: str) -> None:
    """Whatever stands before a COMMIT, it is seen, and in no time."""
    assert look_at("".join(gaps) + word).effect is Effect.END


def test_many_comments_take_no_time() -> None:
    """Comments before a query that is none of the words looked for are read once."""
    assert look_at("/**/" * 2_000 + "WITH a AS (SELECT 1) SELECT 1").effect is Effect.READ
    assert look_at("/* a" * 2_000 + "WITH a AS (SELECT 1) SELECT 1").effect is Effect.WRITE


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
