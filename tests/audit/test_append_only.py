"""The database refuses to change or remove events, and lets old ones go once the trail says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit import append_only, pruning
from audit.append_only import EVENTS, REPEATS
from audit.models import AuditEvent, Repeats
from audit.recording import record
from experiments.worker.maintenance import TrailPruning
from tests.audit.trail import events, the_event

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def old_event(days: float, *, counted: bool = False) -> AuditEvent:
    """Store an event of so many days ago."""
    event = AuditEvent.objects.create(action="queue.paused", via="server", at=timezone.now() - days * DAY)
    if counted:
        Repeats.objects.create(event=event, key=str(event.pk), last_at=event.at)
    return event


def refused(statement: str, *parameters: Any) -> None:
    with pytest.raises(DatabaseError, match=append_only.REFUSAL), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {EVENTS} SET user_name = 'somebody else'",
        f"UPDATE {EVENTS} SET at = at",
        f"DELETE FROM {EVENTS}",
        f"DELETE FROM {REPEATS}",
        f"UPDATE {REPEATS} SET count = 0",
        f"UPDATE {REPEATS} SET count = count",
        f"UPDATE {REPEATS} SET count = count + 1, key = 'x'",
        f"UPDATE {REPEATS} SET count = count + 1, event_id = event_id + 1",
    ],
)
def test_no_statement_changes_or_removes_an_event(statement: str) -> None:
    old_event(3, counted=True)
    refused(statement)
    assert (AuditEvent.objects.count(), Repeats.objects.count()) == (1, 1)


def test_no_event_takes_the_place_of_another() -> None:
    event = old_event(3, counted=True)
    if connection.vendor == "sqlite":
        refused(f"REPLACE INTO {REPEATS} (event_id, key, count, last_at) VALUES (%s, 'y', 1, %s)", event.pk, NOW)
        replacing = f"REPLACE INTO {REPEATS} (event_id, key, count, last_at) VALUES (%s, %s, 1, %s)"
        refused(replacing, event.pk + 1, str(event.pk), NOW)
        columns = "id, at, action, user_name, via, credential, address, request_id, target_type, target_id, target_name"
        values = "%s, %s, 'logout', '', 'server', '', '', '', '', '', ''"
        refused(f"REPLACE INTO {EVENTS} ({columns}, details) VALUES ({values}, '{{}}')", event.pk, NOW)
    else:
        refused(f"TRUNCATE {EVENTS}")
        refused(f"TRUNCATE {REPEATS}")
    assert AuditEvent.objects.get().action == "queue.paused"
    assert Repeats.objects.get().pk == event.pk


def test_the_orm_is_refused_too() -> None:
    event = old_event(3)
    event.user_name = "somebody else"
    for change in (event.save, event.delete, AuditEvent.objects.all().delete):
        with pytest.raises(DatabaseError, match=append_only.REFUSAL), transaction.atomic():
            change()
    assert AuditEvent.objects.get().user_name == ""


def test_missing_triggers_are_made_again_after_a_migration() -> None:
    append_only.drop_triggers()
    assert not append_only.are_guarded()
    append_only.after_migrating()
    assert append_only.are_guarded()
    old_event(1)
    refused(f"DELETE FROM {EVENTS}")


def test_old_events_are_removed_once_the_trail_says_so() -> None:
    oldest, newer = old_event(10, counted=True), old_event(2, counted=True)
    before = timezone.now() - 5 * DAY
    assert pruning.prune(before, pause=lambda _: None) == 1
    told = the_event("audit.pruned")
    assert (told.pruned_before, told.details["events"]) == (before, 1)
    assert {event.pk for event in events()} == {newer.pk, told.pk}
    assert [repeats.pk for repeats in Repeats.objects.all()] == [newer.pk]
    assert oldest.pk not in {newer.pk, told.pk}
    refused(f"DELETE FROM {EVENTS} WHERE id = %s", newer.pk)
    refused(f"DELETE FROM {EVENTS} WHERE id = %s", told.pk)
    assert pruning.prune(before, pause=lambda _: None) == 0
    assert len(events("audit.pruned")) == 1


def test_an_interrupted_pruning_is_continued_without_saying_it_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(Exception):
        """The server was stopped."""

    def stop(_seconds: float) -> None:
        raise Interrupted

    for _ in range(3):
        old_event(10)
    monkeypatch.setattr(pruning, "BATCH_ROWS", 1)
    before = timezone.now() - 5 * DAY
    with pytest.raises(Interrupted):
        pruning.prune(before, pause=stop)
    assert len(events("queue.paused")) == 2
    assert pruning.prune(before, pause=lambda _: None) == 2
    assert [event.action for event in events()] == ["audit.pruned"]
    assert the_event("audit.pruned").details["events"] == 3


def test_a_pruning_reaches_into_the_past_alone() -> None:
    record("queue.paused")
    with pytest.raises(ValueError, match="still to come"):
        pruning.prune(timezone.now() + DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.create(action="audit.pruned", via="server", pruned_before=timezone.now() + DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEvent.objects.create(action="logout", via="server", pruned_before=timezone.now() - DAY)
    refused(f"DELETE FROM {EVENTS}")


def test_the_settings_say_when_maintenance_prunes(settings: Settings) -> None:
    old_event(40)
    newer = old_event(10)
    job = TrailPruning()
    assert job.prune_once_a_day() == 0
    settings.AUDIT_DAYS = 30.0
    assert pruning.limit(NOW) == datetime(2026, 5, 2, tzinfo=UTC)
    assert job.prune_once_a_day() == 1
    assert job.prune_once_a_day() == 0
    assert [event.pk for event in events("queue.paused")] == [newer.pk]


def test_the_command_prunes_and_refuses_what_is_unclear(capsys: pytest.CaptureFixture[str]) -> None:
    old_event(400)
    with pytest.raises(CommandError, match="Say --before which day"):
        call_command("audit", "prune")
    with pytest.raises(CommandError, match="still to come"):
        call_command("audit", "prune", "--before", "2999-01-01")
    with pytest.raises(CommandError, match="must be a date such as"):
        call_command("audit", "prune", "--before", "yesterday")
    day = timezone.now().date() - timedelta(days=300)
    call_command("audit", "prune", "--before", str(day))
    assert capsys.readouterr().out == f"Removed 1 event before {day}T00:00:00.000000Z.\n"
