"""Restarts a training that was killed from outside from its last checkpoint, a limited number of times.

What the system kills for want of memory, or what crashes in native code, may well succeed the next time.
"""

from __future__ import annotations

from django.conf import settings

from experiments.supervision import end_messages
from runs.models import Run

NOTE = "crash"


class Crashes:
    """The crashes of a run since a person queued it. Lost workers are counted elsewhere."""

    def __init__(self, run: Run) -> None:
        """Take the run as it is after its attempt: the messages are made from its checkpoint and notes."""
        self._run = run

    @property
    def may_retry(self) -> bool:
        """Whether the run may be started once more."""
        return self._run.crashes < settings.CRASH_RETRIES

    def why_again(self, exit_: str) -> str:
        """Return what happened and how the run continues; `exit_` is the sentence about the exit code."""
        return f"{exit_} {end_messages.GOES_ON if self._run.last_checkpoint else end_messages.BEGINS_AGAIN}"

    def note(self, exit_: str) -> dict[str, str]:
        """Return the note that stays with the run: an attempt that is followed by another leaves no other trace."""
        return {
            "code": f"{NOTE}_{self._run.attempt}",
            "text": f"Attempt {self._run.attempt}: {self.why_again(exit_)}",
        }

    def why_no_more(self, exit_: str) -> str:
        """Return what happened this time, followed by what had happened before."""
        if not self._run.crashes:
            return exit_
        notes = [note["text"] for note in self._run.notes if note["code"].startswith(f"{NOTE}_")]
        return " ".join([exit_, end_messages.KILLED_BEFORE, *notes[-self._run.crashes :]])
