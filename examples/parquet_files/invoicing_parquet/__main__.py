"""The command line: `python -m invoicing_parquet FOLDER --volume 'large*100' --workers 2`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from dask.distributed import KilledWorker

from invoicing_parquet.distribution import FolderError, check, local_client, write_dataset
from invoicing_parquet.parts import Dataset
from pytest_demodata import VolumeError

if TYPE_CHECKING:
    from collections.abc import Sequence


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        message = f"{text!r} is not a whole number"
        raise argparse.ArgumentTypeError(message) from None


def _workers(text: str) -> int:
    workers = _whole_number(text)
    if workers < 1:
        message = f"{text!r} is less than 1"
        raise argparse.ArgumentTypeError(message)
    return workers


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="invoicing_parquet", description="Write an invoicing dataset as Parquet files."
    )
    parser.add_argument("folder", type=Path, help="is empty, or not there yet")
    parser.add_argument("--volume", default="medium", help="such as large, or large*100")
    parser.add_argument("--seed", type=_whole_number, default=42)
    parser.add_argument("--workers", type=_workers, default=os.cpu_count(), help="processes")
    return parser


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line, write the files, and print the rows of each table."""
    parser = _parser()
    arguments = parser.parse_args(words)
    dataset = Dataset(arguments.volume, seed=arguments.seed)
    try:
        check(arguments.folder, dataset)
        with local_client(arguments.workers, quiet=True) as client:
            written = write_dataset(client, arguments.folder, dataset)
    except (FolderError, VolumeError) as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"The files cannot be written: {error}")
    except KilledWorker as error:
        parser.error(f"The workers do not stay alive: {error}")
    for table, rows in written.items():
        print(f"{table:<20}{rows:>15,}")  # noqa: T201 - the command's output


if __name__ == "__main__":
    main()
