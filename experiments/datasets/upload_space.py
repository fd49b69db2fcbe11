"""The bytes that uploads take in each project: of a whole one its file, of an unfinished one all that is to come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from experiments.models import Dataset, Upload


def bytes_of(project_ids: Collection[int]) -> Mapping[int, int]:
    """Return the bytes of each project; of folders that are only registered there are none."""
    found: Counter[int] = Counter()
    open_ones = Upload.objects.filter(dataset__project_id__in=project_ids).order_by()
    for number, size in open_ones.values_list("dataset__project_id", "size"):
        found[number] += size
    whole = Dataset.objects.filter(kind=Dataset.Kind.UPLOAD, project_id__in=project_ids).order_by()
    for dataset in whole.exclude(state=Dataset.State.UPLOADING).only("project_id", "kind", "path"):
        found[dataset.project_id] += _size(dataset)
    return found


def _size(dataset: Dataset) -> int:
    try:
        return dataset.location.lstat().st_size
    except OSError:  # it was removed
        return 0
