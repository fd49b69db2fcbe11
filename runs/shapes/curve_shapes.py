"""Curves, epochs, the journal and the log in answers. See `runs.curves` and `runs.serializers`."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from runs.events import FinalStats, Progress, Status, TrainingStart
from runs.hints.early_stopping_countdown import Patience
from runs.hints.gradient_health import Health
from runs.hints.hint import Hint
from runs.shapes.run_shapes import WholeRun
from runs.statistics.matrix_statistics import Number


class SentEvent(TypedDict):
    """An event of the journal; `/api/asyncapi/` describes the data of each type."""

    type: str
    run_id: int
    seq: int
    attempt: int
    timestamp: str
    data: dict[str, Any]


class JournalPage(TypedDict):
    """A page of the journal; `last_seq` is the next request's `after`."""

    events: list[SentEvent]
    last_seq: int
    status: Status


MetricSeries = TypedDict(
    "MetricSeries",
    {
        "name": str,
        "split": str,
        "context": str,
        "class": str | None,
        "client_id": int | str | None,
        "round_id": int | None,
        "epochs": list[int],
        "values": list[Number],
    },
)
MetricSeries.__doc__ = "A metric by epoch, as two lists of equal length; `class` is null for the whole split."


class RunMetrics(TypedDict):
    """All epochs of the metrics, a series for each name, split, context and class."""

    run_id: int
    status: Status
    last_seq: int
    series: list[MetricSeries]


class Curve(TypedDict):
    """A curve as `x` and `y` of equal length; `exact`: nothing was left out of the `total` in the range."""

    name: str
    x: list[float]
    y: list[Number]
    exact: bool
    total: int
    nonfinite: int


class CurveOfSnapshot(Curve):
    """A curve with the name of its axis."""

    by: str


class RunCurves(TypedDict):
    """The curves of a run, or without `name` the names of those that it has."""

    run_id: int
    status: Status
    last_seq: int
    by: str
    started: float | None
    names: NotRequired[list[str]]
    series: NotRequired[list[Curve]]


class CurvesOfRuns(TypedDict):
    """The same curves of several runs."""

    runs: list[RunCurves]


class RunSnapshot(TypedDict):
    """The state after event `last_seq`, from which the WebSocket goes on."""

    run: WholeRun
    status: Status
    last_seq: int
    training_start: TrainingStart | None
    progress: Progress | None
    step: int
    learning_rate: float | None
    finals: dict[str, FinalStats]
    counts: dict[str, int]
    series: list[CurveOfSnapshot]
    events: list[SentEvent]


class RunHints(TypedDict):
    """What is wrong with a run or could be better, and the health of its gradients by layer group."""

    run_id: int
    status: Status
    last_seq: int
    hints: list[Hint]
    gradients: dict[str, Health]
    patience: Patience | None


class LogLine(TypedDict):
    """A line, the offset of its first byte, and whether its text goes on."""

    offset: int
    text: str
    cut: bool


class LogPage(TypedDict):
    """Lines of a log; `start` is the next `before`, `end` the next `after`, offsets in bytes."""

    run_id: int
    status: Status
    name: str
    attempt: int | None
    size: int
    start: int
    end: int
    more_before: bool
    more_after: bool
    lines: list[LogLine]
    next: int | None
    reset: bool


class RunFile(TypedDict):
    """A file of a run: `size` in bytes, `url` downloads it."""

    name: str
    size: int
    modified: str
    media_type: str
    url: str


class RunFiles(TypedDict):
    """The files of a run."""

    run_id: int
    files: list[RunFile]
