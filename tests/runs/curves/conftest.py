"""Journals as trainings leave them, and what a browser makes of them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from runs.curves import compaction, memory
from runs.events import (
    BatchMetrics,
    DatasetSummary,
    EpochEnd,
    Event,
    FinalStats,
    GradientStats,
    LrUpdate,
    ModelSummary,
    Progress,
    RunStatus,
    TrainingStart,
    encode,
    format_time,
)
from runs.models import Run, RunEvent

STEPS = 40
"""Steps of one epoch."""


@pytest.fixture
def short_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the ranges, so that small journals have many."""
    monkeypatch.setattr(compaction, "RANGE", 64)


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the cache keep nothing, as in a process that has read nothing yet."""
    monkeypatch.setattr(memory.column_cache, "_most", 0)


def start(resumed_from: int | None, *, total_steps: int | None = 10 * STEPS) -> Event:
    return TrainingStart(
        run_id=1,
        experiment_name="digits",
        max_epochs=10,
        training_mode="centralized",
        resumed_from_epoch=resumed_from,
        total_steps=total_steps,
        dataset=DatasetSummary(name="digits", classes=["0", "1"], sizes={"train": 1}),
        model=ModelSummary(name="mlp", parameters=1, trainable=1),
    )


def epochs(first: int, last: int, seed: int = 0, group: str = "conv") -> Iterator[Event]:
    """Yield the events of these epochs, the last one included, as a training does; some numbers are unknown."""
    chance = random.Random(seed)
    for epoch in range(first, last + 1):
        yield LrUpdate(epoch=epoch, step=epoch * STEPS, learning_rate=0.1 * 0.9**epoch)
        for step in range(epoch * STEPS + 1, (epoch + 1) * STEPS + 1):
            loss = None if chance.random() < 0.05 else chance.random()
            yield BatchMetrics(step=step, batch_idx=0, epoch=epoch, loss=loss, accuracy=0.5, recall=None, f1=None)
            if step % 4 == 0:
                norms = {group: chance.random(), "head": None if loss is None else 0.1}
                total = chance.random() * 9
                yield GradientStats(
                    step=step, epoch=epoch, total_norm=total, layer_norms=norms, max_norm=1.0, min_norm=0.1
                )
            if step % 8 == 0:
                yield progress(step, epoch, chance.random() * 100)
        for phase in ("train", "val"):
            metrics = {f"{phase}_loss": chance.random(), f"{phase}_acc": None}
            yield EpochEnd(epoch=epoch, phase=phase, metrics=metrics, timestamp="")


def progress(step: int, epoch: int, rate: float) -> Event:
    return Progress(
        epoch=epoch, batch_idx=0, batches=STEPS, step=step, total_steps=None, samples_per_second=rate, eta_seconds=None
    )


def status(new: str, previous: str | None) -> Event:
    return RunStatus(status=new, previous=previous)  # type: ignore[arg-type]


def final(split: str, epoch: int) -> Event:
    return FinalStats(
        split=split,  # type: ignore[arg-type]
        epoch=epoch,
        threshold=0.5,
        confusion_matrix=[[1, 0], [0, 1]],
        class_names=["0", "1"],
        statistics={"final_auroc_cm": 0.5 + epoch / 100},
    )


def resumed_twice() -> list[Event]:
    """Return the events of a run interrupted in epoch 3, resumed from 1, evaluated, and begun from scratch.

    It is then resumed from 0, with another layer.
    """
    return [
        status("queued", None),
        status("in_progress", "queued"),
        start(None),
        *epochs(0, 3, 1),
        start(1),
        *epochs(2, 4, 2),
        final("val", 4),
        final("test", 4),
        start(None),
        *epochs(0, 2, 3, group="other"),
        start(0),
        *epochs(1, 3, 4, group="other"),
        final("val", 3),
        status("completed", "in_progress"),
    ]


def journal(run: Run, events: Iterable[Event], began: int = 1_795_511_859) -> None:
    """Store the events at once, with one second between them."""
    rows = [
        RunEvent(
            run=run,
            seq=seq,
            attempt=1,
            type=event.type,
            timestamp=moment(began + seq),
            data=encode(event).decode(),
        )
        for seq, event in enumerate(events, run.last_seq + 1)
    ]
    RunEvent.objects.bulk_create(rows)
    run.last_seq += len(rows)
    run.save(update_fields=["last_seq"])


def moment(seconds: int) -> str:
    return format_time(datetime.fromtimestamp(seconds, UTC))


class Browser:
    """The page's handling of events, written a second time; each curve is [(x, y)]."""

    SAMPLED: Mapping[str, tuple[str, tuple[str, ...]]] = {
        "batch_metrics": ("batch", ("loss", "accuracy", "recall", "f1")),
        "lr_update": ("rate", ("learning_rate",)),
        "progress": ("throughput", ("samples_per_second", "data_wait_share")),
    }

    def __init__(self) -> None:
        self.curves: dict[str, list[tuple[float, float | None, int]]] = {}
        self.progress: Any = None
        self.start: Any = None
        self.step = 0
        self.finals: dict[str, Any] = {}
        self.counts: dict[str, int] = {}

    def take(self, events: Iterable[Mapping[str, Any]]) -> Browser:
        for event in events:
            type_, data = event["type"], event["data"]
            self.counts[type_] = self.counts.get(type_, 0) + 1
            for name, x, y in self._samples(type_, data):
                self.curves.setdefault(name, []).append((x, y, data["epoch"]))
            if type_ == "training_start":
                self._restart(data)
            elif type_ in ("batch_metrics", "progress"):
                self.step = data["step"]
                self.progress = data if type_ == "progress" else self.progress
            elif type_ == "final_stats":
                self.finals[data["split"]] = data
        return self

    def adopt(self, snapshot: Mapping[str, Any]) -> Browser:
        """Start with a snapshot; the epoch of a sample follows from its step here."""
        for curve in snapshot["series"]:
            assert curve["exact"]
            self.curves[curve["name"]] = [(x, y, _epoch(curve, x)) for x, y in zip(curve["x"], curve["y"], strict=True)]
        self.progress, self.step, self.finals = snapshot["progress"], snapshot["step"], snapshot["finals"]
        self.start, self.counts = snapshot["training_start"], snapshot["counts"]
        return self

    @property
    def state(self) -> dict[str, Any]:
        curves = {name: [(x, y) for x, y, _ in points] for name, points in self.curves.items() if points}
        parts = {"progress": self.progress, "start": self.start, "step": self.step, "finals": self.finals}
        return {"curves": curves, "counts": self.counts, **parts}

    def _restart(self, data: Mapping[str, Any]) -> None:
        last = data["resumed_from_epoch"]
        for name, points in self.curves.items():
            self.curves[name] = [] if last is None else [point for point in points if point[2] <= last]
        self.start, self.progress, self.step = data, None, 0
        self.finals = {}

    def _samples(self, type_: str, data: Mapping[str, Any]) -> Iterator[tuple[str, float, float | None]]:
        if type_ in self.SAMPLED:
            prefix, names = self.SAMPLED[type_]
            yield from ((f"{prefix}/{name}", data["step"], data[name]) for name in names)
        elif type_ == "epoch_end":
            yield from ((f"epoch/{name}", data["epoch"], value) for name, value in data["metrics"].items())
        elif type_ == "gradient_stats":
            for name in ("total_norm", "max_norm", "min_norm", "nonfinite"):
                yield f"gradient/{name.removesuffix('_norm')}", data["step"], data[name]
            for name, value in data["layer_norms"].items():
                yield f"gradient/layer/{name}", data["step"], value


def _epoch(curve: Mapping[str, Any], x: float) -> int:
    if curve["by"] == "epoch":
        return int(x)
    if curve["name"].startswith("rate/"):
        return int(x // STEPS)
    return math.ceil(x / STEPS) - 1
