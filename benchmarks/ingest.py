"""How fast a worker stores what trainings send: `python -m benchmarks.ingest [--against FOLDER] [--rounds N]`.

CPU time, since other work on the machine must not count. The same messages as the pipe carries are decoded, buffered
and stored by the worker's own code, in the database of `DATABASE_URL` or in a new SQLite file. `--against` measures the
project in another folder too, in turns, each time in a new process, and reports the medians and their ratio.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
EPOCHS, EPOCH_METRICS = 1_000, 10
LIVE_EPOCHS = 100
SMALL_RUNS, SMALL_POINTS = 200, 50
RUNS, STEPS = 20, 1_000
LONG_STEPS = 50_000
STEP_POINTS = 10  # four of a `batch_metrics`, six of a `gradient_stats`
LAYERS = ("stem", "body", "head")
OWNERS: list[Any] = []  # of the runs, once there is a database
Batch = list[tuple[str, str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="folder of another state of the project")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--once", action="store_true", help="measure the project in the current folder, print JSON")
    options = parser.parse_args()
    if options.once:
        print(json.dumps(measured()))
        return
    folders = {"this": HERE, **({"other": options.against} if options.against else {})}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in folders}
    for number in range(options.rounds):
        order = list(folders) if number % 2 else list(reversed(folders))
        for name in order:
            found[name].append(in_new_process(folders[name]))
    for row in found["this"][0]:
        middles = [statistics.median(one[row] for one in found[name]) for name in folders]
        ratio = f", ratio {middles[0] / middles[1]:.2f}" if len(middles) > 1 and middles[1] else ""
        print(f"{row}: {' / '.join(f'{middle:,.2f}' for middle in middles)}{ratio}")


def in_new_process(folder: Path) -> dict[str, float]:
    """Measure the project in that folder, in a home of its own."""
    home = tempfile.mkdtemp(prefix="livetrain-ingest-")
    environment = {
        **os.environ,
        "LIVETRAIN_HOME": home,
        "PYTHONPATH": str(folder),
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "LIVETRAIN_DEFAULT_ROLE": "trainer",
    }
    command = [sys.executable, str(Path(__file__).resolve()), "--once"]
    try:
        done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
        return dict(json.loads(done.stdout.splitlines()[-1]))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def measured() -> dict[str, float]:
    """Measure all rows; the database must be empty."""
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    random.seed(7)
    rows: dict[str, float] = {}
    for measure in (epoch_rows, live_epochs, small_runs, many_runs, long_run):
        rows |= measure()
    return rows


def epoch_rows() -> dict[str, float]:
    """Store 1,000 epochs of a run that come together."""
    follow(claimed(), batches(epochs(2), 1))  # modules and statements are ready
    run, sent = claimed(), list(batches(epochs(EPOCHS), 200))
    seconds = cpu_seconds(lambda: follow(run, sent))
    return {"epoch rows, points per CPU second": EPOCHS * EPOCH_METRICS / seconds}


def live_epochs() -> dict[str, float]:
    """Store epochs one by one, as they come from a training."""
    run, sent = claimed(), list(batches(epochs(LIVE_EPOCHS), 1))
    seconds = cpu_seconds(lambda: follow(run, sent))
    return {"one live epoch, CPU ms": 1000 * seconds / LIVE_EPOCHS}


def small_runs() -> dict[str, float]:
    """Create runs, fill each with 50 points of step events and close it."""
    from runs import lifecycle  # noqa: PLC0415

    sent = list(batches(steps(SMALL_POINTS // STEP_POINTS), 1_000))

    def work() -> None:
        for _ in range(SMALL_RUNS):
            run = claimed()
            follow(run, sent)
            lifecycle.end(run.pk, run.attempt, "completed", None)

    return {"small runs per CPU second": SMALL_RUNS / cpu_seconds(work)}


def many_runs() -> dict[str, float]:
    """Store the steps of many runs."""
    runs = [claimed() for _ in range(RUNS)]
    sent = list(batches(steps(STEPS), 500))
    seconds = sum(cpu_seconds(partial(follow, run, sent)) for run in runs)
    points = RUNS * STEPS * STEP_POINTS
    return {"step points per CPU second": points / seconds, "a step point, CPU us": 1e6 * seconds / points}


def long_run() -> dict[str, float]:
    """Store a long run and close it as its supervisor does; measure how much larger the database became."""
    from runs import lifecycle  # noqa: PLC0415
    from runs.curves.compaction import compact_ended  # noqa: PLC0415

    run, sent, before = claimed(), list(batches(steps(LONG_STEPS), 1_000)), size()
    seconds, points = cpu_seconds(lambda: follow(run, sent)), LONG_STEPS * STEP_POINTS
    at_once = size() - before
    lifecycle.end(run.pk, run.attempt, "completed", None)
    samples = cpu_seconds(lambda: compact_ended(run.pk))
    with_samples = size() - before
    journal = cpu_seconds(lambda: pack_journal(run.pk))
    return {
        "one long run, points per CPU second": points / seconds,
        "its bytes a point": at_once / points,
        "its samples, CPU us a point": 1e6 * samples / points,
        "its bytes a point with samples": with_samples / points,
        "its journal packed, CPU us a point": 1e6 * journal / points,
        "its bytes a point once packed": (size() - before) / points,
    }


def pack_journal(run_id: int) -> None:
    """Pack the journal as maintenance does an hour after a run's end; an older state keeps it as it is."""
    from runs.models import Run  # noqa: PLC0415

    try:
        module: Any = importlib.import_module("runs.curves.journal_packing")
    except ModuleNotFoundError:
        return
    module.pack(Run.objects.get(pk=run_id))


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time that the work takes in all threads of this process."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def claimed() -> Any:
    """Create a run and claim it."""
    from django.contrib.auth.models import User  # noqa: PLC0415

    from runs import lifecycle  # noqa: PLC0415

    owner = OWNERS[0] if OWNERS else User.objects.create(username="tester")
    OWNERS[:] = [owner]
    config = {
        "experiment_name": "ingest",
        "source_path": "builtin:digits-is-8",
        "trainer": {"max_epochs": EPOCHS},
        "callbacks": {"monitor": "val_metric0", "mode": "max"},
        "seed": 42,
    }
    run = lifecycle.claim(lifecycle.create(owner, config).pk, "benchmark")
    assert run is not None
    return run


def follow(run: Any, sent: Iterable[bytes]) -> None:
    """Decode, buffer and store batches as the supervisor of a run does."""
    from experiments.files.uploader import Uploader  # noqa: PLC0415
    from experiments.processes import rank_process  # noqa: PLC0415
    from experiments.supervision.batch_writer import BatchWriter  # noqa: PLC0415
    from experiments.supervision.event_buffer import EventBuffer  # noqa: PLC0415

    older = getattr(rank_process, "_decode", None)
    decode: Callable[[bytes], Any] = older or rank_process.decode_batch
    buffer = EventBuffer(run.pk, BatchWriter(run, Uploader(run), None).store_batch)
    for raw in sent:
        buffer.put(decode(raw))
        buffer.deliver_all()


def batches(events: Iterator[Any], together: int) -> Iterator[bytes]:
    """Encode events as the training's process does, so many in a message."""
    import msgspec  # noqa: PLC0415

    from runs.events import utc_now  # noqa: PLC0415

    batch: Batch = []
    for event in events:
        batch.append((event.type, utc_now(), event))
        if len(batch) == together:
            yield msgspec.json.encode(batch)
            batch = []
    if batch:
        yield msgspec.json.encode(batch)


def epochs(number: int) -> Iterator[Any]:
    from runs.events import EpochEnd, utc_now  # noqa: PLC0415

    for epoch in range(number):
        metrics: dict[str, float | None] = {f"val_metric{index}": random.random() for index in range(EPOCH_METRICS)}
        yield EpochEnd(epoch=epoch, phase="val", metrics=metrics, timestamp=utc_now())


def steps(number: int) -> Iterator[Any]:
    """Make both events of each step: four values and six."""
    from runs.events import BatchMetrics, GradientStats  # noqa: PLC0415

    for step in range(1, number + 1):
        epoch = step // 1_000
        right = random.randint(20, 64)
        yield BatchMetrics(
            step=step,
            epoch=epoch,
            batch_idx=step % 1_000,
            loss=random.random(),
            accuracy=right / 64,
            recall=right / 70,
            f1=right / 66,
        )
        norms: dict[str, float | None] = {layer: random.lognormvariate(0, 1) for layer in LAYERS}
        total, known = random.lognormvariate(0, 1), [norm for norm in norms.values() if norm is not None]
        yield GradientStats(
            step=step, epoch=epoch, total_norm=total, layer_norms=norms, max_norm=max(known), min_norm=min(known)
        )


def size() -> int:
    """Return the size of the database in bytes, all pages in use written to it."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute(
                "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, "
                "pragma_freelist_count, pragma_page_size"
            )
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(f"took {time.perf_counter() - started:.0f} s", file=sys.stderr)
