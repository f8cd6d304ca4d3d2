"""The application under HTTPX's ASGITransport, which runs it in the test's own event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pytest_demodata.invoicing import Customer, CustomerStatus, Invoice, InvoiceStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx import AsyncClient

    from pytest_demodata import DemoDatabase

pytestmark = pytest.mark.anyio


async def test_the_invoices_of_a_customer(
    async_client: AsyncClient, demo_db: DemoDatabase, customer: int
) -> None:
    """An endpoint without asyncio, which Starlette runs in a thread, sees the same data."""
    found = (await async_client.get(f"/customers/{customer}/invoices")).json()
    async with AsyncSession(demo_db.async_engine) as session:
        keys = await session.scalars(select(Invoice.id).where(Invoice.customer_id == customer))
        assert {invoice["id"] for invoice in found} == set(keys)


@pytest.mark.parametrize("time", ["first", "second"])
async def test_an_invoice_is_made_out(
    async_client: AsyncClient,
    customer: int,
    order: dict[str, Any],
    invoices: Callable[[], int],
    time: str,
) -> None:
    """What one request commits, the next one sees, and no other test."""
    before = invoices()
    created = await async_client.post(f"/customers/{customer}/invoices", json=order)
    assert created.status_code == 201, time
    read = await async_client.get(f"/invoices/{created.json()['id']}")
    assert read.json() == created.json()
    assert invoices() == before + 1


async def test_a_constraint_refuses_an_invoice(
    async_client: AsyncClient,
    customer: int,
    order: dict[str, Any],
    invoices: Callable[[], int],
    reserved: Callable[[], int],
) -> None:
    """A product that stands twice fails in the database, and the transaction is rolled back."""
    before = invoices(), reserved()
    twice = {"lines": [*order["lines"][:2], order["lines"][0] | {"quantity": 1}]}
    response = await async_client.post(f"/customers/{customer}/invoices", json=twice)
    assert response.status_code == 409
    assert (invoices(), reserved()) == before


async def test_a_suspended_customer_gets_none(
    async_client: AsyncClient, demo_db: DemoDatabase, order: dict[str, Any]
) -> None:
    """The dataset has customers of each status."""
    suspended = select(func.min(Customer.id)).where(Customer.status == CustomerStatus.SUSPENDED)
    key = demo_db.session.scalar(suspended)
    response = await async_client.post(f"/customers/{key}/invoices", json=order)
    assert response.json() == {"detail": f"Customer {key} is suspended."}


async def test_many_requests_at_once(
    async_client: AsyncClient,
    customer: int,
    order: dict[str, Any],
    refused_order: dict[str, Any],
    invoices: Callable[[], int],
    reserved: Callable[[], int],
) -> None:
    """Of requests that run side by side, those that succeed are kept, and nothing of the others."""
    invoices_before, reserved_before = invoices(), reserved()
    one = {"lines": [order["lines"][0] | {"quantity": 1}]}
    path = f"/customers/{customer}/invoices"
    responses = await asyncio.gather(
        *(async_client.post(path, json=each) for each in (one, refused_order) * 4)
    )
    assert sorted(response.status_code for response in responses) == [201] * 4 + [409] * 4
    assert invoices() == invoices_before + 4
    assert reserved() == reserved_before + 4


async def test_requests_of_both_kinds_at_once(
    async_client: AsyncClient, demo_db: DemoDatabase
) -> None:
    """Payments in the event loop and cancellations in threads wait for each other."""
    sent = select(Invoice.id).where(Invoice.status == InvoiceStatus.SENT).limit(10)
    keys = list(demo_db.session.scalars(sent))
    kinds = ("payment", "cancellation") * 5
    responses = await asyncio.gather(
        *(
            async_client.post(f"/invoices/{key}/{kind}")
            for key, kind in zip(keys, kinds, strict=False)
        )
    )
    assert {response.status_code for response in responses} == {200}
    statuses = select(Invoice.status).where(Invoice.id.in_(keys)).order_by(Invoice.id)
    assert set(demo_db.session.scalars(statuses)) == {InvoiceStatus.PAID, InvoiceStatus.CANCELLED}
