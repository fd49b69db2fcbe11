"""Shared by the tests of the recipe: jobs, small data, a custom module, and running it all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from pytorch_lightning import LightningDataModule, LightningModule
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import Job, Message, Note, Outcome
from experiments.training.contract.stop import Stop
from experiments.training.recipes.centralized import train
from runs.events import DatasetSummary, EpochEnd
from tests.experiments.training import digits

M = TypeVar("M", bound=Message)
T = TypeVar("T")


def job_of(run_dir: Path, *, attempt: int = 1, resume: tuple[Path, int] | None = None, **config: Any) -> Job:
    """Make one attempt; `resume` is a checkpoint and its epoch, `trainer={"max_epochs": 3}` and so on set options."""
    asked = {"experiment_name": "a test", "source_path": "builtin:breast-cancer", **config}
    if asked["source_path"] == digits.SOURCE:
        digits.lend(run_dir.parent / "datasets")
    return Job(
        run_id=7,
        attempt=attempt,
        config=TrainingConfig.model_validate(asked).model_dump(mode="json"),
        run_dir=str(run_dir),
        datasets_dir=str(run_dir.parent / "datasets"),
        data_roots=[],
        resume_from=str(resume[0]) if resume else None,
        resumed_from_epoch=resume[1] if resume else None,
    )


def carry_out(
    job: Job,
    *,
    stop_at: Callable[[Message], bool] = lambda message: False,
    finish_at: Callable[[Message], bool] = lambda message: False,
    stop: Stop | None = None,
    data: Any = None,
    model: LightningModule | None = None,
) -> list[Message]:
    """Run the job and return its messages; requests a stop at the first message that `stop_at` accepts.

    With `finish_at` it is asked to finish early, and evaluates.
    """
    messages: list[Message] = []
    stop = stop or Stop()

    def report(message: Message) -> None:
        messages.append(message)
        if stop_at(message):
            stop.set()
        if finish_at(message):
            stop.early.set()

    train(job, report, stop, data=data, model=model)
    return messages


def of_type(messages: Sequence[Message], kind: type[M]) -> list[M]:
    """Select the messages of one type, in order."""
    return [message for message in messages if isinstance(message, kind)]


def notes_of(messages: Sequence[Message]) -> list[Note]:
    """Select the notes but for the one on shifted scores, which most runs of uneven classes have."""
    return [note for note in of_type(messages, Note) if note.code != "shifted_scores"]


def outcome(messages: Sequence[Message]) -> Outcome:
    """Return the last message, which must be the only outcome."""
    assert len(of_type(messages, Outcome)) == 1
    last = messages[-1]
    assert isinstance(last, Outcome)
    return last


def metrics_by_epoch(messages: Sequence[Message], phase: str) -> dict[int, dict[str, float | None]]:
    """Collect the metrics of each `epoch_end`, by epoch."""
    return {event.epoch: event.metrics for event in of_type(messages, EpochEnd) if event.phase == phase}


def known(value: T | None) -> T:
    """Return the value, which must be there."""
    assert value is not None
    return value


class SmallData(LightningDataModule):
    """Random points of two or more classes; 50 for training, 30 for validation, 20 for the test."""

    def __init__(self, *, classes: int = 2, batch_size: int = 16, seed: int = 0, split: bool = True) -> None:
        super().__init__()
        random = np.random.default_rng(seed)
        labels = np.arange(100) % classes if split else np.zeros(100, dtype=np.int64)
        points = random.normal(size=(100, 5)) + 0.8 * np.eye(5)[labels]
        self.x, self.y = torch.tensor(points, dtype=torch.float32), torch.tensor(labels)
        self.class_names = [f"class {label}" for label in range(classes)]
        self.num_classes = classes
        self.input_shape: tuple[int, ...] = (5,)
        self.train_counts = torch.bincount(self.y[:50], minlength=classes).tolist()
        self.sample_ids = [f"s{i}" for i in range(100)]
        self.subgroups: dict[str, list[str]] = {}
        self.patient_ids = [f"p{i // 2}" for i in range(100)]
        self.summary = DatasetSummary(
            name="small", classes=self.class_names, sizes={"train": 50, "val": 30, "test": 20}
        )
        self._batch_size = batch_size

    def rows(self, split: str) -> slice:
        return {"train": slice(0, 50), "val": slice(50, 80), "test": slice(80, 100)}[split]

    def loader(self, split: str) -> DataLoader[Any]:
        rows = self.rows(split)
        samples = TensorDataset(self.x[rows], self.y[rows], torch.arange(100)[rows])
        return DataLoader(samples, batch_size=self._batch_size)

    def train_dataloader(self) -> DataLoader[Any]:
        return self.loader("train")

    def val_dataloader(self) -> DataLoader[Any]:
        return self.loader("val")

    def test_dataloader(self) -> DataLoader[Any]:
        return self.loader("test")


class Network(LightningModule):
    """A custom module that keeps the step contract and remembers the batches it was trained on."""

    def __init__(self, *, classes: int = 2, rate: float = 0.1, seed: int = 1) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.first = nn.Linear(5, 8)
        self.second = nn.Linear(8, 1 if classes == 2 else classes)
        self._binary, self._rate = classes == 2, rate
        self.trained: list[dict[str, Tensor]] = []

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.second(torch.tanh(self.first(x)))
        return scores[:, 0] if self._binary else scores

    def loss(self, logits: Tensor, y: Tensor) -> Tensor:
        if self._binary:
            return nn.functional.binary_cross_entropy_with_logits(logits, y.float())
        return nn.functional.cross_entropy(logits, y)

    def step(self, batch: tuple[Tensor, Tensor, Tensor]) -> dict[str, Tensor]:
        logits = self(batch[0])
        return {"loss": self.loss(logits, batch[1]), "logits": logits, "target": batch[1]}

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], batch_idx: int) -> dict[str, Tensor]:
        outputs = self.step(batch)
        self.trained.append({name: value.detach().clone() for name, value in outputs.items()})
        return outputs

    def validation_step(self, batch: tuple[Tensor, Tensor, Tensor], batch_idx: int) -> dict[str, Tensor]:
        return self.step(batch)

    def test_step(self, batch: tuple[Tensor, Tensor, Tensor], batch_idx: int) -> dict[str, Tensor]:
        return self.step(batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self._rate)
