"""The forms in which data may lie on disk: a folder, or one file of these kinds. Opens none of them."""

from __future__ import annotations

from pathlib import Path

from experiments.training.contract.source_errors import SourceError

TABLES = (".csv", ".parquet")
SUFFIXES = (".zip", ".npz", *TABLES)  # of single files that hold a whole data set
LISTED = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"


def require_known(path: Path, shown: str) -> None:
    """Raise SourceError unless `path`, shown to the user as `shown`, is a folder or a file that may hold data."""
    if not path.is_dir() and not (path.is_file() and path.suffix.lower() in SUFFIXES):
        raise SourceError("source_path", f"{shown!r} is neither a folder nor a {LISTED} file; give one of these.")
