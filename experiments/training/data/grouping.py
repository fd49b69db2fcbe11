"""Splits by whole patients: no patient in two of them, and each class as near to its share as the patients allow."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from experiments.training.data import splits
from experiments.training.data.splits import Shares, SplitName

Counts: TypeAlias = list[int]  # samples per class


def assign(labels: Sequence[int], patients: Sequence[str], shares: Shares, seed: int) -> list[SplitName]:
    """The split of each sample; needs `splits.needed` patients of every class.

    Patients with many samples go first, each to where it lowers the chi-square distance to the wanted sizes most;
    equal ones in an order that the seed decides.
    """
    counts_of = _counts(labels, patients)
    order = list(counts_of)
    random.Random(f"{seed}/split").shuffle(order)  # noqa: S311
    order.sort(key=lambda patient: -sum(counts_of[patient]))
    ledger = _Ledger(_wanted(labels, shares))
    for patient in order:
        ledger.place(patient, counts_of[patient])
    ledger.fill_gaps(order, counts_of)
    return [ledger.split_of[patient] for patient in patients]


class _Ledger:
    """Who is in which split, and how many samples of each class that makes."""

    def __init__(self, wanted: Mapping[SplitName, Counts]) -> None:
        self.split_of: dict[str, SplitName] = {}
        self._wanted = wanted
        self._held = {split: [0] * len(counts) for split, counts in wanted.items()}

    def place(self, patient: str, counts: Counts) -> None:
        """Where it does most good."""
        self._put(patient, counts, max(self._wanted, key=lambda split: self._gain(split, counts)))

    def fill_gaps(self, patients: Sequence[str], counts_of: Mapping[str, Counts]) -> None:
        """Move a patient into each split without a sample of some class, where that leaves no other gap."""
        for split, held in self._held.items():
            for label in range(len(held)):
                if held[label]:
                    continue
                fitting = [p for p in patients if counts_of[p][label] and self._can_leave(p, counts_of[p])]
                if fitting:
                    best = max(fitting, key=lambda patient: self._gain_of_move(patient, counts_of[patient], split))
                    self._put(best, counts_of[best], split)

    def _put(self, patient: str, counts: Counts, split: SplitName) -> None:
        if patient in self.split_of:
            self._add(self.split_of[patient], counts, -1)
        self._add(split, counts, 1)
        self.split_of[patient] = split

    def _gain(self, split: SplitName, counts: Counts) -> float:
        """By how much the samples would lower the distance, the sum of (held - wanted)^2 / wanted."""
        rows = zip(counts, self._held[split], self._wanted[split], strict=True)
        return sum(n * (2 * (wanted - held) - n) / wanted for n, held, wanted in rows if n)

    def _gain_of_move(self, patient: str, counts: Counts, split: SplitName) -> float:
        return self._gain(split, counts) + self._gain(self.split_of[patient], [-n for n in counts])

    def _can_leave(self, patient: str, counts: Counts) -> bool:
        return all(held > n for n, held in zip(counts, self._held[self.split_of[patient]], strict=True) if n)

    def _add(self, split: SplitName, counts: Counts, sign: int) -> None:
        self._held[split] = [held + sign * n for held, n in zip(self._held[split], counts, strict=True)]


def _counts(labels: Sequence[int], patients: Sequence[str]) -> dict[str, Counts]:
    counts_of: dict[str, Counts] = {}
    classes = max(labels) + 1
    for label, patient in zip(labels, patients, strict=True):
        counts_of.setdefault(patient, [0] * classes)[label] += 1
    return counts_of


def _wanted(labels: Sequence[int], shares: Shares) -> dict[SplitName, Counts]:
    """Samples of each class in each split that is to be made, as if each sample were its own patient."""
    sizes = [splits.sizes(labels.count(label), shares) for label in range(max(labels) + 1)]
    wanted: dict[SplitName, Counts] = {
        "train": [size.train for size in sizes],
        "val": [size.val for size in sizes],
        "test": [size.test for size in sizes],
    }
    return {split: counts for split, counts in wanted.items() if any(counts)}
