"""The operations that read curves, epochs and the journal of a run."""

from __future__ import annotations

from collections.abc import Mapping

from runs.api_reference.operation import Operation
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
        "that ends in `*` stands for all that begin so.",
        answers={200: curve_shapes.RunCurves},
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
