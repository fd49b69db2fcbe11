"""What is left out of a run's log is noted on the run, with numbers that are right whatever was tried again."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from experiments.files.uploader import Uploader
from experiments.processes.training_process import Received
from experiments.supervision.batch_writer import BatchWriter
from experiments.training.contract.reports import Note, Report, Thinned
from runs import lifecycle, recorder
from runs.events import Stamped
from runs.models import Run
from tests.runs.test_lifecycle import CONFIG

pytestmark = pytest.mark.django_db
TEXT = (
    "Attempt {} reported more than could be stored at once: {} were left out of its log and curves. Numbers of epochs "
    "and of the evaluation are complete."
)


def claimed(run: Run) -> Run:
    taken = lifecycle.claim(run.pk, "tester")
    assert taken is not None
    return taken


def received(*reports: Report) -> list[Received]:
    return [Stamped(report, "", "") for report in reports]


def notes(run: Run) -> list[tuple[str, str]]:
    run.refresh_from_db()
    return [(note["code"], note["text"]) for note in run.notes]


def test_numbers_add_up_over_reports_tries_and_attempts(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = claimed(lifecycle.create(user, CONFIG))
    writer = BatchWriter(run, Uploader(run), None)
    writer.store_batch(received(Note(code="other", text="first"), Thinned(events={"batch_metrics": 2_000})), False)
    more = received(Thinned(events={"batch_metrics": 1}), Thinned(events={"progress": 3}), Note(code="other", text="x"))
    with monkeypatch.context() as broken:
        broken.setattr(recorder, "_add_notes", lambda *_: (_ for _ in ()).throw(OperationalError("away")))
        with pytest.raises(OperationalError):
            writer.store_batch(more, False)
    writer.store_batch(more, True)
    first = TEXT.format(1, "2,001 batch_metrics and 3 progress")
    assert sorted(notes(run)) == [("events_thinned", first), ("other", "first")]
    lifecycle.release(run.pk, run.attempt, "drained")
    again = claimed(run)
    BatchWriter(again, Uploader(again), None).store_batch(received(Thinned(events={"progress": 5})), False)
    assert dict(notes(run))["events_thinned"] == f"{first} {TEXT.format(2, '5 progress')}"
