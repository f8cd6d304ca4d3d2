"""Fiscal years and their periods. A fiscal year is a calendar year: 2025 is January to December."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Final

_MONTHS: Final = {"monthly": 1, "quarterly": 3, "yearly": 12}
LENGTHS: Final = tuple(_MONTHS)


@dataclass(frozen=True, slots=True)
class Period:
    """A part of a fiscal year.

    Attributes:
        code: Its name for machines: `2025-03`, `2025-Q1` or `2025`; they sort by time.
        label: Its name for people.
        first: Its first day.
        last: Its last day.
    """

    code: str
    label: str
    first: date
    last: date


def year_of(fiscal_year: int) -> Period:
    """Return a fiscal year as a period."""
    (year,) = periods_of(fiscal_year, "yearly")
    return year


def last_full_year(as_of: date) -> int:
    """Return the last fiscal year that has ended on a day, also if that is its last one."""
    return as_of.year if (as_of.month, as_of.day) == (12, 31) else as_of.year - 1


def periods_of(fiscal_year: int, length: str) -> tuple[Period, ...]:
    """Return the periods of a fiscal year, of one of the LENGTHS, in order."""
    months = _MONTHS[length]
    return tuple(_period(fiscal_year, month, months) for month in range(1, 13, months))


def _period(year: int, month: int, months: int) -> Period:
    first = date(year, month, 1)
    end = month + months - 1
    last = date(year, end, monthrange(year, end)[1])
    if months == 1:
        return Period(f"{first:%Y-%m}", f"{first:%B %Y}", first, last)
    if months == 12:
        return Period(f"{year}", f"Fiscal year {year}", first, last)
    quarter = end // months
    return Period(f"{year}-Q{quarter}", f"Q{quarter} {year}", first, last)
