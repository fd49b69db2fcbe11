"""Rows by plain statements are those that the ORM would have written, on each database."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from runs import recorder
from runs.derived_models import KnownColumn, MetricSummary
from runs.events import DatasetSummary, EpochEnd, ModelSummary, TrainingStart
from runs.models import Run, RunMetric
from runs.statements import row_change
from runs.statements.bulk_insert import BulkInsert
from runs.summaries import metric_summaries
from runs.summaries.sparklines import grown, values
from tests.runs.conftest import MakeRun, add_epoch

pytestmark = pytest.mark.django_db
EPOCHS = BulkInsert(RunMetric, ["run", "epoch", "metric_name", "value", "dataset_type", "context", "class_name"])
AWKWARD = 'a "quoted", {braced} \\ name, 100 %, é\n'


def test_every_value_arrives_as_it_is(make_run: MakeRun) -> None:
    run = make_run()
    rows = [(run.pk, 2, AWKWARD, 0.1 + 0.2, "val", "epoch", ""), (run.pk, 1, "loss", None, "train", "epoch", "")]
    EPOCHS.insert(rows)
    columns = ("run_id", "epoch", "metric_name", "value", "dataset_type", "context", "class_name")
    assert list(RunMetric.objects.order_by("pk").values_list(*columns)) == rows
    assert set(RunMetric.objects.values_list("threshold", "client_id", "round_id")) == {(None, None, None)}


def test_no_rows_are_no_statement(make_run: MakeRun) -> None:
    EPOCHS.insert([])
    assert not RunMetric.objects.exists()


def test_one_row_that_may_not_be_leaves_none(make_run: MakeRun) -> None:
    row = (make_run().pk, 1, "loss", 0.5, "train", "epoch", "")
    with pytest.raises(IntegrityError), transaction.atomic():
        EPOCHS.insert([(row[0], 0, *row[2:]), row, row])
    assert not RunMetric.objects.exists()


def test_many_rows_arrive_in_their_order_with_what_is_the_same_in_all(make_run: MakeRun) -> None:
    """Statements take a hundred rows, ten or one: 213 rows need each of them more than once."""
    run = make_run()
    save = BulkInsert(
        RunMetric,
        ["run", "epoch", "metric_name", "value"],
        fixed={"dataset_type": "10 %", "context": AWKWARD[:20], "class_name": ""},
    )
    names = [AWKWARD, "loss", "\\N", "\t", "a\\\r\nb"]
    rows = [(run.pk, number, names[number % 5], number / 7 if number % 3 else None) for number in range(213)]
    save.insert(rows)
    assert list(RunMetric.objects.order_by("pk").values_list("run_id", "epoch", "metric_name", "value")) == rows
    assert set(RunMetric.objects.values_list("dataset_type", "context")) == {("10 %", AWKWARD[:20])}


@pytest.mark.parametrize("client", [{}, {"client_id": "site", "round_id": 1}])
def test_a_number_has_one_value_in_an_epoch_also_where_no_client_has_it(
    make_run: MakeRun, client: dict[str, Any]
) -> None:
    run = make_run()
    columns = {"run": run, "epoch": 0, "metric_name": "loss", "dataset_type": "train", **client}
    RunMetric.objects.create(**columns, value=0.5)
    RunMetric.objects.create(**{**columns, "client_id": "other", "round_id": 1}, value=0.5)
    RunMetric.objects.create(**{**columns, "client_id": "site", "round_id": 2}, value=0.5)
    with pytest.raises(IntegrityError), transaction.atomic():
        RunMetric.objects.create(**columns, value=0.25)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no lengths of texts")
def test_a_text_that_is_too_long_is_refused_and_not_cut(make_run: MakeRun) -> None:
    with pytest.raises(DataError), transaction.atomic():
        EPOCHS.insert([(make_run().pk, 1, "x" * 101, 0.5, "train", "epoch", "")])


def test_a_row_replaces_the_one_with_the_same_key(make_run: MakeRun) -> None:
    run = make_run()
    save = BulkInsert(
        MetricSummary, ["run", "name", "last_epoch", "curve"], unique=["run", "name"], updating=["last_epoch", "curve"]
    )
    save.insert([(run.pk, "loss", 1, None), (run.pk, "other", 1, None)])
    save.insert([(run.pk, "loss", 2, json.dumps({"a": [1, AWKWARD]}))])
    found = MetricSummary.objects.order_by("name").values_list("name", "last_epoch", "curve")
    assert list(found) == [("loss", 2, {"a": [1, AWKWARD]}), ("other", 1, None)]


def test_columns_of_one_row_change_alone(make_run: MakeRun) -> None:
    run, other = make_run(), make_run()
    assert row_change.change(Run, run.pk, {"notes": [{"code": AWKWARD}], "best_value": None}, added={"last_seq": 3})
    run.refresh_from_db()
    assert (run.last_seq, run.monitor, run.notes) == (3, "val_auroc", [{"code": AWKWARD}])
    other.refresh_from_db()
    assert (other.last_seq, other.notes) == (0, [])
    assert not row_change.change(Run, run.pk, {"reason": "x"}, only=("attempt = %s", (9,)))
    assert not row_change.change(Run, 10**6, {"reason": "x"})


def summaries(run: Run) -> dict[str, tuple[object, ...]]:
    found = MetricSummary.objects.filter(run=run).values_list("name", "last", "last_epoch", "low", "high", "curve")
    return {name: tuple(columns) for name, *columns in found}


def test_summaries_are_the_same_one_by_one_together_and_rebuilt(make_run: MakeRun) -> None:
    series = [0.5, None, 0.25, float("inf"), 0.75, *(index / 64 for index in range(50))]
    epochs = [(epoch, {"val_auroc": value, "loss": -1.0, "val_recall/a": 1.0}) for epoch, value in enumerate(series)]
    one_by_one, together, rebuilt = make_run(), make_run(), make_run()
    for epoch in epochs:
        metric_summaries.add_epochs(one_by_one.pk, [epoch])
    metric_summaries.add_epochs(together.pk, epochs[:20])
    metric_summaries.add_epochs(together.pk, epochs[20:])
    for number, metrics in epochs:
        add_epoch(rebuilt, number, {name: value for name, value in metrics.items() if "/" not in name})
    metric_summaries.rebuild(rebuilt.pk)
    curve = None
    for number, value in enumerate(series):
        curve = grown(curve, number, value)
    expected = {"loss": (-1.0, 54, -1.0, -1.0, None), "val_auroc": (49 / 64, 54, 0.0, 49 / 64, curve)}
    assert len(values(curve)) > 20
    assert summaries(one_by_one) == summaries(together) == summaries(rebuilt) == expected
    known = KnownColumn.objects.filter(kind=KnownColumn.Kind.METRIC).values_list("name", flat=True)
    assert set(known) == {"loss", "val_auroc"}


def test_epochs_of_one_batch_on_both_sides_of_a_new_start(make_run: MakeRun, started: TrainingStart) -> None:
    """A batch after an outage can hold a whole resumed attempt: what it voids are the epochs before it."""
    run = make_run(status="in_progress", attempt=1)
    before = [epoch_end(0, 0.1), epoch_end(1, 0.2), epoch_end(2, 0.3)]
    batch = [*before, started, epoch_end(1, 0.9)]
    recorder.record(run.pk, 1, [recorder.stamp(event) for event in batch])
    assert list(run.metrics.order_by("epoch").values_list("epoch", "value")) == [(0, 0.1), (1, 0.9)]
    assert summaries(run)["val_auroc"][:4] == (0.9, 1, 0.1, 0.9)
    run.refresh_from_db()
    assert (run.last_seq, run.current_epoch) == (5, 1)


def epoch_end(epoch: int, value: float) -> EpochEnd:
    return EpochEnd(epoch=epoch, phase="val", metrics={"val_auroc": value}, timestamp="2026-01-01T00:00:00.000000Z")


@pytest.fixture
def started() -> TrainingStart:
    """Make the start of an attempt that goes on after epoch 0."""
    return TrainingStart(
        run_id=1,
        experiment_name="digits",
        max_epochs=10,
        training_mode="centralized",
        resumed_from_epoch=0,
        total_steps=None,
        dataset=DatasetSummary(name="d", classes=[], sizes={}),
        model=ModelSummary(name="cnn", parameters=1, trainable=1),
    )
