"""When queued runs start, against schedules drawn by hand; and durations estimated from other runs."""

from __future__ import annotations

import time

import pytest

from runs.scheduling.queue_simulation import Capacity, Training, Waiting, starts
from runs.scheduling.run_durations import CompletedRun, DurationEstimator, remaining

ADA, BOB = 1, 2


def waiting(*seconds: float | None, owner: int = ADA, first: int = 1, gpus: int = 1) -> list[Waiting]:
    """Make queued runs numbered from `first` that take so long."""
    return [Waiting(first + number, owner, gpus, each) for number, each in enumerate(seconds)]


def test_one_slot_is_a_line() -> None:
    found = starts({"w": Capacity(1)}, [Training("w", ADA, 0, 30.0)], waiting(10.0, 20.0, 5.0))
    assert found == {1: 30.0, 2: 40.0, 3: 60.0}


def test_two_slots_take_turns() -> None:
    """Slot A: free at 5, run 1 until 15, run 3 until 18, run 4. Slot B: free at 8, run 2 until 108."""
    training = [Training("w", ADA, 0, 5.0), Training("w", ADA, 0, 8.0)]
    assert starts({"w": Capacity(2)}, training, waiting(10.0, 100.0, 3.0, 1.0)) == {1: 5.0, 2: 8.0, 3: 15.0, 4: 18.0}


def test_slots_of_several_workers_are_one_queue() -> None:
    """Three slots, one taken until 50: runs 1 and 2 start now, 3 when 2 ends (7), 4 when 1 ends (20)."""
    capacities = {"a": Capacity(1), "b": Capacity(2)}
    assert starts(capacities, [Training("a", ADA, 0, 50.0)], waiting(20.0, 7.0, 60.0, 1.0)) == {1: 0, 2: 0, 3: 7, 4: 20}


def test_a_free_slot_starts_at_once_and_an_overdue_run_ends_now() -> None:
    assert starts({"w": Capacity(1)}, [Training("w", ADA, 0, -3.0)], waiting(1.0)) == {1: 0.0}


def test_what_hangs_on_an_unknown_end_is_unknown() -> None:
    """Let slot A have an unknown end.

    Slot B takes run 1 at 4 and run 2, whose duration is unknown, at 6.
    """
    training = [Training("w", ADA, 0, None), Training("w", ADA, 0, 4.0)]
    assert starts({"w": Capacity(2)}, training, waiting(2.0, None, 1.0)) == {1: 4.0, 2: 6.0, 3: None}


def test_without_slots_nothing_is_known() -> None:
    assert starts({}, [], waiting(1.0)) == {1: None}
    assert starts({}, [Training("gone", ADA, 0, 4.0)], waiting(1.0)) == {1: None}


def test_a_project_at_its_quota_is_passed_by() -> None:
    """Three slots; project 7 may train one at a time, so its runs start at 0 and 10, the other project's at 0 and 0."""
    queue = [Waiting(1, ADA, 1, 10.0, 7), Waiting(2, BOB, 1, 10.0, 7), *waiting(4.0, 4.0, first=3)]
    assert starts({"w": Capacity(3)}, [], queue, None, {7: 1}) == {1: 0.0, 2: 10.0, 3: 0.0, 4: 0.0}


def test_a_training_counts_for_its_project_and_a_quota_of_none_never_starts() -> None:
    training = [Training("w", ADA, 1, 30.0, 7)]
    queue = [Waiting(1, BOB, 1, 1.0, 7), Waiting(2, BOB, 1, 1.0, 8)]
    assert starts({"w": Capacity(2)}, training, queue, None, {7: 1, 8: 0}) == {1: 30.0, 2: None}


def test_an_owner_at_the_limit_is_passed_by() -> None:
    """Two slots, one per owner: ada's runs follow each other (0, 10, 20), bob's start at 0 on the other slot."""
    queue = [*waiting(10.0, 10.0, 10.0), *waiting(4.0, owner=BOB, first=4)]
    assert starts({"w": Capacity(2)}, [], queue, 1) == {1: 0.0, 2: 10.0, 3: 20.0, 4: 0.0}


def test_a_run_of_a_lost_worker_counts_for_its_owner_and_holds_no_slot() -> None:
    training = [Training("gone", ADA, 0, 9.0)]
    queue = [*waiting(1.0), *waiting(1.0, owner=BOB, first=2)]
    assert starts({"w": Capacity(1)}, training, queue, 1) == {1: 9.0, 2: 0.0}


def test_who_waits_for_gpus_holds_up_those_behind() -> None:
    """Three slots, two GPUs: run 1 has one until 10, run 2 needs both and starts at 10, run 3 follows at 15."""
    queue = [*waiting(10.0), *waiting(5.0, first=2, gpus=2), *waiting(1.0, first=3)]
    assert starts({"w": Capacity(3, 2)}, [], queue) == {1: 0.0, 2: 10.0, 3: 15.0}


def test_more_gpus_than_there_are_means_all_and_none_means_none() -> None:
    """Follow `Gpus.take`; a run without GPUs starts beside."""
    queue = [*waiting(6.0, gpus=8), *waiting(2.0, first=2, gpus=0), *waiting(1.0, first=3)]
    assert starts({"w": Capacity(3, 2)}, [], queue) == {1: 0.0, 2: 0.0, 3: 6.0}
    assert starts({"w": Capacity(2)}, [], waiting(6.0, 6.0, gpus=4)) == {1: 0.0, 2: 0.0}


def test_a_taken_gpu_is_free_when_its_run_ends() -> None:
    assert starts({"w": Capacity(2, 1)}, [Training("w", ADA, 1, 12.0)], waiting(1.0)) == {1: 12.0}


def test_ten_thousand_runs_of_many_owners_take_less_than_a_second() -> None:
    queue = [Waiting(number, number % 20, 1, 60.0) for number in range(10_000)]
    began = time.process_time()
    found = starts({"w": Capacity(8, 8)}, [], queue, 2)
    assert time.process_time() - began < 1
    assert max(value for value in found.values() if value is not None) == (10_000 / 8 - 1) * 60


def test_the_median_of_its_kind_is_scaled_by_epochs() -> None:
    """Per epoch 10, 12 and 50 s: 12 s. All four: 11 s between 10 and 12."""
    kind = ("ada", "lungs")
    estimator = DurationEstimator(
        [
            CompletedRun(kind, 10, 100.0),
            CompletedRun(kind, 5, 60.0),
            CompletedRun(kind, 1, 50.0),
            CompletedRun("other", 100, 100.0),
        ]
    )
    assert estimator.seconds(kind, 30) == 360.0
    assert estimator.seconds("new", 2) == 22.0
    assert DurationEstimator([]).seconds(kind, 30) is None


@pytest.mark.parametrize(
    ("whole", "progress", "spent", "limit", "left"),
    [
        (100.0, 0.0, 0.0, None, 100.0),
        (100.0, 0.75, 70.0, None, 25.0),
        (100.0, 0.0, 0.0, 60.0, 60.0),
        (100.0, 0.5, 55.0, 60.0, 5.0),
        (None, 0.0, 20.0, 60.0, 40.0),
        (None, 0.0, 0.0, None, None),
        (100.0, 0.5, 70.0, 60.0, 0.0),
    ],
)
def test_what_is_left_ends_at_the_time_limit(
    whole: float | None, progress: float, spent: float, limit: float | None, left: float | None
) -> None:
    assert remaining(whole, progress, spent, limit) == left
