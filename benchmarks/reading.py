"""What the REST API takes with many runs and a long journal.

    python -m benchmarks.reading [--runs 10000] [--events 1000000] [--queued 200] [--rounds 9]

A home of its own (embedded, or the server of DATABASE_URL), filled by SQL; Django answers in this process, so that a
figure is the work of the server alone, without a socket. Half of the events belong to one run, which has 100,000 values
of metrics. Prints the median of the rounds and the slowest, milliseconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import django

# The home is made before the settings are read: they are read once.
_HOME = tempfile.TemporaryDirectory(prefix="livetrain-reading-")
os.environ |= {
    "LIVETRAIN_HOME": _HOME.name,
    "DJANGO_SETTINGS_MODULE": "project.settings",
    "LIVETRAIN_DEFAULT_ROLE": "trainer",
}
os.environ["LIVETRAIN_LOG_LEVEL"] = "WARNING"
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from experiments.training.contract.config import TrainingConfig  # noqa: E402
from runs.events import utc_now  # noqa: E402
from runs.models import Run, RunMetric  # noqa: E402

_CONFIG = TrainingConfig(experiment_name="reading", source_path="builtin:digits-is-8").model_dump(mode="json")
EPOCHS = 10_000
NAMES = ("loss", "acc", "f1", "recall", "auroc")  # of both splits: 100,000 values
NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)"
DATA = (
    '{"step":1234,"batch_idx":34,"epoch":3,"loss":0.123456789,"accuracy":0.875,"recall":0.8888888888888888,"f1":0.86}'
)


def main() -> None:
    parser = argparse.ArgumentParser(description="The REST API with many runs and a long journal.")
    for name, default in (("runs", 10_000), ("events", 1_000_000), ("queued", 200), ("rounds", 9)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with _HOME:
        _measure(asked)


def _measure(asked: argparse.Namespace) -> None:
    client, busy = _client(), _fill(asked.runs, asked.events, asked.queued)
    for name, path in _paths(busy, asked.events // 2):
        took = []
        for _ in range(asked.rounds):
            start = time.perf_counter()
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.status_code)
            size = len(answer.content)
            took.append((time.perf_counter() - start) * 1e3)
        sys.stdout.write(f"{name:58}{statistics.median(took):9.1f}{max(took):9.1f}{size / 1024:9.0f} KiB\n")


def _paths(busy: int, events: int) -> Iterator[tuple[str, str]]:
    yield "/healthz", "/healthz"
    yield "50 newest runs", "/api/runs/"
    yield "200 runs, by best value", "/api/runs/?ordering=-best_value&page_size=200"
    yield "runs in progress", "/api/runs/?status=in_progress"
    yield "completed runs", "/api/runs/?status=completed"
    yield "runs whose name contains", "/api/runs/?name=experiment-7"
    yield "one run", f"/api/runs/{busy}/"
    yield "a queued run, with its place", f"/api/runs/{busy + 1}/"
    yield "queue", "/api/queue/"
    yield "/metrics", "/metrics"
    yield "100,000 values of metrics", f"/api/runs/{busy}/metrics/"
    yield "one metric, 10,000 values", f"/api/runs/{busy}/metrics/?name=val_auroc"
    yield "events, the first 1,000", f"/api/runs/{busy}/events/?limit=1000"
    yield "events, 1,000 in the middle", f"/api/runs/{busy}/events/?limit=1000&after={events // 2}"
    yield "events, the last 100", f"/api/runs/{busy}/events/?after={events - 100}"
    yield "events of a rare type", f"/api/runs/{busy}/events/?types=training_end"
    yield "page of all runs", "/"
    yield "page of one run", f"/runs/{busy}/"
    yield "admin, list of runs", "/admin/runs/run/"


# --- what is read ---


def _client() -> Any:
    """Return a client logged in as staff, so that the admin answers too."""
    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_superuser("benchmark")
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    return client


def _fill(runs: int, events: int, queued: int) -> int:
    """Create the runs and return the id of the one with the long journal; those above it are queued."""
    owner = get_user_model().objects.get()
    made = Run.objects.bulk_create([_run(owner, number, runs - queued) for number in range(1, runs + 1)], 500)
    busy = made[runs - queued - 1]
    others = [run for run in made if run is not busy]
    share = (events - events // 2) // len(others) or 1
    _journal(busy.pk, busy.pk, events // 2)
    _journal(others[0].pk, others[-1].pk, share, but=busy.pk)
    Run.objects.exclude(pk=busy.pk).update(last_seq=share)
    Run.objects.filter(pk=busy.pk).update(last_seq=events // 2)
    _metrics(busy.pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return int(busy.pk)


def _run(owner: Any, number: int, started: int) -> Run:
    ended = number < started - 4
    status = "queued" if number > started else "in_progress" if not ended else ("completed", "failed")[number % 8 == 0]
    return Run(
        owner=owner,
        experiment_name=f"experiment-{number % 500}",
        source_path="builtin:digits-is-8",
        config=_CONFIG,
        seed=1,
        status=status,
        attempt=int(status != "queued"),
        start_time=timezone.now() if status != "queued" else None,
        end_time=timezone.now() if ended else None,
        max_epochs=EPOCHS,
        monitor="val_auroc",
        best_value=number % 997 / 997 if ended else None,
        final_auroc=number % 991 / 991 if ended else None,
    )


def _journal(first: int, last: int, share: int, but: int = 0) -> None:
    """Write `share` events of each run from `first` to `last`, the newest of them a change of status."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{NUMBERS} INSERT INTO runs_runevent (run_id, seq, attempt, type, timestamp, data) "
            "SELECT runs_run.id, n, 1, CASE WHEN n = %s THEN 'run_status' ELSE 'batch_metrics' END, %s, %s "
            "FROM runs_run, numbers WHERE runs_run.id BETWEEN %s AND %s AND runs_run.id <> %s",
            [share, share, utc_now(), DATA, first, last, but],
        )


def _metrics(run_id: int) -> None:
    RunMetric.objects.bulk_create(
        (
            RunMetric(run_id=run_id, epoch=epoch, metric_name=f"{split}_{name}", value=epoch / 3e4, dataset_type=split)
            for epoch in range(EPOCHS)
            for split in ("train", "val")
            for name in NAMES
        ),
        5_000,
    )


if __name__ == "__main__":
    main()
