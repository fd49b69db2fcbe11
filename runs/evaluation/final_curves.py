"""Draw the curves of a run's final evaluation from its predictions, and tell what each threshold would decide.

Brings NumPy and Arrow: a web process loads it with the first evaluation that is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from runs.evaluation import class_scores, net_benefits
from runs.evaluation.class_scores import Origin
from runs.models import FinalResult, Run
from runs.saved_points import point_history
from runs.statistics.curve_points import Steps, precision_recall_points, roc_points, steps, stops
from runs.statistics.net_benefit import DecisionCurve

DRAWN = 500  # points of a curve
REMEMBERED = 16  # answers; each holds 24 bytes for a point

NOT_YET = "The curves come when the run has ended: its predictions are stored then."

INTERVAL = ("", "_ci_low", "_ci_high")


class Drawing(NamedTuple):
    """Whose predictions are drawn, at which thresholds, and how their scores become probabilities."""

    origin: Origin
    attempt: int
    thresholds: tuple[float, ...]
    probabilities: net_benefits.Probabilities
    stored_split: str | None = None  # what the rows say, if that is another name than the result's


class _Wanted(NamedTuple):
    """What the curves follow from: what an attempt has evaluated does not change."""

    origin: Origin
    attempt: int
    split: str
    label: int
    class_names: tuple[str, ...]
    thresholds: tuple[float, ...]
    points: int
    probabilities: str  # as JSON, since a remembered question must be hashable


@dataclass(frozen=True, slots=True)
class _Curves:
    """What is computed of one class of one split."""

    roc: Steps
    precision_recall: Steps
    stops: Steps
    distinct: int
    net_benefit: DecisionCurve | None
    samples: int
    positives: int


def final_curves(run: Run, result: FinalResult, label: int, points: int) -> dict[str, Any]:
    """Answer with the curves of one class against the rest; `problem` says why there are none. Raises StoreError."""
    told = known(run, result, label)
    if run.status not in Run.ENDED:
        return told | {"problem": NOT_YET}
    saved = point_history.current(run)
    held = (result.threshold, saved.threshold if saved else None)
    thresholds = tuple(threshold for threshold in held if threshold is not None)
    return told | drawn(
        Drawing(run.pk, run.attempt, thresholds, net_benefits.probabilities_of(run)), result, label, points
    )


def drawn(of: Drawing, result: FinalResult, label: int, points: int) -> dict[str, Any]:
    """Compute the curves of an evaluation; `problem` says why there are none. Raises StoreError."""
    try:
        found = _curves(_wanted(of, result, label, points))
    except class_scores.NoScores as error:
        return {"problem": str(error)}
    return {
        "samples": found.samples,
        "positives": found.positives,
        "roc": _told(found.roc),
        "precision_recall": _told(found.precision_recall),
        "stops": _told(found.stops) | {"distinct": found.distinct},
        "decision_curve": _decision(of, result, found),
    }


def _decision(of: Drawing, result: FinalResult, found: _Curves) -> dict[str, Any] | None:
    if len(result.class_names) != 2:
        return None
    return net_benefits.told(found.net_benefit, of.probabilities, result.split)


def _wanted(of: Drawing, result: FinalResult, label: int, points: int) -> _Wanted:
    names, used = tuple(result.class_names), msgspec.json.encode(of.probabilities).decode()
    return _Wanted(of.origin, of.attempt, of.stored_split or result.split, label, names, of.thresholds, points, used)


def known(run: Run, result: FinalResult, label: int) -> dict[str, Any]:
    """Describe the evaluation as it is stored; the curves are null."""
    many = len(result.class_names) > 2
    suffix = f"/{result.class_names[label]}" if many else ""
    return {
        "run_id": run.pk,
        "split": result.split,
        "label": label,
        "class": result.class_names[label],
        "threshold": result.threshold,
        "patients": result.patients,
        "auroc": _with_interval(result, "final_auroc_cm", suffix),
        "average_precision": _with_interval(result, "final_average_precision", suffix),
        "samples": None,
        "positives": None,
        "roc": None,
        "precision_recall": None,
        "stops": None,
        "decision_curve": None,
        "problem": None,
    }


def _with_interval(result: FinalResult, name: str, suffix: str) -> dict[str, float | None]:
    value, low, high = (result.statistics.get(f"{name}{end}{suffix}") for end in INTERVAL)
    return {"value": value, "ci_low": low, "ci_high": high}


@lru_cache(maxsize=REMEMBERED)
def _curves(wanted: _Wanted) -> _Curves:
    """Compute the curves from the predictions. Raises NoScores, StoreError."""
    found = class_scores.read(wanted.origin, wanted.attempt, wanted.split, wanted.label, wanted.class_names)
    ranked = steps(found.ranks, found.scores, found.positive)
    decided = steps(found.scores, found.scores, found.positive)
    return _Curves(
        roc=roc_points(ranked, DRAWN),
        precision_recall=precision_recall_points(ranked, DRAWN),
        stops=stops(decided, wanted.thresholds, wanted.points),
        distinct=len(decided.true),
        net_benefit=_net_benefit(found, wanted),
        samples=len(found.scores),
        positives=int(found.positive.sum()),
    )


def _net_benefit(found: class_scores.ClassScores, wanted: _Wanted) -> DecisionCurve | None:
    used = msgspec.json.decode(wanted.probabilities, type=net_benefits.Probabilities)
    return net_benefits.curve_of(found, used) if len(wanted.class_names) == 2 and used.problem is None else None


def _told(found: Steps) -> dict[str, list[float]]:
    return {"thresholds": found.thresholds.tolist(), "true": found.true.tolist(), "false": found.false.tolist()}
