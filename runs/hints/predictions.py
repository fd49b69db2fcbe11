"""Hints about the predictions over the validation split. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from runs.hints.evidence import Epoch, Evidence
from runs.hints.hint import Hint
from runs.wording.epoch_number import epoch_number
from runs.wording.number_text import percent, percent_range, score

AGREEING = 3  # epochs
FEW = 30
"""Samples of a class: with fewer, the 95 % interval of a share near 0.9 is wider than 0.2."""
RANKS_WELL = 0.75  # AUROC


def one_class(run: Evidence) -> Hint | None:
    """Report that all predictions are of one class, in the last three epochs or by the best checkpoint."""
    streak: list[tuple[int, str]] = []
    for epoch, metrics in reversed(run.history):
        predicted = _only_class(metrics, run)
        if predicted is None or (streak and streak[-1][1] != predicted):
            break
        streak.append((epoch, predicted))
    if len(streak) >= AGREEING:
        since, name = streak[-1]
        return _one_class(run, name, since, f"For {len(streak)} epochs, since epoch {epoch_number(since)}, ")
    columns = [sum(column) for column in zip(*run.matrix, strict=True)] if run.matrix else []
    if run.matrix and sum(map(bool, columns)) == 1 and sum(any(row) for row in run.matrix) > 1:
        return _one_class(run, _name(run, columns.index(max(columns))), run.best_epoch, "In the best epoch, ")
    return None


def few_samples(run: Evidence) -> Hint | None:
    """Report that the rarer class has too few validation samples to estimate its share of hits."""
    counts = _counts(run.history[-1][1]) if run.history else None
    if counts is not None:
        tp, tn, fp, fn = counts
        hits, size, label, name, own = min(
            (tp, tp + fn, 1, "val_recall", "recall"), (tn, tn + fp, 0, "specificity", "specificity"), key=lambda c: c[1]
        )
    elif run.matrix and len(run.matrix) > 2:
        label = min(range(len(run.matrix)), key=lambda index: sum(run.matrix[index]) if run.matrix else 0)
        hits, size, name = run.matrix[label][label], sum(run.matrix[label]), "its recall"
        own = f"recall/{run.classes[label]}" if label < len(run.classes) else ""
    else:
        return None
    if size >= FEW or not size:
        return None
    low, high = run.interval(own, hits / size, size)
    return Hint(
        code="few_samples",
        severity="info",
        text=f"The validation split has {size} samples of {_name(run, label)}: {name} {percent(hits / size)} may be "
        f"anything from {percent_range(low, high)} (95 % interval), and epochs that differ less are equally good.",
        cure="Raise data.val_fraction, or use data.folds: cross-validation validates on all samples.",
        epoch=None,
        since=None,
    )


def _one_class(run: Evidence, name: str, since: int | None, when: str) -> Hint:
    auroc = max((value for _, metrics in run.history if (value := metrics.get("val_auroc")) is not None), default=None)
    if auroc is not None and auroc >= RANKS_WELL:
        text, cure = (
            f"; yet the scores rank well (val_auroc up to {score(auroc)})",
            "Choose another model.threshold from the scores in predictions.parquet, or weigh the classes with "
            "model.pos_weight or loss.class_weights.",
        )
    else:
        text, cure = (
            "",
            "Weigh the classes with loss.class_weights auto, try a learning rate ten times lower or higher, and look "
            "in the pre-flight report how many samples each class has.",
        )
    return Hint(
        code="one_class",
        severity="warning",
        text=f"{when}all validation samples were predicted to be {name}{text}.",
        cure=cure,
        epoch=run.last,
        since=since,
    )


def _only_class(metrics: Epoch, run: Evidence) -> str | None:
    """Return the one class that all were predicted to be, though not all are of it; None otherwise."""
    counts = _counts(metrics)
    if counts is not None:
        tp, tn, fp, fn = counts
        if not tp + fn or not tn + fp:
            return None
        if not tp + fp:
            return _name(run, 0)
        return None if tn + fn else _name(run, 1)
    return _one_of_many(metrics, len(run.classes))


def _one_of_many(metrics: Epoch, classes: int) -> str | None:
    """Recognise that all predictions are of one class of three or more, from the macro averages over m of them.

    Recall is then 1 for one class and 0 for the others; the one class's precision is the accuracy, the others' count
    as 0.
    """
    accuracy, precision, recall = (metrics.get(f"val_{name}") for name in ("acc", "precision", "recall"))
    if classes < 3 or not accuracy or precision is None or not recall:
        return None
    present = round(1 / recall)
    shares = 2 <= present <= classes and math.isclose(recall, 1 / present, abs_tol=1e-9)
    alone = shares and math.isclose(precision, accuracy * recall, abs_tol=1e-9)
    return "one and the same class" if alone else None


def _counts(metrics: Mapping[str, float | None]) -> tuple[int, int, int, int] | None:
    values = [metrics.get(f"val_cm_{name}") for name in ("tp", "tn", "fp", "fn")]
    known = [int(value) for value in values if value is not None]
    return (known[0], known[1], known[2], known[3]) if len(known) == 4 else None


def _name(run: Evidence, label: int) -> str:
    return f"“{run.classes[label]}”" if label < len(run.classes) else f"class {label}"
