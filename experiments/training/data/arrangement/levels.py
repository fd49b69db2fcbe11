"""The folders of images, level by level: level 1 lies right below the data, level 2 in its folders, and so on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from experiments.training.contract.source_errors import some
from experiments.training.data.arrangement import folder_names
from experiments.training.data.arrangement.folder_names import Role

Parts: TypeAlias = tuple[str, ...]
"""The folders on the way from the data to an image."""
Folders: TypeAlias = Mapping[Parts, int]
"""The number of images right in each folder."""

FEWEST_GROUPS = 10  # folders on a level from which they may be one per patient
MOST_IN_A_GROUP = 20  # images in each of these, on average


@dataclass(frozen=True)
class Level:
    """All folders as deep as `number`: the images in and below each, by its name."""

    number: int
    counts: Mapping[str, int]
    role: Role

    @property
    def total(self) -> int:
        """The number of images that lie at least so deep."""
        return sum(self.counts.values())

    @property
    def is_many_of_few(self) -> bool:
        """Whether there are many folders of few images, as with one folder per patient."""
        return len(self.counts) >= FEWEST_GROUPS and self.total <= MOST_IN_A_GROUP * len(self.counts)

    @property
    def names(self) -> str:
        """The names in words, the largest folders first."""
        return some([name for name, _ in Counter(self.counts).most_common()], 4)


def folders_of(images: Iterable[str], base: str) -> dict[Parts, int]:
    """Count the images of each folder."""
    counted = Counter(name[: name.rfind("/") + 1] for name in images)
    return {parts_of(folder, base): count for folder, count in counted.items()}


def parts_of(name: str, base: str) -> Parts:
    """Return the folders between the data and the image."""
    return tuple(name[len(base) : name.rfind("/") + 1].split("/")[:-1])


def levels(folders: Folders) -> list[Level]:
    """Describe each level that has folders, from the top."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for parts, count in folders.items():
        for number, name in enumerate(parts, start=1):
            counts[number][name] += count
    return [Level(number, counts[number], folder_names.role(counts[number])) for number in sorted(counts)]


def below(folders: Folders, level: int, names: Collection[str]) -> dict[Parts, int]:
    """Select the folders that lie in those with these names on the level."""
    return {parts: count for parts, count in folders.items() if len(parts) >= level and parts[level - 1] in names}


def crosses(folders: Folders, upper: int, lower: int) -> bool:
    """Return whether the names on the lower level recur in several folders of the upper one.

    Sites hold the same classes each; a class holds patients or kinds of its own.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for parts in folders:
        if len(parts) >= lower:
            found[parts[lower - 1].casefold()].add(parts[upper - 1])
    recurring = sum(len(above) > 1 for above in found.values())
    return recurring * 2 >= len(found)


def listed(counts: Mapping[str, int]) -> str:
    """Name the folders with their images, as in `NORMAL (20) and PNEUMONIA (30)`."""
    named = [f"{name} ({count:,})" for name, count in counts.items()]
    return " and ".join(named) if len(named) == 2 else some(named, 5)
