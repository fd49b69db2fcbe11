"""The operations that compare runs, and their predictions with labels."""

from __future__ import annotations

from collections.abc import Mapping

from runs.api_reference.operation import Content, Operation
from runs.shapes import comparison_shapes

TAG = "Comparisons"
CSV = Content(media_type="text/csv", description="The table.", is_text=True)
REFUSALS = {
    404: "No two of the runs that you may see have ended and evaluated the same split.",
    503: "The object store of the runs' files fails.",
}

OPERATIONS: Mapping[str, Operation] = {
    "GET run-differences": Operation(
        summary="Compare the AUROC of runs",
        description="Whether it differs by more than chance, over the samples that all of them evaluated. A run that "
        "is not yours to see, or is gone, is left out.",
        answers={200: comparison_shapes.Differences},
        refusals=REFUSALS,
    ),
    "GET run-paired-differences": Operation(
        summary="Compare all numbers with those of a reference run",
        answers={200: comparison_shapes.PairedReport},
        refusals=REFUSALS,
    ),
    "GET run-flipped-samples": Operation(
        summary="List samples on which one of two runs is right",
        description="The clearest first, 50 a page.",
        answers={200: comparison_shapes.FlippedPage},
        refusals=REFUSALS,
    ),
    "GET run-flipped-table": Operation(
        summary="Download those samples",
        description="Of both sides, as CSV.",
        answers={200: CSV},
        refusals=REFUSALS,
    ),
    "GET label-errors": Operation(
        summary="List suspected label errors",
        description="Samples that runs which held them out predict otherwise, the most suspicious first. Give `runs` "
        "or a `group`.",
        answers={200: comparison_shapes.LabelErrors},
        refusals=REFUSALS,
    ),
    "GET label-errors-export": Operation(
        summary="Download suspected label errors",
        description="At most 100,000 rows, as CSV.",
        answers={200: CSV},
        refusals=REFUSALS,
    ),
}
