"""The training of `benchmarks.live`: no network, one value every now and then."""

from __future__ import annotations

import random
import threading
from typing import Any

from benchmarks.live_stations import Stamps, watched
from experiments.training.contract.reports import Job, Outcome, Reporter
from runs.events import BatchMetrics

PER_SECOND = 10


class _StampedConnection:
    """The connection to the supervisor, which stamps what was sent."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._stamps = connection, Stamps()

    def send_bytes(self, batch: bytes) -> None:
        self._connection.send_bytes(batch)
        self._stamps.of_encoded("sent by the training", batch)


def train(_job: Job, report: Reporter, stop: threading.Event) -> None:
    """Report a value ten times a second on average, not evenly: nothing on its way may be in step with it."""
    if watched():
        emitter: Any = report.__self__  # type: ignore[attr-defined]
        emitter._connection = _StampedConnection(emitter._connection)
    chance, step = random.Random(1), 0
    while not stop.wait(chance.uniform(0.5, 1.5) / PER_SECOND):
        report(BatchMetrics(step=step, batch_idx=step, epoch=0, loss=0.5, accuracy=0.9, recall=0.8, f1=0.7))
        step += 1
    report(Outcome(status="interrupted", reason=None))
