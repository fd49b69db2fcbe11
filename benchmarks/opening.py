"""What opening a WebSocket by a ticket costs, against an API token in the header.

    python -m benchmarks.opening [--calls 100] [--rounds 7] [--services]

One web process; in turns, sockets of one run are opened one after the other until their first event is there. Prints
CPU time of the process and the time until the event, per socket, and the median ratio of the rounds. What it costs to
ask for the ticket stands beside, and is not part of the ratio. With `--services` on private PostgreSQL and Redis.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from websockets.asyncio.client import connect

from benchmarks.services import services
from tests.installation import Installation, Server

RUN = """
import django
django.setup()
from django.contrib.auth.models import User
from experiments.training.contract.config import TrainingConfig
from runs import lifecycle
config = TrainingConfig(experiment_name="opened", source_path="builtin:digits-is-8").model_dump(mode="json")
print(lifecycle.create(User.objects.get(username="tester"), config).pk)
"""


class Opener:
    """Opens sockets of one run, and measures the web process meanwhile."""

    def __init__(self, server: Server, run_id: int) -> None:
        self._web = psutil.Process(server.process.pid).children()[0]
        self._header = {"Authorization": f"Token {server.token}"}
        self._address = f"{server.websocket}/ws/runs/{run_id}/"
        self._api = http.client.HTTPConnection(urlsplit(server.address).netloc)

    def ticket(self) -> str:
        """Ask for a ticket."""
        self._api.request("POST", "/api/tickets/", headers=self._header)
        return str(json.loads(self._api.getresponse().read())["ticket"])

    def seconds(self, calls: int, *, by_ticket: bool) -> tuple[float, float]:
        """Return the CPU seconds and the seconds of one opening."""
        queries = [f"?ticket={self.ticket()}" if by_ticket else "" for _ in range(calls)]
        headers = {} if by_ticket else self._header
        used, began = self._used(), time.perf_counter()
        asyncio.run(self._open(queries, headers))
        return (self._used() - used) / calls, (time.perf_counter() - began) / calls

    def asking(self, calls: int) -> float:
        """Return the CPU seconds of asking for a ticket."""
        used = self._used()
        for _ in range(calls):
            self.ticket()
        return (self._used() - used) / calls

    async def _open(self, queries: list[str], headers: dict[str, str]) -> None:
        # One stays open, so that the run's hub does.
        async with connect(self._address, additional_headers=self._header, proxy=None, compression=None) as first:
            await first.recv()
            for query in queries:
                opening = connect(f"{self._address}{query}", additional_headers=headers, proxy=None, compression=None)
                async with opening as opened:
                    await opened.recv()

    def _used(self) -> float:
        used = self._web.cpu_times()
        return float(used.user + used.system)


def main() -> None:
    parser = argparse.ArgumentParser(description="Opening a WebSocket.")
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--services", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="livetrain-opening-") as folder, services(private=asked.services) as kept:
        variables = {"DJANGO_SETTINGS_MODULE": "project.settings", "LIVETRAIN_DEFAULT_ROLE": "trainer"}
        home = Installation(Path(folder) / "home", **variables, **kept)
        with home.serve("--no-worker") as server:
            assert server.token
            opener = Opener(server, int(home.python(RUN).split()[-1]))
            _measure(opener, asked)


def _measure(opener: Opener, asked: argparse.Namespace) -> None:
    for by_ticket in (False, True):
        opener.seconds(10, by_ticket=by_ticket)
    found: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    for _ in range(asked.rounds):
        for by_ticket, of_kind in found.items():
            of_kind.append(opener.seconds(asked.calls, by_ticket=by_ticket))
    for by_ticket, of_kind in found.items():
        cpu, took = (1e3 * statistics.median(column) for column in zip(*of_kind, strict=True))
        sys.stdout.write(f"{'ticket' if by_ticket else 'header'}: {cpu:.2f} ms CPU, {took:.2f} ms until the event\n")
    for at, what in enumerate(("CPU", "time")):
        ratios = [ticket[at] / header[at] for header, ticket in zip(found[False], found[True], strict=True)]
        sys.stdout.write(f"ticket / header, {what}: {statistics.median(ratios):.2f}\n")
    sys.stdout.write(f"asking for a ticket: {1e3 * opener.asking(asked.calls):.2f} ms CPU\n")


if __name__ == "__main__":
    main()
