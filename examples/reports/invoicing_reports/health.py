"""How good a customer is: payment score, health score and risk.

The health score is a sum of points, at most 100:

| points | for | how |
|---|---|---|
| 40 | paying on time | 40 % of the payment score |
| 30 | the customer's status | active 30, inactive 15, suspended 0 |
| 15 | credit use | 15 x the share of the credit limit that is not outstanding, at least 0 |
| 15 | recency | days since the last invoice: up to 90 15, up to 180 10, up to 365 5, else 0 |

A customer who has never paid, nor let a due date pass, has no payment score; the other 60 points
are then scaled to 100. The sum is rounded half up. Risk is low from 85 points, medium from 65, and
high below, which a suspended customer always is.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from pytest_demodata.invoicing import CustomerStatus

_PAYMENT_POINTS: Final = 40
_CREDIT_POINTS: Final = 15
_STATUS_POINTS: Final = {
    CustomerStatus.ACTIVE: 30,
    CustomerStatus.INACTIVE: 15,
    CustomerStatus.SUSPENDED: 0,
}
_RECENCY_POINTS: Final = ((90, 15), (180, 10), (365, 5))
_PAYMENT_SCORES: Final = ((0, 100), (30, 80), (60, 60))
_SLOWEST: Final = 40


class Risk(enum.StrEnum):
    """How likely a customer is to cost money."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of a customer.

    Attributes:
        status: How the customer stands with the company.
        credit_limit: How much may be outstanding.
        outstanding: How much is.
        judged: Invoices that were paid, or are overdue: those that tell about paying.
        days_late: Days that these were late, together; one paid early is 0 days late.
        idle_days: Days since the last invoice, or None without any.
    """

    status: CustomerStatus
    credit_limit: Decimal
    outstanding: Decimal
    judged: int
    days_late: int
    idle_days: int | None


def payment_score(account: Account) -> int | None:
    """Return 100 if nothing was late, 80 up to 30 days late on average, 60 up to 60, else 40.

    None where there is nothing to average.
    """
    if not account.judged:
        return None
    for days, score in _PAYMENT_SCORES:
        if account.days_late <= days * account.judged:
            return score
    return _SLOWEST


def health_score(account: Account) -> int:
    """Return the points, 0 to 100, by the formula at the top of this module."""
    points = _STATUS_POINTS[account.status] + _credit_points(account) + _recency_points(account)
    score = payment_score(account)
    if score is None:
        points *= Decimal(100) / (100 - _PAYMENT_POINTS)
    else:
        points += Decimal(_PAYMENT_POINTS * score) / 100
    return int(points.quantize(Decimal(1), ROUND_HALF_UP))


def _credit_points(account: Account) -> Decimal:
    free = 1 - account.outstanding / account.credit_limit
    return _CREDIT_POINTS * max(free, Decimal())


def _recency_points(account: Account) -> int:
    if account.idle_days is None:
        return 0
    return next((points for days, points in _RECENCY_POINTS if account.idle_days <= days), 0)


def risk_of(health: int) -> Risk:
    """Tell the risk from the health score."""
    if health >= 85:
        return Risk.LOW
    return Risk.MEDIUM if health >= 65 else Risk.HIGH
