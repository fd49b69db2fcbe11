"""GET …/epoch-matrices/: exact, thinned, after a resume, of two and of many classes; and what a training counts."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import numpy as np
import pytest
from django.test import Client
from sklearn.metrics import confusion_matrix

from experiments.training.metrics.epoch_matrix import MOST_MISTAKES, MOST_WHOLE, epoch_matrix
from runs import queries
from runs.evaluation.epoch_matrices import thinned
from runs.events import DatasetSummary, EpochEnd, EpochMatrix, ModelSummary, TrainingStart, encode, utc_now
from runs.models import Run, RunMetric
from runs.statistics.roc import Floats, Ints
from tests.runs.conftest import MakeRun, add_epoch, add_events

pytestmark = pytest.mark.django_db
TWO = {"name": "d", "classes": ["not 8", "8"], "sizes": {}}
THREE = {"name": "d", "classes": ["a", "b", "c"], "sizes": {}}


def told(api: Client, run: Run, **asked: int) -> dict[str, Any]:
    response = api.get(f"/api/runs/{run.pk}/epoch-matrices/", asked)
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()
    return found


def counts(tp: float | None, tn: float | None, fp: float | None, fn: float | None) -> dict[str, float | None]:
    return {"val_cm_tp": tp, "val_cm_tn": tn, "val_cm_fp": fp, "val_cm_fn": fn}


def matrix_of(*cells: int) -> EpochMatrix:
    return EpochMatrix(classes=3, samples=sum(cells), right=sum(cells[::4]), pairs=2, cells=list(cells), mistakes=[])


def ended(epoch: int, matrix: EpochMatrix | None) -> list[EpochEnd]:
    now = utc_now()
    metrics: dict[str, float | None] = {"train_loss": 0.1}
    return [
        EpochEnd(epoch=epoch, phase="train", metrics=metrics, timestamp=now),
        EpochEnd(epoch=epoch, phase="val", metrics={"val_loss": 0.5}, timestamp=now, matrix=matrix),
    ]


def resumed(epoch: int | None) -> TrainingStart:
    return TrainingStart(
        run_id=1,
        experiment_name="x",
        max_epochs=9,
        training_mode="centralized",
        resumed_from_epoch=epoch,
        total_steps=None,
        dataset=msgspec.convert(THREE, DatasetSummary),
        model=ModelSummary(name="m", parameters=1, trainable=1),
    )


def test_two_classes_have_their_counts_row_by_row(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="completed", dataset=TWO, best_epoch=1)
    add_epoch(run, 0, counts(27.0, 300.0, 24.0, 9.0))
    add_epoch(run, 1, counts(None, None, None, None))
    found = told(api, run)
    names = ("class_names", "epochs", "first", "last", "best_epoch")
    assert [found[name] for name in names] == [["not 8", "8"], 2, 0, 1, 1]
    first, second = found["matrices"]
    assert first["epoch"] == 0
    assert first["matrix"] == {
        "classes": 2, "samples": 360, "right": 327, "pairs": 2, "cells": [300, 24, 9, 27], "mistakes": [],
    }  # fmt: skip
    assert second == {"epoch": 1, "matrix": None}  # the scores were not finite


def test_several_classes_are_as_the_events_have_them(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="completed", attempt=1, dataset=THREE)
    add_events(run, [resumed(None), *ended(0, matrix_of(5, 1, 0, 0, 6, 0, 2, 0, 7)), *ended(1, None)])
    found = told(api, run)
    assert [one["epoch"] for one in found["matrices"]] == [0, 1]
    assert found["matrices"][0]["matrix"]["cells"] == [5, 1, 0, 0, 6, 0, 2, 0, 7]
    assert found["matrices"][1]["matrix"] is None
    assert told(api, run, epoch=0)["matrices"] == found["matrices"][:1]


def test_a_resume_makes_later_epochs_void(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress", attempt=1, dataset=THREE)
    old, new = matrix_of(1, 0, 0, 0, 1, 0, 0, 0, 1), matrix_of(9, 0, 0, 0, 9, 0, 0, 0, 9)
    add_events(run, [resumed(None), *(event for epoch in range(4) for event in ended(epoch, old))])
    add_events(run, [resumed(1), *ended(2, new)])
    found = {one["epoch"]: one["matrix"]["right"] for one in told(api, run)["matrices"]}
    assert found == {0: 3, 1: 3, 2: 27}
    add_events(run, [resumed(None)])
    assert told(api, run)["matrices"] == []


def test_a_run_without_any_has_none_and_what_is_not_there_is_null(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="completed", attempt=1, dataset=THREE)
    add_events(run, [resumed(None), *ended(0, None)])
    nothing: dict[str, Any] = {"best_epoch": None, "epochs": 0, "first": None, "last": None, "matrices": []}
    assert told(api, run) == {"class_names": ["a", "b", "c"], **nothing}
    answer = api.get(f"/api/runs/{run.pk}/epoch-matrices/", {"epoch": 4})
    assert (answer.status_code, answer.json()["matrices"]) == (200, [{"epoch": 4, "matrix": None}])
    assert api.get(f"/api/runs/{run.pk}/epoch-matrices/", {"points": 2}).status_code == 400
    assert told(api, make_run(status="queued"))["epochs"] == 0
    assert Client().get(f"/api/runs/{run.pk}/epoch-matrices/").status_code == 401


def test_a_run_that_is_deleted_while_it_is_asked_for_is_no_fault_of_the_server(
    api: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the page of a run asks while somebody else deletes it."""
    run, real = make_run(status="completed", dataset=TWO), queries.heads

    def heads(*asked: Any) -> list[queries.Head]:
        found = real(*asked)
        Run.objects.filter(pk=run.pk).update(deleted_at=utc_now())
        return found

    monkeypatch.setattr(queries, "heads", heads)
    assert api.get(f"/api/runs/{run.pk}/epoch-matrices/").status_code in (200, 404)


@pytest.mark.parametrize("best", [None, 0, 5, 6_543, 9_999])
def test_thinning_keeps_first_last_and_best(best: int | None) -> None:
    chosen = thinned(range(10_000), 200, best)
    assert len(chosen) == 200 == len(set(chosen))
    assert (chosen[0], chosen[-1]) == (0, 9_999)
    assert best is None or best in chosen
    assert chosen == sorted(chosen)
    assert max(np.diff(chosen)) <= 101
    assert thinned([0, 1, 5], 3, 1) == [0, 1, 5]
    assert thinned(range(9), 3, 1) == [0, 1, 8]


def test_ten_thousand_epochs_stay_small_and_quick(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="completed", dataset=TWO, best_epoch=7_001)
    rows = [
        RunMetric(run=run, epoch=epoch, metric_name=name, value=float(epoch), dataset_type="val")
        for epoch in range(10_000)
        for name in counts(0, 0, 0, 0)
    ]
    RunMetric.objects.bulk_create(rows, batch_size=5_000)
    began = time.monotonic()
    found = told(api, run)
    assert time.monotonic() - began < 5
    assert (found["epochs"], len(found["matrices"])) == (10_000, 200)
    assert 7_001 in [one["epoch"] for one in found["matrices"]]
    assert all(one["matrix"]["cells"] == [one["epoch"]] * 4 for one in found["matrices"])
    assert told(api, run, epoch=4_321)["matrices"][0]["matrix"]["samples"] == 4 * 4_321


def scores_of(predicted: Ints, classes: int) -> Floats:
    return np.eye(classes)[predicted] * 0.9 + 0.1 / classes


@pytest.mark.parametrize("classes", [3, MOST_WHOLE])
def test_a_whole_matrix_is_what_scikit_learn_counts(classes: int) -> None:
    rng = np.random.default_rng(3)
    targets, predicted = rng.integers(0, classes, (2, 500))
    found = epoch_matrix(scores_of(predicted, classes), targets)
    assert found
    expected = confusion_matrix(targets, predicted, labels=range(classes))
    assert np.array_equal(np.array(found.cells).reshape(classes, classes), expected)
    assert (found.samples, found.right) == (500, int((targets == predicted).sum()))
    assert found.pairs == np.count_nonzero(expected) - np.count_nonzero(np.diag(expected))
    assert found.mistakes == []


@pytest.mark.parametrize("classes", [MOST_WHOLE + 1, 1_000])
def test_of_many_classes_the_worst_pairs_are_kept_in_little_space(classes: int) -> None:
    rng = np.random.default_rng(4)
    targets = rng.integers(0, classes, 20_000)
    predicted = (targets + rng.binomial(3, 0.3, 20_000)) % classes
    found = epoch_matrix(scores_of(predicted, classes), targets)
    assert found
    expected = confusion_matrix(targets, predicted, labels=range(classes))
    wrong = expected - np.diag(np.diag(expected))
    ranked = sorted(
        ([i, j, int(wrong[i, j]), int(expected[i].sum())] for i, j in np.argwhere(wrong)),
        key=lambda one: (-one[2], one[3], one[0], one[1]),
    )
    assert found.mistakes == ranked[:MOST_MISTAKES]
    assert (found.cells, found.pairs) == ([], len(ranked))
    assert len(encode(EpochEnd(epoch=9_999, phase="val", metrics={}, timestamp=utc_now(), matrix=found))) < 4_000


def test_no_matrix_without_samples_without_finite_scores_and_of_two_classes() -> None:
    assert epoch_matrix(np.empty((0, 3)), np.empty(0, dtype=np.int64)) is None
    assert epoch_matrix(np.array([[0.5, np.nan, 0.5]]), np.array([0])) is None
    assert epoch_matrix(np.array([0.4, 0.6]), np.array([0, 1])) is None


def test_the_log_of_a_page_that_opens_is_free_of_them(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress", attempt=1, dataset=THREE)
    add_events(run, [resumed(None), *ended(0, matrix_of(5, 1, 0, 0, 6, 0, 2, 0, 7))])
    logged = api.get(f"/api/runs/{run.pk}/snapshot/").json()["events"]
    assert [event["data"].get("matrix") for event in logged if event["type"] == "epoch_end"] == [None, None]
    assert logged[-1]["data"]["metrics"] == {"val_loss": 0.5}
