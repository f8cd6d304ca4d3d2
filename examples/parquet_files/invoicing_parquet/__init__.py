"""The invoicing dataset as Parquet files, written in parts by the workers of a Dask cluster."""

from __future__ import annotations

from invoicing_parquet.distribution import FolderError, local_client, write_dataset
from invoicing_parquet.parts import Dataset, Part, write_part
from invoicing_parquet.schemas import schema_of

__all__ = [
    "Dataset",
    "FolderError",
    "Part",
    "local_client",
    "schema_of",
    "write_dataset",
    "write_part",
]
