"""What clients send and receive."""

from datetime import date as Date  # noqa: N812 - InvoiceSummary has a field named date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pytest_demodata.invoicing import InvoiceStatus, PaymentTerms


class NewLine(BaseModel):
    """So many of a product."""

    product_id: int
    quantity: Annotated[int, Field(ge=1)]


class NewInvoice(BaseModel):
    """An order, which is to be invoiced and reserved in the warehouse."""

    payment_terms: PaymentTerms = PaymentTerms.NET_30
    lines: Annotated[list[NewLine], Field(min_length=1)]


class InvoiceSummary(BaseModel):
    """An invoice in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    invoice_number: str
    date: Date
    due_date: Date
    status: InvoiceStatus
    total: Decimal


class InvoiceLine(BaseModel):
    """A line of an invoice."""

    model_config = ConfigDict(from_attributes=True)

    position: int
    product_id: int
    quantity: int
    unit_price: Decimal
    discount_amount: Decimal
    line_total: Decimal


class WholeInvoice(InvoiceSummary):
    """An invoice with its lines."""

    subtotal: Decimal
    tax_amount: Decimal
    paid_date: Date | None
    line_items: list[InvoiceLine]
