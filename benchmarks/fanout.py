"""How long an event takes from its commit to each of many clients, 200 events a second.

    python -m benchmarks.fanout [--clients 1 50 200 500] [--seconds 8] [--follow list] [--as operator member]
        [--services] [--acknowledge]

One server (Daphne), one writer process, all clients in this process. At most ten clients are measured: those that
joined last. They acknowledge once a second, as the page does; the others only drain their sockets, because 200 full
clients in Python are slower than the server; with `--acknowledge` they acknowledge too. They follow the run, or with
`--follow list` all runs, as an operator, who sees everything, or as a member of one project; with both, in turn. With
`--services` on private PostgreSQL and Redis, else embedded. All share the machine, so the figures are upper bounds and
depend on what else runs: compare them with each other. Prints one JSON line per number of clients; latencies are
milliseconds, `server_cpu` and `client_cpu` are CPU time per second, `frame_us` is the server's for each frame sent.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import psutil
from websockets.asyncio.client import connect

from benchmarks.services import services

ROOT = Path(__file__).resolve().parent.parent
RATE = 200
MEASURED = 10
ACKNOWLEDGE_SECONDS = 1.0
_SEQ = {"run": re.compile(r'"seq":(\d+)'), "list": re.compile(r'"last_seq":(\d+)')}
OPERATOR = "from django.contrib.auth.models import User; User.objects.update(is_staff={})"


def main() -> None:
    parser = argparse.ArgumentParser(description="Latency from commit to client.")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 50, 200, 500])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--follow", choices=list(_SEQ), default="run")
    parser.add_argument("--as", nargs="+", choices=["operator", "member"], default=["member"], dest="kinds")
    parser.add_argument("--services", action="store_true")
    parser.add_argument("--acknowledge", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, services(private=asked.services) as kept:
        os.environ |= {
            "LIVETRAIN_HOME": home,
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "LIVETRAIN_DEFAULT_ROLE": "trainer",
        } | kept
        _manage("migrate", "--verbosity", "0")
        token = _manage("apitoken", "benchmark").split()[-1]
        with _server() as (process, port):
            for clients in asked.clients:
                for kind in asked.kinds:
                    _manage("shell", "-c", OPERATOR.format(kind == "operator"))
                    found = {"as": kind} | _measure(process, port, token, clients, asked)
                    print(json.dumps(found | {"on": "services" if kept else "SQLite"}), flush=True)


def _manage(*arguments: str) -> str:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@contextlib.contextmanager
def _server() -> Iterator[tuple[psutil.Process, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "daphne", "-v", "0", "-p", str(port), "project.asgi:application"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.1)
            yield psutil.Process(process.pid), port
        finally:
            process.terminate()


def _measure(server: psutil.Process, port: int, token: str, clients: int, asked: argparse.Namespace) -> dict[str, Any]:
    events = str(int(asked.seconds * RATE))
    command = [sys.executable, "-m", "benchmarks.run_writer", "benchmark", "events", events, str(RATE)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        run_id, last = json.loads(writer.stdout.readline())
        path = f"{run_id}/?ack=1" if asked.follow == "run" else ""
        crowd = Crowd(server, f"ws://127.0.0.1:{port}/ws/runs/{path}", token, last, acknowledge=asked.acknowledge)
        arrivals = asyncio.run(crowd.listen(clients, writer.stdin))
        stored = dict(json.loads(writer.stdout.readline()))
    latencies = sorted(
        (moment - stored[seq]) * 1e3 for each in arrivals for seq, moment in each.items() if seq in stored
    )
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "clients": clients,
        "events_each": len(stored),
        "lost": len(stored) * len(arrivals) - len(latencies) if asked.follow == "run" else None,
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
        "max_ms": round(latencies[-1], 1),
        "server_cpu": round(crowd.cpu / crowd.elapsed, 3),
        "server_cpu_seconds": round(crowd.cpu, 2),
        "client_cpu": round(crowd.own_cpu / crowd.elapsed, 2),
        "frames_each": crowd.frames // len(arrivals),
        "frame_us": round(1e6 * crowd.cpu / (crowd.frames / len(arrivals) * clients), 1),
        "server_rss_mb": server.memory_info().rss // 2**20,
        "load": os.getloadavg()[0],
    }


class Crowd:
    """All clients of one measurement, and what the server takes from the first event to the last."""

    def __init__(self, server: psutil.Process, address: str, token: str, last: int, *, acknowledge: bool) -> None:
        self.cpu = self.own_cpu = self.elapsed = 0.0
        self.frames = 0  # that the measured clients received
        self._server, self._address, self._last, self._acknowledge = server, address, last, acknowledge
        self._login = {"Authorization": f"Token {token}"}
        self._seq = _SEQ["run" if "ack" in address else "list"]

    async def listen(self, clients: int, writer: IO[str]) -> list[dict[int, float]]:
        """Open all, let the writer go, and return when each event arrived at each of the measured ones."""
        measured = min(clients, MEASURED)
        drains = [await self._drain() for _ in range(clients - measured)]
        ready = asyncio.Semaphore(0)
        listening = [asyncio.create_task(self._listen(ready)) for _ in range(measured)]
        for _ in range(measured):
            await ready.acquire()
        cpu, own_cpu, start = self._server_cpu(), time.process_time(), time.monotonic()
        print("go", file=writer, flush=True)
        arrivals = await asyncio.gather(*listening)
        self.cpu, self.elapsed = self._server_cpu() - cpu, time.monotonic() - start
        self.own_cpu = time.process_time() - own_cpu
        assert not any(drain.is_closing() for drain in drains)
        for drain in drains:
            drain.abort()
        return arrivals

    def _server_cpu(self) -> float:
        return float(sum(self._server.cpu_times()[:2]))

    async def _drain(self) -> asyncio.Transport:
        """Read everything and understand little; return when the server has sent its first bytes."""
        parts = urlsplit(self._address)
        path = f"{parts.path}?{parts.query}" if self._acknowledge and parts.query else parts.path
        headers = {"Host": parts.netloc, **self._login}
        drain = _Drain(path, "".join(f"{name}: {value}\r\n" for name, value in headers.items()), self._acknowledge)
        host, port = parts.netloc.split(":")
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: drain, host, int(port))
        await drain.opened.wait()
        return transport

    async def _listen(self, ready: asyncio.Semaphore) -> dict[int, float]:
        """Record when each event arrived."""
        arrivals: dict[int, float] = {}
        async with connect(self._address, additional_headers=self._login, proxy=None, compression=None) as opened:
            await opened.recv()  # what was there before
            ready.release()
            seq, acknowledged = 0, time.monotonic()
            while seq < self._last:
                text = str(await opened.recv())
                now = time.monotonic()  # one clock for all processes of a machine
                self.frames += 1
                for found in self._seq.findall(text):
                    seq = int(found)
                    arrivals[seq] = now
                if now - acknowledged > ACKNOWLEDGE_SECONDS:
                    acknowledged = now
                    await opened.send(f'{{"ack":{seq}}}')
        return arrivals


class _Drain(asyncio.Protocol):
    def __init__(self, path: str, headers: str, acknowledge: bool) -> None:
        self.opened = asyncio.Event()
        self._acknowledged = time.monotonic() if acknowledge else math.inf
        self._transport: asyncio.WriteTransport | None = None
        self._request = (
            f"GET {path} HTTP/1.1\r\n{headers}Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(self._request.encode())

    def data_received(self, data: bytes) -> None:
        if data:
            self.opened.set()
        if time.monotonic() - self._acknowledged > ACKNOWLEDGE_SECONDS:
            seq, comma, _ = data.rpartition(b'"seq":')[2].partition(b",")
            if comma and seq.isdigit():
                self._acknowledged = time.monotonic()
                self._send(b'{"ack":' + seq + b"}")

    def _send(self, text: bytes) -> None:
        """Send a short text as one frame, masked with zeros."""
        assert self._transport is not None
        self._transport.write(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)


if __name__ == "__main__":
    main()
