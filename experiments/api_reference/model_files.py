"""The operations on a run's model files."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.shapes import model_file_shapes
from runs.api_reference.operation import Content, Operation

TAG = "Models"

OPERATIONS: Mapping[str, Operation] = {
    "GET run-model-files": Operation(
        summary="List a run's model files",
        description="The newest first; `outdated` are those of a run that decides otherwise now.",
        answers={200: model_file_shapes.ModelFiles},
    ),
    "POST run-model-files": Operation(
        summary="Ask for a model file",
        description="For those who train in the project. A file that holds what the run says now is not made again "
        "(200); else a job writes it (202).",
        is_body_required=False,
        answers={200: model_file_shapes.AskedModelFile, 202: model_file_shapes.AskedModelFile},
        refusals={409: "The run has not ended.", 429: "Too many jobs of the user wait or are being done."},
    ),
    "GET run-model-file": Operation(
        summary="Download a model file",
        description="With the ending .zip, an archive of the file, a script and a text for its user.",
        answers={200: Content(media_type="*/*", description="The file.")},
    ),
}
