"""Compute the final statistics of resampled patients, the same patients for every network. Pure numpy.

The draws depend on labels and patients alone (`resampling`), so the numbers of two networks on the same samples can be
subtracted draw by draw.
"""

from __future__ import annotations

import numpy as np

from runs.statistics.evaluated import Evaluated
from runs.statistics.intervals.resampling import FEWEST_RESAMPLES, Resampling, resampling
from runs.statistics.intervals.running_sums import Buffers, Columns
from runs.statistics.intervals.weighted_counts import WeightedCounts, mean_known
from runs.statistics.intervals.weighted_ranking import WeightedRanking
from runs.statistics.matrix_statistics import reported
from runs.statistics.roc import Floats

NAMES = (
    "auroc",
    "average_precision",
    "recall",
    "specificity",
    "precision",
    "npv",
    "f1",
    "accuracy",
    "balanced_accuracy",
    "mcc",
    "brier",
    "log_loss",
)
"""By meaning, as in `matrix_statistics.FINAL_METRICS`: all but calibration, of which resamples tell nothing."""
OF_A_CLASS = ("recall", "specificity", "precision", "npv", "f1")

RESAMPLES = 1_000
_WORK = 600_000_000
"""Samples times classes times draws of all networks together: some five seconds."""


def shared_resampling(split: Evaluated, classes: int, networks: int) -> Resampling:
    """Plan 1,000 resamples, fewer where samples, classes and networks are so many that they would take long."""
    labels = len(reported(classes))
    plan = resampling(split, labels)
    work = (len(plan.units) * labels + 2 * plan.people) * networks
    return plan._replace(draws=min(RESAMPLES, max(FEWEST_RESAMPLES, _WORK // work)))


def drawn_numbers(split: Evaluated, classes: int, plan: Resampling) -> dict[str, Floats]:
    """Compute (1 + draws,) of each of `NAMES`, the split's own first; NaN where it is not defined.

    Of two classes they are the positive one's, else macro averages.
    """
    counts = WeightedCounts(split, classes, plan.units, plan.people)
    buffers = Buffers()
    rankings = [
        WeightedRanking(split.order_of(label), split.own(label), plan.units, buffers, with_auroc=True)
        for label in reported(classes)
    ]
    rows = [_row(counts, rankings, drawn) for drawn in plan.batches(left_out=False)]
    return {name: np.concatenate([row[name] for row in rows]) for name in NAMES}


def _row(counts: WeightedCounts, rankings: list[WeightedRanking], drawn: Columns) -> dict[str, Floats]:
    whole, by_class = counts.numbers(counts.totals(drawn))
    if len(rankings) == 1:
        whole = whole | {name: by_class[name][:, 1] for name in OF_A_CLASS}
    ranked = [ranking.numbers(drawn) for ranking in rankings]
    averages = np.column_stack([each.average_precision for each in ranked])
    areas = np.column_stack([each.auroc for each in ranked if each.auroc is not None])
    return whole | {"average_precision": mean_known(averages), "auroc": mean_known(areas)}
