"""The four reports by name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from invoicing_reports.customer_summary import CustomerSummary, customer_summary
from invoicing_reports.financial_summary import FinancialSummary, financial_summary
from invoicing_reports.invoice_details import InvoiceDetails, invoice_details
from invoicing_reports.product_inventory import ProductInventory, product_inventory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Report = CustomerSummary | ProductInventory | InvoiceDetails | FinancialSummary

REPORTS: Final[Mapping[str, Callable[..., Report]]] = MappingProxyType(
    {
        CustomerSummary.name: customer_summary,
        ProductInventory.name: product_inventory,
        InvoiceDetails.name: invoice_details,
        FinancialSummary.name: financial_summary,
    }
)
"""What makes each report: called with a session, `as_of` and the report's parameters."""
