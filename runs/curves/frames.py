"""Give the curves of a run as pandas tables, for shells and notebooks: no process of the server imports this."""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd

from runs.curves.reading import Samples
from runs.curves.sampled_events import BY_STEP
from runs.curves.series import series_of
from runs.curves.window import Window
from runs.models import Run


def curves(run: Run, *names: str, by: str = BY_STEP) -> pd.DataFrame:
    """Read curves in full: one row per position on the axis `by` (step, epoch, time), one column per curve.

    A name that ends in `*` means all that begin so; without names, those of the batches. Of several samples at one
    position the last counts; NaN where a curve has none. Raises KeyError for a name that no run can have, and NoAxis.
    """
    samples = Samples.of(lambda run_id: Run.objects.filter(pk=run_id).first(), run.pk)
    if samples is None:
        raise Run.DoesNotExist(f"Run {run.pk} does not exist.")
    found = series_of(samples, names or ("batch/*",), Window(by, points=sys.maxsize))
    table = pd.DataFrame({curve["name"]: _column(curve) for curve in found}).rename_axis(by)
    return table.set_axis(table.index.astype("int64")) if by == BY_STEP else table


def _column(curve: dict[str, Any]) -> pd.Series[float]:
    column = pd.Series(curve["y"], curve["x"], dtype="float64")
    return column[~column.index.duplicated(keep="last")]
