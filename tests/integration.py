"""The integration tests once more, on real services: `python -m tests.integration [pytest's arguments]`.

They are the tests that go through the database, in this process or in those of an installation: web server, worker,
training, WebSocket. `make test` runs them on SQLite without any server; this runs them on PostgreSQL, with Redis as
broker and channel layer, and those in which messages wake workers with RabbitMQ as broker. The servers are private
and started once. `--core` narrows that to where the database itself is at work, `--core=runs` and `--core=else`, as
`make test` says, to a half of it each, `--only=redis` and `--only=rabbitmq` to one of the two brokers. Where servers
cannot be had it says so loudly, and fails if LIVETRAIN_REQUIRE_SERVICES is set.

PostgreSQL makes each database as a copy of `template1`, which is migrated, as a new one is by `manage.py migrate`:
the tests of upgrades ask for an empty one.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.services import servers

ROOT = Path(__file__).resolve().parent.parent
ALL = ("tests", "--ignore=tests/experiments/training", "--ignore=tests/browser", "--ignore=tests/services")
RUNS = ("tests/runs",)
ELSE = (
    "tests/audit/test_append_only.py",
    "tests/audit/test_recording.py",
    "tests/test_end_to_end.py",
    "tests/test_frozen_worker.py",
    "tests/test_restored_backup.py",
    "tests/experiments/api/test_run_actions.py",
    "tests/experiments/supervision/test_supervisor.py",
    "tests/notifications",
    "tests/project/test_upgrade.py",
    "tests/realtime",
)
CORE = (*RUNS, *ELSE)
CHOICES = {"--core": CORE, "--core=runs": RUNS, "--core=else": ELSE}
QUEUE = (
    "tests/test_end_to_end.py::test_every_event_arrives_once_in_order_and_is_the_journal",
    "tests/test_end_to_end.py::test_a_stopped_server_goes_on_from_the_last_complete_epoch",
    "tests/test_end_to_end.py::test_a_killed_worker_loses_nothing",
    "tests/experiments/api/test_endpoint.py",
    "tests/experiments/api/test_endpoint_folds.py",
    "tests/experiments/api/test_run_actions.py",
    "tests/experiments/api/test_priority.py",
)
OWN_WORDS = (*CHOICES, "--only=redis", "--only=rabbitmq")
REQUIRED = os.environ.get("LIVETRAIN_REQUIRE_SERVICES", "").lower() in ("1", "true", "yes")


def main() -> int:
    """Run the tests and return the exit status."""
    with contextlib.ExitStack() as stack:
        database = _address(stack, "PostgreSQL", servers.postgresql())
        redis = _address(stack, "Redis", servers.redis_server())
        codes = []
        if "--only=rabbitmq" not in sys.argv:
            tests = next((tests for word, tests in CHOICES.items() if word in sys.argv), ALL)
            codes.append(_session("PostgreSQL and Redis", tests, database, redis, redis))
        if "--only=redis" not in sys.argv:
            rabbitmq = _address(stack, "RabbitMQ", servers.rabbitmq())
            codes.append(_session("PostgreSQL, Redis and RabbitMQ", QUEUE, database, redis, rabbitmq))
        return max(codes)


def _address(stack: contextlib.ExitStack, name: str, server: contextlib.AbstractContextManager[str]) -> str:
    """Start a server for as long as `stack`, and return its address; blank where it is not available."""
    try:
        return stack.enter_context(server)
    except servers.Unavailable as reason:
        sys.stdout.write(f"!! {name} is missing. {reason}\n")
        return ""


def _session(name: str, tests: tuple[str, ...], database: str, redis: str, broker: str) -> int:
    """Run a separate pytest, because settings are read once; return its exit status."""
    if not (database and redis and broker):
        sys.stdout.write(f"!! NOT TESTED: {name}\n")
        return int(REQUIRED)
    sys.stdout.write(f"== integration tests on {name}\n")
    sys.stdout.flush()
    started = time.monotonic()
    addresses = {"DATABASE_URL": database, "REDIS_URL": redis, "BROKER_URL": broker}
    environment = os.environ | {f"LIVETRAIN_TEST_{variable}": address for variable, address in addresses.items()}
    words = [word for word in sys.argv[1:] if word not in OWN_WORDS]
    command = [sys.executable, "-m", "pytest", "--integration", "--quiet", *tests, *words]
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    sys.stdout.write(f"== integration tests on {name}: {time.monotonic() - started:.0f} s, exit status {code}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
