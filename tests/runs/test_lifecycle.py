"""Each change of status, who may make it, and what the journal says of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.utils import timezone
from pytest_django.fixtures import Settings

from runs import lifecycle, recorder
from runs.events import BatchMetrics, format_time
from runs.leases import Fenced
from runs.models import Run, RunEvent

pytestmark = pytest.mark.django_db
CONFIG: dict[str, Any] = {
    "experiment_name": "e",
    "source_path": "builtin:digits-is-8",
    "seed": 1,
    "trainer": {"max_epochs": 3},
    "callbacks": {"monitor": "val_auroc"},
}


@pytest.fixture
def run(user: User) -> Run:
    return lifecycle.create(user, CONFIG)


def statuses(run: Run) -> list[tuple[str | None, str]]:
    data = [json.loads(event.data) for event in RunEvent.objects.filter(run=run, type="run_status").order_by("seq")]
    return [(entry["previous"], entry["status"]) for entry in data]


def expire(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_new_run_is_queued_with_its_position(run: Run, user: User) -> None:
    second = lifecycle.create(user, CONFIG)
    assert (run.status, run.attempt) == ("queued", 0)
    positions = [json.loads(event.data)["queue_position"] for event in RunEvent.objects.order_by("run_id")]
    assert positions == [1, 2]
    assert second.pk > run.pk


def test_a_run_is_claimed_once(run: Run) -> None:
    claimed = lifecycle.claim(run.pk, "a")
    assert claimed is not None
    assert (claimed.status, claimed.attempt, claimed.worker) == ("in_progress", 1, "a")
    assert lifecycle.claim(run.pk, "b") is None
    assert statuses(run) == [(None, "queued"), ("queued", "in_progress")]


def test_an_ended_run_says_so_last(run: Run) -> None:
    lifecycle.claim(run.pk, "a")
    lifecycle.end(run.pk, 1, "failed", "It broke.")
    run.refresh_from_db()
    assert (run.status, run.reason, run.worker, run.lease_until) == ("failed", "It broke.", "", None)
    end = RunEvent.objects.filter(run=run).order_by("seq").last()
    assert end is not None
    assert end.type == "training_end"
    assert json.loads(end.data)["reason"] == "It broke."
    assert run.last_seq == end.seq


def test_the_row_and_the_journal_name_the_same_moments(run: Run) -> None:
    """Compare a page that received the events with one that read the row."""
    lifecycle.claim(run.pk, "a")
    lifecycle.end(run.pk, 1, "failed", "It broke.")
    run.refresh_from_db()
    told = [event.timestamp for event in RunEvent.objects.filter(run=run).order_by("seq")]
    assert told == [
        format_time(moment) for moment in (run.queued_at, run.start_time, run.end_time, run.end_time) if moment
    ]


def test_writes_of_another_attempt_are_refused(run: Run) -> None:
    lifecycle.claim(run.pk, "a")
    event = BatchMetrics(step=1, batch_idx=1, epoch=0, loss=None, accuracy=None, recall=None, f1=None)
    before = Run.objects.get(pk=run.pk).last_seq
    for write in (
        lambda: recorder.record(run.pk, 2, [recorder.stamp(event)]),
        lambda: lifecycle.end(run.pk, 2, "completed", None),
        lambda: lifecycle.renew(run.pk, 2),
        lambda: lifecycle.release(run.pk, 2, "-"),
    ):
        with pytest.raises(Fenced):
            write()
    assert Run.objects.get(pk=run.pk).last_seq == before


def test_nothing_is_written_after_the_end(run: Run) -> None:
    lifecycle.claim(run.pk, "a")
    lifecycle.end(run.pk, 1, "completed", None)
    with pytest.raises(Fenced):
        lifecycle.end(run.pk, 1, "failed", "late")
    assert Run.objects.get(pk=run.pk).status == "completed"


def test_a_queued_run_is_cancelled_at_once(run: Run) -> None:
    assert lifecycle.cancel(run.pk, "Not wanted.")
    assert Run.objects.get(pk=run.pk).status == "cancelled"
    assert not lifecycle.cancel(run.pk, "again")
    assert RunEvent.objects.filter(run=run, type="training_end").count() == 1


def test_a_running_run_is_cancelled_by_its_supervisor(run: Run) -> None:
    lifecycle.claim(run.pk, "a")
    assert lifecycle.cancel(run.pk, "Stop.")
    assert lifecycle.renew(run.pk, 1) == "cancel"
    lifecycle.end(run.pk, 1, "cancelled", "Stop.")
    assert statuses(run)[-2:] == [("in_progress", "cancelling"), ("cancelling", "cancelled")]


def test_a_stronger_request_wins_and_a_weaker_one_changes_nothing(run: Run) -> None:
    lifecycle.claim(run.pk, "a")
    asked = []
    for how in ("cancel_and_evaluate", "kill", "cancel"):
        assert lifecycle.cancel(run.pk, f"{how}.", how)
        asked.append(lifecycle.renew(run.pk, 1))
    assert asked == ["cancel_and_evaluate", "kill", "kill"]
    assert Run.objects.get(pk=run.pk).reason == "kill."
    assert statuses(run)[-2:] == [("in_progress", "cancelling"), ("cancelling", "cancelling")]


def test_a_running_run_is_asked_to_finish_and_stays_in_progress(run: Run) -> None:
    assert not lifecycle.request_finish(run.pk, "Enough.")
    lifecycle.claim(run.pk, "a")
    assert lifecycle.renew(run.pk, 1) == ""
    for _ in range(2):
        assert lifecycle.request_finish(run.pk, "Enough.")
    assert lifecycle.renew(run.pk, 1) == "finish"
    assert statuses(run) == [(None, "queued"), ("queued", "in_progress"), ("in_progress", "in_progress")]
    lifecycle.end(run.pk, 1, "completed", "Enough.")
    assert Run.objects.get(pk=run.pk).stop_request == ""
    assert not lifecycle.request_finish(run.pk, "Again.")


def test_a_run_that_finishes_when_its_server_stops_goes_on_finishing(run: Run) -> None:
    lifecycle.claim(run.pk, "a")
    lifecycle.request_finish(run.pk, "Enough.")
    lifecycle.release(run.pk, 1, "The server stopped.")
    again = lifecycle.claim(run.pk, "b")
    assert again is not None
    assert again.stop_request == "finish"


def test_a_failed_run_is_resumed_from_its_checkpoint(run: Run) -> None:
    lifecycle.claim(run.pk, "a")
    lifecycle.end(run.pk, 1, "failed", "It broke.")
    assert not lifecycle.resume(run.pk, "Again."), "no epoch is complete"
    Run.objects.filter(pk=run.pk).update(last_checkpoint="checkpoints/a1/epoch0000.ckpt", losses=3)
    assert lifecycle.resume(run.pk, "Again.")
    assert not lifecycle.resume(run.pk, "Again."), "it is queued already"
    run.refresh_from_db()
    assert (run.status, run.reason, run.end_time, run.duration_seconds, run.losses) == (
        "queued",
        "Again.",
        None,
        None,
        0,
    )
    again = lifecycle.claim(run.pk, "b")
    assert again is not None
    assert again.attempt == 2
    lifecycle.end(run.pk, 2, "completed", None)
    assert not lifecycle.resume(run.pk, "Again."), "completed runs are done"
    assert statuses(run)[-4:] == [
        ("in_progress", "failed"), ("failed", "queued"), ("queued", "in_progress"), ("in_progress", "completed"),
    ]  # fmt: skip


def test_time_between_attempts_is_not_the_trainings(run: Run, settings: Settings) -> None:
    for attempt, seconds in ((1, 50), (2, 30)):
        lifecycle.claim(run.pk, "a")
        Run.objects.filter(pk=run.pk).update(attempt_start=timezone.now() - timedelta(seconds=seconds))
        if attempt == 1:
            lifecycle.release(run.pk, 1, "The server stopped.")
    Run.objects.filter(pk=run.pk).update(start_time=timezone.now() - timedelta(days=3))
    lifecycle.end(run.pk, 2, "completed", None)
    run.refresh_from_db()
    assert run.duration_seconds == pytest.approx(80, abs=5)
    end = RunEvent.objects.filter(run=run).order_by("seq").last()
    assert end is not None
    assert json.loads(end.data)["duration_seconds"] == run.duration_seconds


def test_a_lost_attempt_counts_until_its_last_sign_of_life(run: Run, settings: Settings) -> None:
    settings.LEASE_SECONDS = 30
    lifecycle.claim(run.pk, "a")
    now = timezone.now()
    lease = {"attempt_start": now - timedelta(hours=5), "lease_until": now - timedelta(hours=4)}
    Run.objects.filter(pk=run.pk).update(**lease)
    assert lifecycle.recover(run.pk)
    assert Run.objects.get(pk=run.pk).spent_seconds == pytest.approx(3600 - 30)


def test_a_lost_run_goes_back_to_the_queue(run: Run) -> None:
    lifecycle.claim(run.pk, "a")
    assert lifecycle.lost_runs() == []
    assert not lifecycle.recover(run.pk)
    expire(run)
    assert lifecycle.lost_runs() == [run.pk]
    assert lifecycle.recover(run.pk)
    assert not lifecycle.recover(run.pk)
    again = lifecycle.claim(run.pk, "b")
    assert again is not None
    assert (again.attempt, again.losses) == (2, 1)
    with pytest.raises(Fenced):
        lifecycle.renew(run.pk, 1)


def test_a_run_lost_too_often_fails(run: Run, settings: Settings) -> None:
    settings.ATTEMPT_LIMIT = 2
    for worker in "ab":
        lifecycle.claim(run.pk, worker)
        expire(run)
        assert lifecycle.recover(run.pk)
    run.refresh_from_db()
    assert run.status == "failed"
    assert "2 times" in (run.reason or "")


def test_a_run_lost_while_it_was_cancelled_is_cancelled(run: Run) -> None:
    lifecycle.claim(run.pk, "a")
    lifecycle.cancel(run.pk, "Stop.")
    expire(run)
    assert lifecycle.recover(run.pk)
    assert Run.objects.get(pk=run.pk).status == "cancelled"


def test_an_idempotency_key_is_used_once_per_owner(user: User) -> None:
    lifecycle.create(user, CONFIG, idempotency_key="k")
    with pytest.raises(IntegrityError):
        lifecycle.create(user, CONFIG, idempotency_key="k")
