"""Each occasion makes one message for each subscription that it concerns: none is lost, none is made twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from access.models import Membership, Project
from access.roles import Role
from experiments.worker import maintenance
from notifications import conditions, following, matching, outbox
from notifications.models import Message, Subscription
from runs import lifecycle, queue, recorder
from runs.changes import status_changes
from runs.derived_models import StatusChange
from runs.events import EpochEnd, Progress, ResourceUsage, format_time, utc_now
from runs.models import Run, RunEvent
from tests.notifications.receiving import ALL
from tests.realtime.writing import come_back, queued_run, running_run

pytestmark = pytest.mark.django_db


def subscribe(user: User, **columns: object) -> Subscription:
    return Subscription.objects.create(
        **{"user": user, "name": "s", "channel": "webhook", "url": "https://a.example/", "occasions": ALL} | columns
    )


def told(subscription: Subscription) -> list[str]:
    following.follow()
    return list(subscription.messages.order_by("pk").values_list("occasion", flat=True))


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_each_end_is_told_once(user: User, status: str) -> None:
    own = subscribe(user)
    run = running_run(user)
    lifecycle.end(run.pk, run.attempt, status, "ValueError: bad sample 17")  # type: ignore[arg-type]
    assert told(own) == told(own) == [f"run.{status}"]
    message = Message.objects.get()
    assert message.content["status"] == status
    assert message.content["reason"] == "ValueError; the run's page has the message."
    assert message.content["name"] == "digits"
    assert not StatusChange.objects.exists()


def test_changes_that_no_web_process_follows_are_removed_after_some_days(
    user: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """In several batches; what is newer is told when a web process comes."""
    monkeypatch.setattr(status_changes, "TOGETHER", 2)
    own = subscribe(user)
    for _ in range(3):
        run = running_run(user)
        lifecycle.end(run.pk, run.attempt, "completed", None)
    limit = timezone.now() - timedelta(days=status_changes.KEPT_DAYS)
    old = StatusChange.objects.order_by("pk")[:7]  # of nine
    StatusChange.objects.filter(pk__in=list(old.values_list("pk", flat=True))).update(
        timestamp=format_time(limit - timedelta(minutes=1))
    )
    assert maintenance.remove_untold() == 7
    assert "7 changes of status are older than 7 days, and nobody is told of them" in caplog.text
    assert maintenance.remove_untold() == 0
    assert told(own) == ["run.completed"]


def test_a_run_that_is_resumed_by_a_person_is_told_of_again(user: User) -> None:
    own = subscribe(user)
    run = running_run(user)
    lifecycle.end(run.pk, run.attempt, "failed", "It broke.")
    come_back(run)
    lifecycle.end(run.pk, run.attempt + 1, "failed", "It broke again.")
    assert told(own) == ["run.failed", "run.resumed", "run.failed"]


def test_a_lost_run_is_told_of_and_so_is_that_it_continues(user: User) -> None:
    own = subscribe(user)
    run = running_run(user)
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(hours=1))
    assert lifecycle.recover(run.pk)
    assert not lifecycle.recover(run.pk), "a second process was faster"
    assert lifecycle.claim(run.pk, "another") is not None
    assert told(own) == ["run.lost", "run.resumed"]
    assert Message.objects.get(occasion="run.lost").content["reason"] == "The worker that ran it was lost."


def test_what_is_no_change_of_status_is_none(user: User) -> None:
    run = queued_run(user)
    assert lifecycle.prioritize(run.pk, 5)
    assert lifecycle.claim(run.pk, "tester") is not None
    assert lifecycle.request_finish(run.pk, "Enough.")
    changes = StatusChange.objects.order_by("pk").values_list("previous", "status", "seq")
    assert list(changes) == [("", "queued", 1), ("queued", "in_progress", 3)]
    assert RunEvent.objects.filter(run=run, type="run_status").count() == 4


def test_a_change_that_is_rolled_back_is_not_followed(user: User) -> None:
    own = subscribe(user)
    run = running_run(user)
    following.follow()
    with transaction.atomic():
        lifecycle.end(run.pk, run.attempt, "completed", None)
        transaction.set_rollback(True)
    assert told(own) == []


def test_a_follower_that_fails_leaves_the_changes_to_the_next(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    own = subscribe(user)
    run = running_run(user)
    lifecycle.end(run.pk, run.attempt, "completed", None)
    with monkeypatch.context() as broken:
        broken.setattr(conditions, "look_at_metrics", lambda _runs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            following.follow()
    assert not Message.objects.exists(), "messages and the removal of changes are one"
    assert told(own) == ["run.completed"]


def test_changes_that_come_again_make_no_second_message(user: User) -> None:
    """As after a copy of the table was put back."""
    own = subscribe(user)
    run = running_run(user)
    lifecycle.end(run.pk, run.attempt, "completed", None)
    kept = list(StatusChange.objects.all())
    assert told(own) == ["run.completed"]
    StatusChange.objects.bulk_create(kept)
    assert told(own) == ["run.completed"]


def test_more_changes_than_are_followed_at_once(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_changes, "TOGETHER", 2)
    own = subscribe(user)
    for _ in range(3):
        run = running_run(user)
        lifecycle.end(run.pk, run.attempt, "completed", None)
    assert following.follow() == 9
    assert own.messages.count() == 3


def test_who_is_told(user: User) -> None:
    other = User.objects.create_user("bo")
    project = Project.objects.create(name="Lungs")
    Membership.objects.create(project=project, user=other, role=Role.VIEWER)
    run = running_run(user)
    Run.objects.filter(pk=run.pk).update(project=project)
    Membership.objects.create(project=project, user=user, role=Role.TRAINER)
    mine = subscribe(user)
    of_project = subscribe(other, scope="project", project=project)
    of_run = subscribe(other, scope="run", run=run)
    not_concerned = [
        subscribe(other),
        subscribe(other, scope="project", project_id=1),
        subscribe(user, occasions=["run.failed"]),
        subscribe(user, paused_at=timezone.now()),
        subscribe(User.objects.create_user("stranger"), scope="project", project=project),
        subscribe(User.objects.create_user("gone", is_active=False), scope="run", run=run),
    ]
    lifecycle.end(run.pk, run.attempt, "completed", None)
    assert told(mine) == told(of_project) == told(of_run) == ["run.completed"]
    assert [one.messages.count() for one in not_concerned] == [0] * 6


def test_a_right_that_was_lost_ends_it(user: User) -> None:
    other = User.objects.create_user("bo")
    of_run = subscribe(other, scope="run", run=running_run(user))
    run = Run.objects.get()
    Membership.objects.filter(user=other).delete()
    lifecycle.end(run.pk, run.attempt, "completed", None)
    assert told(of_run) == []


def test_a_standstill_is_told_once_and_the_next_one_again(user: User) -> None:
    """A process that reports what it uses of the machine makes no progress by that."""
    own = subscribe(user, stalled_minutes=10)
    run = running_run(user)
    usage = ResourceUsage(
        cpu_cores=0.0, machine_cpu_cores=None, machine_cores=None, processes=1, memory_rss=None, memory_pss=None,
        machine_memory_used=None, machine_memory_total=None, disk_free=None, disk_total=None, gpus=[],
    )  # fmt: skip
    progress = Progress(epoch=0, batch_idx=1, batches=9, step=1, total_steps=9, samples_per_second=1.0, eta_seconds=1.0)
    recorder.record(run.pk, run.attempt, [recorder.stamp(progress)])
    recorder.record(run.pk, run.attempt, [recorder.stamp(usage)])
    Run.objects.filter(pk=run.pk).update(attempt_start=timezone.now() - timedelta(hours=1))
    now = timezone.now()
    conditions.look_at_running(now + timedelta(minutes=9))
    assert told(own) == []
    for minutes in (11, 12, 60):
        conditions.look_at_running(now + timedelta(minutes=minutes))
    assert told(own) == ["run.stalled"]
    assert Message.objects.get().content["minutes"] == 11
    recorder.record(run.pk, run.attempt, [recorder.stamp(progress)])
    conditions.look_at_running(now + timedelta(minutes=90))
    assert told(own) == ["run.stalled"] * 2


def test_a_training_that_never_began_stands_still_too(user: User) -> None:
    own = subscribe(user, stalled_minutes=10)
    running_run(user)
    conditions.look_at_running(timezone.now() + timedelta(minutes=11))
    assert told(own) == ["run.stalled"]


def test_a_long_wait_is_told_once_and_not_while_the_queue_is_paused(user: User) -> None:
    own = subscribe(user, queued_minutes=5)
    queued_run(user)
    later = timezone.now() + timedelta(minutes=6)
    queue.pause(user, "maintenance")
    conditions.look_at_queued(later)
    assert told(own) == []
    queue.unpause(user)
    for _ in range(2):
        conditions.look_at_queued(later)
    assert told(own) == ["run.queued_long"]


@pytest.mark.parametrize(
    ("direction", "threshold", "values", "value"),
    [("above", 0.9, [0.5, 0.91, 0.8], 0.91), ("below", 0.2, [0.5, 0.1, 0.3], 0.1)],
)
def test_a_metric_is_told_once_per_run(
    user: User, direction: str, threshold: float, values: list[float], value: float
) -> None:
    columns = {"occasions": ["run.metric"], "metric": "val_auroc", "direction": direction, "threshold": threshold}
    own = subscribe(user, **columns)
    run = running_run(user)
    for epoch, auroc in enumerate(values):
        event = EpochEnd(epoch=epoch, phase="val", metrics={"val_auroc": auroc}, timestamp=utc_now())
        recorder.record(run.pk, run.attempt, [recorder.stamp(event)])
        conditions.look_at_unfinished_metrics()
        assert len(told(own)) == min(epoch, 1)
    lifecycle.end(run.pk, run.attempt, "completed", None)
    assert told(own) == ["run.metric"]
    content = Message.objects.get().content
    assert (content["metric"], content["value"], content["threshold"]) == ("val_auroc", value, threshold)


def test_a_metric_that_the_last_epoch_brought_is_told_with_the_end(user: User) -> None:
    own = subscribe(user, occasions=["run.metric"], metric="val_loss", direction="below", threshold=0.5)
    run = running_run(user)
    event = EpochEnd(epoch=0, phase="val", metrics={"val_loss": 0.5}, timestamp=utc_now())
    recorder.record(run.pk, run.attempt, [recorder.stamp(event)])
    lifecycle.end(run.pk, run.attempt, "completed", None)
    assert told(own) == ["run.metric"]


def test_old_messages_are_removed_but_not_those_that_keep_others_from_being_made(user: User) -> None:
    own = subscribe(user)
    run, ended = running_run(user), running_run(user)
    Run.objects.filter(pk=run.pk).update(attempt_start=timezone.now() - timedelta(days=99))
    conditions.look_at_running()
    lifecycle.end(ended.pk, ended.attempt, "completed", None)
    assert told(own) == ["run.stalled", "run.completed"]
    own.messages.update(state="delivered", created_at=timezone.now() - timedelta(days=31))
    assert outbox.remove_old(timezone.now()) == 1
    conditions.look_at_running()
    assert told(own) == ["run.stalled"]


def test_what_nobody_wants_to_know_reads_no_run(user: User, django_assert_num_queries: object) -> None:
    running_run(user)
    following.follow()
    with django_assert_num_queries(1):  # type: ignore[operator]
        conditions.look_at_running()
    with django_assert_num_queries(1):  # type: ignore[operator]
        following.follow()
    assert not matching.active().exists()
