"""Decide which epoch is best: once for the checkpoint that is kept and the numbers that are reported. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

Mode: TypeAlias = Literal["min", "max"]


class Score(NamedTuple):
    """The result of one epoch; None where the number is unknown (not finite)."""

    epoch: int
    value: float | None
    val_loss: float | None


def ranked(scores: Iterable[Score], mode: Mode) -> list[Score]:
    """Sort best first: by the monitored value, then lower validation loss, then earlier epoch; unknown ranks last."""

    def key(score: Score) -> tuple[bool, float, bool, float, int]:
        value = score.value or 0.0
        signed = -value if mode == "max" else value
        return score.value is None, signed, score.val_loss is None, score.val_loss or 0.0, score.epoch

    return sorted(scores, key=key)


def logged(metrics: Mapping[str, Any], name: str) -> float | None:
    """Return a number logged in this epoch, in full precision; None if there is none or it is not finite."""
    value = float(metrics[name]) if name in metrics else math.nan
    return value if math.isfinite(value) else None
