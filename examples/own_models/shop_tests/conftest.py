"""What the demo databases of the shop's tests hold: its own tables, and what is known of them."""

from __future__ import annotations

import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_demodata import FanOut, Fill, Sized, infer
from pytest_demodata.recipes import between, derived, pattern, share_of, sum_of, taken, weighted

# From elsewhere, such as the root of a checkout, pytest does not read this project's settings.
sys.path.insert(0, str(Path(__file__).parent.parent))

if TYPE_CHECKING:
    from datetime import datetime

    from shop.models import OrderStatus

    from pytest_demodata import Blueprint


def amount_of(quantity: int, unit_price: Decimal) -> Decimal:
    """Return what a line costs."""
    return quantity * unit_price


def shipped_at(status: OrderStatus, placed_at: datetime) -> datetime | None:
    """Return when an order was shipped, if it was: the day after."""
    return placed_at + timedelta(days=1) if status.value == "shipped" else None


@pytest.fixture(scope="session")
def demodata_blueprint() -> Blueprint:
    """The shop's tables; what is not said here is inferred."""
    # Found after the path is set.
    from shop.models import Base, Order, OrderLine, OrderStatus, Payment, Product  # noqa: PLC0415

    return infer(
        Base,
        Fill(
            Product,
            rows=Sized("products"),
            columns={
                Product.sku: pattern("??-#####", unique=True),
                Product.price: between(Decimal("0.99"), Decimal("249.99")),
            },
        ),
        Fill(
            Order,
            rows=FanOut(Order.customer_id, range(6)),
            columns={
                Order.status: weighted(
                    {
                        OrderStatus.SHIPPED: 12,
                        OrderStatus.PAID: 4,
                        OrderStatus.OPEN: 3,
                        OrderStatus.CANCELLED: 1,
                    }
                ),
                Order.shipped_at: derived(shipped_at, Order.status, Order.placed_at),
                Order.total: sum_of(OrderLine.amount),
            },
        ),
        Fill(
            OrderLine,
            rows=FanOut(OrderLine.order_id, range(1, 8)),
            columns={
                OrderLine.quantity: weighted({1: 6, 2: 3, 5: 1}),
                OrderLine.unit_price: taken(OrderLine.product_id, Product.price),
                OrderLine.amount: derived(amount_of, OrderLine.quantity, OrderLine.unit_price),
            },
        ),
        Fill(
            Payment,
            rows=FanOut(Payment.order_id, range(1, 4)),
            columns={
                Payment.method: weighted({"card": 7, "transfer": 2, "voucher": 1}),
                Payment.amount: share_of(Order.total, through=Payment.order_id),
            },
        ),
    )
