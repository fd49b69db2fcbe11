"""The sections of a report about the result: summary, methods, performance, subgroups, errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from experiments.reports.document import Block, Fact, FigureBlock, Paragraph, Section, Table
from experiments.reports.sections.blocks import facts, written
from experiments.reports.source import SPLITS, Source
from experiments.reports.stated_numbers import stated, with_interval
from runs.admin_pages.operating_point_table import HEADS, point_rows
from runs.models import FinalResult
from runs.saved_points.run_decision import SAVED
from runs.serializers import final_split
from runs.statistics.metric_names import FINAL_STATISTICS
from runs.wording.difference_text import p_value, signed, signed_range
from runs.wording.metric_text import metric_value
from runs.wording.number_text import UNKNOWN, percent
from runs.wording.patient_text import few_words, patient_words

AT_A_THRESHOLD = ("final_sensitivity", "final_specificity", "final_precision_cm", "final_npv")
MOST_CLASSES = 60
MOST_GROUPS = 100
VALIDATION_ALONE = (
    "There is no test split: these numbers are of the validation split, on which the best epoch was chosen. They are "
    "likely to be better than those of new data."
)
OWN_DATA = (
    "The test split comes from the same data as the training. How the model does elsewhere is not shown by it: that "
    "needs an external test."
)
METHODS = (
    "All numbers are of the checkpoint that was best on validation. Intervals are 95 % intervals. AUROC: Newcombe's "
    "method 5, widened for tied and mixed scores; where patients are known, by the numbers of patients that count as "
    "much as their samples (Obuchowski). Sensitivity, specificity, predictive values and accuracy: Wilson's interval, "
    "where patients are known with the effective number of samples and Student's t (Korn and Graubard). Average "
    "precision, F1, balanced accuracy, Matthews correlation, Brier score and log loss: bootstrap of patients, or of "
    "samples where patients are not known. Calibration slope and intercept: regression on the logit, errors by patient. "
    "The calibration error has no interval; beside it stands what a perfectly calibrated model would show. Subgroups "
    "are compared with all other samples, p values corrected by Holm's method. Net benefit is of probabilities alone."
)


def results_section(source: Source, figures: Sequence[str]) -> Section:
    """Describe how well the model does, by split, by class and by patient, with the curves."""
    blocks: list[Block] = list(_caveats(source))
    blocks += _statistics(source)
    blocks += _by_patient(source)
    blocks += _per_class(source)
    blocks += _matrix(source)
    blocks += [FigureBlock(name=name) for name in figures]
    blocks += _points(source)
    items = "TRIPOD+AI 12e, 21, 23a · STARD 21, 23, 24 · CLAIM 28, 29, 32, 37, 38"
    return Section(id="results", title="Performance", items=items, blocks=blocks)


def _caveats(source: Source) -> Iterator[Block]:
    main = source.main
    if main.split == "val":
        yield Paragraph(text=VALIDATION_ALONE, warns=True)
    else:
        yield Paragraph(text=OWN_DATA)
    if source.looks:
        yield Paragraph(text=source.looks["text"], warns=source.looks["looks"] > 1)
    by_patient = main.by_patient
    few = few_words(main.confusion_matrix, by_patient["confusion_matrix"] if by_patient else None)
    if few:
        yield Paragraph(text=few, warns=True)
    if source.run.status != source.run.Status.COMPLETED:
        yield Paragraph(text="The run was cancelled; its best checkpoint until then was evaluated.", warns=True)


def _statistics(source: Source) -> Iterator[Block]:
    results = source.results[::-1]  # test first
    if source.point is not None and source.is_binary:
        yield _at_saved_point(source)
    yield Table(
        caption="Statistics with 95 % intervals" + _own_threshold(source),
        head=["Statistic", *(SPLITS[result.split].capitalize() for result in results)],
        rows=_rows(results, [result.statistics for result in results]),
        note=_counted(source),
    )


def _own_threshold(source: Source) -> str:
    own = source.main.threshold
    return f", at the run's own threshold {own:.6g}" if source.is_binary and own is not None else ""


def _rows(results: Sequence[FinalResult], statistics: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    return [
        [label, *(stated(name, found) for found in statistics)]
        for name, label in FINAL_STATISTICS.items()
        if any(found.get(name) is not None for found in statistics)
        and not (name == "final_recall_cm" and any("final_sensitivity" in found for found in statistics))
    ]


def _counted(source: Source) -> str:
    main = source.main
    samples = sum(map(sum, main.confusion_matrix))
    if main.patients is None:
        return (
            f"{SPLITS[main.split].capitalize()}: {samples:,} samples, taken as independent, as patients are not known."
        )
    return f"{SPLITS[main.split].capitalize()}: {samples:,} samples of {main.patients:,} patients."


def _at_saved_point(source: Source) -> Table:
    point = source.point or {}
    splits: Mapping[str, Any] = point["splits"]
    names = [split for split in ("test", "val") if split in splits]
    return Table(
        caption=f"At the saved operating point ({point['label']})",
        head=["Statistic", *(SPLITS[split].capitalize() for split in names)],
        rows=[[FINAL_STATISTICS[name], *(stated(name, splits[split]) for split in names)] for name in AT_A_THRESHOLD],
        note=point["summary"],
    )


def _by_patient(source: Source) -> Iterator[Block]:
    found = source.main.by_patient
    if found is None:
        return
    words = patient_words(found["patients"], found["mixed"], len(source.class_names))
    yield Table(
        caption=f"Per patient, {SPLITS[source.main.split]} split",
        head=["Statistic", "Per patient"],
        rows=_rows([source.main], [found["statistics"]]),
        note=words,
    )


def _per_class(source: Source) -> Iterator[Block]:
    statistics, names = source.main.statistics, source.class_names
    if source.is_binary:
        return
    shown = [name for name in FINAL_STATISTICS if any(f"{name}/{label}" in statistics for label in names)]
    if not shown:
        return
    more = len(names) - MOST_CLASSES
    yield Table(
        caption=f"Each class against the rest, {SPLITS[source.main.split]} split",
        head=["Class", "Samples", *(FINAL_STATISTICS[name] for name in shown)],
        rows=[
            [label, f"{sum(row):,}", *(stated(name, statistics, label) for name in shown)]
            for label, row in list(zip(names, source.main.confusion_matrix, strict=True))[:MOST_CLASSES]
        ],
        note=f"{more} more classes are in report.json." if more > 0 else "",
    )
    over = final_split(source.main)["macro"]
    if over and (over["absent"] or over["never_predicted"]):
        yield Paragraph(
            text=f"Means over classes are of {over['classes']} classes. Without samples: {_listed(over['absent'])}. "
            f"Never predicted: {_listed(over['never_predicted'])}.",
            warns=True,
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def decided_matrix(source: Source) -> list[list[int]]:
    """Return the confusion matrix of the main split where the run decides."""
    point = source.point
    if point and source.is_binary and source.main.split in point["splits"]:
        counts = {name: int(point["splits"][source.main.split][f"cm_{name}"]) for name in ("tn", "fp", "fn", "tp")}
        return [[counts["tn"], counts["fp"]], [counts["fn"], counts["tp"]]]
    return [list(map(int, row)) for row in source.main.confusion_matrix]


def _matrix(source: Source) -> Iterator[Block]:
    names = source.class_names
    if len(names) > MOST_CLASSES:
        return
    where = "at the saved operating point" if source.point and source.is_binary else "where the run decides"
    yield Table(
        caption=f"Confusion matrix, {SPLITS[source.main.split]} split, {where}",
        head=["True class", *(f"Predicted {name}" for name in names), "All"],
        rows=[
            [name, *(f"{count:,}" for count in row), f"{sum(row):,}"]
            for name, row in zip(names, decided_matrix(source), strict=True)
        ],
    )


def _points(source: Source) -> Iterator[Block]:
    rows, sentences = point_rows(source.results)
    if rows:
        yield Table(
            caption="Operating points, all chosen on validation",
            head=["Point", "Threshold", "Split", *HEADS],
            rows=[
                [
                    row.label,
                    row.threshold,
                    row.split,
                    *(f"{value} ({between})" if between else value for _, value, between in row.values),
                ]
                for row in rows
            ],
        )
    for sentence in sentences:
        yield Paragraph(text=sentence)


def methods_section(source: Source) -> Section:
    """Describe how the numbers were computed."""
    measure = "predicted where the score is at or above the threshold" if source.is_binary else "the highest score"
    blocks: list[Block] = [
        *written(source, "analysis_plan"),
        Paragraph(text=METHODS),
        Paragraph(text=f"A class is {measure}." if source.is_binary else f"The class with {measure} is predicted."),
    ]
    return Section(
        id="methods",
        title="Statistical methods",
        items="TRIPOD+AI 12d, 12e, 12g, 14 · STARD 14–17 · CLAIM 28–30",
        blocks=blocks,
    )


def subgroups_section(source: Source, found: Mapping[str, Any] | None, figures: Sequence[str]) -> Section:
    """Describe the result in groups of samples; `found` is the answer of `run_subgroups`, None if none were kept."""
    blocks: list[Block] = []
    if found is None or found["problem"]:
        problem = "" if found is None else found["problem"]
        blocks.append(Paragraph(text=problem or "No columns were kept by which groups of samples could be told apart."))
    else:
        blocks += [Paragraph(text=found["verdict"], warns=found["worst"] is not None)]
        blocks += [FigureBlock(name=name) for name in figures]
        blocks += [_groups(found)]
    blocks += written(source, "fairness")
    items = "TRIPOD+AI 12d, 14, 23a, 23b · STARD 17 · CLAIM 30, 36"
    return Section(id="subgroups", title="Subgroups and fairness", items=items, blocks=blocks)


def _groups(found: Mapping[str, Any]) -> Table:
    names = list(dict.fromkeys(name for group in found["groups"] for name in group["statistics"]))
    metric = found["metric"]
    at = f" at a threshold of {found['threshold']:.6g}" if found["threshold"] is not None else ""
    saved = " (the saved operating point)" if found["decides"] == SAVED else ""
    more = len(found["groups"]) - MOST_GROUPS
    return Table(
        caption=f"Groups of samples{at}{saved}; the difference is in {metric}, from all other samples",
        head=["Group", "Samples", "Patients", *(_name(name) for name in names), "Difference", "p (Holm)"],
        rows=[_group(group, names, metric) for group in found["groups"][:MOST_GROUPS]],
        note="Groups that are too small have no numbers."
        + (f" {more} more groups are in report.json." if more > 0 else ""),
    )


def _name(name: str) -> str:
    return {"auroc": "AUROC", "npv": "NPV", "ppv": "PPV", "f1": "F1"}.get(name, name.replace("_", " ").capitalize())


def _group(group: Mapping[str, Any], names: Sequence[str], metric: str) -> list[str]:
    numbers = [
        with_interval(name, one["value"], one["ci_low"], one["ci_high"])
        if (one := group["statistics"].get(name))
        else UNKNOWN
        for name in names
    ]
    difference = group["difference"]
    between = signed_range(metric, difference["ci_low"], difference["ci_high"]) if difference else ""
    return [
        f"{group['column']}: {group['group']}",
        f"{group['samples']:,}",
        UNKNOWN if group["patients"] is None else f"{group['patients']:,}",
        *numbers,
        f"{signed(metric, difference['value'])} ({between})" if difference else UNKNOWN,
        p_value(difference["p_holm"]) if difference else UNKNOWN,
    ]


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
        Paragraph(
            text="Which samples these are, with their pictures and scores, is on the page of the run; the report names none."
        ),
        *written(source, "explanations"),
    ]
    items = "STARD 23, 25 · CLAIM 31, 39"
    return Section(id="errors", title="Errors and explanations", items=items, blocks=blocks)


def summary_section(source: Source) -> Section:
    """Say in a few lines what the report is about and what came out."""
    main, run = source.main, source.run
    what = (
        f"“{source.class_names[1]}” against “{source.class_names[0]}”"
        if source.is_binary
        else f"{len(source.class_names)} classes"
    )
    samples = sum(map(sum, main.confusion_matrix))
    of = f" of {main.patients:,} patients" if main.patients is not None else ""
    known = [
        Fact(label="Model", value=f"{(run.model or {}).get('name') or run.model_name}, {what}"),
        Fact(label="Evaluated on", value=f"the {SPLITS[main.split]} split: {samples:,} samples{of}"),
    ]
    headline = ("final_auroc_cm", *AT_A_THRESHOLD[:2]) if source.is_binary else ("final_accuracy_cm", "final_auroc_cm")
    point = (source.point or {}).get("splits", {}).get(main.split, {}) if source.is_binary else {}
    for name in headline:
        statistics = point if name in AT_A_THRESHOLD and name in point else main.statistics
        if statistics.get(name) is not None:
            at = _decided_at(source) if name in AT_A_THRESHOLD else ""
            known.append(Fact(label=FINAL_STATISTICS[name], value=stated(name, statistics), detail=at))
    blocks: list[Block] = [*facts(known)]
    if main.split == "val":
        blocks.append(Paragraph(text=VALIDATION_ALONE, warns=True))
    if not source.external_tests:
        blocks.append(Paragraph(text="The model was not tested on data of another place.", warns=True))
    return Section(id="summary", title="Summary", items="TRIPOD+AI 1, 2 · STARD 1, 2 · CLAIM 1, 2", blocks=blocks)


def _decided_at(source: Source) -> str:
    if source.point and source.main.split in source.point["splits"]:
        return f"at the saved threshold {metric_value('score', source.point['threshold'])}"
    own = source.main.threshold
    return "" if own is None else f"at the run's own threshold {own:.6g}"
