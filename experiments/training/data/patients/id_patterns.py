"""Find patients in ids and file names that are a patient's code and an image's number: `P001_02.png`, `00000013_005`.

An id is split into its words and numbers. Those up to some place are the patient's, which is the first place that
leaves enough patients with few enough samples each. Words such as "patient" before a number are the patient's anywhere.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from experiments.training.data.arrangement import folder_names
from experiments.training.data.arrangement.folder_names import Role
from experiments.training.data.files import image_names
from experiments.training.data.labels import negations

FEWEST_SURE, FEWEST = 10, 3
"""Codes from which they are patients, or from which that is asked."""
MOST_SURE, MOST = 0.2, 0.5
"""Share of all samples that one code has at most, where they are patients, or where that is asked."""
MOST_EACH = 100
"""Samples of one code on average, at most."""
LEAST_MATCHED = 0.9
"""Share of the samples whose ids have such a code."""
LEAST_AGAIN = 2
"""Times that what follows the code comes again, on average: views and numbers start again with each patient."""
MOST_WORDS = 16
NO_PATIENTS: frozenset[Role] = frozenset({"split", "view", "fold", "part", "container"})
"""Kinds of folders whose names are no patients' codes."""
PATIENT_WORDS = ("patient", "person", "participant", "subject", "subj", "sub", "pat", "case", "donor", "volunteer")
"""What stands before a patient's number."""

_NAMED = re.compile(
    rf"(?<![a-z])(?:(?:{'|'.join(PATIENT_WORDS)})s?[-_ ]?\d+|pt?[-_]?\d{{3,}})(?![a-z0-9])", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+")
_UID = re.compile(r"\d+(\.\d+){4,}")
_DATE = re.compile(r"(19|20)\d{6}")
_FOLLOWING = re.compile(r"\d{1,4}|(19|20)\d{6}|[^\W\d_]{1,12}|(?=.*\d)[^\W_]{1,6}")
_LOOKED_AT = 1_000  # ids that show that they are numbers of rows, or that no patient is in them

Words: TypeAlias = tuple[str | None, ...]
"""The words and numbers of an id; None for one that names the class, or a folder that is no patient's."""


@dataclass(frozen=True)
class Pattern:
    """The patient of each sample, None where its id shows none; `sure` unless it may as well be something else.

    `example` is an id and the patient found in it.
    """

    patients: Sequence[str | None]
    sure: bool
    example: tuple[str, str]

    @property
    def count(self) -> int:
        """The number of patients."""
        return len(set(self.patients) - {None})


def find(ids: Sequence[str], classes: Sequence[str]) -> Pattern | None:
    """Find the patients in the ids of samples of these classes; None where no pattern shows any."""
    if all(id_.isdecimal() for id_ in ids[:_LOOKED_AT]) or not _may_show_any(ids, classes):
        return None
    stems = [_stem(id_) for id_ in ids]
    found: list[str | None] = [named[0] if (named := _NAMED.search(stem)) else None for stem in stems]
    split = _splitter(_folders_of_no_patient(stems))
    by_length: dict[int, list[tuple[int, Words]]] = defaultdict(list)
    for at, stem in enumerate(stems):
        if found[at] is None:
            words = split(stem, classes[at])
            by_length[len(words)].append((at, words))
    sure = True
    for length, members in by_length.items():
        cut, certain = _cut([words for _, words in members], [classes[at] for at, _ in members], length)
        sure = sure and certain
        written: dict[Words, str] = {}
        for at, words in members if cut else ():
            if words[:cut] not in written:
                written[words[:cut]] = _written(stems[at], words[:cut])
            found[at] = written[words[:cut]]
    return _pattern(ids, found, sure=sure)


def _may_show_any(ids: Sequence[str], classes: Sequence[str]) -> bool:
    """Return whether one of some ids has what may be a patient's code; splitting all of them takes long."""
    split = _splitter(frozenset())
    for at in random.Random(0).sample(range(len(ids)), min(len(ids), _LOOKED_AT)):  # noqa: S311
        stem = _stem(ids[at])
        words = split(stem, classes[at])
        if _NAMED.search(stem) or any(_code(words, cut) for cut in range(1, len(words))):
            return True
    return False


def _stem(id_: str) -> str:
    """Return the id without its extension."""
    return id_[: len(id_) - len(image_names.suffix(id_))]


def _pattern(ids: Sequence[str], found: Sequence[str | None], *, sure: bool) -> Pattern | None:
    known = [patient for patient in found if patient is not None]
    if len(known) < LEAST_MATCHED / 2 * len(ids) or not 1 < len(set(known)) < len(known):
        return None
    often = Counter(known).most_common(1)[0][0]
    example = next(id_ for id_, patient in zip(ids, found, strict=True) if patient == often)
    return Pattern(found, sure and len(known) >= LEAST_MATCHED * len(ids), (example, often))


def _folders_of_no_patient(stems: Sequence[str]) -> frozenset[str]:
    """List the folders whose level holds splits, views, folds or parts of the data, by their names."""
    levels: dict[int, set[str]] = defaultdict(set)
    for path in {stem.rpartition("/")[0] for stem in stems}:
        for number, name in enumerate(path.split("/")):
            levels[number].add(name)
    return frozenset(name for names in levels.values() if folder_names.role(names) in NO_PATIENTS for name in names)


def _splitter(passed_over: frozenset[str]) -> Callable[[str, str], Words]:
    """Return what splits an id without extension into words, given the sample's class; some folders say nothing."""

    @cache
    def said(class_: str) -> frozenset[str]:
        return frozenset({*negations.tokens(class_), class_.casefold()})

    @cache
    def of_folders(path: str, class_: str) -> Words:
        words = [word for name in path.split("/") if name not in passed_over for word in _WORD.findall(name)]
        return tuple(None if word.isalpha() or word.casefold() in said(class_) else word for word in words)

    def split(stem: str, class_: str) -> Words:
        path, _, name = stem.rpartition("/")
        known = said(class_)
        words = [name] if _UID.fullmatch(name) else _WORD.findall(name)
        own = tuple([None if word.casefold() in known else word for word in words])
        return of_folders(path, class_) + own if path else own

    return split


def _cut(ids: Sequence[Words], classes: Sequence[str], length: int) -> tuple[int, bool]:
    """Return how many words are the patient's, and if that is sure; 0 where no place shows patients."""
    doubtful = 0
    for cut in range(1, length if length <= MOST_WORDS else 0):
        codes = [_code(words, cut) for words in ids]
        if _come_again(codes, [words[cut] for words in ids]):
            if _are_patients(codes, classes, fewest=FEWEST_SURE, most=MOST_SURE):
                return cut, True
            if not doubtful and _are_patients(codes, classes, fewest=FEWEST, most=MOST):
                doubtful = cut
    return doubtful, not doubtful


def _code(words: Words, cut: int) -> Words | None:
    """Return the first words; None where the last has no digit or is a date, or where no number or view follows."""
    last = words[cut - 1]
    if last is None or last.isalpha() or _DATE.fullmatch(last):
        return None
    for word in words[cut:]:
        if word is not None and not _FOLLOWING.fullmatch(word):
            return None
    return words[:cut]


def _come_again(codes: Sequence[Words | None], following: Sequence[str | None]) -> bool:
    known = [word for code, word in zip(codes, following, strict=True) if code is not None]
    return len(known) >= LEAST_MATCHED * len(codes) and len(known) >= LEAST_AGAIN * len(set(known))


def _are_patients(codes: Sequence[Words | None], classes: Sequence[str], *, fewest: int, most: float) -> bool:
    """Return whether codes are shared as those of patients are: by few samples each, and not by whole classes."""
    counts = Counter(code for code in codes if code is not None)
    known = counts.total()
    if not fewest <= len(counts) < known or known > MOST_EACH * len(counts):
        return False
    if max(counts.values()) > max(most * len(codes), 2):
        return False
    return len(counts) > len(set(classes)) or len(set(zip(codes, classes, strict=True))) > len(counts)


def _written(stem: str, words: Words) -> str:
    """Return the patient's words as the id writes them, without those of class and folders."""
    own = [word for word in words if word is not None]
    start = end = stem.find(own[0])
    for word in own:
        at = stem.find(word, end)
        if at < 0 or any(map(str.isalnum, stem[end:at])):
            return "_".join(own)
        end = at + len(word)
    return stem[start:end]
