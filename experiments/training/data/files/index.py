"""What is known of a data set's samples before any of them is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any, NamedTuple, overload

from experiments.training.contract.reading import UNKNOWN, Reading
from experiments.training.contract.splits import SplitName

MAX_SAMPLES = 1_000_000  # images: each costs some hundred bytes


class Sample(NamedTuple):
    """One sample of a data set.

    `label` is the index of its class, `split` the one that the data give, `file` an image's name in its container.
    `patient_id` is None where it is not known; such a sample is its own patient. `cells` are those of its row in the
    columns of subgroups.
    """

    id: str
    patient_id: str | None
    label: int
    file: str = ""
    split: SplitName | None = None
    cells: tuple[str, ...] = ()


class SampleColumns(Sequence[Sample]):
    """Samples without files, kept as columns: an object for each of millions of rows would take a gigabyte.

    `splits` is None where the data give none.
    """

    def __init__(
        self,
        ids: Sequence[str],
        patient_ids: Sequence[str | None],
        labels: Sequence[int],
        splits: Sequence[SplitName | None] | None = None,
    ) -> None:
        self.ids, self.patient_ids, self.labels, self.splits = ids, patient_ids, labels, splits

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> Sample: ...

    @overload
    def __getitem__(self, at: slice) -> SampleColumns: ...

    def __getitem__(self, at: int | slice) -> Sample | SampleColumns:
        if isinstance(at, slice):
            splits = None if self.splits is None else self.splits[at]
            return SampleColumns(self.ids[at], self.patient_ids[at], self.labels[at], splits)
        return Sample(
            self.ids[at], self.patient_ids[at], self.labels[at], split=None if self.splits is None else self.splits[at]
        )

    def __iter__(self) -> Iterator[Sample]:
        splits = repeat(None) if self.splits is None else self.splits
        return map(Sample, self.ids, self.patient_ids, self.labels, repeat(""), splits)


@dataclass(frozen=True)
class Index:
    """All samples in the order of their ids, so that a folder and its zip give the same splits.

    `reading` says how they were found, and what was left out. `columns` are those of a table without a role, as
    `tables.feature_columns` reads them. `subgroups` maps the columns that tell subgroups apart to each sample's group.
    """

    classes: list[str]
    samples: Sequence[Sample]
    reading: Reading = UNKNOWN
    columns: Any = field(default=None, compare=False, repr=False)
    subgroups: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)

    @property
    def ids(self) -> list[str]:
        """The ids of all samples, in their order."""
        return list(self.samples.ids if isinstance(self.samples, SampleColumns) else (s.id for s in self.samples))

    @property
    def patient_ids(self) -> list[str | None]:
        """The patients of all samples, in their order; None where one is not known."""
        samples = self.samples
        return list(samples.patient_ids if isinstance(samples, SampleColumns) else (s.patient_id for s in samples))

    @property
    def labels(self) -> list[int]:
        """The labels of all samples, in their order."""
        return list(self.samples.labels if isinstance(self.samples, SampleColumns) else (s.label for s in self.samples))

    @property
    def splits(self) -> list[SplitName | None]:
        """The splits that the data give, in the order of the samples."""
        if isinstance(self.samples, SampleColumns):
            return [None] * len(self.samples) if self.samples.splits is None else list(self.samples.splits)
        return [sample.split for sample in self.samples]

    @property
    def files(self) -> list[str]:
        """The names of the images, in the order of the samples; none for a table."""
        return [] if isinstance(self.samples, SampleColumns) else [s.file for s in self.samples if s.file]

    def with_patients(self, patient_ids: Sequence[str | None]) -> Index:
        """Return a copy whose samples have these patients."""
        if isinstance(self.samples, SampleColumns):
            columns = self.samples
            return replace(self, samples=SampleColumns(columns.ids, patient_ids, columns.labels, columns.splits))
        pairs = zip(self.samples, patient_ids, strict=True)
        new = tuple.__new__  # `_replace` takes five times as long, for every image
        samples = [new(Sample, (id_, patient, *rest)) for (id_, _, *rest), patient in pairs]
        return replace(self, samples=samples)

    def with_labels(self, classes: list[str], labels: Sequence[int]) -> Index:
        """Return a copy with these classes, whose samples have these labels."""
        if isinstance(self.samples, SampleColumns):
            columns = self.samples
            samples: Sequence[Sample] = SampleColumns(columns.ids, columns.patient_ids, labels, columns.splits)
        else:
            samples = [sample._replace(label=label) for sample, label in zip(self.samples, labels, strict=True)]
        return replace(self, classes=classes, samples=samples)

    @property
    def counts(self) -> dict[str, int]:
        """The number of samples per class, in label order."""
        found = [0] * len(self.classes)
        for label in self.labels:
            found[label] += 1
        return dict(zip(self.classes, found, strict=True))
