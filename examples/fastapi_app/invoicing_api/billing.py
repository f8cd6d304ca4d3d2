"""How an invoice is made out: prices, discounts, tax, and the stock that it reserves."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from invoicing_api.refusals import RefusedError
from pytest_demodata.invoicing import (
    Customer,
    CustomerStatus,
    Invoice,
    InvoiceLineItem,
    InvoiceStatus,
    PaymentTerms,
    Product,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

TAX_RATE: Final = Decimal("8.25")
"""Percent; what a real application would look up by the customer's address."""


def open_invoice(customer: Customer, terms: PaymentTerms, day: date) -> Invoice:
    """Begin an invoice, which has no lines yet.

    Raises:
        RefusedError: The customer gets none.
    """
    if customer.status is not CustomerStatus.ACTIVE:
        raise RefusedError(409, f"Customer {customer.id} is {customer.status}.")
    written = datetime.combine(day, time(12))
    return Invoice(
        invoice_number=f"INV-{day:%Y%m%d}-{uuid4().hex[:12]}",
        customer_id=customer.id,
        date=day,
        due_date=day + timedelta(days=terms.days),
        status=InvoiceStatus.SENT,
        payment_terms=terms,
        subtotal=Decimal(0),
        tax_rate=TAX_RATE,
        tax_amount=Decimal(0),
        total=Decimal(0),
        created_at=written,
        updated_at=written,
    )


def make_line(
    invoice: Invoice, position: int, product: Product, quantity: int, discount: Decimal
) -> InvoiceLineItem:
    """Write a line, and reserve what is on it.

    Raises:
        RefusedError: The warehouse has not so many.
    """
    stock = product.inventory
    if stock is None or stock.current_stock - stock.reserved_stock < quantity:
        raise RefusedError(409, f"Product {product.id} is out of stock.")
    stock.reserved_stock += quantity
    amount = quantity * product.price
    taken_off = _cents(amount * discount / 100)
    return InvoiceLineItem(
        invoice_id=invoice.id,
        product_id=product.id,
        position=position,
        quantity=quantity,
        unit_price=product.price,
        discount_percentage=discount,
        discount_amount=taken_off,
        line_total=amount - taken_off,
        created_at=invoice.created_at,
    )


def add_up(invoice: Invoice, lines: Sequence[InvoiceLineItem]) -> None:
    """Write the sums of the lines, and the tax on them, into an invoice."""
    invoice.subtotal = sum((line.line_total for line in lines), Decimal(0))
    invoice.tax_amount = _cents(invoice.subtotal * invoice.tax_rate / 100)
    invoice.total = invoice.subtotal + invoice.tax_amount


def pay(invoice: Invoice, day: date) -> None:
    """Note that an invoice is paid.

    Raises:
        RefusedError: It is not one that money is expected for.
    """
    if invoice.status not in {InvoiceStatus.SENT, InvoiceStatus.OVERDUE}:
        raise RefusedError(409, f"Invoice {invoice.id} is {invoice.status}.")
    invoice.status = InvoiceStatus.PAID
    invoice.paid_date = day


def cancel(invoice: Invoice) -> None:
    """Cancel an invoice.

    Raises:
        RefusedError: It has been paid.
    """
    if invoice.status is InvoiceStatus.PAID:
        raise RefusedError(409, f"Invoice {invoice.id} is paid.")
    invoice.status = InvoiceStatus.CANCELLED


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
