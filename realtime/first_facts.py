"""The result of an ended run as its page shows it before any script has run: the first facts, and the matrix.

The page's scripts write the same words, see `static/realtime/run/header.js`, `headline.js` and `decision_panel.js`; a
test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlencode

from django.urls import reverse

from runs.models import FinalResult, Run
from runs.queries import final_results
from runs.statistics.metric_names import COUNTS
from runs.wording.epoch_number import epoch_number
from runs.wording.metric_text import metric_range, metric_value
from runs.wording.number_text import duration, percent

_ORDER = ("train", "val", "test")  # PostgreSQL keeps none
NO_INTERVAL = "no interval: too few"  # samples, or patients, of a class
WARNINGS = (
    "leakage_allowed",
    "near_duplicates",
    "label_conflicts",
    "unreadable_skipped",
    "shifted_scores",
    "diverged",
    "frozen_random",
)
"""Codes of the notes that change how the first numbers are to be read: they stand beside them."""
SHOTS = 24  # of a group of errors, on its first page
_SPLITS = {"test": "Test", "val": "Validation", "train": "Training"}
CAVEAT = (
    "The best epoch was chosen on this validation split, so its numbers are likely to be better than those of new data."
)


class Fact(NamedTuple):
    """One number with its name; `detail` is small below it."""

    name: str
    value: str
    detail: str = ""


class Errors(NamedTuple):
    """A group of errors: its title, a place for each picture that its page begins with, and where these are."""

    title: str
    shots: range
    address: str


class Verdict(NamedTuple):
    """What the page begins with: the facts, those in front larger; of two classes the matrix and its errors too.

    `warnings` say how the facts are to be read, `notices` what else happened; `shown` is what the script that draws
    the errors needs.
    """

    headline: list[Fact]
    facts: list[Fact]
    caveat: str
    warnings: list[str]
    notices: list[str]
    names: list[str]
    cells: dict[str, tuple[str, str]]
    errors: list[Errors]
    shown: dict[str, Any]


Saved: TypeAlias = Mapping[str, Any] | None
"""The saved operating point that holds, as JSON; None where the run's own threshold does."""


def verdict(run: Run, saved: Saved) -> Verdict | None:
    """Build what is shown of a completed run with a final result; None for all others."""
    if run.status != Run.Status.COMPLETED or not run.final_split:
        return None
    final = next((result for result in final_results(run.pk) if result.split == run.final_split), None)
    if final is None:
        return None
    two = len(final.class_names) == 2
    matrix = _counts(final, saved if two else None)
    return Verdict(
        headline=_of_two_classes(final, saved) if two else _of_many_classes(final),
        facts=_facts(run),
        caveat=CAVEAT if final.split == "val" else "",
        warnings=[note["text"] for note in run.notes if note["code"] in WARNINGS],
        notices=[note["text"] for note in run.notes if note["code"] not in WARNINGS],
        names=final.class_names if two else [],
        cells=_cells(matrix) if two else {},
        errors=_errors(final, matrix) if two else [],
        shown=_shown(run, final, saved),
    )


def _of_two_classes(final: FinalResult, saved: Saved) -> list[Fact]:
    """Build the first facts, at the saved operating point where there is one."""
    at = "" if final.threshold is None else f"threshold {_short(final.threshold)}"
    chosen = final.statistics
    if saved is not None and saved["threshold"] is not None and final.split in saved["splits"]:
        digits = f"{saved['threshold']:.4g}"
        at, chosen = f"saved threshold {_short(float(digits))}", saved["splits"][final.split]
    return [
        _statistic(f"{_SPLITS.get(final.split, final.split)} AUROC", "final_auroc_cm", final.statistics, _epoch(final)),
        _statistic("Sensitivity", "final_sensitivity", chosen, at),
        _statistic("Specificity", "final_specificity", chosen, at),
    ]


def _of_many_classes(final: FinalResult) -> list[Fact]:
    split, names, statistics = final.split, final.class_names, final.statistics
    recalls = [(statistics.get(f"final_sensitivity/{name}"), name) for name in names]
    worst = min(((recall, i, name) for i, (recall, name) in enumerate(recalls) if recall is not None), default=None)
    return [
        _statistic(f"{_SPLITS.get(split, split)} macro AUROC", "final_auroc_cm", statistics, _epoch(final)),
        _statistic("Balanced accuracy", "final_balanced_accuracy", statistics, f"{len(names):,} classes"),
        Fact(
            "Worst class's recall",
            metric_value("final_sensitivity", worst[0] if worst else None),
            worst[2] if worst else "",
        ),
    ]


def _epoch(final: FinalResult) -> str:
    return f"epoch {epoch_number(final.epoch)}"


def _statistic(label: str, name: str, statistics: Mapping[str, float | None], more: str) -> Fact:
    interval = metric_range(name, statistics.get(f"{name}_ci_low"), statistics.get(f"{name}_ci_high"))
    value = statistics.get(name)
    if value is not None and statistics.get(f"{name}_ci_low", 0.0) is None:
        interval = NO_INTERVAL
    return Fact(label, metric_value(name, value), " · ".join(filter(None, (interval, more))))


def _facts(run: Run) -> list[Fact]:
    """Build the smaller facts; when the run started is told in the reader's own time, by the script."""
    data: Mapping[str, Any] = run.dataset or {}
    model: Mapping[str, Any] = run.model or {}
    found = data.get("sizes", {})
    sizes = [f"{found[split]:,} {split}" for split in _ORDER if split in found]
    classes = data.get("classes", [])
    if len(classes) == 2:
        sizes.append(f"positive: {classes[1]}")
    parameters = model.get("parameters")
    return [
        Fact("Duration", duration(run.duration_seconds)),
        Fact("Started", "–"),
        Fact("Attempt", f"{run.attempt:,}", "resumed" if run.attempt > 1 else ""),
        Fact("Data", data.get("name", ""), " · ".join(sizes)),
        Fact("Model", model.get("name", ""), "" if parameters is None else _plural(parameters, "parameter")),
    ]


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _short(threshold: float) -> str:
    return repr(threshold).removesuffix(".0")


def _counts(final: FinalResult, saved: Saved) -> list[list[int]]:
    """Return the matrix at the saved operating point, else at the run's own threshold."""
    found = saved["splits"].get(final.split) if saved is not None else None
    if not found:
        matrix: list[list[int]] = final.confusion_matrix
        return matrix
    true, rejected, false, missed = (int(found[name]) for name in COUNTS)
    return [[rejected, false], [missed, true]]


def _errors(final: FinalResult, matrix: list[list[int]]) -> list[Errors]:
    groups = (("fn", "Missed", matrix[1][0]), ("fp", "False alarms", matrix[0][1]))
    return [
        Errors(f"{title} ({size:,})", range(min(size, SHOTS)), _address(final, cell)) for cell, title, size in groups
    ]


def _address(final: FinalResult, cell: str) -> str:
    """Return where the first samples of the cell are, written as the script writes it: a browser asks for it once."""
    asked = {"split": final.split, "cell": cell, "page": 1, "page_size": SHOTS, "thumbnails": "true"}
    return f"{reverse('run-final-samples', args=[final.run_id])}?{urlencode(asked)}"


def _shown(run: Run, final: FinalResult, saved: Saved) -> dict[str, Any]:
    names = ("split", "class_names", "confusion_matrix", "threshold")
    point = saved and {name: saved[name] for name in ("at", "threshold", "log_odds", "splits")}
    return {"attempt": run.attempt, "final": {name: getattr(final, name) for name in names}, "saved": point}


def _cells(matrix: list[list[int]]) -> dict[str, tuple[str, str]]:
    """Write each cell's count, and its share of the true class."""
    (tn, fp), (fn, tp) = matrix
    cells = {"tn": (tn, tn + fp), "fp": (fp, tn + fp), "fn": (fn, fn + tp), "tp": (tp, fn + tp)}
    return {name: (f"{count:,}", percent(count / whole if whole else None)) for name, (count, whole) in cells.items()}
