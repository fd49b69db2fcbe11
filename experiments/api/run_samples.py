"""Pictures and rows of samples that a run predicted, from the data that it read, made by a separate process.

Pictures are kept in a hidden folder of the run's own: they go with it, and no name of a request reaches the disk.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from access.decisions import Visitor
from experiments.datasets import sample_source, samples, storage
from experiments.datasets.queries import visible_datasets
from experiments.datasets.sample_source import NotReady, SampleSource
from experiments.datasets.sample_views import address_of
from experiments.models import Dataset
from experiments.processes.prepared_child import PreparedChild
from experiments.training.data.files import file_locks
from experiments.training.data.files.catalogue import BUILTINS, PREFIX
from experiments.training.data.inspection.sample_sheets import RunSample, RunSheet, RunTask
from runs.models import Run
from runs.stored_config import StoredConfig

FOLDER = ".pictures"
MOST_FILES, MOST_BYTES = 2_000, 2**28  # of one run; beyond them they are drawn again as they are asked for
SMALL, LARGE = 160, 1024  # pixels of a picture's longer side, at most
OTHER_DATA = "The data set that this run was trained on is gone, or has changed since the run was submitted."

_child = PreparedChild("experiments.training.data.inspection.run_sample_process")


class Shown(NamedTuple):
    """What can be shown of samples, by place: the files of pictures, or the cells of rows below `columns`.

    `addresses` are those of pictures that a data set has already. `problems` say why one cannot be shown, `problem` why
    there is nothing.
    """

    pictures: dict[int, Path]
    problems: dict[int, str]
    columns: list[str] | None = None
    rows: Mapping[int, list[str]] = MappingProxyType({})
    problem: str | None = None
    addresses: Mapping[int, str] = MappingProxyType({})


class Wanted(NamedTuple):
    """Samples of a split to show; `rendering` is how the run read its images, as JSON, `read_at` when.

    Both are None where that is not known.
    """

    split: str
    samples: Sequence[RunSample]
    rendering: bytes | None
    read_at: int | None
    side: int


def shown(run: Run, user: User | AnonymousUser, wanted: Wanted) -> Shown:
    """Show these samples; pictures that were drawn before are not drawn again."""
    name = run.source_path.removeprefix(PREFIX)
    if name != run.source_path and name in BUILTINS:
        return _of_source(sample_source.of_builtin(BUILTINS[name]), wanted.samples)
    if not run.dataset_hash:
        return _of_files(run, None, wanted)
    dataset = _datasets(run, user).filter(content_hash=run.dataset_hash).order_by("pk").first()
    if dataset is None:
        return Shown({}, {}, problem=OTHER_DATA)
    found = _of_files(run, dataset, wanted)
    old = found.problem and wanted.rendering is None
    return _of_source(sample_source.of_dataset(dataset), wanted.samples) if old else found


def _datasets(run: Run, user: User | AnonymousUser) -> QuerySet[Dataset]:
    """Select the data sets that may be shown: those that the user sees; to a visitor, those of the run's project."""
    if isinstance(user, Visitor):
        return Dataset.objects.filter(project_id=run.project_id)  # type: ignore[misc]  # a default of the database
    return visible_datasets(user)


def _of_source(source: SampleSource, asked: Sequence[RunSample]) -> Shown:
    """Show samples of a version of a data set by their ids."""
    places = {sample.id: sample.place for sample in asked}
    try:
        sheet = samples.called(source, list(places))
    except NotReady as error:
        return Shown({}, {}, problem=str(error))
    if sheet.columns is not None:
        rows = dict(zip(places.values(), sheet.rows, strict=False))
        return Shown({}, {}, columns=sheet.columns, rows=rows, problem=sheet.problem)
    drawn = {places[one.id]: one for one in sheet.pictures}
    files = {place: path for place, one in drawn.items() if (path := samples.picture(source, one.number))}
    problems = {place: one.problem for place, one in drawn.items() if one.problem}
    addresses = {place: address for place, one in drawn.items() if (address := address_of(one, source))}
    return Shown(files, problems, problem=sheet.problem, addresses=addresses)


def _of_files(run: Run, dataset: Dataset | None, wanted: Wanted) -> Shown:
    """Show samples from the files that the run read."""
    folder, prefix = run.folder / FOLDER, f"{wanted.split}-{run.attempt}-{wanted.side}-"
    files = {sample.place: folder / f"{prefix}{sample.place}.png" for sample in wanted.samples}
    with file_locks.locked(run.folder / f"{FOLDER}.lock"):
        _make_room(folder)
        missing = [sample for sample in wanted.samples if not files[sample.place].is_file()]
        sheet = RunSheet()
        if missing:
            task = _task(run, dataset, missing, wanted, folder / prefix)
            sheet = samples.made_by(_child.answer, task, RunSheet)
    drawn = {place: path for place, path in files.items() if path.is_file()}
    return Shown(drawn, sheet.problems, sheet.columns, sheet.rows, sheet.problem)


def _task(run: Run, dataset: Dataset | None, missing: list[RunSample], wanted: Wanted, start: Path) -> RunTask:
    """Say where the data are, and how the paths of the pictures start."""
    roots = storage.roots_of(dataset) if dataset else list(settings.LIVETRAIN_DATA_ROOTS)
    return RunTask(
        path=str(dataset.location) if dataset else run.source_path,
        roots=[str(root) for root in roots],
        samples=missing,
        rendering=None if wanted.rendering is None else wanted.rendering.decode(),
        read_at=_known_until(dataset, wanted.read_at),
        data=dict(StoredConfig(run.config).section("data")),
        folder=str(start.parent),
        prefix=start.name,
        side=wanted.side,
    )


def _known_until(dataset: Dataset | None, read_at: int | None) -> int | None:
    """Return until when files may have been written: of a data set, until its last check found the same contents."""
    checked = dataset.checked_at if dataset else None
    known = [moment for moment in (read_at, None if checked is None else int(checked.timestamp() * 1e9)) if moment]
    return max(known, default=None)


def _make_room(folder: Path) -> None:
    sizes = [path.lstat().st_size for path in folder.iterdir()] if folder.is_dir() else []
    if len(sizes) > MOST_FILES or sum(sizes) > MOST_BYTES:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=storage.FOLDER_MODE, parents=True, exist_ok=True)
