"""How long an event takes from its commit to each of many clients, embedded (no Redis), 200 events a second.

    python -m benchmarks.fanout [--clients 1 50 200] [--seconds 8]

One server (Daphne), one writer process, all clients in this process. At most ten clients are measured: those that
joined last, and so are served last. They acknowledge each frame, as the page does; the others only drain their
sockets, because 200 full clients in Python are slower than the server. All share the machine, so the figures are
upper bounds and depend on what else runs: compare them with each other. Prints one JSON line per number of clients;
latencies are milliseconds, `server_cpu` and `client_cpu` are CPU time per second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
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

ROOT = Path(__file__).resolve().parent.parent
RATE = 200
MEASURED = 10
_SEQ = re.compile(r'"seq":(\d+)')


def main() -> None:
    parser = argparse.ArgumentParser(description="Latency from commit to client.")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 50, 200])
    parser.add_argument("--seconds", type=float, default=8.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"LIVETRAIN_HOME": home, "DJANGO_SETTINGS_MODULE": "project.settings"}
        _manage("migrate", "--verbosity", "0")
        token = _manage("apitoken", "benchmark").split()[-1]
        with _server() as (process, port):
            for clients in asked.clients:
                print(json.dumps(_measure(process, port, token, clients, asked.seconds)), flush=True)


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


def _measure(server: psutil.Process, port: int, token: str, clients: int, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.fanout_writer", str(int(seconds * RATE)), str(RATE)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        run_id, last = json.loads(writer.stdout.readline())
        address = f"ws://127.0.0.1:{port}/ws/runs/{run_id}/?ack=1&token={token}"
        cpu, own_cpu, start = sum(server.cpu_times()[:2]), time.process_time(), time.monotonic()
        arrivals = asyncio.run(_listen_all(address, last, clients, writer.stdin))
        cpu, elapsed = sum(server.cpu_times()[:2]) - cpu, time.monotonic() - start
        stored = dict(json.loads(writer.stdout.readline()))
    latencies = sorted((moment - stored[seq]) * 1e3 for each in arrivals for seq, moment in each.items())
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "clients": clients,
        "events_each": len(stored),
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
        "max_ms": round(latencies[-1], 1),
        "server_cpu": round(cpu / elapsed, 2),
        "server_cpu_seconds": round(cpu, 2),
        "client_cpu": round((time.process_time() - own_cpu) / elapsed, 2),
        "server_rss_mb": server.memory_info().rss // 2**20,
        "load": os.getloadavg()[0],
    }


async def _listen_all(address: str, last: int, clients: int, writer: IO[str]) -> list[dict[int, float]]:
    measured = min(clients, MEASURED)
    drains = [await _drain(address) for _ in range(clients - measured)]
    ready = asyncio.Semaphore(0)
    listening = [asyncio.create_task(_listen(address, last, ready)) for _ in range(measured)]
    for _ in range(measured):
        await ready.acquire()
    print("go", file=writer, flush=True)
    arrivals = await asyncio.gather(*listening)
    assert not any(drain.is_closing() for drain in drains)
    for drain in drains:
        drain.abort()
    return arrivals


async def _drain(address: str) -> asyncio.Transport:
    """Read everything and understand nothing; return when the server has sent its first bytes."""
    parts = urlsplit(address)
    drain = _Drain(f"{parts.path}?{parts.query.replace('ack=1&', '')}", parts.netloc)
    host, port = parts.netloc.split(":")
    transport, _ = await asyncio.get_running_loop().create_connection(lambda: drain, host, int(port))
    await drain.opened.wait()
    return transport


class _Drain(asyncio.Protocol):
    def __init__(self, path: str, host: str) -> None:
        self.opened = asyncio.Event()
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request.encode())

    def data_received(self, data: bytes) -> None:
        if data:
            self.opened.set()


async def _listen(address: str, last: int, ready: asyncio.Semaphore) -> dict[int, float]:
    """Record when each event arrived."""
    arrivals: dict[int, float] = {}
    async with connect(address, proxy=None, compression=None) as opened:
        await opened.recv()  # what was there before
        ready.release()
        seq = 0
        while seq < last:
            text = str(await opened.recv())
            now = time.monotonic()  # one clock for all processes of a machine
            for found in _SEQ.findall(text):
                seq = int(found)
                arrivals[seq] = now
            await opened.send(f'{{"ack":{seq}}}')
    return arrivals


if __name__ == "__main__":
    main()
