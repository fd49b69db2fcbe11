"""Estimate how long a run will train from the runs that are completed. Pure; seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class CompletedRun:
    """A completed run: what makes it comparable, the epochs it was asked for, and its total time."""

    kind: Hashable
    epochs: int
    seconds: float


class DurationEstimator:
    """Seconds per requested epoch, learnt from completed runs; early stopping is included as it happened."""

    def __init__(self, finished: Iterable[CompletedRun]) -> None:
        of_kind: dict[Hashable, list[float]] = defaultdict(list)
        everything: list[float] = []
        for run in finished:
            rate = run.seconds / max(1, run.epochs)
            of_kind[run.kind].append(rate)
            everything.append(rate)
        self._of_kind = {kind: median(rates) for kind, rates in of_kind.items()}
        self._of_all = median(everything) if everything else None

    def seconds(self, kind: Hashable, epochs: int) -> float | None:
        """Estimate the time of the whole run: the median of its kind, else of all; None if none is completed."""
        rate = self._of_kind.get(kind, self._of_all)
        return None if rate is None else rate * epochs


def remaining(whole: float | None, progress: float, spent: float, limit: float | None) -> float | None:
    """Estimate the rest of a run that has made `progress` (0 to 1) in `spent` seconds, up to its time limit."""
    left = None if whole is None else whole * (1 - progress)
    if limit is None:
        return left
    return max(0.0, limit - spent if left is None else min(left, limit - spent))
