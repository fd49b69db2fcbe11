"""Test a run's model on another data set, and wait for what that gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livetrain.errors import JobFailed
from livetrain.operations import jobs
from livetrain.operations.runs import get
from livetrain.wire import Operation, Request, ask


def evaluate(
    run_id: int, options: Mapping[str, Any], seconds: float | None, patience: float
) -> Operation[dict[str, Any]]:
    """Ask for an external test, wait for it and return it; an equal unfinished one is not asked for a second time.

    Raises JobFailed, and WaitedTooLong if that takes longer than `seconds`.
    """
    until = jobs.moment_in(seconds)
    request = Request("POST", f"/api/runs/{run_id}/evaluate/", body=dict(options), seconds=60)
    job = dict((yield from ask(request, patience)).json())
    address = f"/api/model-jobs/{job['model_job_id']}/"
    goes_on = "" if seconds is None else f"The external test of run {run_id} goes on after {seconds:g} seconds."
    job = yield from jobs.ended(job, address, until, patience, goes_on=goes_on)
    if job["status"] != "done":
        raise JobFailed(job["model_job_id"], job["status"], job["problem"])
    if job.get("result") is None:  # it had ended before the first look, which answers without the result
        job = yield from get(address, patience)
    number = job["result"]["external_test"]
    return dict((yield from get(f"/api/runs/{run_id}/external-tests/{number}/", patience)))
