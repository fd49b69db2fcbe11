"""Data that cannot be looked at while somebody waits: accepted, and refused by the training's own process alike."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from experiments import launch
from experiments.api import views
from experiments.models import Preflight
from experiments.preflights import requests, worker_thread
from experiments.supervision import supervisor
from experiments.training.contract.inspections import Patience
from runs.models import Run
from tests.experiments.training.datasets import with_csv

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/experiments/centralized/train"
AN_INSTANT = Patience(cpu_seconds=1e-6, seconds=1e-6, busy_seconds=1e-6)


def post(client: Client, body: dict[str, Any], query: str = "", **headers: str) -> HttpResponse:
    return client.post(URL + query, json.dumps(body), content_type="application/json", headers=headers)  # type: ignore[return-value]


@pytest.fixture
def faulty(tmp_path: Path, settings: Settings) -> dict[str, Any]:
    """Make data with a fault that names an option; return the request."""
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path]
    with_csv(tmp_path / "lungs")
    return {"experiment_name": "Lungs", "source_path": "lungs", "data": {"batch_size": 9}}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "TRAINING", AN_INSTANT)
    monkeypatch.setattr(requests, "ask", lambda config, owner, **more: asked(config, owner, AN_INSTANT, **more))


asked = requests.ask
WORDS = "9 is more than the 8 training samples; choose at most 8."


def test_with_time_the_fault_is_told_at_once(api: Client, faulty: dict[str, Any]) -> None:
    for query in ("", "?dry_run=true"):
        response = post(api, faulty, query)
        assert response.status_code == 400
        [error] = json.loads(response.content)["errors"]
        assert (error["pointer"], error["detail"]) == ("#/data/batch_size", WORDS)
    assert not Run.objects.exists()
    assert not Preflight.objects.exists()


def test_without_it_the_training_is_queued_and_refused_alike(
    api: Client, faulty: dict[str, Any], impatient: None, warm: None
) -> None:
    first, second = (post(api, faulty, **{"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    run = Run.objects.get()
    assert supervisor.supervise(draining=threading.Event())
    run.refresh_from_db()
    assert (run.status, run.reason) == ("failed", f"data.batch_size: {WORDS}")


def test_without_it_the_dry_run_answers_at_once_and_its_report_refuses_alike(
    api: Client, faulty: dict[str, Any], impatient: None, warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_ended", refuse_to_wait)
    response = post(api, faulty, "?dry_run=true")
    assert (response.status_code, json.loads(response.content)["status"]) == (202, "queued")
    preflight = Preflight.objects.get()
    assert worker_thread.make(preflight.pk, draining=threading.Event())
    preflight.refresh_from_db()
    assert (preflight.status, preflight.problem) == ("failed", f"data.batch_size: {WORDS}")


async def refuse_to_wait(known: Preflight, seconds: float) -> Preflight:
    assert seconds == 0
    return known


def test_a_wait_that_was_asked_for_is_kept(
    api: Client, faulty: dict[str, Any], impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def note(known: Preflight, seconds: float) -> Preflight:
        waited.append(seconds)
        return known

    monkeypatch.setattr(views, "_ended", note)
    assert post(api, faulty, "?dry_run=true&wait=7").status_code == 202
    assert waited == [7.0]
