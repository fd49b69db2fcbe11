"""How several processes share one split: all of it when it is evaluated, equal parts when it is trained on."""

from __future__ import annotations

from itertools import chain

import pytest

from experiments.training.data.batches import BatchIndices
from experiments.training.ranks import Place


def parts(samples: int, batch_size: int, ranks: int, *, seed: int | None) -> list[list[list[int]]]:
    """List each rank's batches, whose number its length must equal."""
    found = []
    for rank in range(ranks):
        indices = BatchIndices(range(100, 100 + samples), batch_size, seed=seed, place=Place(rank, ranks))
        indices.set_epoch(3)
        batches = [batch.tolist() for batch in indices]
        assert len(batches) == len(indices)
        found.append(batches)
    return found


@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 16])
@pytest.mark.parametrize("batch_size", [1, 2, 7, 32])
@pytest.mark.parametrize("samples", [16, 17, 31, 64, 65, 113])
def test_every_sample_is_evaluated_once_in_equally_many_batches(samples: int, batch_size: int, ranks: int) -> None:
    of_ranks = parts(samples, batch_size, ranks, seed=None)
    assert list(chain(*chain(*of_ranks))) == list(range(100, 100 + samples))
    assert len({len(batches) for batches in of_ranks}) == 1
    sizes = [len(batch) for batches in of_ranks for batch in batches]
    assert min(sizes) >= 1
    assert max(sizes) <= batch_size + 1


@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 16])
@pytest.mark.parametrize("batch_size", [1, 2, 7])
@pytest.mark.parametrize("samples", [112, 113, 120, 127])
def test_ranks_train_on_equal_parts_of_what_one_process_would_get(samples: int, batch_size: int, ranks: int) -> None:
    of_ranks = parts(samples, batch_size, ranks, seed=5)
    whole = parts(samples, batch_size * ranks, 1, seed=5)[0]
    joined = [list(chain(*batches)) for batches in zip(*of_ranks, strict=True)]
    assert 0 <= len(whole) - len(joined) <= 1
    for batch, expected in zip(joined, whole, strict=False):
        left_out = len(expected) % ranks
        assert batch == expected[: len(expected) - left_out]
    for batches in of_ranks:
        assert [len(batch) for batch in batches] == [len(batch) for batch in of_ranks[0]]
        assert all(len(batch) > 1 or batch_size == 1 for batch in batches)
    assert samples - sum(map(len, joined)) < 2 * ranks


def test_a_single_process_keeps_its_last_small_batch() -> None:
    assert [len(batch) for batch in parts(20, 8, 1, seed=None)[0]] == [8, 8, 4]
    assert [len(batch) for batch in parts(20, 8, 1, seed=1)[0]] == [8, 8, 4]
