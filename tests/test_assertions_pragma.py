"""Orphans on SQLite: the same rows as SQLite's own `PRAGMA foreign_key_check`."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import create_engine

from pytest_demodata.assertions import find_orphans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

_TYPES: Final = (
    "INTEGER", "TEXT", "TEXT COLLATE NOCASE", "NUMERIC(8, 2)", "REAL", "BLOB", "", "VARCHAR(9)",
    "TEXT COLLATE RTRIM",
)  # fmt: skip
_VALUES: Final = (1, 2, 3, 1.0, 2.5, "1", "2", "01", "1.0", "a", "A", "a ", "b", b"a", b"1", "")
"""Few, so that some find their parent: equal or not by type, case and trailing blanks."""

_SCHEMAS: Final = 250

Found = list[tuple[str, str, tuple[str, ...], object]]


class _Schema:
    """Tables with foreign keys of all kinds, and rows for them, drawn at random."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - a schema is no secret
        self.names = [f"t{number}" for number in range(self._random.randint(1, 4))]
        self.keys = {name: self._random.randint(1, 3) for name in self.names}
        self.has_rowid = {name: self._random.random() < 0.75 for name in self.names}
        self.columns = {name: self.keys[name] + 4 for name in self.names}

    def create(self, connection: Connection) -> None:
        """Create the tables; a table may refer to any, to itself too, and to one without rows."""
        for name in self.names:
            parts = [f"c{number} {self._random.choice(_TYPES)}" for number in self._range(name)]
            key = ", ".join(f"c{number}" for number in range(self.keys[name]))
            kind = "UNIQUE" if self.has_rowid[name] else "PRIMARY KEY"
            parts += [f"{kind} ({key})", *dict.fromkeys(self._foreign_keys(name))]
            rowid = "id INTEGER PRIMARY KEY, " if self.has_rowid[name] else ""
            end = "" if self.has_rowid[name] else " WITHOUT ROWID"
            connection.exec_driver_sql(f"CREATE TABLE {name} ({rowid}{', '.join(parts)}){end}")

    def fill(self, connection: Connection) -> None:
        """Insert rows, most of which have no parent."""
        for name in self.names:
            marks = ", ".join("?" * self.columns[name])
            listed = ", ".join(f"c{number}" for number in self._range(name))
            for _ in range(self._random.randint(0, 25)):
                values = tuple(self._value() for _ in self._range(name))
                connection.exec_driver_sql(
                    f"INSERT OR IGNORE INTO {name} ({listed}) VALUES ({marks})", values
                )

    def _range(self, name: str) -> range:
        return range(self.columns[name])

    def _value(self) -> object:
        return None if self._random.random() < 0.2 else self._random.choice(_VALUES)

    def _foreign_keys(self, name: str) -> Iterator[str]:
        seen = set()
        for _ in range(self._random.randint(0, 3)):
            parent = self._random.choice([*self.names, "nowhere"])
            width = self.keys.get(parent, 1)
            own = self._random.sample(self._range(name), width)
            implicit = self._random.random() < 0.3 and not self.has_rowid.get(parent, True)
            there = [f"c{number}" for number in range(width)]
            self._random.shuffle(own)
            spelled = self._random.choice([parent, parent.upper()])
            target = spelled if implicit else f"{spelled} ({', '.join(there)})"
            if (parent, tuple(own)) not in seen:
                seen.add((parent, tuple(own)))
                columns = ", ".join(f"c{number}" for number in own)
                yield f"FOREIGN KEY ({columns}) REFERENCES {target}"


def _checked_by_sqlite(connection: Connection, schema: _Schema) -> Found:
    keys: dict[tuple[str, int], list[str]] = {}
    for name in schema.names:
        rows = connection.exec_driver_sql(f"PRAGMA foreign_key_list({name})")
        for number, _, _, column, *_ in sorted((row[0], row[1], row[2], row[3]) for row in rows):
            keys.setdefault((name, number), []).append(column)
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [
        (table, parent.lower(), tuple(keys[table, number]), rowid)
        for table, rowid, parent, number in broken
    ]


def _checked_by_us(connection: Connection, schema: _Schema) -> Found:
    return [
        (each.table, each.parent.lower(), each.columns, row.key[0])
        if schema.has_rowid[each.table]
        else (each.table, each.parent.lower(), each.columns, None)
        for each in find_orphans(connection, limit=1_000)
        for row in each.rows
    ]


@pytest.mark.parametrize("start", range(0, _SCHEMAS, 50))
def test_orphans_are_those_of_the_pragma(start: int) -> None:
    """Row for row, on schemas of all kinds: composite, to itself, circular, implicit, mistyped."""
    orphans = 0
    for seed in range(start, start + 50):
        engine = create_engine("sqlite://")
        with engine.connect() as connection:
            schema = _Schema(seed)
            schema.create(connection)
            schema.fill(connection)
            expected = _checked_by_sqlite(connection, schema)
            lists = (
                connection.exec_driver_sql(f"PRAGMA foreign_key_list({name})").all()
                for name in schema.names
            )
            if any(lists):
                found = _checked_by_us(connection, schema)
                assert sorted(map(repr, found)) == sorted(map(repr, expected)), seed
            orphans += len(expected)
        engine.dispose()
    assert orphans > 200
