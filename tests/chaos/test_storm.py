"""The storm: runs on two workers while a seeded script kills and freezes whatever it finds; then a checker looks.

`make storm SECONDS=600 SEED=3` makes it long; a short one is part of every test run. The runs all ask for the same
training, so whatever happened to each of them, their numbers must be those of the one that nothing happened to.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest
import sklearn.metrics as sk
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.installation import Installation, Server
from tests.waiting import eventually

SECONDS = float(os.environ.get("STORM_SECONDS", "20"))
SEED = int(os.environ.get("STORM_SEED", "1"))
RUNS = max(4, int(SECONDS / 4))
EPOCHS = 12
LEASE = 3.0
REQUEST: dict[str, Any] = {
    "experiment_name": "in the storm",
    "source_path": "builtin:breast-cancer",
    "data": {"batch_size": 2, "test_fraction": 0.2},
    "trainer": {"max_epochs": EPOCHS, "deterministic": True},
    "callbacks": {"early_stopping": False},
}


class Listener(threading.Thread):
    """Follows one run over any number of connections; keeps every number it is told, in order."""

    def __init__(self, address: str, token: str, run_id: int) -> None:
        super().__init__(daemon=True)
        self.run_id, self.heard, self.ended = run_id, [0], threading.Event()
        self._url = f"{address.replace('http', 'ws')}/ws/runs/{run_id}/"
        self._headers = {"Authorization": f"Token {token}"}

    def run(self) -> None:
        while not self.ended.wait(0.2):
            with contextlib.suppress(OSError, WebSocketException, TimeoutError), self._socket() as socket:
                while not self.ended.is_set():
                    self._take(json.loads(socket.recv(timeout=1)))

    def _socket(self) -> Any:
        return connect(f"{self._url}?after={self.heard[-1]}", additional_headers=self._headers, open_timeout=5)

    def _take(self, frame: list[dict[str, Any]]) -> None:
        for item in frame:
            self.heard.extend(range(item["from"], item["to"] + 1) if item["type"] == "skipped" else [item["seq"]])


class Storm:
    """Kills and freezes processes of one server, as a function of the seed and of what is there."""

    def __init__(self, server: Server, seed: int) -> None:
        self.faults: Counter[str] = Counter()
        self._server, self._chance = server, random.Random(seed)

    def rage(self, seconds: float) -> None:
        over = time.monotonic() + seconds
        while time.monotonic() < over:
            getattr(
                self, self._chance.choice(["training", "training", "worker", "worker", "web", "web", "frozen_worker"])
            )()
            time.sleep(self._chance.uniform(0.5, 2.5))

    def training(self) -> None:
        self._kill("training", [p for p in psutil.Process(self._server.process.pid).children(True) if _trains(p)])

    def worker(self) -> None:
        self._kill("worker", self._children("worker"))

    def web(self) -> None:
        self._kill("web", self._children("web"))

    def frozen_worker(self) -> None:
        """Past its lease, then thawed: somebody else has its runs by then."""
        for process in self._children("worker")[:1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()
                time.sleep(LEASE + 2)
                process.resume()
                self.faults["worker frozen past its lease"] += 1

    def _children(self, kind: str) -> list[psutil.Process]:
        found = psutil.Process(self._server.process.pid).children()
        return [process for process in found if kind in _command(process)]

    def _kill(self, what: str, candidates: list[psutil.Process]) -> None:
        if candidates:
            with contextlib.suppress(psutil.NoSuchProcess):
                self._chance.choice(candidates).kill()
                self.faults[f"{what} killed"] += 1


def _command(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return list(process.cmdline())
    return []


def _trains(process: psutil.Process) -> bool:
    """A copy of a fork server that leads a session of its own."""
    with contextlib.suppress(psutil.Error, ProcessLookupError):
        return "forkserver" in " ".join(process.cmdline()) and os.getsid(process.pid) == process.pid
    return False


FAULTS = (Storm.training, Storm.training, Storm.worker, Storm.worker, Storm.web, Storm.web, Storm.frozen_worker)


@pytest.mark.chaos
def test_the_storm(tmp_path: Path) -> None:
    environment = {"LIVETRAIN_LEASE_SECONDS": str(LEASE), "LIVETRAIN_GRACE_SECONDS": "3"}
    installation = Installation(tmp_path / "home", **environment, LIVETRAIN_ATTEMPT_LIMIT="1000")
    with installation.serve("--workers", "2") as server:
        runs = [server.train(**REQUEST) for _ in range(RUNS)]
        listeners = [Listener(server.address, server.token, run_id) for run_id in runs]
        for listener in listeners:
            listener.start()
        storm = Storm(server, SEED)
        storm.rage(SECONDS)
        details = [finished(server, run_id) for run_id in runs]
        attempts = [detail["attempt"] for detail in details]
        sys.stdout.write(f"storm of {SECONDS:.0f} s, seed {SEED}: {dict(storm.faults)}, attempts {attempts}\n")
        for detail, listener in zip(details, listeners, strict=True):
            check(server, detail, listener)
        whole = [detail["run_id"] for detail in details if detail["status"] == "completed"]
        assert len({json.dumps(numbers(server, run_id), sort_keys=True) for run_id in whole}) == 1
        assert sum(storm.faults.values()) >= SECONDS / 8
    check_leftovers(installation.home)


def finished(server: Server, run_id: int) -> dict[str, Any]:
    """Its detail at its end. A training that was killed has failed, truthfully, and is resumed where it can be."""

    def ended() -> dict[str, Any] | None:
        with contextlib.suppress(OSError):  # the web process may just be coming back
            detail: dict[str, Any] = server.get(f"/api/runs/{run_id}/")
            if detail["status"] == "failed":
                if "SIGKILL" not in detail["reason"]:
                    pytest.fail(detail["reason"])
                if not detail["last_checkpoint"]:
                    return detail
                server.post(f"/api/runs/{run_id}/resume/", {})
            return detail if detail["status"] == "completed" else None
        return None

    return eventually(ended, within=60 + 10 * RUNS, every=0.5)


def check(server: Server, detail: dict[str, Any], listener: Listener) -> None:
    """The journal has no gap, and the client heard all of it once."""
    run_id, last = detail["run_id"], detail["last_seq"]
    eventually(lambda: listener.heard[-1] == last, within=30)
    listener.ended.set()
    assert listener.heard == list(range(last + 1)), f"run {run_id}: a client heard something twice or never"
    journal: list[int] = []
    while len(journal) < last:
        page = server.get(f"/api/runs/{run_id}/events/?after={len(journal)}&limit=1000")
        journal.extend(event["seq"] for event in page["events"])
    assert journal == list(range(1, last + 1))
    if detail["status"] == "completed":
        check_numbers(server, run_id)


def check_numbers(server: Server, run_id: int) -> None:
    """Each epoch has one value, and the final numbers recompute from the predictions."""
    for series in server.get(f"/api/runs/{run_id}/metrics/?context=epoch")["series"]:
        assert series["epochs"] == list(range(EPOCHS)), f"run {run_id}: {series['name']}"
    table = pq.read_table(io.BytesIO(server.download(f"/api/runs/{run_id}/files/predictions.parquet"))).to_pylist()
    for split, final in server.get(f"/api/runs/{run_id}/final-stats/")["splits"].items():
        rows = [row for row in table if row["split"] == split]
        labels, scores = [row["label"] for row in rows], [row["score"] for row in rows]
        assert final["confusion_matrix"] == sk.confusion_matrix(labels, [score >= 0.5 for score in scores]).tolist()
        assert final["statistics"]["final_auroc_cm"] == pytest.approx(sk.roc_auc_score(labels, scores), abs=1e-12)


def numbers(server: Server, run_id: int) -> Any:
    """All that the training found out."""
    metrics = server.get(f"/api/runs/{run_id}/metrics/")["series"]
    return metrics, server.get(f"/api/runs/{run_id}/final-stats/")["splits"]


def check_leftovers(home: Path) -> None:
    """No process of the server, and no half-written file."""

    def mine() -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("LIVETRAIN_HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    eventually(lambda: not mine(), within=30)
    assert list((home / "runs").rglob("*.tmp")) == []
