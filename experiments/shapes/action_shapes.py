"""What actions on runs are answered with. See `experiments.api.run_actions` and `experiments.api.bulk_actions`."""

from __future__ import annotations

from typing import TypedDict

from runs.events import Status
from runs.shapes.run_shapes import RunPlace


class RunState(TypedDict):
    """The state of a run after an action."""

    run_id: int
    status: Status
    stop_request: str | None
    reason: str | None


class PrioritisedRun(RunState):
    """The same with the priority and the place in the queue."""

    priority: int
    queue_position: int | None


class MovedRun(RunState, RunPlace):
    """The same with the priority, the place and what it waits for."""

    priority: int


class DeletedRun(RunState):
    """The same with the moment of its deletion."""

    deleted_at: str | None


class RestoredRun(DeletedRun):
    """The same; `detail` says in words what became of it."""

    detail: str


class OneResult(TypedDict):
    """What became of one run."""

    id: int
    ok: bool
    detail: str


class EachResult(TypedDict):
    """What became of each run; `done` counts those that took the action."""

    done: int
    results: list[OneResult]


class BulkResult(EachResult):
    """The same with the action."""

    action: str
