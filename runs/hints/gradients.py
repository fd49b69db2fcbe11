"""Hints about gradients. Pure; the rule and its thresholds are in `runs.hints.gradient_health`."""

from __future__ import annotations

from runs.hints.evidence import Evidence
from runs.hints.gradient_health import WINDOW, Health, health
from runs.hints.hint import Hint


def by_group(run: Evidence) -> dict[str, Health]:
    """Judge each layer group's gradients; empty until there are enough samples."""
    first, last = ([sample.layer_norms for sample in samples] for samples in (run.first_gradients, run.last_gradients))
    return health(first, last)


def vanishing(run: Evidence) -> Hint | None:
    """Report vanishing gradients, unless the network makes no mistake any more: then nothing is left to learn."""
    groups = [group for group, found in by_group(run).items() if found == "vanishing"]
    if not groups or (run.history and run.history[-1][1].get("train_acc") == 1.0):
        return None
    return Hint(
        code="vanishing_gradients",
        severity="warning",
        text=f"Gradients vanish in {_named(groups)}: less than a ten-thousandth of those elsewhere, or nothing, in the "
        f"last {WINDOW} samples.",
        cure="A network with normalisation layers or shortcuts, a lower learning rate (units that died stay dead), or "
        "freezing these layers with model.trainable if they need not learn.",
        epoch=run.last_gradients[-1].epoch,
        since=None,
    )


def exploding(run: Evidence) -> Hint | None:
    """Report exploding gradients, as an error if some are not finite."""
    groups = [group for group, found in by_group(run).items() if found == "exploding"]
    if not groups:
        return None
    lost = any(sample.layer_norms.get(group) is None for sample in run.last_gradients[-WINDOW:] for group in groups)
    return Hint(
        code="exploding_gradients",
        severity="error" if lost else "warning",
        text=f"Gradients explode in {_named(groups)}: "
        + ("some are not finite." if lost else "far larger than those of healthy networks, or than they were."),
        cure="Set trainer.gradient_clip_val to 1, or lower optimizer.learning_rate.",
        epoch=run.last_gradients[-1].epoch,
        since=None,
    )


def _named(groups: list[str]) -> str:
    shown = ", ".join(groups[:5])
    return shown if len(groups) <= 5 else f"{shown} and {len(groups) - 5} more layer groups"
