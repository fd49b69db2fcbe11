"""How long until a training says its first word, and how much memory waiting costs.

`cold` counts from the start of the server, `warm` from the POST, both to the first `batch_metrics` event as a
WebSocket client gets it. Memory is PSS, MiB: a share of each page that processes share (Linux only).
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path

import psutil
from websockets.sync.client import connect

from tests.installation import Installation, Server
from tests.waiting import eventually

WARM_RUNS = 5
REQUEST = {
    "experiment_name": "start",
    "source_path": "builtin:digits-is-8",
    "data": {"batch_size": 16},
    "trainer": {"max_epochs": 1},
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Installation(Path(folder) / "home", LIVETRAIN_FORK_SERVER_IDLE_SECONDS="600")
        home.manage("apitoken", "tester")
        started = time.perf_counter()
        with home.serve() as server:
            serving = time.perf_counter() - started
            server.token  # noqa: B018  (made before the clock counts)
            token_made = time.perf_counter()
            first = first_word(server)
            cold = serving + time.perf_counter() - token_made
            print(f"cold: server up {serving:.1f} s, start of server to first batch_metrics {cold:.1f} s")
            assert first > 0
            warm = [first_word(server) for _ in range(WARM_RUNS)]
            print(f"warm: POST to first batch_metrics, median of {WARM_RUNS}: {statistics.median(warm):.2f} s")
            print(f"      min {min(warm):.2f} s, max {max(warm):.2f} s")
            for name, size in memory(server).items():
                print(f"idle {name}: {size:.0f} MiB PSS")


def first_word(server: Server) -> float:
    """Measure the seconds from the POST to the first `batch_metrics`; wait for the end of the run before returning."""
    started = time.perf_counter()
    run_id = server.train(**REQUEST)
    headers = {"Authorization": f"Token {server.token}"}
    heard = 0.0
    with connect(f"{server.websocket}/ws/runs/{run_id}/?after=0", additional_headers=headers) as socket:
        while True:
            types = [event["type"] for event in json.loads(socket.recv(timeout=120))]
            if not heard and "batch_metrics" in types:
                heard = time.perf_counter() - started
            if "training_end" in types:
                return heard


def memory(server: Server) -> dict[str, float]:
    """Return the PSS of each process of the idle server."""
    launcher = psutil.Process(server.process.pid)
    eventually(lambda: sum(_role(process) == "training" for process in launcher.children(recursive=True)) == 0)
    sizes = {"launcher": _pss(launcher)}
    for process in launcher.children(recursive=True):
        sizes[_role(process)] = _pss(process)
    return sizes


def _role(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    if "forkserver" not in command:
        return next((name for name in ("web", "worker") if f"manage.py {name}" in command), "resource tracker")
    parent = process.parent()
    return "training" if parent and "forkserver" in " ".join(parent.cmdline()) else "fork server"


def _pss(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss) / 2**20


if __name__ == "__main__":
    main()
