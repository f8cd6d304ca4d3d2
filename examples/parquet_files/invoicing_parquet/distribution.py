"""All parts of all tables, given out to the workers of a Dask cluster."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Final

from dask.distributed import Client, LocalCluster

from invoicing_parquet.parts import Part, remove_unfinished, write_part
from pytest_demodata import row_counts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from invoicing_parquet.parts import Dataset

ROWS_PER_PART: Final = 100_000


class FolderError(Exception):
    """A folder that already holds something."""


@contextmanager
def local_client(workers: int, *, quiet: bool = False) -> Iterator[Client]:
    """Return a client of a cluster on this machine, with free ports and without a dashboard.

    A worker has one thread: to make rows is Python's work, of which a process does one at a time.

    Args:
        workers: How many processes write.
        quiet: Whether nothing is logged of what goes wrong in them; the caller is told anyway.
    """
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",  # of the scheduler's HTTP server, which is there anyway
        scheduler_kwargs={"dashboard": False},
        silence_logs="CRITICAL" if quiet else "WARNING",
    )
    with cluster, Client(cluster) as client:
        yield client


def write_dataset(
    client: Client, folder: Path, dataset: Dataset, *, rows_per_part: int = ROWS_PER_PART
) -> dict[str, int]:
    """Write all tables of a dataset, a folder for each and a file for each of its parts.

    Args:
        client: Of any cluster whose workers see the folder by the same path.
        folder: It is empty, or not there yet.
        dataset: What is written.
        rows_per_part: About how many rows a file gets.

    Returns:
        The rows written, by table.

    Raises:
        FolderError: The folder is not empty.
        VolumeError: The volume cannot be read or generated.
        OSError: A file could not be written; the others that are there are whole.
        KilledWorker: A part has brought down several workers; the same.
    """
    check(folder, dataset)
    folder, parts = folder.resolve(), parts_of(dataset, rows_per_part=rows_per_part)
    futures = client.map(partial(write_part, folder, dataset), parts, pure=False)
    try:
        written = client.gather(futures)
    except BaseException:
        client.cancel(futures)
        raise
    remove_unfinished(folder)
    rows: Counter[str] = Counter()
    for part, count in zip(parts, written, strict=True):
        rows[part.table] += count
    return dict(rows)


def check(folder: Path, dataset: Dataset) -> None:
    """Look whether a dataset can be written to a folder, before any worker has to.

    Raises:
        FolderError: The folder is not empty.
        VolumeError: The volume cannot be read or generated.
        OSError: The folder cannot be read.
    """
    found = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if found:
        message = (
            f"The folder '{folder}' is not empty: {found[0]!r} is in it.\n"
            "Whoever reads the dataset would read other files along with it.\n"
            "Give a folder that is empty or not there yet."
        )
        raise FolderError(message)
    dataset.rows(parts_of(dataset)[0])


def parts_of(dataset: Dataset, *, rows_per_part: int = ROWS_PER_PART) -> list[Part]:
    """Cut each table of a dataset into parts of about equal size, at least one.

    Raises:
        VolumeError: The volume cannot be read.
    """
    numbers = {
        table: max(ceil(rows / rows_per_part), 1)
        for table, rows in row_counts(dataset.volume).items()
    }
    return [Part(table, number, of) for table, of in numbers.items() for number in range(of)]
