"""Compute what counts and sums over samples determine, of resampled patients. Pure numpy."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array

from runs.statistics.evaluated import Evaluated
from runs.statistics.intervals.running_sums import Columns
from runs.statistics.roc import Floats, Ints
from runs.statistics.sample_losses import log_losses, squared_errors


class WeightedCounts:
    """Each patient's numbers of samples by true class, by predicted class and on the diagonal, and sums of losses."""

    def __init__(self, split: Evaluated, classes: int, units: Ints, people: int) -> None:
        right = split.predicted == split.targets
        one, size = np.ones(len(units)), len(units)
        parts = [
            (split.targets, units, one),
            (classes + split.predicted, units, one),
            (2 * classes + split.targets[right], units[right], one[right]),
            (np.full(size, 3 * classes), units, squared_errors(split.scores, split.targets)),
            (np.full(size, 3 * classes + 1), units, log_losses(split.scores, split.targets)),
        ]
        rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        self._sums = coo_array((values, (rows, columns)), shape=(3 * classes + 2, people)).tocsr()
        self._classes = classes

    def totals(self, columns: Columns) -> Floats:
        """Sum up over the patients of each column of weights, (columns, sums), for `numbers`."""
        return np.asarray((self._sums @ columns.astype(np.float64)).T, dtype=np.float64)

    def numbers(self, totals: Floats) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Compute (rows,) numbers of the whole and (rows, classes) of each class; NaN where one is not defined."""
        count = self._classes
        true, said, hits = totals[:, :count], totals[:, count : 2 * count], totals[:, 2 * count : 3 * count]
        size = true.sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            by_class = {
                "precision": hits / said,
                "recall": hits / true,
                "specificity": (size - true - said + hits) / (size - true),
                "npv": (size - true - said + hits) / (size - said),
                "f1": 2 * hits / (true + said),
            }
            losses = {"brier": totals[:, -2] / size[:, 0], "log_loss": totals[:, -1] / size[:, 0]}
            accuracy = hits.sum(axis=1) / size[:, 0]
            whole = losses | {"mcc": _mcc(true, said, hits, size[:, 0]), "accuracy": accuracy}
        return whole | _averages(by_class, true, size), by_class


def _averages(by_class: dict[str, Floats], true: Floats, size: Floats) -> dict[str, Floats]:
    """Average over the classes with samples; a precision of 0/0 is 0 there, and so is an NPV unless all samples are."""
    some = {"precision": true > 0, "npv": (true > 0) & (true < size)}
    filled = {name: np.where(np.isnan(by_class[name]) & some[name], 0.0, by_class[name]) for name in some}
    found = {name: mean_known(np.where(true > 0, values, np.nan)) for name, values in (by_class | filled).items()}
    balanced = by_class["recall"].mean(axis=1) if true.shape[1] == 2 else found["recall"]
    return found | {"balanced_accuracy": balanced}


def mean_known(values: Floats) -> Floats:
    """Average each row of (rows, classes) over what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=1) / known.sum(axis=1), dtype=np.float64)


def _mcc(true: Floats, said: Floats, hits: Floats, size: Floats) -> Floats:
    """Compute the Matthews correlation as `matrix_statistics.mcc` does."""
    covariance = hits.sum(axis=1) * size - (true * said).sum(axis=1)
    variances = (size**2 - (said**2).sum(axis=1)) * (size**2 - (true**2).sum(axis=1))
    return np.asarray(covariance / np.sqrt(variances), dtype=np.float64)
