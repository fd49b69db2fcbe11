"""Assign samples to training, validation and test: stratified by class, a function of seed and samples only."""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from runs import atomic_files

SplitName: TypeAlias = Literal["train", "val", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "val", "test")


@dataclass(frozen=True)
class Shares:
    """The fractions of the samples that validate and test; 0 makes no such split."""

    val: float
    test: float = 0.0


@dataclass(frozen=True)
class Sizes:
    """The number of samples of one class in each split."""

    train: int
    val: int
    test: int


def needed(shares: Shares) -> int:
    """Count the samples that a class needs so that every split gets one."""
    return 1 + bool(shares.val) + bool(shares.test)


def sizes(count: int, shares: Shares) -> Sizes:
    """Divide `count` samples of one class, at least `needed`: fractions are rounded, but every split gets one."""
    left = count - needed(shares)  # beyond one for each split
    test = min(max(round(count * shares.test), 1), left + 1) if shares.test else 0
    left -= max(test - 1, 0)
    val = min(max(round(count * shares.val), 1), left + 1) if shares.val else 0
    return Sizes(count - val - test, val, test)


def assign(labels: Sequence[int], shares: Shares, seed: int) -> list[SplitName]:
    """Assign a split to each sample, in the order of `labels`."""
    assigned: list[SplitName] = ["train"] * len(labels)
    members_of: dict[int, list[int]] = defaultdict(list)
    for index, label in enumerate(labels):
        members_of[label].append(index)
    for label, members in members_of.items():
        random.Random(f"{seed}/split/{label}").shuffle(members)  # noqa: S311
        part = sizes(len(members), shares)
        for index in members[: part.val]:
            assigned[index] = "val"
        for index in members[part.val : part.val + part.test]:
            assigned[index] = "test"
    return assigned


def indices(assigned: Sequence[SplitName]) -> Mapping[SplitName, list[int]]:
    """Group sample indices by split; a split without samples has an empty list."""
    return {split: [i for i, other in enumerate(assigned) if other == split] for split in SPLITS}


def write(path: Path, sample_ids: Sequence[str], assigned: Sequence[SplitName], labels: Sequence[int]) -> None:
    """Write `split.csv` (sample_id, split, label), whole or not at all."""
    atomic_files.write(path, _text(sample_ids, assigned, labels))


def unchanged(path: Path, sample_ids: Sequence[str], assigned: Sequence[SplitName], labels: Sequence[int]) -> bool:
    """Return whether `split.csv` at `path` has this same content; true where there is no file."""
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
