"""Percentiles of very many durations, in bounded memory: counts per tenth of a millisecond."""

from __future__ import annotations

STEP = 1e-4  # seconds
LAST = 600_000  # a minute; longer ones are counted there, and the maximum is exact


class Histogram:
    """Durations in seconds."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = 0
        self.longest = 0.0

    def add(self, seconds: float, times: int = 1) -> None:
        place = min(LAST, max(0, int(seconds / STEP)))
        self._counts[place] = self._counts.get(place, 0) + times
        self.count += times
        self.longest = max(self.longest, seconds)

    def merge(self, other: Histogram) -> None:
        """Add the other's durations."""
        for place, times in other._counts.items():
            self._counts[place] = self._counts.get(place, 0) + times
        self.count += other.count
        self.longest = max(self.longest, other.longest)

    def at(self, share: float) -> float:
        """Return the duration that `share` of all do not exceed, to a tenth of a millisecond; 0 without any."""
        wanted, seen = share * self.count, 0
        for place in sorted(self._counts):
            seen += self._counts[place]
            if seen >= wanted:
                return min((place + 1) * STEP, self.longest)
        return 0.0

    def summary(self) -> dict[str, float]:
        """Return p50, p95, p99 and the maximum in milliseconds."""
        cuts = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
        return {name: round(self.at(share) * 1e3, 1) for name, share in cuts.items()} | {
            "max": round(self.longest * 1e3, 1)
        }
