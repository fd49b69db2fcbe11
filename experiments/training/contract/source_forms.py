"""The forms in which data may lie on disk: a folder, or one file of these kinds. Opens none of them."""

from __future__ import annotations

from pathlib import Path

from experiments.training.contract.source_errors import SourceError

TEXT_TABLES = (".csv", ".tsv")
TABLES = (*TEXT_TABLES, ".parquet")
SUFFIXES = (".zip", ".npz", *TABLES)  # of single files that hold a whole data set
LISTED = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
OTHER_TEXTS = (".txt", ".tab", ".dat")  # which may be tables, and mostly are notes: one that is a table is renamed


def require_known(path: Path, shown: str) -> None:
    """Raise SourceError unless `path`, shown to the user as `shown`, is a folder or a file that may hold data."""
    if path.is_dir() or (path.is_file() and path.suffix.lower() in SUFFIXES):
        return
    renamed = path.is_file() and path.suffix.lower() in OTHER_TEXTS
    cure = (
        "give one of these, or let the name end in .tsv if it is a table with tabs" if renamed else "give one of these"
    )
    raise SourceError("source_path", f"{shown!r} is neither a folder nor a {LISTED} file; {cure}.")
