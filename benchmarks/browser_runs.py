"""The runs that the browser is shown, written by the real lifecycle and recorder; long histories in bulk."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from django.contrib.auth.models import User
from django.utils import timezone

from experiments.training.contract.config import TrainingConfig
from runs import lifecycle, recorder
from runs.curves import compaction
from runs.events import (
    BatchMetrics,
    DatasetSummary,
    EpochEnd,
    Event,
    FinalStats,
    GradientStats,
    ModelSummary,
    TrainingStart,
    format_time,
    utc_now,
)
from runs.models import Run, RunEvent

LAYERS, PER_LAYER = 20, 5_000
STEPS = 1_000  # of an epoch
_CONFIG = TrainingConfig(experiment_name="seen", source_path="builtin:digits-is-8").model_dump(mode="json")


def reader() -> User:
    return User.objects.get_or_create(username="reader")[0]


def running() -> Run:
    queued = lifecycle.create(reader(), _CONFIG)
    run = lifecycle.claim(queued.pk, "benchmark")
    assert run is not None
    start = TrainingStart(
        run_id=run.pk,
        experiment_name="seen",
        max_epochs=100,
        training_mode="centralized",
        resumed_from_epoch=None,
        total_steps=100 * STEPS,
        dataset=DatasetSummary(name="digits-is-8", classes=["not 8", "8"], sizes={"train": 1437, "val": 360}),
        model=ModelSummary(name="cnn", parameters=23793, trainable=23793),
    )
    _tell(run, [start])
    return run


def long_run(batches: int, *, packed: bool = True) -> Run:
    """Create a long run, compacted as beside a training; otherwise there is only its journal."""
    run = running()
    _bulk(run, (_batch(step) for step in range(1, batches + 1)))
    if packed:
        compaction.compact_all(run.pk, run.last_seq)
    for epoch in range(batches // STEPS):
        _tell(run, [EpochEnd(epoch=epoch, phase="val", metrics={"val_loss": 1 / (epoch + 1)}, timestamp=utc_now())])
    return run


def run_of_layers() -> Run:
    run = running()
    _bulk(run, (_layers(step) for step in range(PER_LAYER)))
    return run


def tell_batch(run: Run, step: int) -> None:
    _tell(run, [_batch(step)])


def tell_layers(run: Run, step: int) -> None:
    _tell(run, [_layers(step)])


def one_long_curve(samples: int) -> Run:
    """Create a completed run with a batch at each step, in parts: so many rows take much memory."""
    run, part = running(), 100_000
    for first in range(0, samples, part):
        _bulk(run, (_batch(step) for step in range(first + 1, min(first + part, samples) + 1)))
    lifecycle.end(run.pk, run.attempt, "completed", None)
    run.refresh_from_db()
    compaction.compact_all(run.pk, run.last_seq)
    return run


def end(run: Run, result: FinalStats) -> None:
    """Store the result of a run, and complete it."""
    _tell(run, [result])
    lifecycle.end(run.pk, run.attempt, "completed", None)


def _batch(step: int) -> BatchMetrics:
    loss = 1 / (1 + step / 500) + 0.1 * (step * 7919 % 101) / 101
    return BatchMetrics(
        step=step, batch_idx=step % STEPS, epoch=step // STEPS, loss=loss, accuracy=0.75, recall=0.5, f1=0.6
    )


def _layers(step: int) -> GradientStats:
    norms: dict[str, float | None] = {
        f"layer{n}": 0.1 + n / 10 + (step * (7919 + n) % 101) / 101 for n in range(LAYERS)
    }
    return GradientStats(
        step=step, epoch=step // STEPS, total_norm=5.0, layer_norms=norms, max_norm=3.0, min_norm=0.1, nonfinite=False
    )


def _tell(run: Run, events: Iterable[Event]) -> None:
    recorder.record(run.pk, run.attempt, [recorder.stamp(event) for event in events])


def _bulk(run: Run, events: Iterable[Event]) -> None:
    """Insert events as the recorder leaves them, without the recorder's time."""
    last, moment = Run.objects.values_list("last_seq", flat=True).get(pk=run.pk), format_time(timezone.now())
    rows = [
        RunEvent(
            run=run, seq=seq, attempt=1, type=event.type, timestamp=moment, data=msgspec.json.encode(event).decode()
        )
        for seq, event in enumerate(events, last + 1)
    ]
    RunEvent.objects.bulk_create(rows, batch_size=5_000)
    run.last_seq = last + len(rows)
    run.save(update_fields=["last_seq"])
