"""Amounts as whole numbers in SQL, so that no database rounds them in its own way.

SQLite keeps NUMERIC as binary floats, PostgreSQL and MariaDB round floats half to even, and each
has its own idea of a division. What follows uses whole numbers, and rounds half up, away from zero.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, case, cast, func, literal

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement


CENTS: Final = 2
"""The decimal places of amounts, but for those that are whole numbers everywhere."""


def scaled(amount: ColumnElement[Any], places: int) -> ColumnElement[int]:
    """Return an amount in units of so many decimal places, exact to 15 digits."""
    if not places:
        return cast(amount, BigInteger)
    return cast(func.round(amount * 10**places), BigInteger)


def rescaled(amount: ColumnElement[int], places: int, wanted: int) -> ColumnElement[int]:
    """Return a scaled amount in units of other decimal places, rounded half up."""
    if places <= wanted:
        return amount * _whole(10 ** (wanted - places))
    return share(amount, _whole(1), 10 ** (places - wanted))


def share(amount: ColumnElement[int], rate: ColumnElement[int], of: int) -> ColumnElement[int]:
    """Return `amount * rate / of`, rounded half up; no product is larger than the result is.

    The amount is split at `of`, as 15 digits times a rate in thousandths are more than fit.
    """
    size, size_of_rate = (func.abs(each, type_=BigInteger) for each in (amount, rate))
    rest = (size % _whole(of)) * size_of_rate
    rounded = _quotient(size, of) * size_of_rate + _quotient(2 * rest + _whole(of), 2 * of)
    return case(((amount < 0) == (rate < 0), rounded), else_=-rounded)


def money_text(amount: Decimal | int | None, places: int) -> str:
    """Return a scaled amount as people write it: `119.00`."""
    if amount is None:
        return "NULL"
    return f"{Decimal(int(amount)).scaleb(-places):.{places}f}"


def _quotient(amount: ColumnElement[int], of: int) -> ColumnElement[int]:
    """Return the quotient of an amount that is not negative, without its fraction."""
    return cast(amount // _whole(of), BigInteger)


def _whole(number: int) -> ColumnElement[int]:
    return literal(number, BigInteger)
