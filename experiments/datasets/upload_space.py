"""The bytes that uploads take in each project: of a whole one its file, of an unfinished one all that is to come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from experiments.models import Dataset, Upload, uploads_root


def bytes_of(project_ids: Collection[int]) -> Mapping[int, int]:
    """Return the bytes of each project; of folders that are only registered there are none."""
    found: Counter[int] = Counter()
    open_ones = Upload.objects.filter(dataset__project_id__in=project_ids).order_by()
    for number, size in open_ones.values_list("dataset__project_id", "size"):
        found[number] += size
    whole = Dataset.objects.filter(kind=Dataset.Kind.UPLOAD, project_id__in=project_ids).order_by()
    for number, path in whole.exclude(state=Dataset.State.UPLOADING).values_list("project_id", "path"):
        found[number] += _size(uploads_root() / path)
    return found


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:  # it was removed
        return 0
