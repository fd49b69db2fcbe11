"""The operations about data sets and uploads."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.datasets.parameters import DeleteParameters, ListParameters, RegistrationBody, UploadBody
from experiments.datasets.sample_views import SampleParameters
from experiments.shapes import dataset_shapes
from runs.api_reference.operation import NO_BODY, Content, Header, Operation

TAG = "Data sets"
NOT_READY = {409: "The data are not checked yet, or cannot be used."}
OFFSET = Header(description="How many bytes the server has.", schema={"type": "integer", "minimum": 0})
SAMPLES = Operation(
    summary="Look at samples",
    description="24 a page with links to small pictures, of a table its rows; `by=class` shows a few of each class.",
    parameters=SampleParameters,
    answers={200: dataset_shapes.SamplePage},
    refusals=NOT_READY,
)
PICTURE = Operation(
    summary="Show one sample",
    description="At most 160 pixels a side. The page of samples has its address, which names the version of the data.",
    answers={200: Content(media_type="image/png", description="The picture.")},
)
FEATURES = Operation(
    summary="Read what the columns of a table hold",
    description="In all rows and in each class.",
    answers={200: dataset_shapes.Features},
    refusals=NOT_READY,
)

OPERATIONS: Mapping[str, Operation] = {
    "GET dataset-list": Operation(
        summary="List data sets",
        description="By name. Follow `next` for the following page.",
        parameters=ListParameters,
        answers={200: dataset_shapes.DatasetPage},
    ),
    "POST dataset-list": Operation(
        summary="Register a folder or file as a data set",
        body=RegistrationBody,
        answers={201: dataset_shapes.DatasetDetail},
    ),
    "GET dataset-detail": Operation(summary="Read a data set", answers={200: dataset_shapes.DatasetDetail}),
    "DELETE dataset-detail": Operation(
        summary="Delete a data set",
        description="Deletes an upload, forgets a folder.",
        parameters=DeleteParameters,
        answers={204: NO_BODY},
        refusals={409: "Unfinished runs use it."},
    ),
    "POST dataset-check": Operation(
        summary="Check a data set again",
        answers={202: dataset_shapes.DatasetDetail},
        refusals={409: "It is being uploaded or checked."},
    ),
    "GET dataset-samples": SAMPLES,
    "GET builtin-samples": SAMPLES,
    "GET dataset-sample-image": PICTURE,
    "GET builtin-sample-image": PICTURE,
    "GET dataset-features": FEATURES,
    "GET builtin-features": FEATURES,
    "GET builtin-detail": Operation(
        summary="Read a built-in data set",
        answers={200: dataset_shapes.BuiltinDetail},
    ),
    "GET upload-list": Operation(summary="List your unfinished uploads", answers={200: dataset_shapes.Uploads}),
    "POST upload-list": Operation(
        summary="Open an upload",
        description="Then send the file in pieces.",
        body=UploadBody,
        answers={201: dataset_shapes.UploadState},
        answer_headers={"Upload-Offset": OFFSET},
        refusals={409: "The disk quota of the project is reached, or would be with the file."},
    ),
    "GET upload-detail": Operation(
        summary="Read how far an upload is",
        answers={200: dataset_shapes.UploadState},
        answer_headers={"Upload-Offset": OFFSET},
    ),
    "PATCH upload-detail": Operation(
        summary="Send the next piece of an upload",
        description="The last piece makes the data set (201).",
        headers={
            "Upload-Offset": Header(
                description="Where the piece begins: how many bytes the server has.",
                schema={"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
                is_required=True,
            )
        },
        body=Content(media_type="application/octet-stream", description="The bytes."),
        answers={200: dataset_shapes.UploadState, 201: dataset_shapes.DatasetDetail},
        refusals={409: "The piece does not begin where the last one ended; `received` says where that is."},
    ),
    "DELETE upload-detail": Operation(summary="Drop an upload", answers={204: NO_BODY}),
}
