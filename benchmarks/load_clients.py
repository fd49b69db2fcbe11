"""The browsers of `benchmarks.load`, all in one process: `python -m benchmarks.load_clients`.

Commands come as lines on standard input, each is answered by a line of JSON. The first is the configuration:
`{"host", "port", "token", "runs": [ids], "of_runs": n, "of_list": n}`. Then `measure` forgets the latencies up to now;
`finish {"<run>": last_seq}` waits until every client has everything, and says what each got. Like the page, a client
of a run acknowledges each frame and comes back with its last number. A frame that many clients get is understood once.
"""

from __future__ import annotations

import asyncio
import json
import os
import struct
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from benchmarks.percentiles import Histogram

PATIENCE_SECONDS = 180.0
KNOWN_FRAMES = 256
RETRY_SECONDS = 0.5
_KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # as good as any: nothing here caches


@dataclass(slots=True)
class Understood:
    """A frame of a run: the numbers it holds, and when each event happened."""

    numbers: list[int]
    moments: list[float]
    skipped: int

    @property
    def whole(self) -> bool:
        """Whether nothing is missing or double between its first and last number."""
        return self.numbers == list(range(self.numbers[0], self.numbers[0] + len(self.numbers)))


@dataclass(slots=True)
class Tally:
    """What all clients have seen together."""

    latencies: Histogram = field(default_factory=Histogram)
    events: int = 0
    frames: int = 0
    bytes: int = 0
    lost: int = 0
    doubled: int = 0
    skipped: int = 0
    disconnected: int = 0


class Client(asyncio.Protocol):
    """One WebSocket; RFC 6455 as far as this server uses it: unfragmented text, ping, close."""

    def __init__(self, browsers: Browsers, path: str) -> None:
        self.browsers, self.path = browsers, path
        self.open = False
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        headers = {
            "Host": f"{self.browsers.host}:{self.browsers.port}",
            "Authorization": f"Token {self.browsers.token}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": _KEY,
            "Sec-WebSocket-Version": "13",
        }
        lines = [f"GET {self.address()} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def connection_lost(self, _error: Exception | None) -> None:
        self._unread, self.open = b"", False
        if not self.browsers.closing:
            self.browsers.tally.disconnected += 1
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self.browsers.connect, self)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        data = self._unread + data if self._unread else data
        if not self.open:
            head, separator, data = data.partition(b"\r\n\r\n")
            if not separator:
                self._unread = head
                return
            if not head.startswith(b"HTTP/1.1 101"):  # the server took too long: as a browser, come back
                self.transport.close()
                return
            self.open = True
        self._unread = self._frames(data, now)

    def _frames(self, data: bytes, now: float) -> bytes:
        """Take all whole frames and return what is left."""
        start = 0
        while len(data) - start >= 2:
            size, begin = data[start + 1], start + 2
            if size == 126:
                if len(data) < begin + 2:
                    break
                size, begin = int.from_bytes(data[begin : begin + 2]), begin + 2
            elif size == 127:
                if len(data) < begin + 8:
                    break
                size, begin = int.from_bytes(data[begin : begin + 8]), begin + 8
            if len(data) < begin + size:
                break
            self._frame(data[start], data[begin : begin + size], now)
            start = begin + size
        return data[start:]

    def _frame(self, first: int, payload: bytes, now: float) -> None:
        if first == 0x81:
            self.browsers.tally.frames += 1
            self.browsers.tally.bytes += len(payload)
            self.take(payload, now)
        elif first == 0x89:
            self.send(0x8A, payload)
        elif first == 0x88:
            self.transport.close()
        else:
            raise AssertionError(f"unexpected frame {first:#x}")

    def send(self, first: int, payload: bytes) -> None:
        """Send one frame of less than 126 bytes, masked with zeros: what a mask is for plays no part here."""
        self.transport.write(struct.pack("!BB4x", first, 0x80 | len(payload)) + payload)

    def address(self) -> str:
        raise NotImplementedError

    def take(self, payload: bytes, now: float) -> None:
        raise NotImplementedError


class RunClient(Client):
    """Follows one run; counts numbers that are missing or come twice."""

    def __init__(self, browsers: Browsers, run_id: int) -> None:
        super().__init__(browsers, f"/ws/runs/{run_id}/")
        self.run_id, self.cursor = run_id, 0

    def address(self) -> str:
        return f"{self.path}?after={self.cursor}&ack=1"

    def take(self, payload: bytes, now: float) -> None:
        understood, tally = self.browsers.understood(payload), self.browsers.tally
        numbers = understood.numbers
        if numbers[0] != self.cursor + 1 or not understood.whole:
            fresh = {number for number in numbers if number > self.cursor}
            tally.doubled += len(numbers) - len(fresh)
            tally.lost += max(0, numbers[-1] - self.cursor) - len(fresh)
        tally.events += len(numbers)
        tally.skipped += understood.skipped
        for moment in understood.moments:
            tally.latencies.add(now - moment)
        self.cursor = max(self.cursor, numbers[-1])
        self.send(0x81, b'{"ack":%d}' % self.cursor)


class ListClient(Client):
    """Follows all runs; keeps the newest number that it was told of each."""

    def __init__(self, browsers: Browsers) -> None:
        super().__init__(browsers, "/ws/runs/")
        self.told: dict[int, int] = {}

    def address(self) -> str:
        return self.path

    def take(self, payload: bytes, now: float) -> None:  # noqa: ARG002
        self.told |= self.browsers.summaries(payload)


class Browsers:
    """All clients, and what they have seen."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.host, self.port, self.token = config["host"], config["port"], config["token"]
        self.tally = Tally()
        self.closing = False
        runs = config["runs"]
        self.of_runs = [RunClient(self, runs[index % len(runs)]) for index in range(config["of_runs"])]
        self.of_list = [ListClient(self) for _ in range(config["of_list"])]
        self._known: dict[bytes, Any] = {}
        self._connecting: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Open twenty connections at a time: how fast a server accepts is another question."""
        clients: list[Client] = [*self.of_runs, *self.of_list]
        for first in range(0, len(clients), 20):
            for client in clients[first : first + 20]:
                self.connect(client)
            await _until(lambda first=first: all(client.open for client in clients[: first + 20]))

    def connect(self, client: Client) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._connect(client))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, client: Client) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: client, self.host, self.port)
        except OSError:
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self.connect, client)

    def understood(self, payload: bytes) -> Understood:
        if (known := self._known.get(payload)) is None:
            known = self._remember(payload, _understand(json.loads(payload)))
        assert isinstance(known, Understood)
        return known

    def summaries(self, payload: bytes) -> dict[int, int]:
        if (known := self._known.get(payload)) is None:
            items = [item for item in json.loads(payload) if item["type"] == "run_summary"]
            known = self._remember(payload, {item["run_id"]: item["data"]["last_seq"] for item in items})
        assert isinstance(known, dict)
        return known

    def _remember(self, payload: bytes, found: Any) -> Any:
        if len(self._known) >= KNOWN_FRAMES:
            self._known.clear()
        self._known[payload] = found
        return found

    async def finish(self, last: dict[int, int]) -> dict[str, Any]:
        """Wait until all have everything, then return what they received."""
        await _until(lambda: all(client.cursor >= last[client.run_id] for client in self.of_runs))
        await _until(lambda: all(client.told[run_id] == last[run_id] for client in self.of_list for run_id in last))
        self.closing = True
        behind = [max(0, last[client.run_id] - client.cursor) for client in self.of_runs]
        wrong = [client.told[run_id] != last[run_id] for client in self.of_list for run_id in last]
        return {
            "latency_ms": self.tally.latencies.summary(),
            "events": self.tally.events,
            "frames": self.tally.frames,
            "bytes": self.tally.bytes,
            "lost": self.tally.lost + sum(behind),
            "doubled": self.tally.doubled,
            "skipped": self.tally.skipped,
            "disconnected": self.tally.disconnected,
            "wrong_list_rows": sum(wrong),
        }


def _understand(items: list[dict[str, Any]]) -> Understood:
    numbers: list[int] = []
    moments: list[float] = []
    skipped = 0
    for item in items:
        if item["type"] == "skipped":
            numbers += range(item["from"], item["to"] + 1)
            skipped += item["to"] - item["from"] + 1
        else:
            numbers.append(item["seq"])
            moments.append(datetime.fromisoformat(item["timestamp"]).timestamp())
    return Understood(numbers, moments, skipped)


async def _until(condition: Any) -> bool:
    """Return whether it came true in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


async def main() -> None:
    loop = asyncio.get_running_loop()
    browsers = Browsers(json.loads(sys.stdin.readline()))
    await browsers.open()
    _answer({"open": sum(client.open for client in [*browsers.of_runs, *browsers.of_list])})
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        command, _, argument = line.partition(" ")
        if command == "measure":
            browsers.tally.latencies = Histogram()
            _answer({"pid": os.getpid()})
        elif command == "finish":
            _answer(await browsers.finish({int(run_id): last for run_id, last in json.loads(argument).items()}))
            return


def _answer(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
