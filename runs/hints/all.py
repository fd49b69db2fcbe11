"""All hints about one run. Pure: the same evidence gives the same hints."""

from __future__ import annotations

from collections.abc import Callable

from runs.hints import curves, gradients, machine, predictions
from runs.hints.evidence import Evidence
from runs.hints.hint import Hint

RULES: tuple[Callable[[Evidence], Hint | None], ...] = (
    curves.diverged,
    gradients.exploding,
    curves.loss_rising,
    curves.not_learning,
    predictions.one_class,
    gradients.vanishing,
    curves.overfitting,
    curves.gap,
    machine.memory,
    machine.disk,
    machine.data_wait,
    machine.gpu_idle,
    machine.gpu_memory,
    curves.best_long_ago,
    curves.still_improving,
    predictions.few_samples,
)
IMPLIED_BY = {
    "gap": "overfitting",
    "loss_rising": "diverged",
    "one_class": "diverged",
    "vanishing_gradients": "diverged",
}
"""A hint that adds nothing to another one, and the other one's code."""
_ORDER = ("error", "warning", "info")


def hints(run: Evidence) -> list[Hint]:
    """Apply all rules to the run, the most severe hint first; at most one of each code."""
    found = [hint for rule in RULES if (hint := rule(run)) is not None]
    codes = {hint["code"] for hint in found}
    shown = [hint for hint in found if IMPLIED_BY.get(hint["code"]) not in codes]
    return sorted(shown, key=lambda hint: _ORDER.index(hint["severity"]))
