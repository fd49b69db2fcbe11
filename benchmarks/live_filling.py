"""Fills the installation of `benchmarks.live`: `python -m benchmarks.live_filling epochs|points NUMBER`.

`epochs`: a run in progress that has so many, and one more for each line that it is given. `points`: an ended run with
so many samples, packed as they are an hour after its end. Prints the run's number.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from runs import lifecycle, recorder  # noqa: E402
from runs.curves import compaction  # noqa: E402
from runs.events import BatchMetrics, EpochEnd, Event, utc_now  # noqa: E402
from runs.models import Run  # noqa: E402

CONFIG = {
    "experiment_name": "live",
    "source_path": "builtin:digits-is-8",
    "trainer": {"max_epochs": 1_000_000},
    "callbacks": {"monitor": "val_auroc"},
    "seed": 1,
}
BATCH = 1_000
NAMES = ("loss", "acc", "f1", "recall", "auroc")


def main() -> None:
    what, number = sys.argv[1], int(sys.argv[2])
    owner, _ = User.objects.get_or_create(username="tester")
    lifecycle.claim(pk := lifecycle.create(owner, CONFIG).pk, "benchmark")
    run = Run.objects.get(pk=pk)
    if what == "points":
        _store(run, map(_batch, range(number)))
        lifecycle.end(run.pk, run.attempt, "completed", None)
        compaction.compact_ended(run.pk)
        sys.stdout.write(f"{run.pk}\n")
        return
    _store(run, (end for epoch in range(number) for end in _ends(epoch)))
    sys.stdout.write(f"{run.pk}\n")
    sys.stdout.flush()
    for epoch, _ in enumerate(sys.stdin, number):
        _store(run, _ends(epoch))


def _store(run: Run, happened: Iterator[Event]) -> None:
    batch = []
    for event in happened:
        batch.append(recorder.stamp(event))
        if len(batch) == BATCH:
            recorder.record(run.pk, run.attempt, batch)
            batch = []
    if batch:
        recorder.record(run.pk, run.attempt, batch)


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
