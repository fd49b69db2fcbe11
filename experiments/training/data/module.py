"""The Lightning data module of a run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader

from experiments.training import ranks
from experiments.training.contract import splits
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reading import require_answers
from experiments.training.contract.reports import Job
from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.splits import SplitName
from experiments.training.data.batches import Batch, BatchIndices, TensorBatches, loader
from experiments.training.data.loading import Samples, load
from experiments.training.data.tables import features
from runs import atomic_files
from runs.events import DatasetSummary

SPLIT_FILE = "split.csv"
READING_FILE = "reading.json"


class DataModule(LightningDataModule):
    """Batches `(x float32, y int64, index int64)`; `index` points into `sample_ids` and `patient_ids`.

    `input_shape` is (C, H, W) or (features,); `num_classes` is 2 for binary, and label 1 is the positive class;
    `train_counts` are the training split's samples per class.
    """

    def __init__(
        self, samples: Samples, indices: Mapping[SplitName, list[int]], *, batch_size: int, num_workers: int, seed: int
    ) -> None:
        super().__init__()
        self.class_names = samples.classes
        self.num_classes = len(samples.classes)
        self.input_shape = tuple(samples.inputs.shape[1:])
        self.sample_ids = samples.sample_ids
        self.patient_ids = samples.patient_ids
        self.indices = indices
        self.summary = DatasetSummary(
            name=samples.name,
            classes=samples.classes,
            sizes={name: len(part) for name, part in indices.items() if part},
        )
        train_labels = [samples.labels[i] for i in indices["train"]]
        self.train_counts = [train_labels.count(label) for label in range(self.num_classes)]
        self._batches = TensorBatches(samples.inputs, torch.tensor(samples.labels, dtype=torch.int64))
        self._batch_size = batch_size
        self._num_workers = num_workers
        self._seed = seed

    def train_dataloader(self) -> DataLoader[Batch]:
        """Make a loader of this process's training batches, shuffled by seed and epoch."""
        indices = BatchIndices(self.indices["train"], self._batch_size, seed=self._seed, place=ranks.place())
        if self.trainer is not None:
            # A resumed training makes its first iterator before Lightning calls `set_epoch`.
            indices.set_epoch(self.trainer.fit_loop.epoch_progress.current.processed)  # type: ignore[attr-defined]
        return loader(self._batches, indices, self._num_workers)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Make a loader of this process's validation batches, in order."""
        return self._in_order("val")

    def test_dataloader(self) -> DataLoader[Batch] | None:
        """Make a loader of this process's test batches; None without a test split."""
        return self._in_order("test") if self.indices["test"] else None

    def _in_order(self, split: SplitName) -> DataLoader[Batch]:
        indices = BatchIndices(self.indices[split], self._batch_size, place=ranks.place())
        return loader(self._batches, indices, self._num_workers)


def build(
    config: TrainingConfig,
    job: Job,
    stop: threading.Event | None = None,
    *,
    on_loaded: Callable[[Samples], object] | None = None,
    answered: bool = True,
) -> DataModule:
    """Load and split the run's data and write its `split.csv` and `reading.json`.

    Raises SourceError, and Interrupted once `stop` is set. `on_loaded` receives the samples as they were read, before a
    table's columns are prepared. Unless `answered` is False, as for a dry run, a question that the data raise and the
    configuration does not answer is an error; a resumed run goes on with the answers it began with.
    """
    samples = load(config, job, stop)
    if answered and job.resume_from is None:
        require_answers(samples.reading)
    if on_loaded is not None:
        on_loaded(samples)
    _record(Path(job.run_dir), samples, resuming=job.resume_from is not None)
    indices = splits.indices(samples.assigned)
    if samples.inputs.ndim == 2:
        samples = replace(samples, inputs=features.prepare(samples.inputs, indices["train"], samples.features))
    return DataModule(
        samples,
        indices,
        batch_size=config.data.batch_size,
        num_workers=config.data.num_workers,
        seed=config.seed,
    )


def _record(folder: Path, samples: Samples, *, resuming: bool) -> None:
    """Write the split file and the reading; a resumed run must find its own splits unchanged.

    Otherwise it would be validated on samples it was trained on. Raises SourceError.
    """
    path = folder / SPLIT_FILE
    rows = (samples.sample_ids, samples.assigned, samples.labels)
    if resuming and not splits.unchanged(path, *rows):
        raise SourceError("source_path", "The data changed since this run began; start a new run.")
    if ranks.first():
        splits.write(path, *rows)
        atomic_files.write(folder / READING_FILE, msgspec.json.format(msgspec.json.encode(samples.reading)) + b"\n")
