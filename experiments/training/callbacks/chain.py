"""The callback chain of one training: each callback has one concern, in this order."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pytorch_lightning.callbacks import Callback

from experiments.training import ranks
from experiments.training.callbacks.augmenting import Augmenter
from experiments.training.callbacks.averaged_gradients import AveragedGradients
from experiments.training.callbacks.averaging import RunAveraging
from experiments.training.callbacks.batch_hooks import BatchHooks
from experiments.training.callbacks.batch_metrics import BatchReporter
from experiments.training.callbacks.best_values import BestTracker
from experiments.training.callbacks.checkpoints.run_checkpoint import RunCheckpoint
from experiments.training.callbacks.early_stopping import EarlyStoppingSignal, RunEarlyStopping
from experiments.training.callbacks.gradients import GradientMonitor
from experiments.training.callbacks.learning_rate import LearningRate
from experiments.training.callbacks.metrics_collector import MetricsCollector
from experiments.training.callbacks.progress import ProgressReporter
from experiments.training.callbacks.randomness import EpochSeed
from experiments.training.callbacks.ranking import Mode
from experiments.training.callbacks.step_contract import StepContract
from experiments.training.callbacks.stopping import StopWatcher
from experiments.training.callbacks.training_start import StartAnnouncer
from experiments.training.callbacks.unfreezing import Unfreezing
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import Job, Reporter
from experiments.training.contract.stop import Stop
from experiments.training.metrics.added import AddedMetrics
from experiments.training.models.fine_tuning import FineTuning
from runs.events import DatasetSummary, ModelSummary


class Chain(NamedTuple):
    """The callbacks in order; the two that the recipe calls are named."""

    callbacks: list[Callback]
    checkpoint: RunCheckpoint
    start: StartAnnouncer


def build_chain(
    config: TrainingConfig,
    job: Job,
    *,
    dataset: DatasetSummary,
    model: ModelSummary,
    threshold: float | None,
    report: Reporter,
    stop: Stop,
    tuning: FineTuning | None = None,
    added: AddedMetrics | None = None,
) -> Chain:
    """Build the callbacks of a training.

    Lightning calls callbacks that monitor a metric (EarlyStopping, ModelCheckpoint) after the others, ModelCheckpoint
    last. So an epoch is reported as: `epoch_end` (train, val), `BestValues`, `CheckpointSaved`. The best-metric tracker
    comes before the collector because the collector may end a diverged training in the same hook.
    """
    asked = config.callbacks
    mode: Mode = "min" if asked.mode == "min" else "max"  # the configuration has resolved "auto"
    checkpoint = RunCheckpoint(
        run_dir=Path(job.run_dir),
        attempt=job.attempt,
        monitor=asked.monitor,
        mode=mode,
        save_top_k=asked.save_top_k,
        report=report,
        registered=stop.registered,
    )
    start = StartAnnouncer(
        run_id=job.run_id,
        experiment_name=config.experiment_name,
        resumed_from_epoch=job.resumed_from_epoch,
        dataset=dataset,
        model=model,
        emit=report,
    )
    callbacks = [
        start,
        StepContract(len(dataset.classes)),
        *([Unfreezing(tuning)] if tuning is not None and config.model.unfreeze_every else []),
        *_averaging(config),
        checkpoint,
        *_early_stopping(config, mode, report),
        LearningRate(every=asked.batch_metrics_every, emit=report),
        BestTracker(monitor=asked.monitor, mode=mode, report=report),
        MetricsCollector(threshold=threshold, report=report, added=added),
        BatchReporter(every=asked.batch_metrics_every, threshold=threshold, emit=report),
        GradientMonitor(every=asked.gradient_stats_every, emit=report, groups=_blocks(tuning)),
        ProgressReporter(interval=asked.progress_interval, emit=report),
        EpochSeed(config.seed),
        *_augmenting(config, Path(job.run_dir)),
        *_several_ranks(),
        StopWatcher(stop, early=True),
    ]
    return Chain([BatchHooks(callbacks), *callbacks], checkpoint, start)


def _blocks(tuning: FineTuning | None) -> dict[str, str]:
    """Map the module's name of each weight to its block."""
    return {} if tuning is None else {f"network.{name}": block for name, block in tuning.block_of.items()}


def _averaging(config: TrainingConfig) -> list[Callback]:
    decay = config.trainer.ema_decay
    return [] if decay is None else [RunAveraging(decay)]


def _augmenting(config: TrainingConfig, run_dir: Path) -> list[Callback]:
    preset = config.augmentation.preset
    return [] if preset == "none" else [Augmenter(preset, seed=config.seed, run_dir=run_dir)]


def _several_ranks() -> list[Callback]:
    return [] if ranks.place().ranks == 1 else [AveragedGradients()]


def _early_stopping(config: TrainingConfig, mode: Mode, report: Reporter) -> list[Callback]:
    asked = config.callbacks
    if not asked.early_stopping:
        return []
    stopping = RunEarlyStopping(monitor=asked.monitor, mode=mode, patience=asked.patience, min_delta=asked.min_delta)
    return [stopping, EarlyStoppingSignal(stopping, report)]
