"""What is known of a data set's samples before any of them is opened."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.training.contract.reading import UNKNOWN, Reading
from experiments.training.contract.splits import SplitName

MAX_SAMPLES = 1_000_000  # each costs the web process some hundred bytes


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a data set.

    `label` is the index of its class, `split` the one that the data give, `file` an image's name in its container. A
    sample without a patient is its own patient.
    """

    id: str
    patient_id: str
    label: int
    file: str = ""
    split: SplitName | None = None


@dataclass(frozen=True)
class Index:
    """All samples in the order of their ids, so that a folder and its zip give the same splits.

    `reading` says how they were found, and what was left out.
    """

    classes: list[str]
    samples: list[Sample]
    reading: Reading = UNKNOWN

    @property
    def labels(self) -> list[int]:
        """The labels of all samples, in their order."""
        return [sample.label for sample in self.samples]

    @property
    def counts(self) -> dict[str, int]:
        """The number of samples per class, in label order."""
        found = [0] * len(self.classes)
        for label in self.labels:
            found[label] += 1
        return dict(zip(self.classes, found, strict=True))
