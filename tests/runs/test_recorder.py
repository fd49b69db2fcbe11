"""The cost of storing a batch, and that its numbers go on without a gap."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs import lifecycle, recorder
from runs.events import Event, FinalStats, LrUpdate, OperatingPoint, PatientStats, Progress, ReliabilityPoint, Stamped
from runs.models import FinalResult, Run, RunEvent
from tests.runs.test_lifecycle import CONFIG

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(user: User) -> Run:
    """Make a run whose journal holds two events: queued, in progress."""
    run = lifecycle.claim(lifecycle.create(user, CONFIG).pk, "tester")
    assert run is not None
    return run


def batch(*steps: int) -> list[Stamped[Event]]:
    progress = Progress(
        epoch=0, batch_idx=1, batches=9, step=1, total_steps=9, samples_per_second=None, eta_seconds=None
    )
    events: list[Event] = [*(LrUpdate(epoch=0, step=step, learning_rate=0.1) for step in steps), progress]
    return [recorder.stamp(event) for event in events]


def test_a_batch_rewrites_the_row_of_its_run_once(run: Run) -> None:
    with CaptureQueriesContext(connection) as captured:
        recorder.record(run.pk, run.attempt, batch(1, 2), columns={"best_epoch": 0})
    statements = [query["sql"].rpartition(" times: ")[2].split()[0] for query in captured]
    written = [verb for verb in statements if verb not in ("SAVEPOINT", "RELEASE")]
    assert written == ["UPDATE", "SELECT", "INSERT"]


def test_numbers_go_on(run: Run) -> None:
    recorder.record(run.pk, run.attempt, batch(1, 2))
    recorder.record(run.pk, run.attempt, [])
    recorder.record(run.pk, run.attempt, batch(3))
    run.refresh_from_db()
    assert run.last_seq == 7
    found = list(RunEvent.objects.filter(run=run).order_by("seq").values_list("seq", "type"))
    kinds = ["run_status", "run_status", "lr_update", "lr_update", "progress", "lr_update", "progress"]
    assert found == list(enumerate(kinds, 1))


def test_an_evaluation_is_kept_with_its_patients_and_reliability(run: Run) -> None:
    point = {"samples": 9, "low": 0.1, "high": 0.3, "mean_score": 0.2, "share": 0.25, "ci_low": None, "ci_high": None}
    threshold = {"rule": "f1", "threshold": 0.3, "log_odds": None, "reason": None, "statistics": {"cm_tp": 2}}
    patients = {"patients": 4, "mixed": 0, "confusion_matrix": [[2, 0], [1, 1]], "statistics": {"cm_tp": 1.0}}
    event = FinalStats(
        split="val",
        epoch=0,
        threshold=0.5,
        confusion_matrix=[[5, 1], [1, 2]],
        class_names=["no", "yes"],
        statistics={"final_calibration_slope": 0.7},
        patients=4,
        reliability=[ReliabilityPoint(**point)],  # type: ignore[arg-type]
        operating_points=[OperatingPoint(**threshold)],  # type: ignore[arg-type]
        by_patient=PatientStats(**patients),  # type: ignore[arg-type]
    )
    recorder.record(run.pk, run.attempt, [recorder.stamp(event)])
    kept = FinalResult.objects.get(run=run)
    assert (kept.patients, kept.reliability, kept.operating_points) == (4, [point], [threshold])
    assert kept.by_patient == patients
