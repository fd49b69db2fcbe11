"""How long a value takes from the training to a client's hand, and what open pages cost: `python -m benchmarks.live`.

    [--rows live list page memory] [--services] [--seconds 20] [--clients 1] [--stations]
    [--queued 300 3000] [--epochs 10000] [--points 1000000] [--rounds 4]

`live`: a training that reports ten values a second, clients that follow the run; with `--stations` where each value was
when. `list`: an open list page while nothing happens, with so many queued runs, and how much joining brings. `page`: an
open page of a run of so many epochs, one more every two seconds. `memory`: the web process after long histories, lists
and pages were read again and again. Each row has a server of its own. With `--services` private PostgreSQL and Redis,
else those of DATABASE_URL and REDIS_URL, if any. Latencies are milliseconds, CPU is a share of one core. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from websockets.asyncio.client import ClientConnection

from benchmarks import live_pages, live_stations
from benchmarks.live_clients import client, cpu_during
from benchmarks.services import services
from tests.installation import ROOT, Installation, Server

REQUEST = {"experiment_name": "live", "source_path": "builtin:digits-is-8"}
WARM_UP = 20  # values before those that count
ROWS = ("live", "list", "page", "memory")


def main() -> None:
    asked = _parser().parse_args()
    rows: dict[str, Callable[[Path, dict[str, str], argparse.Namespace], Iterator[dict[str, Any]]]] = {
        "live": _live,
        "list": live_pages.open_list,
        "page": live_pages.open_run,
        "memory": live_pages.memory,
    }
    for row in asked.rows:
        with tempfile.TemporaryDirectory(prefix="livetrain-live-") as folder, services(private=asked.services) as kept:
            for found in rows[row](Path(folder) / "home", kept, asked):
                sys.stdout.write(json.dumps({row: found | {"on": "services" if kept else "SQLite"}}) + "\n")
                sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="From the training to a client's hand.")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--services", action="store_true")
    parser.add_argument("--stations", action="store_true")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--queued", type=int, nargs="+", default=[300, 3_000])
    parser.add_argument("--epochs", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=4)
    return parser


def _live(place: Path, kept: dict[str, str], asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    stamps = place.parent / "stations.jsonl"
    if asked.stations:
        kept = kept | {live_stations.VARIABLE: str(stamps), "DJANGO_SETTINGS_MODULE": "benchmarks.live_settings"}
        stamps.touch()
    home = Installation(place, **kept)
    with home.serve("--no-worker") as server, _worker(home) as worker:
        web = psutil.Process(server.process.pid).children()[0]
        run_id = server.train(**REQUEST)
        server.wait_for(run_id, "in_progress", within=600)
        values = Values()
        found = asyncio.run(_watch(server, run_id, asked, {"web": web, "worker": psutil.Process(worker.pid)}, values))
    if asked.stations:
        found["stations"] = live_stations.table(stamps, values.reported, values.received, values.seqs)
    yield found


class Values:
    """What clients received: the moment of each value's report and of its arrival, and its number, by step."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.reported: dict[int, float] = {}
        self.received: dict[int, float] = {}
        self.seqs: dict[int, int] = {}

    def take(self, event: dict[str, Any], now: float) -> None:
        """Note that the event is there."""
        happened = datetime.fromisoformat(event["timestamp"]).timestamp()
        self.latencies.append(1e3 * (now - happened))
        if (step := event["data"].get("step")) is not None:
            self.reported[step], self.received[step], self.seqs[step] = happened, now, event["seq"]


@contextlib.contextmanager
def _worker(home: Installation) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "benchmarks.live_worker", "1", str(home.home / "writes.json")]
    environment = {"DJANGO_SETTINGS_MODULE": "project.settings"} | home.environment
    with (home.home / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "benchmarks.live_training"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


async def _watch(
    server: Server, run_id: int, asked: argparse.Namespace, processes: dict[str, psutil.Process], values: Values
) -> dict[str, Any]:
    async with contextlib.AsyncExitStack() as stack:
        path = f"/ws/runs/{run_id}/?after=0&ack=1"
        clients = [await stack.enter_async_context(client(server, path)) for _ in range(asked.clients)]
        listening = [asyncio.create_task(_listen(opened, values)) for opened in clients]
        async with asyncio.timeout(120):
            while len(values.latencies) < WARM_UP:  # noqa: ASYNC110  (the first run starts the fork server)
                await asyncio.sleep(0.1)
        values.latencies.clear()
        values.received.clear()
        cpu = await cpu_during(asked.seconds, processes)
        for task in listening:
            task.cancel()
    cuts = statistics.quantiles(values.latencies, n=100)
    return {"values": len(values.latencies), "p50": round(cuts[49], 1), "p95": round(cuts[94], 1)} | cpu


async def _listen(opened: ClientConnection, values: Values) -> None:
    while True:
        events = json.loads(await opened.recv())
        now = time.time()
        for event in events:
            if "seq" in event:
                values.take(event, now)
        await opened.send(json.dumps({"ack": events[-1]["seq"]}))


if __name__ == "__main__":
    main()
