"""Parts of a table, made without a database and without each other."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from pytest_demodata import (
    DataGenerator,
    LocaleError,
    SettingError,
    VolumeError,
    parse_volume,
    prepare_sqlite,
    row_counts,
    table_part,
)
from pytest_demodata.digests import digest
from pytest_demodata.invoicing import Base, Invoice

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN: Final[dict[str, dict[str, str]]] = json.loads(
    Path(__file__).with_name("golden.json").read_text("utf-8")
)


@pytest.mark.parametrize("table", GOLDEN["en_US large"])
@pytest.mark.parametrize("parts", [1, 2, 7, 100])
def test_the_parts_of_a_table_are_the_table(table: str, parts: int) -> None:
    """Put together, they have the digest of the whole, whichever was made first."""
    made = {
        part: list(table_part(table, part, parts, volume="large"))
        for part in reversed(range(parts))
    }
    rows = chain.from_iterable(made[part] for part in range(parts))
    assert digest(rows) == GOLDEN["en_US large"][table]
    sizes = {len(each) for each in made.values()}
    assert max(sizes) - min(sizes) <= 1


@settings(deadline=None, max_examples=60)
@given(
    table=st.sampled_from(list(Base.metadata.tables)), parts=st.integers(1, 3_000), data=st.data()
)
def test_any_part_of_any_number(table: str, parts: int, data: st.DataObject) -> None:
    """A part is a cut of the whole, also where there are more parts than rows."""
    part = data.draw(st.integers(0, parts - 1))
    whole = list(table_part(table, 0, 1, volume="small"))
    start, stop = len(whole) * part // parts, len(whole) * (part + 1) // parts
    assert list(table_part(table, part, parts, volume="small")) == whole[start:stop]


def test_the_parts_are_those_of_the_settings() -> None:
    """Seed, locale, reference date and volume decide, as they do for a generator."""
    options: dict[str, Any] = {"seed": 7, "locale": "de_DE", "as_of": date(2024, 6, 30)}
    volume = parse_volume("customers=30,products=40,invoices=50")
    engine = prepare_sqlite(create_engine("sqlite://"))
    DataGenerator(engine, **options).generate(volume)
    with engine.connect() as connection:
        for name, table in Base.metadata.tables.items():
            held = connection.execute(select(table).order_by(table.c.id)).all()
            parts = (table_part(name, part, 3, volume=volume, **options) for part in range(3))
            assert list(chain.from_iterable(parts)) == list(map(tuple, held))
    engine.dispose()


def test_a_row_is_of_pythons_values() -> None:
    """In the order of the table's columns: money exact, dates as dates, None where nothing is."""
    row = dict(
        zip(
            Base.metadata.tables["invoices"].columns.keys(),
            next(table_part("invoices", 0, 1, volume="small")),
            strict=True,
        )
    )
    assert (row["id"], row["invoice_number"][:4], row["notes"]) == (1, "INV-", None)
    kinds = {name: type(row[name]) for name in ("date", "total", "created_at", "customer_id")}
    assert kinds == {"date": date, "total": Decimal, "created_at": datetime, "customer_id": int}
    assert Invoice(**row).total == row["subtotal"] + row["tax_amount"]


def test_parts_are_made_by_processes_that_know_nothing_of_each_other() -> None:
    """Another process makes the same bytes."""
    program = """
        from pytest_demodata import table_part
        from pytest_demodata.digests import digest
        print(digest(table_part("invoice_line_items", 3, 5)))
    """
    result = subprocess.run(
        [sys.executable, "-P", "-c", dedent(program)], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == digest(table_part("invoice_line_items", 3, 5))


def test_how_many_rows_there_are_is_known_beforehand() -> None:
    """Without a row being made."""
    assert row_counts("small") == {
        table: len(list(table_part(table, 0, 1, volume="small"))) for table in row_counts("small")
    }
    assert row_counts("large*100")["invoice_line_items"] == 3_250_000
    assert row_counts(parse_volume("huge"))["customers"] == 20_000


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: table_part("invoice", 0, 1),
            "The dataset has no table 'invoice'.\n"
            "Tables: customer_types, product_categories, customers, customer_addresses, products, "
            "inventory, invoices, invoice_line_items.\n"
            "Did you mean 'invoices'?",
        ),
        (
            lambda: table_part("invoices", 3, 3),
            "The rows asked for are those of part 3 of 3.\n"
            "Allowed: 1 part or more, and a part from 0 to the one before their number.",
        ),
        (
            lambda: table_part("invoices", -1, 3),
            "The rows asked for are those of part -1 of 3.\n"
            "Allowed: 1 part or more, and a part from 0 to the one before their number.",
        ),
        (
            lambda: table_part("invoices", 0, 0),
            "The rows asked for are those of part 0 of 0.\n"
            "Allowed: 1 part or more, and a part from 0 to the one before their number.",
        ),
        (lambda: table_part("invoices", 0, 1, seed=1.5), "The seed is 1.5."),  # type: ignore[arg-type]
        (lambda: table_part("invoices", 0, 1, as_of=date.max), "The reference date as_of is "),
    ],
)
def test_what_cannot_be_asked_for(make: Callable[[], object], message: str) -> None:
    """The call itself is refused, and not the first row."""
    with pytest.raises(SettingError) as error:
        make()
    assert str(error.value).startswith(message)


def test_volumes_and_locales_that_nobody_has() -> None:
    """They are refused as a generator refuses them."""
    with pytest.raises(VolumeError, match="Volume 'larg' is not a volume"):
        table_part("invoices", 0, 1, volume="larg")
    with pytest.raises(VolumeError, match="Volume 'larg' is not a volume"):
        row_counts("larg")
    with pytest.raises(LocaleError, match="xx_XX"):
        table_part("invoices", 0, 1, locale="xx_XX")
