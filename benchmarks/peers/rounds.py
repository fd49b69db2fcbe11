"""The contestants in turn, round after round: what else a machine does disturbs them alike."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.peers.contestants import ROOT, Contestant
from benchmarks.peers.rows import Row

LONGEST_SECONDS = 1_800


class Measured(NamedTuple):
    """What one contestant showed in one row, a figure for each round; none: it has no such thing."""

    contestant: str
    values: list[float]
    details: list[dict[str, Any]]
    failure: str = ""

    @property
    def median(self) -> float | None:
        """The median of the rounds."""
        return statistics.median(self.values) if self.values else None


def measured(
    row: Row, sizes: dict[str, Any], contestants: Sequence[tuple[Contestant, Path]], rounds: int
) -> list[Measured]:
    """Measure one row: each contestant once in a round, the order turned from round to round."""
    found = {one.name: Measured(one.name, [], []) for one, _ in contestants}
    for turn in range(rounds):
        for contestant, python in contestants if turn % 2 == 0 else reversed(contestants):
            _measure(row, sizes, contestant, python, found)
    return list(found.values())


def _measure(row: Row, sizes: dict[str, Any], contestant: Contestant, python: Path, found: dict[str, Measured]) -> None:
    so_far = found[contestant.name]
    if so_far.failure:
        return
    try:
        figures = _figures(row.function, sizes, contestant, python)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"   {contestant.name} failed: {error}\n")
        found[contestant.name] = so_far._replace(failure=str(error)[-500:])
        return
    if figures.pop("missing", False):
        return
    so_far.values.append(float(figures.pop("value")))
    so_far.details.append(figures)


def _figures(function: str, sizes: dict[str, Any], contestant: Contestant, python: Path) -> dict[str, Any]:
    command = [str(python), "-m", f"benchmarks.peers.drivers.{contestant.driver}", function, json.dumps(sizes)]
    done = subprocess.run(
        command, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2_000:] or f"exit status {done.returncode}")
    told = [line for line in done.stdout.splitlines() if line.startswith("{")]  # some peers greet on their own
    return dict(json.loads(told[-1]))


def _environment() -> dict[str, str]:
    """Return ours without what would point a contestant to a server or tie its threads; one thread of arithmetic."""
    foreign = ("LIVETRAIN_", "MLFLOW_", "TRACKIO_", "DATABASE_URL", "REDIS_URL", "BROKER_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"OMP_NUM_THREADS": "1"}
