"""Say how the samples of another data set differ from those that a run was tested on. Pure.

The dicts are those of `runs.statistics.external`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runs.statistics.matrix_statistics import Number
from runs.statistics.operating_points.split_shift import shift
from runs.wording.difference_text import p_value, signed, signed_range
from runs.wording.metric_text import metric_range, metric_value
from runs.wording.number_text import fixed, number, percent, percent_range, score

COMPARED = {
    "final_auroc_cm": "AUROC",
    "final_average_precision": "Average precision",
    "final_sensitivity": "Sensitivity",
    "final_specificity": "Specificity",
    "final_precision_cm": "Precision (PPV)",
    "final_npv": "Negative predictive value",
    "final_accuracy_cm": "Accuracy",
    "final_balanced_accuracy": "Balanced accuracy",
    "final_f1_cm": "F1",
    "final_mcc": "Matthews correlation",
    "final_brier": "Brier score",
    "final_calibration_slope": "Calibration slope",
    "final_calibration_intercept": "Calibration intercept",
    "final_calibration_in_the_large": "Mean score − prevalence",
}
"""What is shown of the internal and the external test side by side."""
TOLD = ("final_auroc_cm", "final_sensitivity", "final_specificity", "final_accuracy_cm")
"""Of these it is said in words whether they differ."""
MOST_NAMED = 5
SHOWN_BELOW = 0.05
_SPLITS = {"test": "the test split", "val": "validation"}
_HERE = "on these data"
_ONE_PATIENT = "Whether chance explains it is not known: one patient has all samples."


def differences(internal: Mapping[str, Number], external: Mapping[str, Number], split: str) -> list[dict[str, Any]]:
    """Compare the statistics of both: the difference is external less internal, by Newcombe's method 10.

    `text` is null where nothing is to be said: the difference is no more than chance explains, or is not known.
    """
    return [
        _difference(name, label, internal, external, split)
        for name, label in COMPARED.items()
        if internal.get(name) is not None or external.get(name) is not None
    ]


def _difference(
    name: str, label: str, internal: Mapping[str, Number], external: Mapping[str, Number], split: str
) -> dict[str, Any]:
    found = shift(name, internal, external)
    told: dict[str, Any] = {
        "name": name,
        "label": label,
        **{key: _estimate(name, of) for key, of in (("internal", internal), ("external", external))},
        "difference": None,
        "text": None,
    }
    if found is None:
        return told
    told["difference"] = {"value": found.difference, "ci_low": found.low, "ci_high": found.high}
    if name in TOLD and found.excludes_zero:
        told["text"] = (
            f"{label} {'falls' if found.difference < 0 else 'rises'} from {metric_value(name, internal[name])} "
            f"{_on(split)} to {metric_value(name, external[name])} {_HERE}: a difference of "
            f"{signed(name, found.difference)} (95 % interval {signed_range(name, found.low, found.high)}), more than "
            "chance explains."
        )
    return told


def _estimate(name: str, of: Mapping[str, Number]) -> dict[str, Number]:
    return {
        field: of.get(f"{name}{end}") for field, end in (("value", ""), ("ci_low", "_ci_low"), ("ci_high", "_ci_high"))
    }


def _on(split: str) -> str:
    return f"on {_SPLITS.get(split, split)}"


def prevalence_texts(found: Sequence[Mapping[str, Any]], split: str) -> list[str]:
    """Say of each class whether it is more or less frequent; of several classes only of those that differ."""
    shown = [one for one in found if _is_shown(one["difference"])]
    if len(found) == 1:
        return [_prevalence(found[0], split)]
    if not shown:
        return [
            f"No class is shown to be more or less frequent {_HERE} than {_on(split)}, after Holm's correction for "
            f"{len(found)} comparisons."
        ]
    first = sorted(shown, key=lambda one: -abs(one["difference"]["value"]))[:MOST_NAMED]
    more = len(shown) - len(first)
    return [_prevalence(one, split) for one in first] + ([f"So do {more} further classes, by less."] if more else [])


def _is_shown(difference: Mapping[str, Number]) -> bool:
    p = difference["p_holm"]
    return p is not None and p < SHOWN_BELOW


def _prevalence(one: Mapping[str, Any], split: str) -> str:
    here, there, found = one["external"], one["internal"], one["difference"]
    text = (
        f"Prevalence of {one['class']}: {_with_range(here)} {_HERE}, {_with_range(there)} {_on(split)}"
        f"; a difference of {signed('final_sensitivity', found['value'])}"
    )
    ends = signed_range("final_sensitivity", found["ci_low"], found["ci_high"])
    told = [f"95 % interval {ends}"] * bool(ends) + [_p(found["p_holm"])] * (found["p_holm"] is not None)
    text += f" ({'; '.join(told)})." if told else "."
    if _is_shown(found):
        return f"{text} Predictive values and the mean score move with it, sensitivity and specificity need not."
    if not ends:
        return f"{text} {_ONE_PATIENT}"
    return f"{text} Not more than chance explains."


def _with_range(share: Mapping[str, Any]) -> str:
    ends = percent_range(share["ci_low"], share["ci_high"])
    return f"{percent(share['value'])}{f' ({ends})' if ends else ''}"


def _p(p: Number) -> str:
    written = p_value(p)
    return f"p {written[0]} {written[1:]}" if written[0] in "<>" else f"p = {written}"


def score_texts(found: Sequence[Mapping[str, Any]], split: str) -> list[str]:
    """Say how far the distributions of the scores are apart."""
    return [_scores(one, split) for one in found]


def _scores(one: Mapping[str, Any], split: str) -> str:
    whose = "all samples" if one["of"] == "all" else f"samples that are {one['of']}"
    if one["ks"] is None:
        where = _HERE if not one["external_samples"] else _on(split)
        return f"Scores of {whose}: there are none {where}, so nothing is compared."
    text = (
        f"Scores of {whose}: Kolmogorov-Smirnov statistic {score(one['ks'])}, median {score(one['external_median'])} "
        f"{_HERE} and {score(one['internal_median'])} {_on(split)}"
    )
    if one["p"] is None:
        return f"{text}; without a p value, for patients have several samples."
    shown = (
        "differ by more than chance explains"
        if one["p"] < SHOWN_BELOW
        else "do not differ by more than chance explains"
    )
    return f"{text}; they {shown} ({_p(one['p'])})."


def calibration_texts(external: Mapping[str, Number], what: str = "The scores") -> list[str]:
    """Say from slope, intercept and mean score of the external samples whether scores can be read as probabilities."""
    slope, large = _of("final_calibration_slope", external), _of("final_calibration_in_the_large", external)
    if slope["value"] is None and large["value"] is None:
        return []
    found = []
    if slope["value"] is None:
        found.append(
            f"{what} have no calibration slope {_HERE}: one class alone, equal scores, or classes fully apart."
        )
    else:
        ends = metric_range("final_calibration_slope", slope["ci_low"], slope["ci_high"])
        start = f"Calibration slope {number(slope['value'])}{f' ({ends})' if ends else ''}"
        found.append(f"{start}: {_slope_words(slope, what)}.")
    if large["value"] is not None:
        found.append(_large_words(large, what))
    return found


def recalibrated_text(quality: Mapping[str, Any]) -> str:
    """Say how well scores that the run's own recalibration changed hold on the external samples."""
    slope = quality["calibration_slope"]
    slope_words = "none" if slope is None else number(slope)
    return (
        f"Recalibrated as fitted on the run's validation split: slope {slope_words}, mean probability "
        f"{percent(quality['mean_score'])} where {percent(quality['share'])} are positive, Brier score "
        f"{score(quality['brier'])}."
    )


def _of(name: str, statistics: Mapping[str, Number]) -> dict[str, Number]:
    return _estimate(name, statistics)


def _slope_words(slope: Mapping[str, Number], what: str) -> str:
    low, high = slope["ci_low"], slope["ci_high"]
    if low is None or high is None:
        return "too few samples to say how far it is from 1"
    what = what[0].lower() + what[1:]
    if high < 1:
        return f"{what} are too extreme {_HERE} (1 would be right)"
    if low > 1:
        return f"{what} are too timid {_HERE} (1 would be right)"
    return "1, which would be right, is not excluded"


def _large_words(large: Mapping[str, Number], what: str) -> str:
    value, low, high = large["value"], large["ci_low"], large["ci_high"]
    points = f"{fixed(abs(100 * (value or 0)), 1)} percentage points"
    ends = "" if low is None or high is None else f" (95 % interval {fixed(100 * low, 1)} to {fixed(100 * high, 1)})"
    if low is not None and high is not None and low <= 0 <= high:
        return f"{what} lie on average {points} {_side(value)} the prevalence{ends}: not more than chance explains."
    return f"{what} lie on average {points} {_side(value)} the prevalence{ends}."


def _side(value: Number) -> str:
    return "above" if (value or 0) > 0 else "below"


__all__ = ["COMPARED", "calibration_texts", "differences", "prevalence_texts", "recalibrated_text", "score_texts"]
