"""Two reports over the shop: what its categories sell, and how it is paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from shop.models import Category, Order, OrderLine, OrderStatus, Payment, Product

if TYPE_CHECKING:
    from decimal import Decimal

    from sqlalchemy.orm import Session


def revenue_by_category(session: Session) -> dict[str, Decimal]:
    """Add up what was sold below each of the topmost categories, without cancelled orders."""
    tops = select(Category.id, Category.name.label("top")).where(Category.parent_id.is_(None))
    tree = tops.cte("tree", recursive=True)
    below = select(Category.id, tree.c.top).join(tree, Category.parent_id == tree.c.id)
    tree = tree.union_all(below)
    sold = (
        select(tree.c.top, func.sum(OrderLine.amount))
        .join(Product, Product.category_id == tree.c.id)
        .join(OrderLine, OrderLine.product_id == Product.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.status != OrderStatus.CANCELLED)
        .group_by(tree.c.top)
        .order_by(tree.c.top)
    )
    return dict(session.execute(sold).all())


def revenue_by_method(session: Session) -> dict[str, Decimal]:
    """Add up the payments of each method, without those of cancelled orders."""
    paid = (
        select(Payment.method, func.sum(Payment.amount))
        .join(Order, Order.id == Payment.order_id)
        .where(Order.status != OrderStatus.CANCELLED)
        .group_by(Payment.method)
        .order_by(Payment.method)
    )
    return dict(session.execute(paid).all())


def cancel(session: Session, number: str) -> None:
    """Cancel an order, and commit.

    Raises:
        LookupError: There is no order of that number.
    """
    order = session.scalar(select(Order).where(Order.number == number))
    if order is None:
        message = f"There is no order {number!r}."
        raise LookupError(message)
    order.status = OrderStatus.CANCELLED
    session.commit()
