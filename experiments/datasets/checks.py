"""The only writer of a data set's check. Each change is one conditional UPDATE that says whether it happened."""

from __future__ import annotations

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from experiments.models import Dataset
from experiments.training.data.examination import Finding, Progress
from runs.recorder import lease_end

State = Dataset.State
LOST = "The check was lost {times} times (its worker was killed), so it is not started again."


def claim() -> Dataset | None:
    """Take the oldest data set that waits, or whose examiner let its lease expire. None: there is none to be had."""
    now = timezone.now()
    due = Q(state=State.WAITING) | Q(state=State.CHECKING, lease_until__lt=now)
    for dataset in Dataset.objects.filter(due).order_by("id"):
        lost = int(dataset.state == State.CHECKING)
        taken = Dataset.objects.filter(due, pk=dataset.pk, attempt=dataset.attempt).update(
            state=State.CHECKING,
            attempt=F("attempt") + 1,
            losses=F("losses") + lost,
            lease_until=lease_end(),
            files_done=0,
            bytes_done=0,
        )
        if not taken:
            continue
        dataset.refresh_from_db()
        if dataset.losses < settings.ATTEMPT_LIMIT:
            return dataset
        refuse(dataset, LOST.format(times=dataset.losses))
    return None


def renew(dataset: Dataset, progress: Progress | None) -> bool:
    """Keep the lease and tell how far the check is. False: the data set was deleted, or somebody else has it."""
    columns = {}
    if progress:
        columns = {
            "files": progress.files,
            "size": progress.size,
            "files_done": progress.files_done,
            "bytes_done": progress.bytes_done,
        }
    return bool(_held(dataset).update(lease_until=lease_end(), **columns))


def settle(dataset: Dataset, finding: Finding) -> bool:
    """It may be trained on."""
    return _end(
        dataset,
        State.READY,
        layout=finding.layout,
        files=finding.files,
        size=finding.size,
        files_done=finding.files,
        bytes_done=finding.size,
        content_hash=finding.content_hash,
        stamp=finding.stamp,
        classes=finding.classes,
        problem=finding.problem,
    )


def refuse(dataset: Dataset, message: str) -> bool:
    """It may not; whatever an earlier check found holds no longer."""
    return _end(dataset, State.REFUSED, content_hash="", stamp="", classes=None, problem=message)


def release(dataset: Dataset) -> bool:
    """Back to those that wait: the examiner stops."""
    return bool(_held(dataset).update(state=State.WAITING, lease_until=None))


def again(dataset: Dataset) -> bool:
    """Have a settled data set checked once more. False: a check is under way, or the data are not here yet."""
    settled = Dataset.objects.filter(pk=dataset.pk, state__in=Dataset.SETTLED)
    return bool(settled.update(state=State.WAITING, losses=0, files_done=0, bytes_done=0))


def _end(dataset: Dataset, state: Dataset.State, **found: object) -> bool:
    columns = {"state": state, "lease_until": None, "losses": 0, "checked_at": timezone.now(), **found}
    return bool(_held(dataset).update(**columns))


def _held(dataset: Dataset) -> QuerySet[Dataset]:
    return Dataset.objects.filter(pk=dataset.pk, attempt=dataset.attempt, state=State.CHECKING)
