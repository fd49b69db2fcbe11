"""How long until the server answers and a training says its first word, and how much memory waiting costs.

`first answer` counts from the start of the server to its answer to `/healthz`, `cold` from there too, `warm` from the
POST, the last two to the first `batch_metrics` event as a WebSocket client gets it. Memory is PSS, MiB: a share of each
page that processes share (Linux only), of all processes of a kind.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from websockets.sync.client import connect

from benchmarks.peers.drivers import protocol
from tests.installation import Installation, Server
from tests.waiting import eventually

STARTS = 7
WARM_RUNS = 5
WORKERS = 8
REQUEST = {
    "experiment_name": "start",
    "source_path": "builtin:digits-is-8",
    "data": {"batch_size": 16},
    "trainer": {"max_epochs": 1},
}
MODULES = {"inspection_server": "inspection server", "resource_tracker": "resource tracker", "samples": "samples"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Installation(Path(folder) / "home", LIVETRAIN_FORK_SERVER_IDLE_SECONDS="600")
        home.manage("apitoken", "tester")
        one_worker(home)
        took = [first_answer(home) for _ in range(STARTS)]
        print(f"first answer: median of {STARTS} {statistics.median(took):.2f} s")
        print(f"      min {min(took):.2f} s, max {max(took):.2f} s")
        several_workers(home)


def one_worker(home: Installation) -> None:
    """Tell how long the first words of trainings take, and what waits before and after them."""
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
        tell("after runs", memory(server))
    with home.serve() as server:
        tell("idle", memory(server))


def several_workers(home: Installation) -> None:
    """Tell what many workers of one slot take while they wait, before any run and after each had one."""
    with home.serve("--workers", str(WORKERS)) as server:
        server.token  # noqa: B018
        tell(f"{WORKERS} workers, idle", memory(server))
        for run_id in [server.train(**REQUEST) for _ in range(WORKERS)]:
            server.wait_for(run_id, "completed", within=900)
        tell(f"{WORKERS} workers, after a run of each", memory(server))


def first_answer(home: Installation) -> float:
    """Measure the seconds from the start of the server to its first answer."""
    port = protocol.free_port()
    command = home.command("serve", "--port", str(port))
    with protocol.served(command, port, "/healthz", home.home, **home.environment) as (seconds, _):
        return seconds


def first_word(server: Server) -> float:
    """Measure the seconds from the POST to the first `batch_metrics`; wait for the end of the run before returning."""
    return followed(server, REQUEST)[0]


def followed(server: Server, request: Mapping[str, Any]) -> tuple[float, float]:
    """Measure the seconds from the POST to the first `batch_metrics`, and to the end of the run."""
    started, heard = time.perf_counter(), 0.0
    run_id = server.train(**request)
    headers = {"Authorization": f"Token {server.token}"}
    with connect(f"{server.websocket}/ws/runs/{run_id}/?after=0", additional_headers=headers) as socket:
        while True:
            types = [event["type"] for event in json.loads(socket.recv(timeout=120))]
            if not heard and "batch_metrics" in types:
                heard = time.perf_counter() - started
            if "training_end" in types:
                return heard, time.perf_counter() - started


def tell(when: str, sizes: Mapping[str, float]) -> None:
    parts = ", ".join(f"{name} {size:.0f}" for name, size in sizes.items())
    print(f"{when}: {sum(sizes.values()):.0f} MiB PSS ({parts})")


def memory(server: Server) -> dict[str, float]:
    """Return the PSS of the processes of each kind, once no training runs and the sum stands still."""
    launcher = psutil.Process(server.process.pid)
    eventually(lambda: sum(_role(process) == "training" for process in launcher.children(recursive=True)) == 0)
    protocol.settled_memory(launcher.pid)
    found = [("launcher", launcher), *((_role(process), process) for process in launcher.children(recursive=True))]
    numbers = Counter(role for role, _ in found)
    sizes: dict[str, float] = {}
    for role, process in found:
        name = role if numbers[role] == 1 else f"{numbers[role]} x {role}"
        sizes[name] = sizes.get(name, 0.0) + _pss(process)
    return sizes


def _role(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    if "forkserver" not in command:
        named = {"manage.py web": "web", "manage.py worker": "worker"} | MODULES
        return next((role for words, role in named.items() if words in command), "other")
    parent = process.parent()
    return "training" if parent and "forkserver" in " ".join(parent.cmdline()) else "fork server"


def _pss(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss) / 2**20


if __name__ == "__main__":
    main()
