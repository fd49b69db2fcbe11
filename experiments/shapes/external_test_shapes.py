"""What requests about external tests are answered with. See `experiments.external_tests`."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from runs.events import ReliabilityPoint
from runs.shapes.point_shapes import Point
from runs.shapes.result_shapes import MacroOver, PatientResult
from runs.statistics.matrix_statistics import Number

Level = Literal["same", "likely", "none"]


class ChosenPoint(TypedDict):
    """A threshold that was chosen on the other data, and the main numbers there."""

    rule: str
    number: float | None
    threshold: float | None
    log_odds: float | None
    statistics: dict[str, Number]
    point: str


class NamedExternalTest(TypedDict):
    """An external test and its main numbers at the operating point that is kept.

    `classes` counts the samples by class. `of_this_model` is false once the run was resumed.
    """

    run_id: int
    number: int
    name: str
    title: str
    note: str
    owner: str
    created_at: str
    attempt: int
    of_this_model: bool
    source_path: str
    content_hash: str | None
    samples: int
    patients: int | None
    class_names: list[str]
    classes: list[int]
    positive_class: str | None
    threshold: float | None
    point: str
    statistics: dict[str, Number]
    links: dict[str, str]


class ExternalTestSummary(NamedExternalTest):
    """An external test as lists show it.

    `overlap` says whether its samples are those of the training (`same`), share ids with it (`likely`), or not as far
    as is known.
    """

    overlap: Level
    rechosen: ChosenPoint | None


class ExternalTestList(TypedDict):
    """The external tests of a run, the oldest first."""

    run_id: int
    results: list[ExternalTestSummary]


class ExternalTestsOfRuns(TypedDict):
    """Those of several runs."""

    results: list[ExternalTestSummary]


class ExternalSplit(TypedDict):
    """One evaluation, in the shape of a split's final statistics, and the point at which it decides."""

    threshold: float | None
    log_odds: float | None
    rule: str
    number: float | None
    point: str
    class_names: list[str]
    positive_class: str | None
    confusion_matrix: list[list[int]]
    statistics: dict[str, Number]
    samples: int
    patients: int | None
    reliability: list[ReliabilityPoint]
    macro: MacroOver | None
    by_patient: PatientResult | None


class InternalSplit(ExternalSplit):
    """The run's own test at the same point; `split` is val where it has no test split."""

    split: Literal["test", "val"]


class ExternalLooks(TypedDict):
    """How often these samples were looked at."""

    looks: int
    runs: int
    text: str


class SharedIds(TypedDict):
    """How many ids of the other data occur in each split of the run, and some that were trained or chosen on."""

    train: int
    val: int
    test: int
    examples: list[str]


class Overlap(TypedDict):
    """What the other data share with those of the run; `texts` say it, `unchecked` what was not compared."""

    level: Level
    samples: SharedIds
    patients: SharedIds
    texts: list[str]
    unchecked: list[str]


class LeftOutSample(TypedDict):
    """A sample that could not be read."""

    sample: str
    problem: str


class LeftOut(TypedDict):
    """How many samples could not be read, and the first ones with the reason."""

    count: int
    first: list[LeftOutSample]


class ExternalTestDetail(NamedExternalTest):
    """Everything of one external test.

    `internal` is null where the run's own predictions are gone, as `internal_problem` says; then `shift` is too.
    """

    overlap: Overlap
    kept: ExternalSplit
    rechosen: ExternalSplit | None
    rechosen_problem: str | None
    internal: InternalSplit | None
    internal_problem: str | None
    shift: dict[str, Any] | None
    calibration: list[str]
    recalibrated: dict[str, Any] | None
    groups: dict[str, Any] | None
    site: str | None
    warnings: list[str]
    looks: ExternalLooks
    reading: dict[str, Any]
    left_out: LeftOut
    notes: list[str]
    checkpoint_sha256: str
    identity: str
    may_delete: bool


class ExternalPoints(TypedDict):
    """The run's operating points on validation, test and other data; null with more than two classes."""

    run_id: int
    number: int
    points: list[Point] | None
