"""A run in answers: the line of a list, and everything that is known of one. See `runs.serializers`."""

from __future__ import annotations

from typing import Any, TypedDict

from runs.events import Status
from runs.hints.early_stopping_countdown import Patience
from runs.shapes.point_shapes import SavedPoint


class RunProgress(TypedDict):
    """How far a run is: `fraction` from 0 to 1, times in seconds."""

    fraction: float
    epoch: int | None
    max_epochs: int
    samples_per_second: float | None
    eta_seconds: float | None


class RunBest(TypedDict):
    """The best epoch by the number that the run watches, and by recall and loss of validation."""

    epoch: int | None
    value: float | None
    val_recall: float | None
    val_recall_epoch: int | None
    val_loss: float | None
    val_loss_epoch: int | None


class RunHeadline(TypedDict):
    """The final result in a line, of the test split where there is one; counts are null with several classes."""

    split: str
    cm_tn: int | None
    cm_fp: int | None
    cm_fn: int | None
    cm_tp: int | None
    precision: float | None
    recall: float | None
    f1: float | None
    auroc: float | None


class RunNote(TypedDict):
    """Something to know about the run for good."""

    code: str
    text: str


class RunPlace(TypedDict):
    """The place of a run in the queue; all null unless it is queued."""

    queue_position: int | None
    estimated_start: str | None
    waits_for: str | None


class RunSummary(RunPlace):
    """A run as a line of a list; `id` and `run_id` are the same."""

    id: int
    run_id: int
    experiment_name: str
    training_mode: str
    source_path: str
    model_name: str | None
    tags: list[str]
    status: Status
    priority: int
    queued_at: str | None
    reason: str | None
    notes: list[RunNote]
    group_id: int | None
    fold: int | None
    folds: int | None
    replaced: bool
    owner: str
    project: str
    project_id: int
    created_at: str
    deleted_at: str | None
    start_time: str | None
    end_time: str | None
    duration_seconds: float | None
    spent_seconds: float
    attempt_start: str | None
    stop_request: str | None
    origin: int | None
    attempt: int
    last_seq: int
    progress: RunProgress
    monitor: str
    best: RunBest
    final: RunHeadline | None
    links: dict[str, str]


class Sparkline(TypedDict):
    """The curve of the number that the run watches, as points for a small picture."""

    metric: str
    values: list[float | None]


class RunLine(RunSummary, total=False):
    """A line of a list with what was asked for: `columns` and `sparkline`."""

    columns: dict[str, Any]
    sparkline: Sparkline


class PageLinks(TypedDict):
    """The addresses of the neighbouring pages."""

    next: str | None
    previous: str | None


class RunPage(PageLinks):
    """A page of the list of runs."""

    results: list[RunLine]


class SplitUse(TypedDict):
    """How often a test split was looked at; `identity` tells test splits apart, `order` is this run's place."""

    identity: str
    looks: int
    runs: int
    folds: int
    order: int | None
    first: str
    best_of: int | None
    text: str


class WholeRun(RunSummary):
    """Everything known of a run but its journal, metrics and files."""

    description: str
    revision: int
    revised_by: str | None
    revised_at: str | None
    config: dict[str, Any]
    versions: dict[str, Any]
    seed: int | None
    git_commit: str | None
    execution: list[dict[str, Any]]
    recalibration: dict[str, Any] | None
    operating_point: SavedPoint | None
    dataset: dict[str, Any] | None
    dataset_hash: str | None
    positive_class: str | None
    model: dict[str, Any] | None
    total_epochs: int | None
    best_checkpoint: str | None
    last_checkpoint: str | None
    test_split: SplitUse | None


class RunDetail(WholeRun):
    """The same with the countdown of early stopping."""

    patience: Patience | None
