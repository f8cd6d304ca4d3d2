"""The eight tables of the invoicing dataset, with every rule that a database can hold.

Source of the rules, by number: the project's `domain.md`, repeated in `rules.py` where a rule
needs more than one row.
"""

from __future__ import annotations

import enum
from datetime import date as Date  # noqa: N812, TC003 - Invoice has a column named date
from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    column,
    inspect,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from pytest_demodata.invoicing.expressions import is_days_after, is_on_day


class CustomerStatus(enum.StrEnum):
    """How a customer stands with the company."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"


class AddressType(enum.StrEnum):
    """What an address is used for."""

    BILLING = "billing"
    SHIPPING = "shipping"
    MAILING = "mailing"
    OTHER = "other"


class Region(enum.StrEnum):
    """The sales regions, the same five in every locale."""

    WEST = "West"
    SOUTHWEST = "Southwest"
    MIDWEST = "Midwest"
    SOUTHEAST = "Southeast"
    NORTHEAST = "Northeast"


class InvoiceStatus(enum.StrEnum):
    """How far an invoice is."""

    DRAFT = "draft"
    SENT = "sent"
    PAID = "paid"
    OVERDUE = "overdue"
    CANCELLED = "cancelled"


class PaymentTerms(enum.StrEnum):
    """How long a customer has to pay; `days` from the invoice's date to its due date."""

    DUE_ON_RECEIPT = "Due on Receipt"
    NET_15 = "Net 15"
    NET_30 = "Net 30"
    NET_45 = "Net 45"

    @property
    def days(self) -> int:
        """The days from the invoice's date to its due date."""
        return 0 if self is PaymentTerms.DUE_ON_RECEIPT else int(self.value.removeprefix("Net "))


def _one_of(values: type[enum.StrEnum], name: str) -> Enum:
    """Store an enum as its values, in a VARCHAR with a CHECK, alike on every database."""
    return Enum(
        values,
        name=name,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


Key = Annotated[int, mapped_column(primary_key=True)]
Money = Annotated[Decimal, mapped_column(Numeric(12, 2))]
Percentage = Annotated[Decimal, mapped_column(Numeric(5, 2))]


def _rule(name: str, condition: str) -> CheckConstraint:
    return CheckConstraint(condition, name=name)


# SQLite computes NUMERIC in binary floats, so its amounts are held to the cent and not to the bit.
_EXACT = "0.005"
_ROUNDED = "0.0051"
_RESERVED_EMAIL = " OR ".join(
    [f"email LIKE '%_@example.{domain}'" for domain in ("com", "net", "org")]
    + [f"email LIKE '%_@%_.{domain}'" for domain in ("example", "test", "invalid")]
)
_DAYS_OF_TERMS = "CASE payment_terms{} END".format(
    "".join(f" WHEN '{terms}' THEN {terms.days}" for terms in PaymentTerms)
)


class Base(DeclarativeBase):
    """The declarative base of the invoicing dataset; `Base.metadata` holds its tables."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        CustomerStatus: _one_of(CustomerStatus, "status"),
        AddressType: _one_of(AddressType, "address_type"),
        Region: _one_of(Region, "region"),
        InvoiceStatus: _one_of(InvoiceStatus, "status"),
        PaymentTerms: _one_of(PaymentTerms, "payment_terms"),
    }

    def __repr__(self) -> str:
        """Tell the key, which needs no query."""
        identity = inspect(self).identity
        return f"<{type(self).__name__} {identity[0] if identity else '(new)'}>"


class CustomerType(Base):
    """A tier of customers, with the discount that it gets."""

    __tablename__ = "customer_types"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(40), unique=True)
    description: Mapped[str | None] = mapped_column(String(255))
    discount_percentage: Mapped[Percentage]
    priority_level: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    customers: Mapped[list[Customer]] = relationship(back_populates="customer_type")

    __table_args__ = (
        _rule("discount_percentage", "discount_percentage BETWEEN 0 AND 100"),
        _rule("priority_level", "priority_level BETWEEN 1 AND 5"),
    )


class Customer(Base):
    """A person or company that is invoiced."""

    __tablename__ = "customers"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(160), unique=True)
    phone: Mapped[str | None] = mapped_column(String(30))
    status: Mapped[CustomerStatus] = mapped_column(default=CustomerStatus.ACTIVE)
    credit_limit: Mapped[Money]
    notes: Mapped[str | None] = mapped_column(Text)
    customer_type_id: Mapped[int] = mapped_column(ForeignKey("customer_types.id"), index=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    customer_type: Mapped[CustomerType] = relationship(back_populates="customers")
    addresses: Mapped[list[CustomerAddress]] = relationship(back_populates="customer")
    invoices: Mapped[list[Invoice]] = relationship(back_populates="customer")

    __table_args__ = (
        _rule("credit_limit", "credit_limit BETWEEN 5100 AND 30000 AND credit_limit % 100 = 0"),
        _rule("email_domain_is_reserved", _RESERVED_EMAIL),
        _rule("updated_after_creation", "updated_at >= created_at"),
    )


class CustomerAddress(Base):
    """One of the addresses of a customer; the primary one is where the bills go."""

    __tablename__ = "customer_addresses"

    id: Mapped[Key]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    address_type: Mapped[AddressType]
    street: Mapped[str] = mapped_column(String(120))
    street2: Mapped[str | None] = mapped_column(String(120))
    city: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(60))
    postal_code: Mapped[str] = mapped_column(String(20))
    country: Mapped[str] = mapped_column(String(60))
    region: Mapped[Region]
    is_primary: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    customer: Mapped[Customer] = relationship(back_populates="addresses")

    __table_args__ = (
        _rule("primary_is_billing", "NOT is_primary OR address_type = 'billing'"),
        # MySQL and MariaDB have no partial indexes; there only `validate()` holds this rule.
        # (SQLAlchemy takes several dialects; its annotation knows of one.)
        Index(
            "uq_customer_addresses_primary",
            "customer_id",
            unique=True,
            sqlite_where=text("is_primary"),
            postgresql_where=text("is_primary"),
        ).ddl_if(dialect=("sqlite", "postgresql")),  # type: ignore[arg-type]
    )


class ProductCategory(Base):
    """A group of products."""

    __tablename__ = "product_categories"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(40), unique=True)
    description: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    sort_order: Mapped[int]
    created_at: Mapped[datetime]

    products: Mapped[list[Product]] = relationship(back_populates="category")


class Product(Base):
    """Something that is sold."""

    __tablename__ = "products"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(160))
    sku: Mapped[str] = mapped_column(String(20), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    price: Mapped[Money]
    cost: Mapped[Money]
    weight: Mapped[Decimal | None] = mapped_column(Numeric(8, 3), comment="kilograms")
    active: Mapped[bool] = mapped_column(default=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("product_categories.id"), index=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    category: Mapped[ProductCategory] = relationship(back_populates="products")
    inventory: Mapped[Inventory | None] = relationship(back_populates="product")
    line_items: Mapped[list[InvoiceLineItem]] = relationship(back_populates="product")

    __table_args__ = (
        _rule("price_above_cost", "price > cost AND cost > 0"),
        _rule("weight", "weight > 0"),
        _rule("updated_after_creation", "updated_at >= created_at"),
    )


class Inventory(Base):
    """What the warehouse holds of a product."""

    __tablename__ = "inventory"

    id: Mapped[Key]
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), unique=True, index=True)
    current_stock: Mapped[int]
    reserved_stock: Mapped[int]
    reorder_point: Mapped[int]
    reorder_quantity: Mapped[int]
    location: Mapped[str] = mapped_column(String(20))
    last_received_date: Mapped[Date | None]
    last_received_quantity: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    product: Mapped[Product] = relationship(back_populates="inventory")

    __table_args__ = (
        _rule("reserved_is_in_stock", "0 <= reserved_stock AND reserved_stock <= current_stock"),
        _rule("reorder", "reorder_point >= 0 AND reorder_quantity > 0"),
        _rule(
            "last_received",
            "(last_received_date IS NULL) = (last_received_quantity IS NULL)"
            " AND last_received_quantity > 0",
        ),
        _rule("updated_after_creation", "updated_at >= created_at"),
    )


class Invoice(Base):
    """A bill to a customer; its amounts are the sums over its lines."""

    __tablename__ = "invoices"

    id: Mapped[Key]
    invoice_number: Mapped[str] = mapped_column(String(30), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    date: Mapped[Date]
    due_date: Mapped[Date]
    status: Mapped[InvoiceStatus] = mapped_column(default=InvoiceStatus.DRAFT)
    payment_terms: Mapped[PaymentTerms]
    subtotal: Mapped[Money]
    tax_rate: Mapped[Decimal] = mapped_column(Numeric(6, 3), comment="percent")
    tax_amount: Mapped[Money]
    total: Mapped[Money]
    paid_date: Mapped[Date | None]
    notes: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    customer: Mapped[Customer] = relationship(back_populates="invoices")
    line_items: Mapped[list[InvoiceLineItem]] = relationship(
        back_populates="invoice", order_by="InvoiceLineItem.position"
    )

    __table_args__ = (
        _rule("invoice_number", "invoice_number LIKE 'INV-________-____%'"),
        _rule(
            "number_has_date",
            "substr(invoice_number, 5, 8) = replace(CAST(date AS CHAR(10)), '-', '')",
        ),
        CheckConstraint(
            is_days_after(column("due_date"), column("date"), text(_DAYS_OF_TERMS)),
            name="due_date_follows_terms",
        ),
        _rule("paid_has_paid_date", "(status = 'paid') = (paid_date IS NOT NULL)"),
        _rule("paid_date_from_date", "paid_date >= date"),
        _rule("tax_rate", "tax_rate BETWEEN 0 AND 100"),
        _rule("tax_amount", f"abs(tax_amount - subtotal * tax_rate / 100.0) < {_ROUNDED}"),
        _rule("total", f"abs(total - subtotal - tax_amount) < {_EXACT}"),
        CheckConstraint(is_on_day(column("created_at"), column("date")), name="created_on_date"),
        _rule("updated_after_creation", "updated_at >= created_at"),
    )


class InvoiceLineItem(Base):
    """A line of an invoice: so many of a product at its price, less a discount."""

    __tablename__ = "invoice_line_items"

    id: Mapped[Key]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    position: Mapped[int]
    description: Mapped[str | None] = mapped_column(String(255))
    quantity: Mapped[int]
    unit_price: Mapped[Money]
    discount_percentage: Mapped[Percentage]
    discount_amount: Mapped[Money]
    line_total: Mapped[Money]
    created_at: Mapped[datetime]

    invoice: Mapped[Invoice] = relationship(back_populates="line_items")
    product: Mapped[Product] = relationship(back_populates="line_items")

    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        UniqueConstraint("invoice_id", "product_id"),
        _rule("position", "position >= 1"),
        _rule("quantity", "quantity >= 1"),
        _rule("unit_price", "unit_price > 0"),
        _rule("discount_percentage", "discount_percentage BETWEEN 0 AND 100"),
        _rule(
            "discount_amount",
            "abs(discount_amount - quantity * unit_price * discount_percentage / 100.0)"
            f" < {_ROUNDED}",
        ),
        _rule(
            "line_total",
            f"abs(line_total - quantity * unit_price + discount_amount) < {_EXACT}",
        ),
    )
