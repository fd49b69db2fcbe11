"""The operations on jobs that use finished runs' models."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.api_reference.actions import NOTHING
from experiments.shapes import model_job_shapes
from runs.api_reference.operation import NO_BODY, Content, Operation

TAG = "Models"

OPERATIONS: Mapping[str, Operation] = {
    "GET run-model-jobs": Operation(
        summary="List the jobs on a run's model",
        description="Without their results, the newest first.",
        answers={200: model_job_shapes.ModelJobPage},
    ),
    "GET model-job": Operation(
        summary="Read a job on a model",
        description="Ask every second or so while it is `queued` or `running`; its result depends on its kind.",
        answers={200: model_job_shapes.ModelJobDetail},
    ),
    "DELETE model-job": Operation(
        summary="Remove a job on a model",
        description="With its files. For its owner and the admins of the project; one that is being done ends.",
        answers={204: NO_BODY},
    ),
    "POST model-job-cancel": Operation(
        summary="Cancel a job on a model",
        description="For its owner and the admins of the project. It ends without a result, its process within "
        "seconds.",
        body=NOTHING,
        is_body_required=False,
        answers={200: model_job_shapes.ModelJobDetail},
        refusals={409: "It has ended."},
    ),
    "GET model-job-file": Operation(
        summary="Download a file of a job's result",
        answers={200: Content(media_type="*/*", description="The file.")},
    ),
}
