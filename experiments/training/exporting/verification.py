"""Compare a model file that was written with the run's own network, on inputs of all kinds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.exporting.table_columns import TableColumns
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.scores import decided
from experiments.training.prediction.trained_model import TrainedModel
from runs.statistics.predictions import scores_from_logits

MOST = 1e-4
"""By which a score of the file may differ from the network's own."""
SAMPLES = 12
TOO_FAR = (
    "The file was written, but its scores differ from the network's own by up to {found:.2g}, more than {most:g}: it "
    "is not offered. Ask for the other format; if the network is your own, see that its forward computes what its "
    "steps do."
)
OTHER_LABELS = "The file was written, but decides otherwise than the run on {count} of {of} samples: it is not offered."

Outputs = Mapping[str, NDArray[Any]]


class Verified(NamedTuple):
    """On how many samples the file was compared with the network, and by how much a score differed at most."""

    samples: int
    deviation: float


class Sample(NamedTuple):
    """Inputs of the file, and the same as the network's data module holds them."""

    given: Tensor
    held: Tensor


def sample_of(model: TrainedModel, table: TableColumns | None) -> Sample:
    """Make inputs that differ in everything: noise, gradients and even images, or rows with gaps and all categories."""
    if table is None:
        images = _images(model.input_shape)
        return Sample(images, images)
    rows = _rows(table)
    return Sample(torch.from_numpy(rows), torch.from_numpy(_features(rows, table)))


def verified(model: TrainedModel, sample: Sample, outputs: Outputs) -> Verified:
    """Compare the outputs of the file on a sample with the network's own; raises ModelError where they differ."""
    logits = model.logits(sample.held)
    own, found = scores_from_logits(logits), outputs["score" if model.binary else "scores"]
    deviation = float(np.abs(own - found).max()) if np.shape(own) == found.shape else np.inf
    if not deviation <= MOST:  # so that one that is no number is refused too
        raise ModelError("networks", TOO_FAR.format(found=deviation, most=MOST))
    decisions = decided(logits, model.source)
    if other := int(((decisions != outputs["label"]) & _clear(own, model, deviation)).sum()):
        raise ModelError("networks", OTHER_LABELS.format(count=other, of=len(decisions)))
    return Verified(len(decisions), deviation)


def onnx_outputs(path: Path, given: Tensor) -> Outputs:
    """Compute the outputs of an ONNX file by onnxruntime, by name."""
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(names, {session.get_inputs()[0].name: given.numpy()}), strict=True))


def torch_outputs(path: Path, given: Tensor) -> Outputs:
    """Compute the outputs of a file of torch.export, by name."""
    with torch.no_grad():
        found = torch.export.load(path).module()(given)
    return {name: value.numpy() for name, value in found.items()}


def _clear(scores: NDArray[np.float64], model: TrainedModel, deviation: float) -> NDArray[np.bool_]:
    """Return which samples lie so far from where decisions change that the last digits of a score decide nothing."""
    if model.binary:
        threshold = 0.5 if model.source.threshold is None else model.source.threshold
        return np.asarray(np.abs(scores - threshold) > deviation)
    first, second = np.sort(scores, axis=1)[:, :-3:-1].T
    return np.asarray(first - second > 2 * deviation)


def _images(shape: tuple[int, ...]) -> Tensor:
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (SAMPLES - 6, *shape))
    ramp = np.broadcast_to(np.linspace(0, 255, shape[-1]), shape)
    even = [np.full(shape, level) for level in (0, 128, 255)]
    kinds = [*noise, ramp, ramp.swapaxes(-1, -2), 255 - ramp, *even]
    return torch.from_numpy(np.stack(kinds).astype(np.uint8))


def _rows(table: TableColumns) -> NDArray[np.float64]:
    random = np.random.default_rng(0)
    rows = np.empty((SAMPLES, len(table.columns)))
    for place in table.places:
        if place.code is None:
            rows[:, place.column] = random.normal(place.input.mean, 2 * place.input.deviation, SAMPLES)
            rows[place.column % SAMPLES, place.column] = np.nan
    for number, column in enumerate(table.columns):
        if column.kind == "category":
            rows[:, number] = np.resize(np.arange(-1, len(column.categories)), SAMPLES)
    return rows


def _features(rows: NDArray[np.float64], table: TableColumns) -> NDArray[np.float32]:
    """Compute the network's features one by one, as its training did."""
    found = np.empty((len(rows), len(table.places)), np.float32)
    for at, (how, column, code) in enumerate(table.places):
        cells = rows[:, column].astype(np.float32).astype(np.float64) if table.single else rows[:, column]
        values = np.where(np.isfinite(cells), cells, how.median) if code is None else (cells == code).astype(np.float64)
        found[:, at] = (values - how.mean) / how.deviation
    return found
