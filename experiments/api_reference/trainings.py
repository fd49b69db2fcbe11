"""The operations that start trainings, and tell which options there are."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.api.views import TrainParameters
from experiments.shapes import dataset_shapes, training_shapes
from experiments.training.contract.config import TrainingConfig
from runs.api_reference.operation import Header, Operation

TAG = "Trainings"
KEY = Header(
    description="A text of your choice: a request with the same one and the same body starts nothing again.",
    schema={"type": "string", "maxLength": 200},
)
KEY_REUSED = {409: "The idempotency key was used for another request, or the disk quota of the project is reached."}
QUEUE_FULL = {429: "The project has as many queued runs as its quota allows, or too many large requests are under way."}

OPERATIONS: Mapping[str, Operation] = {
    "POST centralized-train": Operation(
        summary="Start a training",
        description="Queues one run, or one per fold. With `dry_run=true` nothing is queued: the answer is the "
        "pre-flight report, for which it waits `wait` seconds.",
        parameters=TrainParameters,
        headers={"Idempotency-Key": KEY},
        body=TrainingConfig,
        answers={200: training_shapes.PreflightState, 202: (training_shapes.Accepted, training_shapes.PreflightState)},
        refusals=KEY_REUSED | QUEUE_FULL,
    ),
    "GET preflight": Operation(
        summary="Read a pre-flight report",
        answers={200: training_shapes.PreflightState},
    ),
    "DELETE preflight": Operation(
        summary="Cancel a dry run",
        answers={200: training_shapes.PreflightState},
        refusals={409: "It has ended."},
    ),
    "GET options": Operation(
        summary="Read all options of a training",
        description="In groups, with title, help, unit, default, choices and bounds; built-in data; starting weights.",
        answers={200: training_shapes.Options},
    ),
    "GET metrics": Operation(
        summary="List the metrics that a training may add",
        answers={200: training_shapes.Metrics},
    ),
    "GET models": Operation(
        summary="List the networks",
        description="With their options as JSON schemas, and whether they are installed.",
        answers={200: training_shapes.Networks},
    ),
    "GET data-roots": Operation(
        summary="List a folder below the data roots",
        description="Folders, and files that may be a data set, with the `path` to give as `source_path`.",
        answers={200: dataset_shapes.RootListing},
    ),
}
