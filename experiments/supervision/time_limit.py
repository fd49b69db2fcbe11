"""`trainer.max_hours`: how long a run may take, over all its attempts; waiting does not count."""

from __future__ import annotations

from experiments.training.contract.reports import Outcome
from runs import lifecycle
from runs.clock import Stopwatch
from runs.models import Run
from runs.stored_config import StoredConfig


class TimeLimit:
    """The limit of a run that was just claimed, less what earlier attempts used; a machine's sleep does not count."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._asked = False  # to finish, because of this limit
        self._hours = StoredConfig(run.config).max_hours
        self._earlier, self._attempt = run.spent_seconds, Stopwatch()

    @property
    def over(self) -> bool:
        """Whether the run has taken longer than it may."""
        return self._hours is not None and self._earlier + self._attempt.seconds > self._hours * 3600

    def request_finish(self) -> None:
        """Request the end as a user does: the lease's thread and all watching browsers learn of it."""
        self._asked = True
        lifecycle.request_finish(self._run.pk, self.reason)

    def why_no_result(self, outcome: Outcome | None) -> str | None:
        """Return why an attempt that was told to finish has no result; None if the limit was not reached.

        If it sent no outcome it was killed, maybe while it prepared its data and read no requests.
        """
        if not self._asked:
            return None
        killed = outcome is None and Run.objects.get(pk=self._run.pk).last_checkpoint
        return self.did_not_stop if killed else self.nothing_complete

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
            "was killed. Its last checkpoint is kept; clone it with more trainer.max_hours."
        )

    @property
    def _words(self) -> str:
        return f"trainer.max_hours = {self._hours:g}"
