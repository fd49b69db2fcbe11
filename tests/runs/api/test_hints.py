"""Hints over HTTP: read from what the recorder stored, in few queries however long the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from runs.api import hint_evidence
from runs.events import GradientStats, LrUpdate, Progress, ResourceUsage
from runs.models import RunEvent, RunMetric
from runs.statistics.score_statistics import final_statistics
from tests.runs.conftest import CONFIG, MakeRun, add_events, add_final


def add_epochs(run_id: int, **columns: list[float | None]) -> None:
    RunMetric.objects.bulk_create(
        RunMetric(run_id=run_id, epoch=epoch, metric_name=name, value=value, dataset_type=name.split("_")[0])
        for name, values in columns.items()
        for epoch, value in enumerate(values)
    )


def gradient(**norms: float | None) -> GradientStats:
    return GradientStats(step=1, epoch=0, total_norm=1.0, layer_norms=norms, max_norm=1.0, min_norm=0.0)


def usage(free: int) -> ResourceUsage:
    return ResourceUsage(
        cpu_cores=1.0, machine_cpu_cores=1.0, machine_cores=2, processes=1, memory_rss=1, memory_pss=1,
        machine_memory_used=1, machine_memory_total=10, disk_free=free, disk_total=10, gpus=[],
    )  # fmt: skip


def progress() -> Progress:
    return Progress(epoch=0, batch_idx=1, batches=9, step=1, total_steps=9, samples_per_second=None, eta_seconds=None)


def asked(api: Client, run_id: int) -> dict[str, Any]:
    response = api.get(f"/api/runs/{run_id}/hints/")
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body


def test_a_new_run_has_no_hints(api: Client, make_run: MakeRun) -> None:
    body = asked(api, make_run().pk)
    assert (body["status"], body["hints"], body["gradients"]) == ("queued", [], {})
    assert (body["patience"]["best"], body["patience"]["left"]) == (None, 10)


def test_hints_come_from_epochs_gradients_and_the_machine(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress", attempt=1, best_epoch=1)
    add_epochs(
        run.pk,
        train_loss=[0.7, 0.5, 0.3, 0.2, 0.1],
        val_loss=[0.7, 0.4, 0.55, 0.6, 0.7],
        val_auroc=[0.8, 0.9, 0.85, 0.84, 0.83],
    )
    add_events(run, [*[gradient(stem=0.0, head=1.0)] * 5, usage(1), progress(), usage(10**12)])
    body = asked(api, run.pk)
    assert [hint["code"] for hint in body["hints"]] == ["vanishing_gradients", "overfitting", "disk"]
    assert body["gradients"] == {"stem": "vanishing", "head": "ok"}
    assert body["patience"]["stops_after_epoch"] is None  # the run has ten epochs, and waits for eleven
    assert body["last_seq"] == 8


def test_an_epoch_is_judged_when_it_is_complete(api: Client, make_run: MakeRun) -> None:
    """Store the train phase first; its unknown loss alone is not yet an epoch."""
    run = make_run(status="in_progress", attempt=1)
    add_epochs(run.pk, train_loss=[0.7, None], val_loss=[0.7])
    assert asked(api, run.pk)["hints"] == []


def test_an_earlier_attempt_s_machine_says_nothing_of_this_one(api: Client, make_run: MakeRun) -> None:
    run = make_run(status="in_progress", attempt=1)
    add_events(run, [*[gradient(stem=0.0, head=1.0)] * 5, usage(1), progress()])
    run.attempt = 2
    run.save()
    body = asked(api, run.pk)
    assert (body["hints"], body["gradients"]) == ([], {})


def test_the_run_itself_tells_how_long_early_stopping_waits(api: Client, make_run: MakeRun) -> None:
    config = CONFIG | {"callbacks": {"monitor": "val_auroc", "mode": "max", "patience": 4}}
    run = make_run(status="in_progress", config=config)
    add_epochs(run.pk, val_auroc=[0.8, 0.9, None, 0.9])
    found = api.get(f"/api/runs/{run.pk}/").json()["patience"]
    assert found == asked(api, run.pk)["patience"]
    assert (found["best"], found["best_epoch"], found["waited"], found["stops_after_epoch"]) == (0.9, 1, 2, 5)


def test_a_long_journal_costs_as_many_queries_as_a_short_one(
    api: Client, make_run: MakeRun, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = make_run(status="in_progress", attempt=1)
    add_events(run, [LrUpdate(epoch=0, step=1, learning_rate=0.1)] * 6_000 + [gradient(stem=0.0, head=1.0)] * 400)
    RunEvent.objects.filter(run=run, seq=6_400).update(data='{"of": "a newer server"}')
    with django_assert_max_num_queries(8):
        assert asked(api, run.pk)["gradients"] == {"stem": "vanishing", "head": "ok"}


@pytest.mark.parametrize("patients", [None, 20])
def test_a_gap_follows_patients_where_they_are_known(api: Client, make_run: MakeRun, patients: int | None) -> None:
    """Of 20 patients with 5 images each, all images of 16 are right: 80 % of 20, not of 100."""
    targets, of = np.arange(100) // 5 % 2, np.arange(100) // 5
    scores = np.where(of % 5 == 0, 0.6 - 0.2 * targets, 0.4 + 0.2 * targets)
    known = {} if patients is None else {"patients": of}
    matrix, statistics = final_statistics(scores, targets, class_names=["no", "yes"], **known)
    run = make_run(
        status="in_progress", attempt=1, dataset={"name": "d", "classes": ["no", "yes"], "sizes": {"val": 100}}
    )
    add_epochs(run.pk, train_loss=[0.5] * 3, val_loss=[0.5] * 3, train_acc=[0.95] * 3, val_acc=[0.8] * 3)
    add_final(run, "val", statistics, confusion_matrix=matrix.tolist(), patients=patients)
    told = {hint["code"] for hint in asked(api, run.pk)["hints"]}
    assert ("gap" in told) == (patients is None)
    found = hint_evidence.of_run(run)
    low, high = found.interval("accuracy", 0.8, 100)
    assert (low, high) == pytest.approx(
        (statistics["final_accuracy_cm_ci_low"], statistics["final_accuracy_cm_ci_high"])
    )
    worth = found.independent.get("accuracy", 100)
    assert worth < 21 if patients else worth == 100
