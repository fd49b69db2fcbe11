"""Put together what an external test says: the statistics at each point, the run's own test beside, and the shift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np

from experiments.training.external_testing.asked import HIGHEST, RECHOSEN, Asked
from runs.statistics.evaluated import Evaluated
from runs.statistics.external import shift
from runs.statistics.external.measured import Point, Scored, at_point, measured
from runs.statistics.operating_points.choosing import chosen_point
from runs.statistics.predictions import evaluated, scores_from_logits
from runs.statistics.recalibration.applying import recalibrated_logits
from runs.statistics.recalibration.fitting import quality
from runs.statistics.recalibration.methods import Method
from runs.statistics.subgroups.group_comparison import MOST_CELLS, MOST_SCORES, Split, compared
from runs.statistics.subgroups.group_differences import Metric
from runs.statistics.subgroups.group_json import comparison_json
from runs.subgroups.subgroup_text import verdict
from runs.wording import shift_text

ON_THESE = {"On validation": "On these data", "The validation split has": "These data have"}
"""How the reasons of `choosing` begin, and what they say where a point is chosen on other data."""
FEW = 20
"""Of fewer samples of a class the numbers say little, which is said."""


def report_of(
    samples: Scored,
    own: Scored | None,
    class_names: Sequence[str],
    asked: Asked,
    *,
    groups: Mapping[str, Sequence[str]],
    threshold: float | None,
) -> dict[str, Any]:
    """Compute all statistics of the samples, in plain values.

    `groups` has each sample's group by column, `own` are the samples of the run's own test, None where they are not
    kept. `threshold` is where two classes are decided; None of more.
    """
    kept = _kept(asked, threshold, class_names)
    found: dict[str, Any] = {
        "kept": measured(samples, class_names, kept, asked.points),
        "rechosen": None,
        "rechosen_problem": None,
        "internal": None
        if own is None
        else {"split": asked.internal_split, **measured(own, class_names, kept, asked.points)},
        "groups": _groups(samples, groups, class_names, kept),
    }
    if asked.threshold == RECHOSEN:
        point, problem = _rechosen(samples, asked)
        found["rechosen_problem"] = problem
        found["rechosen"] = None if point is None else measured(samples, class_names, point, asked.points)
    found["recalibrated"] = _recalibrated(samples, asked)
    found["shift"] = None if own is None else _shift(samples, own, class_names, found, asked)
    found["calibration"] = _calibration(found)
    found["warnings"] = _warnings(samples, class_names)
    return found


def _kept(asked: Asked, threshold: float | None, class_names: Sequence[str]) -> Point:
    if len(class_names) != 2:
        return Point(HIGHEST, None)
    return Point(asked.kept_rule, 0.5 if threshold is None else threshold, asked.kept_log_odds, asked.kept_number)


def _rechosen(samples: Scored, asked: Asked) -> tuple[Point | None, str | None]:
    """Choose a point on these very data; with the reason where the rule has none."""
    if samples.scores.ndim != 1 or asked.rule is None:
        return None, "Only two classes have a threshold to choose: of more, the class with the highest score is said."
    number = None if asked.number is None else Fraction(str(asked.number))
    found = chosen_point(at_point(samples, Point(asked.rule, 0.5)), asked.rule, number)
    if found.threshold is None:
        return None, _reworded(str(found.reason))
    return Point(asked.rule, found.threshold, found.log_odds, asked.number), None


def _reworded(reason: str) -> str:
    for of_validation, of_these in ON_THESE.items():
        reason = reason.replace(of_validation, of_these)
    return reason


def _groups(
    samples: Scored, groups: Mapping[str, Sequence[str]], class_names: Sequence[str], point: Point
) -> dict[str, Any] | None:
    """Tell the result apart by groups; None without columns."""
    if not groups:
        return None
    metric: Metric = "auroc" if len(class_names) == 2 else "accuracy"
    told: dict[str, Any] = {"metric": metric, "kept": list(groups), "groups": [], "comparisons": 0, "worst": None}
    if len(samples.targets) * len(groups) > MOST_CELLS or len(samples.targets) * len(class_names) > MOST_SCORES:
        return told | {
            "verdict": None,
            "problem": "There are too many samples to tell groups apart; name fewer columns.",
        }
    split = Split(
        scores=samples.scores,
        logits=samples.logits,
        targets=samples.targets,
        threshold=point.threshold,
        patients=samples.patients,
        columns=groups,
        log_odds=point.log_odds,
    )
    found = compared(split, class_names, metric)
    return told | comparison_json(found) | {"verdict": verdict(found), "problem": None}


def _recalibrated(samples: Scored, asked: Asked) -> dict[str, Any] | None:
    """Return how well the run's own recalibration holds on these data; None where nothing was fitted."""
    if asked.recalibration is None or samples.logits is None or samples.scores.ndim != 1:
        return None
    method = msgspec.convert(asked.recalibration, Method)
    logits = recalibrated_logits(samples.logits, method)
    split: Evaluated = evaluated(scores_from_logits(logits), samples.targets, logits=logits, patients=samples.patients)
    found: dict[str, Any] = msgspec.to_builtins(quality(split))
    return found | {"method": method.name}


def _shift(
    samples: Scored, own: Scored, class_names: Sequence[str], found: Mapping[str, Any], asked: Asked
) -> dict[str, Any]:
    split = str(asked.internal_split)
    prevalence = shift.prevalence_shifts(samples, own, class_names)
    scores = shift.score_shifts(samples, own, class_names)
    return {
        "compared_with": split,
        "differences": shift_text.differences(found["internal"]["statistics"], found["kept"]["statistics"], split),
        "prevalence": prevalence,
        "prevalence_texts": shift_text.prevalence_texts(prevalence, split),
        "scores": scores,
        "score_texts": shift_text.score_texts(scores, split),
        "histograms": shift.histograms(samples, own, class_names),
    }


def _calibration(found: Mapping[str, Any]) -> list[str]:
    texts = shift_text.calibration_texts(found["kept"]["statistics"])
    quality_of = found["recalibrated"]
    if quality_of is None:
        return texts
    return [*texts, shift_text.recalibrated_text(quality_of)]


def _warnings(samples: Scored, class_names: Sequence[str]) -> list[str]:
    """Say where the samples are too few, or of one class alone."""
    counts = np.bincount(samples.targets, minlength=len(class_names))
    present = np.flatnonzero(counts).tolist()
    if len(present) == 1:
        name = class_names[present[0]]
        return [
            f"All samples are of one class, {name}: AUROC and whatever else needs two classes are not defined, and "
            "unknown in the tables."
        ]
    few = [f"{class_names[label]} ({counts[label]})" for label in present if counts[label] < FEW]
    absent = [class_names[label] for label in np.flatnonzero(counts == 0).tolist()]
    texts = []
    if few:
        named = ", ".join(few[:10]) + (", …" if len(few) > 10 else "")
        texts.append(f"Fewer than {FEW} samples: {named}. The intervals are wide, and a few other samples change much.")
    if absent:
        named = ", ".join(absent[:10]) + (", …" if len(absent) > 10 else "")
        texts.append(f"Without samples: {named}. Averages over the classes leave them out.")
    return texts
