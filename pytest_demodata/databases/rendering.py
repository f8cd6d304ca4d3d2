"""Columns as the text that PostgreSQL's COPY and MariaDB's LOAD DATA both read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import types

from pytest_demodata.values import date_text, each_once, scale_of, time_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Column, Dialect

    from pytest_demodata.engine import Chunk

NULL: Final = "\\N"

_OFTEN_REPEATED: Final = (types.Boolean, types.Date, types.DateTime, types.Enum)
"""Of these, each different value of a run of rows is rendered once."""

_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


def rows_of(chunk: Chunk, dialect: Dialect) -> list[str] | None:
    """Return a chunk's rows, tabs between their fields; None where a type has no text of ours."""
    columns = chunk.table.columns
    rendered: list[Iterable[str]] = []
    for name, values in chunk.columns.items():
        render = _renderer(columns[name], dialect)
        if render is None:
            return None
        rendered.append(_rendered(columns[name], values, render))
    return list(map("\t".join, zip(*rendered, strict=True)))


def _rendered(
    column: Column[Any], values: Sequence[Any], render: Callable[[Any], str]
) -> Iterable[str]:
    if isinstance(column.type, _OFTEN_REPEATED):
        return each_once(render, values, null=NULL)
    if column.nullable:
        return [NULL if value is None else render(value) for value in values]
    return map(render, values)


def _renderer(column: Column[Any], dialect: Dialect) -> Callable[[Any], str] | None:
    kind = column.type
    if isinstance(kind, types.TypeDecorator):
        return None
    if scale := scale_of(kind):
        return _decimal_text(scale)
    if isinstance(kind, types.Enum):
        process = kind.dialect_impl(dialect).bind_processor(dialect) or str
        return lambda value: escaped(str(process(value)))
    for counted, render in _RENDERERS.items():
        if isinstance(kind, counted):
            return render
    return None


def escaped(text: str) -> str:
    """Return a text as one field."""
    return text.translate(_ESCAPED) if "\\" in text or not text.isprintable() else text


def _decimal_text(scale: int) -> Callable[[int], str]:
    unit = 10**scale

    def render(value: int) -> str:
        whole, part = divmod(abs(value), unit)
        return f"{'-' * (value < 0)}{whole}.{part:0{scale}d}"

    return render


def _flag_text(value: object) -> str:
    return "1" if value else "0"


_RENDERERS: Final[dict[type[types.TypeEngine[Any]], Callable[[Any], str]]] = {
    types.Boolean: _flag_text,
    types.Integer: str,
    types.Date: date_text,
    types.DateTime: time_text,
    types.String: escaped,
}
