"""The operation that tells how a run's data were read: the reading is of this package, the run's address is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from experiments.training.contract.reading import Reading
from runs.api_reference.operation import Operation
from runs.events import Status

TAG = "Runs"


class RunReading(TypedDict):
    """How a run's data were read; null before that, and of runs that are older than readings."""

    run_id: int
    status: Status
    reading: Reading | None


OPERATIONS: Mapping[str, Operation] = {
    "GET run-reading": Operation(
        summary="Read how a run's data were read",
        description="Layout, columns, classes, what is used and left out, patients, pixels.",
        answers={200: RunReading},
        refusals={503: "The object store of the run's files fails."},
    ),
}
