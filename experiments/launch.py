"""Turns a valid request into queued runs: creates them, then wakes a worker once they are committed."""

from __future__ import annotations

import functools
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from access.default_project import DEFAULT_PROJECT
from audit.recording import record
from experiments import wakeup
from experiments.datasets import lookup
from experiments.datasets.lookup import Inspected
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inspections import TRAINING, Patience
from experiments.training.contract.networks import weight_files
from realtime.hubs import broadcast
from runs import lifecycle
from runs.models import Run, RunGroup
from runs.quotas.room import Files, QuotaExceeded, files_of, require_room_for_runs

RECORDED_PACKAGES = (
    "torch",
    "pytorch-lightning",
    "torchmetrics",
    "monai",
    "numpy",
    "pandas",
    "scikit-learn",
    "pillow",
    "django",
    "dramatiq",
    "channels",
)


class KeyReused(Exception):
    """The Idempotency-Key was used before, for another request or for runs that were deleted since."""


def launch(
    config: TrainingConfig,
    owner: User,
    *,
    project_id: int,
    idempotency_key: str | None = None,
    origin: Run | None = None,
    in_its_place: bool = False,
) -> list[Run]:
    """Queue what is asked for: one run, or one per fold, in their order, all or none of them.

    The same key and request return the same runs; raises SourceError, KeyReused and QuotaExceeded.
    """
    if idempotency_key and (known := _known(owner, idempotency_key, config, project_id)):
        return known
    wakeup.announce_request()
    place, _ = inspect(config, owner.pk, project_id, answered=True, patience=TRAINING)
    try:
        runs = create(
            config,
            owner,
            project_id=project_id,
            idempotency_key=idempotency_key,
            dataset_hash=place.content_hash,
            origin=origin,
            in_its_place=in_its_place,
        )
    except (IntegrityError, QuotaExceeded):
        if idempotency_key and (known := _known(owner, idempotency_key, config, project_id)):
            return known  # the same request came twice at once
        raise
    for run in runs:
        transaction.on_commit(functools.partial(announce, run.pk))
    return runs


def inspect(config: TrainingConfig, user: int, project_id: int, *, answered: bool, patience: Patience) -> Inspected:
    """Check everything that can be known before a training starts; return where its data lie. Raises SourceError.

    Unless `answered` is False, so does a question that the data raise and the configuration does not answer.
    """
    if config.model.weights_file:
        weight_files.resolve(config.model.weights_file, settings.MODELS_ROOT)
    return lookup.inspect(config, user, project_id, answered=answered, patience=patience)


def create(
    config: TrainingConfig,
    owner: User,
    *,
    project_id: int = DEFAULT_PROJECT,
    idempotency_key: str | None = None,
    dataset_hash: str | None = None,
    origin: Run | None = None,
    in_its_place: bool = False,
    files: Files | None = None,
) -> list[Run]:
    """Create the queued runs without announcing them; the first one has the key, which stands for all.

    `dataset_hash` is the version of the data set that `source_path` names, if it names one; `origin` is what they copy;
    with `in_its_place` the copy of a fold that failed or was cancelled is that fold of the group from now on. `files`
    are those of the project, for who calls in a transaction. Raises QuotaExceeded.
    """
    files = files_of(project_id) if files is None else files
    with transaction.atomic():
        require_room_for_runs(project_id, len(config.of_each_run()), files)
        group = _group(config, owner, project_id) if config.is_group else None
        same = origin is not None and origin.project_id == project_id
        if origin is not None and same and in_its_place and lifecycle.replace(origin.pk):
            group = origin.group
        runs = [
            lifecycle.create(
                owner,
                own.model_dump(mode="json"),
                project_id=project_id,
                idempotency_key=None if number else idempotency_key,
                dataset_hash=dataset_hash,
                origin=origin,
                group=group,
                priority=own.priority,
                tags=own.tags,
                versions=versions(),
                git_commit=git_commit(),
            )
            for number, own in enumerate(config.of_each_run())
        ]
        _record(runs, origin, in_its_place=in_its_place)
        return runs


def _record(runs: list[Run], origin: Run | None, *, in_its_place: bool) -> None:
    """Record each run as what it is: a new one, a retry or a changed copy."""
    for run in runs:
        of_group = {"group": run.group_id} if run.group_id else {}
        if origin is None:
            record("run.created", target=run, owner=run.owner.get_username(), data=run.source_path, **of_group)
        else:
            record("run.retried" if in_its_place else "run.cloned", target=run, origin=origin.pk, **of_group)


def _group(config: TrainingConfig, owner: User, project_id: int) -> RunGroup:
    return RunGroup.objects.create(
        name=config.experiment_name,
        owner=owner,
        project_id=project_id,
        config=config.model_dump(mode="json"),
        size=len(config.of_each_run()),
    )


@functools.cache
def versions() -> dict[str, str]:
    """Return the versions of what a training's numbers depend on, read without importing any of it."""
    found: dict[str, str] = {}
    for name in RECORDED_PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@functools.cache
def git_commit() -> str:
    """Return the commit of this installation, blank outside a checkout."""
    command = ["git", "-C", str(Path(settings.BASE_DIR)), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _known(owner: User, key: str, config: TrainingConfig, project_id: int) -> list[Run] | None:
    run = Run.objects.filter(owner=owner, idempotency_key=key).select_related("group").first()
    if run is None:
        return None
    asked = config.model_dump(mode="json")
    if run.project_id != project_id:
        raise KeyReused(f"Idempotency-Key {key!r} was used for a run of another project; send a new key.")
    if run.config == asked:
        return _all_there([run], key)
    if run.group is None or run.group.config != asked:
        raise KeyReused(f"Idempotency-Key {key!r} was used for run {run.pk} with another request; send a new key.")
    return _all_there(list(run.group.runs.filter(replaced=False).order_by("fold")), key)


def _all_there(runs: list[Run], key: str) -> list[Run]:
    """Return the runs that a key stands for, unless one is deleted; raises KeyReused.

    A deleted run is no answer: nothing trains, and nobody finds it. A new one in its place would make two of it.
    """
    deleted = [str(run.pk) for run in runs if run.deleted_at is not None]
    if not deleted:
        return runs
    which = f"run {deleted[0]}, which is" if len(runs) == 1 else f"runs of which {', '.join(deleted)} are"
    restored = " and ".join(f"POST /api/runs/{number}/restore/" for number in deleted)
    raise KeyReused(
        f"Idempotency-Key {key!r} was used for {which} deleted: restore it with {restored}, "
        "or send a new key for a new run."
    )


def announce(run_id: int) -> None:
    """Announce that the run has changed: watching browsers are updated and, if it is queued, a worker is woken."""
    broadcast.hint(run_id)
    wakeup.announce(run_id)
