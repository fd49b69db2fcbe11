"""How long a value takes from the training to a client's hand, and what waiting costs: `python -m benchmarks.live`.

    [--seconds 20] [--queued 300] [--clients 1]

A server, a worker whose training reports a value ten times a second, clients that follow the run. Then, the training
gone: what an open list page costs while nothing happens, with so many queued runs, and how much joining brings.
With DATABASE_URL and REDIS_URL on those. Latencies are milliseconds, CPU is a share of one core. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from websockets.asyncio.client import ClientConnection, connect

from tests.installation import ROOT, Installation, Server

REQUEST = {"experiment_name": "live", "source_path": "builtin:digits-is-8"}
WARM_UP = 20  # values before those that count
SERVICES = ("DATABASE_URL", "REDIS_URL")


def main() -> None:
    parser = argparse.ArgumentParser(description="From the training to a client's hand.")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--queued", type=int, default=300)
    parser.add_argument("--clients", type=int, default=1)
    asked = parser.parse_args()
    environment = {name: os.environ[name] for name in SERVICES if os.environ.get(name)}
    with tempfile.TemporaryDirectory(prefix="livetrain-live-") as folder:
        home = Installation(Path(folder) / "home", **environment)
        with home.serve("--no-worker") as server:
            web = psutil.Process(server.process.pid).children()[0]
            with _worker(home) as worker:
                run_id = server.train(**REQUEST)
                server.wait_for(run_id, "in_progress")
                watching = _watch(server, run_id, asked, {"web": web, "worker": psutil.Process(worker.pid)})
                print(json.dumps({"live": asyncio.run(watching)}), flush=True)
            for _ in range(asked.queued):
                server.train(**REQUEST)
            print(json.dumps({"idle list": asyncio.run(_idle(server, web, asked))}), flush=True)


@contextlib.contextmanager
def _worker(home: Installation) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "benchmarks.load_worker", "1", str(home.home / "writes.json")]
    environment = home.environment | {"DJANGO_SETTINGS_MODULE": "project.settings"}
    with (home.home / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "benchmarks.live_training"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


@contextlib.asynccontextmanager
async def _client(server: Server, path: str) -> Any:
    headers = {"Authorization": f"Token {server.token}"}
    address = f"{server.websocket}{path}"
    async with connect(address, additional_headers=headers, proxy=None, compression=None, max_size=None) as opened:
        yield opened


async def _watch(
    server: Server, run_id: int, asked: argparse.Namespace, processes: dict[str, psutil.Process]
) -> dict[str, float]:
    latencies: list[float] = []
    async with contextlib.AsyncExitStack() as stack:
        path = f"/ws/runs/{run_id}/?after=0&ack=1"
        clients = [await stack.enter_async_context(_client(server, path)) for _ in range(asked.clients)]
        listening = [asyncio.create_task(_listen(opened, latencies)) for opened in clients]
        async with asyncio.timeout(120):
            while len(latencies) < WARM_UP:  # noqa: ASYNC110  (the first run starts the fork server)
                await asyncio.sleep(0.1)
        latencies.clear()
        cpu = await _cpu_during(asked.seconds, processes)
        for task in listening:
            task.cancel()
    cuts = statistics.quantiles(latencies, n=100)
    return {"values": len(latencies), "p50": round(cuts[49], 1), "p95": round(cuts[94], 1)} | cpu


async def _listen(opened: ClientConnection, latencies: list[float]) -> None:
    while True:
        events = json.loads(await opened.recv())
        now = time.time()
        happened = [datetime.fromisoformat(event["timestamp"]).timestamp() for event in events if "seq" in event]
        latencies += [1e3 * (now - moment) for moment in happened]
        await opened.send(json.dumps({"ack": events[-1]["seq"]}))


async def _idle(server: Server, web: psutil.Process, asked: argparse.Namespace) -> dict[str, float]:
    async with _client(server, "/ws/runs/") as opened:
        received = len(await opened.recv())
        with contextlib.suppress(TimeoutError):
            while True:
                received += len(await asyncio.wait_for(opened.recv(), 2))
        return {"queued": asked.queued, "KiB on joining": received >> 10} | await _cpu_during(
            asked.seconds, {"web": web}
        )


async def _cpu_during(seconds: float, processes: dict[str, psutil.Process]) -> dict[str, float]:
    before = {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
    await asyncio.sleep(seconds)
    return {
        f"{name} cpu": round((sum(process.cpu_times()[:2]) - before[name]) / seconds, 4)
        for name, process in processes.items()
    }


if __name__ == "__main__":
    main()
