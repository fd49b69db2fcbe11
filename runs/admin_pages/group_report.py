"""Compute what the admin's page of a group shows; the template only lays it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.urls import reverse

from runs.admin_pages.admin_report import Cell, drawn_or_listed
from runs.admin_pages.confusions import Mistakes
from runs.evaluated_splits import split_looks
from runs.groups.statistics import GroupReport, Pooled, SplitSpread
from runs.models import Run
from runs.serializers import group_links, split_use
from runs.statistics.fold_statistics import Spread
from runs.statistics.matrix_statistics import Number
from runs.statistics.metric_names import FINAL_STATISTICS, is_added, same_as_another
from runs.wording.epoch_number import epoch_number
from runs.wording.metric_text import metric_range, metric_value
from runs.wording.number_text import duration

COLUMNS = ("final_auroc_cm", "final_sensitivity", "final_precision_cm", "final_f1_cm", "final_accuracy_cm")


@dataclass(frozen=True, slots=True)
class FoldRow:
    """One fold's row, with its numbers under their names, in the order of `COLUMNS`."""

    run: Run
    link: str
    best: str
    best_epoch: int | None
    duration: str
    numbers: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SpreadRow:
    """One statistic's mean and spread over the folds, formatted.

    `together` and its interval are those of the summed matrix, blank where it gives none.
    """

    name: str
    label: str
    n: int
    mean: str
    sd: str
    range: str
    interval: str
    corrected: str
    together: str
    together_interval: str


@dataclass(frozen=True, slots=True)
class SplitTable:
    """One split's statistics and summed matrix.

    `classes`, `matrix` and `mistakes` are those of one run's report; `classes` is empty without a summed matrix.
    `repeated` says why the summed matrix has no intervals, blank where it has.
    """

    split: str
    runs: int
    statistics: list[SpreadRow]
    classes: list[str]
    matrix: list[tuple[str, list[Cell], int]]
    mistakes: Mistakes | None
    repeated: str


def headline(report: GroupReport) -> str | None:
    """Return the split that represents the group: test where there is one; None without results."""
    return next((split for split in ("test", "val") if split in report.splits), None)


def group_report(report: GroupReport) -> dict[str, Any]:
    """Build the template's context."""
    split = headline(report)
    looks = split_use(split_looks.of_group(report.group.pk))
    return {
        "completed": report.completed,
        "ended": all(run.status in Run.ENDED for run in report.runs),
        "notes": report.notes,
        "headline": split,
        "columns": [FINAL_STATISTICS[name] for name in COLUMNS],
        "folds": [_fold(report, run, split) for run in report.runs],
        "splits": [_table(name, found) for name, found in report.splits.items()],
        "looks": looks["text"] if looks else "",
        "links": group_links(report.group.pk),
        "config": msgspec.json.format(msgspec.json.encode(report.group.config), indent=2).decode(),
    }


def _fold(report: GroupReport, run: Run, split: str | None) -> FoldRow:
    result = report.results.get(run.pk, {}).get(split or "")
    statistics = result.statistics if result else {}
    return FoldRow(
        run=run,
        link=reverse("admin:runs_run_change", args=[run.pk]),
        best=metric_value(run.monitor, run.best_value),
        best_epoch=None if run.best_epoch is None else epoch_number(run.best_epoch),
        duration=duration(run.duration_seconds),
        numbers=[(FINAL_STATISTICS[name], metric_value(name, statistics.get(name))) for name in COLUMNS],
    )


def _table(split: str, found: SplitSpread) -> SplitTable:
    pooled = found.pooled
    names = [
        name for name in FINAL_STATISTICS if name in found.statistics and not same_as_another(name, found.statistics)
    ]
    names += sorted(name for name in found.statistics if is_added(name))
    rows, listed = drawn_or_listed(pooled.class_names, pooled.confusion_matrix) if pooled else ([], None)
    return SplitTable(
        split=split,
        runs=found.runs,
        statistics=[_row(name, found.statistics[name], pooled) for name in names],
        classes=pooled.class_names if pooled else [],
        matrix=rows,
        mistakes=listed,
        repeated=_repeated(pooled) if pooled else "",
    )


def _repeated(pooled: Pooled) -> str:
    if pooled.patients is None or pooled.patients == pooled.samples:
        return ""
    return f"The summed matrix has no intervals, as its {pooled.samples:,} samples are of {pooled.patients:,} patients."


def _row(name: str, spread: Spread, pooled: Pooled | None) -> SpreadRow:
    together: Mapping[str, Number] = pooled.statistics if pooled else {}
    return SpreadRow(
        name=name,
        label=FINAL_STATISTICS.get(name, name),
        n=spread.n,
        mean=metric_value(name, spread.mean),
        sd=metric_value(name, spread.sd),
        range=metric_range(name, spread.min, spread.max),
        interval=metric_range(name, spread.ci_low, spread.ci_high),
        corrected=metric_range(name, spread.corrected_ci_low, spread.corrected_ci_high),
        together=metric_value(name, together[name]) if name in together else "",
        together_interval=metric_range(name, together.get(f"{name}_ci_low"), together.get(f"{name}_ci_high")),
    )
