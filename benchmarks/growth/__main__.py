"""How cost grows: `python -m benchmarks.growth [--parts runs points ...] [--full] [--services] [--write]`.

CPU seconds, so that other work on the machine counts little; each part in a process and a home of its own, with ten
times as much of something at each step. `--full` goes on to 1,000,000 runs and 10,000,000 points. `--services` measures
runs and trainings on a PostgreSQL and a Redis that it starts, and counts their CPU time too. `--write` renews what was
measured in `benchmarks/growth.json`, from which the documentation makes its tables (`docs/explanation/scale.md`).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psutil

from benchmarks.growth.curve import Curve, curves
from benchmarks.growth.report import FILE, table
from tests.installation import ROOT
from tests.services import servers

SIZES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "runs": ((100, 1_000, 10_000, 100_000), (1_000_000,)),
    "points": ((1_000, 10_000, 100_000, 1_000_000), (10_000_000,)),
    "epochs": ((10, 100, 1_000, 10_000), ()),
    "classes": ((2, 10, 100, 1_000), ()),
    "viewers": ((1, 10, 100, 1_000), ()),
    "trainings": ((1, 2, 4, 8), ()),
}
"""What each part is measured with, and with `--full` too."""
ON_SERVICES = ("runs", "trainings")
SECONDS = 12.0


def main() -> None:
    asked = _asked()
    found: list[Curve] = []
    with contextlib.ExitStack() as stack:
        services = stack.enter_context(_services()) if asked.services else {}
        for part in asked.parts:
            if asked.services and part not in ON_SERVICES:
                continue
            start = time.monotonic()
            more = SIZES[part][1] if asked.full else ()
            sizes = [size for size in (*SIZES[part][0], *more) if asked.most is None or size <= asked.most]
            made = _part(part, sizes, services)
            sys.stdout.write(f"{part}: {time.monotonic() - start:.0f} s\n{table(made)}\n\n")
            sys.stdout.flush()
            found += made
            if asked.write and made:
                _write(part, made, asked)


def _part(part: str, sizes: list[int], services: dict[str, Any]) -> list[Curve]:
    question = {"sizes": sizes, "seconds": SECONDS, "servers": {}, "database": "SQLite"} | services.get("asked", {})
    command = [sys.executable, "-m", f"benchmarks.growth.parts.{part}", json.dumps(question)]
    foreign = ("DATABASE_URL", "REDIS_URL", "BROKER_URL")
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    environment |= services.get("environment", {})
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.stdout.write(f"{part} failed: exit status {done.returncode}\n")
    return curves([json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")])


@contextlib.contextmanager
def _services() -> Iterator[dict[str, Any]]:
    """Start PostgreSQL and Redis; yield their addresses as variables, and their processes."""
    with servers.postgresql() as database, servers.redis_server() as redis:
        children = psutil.Process().children()
        pids = {
            said: next(child.pid for child in children if child.name().startswith(name))
            for said, name in (("PostgreSQL", "postgres"), ("Redis", "redis-server"))
        }
        environment = {"DATABASE_URL": database, "REDIS_URL": redis, "BROKER_URL": redis}
        yield {"environment": environment, "asked": {"servers": pids, "database": "PostgreSQL"}}


def _write(part: str, made: list[Curve], asked: argparse.Namespace) -> None:
    """Put the curves in place of older ones of the same name."""
    known = json.loads(FILE.read_text()) if FILE.exists() else {"measured": {}, "curves": []}
    new = {curve.what for curve in made}
    kept = [curve for curve in known["curves"] if curve["part"] != part or curve["what"] not in new]
    key = f"{part}, on services" if asked.services else part
    options = "".join(f" --{name}" for name in ("full", "services") if getattr(asked, name))
    options += "" if asked.most is None else f" --most {asked.most}"
    known["measured"][key] = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m benchmarks.growth --parts {part}{options}",
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
    }
    known["curves"] = kept + [_rounded(curve) for curve in made]
    FILE.write_text(json.dumps(known, indent=1) + "\n")


def _rounded(curve: Curve) -> dict[str, Any]:
    return curve._asdict() | {"costs": [float(f"{cost:.4g}") for cost in curve.costs]}


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How cost grows.")
    parser.add_argument("--parts", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--full", action="store_true", help="1,000,000 runs and 10,000,000 points too")
    parser.add_argument("--most", type=int, help="leave out what is larger")
    parser.add_argument("--services", action="store_true", help="runs and trainings on PostgreSQL and Redis")
    parser.add_argument("--write", action="store_true", help="renew benchmarks/growth.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
