"""What the tests share: the dataset, an empty database, and rows made by hand."""

from __future__ import annotations

import sys
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_demodata.invoicing import (
    AddressType,
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
    Region,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from invoicing_reports import Report
    from sqlalchemy.orm import Session

    from pytest_demodata import DemoDatabase

# From elsewhere, such as the root of the checkout, pytest does not read this project's settings.
sys.path.insert(0, str(Path(__file__).parent.parent))

LONG_AGO = datetime(2020, 1, 1, 12)  # noqa: DTZ001 - the tables hold times without a zone


@pytest.fixture
def session(demo_db: DemoDatabase) -> Session:
    """The session of the dataset whose volume the command line names."""
    return demo_db.session


@pytest.fixture
def as_of(demo_db: DemoDatabase) -> date:
    """The day that the dataset ends on."""
    return demo_db.as_of


@pytest.fixture
def empty(demo_db: DemoDatabase) -> Session:
    """A session whose tables are empty; the dataset is back for the next test."""
    for table in reversed(demo_db.metadata.sorted_tables):
        demo_db.session.execute(table.delete())
    return demo_db.session


@pytest.fixture
def numbers() -> Iterator[int]:
    """Numbers that are used once."""
    return count(1)


@pytest.fixture
def add_customer(empty: Session, numbers: Iterator[int]) -> Callable[..., Customer]:
    """Add a customer who may owe 11,000, with a primary address unless the region is None."""
    bronze = CustomerType(
        name="Bronze", discount_percentage=Decimal(0), priority_level=1, created_at=LONG_AGO
    )

    def add(
        name: str = "Ada Byron",
        *,
        status: CustomerStatus = CustomerStatus.ACTIVE,
        region: Region | None = Region.WEST,
    ) -> Customer:
        customer = Customer(
            name=name,
            email=f"ada.{next(numbers)}@example.com",
            status=status,
            credit_limit=Decimal(11_000),
            customer_type=bronze,
            created_at=LONG_AGO,
            updated_at=LONG_AGO,
        )
        if region is not None:
            customer.addresses.append(_address(region))
        empty.add(customer)
        empty.flush()
        return customer

    return add


def _address(region: Region) -> CustomerAddress:
    return CustomerAddress(
        address_type=AddressType.BILLING,
        street="1 Main Street",
        city="Springfield",
        state="OR",
        postal_code="97477",
        country="United States",
        region=region,
        is_primary=True,
        created_at=LONG_AGO,
    )


@pytest.fixture
def add_product(empty: Session, numbers: Iterator[int]) -> Callable[..., Product]:
    """Add a product, with a row of inventory unless the stock is None."""
    books = ProductCategory(name="Books", sort_order=1, created_at=LONG_AGO)

    def add(
        name: str = "A Book",
        *,
        price: str = "10.00",
        cost: str = "5.00",
        stock: int | None = 100,
        reserved: int = 0,
        reorder_point: int = 10,
        active: bool = True,
    ) -> Product:
        product = Product(
            name=name,
            sku=f"BOO-{next(numbers):05d}",
            price=Decimal(price),
            cost=Decimal(cost),
            active=active,
            category=books,
            created_at=LONG_AGO,
            updated_at=LONG_AGO,
        )
        if stock is not None:
            product.inventory = Inventory(
                current_stock=stock,
                reserved_stock=reserved,
                reorder_point=reorder_point,
                reorder_quantity=50,
                location="A-01",
                created_at=LONG_AGO,
                updated_at=LONG_AGO,
            )
        empty.add(product)
        empty.flush()
        return product

    return add


@pytest.fixture
def add_invoice(empty: Session, numbers: Iterator[int]) -> Callable[..., Invoice]:
    """Add an invoice over one line for each product, at 10 % tax, by default due on its date."""

    def add(
        customer: Customer,
        day: date,
        products: dict[Product, int],
        *,
        paid: date | None = None,
        status: InvoiceStatus = InvoiceStatus.SENT,
        terms: PaymentTerms = PaymentTerms.DUE_ON_RECEIPT,
    ) -> Invoice:
        created = datetime.combine(day, time(12))
        lines = [
            _line(position, product, quantity, created)
            for position, (product, quantity) in enumerate(products.items(), start=1)
        ]
        subtotal = sum((line.line_total for line in lines), Decimal(0))
        tax = (subtotal / 10).quantize(Decimal("0.01"), ROUND_HALF_UP)
        invoice = Invoice(
            invoice_number=f"INV-{day:%Y%m%d}-{next(numbers):04d}",
            customer=customer,
            date=day,
            due_date=day + timedelta(days=terms.days),
            status=InvoiceStatus.PAID if paid else status,
            payment_terms=terms,
            subtotal=subtotal,
            tax_rate=Decimal(10),
            tax_amount=tax,
            total=subtotal + tax,
            paid_date=paid,
            line_items=lines,
            created_at=created,
            updated_at=created + timedelta(hours=1),
        )
        empty.add(invoice)
        empty.flush()
        return invoice

    return add


def _line(position: int, product: Product, quantity: int, created: datetime) -> InvoiceLineItem:
    return InvoiceLineItem(
        position=position,
        product=product,
        quantity=quantity,
        unit_price=product.price,
        discount_percentage=Decimal(0),
        discount_amount=Decimal(0),
        line_total=quantity * product.price,
        created_at=created,
    )


@pytest.fixture(scope="session")
def render_html() -> Callable[[Report], str]:
    """The renderer of pages; the numbers and the CSV are tested without Jinja2 as well."""
    pytest.importorskip("jinja2", reason="pages are rendered with Jinja2: pip install Jinja2")
    from invoicing_reports import pages  # noqa: PLC0415 - imports Jinja2

    return pages.render_html
