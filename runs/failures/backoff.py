"""Pauses before a failed operation is tried again."""

from __future__ import annotations


class Backoff:
    """Pauses in seconds: `first` after the first failure, then each twice the one before, none above `longest`."""

    def __init__(self, first: float, longest: float) -> None:
        if not 0 < first <= longest:
            raise ValueError(f"first is above 0 and not above longest, got {first} and {longest}")
        self._first, self._longest = first, longest
        self._next = first

    def failed(self) -> float:
        """Return how long to wait after one more failure."""
        pause = self._next
        self._next = min(self._longest, pause * 2)
        return pause

    def reset(self) -> None:
        """Start with the first pause again, after a success."""
        self._next = self._first
