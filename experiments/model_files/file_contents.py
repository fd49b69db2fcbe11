"""What a model file of a run would hold, in words for its page."""

from __future__ import annotations

from typing import NamedTuple

from experiments.reports.source import data_name
from runs import queries
from runs.models import Run
from runs.saved_points.saved_point_json import current_point
from runs.serializers import positive_class
from runs.statistics.recalibration.probability import preferred


class Part(NamedTuple):
    """One thing in the file, and what it is."""

    name: str
    words: str


def contents(run: Run) -> list[Part]:
    """List what is in the file; of a run without a final evaluation, what is known."""
    results = queries.final_results(run.pk)
    classes = list(results[0].class_names) if results else []
    return [
        Part(
            "Preprocessing",
            "Scaling of pixels, or filling and standardising of numbers; the steps before are told",
        ),
        Part("Network", f"{run.model_name or 'the network'}, with the weights of the best checkpoint"),
        *([Part("Classes", _class_words(classes))] if classes else []),
        Part("Decision", _decision_words(run, classes, results[0].threshold if results else None)),
        Part("Recalibration", _recalibration_words(run, len(classes))),
        Part("Data", f"{data_name(run.source_path)}{f', version {run.dataset_hash[:12]}' if run.dataset_hash else ''}"),
        Part("Evidence", _evidence_words([result.split for result in results])),
    ]


def _class_words(classes: list[str]) -> str:
    positive = positive_class(classes)
    return ", ".join(classes) + (f"; scores stand for {positive}" if positive else "")


def _decision_words(run: Run, classes: list[str], own: float | None) -> str:
    if len(classes) != 2:
        return "The class with the highest score"
    point = current_point(run)
    if point is None:
        return f"The run's own threshold, a score of {0.5 if own is None else own:g}; no operating point is saved"
    return f"{point['label']}. {point['summary']} {point['decided']}"


def _recalibration_words(run: Run, classes: int) -> str:
    found = preferred(run.recalibration)
    if found is None:
        return "None" if classes == 2 else "None: Platt's method is for two classes"
    return f"Platt's method: slope {found['slope']:.4g}, intercept {found['intercept']:.4g}"


def _evidence_words(splits: list[str]) -> str:
    names = {"val": "validation", "test": "test"}
    if not splits:
        return "No final statistics: the run was not evaluated"
    return f"Final statistics with intervals of {' and '.join(names.get(split, split) for split in splits)}"
