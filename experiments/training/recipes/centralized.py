"""The recipe of one training on one machine, from its job to its final statistics.

Each process of a training on several devices carries it out from beginning to end, in step with the others.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from pytorch_lightning.strategies import Strategy
from pytorch_lightning.utilities.exceptions import SIGTERMException

from experiments.training import ranks
from experiments.training.callbacks.chain import build_chain
from experiments.training.callbacks.checkpoints.run_checkpoint import RunCheckpoint
from experiments.training.callbacks.checkpoints.whole_checkpoints import WholeCheckpoints
from experiments.training.callbacks.data_wait import DataWait
from experiments.training.callbacks.ranking import Score
from experiments.training.callbacks.step_contract import StepContract
from experiments.training.callbacks.stopping import FinishedEarly, StopWatcher, sigterm_sets
from experiments.training.callbacks.training_start import summarize
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.metrics import metric_catalogue
from experiments.training.contract.networks import network_catalogue
from experiments.training.contract.reports import Job, Outcome, Reporter, TrainingStopped
from experiments.training.contract.stop import Interrupted, Stop
from experiments.training.contract.trainer_config import TrainerConfig
from experiments.training.data.module import DataModule
from experiments.training.data.module import build as build_data
from experiments.training.metrics import inspection
from experiments.training.models import exact_evaluation
from experiments.training.models.classifier import Classifier
from experiments.training.models.registry import resolved_name
from experiments.training.preflight import report_builder
from experiments.training.preflight.report_builder import Blocked, PreflightBuilder
from experiments.training.recipes import (
    batch_loops,
    cpu_threads,
    error_pictures,
    evaluation,
    execution,
    inference,
    on_cpu,
    preparation,
    recalibration,
    shifted_scores,
    split_identity,
    subgroups,
)
from experiments.training.recipes.failures import reason


def train(
    job: Job,
    report: Reporter,
    stop: Stop,
    *,
    data: DataModule | None = None,
    model: pl.LightningModule | None = None,
) -> None:
    """Carry out the job; never raises. The last message is the only `Outcome`.

    It stops after the current batch once `stop` is set or SIGTERM arrives, and keeps nothing of the incomplete epoch;
    once `stop.early` is set it stops training in the same way, and evaluates its best epoch. `data` and `model` replace
    those of the configuration.
    """
    with sigterm_sets(stop):
        report(conclusion(lambda: _carry_out(job, report, stop, data, model), stop))


def conclusion(work: Callable[[], None], stop: Stop) -> Outcome:
    """Do the work and return how it ended; never raises."""
    try:
        work()
    except (Interrupted, SIGTERMException):
        return Outcome(status="interrupted", reason=None)
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        if stop.is_set():  # errors while everything stops (data loader workers) are not failures
            return Outcome(status="interrupted", reason=None)
        return Outcome(status="failed", reason=reason(error))
    return Outcome(status="completed", reason=None)


def _carry_out(
    job: Job, report: Reporter, stop: Stop, data: DataModule | None, model: pl.LightningModule | None
) -> None:
    network_catalogue.install(job.networks)
    metric_catalogue.read_from(inspection.catalogue)
    config = TrainingConfig.model_validate(job.config)
    begin(config, job)
    # Only for data and model of the configuration; a resumed attempt trains what an earlier one checked.
    without_preflight = data is not None or model is not None or job.resume_from is not None
    preflight = None if without_preflight else PreflightBuilder(config, report_builder.write_log)
    on_loaded = preflight.add_samples if preflight and ranks.first() else None
    data = data or build_data(config, job, stop, on_loaded=on_loaded)
    threshold, metrics = preparation.threshold(config, data), preparation.added_metrics(config, data, report)
    module = model or preparation.prepare(config, job, data, report)
    if preflight:
        _pass(preflight, config, job, module, data, report=report, stop=stop)
    if model is None:
        inference.write(Path(job.run_dir), config, data, module)
    summary = summarize(module, resolved_name(config.model, data.input_shape) if model is None else None)
    chain = build_chain(
        config,
        job,
        dataset=data.summary,
        model=summary,
        threshold=threshold,
        report=report,
        stop=stop,
        tuning=module.fine_tuning if isinstance(module, Classifier) else None,
        added=metrics,
    )

    trainer = _trainer(config, job, chain.callbacks, profiler=DataWait())
    execution.send(trainer, module, config, report)
    try:
        _fit(trainer, module, data, job, chain.checkpoint)
    except FinishedEarly:
        report(TrainingStopped())
    chain.start.announce(trainer)  # for a run that was resumed after its last epoch, which starts no training

    best = _best(chain.checkpoint, stop)
    checkpoint = Path(chain.checkpoint.best_model_path)
    exact_evaluation.restore(module, checkpoint)
    predictions = _predict(config, job, module, data, stop)
    ranks.leave()
    if job.rank:
        return  # rank 0 has the results of all ranks, and reports and writes them
    folder = Path(job.run_dir, "attempts", str(job.attempt))
    evaluation.write_predictions(folder / "predictions.parquet", predictions, data, checkpoint=checkpoint)
    source = split_identity.source_of(job)
    for event in evaluation.events(
        predictions, data, epoch=best.epoch, threshold=threshold, added=metrics, source=source
    ):
        report(event)
    recalibrated = recalibration.report_of(predictions, data)
    report(recalibrated)
    subgroups.write(Path(job.run_dir), predictions, data, threshold)
    for note in shifted_scores.notes(config, module, predictions[-1], recalibrated.found):
        report(note)
    error_pictures.write(job, folder, predictions, data)
    chain.checkpoint.tidy()


def _fit(
    trainer: pl.Trainer, module: pl.LightningModule, data: DataModule, job: Job, checkpoint: RunCheckpoint
) -> None:
    """Train; however that ends, the last complete epoch is then on disk."""
    try:
        trainer.fit(module, datamodule=data, ckpt_path=job.resume_from, weights_only=True)
    finally:
        checkpoint.flush()


def _predict(
    config: TrainingConfig, job: Job, module: pl.LightningModule, data: DataModule, stop: Stop
) -> list[evaluation.Predictions]:
    """Evaluate the module as it is over the held-out splits, in full precision."""

    def make_trainer(callbacks: list[Callback]) -> pl.Trainer:
        chain = [StepContract(data.num_classes), *callbacks, StopWatcher(stop)]
        return _trainer(config, job, chain, precision=exact_evaluation.PRECISION)

    return evaluation.predict(make_trainer, module, data)


def _best(checkpoint: RunCheckpoint, stop: Stop) -> Score:
    """Return the epoch to evaluate. Raises Interrupted where none was complete when the stop was requested."""
    if checkpoint.best is not None:
        return checkpoint.best
    if stop.early.is_set():
        raise Interrupted
    raise RuntimeError("No epoch was completed, so there is nothing to evaluate.")


def begin(config: TrainingConfig, job: Job) -> None:
    """Set up the process: threads, its place among the ranks, and a seed for everything."""
    threads = cpu_threads.chosen(config.trainer, job.local_ranks)
    torch.set_num_threads(threads)
    ranks.join(job, config.trainer, threads=threads)
    pl.seed_everything(config.seed, workers=True)


def run_trial(
    preflight: PreflightBuilder,
    config: TrainingConfig,
    job: Job,
    module: pl.LightningModule,
    data: DataModule,
    *,
    stop: Stop,
) -> None:
    """Try some batches for the pre-flight report, trained as the whole training will be."""

    def make_trainer(callbacks: list[Callback], **changed: Any) -> pl.Trainer:
        trainer = _trainer(config, job, callbacks, **changed)
        preflight.warn(execution.notes(trainer, config))
        return trainer

    preflight.add_trial(
        module, data, model_name=resolved_name(config.model, data.input_shape), make_trainer=make_trainer, stop=stop
    )


def _pass(
    preflight: PreflightBuilder,
    config: TrainingConfig,
    job: Job,
    module: pl.LightningModule,
    data: DataModule,
    *,
    report: Reporter,
    stop: Stop,
) -> None:
    """Write `preflight.json` and report what must stay with the run; raises Blocked for a forbidden training.

    Rank 0 has checked the data for all; all ranks try the batches, in step.
    """
    blocked = ranks.decided(lambda: preflight.blocked)
    if not blocked:
        run_trial(preflight, config, job, module, data, stop=stop)
    if ranks.first():
        report_builder.write(Path(job.run_dir), preflight.report())
        for note in preflight.notes:
            report(note)
    if blocked:
        raise Blocked(blocked)


def _trainer(config: TrainingConfig, job: Job, callbacks: Sequence[Callback], **changed: Any) -> pl.Trainer:
    """Make the configured Trainer, with the options in `changed` replaced."""
    asked = config.trainer
    options: dict[str, Any] = {
        "max_epochs": asked.max_epochs,
        "accelerator": ranks.accelerator(asked),
        "devices": job.local_ranks,  # Lightning's own "auto" takes all GPUs there are
        "num_nodes": job.nodes,
        "strategy": _strategy(asked, job),
        "use_distributed_sampler": False,  # our batches are divided already
        "sync_batchnorm": ranks.synchronises(asked),
        "precision": asked.precision,
        "gradient_clip_val": asked.gradient_clip_val,
        "accumulate_grad_batches": asked.accumulate_grad_batches,
        "deterministic": asked.deterministic,
        "callbacks": list(callbacks),
        "plugins": [WholeCheckpoints(), ranks.cluster()],
        "default_root_dir": job.run_dir,
        "num_sanity_val_steps": 0,
        "logger": False,
        "enable_checkpointing": any(isinstance(callback, ModelCheckpoint) for callback in callbacks),
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = pl.Trainer(**options | changed)
    batch_loops.install(trainer)
    return trainer


def _strategy(asked: TrainerConfig, job: Job) -> Strategy | str:
    if job.ranks > 1:
        return "ddp"
    return on_cpu.OnCPU() if on_cpu.applies(asked) else "auto"
