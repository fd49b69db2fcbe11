"""The event schema: everything that happens in a run, declared once.

Callbacks build these frozen values, the journal stores them, the WebSocket and
the REST API deliver them inside an envelope. Pure: imports no Django, no torch.

Encoding writes NaN and infinity as ``null``: browsers and PostgreSQL reject both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import ClassVar, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

Status: TypeAlias = Literal["queued", "in_progress", "cancelling", "completed", "failed", "cancelled"]
Ending: TypeAlias = Literal["completed", "failed", "cancelled"]
Phase: TypeAlias = Literal["train", "val"]
Split: TypeAlias = Literal["val", "test"]


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """The base of all events; `type` names the event in the envelope and is no field of its data.

    No event is part of a cycle, so the garbage collector need not look at the thousands that are on their way.
    """

    type: ClassVar[str]


M_co = TypeVar("M_co", covariant=True)


class Stamped(NamedTuple, Generic[M_co]):
    """A message, mostly an event, with its moment and its data as JSON, encoded once at the source."""

    message: M_co
    timestamp: str
    data: str


class DatasetSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The data a run trains on.

    `sizes` maps a split's name to its number of samples; `classes` are in label order. `positive_class` is the one that
    scores stand for, null unless there are two.
    """

    name: str
    classes: list[str]
    sizes: dict[str, int]
    positive_class: str | None = None


class ModelSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The network's parameter counts: all parameters, and those that the optimizer may change."""

    name: str
    parameters: int
    trainable: int


class RunStatus(Event, frozen=True, kw_only=True):
    """A change of status; the first one (`queued`) is an event too."""

    type: ClassVar[str] = "run_status"
    status: Status
    previous: Status | None
    reason: str | None = None
    queue_position: int | None = None


class TrainingStart(Event, frozen=True, kw_only=True):
    """The start of an attempt's training.

    `resumed_from_epoch` is the last complete epoch of the checkpoint that the attempt continues: everything known of
    later epochs is void. Null: the attempt starts from scratch, all earlier values are void.
    """

    type: ClassVar[str] = "training_start"
    run_id: int
    experiment_name: str
    max_epochs: int
    training_mode: str
    resumed_from_epoch: int | None
    total_steps: int | None
    dataset: DatasetSummary
    model: ModelSummary


class BatchMetrics(Event, frozen=True, kw_only=True):
    """Numbers of one training batch, from its own predictions; recall and F1 are null without positives."""

    type: ClassVar[str] = "batch_metrics"
    step: int
    batch_idx: int
    epoch: int
    loss: float | None
    accuracy: float | None
    recall: float | None
    f1: float | None


class GradientStats(Event, frozen=True, kw_only=True):
    """L2 norms of the gradients before clipping: global, and per top-level layer group with their extremes."""

    type: ClassVar[str] = "gradient_stats"
    step: int
    epoch: int
    total_norm: float | None
    layer_norms: dict[str, float | None]
    max_norm: float | None
    min_norm: float | None
    nonfinite: bool = False


class EpochMatrix(msgspec.Struct, frozen=True, kw_only=True):
    """What one validation confused, of several classes.

    `cells` is the whole matrix, row by row (row = true class, column = predicted class), of few classes, else empty. Of
    many, `mistakes` are the most frequent ones, each as true class, predicted class, samples, and samples of the true
    class. `right` of `samples` are right; `pairs` of classes are mistaken at all.
    """

    classes: int
    samples: int
    right: int
    pairs: int
    cells: list[int]
    mistakes: list[list[int]]


class EpochEnd(Event, frozen=True, kw_only=True):
    """All numbers of one phase of one complete epoch, under the names of `metric_names`.

    `matrix` is null but for the validation of several classes: two have their counts among the metrics.
    """

    type: ClassVar[str] = "epoch_end"
    epoch: int
    phase: Phase
    metrics: dict[str, float | None]
    timestamp: str
    matrix: EpochMatrix | None = None


class LrUpdate(Event, frozen=True, kw_only=True):
    """A change of the first parameter group's learning rate."""

    type: ClassVar[str] = "lr_update"
    epoch: int
    step: int
    learning_rate: float | None


class EarlyStopped(Event, frozen=True, kw_only=True):
    """The end of a training by EarlyStopping itself; no other end sends it."""

    type: ClassVar[str] = "early_stopping"
    epoch: int
    best_metric_value: float | None
    patience: int
    monitor: str
    reason: str


class Progress(Event, frozen=True, kw_only=True):
    """How far the training is, at most two events a second; rates are samples per second, times are seconds.

    `data_wait_share` is the share of the training steps' time since the last event that was spent waiting for the data
    loader, 0 to 1. Null where nothing was trained since, and in journals older than the field.
    """

    type: ClassVar[str] = "progress"
    epoch: int
    batch_idx: int
    batches: int | None
    step: int
    total_steps: int | None
    samples_per_second: float | None
    eta_seconds: float | None
    data_wait_share: float | None = None


class GpuUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The use of one GPU by all processes: `utilisation` 0 to 1, memory in bytes, `temperature` in degrees Celsius.

    `id` is its UUID. A number that its driver does not report is null.
    """

    id: str
    name: str
    utilisation: float | None
    memory_used: int | None
    memory_total: int | None
    temperature: float | None


class ResourceUsage(Event, frozen=True, kw_only=True):
    """The machine's resources that the run uses, about every 2 seconds; of several machines, the first one.

    CPU in cores (1.5: one core and a half were busy since the sample before), memory and disk in bytes. `cpu_cores`,
    `memory_rss` and `memory_pss` are of all processes of the run (`processes` of them: ranks, loader workers); memory
    that they share counts for each of them in `memory_rss`, and once in `memory_pss`, which is measured less often
    where that takes long. `machine_memory_*` are of the control group where its limit is lower than the machine's
    memory; `disk_*` are of the file system of the run's folder. `gpus` are those that the run may use, none without a
    driver.
    """

    type: ClassVar[str] = "resource_usage"
    cpu_cores: float | None
    machine_cpu_cores: float | None
    machine_cores: int | None
    processes: int | None
    memory_rss: int | None
    memory_pss: int | None
    machine_memory_used: int | None
    machine_memory_total: int | None
    disk_free: int | None
    disk_total: int | None
    gpus: list[GpuUsage]


class ReliabilityPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One bin of a reliability diagram: `samples` with scores from `low` to `high`, and the `share` that came true.

    `ci_low` and `ci_high` are the 95 % interval of the share.
    """

    samples: int
    low: float
    high: float
    mean_score: float
    share: float
    ci_low: float | None
    ci_high: float | None


class OperatingPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A threshold and what it gives on one split.

    `rule` says how it was chosen on the validation split (`runs.statistics.operating_points.rules`). A sample is called
    positive where its score is at or above `threshold`; where scores do not tell neighbours apart in single precision,
    `log_odds` is given, and decides instead. Without a threshold `reason` says why, and `statistics` is empty; else it
    has the four counts, `final_sensitivity`, `final_specificity`, `final_precision_cm` and `final_npv` with their ends.
    """

    rule: str
    threshold: float | None
    log_odds: float | None
    reason: str | None
    statistics: dict[str, float | None]


class PatientStats(msgspec.Struct, frozen=True, kw_only=True):
    """The evaluation of one split with one sample for each patient: its score is the mean of those of its samples.

    Of two classes a patient is positive if any of its samples is; of more, those whose samples are of several classes
    are left out. `patients` counts those that are evaluated, `mixed` those with samples of several classes.
    `confusion_matrix` and `statistics` are as in `FinalStats`, with patients in place of samples.
    """

    patients: int
    mixed: int
    confusion_matrix: list[list[int]]
    statistics: dict[str, float | None]


class FinalStats(Event, frozen=True, kw_only=True):
    """The evaluation of the best checkpoint over one split.

    `confusion_matrix` is n x n, row = true class, column = predicted class, in the order of `class_names`. `statistics`
    is flat: a name of `metric_names`, `<name>_ci_low` / `<name>_ci_high` for its 95 % interval, and `<name>/<class>`
    for the per-class rows of a multi-class run. `patients` are those of the split, null where they are not known: then
    the intervals treat the samples as independent. `reliability` goes from low scores to high ones. `operating_points`
    are those of two classes, the same ones on each split. `split_identity` is that of the test split's samples: runs
    whose test splits have the same one were evaluated on the same samples. Null for validation, and in journals older
    than the field. `by_patient` is null where no patient is known to have several samples, with more than 60 classes,
    and in older journals.
    """

    type: ClassVar[str] = "final_stats"
    split: Split
    epoch: int
    threshold: float | None
    confusion_matrix: list[list[int]]
    class_names: list[str]
    statistics: dict[str, float | None]
    patients: int | None = None
    reliability: list[ReliabilityPoint] = []
    operating_points: list[OperatingPoint] = []
    split_identity: str | None = None
    by_patient: PatientStats | None = None


class TrainingEnd(Event, frozen=True, kw_only=True):
    """The last event of every run, however it ends; `total_epochs` counts the epochs that were trained."""

    type: ClassVar[str] = "training_end"
    run_id: int
    status: Ending
    best_epoch: int | None
    best_val_recall: float | None
    best_val_loss: float | None
    total_epochs: int
    duration_seconds: float
    reason: str | None


EVENT_TYPES: Mapping[str, type[Event]] = {
    cls.type: cls
    for cls in (
        RunStatus,
        TrainingStart,
        BatchMetrics,
        GradientStats,
        EpochEnd,
        LrUpdate,
        EarlyStopped,
        Progress,
        ResourceUsage,
        FinalStats,
        TrainingEnd,
    )
}
_DECODERS: Mapping[str, msgspec.json.Decoder[Event]] = {
    type_: msgspec.json.Decoder(cls) for type_, cls in EVENT_TYPES.items()
}
EPHEMERAL_TYPES = frozenset({BatchMetrics.type, GradientStats.type, Progress.type, ResourceUsage.type})

Emit: TypeAlias = Callable[[Event], object]
"""Where callbacks send their events: `events.append` in a test, a queue's `put` in a training."""


def utc_now() -> str:
    """Return the current time as events carry it: UTC, ISO 8601, `Z`."""
    return format_time(datetime.now(UTC))


def format_time(moment: datetime) -> str:
    """Format an aware datetime as UTC, ISO 8601 with microseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def time_or_null(moment: datetime | None) -> str | None:
    """Format a time as `format_time` does; None stays None."""
    return None if moment is None else format_time(moment)


def encode(event: Event) -> bytes:
    """Encode the event's data as JSON, non-finite numbers as null."""
    return msgspec.json.encode(event)


def decode(type_: str, data: bytes | str | msgspec.Raw) -> Event:
    """Build the event of that type from JSON.

    Raises `msgspec.ValidationError` for an unknown type and for data that do not fit it.
    """
    try:
        decoder = _DECODERS[type_]
    except KeyError:
        raise msgspec.ValidationError(f"Unknown event type {type_!r}") from None
    return decoder.decode(data)


def envelope(*, type_: str, run_id: int, seq: int, attempt: int, timestamp: str, data: str) -> str:
    """Build the message of one event; its encoded data are embedded as they were stored, never encoded twice."""
    return (
        f'{{"type":"{type_}","run_id":{run_id},"seq":{seq},"attempt":{attempt},'
        f'"timestamp":"{timestamp}","data":{data}}}'
    )
