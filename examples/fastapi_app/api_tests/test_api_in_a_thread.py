"""The application under Starlette's TestClient, which runs it in another thread."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, update

from pytest_demodata.invoicing import Inventory, Invoice, InvoiceStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.testclient import TestClient

    from pytest_demodata import DemoDatabase


def _key(db: DemoDatabase, status: InvoiceStatus) -> int:
    """Return the key of an invoice with a status."""
    found = select(func.min(Invoice.id)).where(Invoice.status == status)
    return db.session.scalar(found) or 0


def test_the_invoices_of_a_customer(
    client: TestClient, demo_db: DemoDatabase, customer: int
) -> None:
    """A list holds each of the customer's invoices once, the latest first."""
    found = client.get(f"/customers/{customer}/invoices").json()
    total = select(func.count(), func.sum(Invoice.total)).where(Invoice.customer_id == customer)
    count, amount = demo_db.session.execute(total).one()
    assert len({invoice["id"] for invoice in found}) == len(found) == count
    assert sum(Decimal(invoice["total"]) for invoice in found) == amount
    assert [invoice["date"] for invoice in found] == sorted(
        (invoice["date"] for invoice in found), reverse=True
    )


@pytest.mark.parametrize("path", ["/customers/0/invoices", "/invoices/0"])
def test_what_there_is_not(client: TestClient, path: str) -> None:
    """Whatever is missing is a 404 that says so."""
    response = client.get(path)
    assert response.status_code == 404
    assert response.json()["detail"].startswith("There is no ")


@pytest.mark.parametrize("time", ["first", "second"])
def test_an_invoice_is_made_out(
    client: TestClient,
    customer: int,
    order: dict[str, Any],
    invoices: Callable[[], int],
    reserved: Callable[[], int],
    time: str,
) -> None:
    """What one request commits, the next one sees, and no other test."""
    invoices_before, reserved_before = invoices(), reserved()
    created = client.post(f"/customers/{customer}/invoices", json=order)
    assert created.status_code == 201, time
    assert client.get(f"/invoices/{created.json()['id']}").json() == created.json()
    assert invoices() == invoices_before + 1
    assert reserved() == reserved_before + 6


def test_an_invoice_is_refused_in_its_middle(
    client: TestClient,
    customer: int,
    refused_order: dict[str, Any],
    invoices: Callable[[], int],
    reserved: Callable[[], int],
) -> None:
    """Of an order whose third line cannot be, neither an invoice nor a reservation is left."""
    before = invoices(), reserved()
    response = client.post(f"/customers/{customer}/invoices", json=refused_order)
    assert response.status_code == 409
    assert response.json()["detail"].endswith("is out of stock.")
    assert (invoices(), reserved()) == before


def test_what_a_test_has_only_flushed(
    client: TestClient, demo_db: DemoDatabase, customer: int, order: dict[str, Any]
) -> None:
    """A test prepares its case on the session, and need not even commit."""
    demo_db.session.execute(update(Inventory).values(reserved_stock=Inventory.current_stock))
    response = client.post(f"/customers/{customer}/invoices", json=order)
    assert response.status_code == 409
    cancelled = client.post(f"/invoices/{_key(demo_db, InvoiceStatus.SENT)}/cancellation")
    assert cancelled.status_code == 200


def test_an_invoice_is_paid_once(client: TestClient, demo_db: DemoDatabase) -> None:
    """A second payment is refused, and so is a cancellation after it."""
    path = f"/invoices/{_key(demo_db, InvoiceStatus.SENT)}"
    paid = client.post(f"{path}/payment").json()
    assert (paid["status"], paid["paid_date"]) == ("paid", demo_db.as_of.isoformat())
    assert client.get(path).json() == paid
    assert client.post(f"{path}/payment").json()["detail"].endswith(" is paid.")
    assert client.post(f"{path}/cancellation").status_code == 409
