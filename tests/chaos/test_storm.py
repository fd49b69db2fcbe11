"""The storm: runs on two workers and clients of two web servers, while a seeded script breaks whatever it finds.

`make storm SECONDS=600 SEED=3` makes it long, `SERVICES=1` puts PostgreSQL and Redis under it; short ones are part
of every test run. The runs all ask for the same training, so whatever happened to each of them, their numbers must
be those of the one that nothing happened to.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import prepared_database
from tests.chaos.checker import Checker, check_leftovers
from tests.chaos.disk import NoSmallDisk, SmallDisk, small_disk
from tests.chaos.listener import Listener
from tests.chaos.operator import Operator
from tests.chaos.report import Report
from tests.chaos.site import Site
from tests.chaos.stores import Store, postgresql, redis_with
from tests.chaos.storm import Storm
from tests.services import servers
from tests.services.parts import new_database

SECONDS = float(os.environ.get("STORM_SECONDS", "20"))
SEED = int(os.environ.get("STORM_SEED", "1"))
REPORTS = os.environ.get("STORM_REPORTS")
RUNS = max(4, int(SECONDS / 15))
CLIENTS = 2  # of each run
EPOCHS = 12
REQUEST: dict[str, Any] = {
    "experiment_name": "in the storm",
    "source_path": "builtin:breast-cancer",
    "data": {"batch_size": 2, "test_fraction": 0.2},
    "trainer": {"max_epochs": EPOCHS, "deterministic": True},
    "callbacks": {"early_stopping": False},
}


@pytest.mark.chaos
def test_the_storm_on_the_embedded_server(tmp_path: Path) -> None:
    weather(tmp_path, "embedded", {})


@pytest.mark.chaos
@pytest.mark.services
def test_the_storm_on_postgresql_and_redis(tmp_path: Path) -> None:
    """Odd seeds let Redis write an append-only file, even ones let it forget everything: the database is the truth."""
    persistent = bool(SEED % 2)
    with contextlib.ExitStack() as stack:
        try:
            server, redis = stack.enter_context(servers.postgresql()), stack.enter_context(servers.redis_server())
        except servers.Unavailable as reason:
            pytest.skip(str(reason))
        database = new_database(server, "storm", prepared_database.ON_POSTGRESQL)
        stores = {
            "PostgreSQL": stack.enter_context(postgresql(database)),
            "Redis": stack.enter_context(redis_with(redis, persistent=persistent)),
        }
        where = {"DATABASE_URL": database, "REDIS_URL": redis, "BROKER_URL": redis.replace("/0", "/1")}
        weather(tmp_path, f"services-{'aof' if persistent else 'forgetful'}", stores, **where)


def weather(folder: Path, mode: str, stores: dict[str, Store], **settings: str) -> None:
    chance = random.Random(SEED)
    report = Report(mode, SEED, SECONDS)
    with disk_of(folder / "home", report) as disk, Site(folder, chance, stores=stores, disk=disk, **settings) as site:
        runs = [int(site.post("/api/experiments/centralized/train", REQUEST)["run_id"]) for _ in range(RUNS)]
        ports = [proxy.port for proxy in site.proxies]
        listeners = [Listener(ports, site.token, run_id, chance) for run_id in runs for _ in range(CLIENTS)]
        for listener in listeners:
            listener.start()
        storm, operator, checker = Storm(site, chance), Operator(site, runs), Checker(site, EPOCHS)
        try:
            operator.wait_until_something_is_learnt()
            storm.rage(SECONDS)
            calm = time.monotonic()
            operator.bring_to_an_end(storm.faults)
            report.settled_seconds = round(time.monotonic() - calm, 1)
            for run_id in runs:
                checker.check(run_id, [listener for listener in listeners if listener.run_id == run_id])
            site.stop()
            check_leftovers(site)
        except BaseException:
            sys.stdout.writelines(f"--- {name}\n{said}\n" for name, said in site.said().items())
            sys.stdout.write(f"{dict(storm.faults)}\n{operator.last_seen}\n")
            raise
        summarize(report, storm, operator, checker, listeners)
    path = report.save(Path(REPORTS) if REPORTS else folder)
    sys.stdout.write(f"\n{report.text()}  report: {path}\n")
    assert report.completed, "nothing was completed"
    assert sum(storm.faults.values()) >= SECONDS / 8


@contextlib.contextmanager
def disk_of(home: Path, report: Report) -> Iterator[SmallDisk | None]:
    with contextlib.ExitStack() as stack:
        disk = None
        try:
            disk = stack.enter_context(small_disk(home))
        except NoSmallDisk as why:
            report.not_injected.append(f"a full disk, because no small one can be mounted here: {why}")
            warnings.warn(report.not_injected[-1], stacklevel=2)
        yield disk


def summarize(report: Report, storm: Storm, operator: Operator, checker: Checker, listeners: list[Listener]) -> None:
    ended = list(operator.ended.values())
    report.faults = {what: number for what, number in sorted(storm.faults.items()) if number}
    report.runs, report.attempts = len(ended), [detail["attempt"] for detail in ended]
    report.completed = sum(detail["status"] == "completed" for detail in ended)
    report.failed_before_a_checkpoint = len(ended) - report.completed
    report.failures_told = dict(operator.failures)
    report.clients, report.connections = len(listeners), sum(listener.connections for listener in listeners)
    report.events_heard = sum(len(listener.heard) - 1 for listener in listeners)
    report.events_stored, report.numbers_recomputed = checker.events, checker.numbers
