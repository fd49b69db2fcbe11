"""Understand cells that list several findings, such as `Atelectasis|Effusion`: each is there or not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Question
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.labels import negations, spellings
from experiments.training.data.labels.spellings import Spelling

FINDING, SEVERAL = "data.finding", "data.several_findings"
OFFERED = 20

CERTAIN = ("|", ";")
"""Signs that part findings wherever they stand."""
LIKELY = (",",)
"""Signs that part findings where one of the parts is a whole cell elsewhere."""
UNLIKELY = ("/", "+", "&", " ")
"""Signs that part findings where all the parts are whole cells elsewhere."""

_LIST = re.compile(r"\[.*\]|\{.*\}")


@dataclass(frozen=True)
class Findings:
    """The findings that the cells list: `parts_of` has their keys by cell, `names` how each key is written.

    `samples` counts the samples with each finding, `several` is an example of a cell with more than one, None where
    each cell has one.
    """

    parts_of: Mapping[str, frozenset[str]]
    names: Mapping[str, str]
    samples: Mapping[str, int]
    several: Spelling | None
    sign: str

    @property
    def by_frequency(self) -> list[str]:
        """The keys of the findings, the most frequent first, those that say "nothing found" last."""
        return sorted(
            self.names, key=lambda key: (negations.tone(self.names[key]) == "negative", -self.samples[key], key)
        )


def of(labels: Sequence[Spelling]) -> Findings:
    """Split the cells at the signs that part findings in them."""
    whole = {spelling.key for spelling in labels}
    signs = [sign for sign in (*CERTAIN, *LIKELY, *UNLIKELY) if _parts_findings(sign, labels, whole)]
    split = _splitting(signs)
    texts_of = {spelling.cell: split(spelling.text) for spelling in labels}
    written: dict[str, Counter[str]] = {}
    samples: Counter[str] = Counter()
    parts_of: dict[str, frozenset[str]] = {}
    for spelling in labels:
        parts = {spellings.key(text): text for text in texts_of[spelling.cell]}
        parts_of[spelling.cell] = frozenset(parts)
        samples.update(dict.fromkeys(parts, spelling.count))
        for key, text in parts.items():
            written.setdefault(key, Counter())[text] += spelling.count
    names = {key: max(texts, key=lambda text: (texts[text], text)) for key, texts in written.items()}
    several = next((spelling for spelling in labels if len(parts_of[spelling.cell]) > 1), None)
    sign = next((sign for sign in signs if several is not None and sign in several.text), ",")
    return Findings(parts_of, names, samples, several, sign)


def question(found: Findings, labels: Sequence[Spelling], where: str) -> Question | None:
    """Ask which finding is meant; None where no cell lists several."""
    if found.several is None:
        return None
    count = sum(spelling.count for spelling in labels if len(found.parts_of[spelling.cell]) > 1)
    total = sum(spelling.count for spelling in labels)
    keys = found.by_frequency
    listed = some([f"{found.names[key]!r} ({found.samples[key]:,})" for key in keys], OFFERED)
    text = (
        f"Cells of {where} list several findings, parted by {found.sign!r}, such as {found.several.text!r}; {count:,} "
        f"of {total:,} samples have more than one. A combination is no class: set {FINDING} to the one that is asked "
        f"for, of {listed}; or set {SEVERAL} to class, and each different cell is a class of its own."
    )
    choices = [
        Choice(
            options={FINDING: found.names[key]},
            consequence=f"Two classes: {found.samples[key]:,} samples with {found.names[key]!r} among their findings, "
            f"{total - found.samples[key]:,} without.",
        )
        for key in keys[:OFFERED]
    ]
    each = Choice(options={SEVERAL: "class"}, consequence="Each different cell is a class of its own.")
    return Question(code="several_findings", text=text, choices=[*choices, each])


def asked(found: Findings, config: DataConfig, where: str) -> str:
    """Return the key of `data.finding`; raises SourceError for a finding that no cell lists."""
    key = spellings.key(spellings.clean(config.finding or ""))
    if key not in found.names:
        listed = some([repr(found.names[known]) for known in found.by_frequency], OFFERED)
        raise SourceError(FINDING, f"{config.finding!r} is in no cell of {where}; the findings there are {listed}.")
    return key


def _parts_findings(sign: str, labels: Sequence[Spelling], whole: set[str]) -> bool:
    """Return whether a sign parts findings in these cells, rather than belonging to their names."""
    split = _splitting([sign])
    several = [
        {spellings.key(part) for part in parts}
        for spelling in labels
        if sign in spelling.text and not spellings.NUMBER.fullmatch(spelling.text.replace(",", ".", 1))
        if len(parts := split(spelling.text)) > 1
    ]
    if sign in CERTAIN or not several:
        return bool(several)
    if sign in LIKELY:
        return any(parts & whole for parts in several)
    return all(parts <= whole for parts in several)


def _splitting(signs: Sequence[str]) -> Callable[[str], list[str]]:
    """Return what splits a cell at the signs; a list, as programs print it, is split at commas too."""
    at = re.compile("|".join(map(re.escape, signs))) if signs else None
    in_lists = re.compile("|".join(map(re.escape, {*signs, ","})))

    def split(text: str) -> list[str]:
        listed = _LIST.fullmatch(text)
        inner, pattern = (text[1:-1], in_lists) if listed else (text, at)
        parts = pattern.split(inner) if pattern else [inner]
        return [part for raw in parts if (part := raw.strip(spellings.QUOTES + " "))] or [text]

    return split
