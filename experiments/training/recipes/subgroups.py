"""Tell the final result of a training apart by groups of samples, for its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.training.recipes.evaluation import Predictions
from runs import atomic_files
from runs.files.json_parts import formatted
from runs.statistics.intervals.patients import patient_codes
from runs.statistics.subgroups.group_comparison import MOST_CELLS, MOST_SCORES, Split, compared
from runs.statistics.subgroups.group_differences import Metric
from runs.statistics.subgroups.group_json import comparison_json
from runs.subgroups.subgroup_text import verdict

FILE = "subgroups.json"


def write(folder: Path, predictions: Sequence[Predictions], data: Any, threshold: float | None) -> None:
    """Write `subgroups.json`, whole or not at all; nothing without groups, and for too many samples. Raises OSError."""
    samples, classes = sum(len(part.targets) for part in predictions), len(data.class_names)
    if not data.subgroups or samples * len(data.subgroups) > MOST_CELLS or samples * classes > MOST_SCORES:
        return
    metric: Metric = "auroc" if classes == 2 else "accuracy"
    found = {part.split: compared(_split(part, data, threshold), data.class_names, metric) for part in predictions}
    splits = {split: comparison_json(groups) | {"verdict": verdict(groups)} for split, groups in found.items()}
    told = {"threshold": threshold, "metric": metric, "splits": splits}
    atomic_files.write(folder / FILE, formatted(told))


def _split(part: Predictions, data: Any, threshold: float | None) -> Split:
    return Split(
        scores=part.scores,
        logits=part.logits,
        targets=part.targets,
        threshold=threshold,
        patients=patient_codes([data.patient_ids[place] for place in part.positions]),
        columns={column: [groups[place] for place in part.positions] for column, groups in data.subgroups.items()},
    )
