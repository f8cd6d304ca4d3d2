"""SQL that each database says in its own way, for the constraints of the dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler


class is_days_after(GenericFunction[bool]):  # noqa: N801 - read as a function of SQL
    """Whether a date is so many days after another: `is_days_after(later, earlier, days)`."""

    type = Boolean()
    inherit_cache = True


class is_on_day(GenericFunction[bool]):  # noqa: N801 - read as a function of SQL
    """Whether a time is on a date: `is_on_day(time, date)`."""

    type = Boolean()
    inherit_cache = True


def _arguments(element: GenericFunction[bool], compiler: SQLCompiler, **kw: Any) -> list[str]:  # noqa: ANN401
    return [compiler.process(clause, **kw) for clause in element.clauses]


@compiles(is_days_after)
def _subtraction(element: is_days_after, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    later, earlier, days = _arguments(element, compiler, **kw)
    return f"{later} - {earlier} = {days}"


@compiles(is_days_after, "sqlite")
def _julian_days(element: is_days_after, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    later, earlier, days = _arguments(element, compiler, **kw)
    return f"julianday({later}) - julianday({earlier}) = {days}"


@compiles(is_days_after, "mysql", "mariadb")
def _datediff(element: is_days_after, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    later, earlier, days = _arguments(element, compiler, **kw)
    return f"datediff({later}, {earlier}) = {days}"


@compiles(is_on_day)
def _cast(element: is_on_day, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    time, date = _arguments(element, compiler, **kw)
    return f"CAST({time} AS DATE) = {date}"


@compiles(is_on_day, "sqlite")
def _first_ten(element: is_on_day, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    time, date = _arguments(element, compiler, **kw)
    return f"substr({time}, 1, 10) = {date}"
