"""Explain the score of one row of a table: each column's value in turn replaced by that of the median training row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from experiments.training.explanation.findings import ColumnShare, RowShares
from experiments.training.explanation.occlusion import Predict
from experiments.training.explanation.score_gradients import logit_of

MOST_COLUMNS = 2_000  # that are looked at, the first of them
SHOWN = 50  # of which an answer has the largest changes
VALUES_AT_ONCE = 2**22

Value = str | float | None
Describe = Callable[[str, Tensor], Value]
"""A column and the inputs (F,) of a row -> the value of the column there, as people write it."""


def explain_row(
    row: Tensor,
    medians: Tensor,
    columns: Mapping[str, Sequence[int]],
    *,
    predict: Predict,
    describe: Describe,
    label: int,
) -> RowShares:
    """Compute what each column does to the logit of class `label`.

    `row` and `medians` (F,) are inputs as the data module holds them, `columns` has the places of each column's
    features.
    """
    names = list(columns)[:MOST_COLUMNS]
    logits = _logits(predict, row, [columns[name] for name in names], medians, label)
    own, replaced = logits[0], logits[1:-1]
    shares = [
        ColumnShare(column=name, value=describe(name, row), reference=describe(name, medians), change=float(own - one))
        for name, one in zip(names, replaced, strict=True)
    ]
    shares.sort(key=lambda share: -abs(share.change))
    return RowShares(
        columns=shares[:SHOWN], others=len(columns) - len(shares[:SHOWN]), together=float(own - logits[-1])
    )


def _logits(predict: Predict, row: Tensor, places: Sequence[Sequence[int]], medians: Tensor, label: int) -> Tensor:
    """Return the logits of the row, of the row with each of the columns replaced, and of the medians alone."""
    found = [predict(row[None])]
    at_once = max(1, VALUES_AT_ONCE // len(row))
    for start in range(0, len(places), at_once):
        part = places[start : start + at_once]
        rows = row.repeat(len(part), 1)
        for changed, features in zip(rows, part, strict=True):
            changed[list(features)] = medians[list(features)]
        found.append(predict(rows))
    found.append(predict(medians[None]))
    return logit_of(torch.from_numpy(np.concatenate(found).astype(np.float64)), label)
