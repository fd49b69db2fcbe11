"""POST /api/runs/<id>/explain/ and GET …/explain/columns/: what the scores of a finished run's model depend on."""

from __future__ import annotations

import base64
from typing import Any

from msgspec import to_builtins
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.recording import record
from experiments.explanations import explanation_text, stored_questions
from experiments.explanations.explain_requests import ExplanationBody, Wanted, label_of, wanted
from experiments.explanations.stored_questions import PlacedSample
from experiments.predictions.asking import answer_of
from experiments.predictions.model_view import ModelView
from experiments.predictions.turns import PREDICTIONS
from experiments.predictions.usable_models import usable_model
from experiments.training.explanation.findings import ImageMap, RowShares
from experiments.training.model_source import ModelSource
from experiments.training.prediction.serving.messages import (
    Explained,
    ExplainFile,
    ExplainRow,
    ExplainSample,
    Ranked,
)
from runs import queries
from runs.api.heavy_requests import Kind
from runs.api.recorded_reading import record_reading
from runs.api.views import ReadingView, one_of
from runs.errors import Conflict
from runs.listing.filters import Parameters
from runs.models import Run

CLOSE = 1e-4  # of a score, by which a sample may differ from what the run stored
CHANGED = (
    "The run stored a score of {then:.6g} for this sample, and now it has {now:.6g}: the file was changed since, or is "
    "another one."
)


class Explain(ModelView):
    """What one score depends on: of an image or row that is sent, or of a sample that the run predicted."""

    http_method_names = ["post", "options"]
    body = ExplanationBody
    heavy = PREDICTIONS
    body_cure = "One image or row is explained at a time; save the image smaller."

    def post(self, request: Request, run_id: int) -> Response:
        """Explain it (200)."""
        run = one_of(queries.visible_runs(request.user), run_id)
        asked = wanted(request)
        source = usable_model(run)
        label = label_of(asked.named, source.classes)
        sample = None if asked.sample is None else stored_questions.placed(run, asked.sample)
        question = _question(run, asked, sample, label)
        answer = answer_of(run, request.user, source, question, Explained)
        found = described(source, answer) | {"note": _note(run, sample, source, answer)}
        record("model.explained", target=run, method=found["method"], stored=sample is not None)
        return Response(found)


class ColumnParameters(Parameters):
    """On which split."""

    split = serializers.ChoiceField(["test", "val"], default="val", help_text="On which split; by default val.")


class ColumnImportance(ReadingView):
    """Permutation importance of the columns of the table that a run learned from."""

    parameters = ColumnParameters
    heavy: Kind | None = PREDICTIONS

    def get(self, request: Request, run_id: int) -> Response:
        """Rank the columns."""
        run = one_of(queries.visible_runs(request.user), run_id)
        source = usable_model(run)
        if source.kind != "table":
            raise Conflict(f"Run {run_id} was trained on images, which have no columns; explain single images instead.")
        question = stored_questions.ranking_of(run, self.asked["split"], source.classes)
        answer = answer_of(run, request.user, source, question, Ranked)
        shows, is_not = explanation_text.of_columns(answer.found)
        record_reading(request, "model.explained", [run], method=answer.found.method, split=self.asked["split"])
        told = {
            "run_id": source.run_id,
            "attempt": source.attempt,
            "model_sha256": source.sha256,
            "split": self.asked["split"],
            "method_name": explanation_text.METHODS[answer.found.method],
            "shows": shows,
            "is_not": is_not,
        }
        return Response(told | to_builtins(answer.found))


def _question(
    run: Run, asked: Wanted, sample: PlacedSample | None, label: int | None
) -> ExplainFile | ExplainRow | ExplainSample:
    if asked.file is not None:
        return ExplainFile(file=asked.file, label=label)
    if asked.row is not None:
        return ExplainRow(row=asked.row, label=label)
    assert sample is not None  # noqa: S101  (one of the three)
    return stored_questions.question_of(run, sample, label)


def described(source: ModelSource, answer: Explained) -> dict[str, Any]:
    """Describe the explanation as it is answered, with what it shows and what it is not."""
    name = source.classes[answer.label]
    told: dict[str, Any] = {
        "run_id": source.run_id,
        "attempt": source.attempt,
        "model_sha256": source.sha256,
        "item": to_builtins(answer.item),
        "class": name,
        "logit": answer.logit,
        "score": (answer.item.scores or {})[name],
        "image": None,
        "row": None,
    }
    if answer.image is not None:
        return told | _of_image(answer.image, name)
    assert answer.row is not None  # noqa: S101  (one of the two)
    return told | _of_row(answer.row, name)


def _of_image(found: ImageMap, name: str) -> dict[str, Any]:
    shows, is_not = explanation_text.of_map(found, name)
    image = {
        "layer": found.layer,
        "size": found.size,
        "rows": found.rows,
        "columns": found.columns,
        "grid": found.grid,
        "highest": found.highest,
        "picture": _address(found.picture),
        "overlay": _address(found.overlay),
        "blended": _address(found.blended),
    }
    return _named(found.method, shows, is_not) | {"image": image}


def _of_row(found: RowShares, name: str) -> dict[str, Any]:
    shows, is_not = explanation_text.of_row(found, name)
    row = {"columns": to_builtins(found.columns), "others": found.others, "together": found.together}
    return _named(found.method, shows, is_not) | {"row": row}


def _named(method: str, shows: str, is_not: list[str]) -> dict[str, Any]:
    return {"method": method, "method_name": explanation_text.METHODS[method], "shows": shows, "is_not": is_not}


def _note(run: Run, sample: PlacedSample | None, source: ModelSource, answer: Explained) -> str | None:
    """Say where a sample of the run has another score than the run stored."""
    if sample is None:
        return None
    then = stored_questions.stored_score(run, sample, answer.label, source.classes)
    now = (answer.item.scores or {})[source.classes[answer.label]]
    return None if then is None or abs(then - now) <= CLOSE else CHANGED.format(then=then, now=now)


def _address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
