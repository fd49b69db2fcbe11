"""The operations that say what the scores of a finished run's model depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.explanations.explain_requests import ExplanationBody
from experiments.shapes import explanation_shapes
from runs.api_reference.operation import Content, Operation

TAG = "Models"
FORM: Mapping[str, Any] = {
    "type": "object",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "One image."},
        "class": {"type": "string", "description": "For which class's score; by default the one that is predicted."},
    },
}
REFUSALS: Mapping[int, str] = {
    409: "The run has no model that can be used, or its data are not where they were; `detail` says what to do.",
    429: "Too many predictions and explanations of this user are under way.",
    503: "No process that predicts is free, or it has ended over this request; or the object store fails.",
}

OPERATIONS: Mapping[str, Operation] = {
    "POST run-explain": Operation(
        summary="Explain a score",
        description="An image as a form, or a row, or a sample that the run predicted as JSON: where in the image, or "
        "by which columns, the score of a class depends on it, with what that is not.",
        body=(
            ExplanationBody,
            Content(media_type="multipart/form-data", description="An image to explain.", schema=FORM),
        ),
        answers={200: explanation_shapes.Explanation},
        refusals=REFUSALS,
    ),
    "GET run-column-importance": Operation(
        summary="Rank a table's columns",
        description="Permutation importance on the samples of a split that the run predicted: by how much the area "
        "under the ROC curve falls when a column's values are shuffled, whole patients where they are known.",
        answers={200: explanation_shapes.ColumnRanking},
        refusals=REFUSALS,
    ),
}
