"""All samples of a run in memory, from whatever `source_path` names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from experiments.training.config import TrainingConfig
from experiments.training.data import builtins, catalogue, images, layouts, requirements, sources
from experiments.training.data.catalogue import Builtin
from experiments.training.data.folders import Files, Folder
from experiments.training.reports import Job


@dataclass(frozen=True)
class Samples:
    """`inputs` is uint8 (N, C, H, W) for images or float32 (N, features) for tables; lists run along N."""

    name: str
    classes: list[str]
    inputs: Tensor
    labels: list[int]
    sample_ids: list[str]
    patient_ids: list[str]


def load(config: TrainingConfig, job: Job) -> Samples:
    """Read and decode everything once; raises SourceError."""
    builtin = catalogue.find(config.source_path)
    if builtin is None:
        with sources.open_files(config.source_path, [Path(root) for root in job.data_roots]) as files:
            return _images(files, config)
    if builtin.table:
        requirements.check(config, builtin.counts, table=True)
        return _breast_cancer(builtin)
    return _digits(builtin, config, Path(job.datasets_dir))


def _images(files: Files, config: TrainingConfig) -> Samples:
    index = layouts.read(files, config.data)
    requirements.check(config, index.counts, table=False)
    samples = index.samples
    names = [sample.file for sample in samples]
    return Samples(
        name=files.name,
        classes=index.classes,
        inputs=images.decode(files, names, size=config.data.image_size, channels=config.data.channels),
        labels=[sample.label for sample in samples],
        sample_ids=[sample.id for sample in samples],
        patient_ids=[sample.patient_id for sample in samples],
    )


def _digits(builtin: Builtin, config: TrainingConfig, datasets_dir: Path) -> Samples:
    folder = builtins.export_digits(datasets_dir).resolve()
    columns = {"id_column": builtins.ID_COLUMN, "target_column": builtins.TARGET_COLUMN, "patient_column": None}
    own = config.model_copy(update={"data": config.data.model_copy(update=columns)})
    return replace(_images(Folder(folder, folder), own), classes=list(builtin.counts))


def _breast_cancer(builtin: Builtin) -> Samples:
    inputs, labels = builtins.load_breast_cancer_table()
    ids = [f"{number:03d}" for number in range(len(labels))]
    return Samples(builtin.name, list(builtin.counts), inputs, labels, ids, ids)
