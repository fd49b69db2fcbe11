"""The sections of a report about the result of the whole: summary, methods, performance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from experiments.reports.document import Block, Fact, FigureBlock, Paragraph, Section, Table
from experiments.reports.sections.blocks import facts, written
from experiments.reports.source import SPLITS, Source
from experiments.reports.stated_numbers import AT_A_THRESHOLD, stated
from realtime.first_facts import WARNINGS
from runs.admin_pages.operating_point_table import HEADS, PointRow, point_rows
from runs.serializers import final_split
from runs.statistics.metric_names import COUNTS, FINAL_STATISTICS, same_as_another
from runs.wording.patient_text import few_words, patient_words

MOST_CLASSES = 60
OF_SHARES = len(HEADS) - len(COUNTS)
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
    "samples where patients are not known. Calibration slope and intercept: regression on the logit, errors by "
    "patient. The calibration error has no interval; beside it stands what a perfectly calibrated model would "
    "show. Subgroups are compared with all other samples, p values corrected by Holm's method. Net benefit is of "
    "probabilities alone."
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
    for note in source.notes:
        if note.code in WARNINGS:
            yield Paragraph(text=note.text, warns=True)
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
        caption=f"Statistics{_of_classes(source)} with 95 % intervals{_own_threshold(source)}",
        head=["Statistic", *(SPLITS[result.split].capitalize() for result in results)],
        rows=_rows([result.statistics for result in results]),
        note=_counted(source),
    )


def _of_classes(source: Source) -> str:
    return "" if source.is_binary else ", means over the classes where they are of one,"


def _own_threshold(source: Source) -> str:
    own = source.main.threshold
    return f", at the run's own threshold {own:.6g}" if source.is_binary and own is not None else ""


def _rows(statistics: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    stored = set().union(*statistics)
    return [
        [label, *(stated(name, found) for found in statistics)]
        for name, label in FINAL_STATISTICS.items()
        if any(found.get(name) is not None for found in statistics) and not same_as_another(name, stored)
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
        rows=_rows([found["statistics"]]),
        note=words,
    )


def _per_class(source: Source) -> Iterator[Block]:
    statistics, names = source.main.statistics, source.class_names
    if source.is_binary:
        return
    there = [name for name in FINAL_STATISTICS if any(f"{name}/{label}" in statistics for label in names)]
    shown = [name for name in there if not same_as_another(name, there)]
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
    """Build a table of each split, with the shares; their intervals stand below them."""
    rows, sentences = point_rows(source.results)
    for split in dict.fromkeys(row.split for row in rows):
        yield Table(
            caption=f"Operating points, all chosen on validation: what they give on the {split} split",
            head=["Point", "Threshold", *HEADS[:OF_SHARES], "TP, TN, FP, FN"],
            rows=[
                [row.label, row.threshold, *_shares(row), ", ".join(value for _, value, _ in row.values[OF_SHARES:])]
                for row in rows
                if row.split == split
            ],
        )
    for sentence in sentences:
        yield Paragraph(text=sentence)


def _shares(row: PointRow) -> list[str]:
    return [f"{value} ({between})" if between else value for _, value, between in row.values[:OF_SHARES]]


def methods_section(source: Source) -> Section:
    """Describe how the numbers were computed."""
    how = (
        f"“{source.class_names[1]}” is predicted where the score is at or above the threshold."
        if source.is_binary
        else "The class with the highest score is predicted."
    )
    blocks: list[Block] = [
        *written(source, "analysis_plan"),
        Paragraph(text=METHODS),
        Paragraph(text=how),
    ]
    return Section(
        id="methods",
        title="Statistical methods",
        items="TRIPOD+AI 12d, 12e, 12g, 14 · STARD 14–17 · CLAIM 28–30",
        blocks=blocks,
    )


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
    if not source.tested_elsewhere:
        blocks.append(Paragraph(text="The model was not tested on data of another place.", warns=True))
    return Section(id="summary", title="Summary", items="TRIPOD+AI 1, 2 · STARD 1, 2 · CLAIM 1, 2", blocks=blocks)


def _decided_at(source: Source) -> str:
    if source.point and source.main.split in source.point["splits"]:
        return f"at the saved threshold {source.point['threshold']:.6g}"
    own = source.main.threshold
    return "" if own is None else f"at the run's own threshold {own:.6g}"
