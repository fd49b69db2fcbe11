"""From a valid request to a queued run: create it, then wake a worker once it is committed."""

from __future__ import annotations

import functools
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from experiments import tasks
from experiments.training.config import TrainingConfig
from experiments.training.data import sources
from realtime import broadcast
from runs import lifecycle
from runs.models import Run

RECORDED_PACKAGES = ("torch", "pytorch-lightning", "numpy", "scikit-learn", "pillow", "django", "dramatiq", "channels")


class KeyReused(Exception):
    """The Idempotency-Key was used before, for another request."""


def launch(config: TrainingConfig, owner: User, *, idempotency_key: str | None = None) -> Run:
    """Queue a training. The same key and request give the same run; raises SourceError and KeyReused."""
    if idempotency_key and (known := _known(owner, idempotency_key, config)):
        return known
    sources.inspect(config, settings.LIVETRAIN_DATA_ROOTS, cache_bytes=settings.CACHE_BYTES)
    try:
        run = create(config, owner, idempotency_key=idempotency_key)
    except IntegrityError:
        if idempotency_key and (known := _known(owner, idempotency_key, config)):
            return known  # the same request came twice at once
        raise
    transaction.on_commit(functools.partial(_announce, run.pk))
    return run


def create(config: TrainingConfig, owner: User, *, idempotency_key: str | None = None) -> Run:
    """A queued run that nobody was told of."""
    return lifecycle.create(
        owner,
        config.model_dump(mode="json"),
        idempotency_key=idempotency_key,
        versions=versions(),
        git_commit=git_commit(),
    )


@functools.cache
def versions() -> dict[str, str]:
    """Versions of what a training's numbers depend on, read without importing any of it."""
    found: dict[str, str] = {}
    for name in RECORDED_PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@functools.cache
def git_commit() -> str:
    """The commit of this installation, blank outside a checkout."""
    command = ["git", "-C", str(Path(settings.BASE_DIR)), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _known(owner: User, key: str, config: TrainingConfig) -> Run | None:
    run = Run.objects.filter(owner=owner, idempotency_key=key).first()
    if run is not None and run.config != config.model_dump(mode="json"):
        raise KeyReused(f"Idempotency-Key {key!r} was used for run {run.pk} with another request; send a new key.")
    return run


def _announce(run_id: int) -> None:
    broadcast.hint(run_id)
    if not settings.BROKER_EMBEDDED:
        tasks.enqueue(run_id)
