"""Has the metrics of the installed library listed, in a child of the fork server, which has loaded it."""

from __future__ import annotations

import logging
from pathlib import Path

from django.conf import settings

from experiments import metric_list
from experiments.processes import fork_server
from experiments.processes.fork_server import CONTEXT
from experiments.training.data.files.file_locks import locked
from experiments.training.recipes import process_entry

logger = logging.getLogger(__name__)

LOCK = "metrics.lock"
SECONDS = 120.0  # it takes about one


def bring_up_to_date() -> None:
    """List the metrics unless the list of this version is known; one process per machine does it, the others wait.

    Where that fails, requests for further metrics are refused, and everything else works.
    """
    try:
        if metric_list.is_up_to_date():
            return
        with locked(Path(settings.LIVETRAIN_HOME) / LOCK):  # else all workers of a machine would load PyTorch for it
            if not metric_list.is_up_to_date():
                with fork_server.own.in_use():
                    listed = _listed()
                metric_list.store(listed)
    except Exception:
        logger.exception("the metrics of torchmetrics could not be listed; runs cannot add any")


def _listed() -> bytes:
    """Return the list as JSON; raises RuntimeError."""
    receiving, sending = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=process_entry.list_metrics, args=(sending,), name="metrics")
    process.start()
    sending.close()
    try:
        if not receiving.poll(SECONDS):
            raise RuntimeError(f"no answer within {SECONDS:g} seconds")
        return receiving.recv_bytes()
    except EOFError as error:
        raise RuntimeError("the process that lists them ended without an answer") from error
    finally:
        receiving.close()
        process.kill()
        process.join()
