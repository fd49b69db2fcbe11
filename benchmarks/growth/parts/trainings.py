"""What worker, web process and servers take with more and more trainings at 200 events a second each, by `load`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

from benchmarks.growth import measuring
from benchmarks.load_training import RATE
from tests.installation import ROOT

VIEWERS = 10


def main() -> None:
    asked = measuring.asked()
    suffix = f", {asked['database']}" if asked["servers"] else ""
    with measuring.Collected("trainings", "trainings") as found:
        for trainings in asked["sizes"]:
            before = _of_servers(asked["servers"])
            figures = _load(trainings, asked["seconds"])
            # Of the events that were asked for: a busy machine stores fewer in the same time.
            behind = RATE * trainings / figures["events_per_second"]
            for name in ("web", "worker"):
                found.add(f"{name} process{suffix}", "cores", trainings, figures["processes"][name]["cpu"] * behind)
            found.add(f"memory of the worker (PSS){suffix}", "MiB", trainings, figures["processes"]["worker"]["pss"])
            for name, seconds in _of_servers(asked["servers"]).items():
                cores = (seconds - before[name]) / asked["seconds"] * behind
                found.add(f"{name}, with the start of a server", "cores", trainings, cores)


def _fresh(trainings: int) -> dict[str, str]:
    """Make a database, and choose one of Redis, for this load alone: runs that wait from before would be trained first.

    Nothing where no services are used: an embedded installation has a home of its own.
    """
    url, name = os.environ.get("DATABASE_URL"), f"load_of_{trainings}"
    if url is None:
        return {}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    redis = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{trainings}").geturl()
    return {"DATABASE_URL": urlsplit(url)._replace(path=f"/{name}").geturl(), "REDIS_URL": redis, "BROKER_URL": redis}


def _of_servers(pids: dict[str, int]) -> dict[str, float]:
    return {name: measuring.of_tree(psutil.Process(pid)) for name, pid in pids.items()}


def _load(trainings: int, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="livetrain-growth-") as folder:
        report = Path(folder) / "load.json"
        options = {"minutes": seconds / 60, "running": trainings, "clients": VIEWERS, "queued": 0, "json": report}
        command = [f"--{name}={value}" for name, value in options.items()]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load", *command],
            cwd=ROOT,
            env=os.environ | _fresh(trainings),
            check=False,
            capture_output=True,
            text=True,
        )
        if not report.exists():  # its exit status says whether memory was flat, which takes longer
            raise RuntimeError(done.stderr[-2_000:])
        return dict(json.loads(report.read_text()))


if __name__ == "__main__":
    main()
