"""Finds the data of a run by its `source_path`: a path stays as it is, `dataset:<name>` is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from experiments.datasets import storage
from experiments.models import Dataset
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data import sources
from runs.models import Run

PREFIX = "dataset:"


@dataclass(frozen=True)
class Place:
    """What a training opens: a path in one of `roots` whose files must still have `stamp`, or a built-in's name."""

    source_path: str
    roots: list[Path]
    content_hash: str | None = None
    stamp: str | None = None


def inspect(config: TrainingConfig, *, answered: bool = True) -> Place:
    """Check everything that can be known before a training is queued; return its data. Raises SourceError.

    Unless `answered` is False, so does a question that the data raise and the configuration does not answer.
    """
    place = locate(config.source_path)
    found = config.model_copy(update={"source_path": place.source_path})
    summary = sources.inspect(found, place.roots, cache_bytes=settings.CACHE_BYTES, answered=answered)
    sources.require_stamp(summary.stamp, place.stamp)
    return place


def locate(source_path: str) -> Place:
    """Locate the data of a new run; raises SourceError unless the data set exists and is checked."""
    if not source_path.startswith(PREFIX):
        return Place(source_path, list(settings.LIVETRAIN_DATA_ROOTS))
    dataset = _find(source_path)
    if dataset.state != Dataset.State.READY:
        raise _error(_not_ready(dataset))
    return _place(dataset)


def locate_for(run: Run) -> Place:
    """Locate the data of a queued run; raises SourceError unless they are the version it was queued with."""
    if not run.source_path.startswith(PREFIX):
        return locate(run.source_path)
    dataset = _find(run.source_path)
    if dataset.content_hash != run.dataset_hash:
        raise _error(
            f"The data set {dataset.name!r} is no longer the version that this run was queued with "
            f"({str(run.dataset_hash)[:12]}…, now {dataset.content_hash[:12] or 'refused'}); submit the training again."
        )
    return _place(dataset)


def _find(source_path: str) -> Dataset:
    name = source_path.removeprefix(PREFIX)
    dataset = Dataset.objects.filter(name=name).first()
    if dataset is None:
        known = list(Dataset.objects.filter(state=Dataset.State.READY).values_list("name", flat=True)[:100])
        cure = f"there are {some(known, 10)}" if known else "upload or register one first"
        raise _error(f"There is no data set {name[:100]!r}: {cure}.")
    return dataset


def _place(dataset: Dataset) -> Place:
    if not dataset.location.exists():
        raise _error(f"{dataset.source_path}: {storage.GONE}")
    roots = storage.roots_of(dataset)
    if dataset.kind == Dataset.Kind.UPLOAD:
        roots = [*roots, *settings.LIVETRAIN_DATA_ROOTS]  # where an earlier run's split.csv may lie
    return Place(str(dataset.location), roots, dataset.content_hash, dataset.stamp)


def _not_ready(dataset: Dataset) -> str:
    if dataset.state == Dataset.State.REFUSED:
        return f"The data set {dataset.name!r} was refused: {dataset.problem}"
    if dataset.state == Dataset.State.UPLOADING:
        return f"The data set {dataset.name!r} is still being uploaded; finish the upload first."
    return f"The data set {dataset.name!r} is still being checked; try again when it is ready."


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
