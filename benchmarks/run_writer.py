"""The writing side of benchmarks, a process of its own: `python -m benchmarks.run_writer OWNER WHAT NUMBER [RATE]`.

It stores as a worker does, with a hint after each batch. WHAT is one of

- `epochs`: a run in progress that has so many, and one more for each line that it is given. Prints the run's number.
- `points`: an ended run with so many samples, packed as they are an hour after its end. Prints the run's number.
- `events`: a run in progress. Prints `[run_id, last_seq]`, waits for a line, stores so many events, RATE in a second,
  and prints `[[seq, moment of its commit], …]`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from experiments.files.uploader import Uploader  # noqa: E402
from experiments.supervision.batch_writer import BatchWriter  # noqa: E402
from runs import lifecycle, recorder  # noqa: E402
from runs.curves import compaction  # noqa: E402
from runs.events import BatchMetrics, EpochEnd, Event, utc_now  # noqa: E402
from runs.models import Run  # noqa: E402

CONFIG = {
    "experiment_name": "written",
    "source_path": "builtin:digits-is-8",
    "trainer": {"max_epochs": 1_000_000},
    "callbacks": {"monitor": "val_auroc"},
    "seed": 1,
}
BATCH = 1_000
AT_ONCE = 10  # events of a rate: what 50 ms brought, as a supervisor stores it
NAMES = ("loss", "acc", "f1", "recall", "auroc")


def main() -> None:
    owner, what, number, *rate = sys.argv[1:]
    run = _claimed(owner)
    writer = BatchWriter(run, Uploader(run), None)
    if what == "points":
        _store(writer, map(_batch, range(int(number))))
        lifecycle.end(run.pk, run.attempt, "completed", None)
        compaction.compact_ended(run.pk)
        _say(run.pk)
        return
    Thread(target=_hold, args=(run,), daemon=True).start()
    if what == "epochs":
        _epochs(run, writer, int(number))
    else:
        _events(run, writer, int(number), float(rate[0]))


def _claimed(owner: str) -> Run:
    user, _ = User.objects.get_or_create(username=owner)
    lifecycle.claim(pk := lifecycle.create(user, CONFIG).pk, "benchmark")
    return Run.objects.get(pk=pk)


def _hold(run: Run) -> None:
    """Renew the lease, as a supervisor does: many clients take longer to connect than it lasts."""
    while True:
        time.sleep(1)
        lifecycle.renew(run.pk, run.attempt)


def _epochs(run: Run, writer: BatchWriter, number: int) -> None:
    _store(writer, (end for epoch in range(number) for end in _ends(epoch)))
    _say(run.pk)
    for epoch, _ in enumerate(sys.stdin, number):
        _store(writer, _ends(epoch))


def _events(run: Run, writer: BatchWriter, number: int, rate: float) -> None:
    _say([run.pk, run.last_seq + number])
    sys.stdin.readline()
    start, committed = time.monotonic(), []
    for first in range(0, number, AT_ONCE):
        time.sleep(max(0.0, start + first / rate - time.monotonic()))
        steps = range(first, first + AT_ONCE)
        _store(writer, map(_batch, steps))
        now = time.monotonic()
        committed += [(run.last_seq + step + 1, now) for step in steps]
    _say(committed)


def _say(what: Any) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


def _store(writer: BatchWriter, happened: Iterator[Event]) -> None:
    batch = []
    for event in happened:
        batch.append(recorder.stamp(event))
        if len(batch) == BATCH:
            writer.store_batch(batch, again=False)
            batch = []
    if batch:
        writer.store_batch(batch, again=False)


def _batch(step: int) -> BatchMetrics:
    return BatchMetrics(
        step=step, batch_idx=step, epoch=0, loss=1 / (1 + step % 997), accuracy=step % 64 / 64, recall=0.8, f1=0.7
    )


def _ends(epoch: int) -> Iterator[EpochEnd]:
    for split in ("train", "val"):
        values: dict[str, float | None] = {f"{split}_{name}": 0.5 + epoch % 499 / 1_000 for name in NAMES}
        yield EpochEnd(epoch=epoch, phase=split, metrics=values, timestamp=utc_now())


if __name__ == "__main__":
    main()
