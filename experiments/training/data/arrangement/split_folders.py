"""Find the level of folders that divides the images into training, validation and test."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import SPLITS, SplitName
from experiments.training.data.arrangement import class_levels, folder_names, levels
from experiments.training.data.arrangement.levels import Folders, Level


@dataclass(frozen=True)
class SplitLevel:
    """The folders of level `number` that are splits, by name.

    `unsure` ones go by names that others use for another split.
    """

    number: int
    split_of: Mapping[str, SplitName]
    unsure: bool = False

    @property
    def divides(self) -> bool:
        """Whether there is more than one split; a lone one divides nothing."""
        return len(set(self.split_of.values())) > 1

    def of(self, parts: Sequence[str]) -> SplitName | None:
        """Return the split of the images in this folder; None if it lies in none."""
        return self.split_of.get(parts[self.number - 1]) if len(parts) >= self.number else None

    @property
    def words(self) -> str:
        """The folders and what they are for, as in `dev/ for train, test/ for test`."""
        order = sorted(self.split_of.items(), key=lambda item: SPLITS.index(item[1]))
        return ", ".join(f"{name}/ for {split}" if name != split else f"{name}/" for name, split in order)


def find(folders: Folders, config: DataConfig) -> SplitLevel | None:
    """Find the level whose folders are splits of folders with classes; None where there is none.

    Raises SourceError where the request says that there is one.
    """
    if config.layout == "class_folders":
        return None
    if config.split_folders:
        return _with_classes(folders, _named(folders, config))
    for level in levels.levels(folders):
        found = _splits(level)
        if found and level.number != config.class_folder and _holds_classes(folders, level, found.split_of):
            return _with_classes(folders, found)
    if config.layout == "split_folders":
        raise SourceError(
            "data.layout",
            "No folders called train, val or test with one folder per class in each were found; rename yours so, or "
            "leave this option out.",
        )
    return None


def of_images(folders: Folders, config: DataConfig) -> SplitLevel | None:
    """Find the level whose folders are splits of images that a table labels; None where there is none.

    Raises SourceError where the request names folders that are none.
    """
    if config.split_folders:
        return _named(folders, config)
    for level in levels.levels(folders):
        found = _splits(level)
        if found and found.divides and "train" in found.split_of.values():
            return found
    return None


def _named(folders: Folders, config: DataConfig) -> SplitLevel:
    """Return the level whose folders the request names, with the splits that it gives them; others go by name."""
    wanted = dict(_pairs(config))
    found = levels.levels(folders)
    level = next((level for level in found if {name.casefold() for name in level.counts} >= wanted.keys()), None)
    if level is None:
        listed = "; ".join(f"level {level.number} has {level.names}" for level in found) or "there are no folders"
        raise SourceError(
            "data.split_folders", f"No level of folders has all of {some(list(wanted))}: {listed}. Name some of these."
        )
    split_of = folder_names.splits_of(level.counts)
    named = {name: wanted[name.casefold()] for name in level.counts if name.casefold() in wanted}
    return SplitLevel(level.number, split_of | named)


def _pairs(config: DataConfig) -> Iterator[tuple[str, SplitName]]:
    """Yield the folders that the request names, in lower case, each with its split."""
    for text in config.split_folders:
        folder, _, name = text.rpartition("=")
        yield from ((folder.strip().casefold(), split) for split in SPLITS if split == name.strip())


def alternatives(split: SplitLevel) -> Iterator[dict[str, SplitName]]:
    """Yield other splits that folders of these names may be, by their names."""
    tests = [name for name in folder_names.loose_splits(split.split_of) if split.split_of[name] == "test"]
    if split.unsure and tests:
        yield {**split.split_of, **dict.fromkeys(tests, "val")}


def _splits(level: Level) -> SplitLevel | None:
    split_of = folder_names.splits_of(level.counts)
    if not split_of:
        return None
    loose = folder_names.loose_splits(split_of)
    unsure = bool(loose) and "train" not in split_of.values()
    if unsure:  # dev and test: what the model is developed on is what there is to train on
        split_of |= {name: "train" for name in loose if split_of[name] == "val"}
    evaluations = [name for name in loose if split_of[name] == "test"]
    ambiguous = bool(evaluations) and "val" not in split_of.values() and len(set(split_of.values())) > 1
    return SplitLevel(level.number, split_of, unsure or (ambiguous and not _says_holdout(evaluations)))


def _says_holdout(names: Collection[str]) -> bool:
    return all({"holdout", "heldout"} & set(folder_names.words(name)) for name in names)


def _with_classes(folders: Folders, split: SplitLevel) -> SplitLevel:
    """Leave out the splits that hold images only, such as a test set without labels."""
    deepest = dict.fromkeys(split.split_of, 0)
    for parts in folders:
        if split.of(parts):
            deepest[parts[split.number - 1]] = max(deepest[parts[split.number - 1]], len(parts))
    flat = split.number == 1 and max(deepest.values()) > 1
    kept = {name: part for name, part in split.split_of.items() if not flat or deepest[name] > 1}
    return replace(split, split_of=kept)


def _holds_classes(folders: Folders, level: Level, split_of: Mapping[str, SplitName]) -> bool:
    """Return whether there are two splits, or one alone, with folders of classes above or below them."""
    inside = levels.below(folders, level.number, split_of)
    if not any(is_class_like(other) for other in levels.levels(inside) if other.number != level.number):
        return False
    if len(set(split_of.values())) > 1:
        return True
    beside = levels.below(folders, level.number, set(level.counts) - set(split_of))
    return set(split_of.values()) == {"train"} and all(len(parts) == level.number for parts in beside)


def is_class_like(level: Level) -> bool:
    """Return whether the folders of the level may be classes."""
    return len(level.counts) > 1 and (level.role == "class" or class_levels.may_be_classes(level))
