"""One part of one table, in a file of its own."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from invoicing_parquet.schemas import schema_of
from pytest_demodata import table_part
from pytest_demodata.invoicing import Base

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROWS_AT_A_TIME: Final = 10_000
_UNFINISHED: Final = ".unfinished-"


@dataclass(frozen=True, slots=True)
class Dataset:
    """Which rows there are: the settings of `pytest_demodata.table_part`."""

    volume: str
    seed: int = 42
    locale: str = "en_US"
    as_of: date = date(2025, 12, 31)

    def rows(self, part: Part) -> Iterator[tuple[Any, ...]]:
        """Make the rows of a part, and no others."""
        return table_part(part.table, part.number, part.of, **asdict(self))


@dataclass(frozen=True, slots=True)
class Part:
    """One of the nearly equal parts of a table; the first has the number 0."""

    table: str
    number: int
    of: int

    @property
    def path(self) -> Path:
        """Where the part stands in a dataset's folder."""
        return Path(self.table, f"part-{self.number:05d}-of-{self.of:05d}.parquet")


def write_part(folder: Path, dataset: Dataset, part: Part) -> int:
    """Write the file of one part, in the memory of a few thousand rows, and return its rows.

    The file has its name only when it is whole.
    """
    schema = schema_of(Base.metadata.tables[part.table])
    rows, written = dataset.rows(part), 0
    with _named_when_whole(folder / part.path) as path, ParquetWriter(path, schema) as writer:
        while batch := list(islice(rows, _ROWS_AT_A_TIME)):
            writer.write_batch(_record_batch(batch, schema))
            written += len(batch)
    return written


def remove_unfinished(folder: Path) -> None:
    """Remove what workers that were killed have left in a dataset's folder."""
    for path in folder.glob(f"*/{_UNFINISHED}*"):
        path.unlink(missing_ok=True)


def _record_batch(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [
        pa.array(values, type=kind) for values, kind in zip(columns, schema.types, strict=True)
    ]
    return pa.record_batch(arrays, schema=schema)


@contextmanager
def _named_when_whole(path: Path) -> Iterator[Path]:
    """Return a path beside another, which gets the other's name at the end, or is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Dask starts a part again elsewhere when it has lost sight of a worker that may still write.
    unfinished = path.with_name(f"{_UNFINISHED}{uuid4().hex}-{path.name}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
