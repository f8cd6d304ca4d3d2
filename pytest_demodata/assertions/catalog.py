"""What the database says of its tables: columns, keys, indexes, and how many rows."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, column, func, inspect, select, table, text
from sqlalchemy.exc import NoSuchTableError, SAWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection, MetaData, Table, TableClause
    from sqlalchemy.engine.interfaces import ReflectedForeignKeyConstraint, ReflectedIndex
    from sqlalchemy.types import TypeEngine

_DECIMALS: Final = 4
"""Decimal places that are looked at of a number whose type has no scale, such as a float."""

_MOST_DECIMALS: Final = 6

# PostgreSQL repeats a foreign key for each partition on either side of it.
_REPEATED_KEYS: Final = {
    "postgresql": text("""
        SELECT relname, conname FROM pg_constraint
        JOIN pg_class ON pg_class.oid = conrelid
        JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE conparentid <> 0 AND contype = 'f'
        AND CASE WHEN CAST(:schema AS text) IS NULL
            THEN pg_table_is_visible(conrelid) ELSE nspname = :schema END
    """)
}


@dataclass(frozen=True, slots=True)
class TableName:
    """A table's name, in a schema if that is not the connection's own."""

    schema: str | None
    name: str

    def __str__(self) -> str:
        return self.name if self.schema is None else f"{self.schema}.{self.name}"


def table_name(text: str) -> TableName:
    """Read `orders` or `sales.orders`."""
    schema, _, name = text.rpartition(".")
    return TableName(schema or None, name)


def from_clause(name: TableName, columns: Iterable[str]) -> TableClause:
    """Return a table to select from; its values come as the driver gives them.

    A type would refuse what a check is there to find, such as an unknown value of an enum.
    """
    each = dict.fromkeys(columns)
    return table(name.name, *(column(one) for one in each), schema=name.schema)


class Catalog:
    """Reads what a database has, as it is asked for, and remembers it for one check."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._inspector = inspect(connection)
        self._rows: dict[TableName, int] = {}
        self._schemas: Mapping[str | None, Any] = (
            connection.get_execution_options().get("schema_translate_map") or {}
        )

    @cached_property
    def tables(self) -> list[TableName]:
        """The tables of the connection's own schema, without views."""
        return [TableName(None, name) for name in sorted(self._inspector.get_table_names())]

    def name_of(self, table: Table) -> TableName:
        """Return the name of a table as the connection sees it."""
        return TableName(self._schemas.get(table.schema, table.schema), table.name)

    def name_in(self, metadata: MetaData, text: str) -> TableName:
        """Return the name of a table that a MetaData refers to and does not have."""
        name = table_name(text)
        schema = name.schema or metadata.schema
        return TableName(self._schemas.get(schema, schema), name.name)

    def columns(self, name: TableName) -> dict[str, _Column]:
        """Return the columns; none if there is no such table."""
        if name.schema not in {None, *self._inspector.get_schema_names()}:
            return {}
        try:
            with _without_warnings():
                found = self._inspector.get_columns(name.name, schema=name.schema)
        except NoSuchTableError:
            return {}
        return {
            each["name"]: _Column(
                nullable=each["nullable"],
                places=_places(each["type"]),
                collation=getattr(each["type"], "collation", None),
            )
            for each in found
        }

    def find(self, name: TableName) -> TableName | None:
        """Return a table or view as the database spells it, or nothing if there is none.

        SQLite finds `Orders` where there is `orders`, but SQLAlchemy does not read its keys.
        """
        if not self.columns(name):
            return None
        try:
            self.primary_key(name)
        except NoSuchTableError:
            names = self._inspector.get_table_names(schema=name.schema)
            (spelled,) = [each for each in names if each.casefold() == name.name.casefold()]
            return TableName(name.schema, spelled)
        return name

    def column(self, table: TableName, name: str) -> _Column:
        """Return a column that is there, perhaps in another spelling."""
        found = self.columns(table)
        return found.get(name) or {each.casefold(): found[each] for each in found}[name.casefold()]

    def missing_columns(self, name: TableName, columns: Iterable[str]) -> list[str]:
        """Return those columns that the table does not have."""
        found = _folded(self.columns(name))
        return [each for each in columns if each.casefold() not in found]

    def primary_key(self, name: TableName) -> tuple[str, ...]:
        """Return the columns of the primary key; none if there is none."""
        key = self._inspector.get_pk_constraint(name.name, schema=name.schema)
        return tuple(key["constrained_columns"])

    def unique_keys(self, name: TableName) -> list[tuple[str, ...]]:
        """Return what is unique in the whole table: primary key, constraints and indexes."""
        found = [
            tuple(map(str, index["column_names"]))
            for index in self._indexes(name)
            if index["unique"] and None not in index["column_names"] and not _is_partial(index)
        ]
        key = self.primary_key(name)
        return list(dict.fromkeys([key, *found] if key else found))

    def is_unique(self, name: TableName, columns: Iterable[str]) -> bool:
        """Say whether the database keeps a combination of columns unique."""
        wanted = _folded(columns)
        return any(_folded(key) == wanted for key in self.unique_keys(name))

    def is_indexed(self, name: TableName, columns: Iterable[str]) -> bool:
        """Say whether an index begins with one of the columns."""
        wanted = _folded(columns)
        leading = [index["column_names"][:1] for index in self._indexes(name)]
        leading.append(list(self.primary_key(name)[:1]))
        return any(_folded(filter(None, each)) & wanted for each in leading)

    def foreign_keys(self, name: TableName) -> list[ReflectedForeignKeyConstraint]:
        """Return the foreign keys, without those that PostgreSQL repeats for partitions."""
        with _without_warnings():
            found = self._inspector.get_foreign_keys(name.name, schema=name.schema)
        repeated = self._repeated_keys(name.schema) if found else set()
        return [each for each in found if (name.name, each["name"]) not in repeated]

    def rows(self, name: TableName) -> int:
        """Count the rows of a table, once."""
        if name not in self._rows:
            query = select(func.count()).select_from(from_clause(name, ()))
            self._rows[name] = self._connection.scalar(query) or 0
        return self._rows[name]

    def _repeated_keys(self, schema: str | None) -> set[tuple[str, str]]:
        query = _REPEATED_KEYS.get(self._connection.dialect.name)
        if query is None:
            return set()
        return {(row[0], row[1]) for row in self._connection.execute(query, {"schema": schema})}

    def _indexes(self, name: TableName) -> list[ReflectedIndex]:
        """Return the indexes, with those that SQLite makes for UNIQUE; others ignore the word."""
        with _without_warnings():
            return self._inspector.get_indexes(
                name.name, schema=name.schema, include_auto_indexes=True
            )


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: may it be NULL, the decimal places that are looked at, a collation of its own."""

    nullable: bool
    places: int
    collation: str | None


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Pass over what reflection does not understand: types and clauses that no check uses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield


def _places(type_: TypeEngine[Any]) -> int:
    if isinstance(type_, Integer):
        return 0
    scale = getattr(type_, "scale", None)
    return _DECIMALS if scale is None else min(max(scale, 0), _MOST_DECIMALS)


def _is_partial(index: ReflectedIndex) -> bool:
    return any(option.endswith("_where") for option in index.get("dialect_options", {}))


def _folded(names: Iterable[str]) -> set[str]:
    """Return names as most databases compare them; a check may trust one that is like another."""
    return {name.casefold() for name in names}
