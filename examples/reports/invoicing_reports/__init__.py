"""Four reports over an invoicing database. This is a table of contents.

`invoicing_reports.pages` renders a report as HTML, and is the one module that needs Jinja2.
"""

from invoicing_reports.catalogue import REPORTS, Report
from invoicing_reports.customer_summary import CustomerSummary, customer_summary
from invoicing_reports.financial_summary import FinancialSummary, financial_summary
from invoicing_reports.invoice_details import InvoiceDetails, invoice_details
from invoicing_reports.parameters import ParameterError
from invoicing_reports.product_inventory import ProductInventory, product_inventory
from invoicing_reports.sheets import render_csv

__all__ = [
    "REPORTS",
    "CustomerSummary",
    "FinancialSummary",
    "InvoiceDetails",
    "ParameterError",
    "ProductInventory",
    "Report",
    "customer_summary",
    "financial_summary",
    "invoice_details",
    "product_inventory",
    "render_csv",
]
