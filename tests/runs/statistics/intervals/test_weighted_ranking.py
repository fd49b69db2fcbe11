"""Rankings of many samples are worked on in parts: their numbers are scikit-learn's wherever the parts end."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from runs.statistics.intervals import weighted_ranking
from runs.statistics.intervals.resampling import Resampling, columns
from runs.statistics.intervals.running_sums import DEPTH, Buffers, RunningSums
from runs.statistics.intervals.weighted_ranking import WeightedRanking
from runs.statistics.roc import ascending


@pytest.mark.parametrize("size", [0, 1, DEPTH - 1, DEPTH, 3 * DEPTH + 5])
def test_running_sums_are_those_of_numpy(size: int) -> None:
    random = np.random.default_rng(size)
    units, weights = random.integers(0, 9, size), random.integers(0, 300, (4, 9)).astype(np.int32)
    before = np.arange(4, dtype=np.int32)
    samples = RunningSums(units)
    sums = samples.of(columns(weights), before, Buffers(), "any")
    expected = np.cumsum(np.column_stack([before, weights[:, units]]), axis=1)
    assert (sums[samples.places(np.arange(size + 1))] == expected.T).all()
    assert (sums[samples.last] == expected[:, -1]).all()


@pytest.mark.parametrize("digits", [0, 1, 2, 17])
@pytest.mark.parametrize("share", [0.01, 0.5])
def test_numbers_do_not_depend_on_where_parts_end(digits: int, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of about 50 samples, some of which are one score alone, and resamples that are worked on one by one."""
    monkeypatch.setattr(weighted_ranking, "_TOGETHER", 50)
    monkeypatch.setattr(weighted_ranking, "_MOST_CELLS", 60)
    random = np.random.default_rng(digits)
    positive = random.random(700) < share
    positive[:2] = True
    scores = (random.random(700) + positive / 2).round(digits)
    units = np.append(np.arange(300), random.integers(0, 300, 400))
    weights = Resampling(units, 300, 3, 5).weights((0, 1)).repeat(3, axis=0)
    weights[1:] = random.integers(0, 3, (2, 300))
    found = WeightedRanking(ascending(scores), positive, units, Buffers(), with_auroc=True).numbers(columns(weights))
    assert found.auroc is not None
    for row, of_patients in enumerate(weights):
        drawn = np.repeat(np.arange(700), of_patients[units])
        assert (found.average_precision[row], found.auroc[row]) == pytest.approx(
            (
                sk.average_precision_score(positive[drawn], scores[drawn]),
                sk.roc_auc_score(positive[drawn], scores[drawn]),
            ),
            abs=1e-12,
        )


def test_a_resample_without_a_class_has_no_numbers() -> None:
    scores, positive = np.array([0.9, 0.5, 0.1]), np.array([True, False, False])
    ranking = WeightedRanking(ascending(scores), positive, np.arange(3), Buffers(), with_auroc=True)
    found = ranking.numbers(np.array([[0, 2], [1, 0], [1, 0]]))
    assert found.auroc is not None
    assert np.isnan(found.average_precision).tolist() == [True, False]
    assert np.isnan(found.auroc).all()


def test_batches_are_the_rows_of_the_blocks() -> None:
    """One patient is drawn more often than 255 times: the weights still fit their type."""
    plan = Resampling(np.repeat(np.arange(900), 400), 900, 70, 3)
    blocks = np.concatenate([plan.weights(block) for block in plan.blocks()])
    assert plan.blocks()[1] == (1, 2)
    batches = list(plan.batches())
    assert [batch.shape[1] for batch in batches[:2]] == [32, 32]
    assert (blocks == np.concatenate(batches, axis=1).T).all()
    drawn = np.concatenate(list(plan.batches(left_out=False)), axis=1)
    assert (blocks[:71] == drawn.T).all()
    often = np.array([[600, 0], [1, 255]], dtype=np.int32)
    assert (columns(often) == often.T).all()
