"""Columns as the text that PostgreSQL's COPY and MariaDB's LOAD DATA both read."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import types

from pytest_demodata.values import (
    EPOCH,
    bound_values,
    clock_text,
    date_text,
    each_once,
    has_expression,
    innermost,
    scale_of,
    time_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Dialect

    from pytest_demodata.engine import Chunk
    from pytest_demodata.values import Kind

NULL: Final = "\\N"

_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


class Form(NamedTuple):
    """How the values of a type are written.

    Attributes:
        render: Writes one, once for all that are equal; None where the pattern is enough.
        pattern: What to format one with.
    """

    render: Callable[[Any], str] | None
    pattern: str = "%s"


class Forms:
    """How a database has values written; the file of each dialect says how it differs."""

    def form_of(self, kind: Kind, impl: Kind, dialect: Dialect) -> Form | None:
        """Return how counted values are written.

        Args:
            kind: The column's type.
            impl: What the dialect makes of it.
            dialect: The dialect.

        Returns:
            None where SQLAlchemy has to make of them what the driver gets.
        """
        if isinstance(kind, types.TypeDecorator) and not isinstance(kind, types.Interval):
            return None
        if isinstance(impl, types.Numeric) and (scale := scale_of(kind)):
            return Form(None, f"%se-{scale}")
        if isinstance(kind, types.Enum):
            process = impl.bind_processor(dialect) or str
            return Form(lambda value: escaped(str(process(value))))
        if isinstance(impl, types.String) and impl.bind_processor(dialect) is not None:
            return None
        for counted, form in _FORMS.items():
            if isinstance(kind, counted) and isinstance(impl, counted):
                return form
        return None

    def text_of(self, impl: Kind, value: Any) -> str | None:  # noqa: ANN401 - of any type
        """Return as one field what SQLAlchemy hands to the driver; None where there is no text."""
        for stored, (classes, write) in _STORED.items():
            if isinstance(impl, stored):
                return write(value) if isinstance(value, classes) else None
        return None


def rows_of(chunk: Chunk, dialect: Dialect, forms: Forms | None = None) -> list[str] | None:
    """Return a chunk's rows, tabs between their fields; None where a type has no text of ours.

    All fields of a row are formatted at once, which is several times as fast as one by one.
    """
    columns = chunk.table.columns
    patterns, fields = [], []
    for name, values in chunk.columns.items():
        written = _written(columns[name].type, values, dialect, forms or Forms())
        if written is None:
            return None
        patterns.append(written[0])
        fields.append(written[1])
    return list(map("\t".join(patterns).__mod__, zip(*fields, strict=True)))


def _written(
    kind: Kind, values: Sequence[Any], dialect: Dialect, forms: Forms
) -> tuple[str, Sequence[Any]] | None:
    """Return the pattern that is left to be applied to each value, and the values."""
    if has_expression(kind, dialect):
        return None
    impl = kind.dialect_impl(dialect)
    form = forms.form_of(kind, impl, dialect)
    if form is None:
        texts = [
            NULL if value is None else forms.text_of(innermost(impl), value)
            for value in bound_values(kind, values, dialect)
        ]
        return None if None in texts else ("%s", texts)
    if form.render is not None:
        return form.pattern, each_once(form.render, values, null=NULL)
    if None in values:  # also where the column forbids it, for the database to say so
        return "%s", each_once(form.pattern.__mod__, values, null=NULL)
    return form.pattern, values


def escaped(text: str) -> str:
    """Return a text as one field, and of an Enum's member that is one its value."""
    if "\\" in text or not text.isprintable():
        return text.translate(_ESCAPED)
    return str.__str__(text)


def _since_epoch(seconds: int) -> str:
    return time_text(EPOCH + seconds)


def _uuid_text(value: Any) -> str:  # noqa: ANN401 - counted, or a UUID already
    return f"{int(value):032x}"


def _moment_text(value: datetime) -> str:
    return str(value.replace(tzinfo=None))


MOMENT: Final = Form(time_text)
CLOCK: Final = Form(clock_text)
_FORMS: Final[Mapping[type[types.TypeEngine[Any]], Form]] = {
    types.Boolean: Form(None, "%d"),
    types.Integer: Form(None),
    types.Float: Form(None),
    types.Numeric: Form(None),
    types.Date: Form(date_text),
    types.DateTime: MOMENT,
    types.Time: CLOCK,
    types.Uuid: Form(_uuid_text),
    types.Interval: Form(_since_epoch),  # where the database has none
    types.String: Form(escaped),
}
_STORED: Final[Mapping[Any, tuple[Any, Callable[[Any], str]]]] = {
    types.Integer: (int, "{:d}".format),
    types.Numeric: ((int, float, Decimal), str),
    types.Float: ((int, float, Decimal), str),
    types.Date: (date, str),
    types.DateTime: (datetime, _moment_text),
    types.String: (str, escaped),
    types.JSON: (str, escaped),
    types.Uuid: ((str, UUID), str),
}
