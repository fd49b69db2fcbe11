"""Keep what was fitted on a table's training rows, so that anyone can prepare further rows in the same way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.training.contract.column_facts import Feature
from experiments.training.contract.inference import FEATURES_FILE, MAX_LISTED, FeatureInput, TableInput
from experiments.training.data.tables.contents.cells import MISSING
from runs import atomic_files
from runs.spreadsheets.neutral_cells import csv_text


@dataclass(frozen=True)
class Standardisation:
    """The constants of the training rows: medians that fill gaps, means and population standard deviations.

    They run along `features`, which are in the network's order; `constant` are those left out.
    """

    features: Sequence[Feature]
    medians: NDArray[np.float64]
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    constant: Sequence[Feature]

    def described(self) -> TableInput:
        """Describe the preparation, with the constants of the first features."""
        return TableInput(
            missing_cells=sorted(MISSING),
            feature_count=len(self.features),
            features=list(islice(self._inputs(), MAX_LISTED)),
            constant_count=len(self.constant),
            constant=[feature.name for feature in self.constant[:MAX_LISTED]],
        )

    def write(self, folder: Path) -> None:
        """Write the constants of all features to `features.csv`, with every digit. Raises OSError."""
        names = FeatureInput.__struct_fields__
        rows = ([getattr(one, name) for name in names] for one in self._inputs())
        atomic_files.write(folder / FEATURES_FILE, csv_text(names, rows).encode())

    def _inputs(self) -> Iterator[FeatureInput]:
        constants = (numbers.tolist() for numbers in (self.medians, self.means, self.deviations))
        for feature, median, mean, deviation in zip(self.features, *constants, strict=True):
            yield FeatureInput(
                name=feature.name,
                kind="number" if feature.category is None else "category",
                column=feature.column,
                category=feature.category,
                median=median,
                mean=mean,
                deviation=deviation,
            )
