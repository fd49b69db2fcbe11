"""Find patients in ids and file names that are a patient's code and an image's number: `P001_02.png`, `00000013_005`.

An id is split into its words and numbers. Those up to some place are the patient's, which is the first place that
leaves enough patients with few enough samples each. Words such as "patient" before a number are the patient's anywhere.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from experiments.training.data.files import image_names
from experiments.training.data.labels import negations

FEWEST_SURE, FEWEST = 10, 3
"""Codes from which they are patients, or from which that is asked."""
MOST_SURE, MOST = 0.2, 0.5
"""Share of all samples that one code has at most."""
MOST_EACH = 100
"""Samples of one code on average, at most."""
LEAST_MATCHED = 0.9
"""Share of the samples whose ids have such a code."""
MOST_TOKENS = 16
PATIENT_WORDS = ("patient", "person", "participant", "subject", "subj", "sub", "pat", "case", "donor", "volunteer")
"""What stands before a patient's number."""

_WORD = re.compile(
    rf"(?<![a-z])(?:(?:{'|'.join(PATIENT_WORDS)})s?[-_ ]?\d+|pt?[-_]?\d{{3,}})(?![a-z0-9])", re.IGNORECASE
)
_TOKEN = re.compile(r"[^\W_]+")
_UID = re.compile(r"\d+(\.\d+){4,}")
_SUFFIX = re.compile(r"\d{1,4}|(19|20)\d{6}|[^\W\d_]{1,12}|(?=.*\d)[^\W_]{1,6}")
_ROW_NUMBERS = 1_000  # ids that are looked at to see that they are numbers of rows


class Token(NamedTuple):
    """A word or number of an id, and where it stands."""

    text: str
    start: int
    end: int
    folder: bool


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
    if all(id_.isdecimal() for id_ in ids[:_ROW_NUMBERS]):
        return None
    found: list[str | None] = [_by_word(id_) for id_ in ids]
    named = sum(patient is not None for patient in found)
    rest = [at for at, patient in enumerate(found) if patient is None]
    sure = True
    for places in _by_length(ids, rest).values():
        codes, certain = _codes([ids[at] for at in places], [classes[at] for at in places])
        sure = sure and (certain or not codes)
        for at, code in zip(places, codes, strict=False):
            found[at] = code
    known = [patient for patient in found if patient is not None]
    if not known or len(set(known)) == len(known) or len(set(known)) < 2:
        return None
    sure = sure and len(known) >= LEAST_MATCHED * len(ids)
    if not named and len(known) < LEAST_MATCHED * len(ids) / 2:
        return None
    often = Counter(known).most_common(1)[0][0]
    return Pattern(found, sure, next((id_, often) for id_, patient in zip(ids, found, strict=True) if patient == often))


def tokens(id_: str) -> list[Token]:
    """Split an id into its words and numbers; those of folders are marked."""
    stem = id_[: len(id_) - len(image_names.suffix(id_))]
    name_at = stem.rfind("/") + 1
    if _UID.fullmatch(stem[name_at:]):
        return [Token(stem[name_at:], name_at, len(stem), False)]
    return [Token(m[0], m.start(), m.end(), m.start() < name_at) for m in _TOKEN.finditer(stem)]


def _by_word(id_: str) -> str | None:
    """Return what a word such as "patient" says, `patient00001` of `patient00001/study1/view1.png`."""
    found = _WORD.search(id_[: len(id_) - len(image_names.suffix(id_))])
    return found[0] if found else None


def _by_length(ids: Sequence[str], places: Sequence[int]) -> Mapping[int, list[int]]:
    """Group ids by their number of words and numbers, as only these can be compared place by place."""
    found: dict[int, list[int]] = defaultdict(list)
    for at in places:
        found[len(tokens(ids[at]))].append(at)
    return {length: group for length, group in found.items() if 2 <= length <= MOST_TOKENS}


def _codes(ids: Sequence[str], classes: Sequence[str]) -> tuple[list[str | None], bool]:
    """Return the code of each id at the first place that shows patients, none if no place does, and if it is sure."""
    split = [_own_tokens(id_, class_) for id_, class_ in zip(ids, classes, strict=True)]
    length = len(tokens(ids[0]))
    doubtful: list[str | None] = []
    for cut in range(1, length):
        codes = [_code(id_, parts, cut) for id_, parts in zip(ids, split, strict=True)]
        if _are_patients(codes, classes, fewest=FEWEST_SURE, most=MOST_SURE):
            return codes, True
        if not doubtful and _are_patients(codes, classes, fewest=FEWEST, most=MOST):
            doubtful = codes
    return doubtful, False


def _own_tokens(id_: str, class_: str) -> list[tuple[Token, bool]]:
    """Split an id; each token is the sample's own unless it says the class, or is the name of a mere folder."""
    said = set(negations.tokens(class_))
    return [
        (token, not (set(negations.tokens(token.text)) <= said or (token.folder and token.text.isalpha())))
        for token in tokens(id_)
    ]


def _code(id_: str, parts: Sequence[tuple[Token, bool]], cut: int) -> str | None:
    """Return the code that ends after `cut` tokens; None where it has no digit or what follows is no number or view."""
    own = [token for token, is_own in parts[:cut] if is_own]
    if not own or not any(char.isdigit() for char in own[-1].text) or not parts[cut - 1][1]:
        return None
    if not all(_SUFFIX.fullmatch(token.text) for token, _ in parts[cut:]):
        return None
    return id_[own[0].start : own[-1].end] if _adjacent(own, parts) else "_".join(token.text for token in own)


def _adjacent(own: Sequence[Token], parts: Sequence[tuple[Token, bool]]) -> bool:
    between = [token for token, _ in parts if own[0].start <= token.start <= own[-1].start]
    return len(between) == len(own)


def _are_patients(codes: Sequence[str | None], classes: Sequence[str], *, fewest: int, most: float) -> bool:
    """Return whether codes are shared as those of patients are: by few samples each, and not by whole classes."""
    known = [code for code in codes if code is not None]
    if len(known) < LEAST_MATCHED * len(codes):
        return False
    counts = Counter(known)
    if not fewest <= len(counts) < len(known) or len(known) > MOST_EACH * len(counts):
        return False
    if max(counts.values()) > max(most * len(codes), 2):
        return False
    return len(counts) > len(set(classes)) or len(set(zip(codes, classes, strict=True))) > len(counts)
