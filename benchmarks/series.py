"""How fast curves are packed and read, and how large they are: `python -m benchmarks.series [samples]`.

One run with a million `batch_metrics` (losses as 32-bit numbers, as trainings have them, and accuracies of batches of
64), a `progress` for every 20th; another one with 50,000 batches and the gradients of 12 layers. In a home of its own.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HOME = tempfile.mkdtemp(prefix="livetrain-series-")
os.environ |= {
    "LIVETRAIN_HOME": HOME,
    "DJANGO_SETTINGS_MODULE": "project.settings",
    "LIVETRAIN_DEFAULT_ROLE": "trainer",
}
os.environ["LIVETRAIN_ALLOWED_HOSTS"] = "testserver"

import django  # noqa: E402

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django.db.models.functions import Length  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.issuing import issue  # noqa: E402
from runs.curves import compaction  # noqa: E402
from runs.curves.memory import column_cache  # noqa: E402
from runs.derived_models import RunSamples  # noqa: E402
from runs.events import BatchMetrics, EpochEnd, Event, GradientStats, LrUpdate, Progress, encode, utc_now  # noqa: E402
from runs.models import Run, RunEvent  # noqa: E402

LAYERS = [f"layer{number}" for number in range(12)]
ROUNDS = 7


def single(value: float) -> float:
    """Round to 32 bits."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


def events(batches: int, *, gradients: bool) -> Iterator[Event]:
    """Make the events of an epoch with 1,000 batches, all of which are reported."""
    for step in range(1, batches + 1):
        epoch = (step - 1) // 1_000
        right = random.randint(20, 64)
        yield BatchMetrics(
            step=step,
            batch_idx=step % 1_000,
            epoch=epoch,
            loss=single(random.lognormvariate(0, 1)),
            accuracy=right / 64,
            recall=right / 70,
            f1=None if step % 50 == 0 else right / 66,
        )
        if gradients and step % 2 == 0:
            norms: dict[str, float | None] = {layer: random.lognormvariate(0, 1) for layer in LAYERS}
            yield GradientStats(step=step, epoch=epoch, total_norm=3.0, layer_norms=norms, max_norm=2.0, min_norm=1.0)
        if step % 20 == 0:
            rate = random.uniform(900, 1_000)
            yield Progress(
                epoch=epoch, batch_idx=0, batches=1, step=step, total_steps=9, samples_per_second=rate, eta_seconds=1.0
            )
        if step % 1_000 == 0:
            yield LrUpdate(epoch=epoch, step=step, learning_rate=0.1 * 0.99**epoch)
            yield EpochEnd(epoch=epoch, phase="val", metrics={"val_loss": random.random()}, timestamp=utc_now())


def run_with(happened: Iterator[Event]) -> Run:
    owner, _ = User.objects.get_or_create(username="tester")
    run = Run.objects.create(
        owner=owner, experiment_name="long", source_path="x", config={}, seed=1, max_epochs=1, monitor="val_loss"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO runs_runevent (run_id, seq, attempt, type, timestamp, data) VALUES (%s, %s, 1, %s, %s, %s)",
            [(run.pk, seq, one.type, utc_now(), encode(one).decode()) for seq, one in enumerate(happened, 1)],
        )
    run.last_seq = RunEvent.objects.filter(run=run).count()
    run.save()
    return run


def told(name: str, work: Callable[[], Any], rounds: int = ROUNDS, before: Callable[[], Any] = lambda: None) -> None:
    """Measure wall and CPU time; report the least of the rounds, since the machine does other things too."""
    walls, cpus = [], []
    for _ in range(rounds):
        before()
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    wall, middle, cpu = (seconds * 1000 for seconds in (min(walls), statistics.median(walls), min(cpus)))
    print(f"{name}: least {wall:.0f} ms, median {middle:.0f} ms; CPU {cpu:.0f} ms")


def sizes(run: Run) -> None:
    packed = RunSamples.objects.filter(run=run)
    for type_ in packed.values_list("type", flat=True).distinct().order_by("type"):
        found = packed.filter(type=type_).aggregate(count=Sum("count"), size=Sum(Length("data")))
        if found["count"]:
            journal = RunEvent.objects.filter(run=run, type=type_).aggregate(size=Sum(Length("data")))["size"]
            each = found["size"] / found["count"]
            print(
                f"  {type_}: {found['count']} samples, {each:.1f} bytes each ({journal / found['count']:.0f} as JSON)"
            )


def main() -> None:
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    call_command("migrate", verbosity=0)
    long, page = run_with(events(many, gradients=False)), run_with(events(50_000, gradients=True))
    headers = {"authorization": f"Token {issue(long.owner, 'benchmark')[1]}"}

    def get(path: str, run: Run, **parameters: Any) -> bytes:
        answer = Client(headers=headers).get(f"/api/runs/{run.pk}/{path}/", parameters)
        assert answer.status_code == 200, answer.content
        return answer.content

    for run in (long, page):
        began, cpu = time.perf_counter(), time.process_time()
        compaction.compact_due(run.pk, run.last_seq)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        print(f"packed {run.last_seq} events in {wall:.1f} s, CPU {cpu:.1f} s: {cpu / run.last_seq * 1e6:.1f} us each")
        sizes(run)
    loss = {"name": "batch/loss", "points": 2_000}
    told(f"{many} samples, cold", lambda: get("series", long, **loss), before=column_cache.clear)
    told(f"{many} samples, warm", lambda: get("series", long, **loss))
    told("the same by time", lambda: get("series", long, by="time", **loss))
    told("a tenth of it, zoomed", lambda: get("series", long, **loss | {"from": many // 2, "to": many * 6 // 10}))
    told("snapshot, 50,000 batches, cold", lambda: get("snapshot", page), before=column_cache.clear)
    told("snapshot, 50,000 batches, warm", lambda: get("snapshot", page))
    body = get("snapshot", page)
    found = json.loads(body)
    print(f"  {len(found['series'])} curves, {len(body) / 1024:.0f} KiB; in memory {column_cache.size / 2**20:.0f} MiB")


if __name__ == "__main__":
    try:
        main()
    finally:
        connection.close()
        shutil.rmtree(Path(HOME), ignore_errors=True)
