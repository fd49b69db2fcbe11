"""Starts the process of a claimed run, and notes where the ranks of further machines are awaited."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from pydantic import ValidationError

from experiments.processes import fork_server
from experiments.processes.training_process import TrainingProcess
from experiments.supervision import end_messages
from experiments.supervision.database_retry import DatabaseRetry
from experiments.supervision.run_job import job_of
from experiments.training.contract.source_errors import SourceError
from realtime.hubs import broadcast
from runs import recorder
from runs.files import exports
from runs.models import Run
from runs.stored_config import StoredConfig

LOOK_SECONDS = 0.1
logger = logging.getLogger(__name__)


class _CalledOff(Exception):
    """Nobody waits for the process any more."""


class NotStarted(Exception):
    """Why the training has no process, as a sentence for the user."""


def await_fork_server(is_called_off: Callable[[], bool]) -> bool:
    """Wait until the fork server has loaded everything: seconds, for the first run after a while.

    Return False as soon as the start is called off: who has asked the fork server for a process waits for it.
    """

    def look() -> None:
        if is_called_off():
            raise _CalledOff

    try:
        look()
        with fork_server.own.in_use():
            fork_server.own.load(look, LOOK_SECONDS)
    except _CalledOff:
        return False
    except OSError:
        logger.exception("the fork server could not be started; it is tried once more")
    return True


def start(run: Run, gpus: list[str] | None, database: DatabaseRetry) -> TrainingProcess:
    """Start the run's process on the GPUs named, by default on those that this process sees. Raises NotStarted."""
    try:
        exports.write_config(run)
        job = job_of(run, gpus)
        if not job.meeting_address:
            raise NotStarted(end_messages.NO_ADDRESS.format(nodes=job.nodes))
        if run.last_checkpoint and job.resume_from is None:
            text = end_messages.CHECKPOINT_GONE.format(run.last_checkpoint)
            database.write(lambda: recorder.add_note(run.pk, "checkpoint_gone", text))
        return TrainingProcess(job)
    except (OSError, ValidationError) as error:  # a configuration may be older than this installation
        logger.exception("run %s: not started", run.pk)
        raise NotStarted(f"The training could not be started: {end_messages.what_failed(error)}") from error
    except SourceError as error:
        raise NotStarted(error.message) from error


def invite(run: Run, process: TrainingProcess, database: DatabaseRetry) -> None:
    """Note where the ranks of further machines are awaited, if there are any. Raises Fenced."""
    nodes = StoredConfig(run.config).num_nodes
    if nodes == 1:
        return
    meeting = {"attempt": run.attempt, "address": settings.NODE_ADDRESS, "port": process.meeting_port}
    text = end_messages.INVITATION.format(nodes=nodes, run_id=run.pk, last=nodes - 1)
    notes = [{"code": "nodes", "text": text}]
    database.write(lambda: recorder.record(run.pk, run.attempt, [], columns={"meeting": meeting}, notes=notes))
    broadcast.hint(run.pk)
