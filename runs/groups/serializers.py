"""Groups of runs as JSON, as `serializers` does it for runs. Unknown is null."""

from __future__ import annotations

from typing import Any

from runs.evaluated_splits import split_looks
from runs.events import format_time
from runs.groups.statistics import GroupReport, Pooled, SplitSpread
from runs.serializers import final_split, group_links, macro, positive_class, run_summaries, split_use


def group_summary(report: GroupReport) -> dict[str, Any]:
    """Build one line of a list; `splits` are over `completed` of `size` runs."""
    group = report.group
    return {
        "id": group.pk,
        "group_id": group.pk,
        "name": group.name,
        "kind": group.kind,
        "owner": group.owner.username,
        "project": group.project.name,
        "project_id": group.project_id,
        "created_at": format_time(group.created_at),
        "size": group.size,
        "statuses": report.statuses,
        "completed": report.completed,
        "notes": report.notes,
        "splits": {split: _split(found, group.size) for split, found in report.splits.items()},
        "links": group_links(group.pk),
    }


def group_detail(report: GroupReport) -> dict[str, Any]:
    """Build the summary with the request, and each run with its final statistics, empty while unfinished."""
    runs = [one | {"final_stats": _final_stats(report, one["id"])} for one in run_summaries(report.runs)]
    looks = split_looks.of_group(report.group.pk) if "test" in report.splits else None
    return group_summary(report) | {"config": report.group.config, "runs": runs, "test_split": split_use(looks)}


def _final_stats(report: GroupReport, run_id: int) -> dict[str, Any]:
    return {split: final_split(result) for split, result in report.results.get(run_id, {}).items()}


def _split(found: SplitSpread, size: int) -> dict[str, Any]:
    return {
        "runs": found.runs,
        "of": size,
        "statistics": {name: spread._asdict() for name, spread in found.statistics.items()},
        "pooled": _pooled(found.pooled) if found.pooled else None,
    }


def _pooled(pooled: Pooled) -> dict[str, Any]:
    return {
        "samples": pooled.samples,
        "patients": pooled.patients,
        "class_names": pooled.class_names,
        "positive_class": positive_class(pooled.class_names),
        "confusion_matrix": pooled.confusion_matrix,
        "statistics": pooled.statistics,
        "macro": macro(pooled.confusion_matrix, pooled.class_names, pooled.statistics),
    }
