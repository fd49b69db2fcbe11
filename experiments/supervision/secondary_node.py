"""Runs the ranks of a training on a further machine: starts them, follows them, ends them with the run.

The run itself belongs to the worker that claimed it: its supervisor alone writes. A machine that leaves closes its
connections, so the ranks of the others fail, and the run with them.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from experiments.files import restore
from experiments.processes.followed_process import End, FollowedProcess
from experiments.processes.training_process import TrainingProcess
from experiments.supervision import end_messages
from experiments.supervision.run_job import job_of
from experiments.training.contract.reports import Job
from runs.files import stored_files
from runs.files.log_names import log_name
from runs.files.store import StoreError
from runs.leases import Fenced
from runs.models import Run
from runs.stored_config import StoredConfig

LOOK_SECONDS = 1.0


class NotJoined(Exception):
    """Why this machine takes no part, as a sentence."""


class Part(NamedTuple):
    """How the part of a machine ended, in words, and whether the run has been trained to its end."""

    text: str
    completed: bool


def join(run_id: int, node: int, *, leaving: threading.Event, say: Callable[[str], object]) -> Part:
    """Take part in one attempt of the run as machine `node`, from 1, and return how it ended.

    Waits until the first machine has begun. Ends with the attempt, and when `leaving` is set. Raises NotJoined, and
    SourceError where the data are not available here.
    """
    say(f"Waiting for the first machine of run {run_id}.")
    run = _begun(run_id, node, leaving)
    own_folder = _fetched(run)
    job = _job(run, node)
    process = TrainingProcess(job)
    say(f"Training: attempt {run.attempt} of run {run_id}, machine {node}.")
    looked = time.monotonic()
    with FollowedProcess(process, leaving=leaving) as followed:
        for _ in followed.batches():
            if time.monotonic() - looked > LOOK_SECONDS:
                looked = time.monotonic()
                if not _goes_on(run):
                    process.kill()
    if own_folder:
        _store_logs(run, job, say)
    return Part(_described(followed.end), _has_completed(run, followed.end))


def _has_completed(run: Run, end: End) -> bool:
    """Return whether the run is completed, also where it ended before this machine's process reported it."""
    if end.outcome:
        return end.outcome.status == "completed"
    return Run.objects.filter(pk=run.pk, attempt=run.attempt, status=Run.Status.COMPLETED).exists()


def _described(end: End) -> str:
    if end.outcome:
        return end.outcome.reason or f"The part of this machine is {end.outcome.status}."
    if end.violation:
        return f"The training sent something that is no event: {end.violation}"
    return end_messages.FROZEN.format(end.silence) if end.silence else end.exit


def _begun(run_id: int, node: int, leaving: threading.Event) -> Run:
    while True:
        run = Run.objects.filter(pk=run_id).first()
        if run is None:
            raise NotJoined(f"Run {run_id} does not exist.")
        nodes = StoredConfig(run.config).num_nodes
        if not 1 <= node < nodes:
            raise NotJoined(f"Run {run_id} is for {nodes} machines; --node is a number from 1 to {nodes - 1}.")
        if run.status in Run.ENDED:
            raise NotJoined(f"Run {run_id} is {run.status}.")
        if run.status == Run.Status.IN_PROGRESS and (run.meeting or {}).get("attempt") == run.attempt:
            return run
        if leaving.wait(LOOK_SECONDS):
            raise NotJoined("Stopped while waiting.")


def _fetched(run: Run) -> bool:
    try:
        return restore.fetch_copy(run)
    except StoreError as error:
        raise NotJoined(str(error)) from error


def _store_logs(run: Run, job: Job, say: Callable[[str], object]) -> None:
    """Store the logs of this machine's ranks and remove the folder: everything else in it is a copy."""
    first = job.node * job.local_ranks
    try:
        for rank in range(first, first + job.local_ranks):
            stored_files.publish_file(run, log_name(rank), Run.Status.values)
    except (StoreError, Fenced, OSError) as error:
        say(f"The logs of this machine stay in {run.folder}: {error}")
        return
    shutil.rmtree(run.folder, ignore_errors=True)


def _job(run: Run, node: int) -> Job:
    meeting: dict[str, Any] = run.meeting or {}
    return msgspec.structs.replace(
        job_of(run), node=node, meeting_address=meeting["address"], meeting_port=meeting["port"]
    )


def _goes_on(run: Run) -> bool:
    return Run.objects.filter(pk=run.pk, attempt=run.attempt, status__in=Run.RUNNING).exists()
