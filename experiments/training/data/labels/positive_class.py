"""Say which of two classes is the positive one, for every layout, and give it label 1."""

from __future__ import annotations

from dataclasses import replace

from experiments.training.contract.reading import Choice, Finding, Question
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.index import Index
from experiments.training.data.labels import negations, spellings

OPTION = "model.positive_class"


def ordered(index: Index, asked: str | None) -> Index:
    """Return the index with the positive class last and named, where there are two classes.

    `asked` is `model.positive_class`. Without it the reading's own positive class stands, or the rule of the names
    decides; where that is unsure, the reading gets a question. Raises SourceError for a class that is none of the two.
    """
    if len(index.classes) != 2:
        return _without_positive(index, asked)
    positive, why, questions = _found(index, asked)
    found = with_label_1(index, positive)
    told = [] if questions else [_finding(found.classes, why)]
    reading = found.reading.extended(questions=questions, findings=told, positive=positive, positive_why=why)
    return replace(found, reading=reading)


def _found(index: Index, asked: str | None) -> tuple[str, str, list[Question]]:
    if asked is not None:
        return _named(asked, index.classes), f"{OPTION} names it", []
    if index.reading.positive:
        return index.reading.positive, index.reading.positive_why, []
    return _by_rule(index)


def _without_positive(index: Index, asked: str | None) -> Index:
    if asked is not None and len(index.classes) > 2:
        raise SourceError(
            OPTION,
            f"It is one of two classes, and there are {len(index.classes)}; leave it out, or name the one class that "
            "is asked for in data.finding.",
        )
    return index


def _named(asked: str, classes: list[str]) -> str:
    """Return the class that is meant, however it is spelled; raises SourceError if it is none of the two."""
    if asked in classes:
        return asked
    key = spellings.key(spellings.clean(asked))
    found = [name for name in classes if spellings.key(name) == key or _same_number(name, key)]
    if len(found) != 1:
        first, second = classes
        raise SourceError(OPTION, f"{asked!r} is none of the two classes; name {first!r} or {second!r}.")
    return found[0]


def _same_number(name: str, key: str) -> bool:
    number = spellings.number(key)
    return number is not None and number == spellings.number(spellings.key(name))


def _by_rule(index: Index) -> tuple[str, str, list[Question]]:
    first, second = index.classes
    positive, why, sure = negations.judge(first, second)
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
