"""Find labels that say "uncertain" beside yes and no, as CheXpert's -1 beside 1 and 0."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Question
from experiments.training.data.labels import label_words as words
from experiments.training.data.labels import spellings
from experiments.training.data.labels.spellings import Spelling

OPTION = "data.uncertain_labels"


def of(labels: Sequence[Spelling], *, gaps: bool) -> list[Spelling]:
    """Return the uncertain labels; -1 beside 1 alone is a label, unless there are `gaps`, samples without one."""
    keys = {spelling.key: truth(spelling.key) for spelling in labels}
    uncertain = set(filter(is_uncertain, keys))
    known = {keys[key] for key in keys.keys() - uncertain}
    if not uncertain or None in known or True not in known or not (False in known or gaps):
        return []
    return [spelling for spelling in labels if spelling.key in uncertain]


def is_uncertain(key: str) -> bool:
    """Return whether a label says "uncertain" where it stands beside yes and no."""
    return key in words.UNCERTAIN or spellings.number(key) == "-1"


def truth(key: str) -> bool | None:
    """Return whether a label says yes or no; None if neither."""
    plain = spellings.number(key) or key
    return True if plain in words.TRUE else False if plain in words.FALSE else None


def answer(uncertain: Sequence[Spelling], config: DataConfig, where: str) -> tuple[str, list[Question]]:
    """Return what becomes of the uncertain labels, and the question where `config` does not say it."""
    if config.uncertain_labels != "ask":
        return config.uncertain_labels, []
    count = sum(spelling.count for spelling in uncertain)
    number = f"{count:,} sample{'' if count == 1 else 's'}"
    written = uncertain[0].text
    choices = [
        Choice(options={OPTION: "leave_out"}, consequence=f"Train without them ({number})."),
        Choice(options={OPTION: "positive"}, consequence=f"Count them as positive ({number})."),
        Choice(options={OPTION: "negative"}, consequence=f"Count them as negative ({number})."),
        Choice(options={OPTION: "class"}, consequence=f"{written!r} is a class of its own."),
    ]
    text = (
        f"{count:,} labels in {where} are {written!r} beside yes and no: uncertain findings, as CheXpert writes them, "
        f"and no third class. Set {OPTION} to leave_out, positive, negative or class."
    )
    return "leave_out", [Question(code="uncertain_labels", text=text, choices=choices)]
