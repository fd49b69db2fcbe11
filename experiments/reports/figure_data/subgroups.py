"""The forest plot of subgroups. Brings NumPy and Arrow, by the groups themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.reports.document import Figure
from experiments.reports.drawing.plots import ForestPlot, ForestRow
from experiments.reports.figure_data.pairs import Pair
from experiments.reports.figure_data.scores import shortened
from experiments.reports.source import SPLITS, Source
from runs.saved_points.run_decision import decision_of
from runs.statistics.metric_names import FINAL_STATISTICS
from runs.wording.metric_text import with_interval

MOST_ROWS = 60
_OVERALL = {
    "auroc": "final_auroc_cm",
    "accuracy": "final_accuracy_cm",
    "sensitivity": "final_sensitivity",
    "specificity": "final_specificity",
}


def groups_of(source: Source) -> Mapping[str, Any] | None:
    """Compute the groups of the main split, where the run decides; None where no columns were kept.

    Raises StoreError.
    """
    from runs.subgroups.run_subgroups import run_subgroups  # noqa: PLC0415

    if not source.has_subgroups:
        return None
    metric: Any = "auroc" if source.is_binary else "accuracy"
    return run_subgroups(source.main, decision_of(source.run, source.main), (), metric)


def subgroup_figures(source: Source, found: Mapping[str, Any] | None) -> list[Pair]:
    """Build the forest plot; none where no group has a number."""
    if found is None or found["problem"]:
        return []
    metric = found["metric"]
    rows: list[list[Any]] = []
    forest: list[ForestRow] = []
    column = None
    for group in found["groups"]:
        number = group["statistics"].get(_OVERALL[metric])
        if number is None or number["value"] is None or len(forest) >= MOST_ROWS:
            continue
        if group["column"] != column:
            column = group["column"]
            forest.append(ForestRow(label=shortened(column), heading=True))
        ends = (number["value"], number["ci_low"], number["ci_high"])
        text = f"{with_interval(metric, *ends)}  n = {group['samples']:,}"
        forest.append(ForestRow(label=shortened(group["group"]), value=ends[0], low=ends[1], high=ends[2], text=text))
        rows.append([column, group["group"], group["samples"], group["patients"], *ends])
    if not rows:
        return []
    overall = source.main.statistics.get(_OVERALL[metric])
    name = FINAL_STATISTICS[_OVERALL[metric]]
    caption = (
        f"{name} in groups of samples, {SPLITS[source.main.split]} split, with 95 % intervals; the line is that of all."
    )
    alt = "; ".join(f"{row.label}: {row.text}" for row in forest if not row.heading)
    columns = ["column", "group", "samples", "patients", metric, f"{metric}_ci_low", f"{metric}_ci_high"]
    plot = ForestPlot(
        name="subgroups", x_label=name, rows=forest, reference=overall,
        reference_label="" if overall is None else f"all: {with_interval(metric, overall, None, None)}",
    )  # fmt: skip
    return [
        Pair(Figure(name="subgroups", title="Subgroups", caption=caption, alt=alt, columns=columns, rows=rows), plot)
    ]
