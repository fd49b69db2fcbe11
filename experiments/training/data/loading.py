"""All samples of a run at hand and divided, from whatever `source_path` names."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from experiments.training.config import TrainingConfig
from experiments.training.data import (
    builtins,
    catalogue,
    decoding,
    division,
    feature_tables,
    features,
    requirements,
    sources,
)
from experiments.training.data.catalogue import Builtin
from experiments.training.data.folders import Files, Folder
from experiments.training.data.index import Index, Sample
from experiments.training.data.pixel_cache import PixelCache
from experiments.training.data.splits import SplitName
from experiments.training.reports import Job


@dataclass(frozen=True)
class Samples:
    """`inputs` is uint8 (N, C, H, W) for images or floats (N, features) for tables, NaN where a number is missing.

    Lists run along N, but `features`, the columns' names, along the second dimension of a table.
    """

    name: str
    classes: list[str]
    inputs: Tensor
    labels: list[int]
    sample_ids: list[str]
    patient_ids: list[str]
    assigned: list[SplitName]
    features: Sequence[str] = ()


def load(config: TrainingConfig, job: Job, stop: threading.Event | None = None) -> Samples:
    """Read and decode everything once; raises SourceError, and Interrupted once `stop` is set."""
    builtin = catalogue.find(config.source_path)
    roots = [Path(root) for root in job.data_roots]
    cache = PixelCache(Path(job.datasets_dir, "cache"), job.cache_bytes, stop or threading.Event())
    if builtin is None:
        with sources.open_files(config.source_path, roots) as files:
            sources.require_stamp(files.stamp, job.stamp)
            samples = _from_files(files, config, roots, cache)
        _require_untouched(config, job, roots)
        return samples
    return _breast_cancer(builtin, config, roots) if builtin.table else _digits(builtin, config, job, cache)


def _require_untouched(config: TrainingConfig, job: Job, roots: Sequence[Path]) -> None:
    """What was written while it was read is of no version at all."""
    if job.stamp:
        with sources.open_files(config.source_path, roots) as again:
            sources.require_stamp(again.stamp, job.stamp)


def _from_files(files: Files, config: TrainingConfig, roots: Sequence[Path], cache: PixelCache) -> Samples:
    table = feature_tables.find(files)
    return _table(files, table, config, roots) if table else _images(files, config, roots, cache)


def _table(files: Files, name: str, config: TrainingConfig, roots: Sequence[Path]) -> Samples:
    index = feature_tables.read(files, name, config.data)
    assigned = _divided(config, index, roots, table=True)
    inputs, names = features.encode(feature_tables.features(files, name, config.data))
    return replace(_samples(files.name, index, inputs, assigned), features=names)


def _images(files: Files, config: TrainingConfig, roots: Sequence[Path], cache: PixelCache) -> Samples:
    index = sources.read(files, config)
    assigned = _divided(config, index, roots, table=False, cache_bytes=cache.max_bytes)
    return _samples(files.name, index, decoding.decode(files, index, config.data, cache), assigned)


def _divided(
    config: TrainingConfig, index: Index, roots: Sequence[Path], *, table: bool, cache_bytes: int = 0
) -> list[SplitName]:
    """Before anything large is read."""
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
        sample_ids=[sample.id for sample in index.samples],
        patient_ids=[sample.patient_id for sample in index.samples],
        assigned=assigned,
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
    return replace(_images(Folder(folder, folder), own, roots, cache), classes=list(builtin.counts))


def _breast_cancer(builtin: Builtin, config: TrainingConfig, roots: Sequence[Path]) -> Samples:
    inputs, labels = builtins.load_breast_cancer_table()
    rows = [Sample(*row) for row in zip(builtin.ids, builtin.ids, labels, strict=True)]
    index = Index(list(builtin.counts), rows)
    return _samples(builtin.name, index, inputs, _divided(config, index, roots, table=True))
