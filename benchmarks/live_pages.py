"""The rows of `benchmarks.live` without a training: what open pages cost, and what the web process keeps of them."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import psutil

from benchmarks.live_clients import client, cpu_during
from tests.installation import ROOT, Installation, Server

QUEUE = """
import sys, django
django.setup()
from django.contrib.auth.models import User
from experiments.training.contract.config import TrainingConfig
from runs import lifecycle
config = TrainingConfig(experiment_name="live", source_path="builtin:digits-is-8").model_dump(mode="json")
owner, _ = User.objects.get_or_create(username="tester")
for _ in range(int(sys.argv[1])):
    lifecycle.create(owner, config)
"""
AT_ONCE = 300  # runs queued by one process
EPOCH_SECONDS = 2.0
LOADED_SECONDS = 3.0  # after which a process that was asked for something is idle again
REST_SECONDS = 70.0  # threads and caches that nobody uses end after a minute
MIB = 2**20


def open_list(place: Path, kept: dict[str, str], asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Measure an open list page while nothing happens, for each number of queued runs."""
    home, made = Installation(place, DJANGO_SETTINGS_MODULE="project.settings", **kept), 0
    with home.serve("--no-worker") as server:
        web = psutil.Process(server.process.pid).children()[0]
        for queued in asked.queued:
            for first in range(made, queued, AT_ONCE):
                home.python(QUEUE, str(min(AT_ONCE, queued - first)))
            made = queued
            yield asyncio.run(_idle(server, web, queued, asked.seconds))


async def _idle(server: Server, web: psutil.Process, queued: int, seconds: float) -> dict[str, Any]:
    async with client(server, "/ws/runs/") as opened:
        received = len(await opened.recv())
        with contextlib.suppress(TimeoutError):
            while True:
                received += len(await asyncio.wait_for(opened.recv(), LOADED_SECONDS))
        return {"queued": queued, "KiB on joining": received >> 10} | await cpu_during(seconds, {"web": web})


def open_run(place: Path, kept: dict[str, str], asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Measure an open page of a long run whose epochs end slowly; it asks for the hints after each."""
    home = Installation(place, DJANGO_SETTINGS_MODULE="project.settings", **kept)
    with home.serve("--no-worker") as server, _filled(home, "epochs", asked.epochs) as (run_id, writer):
        web = psutil.Process(server.process.pid).children()[0]
        cpu = asyncio.run(_follow(server, web, run_id, writer, asked.seconds))
        yield {"epochs": asked.epochs, "seconds between two": EPOCH_SECONDS} | cpu


async def _follow(
    server: Server, web: psutil.Process, run_id: int, writer: IO[str], seconds: float
) -> dict[str, float]:
    head = server.get(f"/api/runs/{run_id}/")["last_seq"]
    async with client(server, f"/ws/runs/{run_id}/?after={head}&ack=1") as opened:
        tasks = [asyncio.create_task(_ask(server, run_id, opened)), asyncio.create_task(_train(writer))]
        await asyncio.sleep(2 * EPOCH_SECONDS)
        cpu = await cpu_during(seconds, {"web": web})
        for task in tasks:
            task.cancel()
        return cpu


async def _ask(server: Server, run_id: int, opened: Any) -> None:
    while True:
        events = json.loads(await opened.recv())
        await opened.send(json.dumps({"ack": events[-1]["seq"]}))
        if any(event["type"] == "epoch_end" and event["data"]["phase"] == "val" for event in events):
            await asyncio.to_thread(server.get, f"/api/runs/{run_id}/hints/")


async def _train(writer: IO[str]) -> None:
    while True:
        writer.write("one more\n")
        writer.flush()
        await asyncio.sleep(EPOCH_SECONDS)


def memory(place: Path, kept: dict[str, str], asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Measure the web process before and after each round of histories, lists and pages."""
    home = Installation(place, DJANGO_SETTINGS_MODULE="project.settings", **kept)
    with home.serve("--no-worker") as server:
        home.python(QUEUE, "300")
        with _filled(home, "epochs", asked.epochs) as (long_run, _), _filled(home, "points", asked.points) as (many, _):
            web = psutil.Process(server.process.pid).children()[0]
            _get(server, "/healthz")
            found = {"points": asked.points, "MiB idle": _sizes(web), "MiB after each round": []}
            for _ in range(asked.rounds):
                for path in _paths(long_run, many, asked.points):
                    _get(server, path)
                found["MiB after each round"].append(_sizes(web))
            time.sleep(REST_SECONDS)
            yield found | {"MiB after a minute of rest": _sizes(web)}


def _paths(long_run: int, many: int, points: int) -> Iterator[str]:
    yield f"/api/runs/{many}/series/?name=batch/loss&points=2000"
    for first in range(0, points, 100_000):
        yield f"/api/runs/{many}/series/?name=batch/loss&points=100000&from={first}&to={first + 99_999}"
    yield f"/api/runs/{many}/snapshot/"
    yield f"/api/runs/{many}/events/?limit=1000"
    yield f"/api/runs/{long_run}/metrics/"
    yield f"/api/runs/{long_run}/snapshot/"
    yield f"/api/runs/{long_run}/hints/"
    yield "/api/runs/?page_size=200"
    yield "/api/queue/"
    yield f"/runs/{many}/"
    yield "/"


def _get(server: Server, path: str) -> None:
    """Read an answer and forget it; pages send to the login, which is an answer too."""
    request = urllib.request.Request(server.address + path, headers={"Authorization": f"Token {server.token}"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        while answer.read(MIB):
            pass


def _sizes(web: psutil.Process) -> dict[str, float]:
    found = web.memory_full_info()
    return {kind: round(getattr(found, kind) / MIB, 1) for kind in ("rss", "pss", "uss")}


@contextlib.contextmanager
def _filled(home: Installation, what: str, number: int) -> Iterator[tuple[int, IO[str]]]:
    """Fill the installation; yield the run's number, and where one more epoch is asked for."""
    command = [sys.executable, "-m", "benchmarks.run_writer", "tester", what, str(number)]
    with subprocess.Popen(
        command, cwd=ROOT, env=home.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as filling:
        assert filling.stdin is not None
        assert filling.stdout is not None
        run_id = int(filling.stdout.readline())
        try:
            yield run_id, filling.stdin
        finally:
            filling.stdin.close()
