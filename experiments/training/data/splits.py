"""Which sample trains, validates or tests: stratified by class, a function of seed and samples only."""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from experiments.training.config import DataConfig
from runs import atomic_files

SplitName: TypeAlias = Literal["train", "val", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "val", "test")


@dataclass(frozen=True)
class Sizes:
    """Samples of one class in each split."""

    train: int
    val: int
    test: int


def needed(config: DataConfig) -> int:
    """The fewest samples of a class that give every split one."""
    return 3 if config.test_fraction else 2


def sizes(count: int, config: DataConfig) -> Sizes:
    """How `count` samples of one class divide: fractions rounded, but every split gets one; needs `needed` samples."""
    test = min(max(round(count * config.test_fraction), 1), count - 2) if config.test_fraction else 0
    val = min(max(round(count * config.val_fraction), 1), count - test - 1)
    return Sizes(count - val - test, val, test)


def assign(labels: Sequence[int], config: DataConfig, seed: int) -> list[SplitName]:
    """The split of each sample, in the order of `labels`."""
    assigned: list[SplitName] = ["train"] * len(labels)
    members_of: dict[int, list[int]] = defaultdict(list)
    for index, label in enumerate(labels):
        members_of[label].append(index)
    for label, members in members_of.items():
        random.Random(f"{seed}/split/{label}").shuffle(members)  # noqa: S311
        part = sizes(len(members), config)
        for index in members[: part.val]:
            assigned[index] = "val"
        for index in members[part.val : part.val + part.test]:
            assigned[index] = "test"
    return assigned


def indices(assigned: Sequence[SplitName]) -> Mapping[SplitName, list[int]]:
    """The samples of each split; a split without samples has an empty list."""
    return {split: [i for i, other in enumerate(assigned) if other == split] for split in SPLITS}


def write(path: Path, sample_ids: Sequence[str], assigned: Sequence[SplitName], labels: Sequence[int]) -> None:
    """Write `split.csv` (sample_id, split, label), whole or not at all."""
    atomic_files.write(path, _text(sample_ids, assigned, labels))


def unchanged(path: Path, sample_ids: Sequence[str], assigned: Sequence[SplitName], labels: Sequence[int]) -> bool:
    """Whether `split.csv` at `path` says the same; true where there is none."""
    try:
        return path.read_bytes() == _text(sample_ids, assigned, labels)
    except FileNotFoundError:
        return True


def _text(sample_ids: Sequence[str], assigned: Sequence[SplitName], labels: Sequence[int]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("sample_id", "split", "label"))
    writer.writerows(zip(sample_ids, assigned, labels, strict=True))
    return buffer.getvalue().encode()
