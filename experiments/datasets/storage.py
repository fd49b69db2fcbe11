"""Uploaded files on disk: one folder each below `DATASETS_ROOT/uploads`, named by the upload's id."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import Coalesce

from experiments.models import Dataset, Upload, uploads_root
from experiments.training.data.images import cache_space

MODE, FOLDER_MODE = 0o640, 0o750  # less what the umask withholds, by default all from the group
RESERVE_BYTES = 512 * 2**20  # left to the database and the runs' files
ORPHAN_SECONDS = 3600.0  # an upload's folder comes after its row, but never so long
GONE = "The data are no longer where they were; delete the data set, then upload or register it again."


def roots_of(dataset: Dataset) -> list[Path]:
    """Return the folders that the data set must lie in."""
    if dataset.kind == Dataset.Kind.UPLOAD:
        return [dataset.location.parent]
    return list(settings.LIVETRAIN_DATA_ROOTS)


def create(dataset: Dataset) -> None:
    """Create the folder of an upload with an empty file; raises OSError."""
    dataset.location.parent.mkdir(mode=FOLDER_MODE, parents=True)
    dataset.location.touch(mode=MODE)


def remove(dataset: Dataset) -> None:
    """Remove the files of an upload, and decoded images; the files of a registered folder are not ours."""
    cache_space.forget(settings.DATASETS_ROOT / cache_space.FOLDER, str(dataset.location))
    if dataset.kind == Dataset.Kind.UPLOAD:
        shutil.rmtree(dataset.location.parent, ignore_errors=True)


def room() -> int:
    """Return the bytes that a further upload may take: free space, less what open uploads have still to send."""
    root = uploads_root()
    root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    sums = Upload.objects.aggregate(size=Coalesce(Sum("size"), 0), received=Coalesce(Sum("received"), 0))
    return shutil.disk_usage(root).free - RESERVE_BYTES - int(sums["size"] - sums["received"])


def remove_orphans() -> list[Path]:
    """Remove folders that belong to no data set, left by a crash during a deletion, and return them."""
    if not uploads_root().is_dir():
        return []
    old = time.time() - ORPHAN_SECONDS
    found = [folder for folder in uploads_root().iterdir() if folder.is_dir() and folder.stat().st_mtime < old]
    paths = Dataset.objects.filter(kind=Dataset.Kind.UPLOAD).values_list("path", flat=True)
    known = {Path(path).parts[0] for path in paths}
    orphans = [folder for folder in found if folder.name not in known]
    for folder in orphans:
        shutil.rmtree(folder, ignore_errors=True)
    return orphans
