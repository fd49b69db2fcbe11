"""The sections of a report that people write, and those that place the result among others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from experiments.external_models import ExternalTest
from experiments.external_tests.descriptions import summary
from experiments.reports.document import Block, Fact, FigureBlock, Paragraph, Section, Table
from experiments.reports.sections.blocks import facts, written
from experiments.reports.source import SAME_DATA, SPLITS, Source, data_name
from experiments.reports.stated_numbers import stated
from runs.saved_points.run_decision import OWN
from runs.statistics.fold_statistics import Spread
from runs.statistics.metric_names import FINAL_STATISTICS
from runs.wording.metric_text import metric_value, with_interval
from runs.wording.number_text import UNKNOWN


def purpose_section(source: Source) -> Section:
    """Show what people wrote about the purpose of the model."""
    blocks = written(source, "intended_use", "users", "background", "objectives")
    items = "TRIPOD+AI 1, 3, 4 · STARD 1–4 · CLAIM 1–4, 6"
    return Section(id="purpose", title="Purpose and users", items=items, blocks=blocks)


def learning_section(figures: Sequence[str]) -> Section:
    """Show how the numbers developed over the epochs."""
    blocks: list[Block] = [FigureBlock(name=name) for name in figures]
    if not figures:
        blocks.append(Paragraph(text="No numbers of epochs are stored any more."))
    return Section(id="learning", title="Course of the training", items="CLAIM 25, 26", blocks=blocks)


def comparison_section(source: Source) -> Section:
    """Compare with the other folds, and with external tests."""
    blocks: list[Block] = [*_folds(source), *_external(source), *written(source, "comparison")]
    items = "TRIPOD+AI 16, 20c, 23b · STARD 14 · CLAIM 33, 37"
    return Section(id="comparison", title="Folds, external tests and comparison", items=items, blocks=blocks)


def _folds(source: Source) -> Iterator[Block]:
    group = source.group
    if group is None:
        return
    yield Paragraph(
        text=f"This run is {source.run.which_fold} of the cross-validation “{group.group.name}” (group "
        f"{group.group.pk}); {group.completed} of its {group.group.size} folds are completed. The numbers of "
        "one fold alone say less than their mean."
    )
    for note in group.notes:
        yield Paragraph(text=note, warns=True)
    for split, found in group.splits.items():
        rows = [
            [label, *_spread(name, spread)]
            for name, label in FINAL_STATISTICS.items()
            if (spread := found.statistics.get(name)) is not None and spread.mean is not None
        ]
        if rows:
            yield Table(
                caption=f"All folds, {SPLITS[split]}: mean over {found.runs} completed folds",
                head=["Statistic", "Mean (95 % interval, corrected)", "Standard deviation", "Folds"],
                rows=rows,
            )


def _spread(name: str, spread: Spread) -> list[str]:
    mean = with_interval(name, spread.mean, spread.corrected_ci_low, spread.corrected_ci_high)
    return [mean, UNKNOWN if spread.sd is None else metric_value(name, spread.sd), str(spread.n)]


def _external(source: Source) -> Iterator[Block]:
    if not source.external_tests:
        yield Paragraph(
            text="No external test was made: how the model does on data of another place is not known.", warns=True
        )
        return
    for test in source.external_tests:
        yield from _one_test(source, test)


def _one_test(source: Source, test: ExternalTest) -> Iterator[Block]:
    """Show an external test: its data, how they differ, and its statistics beside those of the run's own split."""
    told = summary(test)
    name = test.name or data_name(test.source_path)
    yield Paragraph(text=f"External test {test.number}: {name}. {test.note}".strip())
    known = [
        Fact(label="Data", value=data_name(test.source_path), detail=test.content_hash),
        Fact(label="Samples", value=f"{test.samples:,}", detail=_patients(test)),
        Fact(label="Decided at", value=told["point"]),
        Fact(label="Made", value=f"by {told['owner']} on {told['created_at'][:10]}"),
    ]
    yield from facts(known)
    for text in (*test.details["warnings"], *_overlap(test)):
        yield Paragraph(text=text, warns=True)
    shift = test.details["shift"] or {}
    for text in (*shift.get("prevalence_texts", ()), *shift.get("score_texts", ())):
        yield Paragraph(text=text)
    own = _own(source, test)
    columns = [test.kept["statistics"], own.statistics]
    heads = ["External", own.head]
    if test.details["rechosen"]:
        columns.insert(1, test.details["rechosen"]["statistics"])
        heads.insert(1, "External, threshold chosen on these data")
    rows = [
        [label, *(stated(key, column) for column in columns)]
        for key, label in FINAL_STATISTICS.items()
        if columns[0].get(key) is not None
    ]
    caption = f"External test {test.number}, {name}"
    yield Table(caption=caption, head=["Statistic", *heads], rows=rows, note=own.note)


class _Own(NamedTuple):
    """The numbers of the run's own split that stand beside those of an external test."""

    head: str
    statistics: Mapping[str, Any]
    note: str


def _own(source: Source, test: ExternalTest) -> _Own:
    """Return the run's own split at the very point of the test, else what holds at every threshold, or at the own."""
    internal = test.details["internal"]
    if internal:
        note = "Both are decided at the same point." if source.is_binary else ""
        return _Own(SPLITS[internal["split"]].capitalize(), internal["statistics"], note)
    main, head = source.main, SPLITS[source.main.split].capitalize()
    if not source.is_binary or test.kept["rule"] == OWN:
        return _Own(head, main.statistics, "")
    note = "The run's own split is decided at its own threshold, the external test at the saved operating point."
    return _Own(f"{head}, at the run's own threshold", main.statistics, note)


def _overlap(test: ExternalTest) -> Iterator[str]:
    """Say what the data share with those of the training, and what could not be compared, without naming anybody."""
    found = test.details["overlap"]
    if found.get("level") == SAME_DATA:
        yield from found["texts"]
        return
    for what, by in (("patients", "patient ids"), ("samples", "ids")):
        shared = found.get(what, {})
        seen = shared.get("train", 0) + shared.get("val", 0)
        if seen:
            yield (
                f"{seen:,} {what} of these data occur in the training or validation split of the run, by their {by}: "
                "unless that is a coincidence, the network has seen them, and the numbers are optimistic."
            )
    yield from found.get("unchecked", ())


def _patients(test: ExternalTest) -> str:
    return "patients are not known" if test.patients is None else f"of {test.patients:,} patients"


def limits_section(source: Source) -> Section:
    """Show what people wrote about limits, beside what follows from the data."""
    blocks: list[Block] = written(source, "interpretation", "limitations", "harms", "next_steps")
    blocks += [Paragraph(text=text, warns=True) for text in known_limits(source)]
    items = "TRIPOD+AI 25–27 · STARD 26, 27 · CLAIM 40, 41"
    return Section(id="limits", title="Interpretation and limits", items=items, blocks=blocks)


def known_limits(source: Source) -> list[str]:
    """List the limits that follow from what is stored."""
    found = []
    if source.main.split == "val":
        found.append("There is no test split; the numbers are of the split on which the epoch was chosen.")
    if not source.tested_elsewhere:
        found.append("The model was not tested on data of another place.")
    if not source.patients_known:
        found.append("Patients are not known, so it is not known whether splits share some.")
    if not source.has_subgroups:
        found.append("No groups of patients were told apart.")
    if source.looks and source.looks["looks"] > 1:
        found.append(source.looks["text"])
    return found


def declarations_section(source: Source) -> Section:
    """Show ethics, funding and the like, as people wrote them."""
    blocks = written(source, "ethics", "funding", "conflicts", "protocol", "involvement", "availability")
    items = "TRIPOD+AI 17–19 · STARD 28–30 · CLAIM 11, 34, 42–44"
    return Section(id="declarations", title="Declarations", items=items, blocks=blocks)
