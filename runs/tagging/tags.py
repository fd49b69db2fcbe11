"""The only writer of tags. A change of tags marks the run as touched, so that open lists are updated."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone

from audit.recording import record
from runs.models import Run, RunTag
from runs.tagging.tag_names import MAX_TAGS


class TooManyTags(Exception):
    """The run would have more tags than allowed."""


def tag_new(run: Run, names: Iterable[str]) -> None:
    """Add the first tags of a run that is being created; `names` are normalised."""
    RunTag.objects.bulk_create(RunTag(run=run, name=name) for name in names)


def change(run_id: int, add: Collection[str], remove: Collection[str]) -> list[str]:
    """Add and remove normalised tags; return the run's tags. One that is in both stays. Raises TooManyTags."""
    with transaction.atomic():
        run = Run.objects.select_for_update().only("experiment_name", "project_id").get(pk=run_id)
        before = set(tags_of(run_id))
        after = (before - set(remove)) | set(add)
        if len(after) > MAX_TAGS:
            raise TooManyTags(f"Run {run_id} would have {len(after)} tags; remove some, it may have {MAX_TAGS}.")
        if after != before:
            RunTag.objects.filter(run_id=run_id, name__in=before - after).delete()
            RunTag.objects.bulk_create(RunTag(run_id=run_id, name=name) for name in sorted(after - before))
            Run.objects.filter(pk=run_id).update(touched_at=timezone.now())
            record("run.tagged", target=run, added=sorted(after - before), removed=sorted(before - after))
        return sorted(after)


def tags_of(run_id: int) -> list[str]:
    """Return the run's tags, sorted."""
    return list(RunTag.objects.filter(run_id=run_id).order_by("name").values_list("name", flat=True))
