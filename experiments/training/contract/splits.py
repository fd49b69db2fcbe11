"""Assign samples to training, validation and test: stratified by class, a function of seed and samples only."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Literal, TypeAlias

from runs import atomic_files
from runs.spreadsheets.neutral_cells import csv_text, original

SplitName: TypeAlias = Literal["train", "val", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "val", "test")
FILE = "split.csv"
COLUMNS = ("sample_id", "split", "label", "patient_id")
"""Of the file; those of earlier versions have no patients."""


USUAL_TEST_SHARE = 0.2
LEAST_FOR_TEST = 100
"""Samples of each class, and patients, from which on that share makes a test of about 20 or more of them."""


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


def write(
    path: Path,
    sample_ids: Sequence[str],
    assigned: Sequence[SplitName],
    labels: Sequence[int],
    patient_ids: Sequence[str | None],
) -> None:
    """Write `split.csv`, whole or not at all; the patient is blank where it is not known.

    People open it, so an id that a spreadsheet would calculate has an apostrophe before it.
    """
    rows = zip(sample_ids, assigned, labels, patient_ids, strict=True)
    atomic_files.write(path, csv_text(COLUMNS, rows).encode())


def unchanged(path: Path, sample_ids: Sequence[str], assigned: Sequence[SplitName], labels: Sequence[int]) -> bool:
    """Return whether `split.csv` at `path` has these same samples, splits and labels; true where there is no file.

    Patients are not compared: files of earlier versions name none.
    """
    expected = ([id_, split, str(label)] for id_, split, label in zip(sample_ids, assigned, labels, strict=True))
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return all(_is_same(found, row) for found, row in zip_longest(_rows(file), expected))
    except FileNotFoundError:
        return True
    except (ValueError, csv.Error):
        return False


def kept(path: Path) -> dict[str, tuple[SplitName, int]] | None:
    """Read the split and label of each sample from the `split.csv` that a run wrote; None where there is none."""
    split_of: dict[str, SplitName] = {split: split for split in SPLITS}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return {original(id_): (split_of[split], int(label)) for id_, split, label in _rows(file)}
    except (FileNotFoundError, ValueError, KeyError, csv.Error):  # `unchanged` will say that it is not the run's
        return None


def _is_same(found: list[str] | None, row: list[str] | None) -> bool:
    """Compare two rows; files of earlier versions have every id as it is."""
    if not found or not row:
        return found == row
    return found[1:] == row[1:] and row[0] in (original(found[0]), found[0])


def _rows(file: Iterable[str]) -> Iterator[list[str]]:
    """Yield id, split and label of each sample, the id as the file has it."""
    rows = csv.reader(file)
    next(rows, None)
    return (row[:3] for row in rows)


def checked_folders(named: list[str]) -> list[str]:
    """Return folders with their splits, as in `dev=val`; raises ValueError for anything else, or a folder twice."""
    for text in named:
        folder, _, split = text.rpartition("=")
        if not folder.strip() or split.strip() not in SPLITS:
            raise ValueError(f"{text!r} is no folder with its split, as in dev=val; give one of {', '.join(SPLITS)}")
    folders = {text.rpartition("=")[0].strip().casefold() for text in named}
    if len(folders) < len(named):
        raise ValueError("A folder is in one split; name each once")
    return named
