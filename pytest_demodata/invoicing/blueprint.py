"""The invoicing dataset: which tables are filled in which stage."""

from __future__ import annotations

from typing import Final

from pytest_demodata.blueprint import Blueprint
from pytest_demodata.invoicing.customers import CUSTOMER_ADDRESSES, CUSTOMERS
from pytest_demodata.invoicing.foundation import CUSTOMER_TYPES, PRODUCT_CATEGORIES
from pytest_demodata.invoicing.invoices import INVOICE_LINE_ITEMS, INVOICES
from pytest_demodata.invoicing.models import Base
from pytest_demodata.invoicing.products import INVENTORY, PRODUCTS
from pytest_demodata.volumes import VOLUMES

INVOICING: Final = Blueprint(
    Base.metadata,
    stages={
        "foundation": (CUSTOMER_TYPES, PRODUCT_CATEGORIES),
        "customers": (CUSTOMERS, CUSTOMER_ADDRESSES),
        "products": (PRODUCTS, INVENTORY),
        "invoices": (INVOICES, INVOICE_LINE_ITEMS),
    },
    volumes=VOLUMES,
    fingerprint="",
)
