"""The cure of a training that diverged: one wording for its note, its hint and the page's button. Pure."""

from __future__ import annotations

HIGHEST = 0.1  # with any optimizer here, a rate above it is no cure


def lower_rate_cure(rate: float) -> str:
    """Return what to do about a loss that is no longer finite, with a rate to try; the run's page offers to set it."""
    return (
        f"Lower optimizer.learning_rate (try {min(rate / 10, HIGHEST):g}), or limit the steps with "
        "trainer.gradient_clip_val."
    )
