"""A batch written twice, because it is unknown whether the first time counted, is stored once."""

from __future__ import annotations

import pytest

from runs import lifecycle, recorder
from runs.events import BatchMetrics, EpochEnd, Event, Stamped, utc_now
from runs.models import Run, RunEvent, RunMetric
from tests.runs.conftest import MakeRun


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    """Make a run of attempt 1 with one event after its claim."""
    run = make_run()
    lifecycle.claim(run.pk, "a")
    recorder.record(run.pk, 1, [recorder.stamp(batch(0))])
    return run


def batch(step: int) -> BatchMetrics:
    return BatchMetrics(step=step, batch_idx=step, epoch=0, loss=None, accuracy=None, recall=None, f1=None)


def an_epoch() -> list[Stamped[Event]]:
    end = EpochEnd(epoch=0, phase="val", metrics={"val_loss": 0.5, "val_acc": 0.75}, timestamp=utc_now())
    return [recorder.stamp(batch(1)), recorder.stamp(end)]


def journal(run: Run) -> list[tuple[int, str]]:
    return list(RunEvent.objects.filter(run=run).order_by("seq").values_list("seq", "type"))


def test_a_batch_that_was_stored_after_all_is_not_stored_again(run: Run) -> None:
    told = an_epoch()
    recorder.record(run.pk, 1, told)
    stored = journal(run)
    recorder.record(run.pk, 1, told, again=True)
    assert journal(run) == stored
    run.refresh_from_db()
    assert run.last_seq == stored[-1][0]
    assert RunMetric.objects.filter(run=run, context="epoch").count() == 2


def test_a_batch_that_was_not_stored_is(run: Run) -> None:
    before = journal(run)
    recorder.record(run.pk, 1, an_epoch(), again=True)
    last = before[-1][0]
    assert journal(run) == [*before, (last + 1, "batch_metrics"), (last + 2, "epoch_end")]
    assert RunMetric.objects.filter(run=run, context="epoch").count() == 2


def test_the_same_words_of_another_moment_are_another_event(run: Run) -> None:
    recorder.record(run.pk, 1, [recorder.stamp(batch(0))], again=True)
    assert [kind for _, kind in journal(run)].count("batch_metrics") == 2
