"""What the rights of members cost in lists of runs: the requests of `listing` by members, against an operator's.

    python -m benchmarks.rights [--runs 5000] [--rounds 15] [--home FOLDER] [--only facets]

The runs are divided evenly between ten projects; members belong to one, to five and to nine of them, or to all. Django
answers in this process, embedded or on the server of DATABASE_URL. In turns operator and members ask for the same; what
is printed is the operator's CPU time, and the median ratio of each member's to it. Of PostgreSQL the time of its own
process is added. With `--home` the runs are kept in that folder, and found there by the next call.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import django
import psutil

PROJECTS = 10
MEMBERS = (1, 5, 9, 10)
"""Of how many projects; of all ten, no query names them."""


def main() -> None:
    parser = argparse.ArgumentParser(description="What the rights of members cost in lists of runs.")
    for name, default in (("runs", 5_000), ("queued", 50), ("rounds", 15)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", default="", help="Calls whose name has this")
    parser.add_argument("--home", type=Path, help="A folder that keeps the runs")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="livetrain-rights-") as folder:
        os.environ |= {
            "LIVETRAIN_HOME": str((asked.home or Path(folder)).resolve()),
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "LIVETRAIN_LOG_LEVEL": "WARNING",
        }
        django.setup()
        _measure(_readers(asked), asked)


def _readers(asked: argparse.Namespace) -> dict[str, Any]:
    """Return a client of each reader, the operator first; fill the installation if it has no runs."""
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from runs.models import Run  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    if not Run.objects.exists():
        _fill(asked)
    readers = {}
    for user in User.objects.filter(username__startswith="reader-").order_by("pk"):
        client = readers[user.username.removeprefix("reader-")] = Client(headers={"host": "localhost"})
        client.force_login(user)
    return readers


def _fill(asked: argparse.Namespace) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.db.models import F  # noqa: PLC0415

    from access.models import Membership, Project  # noqa: PLC0415
    from access.roles import Role  # noqa: PLC0415
    from benchmarks.list_runs import fill  # noqa: PLC0415
    from runs.models import Run  # noqa: PLC0415

    fill(asked.runs, asked.queued)
    known = list(Project.objects.order_by("pk"))
    projects = known + [Project.objects.create(name=f"Project {place}") for place in range(len(known), PROJECTS)]
    for place, project in enumerate(projects):
        # By experiment: those of 300 are numbered in turn, so that each project has thirty of its own.
        Run.objects.alias(rest=F("pk") % PROJECTS).filter(rest=place).update(project=project)
    User.objects.create_user("reader-operator", is_staff=True)
    for number in MEMBERS:
        user = User.objects.create_user(f"reader-{number}")
        for project in projects[:number]:
            Membership.objects.update_or_create(user=user, project=project, defaults={"role": Role.VIEWER})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _measure(readers: dict[str, Any], asked: argparse.Namespace) -> None:
    from django.db import connection  # noqa: PLC0415

    from benchmarks.list_calls import CALLS, pages  # noqa: PLC0415

    sys.stdout.write(f"{connection.vendor}; ms of the operator, then ratios of members of that many projects\n")
    sys.stdout.write(f"{'':42}{'':8}{''.join(f'{name:>8}' for name in readers)}\n")
    calls = {name: path for name, path in CALLS.items() if asked.only in name}
    addresses = {reader: dict(pages(client, calls)) for reader, client in readers.items()}
    for name in calls:
        took: dict[str, list[float]] = {reader: [] for reader in readers}
        for turn in range(asked.rounds + 1):
            for reader, client in readers.items():
                seconds = _seconds(client, addresses[reader][name])
                if turn:  # the first one loads what is loaded once
                    took[reader].append(seconds)
        [operator, *_] = took.values()
        ratios = [
            statistics.median(one / other for one, other in zip(of_reader, operator, strict=True))
            for of_reader in took.values()
        ]
        figures = "".join(f"{ratio:8.2f}" for ratio in ratios)
        sys.stdout.write(f"{name:42}{1e3 * statistics.median(operator):8.1f}{figures}\n")
        sys.stdout.flush()


def _seconds(client: Any, path: str) -> float:
    """Return the CPU seconds of a request, in this process and in the database's."""
    from django.db import connection  # noqa: PLC0415

    connection.ensure_connection()
    server = _server(connection)
    began = time.process_time() + _used(server)
    answer = client.get(path)
    took = time.process_time() + _used(server) - began
    assert answer.status_code == 200, (path, answer.status_code, answer.content[:500])
    return took


def _server(connection: Any) -> psutil.Process | None:
    if connection.vendor != "postgresql":
        return None
    return psutil.Process(connection.connection.info.backend_pid)


def _used(process: psutil.Process | None) -> float:
    if process is None:
        return 0.0
    used = process.cpu_times()
    return float(used.user + used.system)


if __name__ == "__main__":
    main()
