"""What the Python client takes: for 1,000,000 samples of a curve as a DataFrame, and to be imported.

The answers are those of the server, encoded beforehand and given without a network, so that what is measured is the
client: choosing the parts, reading JSON, joining. It is compared with reading the same answers and making a DataFrame
of them in the shortest way. Importing is compared with a bare interpreter, each in a process of its own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import numpy as np
import pandas as pd

CLIENT = Path(__file__).resolve().parent.parent / "clients" / "python" / "src"
sys.path.insert(0, str(CLIENT))

from livetrain import Client, Run, transport  # noqa: E402
from livetrain.address import Address  # noqa: E402
from livetrain.operations.curves import MOST  # noqa: E402

SAMPLES, ROUNDS = 1_000_000, 7
ADDRESS = Address("http://localhost", "token")


class Answers:
    """The server's answers; each is encoded once."""

    def __init__(self) -> None:
        self._x = np.arange(1.0, SAMPLES + 1)
        self._y = np.random.default_rng(0).random(SAMPLES).astype("f4").astype("f8")
        self.known: dict[str, bytes] = {}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        asked = request.url.params
        key = str(asked)
        if key not in self.known:
            self.known[key] = self._encoded(float(asked.get("from", 0)), float(asked.get("to", SAMPLES)))
        return httpx2.Response(200, content=self.known[key])

    def _encoded(self, low: float, high: float) -> bytes:
        first, last = int(np.searchsorted(self._x, low)), int(np.searchsorted(self._x, high, "right"))
        shown = slice(max(0, first - 1), last + 1)
        exact = len(self._x[shown]) <= MOST
        step = 1 if exact else SAMPLES // MOST + 1
        x, y = self._x[shown][::step].tolist(), self._y[shown][::step].tolist()
        if not exact:
            x[-1], y[-1] = float(self._x[-1]), float(self._y[-1])
        one = {"name": "batch/loss", "x": x, "y": y, "exact": exact, "total": last - first}
        return json.dumps({"series": [one]}).encode()


def main() -> None:
    answers = Answers()
    client = Client(ADDRESS.url, ADDRESS.token)
    client._http = httpx2.Client(transport=httpx2.MockTransport(answers), **transport.options(ADDRESS))
    run = Run(client, 1, {})
    if run.curves("batch/loss").shape != (SAMPLES, 1):
        raise SystemExit("Samples are missing.")
    ours, least = in_turns(lambda: run.curves("batch/loss"), lambda: shortest(answers))
    print(f"{SAMPLES:,} samples in {len(answers.known)} answers: {statistics.median(ours):.2f} s of CPU time")
    print(f"ratio to the shortest way: {ratio(ours, least):.2f}")
    print(f"import livetrain / bare interpreter: {ratio(*in_turns(imported, bare, clock=time.perf_counter)):.1f}")


def shortest(answers: Answers) -> pd.Series[float]:
    """Read all answers, and join what they hold."""
    parts = [json.loads(content)["series"][0] for content in answers.known.values()]
    x = [value for part in parts for value in part["x"]]
    return pd.Series([value for part in parts for value in part["y"]], x, dtype=float)


def imported() -> None:
    subprocess.run([sys.executable, "-c", "import livetrain"], env=os.environ | {"PYTHONPATH": str(CLIENT)}, check=True)


def bare() -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def in_turns(
    one: Callable[[], object], other: Callable[[], object], clock: Callable[[], float] = time.process_time
) -> tuple[list[float], list[float]]:
    """Measure both in turns."""
    took: tuple[list[float], list[float]] = [], []
    for _ in range(ROUNDS):
        for times, work in zip(took, (one, other), strict=True):
            began = clock()
            work()
            times.append(clock() - began)
    return took


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Return the median over the rounds."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    main()
