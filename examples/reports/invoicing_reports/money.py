"""Amounts that are exact to the cent in every database, and shares of them.

SQLite keeps NUMERIC as binary floats, and their sums drift. Amounts are therefore summed as whole
cents, and become a `Decimal` when they leave the database.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, TypeDecorator, cast, func, type_coerce

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Dialect
    from sqlalchemy.orm import InstrumentedAttribute

ZERO: Final = Decimal("0.00")


class Cents(TypeDecorator[Decimal]):
    """Whole cents in the database, a `Decimal` of two places here; a sum of nothing is 0.00."""

    impl = BigInteger
    cache_ok = True

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal:  # noqa: ANN401, ARG002
        """Take the whole number that a driver returns, of whatever type, or NULL."""
        return Decimal(int(value or 0)).scaleb(-2)


def cents(amount: InstrumentedAttribute[Decimal]) -> ColumnElement[Decimal]:
    """Read a column of money as whole cents, so that it can be summed exactly."""
    return type_coerce(cast(func.round(amount * 100), BigInteger), Cents)


def total_of(amounts: Sequence[Decimal]) -> Decimal:
    """Add up; nothing is 0.00."""
    return sum(amounts, ZERO)


def quotient(amount: Decimal, count: int) -> Decimal | None:
    """Return the average to the cent, rounded half up; None of nothing."""
    return (amount / count).quantize(ZERO, ROUND_HALF_UP) if count else None


def average(values: Sequence[Decimal]) -> Decimal | None:
    """Return the average to one decimal place, rounded half up; None of nothing."""
    return tenths(sum(values, Decimal()) / len(values)) if values else None


def share(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return the part in percent of the whole, unrounded; None of nothing."""
    return part * 100 / whole if whole else None


def tenths(value: Decimal) -> Decimal:
    """Round half up to one decimal place."""
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)


def whole_tenths(value: Decimal) -> Decimal:
    """Cut after one decimal place, for a value that must not look like the next grade's."""
    return value.quantize(Decimal("0.1"), ROUND_DOWN)
