"""Columns as the text that PostgreSQL's COPY and MariaDB's LOAD DATA both read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import types

from pytest_demodata.values import date_text, each_once, scale_of, time_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Dialect

    from pytest_demodata.engine import Chunk

NULL: Final = "\\N"

_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


class _Form(NamedTuple):
    """How the values of a type are written.

    Attributes:
        render: Writes one, once for all that are equal; None where the pattern is enough.
        pattern: What to format one with.
    """

    render: Callable[[Any], str] | None
    pattern: str = "%s"


def rows_of(chunk: Chunk, dialect: Dialect) -> list[str] | None:
    """Return a chunk's rows, tabs between their fields; None where a type has no text of ours.

    All fields of a row are formatted at once, which is several times as fast as one by one.
    """
    columns = chunk.table.columns
    patterns, fields = [], []
    for name, values in chunk.columns.items():
        form = _form_of(columns[name].type, dialect)
        if form is None:
            return None
        pattern, written = _written(form, values)
        patterns.append(pattern)
        fields.append(written)
    return list(map("\t".join(patterns).__mod__, zip(*fields, strict=True)))


def _written(form: _Form, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Return the pattern that is left to be applied to each value, and the values."""
    if form.render is not None:
        return form.pattern, each_once(form.render, values, null=NULL)
    if None in values:  # also where the column forbids it, for the database to say so
        return "%s", each_once(form.pattern.__mod__, values, null=NULL)
    return form.pattern, values


def _form_of(kind: types.TypeEngine[Any], dialect: Dialect) -> _Form | None:
    if isinstance(kind, types.TypeDecorator):
        return None
    if scale := scale_of(kind):
        return _Form(None, f"%se-{scale}")
    if isinstance(kind, types.Enum):
        process = kind.dialect_impl(dialect).bind_processor(dialect) or str
        return _Form(lambda value: escaped(str(process(value))))
    for counted, form in _FORMS.items():
        if isinstance(kind, counted):
            return form
    return None


def escaped(text: str) -> str:
    """Return a text as one field."""
    return text.translate(_ESCAPED) if "\\" in text or not text.isprintable() else text


_FORMS: Final[dict[type[types.TypeEngine[Any]], _Form]] = {
    types.Boolean: _Form(None, "%d"),
    types.Integer: _Form(None),
    types.Date: _Form(date_text),
    types.DateTime: _Form(time_text),
    types.String: _Form(escaped),
}
