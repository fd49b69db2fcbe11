"""How long another user's requests take while strangers try passwords.

    python -m benchmarks.wrong_passwords [--rate 60] [--seconds 15] [--rounds 3]

Two web processes on homes of their own, one with logins as Django has them. In turns a user asks each for a page of
runs, first while nothing else happens, then while strangers at many addresses send wrong passwords for names of theirs.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from benchmarks.web_requests import ROOT, Web, filled, served

PAGE = "/api/runs/?page_size=20"
PAUSE_SECONDS = 0.02
ADDRESSES = 200
KINDS = {"now": "project.settings", "unbounded": "benchmarks.unbounded_settings"}
CSRF = "a" * 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=60.0, help="wrong passwords a second")
    for name, default in (("seconds", 15), ("rounds", 3), ("runs", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    ratios: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory(prefix="livetrain-logins-") as folder:
        sessions = {kind: filled(Path(folder) / kind, ROOT, asked.runs) for kind in KINDS}
        for _ in range(asked.rounds):
            for kind, settings in KINDS.items():
                # With a public address the server believes the proxy's header, so that strangers have addresses.
                environment = {"DJANGO_SETTINGS_MODULE": settings, "LIVETRAIN_PUBLIC_URL": "http://127.0.0.1"}
                # One process for each round: passwords that wait are gone with it.
                with served(Path(folder) / kind, ROOT, sessions[kind], **environment) as web:
                    ratios[kind].append(_ratio(kind, web, asked))
    for kind, found in ratios.items():
        sys.stdout.write(f"{kind}: ratio {statistics.median(found):.2f}, median of {len(found)} rounds\n")


def _ratio(kind: str, web: Web, asked: argparse.Namespace) -> float:
    _asking(web, 1)  # the first requests load what is loaded once
    calm = statistics.median(_asking(web, asked.seconds))
    with _strangers(web.port, asked.rate) as answers:
        time.sleep(2)  # what there is of a queue has formed
        beside = _asking(web, asked.seconds)
    sys.stdout.write(
        f"{kind}: median {_ms(calm)} calm, {_ms(statistics.median(beside))} beside strangers (longest "
        f"{_ms(max(beside))}); strangers were answered {dict(answers.get())}\n"
    )
    sys.stdout.flush()
    return statistics.median(beside) / calm


def _asking(web: Web, seconds: float) -> list[float]:
    """Ask for the page for so long, and return what each answer took."""
    took, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline:
        began = time.perf_counter()
        web.get(PAGE)
        took.append(time.perf_counter() - began)
        time.sleep(PAUSE_SECONDS)
    return took


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


@contextmanager
def _strangers(port: int, rate: float) -> Iterator[Any]:
    """Let another process try passwords; when it has ended, what it yields has counts of the answers by status."""
    context = multiprocessing.get_context("spawn")
    over, answers = context.Event(), context.SimpleQueue()
    process = context.Process(target=_try_passwords, args=(port, rate, over, answers))
    process.start()
    try:
        yield answers
    finally:
        over.set()
        process.join(60)


def _try_passwords(port: int, rate: float, over: Event, answers: Any) -> None:
    answers.put(asyncio.run(_tries(port, rate, over)))


async def _tries(port: int, rate: float, over: Event) -> Counter[str]:
    """Send at that rate, however long each answer takes."""
    statuses: Counter[str] = Counter()
    tasks = set()
    began, sent = time.monotonic(), 0
    while not over.is_set():
        while sent < (time.monotonic() - began) * rate:
            task = asyncio.create_task(_try(port, sent, statuses))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            sent += 1
        await asyncio.sleep(0.005)
    for task in tuple(tasks):
        task.cancel()
    return statuses


async def _try(port: int, number: int, statuses: Counter[str]) -> None:
    """Send one wrong password over a connection of its own."""
    body = f"username=stranger{number}&password=wrong{number}&csrfmiddlewaretoken={CSRF}"
    address = f"198.51.{number % ADDRESSES}.7"
    head = (
        f"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {address}\r\nCookie: csrftoken={CSRF}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write((head + body).encode())
        statuses[(await reader.readline()).decode().partition(" ")[2][:3]] += 1
        await reader.read()
    except ConnectionError:
        statuses["none"] += 1
    finally:
        writer.close()


if __name__ == "__main__":
    main()
