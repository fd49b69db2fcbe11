"""ROC, precision-recall curve and decision curve, as the run's page draws them.

Brings NumPy and Arrow: loaded with the first report that is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from experiments.reports.document import Figure
from experiments.reports.drawing.plots import Line, LinePlot
from experiments.reports.figure_data.pairs import Pair
from experiments.reports.sections.results import decided_matrix
from experiments.reports.source import SPLITS, Source
from runs.evaluation.final_curves import final_curves
from runs.models import FinalResult
from runs.wording.metric_text import with_interval
from runs.wording.number_text import percent

POINTS = 500
MOST_CLASSES = 10
"""Of several classes; of more, those that do worst are drawn."""


class _Curve(NamedTuple):
    """A curve of one class over one split."""

    label: str
    split: str
    told: Mapping[str, Any]


def curve_figures(source: Source) -> list[Pair]:
    """Build the figures that the predictions support; none where they are gone. Raises StoreError."""
    curves = _of_splits(source) if source.is_binary else _of_classes(source)
    known = [curve for curve in curves if curve.told["problem"] is None]
    if not known:
        return []
    decision = known[0].told["decision_curve"] if source.is_binary else None
    return [
        _roc(source, known),
        _precision_recall(source, known),
        *([_decision_curve(source, decision)] if decision and not decision["problem"] else []),
    ]


def _of_splits(source: Source) -> list[_Curve]:
    """Return the curves of the positive class, those of the main split first."""
    ordered = [source.main, *(result for result in source.results if result is not source.main)]
    return [_Curve(SPLITS[one.split].capitalize(), one.split, _told(source, one, 1)) for one in ordered]


def _of_classes(source: Source) -> list[_Curve]:
    main, names = source.main, source.class_names
    worst = sorted(range(len(names)), key=lambda place: _auroc(main, names[place]))[:MOST_CLASSES]
    return [_Curve(names[place], main.split, _told(source, main, place)) for place in sorted(worst)]


def _auroc(result: FinalResult, name: str) -> float:
    value: float | None = result.statistics.get(f"final_auroc_cm/{name}")
    return 2.0 if value is None else value


def _told(source: Source, result: FinalResult, label: int) -> dict[str, Any]:
    return final_curves(source.run, result, label, POINTS)


def _roc(source: Source, curves: Sequence[_Curve]) -> Pair:
    lines, rows = [], []
    for place, curve in enumerate(curves):
        true, false = ([0, *curve.told["roc"][name]] for name in ("true", "false"))
        x, y = _shares(false), _shares(true)
        value = with_interval("auroc", *(curve.told["auroc"][part] for part in ("value", "ci_low", "ci_high")))
        lines.append(Line(label=f"{curve.label}: AUROC {value}", x=x, y=y, colour=place, style=_style(source, place)))
        scores = [None, *curve.told["roc"]["thresholds"]]
        rows += [[curve.label, score, *point] for score, *point in zip(scores, x, y, strict=True)]
    lines.append(Line(label="", x=[0, 1], y=[0, 1], colour=-1, style="dotted"))
    if source.is_binary:
        lines.append(_decided(source))
    split = SPLITS[source.main.split]
    what = f"the {split} split" if not source.is_binary else "each evaluated split"
    more = _more(source)
    caption = f"ROC curve of {what}, with the AUROC and its 95 % interval.{more}" + (
        f" The point is where the run decides, on the {split} split." if source.is_binary else ""
    )
    return Pair(
        Figure(
            name="roc", title="ROC curve", caption=caption, alt=_alt(lines),
            columns=["curve", "threshold", "false_positive_rate", "true_positive_rate"], rows=rows,
        ),
        LinePlot(
            name="roc", x_label="1 - specificity", y_label="Sensitivity", lines=lines,
            x_limits=(-0.01, 1.01), y_limits=(-0.01, 1.01), square=True,
        ),
    )  # fmt: skip


def _decided(source: Source) -> Line:
    (tn, fp), (fn, tp) = decided_matrix(source)
    return Line(
        label="Where the run decides", x=[fp / max(1, fp + tn)], y=[tp / max(1, tp + fn)], colour=3, style="points"
    )


def _precision_recall(source: Source, curves: Sequence[_Curve]) -> Pair:
    lines, rows = [], []
    for place, curve in enumerate(curves):
        found = curve.told["precision_recall"]
        positives = max(1, curve.told["positives"])
        recall = [true / positives for true in found["true"]]
        precision = [true / max(1, true + false) for true, false in zip(found["true"], found["false"], strict=True)]
        value = with_interval(
            "average_precision", *(curve.told["average_precision"][part] for part in ("value", "ci_low", "ci_high"))
        )
        share = curve.told["positives"] / max(1, curve.told["samples"])
        lines.append(
            Line(
                label=f"{curve.label}: AP {value}, prevalence {percent(share)}",
                x=[0.0, *recall],
                y=[*precision[:1], *precision],
                colour=place,
                style="steps",
            )
        )
        rows += [[curve.label, *row] for row in zip(found["thresholds"], recall, precision, strict=True)]
    caption = (
        "Precision-recall curve, with the average precision (AP) and its 95 % interval. Precision depends on the "
        f"prevalence, which is that of each split.{_more(source)}"
    )
    return Pair(
        Figure(
            name="precision-recall", title="Precision-recall curve", caption=caption, alt=_alt(lines),
            columns=["curve", "threshold", "recall", "precision"], rows=rows,
        ),
        LinePlot(
            name="precision-recall", x_label="Recall (sensitivity)", y_label="Precision (PPV)", lines=lines,
            x_limits=(-0.01, 1.01), y_limits=(-0.01, 1.03), square=True,
        ),
    )  # fmt: skip


def _decision_curve(source: Source, told: Mapping[str, Any]) -> Pair:
    x: list[float] = told["thresholds"]
    least = min(0.0, *told["model"])
    lines = [
        Line(label="By the model", x=x, y=told["model"]),
        Line(label="Act for all", x=x, y=told["treat_all"], colour=-1, style="dashed"),
        Line(label="Act for none", x=[x[0], x[-1]], y=[0.0, 0.0], colour=-1, style="dotted"),
    ]
    most = max(0.01, *told["model"], *told["treat_all"])
    caption = (
        f"Decision curve, {SPLITS[source.main.split]} split: net benefit by the probability from which on one would "
        f"act. {told['text']} It holds at the prevalence of this split."
    )
    return Pair(
        Figure(
            name="decision-curve", title="Decision curve", caption=caption, alt=_alt(lines[:2]),
            columns=["threshold_probability", "net_benefit_model", "net_benefit_treat_all"],
            rows=[list(row) for row in zip(x, told["model"], told["treat_all"], strict=True)],
        ),
        LinePlot(
            name="decision-curve", x_label="Threshold probability", y_label="Net benefit", lines=lines,
            x_limits=(x[0], x[-1]), y_limits=(max(-0.5 * most, 1.1 * least - 0.02 * most), 1.1 * most),
        ),
    )  # fmt: skip


def _shares(counts: Sequence[float]) -> list[float]:
    whole = counts[-1] or 1
    return [count / whole for count in counts]


def _style(source: Source, place: int) -> Any:
    return "dashed" if source.is_binary and place else "line"


def _more(source: Source) -> str:
    more = len(source.class_names) - MOST_CLASSES
    return (
        f" Of {len(source.class_names)} classes the {MOST_CLASSES} with the lowest AUROC are drawn." if more > 0 else ""
    )


def _alt(lines: Sequence[Line]) -> str:
    return "; ".join(line.label for line in lines if line.label)
