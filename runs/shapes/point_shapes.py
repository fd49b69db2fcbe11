"""Operating points in answers. See `runs.wording.operating_point_text` and `runs.saved_points.saved_point_json`."""

from __future__ import annotations

from typing import TypedDict

from runs.events import Status

Statistics = dict[str, float | None]


class SplitShift(TypedDict):
    """What differs between validation and test by more than chance explains."""

    name: str
    difference: float
    ci_low: float | None
    ci_high: float | None
    text: str


class Point(TypedDict):
    """A threshold that was chosen on validation, and its numbers in each split; `reason` says why there is none."""

    rule: str
    label: str
    threshold: float | None
    log_odds: float | None
    reason: str | None
    splits: dict[str, Statistics]
    shifts: list[SplitShift]


class RunPoints(TypedDict):
    """The operating points of a run; `points` is null where there are none."""

    run_id: int
    status: Status
    positive_class: str | None
    points: list[Point] | None


class SavedPoint(TypedDict):
    """A decision on where a run decides; of a withdrawal `rule` and `threshold` are null.

    `number` is that of the rule, `probability` the recalibrated threshold. `summary`, `origin` and `decided` are
    sentences for people. `test_known` says that the result on the test split was known when it was decided.
    """

    rule: str | None
    number: float | None
    label: str
    threshold: float | None
    log_odds: float | None
    probability: float | None
    summary: str
    chosen_on: str | None
    test_known: bool
    origin: str
    by: str
    at: str
    reason: str
    decided: str
    attempt: int
    splits: dict[str, Statistics]
    shifts: list[SplitShift]


class SavedPointHistory(TypedDict):
    """The saved operating point, all that was decided, the newest first, and why none can be saved."""

    run_id: int
    status: Status
    obstacle: str | None
    operating_point: SavedPoint | None
    history: list[SavedPoint]


class PointSaved(TypedDict):
    """The point that holds now; `problem` says that its file could not be written."""

    run_id: int
    operating_point: SavedPoint | None
    problem: str | None
