"""The pauses between failing tries."""

from __future__ import annotations

import pytest

from runs.failures.backoff import Backoff


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(0.5, 3.0)
    assert [backoff.failed() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_after_a_success_they_begin_with_the_first() -> None:
    backoff = Backoff(0.5, 3.0)
    for _ in range(4):
        backoff.failed()
    backoff.reset()
    assert [backoff.failed() for _ in range(2)] == [0.5, 1.0]


def test_it_stays_at_the_longest_for_as_long_as_it_takes() -> None:
    backoff = Backoff(0.1, 5.0)
    assert {backoff.failed() for _ in range(5_000)} >= {5.0}
    assert backoff.failed() == 5.0


@pytest.mark.parametrize(("first", "longest"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0)])
def test_pauses_that_would_not_hold_back_are_refused(first: float, longest: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Backoff(first, longest)
