"""Test a run's model on another data set, and wait for what that gives."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from livetrain.errors import JobFailed, WaitedTooLong
from livetrain.operations.runs import get
from livetrain.wire import Operation, Pause, Request, ask

UNFINISHED = frozenset({"queued", "running"})
LOOK_SECONDS = 1.0


def evaluate(
    run_id: int, options: Mapping[str, Any], seconds: float | None, patience: float
) -> Operation[dict[str, Any]]:
    """Ask for an external test, wait for it and return it; an equal unfinished one is not asked for a second time.

    Raises JobFailed, and WaitedTooLong if that takes longer than `seconds`.
    """
    until = math.inf if seconds is None else time.monotonic() + seconds
    request = Request("POST", f"/api/runs/{run_id}/evaluate/", body=dict(options), seconds=60)
    job = dict((yield from ask(request, patience)).json())
    address = f"/api/model-jobs/{job['model_job_id']}/"
    while job["status"] in UNFINISHED:
        if (left := until - time.monotonic()) <= 0:
            raise WaitedTooLong(f"The external test of run {run_id} goes on after {seconds:g} seconds.")
        yield Pause(min(LOOK_SECONDS, left))
        job = yield from get(address, patience)
    if job["status"] != "done":
        raise JobFailed(job["model_job_id"], job["status"], job["problem"])
    if job.get("result") is None:  # it had ended before the first look, which answers without the result
        job = yield from get(address, patience)
    number = job["result"]["external_test"]
    return dict((yield from get(f"/api/runs/{run_id}/external-tests/{number}/", patience)))
