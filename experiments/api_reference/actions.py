"""The operations that act on runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.api.bulk_actions import BulkOptions, TagOptions
from experiments.api.described_run import Changes
from experiments.api_reference.trainings import KEY, KEY_REUSED
from experiments.shapes import action_shapes, training_shapes
from experiments.training.contract.config import TrainingConfig
from runs.api_reference.operation import Changed, Content, Operation
from runs.shapes import comparison_shapes, point_shapes, result_shapes, run_shapes

TAG = "Actions"
STATE = {409: "The run is in a state in which that is not possible; `detail` says what to do."}
STORE = {503: "The object store of the run's files fails."}
NOTHING: Mapping[str, Any] = {"type": "object", "additionalProperties": False}


def _action(summary: str, answer: Any, *, status: int = 202, description: str = "", **more: Any) -> Operation:
    """Describe an action on one run, whose body may be left out unless it has fields that are needed."""
    options: dict[str, Any] = {"body": NOTHING, "is_body_required": False, "refusals": STATE} | more
    return Operation(summary=summary, description=description, answers={status: answer}, **options)


OPERATIONS: Mapping[str, Operation] = {
    "PATCH run-detail": Operation(
        summary="Rename or describe a run",
        description="For its owner and staff. With `revision`, as the run was read with, the answer is 409 where "
        "somebody changed it meanwhile.",
        body=Changes,
        answers={200: run_shapes.RunDetail},
        refusals={409: "The run was changed meanwhile: it has another revision."},
    ),
    "POST run-cancel": _action(
        "Cancel a run",
        action_shapes.RunState,
        description="Stops it after the current batch, as cancelled; `evaluate` evaluates the best epoch first.",
        body=None,
    ),
    "POST run-finish": _action(
        "Finish a run early",
        action_shapes.RunState,
        description="Stops training after the current batch, evaluates the best epoch, ends it as completed.",
    ),
    "POST run-kill": _action("End the processes of a run at once", action_shapes.RunState),
    "POST run-move": _action("Move a queued run", action_shapes.MovedRun, body=None, is_body_required=True),
    "POST run-priority": _action(
        "Change the priority of a queued run",
        action_shapes.PrioritisedRun,
        description="The highest is started first; its owner may lower it, staff may set any.",
        body=None,
        is_body_required=True,
    ),
    "POST run-resume": _action(
        "Resume a run",
        action_shapes.RunState,
        description="Queues a failed or cancelled run again, to continue from its last complete epoch.",
    ),
    "POST run-retry": _action(
        "Repeat a run",
        training_shapes.Accepted,
        description="A new run of the same configuration; a failed or cancelled fold gives it its place in the group.",
        headers={"Idempotency-Key": KEY},
    ),
    "POST run-clone": _action(
        "Copy a run with changes",
        training_shapes.Accepted,
        description="A new run; the body holds the options that differ, nested as in a request for a training.",
        body=Changed(model=TrainingConfig, name="TrainingChanges", description="The options that differ."),
        is_body_required=False,
        headers={"Idempotency-Key": KEY},
        refusals=KEY_REUSED,
    ),
    "POST run-delete": _action(
        "Delete a run",
        action_shapes.DeletedRun,
        status=200,
        description="Hides an ended run; a queued one is cancelled first. It can be restored for a while.",
    ),
    "POST run-restore": _action("Restore a deleted run", action_shapes.RestoredRun, status=200),
    "POST run-bulk": Operation(
        summary="Act on up to 500 runs",
        description="Each run is treated alone, and has an answer of its own.",
        body=BulkOptions,
        answers={200: action_shapes.BulkResult},
    ),
    "POST run-tags": Operation(
        summary="Tag up to 500 runs",
        body=TagOptions,
        answers={200: action_shapes.EachResult},
    ),
    "GET run-operating-point": Operation(
        summary="Read the saved operating point",
        description="With all that was decided, the newest first.",
        answers={200: point_shapes.SavedPointHistory},
    ),
    "POST run-operating-point": _action(
        "Save an operating point",
        point_shapes.PointSaved,
        status=201,
        description="By a rule on validation, with the number that it needs, or by hand, and with the reason.",
        body=None,
        is_body_required=True,
        refusals=STATE | STORE,
    ),
    "POST run-withdraw-operating-point": _action(
        "Withdraw the saved operating point",
        point_shapes.PointSaved,
        status=200,
        description="The run's own threshold holds again; the history keeps both.",
        body=None,
        is_body_required=True,
    ),
    "GET run-final-pictures": Operation(
        summary="Show the samples behind a cell",
        description="Addresses of small pictures by sample, or the rows of a table.",
        answers={200: result_shapes.SamplePictures},
        refusals=STORE,
    ),
    "GET run-final-picture": Operation(
        summary="Show one sample",
        answers={200: Content(media_type="image/png", description="The picture.")},
        refusals=STORE,
    ),
    "GET run-flipped-pictures": Operation(
        summary="Show the samples on which one of two runs is right",
        answers={200: comparison_shapes.FlippedPictures},
        refusals=STORE | {404: "No two of these runs have ended and evaluated the same split."},
    ),
}
