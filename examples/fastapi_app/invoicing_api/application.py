"""The endpoints.

Those that are `async def` run in the event loop, those that are `def` in a thread of Starlette's.
"""

from decimal import Decimal

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from invoicing_api.billing import add_up, cancel, make_line, open_invoice, pay
from invoicing_api.messages import InvoiceSummary, NewInvoice, WholeInvoice
from invoicing_api.refusals import RefusedError, missing
from invoicing_api.sessions import InLoop, InThread, Today
from pytest_demodata.invoicing import Customer, Invoice, InvoiceLineItem, Product

app = FastAPI(title="Invoicing")


@app.exception_handler(RefusedError)
async def refuse(_request: Request, error: RefusedError) -> JSONResponse:
    """Tell a client why it cannot have what it asked for."""
    return JSONResponse({"detail": str(error)}, error.status)


@app.exception_handler(IntegrityError)
async def contradict(_request: Request, _error: IntegrityError) -> JSONResponse:
    """Tell a client that a constraint of the database is against it."""
    return JSONResponse({"detail": "That contradicts what is there."}, 409)


@app.get("/customers/{customer_id}/invoices")
def list_invoices(customer_id: int, session: InThread) -> list[InvoiceSummary]:
    """List the invoices of a customer, the latest first."""
    if session.get(Customer, customer_id) is None:
        raise missing(Customer, customer_id)
    found = select(Invoice).where(Invoice.customer_id == customer_id)
    return [
        InvoiceSummary.model_validate(invoice)
        for invoice in session.scalars(found.order_by(Invoice.date.desc(), Invoice.id.desc()))
    ]


@app.post("/invoices/{invoice_id}/cancellation")
def cancel_invoice(invoice_id: int, session: InThread) -> InvoiceSummary:
    """Cancel an invoice."""
    with session.begin():
        invoice = session.get(Invoice, invoice_id)
        if invoice is None:
            raise missing(Invoice, invoice_id)
        cancel(invoice)
    return InvoiceSummary.model_validate(invoice)


@app.get("/invoices/{invoice_id}")
async def read_invoice(invoice_id: int, session: InLoop) -> WholeInvoice:
    """Read an invoice with its lines."""
    return WholeInvoice.model_validate(await _invoice(session, invoice_id))


@app.post("/invoices/{invoice_id}/payment")
async def pay_invoice(invoice_id: int, session: InLoop, today: Today) -> WholeInvoice:
    """Note that an invoice is paid."""
    async with session.begin():
        invoice = await _invoice(session, invoice_id)
        pay(invoice, today)
        await session.flush()
        return WholeInvoice.model_validate(invoice)


@app.post("/customers/{customer_id}/invoices", status_code=201)
async def create_invoice(
    customer_id: int, order: NewInvoice, session: InLoop, today: Today
) -> WholeInvoice:
    """Make out an invoice and reserve what is on it: all of it, or nothing."""
    async with session.begin():
        with_tier = [selectinload(Customer.customer_type)]
        customer = await session.get(Customer, customer_id, options=with_tier)
        if customer is None:
            raise missing(Customer, customer_id)
        invoice = open_invoice(customer, order.payment_terms, today)
        session.add(invoice)
        await session.flush()
        discount = customer.customer_type.discount_percentage
        add_up(invoice, await _add_lines(session, invoice, order, discount))
        await session.flush()
        return WholeInvoice.model_validate(await _invoice(session, invoice.id))


async def _add_lines(
    session: AsyncSession, invoice: Invoice, order: NewInvoice, discount: Decimal
) -> list[InvoiceLineItem]:
    """Add line after line, each with its stock reserved, until one is refused."""
    lines = []
    with_stock = [selectinload(Product.inventory)]
    for position, wanted in enumerate(order.lines, start=1):
        product = await session.get(
            Product, wanted.product_id, options=with_stock, with_for_update=True
        )
        if product is None:
            raise missing(Product, wanted.product_id)
        lines.append(make_line(invoice, position, product, wanted.quantity, discount))
        session.add(lines[-1])
        await session.flush()
    return lines


async def _invoice(session: AsyncSession, invoice_id: int) -> Invoice:
    with_lines = [selectinload(Invoice.line_items)]
    invoice = await session.get(Invoice, invoice_id, options=with_lines, populate_existing=True)
    if invoice is None:
        raise missing(Invoice, invoice_id)
    return invoice
