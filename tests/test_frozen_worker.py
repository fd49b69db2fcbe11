"""A worker that stood still past its lease, as a machine's pause makes it: what it held is another's by then."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psutil

from tests import slow_network
from tests.installation import Server
from tests.prepared_home import prepared
from tests.training_processes import trains
from tests.waiting import eventually

LEASE_SECONDS = 3
REQUEST: dict[str, Any] = {
    "experiment_name": "frozen",
    "source_path": "builtin:breast-cancer",
    "data": {"test_fraction": 0.2},
    "trainer": {"max_epochs": 10_000},
    "callbacks": {"early_stopping": False},
    "model": slow_network.MODEL,
}
EXPORTS = ("metrics.csv", "metadata.json", "results.json", "predictions.parquet", "config.json")


def test_a_worker_thawed_after_its_lease_writes_nothing_and_works_again(tmp_path: Path) -> None:
    installation = prepared(tmp_path / "home", LIVETRAIN_LEASE_SECONDS=str(LEASE_SECONDS), **slow_network.SETTING)
    with installation.serve("--workers", "2") as server:
        workers = workers_of(server)
        run_id = server.train(**REQUEST)
        eventually(lambda: server.get(f"/api/runs/{run_id}/")["last_checkpoint"], within=180)
        [frozen] = [worker for worker in workers if runs_of(worker, server)]
        freeze(frozen)
        try:
            eventually(lambda: resumed(server, run_id), within=180)
            server.post(f"/api/runs/{run_id}/finish/", {})
            server.wait_for(run_id, "completed")
            before = everything(server, run_id)
        finally:
            frozen.resume()
        eventually(lambda: not trainings(server))  # it has noticed, and ended the training that it still had
        both = [server.train(**REQUEST) for _ in workers]
        for each in both:
            server.wait_for(each, "in_progress")
        assert frozen.is_running()
        eventually(lambda: all(runs_of(worker, server) for worker in workers))
        eventually(lambda: len(trainings(server)) == len(workers))
        assert everything(server, run_id) == before
        for each in both:
            server.post(f"/api/runs/{each}/kill/", {})


def freeze(worker: psutil.Process) -> None:
    """Freeze it, but not while it holds SQLite's one lock for writing, which nothing but its end would release."""
    worker.suspend()
    while any(holds_a_lock(line, worker.pid) for line in Path("/proc/locks").read_text().splitlines()):
        worker.resume()
        time.sleep(0.01)
        worker.suspend()


def holds_a_lock(line: str, pid: int) -> bool:
    """Return whether it has a lock, of a line such as `1: POSIX ADVISORY WRITE 4711 fd:00:131 120 120`."""
    fields = line.split()
    return fields[3] == "WRITE" and fields[4] == str(pid)


def workers_of(server: Server) -> list[psutil.Process]:
    return [child for child in psutil.Process(server.process.pid).children() if "worker" in child.cmdline()]


def runs_of(worker: psutil.Process, server: Server) -> list[int]:
    """Return the runs that it trains: whose processes these are does not show, as workers share a fork server."""
    listed = server.get("/api/queue/")["workers"]
    return [run["run_id"] for one in listed if one["name"].endswith(f":{worker.pid}") for run in one["runs"]]


def trainings(server: Server) -> list[psutil.Process]:
    return [child for child in psutil.Process(server.process.pid).children(recursive=True) if _trains(child)]


def _trains(process: psutil.Process) -> bool:
    try:
        return trains(process) and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ProcessLookupError):
        return False


def resumed(server: Server, run_id: int) -> bool:
    """Wait until another worker has resumed the run and completed an epoch of its own."""
    return str(server.get(f"/api/runs/{run_id}/")["last_checkpoint"]).startswith("checkpoints/a2/")


def everything(server: Server, run_id: int) -> tuple[Any, ...]:
    """Return all of a run that can be read: its row, its journal, its numbers, its files."""
    journal = server.get(f"/api/runs/{run_id}/events/?after=0&limit=1000&types=run_status,epoch_end,training_end")
    numbers = server.get(f"/api/runs/{run_id}/metrics/")
    files = [server.download(f"/api/runs/{run_id}/files/{name}") for name in EXPORTS]
    return server.get(f"/api/runs/{run_id}/"), journal["events"], numbers, files
