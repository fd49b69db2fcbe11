"""The Lightning data module of a run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader

from experiments.training import ranks
from experiments.training.contract import splits
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inference import ImageInput, TableInput
from experiments.training.contract.reading import READING_FILE, Reading, require_answers
from experiments.training.contract.reports import Job
from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.splits import SplitName
from experiments.training.data.batches import Batch, BatchIndices, TensorBatches, loader
from experiments.training.data.images import image_input
from experiments.training.data.loading import Samples, load
from experiments.training.data.tables import features
from runs import atomic_files
from runs.events import DatasetSummary
from runs.files.json_parts import formatted


class DataModule(LightningDataModule):
    """Batches `(x float32, y int64, index int64)`; `index` points into `sample_ids`, `patient_ids` and `subgroups`.

    `input_shape` is (C, H, W) or (features,); `num_classes` is 2 for binary, and label 1 is the positive class;
    `train_counts` are the training split's samples per class; `preprocessing` says how samples become `x`;
    `image_files` are those of the samples, None for a table.
    """

    def __init__(
        self,
        samples: Samples,
        indices: Mapping[SplitName, list[int]],
        *,
        preprocessing: ImageInput | TableInput,
        batch_size: int,
        num_workers: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.preprocessing = preprocessing
        self.class_names = samples.classes
        self.num_classes = len(samples.classes)
        self.input_shape = tuple(samples.inputs.shape[1:])
        self.sample_ids = samples.sample_ids
        self.patient_ids = samples.patient_ids
        self.subgroups = samples.subgroups
        self.image_files = samples.image_files
        self._inputs = samples.inputs
        self.indices = indices
        self.summary = DatasetSummary(
            name=samples.name,
            classes=samples.classes,
            positive_class=samples.classes[1] if len(samples.classes) == 2 else None,
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

    def pixels(self, position: int) -> NDArray[np.uint8]:
        """Return the pixels (C, H, W) of an image as they are before they become `x`."""
        found: NDArray[np.uint8] = self._inputs[position].numpy()
        return found

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
    """Load and split the run's data and write its `split.csv` and `reading.json`, of a table its `features.csv`.

    Raises SourceError, and Interrupted once `stop` is set. `on_loaded` receives the samples as they were read, before a
    table's columns are prepared. Unless `answered` is False, as for a dry run, a question that the data raise and the
    configuration does not answer is an error; a resumed run goes on with the answers it began with.
    """
    folder, resuming = Path(job.run_dir), job.resume_from is not None

    def ask(reading: Reading) -> None:
        if not resuming:
            _record_reading(folder, reading)  # first: the run's page offers the choices of its questions
            if answered:
                require_answers(reading)

    samples = load(config, job, stop, on_read=ask)
    if on_loaded is not None:
        on_loaded(samples)
    _record_splits(folder / splits.FILE, samples, resuming=resuming)
    _record_reading(folder, samples.reading)  # now with the pixels
    indices = splits.indices(samples.assigned)
    samples, preprocessing = _prepared(samples, indices["train"], Path(job.run_dir))
    return DataModule(
        samples,
        indices,
        preprocessing=preprocessing,
        batch_size=config.data.batch_size,
        num_workers=config.data.num_workers,
        seed=config.seed,
    )


def _prepared(samples: Samples, train: list[int], folder: Path) -> tuple[Samples, ImageInput | TableInput]:
    """Standardise a table by its training rows, and write the constants; images are scaled batch by batch."""
    if samples.inputs.ndim != 2:
        _, channels, size, _ = samples.inputs.shape
        return samples, image_input.described(channels, size)
    inputs, constants = features.prepare(samples.inputs, train, samples.features)
    if ranks.first():
        constants.write(folder)
    return replace(samples, inputs=inputs), constants.described()


def _record_reading(folder: Path, reading: Reading) -> None:
    """Write how the data were read."""
    if ranks.first():
        atomic_files.write(folder / READING_FILE, formatted(reading))


def _record_splits(path: Path, samples: Samples, *, resuming: bool) -> None:
    """Write the split file; a resumed run must find its own splits unchanged.

    Otherwise it would be validated on samples it was trained on. Raises SourceError.
    """
    rows = (samples.sample_ids, samples.assigned, samples.labels)
    if resuming and not splits.unchanged(path, *rows):
        raise SourceError(
            "source_path",
            "The data, or how they are read, changed since this run began: its samples, splits or labels are no longer "
            "the same. Start a new run.",
        )
    if ranks.first():
        splits.write(path, *rows, samples.patient_ids)
