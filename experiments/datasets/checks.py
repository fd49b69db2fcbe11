"""The only writer of a data set's state: how one comes to be, and what its checks make of it.

Each change is one conditional UPDATE that says whether it happened. The table of changes is in `models.Dataset`.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from access.default_project import DEFAULT_PROJECT
from audit.recording import record
from experiments.models import Dataset
from experiments.training.contract.check_reports import Finding, Progress
from runs import clock
from runs.failures.each import each
from runs.leases import Leases, times
from runs.scheduling import workers
from runs.statements.prepared_query import PreparedQuery

State = Dataset.State
LOST_TOO_OFTEN = "The worker of this check was lost {}, so it is not started again."
_LEASES = Leases(Dataset, "data set", waiting=Q(state=State.WAITING), held=Q(state=State.CHECKING))
_WAITING = PreparedQuery(
    lambda: Dataset.objects.filter(state=State.WAITING).order_by("id").values_list("pk")  # workers ask twice a second
)


def register(name: str, path: str, owner: User, project_id: int = DEFAULT_PROJECT) -> Dataset:
    """Create a data set for a path in a data root; it waits for its check. Raises IntegrityError for a taken name."""
    return _create("dataset.registered", name, path, owner, project_id, kind=Dataset.Kind.FOLDER, state=State.WAITING)


def begin_upload(name: str, path: str, owner: User, sha256: str, project_id: int = DEFAULT_PROJECT) -> Dataset:
    """Create a data set whose file is still to come. Raises IntegrityError for a taken name."""
    columns = {"kind": Dataset.Kind.UPLOAD, "state": State.UPLOADING, "sha256": sha256}
    return _create("upload.started", name, path, owner, project_id, **columns)


def _create(action: str, name: str, path: str, owner: User, project_id: int, **columns: str) -> Dataset:
    """Create the row and record it as that action."""
    with transaction.atomic():
        dataset = Dataset.objects.create(name=name, path=path, owner=owner, project_id=project_id, **columns)
        record(action, target=dataset, path=path)
    return dataset


def end_upload(dataset: Dataset) -> None:
    """Let a data set wait for its check, because its file is there."""
    with transaction.atomic():
        if Dataset.objects.filter(pk=dataset.pk, state=State.UPLOADING).update(state=State.WAITING):
            record("upload.completed", target=dataset)
    dataset.refresh_from_db(fields=["state"])


def first_waiting() -> int | None:
    """Return the data set that has waited longest; None: none waits."""
    return next((pk for (pk,) in _WAITING.rows()), None)


def claim() -> Dataset | None:
    """Claim the oldest waiting data set for this process. None: none waits."""
    for (pk,) in _WAITING.rows():
        taken = _LEASES.claim(pk, workers.own_name(), state=State.CHECKING, files_done=0, bytes_done=0)
        if taken is not None:
            return taken
    return None


def renew(dataset: Dataset, progress: Progress | None) -> None:
    """Renew the lease and store the progress of the check. Raises Fenced, of a deleted data set too."""
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
    """End the check and make the data set ready for training. Raises Fenced."""
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
    """End the check and refuse the data set; what an earlier check found no longer holds. Raises Fenced."""
    _end(dataset, State.REFUSED, content_hash="", stamp="", classes=None, problem=message)


def release(dataset: Dataset) -> None:
    """Return the data set to those that wait, because its thread stops. Raises Fenced."""
    _LEASES.release(dataset.pk, dataset.attempt, state=State.WAITING)


def recover_lost(now: datetime | None = None) -> list[int]:
    """Return data sets whose worker let its lease expire to those that wait; refuse those lost too often.

    Judges by the present or the given moment; returns the numbers of those that this call recovered.
    """
    return [pk for pk, mine in each(lambda pk: (pk, recover(pk, now)), _LEASES.expired(now)) if mine]


def recover(pk: int, now: datetime | None = None) -> bool:
    """Recover one lost data set. False: its lease was renewed, or somebody else was faster."""
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
    """Request another check of a data set. False: a check is under way, or its data are not here yet."""
    checked = Dataset.objects.filter(pk=dataset.pk, state__in=Dataset.CHECKED)
    with transaction.atomic():
        requested = bool(checked.update(state=State.WAITING, losses=0, files_done=0, bytes_done=0))
        if requested:
            record("dataset.checked", target=dataset)
    return requested


def _end(dataset: Dataset, state: Dataset.State, **found: object) -> None:
    _LEASES.release(dataset.pk, dataset.attempt, state=state, checked_at=clock.now(), **found)
