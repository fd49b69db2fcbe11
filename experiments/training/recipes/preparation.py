"""Prepare the module that a job trains, up to its first step."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from pytorch_lightning import LightningModule

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.networks import weight_files
from experiments.training.contract.reports import Job, Note, Reporter
from experiments.training.contract.source_errors import some
from experiments.training.data.module import DataModule
from experiments.training.metrics import added
from experiments.training.metrics.added import AddedMetrics
from experiments.training.models import registry, starting_weights
from experiments.training.models.classifier import Classifier
from experiments.training.models.fine_tuning import FineTuning


def prepare(config: TrainingConfig, job: Job, data: DataModule, report: Reporter) -> LightningModule:
    """Build the module, load starting weights and freeze what this attempt's first epoch does not train.

    Weights come from `model.weights_file`; a resumed run loads its checkpoint later instead. Raises SourceError and
    ModelError.
    """
    module = registry.build(
        config, input_shape=data.input_shape, num_classes=data.num_classes, counts=data.train_counts
    )
    tuning = module.fine_tuning if isinstance(module, Classifier) else None
    if tuning is not None and job.resumed_from_epoch is not None:
        tuning.enter(job.resumed_from_epoch + 1)
    if job.resume_from is None:
        new = _start(module, config, job, data, report)
        if tuning is not None:
            _report_frozen(tuning, new, report)
    return module


def threshold(config: TrainingConfig, data: DataModule) -> float | None:
    """Return the score from which a sample is positive; None with more than two classes."""
    return config.model.threshold if data.num_classes == 2 else None


def added_metrics(config: TrainingConfig, data: DataModule, report: Reporter) -> AddedMetrics:
    """Make the metrics that the run adds, and report what does not fit the data; raises UnfitMetric."""
    asked = config.callbacks.metrics
    return added.build(asked, classes=data.num_classes, threshold=threshold(config, data), report=report)


def _start(
    module: LightningModule, config: TrainingConfig, job: Job, data: DataModule, report: Reporter
) -> Collection[str] | None:
    """Load the weights file, if any, and report the match; returns the weights left random, None for all."""
    name = config.model.weights_file
    if name is None:
        return None
    path = weight_files.resolve(name, Path(job.models_dir))
    network = module.network if isinstance(module, Classifier) else module
    match = starting_weights.load(network, path, registry.resolved(config.model, data.input_shape).aliases)
    text = match.summary(f"{name} (SHA-256 {_digest(path)[:16]}…)")
    report(Note(code="starting_weights", text=text))
    print(f"Starting weights: {text}", *match.lines(), sep="\n", flush=True)  # noqa: T201  (the log)
    return match.new


def _digest(path: Path) -> str:
    """Hash the file, as another one may later take its name."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _report_frozen(tuning: FineTuning, new: Collection[str] | None, report: Reporter) -> None:
    """Report what does not learn, and whether any of it is random: training would build on noise."""
    if not tuning.frozen:
        return
    print(f"Frozen: {', '.join(tuning.frozen)}", flush=True)  # noqa: T201  (the log)
    random = tuning.frozen_names if new is None else [name for name in tuning.frozen_names if name in new]
    if random:
        text = f"These frozen weights stay random, because no file gave values for them: {some(random)}."
        report(Note(code="frozen_random", text=text))
