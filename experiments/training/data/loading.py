"""Load and divide all samples of a run from whatever `source_path` names."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from experiments.training.contract import splits
from experiments.training.contract.column_facts import ColumnFacts
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reading import UNKNOWN, Reading
from experiments.training.contract.reports import Job
from experiments.training.contract.source_errors import UnreadableImages
from experiments.training.contract.splits import SplitName
from experiments.training.data import builtins, sources
from experiments.training.data.files import catalogue, requirements, run_log
from experiments.training.data.files.catalogue import Builtin
from experiments.training.data.files.folders import Files, Folder
from experiments.training.data.files.index import Index, Sample
from experiments.training.data.images import cache_space, decoding, headers, verification
from experiments.training.data.images.headers import HeaderCounts
from experiments.training.data.images.pixel_cache import PixelCache
from experiments.training.data.splitting import division
from experiments.training.data.tables import feature_tables, features
from experiments.training.data.tables.contents import column_summary


@dataclass(frozen=True)
class Samples:
    """All samples of a run, decoded and divided.

    `inputs` is uint8 (N, C, H, W) for images or floats (N, features) for tables, NaN where a number is missing. Lists
    run along N, except `features`, the columns' names, which runs along the second dimension of a table.
    `header_counts` describes image files, `columns` a table's columns as they were read, `reading` how all was found.
    """

    name: str
    classes: list[str]
    inputs: Tensor
    labels: list[int]
    sample_ids: list[str]
    patient_ids: list[str]
    assigned: list[SplitName]
    features: Sequence[str] = ()
    header_counts: HeaderCounts | None = None
    columns: Sequence[ColumnFacts] = ()
    reading: Reading = UNKNOWN


def load(config: TrainingConfig, job: Job, stop: threading.Event | None = None) -> Samples:
    """Read and decode everything once; raises SourceError, and Interrupted once `stop` is set."""
    builtin = catalogue.find(config.source_path)
    roots = [Path(root) for root in job.data_roots]
    cache_folder = Path(job.datasets_dir, cache_space.FOLDER)
    cache = PixelCache(cache_folder, job.cache_bytes, config.source_path, stop or threading.Event())
    if builtin is None:
        with sources.open_files(config.source_path, roots) as files:
            sources.require_stamp(files.stamp, job.stamp)
            samples = _from_files(files, config, roots, cache, read_headers=_reads_headers(job))
        _require_untouched(config, job, roots)
        return samples
    return _breast_cancer(builtin, config, roots) if builtin.table else _digits(builtin, config, job, cache)


def _reads_headers(job: Job) -> bool:
    """Return whether to read the image headers: once per run, in the process that reports for all."""
    return job.rank == 0 and job.resume_from is None


def _require_untouched(config: TrainingConfig, job: Job, roots: Sequence[Path]) -> None:
    """Raise SourceError if files were written while they were read: the samples would match no version."""
    if job.stamp:
        with sources.open_files(config.source_path, roots) as again:
            sources.require_stamp(again.stamp, job.stamp)


def _from_files(
    files: Files, config: TrainingConfig, roots: Sequence[Path], cache: PixelCache, *, read_headers: bool
) -> Samples:
    table = feature_tables.find(files)
    return (
        _table(files, table, config, roots)
        if table
        else _images(files, config, roots, cache, read_headers=read_headers)
    )


def _table(files: Files, name: str, config: TrainingConfig, roots: Sequence[Path]) -> Samples:
    index = feature_tables.read(files, name, config.data)
    assigned = _divided(config, index, roots, table=True)
    run_log.write("\n".join(finding.text for finding in index.reading.findings))
    inputs, names = features.encode(index.columns.learned)
    train = splits.indices(assigned)["train"]
    facts = [*column_summary.of_cells(index.columns.learned, train), *column_summary.of_others(index.columns.apart)]
    return replace(_samples(files.name, index, inputs, assigned), features=names, columns=facts)


def _images(
    files: Files, config: TrainingConfig, roots: Sequence[Path], cache: PixelCache, *, read_headers: bool
) -> Samples:
    """Load an image data set; `read_headers` asks for the files' headers too."""
    index = sources.read(files, config)
    assigned = _divided(config, index, roots, table=False, cache_bytes=cache.max_bytes)
    if files.kind != "npz" and not config.data.skip_unreadable:
        verification.refuse_empty(files, [sample.file for sample in index.samples])
    unreadable: Mapping[str, str] = {}
    try:
        inputs = decoding.decode(files, index, config.data, cache)
    except UnreadableImages as error:
        run_log.write("\n".join(f"Cannot be read: {name} ({problem})" for name, problem in error.problems.items()))
        if not config.data.skip_unreadable or len(error.problems) == len(index.samples):
            raise
        unreadable = error.problems
        index, assigned = _without(unreadable, config, index, assigned, cache)
        inputs = decoding.decode(files, index, config.data, cache)
    counted = headers.count(files, [sample.file for sample in index.samples], unreadable) if read_headers else None
    return replace(_samples(files.name, index, inputs, assigned), header_counts=counted)


def _without(
    unreadable: Collection[str], config: TrainingConfig, index: Index, assigned: list[SplitName], cache: PixelCache
) -> tuple[Index, list[SplitName]]:
    """Leave out the unreadable images; raises SourceError when the rest does not suffice."""
    kept = [row for row, sample in enumerate(index.samples) if sample.file not in unreadable]
    left = replace(index, samples=[index.samples[row] for row in kept])
    remaining = [assigned[row] for row in kept]
    division.require_all_classes(left, remaining)
    training = remaining.count("train")
    requirements.check(config, left.counts, training=training, table=False, cache_bytes=cache.max_bytes)
    return left, remaining


def _divided(
    config: TrainingConfig, index: Index, roots: Sequence[Path], *, table: bool, cache_bytes: int = 0
) -> list[SplitName]:
    """Divide the samples and check requirements, before anything large is read."""
    assigned = division.divide(config, index, roots)
    training = assigned.count("train")
    requirements.check(config, index.counts, training=training, table=table, cache_bytes=cache_bytes)
    return assigned


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
    )


def _digits(builtin: Builtin, config: TrainingConfig, job: Job, cache: PixelCache) -> Samples:
    folder = builtins.export_digits(Path(job.datasets_dir)).resolve()
    columns = {
        "id_column": builtins.ID_COLUMN,
        "target_column": builtins.TARGET_COLUMN,
        "patient_column": None,
        "split_column": None,
    }
    own = config.model_copy(update={"data": config.data.model_copy(update=columns)})
    roots = [Path(root) for root in job.data_roots]
    samples = _images(Folder(folder, folder), own, roots, cache, read_headers=_reads_headers(job))
    return replace(samples, classes=list(builtin.counts))


def _breast_cancer(builtin: Builtin, config: TrainingConfig, roots: Sequence[Path]) -> Samples:
    values, labels, names = builtins.load_breast_cancer_table()
    inputs = torch.from_numpy(values.astype(np.float32))
    rows = [Sample(*row) for row in zip(builtin.ids, builtin.ids, labels, strict=True)]
    index = Index(list(builtin.counts), rows)
    assigned = _divided(config, index, roots, table=True)
    facts = column_summary.of_numbers(inputs, names, splits.indices(assigned)["train"])
    return replace(_samples(builtin.name, index, inputs, assigned), features=names, columns=facts)
