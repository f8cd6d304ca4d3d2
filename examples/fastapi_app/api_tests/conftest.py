"""What the tests share: the application on a demo database, and two clients of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from httpx import ASGITransport, AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import async_sessionmaker

from pytest_demodata import assert_invoice_totals, assert_no_orphans
from pytest_demodata.invoicing import Customer, CustomerStatus, Inventory, Invoice

# From elsewhere, such as the root of the checkout, pytest does not read this project's settings.
sys.path.insert(0, str(Path(__file__).parent.parent))

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

    from pytest_demodata import DemoDatabase


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The library whose event loop the tests run in."""
    return "asyncio"


@pytest.fixture
def application(demo_db: DemoDatabase) -> Iterator[FastAPI]:
    """The application, with its sessions and its day from the demo database."""
    from invoicing_api import app, sessions  # noqa: PLC0415 - found after the path is set

    async_sessions = async_sessionmaker(demo_db.async_engine)

    def session() -> Iterator[Session]:
        with demo_db.sessionmaker() as session:
            yield session

    async def async_session() -> AsyncIterator[AsyncSession]:
        async with async_sessions() as session:
            yield session

    app.dependency_overrides = {
        sessions.get_session: session,
        sessions.get_async_session: async_session,
        sessions.get_today: lambda: demo_db.as_of,
    }
    yield app
    app.dependency_overrides = {}


@pytest.fixture
def client(application: FastAPI) -> Iterator[TestClient]:
    """Starlette's client: the application runs in another thread, in an event loop of its own."""
    with TestClient(application) as client:
        yield client


@pytest.fixture
async def async_client(application: FastAPI) -> AsyncIterator[AsyncClient]:
    """HTTPX's client: the application runs in the test's own event loop."""
    transport = ASGITransport(application)
    async with AsyncClient(transport=transport, base_url="http://invoicing.test") as client:
        yield client


@pytest.fixture
def customer(demo_db: DemoDatabase) -> int:
    """The key of a customer who is invoiced."""
    active = select(Customer.id).where(Customer.status == CustomerStatus.ACTIVE)
    return demo_db.session.scalars(active.order_by(Customer.id)).first() or 0


@pytest.fixture
def order(demo_db: DemoDatabase) -> dict[str, Any]:
    """An order over two each of three products of which there are plenty."""
    available = Inventory.current_stock - Inventory.reserved_stock
    products = select(Inventory.product_id).where(available >= 20).limit(3)
    keys = demo_db.session.scalars(products.order_by(Inventory.product_id))
    return {"lines": [{"product_id": key, "quantity": 2} for key in keys]}


@pytest.fixture
def refused_order(order: dict[str, Any]) -> dict[str, Any]:
    """The same order, of whose last product there is not enough."""
    *lines, last = order["lines"]
    return {"lines": [*lines, last | {"quantity": 1_000_000}]}


@pytest.fixture
def reserved(demo_db: DemoDatabase) -> Callable[[], int]:
    """Count what is reserved in the warehouse, as it is now."""
    total = select(func.sum(Inventory.reserved_stock))
    return lambda: demo_db.session.scalar(total) or 0


@pytest.fixture
def invoices(demo_db: DemoDatabase) -> Callable[[], int]:
    """Count the invoices that there are now, which all have to be in order."""

    def count() -> int:
        assert_no_orphans(demo_db)
        assert_invoice_totals(demo_db)
        return demo_db.session.scalar(select(func.count(Invoice.id))) or 0

    return count
