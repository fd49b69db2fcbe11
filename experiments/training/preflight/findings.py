"""Turn what was found into sentences that say what is wrong, by how much, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.training.contract import preflight_report, splits
from experiments.training.contract.column_facts import ColumnFacts
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.preflight_report import Finding
from experiments.training.contract.reading import Reading, asked
from experiments.training.contract.source_errors import some
from experiments.training.data.splitting.division import WORDS
from experiments.training.preflight import summary

FEW_PATIENTS = 10  # in a held-out split
UNEVEN_FROM = 10  # times as many samples of the largest class as of the smallest
# For one sample and for several; {later} and {earlier} are splits in words.
ONE: dict[preflight_report.Kind, str] = {
    "exact": "1 {later} sample is an exact copy of a {earlier} sample",
    "copy": "1 {later} sample is a {earlier} sample saved again, resized or brightened",
    "near": "1 {later} sample is nearly the same as a {earlier} sample",
}
SEVERAL: dict[preflight_report.Kind, str] = {
    "exact": "{count:,} {later} samples are exact copies of {earlier} samples",
    "copy": "{count:,} {later} samples are {earlier} samples saved again, resized or brightened",
    "near": "{count:,} {later} samples are nearly the same as {earlier} samples",
}
COLUMN_WORDS = {
    "constant_columns": "constant in the training split and left out",
    "missing_values": "with missing values",
}
CURE = (
    "Results on them look better than they are. Remove the copies or put them into one split, or set "
    "data.allow_leakage to true to train anyway, which marks the run permanently."
)
NOTED = frozenset({"leakage_allowed", "near_duplicates", "label_conflicts", "unreadable_skipped"})
"""Codes of findings that stay with the run as notes."""


def of_data(
    config: TrainingConfig,
    *,
    counts: Sequence[preflight_report.SplitCounts],
    classes: Sequence[str],
    images: preflight_report.Images | None,
    duplicates: preflight_report.Duplicates,
    patients: preflight_report.Patients | None,
    columns: Sequence[ColumnFacts],
    pictures: Sequence[Finding],
    reading: Reading,
) -> list[Finding]:
    """List all findings about the data, the worst first; `pictures` are those about what images hold."""
    found = [
        *asked(reading.questions),
        *reading.findings,
        *_leaks(config, duplicates, patients),
        *_few_patients(counts, patients),
        *_unreadable(config, images),
        *pictures,
        *_conflicts(duplicates),
        *_within(duplicates),
        *_no_test(config, counts, patients),
        *_uneven(counts, classes),
        *_columns(columns),
        *_folds(config),
        *_devices(config),
    ]
    order = {"blocks": 0, "confirm": 1, "warning": 2, "info": 3}
    return sorted(found, key=lambda finding: order[finding.level])


def blocking(findings: Sequence[Finding]) -> str | None:
    """Join the texts that forbid the training to start; None if it may start."""
    return " ".join(finding.text for finding in findings if finding.level == "blocks") or None


def _leaks(
    config: TrainingConfig, duplicates: preflight_report.Duplicates, patients: preflight_report.Patients | None
) -> Iterator[Finding]:
    """Yield what blocks or, where leakage is allowed, one finding that says what was allowed."""
    certain = [text for kind in ("exact", "copy") if (text := _leak(kind, duplicates))]
    if patients and patients.across_count:
        named = some([f"{patient.id} ({', '.join(patient.splits)})" for patient in patients.across], 5)
        certain.append(f"{_number(patients.across_count, 'patient')} in more than one split: {named}.")
    if certain and config.data.allow_leakage:
        yield Finding(
            code="leakage_allowed", level="warning", text=f"Trained with leaks between splits: {' '.join(certain)}"
        )
    elif certain:
        yield Finding(code="leakage", level="blocks", text=f"Leaks between splits: {' '.join(certain)} {CURE}")
    if near := _leak("near", duplicates):
        text = f"{near} If they show the same thing, results on them look better than they are."
        yield Finding(code="near_duplicates", level="warning", text=text)


def _leak(kind: preflight_report.Kind, duplicates: preflight_report.Duplicates) -> str | None:
    """Describe leaks of one kind, as in `2 test samples are exact copies of training samples (a = b, c = d)`."""
    tally = next(tally for tally in duplicates.tallies if tally.kind == kind)
    if not tally.leaks:
        return None
    parts = [
        (ONE if leak.count == 1 else SEVERAL)[kind].format(
            count=leak.count, later=WORDS[leak.later], earlier=WORDS[leak.earlier]
        )
        for leak in tally.leaks
    ]
    across = [group for group in duplicates.groups if group.kind == kind and group.across]
    return f"{'; '.join(parts)} ({some([_named(group) for group in across])})."


def _named(group: preflight_report.Group) -> str:
    """Name one sample of each split: `a (train) = b (val)`."""
    one_each = {twin.split: twin for twin in reversed(group.samples)}
    twins = sorted(one_each.values(), key=lambda twin: twin.place)
    return " = ".join(f"{twin.id} ({twin.split})" for twin in twins)


def _few_patients(
    counts: Sequence[preflight_report.SplitCounts], patients: preflight_report.Patients | None
) -> Iterator[Finding]:
    """Yield what held-out splits of few patients are worth, where patients have several samples."""
    if patients is None or patients.count >= sum(part.total for part in counts):
        return
    for split, count in patients.splits.items():
        if split != "train" and count < FEW_PATIENTS:
            text = (
                f"The {WORDS[split]} split has {_number(count, 'patient')}: numbers of so few people say little about "
                "others. Cross-validation (data.folds) uses all of them, a larger share more."
            )
            yield Finding(code="few_patients", level="warning", text=text)


def _no_test(
    config: TrainingConfig,
    counts: Sequence[preflight_report.SplitCounts],
    patients: preflight_report.Patients | None,
) -> Iterator[Finding]:
    """Yield that nothing is kept for a test, where there is enough for one."""
    if config.data.folds:
        return  # together they evaluate every sample
    least = min(map(sum, zip(*(part.classes for part in counts), strict=True)), default=0)
    people = patients.count if patients else least
    if any(part.split == "test" for part in counts) or min(least, people) < splits.LEAST_FOR_TEST:
        return
    text = (
        "No samples are kept for a final test: the result will be that of validation, by which the best epoch is "
        f"chosen, and looks better than it is. There are enough: set data.test_fraction to {splits.USUAL_TEST_SHARE}."
    )
    yield Finding(code="no_test_split", level="info", text=text)


def _unreadable(config: TrainingConfig, images: preflight_report.Images | None) -> Iterator[Finding]:
    if images is None or not images.unreadable_count:
        return
    named = some([f"{image.name} ({image.problem})" for image in images.unreadable])
    count = _number(images.unreadable_count, "image")
    if config.data.skip_unreadable:
        yield Finding(
            code="unreadable_skipped", level="warning", text=f"{count} that cannot be read left out: {named}."
        )
    else:
        text = f"{count} cannot be read: {named}. Replace them, or set data.skip_unreadable to true."
        yield Finding(code="unreadable", level="blocks", text=text)


def _conflicts(duplicates: preflight_report.Duplicates) -> Iterator[Finding]:
    count = sum(tally.conflicts for tally in duplicates.tallies if tally.kind != "near")
    if not count:
        return
    found = [group for group in duplicates.groups if group.conflict and group.kind != "near"]
    named = some([" = ".join(f"{twin.id} ({twin.label})" for twin in group.samples[:3]) for group in found])
    text = f"{_number(count, 'group')} of copies with different classes: {named}. At most one of the labels is right."
    yield Finding(code="label_conflicts", level="warning", text=text)


def _within(duplicates: preflight_report.Duplicates) -> Iterator[Finding]:
    """Yield findings about copies within a split, which leak nothing but count several times."""
    for tally in duplicates.tallies:
        inside = tally.groups - tally.across
        if inside and tally.kind != "near":
            what = {"exact": "exact copies", "copy": "copies saved again or resized"}[tally.kind]
            text = f"{_number(inside, 'group')} of {what} within one split: such samples count several times."
            yield Finding(code=f"{tally.kind}_copies_within_splits", level="info", text=text)
    if not duplicates.complete:
        text = "So many samples are alike that the search for near duplicates is incomplete."
        yield Finding(code="search_incomplete", level="info", text=text)


def _uneven(counts: Sequence[preflight_report.SplitCounts], classes: Sequence[str]) -> Iterator[Finding]:
    training = next(part.classes for part in counts if part.split == "train")
    low, high = min(training), max(training)
    if high >= UNEVEN_FROM * max(low, 1):
        rare, often = classes[training.index(low)], classes[training.index(high)]
        text = (
            f"The training split has {high // max(low, 1)} times as many samples of class {often!r} ({high:,}) as of "
            f"{rare!r} ({low:,}); model.pos_weight, loss.class_weights and loss.name weigh that."
        )
        yield Finding(code="uneven_classes", level="info", text=text)


def _columns(columns: Sequence[ColumnFacts]) -> Iterator[Finding]:
    groups = {
        "constant_columns": [column for column in columns if column.constant],
        "missing_values": [column for column in columns if column.missing and not column.constant],
    }
    for code, found in groups.items():
        if found:
            named = some([repr(column.name[: summary.LETTERS]) for column in found], 5)
            text = f"{_number(len(found), 'column')} {COLUMN_WORDS[code]}: {named}."
            yield Finding(code=code, level="info", text=text)


def _folds(config: TrainingConfig) -> Iterator[Finding]:
    """Yield a note on a request for all folds, of which only one is checked."""
    if config.is_group:
        text = (
            f"Of the {config.data.folds} folds this is the one with the fewest training samples; each of them is "
            "trained separately and gets its own report."
        )
        yield Finding(code="folds", level="info", text=text)


def _devices(config: TrainingConfig) -> Iterator[Finding]:
    if config.trainer.processes > 1:
        text = (
            f"The training shares its batches among {config.trainer.processes} devices; a dry run tries them on one, "
            "so its times are upper bounds."
        )
        yield Finding(code="devices", level="info", text=text)


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
