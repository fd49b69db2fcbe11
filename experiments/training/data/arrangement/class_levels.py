"""Choose the level of folders that names the classes; where several may, the report asks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Question
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.arrangement import folder_names, levels
from experiments.training.data.arrangement.folder_names import Role
from experiments.training.data.arrangement.levels import Folders, Level

MOSTLY = 0.9  # of the images must lie in folders of a level for it to rival the one above
FEWEST_DOUBTFUL = 20  # folders from which classes with few images each are doubtful
FEW_IMAGES = 10  # in each of them, on average
KINDS: Mapping[Role, str] = {
    "split": "splits",
    "fold": "folds",
    "part": "parts of one data set",
    "examination": "examinations",
    "patient": "patients or examinations",
    "container": "kinds of files",
    "view": "views or sequences",
    "class": "classes",
}


@dataclass(frozen=True)
class ClassLevel:
    """The level of the classes, and the one that may hold a folder per patient."""

    level: Level
    questions: Sequence[Question] = ()
    groups: Level | None = None


@dataclass
class _Candidates:
    chosen: Level
    rivals: list[Level] = field(default_factory=list)
    groups: Level | None = None


def choose(folders: Folders, config: DataConfig, taken: Collection[int], ignored: Sequence[str]) -> ClassLevel:
    """Choose among the levels that are not taken; raises SourceError where no folder can be a class.

    `ignored` are the patterns that leave files out already.
    """
    found = levels.levels(folders)
    if config.class_folder:
        return ClassLevel(_asked(found, config.class_folder), groups=_groups(folders, found, config.class_folder))
    free = [level for level in found if level.number not in taken]
    candidates = _candidates(folders, free, config)
    if candidates is None:
        return ClassLevel(_lone(free, found))
    total = sum(folders.values())
    questions = [_ask(candidates, total, ignored)] if candidates.rivals else _doubts(candidates.chosen, total, config)
    return ClassLevel(candidates.chosen, questions, candidates.groups)


def _asked(found: Sequence[Level], number: int) -> Level:
    for level in found:
        if level.number == number:
            return level
    raise SourceError(
        "data.class_folder",
        f"No image lies {number} folders deep; the deepest lie {len(found)} folders below the data.",
    )


def _groups(folders: Folders, found: Sequence[Level], class_level: int) -> Level | None:
    deeper = [level for level in found if level.number > class_level and level.role == "class"]
    return next((level for level in deeper if _is_group_below(folders, class_level, level)), None)


def _candidates(folders: Folders, free: Sequence[Level], config: DataConfig) -> _Candidates | None:
    several = [level for level in free if len(level.counts) > 1]
    classes = [level for level in several if level.role == "class"]
    views = [level for level in several if level.role in ("view", "fold")]
    if not classes:
        others = several if config.layout == "class_folders" else _possible(several)
        return _Candidates(others[0], others[1:]) if others else None
    first = _Candidates(classes[0])
    for level in classes[1:]:
        _add(folders, first, level)
    above = [view for view in views if view.number < first.chosen.number]
    return _in_order(folders, first, above)


def _possible(several: Sequence[Level]) -> list[Level]:
    """List the levels that may be classes although they look like something else: views inside of patients are none."""
    patients = min((level.number for level in several if level.role == "patient"), default=None)
    return [level for level in several if may_be_classes(level) and (patients is None or level.number <= patients)]


def may_be_classes(level: Level) -> bool:
    """Return whether folders that look like something else may still be the classes: views, or a few short codes."""
    return level.role == "view" or (level.role == "patient" and not folder_names.are_surely_patients(level.counts))


def _add(folders: Folders, found: _Candidates, level: Level) -> None:
    """Add a deeper level of unknown names: groups of a class, another kind of classes, or neither."""
    top = found.chosen
    crosses = levels.crosses(folders, top.number, level.number)
    if _is_group_below(folders, top.number, level):
        found.groups = found.groups or level
    elif crosses and top.is_many_of_few and not found.rivals:
        found.groups, found.chosen = top, level
    elif crosses or level.total >= MOSTLY * top.total:
        found.rivals.append(level)


def _is_group_below(folders: Folders, upper: int, level: Level) -> bool:
    return level.is_many_of_few and not levels.crosses(folders, upper, level.number)


def _in_order(folders: Folders, found: _Candidates, above: Sequence[Level]) -> _Candidates:
    """Put the most likely candidate first: with words of labels, else the deeper one of two that cross."""
    every = [found.chosen, *found.rivals]
    ranked = sorted(every, key=lambda level: _rank(folders, found.chosen, level))
    return _Candidates(ranked[0], [*ranked[1:], *above], found.groups)


def _rank(folders: Folders, top: Level, level: Level) -> tuple[bool, bool, int]:
    crosses = level is not top and levels.crosses(folders, top.number, level.number)
    numbers = all(name.isdigit() for name in level.counts)
    return (not folder_names.has_label_word(level.counts), numbers, -level.number if crosses else level.number)


def _lone(free: Sequence[Level], found: Sequence[Level]) -> Level:
    """Return the level with the only class there is; raises SourceError where the folders are something else."""
    special = next((level for level in found if len(level.counts) > 1), None)
    if special is None or special.role == "split":
        lone = next((level for level in free if level.role == "class" and len(level.counts) == 1), None)
        if lone:
            return lone
    raise SourceError("source_path", _no_classes(special, found))


def _no_classes(special: Level | None, found: Sequence[Level]) -> str:
    if special is None:
        where = f"in one folder ({found[0].names})" if found else "in no folder"
        return (
            f"Neither a CSV nor class folders with images were found; the images lie {where}. Give a CSV with an id "
            "and a target column beside them, or one folder per class."
        )
    return (
        f"The folders {special.names} look like {KINDS[special.role]}, and nothing tells the classes "
        "of the images in them: give a CSV with an id and a target column, or one folder per class in each. If these "
        "folders are what is to be told apart, set data.layout to class_folders."
    )


def _ask(candidates: _Candidates, total: int, ignored: Sequence[str]) -> Question:
    every = [candidates.chosen, *candidates.rivals]
    listed = "; ".join(f"{level.number} = {level.names}" for level in sorted(every, key=lambda level: level.number))
    return Question(
        code="class_folder",
        text=f"The images lie in folders of several levels, and more than one may be the classes: {listed}. Set "
        "data.class_folder to the number of the one to learn.",
        choices=[
            *(_choice(level, total) for level in every),
            *(choice for level in every for choice in _one_split_alone(level, candidates.chosen, ignored)),
        ],
    )


def _one_split_alone(level: Level, chosen: Level, ignored: Sequence[str]) -> Iterator[Choice]:
    """Offer to read a split such as `train` alone, and to leave out the folders beside it."""
    splits = folder_names.splits_of(level.counts)
    others = {name: count for name, count in level.counts.items() if name not in splits}
    if splits and others and level is not chosen:
        yield Choice(
            options={"data.ignore": [*ignored, *others]},
            consequence=f"Only {some(list(splits))} is read; {levels.listed(others)} are left out.",
        )


def _choice(level: Level, total: int) -> Choice:
    rest = f" {total - level.total:,} images in no such folder are left out." if level.total < total else ""
    return Choice(
        options={"data.class_folder": level.number},
        consequence=f"{len(level.counts)} classes: {levels.listed(level.counts)}.{rest}",
    )


def _doubts(level: Level, total: int, config: DataConfig) -> list[Question]:
    """Ask for a word where the folders may be classes, but look like something else."""
    looks = "" if config.layout == "class_folders" else _looks(level)
    if not looks:
        return []
    text = (
        f"{looks}; are they the classes? If they are, set data.class_folder to {level.number}. If not, put one folder "
        "per class, or give a CSV with an id and a target column."
    )
    return [Question(code="class_folder", text=text, choices=[_choice(level, total)])]


def _looks(level: Level) -> str:
    """Say what the folders look like; blank where they look like nothing but classes."""
    names = level.counts
    if len(names) >= FEWEST_DOUBTFUL and level.total <= FEW_IMAGES * len(names):
        each = level.total / len(names)
        return f"{len(names)} folders with {each:.1f} images each on average, which may be patients"
    if level.role != "class":
        return f"The folders {level.names} look like {KINDS[level.role]}"
    if folder_names.are_coded(names):
        return f"The folders {level.names} look like codes of patients or examinations"
    if folder_names.are_splits_of_classes(names):
        return (
            f"The folders {level.names} look like splits and classes at once (train/ and test/ with one folder per "
            "class in each are read as both)"
        )
    if folder_names.are_numbered_classes(names):
        return f"Some of the folders {level.names} differ in a number only, and may be one class"
    return ""
