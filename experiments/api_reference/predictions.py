"""The operations that predict with a finished run's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.predictions.request_inputs import PredictionBody
from experiments.shapes import prediction_shapes
from runs.api_reference.operation import Content, Operation

TAG = "Models"
FORM: Mapping[str, Any] = {
    "type": "object",
    "required": ["files"],
    "additionalProperties": False,
    "properties": {
        "files": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "format": "binary"},
            "description": "Images, or one table (.csv, .tsv, .parquet).",
        }
    },
}
NO_MODEL = {409: "The run has no model that can be used; `detail` says why, and what to do."}

OPERATIONS: Mapping[str, Operation] = {
    "GET run-predict": Operation(
        summary="Read what a run's model expects",
        description="Its classes and threshold, the size of its images or the columns of its rows, and how much is "
        "predicted at once.",
        answers={200: prediction_shapes.ModelInputs},
        refusals=NO_MODEL | {503: "The object store of the run's files fails."},
    ),
    "POST run-predict": Operation(
        summary="Predict",
        description="Images or one table as a form, or rows as JSON, are predicted at once (200). What cannot be read "
        "has a `problem` of its own and spoils no other item, also where all have one. With `source_path` a data set "
        "is predicted by a worker (202), for those who train in the project.",
        body=(
            PredictionBody,
            Content(media_type="multipart/form-data", description="Files to predict at once.", schema=FORM),
        ),
        answers={200: prediction_shapes.Predictions, 202: prediction_shapes.QueuedPrediction},
        refusals=NO_MODEL
        | {
            429: "Too many predictions of this user are under way or queued.",
            503: "No process that predicts is free, or it has ended over this request; or the object store fails.",
        },
    ),
}
