"""Read another data set by the rules of a run: its size, channels and scale of pixels, its columns and its classes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reading import UNKNOWN, Reading, Unanswered
from experiments.training.contract.reports import Job
from experiments.training.contract.source_errors import SourceError, UnreadableImages, some
from experiments.training.contract.splits import SPLITS
from experiments.training.data import image_files, layouts, loading, sources
from experiments.training.data.arrangement import listing
from experiments.training.data.files import catalogue, image_names
from experiments.training.data.files.catalogue import Builtin
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import Index, Sample
from experiments.training.data.image_files import ImageFiles
from experiments.training.data.images import cache_space, decoding, headers, medmnist
from experiments.training.data.images.headers import Header
from experiments.training.data.images.pixel_cache import PixelCache
from experiments.training.data.images.pixel_scale import Extremes
from experiments.training.data.images.survey import Inputs
from experiments.training.data.tables import feature_tables
from experiments.training.data.tables.formats import opening
from experiments.training.data.tables.formats.frame import Table
from experiments.training.prediction import rows
from experiments.training.prediction.images import modality_problem
from experiments.training.prediction.rows import Encoding
from experiments.training.prediction.table_rows import row_ids, unique_ids
from experiments.training.prediction.trained_model import TrainedModel

Progress: TypeAlias = Callable[[int, int], object]
"""Is told how many samples are read, of how many."""

DECIDED_BY_THE_RUN = frozenset({"data.ignore_columns", "data.use_columns", "model.positive_class"})
"""Options whose questions another data set need not answer: the run's features and classes do."""


@dataclass(frozen=True)
class ForeignSamples:
    """The samples of another data set that could be read, as the run's network takes them.

    `inputs` are uint8 (N, C, S, S) or float32 (N, F). Lists run along N. `labels` are places in the run's classes, None
    where they were not asked for; `image_files` are those of images, None of a table. `problems` says by its id or file
    why a sample could not be read, `notes` what else people should know. `unknown` maps columns to the categories that
    the training rows did not have, with how many rows have each.
    """

    name: str
    inputs: Tensor
    sample_ids: list[str]
    patient_ids: Sequence[str | None]
    labels: list[int] | None = None
    subgroups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    image_files: ImageFiles | None = None
    reading: Reading = UNKNOWN
    problems: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    unknown: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def read_dataset(
    model: TrainedModel,
    job: Job,
    *,
    labels: bool,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
) -> ForeignSamples:
    """Read the data set that `source_path` of the job's configuration names; nothing of it is fitted to.

    With `labels` its classes must be among the run's, by their names; without, labels are neither needed nor read, and
    images go by their files, rows by their ids. Samples that cannot be read are left out. Raises SourceError for data
    that cannot be read or are of the other kind, and Interrupted once `stop` is set.
    """
    config = _config(model, job)
    builtin = catalogue.find(config.source_path)
    if builtin is not None:
        return _builtin(model, builtin, config, job, labels=labels)
    roots = [Path(root) for root in job.data_roots]
    with sources.open_files(config.source_path, roots) as files:
        sources.require_stamp(files.stamp, job.stamp)
        table = None if files.kind == "npz" else feature_tables.find(files, _wanted_table(files, config))
        _require_kind(model, files.name, "image" if table is None else "table")
        if table is None:
            folder = Path(job.datasets_dir, cache_space.FOLDER)
            cache = PixelCache(folder, job.cache_bytes, config.source_path, stop or threading.Event())
            index = _labelled(model, files, config) if labels else _listed(files, config)
            return _images(model, files, index, cache, labels=labels, progress=progress)
        found = opening.open_table(files, table)
        if labels:
            index = _labelled(model, files, config)
            return _labelled_rows(model, files.name, found, index)
        return _unlabelled_rows(model, files.name, found)


def _config(model: TrainedModel, job: Job) -> TrainingConfig:
    """Return the job's configuration without what the run decides; of images, with its size and colours."""
    config = TrainingConfig.model_validate(job.config)
    changed: dict[str, object] = {"ignore_columns": [], "use_columns": []}
    if model.inputs.image:
        changed |= {"image_size": model.inputs.image.size, "channels": model.inputs.image.channels}
    data = config.data.model_copy(update=changed)
    return config.model_copy(update={"data": data, "model": config.model.model_copy(update={"positive_class": None})})


def _wanted_table(files: Files, config: TrainingConfig) -> str | None:
    """Return the table that the configuration names, if these files have it: the run's own may be called otherwise."""
    return config.data.table if config.data.table in files.sizes else None


def _require_kind(model: TrainedModel, name: str, kind: str) -> None:
    if model.kind != kind:
        has, takes = ("images", "a table's rows") if kind == "image" else ("a table", "images")
        raise SourceError("source_path", f"{name} has {has}, and the run learned from {takes}; name data of that kind.")


def _labelled(model: TrainedModel, files: Files, config: TrainingConfig) -> Index:
    """Read the samples with labels that are places in the run's classes; raises SourceError."""
    table = _wanted_table(files, config)
    config = config.model_copy(update={"data": config.data.model_copy(update={"table": table})})
    index = sources.read(files, config)
    if open_ := [question for question in index.reading.questions if question.field not in DECIDED_BY_THE_RUN]:
        raise Unanswered(open_)
    return _with_classes_of(model, index)


def _with_classes_of(model: TrainedModel, index: Index) -> Index:
    places = {name: label for label, name in enumerate(model.classes)}
    if unknown := [name for name in index.classes if name not in places]:
        raise SourceError(
            "data.class_names",
            f"The data have {some([repr(name) for name in unknown], 5)}, and the run's classes are "
            f"{some([repr(name) for name in model.classes], 20)}. Name each class as the run does, as in "
            f'"{unknown[0]}={model.classes[-1]}", or leave out its samples.',
            model.classes,
        )
    return index.with_labels(list(model.classes), [places[index.classes[label]] for label in index.labels])


def _listed(files: Files, config: TrainingConfig) -> Index:
    """List the images without looking at labels: by their files, or by split and number in an array."""
    if files.kind == "npz":
        stacks = medmnist.stacks(files)
        ids = [f"{split}/{number}" for split in SPLITS if split in stacks for number in range(stacks[split].count)]
        return Index([], [Sample(id_, None, 0) for id_ in ids])
    found = listing.read(files, config.data.model_copy(update={"ignore": config.data.ignore or []}))
    if not found.images:
        raise SourceError("source_path", f"{files.name} has no image and no table; name a folder, zip, npz or table.")
    return Index([], [Sample(name, None, 0, file=name) for name in found.images])


def _images(
    model: TrainedModel,
    files: Files,
    index: Index,
    cache: PixelCache,
    *,
    labels: bool,
    progress: Progress | None,
) -> ForeignSamples:
    assert model.inputs.rendering is not None  # noqa: S101  (those of images have it)
    channels, size, _ = model.input_shape
    inputs = Inputs(size, channels, model.inputs.rendering.scale)
    problems, read_at = dict[str, str](), time.time_ns()
    seen: dict[str, Header] = {}
    beyond: dict[str, Extremes] = {}
    try:
        pixels = decoding.decode_as_given(files, index, inputs, cache, seen=seen, beyond=beyond, progress=progress)
    except UnreadableImages as error:
        problems |= {name: f"{name} was not read: {problem}." for name, problem in error.problems.items()}
        if len(error.problems) == len(index.samples):
            raise
        index = _without(index, error.problems)
        pixels = decoding.decode_as_given(files, index, inputs, cache, seen=seen, beyond=beyond, progress=progress)
    if others := _of_another_modality(model, files, index, seen):
        pixels = pixels[torch.tensor([sample.file not in others for sample in index.samples])]
        index, problems = _without(index, others), problems | others
    if progress is not None:
        progress(len(index.samples), len(index.samples))
    return ForeignSamples(
        name=files.name,
        inputs=pixels,
        sample_ids=index.ids,
        patient_ids=index.patient_ids,
        labels=index.labels if labels else None,
        subgroups=index.subgroups,
        image_files=image_files.of_index(files, index, inputs, read_at),
        reading=index.reading,
        problems=problems,
        notes=_told(beyond),
    )


def _without(index: Index, names: Mapping[str, str]) -> Index:
    """Leave out the images of these names; raises SourceError where none is left."""
    kept = [row for row, sample in enumerate(index.samples) if sample.file not in names]
    if not kept:
        raise SourceError("source_path", f"No image can be read: {next(iter(names.values()))}")
    if index.classes:
        return layouts.without(index, names)
    return replace(index, samples=[index.samples[row] for row in kept])


def _of_another_modality(model: TrainedModel, files: Files, index: Index, seen: Mapping[str, Header]) -> dict[str, str]:
    """Say by file which scans are of another modality than the run learned from; `seen` are headers that are known."""
    assert model.inputs.rendering is not None  # noqa: S101
    if not model.inputs.rendering.modalities or files.kind == "npz":
        return {}
    found: dict[str, str] = {}
    for name in filter(image_names.is_dicom, index.files):
        header = seen.get(name) or headers.read(files, name)
        if problem := modality_problem(header, model.inputs.rendering):
            found[name] = f"{name} was not read: {problem}."
    return found


def _told(beyond: Mapping[str, Extremes]) -> list[str]:
    if not beyond:
        return []
    return [
        f"{len(beyond):,} images reach far beyond the values that the run learned from, and lose what lies outside: "
        f"{some(list(beyond))}."
    ]


def _unlabelled_rows(model: TrainedModel, name: str, table: Table) -> ForeignSamples:
    encoding, ids = rows.encoded(model, table), row_ids(model, table)
    return _rows(name, encoding, ids, list(range(len(ids))))


def _labelled_rows(model: TrainedModel, name: str, table: Table, index: Index) -> ForeignSamples:
    """Select the rows that have a label, which the index names by their ids or numbers."""
    role = next((role.column for role in index.reading.columns if role.role == "id"), None)
    places = {id_: row for row, id_ in enumerate(unique_ids(table, role))}
    found = _rows(name, rows.encoded(model, table), index.ids, [places[id_] for id_ in index.ids])
    kept = set(found.sample_ids)
    at = [place for place, id_ in enumerate(index.ids) if id_ in kept]
    patients, labels = index.patient_ids, index.labels
    return replace(
        found,
        patient_ids=[patients[place] for place in at],
        labels=[labels[place] for place in at],
        subgroups={column: [groups[place] for place in at] for column, groups in index.subgroups.items()},
        reading=index.reading,
    )


def _rows(name: str, encoding: Encoding, ids: Sequence[str], places: Sequence[int]) -> ForeignSamples:
    """Keep those of the rows at these places that have no problem; raises SourceError where none is left."""
    wrong = encoding.problems
    problems = {id_: " ".join(wrong[place]) for id_, place in zip(ids, places, strict=True) if place in wrong}
    kept = [(id_, place) for id_, place in zip(ids, places, strict=True) if place not in wrong]
    if not kept:
        first = next(iter(problems.values()), "It has no rows.")
        raise SourceError("source_path", f"No row of {name} can be read: {first}")
    unknown: dict[str, dict[str, int]] = {}
    for _, place in kept:
        for column, category in encoding.unknown.get(place, {}).items():
            counts = unknown.setdefault(column, {})
            counts[category] = counts.get(category, 0) + 1
    return ForeignSamples(
        name=name,
        inputs=encoding.standardised[torch.tensor([place for _, place in kept])],
        sample_ids=[id_ for id_, _ in kept],
        patient_ids=[None] * len(kept),
        problems=problems,
        notes=[
            f"Column {column!r} holds categories that the training rows did not have, which count as none of theirs: "
            f"{some([f'{category!r} in {count:,} rows' for category, count in counts.items()], 5)}."
            for column, counts in unknown.items()
        ],
        unknown=unknown,
    )


def _builtin(
    model: TrainedModel, builtin: Builtin, config: TrainingConfig, job: Job, *, labels: bool
) -> ForeignSamples:
    """Read a built-in data set, which needs no more than its own reader."""
    _require_kind(model, builtin.name, "table" if builtin.table else "image")
    found = loading.load(config, job)
    inputs = found.inputs
    if builtin.table:
        encoding = Encoding(len(found.inputs), rows.features_of(model))
        columns = {
            feature.name: column.double().numpy() for feature, column in zip(found.features, inputs.T, strict=True)
        }
        if lacking := [column for column in encoding.features.columns if column not in columns]:
            raise SourceError("source_path", rows.missing_columns(lacking))
        for column in encoding.features.columns:
            encoding.take_texts(column, columns[column].tolist(), None)
        inputs = encoding.standardised
    index = Index(
        found.classes, [Sample(id_, None, label) for id_, label in zip(found.sample_ids, found.labels, strict=True)]
    )
    return ForeignSamples(
        name=found.name,
        inputs=inputs,
        sample_ids=found.sample_ids,
        patient_ids=found.patient_ids,
        labels=_with_classes_of(model, index).labels if labels else None,
        image_files=found.image_files,
        reading=found.reading,
    )
