"""What all drivers share: how they are called, and how they take time. Standard library alone.

A driver is run by the interpreter of its contestant, in the project's root:
`python -m benchmarks.peers.drivers.DRIVER FUNCTION SIZES`, sizes as JSON.
It prints one line of JSON last: `value` in the row's unit, and whatever else is worth keeping.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import resource
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from types import FunctionType
from typing import Any
from urllib.parse import quote, urlsplit

Figures = dict[str, Any]
LEAST_PAUSE = 0.001  # between two calls: what a very small network's step takes
POLL_SECONDS = 0.02
SAFE = "/?&=%,:;+@[]"  # what an address has beside words


def main(driver: Mapping[str, Any]) -> None:
    """Carry out one public function of the driver (its `globals()`) in a folder of its own, and print what it found."""
    functions = {name: one for name, one in driver.items() if isinstance(one, FunctionType) and _is_own(one)}
    name, sizes = sys.argv[1], json.loads(sys.argv[2])
    if name not in functions:
        sys.stdout.write(json.dumps({"missing": True}) + "\n")
        return
    before = time.process_time()
    with tempfile.TemporaryDirectory(prefix="peer-") as folder:
        figures = functions[name](Path(folder), **sizes)
    sys.stdout.write(json.dumps({"cpu": round(time.process_time() - before, 3)} | figures) + "\n")


def _is_own(function: FunctionType) -> bool:
    return function.__module__ == "__main__" and not function.__name__.startswith("_")


def numbers(count: int, seed: int = 1) -> list[float]:
    """Make values as losses are: all different, so that nothing is packed better than it would be."""
    chance = random.Random(seed)
    return [chance.lognormvariate(0, 1) for _ in range(count)]


def named(values: int, step: int, pool: list[float]) -> dict[str, float]:
    """Return the values of one step."""
    return {f"value_{number}": pool[(step * values + number) % len(pool)] for number in range(values)}


def blocked(call: Callable[[dict[str, float]], object], calls: int) -> Figures:
    """Measure how long the caller waits for one call of 10 values, a small pause between two; median and p95 in us."""
    pool = numbers(10_000)
    took = []
    for step in range(calls + 50):
        values = named(10, step, pool)
        start = time.perf_counter()
        call(values)
        took.append(time.perf_counter() - start)
        time.sleep(LEAST_PAUSE)
    return spread_of([seconds * 1e6 for seconds in took[50:]])


def rate(count: int, work: Callable[[], object]) -> Figures:
    """Measure how many a second are done."""
    start = time.perf_counter()
    work()
    return {"value": count / (time.perf_counter() - start)}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """A server's address, asked over one connection that is kept."""

    def __init__(self, address: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(address)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
        self._headers = dict(headers or {})

    def ask(self, path: str, body: Any = None) -> Any:
        """Return the JSON of a GET, or of a POST with the body."""
        return json.loads(self.text(path, body))

    def text(self, path: str, body: Any = None) -> bytes:
        """Return the answer to a GET, or to a POST with the body as JSON."""
        data = None if body is None else json.dumps(body).encode()
        more = {} if body is None else {"Content-Type": "application/json"}
        self._connection.request("GET" if body is None else "POST", quote(path, SAFE), data, self._headers | more)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {answer.status} {text[:300]!r}")
        return text


def answered(times: int, ask: Callable[[], object]) -> Figures:
    """Measure the milliseconds of an answer, parsed; the first ones are thrown away."""
    for _ in range(2):
        ask()
    took = []
    for _ in range(times):
        start = time.perf_counter()
        ask()
        took.append((time.perf_counter() - start) * 1e3)
    return {"value": statistics.median(took), "least": min(took), "most": max(took)}


def tables(times: int, read: Callable[[], Any], points: int) -> Figures:
    """Measure a client that reads a curve into a DataFrame of so many rows: seconds, and its own CPU seconds."""
    assert len(read()) == points
    took, used = [], []
    for _ in range(times):
        start, began = time.perf_counter(), time.process_time()
        read()
        used.append(time.process_time() - began)
        took.append(time.perf_counter() - start)
    return {"value": statistics.median(took), "client": statistics.median(used)}


def imported(package: str, times: int, path: str | None = None) -> Figures:
    """Measure an interpreter that imports a package and ends: CPU milliseconds, and milliseconds in all."""
    took, used = [], []
    command, variables = (
        [sys.executable, "-c", f"import {package}"],
        os.environ | ({"PYTHONPATH": path} if path else {}),
    )
    for turn in range(times + 1):
        start, began = time.perf_counter(), _of_children()
        subprocess.run(command, env=variables, check=True)
        if turn:  # the first one compiles, and reads files into the memory
            used.append((_of_children() - began) * 1e3)
            took.append((time.perf_counter() - start) * 1e3)
    return {"value": statistics.median(used), "all": statistics.median(took)}


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def until(holds: Callable[[], bool], seconds: float = 300) -> None:
    """Wait until it holds; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(POLL_SECONDS)


def polled(log: Callable[[int], object], newest: Callable[[], int], values: int) -> Figures:
    """Measure from the call that logs a step to a reader that asks every 20 ms for the newest one, in ms."""
    chance = random.Random(1)
    delays: list[float] = []
    for step in range(1, values + 1):
        told = time.perf_counter()
        log(step)
        until(lambda wanted=step: newest() >= wanted)  # type: ignore[misc]
        delays.append((time.perf_counter() - told) * 1e3)
        time.sleep(chance.uniform(0.0, 0.05))
    return spread_of(delays)


def spread_of(delays: list[float]) -> Figures:
    """Return the median with the 95th percentile."""
    ordered = sorted(delays)
    return {"value": statistics.median(ordered), "p95": ordered[int(len(ordered) * 0.95)]}


@contextmanager
def served(command: list[str], port: int, path: str, home: Path, **environment: str) -> Iterator[tuple[float, int]]:
    """Start a server; yield the seconds to its first answer to `path`, and its process id."""
    start = time.perf_counter()
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | environment, cwd=home)
    try:
        while not _answers(port, path):
            if process.poll() is not None or time.perf_counter() - start > 180:
                raise RuntimeError((home / "server.log").read_text()[-2_000:])
            time.sleep(0.01)
        yield time.perf_counter() - start, process.pid
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server with all that it has started; some outlive a polite request."""
    started = descendants(process.pid)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    kill([process.pid, *started])
    process.wait()


def kill(pids: Iterable[int]) -> None:
    """Kill processes, those that have ended left out."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def started(serve: Callable[[int], AbstractContextManager[tuple[float, int]]], *, before: int = 0) -> Figures:
    """Measure the seconds to a server's first answer and the MiB that it then settles at.

    So many starts `before` leave the home as it is from then on; the first one is told beside it.
    """
    found = []
    for _ in range(before):
        with serve(free_port()) as (seconds, _pid):
            found.append(seconds)
    with serve(free_port()) as (seconds, pid):
        return {"value": seconds, "first": [*found, seconds][0], "memory": settled_memory(pid, 30)}


def _answers(port: int, path: str) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and theirs. Linux."""
    found = []
    with suppress(OSError):  # it may end meanwhile
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in task.read_text().split():
                found += [int(child), *descendants(int(child))]
    return found


def memory(pid: int) -> float:
    """Return the MiB of a process with all that it started: PSS, a share of each page that is shared. Linux."""
    return sum(_pss(one) for one in [pid, *descendants(pid)]) / 1024


def settled_memory(pid: int, seconds: float = 10) -> float:
    """Return `memory` once it has stood still for two seconds, or after so many."""
    deadline, last = time.monotonic() + seconds, 0.0
    while abs((now := memory(pid)) - last) > 1 and time.monotonic() < deadline:
        last = now
        time.sleep(2)
    return now


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended meanwhile
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def sqlite_size(path: Path) -> int:
    """Return the bytes of a database once what waits beside it is part of it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.stat().st_size
