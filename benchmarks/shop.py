"""Tables of somebody's own: customers, orders, lines and products, filled by inference."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations
from decimal import Decimal  # noqa: TC003 - as above
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, MetaData, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pytest_demodata import Fill, infer
from pytest_demodata.recipes import Derived, sum_of, taken, weighted

_MONEY: Final = Numeric(12, 2)


class _Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Customer(_Base):
    """Who buys."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(50))
    last_name: Mapped[str] = mapped_column(String(50))
    email: Mapped[str] = mapped_column(String(120), unique=True)
    city: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]


class Product(_Base):
    """What is bought."""

    __tablename__ = "products"
    __table_args__ = (CheckConstraint("price > 0", name="price_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    price: Mapped[Decimal] = mapped_column(_MONEY)


class Order(_Base):
    """What a customer buys at a time."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    ordered_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20))
    total: Mapped[Decimal] = mapped_column(_MONEY)


class OrderLine(_Base):
    """A product of an order."""

    __tablename__ = "order_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(_MONEY)
    amount: Mapped[Decimal] = mapped_column(_MONEY)


def _amount(quantity: int, price: int) -> int:
    return quantity * price


SHOP: Final = infer(
    _Base,
    Fill(
        OrderLine,
        columns={
            OrderLine.unit_price: taken(OrderLine.product_id, Product.price),
            OrderLine.amount: Derived(_amount, "quantity", "unit_price"),
        },
    ),
    Fill(
        Order,
        columns={
            Order.total: sum_of(OrderLine.amount),
            Order.status: weighted({"open": 1, "shipped": 2, "paid": 7}),
        },
    ),
)
