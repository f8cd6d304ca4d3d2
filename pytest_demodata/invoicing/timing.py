"""Dates and times of the dataset: how far back it goes, and when in a day things happen."""

from __future__ import annotations

from datetime import date
from typing import Final

from pytest_demodata.streams import WORD_BITS
from pytest_demodata.values import DAY_SECONDS

SALES_DAYS: Final = 730
"""Invoices span this many days up to the reference date."""

CUSTOMER_DAYS: Final = 2_190
"""The first customer is this many days older than the reference date."""

WORKING_WEEK: Final = (20, 22, 22, 21, 18, 6, 3)
SALES_YEAR: Final = (8, 8, 10, 10, 10, 9, 8, 8, 10, 11, 13, 15)

ALWAYS: Final = date.max.toordinal()
"""The last day of what has not ended."""

MIDDLE, LAST = 1 << (WORD_BITS - 1), (1 << WORD_BITS) - 1
"""The standing of who is wanted neither much nor little, and of who is wanted least."""

_OPENS, _MINUTES_OPEN = 8 * 60, 10 * 60
CLOSING: Final = 18 * 3_600 + 30 * 60
"""The second of the day at which the books are brought up to date, after all else."""


def scaled(fraction: int, count: int) -> int:
    """Turn a fraction of 2**32 into a number in range(count)."""
    return fraction * count >> WORD_BITS


def in_working_hours(day: int, fraction: int) -> int:
    """Return a full minute between 08:00 and 17:59 of a day."""
    return day * DAY_SECONDS + (_OPENS + scaled(fraction, _MINUTES_OPEN)) * 60


def closing(day: int) -> int:
    """Return the time of a day at which the books are brought up to date."""
    return day * DAY_SECONDS + CLOSING


def closing_between(first: int, last: int, fraction: int) -> int:
    """Return the closing time of a day from the first to the last."""
    return closing(first + scaled(fraction, last - first + 1))
