"""The charts that each report shows, where people would rather look than read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from invoicing_reports.charts import Chart, Column, Series, column_chart
from invoicing_reports.customer_summary import CustomerSummary
from invoicing_reports.financial_summary import FinancialSummary
from invoicing_reports.health import Risk
from invoicing_reports.invoice_details import InvoiceDetails
from invoicing_reports.product_inventory import ProductInventory, StockStatus
from invoicing_reports.wording import money, number, whole_money

if TYPE_CHECKING:
    from invoicing_reports.catalogue import Report

_BLUE, _GREEN, _AMBER, _RED = "#2f5d8c", "#4f8a6b", "#d99a2b", "#b3423a"
_RISKS: Final = {Risk.LOW: _GREEN, Risk.MEDIUM: _AMBER, Risk.HIGH: _RED}
_WIDE: Final = 1064


def charts_of(report: Report) -> list[Chart]:
    """Return the charts of a report that have something to show."""
    match report:
        case CustomerSummary():
            charts = [_lifetime_value(report), _risk(report)]
        case ProductInventory():
            charts = [_grades(report), _stock(report)]
        case FinancialSummary():
            charts = [_periods(report), _ageing(report), _tiers(report)]
        case InvoiceDetails():
            charts = []
    return [chart for chart in charts if chart]


def _lifetime_value(report: CustomerSummary) -> Chart | None:
    return column_chart(
        "Lifetime value by region",
        f"What the customers were billed, {money(report.totals.lifetime_value)} in all.",
        [Series("Lifetime value", _BLUE)],
        [Column(each.region, (each.totals.lifetime_value,)) for each in report.groups],
        wording=whole_money,
    )


def _risk(report: CustomerSummary) -> Chart | None:
    risks = {group.region: Counter(row.risk for row in group.rows) for group in report.groups}
    return column_chart(
        "Customers by region and risk",
        f"How many of the {number(report.totals.customers)} customers are of each risk.",
        [Series(f"{risk.capitalize()} risk", colour) for risk, colour in _RISKS.items()],
        [
            Column(region, tuple(counts[risk] for risk in _RISKS))
            for region, counts in risks.items()
        ],
        wording=number,
    )


def _grades(report: ProductInventory) -> Chart | None:
    return column_chart(
        "Products by margin grade",
        "A from 50%, B from 30%, C from 15%, D from 5%, F below.",
        [Series("Products", _BLUE)],
        [Column(grade, (products,)) for grade, products in report.totals.grades.items()],
        wording=number,
    )


def _stock(report: ProductInventory) -> Chart | None:
    products = Counter(row.stock_status for row in report.rows)
    return column_chart(
        "Products by stock status",
        f"{number(report.totals.to_reorder)} products are to be reordered.",
        [Series("Products", _GREEN)],
        [Column(status.capitalize(), (products[status],)) for status in StockStatus],
        wording=number,
    )


def _periods(report: FinancialSummary) -> Chart | None:
    sums = report.totals.amounts
    return column_chart(
        "Invoiced per period, with tax: paid and outstanding",
        f"{money(sums.invoiced)} invoiced: {money(sums.paid)} paid, {money(sums.outstanding)} "
        f"outstanding, {money(sums.overdue)} of it overdue.",
        [Series("Paid", _BLUE), Series("Not yet due", _AMBER), Series("Overdue", _RED)],
        [
            Column(
                f"{each.period.first:%b}" if len(report.groups) > 4 else each.period.label,
                (
                    each.totals.paid,
                    each.totals.outstanding - each.totals.overdue,
                    each.totals.overdue,
                ),
            )
            for each in report.groups
        ],
        wording=whole_money,
        width=_WIDE,
    )


def _ageing(report: FinancialSummary) -> Chart | None:
    totals = report.totals
    (first, whole), *others = totals.ageing.items()
    columns = [Column(f"{first} days", (totals.not_due, whole - totals.not_due))]
    columns += [Column(f"{age} days", (0, sums)) for age, sums in others]
    return column_chart(
        "Outstanding by days past due",
        f"{money(totals.amounts.outstanding)} outstanding, {money(totals.not_due)} not yet due.",
        [Series("Not yet due", _AMBER), Series("Overdue", _RED)],
        columns,
        wording=whole_money,
    )


def _tiers(report: FinancialSummary) -> Chart | None:
    return column_chart(
        "Revenue by customer tier",
        f"{money(report.totals.amounts.revenue)} of revenue, without tax.",
        [Series("Revenue", _BLUE)],
        [Column(tier, (revenue,)) for tier, revenue in report.totals.revenue_per_tier.items()],
        wording=whole_money,
    )
