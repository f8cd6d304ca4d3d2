"""How values are written for people: one way for each kind, everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

CURRENCY: Final = "$"
NOTHING: Final = "—"
"""What stands where there is no value, such as the average of nothing."""


def money(amount: Decimal | None) -> str:
    """Write an amount: `$1,234.50`."""
    if amount is None:
        return NOTHING
    return f"{'-' if amount < 0 else ''}{CURRENCY}{abs(amount):,.2f}"


def whole_money(amount: Decimal) -> str:
    """Write a round amount, as on an axis: `$2,000`."""
    return f"{CURRENCY}{amount:,.0f}"


def number(value: Decimal | int | None) -> str:
    """Write a number with the decimal places it has: `1,234`, `12.5`."""
    return NOTHING if value is None else f"{value:,}"


def percent(value: Decimal | None) -> str:
    """Write a percentage that has been rounded: `12.5%`."""
    return NOTHING if value is None else f"{value:,}%"


def rate(value: Decimal) -> str:
    """Write a tax rate with no more decimal places than it needs: `8.25%`, `5%`."""
    return f"{value.normalize():f}%"


def short_date(day: date) -> str:
    """Write a date for a table: `Mar 5, 2025`."""
    return f"{day:%b} {day.day}, {day.year}"


def long_date(day: date) -> str:
    """Write a date for a sentence: `March 5, 2025`."""
    return f"{day:%B} {day.day}, {day.year}"
