"""Read classes, splits and patients from the folders that images lie in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Finding, Question
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import SplitName
from experiments.training.data.arrangement import class_levels, folder_names, levels, patient_folders, split_folders
from experiments.training.data.arrangement.class_levels import ClassLevel
from experiments.training.data.arrangement.levels import Folders, Level, Parts
from experiments.training.data.arrangement.patient_folders import PatientLevel
from experiments.training.data.arrangement.split_folders import SplitLevel

DOUBTFUL_CONTAINERS = frozenset({"images", "image", "imgs", "img", "data", "dataset"})


@dataclass(frozen=True)
class FolderClasses:
    """How folders say what class, split and patient an image has.

    `aside` are folders on the level of the classes that are none; `counts` has the images of each class folder.
    """

    level: Level
    split: SplitLevel | None
    patient: PatientLevel
    aside: Collection[str]
    counts: Mapping[str, int]
    questions: Sequence[Question]
    findings: Sequence[Finding]

    @property
    def layout(self) -> Literal["class_folders", "split_folders"]:
        """The layout that this is."""
        return "split_folders" if self.split and self.split.divides else "class_folders"

    @property
    def why(self) -> str:
        """The reason, in a sentence."""
        where = "" if self.level.number == 1 else f", {self.level.number} folders below the data"
        if self.split and self.split.divides:
            return f"The folders {self.split.words} hold folders that name the classes{where}."
        inside = f" in {some(list(self.split.split_of))}/" if self.split else ""
        return f"The folders of the images{inside} name their classes{where}."

    @property
    def are_plain(self) -> bool:
        """Whether the folders look like nothing but classes, so that they rival what a table says."""
        return self.level.role == "class" and len(self.counts) > 1 and not self.level.is_many_of_few

    def class_of(self, parts: Parts) -> str | None:
        """Return the class of the images in this folder; None if they have none."""
        number = self.level.number
        if len(parts) < number or parts[number - 1] in self.aside:
            return None
        if self.split and self.split.of(parts) is None:
            return None
        return parts[number - 1]

    def split_of(self, parts: Parts) -> SplitName | None:
        """Return the split of the images in this folder; None if it is not given."""
        return self.split.of(parts) if self.split and self.split.divides else None


def find(folders: Folders, config: DataConfig, ignored: Sequence[str]) -> FolderClasses:
    """Find out how the folders are to be read; raises SourceError where they name no classes.

    `ignored` are the patterns that leave files out already.
    """
    if not folders:
        raise SourceError("source_path", "There are no images.")
    split = split_folders.find(folders, config)
    inside = levels.below(folders, split.number, split.split_of) if split else folders
    taken = {split.number} if split else set()
    taken |= {config.patient_folder} if config.patient_folder else set()
    chosen = class_levels.choose(inside, config, taken, ignored)
    aside = _aside(chosen.level, split, config)
    patient = patient_folders.find(inside, config, split, class_level=chosen.level.number, groups=chosen.groups)
    questions = [
        *_ask_about_splits(split, chosen.level, config),
        *chosen.questions,
        *_ask_about(aside, chosen.level, ignored),
        *patient.questions,
    ]
    counts = {name: count for name, count in chosen.level.counts.items() if name not in aside}
    asked = bool(chosen.questions or config.class_folder)
    findings = [
        *([] if asked else _deeper(inside, chosen, split, patient)),
        *_parts(inside, chosen.level),
        *_different(inside, chosen.level, split),
        *patient.findings,
    ]
    return FolderClasses(chosen.level, split, patient, aside, counts, questions, findings)


def _aside(level: Level, split: SplitLevel | None, config: DataConfig) -> dict[str, int]:
    """Find folders beside the classes that are none by their names; what the request ignores is gone already."""
    if config.ignore is not None or level.role != "class":
        return {}
    splits = {} if split else folder_names.splits_beside(level.counts)
    names = {name.casefold() for name in level.counts}
    found = {
        name: count
        for name, count in level.counts.items()
        if folder_names.is_unlabelled(name)
        or (name in splits and f"in{name.casefold()}" not in names)
        or name.casefold() in DOUBTFUL_CONTAINERS
    }
    return found if len(found) < len(level.counts) else {}


def _ask_about(aside: Mapping[str, int], level: Level, ignored: Sequence[str]) -> Iterator[Question]:
    if not aside:
        return
    classes = {name: count for name, count in level.counts.items() if name not in aside}
    listed = levels.listed(aside)
    yield Question(
        code="ignore",
        text=f"Beside the class folders {some(list(classes))} there are {listed}, which may be no classes. Set "
        "data.ignore to the names of the folders to leave out, or to [] where they are classes too.",
        choices=[
            Choice(
                options={"data.ignore": [*ignored, *aside]},
                consequence=f"The classes are {levels.listed(classes)}; {levels.listed(aside)} are left out.",
            ),
            Choice(options={"data.ignore": [*ignored]}, consequence=f"The classes are {levels.listed(level.counts)}."),
        ],
    )


def _ask_about_splits(split: SplitLevel | None, level: Level, config: DataConfig) -> Iterator[Question]:
    if split is None or not split.unsure or config.layout == "split_folders":
        return
    yield Question(
        code="layout",
        text=f"The folders {split.words} look like splits, by names that are used for different ones. Set data.layout "
        "to split_folders to keep them, or to class_folders to divide all images again; or say in data.split_folders "
        "what each is, as in dev=val.",
        choices=[
            Choice(options={"data.layout": "split_folders"}, consequence=f"The splits are {split.words}."),
            Choice(
                options={"data.layout": "class_folders", "data.class_folder": level.number},
                consequence="All images are put together and divided by data.val_fraction and data.test_fraction.",
            ),
            *(_named_splits(split.number, named) for named in split_folders.alternatives(split)),
        ],
    )


def _named_splits(number: int, named: Mapping[str, SplitName]) -> Choice:
    return Choice(
        options={"data.split_folders": [f"{name}={split}" for name, split in named.items()]},
        consequence=f"The splits are {SplitLevel(number, named).words}.",
    )


def _deeper(folders: Folders, chosen: ClassLevel, split: SplitLevel | None, patient: PatientLevel) -> Iterator[Finding]:
    """Tell of images that lie deeper than right in a class folder, where other levels do not explain it."""
    number = chosen.level.number
    known = {number, patient.number, split.number if split else None}
    unknown = {
        level.number: level
        for level in levels.levels(folders)
        if level.number > number and level.number not in known and level.role != "container"
    }
    deeper = sum(count for parts, count in folders.items() if any(at <= len(parts) for at in unknown))
    if deeper:
        examples = some([f"{level.names}" for level in unknown.values()])
        text = (
            f"{deeper:,} images lie in folders inside of their class folder ({examples}); they belong to that class. "
            "Name folders to leave out in data.ignore, or set data.class_folder to learn another level."
        )
        yield Finding(code="deeper_images", level="info", text=text)


def _parts(folders: Folders, chosen: Level) -> Iterator[Finding]:
    """Tell of folders that were taken for parts of one data set, or for examinations."""
    for level in levels.levels(folders):
        if level.role in ("part", "examination") and level.number < chosen.number:
            text = (
                f"The folders {level.names} were taken for {class_levels.KINDS[level.role]}, and their images are read "
                f"together. Set data.class_folder to {level.number} if they are the classes."
            )
            yield Finding(code="parts_joined", level="info", text=text)


def _different(folders: Folders, level: Level, split: SplitLevel | None) -> Iterator[Finding]:
    """Tell of classes that only some of the split folders have."""
    if split is None or not split.divides:
        return
    found: dict[SplitName, Counter[str]] = defaultdict(Counter)
    for parts, count in folders.items():
        if len(parts) >= max(level.number, split.number):
            found[split.split_of[parts[split.number - 1]]][parts[level.number - 1]] += count
    if len({frozenset(name.strip().casefold() for name in classes) for classes in found.values()}) > 1:
        listed = "; ".join(f"{name}: {levels.listed(classes)}" for name, classes in found.items())
        text = f"The splits have different class folders ({listed}). Rename folders that mean the same class alike."
        yield Finding(code="different_classes", level="warning", text=text)
