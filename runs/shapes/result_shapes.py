"""The evaluation of the best checkpoint in answers. See `runs.serializers` and `runs.evaluation`."""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

from runs.events import EpochMatrix, ReliabilityPoint, Split, Status
from runs.shapes.run_shapes import SplitUse
from runs.statistics.matrix_statistics import Number

EvaluatedSplit: TypeAlias = Split | Literal["external"]
"""Or another data set, in answers about an external test."""


class MacroOver(TypedDict):
    """Over which classes the macro averages are."""

    classes: int
    absent: list[str]
    never_predicted: list[str]


class PatientResult(TypedDict):
    """The same evaluation with one sample for each patient; `text` says by which rule."""

    patients: int
    mixed: int
    confusion_matrix: list[list[int]]
    statistics: dict[str, Number]
    macro: MacroOver | None
    text: str


class FinalSplit(TypedDict):
    """The evaluation over one split; rows of the matrix are true, columns predicted classes."""

    epoch: int
    threshold: float | None
    class_names: list[str]
    positive_class: str | None
    confusion_matrix: list[list[int]]
    statistics: dict[str, Number]
    patients: int | None
    reliability: list[ReliabilityPoint]
    macro: MacroOver | None
    by_patient: PatientResult | None


class FinalStatistics(TypedDict):
    """The evaluations by split; none before the run has one."""

    run_id: int
    status: Status
    splits: dict[Split, FinalSplit]


class SplitLook(TypedDict):
    """A run that looked at a test split."""

    id: int
    experiment_name: str
    looks: int
    first: str


class TestSplit(TypedDict):
    """How often the run's test split was looked at; `test_split` is null where that is not known."""

    run_id: int
    test_split: SplitUse | None
    runs: list[SplitLook]


class WithInterval(TypedDict):
    """A number with its 95 % interval."""

    value: Number
    ci_low: Number
    ci_high: Number


class Steps(TypedDict):
    """What each threshold decides: how many positives and negatives are at or above it."""

    thresholds: list[float | None]
    true: list[float]
    false: list[float]


class Stops(Steps):
    """Thresholds to choose from, of `distinct` ones."""

    distinct: int


class DecisionCurve(TypedDict):
    """The net benefit by threshold of the model, and of treating all; `problem` says why there is none."""

    scores: str
    text: str
    problem: str | None
    thresholds: list[float] | None
    model: list[float | None] | None
    treat_all: list[float | None] | None


FinalCurves = TypedDict(
    "FinalCurves",
    {
        "run_id": int,
        "split": EvaluatedSplit,
        "label": int,
        "class": str,
        "threshold": float | None,
        "patients": int | None,
        "auroc": WithInterval,
        "average_precision": WithInterval,
        "samples": int | None,
        "positives": int | None,
        "roc": Steps | None,
        "precision_recall": Steps | None,
        "stops": Stops | None,
        "decision_curve": DecisionCurve | None,
        "problem": str | None,
    },
)
FinalCurves.__doc__ = "Curves of one class against the rest; `problem` says why there are none."

CellSample = TypedDict(
    "CellSample",
    {
        "sample_id": str | None,
        "patient_id": str | None,
        "file": str | None,
        "class": str | None,
        "predicted": str | None,
        "score": float | None,
        "place": int,
        "picture": NotRequired[str | None],
    },
)
CellSample.__doc__ = "A sample, its place among the predictions of the split, and what it was said to be."

CellPage = TypedDict(
    "CellPage",
    {
        "run_id": int,
        "attempt": int,
        "split": EvaluatedSplit,
        "label": int,
        "class": str,
        "cell": Literal["tn", "fp", "fn", "tp", "errors"],
        "threshold": float,
        "log_odds": float | None,
        "decides": str,
        "page": int,
        "pages": int | None,
        "total": int | None,
        "results": list[CellSample],
        "problem": str | None,
    },
)
CellPage.__doc__ = "A page of the samples behind a cell; `threshold` or `log_odds` decide, as `decides` says."


class SamplePictures(TypedDict):
    """Pictures, or rows of a table, by the ids of samples; the problems say what cannot be shown."""

    images: dict[str, str]
    problems: dict[str, str]
    columns: list[str] | None
    rows: dict[str, list[str]]
    problem: str | None


class MatrixOfEpoch(TypedDict):
    """The validation matrix of one epoch; null where it has none."""

    epoch: int
    matrix: EpochMatrix | None


class EpochMatrices(TypedDict):
    """Validation matrices of some of the `epochs` that have one."""

    class_names: list[str]
    best_epoch: int | None
    epochs: int
    first: int | None
    last: int | None
    matrices: list[MatrixOfEpoch]


class GroupDifference(WithInterval):
    """The difference of a group from all others, with its p and that which is adjusted for all groups."""

    p: Number
    p_holm: Number


class Subgroup(TypedDict):
    """The result of the samples that share a value of a column; `too_small` says why there are no statistics."""

    column: str
    group: str
    samples: int
    patients: int | None
    positives: int | None
    too_small: str | None
    statistics: dict[str, WithInterval]
    difference: GroupDifference | None


class Subgroups(TypedDict):
    """The final result told apart by groups; `worst` is the place of the one that is shown to be worse."""

    run_id: int
    split: EvaluatedSplit
    threshold: float | None
    log_odds: float | None
    decides: str
    metric: str
    kept: list[str]
    groups: list[Subgroup]
    comparisons: int
    worst: int | None
    verdict: str | None
    problem: str | None
