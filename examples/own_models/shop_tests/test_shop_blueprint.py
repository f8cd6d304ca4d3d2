"""The shop's data: what was declared holds, and so does what was not."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from shop.models import Base, Category, Customer, Order, OrderLine, OrderStatus, Payment, Product
from sqlalchemy import CheckConstraint, String, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pytest_demodata import (
    BlueprintError,
    DataGenerator,
    Fill,
    assert_intact,
    assert_totals,
    infer,
    prepare_sqlite,
)
from pytest_demodata.recipes import pattern

if TYPE_CHECKING:
    from pytest_demodata import DemoDatabase


def test_everything_that_was_declared_holds(demo_db: DemoDatabase) -> None:
    """Foreign keys, unique columns, NOT NULL and the declared sums."""
    assert_intact(demo_db)


def test_orders_are_the_sums_of_their_lines_and_payments(demo_db: DemoDatabase) -> None:
    """To the cent, in every row."""
    assert_totals(demo_db, parent=Order.total, children=OrderLine.amount)
    assert_totals(demo_db, parent=Order.total, children=Payment.amount)


def test_lines_have_the_prices_of_their_products(demo_db: DemoDatabase) -> None:
    """A unit price is that of the product that the line refers to, and amounts follow from it."""
    lines = select(OrderLine, Product.price).join(OrderLine.product)
    for line, price in demo_db.session.execute(lines):
        assert line.unit_price == price
        assert line.amount == line.quantity * price


def test_statuses_have_their_weights(demo_db: DemoDatabase) -> None:
    """Most orders are shipped, and those alone have a time at which they were."""
    statuses = demo_db.session.scalars(select(Order.status)).all()
    assert statuses.count(OrderStatus.SHIPPED) > len(statuses) / 3
    without = demo_db.session.scalars(select(Order.status).where(Order.shipped_at.is_(None)))
    assert OrderStatus.SHIPPED not in set(without)


def test_times_follow_each_other(demo_db: DemoDatabase) -> None:
    """Nobody orders before they are a customer: that is inferred."""
    early = select(Order).join(Order.customer).where(Order.placed_at < Customer.created_at)
    assert demo_db.session.scalars(early).all() == []


def test_categories_are_a_tree(demo_db: DemoDatabase) -> None:
    """Some are at the top, and the others lead there: that is inferred too."""
    categories = demo_db.session.execute(select(Category.id, Category.parent_id))
    parents: dict[int, int | None] = dict(categories.all())
    assert None in parents.values()
    for category in parents:
        above: int | None = category
        for _ in parents:
            above = parents[above] if above is not None else None
        assert above is None


def test_inference_alone_keeps_to_the_schema() -> None:
    """Without a blueprint all tables are filled; amounts are numbers that nobody added up."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    with engine.begin() as connection:
        DataGenerator(connection, blueprint=infer(Base)).generate("small")
        assert_intact(connection, metadata=Base.metadata)
        assert connection.scalar(select(func.count()).select_from(Category)) == 25
        with pytest.raises(AssertionError, match=r"order"):
            assert_totals(connection, parent=Order.total, children=OrderLine.amount)
    engine.dispose()


class _Vouchers(DeclarativeBase):
    """Another table, with a constraint that is not understood."""


class _Voucher(_Vouchers):
    __tablename__ = "vouchers"
    __table_args__ = (CheckConstraint("code = upper(code)"),)

    code: Mapped[str] = mapped_column(String(12), primary_key=True)


REFUSED = """\
1 column cannot be inferred:
  vouchers.code: the constraint 'code = upper(code)' is not understood: it calls upper().
    Write: Fill('vouchers', columns={'code': unique(choice(…))})
Give them a recipe in infer(…, Fill(…)), or leave their tables out: without=[…]."""


def test_what_cannot_be_inferred_is_an_error() -> None:
    """It names the column, why, and what to write; with that, the table is filled."""
    with pytest.raises(BlueprintError) as refused:
        infer(_Vouchers)
    assert str(refused.value) == REFUSED
    vouchers = infer(
        _Vouchers,
        Fill(_Voucher, columns={_Voucher.code: pattern("????-####", unique=True)}),
    )
    engine = prepare_sqlite(create_engine("sqlite://"))
    DataGenerator(engine, blueprint=vouchers).generate("small")
    assert_intact(engine, metadata=_Vouchers.metadata)
    engine.dispose()


def test_one_cent_off_is_found(demo_db: DemoDatabase) -> None:
    """What is declared is checked as well, in whatever the code under test has made of it."""
    order = demo_db.session.scalars(select(Order).where(Order.total > 0).limit(1)).one()
    order.total += Decimal("0.01")
    demo_db.session.flush()
    with pytest.raises(AssertionError, match=r"1 of [\d,]+ orders does not add up"):
        assert_intact(demo_db)
