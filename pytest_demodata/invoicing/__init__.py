"""The invoicing dataset: its models, and the blueprint that fills them."""

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
    Region,
)

__all__ = [
    "AddressType",
    "Base",
    "Customer",
    "CustomerAddress",
    "CustomerStatus",
    "CustomerType",
    "Inventory",
    "Invoice",
    "InvoiceLineItem",
    "InvoiceStatus",
    "PaymentTerms",
    "Product",
    "ProductCategory",
    "Region",
]
