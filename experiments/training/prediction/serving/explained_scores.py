"""Explain scores: of an image, of a row, of a sample that the run read, and of the columns of its table."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.data.batches import scaled
from experiments.training.explanation.image_maps import Differentiable, explain_image
from experiments.training.explanation.permutation import Labelled, Undefined, permutation_importance
from experiments.training.explanation.row_shares import Value, explain_row
from experiments.training.explanation.score_gradients import logit_of
from experiments.training.models.classifier import Classifier
from experiments.training.prediction import inputs
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.read_input import ReadInput
from experiments.training.prediction.rows import features_of
from experiments.training.prediction.serving import item_scores, stored_samples
from experiments.training.prediction.serving.messages import (
    Explained,
    ExplainFile,
    ExplainRow,
    ExplainSample,
    RankColumns,
    Ranked,
)
from experiments.training.prediction.stored_inputs import TableFeatures
from experiments.training.prediction.trained_model import TrainedModel
from runs.statistics.intervals.patients import patient_codes

CLOSE = 1e-3  # of a logit, by which the same sample may differ from what the run stored
OTHER_DATA = (
    "The data are not those that the run was evaluated on: {count:,} of {of:,} samples have another score now. "
    "Put the data back as they were, or train the run again."
)


def of_file(model: TrainedModel, asked: ExplainFile) -> Explained:
    """Explain an image that was sent. Raises ModelError, also where it cannot be read."""
    if model.kind != "image":
        raise ModelError("file", "This run was trained on a table: send a row.")
    [read] = inputs.read_images(model, [(asked.file.name, BytesIO(asked.file.content))])
    return _explained(model, read, asked.label, field="file")


def of_row(model: TrainedModel, asked: ExplainRow) -> Explained:
    """Explain a row that was sent. Raises ModelError, also where it cannot be read."""
    if model.kind != "table":
        raise ModelError("row", "This run was trained on images: send a file.")
    [read] = inputs.read_rows(model, [asked.row])
    return _explained(model, read, asked.label, field="row")


def of_sample(model: TrainedModel, asked: ExplainSample) -> Explained:
    """Explain a sample that the run read. Raises ModelError and SourceError where it cannot be read any more."""
    read = stored_samples.read_sample(model, asked.data, id_=asked.id, file=asked.file, size=asked.size)
    return _explained(model, read, asked.label, field="sample")


def of_columns(model: TrainedModel, asked: RankColumns) -> Ranked:
    """Rank the columns of the table. Raises ModelError and SourceError, also where the data are others now."""
    if model.kind != "table":
        raise ModelError("", "This run was trained on images, which have no columns; explain single images instead.")
    values = stored_samples.read_rows(model, asked.data, asked.ids)
    _require_same(model, values, asked)
    samples = Labelled(values, np.array(asked.labels, dtype=np.int64), patient_codes(asked.patients))
    try:
        return Ranked(found=permutation_importance(samples, features_of(model).columns, predict=model.logits))
    except Undefined as error:
        raise ModelError("split", str(error)) from error


def _require_same(model: TrainedModel, values: Tensor, asked: RankColumns) -> None:
    logits = model.logits(values)
    now, then = logits if logits.ndim == 1 else logits[:, 0], np.array(asked.logits)
    others = int((np.abs(now - then) > CLOSE * (1 + np.abs(then))).sum())
    if others:
        raise ModelError("", OTHER_DATA.format(count=others, of=len(then)))


def _explained(model: TrainedModel, read: ReadInput, label: int | None, *, field: str) -> Explained:
    if read.value is None:
        raise ModelError(field, read.problem or "It cannot be read.")
    logits = model.logits(read.value[None])
    [score] = model.scored(logits)
    item = item_scores.item(model, read.name, score, dict(read.facts) or None)
    if item.problem is not None or item.predicted is None:
        raise ModelError(field, item.problem or "It has no score.")
    chosen = model.classes.index(item.predicted) if label is None else label
    logit = float(logit_of(torch.from_numpy(logits), chosen)[0])
    if model.kind == "table":
        features = features_of(model)
        row = explain_row(
            read.value,
            _medians(features),
            features.columns,
            predict=model.logits,
            describe=lambda column, values: _value(features, column, values),
            label=chosen,
        )
        return Explained(item=item, label=chosen, logit=logit, row=row)
    image = explain_image(
        read.value,
        predict=model.logits,
        network=_differentiable(model, read.value, logits),
        scaled=_scaled(model, read.value),
        label=chosen,
    )
    return Explained(item=item, label=chosen, logit=logit, image=image)


def _scaled(model: TrainedModel, pixels: Tensor) -> Tensor:
    return scaled(pixels[None].to(model.device))


def _differentiable(model: TrainedModel, pixels: Tensor, logits: NDArray[np.float64]) -> Differentiable | None:
    """Return how to ask for gradients; None for a module of a team that, called by itself, gives no such logits."""
    module = model.module
    if isinstance(module, Classifier):
        return Differentiable(module.network, module)

    def by_itself(x: Tensor) -> Tensor:
        found: Tensor = module(x)
        return found.squeeze(-1) if model.binary and found.ndim > 1 else found

    try:
        with torch.no_grad():
            same = np.allclose(by_itself(_scaled(model, pixels)).double().cpu().numpy(), logits, rtol=CLOSE, atol=CLOSE)
    except Exception:  # what a team's module does is its own
        return None
    return Differentiable(module, by_itself) if same else None


def _medians(features: TableFeatures) -> Tensor:
    return torch.from_numpy(((features.medians - features.means) / features.deviations).astype(np.float32))


def _value(features: TableFeatures, column: str, values: Tensor) -> Value:
    """Undo the standardisation: a number, or the category whose feature is set; None for none of them."""
    places = features.columns[column]
    exact = values[places].double().numpy() * features.deviations[places] + features.means[places]
    if features.features[places[0]].kind == "number":
        return float(f"{exact[0]:.6g}")
    categories: Mapping[int, str | None] = {at: features.features[place].category for at, place in enumerate(places)}
    highest = int(exact.argmax())
    return categories[highest] if exact[highest] > 0.5 else None
