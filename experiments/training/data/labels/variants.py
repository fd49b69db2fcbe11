"""Merge the spellings of one label into one class, and ask where they may be two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Question
from experiments.training.contract.source_errors import some
from experiments.training.data.labels import label_words as words
from experiments.training.data.labels import negations, notes, spellings
from experiments.training.data.labels.spellings import Spelling

OPTION = "data.label_spellings"
SHORT = 2  # letters: A and a, Aa and AA may be two classes

Classes = Mapping[str, Sequence[Spelling]]
"""The spellings of each class by its name."""


def classes(
    labels: Sequence[Spelling], config: DataConfig, where: str, *, folders: bool
) -> tuple[Classes, list[Question]]:
    """Return the classes, and a question where it is not sure which spellings are one label.

    In `folders`, two names of one number are asked about.
    """
    merged, apart = _mixed_truth(labels) or _grouped(labels, _one_key(labels)), _grouped(labels, _written)
    if config.label_spellings == "keep":
        return apart, []
    alike = _without_notes(merged)
    if config.label_spellings == "merge":
        return alike, []
    doubtful = [same for same in merged.values() if _is_doubtful(same, folders=folders)]
    doubtful += [same for name, same in alike.items() if len(same) > len(merged.get(name, ()))]
    if not doubtful:
        return merged, []
    return _asked(alike, apart, doubtful, where, keep_first=folders or len(alike) < 2)


def _without_notes(merged: Classes) -> Classes:
    """Join classes that are the same but for a note, a mark, a unit or the language, where one of them has none."""
    together: dict[str, list[str]] = {}
    for name in merged:
        together.setdefault(notes.bare(spellings.key(name)), []).append(name)
    found: dict[str, Sequence[Spelling]] = {}
    for names in together.values():
        plain = [name for name in names if notes.is_bare(spellings.key(name))]
        if len(names) > 1 and plain:
            most = max(plain, key=lambda name: (sum(spelling.count for spelling in merged[name]), _is_english(name)))
            found[most] = [spelling for name in names for spelling in merged[name]]
        else:
            found |= {name: merged[name] for name in names}
    return found


def _is_english(name: str) -> bool:
    return notes.bare(spellings.key(name)) == spellings.key(name)


def _asked(
    merged: Classes, apart: Classes, doubtful: Sequence[Sequence[Spelling]], where: str, *, keep_first: bool
) -> tuple[Classes, list[Question]]:
    listed = some([" and ".join(repr(spelling.text) for spelling in same) for same in doubtful], 5)
    text = (
        f"In {where}, {listed} differ in spelling, in a note, a unit or the language only, and may be one class or "
        f"several: set {OPTION} to merge or to keep."
    )
    choices = [
        Choice(options={OPTION: "merge"}, consequence=f"Spellings of one label are one class: {len(merged)} classes."),
        Choice(options={OPTION: "keep"}, consequence=f"Each spelling is a class: {len(apart)} classes."),
    ]
    question = Question(code="label_spellings", text=text, choices=choices[::-1] if keep_first else choices)
    return (apart if keep_first else merged), [question]


def _one_key(labels: Sequence[Spelling]) -> Callable[[Spelling], str]:
    """Return what spellings of one label have in common, which depends on what else the data hold."""
    keys = {spelling.key for spelling in labels}
    if all(map(spellings.number, keys)):
        return lambda spelling: spellings.number(spelling.key) or ""
    return lambda spelling: spellings.without_zero_tail(spelling.key)


def _mixed_truth(labels: Sequence[Spelling]) -> Classes | None:
    """Return the classes no and yes where several words for them are mixed, such as 1, true and yes; None elsewhere."""
    yes, no = words.SAME_TRUTH
    plain = {spelling.cell: spellings.without_zero_tail(spelling.key) for spelling in labels}
    found = set(plain.values())
    if not (found <= yes | no and found & yes and found & no and len(found) > 2):
        return None
    return {
        name: [spelling for spelling in labels if plain[spelling.cell] in truth]
        for name, truth in (("no", no), ("yes", yes))
    }


def _written(spelling: Spelling) -> str:
    return spelling.text


def _grouped(labels: Sequence[Spelling], key: Callable[[Spelling], str]) -> Classes:
    groups: dict[str, list[Spelling]] = {}
    for spelling in labels:
        groups.setdefault(key(spelling), []).append(spelling)
    return {_name(common, same): same for common, same in groups.items()}


def _name(common: str, same: Sequence[Spelling]) -> str:
    """Return the most frequent spelling, or a number that is written in several ways, or as 1.0, in its short form."""
    return common if spellings.number(common) else spellings.shown(same)


def _is_doubtful(same: Sequence[Spelling], *, folders: bool) -> bool:
    """Return whether these spellings may be several labels: folders 1 and 01, genes A and a."""
    texts = {spelling.text for spelling in same}
    if len(texts) < 2:
        return False
    if spellings.number(same[0].key):
        return folders
    known = same[0].key in words.TRUE | words.FALSE or negations.tone(same[0].text) != "neutral"
    short = all(text.isalpha() and len(text) <= SHORT for text in texts)
    return short and not known and len({text.casefold() for text in texts}) == 1
