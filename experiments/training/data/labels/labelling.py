"""Number the labels of a data set as 0, 1, …, whatever its layout: numbers in numeric, names in alphabetical order.

What is asked for by options is done, what the data leave open is asked, and the first of the answers is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Finding, MergedClass, Question, Reading, Unused
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.labels import (
    cell_findings,
    class_counts,
    label_words,
    missing_labels,
    spellings,
    uncertain_labels,
    variants,
)
from experiments.training.data.labels.class_counts import Kind
from experiments.training.data.labels.spellings import Spelling

SHOWN, MOST_SPELLINGS = 3, 20
MISSING, UNCERTAIN = "no_label", "uncertain_label"
WHY_FINDING = f"{cell_findings.FINDING} asks whether it is there"
WHY_FIRST = "of the findings that may be asked for it is the first"


@dataclass(frozen=True)
class Labels:
    """The classes in label order, and the label of each different cell, None where its samples are left out.

    `positive` is the finding that was asked for, if one was; `left_out` names each cell without a label and says what
    it is: "no_label" or "uncertain_label".
    """

    classes: list[str]
    label_of: dict[str, int | None]
    left_out: dict[str, str]
    where: str
    positive: str | None = None
    positive_why: str = ""
    merged: list[MergedClass] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def reason(self, cell: str) -> tuple[str, str]:
        """Return the kind of what a cell leaves out, and the cell in words."""
        return self.left_out[cell], spellings.clean(cell) or "blank"

    def unused(self, cells: Iterable[tuple[str, str]]) -> list[Unused]:
        """Count what is left out of the samples, given as the cell and the name of each."""
        if not self.left_out:
            return []
        counts: Counter[str] = Counter()
        examples: dict[str, list[str]] = {cell: [] for cell in self.left_out}
        for cell, name in cells:
            if cell in self.left_out:
                counts[cell] += 1
                if len(examples[cell]) < SHOWN:
                    examples[cell].append(name)
        return [
            Unused(kind=kind, what=what, count=count, examples=examples[cell])
            for cell, count in counts.items()
            for kind, what in [self.reason(cell)]
        ]

    def described(self, reading: Reading) -> Reading:
        """Return the reading with what is known of the labels."""
        return reading.extended(
            questions=self.questions,
            findings=self.findings,
            classes=self.classes,
            classes_from=self.where,
            merged=self.merged,
            positive=self.positive,
            positive_why=self.positive_why,
        )


def read(counts: Mapping[str, int], config: DataConfig, where: str, kind: Kind = "cells") -> Labels:
    """Read the labels of samples, given as the number of samples with each different cell.

    `where` says in words where they were found, such as "column 'label' of table.csv". Raises SourceError for labels
    that cannot be classes.
    """
    class_counts.refuse(counts, where, kind)
    found = spellings.of(counts)
    listed = cell_findings.of([spelling for spelling in found if not missing_labels.is_missing(spelling.key)])
    if config.finding or (listed.several and config.several_findings == "ask" and kind != "numbers"):
        return _with_finding(found, config, where)
    return _with_classes(found, config, where, kind)


def _with_finding(found: Sequence[Spelling], config: DataConfig, where: str) -> Labels:
    """Read the labels as with and without one finding: the one that was asked for, or the most frequent."""
    divided = missing_labels.divide(found, config, where, may_be_negative=True, certain=label_words.NO_FINDING)
    listed = cell_findings.of(divided.labels)
    question = None if config.finding else cell_findings.question(listed, divided.labels, where)
    key = cell_findings.asked(listed, config, where) if config.finding else listed.by_frequency[0]
    name = listed.names[key]
    with_it = [spelling for spelling in divided.labels if key in listed.parts_of[spelling.cell]]
    without = [spelling for spelling in divided.labels if key not in listed.parts_of[spelling.cell]]
    return Labels(
        classes=[f"not {name}", name],
        label_of=_label_of([[*without, *divided.negative], with_it], divided.left_out),
        left_out=dict.fromkeys((spelling.cell for spelling in divided.left_out), MISSING),
        where=where,
        positive=name,
        positive_why=WHY_FINDING if question is None else WHY_FIRST,
        questions=[*divided.questions, *([question] if question else [])],
    )


def _with_classes(found: Sequence[Spelling], config: DataConfig, where: str, kind: Kind) -> Labels:
    known = label_words.UNLABELLED if kind == "folders" else ()
    divided = missing_labels.divide(found, config, where, may_be_negative=_says_yes(found), certain=known)
    gaps = bool(divided.left_out or divided.negative)
    uncertain = uncertain_labels.of(divided.labels, gaps=gaps)
    answer, asked = uncertain_labels.answer(uncertain, config, where) if uncertain else ("class", [])
    certain = [spelling for spelling in divided.labels if answer == "class" or spelling not in uncertain]
    groups, doubts = variants.classes(certain, config, where, folders=kind == "folders")
    counted = class_counts.questions(groups, config, where, kind)
    merged = _merged(groups)
    negative = [*divided.negative, *(uncertain if answer == "negative" else [])]
    groups = _joined(groups, positive=uncertain if answer == "positive" else [], negative=negative)
    left = dict.fromkeys((spelling.cell for spelling in divided.left_out), MISSING)
    if answer == "leave_out":
        left |= dict.fromkeys((spelling.cell for spelling in uncertain), UNCERTAIN)
    names = _ordered(groups)
    if not names:
        raise SourceError("source_path", f"All labels in {where} are missing; name where the classes are.")
    counts = {name: sum(spelling.count for spelling in groups[name]) for name in names}
    return Labels(
        classes=names,
        label_of=_label_of([groups[name] for name in names], [s for s in found if s.cell in left]),
        left_out=left,
        where=where,
        merged=merged,
        questions=[*divided.questions, *asked, *doubts, *counted],
        findings=[*_told(merged if not doubts else [], where), *class_counts.single_samples(counts)],
    )


def _says_yes(found: Sequence[Spelling]) -> bool:
    """Return whether the labels are words for yes, no and uncertain alone, so that a missing one may mean no."""
    truths = {uncertain_labels.truth(spelling.key) for spelling in found if _is_label(spelling)}
    return True in truths and None not in truths


def _is_label(spelling: Spelling) -> bool:
    return not missing_labels.is_missing(spelling.key) and not uncertain_labels.is_uncertain(spelling.key)


def _joined(
    groups: Mapping[str, Sequence[Spelling]], *, positive: Sequence[Spelling], negative: Sequence[Spelling]
) -> dict[str, Sequence[Spelling]]:
    """Add labels that count as yes or no to the class that says so."""
    if not positive and not negative:
        return dict(groups)
    truth_of = {name: uncertain_labels.truth(spellings.key(name)) for name in groups}
    yes = next(name for name, truth in truth_of.items() if truth)
    no = next((name for name, truth in truth_of.items() if truth is False), "0" if yes == "1" else f"not {yes}")
    return {**groups, yes: [*groups[yes], *positive], no: [*groups.get(no, []), *negative]}


def _ordered(groups: Mapping[str, object]) -> list[str]:
    """Order numbers by size and names by the alphabet."""
    if all(spellings.NUMBER.fullmatch(name) for name in groups):
        return sorted(groups, key=lambda name: (Decimal(name), name))
    return sorted(groups)


def _label_of(classes: Sequence[Sequence[Spelling]], left_out: Sequence[Spelling]) -> dict[str, int | None]:
    found: dict[str, int | None] = {
        spelling.cell: label for label, members in enumerate(classes) for spelling in members
    }
    return found | dict.fromkeys((spelling.cell for spelling in left_out), None)


def _merged(groups: Mapping[str, Sequence[Spelling]]) -> list[MergedClass]:
    """List the classes that have several spellings, invisible characters included."""
    return [
        MergedClass(name=name, spellings=[spelling.cell for spelling in same[:MOST_SPELLINGS]])
        for name, same in groups.items()
        if len(same) > 1
    ]


def _told(merged: Sequence[MergedClass], where: str) -> list[Finding]:
    if not merged:
        return []
    listed = some([f"{one.name!r} ({some([ascii(other) for other in one.spellings], 5)})" for one in merged], 5)
    text = (
        f"Labels in {where} that differ in spelling only are one class: {listed}. With {variants.OPTION} keep, each is "
        "a class of its own."
    )
    return [Finding(code="labels_merged", level="info", text=text)]
