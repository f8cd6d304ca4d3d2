"""Assertion helpers: hold any tables to what should be so, as SQL in the database.

Each takes a DemoDatabase, Session, Connection or Engine, raises AssertionError by itself, and
returns what it has looked at.
"""

from pytest_demodata.assertions.checked import Checked
from pytest_demodata.assertions.columns import ColumnRef
from pytest_demodata.assertions.intact import assert_intact
from pytest_demodata.assertions.invoices import assert_invoice_totals
from pytest_demodata.assertions.orphans import (
    Orphan,
    Orphans,
    SlowCheckWarning,
    assert_no_orphans,
    find_orphans,
)
from pytest_demodata.assertions.target import Target
from pytest_demodata.assertions.totals import assert_totals
from pytest_demodata.assertions.unique import assert_unique

__all__ = [
    "Checked",
    "ColumnRef",
    "Orphan",
    "Orphans",
    "SlowCheckWarning",
    "Target",
    "assert_intact",
    "assert_invoice_totals",
    "assert_no_orphans",
    "assert_totals",
    "assert_unique",
    "find_orphans",
]
