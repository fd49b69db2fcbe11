"""Predict images and rows one by one: what cannot be read of one has a problem, and spoils no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from experiments.training.prediction import inputs
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.inputs import ReadInput
from experiments.training.prediction.scores import Score
from experiments.training.prediction.serving import uploaded_tables
from experiments.training.prediction.serving.messages import Item, UploadedFile
from experiments.training.prediction.trained_model import TrainedModel


def of_images(model: TrainedModel, files: Sequence[UploadedFile]) -> list[Item]:
    """Predict each image; raises ModelError where the run was trained on a table."""
    if model.kind != "image":
        raise ModelError("files", "This run was trained on a table: send rows, or one table as a file.")
    return of_inputs(model, inputs.read_images(model, [(file.name, BytesIO(file.content)) for file in files]))


def of_rows(model: TrainedModel, rows: Sequence[Mapping[str, object]]) -> list[Item]:
    """Predict each row; raises ModelError where the run was trained on images."""
    if model.kind != "table":
        raise ModelError("rows", "This run was trained on images: send files.")
    return of_inputs(model, inputs.read_rows(model, rows))


def of_table(model: TrainedModel, file: UploadedFile, most: int) -> list[Item]:
    """Predict each row of a table; raises ModelError and SourceError."""
    if model.kind != "table":
        raise ModelError("files", "This run was trained on images: send files.")
    return of_inputs(model, uploaded_tables.read(model, file, most))


def of_inputs(model: TrainedModel, read: Sequence[ReadInput]) -> list[Item]:
    """Predict what was read, in its order."""
    return [
        _failed(one) if score is None else item(model, one.name, score, dict(one.facts) or None)
        for one, score in zip(read, model.scored_inputs(read), strict=True)
    ]


def item(model: TrainedModel, name: str, score: Score, facts: dict[str, Any] | None = None) -> Item:
    """Put together what is told of a score; `facts` are what was read."""
    if score.problem is not None:
        return Item(name=name, problem=score.problem, read=facts)
    positive = model.source.positive if model.binary else None
    return Item(
        name=name,
        predicted=score.predicted,
        logit=score.logits[0] if model.binary else None,
        logits=None if model.binary else dict(zip(model.classes, score.logits, strict=True)),
        score=None if positive is None else score.scores[positive],
        scores=score.scores,
        probability=None if positive is None or score.probabilities is None else score.probabilities[positive],
        probabilities=score.probabilities,
        read=facts,
    )


def _failed(read: ReadInput) -> Item:
    return Item(name=read.name, problem=read.problem or "It cannot be read.", read=dict(read.facts) or None)
