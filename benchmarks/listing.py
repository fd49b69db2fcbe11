"""What the list of runs takes with many runs: pages, orders, searches, filters with their counts, groups.

    python -m benchmarks.listing [--runs 10000] [--queued 50] [--rounds 15] [--only facets]

A home of its own (embedded, or the server of DATABASE_URL); Django answers in this process, so that a figure is the
work of the server alone, without a socket, on a connection of its own, as each request has one. The calls run in
turns. Prints of each, in milliseconds, the median of the rounds, the least (what a calm machine takes) and the most;
how many queries it asks, and how much of the median they took.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from typing import Any, NamedTuple

import django

# The home is made before the settings are read: they are read once.
_HOME = tempfile.TemporaryDirectory(prefix="livetrain-listing-")
os.environ |= {
    "LIVETRAIN_HOME": _HOME.name,
    "DJANGO_SETTINGS_MODULE": "project.settings",
    "LIVETRAIN_DEFAULT_ROLE": "trainer",
}
os.environ["LIVETRAIN_LOG_LEVEL"] = "WARNING"
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from benchmarks.list_calls import CALLS, pages  # noqa: E402
from benchmarks.list_runs import fill  # noqa: E402
from runs.models import Run  # noqa: E402


class Took(NamedTuple):
    """Seconds of one call, and how many queries it asked and how long they took."""

    whole: float
    queries: int
    in_queries: float
    size: int


class Stopwatch:
    """Counts the queries of a connection, and their time with that of fetching the first rows."""

    def __init__(self) -> None:
        self.queries, self.seconds = 0, 0.0

    def __call__(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, parameters, many, context)
        finally:
            self.seconds += time.perf_counter() - start
            self.queries += 1


def main() -> None:
    parser = argparse.ArgumentParser(description="The list of runs with many runs.")
    for name, default in (("runs", 10_000), ("queued", 50), ("rounds", 15)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", default="", help="Calls whose name has this")
    asked = parser.parse_args()
    with _HOME:
        client = _client()
        fill(asked.runs, asked.queued)
        calls = {name: path for name, path in CALLS.items() if asked.only in name}
        _measure(client, dict(pages(client, calls)), asked.rounds)


def _client() -> Any:
    call_command("migrate", verbosity=0)
    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model().objects.create_user("reader"))
    return client


def _measure(client: Any, calls: dict[str, str], rounds: int) -> None:
    took: dict[str, list[Took]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, path in calls.items():
            found = _ask(client, path)
            if turn:  # the first one loads what is loaded once
                took[name].append(found)
    sys.stdout.write(f"{Run.objects.count():,} runs, {connection.vendor}; median, least and most of {rounds}, ms\n")
    for name, found_all in took.items():
        _say(name, found_all)


def _ask(client: Any, path: str) -> Took:
    watch = Stopwatch()
    connection.close()
    with connection.execute_wrapper(watch):
        start = time.perf_counter()
        answer = client.get(path)
        size = len(answer.content)
        whole = time.perf_counter() - start
    assert answer.status_code == 200, (path, answer.status_code, answer.content[:500])
    return Took(whole, watch.queries, watch.seconds, size)


def _say(name: str, took: list[Took]) -> None:
    whole, queries = ([getattr(one, part) * 1e3 for one in took] for part in ("whole", "in_queries"))
    figures = (statistics.median(whole), min(whole), max(whole))
    sys.stdout.write(
        f"{name:42}{''.join(f'{figure:8.1f}' for figure in figures)}"
        f"{took[0].queries:5} queries{statistics.median(queries):8.1f}{took[0].size / 1024:7.0f} KiB\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
