"""Compute what the admin's page of one run shows from its rows; the template only lays it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from runs import queries, serializers
from runs.admin_pages.charts import Chart, line_chart
from runs.admin_pages.confusions import Mistakes, mistakes
from runs.admin_pages.data_facts import data_facts
from runs.admin_pages.operating_point_table import point_rows
from runs.admin_pages.recalibration_facts import recalibration_facts
from runs.admin_pages.subgroup_verdicts import subgroup_verdicts
from runs.evaluated_splits import split_looks
from runs.files import run_files
from runs.files import serializers as file_serializers
from runs.models import FinalResult, Run
from runs.queue import queue_position
from runs.saved_points.saved_point_json import decisions
from runs.statistics.matrix_statistics import MacroFacts, macro_facts
from runs.statistics.metric_names import EPOCH_METRICS, FINAL_STATISTICS, is_added, is_count, same_as_another
from runs.wording.epoch_number import epoch_number
from runs.wording.metric_text import metric_range, metric_value
from runs.wording.number_text import byte_size, duration, percent
from runs.wording.patient_text import few_words, patient_words

MOST_EPOCHS = 200  # rows of the table; the chart and the files have all epochs
SHADES = 10
LISTED_FROM = 61  # classes, as on the page of the run: a matrix of more is a list of its most frequent mistakes
History: TypeAlias = Sequence[Mapping[str, Any]]
CHARTS: dict[str, tuple[str, ...]] = {
    "Loss": ("train_loss", "val_loss"),
    "Validation metrics": ("val_auroc", "val_f1", "val_recall", "val_precision", "val_acc"),
    "Training and validation accuracy, F1": ("train_acc", "val_acc", "train_f1", "val_f1"),
    "Learning rate": ("learning_rate",),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a confusion matrix.

    `shade` is the share of the true class, in tenths; `mark` is TP, TN, FP or FN of a binary run.
    """

    count: int
    share: str
    shade: int
    correct: bool
    mark: str


@dataclass(frozen=True, slots=True)
class Statistic:
    """One final statistic, formatted; `interval` is blank where it has none."""

    name: str
    label: str
    value: str
    interval: str


@dataclass(frozen=True, slots=True)
class PatientReport:
    """The final evaluation of one split with one sample for each patient; `words` say by which rule."""

    words: str
    classes: list[str]
    matrix: list[tuple[str, list[Cell], int]]
    statistics: list[Statistic]


@dataclass(frozen=True, slots=True)
class SplitReport:
    """The final evaluation of one split.

    `matrix` has one (true class, cells, total) per row; of many classes it is empty and `mistakes` stands for it.
    `per_class` has one (class, values) per row. The statistics are those of `positive`, None unless there are two
    classes; `macro` says over what they are averages, else blank. `patients` says what the intervals follow.
    """

    split: str
    epoch: int
    threshold: float | None
    classes: list[str]
    positive: str | None
    macro: str
    patients: str
    matrix: list[tuple[str, list[Cell], int]]
    mistakes: Mistakes | None
    statistics: list[Statistic]
    class_columns: list[str]
    per_class: list[tuple[str, list[str]]]
    by_patient: PatientReport | None
    few: str


def report(run: Run) -> dict[str, Any]:
    """Build the template's context."""
    history = queries.epoch_history(run)
    results = queries.final_results(run.pk)
    points, sentences = point_rows(results)
    columns = [name for name in EPOCH_METRICS if any(name in row for row in history)] + _added(history)
    return {
        "charts": charts(history, run.best_epoch),
        "columns": columns,
        "epochs": [
            (epoch_number(row["epoch"]), [(name, metric_value(name, row.get(name))) for name in columns])
            for row in history[-MOST_EPOCHS:]
        ],
        "epochs_total": len(history),
        "epochs_left_out": max(0, len(history) - MOST_EPOCHS),
        "best": best_facts(run),
        "data": data_facts(run),
        "ended": run.status in Run.ENDED,
        "current_epoch": _numbered(run.current_epoch),
        "best_epoch": _numbered(run.best_epoch),
        "duration": duration(run.duration_seconds),
        "splits": [split_report(result) for result in results],
        "points": points,
        "point_sentences": sentences,
        "decisions": decisions(run),
        "recalibration": recalibration_facts(run),
        "subgroups": subgroup_verdicts(run),
        "looks": _looks(run),
        "files": _files(run),
        "links": serializers.links(run.pk),
        "config": msgspec.json.format(msgspec.json.encode(run.config), indent=2).decode(),
        "queue_position": queue_position(run),
    }


def _looks(run: Run) -> str:
    """Say how often its test split was looked at; blank where that is not known."""
    found = serializers.split_use(split_looks.of_run(run.pk))
    return found["text"] if found else ""


def best_facts(run: Run) -> list[dict[str, Any]]:
    """Return each best value under its own name, with its epoch."""
    found = [
        (f"Best {run.monitor} (decides)", run.monitor, run.best_value, run.best_epoch),
        ("Best val_recall", "val_recall", run.best_val_recall, run.best_val_recall_epoch),
        ("Best val_loss", "val_loss", run.best_val_loss, run.best_val_loss_epoch),
    ]
    return [
        {"label": label, "value": metric_value(name, best), "epoch": _numbered(epoch)}
        for label, name, best, epoch in found
    ]


def _files(run: Run) -> list[dict[str, Any]]:
    found = file_serializers.described(run.pk, run_files.listed(run))
    return [file | {"size": byte_size(file["size"])} for file in found]


def charts(history: History, best_epoch: int | None) -> list[Chart]:
    """Draw the charts for which the run has numbers."""
    drawn = []
    for title, names in (CHARTS | {name: (name,) for name in _added(history)}).items():
        series = {name: [(epoch_number(row["epoch"]), row[name]) for row in history if name in row] for name in names}
        chart = line_chart(
            title, {name: points for name, points in series.items() if points}, best_epoch=_numbered(best_epoch)
        )
        if chart:
            drawn.append(chart)
    return drawn


def _numbered(epoch: int | None) -> int | None:
    return None if epoch is None else epoch_number(epoch)


def _added(history: History) -> list[str]:
    """List the metrics that this run adds to those of every run."""
    return sorted({name for row in history for name in row if is_added(name)})


def split_report(result: FinalResult) -> SplitReport:
    """Build one split's matrix and statistics, the known names first, in the order of `FINAL_STATISTICS`."""
    per_class = [
        name for name in FINAL_STATISTICS if any(f"{name}/{c}" in result.statistics for c in result.class_names)
    ]
    per_class = [name for name in per_class if not same_as_another(name, per_class)]
    rows, listed = drawn_or_listed(result.class_names, result.confusion_matrix)
    return SplitReport(
        split=result.split,
        epoch=epoch_number(result.epoch),
        threshold=result.threshold,
        classes=result.class_names,
        positive=serializers.positive_class(result.class_names),
        patients=_patients_words(result.patients),
        few=few_words(result.confusion_matrix, (result.by_patient or {}).get("confusion_matrix")),
        macro=_macro_words(macro_facts(result.confusion_matrix, result.class_names, result.statistics)),
        matrix=rows,
        mistakes=listed,
        statistics=[_statistic(name, result.statistics) for name in _whole_split(result.statistics)],
        class_columns=[FINAL_STATISTICS[name] for name in per_class],
        per_class=[
            (label, [metric_value(name, result.statistics.get(f"{name}/{label}")) for name in per_class])
            for label in (result.class_names if per_class else ())
        ],
        by_patient=_patient_report(result),
    )


def _patient_report(result: FinalResult) -> PatientReport | None:
    """Build what counts patients; None where it was not computed."""
    found = result.by_patient
    if found is None:
        return None
    return PatientReport(
        words=patient_words(found["patients"], found["mixed"], len(result.class_names)),
        classes=result.class_names,
        matrix=list(matrix_rows(result.class_names, found["confusion_matrix"])),
        statistics=[_statistic(name, found["statistics"]) for name in _whole_split(found["statistics"])],
    )


def drawn_or_listed(
    classes: Sequence[str], matrix: Sequence[Sequence[int]]
) -> tuple[list[tuple[str, list[Cell], int]], Mistakes | None]:
    """Return the rows of a matrix that is drawn, or without rows the mistakes of one that has too many classes."""
    if len(classes) >= LISTED_FROM:
        return [], mistakes(classes, matrix)
    return list(matrix_rows(classes, matrix)), None


def _patients_words(patients: int | None) -> str:
    """Say whether the intervals follow patients."""
    if patients is None:
        return "patients unknown: intervals treat samples as independent"
    return f"{patients} patient{'' if patients == 1 else 's'}, whom the intervals follow"


def _macro_words(facts: MacroFacts | None) -> str:
    """Say over what the averages are, in the words of the page of the run."""
    if facts is None:
        return ""
    total, unused = facts.classes + len(facts.absent), len(facts.never_predicted)
    which = f"the {facts.classes} of {total} classes that have samples" if facts.absent else f"all {total} classes"
    never = f"; {unused} never predicted, with a precision of 0" if unused else ""
    return f"averages over {which}{never}"


def matrix_rows(classes: Sequence[str], matrix: Sequence[Sequence[int]]) -> Iterable[tuple[str, list[Cell], int]]:
    """Yield row by row the true class, its cells and its number of samples."""
    marks = (("TN", "FP"), ("FN", "TP")) if len(classes) == 2 else None
    for true, (label, counts) in enumerate(zip(classes, matrix, strict=True)):
        total = sum(counts)
        cells = [
            Cell(
                count=count,
                share=percent(count / total if total else None),
                shade=round(SHADES * count / total) if total else 0,
                correct=true == predicted,
                mark=marks[true][predicted] if marks else "",
            )
            for predicted, count in enumerate(counts)
        ]
        yield label, cells, total


def _whole_split(statistics: Mapping[str, Any]) -> list[str]:
    """List the statistics of the whole split: no classes, no ends of intervals, no counts that the matrix shows."""
    shown = [name for name in statistics if "/" not in name and not name.endswith(("_ci_low", "_ci_high"))]
    known = [name for name in FINAL_STATISTICS if name in shown and not same_as_another(name, shown)]
    return known + [name for name in shown if name not in FINAL_STATISTICS and not is_count(name)]


def _statistic(name: str, statistics: Mapping[str, float | None]) -> Statistic:
    return Statistic(
        name=name,
        label=FINAL_STATISTICS.get(name, name),
        value=metric_value(name, statistics[name]),
        interval=metric_range(name, statistics.get(f"{name}_ci_low"), statistics.get(f"{name}_ci_high")),
    )
