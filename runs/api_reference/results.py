"""The operations that read the evaluation of a run's best checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

from runs.api_reference.operation import Content, Operation
from runs.shapes import point_shapes, result_shapes

TAG = "Results"
STORE = {503: "The object store of the run's files fails."}
CSV = Content(media_type="text/csv", description="The table.", is_text=True)

OPERATIONS: Mapping[str, Operation] = {
    "GET run-final-stats": Operation(
        summary="Read the final results",
        description="Confusion matrix and statistics of each evaluated split, with those per patient.",
        answers={200: result_shapes.FinalStatistics},
    ),
    "GET run-operating-points": Operation(
        summary="Read operating points",
        description="Thresholds that were chosen on validation, and their numbers by split; each parameter adds one.",
        answers={200: point_shapes.RunPoints},
        refusals=STORE,
    ),
    "GET run-final-curves": Operation(
        summary="Read ROC, precision-recall and decision curve",
        description="Of one split and of one class against the rest, with thresholds to choose from.",
        answers={200: result_shapes.FinalCurves},
        refusals=STORE,
    ),
    "GET run-final-samples": Operation(
        summary="List the samples behind a cell of the matrix",
        description="The most confident first; `errors` are all that were said to be of another class than they are.",
        answers={200: result_shapes.CellPage},
        refusals=STORE,
    ),
    "GET run-final-samples-export": Operation(
        summary="Download the samples behind a cell",
        description="At most 200,000, as CSV for people.",
        answers={200: CSV},
        refusals=STORE,
    ),
    "GET run-predictions": Operation(
        summary="Download the predictions",
        description="Of all evaluated splits or one, as CSV, with the decision and recalibrated scores.",
        answers={200: CSV},
        refusals={409: "The run goes on: its predictions are there when it has ended.", **STORE},
    ),
    "GET run-final-subgroups": Operation(
        summary="Tell the final result apart by groups of samples",
        description="As JSON, or with `file=csv` as a table.",
        answers={200: (result_shapes.Subgroups, CSV)},
        refusals=STORE,
    ),
}
