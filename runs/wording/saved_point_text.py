"""A saved operating point in words: how it was chosen, by whom, when and why. Pure."""

from __future__ import annotations

from datetime import datetime

from runs.statistics.operating_points.rules import HAND
from runs.wording.operating_point_text import point_label

BY_HAND = "Set by hand, not chosen by a rule on validation."
BY_HAND_KNOWN = (
    "Set by hand while the numbers of the test split were there to see: it may have been chosen by them, and at this "
    "threshold they may be better than those of new samples."
)
ON_VALIDATION = "Chosen on the validation split, where its numbers are better than on new samples."


def origin_text(rule: str, *, test_known: bool) -> str:
    """Say on what the point was chosen; blank where one was withdrawn."""
    if not rule:
        return ""
    if rule != HAND:
        return ON_VALIDATION
    return BY_HAND_KNOWN if test_known else BY_HAND


def saved_label(rule: str, number: float | None) -> str:
    """Name the point."""
    return point_label(rule, number) if rule else "Withdrawn: the run's own threshold holds"


def summary_text(threshold: float | None, log_odds: float | None, probability: float | None) -> str:
    """Say from which score on samples are positive; blank where a point was withdrawn."""
    if threshold is None:
        return ""
    least = f"a score of {threshold:.6g}" if log_odds is None else f"a logit of {log_odds:.6g}"
    means = (
        "" if probability is None else f"; recalibrated by Platt's method, that is a probability of {probability:.3g}"
    )
    return f"Positive from {least} on{means}."


def decided_text(by: str, at: datetime, *, withdrawn: bool) -> str:
    """Say who decided it, and when in UTC."""
    return f"{'Withdrawn' if withdrawn else 'Saved'} by {by} on {at:%Y-%m-%d at %H:%M} UTC."
