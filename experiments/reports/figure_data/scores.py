"""Calibration, distributions of scores, and the confusion matrix. Brings NumPy and Arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.reports.document import Cell, Figure
from experiments.reports.drawing.plots import ForestPlot, ForestRow, HistogramPlot, Line, LinePlot, MatrixPlot
from experiments.reports.figure_data.pairs import Pair
from experiments.reports.sections.results import MOST_CLASSES, decided_matrix
from experiments.reports.source import SPLITS, Source
from runs.evaluation import class_scores
from runs.evaluation.class_scores import NoScores
from runs.statistics.recalibration.probability import PREFERRED
from runs.wording.number_text import percent, score

BINS = 30
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LONGEST_LABEL = 30


def calibration_figures(source: Source) -> list[Pair]:
    """Build the reliability diagram of the main split: of the scores as they are, and recalibrated."""
    series = {"Scores as they are": source.main.reliability}
    found: Mapping[str, Any] = (source.run.recalibration or {}).get("splits", {}).get(source.main.split, {})
    if PREFERRED in found:
        series["Recalibrated by Platt's method"] = found[PREFERRED]["reliability"]
    lines, rows = [Line(label="Perfect", x=[0, 1], y=[0, 1], colour=-1, style="dotted")], []
    for place, (label, points) in enumerate(series.items()):
        if not points:
            continue
        known = [point for point in points if point["ci_low"] is not None and point["ci_high"] is not None]
        lines.append(
            Line(
                label=label,
                x=[point["mean_score"] for point in known],
                y=[point["share"] for point in known],
                low=[point["ci_low"] for point in known],
                high=[point["ci_high"] for point in known],
                colour=place,
                style="points",
            )
        )
        names = ("samples", "low", "high", "mean_score", "share", "ci_low", "ci_high")
        rows += [[label, *(point[name] for name in names)] for point in points]
    if not rows:
        return []
    of = f"of “{source.class_names[1]}”" if source.is_binary else "of the predicted class"
    caption = (
        f"Calibration, {SPLITS[source.main.split]} split: how often a score {of} came true, in bins of equally many "
        "samples, with 95 % intervals."
    )
    if PREFERRED in found and source.main.split == "val":
        caption += " The recalibration was fitted on this very split."
    alt = "; ".join(f"mean score {score(row[4])}: {percent(row[5])} came true" for row in rows if row[0] == rows[0][0])
    return [
        Pair(
            Figure(
                name="calibration", title="Calibration", caption=caption, alt=alt,
                columns=["scores", "samples", "low", "high", "mean_score", "share", "ci_low", "ci_high"], rows=rows,
            ),
            LinePlot(
                name="calibration", x_label="Mean score", y_label="Share that came true", lines=lines,
                x_limits=(-0.02, 1.02), y_limits=(-0.02, 1.02), square=True,
            ),
        )
    ]  # fmt: skip


def score_figures(source: Source) -> list[Pair]:
    """Build the distribution of scores by true class; none where the predictions are gone. Raises StoreError."""
    try:
        return [_histogram(source)] if source.is_binary else [_ranges(source)]
    except NoScores:
        return []


def _histogram(source: Source) -> Pair:
    names = source.class_names
    run = source.run
    found = class_scores.read(run.pk, run.attempt, source.main.split, 1, tuple(names))
    groups = {names[1]: found.scores[found.positive], names[0]: found.scores[~found.positive]}
    edges = np.linspace(0, 1, BINS + 1)
    counts = {name: np.histogram(values, edges)[0] for name, values in groups.items()}
    shares = {name: (part / max(1, part.sum())).tolist() for name, part in counts.items()}
    threshold = source.point["threshold"] if source.point else source.main.threshold
    marks = [] if threshold is None else [(float(threshold), f"threshold {threshold:.4g}")]
    rows: list[list[Cell]] = [
        [name, float(edges[place]), float(edges[place + 1]), int(count)]
        for name, part in counts.items()
        for place, count in enumerate(part)
    ]
    caption = (
        f"Scores of “{names[1]}” by true class, {SPLITS[source.main.split]} split: share of the samples of each class "
        f"in {BINS} bins."
    )
    alt = "; ".join(f"{name}: median score {score(float(np.median(v)))}" for name, v in groups.items() if len(v))
    return Pair(
        Figure(
            name="scores", title="Scores by class", caption=caption, alt=alt,
            columns=["class", "low", "high", "samples"], rows=rows,
        ),
        HistogramPlot(
            name="scores", x_label=f"Score of {names[1]}", y_label="Share of the class", low=0, high=1,
            groups=[(f"{name} ({int(counts[name].sum()):,})", shares[name]) for name in groups], marks=marks,
        ),
    )  # fmt: skip


def _ranges(source: Source) -> Pair:
    """Show the score of the true class: median with quartiles, for each class."""
    rows: list[list[Any]] = []
    forest: list[ForestRow] = []
    scores = class_scores.own_scores(source.run.pk, source.main.split, source.class_names, MOST_CLASSES)
    for name, own in zip(source.class_names, scores, strict=False):
        if not len(own):
            continue
        low, first, middle, third, high = (float(value) for value in np.quantile(own, QUANTILES))
        rows.append([name, len(own), low, first, middle, third, high])
        text = f"{score(middle)} ({score(first)} to {score(third)})"
        forest.append(ForestRow(label=shortened(name), value=middle, low=first, high=third, text=text))
    caption = (
        f"Score of the true class by class, {SPLITS[source.main.split]} split: median, and quartiles as the line. "
        "A class whose scores are low is hard for the model."
    )
    alt = "; ".join(f"{row.label}: {row.text}" for row in forest)
    columns = ["class", "samples", *(f"quantile_{value:g}" for value in QUANTILES)]
    return Pair(
        Figure(name="scores", title="Scores by class", caption=caption, alt=alt, columns=columns, rows=rows),
        ForestPlot(name="scores", x_label="Score of the true class", rows=forest),
    )


def matrix_figures(source: Source) -> list[Pair]:
    """Build the confusion matrix where the run decides; none of very many classes."""
    names = source.class_names
    if len(names) > MOST_CLASSES:
        return []
    counts = decided_matrix(source)
    rows: list[Sequence[Any]] = [
        [names[here], names[there], count] for here, row in enumerate(counts) for there, count in enumerate(row)
    ]
    right = sum(row[place] for place, row in enumerate(counts))
    alt = f"{right:,} of {sum(map(sum, counts)):,} samples are right"
    caption = (
        f"Confusion matrix, {SPLITS[source.main.split]} split, where the run decides; coloured by the share of the row."
    )
    return [
        Pair(
            Figure(
                name="confusion-matrix", title="Confusion matrix", caption=caption, alt=alt,
                columns=["true_class", "predicted_class", "samples"], rows=[list(row) for row in rows],
            ),
            MatrixPlot(
                name="confusion-matrix", x_label="Predicted class", y_label="True class",
                labels=[shortened(name) for name in names], counts=counts,
            ),
        )
    ]  # fmt: skip


def shortened(text: str) -> str:
    """Shorten a label that would leave no room for the figure."""
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
