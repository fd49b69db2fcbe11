"""Measure the samples of another data set as a final evaluation measures a split, at a given operating point.

Pure numpy. Every number comes from the functions of the final evaluation; nothing is computed in another way here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from runs.events import OperatingPoint
from runs.statistics.calibration.calibration_error import reliability
from runs.statistics.evaluated import Evaluated
from runs.statistics.operating_points.applying import applied_points
from runs.statistics.patient_level import patient_statistics
from runs.statistics.predictions import evaluated
from runs.statistics.roc import Floats, Ints
from runs.statistics.score_statistics import split_statistics


class Scored(NamedTuple):
    """Samples with what a network says of them: `scores` and labels as in `score_statistics`.

    `logits` are None where they are not known; `patients` numbers the patient of each sample, None where not known.
    """

    scores: Floats
    logits: Floats | None
    targets: Ints
    patients: Ints | None


class Point(NamedTuple):
    """Where two classes are decided: at a score of `threshold` or more, of log-odds where those are given.

    Neither is given for more classes. `rule` names how it was chosen, `number` is that of the rule.
    """

    rule: str
    threshold: float | None
    log_odds: float | None = None
    number: float | None = None


def at_point(samples: Scored, point: Point) -> Evaluated:
    """Put together what is known of the samples, decided at the point; raises ValueError for none."""
    return evaluated(
        samples.scores,
        samples.targets,
        threshold=point.threshold,
        logits=samples.logits,
        patients=samples.patients,
        log_odds=point.log_odds,
    )


def measured(
    samples: Scored, class_names: Sequence[str], point: Point, points: Sequence[OperatingPoint] = ()
) -> dict[str, Any]:
    """Compute what a final evaluation has of a split, in plain values: by the names of `runs.events.FinalStats`.

    `points` are operating points that were chosen elsewhere, and are applied here. `log_odds`, `rule` and `number` are
    added: where and why there the samples are decided. `samples` counts them, and `classes` those of each class.
    """
    split = at_point(samples, point)
    matrix, statistics = split_statistics(split, class_names)
    patients = None if samples.patients is None else int(samples.patients.max()) + 1
    return {
        **point._asdict(),
        "samples": len(samples.targets),
        "classes": matrix.sum(axis=1).tolist(),
        "class_names": list(class_names),
        "confusion_matrix": matrix.tolist(),
        "statistics": statistics,
        "patients": patients,
        "reliability": msgspec.to_builtins(reliability(split)),
        "operating_points": msgspec.to_builtins(_applied(split, points)),
        "by_patient": msgspec.to_builtins(patient_statistics(split, class_names, point.threshold)),
    }


def _applied(split: Evaluated, points: Sequence[OperatingPoint]) -> list[OperatingPoint]:
    return applied_points(split, points) if split.scores.ndim == 1 else []


__all__ = ["Point", "Scored", "at_point", "measured"]
