"""The recipe: one training on one machine, from its job to its final statistics.

Each process of a training on several devices carries it out from beginning to end, in step with the others.
"""

from __future__ import annotations

import os
import threading
import traceback
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from pytorch_lightning.utilities.exceptions import SIGTERMException

from experiments.training import evaluation, ranks
from experiments.training.callbacks.chain import build_chain
from experiments.training.callbacks.checkpoint import WholeCheckpoints
from experiments.training.callbacks.step_contract import StepContract
from experiments.training.callbacks.stopping import Interrupted, StopWatcher, sigterm_sets
from experiments.training.callbacks.training_start import summarize
from experiments.training.config import TrainingConfig
from experiments.training.data.module import DataModule
from experiments.training.data.module import build as build_data
from experiments.training.failures import reason
from experiments.training.models import catalogue
from experiments.training.models.classifier import Classifier
from experiments.training.models.preparation import prepare
from experiments.training.models.registry import resolved_name
from experiments.training.reports import Job, Outcome, Tell


def train(
    job: Job,
    tell: Tell,
    stop: threading.Event,
    *,
    data: DataModule | None = None,
    model: pl.LightningModule | None = None,
) -> None:
    """Carry out the job; never raises. The last message is the one `Outcome`.

    Stops after the current batch once `stop` is set or SIGTERM arrives, and keeps nothing of the incomplete epoch.
    `data` and `model` take the place of those that the configuration asks for.
    """
    with sigterm_sets(stop):
        tell(_outcome(job, tell, stop, data, model))


def _outcome(
    job: Job, tell: Tell, stop: threading.Event, data: DataModule | None, model: pl.LightningModule | None
) -> Outcome:
    try:
        _carry_out(job, tell, stop, data, model)
    except (Interrupted, SIGTERMException):
        return Outcome(status="interrupted", reason=None)
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        if stop.is_set():  # what breaks while everything is being stopped (data loader workers) is no failure
            return Outcome(status="interrupted", reason=None)
        return Outcome(status="failed", reason=reason(error))
    return Outcome(status="completed", reason=None)


def _carry_out(
    job: Job, tell: Tell, stop: threading.Event, data: DataModule | None, model: pl.LightningModule | None
) -> None:
    catalogue.install(job.networks)
    config = TrainingConfig.model_validate(job.config)
    threads = config.trainer.threads or default_threads(job.ranks)
    torch.set_num_threads(threads)
    ranks.join(job, config.trainer, threads=threads)
    pl.seed_everything(config.seed, workers=True)
    data = data or build_data(config, job, stop)
    module = model or prepare(config, job, data, tell)
    threshold = config.model.threshold if data.num_classes == 2 else None
    summary = summarize(module, resolved_name(config.model, data.input_shape) if model is None else None)
    chain = build_chain(
        config,
        job,
        dataset=data.summary,
        model=summary,
        threshold=threshold,
        tell=tell,
        stop=stop,
        tuning=module.fine_tuning if isinstance(module, Classifier) else None,
    )

    trainer = _trainer(config, job, chain.callbacks)
    trainer.fit(module, datamodule=data, ckpt_path=job.resume_from, weights_only=True)
    chain.start.announce(trainer)  # a run that was resumed after its last epoch had nothing to start

    best = chain.checkpoint.best
    if best is None:
        raise RuntimeError("No epoch was completed, so there is nothing to evaluate.")
    evaluation.restore(module, Path(chain.checkpoint.best_model_path))
    predictions = evaluation.predict(
        lambda callbacks: _trainer(config, job, [StepContract(data.num_classes), *callbacks, StopWatcher(stop)]),
        module,
        data,
    )
    ranks.leave()
    if job.rank:
        return  # rank 0 has what all ranks found, and says and writes it
    evaluation.write_predictions(
        Path(job.run_dir, "attempts", str(job.attempt), "predictions.parquet"), predictions, data
    )
    for part in predictions:
        tell(evaluation.final_stats(part, epoch=best.epoch, threshold=threshold, class_names=data.class_names))
    chain.checkpoint.tidy()


def _trainer(config: TrainingConfig, job: Job, callbacks: list[Callback]) -> pl.Trainer:
    asked = config.trainer
    return pl.Trainer(
        max_epochs=asked.max_epochs,
        accelerator=ranks.accelerator(asked),
        devices=job.ranks,  # Lightning's own "auto" takes all GPUs there are
        strategy="auto" if job.ranks == 1 else "ddp",
        use_distributed_sampler=False,  # our batches are divided already
        sync_batchnorm=ranks.synchronises(asked),
        precision=asked.precision,
        gradient_clip_val=asked.gradient_clip_val,
        accumulate_grad_batches=asked.accumulate_grad_batches,
        deterministic=asked.deterministic,
        callbacks=callbacks,
        plugins=[WholeCheckpoints()],
        default_root_dir=job.run_dir,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=any(isinstance(callback, ModelCheckpoint) for callback in callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def default_threads(processes: int = 1) -> int:
    """Half the cores this process may use, shared by the processes of the training.

    Two threads on a busy two-core machine were ten times slower than one.
    """
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return max(1, len(usable) // 2 // processes)
