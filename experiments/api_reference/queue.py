"""The operations about the queue."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.api.queue_views import QueueOptions
from runs.api_reference.operation import Operation
from runs.shapes import queue_shapes

TAG = "Queue"

OPERATIONS: Mapping[str, Operation] = {
    "GET queue": Operation(
        summary="Read the queue",
        description="Whether it is paused, the living workers, and when each queued run will about start.",
        answers={200: queue_shapes.Queue},
    ),
    "POST queue": Operation(
        summary="Pause or resume the queue",
        description="For staff. Trainings continue while it is paused.",
        body=QueueOptions,
        answers={200: queue_shapes.Queue},
    ),
    "GET queue-runs": Operation(
        summary="List the runs of the queue",
        description="The first 500 runs that wait, and the newest 500 that train.",
        answers={200: queue_shapes.QueueRows},
    ),
    "GET queue-gpus": Operation(summary="List GPUs", answers={200: queue_shapes.Gpus}),
}
