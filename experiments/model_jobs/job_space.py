"""The bytes that the files of jobs on models take in each project."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import Sum

from experiments.models import ModelJob


def bytes_of(project_ids: Collection[int]) -> Mapping[int, int]:
    """Return the bytes of each project: of jobs that are done their files, of others those of the request."""
    counted = (*ModelJob.UNFINISHED, ModelJob.Status.DONE)
    jobs = ModelJob.objects.filter(status__in=counted, size__gt=0, run__project_id__in=project_ids).order_by()
    return {number: int(size) for number, size in jobs.values_list("run__project_id").annotate(size=Sum("size"))}
