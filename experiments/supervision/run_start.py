"""Starts the process of a claimed run, and notes where the ranks of further machines are awaited."""

from __future__ import annotations

import logging

from django.conf import settings
from pydantic import ValidationError

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

logger = logging.getLogger(__name__)


class NotStarted(Exception):
    """Why the training has no process, as a sentence for the user."""


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
