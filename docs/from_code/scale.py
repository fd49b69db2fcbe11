"""How cost grows, and what that comes to at a scale: tables from `benchmarks/growth.json`, which a command renews."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.growth import report
from benchmarks.growth.curve import Curve
from docs.from_code.markdown import code, table

RUNS, TRAININGS, VIEWERS = 10**6, 10**4, 10**5
POINTS = 10_000  # of one run
POINTS_OF_EVENT = 5  # a `batch_metrics` has four, a `gradient_stats` six in the benchmark
EVENTS, OF_BENCHMARK = 20, 200  # a second of one training: as it is by default at 100 steps a second, and in `load`
DAY = 86_400
NOT_MEASURED = "(Not measured yet.)"


class Cost(NamedTuple):
    """What one of something costs, and how many of it there are."""

    of: str
    one: float
    unit: str
    times: float
    total_unit: str
    factor: float = 1.0  # from the unit to the total's

    def row(self) -> tuple[str, ...]:
        """Return the cells of a table."""
        total = report.number(self.one * self.times * self.factor)
        return self.of, f"{report.number(self.one)} {self.unit}", f"{self.times:,.0f}", f"{total} {self.total_unit}"


def growth(part: str) -> str:
    """Write what a part's costs are with ten times as much, and how they grow."""
    return report.table(known) if (known := report.known(part)) else NOT_MEASURED


def growth_measured() -> str:
    """Write which command measured each part, and when."""
    found = json.loads(report.FILE.read_text())["measured"]
    rows = [
        (part, code(one["command"]), one["date"], str(one["cores"]), str(one["load"])) for part, one in found.items()
    ]
    return table(("part", "command", "measured", "cores", "load"), rows)


def sizing(scenario: str) -> str:
    """Write what so many runs, trainings or viewers come to; what was not measured is left out."""
    costs = {"runs": _runs, "trainings": _trainings, "viewers": _viewers}[scenario]()
    rows = [cost.row() for cost in costs if cost is not None]
    return table(("what", "one", "times", "comes to"), rows) if rows else NOT_MEASURED


def _runs() -> Iterator[Cost | None]:
    for said, suffix in (("SQLite", ""), ("PostgreSQL", ", PostgreSQL")):
        yield _cost(("runs", f"size of the database{suffix}"), f"rows of runs, {said}", (1e3, "kB"), (RUNS, "GB", 1e-6))
        if page := _curve("runs", f"the newest 50{suffix}"):
            yield Cost(f"a request for the list, {said}", page.at(RUNS), "ms", 1, "ms")
    if packed := _curve("points", "bytes on disk, packed"):
        one = dict(zip(packed.sizes, packed.shown, strict=True)).get(POINTS, packed.shown[-1]) * POINTS / 1e3
        yield Cost("journals and curves, packed", one, "kB", RUNS, "GB", 1e-6)


def _trainings() -> Iterator[Cost | None]:
    share, cpu = 1e3 * EVENTS / OF_BENCHMARK, "ms of CPU a second"
    for said, what in (
        ("workers: supervising and storing, SQLite", "worker process"),
        ("workers: supervising and storing, PostgreSQL", "worker process, PostgreSQL"),
        ("PostgreSQL", "PostgreSQL, with the start of a server"),
        ("Redis", "Redis, with the start of a server"),
    ):
        yield _cost(("trainings", what), said, (share, cpu), (TRAININGS, "cores", 1e-3))
    if stored := _curve("points", "bytes on disk at once"):
        journal = stored.shown[-1] * POINTS_OF_EVENT * EVENTS / 1e3
        yield Cost("journal before it is packed", journal, "kB a second", TRAININGS, "MB a second", 1e-3)
        yield Cost("the same in a day", journal * DAY / 1e3, "MB", TRAININGS, "GB", 1e-3)
    memory = ("trainings", "memory of the worker (PSS)")
    yield _cost(memory, "memory of workers beside the trainings", (1.0, "MiB"), (TRAININGS, "GiB", 1 / 1024))


def _viewers() -> Iterator[Cost | None]:
    said = f"web processes, {OF_BENCHMARK} events a second"
    yield _cost(("viewers", "web process"), said, (1e3, "ms of CPU a second"), (VIEWERS, "cores", 1e-3))
    memory = ("viewers", "its memory (RSS)")
    yield _cost(memory, "their memory, beside the idle process", (1.0, "MiB"), (VIEWERS, "GiB", 1 / 1024))


def _cost(
    of: tuple[str, str], said: str, one: tuple[float, str], all_together: tuple[float, str, float]
) -> Cost | None:
    """Return what one more costs by a curve; None where that was not measured."""
    curve = _curve(*of)
    return Cost(said, curve.of_one() * one[0], one[1], *all_together) if curve else None


def _curve(part: str, what: str) -> Curve | None:
    return next((curve for curve in report.known(part) if curve.what == what), None)
