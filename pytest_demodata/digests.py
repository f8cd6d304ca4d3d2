"""One canonical form of rows, and its SHA-256: the same on every machine and database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from decimal import Context, Decimal
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, types
from sqlalchemy.engine.default import DefaultDialect

from pytest_demodata.parts import rows_of
from pytest_demodata.values import innermost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import Column, Connection, Table

    from pytest_demodata.engine import Plan

_ROWS_AT_A_TIME: Final = 5_000
_EXACT: Final = Context(prec=1_000)


def digest(rows: Iterable[Iterable[Any]]) -> str:
    """Return the SHA-256 of rows, each a line of JSON, as a hexadecimal number.

    Numbers with decimal places, dates and times stand in the line as Python's `str` writes them,
    times with a zone as those without it in UTC; bytes as hexadecimal numbers, members of an Enum
    by their names unless they are texts. Characters beyond ASCII are escaped, and keys of
    dictionaries sorted.
    """
    return _digest_of_lines(map(_line, map(list, rows)))


def digest_of_table(connection: Connection, table: Table) -> str:
    """Return the digest of a table's rows as the database holds them.

    They are in the order of a key that counts the rows, and else in that of their lines, because
    each database sorts texts in its own.
    """
    query = select(table)
    if (key := table.autoincrement_column) is not None:
        query = query.order_by(key)
    with connection.execution_options(yield_per=_ROWS_AT_A_TIME).execute(query) as rows:
        return _digest_of_lines(_in_order(table, lines_held(list(table.columns), rows)))


def digest_of_plan(plan: Plan, table: str) -> str:
    """Return the digest of a table's rows as the engine makes them."""
    fill = plan.blueprint.fills[table]
    columns = [fill.table.columns[name] for name in fill.columns]
    rows = rows_of(plan, table, 0, plan.counts[table])
    return _digest_of_lines(_in_order(fill.table, lines_made(columns, rows)))


def lines_held(columns: Sequence[Column[Any]], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Return the canonical form of rows that have been read through SQLAlchemy."""
    return _lines([_canonical(column.type) for column in columns], rows)


def lines_made(columns: Sequence[Column[Any]], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Return the canonical form of rows that SQLAlchemy is to write."""
    return _lines([_written_and_read(column.type) for column in columns], rows)


def _digest_of_lines(lines: Iterable[str]) -> str:
    total = sha256()
    for line in lines:
        total.update(line.encode() + b"\n")
    return total.hexdigest()


def _in_order(table: Table, lines: Iterable[str]) -> Iterable[str]:
    return sorted(lines) if table.autoincrement_column is None else lines


def _lines(
    converts: Sequence[Callable[[Any], Any] | None], rows: Iterable[Iterable[Any]]
) -> Iterator[str]:
    due = [(place, convert) for place, convert in enumerate(converts) if convert is not None]
    for row in rows:
        values = list(row)
        for place, convert in due:
            values[place] = convert(values[place])
        yield _line(values)


def _text(value: Any) -> Any:  # noqa: ANN401 - what JSON has no form of
    """Return what stands in a line for a value."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, datetime) and value.tzinfo is not None:
        return str(value.astimezone(UTC).replace(tzinfo=None))
    if isinstance(value, time):
        return str(value.replace(tzinfo=None))
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


_line: Final = json.JSONEncoder(separators=(",", ":"), default=_text, sort_keys=True).encode


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a type holds
    """Return a value as JSON has it, and numbers without zeros behind the point, as all can."""
    if isinstance(value, dict):
        return {_key(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return list(map(_plain, value))
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _without_zeros(value) if isinstance(value, Decimal) else value


def _without_zeros(value: Any) -> str:  # noqa: ANN401 - any number
    return f"{Decimal(str(value)).normalize(_EXACT):f}"


def _name(value: Any) -> Any:  # noqa: ANN401 - a member, or what SQLAlchemy takes for one
    return value.name if isinstance(value, Enum) and not isinstance(value, str) else value


def _key(key: Any) -> str:  # noqa: ANN401 - whatever a dictionary has
    return key if isinstance(key, str) else json.dumps(key)


def _canonical(kind: types.TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """Return what makes one value of all that databases return for the same one."""
    if isinstance(kind, types.Enum) and kind.enum_class is not None:
        return _name
    if isinstance(kind, _ALIKE):
        return None
    if isinstance(kind, types.Boolean):
        return _unless_null(bool)
    if isinstance(kind, types.Float):
        return _unless_null(float)
    if isinstance(kind, types.Numeric):
        return _unless_null(_number(kind.scale))
    return _plain


_ALIKE: Final = (types.String, types.Integer, types.Date, types.DateTime)


def _unless_null(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else convert(value)


def _number(scale: int | None) -> Callable[[Any], Any]:
    if scale is None:
        return _without_zeros
    return lambda value: value if isinstance(value, Decimal) else f"{Decimal(str(value)):.{scale}f}"


def _written_and_read(kind: types.TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """Return what makes of a value what `_canonical` makes of it when it has been in a database."""
    canonical = _canonical(kind)
    if not isinstance(kind, types.TypeDecorator) or innermost(kind) is kind:
        return canonical
    write, read = kind.bind_processor(_DIALECT), kind.result_processor(_DIALECT, None)

    def convert(value: Any) -> Any:  # noqa: ANN401 - an application's own
        stored = write(value) if write else value
        return _plain(read(stored) if read else stored)

    return _unless_null(convert) if isinstance(innermost(kind), types.JSON) else convert


class _Dialect(DefaultDialect):
    """No database's, where values are what they are."""

    supports_native_decimal = True
    _json_serializer = None  # which SQLAlchemy 2.0 gives only to dialects of databases
    _json_deserializer = None


_DIALECT: Final = _Dialect()
