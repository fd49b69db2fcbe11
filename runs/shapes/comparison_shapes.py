"""Differences between runs, and suspected label errors. See `runs.comparison` and `runs.label_errors`."""

from __future__ import annotations

from typing import Literal, TypedDict

from runs.statistics.matrix_statistics import Number

Side = Literal["run", "reference"]


class AurocDifference(TypedDict):
    """The run with the highest AUROC less another one."""

    run: int
    difference: float
    low: Number
    high: Number
    p: Number
    adjusted_p: Number


class SplitComparison(TypedDict):
    """The AUROC of the runs over one split; `best` is the run that is shown to be better than all others."""

    samples: int | None
    patients: int | None
    evaluated: dict[str, int]
    comparisons: int
    highest: int | None
    best: int | None
    against: list[AurocDifference]
    problem: str | None


class Differences(TypedDict):
    """Comparisons by split."""

    splits: dict[str, SplitComparison]


class RunDecides(TypedDict):
    """Where a run decides: at a threshold of scores, or of log-odds; `source` names the rule."""

    run: int
    threshold: Number
    log_odds: Number
    source: str


class NumberDifference(TypedDict):
    """A number of a run less that of the reference; `shown` where that is more than chance."""

    name: str
    value: Number
    reference: Number
    difference: Number
    low: Number
    high: Number
    p: Number
    adjusted_p: Number
    method: str
    shown: bool


class DecisionDifference(TypedDict):
    """How many samples both, one or neither of two runs decide rightly."""

    both: int
    run_only: int
    reference_only: int
    neither: int
    method: str
    p: Number
    mid_p: Number
    adjusted_p: Number
    shown: bool


class AgainstReference(TypedDict):
    """A run against the reference."""

    run: int
    numbers: list[NumberDifference]
    decisions: DecisionDifference


class PairedReport(TypedDict):
    """All numbers and decisions of runs less those of a reference, over one split."""

    split: str
    reference: int
    samples: int | None
    patients: int | None
    evaluated: dict[str, int]
    draws: int | None
    comparisons: int
    decisions: list[RunDecides]
    against: list[AgainstReference]
    problem: str | None


class FlippedSample(TypedDict):
    """A sample on which only one of two runs decides rightly."""

    sample_id: str
    patient_id: str | None
    label: str
    reference_predicted: str
    reference_score: Number
    run_predicted: str
    run_score: Number


class FlippedPage(TypedDict):
    """A page of such samples; `totals` are those of both sides."""

    split: str
    reference: int
    run: int
    right: Side
    totals: dict[Side, int] | None
    page: int
    pages: int | None
    results: list[FlippedSample]
    problem: str | None


class FlippedPictures(TypedDict):
    """Addresses of small and of large pictures by sample."""

    images: dict[str, str]
    large: dict[str, str]
    problems: dict[str, str]
    problem: str | None


class LookedAtRun(TypedDict):
    """A run whose predictions were compared with labels; `problem` says why it was left out."""

    id: int
    name: str
    problem: str | None


class LabelError(TypedDict):
    """A sample whose label may be wrong, and where one run predicted it."""

    sample_id: str
    patient_id: str | None
    file: str | None
    given_label: str
    suggested_label: str
    suspicion: float
    runs_wrong: int
    runs: int
    run_id: int
    attempt: int
    split: str
    place: int


class LabelErrors(TypedDict):
    """A page of suspected label errors, the most suspicious first."""

    runs: list[LookedAtRun]
    samples: int
    relabelled: int
    total: int
    page: int
    pages: int
    note: str
    results: list[LabelError]
