"""Days between dates in SQL, and dates so many months back."""

from __future__ import annotations

from calendar import monthrange
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.sql.compiler import SQLCompiler


class days_between(GenericFunction[int]):  # noqa: N801 - read as a function of SQL
    """The days from one date to another: `days_between(earlier, later)`."""

    type = Integer()
    inherit_cache = True


def _dates(element: GenericFunction[int], compiler: SQLCompiler, **kw: Any) -> list[str]:  # noqa: ANN401
    return [compiler.process(clause, **kw) for clause in element.clauses]


@compiles(days_between)
def _subtraction(element: days_between, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    earlier, later = _dates(element, compiler, **kw)
    return f"({later} - {earlier})"


@compiles(days_between, "sqlite")
def _julian_days(element: days_between, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    earlier, later = _dates(element, compiler, **kw)
    return f"CAST(julianday({later}) - julianday({earlier}) AS INTEGER)"


@compiles(days_between, "mysql", "mariadb")
def _datediff(element: days_between, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    earlier, later = _dates(element, compiler, **kw)
    return f"datediff({later}, {earlier})"


def months_before(day: date, months: int) -> date:
    """Return the same day so many months earlier, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))
