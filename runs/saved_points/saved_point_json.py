"""Saved operating points as JSON, for the API, files and pages alike."""

from __future__ import annotations

from typing import Any

from runs.derived_models import SavedPoint
from runs.events import format_time
from runs.models import Run
from runs.saved_points import point_history
from runs.statistics.operating_points.rules import HAND
from runs.statistics.recalibration.probability import preferred, recalibrated_score
from runs.wording.operating_point_text import described_shifts
from runs.wording.saved_point_text import decided_text, origin_text, saved_label, summary_text


def current_point(run: Run) -> dict[str, Any] | None:
    """Describe the point that holds; None where the run's own threshold does."""
    found = point_history.current(run)
    return None if found is None else described(found, run)


def decisions(run: Run) -> list[dict[str, Any]]:
    """Describe all that was decided, the newest first."""
    return [described(point, run) for point in point_history.history(run)]


def described(point: SavedPoint, run: Run) -> dict[str, Any]:
    """Describe one decision; of a withdrawal `rule` and `threshold` are null.

    `probability` is the recalibrated threshold; null where nothing was fitted to the attempt that it is of.
    """
    probability = _probability(point, run)
    return {
        "rule": point.rule or None,
        "number": point.number,
        "label": saved_label(point.rule, point.number),
        "threshold": point.threshold,
        "log_odds": point.log_odds,
        "probability": probability,
        "summary": summary_text(point.threshold, point.log_odds, probability),
        "chosen_on": _chosen_on(point.rule),
        "test_known": point.test_known,
        "origin": origin_text(point.rule, test_known=point.test_known),
        "by": point.by,
        "at": format_time(point.at),
        "reason": point.reason,
        "decided": decided_text(point.by, point.at, withdrawn=not point.rule),
        "attempt": point.attempt,
        "splits": point.splits,
        "shifts": described_shifts(point.splits),
    }


def _probability(point: SavedPoint, run: Run) -> float | None:
    parameters = preferred(run.recalibration)
    if point.threshold is None or parameters is None or point.attempt != run.attempt:
        return None
    return recalibrated_score(point.threshold, parameters, point.log_odds)


def _chosen_on(rule: str) -> str | None:
    """Return the split that a rule chose on, or that it was by hand."""
    return (HAND if rule == HAND else "val") if rule else None
