"""Finds the data of a run by its `source_path`: a path stays as it is, `dataset:<name>` is looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from access.models import Project
from experiments.datasets import inspections, storage
from experiments.models import Dataset
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inspections import OfTraining, Patience
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.files import paths
from runs.models import Run

PREFIX = "dataset:"
_NAMED = re.compile(r"dataset:(?P<name>[-\w]+)", re.ASCII)


@dataclass(frozen=True)
class Place:
    """What a training opens: a path in one of `roots` whose files must still have `stamp`, or a built-in's name.

    `pictures_checked`: a check has opened a sample of the images with that stamp, and found no fault.
    """

    source_path: str
    roots: list[Path]
    content_hash: str | None = None
    stamp: str | None = None
    pictures_checked: bool = False


class Inspected(NamedTuple):
    """Where the data of a training lie; `decided` unless their faults, if any, could not be told in time."""

    place: Place
    decided: bool


def inspect(config: TrainingConfig, user: int, project_id: int, *, answered: bool, patience: Patience) -> Inspected:
    """Have another process check all that can be known before a training is queued. Raises SourceError.

    Unless `answered` is False, so does a question that the data raise and the configuration does not answer. What
    takes longer than `patience` is left to the training's own process, which refuses alike.
    """
    place = locate(config.source_path, project_id)
    found = config.model_copy(update={"source_path": place.source_path})
    of = OfTraining(
        config=found.model_dump(mode="json"),
        roots=[str(root) for root in place.roots],
        cache_bytes=settings.CACHE_BYTES,
        answered=answered,
        stamp=place.stamp,
        pictures_checked=place.pictures_checked,
    )
    return Inspected(place, inspections.refuse_faulty(of, user, patience))


def locate(source_path: str, project_id: int) -> Place:
    """Locate the data of a new run; raises SourceError unless the data set is there, of its project and checked."""
    if not source_path.startswith(PREFIX):
        return Place(source_path, list(settings.LIVETRAIN_DATA_ROOTS))
    dataset = _find(source_path, project_id)
    if dataset.state != Dataset.State.READY:
        raise _error(_not_ready(dataset))
    return _place(dataset)


def locate_for(run: Run) -> Place:
    """Locate the data of a queued run; raises SourceError unless they are the version it was queued with."""
    if not run.source_path.startswith(PREFIX):
        return locate(run.source_path, run.project.pk)
    dataset = _find(run.source_path, run.project.pk)
    if dataset.content_hash != run.dataset_hash:
        raise _error(
            f"The data set {dataset.name!r} is no longer the version that this run was queued with "
            f"({str(run.dataset_hash)[:12]}…, now {dataset.content_hash[:12] or 'refused'}); submit the training again."
        )
    return _place(dataset)


def name_of(run: Run) -> str:
    """Return the name of the data set that a run asked for, by that name or by its path; blank where there is none."""
    source_path = run.source_path
    if named := _NAMED.fullmatch(source_path):
        return named["name"]
    try:
        places = {source_path, str(paths.resolve(source_path, settings.LIVETRAIN_DATA_ROOTS)[0])}
    except SourceError:
        places = {source_path}  # it is no longer there
    of_project = Dataset.objects.filter(project=run.project, kind=Dataset.Kind.FOLDER)
    return of_project.filter(path__in=places).values_list("name", flat=True).first() or ""


def spellings(dataset: Dataset) -> list[str]:
    """List the `source_path`s of runs on this data set: its name, and of a folder its path as it may be written."""
    if dataset.kind != Dataset.Kind.FOLDER:
        return [dataset.source_path]
    path = Path(dataset.path)
    below = [(root, path.relative_to(root.resolve())) for root in settings.LIVETRAIN_DATA_ROOTS if _holds(root, path)]
    written = {dataset.path, *(str(root / rest) for root, rest in below), *(str(rest) for _, rest in below)} - {"."}
    return sorted({dataset.source_path, *written, *(f"{text}/" for text in written)})


def _holds(root: Path, path: Path) -> bool:
    return path.is_relative_to(root.resolve())


def _find(source_path: str, project_id: int) -> Dataset:
    """Find a data set of the project: a run may use no other, as its members may not see them."""
    name = source_path.removeprefix(PREFIX)
    there = Dataset.objects.filter(project_id=project_id)
    dataset = there.filter(name=name).first()
    if dataset is None:
        known = list(there.filter(state=Dataset.State.READY).values_list("name", flat=True)[:100])
        cure = f"there are {some(known, 10)}" if known else "upload or register one first"
        project = Project.objects.get(pk=project_id)
        raise _error(
            f"There is no data set {name[:100]!r} in the project {project.name!r}, and a run uses only those of its "
            f"own: {cure}."
        )
    return dataset


def _place(dataset: Dataset) -> Place:
    if not dataset.location.exists():
        raise _error(f"{dataset.source_path}: {storage.GONE}")
    roots = storage.roots_of(dataset)
    if dataset.kind == Dataset.Kind.UPLOAD:
        roots = [*roots, *settings.LIVETRAIN_DATA_ROOTS]  # where an earlier run's split.csv may lie
    return Place(
        str(dataset.location), roots, dataset.content_hash, dataset.stamp, pictures_checked=not dataset.problem
    )


def _not_ready(dataset: Dataset) -> str:
    if dataset.state == Dataset.State.REFUSED:
        return f"The data set {dataset.name!r} was refused: {dataset.problem}"
    if dataset.state == Dataset.State.UPLOADING:
        return f"The data set {dataset.name!r} is still being uploaded; finish the upload first."
    return f"The data set {dataset.name!r} is still being checked; try again when it is ready."


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
