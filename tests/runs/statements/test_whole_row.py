"""Whole rows by plain SQL are what the ORM writes and reads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from runs.models import Run
from runs.queue import joining_moment, place_in_queue
from runs.statements.whole_row import WholeRows
from tests.runs.conftest import CONFIG, MakeRun, completed_columns

pytestmark = pytest.mark.django_db
ROWS = WholeRows(Run)


def columns(run: Run) -> dict[str, object]:
    return {field.attname: getattr(run, field.attname) for field in Run._meta.concrete_fields}


def test_a_row_is_read_as_the_orm_reads_it(make_run: MakeRun) -> None:
    run, other = make_run(**completed_columns(), notes=[{"code": "é", "text": 'a "b" %'}]), make_run()
    for number in (run.pk, other.pk):
        found = ROWS.load("id = %s", [number])
        assert found is not None
        assert columns(found) == columns(Run.objects.get(pk=number))
        assert not found._state.adding
        found.refresh_from_db()  # a full member of the ORM
    assert ROWS.load("id = %s AND attempt = %s", [run.pk, 99]) is None


def test_a_row_is_written_as_the_orm_writes_it(user: User) -> None:
    given = {**completed_columns(), "experiment_name": "é %s", "source_path": "x", "config": CONFIG, "seed": -1}
    given["turn"] = given["queued_at"] = datetime(2026, 1, 1, 0, 0, 5, 250, tzinfo=UTC)
    plain, saved = (Run(owner=user, max_epochs=3, monitor="loss", **given) for _ in range(2))
    ROWS.insert(plain)
    saved.save()
    assert plain.pk != saved.pk
    stored, expected = (Run.objects.get(pk=run.pk) for run in (plain, saved))
    assert model_to_dict(stored, exclude=["id"]) == model_to_dict(expected, exclude=["id"])
    assert abs(stored.created_at - expected.created_at).total_seconds() < 60
    assert stored == plain
    assert columns(stored) == columns(plain)


def test_a_row_that_may_not_be_is_refused(user: User) -> None:
    runs = [
        Run(owner=user, idempotency_key="k", config={}, seed=1, max_epochs=1, source_path="x", monitor="loss")
        for _ in range(2)
    ]
    ROWS.insert(runs[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        ROWS.insert(runs[1])


def test_only_a_locked_row_is_locked(make_run: MakeRun) -> None:
    run = make_run()
    for lock in (False, True):
        with CaptureQueriesContext(connection) as captured:
            ROWS.load("id = %s", [run.pk], lock=lock)
        locks = captured.captured_queries[0]["sql"].endswith("FOR UPDATE")
        assert locks is (lock and connection.features.has_select_for_update)


def test_a_run_joins_the_queue_after_those_whose_clock_was_ahead(make_run: MakeRun) -> None:
    now, ahead = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 5, 250, tzinfo=UTC)
    assert joining_moment(now) == now
    make_run(turn=datetime(2025, 1, 1, tzinfo=UTC), queued_at=ahead)
    assert joining_moment(now) == ahead
    make_run(status="completed", turn=datetime(2027, 1, 1, tzinfo=UTC))
    assert joining_moment(now) == ahead
    last = make_run(turn=ahead)
    assert place_in_queue(last.pk) == 2
