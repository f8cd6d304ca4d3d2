"""The engine: any rows of any table, without the rest, and the same in every way to make them."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tracemalloc
import weakref
from array import array
from datetime import date
from functools import cache
from hashlib import sha256
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    create_engine,
)

from pytest_demodata import (
    BlueprintError,
    GenerationError,
    Volume,
    VolumeError,
    parse_volume,
)
from pytest_demodata.blueprint import Blueprint, FanOut, Fill, Fixed, Sized
from pytest_demodata.defaults import LARGEST_KEY
from pytest_demodata.digests import digest, digest_of_plan, digest_of_table
from pytest_demodata.engine import Chunk, Plan
from pytest_demodata.invoicing.blueprint import INVOICING
from pytest_demodata.recipes import (
    ColumnName,
    Constant,
    Derived,
    Listed,
    Position,
    Recipe,
    Run,
    Sometimes,
    SumOf,
    Taken,
    Whole,
)
from pytest_demodata.streams import BLOCK
from pytest_demodata.values import python_values
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

AS_OF: Final = date(2025, 12, 31)
TINY: Final = Volume("tiny", {"parents": 50}, {"sizes": range(1, 4)})
ODD: Final = "customers=1100,products=60,invoices=1300"
"""More than a block of customers and invoices, and not a whole number of blocks."""


def _plan(blueprint: Blueprint, volume: Volume = TINY, **how: Any) -> Plan:
    settings: dict[str, Any] = {"seed": 42, "words": words_of("en_US"), "as_of": AS_OF, **how}
    return Plan(blueprint, volume, **settings)


def _invoicing(volume: str, **how: Any) -> Plan:
    return _plan(INVOICING, parse_volume(volume), **how)


@cache
def _whole_tables(volume: str) -> Mapping[str, Mapping[str, list[Any]]]:
    """Make every table of a volume at once, each on its own."""
    plan = _invoicing(volume)
    return {
        table: {name: list(values) for name, values in plan.rows(table, 0, rows).columns.items()}
        for table, rows in plan.counts.items()
    }


def _chunks(plan: Plan) -> Iterator[Chunk]:
    for stage in plan.blueprint.stages:
        yield from plan.chunks(stage)


def _joined(plan: Plan) -> dict[str, dict[str, list[Any]]]:
    """Put the chunks of every table together."""
    tables: dict[str, dict[str, list[Any]]] = {}
    for chunk in _chunks(plan):
        table = tables.setdefault(chunk.table.name, {name: [] for name in chunk.columns})
        for name, values in chunk.columns.items():
            table[name] += values
    return tables


# Any run of rows


@settings(deadline=None, max_examples=150)
@given(
    data=st.data(),
    volume=st.sampled_from(["small", ODD]),
    table=st.sampled_from(list(INVOICING.fills)),
    chunk_rows=st.integers(1, 5_000),
)
def test_any_run_of_rows(data: st.DataObject, volume: str, table: str, chunk_rows: int) -> None:
    """Any run of rows of any table, made on its own, is the same cut of the whole table."""
    whole = _whole_tables(volume)[table]
    rows = len(whole["id"])
    start = data.draw(st.integers(0, rows))
    stop = data.draw(st.integers(start, min(start + 300, rows)))

    chunk = _invoicing(volume, chunk_rows=chunk_rows).rows(table, start, stop)

    assert (chunk.table.name, chunk.start, chunk.stop) == (table, start, stop)
    assert {name: list(values) for name, values in chunk.columns.items()} == {
        name: values[start:stop] for name, values in whole.items()
    }


@pytest.mark.parametrize("chunk_rows", [1, 7, 1_000, BLOCK, 5_000])
def test_size_of_chunks(chunk_rows: int) -> None:
    """Whatever the size of the chunks, put together they are the same rows."""
    volume = "customers=60,products=30,invoices=90" if chunk_rows < 10 else ODD

    assert _joined(_invoicing(volume, chunk_rows=chunk_rows)) == _whole_tables(volume)


@pytest.mark.parametrize("chunk_rows", [1, 10, BLOCK])
def test_order_of_chunks(chunk_rows: int) -> None:
    """Chunks cover each table once and in order, and a row's owner is always there before it."""
    plan = _invoicing("small", chunk_rows=chunk_rows)
    done = dict.fromkeys(plan.counts, 0)

    for chunk in _chunks(plan):
        fill = INVOICING.fills[chunk.table.name]
        assert chunk.start == done[fill.name]
        assert {len(values) for values in chunk.columns.values()} == {chunk.stop - chunk.start}
        if isinstance(fill.rows, FanOut):
            assert max(chunk.columns[fill.rows.owner]) <= done[str(fill.owner)]
        else:
            assert chunk.stop - chunk.start <= chunk_rows
        done[fill.name] = chunk.stop

    assert done == plan.counts


def test_stages() -> None:
    """A stage makes the rows of its own tables, and of no others."""
    plan = _invoicing("small")

    assert {
        stage: list(dict.fromkeys(chunk.table.name for chunk in plan.chunks(stage)))
        for stage in INVOICING.stages
    } == {
        "foundation": ["customer_types", "product_categories"],
        "customers": ["customers", "customer_addresses"],
        "products": ["products", "inventory"],
        "invoices": ["invoices", "invoice_line_items"],
    }


def test_last_stage_alone() -> None:
    """A stage can be made without those before it."""
    chunks = list(_invoicing("small").chunks("invoices"))

    assert [{name: list(values) for name, values in chunk.columns.items()} for chunk in chunks] == [
        _whole_tables("small")["invoices"],
        _whole_tables("small")["invoice_line_items"],
    ]


def test_columns_of_a_chunk() -> None:
    """A chunk has the stored columns that get values, in the order of the table, and its table."""
    chunk = _invoicing("small").rows("invoices", 0, 1)

    assert chunk.table is INVOICING.metadata.tables["invoices"]
    assert list(chunk.columns) == list(chunk.table.columns.keys())


@pytest.mark.parametrize(
    ("changed", "different"),
    [
        ({"seed": 43}, {"customers", "products", "invoices", "invoice_line_items"}),
        ({"as_of": date(2024, 12, 31)}, {"customer_types", "customers", "products", "invoices"}),
        ({"words": words_of("de_DE")}, {"customer_types", "customers", "products"}),
        ({"chunk_rows": 3}, set()),
    ],
)
def test_what_rows_hang_on(changed: dict[str, Any], different: set[str]) -> None:
    """Seed, reference date and locale change the rows, and the size of chunks does not."""
    plan = _invoicing("small", **changed)
    changed_tables = {
        table
        for table, columns in _joined(plan).items()
        if columns != _whole_tables("small")[table]
    }

    assert different <= changed_tables
    assert different or not changed_tables


@pytest.mark.parametrize("table", list(INVOICING.fills))
def test_empty_run(table: str) -> None:
    """An empty run of rows is empty in each column, at the start, in the middle and at the end."""
    plan = _invoicing("small")
    rows = plan.counts[table]

    for row in (0, rows // 2, rows):
        chunk = plan.rows(table, row, row)
        assert (chunk.start, chunk.stop) == (row, row)
        assert {len(values) for values in chunk.columns.values()} == {0}


@pytest.mark.parametrize(
    ("table", "start", "stop", "message"),
    [
        ("invoices", 70, 76, "Table 'invoices' has 75 rows, not 70 to 76."),
        ("customers", -1, 2, "Table 'customers' has 25 rows, not -1 to 2."),
        ("customers", 3, 2, "Table 'customers' has 25 rows, not 3 to 2."),
        ("products", 0, 1_000_000, "Table 'products' has 100 rows, not 0 to 1,000,000."),
    ],
)
def test_rows_that_are_not_there(table: str, start: int, stop: int, message: str) -> None:
    """Rows that a table does not have are refused, and none is made."""
    with pytest.raises(IndexError) as caught:
        _invoicing("small").rows(table, start, stop)

    assert str(caught.value) == message


# Counts


@pytest.mark.parametrize("volume", ["small", "medium", "large", ODD, "huge"])
def test_counts(volume: str) -> None:
    """Counts are known from the start, and children per parent have their exact average."""
    plan = _invoicing(volume)
    named = parse_volume(volume)
    addresses, lines = named.fan_outs["addresses"], named.fan_outs["lines"]

    assert {name: plan.counts[name] for name in named.counts} == named.counts
    assert plan.counts["inventory"] == plan.counts["products"]
    assert plan.counts["customer_addresses"] == pytest.approx(
        plan.counts["customers"] * (addresses[0] + addresses[-1]) / 2, rel=0.02
    )
    assert plan.counts["invoice_line_items"] == pytest.approx(
        plan.counts["invoices"] * (lines[0] + lines[-1]) / 2, rel=0.02
    )


class _Refuses(Recipe):
    """Fails whenever it is asked for a row."""

    def draw(self, run: Run) -> Sequence[Any]:
        message = f"asked for {run.start} to {run.stop}"
        raise RuntimeError(message)


def _tables(**columns: str) -> dict[str, Table]:
    """Make tables of integers by the names of their columns; `parent_id` refers to `parents.id`."""
    metadata = MetaData()
    return {
        table: Table(
            table,
            metadata,
            Column("id", Integer, primary_key=True),
            *(
                Column(name, ForeignKey(f"{name.removesuffix('_id')}s.id"))
                if name.endswith("_id")
                else Column(name, Integer)
                for name in names.split()
            ),
        )
        for table, names in columns.items()
    }


def _blueprint(*fills: Fill) -> Blueprint:
    return Blueprint(fills[0].table.metadata, {"all": fills})


def _three_generations(sizes: range, children: range, rows: int) -> Blueprint:
    """Parents, their children and theirs, each with what it takes and sums up."""
    tables = _tables(
        parents="total", childs="parent_id mark total", grandchilds="child_id position mark amount"
    )
    return _blueprint(
        Fill(
            tables["parents"],
            rows=Fixed(rows),
            columns={"total": SumOf("childs.total")},
            virtual={"mark": Whole(range(1_000))},
        ),
        Fill(
            tables["childs"],
            rows=FanOut("parent_id", sizes),
            columns={
                "mark": Taken("parent_id", "mark"),
                "total": SumOf("grandchilds.amount"),
            },
        ),
        Fill(
            tables["grandchilds"],
            rows=FanOut("child_id", children),
            columns={
                "position": Position(),
                "mark": Taken("child_id", "mark"),
                "amount": Whole(range(1, 100)),
            },
        ),
    )


def test_counts_before_any_row() -> None:
    """Every count is known before any row is made."""
    tables = _tables(parents="value", things="parent_id value")
    blueprint = _blueprint(
        Fill(tables["parents"], rows=Sized("parents"), columns={"value": _Refuses()}),
        Fill(tables["things"], rows=FanOut("parent_id", "sizes"), columns={"value": _Refuses()}),
    )

    assert _plan(blueprint).counts == {"parents": 50, "things": 100}


@settings(deadline=None, max_examples=50)
@given(
    rows=st.integers(0, 3_000),
    sizes=st.tuples(st.integers(0, 3), st.integers(1, 5)).map(
        lambda ends: range(ends[0], sum(ends))
    ),
)
def test_sizes_of_families(rows: int, sizes: range) -> None:
    """Families have the sizes of the range, each as often as the others in every 1,024 owners."""
    tables = _tables(parents="", things="parent_id")
    plan = _plan(
        _blueprint(
            Fill(tables["parents"], rows=Fixed(rows), columns={}),
            Fill(tables["things"], rows=FanOut("parent_id", sizes), columns={}),
        )
    )
    drawn = plan.sizes(plan.blueprint.fills["things"], 0, rows)

    assert sum(drawn) == plan.counts["things"]
    for base in range(0, rows, BLOCK):
        block = drawn[base : base + BLOCK]
        assert set(block) <= set(sizes)
        assert {block.count(size) for size in sizes} <= {
            len(block) // len(sizes),
            -(-len(block) // len(sizes)),
        }
    owners = plan.rows("things", 0, plan.counts["things"]).columns["parent_id"]
    assert list(owners) == [row for row, size in enumerate(drawn, 1) for _ in range(size)]


# Owners of owners


@pytest.mark.parametrize("sizes", [range(3), range(1, 4), range(2, 3), range(1)])
@settings(deadline=None, max_examples=40)
@given(data=st.data(), rows=st.integers(0, 2_200), chunk_rows=st.integers(1, 3_000))
def test_three_generations(data: st.DataObject, sizes: range, rows: int, chunk_rows: int) -> None:
    """Rows that are owned by owned rows are the same in any run, also where families are empty."""
    plan = _plan(_three_generations(sizes, range(3), rows), chunk_rows=chunk_rows)
    table = data.draw(st.sampled_from(["parents", "childs", "grandchilds"]))
    start = data.draw(st.integers(0, plan.counts[table]))
    stop = data.draw(st.integers(start, plan.counts[table]))
    whole = plan.rows(table, 0, plan.counts[table]).columns
    cut = plan.rows(table, start, stop).columns

    assert {name: list(values) for name, values in cut.items()} == {
        name: list(values[start:stop]) for name, values in whole.items()
    }


def test_three_generations_in_chunks() -> None:
    """Families of families are handed over whole, and what they take and sum up agrees."""
    plan = _plan(_three_generations(range(3), range(3), 1_500), chunk_rows=100)
    tables = _joined(plan)
    parents, children, grandchildren = (
        tables[name] for name in ("parents", "childs", "grandchilds")
    )

    assert {name: len(table["id"]) for name, table in tables.items()} == plan.counts
    totals = dict.fromkeys(children["id"], 0)
    for key, amount in zip(grandchildren["child_id"], grandchildren["amount"], strict=True):
        totals[key] += amount
    assert children["total"] == list(totals.values())
    assert sum(parents["total"]) == sum(grandchildren["amount"])
    marks = dict(zip(children["id"], children["mark"], strict=True))
    assert grandchildren["mark"] == [marks[key] for key in grandchildren["child_id"]]


def test_families_of_no_size() -> None:
    """Where every family is empty there are no children, and sums are 0."""
    plan = _plan(_three_generations(range(1), range(3), 1_500))

    assert plan.counts == {"parents": 1_500, "childs": 0, "grandchilds": 0}
    assert set(plan.rows("parents", 1_030, 1_500).columns["total"]) == {0}
    assert list(plan.rows("childs", 0, 0).columns["id"]) == []


@pytest.mark.parametrize("volume", ["invoices=0", "customers=0,products=0,invoices=0"])
def test_no_rows(volume: str) -> None:
    """Where a table has no rows, nor have those that it owns, and no chunk of them is made."""
    plan = _invoicing(volume)
    tables = {chunk.table.name for chunk in _chunks(plan) if chunk.stop}

    assert plan.counts["invoices"] == plan.counts["invoice_line_items"] == 0
    assert tables == {name for name, rows in plan.counts.items() if rows}
    assert list(plan.rows("invoice_line_items", 0, 0).columns["line_total"]) == []


# Whole columns


def test_whole() -> None:
    """A whole column is that of all rows, integers or not, stored or virtual, in any table."""
    plan = _invoicing(ODD)
    whole = _whole_tables(ODD)

    assert list(plan.whole(ColumnName("customers", "id"))) == whole["customers"]["id"]
    assert plan.whole(ColumnName("products", "name")) == whole["products"]["name"]
    assert plan.whole(ColumnName("invoices", "paid_date")) == whole["invoices"]["paid_date"]
    assert (
        list(plan.whole(ColumnName("invoice_line_items", "line_total")))
        == whole["invoice_line_items"]["line_total"]
    )
    assert len(plan.whole(ColumnName("invoices", "fate"))) == 1_300


def test_whole_is_kept() -> None:
    """A whole column is made once, and so is what is made from it."""
    plan = _invoicing("small")
    weights = ColumnName("customers", "popularity")

    assert plan.whole(weights) is plan.whole(weights)
    assert plan.running_total(weights) is plan.running_total(weights)
    assert plan.slots(weights) is plan.slots(weights)


@pytest.mark.parametrize("values", [(True, False), (False,), (False, None, True)])
def test_whole_column_of_bools(values: tuple[bool | None, ...]) -> None:
    """Truth values that are kept stay truth values, and do not become 0 and 1."""
    plan = _listed(values)
    kept = plan.whole(ColumnName("things", "value"))

    assert [repr(value) for value in kept] == [repr(value) for value in values]
    assert plan.rows("things", 0, 1).columns["value"][0] is values[0]


@pytest.mark.parametrize(
    ("values", "itemsize"), [((1, -(2**31)), 4), ((1, 2**31), 8), ((-(2**63), 0), 8)]
)
def test_whole_column_of_integers(values: tuple[int, ...], itemsize: int) -> None:
    """Integers that are kept take as few bytes as hold them."""
    kept = _listed(values).whole(ColumnName("things", "value"))

    assert isinstance(kept, array)
    assert (kept.tolist(), kept.itemsize) == (list(values), itemsize)


@pytest.mark.parametrize("values", [(1, 2**63), (1, None), (None, 1), ("a", 1), (0.5, 1)])
def test_whole_column_of_anything(values: tuple[Any, ...]) -> None:
    """What does not fit an array of integers is kept as it is."""
    assert _listed(values).whole(ColumnName("things", "value")) == list(values)


def _listed(values: tuple[Any, ...]) -> Plan:
    table = _tables(things="value")["things"]
    return _plan(
        _blueprint(Fill(table, rows=Fixed(len(values)), columns={"value": Listed(values)}))
    )


def test_running_total() -> None:
    """A running total is the sum of the rows so far."""
    plan = _invoicing(ODD)
    weights = ColumnName("customers", "popularity")

    assert list(plan.running_total(weights)) == list(accumulate(plan.whole(weights)))


@pytest.mark.parametrize("weights", [(1,), (1, 0, 3), (0, 5, 0), (10, 20, 30, 40, 0, 1)])
def test_slots(weights: tuple[int, ...]) -> None:
    """Slots are a power of two of row numbers, in order and in proportion to the weights."""
    table = _tables(parents="weight")["parents"]
    fill = Fill(table, rows=Fixed(len(weights)), columns={"weight": Listed(weights)})
    slots = list(_plan(_blueprint(fill)).slots(ColumnName("parents", "weight")))

    assert len(slots).bit_count() == 1
    assert 4 * len(weights) <= len(slots) <= 8 * len(weights)
    assert slots == sorted(slots)
    for row, weight in enumerate(weights):
        assert slots.count(row) == pytest.approx(len(slots) * weight / sum(weights), abs=1)
        assert weight or row not in slots


# Errors


def test_column_that_cannot_be_drawn() -> None:
    """A recipe that fails is named by its column, and what stopped it is the cause."""
    table = _tables(things="value other")["things"]
    columns: dict[str | tuple[str, ...], Recipe] = {
        "value": Derived(str, "other"),
        "other": _Refuses(),
    }
    plan = _plan(_blueprint(Fill(table, rows=Fixed(3), columns=columns)))

    with pytest.raises(GenerationError) as caught:
        list(_chunks(plan))

    assert str(caught.value) == (
        "Column 'things.other' could not be drawn: its recipe stopped with RuntimeError: asked for "
        "0 to 3.\n"
        "Everything that this generation had done is undone."
    )
    assert isinstance(caught.value.__cause__, RuntimeError)


class _Explains(Recipe):
    """Fails with an error of the package's own."""

    def draw(self, run: Run) -> Sequence[Any]:
        message = f"{run.column} says why"
        raise VolumeError(message)


def test_error_that_explains_itself() -> None:
    """An error of the package's own is left as it is."""
    table = _tables(things="value")["things"]
    plan = _plan(_blueprint(Fill(table, rows=Fixed(3), columns={"value": _Explains()})))

    with pytest.raises(VolumeError, match=r"^value says why$"):
        plan.rows("things", 0, 1)


@pytest.mark.parametrize(
    ("volume", "rows", "table"),
    [
        ("huge*1000000", "20,000,000,000", "customers"),
        ("customers=2000000000,products=20,invoices=1", "4,000,000,000", "customer_addresses"),
        ("customers=5,products=2147483648,invoices=5", "2,147,483,648", "products"),
    ],
)
def test_too_large_for_the_keys(volume: str, rows: str, table: str) -> None:
    """A volume with more rows than keys is refused at once, also where children are too many."""
    with pytest.raises(VolumeError) as caught:
        _invoicing(volume)

    assert str(caught.value) == (
        f"Volume {volume!r} has {rows} rows of {table!r}.\n"
        "Allowed: from 0 to 2,147,483,647, the largest INTEGER key."
    )


def test_largest_key() -> None:
    """As many rows as there are keys are not too many."""
    fill = Fill(_tables(things="")["things"], rows=Fixed(LARGEST_KEY), columns={})
    plan = _plan(_blueprint(fill))

    assert plan.counts["things"] == 2_147_483_647
    assert list(plan.rows("things", LARGEST_KEY - 1, LARGEST_KEY).columns["id"]) == [LARGEST_KEY]


def test_too_few_products() -> None:
    """A volume with fewer products than an invoice can have lines is refused at once."""
    with pytest.raises(VolumeError) as caught:
        _invoicing("products=5")

    assert str(caught.value) == (
        "Volume 'customers=100,products=5,invoices=300' has too few rows of 'products': "
        "'invoice_line_items.product_id' needs 8 different ones at a time, and of the 5 only 3 "
        "can always be drawn.\n"
        "Allowed: a volume with more rows of 'products'."
    )


@pytest.mark.parametrize("missing", ["customers", "products"])
def test_no_parents(missing: str) -> None:
    """Invoices without customers, or without products, are refused."""
    with pytest.raises(VolumeError, match=f"has too few rows of '{missing}'"):
        _invoicing(f"{missing}=0")


def test_smallest_volume() -> None:
    """Just enough products for every line of an invoice are enough."""
    few = next(rows for rows in range(1, 50) if _is_enough(f"customers=1,products={rows}"))

    assert sum(chunk.stop - chunk.start for chunk in _chunks(_invoicing(f"products={few}"))) > 300


def _is_enough(volume: str) -> bool:
    try:
        _invoicing(volume)
    except VolumeError:
        return False
    return True


def _asks_for(rows: Sized | FanOut) -> Callable[[], Plan]:
    tables = _tables(parents="", things="parent_id")
    parents = rows if isinstance(rows, Sized) else Fixed(3)
    children = rows if isinstance(rows, FanOut) else Fixed(3)
    blueprint = _blueprint(
        Fill(tables["parents"], rows=parents, columns={}),
        Fill(tables["things"], rows=children, columns={}),
    )
    return lambda: _plan(blueprint)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            Sized("parent"),
            "The blueprint asks for 'parent', which is not among the counts of volume 'tiny'.\n"
            "Allowed: parents.\n"
            "Did you mean 'parents'?",
        ),
        (
            Sized("sizes"),
            "The blueprint asks for 'sizes', which is not among the counts of volume 'tiny'.\n"
            "Allowed: parents.",
        ),
        (
            FanOut("parent_id", "size"),
            "The blueprint asks for 'size', which is not among the fan-outs of volume 'tiny'.\n"
            "Allowed: sizes.\n"
            "Did you mean 'sizes'?",
        ),
    ],
)
def test_count_that_the_volume_does_not_have(rows: Sized | FanOut, message: str) -> None:
    """A blueprint that asks for a count or a fan-out that the volume does not have is refused."""
    with pytest.raises(BlueprintError) as caught:
        _asks_for(rows)()

    assert str(caught.value) == message


# The same everywhere


_DIGESTS: Final = """
from datetime import date
from pytest_demodata.digests import digest_of_plan
from pytest_demodata.engine import Plan
from pytest_demodata.invoicing.blueprint import INVOICING
from pytest_demodata.volumes import parse_volume
from pytest_demodata.words import words_of

plan = Plan(
    INVOICING, parse_volume("small"), seed=42, words=words_of("en_US"), as_of=date(2025, 12, 31)
)
for table in plan.counts:
    print(table, digest_of_plan(plan, table))
"""


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_hash_seed(hash_seed: str) -> None:
    """Another process, with other hashes of texts, makes the same rows."""
    plan = _invoicing("small")
    ran = subprocess.run(
        [sys.executable, "-P", "-c", _DIGESTS],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.splitlines() == [
        f"{table} {digest_of_plan(plan, table)}" for table in plan.counts
    ]


@pytest.mark.parametrize("table", list(INVOICING.fills))
def test_digest_of_a_plan(table: str) -> None:
    """The digest of a table is that of its rows as Python holds them, in order of their keys."""
    columns = INVOICING.fills[table].table.columns
    values = [
        python_values(columns[name].type, column)
        for name, column in _whole_tables("small")[table].items()
    ]

    assert digest_of_plan(_invoicing("small"), table) == digest(zip(*values, strict=True))


def test_chunks_that_nobody_wanted_to_the_end_change_nothing() -> None:
    """What a table's rows tell others is whole, also where its chunks were begun twice."""
    plan, fresh = _invoicing("small", chunk_rows=10), _invoicing("small", chunk_rows=10)
    for _ in range(2):
        next(plan.chunks("customers"))
    for stage in ("customers", "products", "invoices"):
        for chunk, other in zip(plan.chunks(stage), fresh.chunks(stage), strict=True):
            assert {name: list(values) for name, values in chunk.columns.items()} == {
                name: list(values) for name, values in other.columns.items()
            }


def test_digest_beyond_a_run() -> None:
    """The digest of a table with more rows than are taken at a time covers all of them."""
    table = _tables(things="value")["things"]
    fill = Fill(table, rows=Fixed(12_345), columns={"value": Whole(range(9))})
    plan = _plan(_blueprint(fill))
    columns = plan.rows("things", 0, 12_345).columns

    assert digest_of_plan(plan, "things") == digest(zip(*columns.values(), strict=True))


def test_digest_of_a_table() -> None:
    """The digest of a table in a database is that of the plan, in whatever order rows came in."""
    metadata = MetaData()
    table = Table(
        "things",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("price", Numeric(12, 2)),
        Column("day", Date),
        Column("time", DateTime),
        Column("name", String),
    )
    fill = Fill(
        table,
        rows=Fixed(200),
        columns={
            "price": Sometimes(Whole(range(100_000)), 90),
            "day": Whole(range(700_000, 730_000)),
            "time": Whole(range(700_000 * 86_400, 730_000 * 86_400)),
            "name": Listed(("ä", "b", None)),
        },
    )
    plan = _plan(_blueprint(fill))
    columns = plan.rows("things", 0, 200).columns
    values = [python_values(table.columns[name].type, columns[name]) for name in columns]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(table.insert(), rows[::-1])
        digests = digest_of_table(connection, table), digest_of_plan(plan, "things")
    engine.dispose()

    assert digests[0] == digests[1]


def test_columns_with_keys() -> None:
    """Columns whose keys in Python are not their names in the database are made and inserted."""
    metadata = MetaData()
    parents = Table(
        "parents",
        metadata,
        Column("Parent No", Integer, key="number", primary_key=True),
        Column("Total", Integer, key="total"),
    )
    things = Table(
        "things",
        metadata,
        Column("No", Integer, key="number", primary_key=True),
        Column("Parent", ForeignKey("parents.number"), key="parent"),
        Column("Full Name", Integer, key="name"),
    )
    plan = _plan(
        _blueprint(
            Fill(parents, rows=Fixed(9), columns={"total": SumOf("things.name")}),
            Fill(
                things, rows=FanOut("parent", range(4)), columns={"name": Taken("parent", "number")}
            ),
        )
    )
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        for chunk in _chunks(plan):
            rows = zip(*chunk.columns.values(), strict=True)
            connection.execute(
                chunk.table.insert(), [dict(zip(chunk.columns, row, strict=True)) for row in rows]
            )
        digests = [digest_of_table(connection, table) for table in (parents, things)]
    engine.dispose()

    assert list(plan.rows("things", 0, 1).columns) == ["number", "parent", "name"]
    assert digests == [digest_of_plan(plan, table) for table in ("parents", "things")]


def test_digest_by_hand() -> None:
    """A digest is the SHA-256 of a line of JSON for each row."""
    rows = [(1, "ä", None, date(2024, 2, 29)), (2, "b", True, 0.5)]

    lines = b'[1,"\\u00e4",null,"2024-02-29"]\n[2,"b",true,0.5]\n'

    assert digest(rows) == sha256(lines).hexdigest()
    assert digest([]) == sha256(b"").hexdigest()


# Memory


class _Column(list[Any]):
    """A list that can be watched."""


class _Watched(Recipe):
    """Draws columns, and remembers them without holding them."""

    def __init__(self) -> None:
        self.columns: list[weakref.ref[_Column]] = []

    def draw(self, run: Run) -> Sequence[Any]:
        column = _Column([run.start] * (run.stop - run.start))
        self.columns.append(weakref.ref(column))
        return column

    def alive(self) -> int:
        """Count the columns that are still in memory."""
        return sum(column() is not None for column in self.columns)


def test_chunks_are_freed() -> None:
    """No more than a chunk is in memory at a time, freed without waiting for the collector."""
    parent_column, thing_column = _Watched(), _Watched()
    tables = _tables(parents="value total", things="parent_id value mark")
    plan = _plan(
        _blueprint(
            Fill(
                tables["parents"],
                rows=Fixed(1_000),
                columns={"value": parent_column, "total": SumOf("things.value")},
            ),
            Fill(
                tables["things"],
                rows=FanOut("parent_id", range(3)),
                columns={"value": thing_column, "mark": Taken("parent_id", "value")},
            ),
        ),
        chunk_rows=50,
    )
    most = 0
    gc.disable()
    try:
        for chunk in plan.chunks("all"):
            del chunk
            most = max(most, parent_column.alive(), thing_column.alive())
    finally:
        gc.enable()

    assert most == 1
    assert len(parent_column.columns) == len(thing_column.columns) == 20
    assert parent_column.alive() + thing_column.alive() == 0


def _peak(volume: str) -> int:
    plan = _invoicing(volume)
    gc.collect()
    tracemalloc.start()
    try:
        for chunk in _chunks(plan):
            del chunk
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_bounded() -> None:
    """Twice the rows take hardly more memory, because it is the chunk that counts."""
    _peak("small")

    assert _peak("large*2") < 1.5 * _peak("large")


class _Generating(Recipe):
    """A recipe that returns what has no length."""

    def draw(self, run: Run) -> Any:
        return (row for row in range(run.start, run.stop))


@pytest.mark.parametrize(
    ("recipe", "found"),
    [
        (Constant(1), "its recipe draws for 2 columns, but not tuples of 2"),
        (Constant("xy"), "its recipe draws for 2 columns, but not tuples of 2"),
        (Constant(None), "its recipe draws for 2 columns, but not tuples of 2"),
        (
            _Generating(),
            "its recipe stopped with TypeError: object of type 'generator' has no len()",
        ),
    ],
)
def test_what_is_no_column_of_tuples(recipe: Recipe, found: str) -> None:
    """A recipe for several columns that draws anything but tuples of that width is named."""
    metadata = MetaData()
    table = Table(
        "t", metadata, *(Column(n, Integer, primary_key=n == "id") for n in ("id", "a", "b"))
    )
    fill = Fill(table, rows=Fixed(3), columns={("a", "b"): recipe})
    plan = Plan(
        Blueprint(metadata, {"all": [fill]}),
        Volume("none", {}, {}),
        seed=1,
        words=words_of("en_US"),
        as_of=date(2025, 12, 31),
    )
    with pytest.raises(GenerationError) as caught:
        plan.rows("t", 0, 3)
    assert str(caught.value) == (
        f"Column 't.a' could not be drawn: {found}.\n"
        "Everything that this generation had done is undone."
    )
