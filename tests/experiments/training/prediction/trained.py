"""Runs that the tests of predictions train: one epoch on a handful of samples, and what is stored of each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inference import IMAGES_METADATA
from experiments.training.contract.reports import CheckpointSaved, Job, Message, Recalibrated
from experiments.training.model_source import ModelSource
from experiments.training.prediction.trained_model import TrainedModel, load
from runs.events import TrainingStart
from runs.statistics.recalibration.methods import Recalibration
from runs.statistics.recalibration.probability import preferred
from tests.experiments.training.trainings import carry_out, of_type, outcome


@dataclass(frozen=True)
class Trained:
    """A run that was trained: the job, where its model is, its stored predictions, and their recalibration."""

    job: Job
    source: ModelSource
    table: pa.Table
    messages: list[Message]

    @property
    def recalibrated(self) -> Recalibration:
        """How its scores become probabilities."""
        return of_type(self.messages, Recalibrated)[-1].found

    @property
    def model(self) -> TrainedModel:
        return load(self.source)

    def logits(self, ids: list[str], column: str = "sample_id") -> NDArray[np.float64]:
        """Return the stored outputs of these samples, in their order."""
        rows = {id_: row for row, id_ in enumerate(self.table[column].to_pylist())}
        names = [name for name in self.table.column_names if name == "logit" or name.startswith("logit_")]
        values = np.column_stack([self.table[name].to_numpy().astype(np.float64) for name in names])
        found: NDArray[np.float64] = values[[rows[id_] for id_ in ids]]
        return found[:, 0] if names == ["logit"] else found

    @property
    def evaluated(self) -> list[str]:
        """The ids of the samples with stored predictions."""
        ids: list[str] = self.table["sample_id"].to_pylist()
        return ids


def trained(source: str | Path, home: Path, *, networks: tuple[str, ...] = (), **groups: Any) -> Trained:
    """Train for an epoch in small batches; `groups` are further options."""
    data = {"batch_size": 8, "val_fraction": 0.4, **groups.pop("data", {})}
    trainer = {"max_epochs": 1, **groups.pop("trainer", {})}
    asked = {"experiment_name": "a test", "source_path": str(source), "data": data, "trainer": trainer, **groups}
    job = Job(
        run_id=7,
        attempt=1,
        config=TrainingConfig.model_validate(asked).model_dump(mode="json"),
        run_dir=str(home / "run"),
        datasets_dir=str(home / "datasets"),
        data_roots=[str(home.parent), str(home)],
        models_dir=str(home),
        networks=list(networks),
    )
    messages = carry_out(job)
    assert outcome(messages).status == "completed", outcome(messages).reason
    return Trained(job, source_of(job, messages), predictions(job), messages)


def predictions(job: Job) -> pa.Table:
    return pq.read_table(Path(job.run_dir, "attempts", "1", "predictions.parquet"))


def source_of(job: Job, messages: list[Message], **changed: Any) -> ModelSource:
    """Put together what the server would of these messages."""
    best = of_type(messages, CheckpointSaved)[-1].best
    assert best is not None
    checkpoint = Path(job.run_dir, best)
    classes = of_type(messages, TrainingStart)[0].dataset.classes
    binary = len(classes) == 2
    found: dict[str, Any] = msgspec.to_builtins(of_type(messages, Recalibrated)[-1].found)
    parameters = preferred(found)
    rendering = (predictions(job).schema.metadata or {}).get(IMAGES_METADATA)
    model: Any = job.config["model"]
    own = model["threshold"] if binary else None
    return ModelSource(
        run_id=job.run_id,
        attempt=job.attempt,
        config=job.config,
        checkpoint=str(checkpoint),
        folder=job.run_dir,
        sha256=hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
        classes=list(classes),
        positive=classes[1] if binary else None,
        own_threshold=own,
        decision={"holds": "own", "own": {"threshold": own}, "saved": None} if binary else None,
        recalibration=None if parameters is None else dict(parameters),
        rendering=None if rendering is None else msgspec.json.decode(rendering),
        networks=job.networks,
        models_dir=job.models_dir,
        **changed,
    )
