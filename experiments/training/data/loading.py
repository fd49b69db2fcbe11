"""Load and divide all samples of a run from whatever `source_path` names."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from experiments.training.contract import splits
from experiments.training.contract.column_facts import ColumnFacts, Feature
from experiments.training.contract.config import DataConfig, TrainingConfig
from experiments.training.contract.reading import UNKNOWN, Reading, naming_questions
from experiments.training.contract.reports import Job
from experiments.training.contract.source_errors import UnreadableImages
from experiments.training.contract.splits import SplitName
from experiments.training.data import builtins, image_files, layouts, pixel_reading, sources
from experiments.training.data.files import catalogue, requirements, run_log
from experiments.training.data.files.catalogue import Builtin
from experiments.training.data.files.folders import Files, Folder
from experiments.training.data.files.index import Index
from experiments.training.data.image_files import ImageFiles
from experiments.training.data.images import cache_space, decoding, headers, survey, verification
from experiments.training.data.images.headers import Header, HeaderCounts
from experiments.training.data.images.pixel_cache import PixelCache
from experiments.training.data.labels import positive_class
from experiments.training.data.splitting import division
from experiments.training.data.tables import feature_tables, features
from experiments.training.data.tables.contents import column_summary


@dataclass(frozen=True)
class Samples:
    """All samples of a run, decoded and divided.

    `inputs` is uint8 (N, C, H, W) for images or floats (N, features) for tables, NaN where a number is missing. Lists
    run along N, except `features`, which runs along the second dimension of a table. A patient is None where it is not
    known. `subgroups` maps columns to each sample's group. `header_counts` and `image_files` describe image files,
    `columns` a table's columns as they were read, `reading` how all was found.
    """

    name: str
    classes: list[str]
    inputs: Tensor
    labels: list[int]
    sample_ids: list[str]
    patient_ids: Sequence[str | None]
    assigned: list[SplitName]
    features: Sequence[Feature] = ()
    header_counts: HeaderCounts | None = None
    columns: Sequence[ColumnFacts] = ()
    reading: Reading = UNKNOWN
    subgroups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    image_files: ImageFiles | None = None


def load(
    config: TrainingConfig,
    job: Job,
    stop: threading.Event | None = None,
    *,
    on_read: Callable[[Reading], object] | None = None,
) -> Samples:
    """Read and decode everything once; raises SourceError, and Interrupted once `stop` is set.

    `on_read` receives how files were read, before anything is decoded.
    """
    builtin = catalogue.find(config.source_path)
    roots = _roots(job)
    cache_folder = Path(job.datasets_dir, cache_space.FOLDER)
    cache = PixelCache(cache_folder, job.cache_bytes, config.source_path, stop or threading.Event())
    if builtin is None:
        with sources.open_files(config.source_path, roots) as files:
            sources.require_stamp(files.stamp, job.stamp)
            index = sources.read(files, config)
            if on_read is not None:
                on_read(index.reading)
            samples = _from_files(files, index, config, job, cache)
        _require_untouched(config, job, roots)
        return samples
    return _breast_cancer(builtin, config, job) if builtin.table else _digits(builtin, config, job, cache)


def _roots(job: Job) -> list[Path]:
    return [Path(root) for root in job.data_roots]


def _reads_headers(job: Job) -> bool:
    """Return whether to read the image headers: once per run, in the process that reports for all."""
    return job.rank == 0 and job.resume_from is None


def _require_untouched(config: TrainingConfig, job: Job, roots: Sequence[Path]) -> None:
    """Raise SourceError if files were written while they were read: the samples would match no version."""
    if job.stamp:
        with sources.open_files(config.source_path, roots) as again:
            sources.require_stamp(again.stamp, job.stamp)


def _from_files(files: Files, index: Index, config: TrainingConfig, job: Job, cache: PixelCache) -> Samples:
    table = feature_tables.find(files, config.data.table)
    return _table(files, index, config, job) if table else _images(files, index, config, job, cache)


def _table(files: Files, index: Index, config: TrainingConfig, job: Job) -> Samples:
    index, assigned = _divided(config, index, job, table=True)
    for finding in index.reading.findings:
        run_log.write(finding.text)
    inputs, encoded = features.encode(index.columns.learned)
    train = splits.indices(assigned)["train"]
    facts = [*column_summary.of_cells(index.columns.learned, train), *column_summary.of_others(index.columns.apart)]
    return replace(_samples(files.name, index, inputs, assigned), features=encoded, columns=facts)


def _images(files: Files, index: Index, config: TrainingConfig, job: Job, cache: PixelCache) -> Samples:
    """Load an image data set, and its files' headers in the process that reports for all."""
    read_at = time.time_ns()
    index, assigned = _divided(config, index, job, table=False, cache_bytes=cache.max_bytes)
    names = [sample.file for sample in index.samples]
    if files.kind != "npz" and not config.data.skip_unreadable:
        verification.refuse_empty(files, names)
    seen = survey.look(files, names, ct_window=config.data.ct_window)
    chosen = survey.inputs(seen, pixel_reading.as_before(config, job), len(names))
    unreadable: Mapping[str, str] = {}
    known: dict[str, Header] = {}
    try:
        pixels, made_by = decoding.decode(files, index, chosen, cache, known)
    except UnreadableImages as error:
        run_log.write("\n".join(f"Cannot be read: {name} ({problem})" for name, problem in error.problems.items()))
        if not config.data.skip_unreadable or len(error.problems) == len(index.samples):
            raise
        unreadable = error.problems
        index, assigned = _without(unreadable, config, index, assigned, cache)
        pixels, made_by = decoding.decode(files, index, chosen, cache, known)
    kept = [sample.file for sample in index.samples]
    counted = headers.count(files, kept, unreadable, known) if _reads_headers(job) else None
    index = replace(index, reading=pixel_reading.added(index.reading, seen, made_by))
    shown = image_files.of_index(files, index, made_by, read_at)
    return replace(_samples(files.name, index, pixels, assigned), header_counts=counted, image_files=shown)


def _without(
    unreadable: Collection[str], config: TrainingConfig, index: Index, assigned: list[SplitName], cache: PixelCache
) -> tuple[Index, list[SplitName]]:
    """Leave out the unreadable images; raises SourceError when the rest does not suffice."""
    kept = [row for row, sample in enumerate(index.samples) if sample.file not in unreadable]
    left = layouts.without(index, unreadable)
    remaining = [assigned[row] for row in kept]
    division.require_all_classes(left, remaining)
    training = remaining.count("train")
    requirements.check(config, left.counts, training=training, table=False, cache_bytes=cache.max_bytes)
    return left, remaining


def _divided(
    config: TrainingConfig, index: Index, job: Job, *, table: bool, cache_bytes: int = 0
) -> tuple[Index, list[SplitName]]:
    """Divide the samples and check requirements, before anything large is read; a resumed run keeps its splits."""
    begun = splits.kept(Path(job.run_dir, splits.FILE)) if job.resume_from is not None else None
    with naming_questions(index.reading):
        if begun is None:
            assigned = division.divide(config, index, _roots(job))
        else:
            index, assigned = _as_begun(index, begun)
        training = assigned.count("train")
        requirements.check(config, index.counts, training=training, table=table, cache_bytes=cache_bytes)
    return index, assigned


def _as_begun(index: Index, begun: Mapping[str, tuple[SplitName, int]]) -> tuple[Index, list[SplitName]]:
    """Return index and splits as a run began with them, whose version may have had other rules.

    Which of two classes is positive stays; samples that the run left out as unreadable are again. `module` compares
    everything else.
    """
    rows = [begun.get(sample.id, ("train", sample.label)) for sample in index.samples]
    if len(index.classes) == 2 and all(
        label != sample.label for (_, label), sample in zip(rows, index.samples, strict=True)
    ):
        index = positive_class.with_label_1(index, index.classes[0])
    return index, [split for split, _ in rows]


def _samples(name: str, index: Index, inputs: Tensor, assigned: list[SplitName]) -> Samples:
    return Samples(
        name=name,
        classes=index.classes,
        inputs=inputs,
        labels=index.labels,
        sample_ids=index.ids,
        patient_ids=index.patient_ids,
        assigned=assigned,
        reading=index.reading,
        subgroups=index.subgroups,
    )


def _digits(builtin: Builtin, config: TrainingConfig, job: Job, cache: PixelCache) -> Samples:
    folder = builtins.export_digits(Path(job.datasets_dir)).resolve()
    files = Folder(folder, folder)
    own = DataConfig(id_column=builtins.ID_COLUMN, target_column=builtins.TARGET_COLUMN, split_column=None)
    exported = layouts.read(files, own)
    index = sources.of_builtin(config, builtin, exported.labels)
    with_files = [sample._replace(file=f"{sample.id}.png") for sample in index.samples]
    return _images(files, replace(index, samples=with_files), config, job, cache)


def _breast_cancer(builtin: Builtin, config: TrainingConfig, job: Job) -> Samples:
    values, labels, names = builtins.load_breast_cancer_table()
    inputs = torch.from_numpy(values.astype(np.float32))
    index, assigned = _divided(config, sources.of_builtin(config, builtin, labels), job, table=True)
    facts = column_summary.of_numbers(inputs, names, splits.indices(assigned)["train"])
    return replace(
        _samples(builtin.name, index, inputs, assigned), features=[Feature(name) for name in names], columns=facts
    )
