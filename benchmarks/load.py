"""A server under load for minutes: does it lose an event, and does its memory grow?

    python -m benchmarks.load [--minutes 10] [--clients 200] [--queued 200] [--running 4] [--json FILE]

An installation of its own (`manage.py serve`, embedded; with DATABASE_URL and REDIS_URL those), a worker whose
trainings emit 200 events a second each, queued runs behind them, and clients in another process that understand every
frame: an event is lost or doubled when a number is missing or comes twice at any of them. Latencies are from the
training's `emit` to the client, milliseconds; CPU is a share of one core. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load_processes import FLAT_MIB_PER_MINUTE, Sampler, roles, summary
from benchmarks.load_report import table
from benchmarks.load_training import RATE, SAID
from tests.installation import ROOT, Installation, Server

SAMPLE_SECONDS = 10.0
START_SECONDS = 600.0  # until PyTorch is loaded and the trainings run: a busy machine takes minutes
LISTS = 0.1  # share of the clients that follow the list, at least one
REQUEST = {"experiment_name": "load", "source_path": "builtin:digits-is-8"}
SERVICES = ("DATABASE_URL", "REDIS_URL")
SERVING = ("launcher", "web", "worker", "fork server")
WRITES = "writes.json"
OF_THE_WORKER = ("run_status", "resource_usage")  # what no training says


def main() -> None:
    parser = argparse.ArgumentParser(description="A server under load for minutes.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--queued", type=int, default=200)
    parser.add_argument("--running", type=int, default=4)
    parser.add_argument("--json", type=Path, help="where the figures go, with the series of memory")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="livetrain-load-") as folder:
        figures = Load(Path(folder) / "home", asked).carry_out()
    sys.stdout.write(table(figures))
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))
    sys.exit(0 if figures["holds"] else 1)


class Load:
    """One measurement, in a home of its own."""

    def __init__(self, home: Path, asked: argparse.Namespace) -> None:
        environment = {name: os.environ[name] for name in SERVICES if os.environ.get(name)}
        self._home = Installation(home, **environment, LIVETRAIN_METRICS_TOKEN="load-" * 4)
        self._database = None if "DATABASE_URL" in environment else home / "livetrain.sqlite3"
        self._asked = asked

    def carry_out(self) -> dict[str, Any]:
        """Return all figures; `holds` says whether nothing was lost or doubled and memory was flat."""
        asked = self._asked
        with self._home.serve("--no-worker") as server, self._worker() as worker:
            running = [server.train(**REQUEST) for _ in range(asked.running)]
            for run_id in running:
                server.wait_for(run_id, "in_progress", within=START_SECONDS)
            for _ in range(asked.queued):
                server.train(**REQUEST)
            with self._clients(server, running) as clients:
                measured = self._measure(server, worker, clients, running)
            measured["stored"] = {run_id: self._stored(server, run_id) for run_id in running}
        return self._judged(measured)

    def _measure(
        self, server: Server, worker: subprocess.Popen[bytes], clients: subprocess.Popen[str], running: list[int]
    ) -> dict[str, Any]:
        """Measure under load and at its end, when workers drain and clients get the rest."""
        processes = [psutil.Process(pid) for pid in (server.process.pid, worker.pid, clients.pid)]
        sampler = Sampler(roles(*processes), self._database, SAMPLE_SECONDS)
        say(clients, "measure")
        before = _heads(server, running)
        sampler.start()
        time.sleep(self._asked.minutes * 60)
        sampler.stop()
        after, load = _heads(server, running), os.getloadavg()
        queued = server.get("/api/queue/")["queued"]
        worker.terminate()
        worker.wait(60)
        heard = say(clients, "finish " + json.dumps(_heads(server, running)))
        events = sum(after.values()) - sum(before.values())
        return {"samples": sampler.samples, "heard": heard, "queued": queued, "events": events, "load": load} | {
            "ended": sorted(sampler.ended)
        }

    def _stored(self, server: Server, run_id: int) -> dict[str, int]:
        """Return what the training sent, and how much of it is in the journal."""
        said = json.loads((self._home.home / "runs" / str(run_id) / SAID).read_text())["events"]
        found, after = 0, 0
        while True:
            page = server.get(f"/api/runs/{run_id}/events/?after={after}&limit=1000")
            found += sum(event["type"] not in OF_THE_WORKER for event in page["events"])
            if not page["events"]:
                return {"said": said, "stored": found}
            after = page["last_seq"]

    def _judged(self, measured: dict[str, Any]) -> dict[str, Any]:
        asked, samples, heard = self._asked, measured["samples"], measured["heard"]
        processes = {name: summary(samples, name) for name in samples[0] if name not in ("seconds", "database")}
        sizes = [sample["database"] for sample in samples if "database" in sample]
        unstored = sum(abs(run["said"] - run["stored"]) for run in measured["stored"].values())
        flat = all(processes[name]["slope"] < FLAT_MIB_PER_MINUTE for name in SERVING if name in processes)
        none_wrong = not any([measured["ended"], unstored, heard["lost"], heard["doubled"], heard["wrong_list_rows"]])
        return measured | {
            "minutes": asked.minutes,
            "clients": asked.clients,
            "events_per_second": round(measured["events"] / samples[-1]["seconds"], 1),
            "asked_per_second": RATE * asked.running,
            "lost_before_the_journal": unstored,
            "writes": json.loads((self._home.home / WRITES).read_text()),
            "processes": processes,
            "bytes_per_event": _growth(sizes, measured["events"]) if sizes else None,
            "wal_mib_max": round(max(size["wal"] for size in sizes), 1) if sizes else None,
            "flat": flat,
            "holds": flat and none_wrong and measured["queued"] == asked.queued,
        }

    @contextlib.contextmanager
    def _worker(self) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "benchmarks.load_worker", str(self._asked.running)]
        environment = self._home.environment | {"DJANGO_SETTINGS_MODULE": "project.settings"}
        with (self._home.home / "worker.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, str(self._home.home / WRITES)], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
            try:
                yield process
            finally:
                process.terminate()
                process.wait(60)

    @contextlib.contextmanager
    def _clients(self, server: Server, running: list[int]) -> Iterator[subprocess.Popen[str]]:
        host, port = server.address.removeprefix("http://").split(":")
        of_list = max(1, round(self._asked.clients * LISTS))
        config = {"host": host, "port": int(port), "token": server.token, "runs": running}
        config |= {"of_runs": self._asked.clients - of_list, "of_list": of_list}
        command = [sys.executable, "-m", "benchmarks.load_clients"]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
            try:
                answer = say(clients, json.dumps(config))
                assert answer["open"] == self._asked.clients, answer
                yield clients
            finally:
                clients.kill()


def _heads(server: Server, runs: list[int]) -> dict[int, int]:
    return {run_id: server.get(f"/api/runs/{run_id}/")["last_seq"] for run_id in runs}


def _growth(sizes: list[dict[str, float]], events: int) -> int:
    """Return the bytes of the database's file per event."""
    return round((sizes[-1]["file"] - sizes[0]["file"]) * 2**20 / events)


def say(clients: subprocess.Popen[str], line: str) -> Any:
    """Send one command to the clients, and return their answer."""
    assert clients.stdin is not None
    assert clients.stdout is not None
    clients.stdin.write(line + "\n")
    clients.stdin.flush()
    return json.loads(clients.stdout.readline())


if __name__ == "__main__":
    main()
