"""What the trainings of `benchmarks.load` do: no network, but everything a training says, at a steady rate.

200 events a second: `batch_metrics` and `gradient_stats` of 100 steps, in their numbers `progress` twice a second and
an epoch's end each minute. A real Lightning training that said as much would take more than half a core, four of them
both cores; what is measured here is the server, from the emitter in the training's process on.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from experiments.training.contract.reports import BestValues, CheckpointSaved, Job, Message, Outcome, Reporter
from runs.events import BatchMetrics, DatasetSummary, EpochEnd, GradientStats, ModelSummary, Progress, TrainingStart
from runs.events import utc_now as now

STEPS = 100  # a second
RATE = 2 * STEPS  # events a second
EPOCH_STEPS = 60 * STEPS
EPOCHS = 10_000
SAID = "said.json"  # in the run's folder: how many events it emitted


def train(job: Job, report: Reporter, stop: threading.Event) -> None:
    """Train until told to stop; then write into the run's folder how many events there were."""
    start = time.monotonic()
    said = 1
    report(_start(job))
    step = 0
    while not stop.wait(max(0.0, start + step / STEPS - time.monotonic())):
        for message in _of_step(job, step):
            report(message)
            said += not isinstance(message, (BestValues, CheckpointSaved))
        step += 1
    (Path(job.run_dir) / SAID).write_text(json.dumps({"events": said, "seconds": time.monotonic() - start}))
    report(Outcome(status="interrupted", reason=None))


def _start(job: Job) -> TrainingStart:
    return TrainingStart(
        run_id=job.run_id,
        experiment_name="load",
        max_epochs=EPOCHS,
        training_mode="centralized",
        resumed_from_epoch=None,
        total_steps=EPOCHS * EPOCH_STEPS,
        dataset=DatasetSummary(name="load", classes=["0", "1"], sizes={"train": EPOCH_STEPS, "val": 1_000}),
        model=ModelSummary(name="mlp", parameters=8_129, trainable=8_129),
    )


def _of_step(job: Job, step: int) -> Iterator[Message]:
    epoch, batch = divmod(step, EPOCH_STEPS)
    loss = 1 / (1 + step / EPOCH_STEPS)
    yield BatchMetrics(step=step, batch_idx=batch, epoch=epoch, loss=loss, accuracy=0.875, recall=1 - loss / 3, f1=0.8)
    if step % (STEPS // 2) == 0:
        yield Progress(
            epoch=epoch,
            batch_idx=batch,
            batches=EPOCH_STEPS,
            step=step,
            total_steps=EPOCHS * EPOCH_STEPS,
            samples_per_second=32.0 * STEPS,
            eta_seconds=float((EPOCHS * EPOCH_STEPS - step) / STEPS),
        )
    else:
        norms: dict[str, float | None] = {"layer1": loss, "layer2": loss / 3, "head": loss / 7}
        yield GradientStats(
            step=step, epoch=epoch, total_norm=loss * 1.07, layer_norms=norms, max_norm=loss, min_norm=loss / 7
        )
    if batch == EPOCH_STEPS - 1:
        yield from _of_epoch(job, epoch, step, loss)


def _of_epoch(job: Job, epoch: int, step: int, loss: float) -> Iterator[Message]:
    rate = {f"{{}}_{name}": 1 - loss / 3 for name in ("acc", "f1", "recall")} | {"{}_loss": loss}
    yield EpochEnd(
        epoch=epoch, phase="train", metrics={key.format("train"): rate[key] for key in rate}, timestamp=now()
    )
    rate |= {"{}_auroc": 1 - loss / 3, "{}_precision": 1 - loss / 3}
    yield EpochEnd(epoch=epoch, phase="val", metrics={key.format("val"): rate[key] for key in rate}, timestamp=now())
    (Path(job.run_dir) / "last.ckpt").write_bytes(bytes(100_000))
    yield CheckpointSaved(epoch=epoch, step=step + 1, last="last.ckpt", best="last.ckpt")
    yield BestValues(
        best_epoch=epoch,
        best_value=1 - loss / 3,
        best_val_recall=1 - loss / 3,
        best_val_recall_epoch=epoch,
        best_val_loss=loss,
        best_val_loss_epoch=epoch,
        total_epochs=epoch + 1,
    )
