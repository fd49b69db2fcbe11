"""Take a threshold that a person wrote down, so that it calls the same samples where scores are computed again. Numpy.

A threshold at the score of a sample is moved to the middle between that and the next lower score, of all samples that
were evaluated: it calls the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runs.statistics.operating_points.choosing import Unreachable
from runs.statistics.operating_points.cut_values import held_cut
from runs.statistics.roc import Floats


def threshold_by_hand(wanted: float, own: Floats, others: Sequence[Floats] = ()) -> float:
    """Return the threshold that stands for `wanted`; raises Unreachable for one that calls all of `own`, or none.

    `own` are the scores of the validation split, `others` those of further ones.
    """
    if wanted > own.max() or wanted <= own.min():
        which = "no sample" if wanted > own.max() else "every sample"
        raise Unreachable(
            f"A threshold of {wanted:g} calls {which} of the validation split positive, so it decides nothing: its "
            f"scores are from {own.min():.6g} to {own.max():.6g}."
        )
    scores = np.concatenate([own, *others])
    return held_cut(wanted, float(scores[scores < wanted].max()), float(scores[scores >= wanted].min()))
