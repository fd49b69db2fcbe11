"""Deletes data sets: an upload with its files, a registered folder only from the list."""

from __future__ import annotations

from django.db import transaction

from audit.recording import record
from experiments.datasets import samples, storage
from experiments.models import Dataset
from runs.models import Run


class InUse(Exception):
    """Unfinished runs train on the data set, or are about to."""


def delete(dataset: Dataset, *, force: bool) -> None:
    """Delete a data set. Raises InUse, unless forced: runs that have not read it yet will then fail, and say why."""
    pk = dataset.pk
    with transaction.atomic():
        there = Run.objects.filter(project=dataset.project)  # no run uses data of another project
        unfinished = there.filter(source_path=dataset.source_path, status__in=Run.UNFINISHED)
        numbers = list(unfinished.order_by("id").values_list("pk", flat=True)[:11])
        if numbers and not force:
            raise InUse(_in_use(dataset, numbers))
        if Dataset.objects.filter(pk=dataset.pk).delete()[0]:
            record("dataset.deleted", target=dataset, unfinished_runs=numbers)
    storage.remove(dataset)
    samples.remove(pk)


def _in_use(dataset: Dataset, numbers: list[int]) -> str:
    listed = ", ".join(map(str, numbers[:10])) + (" and others" if len(numbers) > 10 else "")
    runs = "run" if len(numbers) == 1 else "runs"
    return (
        f"{dataset.name!r} is used by the unfinished {runs} {listed}. Wait for the end, "
        "or add ?force=true: runs that have not read it yet will fail."
    )
