from collections import Counter

from sqlalchemy import func, select

from pytest_demodata import assert_invoice_totals, assert_no_orphans
from pytest_demodata.invoicing import Invoice


def revenue_by_month(session):  # the code under test; it may commit
    months = Counter()
    for day, total in session.execute(select(Invoice.date, Invoice.total)):
        months[f"{day:%Y-%m}"] += total
    return months


def test_revenue_by_month(demo_db_medium):
    report = revenue_by_month(demo_db_medium.session)
    assert len(report) == 24
    assert sum(report.values()) == demo_db_medium.session.scalar(select(func.sum(Invoice.total)))
    assert_no_orphans(demo_db_medium)
    assert_invoice_totals(demo_db_medium)
