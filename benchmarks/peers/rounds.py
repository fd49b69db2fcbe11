"""The contestants in turn, round after round: what else a machine does disturbs them alike."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from benchmarks.peers.contestants import OURS, ROOT
from benchmarks.peers.drivers import protocol
from benchmarks.peers.environments import Ready
from benchmarks.peers.rows import Row, Work

LONGEST_SECONDS = {True: 1_800.0, False: 120.0}  # of one process in the long and in the quick run
TO_CLEAN_UP = 20.0
TOO_LATE = "the time was over before it was its turn"


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

    @property
    def spread(self) -> tuple[float, float] | None:
        """The least and the most of the rounds; of a single one those of the answers in it, where they are known."""
        if len(self.values) > 1:
            return min(self.values), max(self.values)
        known = self.details[0] if self.details else {}
        return (known["least"], known["most"]) if {"least", "most"} <= known.keys() else None


@dataclass
class Taken:
    """What the processes of one contestant found in one work."""

    figures: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""
    missing: bool = False
    seconds: float = 0.0  # of the last one


class Rounds:
    """All works of all contestants; every later round leaves out what no longer fits into the time."""

    def __init__(self, rows: Iterable[Row], contestants: Sequence[Ready], *, full: bool, minutes: float | None) -> None:
        self._full = full
        self._deadline = None if minutes is None else time.monotonic() + 60 * minutes
        self._able: dict[Work, list[Ready]] = {}
        for row in rows:
            if (work := row.work(full=full)) is not None:
                self._able.setdefault(work, []).extend(_taking_part(row, contestants, full=full))
        self._able = {work: list(dict.fromkeys(able)) for work, able in self._able.items()}
        self.taken: dict[tuple[Work, str], Taken] = {
            (work, one.contestant.name): Taken(failure=one.failure) for work, able in self._able.items() for one in able
        }

    def carry_out(self, rounds: int, told: Callable[[str], object] = lambda _text: None) -> None:
        """Carry out each work once in a round, the order of contestants turned from round to round.

        From the second one on cheap works come first: so as many as possible have a spread.
        """
        for turn in range(rounds):
            for work in sorted(self._able, key=self._seconds) if turn else list(self._able):
                if self._fits(work, turn):
                    self._round(work, turn)
                    told(f"round {turn + 1}, {work.function} {work.sizes}: {self._seconds(work):.0f} s")

    def measured(self, row: Row) -> list[Measured]:
        """Return what a row shows of the figures found."""
        work = row.work(full=self._full)
        assert work is not None
        names = dict.fromkeys(
            one.contestant.name for one in self._able[work] if not row.alone or one.contestant is OURS
        )
        return [_of_row(row, name, self.taken[work, name]) for name in names if name not in self._left(row)]

    def _left(self, row: Row) -> Iterable[str]:
        return () if self._full else row.left

    def _seconds(self, work: Work) -> float:
        return sum(self.taken[work, one.contestant.name].seconds for one in self._able[work])

    def _fits(self, work: Work, turn: int) -> bool:
        if self._deadline is None:
            return True
        left = self._deadline - time.monotonic()
        return left > (self._seconds(work) if turn else 0)

    def _round(self, work: Work, turn: int) -> None:
        able = self._able[work]
        for one in able if turn % 2 == 0 else reversed(able):
            taken = self.taken[work, one.contestant.name]
            if not taken.failure and not taken.missing:
                _carry_out(work, one, taken, self._longest())

    def _longest(self) -> float:
        longest = LONGEST_SECONDS[self._full]
        return longest if self._deadline is None else max(10.0, min(longest, self._deadline - time.monotonic()))


def _taking_part(row: Row, contestants: Sequence[Ready], *, full: bool) -> list[Ready]:
    if row.alone:
        return [one for one in contestants if one.contestant is OURS]
    return [one for one in contestants if full or one.contestant.name not in row.left]


def _of_row(row: Row, name: str, taken: Taken) -> Measured:
    known = [figures for figures in taken.figures if row.figure in figures]
    late = TOO_LATE if not taken.figures and not taken.missing else ""
    spread = ("least", "most") if row.figure != "value" else ()
    details = [{key: value for key, value in figures.items() if key not in (*spread, row.figure)} for figures in known]
    return Measured(name, [float(figures[row.figure]) for figures in known], details, taken.failure or late)


def _carry_out(work: Work, one: Ready, taken: Taken, longest: float) -> None:
    start = time.monotonic()
    try:
        figures = _figures(work, one, longest)
        taken.missing = bool(figures.pop("missing", False))
        if not taken.missing:
            taken.figures.append(figures)
    except (RuntimeError, ValueError, IndexError) as error:
        sys.stderr.write(f"   {one.contestant.name} failed in {work.function}: {error}\n")
        taken.failure = str(error)[-500:]
    taken.seconds = time.monotonic() - start


def _figures(work: Work, one: Ready, longest: float) -> dict[str, Any]:
    driver = work.driver or one.contestant.driver
    command = [str(one.python), "-m", f"benchmarks.peers.drivers.{driver}", work.function, work.sizes]
    with subprocess.Popen(
        command, cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            out, errors = process.communicate(timeout=longest)
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise RuntimeError(f"no answer within {longest:.0f} s") from None
            raise
    if process.returncode != 0:
        raise RuntimeError(errors.strip()[-2_000:] or f"exit status {process.returncode}")
    told = [line for line in out.splitlines() if line.startswith("{")]  # some peers greet on their own
    return dict(json.loads(told[-1]))


def _end(process: subprocess.Popen[str]) -> None:
    """Let a driver end its servers, as Ctrl-C does; then end all that it has started."""
    started = protocol.descendants(process.pid)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(TO_CLEAN_UP)
    except subprocess.TimeoutExpired:
        protocol.kill([process.pid, *started])


def _environment() -> dict[str, str]:
    """Return ours without what would point a contestant to a server or tie its threads; one thread of arithmetic."""
    foreign = ("LIVETRAIN_", "MLFLOW_", "TRACKIO_", "DATABASE_URL", "REDIS_URL", "BROKER_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"OMP_NUM_THREADS": "1"}
