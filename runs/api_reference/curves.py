"""The operations that read curves, epochs and the journal of a run."""

from __future__ import annotations

from collections.abc import Mapping

from runs.api_reference.operation import Content, Operation
from runs.shapes import curve_shapes, result_shapes

TAG = "Curves"

OPERATIONS: Mapping[str, Operation] = {
    "GET run-metrics": Operation(
        summary="Read the metrics of all epochs",
        description="A series for each name, split, context and class; without parameters all of them.",
        answers={200: curve_shapes.RunMetrics},
    ),
    "GET run-series": Operation(
        summary="Read curves of a run",
        description="Cut to a range and thinned to a number of points; without `name`, the names of all curves. A name "
        "that ends in `*` stands for all that begin so. Programs that ask for `application/vnd.livetrain.curves` get "
        "numbers as binary words, all of them: `points` does not count then.",
        answers={
            200: (
                curve_shapes.RunCurves,
                Content(
                    media_type="application/vnd.livetrain.curves",
                    description="A line of JSON, then for each curve a line of JSON and its `count` x and `count` y, "
                    "each 8 bytes, little-endian. Lines are filled up with blanks to a multiple of 8 bytes. At most "
                    "1,000,000 samples: of a curve for which there is no room `exact` is false and `count` 0.",
                ),
            )
        },
    ),
    "GET series": Operation(
        summary="Read the same curves of several runs",
        answers={200: curve_shapes.CurvesOfRuns},
        refusals={404: "One of the runs does not exist, or is not yours to see."},
    ),
    "GET run-snapshot": Operation(
        summary="Read the state of a run at one moment",
        description="The run, its curves, results and newest events. Go on with the WebSocket at `?after=<last_seq>`.",
        answers={200: curve_shapes.RunSnapshot},
    ),
    "GET run-events": Operation(
        summary="Read the journal of a run",
        description="The events after a number, in order. With `wait` the answer comes when there is something new.",
        answers={200: curve_shapes.JournalPage},
    ),
    "GET run-epoch-matrices": Operation(
        summary="Read the validation matrices of epochs",
        description="Evenly spread, with the first, the last and the best epoch; or that of one `epoch`.",
        answers={200: result_shapes.EpochMatrices},
    ),
}
