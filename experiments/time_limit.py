"""`trainer.max_hours`: how long a run may take, over all its attempts; waiting does not count."""

from __future__ import annotations

from runs.clock import Stopwatch
from runs.models import Run


class TimeLimit:
    """Of a run that was just claimed; its earlier attempts have used up their part. A sleep of the machine has not."""

    def __init__(self, run: Run) -> None:
        self._hours: float | None = run.config.get("trainer", {}).get("max_hours")
        self._earlier, self._attempt = run.spent_seconds, Stopwatch()

    @property
    def over(self) -> bool:
        return self._hours is not None and self._earlier + self._attempt.seconds > self._hours * 3600

    @property
    def reason(self) -> str:
        """Why the training was ended with what it had reached."""
        return f"The time limit was reached ({self._words}): training stopped, and its best epoch was evaluated."

    @property
    def nothing_complete(self) -> str:
        """Why there is no result at all, and the cure."""
        return (
            f"The time limit was reached ({self._words}) before the first epoch was complete, so there is nothing to "
            "evaluate. Submit it again with more trainer.max_hours."
        )

    @property
    def did_not_stop(self) -> str:
        """Why it was killed though epochs were complete, and the cure."""
        return (
            f"The time limit was reached ({self._words}), but the training did not stop within the grace period and "
            "was killed. Its last complete epoch is kept; clone it with more trainer.max_hours."
        )

    @property
    def _words(self) -> str:
        return f"trainer.max_hours = {self._hours:g}"
