"""Open what a run predicted: `predictions.parquet`, here or in the object store.

Brings Arrow: a web process loads it with the first predictions that are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from runs.files import run_files, store
from runs.files.store import StoreError
from runs.models import Run
from runs.statistics.roc import Floats

NAME = "predictions.parquet"
BUFFER_BYTES = 2**16  # of each column that is read


class UnreadablePredictions(Exception):
    """The file is no such file any more, or has not the columns that it should have, or other values in them."""


@contextmanager
def opened(run: Run, dictionaries: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
    """Open the predictions, whose reading belongs into the block.

    Texts of the columns `dictionaries` are read once each, however many rows have them.
    Raises FileNotFoundError where there are none, UnreadablePredictions for whatever is wrong with them, damage that
    only their checksums show included, and StoreError of an object store that fails.
    """
    with run_files.seekable(run, NAME) as file, _parquet(file, dictionaries, far=store.in_use()) as found:
        yield found


@contextmanager
def opened_at(path: Path, dictionaries: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
    """Open such a file that lies on this machine and is no run's own; raises as `opened` does, but for StoreError."""
    with path.open("rb") as file, _parquet(file, dictionaries, far=False) as found:
        yield found


@contextmanager
def _parquet(file: BinaryIO, dictionaries: Sequence[str], *, far: bool) -> Iterator[pq.ParquetFile]:
    try:
        names = pq.read_schema(file).names if dictionaries else []
        wanted = [name for name in dictionaries if name in names]
        # Of files that have checksums, these are compared. What is read ahead is kept until the file is closed, all of
        # it in the end: only an object store needs that, which else would be asked for every column.
        yield pq.ParquetFile(
            file,
            read_dictionary=wanted,
            page_checksum_verification=True,
            pre_buffer=far,
            buffer_size=0 if far else BUFFER_BYTES,
        )
    except StoreError:
        raise
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise UnreadablePredictions(str(error)) from error


def numbers(column: pa.Array | pa.ChunkedArray) -> Floats:
    """Convert a column to floats."""
    found = column.cast(pa.float64())
    whole = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
    return np.asarray(whole.to_numpy(zero_copy_only=False), dtype=np.float64)
