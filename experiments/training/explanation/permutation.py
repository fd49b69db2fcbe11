"""Permutation importance (Breiman 2001; Fisher, Rudin and Dominici 2019): what ranking loses without a column's values.

The values of one column are shuffled among the samples, again and again, and the fall of the area under the ROC curve
is averaged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.explanation.findings import ColumnImportance, Importances
from experiments.training.explanation.occlusion import Predict
from runs.statistics.evaluated import Ranks
from runs.statistics.roc import Ints, auroc

REPEATS = 10
MOST_SAMPLES = 5_000
MOST_COLUMNS = 200  # that are looked at, the first of them
MOST_VALUES = 40_000_000  # that the network gets in all; beyond them fewer samples are used
FEWEST_SAMPLES = 500  # that are used, if there are so many
ALIKE = 0.8  # an absolute correlation from which on two columns are said to be alike
MOST_LIKE = 5  # of such columns that are named
SEED = 0
ONE_CLASS = "The split has samples of one class alone, so there is no area under an ROC curve that could fall."


class Undefined(Exception):
    """No area under the curve is defined for these samples; the text says why."""


class Labelled(NamedTuple):
    """Samples of one split: inputs (N, F) as the data module holds them, labels, and each one's patient if known."""

    inputs: Tensor
    labels: Ints
    patients: Ints | None


def permutation_importance(
    samples: Labelled, columns: Mapping[str, Sequence[int]], *, predict: Predict, repeats: int = REPEATS
) -> Importances:
    """Compute each column's importance; `columns` has the places of its features, which are shuffled together.

    Where patients are known, a patient's values go to another patient as a whole, so that what several rows of one
    share stays shared. Raises Undefined.
    """
    chance = np.random.default_rng(SEED)
    names = list(columns)[:MOST_COLUMNS]
    used = _some(samples, len(names) * repeats, chance)
    own = _area(predict(used.inputs), used.labels)
    found = []
    for name, like in zip(names, _alike(used.inputs.numpy(), [columns[name] for name in names]), strict=True):
        areas = [_area(predict(one), used.labels) for one in _shuffles(used, columns[name], repeats, chance)]
        falls = own - np.array(areas)
        deviation = float(falls.std(ddof=1)) if repeats > 1 else 0.0
        like_names = [names[other] for other in like]
        found.append(ColumnImportance(column=name, mean=float(falls.mean()), deviation=deviation, like=like_names))
    return Importances(
        columns=sorted(found, key=lambda one: -one.mean),
        others=len(columns) - len(names),
        auroc=own,
        samples=len(used.labels),
        of_samples=len(samples.labels),
        patients=None if used.patients is None else len(np.unique(used.patients)),
        repeats=repeats,
    )


def shuffled(patients: Ints | None, count: int, chance: np.random.Generator) -> Ints:
    """Return from which sample each of `count` gets its value: of patients, all from one other patient, in turn."""
    if patients is None:
        return chance.permutation(count)
    order = np.argsort(patients, kind="stable")
    _, starts, sizes = np.unique(patients[order], return_index=True, return_counts=True)
    donors = chance.permutation(len(starts))
    sources = np.empty(count, dtype=np.int64)
    for at, donor in enumerate(donors):
        own = order[starts[at] : starts[at] + sizes[at]]
        theirs = order[starts[donor] : starts[donor] + sizes[donor]]
        sources[own] = theirs[np.arange(len(own)) % len(theirs)]
    return sources


def _shuffles(used: Labelled, places: Sequence[int], repeats: int, chance: np.random.Generator) -> Iterator[Tensor]:
    for _ in range(repeats):
        sources = torch.from_numpy(shuffled(used.patients, len(used.labels), chance))
        inputs = used.inputs.clone()
        inputs[:, list(places)] = used.inputs[sources][:, list(places)]
        yield inputs


def _area(logits: NDArray[Any], labels: Ints) -> float:
    """Return the area under the ROC curve; of more than two classes the mean of those that the labels have."""
    exact = np.asarray(logits, dtype=np.float64)
    ranks = Ranks(exact, exact)
    classes = [1] if exact.ndim == 1 else range(exact.shape[1])
    areas = [auroc(ranks.of(label), labels == label) for label in classes]
    defined = [area for area in areas if area is not None]
    if not defined:
        raise Undefined(ONE_CLASS)
    return float(np.mean(defined))


def _some(samples: Labelled, passes: int, chance: np.random.Generator) -> Labelled:
    """Draw the samples that are used where there are too many: whole patients where they are known."""
    count = len(samples.labels)
    room = MOST_VALUES // max(1, samples.inputs.shape[1] * passes)
    most = min(MOST_SAMPLES, max(FEWEST_SAMPLES, room))
    if count <= most:
        return samples
    if samples.patients is None:
        kept = np.sort(chance.permutation(count)[:most])
    else:
        numbers, sizes = np.unique(samples.patients, return_counts=True)
        order = chance.permutation(len(numbers))
        enough = max(2, int(np.searchsorted(np.cumsum(sizes[order]), most, side="right")))
        kept = np.flatnonzero(np.isin(samples.patients, numbers[order[:enough]]))
    patients = None if samples.patients is None else samples.patients[kept]
    return Labelled(samples.inputs[torch.from_numpy(kept)], samples.labels[kept], patients)


def _alike(inputs: NDArray[np.float32], places: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return for each column those that correlate with it, by their closest features, the closest first."""
    values = inputs[:, [feature for column in places for feature in column]].astype(np.float64)
    values -= values.mean(axis=0)
    lengths = np.sqrt((values**2).sum(axis=0))
    values /= np.where(lengths > 0, lengths, 1)
    starts = np.cumsum([0, *(len(column) for column in places[:-1])])
    found = []
    for at, column in enumerate(places):
        own = values[:, starts[at] : starts[at] + len(column)]
        close = np.maximum.reduceat(np.abs(own.T @ values).max(axis=0), starts)
        close[at] = 0
        nearest = np.argsort(-close, kind="stable")[:MOST_LIKE]
        found.append([int(other) for other in nearest if close[other] >= ALIKE])
    return found
