"""Find the level of folders that tells whose images they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import structs

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Finding, Question
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.arrangement import levels
from experiments.training.data.arrangement.levels import Folders, Level, Parts
from experiments.training.data.arrangement.split_folders import SplitLevel


@dataclass(frozen=True)
class PatientLevel:
    """The level of the patients, None where no folder tells them."""

    number: int | None = None
    count: int = 0
    questions: Sequence[Question] = ()
    findings: Sequence[Finding] = ()

    def of(self, parts: Parts) -> str | None:
        """Return the patient of the images in this folder; None if it is not known."""
        return parts[self.number - 1] if self.number and len(parts) >= self.number else None


NONE = PatientLevel()


def find(
    folders: Folders, config: DataConfig, split: SplitLevel | None, *, class_level: int | None, groups: Level | None
) -> PatientLevel:
    """Find the patients: on the level that the request names, or the one whose names are a patient's.

    `groups` is a level with many folders of few images, which may be one per patient.
    """
    found = levels.levels(folders)
    if config.patient_folder:
        asked = _asked(found, config.patient_folder)
        return PatientLevel(asked.number, len(asked.counts))
    if config.patients == "each_sample":
        return NONE
    taken = {class_level, split.number if split else None}
    by_name = [level for level in found if level.role == "patient" and level.number not in taken]
    if by_name:
        return _by_name(folders, by_name[0], split)
    if groups is None:
        return NONE
    return PatientLevel(groups.number, len(groups.counts), [_ask(groups, "may be patients")])


def _asked(found: Sequence[Level], number: int) -> Level:
    if number > len(found):
        raise SourceError(
            "data.patient_folder",
            f"No image lies {number} folders deep; the deepest lie {len(found)} folders below the data.",
        )
    return found[number - 1]


def _by_name(folders: Folders, level: Level, split: SplitLevel | None) -> PatientLevel:
    if split and (shared := list(_in_two_splits(folders, level, split))):
        why = f"are in several splits ({some(shared)}), and may be the same patients or numbers that start again"
        question = _ask(level, why)
        return PatientLevel(questions=[structs.replace(question, choices=question.choices[::-1])])
    text = (
        f"Patients are taken from the folders {level.names}, {len(level.counts):,} of them; all images of one stay in "
        "one split. Set data.patients to each_sample where these are no patients."
    )
    return PatientLevel(
        level.number, len(level.counts), findings=[Finding(code="patients_from_folders", level="info", text=text)]
    )


def _in_two_splits(folders: Folders, level: Level, split: SplitLevel) -> Iterator[str]:
    splits: dict[str, set[str]] = defaultdict(set)
    for parts in folders:
        if len(parts) >= max(level.number, split.number) and (name := parts[split.number - 1]) in split.split_of:
            splits[parts[level.number - 1]].add(split.split_of[name])
    return (patient for patient, found in splits.items() if len(found) > 1)


def _ask(level: Level, why: str) -> Question:
    each = level.total / len(level.counts)
    return Question(
        code="patient_folder",
        text=f"The {len(level.counts):,} folders {level.names}, with {each:.1f} images each on average, {why}. Set "
        f"data.patient_folder to {level.number} if each is of one patient, or data.patients to each_sample.",
        choices=[
            Choice(
                options={"data.patient_folder": level.number},
                consequence=f"{len(level.counts):,} patients; all images of one stay in one split.",
            ),
            Choice(
                options={"data.patients": "each_sample"},
                consequence="Every image counts as one of another patient; those of one folder may be in two splits.",
            ),
        ],
    )
