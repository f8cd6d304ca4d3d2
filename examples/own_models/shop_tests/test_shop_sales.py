"""The reports of the shop, and what they report on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from shop.models import Category, Order, OrderStatus
from shop.sales import cancel, revenue_by_category, revenue_by_method
from sqlalchemy import func, select

from pytest_demodata import assert_no_orphans

if TYPE_CHECKING:
    from decimal import Decimal

    from pytest_demodata import DemoDatabase


def _sold(demo_db: DemoDatabase) -> Decimal:
    """Add up the orders that are not cancelled."""
    kept = Order.status != OrderStatus.CANCELLED
    return demo_db.session.execute(select(func.sum(Order.total)).where(kept)).scalar_one()


def test_categories_add_up_to_the_orders(demo_db: DemoDatabase) -> None:
    """Each line is counted below one topmost category, however deep its own is."""
    report = revenue_by_category(demo_db.session)
    tops = select(Category.name).where(Category.parent_id.is_(None))
    assert report.keys() <= set(demo_db.session.scalars(tops))
    assert sum(report.values()) == _sold(demo_db)


def test_methods_add_up_to_the_orders(demo_db: DemoDatabase) -> None:
    """Each order is paid in full, in one or more payments."""
    report = revenue_by_method(demo_db.session)
    assert list(report) == ["card", "transfer", "voucher"]
    assert sum(report.values()) == _sold(demo_db)


def test_a_cancelled_order_is_in_neither_report(demo_db: DemoDatabase) -> None:
    """Cancelling commits, and both reports lose the order's total; the next test has it again."""
    sold = _sold(demo_db)
    paid = select(Order.number, Order.total).where(Order.status == OrderStatus.PAID)
    number, total = demo_db.session.execute(paid.limit(1)).one()
    cancel(demo_db.session, number)
    assert sum(revenue_by_category(demo_db.session).values()) == sold - total
    assert sum(revenue_by_method(demo_db.session).values()) == sold - total
    assert_no_orphans(demo_db)


def test_no_order_is_an_error(demo_db: DemoDatabase) -> None:
    """A number that no order has is named."""
    with pytest.raises(LookupError, match="There is no order 'none'"):
        cancel(demo_db.session, "none")
