"""Read what a run wrote of its inputs: `inference.json`, `reading.json`, `features.csv`, and how pixels were read."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from experiments.training.contract import splits
from experiments.training.contract.inference import FEATURES_FILE, FILE, FeatureInput, ImageInput, NetworkInput
from experiments.training.contract.reading import READING_FILE, UNKNOWN, Reading
from experiments.training.data.image_files import Rendering
from experiments.training.model_source import ModelSource
from experiments.training.prediction.errors import ModelError
from runs.spreadsheets.neutral_cells import original

CURE = "Restore the run's folder from a backup, or train the run again."


@dataclass(frozen=True)
class TableFeatures:
    """The numbers that a network gets of a row, in their order, with the constants of the training rows.

    `columns` maps each column to the places of its features. `single` says that values were rounded to single
    precision before they were standardised, as those of the built-in table are.
    """

    features: Sequence[FeatureInput]
    columns: dict[str, list[int]]
    medians: NDArray[np.float64]
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    single: bool = False


@dataclass(frozen=True)
class StoredInputs:
    """How the inputs of a network were made: of images `image` and `rendering` are known, of a table `table`."""

    network: NetworkInput
    reading: Reading
    image: ImageInput | None = None
    rendering: Rendering | None = None
    table: TableFeatures | None = None


class _Kind(msgspec.Struct):
    kind: str


class _Inference(msgspec.Struct):
    preprocessing: msgspec.Raw
    network: NetworkInput


def read(source: ModelSource, *, builtin: bool) -> StoredInputs:
    """Read the files; `builtin` says whether the run's data are built-in ones. Raises ModelError."""
    folder = Path(source.folder)
    try:
        found = msgspec.json.decode((folder / FILE).read_bytes(), type=_Inference)
        kind = msgspec.json.decode(found.preprocessing, type=_Kind).kind
        if kind == "table":
            table = _table(folder / FEATURES_FILE, single=builtin)
            return StoredInputs(found.network, _reading(folder), table=table)
        image = msgspec.json.decode(found.preprocessing, type=ImageInput)
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise ModelError("folder", f"What the run wrote of its inputs cannot be read ({error}). {CURE}") from error
    return StoredInputs(found.network, _reading(folder), image=image, rendering=_rendering(source.rendering))


def train_counts(source: ModelSource, classes: int) -> list[int] | None:
    """Count the training split's samples per class in `split.csv`; None where the folder has none."""
    kept = splits.kept(Path(source.folder, splits.FILE))
    if kept is None:
        return None
    counts = [0] * classes
    for split, label in kept.values():
        if split == "train" and label < classes:
            counts[label] += 1
    return counts


def _reading(folder: Path) -> Reading:
    """Read how the data were found; nothing is known of that where the file is missing."""
    try:
        return msgspec.json.decode((folder / READING_FILE).read_bytes(), type=Reading)
    except FileNotFoundError:
        return UNKNOWN


def _rendering(stored: dict[str, Any] | None) -> Rendering:
    try:
        return msgspec.convert(stored, Rendering)
    except msgspec.ValidationError as error:
        raise ModelError(
            "rendering",
            "The run did not note how the values of its images became grey, as runs of older versions did not: train "
            "it again to use its model here.",
        ) from error


def _table(path: Path, *, single: bool) -> TableFeatures:
    with path.open(newline="", encoding="utf-8") as file:
        features = [_feature(row) for row in csv.DictReader(file)]
    columns: dict[str, list[int]] = {}
    for at, feature in enumerate(features):
        columns.setdefault(feature.column, []).append(at)
    return TableFeatures(
        features,
        columns,
        medians=np.array([feature.median for feature in features]),
        means=np.array([feature.mean for feature in features]),
        deviations=np.array([feature.deviation for feature in features]),
        single=single,
    )


def _feature(row: dict[str, str]) -> FeatureInput:
    numbers = {name: float(row[name]) for name in ("median", "mean", "deviation")}
    is_number = row["kind"] == "number"
    category = None if is_number else original(row["category"])
    return FeatureInput(
        name=original(row["name"]),
        kind="number" if is_number else "category",
        column=original(row["column"]),
        category=category,
        **numbers,
    )
