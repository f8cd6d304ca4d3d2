"""The files of a dataset, written by the workers of a cluster on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from errno import ENOSPC
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Uuid

pytest.importorskip("distributed", reason="Dask writes the files: pip install dask distributed")
pytest.importorskip("pyarrow", reason="PyArrow writes the files: pip install pyarrow")

import pyarrow as pa
import pyarrow.compute as pc
from invoicing_parquet import (
    Dataset,
    FolderError,
    Part,
    local_client,
    schema_of,
    write_dataset,
    write_part,
)
from invoicing_parquet.__main__ import main
from pyarrow.dataset import dataset as folder_of
from pyarrow.parquet import ParquetFile

from pytest_demodata import VolumeError
from pytest_demodata.digests import digest
from pytest_demodata.invoicing import Base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from dask.distributed import Client

    from pytest_demodata import DemoDatabase

    Settings = Callable[[str], Dataset]

PROGRAM = Path(__file__).parent.parent
TABLES = list(Base.metadata.tables)
REFERENCES = sorted(
    (key.parent.table.name, key.parent.name, key.column.table.name)
    for table in Base.metadata.tables.values()
    for key in table.foreign_keys
)


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """A client of a cluster of two processes."""
    with local_client(2) as client:
        yield client


@pytest.fixture(scope="session")
def settings(demodata_seed: int, demodata_locale: str, demodata_as_of: date) -> Settings:
    """Name a dataset of the volume that is given, made as the demo databases are."""
    return lambda volume: Dataset(volume, demodata_seed, demodata_locale, demodata_as_of)


@pytest.fixture(scope="module")
def large(
    client: Client, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, int]]:
    """The folder of the large volume, of which a file has about 5,000 rows, and its rows."""
    folder = tmp_path_factory.mktemp("large")
    return folder, write_dataset(client, folder, settings("large"), rows_per_part=5_000)


@pytest.fixture(scope="module")
def tables(large: tuple[Path, dict[str, int]]) -> dict[str, pa.Table]:
    """The tables of the large volume, as a reader of its folders gets them."""
    return {table: _read(large[0], table) for table in TABLES}


def _read(folder: Path, table: str) -> pa.Table:
    return folder_of(folder / table, format="parquet").to_table()


def _digest(table: pa.Table) -> str:
    return digest(zip(*table.to_pydict().values(), strict=True))


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def _python(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - Python, and words of ours
        [sys.executable, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PROGRAM)},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )


def test_several_parts_are_the_demo_database(
    demo_db_large: DemoDatabase,
    large: tuple[Path, dict[str, int]],
    tables: dict[str, pa.Table],
) -> None:
    """The files of a table, read one after the other, hold what the demo database holds."""
    assert large[1] == dict(demo_db_large.counts)
    assert {name: table.num_rows for name, table in tables.items()} == large[1]
    assert {name: _digest(table) for name, table in tables.items()} == dict(demo_db_large.digests)


def test_a_part_each_is_the_demo_database(
    client: Client, demo_db_medium: DemoDatabase, settings: Settings, tmp_path: Path
) -> None:
    """A table of fewer rows than a part has is one file."""
    written = write_dataset(client, tmp_path / "new" / "folder", settings("medium"))
    assert written == dict(demo_db_medium.counts)
    assert _names(tmp_path) == ["part-00000-of-00001.parquet"] * len(TABLES)
    digests = {name: _digest(_read(tmp_path / "new" / "folder", name)) for name in TABLES}
    assert digests == dict(demo_db_medium.digests)


def test_parts_are_of_nearly_equal_size(large: tuple[Path, dict[str, int]]) -> None:
    """The number of files hangs on the rows, and a file's name tells how many there are."""
    files = sorted((large[0] / "invoice_line_items").iterdir())
    assert [file.name for file in files] == [f"part-{n:05d}-of-00007.parquet" for n in range(7)]
    rows = [ParquetFile(file).metadata.num_rows for file in files]
    assert sum(rows) == large[1]["invoice_line_items"]
    assert max(rows) - min(rows) <= 1
    assert len(list((large[0] / "customers").iterdir())) == 1


@pytest.mark.parametrize("name", TABLES)
def test_the_schema_is_the_tables(tables: dict[str, pa.Table], name: str) -> None:
    """A reader gets the columns of the table, in their order, and which may be NULL."""
    columns = Base.metadata.tables[name].columns
    found = [(field.name, field.nullable) for field in tables[name].schema]
    assert found == [(column.name, column.nullable) for column in columns]


def test_amounts_and_days_are_what_they_are(tables: dict[str, pa.Table]) -> None:
    """No amount is a float, and no date a text."""
    schema = tables["invoices"].schema
    assert schema.field("id").type == pa.int32()
    assert schema.field("date").type == pa.date32()
    assert schema.field("status").type == pa.string()
    assert schema.field("total").type == pa.decimal128(12, 2)
    assert schema.field("tax_rate").type == pa.decimal128(6, 3)
    assert schema.field("created_at").type == pa.timestamp("us")
    assert tables["products"].schema.field("active").type == pa.bool_()


def test_a_type_that_is_not_known_is_named() -> None:
    """A table of somebody else's fails before a row is made."""
    table = Table("bills", MetaData(), Column("id", Integer), Column("token", Uuid))
    with pytest.raises(TypeError, match=r"Column 'bills\.token' is of the type Uuid\(\)"):
        schema_of(table)


@pytest.mark.parametrize(("child", "column", "parent"), REFERENCES)
def test_no_row_is_an_orphan(
    tables: dict[str, pa.Table], child: str, column: str, parent: str
) -> None:
    """Parts that were written apart refer to rows that are there."""
    found = pc.is_in(tables[child][column], value_set=tables[parent]["id"])
    assert len(found) > 0
    assert pc.all(found).as_py()


def test_invoices_add_up(tables: dict[str, pa.Table]) -> None:
    """The lines' totals are their invoice's subtotal, and with the tax its total, to the cent."""
    sums = tables["invoice_line_items"].group_by("invoice_id").aggregate([("line_total", "sum")])
    invoices = tables["invoices"].join(sums, keys="id", right_keys="invoice_id")
    assert invoices.num_rows == tables["invoices"].num_rows
    assert pc.all(pc.equal(invoices["subtotal"], invoices["line_total_sum"])).as_py()
    totals = pc.add(invoices["subtotal"], invoices["tax_amount"])
    assert pc.all(pc.equal(invoices["total"], totals)).as_py()


def test_a_part_is_the_same_from_another_process(
    large: tuple[Path, dict[str, int]], settings: Settings, tmp_path: Path
) -> None:
    """A file that is lost is written again alone, byte for byte."""
    part = Part("invoice_line_items", 3, 7)
    program = f"""
        import datetime
        from pathlib import Path
        from invoicing_parquet import Dataset, Part, write_part

        print(write_part(Path(), {settings("large")}, {part}))
    """
    run = _python("-c", dedent(program), folder=tmp_path)
    assert run.stderr == ""
    assert int(run.stdout) == ParquetFile(tmp_path / part.path).metadata.num_rows
    assert (tmp_path / part.path).read_bytes() == (large[0] / part.path).read_bytes()


def test_a_part_that_fails_leaves_no_file(tmp_path: Path) -> None:
    """What was written of it is removed."""

    class Failing(Dataset):
        def rows(self, part: Part) -> Iterator[tuple[Any, ...]]:
            yield from super().rows(part)
            message = f"the last row is made, and there is {_names(tmp_path)[0]}"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match=r"and there is \.unfinished-.*parquet"):
        write_part(tmp_path, Failing("large"), Part("invoices", 0, 1))
    assert _names(tmp_path) == []


def test_a_part_that_is_killed_leaves_none_of_its_name(tmp_path: Path) -> None:
    """What is left is of a name that readers pass over."""
    part = Part("invoice_line_items", 0, 2)
    program = f"""
        import os, signal
        from pathlib import Path
        from invoicing_parquet import Dataset, Part, write_part

        class Killed(Dataset):
            def rows(self, part):
                yield from super().rows(part)
                os.kill(os.getpid(), signal.SIGKILL)

        write_part(Path(), Killed("large"), {part})
    """
    run = _python("-c", dedent(program), folder=tmp_path)
    assert run.returncode == -signal.SIGKILL
    (left,) = (tmp_path / part.table).iterdir()
    assert left.name.startswith(".unfinished-")
    assert left.stat().st_size > 100_000
    rows = write_part(tmp_path, Dataset("large"), part)
    assert _read(tmp_path, part.table).num_rows == rows


def test_a_worker_that_is_killed_costs_time_alone(
    client: Client,
    tables: dict[str, pa.Table],
    settings: Settings,
    tmp_path: Path,
) -> None:
    """Another one writes its part again, and nothing is left of the first try."""
    once = tmp_path / "killed"

    class Killed(Dataset):
        def rows(self, part: Part) -> Iterator[tuple[Any, ...]]:
            yield from super().rows(part)
            if part.table == "invoice_line_items" and not once.exists():
                once.touch()
                os.kill(os.getpid(), signal.SIGKILL)

    folder, dataset = tmp_path / "files", settings("large")
    before = set(client.run(os.getpid).values())
    killed = Killed(dataset.volume, dataset.seed, dataset.locale, dataset.as_of)
    written = write_dataset(client, folder, killed, rows_per_part=20_000)
    assert once.exists()
    assert written == {name: table.num_rows for name, table in tables.items()}
    assert all(_read(folder, name).equals(table) for name, table in tables.items())
    assert all(name.startswith("part-") for name in _names(folder))
    client.wait_for_workers(2)
    assert len(before & set(client.run(os.getpid).values())) < 2


def test_an_error_of_a_worker_is_the_callers(client: Client, tmp_path: Path) -> None:
    """It arrives as it was raised, and no file is there of the part that had it."""

    class Full(Dataset):
        def rows(self, part: Part) -> Iterator[tuple[Any, ...]]:
            yield from super().rows(part)
            if part.table == "invoices":
                raise OSError(ENOSPC, os.strerror(ENOSPC))

    with pytest.raises(OSError, match="No space left on device"):
        write_dataset(client, tmp_path, Full("medium"))
    assert _names(tmp_path / "invoices") == []


def test_a_table_without_rows_is_a_file(tmp_path: Path) -> None:
    """A reader gets its columns, and no rows."""
    part = Part("invoices", 0, 1)
    assert write_part(tmp_path, Dataset("invoices=0"), part) == 0
    found = _read(tmp_path, "invoices")
    assert found.num_rows == 0
    assert found.schema == schema_of(Base.metadata.tables["invoices"])


def test_the_command(tmp_path: Path, demo_db_medium: DemoDatabase) -> None:
    """It writes the files, and prints the rows of each table."""
    options = ["--volume", "medium", "--seed", str(demo_db_medium.seed), "--workers", "1"]
    run = _python("-m", "invoicing_parquet", "files", *options, folder=tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    printed = dict(line.split() for line in run.stdout.splitlines())
    counts = {table: f"{rows:,}" for table, rows in demo_db_medium.counts.items()}
    assert printed == counts
    assert len(_names(tmp_path / "files")) == len(TABLES)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("new --volume larg", "error: Volume 'larg' is not a volume."),
        ("new --volume products=1,invoices=1", " has too few rows of 'products': "),
        ("full", "' is not empty: 'report.txt' is in it.\n"),
        ("full/report.txt", "error: The files cannot be written: "),
        ("new --workers 0", "error: argument --workers: '0' is less than 1"),
        ("new --workers two", "error: argument --workers: 'two' is not a whole number"),
        ("new --seed 4.2", "error: argument --seed: '4.2' is not a whole number"),
    ],
)
def test_a_bad_option_ends_with_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    message: str,
) -> None:
    """The exit code is 2, there is no traceback, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full", "report.txt").write_text("ours", "utf-8")
    with pytest.raises(SystemExit, match="2"):
        main(words.split())
    assert message in capsys.readouterr().err
    assert _names(tmp_path) == ["report.txt"]


def test_a_dataset_is_refused_before_anything_is_written(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    """The functions refuse what the command refuses."""
    folder = tmp_path / "files"
    with pytest.raises(VolumeError, match="'larg' is not a volume"):
        write_dataset(client, folder, settings("larg"))
    assert not folder.exists()
    folder.mkdir()
    (folder / "customers").mkdir()
    with pytest.raises(FolderError, match="'customers' is in it"):
        write_dataset(client, folder, settings("medium"))
