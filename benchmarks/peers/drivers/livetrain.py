"""Ourselves: the emitter of a training, its pipe, what the worker does with it, SQLite, and the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

# The home is made before the settings are read: they are read once.
HOME = tempfile.TemporaryDirectory(prefix="livetrain-peers-")
os.environ |= {
    "LIVETRAIN_HOME": HOME.name,
    "DJANGO_SETTINGS_MODULE": "project.settings",
    "LIVETRAIN_DEFAULT_ROLE": "trainer",
}
os.environ["LIVETRAIN_LOG_LEVEL"] = "WARNING"

import django  # noqa: E402

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from websockets.sync.client import connect  # noqa: E402

from benchmarks.many_runs import fill_many  # noqa: E402
from benchmarks.peers.contestants import ROOT  # noqa: E402
from benchmarks.peers.drivers import protocol  # noqa: E402
from benchmarks.peers.drivers.protocol import Figures, Site  # noqa: E402
from experiments.files.uploader import Uploader  # noqa: E402
from experiments.processes.rank_process import decode_batch  # noqa: E402
from experiments.supervision.batch_writer import BatchWriter  # noqa: E402
from experiments.training.contract.reports import Message  # noqa: E402
from experiments.training.recipes.process_entry import Emitter  # noqa: E402
from runs import lifecycle  # noqa: E402
from runs.curves import compaction, journal_packing  # noqa: E402
from runs.events import BatchMetrics, EpochEnd, utc_now  # noqa: E402
from runs.models import Run  # noqa: E402
from tests.installation import Installation, Server  # noqa: E402

sys.path.insert(0, str(ROOT / "clients" / "python" / "src"))

from livetrain.binary_curves import curves_in  # noqa: E402
from livetrain.operations.curves import ACCEPTED, MOST  # noqa: E402

CONFIG: dict[str, Any] = {
    "experiment_name": "benchmark",
    "source_path": "builtin:digits-is-8",
    "trainer": {"max_epochs": 1},
    "callbacks": {"monitor": "val_auroc"},
    "seed": 1,
}
CLIENT = ROOT / "clients" / "python" / "src"
VALUES_OF_A_STEP = 4  # a batch_metrics event has loss, accuracy, recall and F1
AT_ONCE = 20_000  # messages said before they are read: a training that said more would be thinned out
DATABASE = "livetrain.sqlite3"
MANY = 50_000
DRAWN = 2_000  # points of a curve that a page asks for
PAGE = "/api/runs/?columns=metric.val_auroc.last,metric.val_auroc.best,metric.val_loss.last,metric.val_loss.best"
SORTED = f"{PAGE}&ordering=-metric.val_f1.best"
FIGURES_OF_MANY = {
    "sorted": SORTED,
    "sorted_by_option": f"{PAGE}&ordering=config.optimizer.learning_rate",
    "facets": "/api/runs/facets/",
    "facets_searched": "/api/runs/facets/?search=experiment 1",
    "grouped": "/api/runs/grouped/?by=owner",
    "prometheus": "/metrics",
}
EPOCH_NAMES = ("loss", "acc", "f1", "recall", "auroc", "precision", "specificity", "mcc", "kappa", "ap")


class Store:
    """What a worker does with what a training says, through a real emitter and a real pipe."""

    def __init__(self) -> None:
        self._reading, self._writing = Pipe(duplex=False)
        self._emitter = Emitter(self._writing)

    def store(self, run: Run, messages: list[Message]) -> None:
        """Say all messages, and store them as they arrive."""
        writer, seen = BatchWriter(run, Uploader(run), None), 0
        for first in range(0, len(messages), AT_ONCE):
            for message in messages[first : first + AT_ONCE]:
                self._emitter.report(message)
            while seen < min(len(messages), first + AT_ONCE):
                received = decode_batch(self._reading.recv_bytes())
                while len(received) < 1_000 and self._reading.poll():
                    received += decode_batch(self._reading.recv_bytes())
                if received:
                    writer.store_batch(received, again=False)
                seen += len(received)

    def close(self) -> None:
        """End the emitter's threads, and close the pipe."""
        self._emitter.close()
        self._writing.close()
        self._reading.close()


def prepared() -> None:
    call_command("migrate", verbosity=0)
    User.objects.create_user("benchmark")


def _run(owner: User) -> Run:
    """Create a run of that user, whom a request knows, and claim it: a worker goes on with the row that it gets."""
    run = lifecycle.claim(lifecycle.create(owner, CONFIG).pk, "benchmark")
    assert run is not None
    return run


def _steps(steps: int, values: int) -> list[Message]:
    """Make the events that hold so many values: one event has four of them."""
    pool = protocol.numbers(10_000)
    count = -(-steps * values // VALUES_OF_A_STEP)
    return [
        BatchMetrics(
            step=step,
            batch_idx=step % 1_000,
            epoch=step // 1_000,
            loss=pool[step % 9_000],
            accuracy=pool[step % 9_000 + 1],
            recall=pool[step % 9_000 + 2],
            f1=pool[step % 9_000 + 3],
        )
        for step in range(count)
    ]


def _stored(runs: int, messages: list[Message]) -> list[Run]:
    """Store the same in several runs, which end; each has an emitter of its own, as each training has."""
    owner, made = User.objects.get(username="benchmark"), []
    for _ in range(runs):
        run, store = _run(owner), Store()
        store.store(run, messages)
        store.close()
        lifecycle.end(run.pk, run.attempt, "completed", None)
        made.append(run)
    return made


def log_call(_home: Path, calls: int) -> Figures:
    """Measure making and emitting the events of 10 values: two of four and one of two."""
    reading, writing = Pipe(duplex=False)
    with subprocess.Popen(["cat"], stdin=reading.fileno(), stdout=subprocess.DEVNULL) as reader:
        emitter, step = Emitter(writing), 0

        def call(values: dict[str, float]) -> None:
            nonlocal step
            step += 1
            a, b, c, d, e, f, g, h, i, j = values.values()
            emitter.report(BatchMetrics(step=step, batch_idx=step, epoch=0, loss=a, accuracy=b, recall=c, f1=d))
            emitter.report(BatchMetrics(step=step, batch_idx=step, epoch=0, loss=e, accuracy=f, recall=g, f1=h))
            emitter.report(BatchMetrics(step=step, batch_idx=step, epoch=0, loss=i, accuracy=j, recall=None, f1=None))

        found = protocol.blocked(call, calls)
        emitter.close()
        writing.close()
        reading.close()
        reader.wait()
    return found


def ingest(_home: Path, runs: int, steps: int, values: int) -> Figures:
    """Measure values a second until they are committed."""
    prepared()
    messages = _steps(steps, values)
    return protocol.rate(runs * steps * values, partial(_stored, runs, messages))


def bytes_per_value(_home: Path, steps: int, values: int) -> Figures:
    """Measure the database after a run, and as maintenance leaves it an hour later, less what it was before."""
    prepared()
    _stored(1, _steps(1, values))
    small = _used()
    [run] = _stored(1, _steps(steps, values))
    at_once = _used() - small
    compaction.compact_ended(run.pk)
    journal_packing.pack(Run.objects.get(pk=run.pk))
    return {"value": at_once / (steps * values), "packed": (_used() - small) / (steps * values)}


def _used() -> int:
    """Return the bytes of the pages in use: those that packing has freed are what the next run is written to."""
    protocol.sqlite_size(Path(HOME.name) / DATABASE)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, "
            "pragma_page_size"
        )
        return int(cursor.fetchone()[0])


def epoch_rows(_home: Path, runs: int, epochs: int, values: int) -> Figures:
    """Measure epochs with so many metrics, with the summaries that the list needs."""
    prepared()
    pool, names = protocol.numbers(10_000), [f"val_{name}" for name in EPOCH_NAMES[:values]]
    messages: list[Message] = [
        EpochEnd(
            epoch=epoch,
            phase="val",
            metrics={name: pool[(epoch * values + place) % 10_000] for place, name in enumerate(names)},
            timestamp=utc_now(),
        )
        for epoch in range(epochs)
    ]
    return protocol.rate(runs * epochs * values, partial(_stored, runs, messages))


def small_runs(_home: Path, runs: int) -> Figures:
    """Measure runs created, claimed, given 50 values one after the other, and ended."""
    prepared()
    messages = _steps(5, 10)
    return protocol.rate(runs, partial(_stored, runs, messages))


@contextmanager
def serving(*arguments: str) -> Iterator[Server]:
    with Installation(Path(HOME.name)).serve(*arguments) as server:
        yield server


def visible(home: Path, values: int) -> Figures:
    """Measure from the event's making in a training's process to a client of its run, by the event's own time."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks.load_worker", "1", str(home / "writes.json")]
    request = {key: CONFIG[key] for key in ("experiment_name", "source_path")}
    with serving("--no-worker") as server:
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        try:
            run_id = server.train(**request, trainer={"max_epochs": 10_000})
            server.wait_for(run_id, "in_progress", within=600)
            time.sleep(2)  # what a page does: it comes while the run goes on
            delays = _delays(server, run_id, values)
        finally:
            worker.terminate()
            worker.wait(60)
    return protocol.spread_of(delays)


def _delays(server: Server, run_id: int, values: int) -> list[float]:
    after = server.get(f"/api/runs/{run_id}/")["last_seq"]
    headers = {"Authorization": f"Token {server.token}"}
    found: list[float] = []
    with connect(f"{server.websocket}/ws/runs/{run_id}/?after={after}", additional_headers=headers) as socket:
        while len(found) < 10 * values:
            events = json.loads(socket.recv(timeout=60))
            now = time.time()
            found += [(now - _moment(event["timestamp"])) * 1e3 for event in events if "timestamp" in event]
    return found[values:]  # the first ones waited for this client


def _moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def newest_runs(_home: Path, runs: int, times: int) -> Figures:
    """Measure the list's first page with last and best values, and with many runs what its filters and orders take."""
    call_command("migrate", verbosity=0)
    fill_many(runs)
    connection.close()
    with serving("--no-worker") as server:
        site = _site(server)
        User.objects.update(is_staff=True)  # figures for Prometheus are for operators
        connection.close()
        assert len(site.ask(PAGE)["results"]) == 50
        asked = {"value": PAGE, **FIGURES_OF_MANY} if runs >= MANY else {"value": PAGE, "sorted": SORTED}
        answers = {figure: _parsed(site, path) for figure, path in asked.items()}
        found = {figure: protocol.answered(times, ask) for figure, ask in answers.items()}
    return found["value"] | {figure: one["value"] for figure, one in found.items()}


def _parsed(site: Site, path: str) -> Callable[[], object]:
    return partial(site.text if path == "/metrics" else site.ask, path)


def history(_home: Path, points: int, times: int) -> Figures:
    """Measure all points of a curve as the Python client asks for them, in binary numbers.

    Then those that one answer in JSON may have, and the same curve as a page draws it.
    """
    prepared()
    [run] = _stored(1, _steps(points, VALUES_OF_A_STEP))
    compaction.compact_due(run.pk, Run.objects.get(pk=run.pk).last_seq)
    connection.close()
    with serving("--no-worker") as server:
        curve = f"/api/runs/{run.pk}/series/?name=batch/loss"
        site, client = _site(server), _site(server, **ACCEPTED)

        def ask() -> int:
            [found] = curves_in(client.text(curve))
            return len(found.y)

        assert ask() == points
        asked = {"json": f"{curve}&points={min(points, MOST)}", "thinned": f"{curve}&points={DRAWN}"}
        figures = {name: protocol.answered(max(times, 10), partial(site.ask, path)) for name, path in asked.items()}
        return protocol.answered(times, ask) | {name: one["value"] for name, one in figures.items()}


def client_table(_home: Path, points: int, times: int) -> Figures:
    """Measure the Python client, which asks the server for one curve, whole."""
    prepared()
    [run] = _stored(1, _steps(points, VALUES_OF_A_STEP))
    compaction.compact_due(run.pk, Run.objects.get(pk=run.pk).last_seq)
    connection.close()
    sys.path.insert(0, str(CLIENT))
    from livetrain import Client  # noqa: PLC0415

    with serving("--no-worker") as server, Client(server.address, server.token) as client:
        found = client.run(run.pk)
        return protocol.tables(times, lambda: found.curves("batch/loss"), points)


def client_import(_home: Path, times: int) -> Figures:
    """Measure the package of the Python client."""
    return protocol.imported("livetrain", times, str(CLIENT))


def _site(server: Server, **headers: str) -> Site:
    return Site(server.address, {"Authorization": f"Token {server.token}", **headers})


def idle_server(home: Path) -> Figures:
    """Measure the second start, as peers have nothing to migrate, and all processes, with the worker that waits."""

    def serve(port: int) -> Any:
        command = [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(port)]
        return protocol.served(command, port, "/healthz", home)

    return protocol.started(serve, before=1)


if __name__ == "__main__":
    with HOME:
        protocol.main(globals())
