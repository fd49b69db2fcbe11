"""The sections of a report about parts of the result: subgroups, and errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.reports.document import Block, Fact, FigureBlock, Paragraph, Section, Table
from experiments.reports.sections.blocks import facts, written
from experiments.reports.sections.results import decided_matrix
from experiments.reports.source import Source
from runs.saved_points.run_decision import SAVED
from runs.statistics.metric_names import FINAL_STATISTICS
from runs.wording.difference_text import p_value, signed, signed_range
from runs.wording.metric_text import with_interval
from runs.wording.number_text import UNKNOWN, percent

MOST_GROUPS = 100
SHOWN = ("final_auroc_cm", "final_sensitivity", "final_specificity", "final_accuracy_cm")
"""Statistics of groups in the table; as many as a page has room for."""
METRICS = {"auroc": "AUROC"}


def subgroups_section(source: Source, found: Mapping[str, Any] | None, figures: Sequence[str]) -> Section:
    """Describe the result in groups of samples; `found` is the answer of `run_subgroups`, None if none were kept."""
    blocks: list[Block] = []
    if found is None or found["problem"]:
        problem = "" if found is None else found["problem"]
        blocks.append(Paragraph(text=problem or "No columns were kept by which groups of samples could be told apart."))
    else:
        blocks += [Paragraph(text=found["verdict"], warns=found["worst"] is not None)]
        blocks += [FigureBlock(name=name) for name in figures]
        blocks += [_groups(found), *_differences(found)]
    blocks += written(source, "fairness")
    items = "TRIPOD+AI 12d, 14, 23a, 23b · STARD 17 · CLAIM 30, 36"
    return Section(id="subgroups", title="Subgroups and fairness", items=items, blocks=blocks)


def _groups(found: Mapping[str, Any]) -> Table:
    there = {name for group in found["groups"] for name in group["statistics"]}
    names = [name for name in SHOWN if name in there]
    at = f" at a threshold of {found['threshold']:.6g}" if found["threshold"] is not None else ""
    saved = " (the saved operating point)" if found["decides"] == SAVED else ""
    more = len(found["groups"]) - MOST_GROUPS
    return Table(
        caption=f"Groups of samples{at}{saved}",
        head=["Group", "Samples", "Patients", *(FINAL_STATISTICS[name] for name in names)],
        rows=[_group(group, names) for group in found["groups"][:MOST_GROUPS]],
        note="Groups that are too small have no numbers. report.json has all statistics of each group."
        + (f" It has {more} more groups." if more > 0 else ""),
    )


def _group(group: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    numbers = [
        with_interval(name, one["value"], one["ci_low"], one["ci_high"])
        if (one := group["statistics"].get(name))
        else UNKNOWN
        for name in names
    ]
    patients = UNKNOWN if group["patients"] is None else f"{group['patients']:,}"
    return [_named(group), f"{group['samples']:,}", patients, *numbers]


def _named(group: Mapping[str, Any]) -> str:
    return f"{group['column']}: {group['group']}"


def _differences(found: Mapping[str, Any]) -> Iterator[Block]:
    """Build the comparisons of each group with all other samples."""
    metric = found["metric"]
    rows = [
        [
            _named(group),
            f"{signed(metric, one['value'])} ({signed_range(metric, one['ci_low'], one['ci_high'])})",
            p_value(one["p"]),
            p_value(one["p_holm"]),
        ]
        for group in found["groups"][:MOST_GROUPS]
        if (one := group["difference"]) is not None
    ]
    if rows:
        yield Table(
            caption=f"Difference of each group from all other samples, in {METRICS.get(metric, metric)}",
            head=["Group", "Difference (95 % interval)", "p", "p after Holm's correction"],
            rows=rows,
        )


def errors_section(source: Source) -> Section:
    """Describe the errors, in numbers, without naming samples or patients."""
    matrix, names = decided_matrix(source), source.class_names
    total, right = sum(map(sum, matrix)), sum(row[place] for place, row in enumerate(matrix))
    wrong = total - right
    known = [Fact(label="Wrong", value=f"{wrong:,} of {total:,}", detail=percent(wrong / total if total else None))]
    mistakes = sorted(
        ((row[there], here, there) for here, row in enumerate(matrix) for there in range(len(names)) if here != there),
        reverse=True,
    )
    known += [
        Fact(
            label=f"{names[here]} taken for {names[there]}",
            value=f"{count:,}",
            detail=f"of {sum(matrix[here]):,} of {names[here]}",
        )
        for count, here, there in mistakes[:10]
        if count
    ]
    blocks: list[Block] = [
        *facts(known),
        Paragraph(text="The page of the run shows which samples these are; none is named here."),
        *written(source, "explanations"),
    ]
    items = "STARD 23, 25 · CLAIM 31, 39"
    return Section(id="errors", title="Errors and explanations", items=items, blocks=blocks)
