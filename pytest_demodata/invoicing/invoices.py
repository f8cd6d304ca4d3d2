"""Invoices and their lines."""

from __future__ import annotations

from datetime import date
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from pytest_demodata.blueprint import FanOut, Fill, Sized
from pytest_demodata.invoicing.models import Invoice, InvoiceLineItem, InvoiceStatus, PaymentTerms
from pytest_demodata.invoicing.timing import (
    SALES_DAYS,
    SALES_YEAR,
    WORKING_WEEK,
    closing,
    in_working_hours,
    scaled,
)
from pytest_demodata.recipes import (
    AsOf,
    Choice,
    ColumnName,
    Derived,
    DerivedColumn,
    Fraction,
    Pinned,
    Position,
    Recipe,
    Reference,
    Rising,
    Sometimes,
    SumOf,
    Taken,
    Word,
)
from pytest_demodata.values import half_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Table

    from pytest_demodata.recipes import Run

_TERM_DAYS: Final = {terms.value: terms.days for terms in PaymentTerms}
_DRAFT, _SENT, _PAID, _OVERDUE, _CANCELLED = (status.value for status in InvoiceStatus)
_FATE_UNPAID, _FATE_SENT, _FATE_PAID, _FATE_CANCELLED = (
    percent * 2**32 // 100 for percent in (1, 50, 80, 97)
)
_RECENT: Final = 14
"""Drafts are at most this many days old."""


class _InvoiceNumber(Recipe):
    """INV-YYYYMMDD-NNNN: the date, and a number that rises by 1 and is as wide as the last one."""

    def draw(self, run: Run) -> Sequence[str]:
        days = run.values("date")
        digits = {day: date.fromordinal(day).isoformat().replace("-", "") for day in set(days)}
        pattern = f"INV-%s-%0{max(4, len(str(run.total)))}d"
        return [pattern % (digits[day], number) for number, day in enumerate(days, run.start + 1)]

    def reads(self, table: Table, column: str) -> Iterable[ColumnName]:  # noqa: ARG002
        return [ColumnName(table.name, "date")]


def _payment_terms(of_customer: str, other: str, fraction: int) -> str:
    """Return the customer's usual terms, but for one invoice in ten."""
    return of_customer if scaled(fraction, 10) else other


def _due_date(day: int, terms: str) -> int:
    return day + _TERM_DAYS[terms]


def _status(day: int, due: int, as_of: int, fate: int) -> str:
    """Return a status that agrees with the dates (rule 12).

    Args:
        day: The invoice's date.
        due: Its due date.
        as_of: The reference date.
        fate: A fraction of 2**32; what it leads to hangs on how long the invoice has been due.
    """
    percentile = scaled(fate, 100)
    if percentile >= 95:
        return _CANCELLED
    if due < as_of:
        return _OVERDUE if percentile < _unpaid(as_of - due) else _PAID
    if percentile < 25 and day >= as_of - _RECENT:
        return _DRAFT
    return _SENT if percentile < 75 else _PAID


def _unpaid(days: int) -> int:
    """Return how many of a hundred invoices are still unpaid so many days after the due date."""
    for bound, percent in ((30, 35), (60, 20), (90, 12), (180, 6), (365, 3)):
        if days <= bound:
            return percent
    return 1


def _paid_date(
    status: str, day: int, due: int, as_of: int, days_late: int, fraction: int
) -> int | None:
    """Return when a customer paid: within the terms, or as late as that customer tends to be."""
    if status != _PAID:
        return None
    if days_late and due < as_of:
        return min(due + 1 + scaled(fraction, 2 * days_late - 1), as_of)
    return day + scaled(fraction, min(due, as_of) - day + 1)


def _invoice_updated(
    status: str, day: int, due: int, paid: int | None, as_of: int, fraction: int
) -> int:
    if paid is not None:
        return closing(paid)
    if status == _OVERDUE:
        return closing(due + 1)
    if status == _CANCELLED:
        return closing(min(day + scaled(fraction, 30), as_of))
    return closing(day)


def _tax_amount(subtotal: int, rate: int) -> int:
    """Return cents, rounded half up (rule 15); the rate is in thousandths of a percent."""
    return half_up(subtotal * rate, 100_000)


INVOICES: Final = Fill(
    Invoice,
    rows=Sized("invoices"),
    columns={
        "invoice_number": _InvoiceNumber(),
        "customer_id": Reference(
            weight="popularity", at="date", since="created", until="last_order", exact=True
        ),
        "date": Derived(itemgetter(0), "moment"),
        "due_date": Derived(_due_date, "date", "payment_terms"),
        "status": Derived(_status, "date", "due_date", "as_of", "fate"),
        "payment_terms": Pinned(
            Derived(_payment_terms, "customer_terms", "other_terms", "agreement"),
            {-2: PaymentTerms.NET_45.value, -1: PaymentTerms.NET_30.value},
        ),
        "subtotal": SumOf("invoice_line_items.line_total"),
        "tax_rate": Taken("customer_id", "tax_rate"),
        "tax_amount": Derived(_tax_amount, "subtotal", "tax_rate"),
        "total": Derived(int.__add__, "subtotal", "tax_amount"),
        "paid_date": Derived(
            _paid_date, "status", "date", "due_date", "as_of", "days_late", "payment"
        ),
        "notes": Sometimes(Word("invoice_notes"), percent=12),
        "created_at": Derived(in_working_hours, "date", "time"),
        "updated_at": Derived(
            _invoice_updated, "status", "date", "due_date", "paid_date", "as_of", "payment"
        ),
    },
    virtual={
        "as_of": AsOf(),
        # One invoice of each status, at any volume: the oldest three are paid, overdue and
        # cancelled, the newest two sent and a draft.
        "fate": Pinned(
            Fraction(),
            {0: _FATE_PAID, 1: _FATE_UNPAID, 2: _FATE_CANCELLED, -1: _FATE_UNPAID, -2: _FATE_SENT},
        ),
        "payment": Fraction(),
        "moment": Rising(
            -SALES_DAYS, 0, week=WORKING_WEEK, year=SALES_YEAR, tail=(21, 0), times=True
        ),
        "time": Derived(itemgetter(1), "moment"),
        "customer_terms": Taken("customer_id", "terms"),
        "other_terms": Choice(tuple(_TERM_DAYS), weights=(10, 20, 50, 20)),
        "agreement": Fraction(),
        "days_late": Taken("customer_id", "days_late"),
        "discount": Taken("customer_id", "discount"),
        "promotion_note": Word("promotion_notes"),
    },
)


def _discount_percentages(promotions: Sequence[int], discounts: Sequence[int]) -> list[int]:
    return [own or tier for own, tier in zip(promotions, discounts, strict=True)]


def _discount_amounts(
    quantities: Sequence[int], prices: Sequence[int], percentages: Sequence[int]
) -> list[int]:
    """Return cents, rounded half up (rule 13); percentages are in hundredths."""
    return [
        (quantity * price * percentage + 5_000) // 10_000 if percentage else 0
        for quantity, price, percentage in zip(quantities, prices, percentages, strict=True)
    ]


def _line_totals(
    quantities: Sequence[int], prices: Sequence[int], discounts: Sequence[int]
) -> list[int]:
    return [
        quantity * price - discount
        for quantity, price, discount in zip(quantities, prices, discounts, strict=True)
    ]


def _promotion_notes(promotions: Sequence[int], notes: Sequence[str]) -> list[str | None]:
    return [note if own else None for own, note in zip(promotions, notes, strict=True)]


INVOICE_LINE_ITEMS: Final = Fill(
    InvoiceLineItem,
    rows=FanOut("invoice_id", "lines"),
    columns={
        "product_id": Reference(
            weight="popularity", at="date", until="on_sale_until", distinct=True
        ),
        "position": Position(),
        "description": DerivedColumn(_promotion_notes, "promotion", "note"),
        "quantity": Choice(
            (1, 2, 3, 4, 5, 6, 8, 10, 12, 20), weights=(30, 22, 14, 9, 7, 5, 4, 4, 3, 2)
        ),
        "unit_price": Taken("product_id", "price"),
        "discount_percentage": DerivedColumn(_discount_percentages, "promotion", "discount"),
        "discount_amount": DerivedColumn(
            _discount_amounts, "quantity", "unit_price", "discount_percentage"
        ),
        "line_total": DerivedColumn(_line_totals, "quantity", "unit_price", "discount_amount"),
        "created_at": Taken("invoice_id", "created_at"),
    },
    virtual={
        "date": Taken("invoice_id", "date"),
        "discount": Taken("invoice_id", "discount"),
        "promotion": Choice((0, 2_000, 2_500, 3_000), weights=(94, 3, 2, 1)),
        "note": Taken("invoice_id", "promotion_note"),
    },
)
