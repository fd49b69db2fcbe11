"""Few durable events among many ephemeral ones are found without reading those."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection

from runs import lifecycle
from runs.events import EPHEMERAL_TYPES
from runs.models import RunEvent
from runs.queries import events_after, last_event, of_types
from tests.runs.test_lifecycle import CONFIG

pytestmark = pytest.mark.django_db


def test_lasting_events_have_an_index_of_their_own() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL plans by statistics: with few rows it reads them all")
    lasting = of_types(RunEvent.objects.filter(run_id=1, seq__gt=5), ["run_status", "training_end"])
    assert "lasting_events" in lasting.order_by("seq").explain()
    assert "lasting_events" not in of_types(RunEvent.objects.filter(run_id=1), ["progress"]).explain()


def test_it_changes_nothing_in_what_is_found(user: User) -> None:
    run = lifecycle.create(user, CONFIG)
    RunEvent.objects.bulk_create(
        RunEvent(run=run, seq=seq, attempt=1, type=type_, timestamp="", data="{}")
        for seq, type_ in enumerate(["progress", *sorted(EPHEMERAL_TYPES), "epoch_end", "progress"], start=2)
    )
    end = 3 + len(EPHEMERAL_TYPES)
    assert [event.seq for event in events_after(run.pk, 0, 9, types=["run_status", "epoch_end"])] == [1, end]
    assert [event.seq for event in events_after(run.pk, 1, 9, types=["progress", "epoch_end"])][-2:] == [end, end + 1]
    found = last_event(run.pk, "epoch_end")
    assert found is not None
    assert found.seq == end
