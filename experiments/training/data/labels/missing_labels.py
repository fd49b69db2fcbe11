"""Find the samples without a label, and those whose label may say that there is none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Question
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.labels import label_words as words
from experiments.training.data.labels import uncertain_labels
from experiments.training.data.labels.spellings import Spelling

OPTION = "data.missing_labels"


class Divided(NamedTuple):
    """The spellings that are labels; `left_out` and `negative` are missing ones, which are no samples or negative."""

    labels: list[Spelling]
    left_out: list[Spelling]
    negative: list[Spelling]
    questions: list[Question]


def divide(
    spellings: Sequence[Spelling],
    config: DataConfig,
    where: str,
    *,
    may_be_negative: bool,
    certain: Collection[str] = (),
) -> Divided:
    """Divide labels from missing ones, asking what to do with these unless `config` says it.

    `where` says in words where the labels were found; `may_be_negative` offers to count missing ones as negative;
    `certain` words are labels here that would be asked about elsewhere. Raises SourceError for an answer that does not
    fit.
    """
    signs = any(spelling.key == "+" for spelling in spellings)
    missing = [spelling for spelling in spellings if is_missing(spelling.key, signs=signs)]
    perhaps = [spelling for spelling in spellings if spelling.key in words.PERHAPS_MISSING.difference(certain)]
    absent = [*missing, *perhaps]
    labels = [spelling for spelling in spellings if spelling not in set(absent)]
    questions = _questions(missing, perhaps, labels, where, may_be_negative) if config.missing_labels == "ask" else []
    answer = questions[0].choices[0].options[OPTION] if questions else config.missing_labels
    if answer == "class":
        return Divided([*labels, *perhaps], missing, [], questions)
    if answer == "negative" and absent and not may_be_negative:
        raise SourceError(
            OPTION, f"The labels in {where} are not yes and no, so that none is negative; choose leave_out."
        )
    if answer == "negative":
        return Divided(labels, [], absent, questions)
    return Divided(labels, absent, [], questions)


def is_missing(key: str, *, signs: bool = False) -> bool:
    """Return whether a cell holds no label; with `signs`, `-` is one, as it stands beside `+`."""
    if key in words.MISSING:
        return True
    return words.MISSING_SIGNS.issuperset(key) and not (signs and key == "-")


def _questions(
    missing: Sequence[Spelling],
    perhaps: Sequence[Spelling],
    labels: Collection[Spelling],
    where: str,
    may_be_negative: bool,
) -> list[Question]:
    if not missing and not perhaps:
        return []
    absent = [*missing, *perhaps]
    count, total = _rows(absent), _rows([*absent, *labels])
    listed = some(
        [
            f"{spelling.text!r} ({spelling.count:,})" if spelling.text else f"blank ({spelling.count:,})"
            for spelling in absent
        ],
        6,
    )
    choices = _choices(missing, perhaps, count, may_be_negative=may_be_negative)
    sure = {spelling.key for spelling in labels if not uncertain_labels.is_uncertain(spelling.key)}
    if len(sure) < 2 and len(choices) > 1:
        choices = [*choices[1:], choices[0]]  # leaving them out leaves one class
    answers = ", or to ".join(f"{choice.options[OPTION]}: {choice.consequence}" for choice in choices)
    verb = "are missing" if not perhaps else "may be missing" if not missing else "are missing, or may be"
    text = f"{count:,} of {total:,} labels in {where} {verb}: {listed}. Set {OPTION} to {answers}."
    return [Question(code="missing_labels", text=text, choices=choices)]


def _choices(
    missing: Sequence[Spelling], perhaps: Sequence[Spelling], count: int, *, may_be_negative: bool
) -> list[Choice]:
    choices = [_choice("leave_out", f"train without them ({_number(count)})")]
    if may_be_negative:
        choices.append(_choice("negative", f"count them as negative ({_number(count)})"))
    if perhaps:
        names = some([repr(spelling.text) for spelling in perhaps])
        rest = f", and train without those that have none ({_number(_rows(missing))})" if missing else ""
        choices.append(_choice("class", f"take {names} for a class like the others{rest}"))
    return choices


def _choice(answer: str, consequence: str) -> Choice:
    return Choice(options={OPTION: answer}, consequence=consequence)


def _number(count: int) -> str:
    return f"{count:,} sample{'' if count == 1 else 's'}"


def _rows(spellings: Collection[Spelling]) -> int:
    return sum(spelling.count for spelling in spellings)
