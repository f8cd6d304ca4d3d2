"""The rules of the dataset that one query each can hold its rows to.

Shares no code with what makes the rows: it reads the database and the models only. Amounts are
compared as whole cents, because SQLite keeps NUMERIC as binary floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    CHAR,
    BigInteger,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
)

from pytest_demodata.invoicing.expressions import is_days_after, is_on_day
from pytest_demodata.invoicing.models import (
    AddressType,
    Base,
    Customer,
    CustomerAddress,
    CustomerStatus,
    CustomerType,
    Inventory,
    Invoice,
    InvoiceLineItem,
    InvoiceStatus,
    PaymentTerms,
    Product,
    ProductCategory,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import InstrumentedAttribute

SALES_DAYS: Final = 730
DRAFT_DAYS: Final = 31
OLDER_DAYS: Final = 365
TIERS: Final = (("Bronze", 0, 1), ("Silver", 5, 2), ("Gold", 10, 3), ("Platinum", 15, 4))
CATEGORIES: Final = ("Electronics", "Clothing", "Home & Garden", "Books", "Sports")
PROMOTIONS: Final = (20, 25, 30)
REVENUE: Final = (InvoiceStatus.SENT, InvoiceStatus.PAID, InvoiceStatus.OVERDUE)


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule, and the query for the keys of the rows that break it.

    Attributes:
        number: The rule's number in the project's `domain.md`.
        table: The table whose rows are named.
        sentence: What every row does.
        offenders: Selects the primary keys of those that do not.
    """

    number: int
    table: str
    sentence: str
    offenders: Select[Any]


def _cents(amount: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[int]:
    return cast(func.round(amount * 100), BigInteger)


def _thousandths(rate: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    return cast(func.round(rate * 1_000), BigInteger)


def _half_up(numerator: ColumnElement[int], denominator: int) -> ColumnElement[int]:
    return (2 * numerator + denominator) // (2 * denominator)


def row_rules(as_of: date) -> Iterator[RowRule]:
    """Return the rules, for a dataset with that reference date."""
    yield from _customer_rules()
    yield from _product_rules()
    yield from _number_rules(as_of)
    yield from _amount_rules()
    yield from _status_rules(as_of)
    yield from _discount_rules()
    yield from _position_rules()
    yield from _age_rules(as_of)
    yield from _time_rules(as_of)
    yield from _parent_rules()


def _customer_rules() -> Iterator[RowRule]:
    tiers = [
        and_(
            CustomerType.name == name,
            CustomerType.discount_percentage == discount,
            CustomerType.priority_level == priority,
        )
        for name, discount, priority in TIERS
    ]
    yield RowRule(
        1,
        "customer_types",
        "is Bronze 0 % / 1, Silver 5 % / 2, Gold 10 % / 3 or Platinum 15 % / 4",
        select(CustomerType.id).where(not_(or_(*tiers))),
    )
    above_band = _cents(Customer.credit_limit) - CustomerType.priority_level * 500_000
    yield RowRule(
        2,
        "customers",
        "has a credit limit of 5,000 x priority + a multiple of 100 from 100 to 5,000",
        select(Customer.id)
        .join(Customer.customer_type)
        .where(not_(and_(above_band.between(10_000, 500_000), above_band % 10_000 == 0))),
    )
    primary = (
        select(func.count())
        .where(CustomerAddress.customer_id == Customer.id, CustomerAddress.is_primary)
        .scalar_subquery()
    )
    yield RowRule(
        4, "customers", "has one primary address", select(Customer.id).where(primary != 1)
    )
    yield RowRule(
        4,
        "customer_addresses",
        "is a billing address if it is primary",
        select(CustomerAddress.id).where(
            CustomerAddress.is_primary, CustomerAddress.address_type != AddressType.BILLING
        ),
    )


def _product_rules() -> Iterator[RowRule]:
    yield RowRule(
        6,
        "product_categories",
        f"is one of {', '.join(CATEGORIES)}",
        select(ProductCategory.id).where(ProductCategory.name.not_in(CATEGORIES)),
    )
    price, cost = _cents(Product.price), _cents(Product.cost)
    yield RowRule(
        7,
        "products",
        "has a price above its cost, by a markup of 1.02 to 2.2",
        select(Product.id).where(
            not_(and_(cost > 0, price > cost, price * 100 >= cost * 102, price * 10 <= cost * 22))
        ),
    )
    yield RowRule(
        8,
        "products",
        "has one row of inventory",
        select(Product.id).where(~exists().where(Inventory.product_id == Product.id)),
    )
    yield RowRule(
        8,
        "inventory",
        "has 0 <= reserved <= current stock",
        select(Inventory.id).where(
            not_(
                and_(
                    Inventory.reserved_stock >= 0,
                    Inventory.reserved_stock <= Inventory.current_stock,
                )
            )
        ),
    )


def _number_rules(as_of: date) -> Iterator[RowRule]:
    yield RowRule(
        10,
        "invoices",
        "has a date in the two years before the reference date",
        select(Invoice.id).where(
            not_(Invoice.date.between(as_of - timedelta(days=SALES_DAYS), as_of))
        ),
    )
    digits = func.replace(cast(Invoice.date, CHAR(10)), "-", "")
    yield RowRule(
        10,
        "invoices",
        "has its date in its number",
        select(Invoice.id).where(func.substr(Invoice.invoice_number, 5, 8) != digits),
    )
    serial = (func.length(Invoice.invoice_number), func.substr(Invoice.invoice_number, 14))
    before = func.lag(Invoice.date).over(order_by=serial).label("before")
    in_order = select(Invoice.id, Invoice.date, before).subquery()
    yield RowRule(
        10,
        "invoices",
        "has a number that rises with the date",
        select(in_order.c.id).where(in_order.c.before > in_order.c.date),
    )
    days = case({terms.value: terms.days for terms in PaymentTerms}, value=Invoice.payment_terms)
    yield RowRule(
        11,
        "invoices",
        "is due so many days after its date as its payment terms say",
        select(Invoice.id).where(not_(is_days_after(Invoice.due_date, Invoice.date, days))),
    )


def _amount_rules() -> Iterator[RowRule]:
    lines = (
        select(
            InvoiceLineItem.invoice_id,
            func.sum(_cents(InvoiceLineItem.line_total)).label("total"),
        )
        .group_by(InvoiceLineItem.invoice_id)
        .subquery()
    )
    subtotal, tax = _cents(Invoice.subtotal), _cents(Invoice.tax_amount)
    yield RowRule(
        15,
        "invoices",
        "has a subtotal that is the sum of its lines",
        select(Invoice.id)
        .outerjoin(lines, lines.c.invoice_id == Invoice.id)
        .where(subtotal != func.coalesce(lines.c.total, 0)),
    )
    yield RowRule(
        15,
        "invoices",
        "has a tax amount of subtotal x rate / 100, rounded half up",
        select(Invoice.id).where(
            tax != _half_up(subtotal * _thousandths(Invoice.tax_rate), 100_000)
        ),
    )
    yield RowRule(
        15,
        "invoices",
        "has a total of subtotal + tax amount",
        select(Invoice.id).where(_cents(Invoice.total) != subtotal + tax),
    )


def _status_rules(as_of: date) -> Iterator[RowRule]:
    status = Invoice.status
    yield RowRule(
        12,
        "invoices",
        "is overdue if it was sent and is past due, and not otherwise",
        select(Invoice.id).where(
            or_(
                and_(status == InvoiceStatus.SENT, Invoice.due_date < as_of),
                and_(status == InvoiceStatus.OVERDUE, Invoice.due_date >= as_of),
            )
        ),
    )
    yield RowRule(
        12,
        "invoices",
        f"is at most {DRAFT_DAYS} days old if it is a draft",
        select(Invoice.id).where(
            status == InvoiceStatus.DRAFT, Invoice.date < as_of - timedelta(days=DRAFT_DAYS)
        ),
    )
    yield RowRule(
        12,
        "invoices",
        "has a paid date from its date to the reference date if it is paid, and none otherwise",
        select(Invoice.id).where(
            or_(
                and_(status == InvoiceStatus.PAID, Invoice.paid_date.is_(None)),
                and_(status != InvoiceStatus.PAID, Invoice.paid_date.is_not(None)),
                Invoice.paid_date < Invoice.date,
                Invoice.paid_date > as_of,
            )
        ),
    )


def _discount_rules() -> Iterator[RowRule]:
    line = InvoiceLineItem
    discount = _cents(line.discount_amount)
    gross = line.quantity * _cents(line.unit_price)
    yield RowRule(
        13,
        "invoice_line_items",
        "has a discount of quantity x unit price x percentage / 100, rounded half up",
        select(line.id).where(
            discount != _half_up(gross * _cents(line.discount_percentage), 10_000)
        ),
    )
    yield RowRule(
        13,
        "invoice_line_items",
        "has a total of quantity x unit price - discount",
        select(line.id).where(_cents(line.line_total) != gross - discount),
    )
    yield RowRule(
        13,
        "invoice_line_items",
        "has the discount of the customer's type, or of a promotion (20, 25 or 30 %)",
        select(line.id)
        .join(line.invoice)
        .join(Invoice.customer)
        .join(Customer.customer_type)
        .where(
            line.discount_percentage != CustomerType.discount_percentage,
            line.discount_percentage.not_in(PROMOTIONS),
        ),
    )


def _position_rules() -> Iterator[RowRule]:
    line = InvoiceLineItem
    yield RowRule(
        14,
        "invoice_line_items",
        "has its product's price",
        select(line.id).join(line.product).where(_cents(line.unit_price) != _cents(Product.price)),
    )
    yield RowRule(
        14,
        "invoices",
        "has lines with the positions 1 to n",
        select(line.invoice_id)
        .group_by(line.invoice_id)
        .having(
            or_(
                func.min(line.position) != 1,
                func.max(line.position) != func.count(),
                func.count(line.position.distinct()) != func.count(),
            )
        ),
    )
    yield RowRule(
        14,
        "invoices",
        "has no product twice on its lines",
        select(line.invoice_id)
        .group_by(line.invoice_id)
        .having(func.count(line.product_id.distinct()) != func.count()),
    )


def _age_rules(as_of: date) -> Iterator[RowRule]:
    recent = as_of - timedelta(days=OLDER_DAYS)
    yield RowRule(
        9,
        "customers",
        "is on no invoice of the last year if it is suspended",
        select(Customer.id)
        .join(Customer.invoices)
        .where(Customer.status == CustomerStatus.SUSPENDED)
        .group_by(Customer.id)
        .having(func.max(Invoice.date) > recent),
    )
    yield RowRule(
        9,
        "products",
        "is on no invoice of the last year if it is inactive",
        select(Product.id)
        .join(Product.line_items)
        .join(InvoiceLineItem.invoice)
        .where(not_(Product.active))
        .group_by(Product.id)
        .having(func.max(Invoice.date) > recent),
    )


def _time_rules(as_of: date) -> Iterator[RowRule]:
    yield RowRule(
        16,
        "invoices",
        "is created on its date",
        select(Invoice.id).where(not_(is_on_day(Invoice.created_at, Invoice.date))),
    )
    yield RowRule(
        16,
        "customers",
        "is created before the first invoice",
        select(Customer.id)
        .join(Customer.invoices)
        .where(Customer.created_at >= Invoice.created_at)
        .distinct(),
    )
    end = literal(datetime.combine(as_of, time.max))
    for model in (Customer, Product, Inventory, Invoice):
        yield RowRule(
            16,
            model.__tablename__,
            "is updated when it is created or later, and not after the reference date",
            select(model.id).where(
                or_(model.updated_at < model.created_at, model.updated_at > end)
            ),
        )


def _parent_rules() -> Iterator[RowRule]:
    for table in Base.metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            parent = key.column.table.alias()
            yield RowRule(
                17,
                table.name,
                f"has a parent in {key.column.table.name!r} for its {key.parent.name}",
                select(*table.primary_key.columns)
                .outerjoin(parent, parent.columns[key.column.name] == key.parent)
                .where(parent.columns[key.column.name].is_(None), key.parent.is_not(None)),
            )
