"""Say where a run decides: the one place that knows at which of its thresholds comparisons, groups and errors are."""

from __future__ import annotations

from typing import NamedTuple

from runs.models import FinalResult, Run
from runs.saved_points import point_history

HIGHEST = "highest"
OWN = "own"
SAVED = "saved"
ASKED = "asked"


class Decision(NamedTuple):
    """A sample is called positive at a score of `threshold` or more, of log-odds where those are given.

    Neither is given for several classes: there the class with the highest score is called. `source` names the rule.
    """

    threshold: float | None
    log_odds: float | None
    source: str


def decision_of(run: Run, result: FinalResult) -> Decision:
    """Return where the run of this evaluation decides: at its saved operating point, else at its own threshold."""
    if len(result.class_names) > 2:
        return Decision(None, None, HIGHEST)
    if saved := point_history.current(run):
        return Decision(saved.threshold, saved.log_odds, SAVED)
    return Decision(0.5 if result.threshold is None else result.threshold, None, OWN)


def decision_at(asked: float | None, run: Run, result: FinalResult) -> Decision:
    """Return the threshold that a reader asks for; without one, where the run decides."""
    return decision_of(run, result) if asked is None else Decision(asked, None, ASKED)
