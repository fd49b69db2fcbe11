"""What an external test is asked to do, in plain values: they travel in `Job.options`. Pure: no torch, no NumPy."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from experiments.training.external_testing.overlap import Known
from runs.events import OperatingPoint

KEPT, RECHOSEN = "kept", "rechosen"
PREDICTIONS = "predictions.parquet"
INTERNAL = "internal.parquet"
"""The run's own predictions: a copy in the folder of the job while it is carried out."""
SPLIT_FILE = "split.csv"
"""That of the run, likewise."""
HIGHEST = "highest"
"""The rule of more than two classes: the one with the highest score."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How the other data are evaluated, and what is stored of the run's own test.

    `site` is one of the columns of subgroups. `rule` and `number` say how the threshold is chosen on these data, where
    that is `rechosen`. `points` are the run's operating points, chosen on its validation split, and `kept_rule` says
    which of its thresholds holds (`own`, or that of a saved point). `internal_split` is the split that is compared:
    `test`, else `val`; None where the run's predictions are no longer there.
    """

    threshold: Literal["kept", "rechosen"] = "kept"
    rule: str | None = None
    number: float | None = None
    site: str | None = None
    kept_rule: str = "own"
    kept_number: float | None = None
    kept_log_odds: float | None = None
    points: list[OperatingPoint] = []
    internal_split: Literal["test", "val"] | None = None
    known: Known = Known()
    recalibration: dict[str, Any] | None = None  # Platt's method, as `Recalibration.methods` has it
