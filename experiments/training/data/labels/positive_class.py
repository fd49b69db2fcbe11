"""Say which of two classes is the positive one, for every layout, and give it label 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from experiments.training.contract.reading import Choice, Finding, Question
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.index import Index
from experiments.training.data.labels import negations, spellings
from experiments.training.data.labels.negations import Judgement

OPTION = "model.positive_class"


def ordered(index: Index, asked: str | None, labels: Sequence[str] | None = None) -> Index:
    """Return the index with the positive class last and named, where there are two classes.

    `asked` is `model.positive_class`. Without it the reading's own positive class stands, or the rule of the names
    decides; where that is unsure, the reading gets a question. `labels` are what the data call the classes, where the
    request names them otherwise. Raises SourceError for a class that is none of the two.
    """
    if len(index.classes) != 2:
        return _without_positive(index, asked)
    positive, why, questions = _found(index, asked, labels or index.classes)
    found = with_label_1(index, positive)
    told = [] if questions else [_finding(found.classes, why)]
    reading = found.reading.extended(questions=questions, findings=told, positive=positive, positive_why=why)
    return replace(found, reading=reading)


def _found(index: Index, asked: str | None, labels: Sequence[str]) -> tuple[str, str, list[Question]]:
    if asked is not None:
        return _named(asked, index.classes, labels), f"{OPTION} names it", []
    if index.reading.positive:
        return index.reading.positive, index.reading.positive_why, []
    return _by_rule(index, labels)


def _without_positive(index: Index, asked: str | None) -> Index:
    if asked is not None and len(index.classes) > 2:
        raise SourceError(
            OPTION,
            f"It is one of two classes, and there are {len(index.classes)}; leave it out, or name the one class that "
            "is asked for in data.finding.",
        )
    return index


def _named(asked: str, classes: Sequence[str], labels: Sequence[str]) -> str:
    """Return the class that is meant, by its name or its label; raises SourceError if it is none of the two."""
    by_name = spellings.meant(asked, classes)
    meant = spellings.meant(asked, labels)
    by_label = [name for name, label in zip(classes, labels, strict=True) if label in meant]
    found = by_name or by_label
    if len(found) != 1:
        first, second = classes
        raise SourceError(OPTION, f"{asked!r} is none of the two classes; name {first!r} or {second!r}.")
    return found[0]


def _by_rule(index: Index, labels: Sequence[str]) -> tuple[str, str, list[Question]]:
    first, second = index.classes
    positive, why, sure = _judged(index.classes, labels)
    if sure:
        return positive, why, []
    negative = second if positive == first else first
    text = (
        f"Which of the two classes is the positive one, which scores, sensitivity and precision stand for? "
        f"{why[:1].upper()}{why[1:]}. Set "
        f"{OPTION} to {positive!r} or to {negative!r}."
    )
    choices = [_choice(index, positive, negative), _choice(index, negative, positive)]
    return positive, why, [Question(code="positive_class", text=text, choices=choices)]


def _judged(classes: Sequence[str], labels: Sequence[str]) -> Judgement:
    """Judge by the data's labels, and where these say too little by the names; sure unless both contradict."""
    by_name, by_label = negations.judge(*classes), negations.judge(*labels)
    if list(classes) == list(labels):
        return by_name
    by_label = by_label._replace(positive=classes[labels.index(by_label.positive)])
    if by_label.sure and by_name.sure and by_label.positive != by_name.positive:
        return by_label._replace(why=f"{by_label.why}, but {by_name.why}", sure=False)
    return by_label if by_label.sure or not by_name.sure else by_name


def _choice(index: Index, positive: str, negative: str) -> Choice:
    counts = index.counts
    return Choice(
        options={OPTION: positive},
        consequence=f"{positive!r} ({counts[positive]:,} samples) is positive: sensitivity is the share of it that is "
        f"found, specificity that of {negative!r} ({counts[negative]:,}).",
    )


def _finding(classes: list[str], why: str) -> Finding:
    negative, positive = classes
    text = f"Of the two classes {positive!r} is the positive one, and {negative!r} the negative one: {why}."
    return Finding(code="positive_class", level="info", text=text)


def with_label_1(index: Index, positive: str) -> Index:
    """Return the index with this one of its two classes as label 1, and the reading naming it."""
    if index.classes[1] == positive:
        return index
    turned = index.with_labels(index.classes[::-1], [1 - label for label in index.labels])
    return replace(turned, reading=index.reading.extended(classes=turned.classes, positive=positive))
