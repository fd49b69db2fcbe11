"""The only writer of a data set's check. Each change is one conditional UPDATE that says whether it happened."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from experiments.models import Dataset
from experiments.training.data.examination import Finding, Progress
from runs import clock, workers
from runs.each import each
from runs.leases import Leases, times

State = Dataset.State
LOST_TOO_OFTEN = "The worker of this check was lost {}, so it is not started again."
_LEASES = Leases(Dataset, "data set", waiting=Q(state=State.WAITING), held=Q(state=State.CHECKING))


def first_waiting() -> int | None:
    """Return the one that has waited longest."""
    return _waiting().first()


def claim() -> Dataset | None:
    """Take the oldest data set that waits, for this process. None: none waits."""
    for pk in _waiting():
        taken = _LEASES.claim(pk, workers.own_name(), state=State.CHECKING, files_done=0, bytes_done=0)
        if taken is not None:
            return taken
    return None


def renew(dataset: Dataset, progress: Progress | None) -> None:
    """Keep the lease and tell how far the check is. Raises Fenced, of a deleted data set too."""
    columns = {}
    if progress:
        columns = {
            "files": progress.files,
            "size": progress.size,
            "files_done": progress.files_done,
            "bytes_done": progress.bytes_done,
        }
    _LEASES.renew(dataset.pk, dataset.attempt, **columns)


def accept(dataset: Dataset, finding: Finding) -> None:
    """End the check: the data set may be trained on. Raises Fenced."""
    _end(
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


def refuse(dataset: Dataset, message: str) -> None:
    """End the check: it may not, and whatever an earlier check found holds no longer. Raises Fenced."""
    _end(dataset, State.REFUSED, content_hash="", stamp="", classes=None, problem=message)


def release(dataset: Dataset) -> None:
    """Put it back to those that wait: the examiner stops. Raises Fenced."""
    _LEASES.release(dataset.pk, dataset.attempt, state=State.WAITING)


def recover_lost(now: datetime | None = None) -> list[int]:
    """Put data sets whose examiner let its lease expire back to those that wait; refuse those lost too often.

    As of now or that moment; returns those that this call recovered.
    """
    return [pk for pk, mine in each(lambda pk: (pk, recover(pk, now)), _LEASES.expired(now)) if mine]


def recover(pk: int, now: datetime | None = None) -> bool:
    """Do that with one of them. False: its examiner has renewed the lease, or somebody else was faster."""
    with transaction.atomic():
        lost = _LEASES.expire(pk, now)
        if lost is None:
            return False
        if lost.lost_too_often:
            refuse(lost, LOST_TOO_OFTEN.format(times(lost.losses)))
        else:
            release(lost)
        return True


def request(dataset: Dataset) -> bool:
    """Have a checked data set checked once more. False: a check is under way, or the data are not here yet."""
    checked = Dataset.objects.filter(pk=dataset.pk, state__in=Dataset.CHECKED)
    return bool(checked.update(state=State.WAITING, losses=0, files_done=0, bytes_done=0))


def _waiting() -> QuerySet[Dataset, int]:
    return Dataset.objects.filter(state=State.WAITING).order_by("id").values_list("pk", flat=True)


def _end(dataset: Dataset, state: Dataset.State, **found: object) -> None:
    _LEASES.release(dataset.pk, dataset.attempt, state=state, checked_at=clock.now(), **found)
