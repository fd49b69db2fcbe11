"""What storing and reading a run takes with more and more points, ten a step; stored as a worker does, by `ingest`."""

from __future__ import annotations

from itertools import islice
from typing import Any

from benchmarks.growth import measuring
from benchmarks.growth.own_home import HOME  # Django is set up before models are imported

# isort: split
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from benchmarks import ingest
from runs import lifecycle
from runs.curves.compaction import compact_ended
from runs.curves.memory import column_cache

MOST = 100_000  # points of one answer
AT_ONCE = 200  # messages that are made before their storing is measured


def main() -> None:
    call_command("migrate", verbosity=0)
    meter = measuring.Meter()
    _stored(ingest.claimed(), 100)  # modules and statements are ready
    with measuring.Collected("points", "points") as found:
        for points in measuring.asked()["sizes"]:
            steps = points // ingest.STEP_POINTS
            run, before = ingest.claimed(), ingest.size()
            found.add("stored", "us", points, measuring.MICRO * _stored(run, steps), each=True)
            found.add("bytes on disk at once", "bytes", points, ingest.size() - before, each=True)
            lifecycle.end(run.pk, run.attempt, "completed", None)
            packing = meter.of(lambda: _pack(run.pk))  # noqa: B023
            found.add("packed after the end", "us", points, measuring.MICRO * packing, each=True)
            found.add("bytes on disk, packed", "bytes", points, ingest.size() - before, each=True)
            client = Client()
            client.force_login(User.objects.get())
            series = f"/api/runs/{run.pk}/series/?name=batch/loss"
            reading = meter.least(lambda: _read(client, series, steps))  # noqa: B023
            found.add("a tenth of them read, all points of a curve", "us", points, measuring.MICRO * reading, each=True)
            thinned = meter.least(lambda: measuring.get(client, f"{series}&points=2000"))  # noqa: B023
            found.add("the same curve thinned to 2,000", "ms", points, measuring.MILLI * thinned)
            cold = meter.least(lambda: _get_cold(client, f"{series}&points=2000"))  # noqa: B023
            found.add("the same, nothing in memory", "ms", points, measuring.MILLI * cold)
            snapshot = meter.least(lambda: measuring.get(client, f"/api/runs/{run.pk}/snapshot/"))  # noqa: B023
            found.add("all curves of the run's page", "ms", points, measuring.MILLI * snapshot)


def _stored(run: Any, steps: int) -> float:
    """Return the CPU seconds of storing; messages are made in pieces, so that a long run need not be in memory."""
    messages, seconds = ingest.batches(ingest.steps(steps), 1_000), 0.0
    while piece := list(islice(messages, AT_ONCE)):
        seconds += ingest.cpu_seconds(lambda: ingest.follow(run, piece))
    return seconds


def _pack(run_id: int) -> None:
    compact_ended(run_id)
    ingest.pack_journal(run_id)


def _get_cold(client: Any, path: str) -> None:
    column_cache.clear()
    measuring.get(client, path)


def _read(client: Any, series: str, steps: int) -> None:
    for first in range(1, steps + 1, MOST):
        last = min(steps, first + MOST - 1)
        measuring.get(client, f"{series}&points={max(10, min(MOST, steps))}&from={first}&to={last}")


if __name__ == "__main__":
    with HOME:
        main()
