"""The writing side of `benchmarks.fanout`, a process of its own: `python -m benchmarks.fanout_writer EVENTS RATE`.

Prints `[run_id, last_seq]`, waits for a line, stores the events, prints `[[seq, moment of its commit], …]`.
"""

from __future__ import annotations

import json
import sys
import time
from threading import Thread

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from runs import lifecycle, recorder  # noqa: E402
from runs.events import BatchMetrics, Event, Stamped  # noqa: E402
from runs.models import Run  # noqa: E402

BATCH = 10  # the supervisor stores what 50 ms brought
CONFIG = {
    "experiment_name": "fan-out",
    "source_path": "builtin:digits-is-8",
    "trainer": {"max_epochs": 1},
    "callbacks": {"monitor": "val_auroc"},
    "seed": 1,
}


def main() -> None:
    count, rate = int(sys.argv[1]), float(sys.argv[2])
    lifecycle.claim(run_id := lifecycle.create(User.objects.get(username="benchmark"), CONFIG).pk, "benchmark")
    run = Run.objects.get(pk=run_id)
    Thread(target=_hold, args=(run,), daemon=True).start()
    print(json.dumps([run.pk, run.last_seq + count]), flush=True)
    sys.stdin.readline()
    start = time.monotonic()
    committed = []
    for first in range(0, count, BATCH):
        time.sleep(max(0.0, start + first / rate - time.monotonic()))
        recorder.record(run.pk, run.attempt, [_stamped(step) for step in range(first, first + BATCH)])
        now = time.monotonic()
        committed += [(run.last_seq + step + 1, now) for step in range(first, first + BATCH)]
    print(json.dumps(committed), flush=True)


def _hold(run: Run) -> None:
    """Renew the lease, as a supervisor does: many clients take longer to connect than it lasts."""
    while True:
        time.sleep(1)
        lifecycle.renew(run.pk, run.attempt)


def _stamped(step: int) -> Stamped[Event]:
    return recorder.stamp(
        BatchMetrics(step=step, batch_idx=step, epoch=0, loss=0.123456789, accuracy=0.9, recall=0.8, f1=0.7)
    )


if __name__ == "__main__":
    main()
