"""The queue in answers. See `runs.scheduling`."""

from __future__ import annotations

from typing import TypedDict

from runs.events import Status
from runs.shapes.run_shapes import RunPlace, RunProgress


class TrainedRun(TypedDict):
    """A run that a worker trains, and its GPUs."""

    run_id: int
    gpus: list[str]


class Worker(TypedDict):
    """A living worker."""

    name: str
    host: str
    slots: int
    busy: int
    gpus: list[str]
    started_at: str
    seen_at: str
    runs: list[TrainedRun]


class AbsentWorker(TypedDict):
    """Who trains without being registered."""

    name: str
    runs: list[TrainedRun]


class QueuedRun(RunPlace):
    """A run that waits, and its place."""

    run_id: int


class QueuePlaces(TypedDict):
    """Whether the queue is paused, and who waits; `runs` are the first of the `queued`."""

    paused: bool
    reason: str | None
    by: str | None
    since: str | None
    queued: int
    running: int
    runs_per_user: int | None
    slots: int
    runs: list[QueuedRun]


class Queue(QueuePlaces):
    """The same with the workers."""

    workers: list[Worker]
    absent_workers: list[AbsentWorker]


class QueueRow(TypedDict):
    """A run of the queue, in the columns of its page."""

    id: int
    experiment_name: str
    owner: str
    project: str
    priority: int
    status: Status
    fold: int | None
    folds: int | None
    queued_at: str | None
    attempt_start: str | None
    progress: RunProgress


class QueueRows(TypedDict):
    """The first runs that wait, and the newest that train."""

    queued: list[QueueRow]
    running: list[QueueRow]


class Gpu(TypedDict):
    """A GPU of a worker, which of the runs that you see have it, and what a run measured last."""

    id: str
    host: str
    worker: str
    name: str | None
    utilisation: float | None
    memory_used: int | None
    memory_total: int | None
    temperature: float | None
    measured_at: str | None
    busy: bool
    runs: list[int]


class Gpus(TypedDict):
    """The GPUs of all workers."""

    gpus: list[Gpu]
