"""Say in `inference.json` where the run decides: at its own threshold, or at its saved operating point.

Each is a threshold of the raw scores, and the probability that it stands for where scores are recalibrated.
"""

from __future__ import annotations

from typing import Any

import msgspec

from runs.files.json_parts import UNREADABLE, with_parts
from runs.models import Run
from runs.saved_points.saved_point_json import current_point
from runs.statistics.recalibration.probability import preferred, recalibrated_score

FILE = "inference.json"
PART = "decision"
OF_A_POINT = ("threshold", "log_odds", "probability", "rule", "label", "by", "at", "reason")


class _Output(msgspec.Struct):
    threshold: float | None = None


class _Inference(msgspec.Struct):
    output: _Output


def with_decision(run: Run, text: bytes) -> bytes | None:
    """Return the file's text with the decision; None of more than two classes, and where it is none of ours."""
    try:
        own = msgspec.json.decode(text, type=_Inference).output.threshold
    except UNREADABLE:
        return None
    return None if own is None else with_parts(text, {PART: decision(run, own)})


def decision(run: Run, own: float) -> dict[str, Any]:
    """Describe where the run decides, its own threshold being `own`."""
    saved, parameters = current_point(run), preferred(run.recalibration)
    probability = None if parameters is None else recalibrated_score(own, parameters)
    return {
        "holds": "own" if saved is None else "saved",
        "own": {"threshold": own, "probability": probability},
        "saved": None if saved is None else {name: saved[name] for name in OF_A_POINT},
    }
