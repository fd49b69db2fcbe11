"""`trainer.max_hours`, carried out by processes of their own."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from pydantic import ValidationError
from pytest_django.fixtures import Settings

from experiments import launch
from experiments.supervision import supervisor
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.trainer_config import TrainerConfig
from runs import lifecycle
from runs.models import Run, RunEvent
from tests.experiments.supervision.test_supervisor import Recipe

SECOND = 1 / 3600
pytestmark = pytest.mark.django_db(transaction=True)


def limited(hours: float | None, **columns: Any) -> Run:
    """Create a queued run with that limit."""
    body = {"experiment_name": "e", "source_path": "builtin:breast-cancer", "trainer": {"max_hours": hours}}
    owner, _ = User.objects.get_or_create(username="grace")
    [run] = launch.create(TrainingConfig.model_validate(body), owner)
    Run.objects.filter(pk=run.pk).update(**columns)
    return run


def carried_out(run: Run) -> Run:
    assert supervisor.supervise(draining=threading.Event())
    return Run.objects.get(pk=run.pk)


def test_a_run_at_its_limit_is_evaluated_and_completed(recipe: Recipe) -> None:
    recipe("finishes")
    run = carried_out(limited(SECOND))
    assert (run.status, run.stop_request) == ("completed", "")
    assert run.reason == (
        "The time limit was reached (trainer.max_hours = 0.000277778): "
        "training stopped, and its best epoch was evaluated."
    )
    told = [json.loads(event.data) for event in RunEvent.objects.filter(run=run, type="run_status").order_by("seq")]
    assert [(event["previous"], event["status"]) for event in told] == [
        (None, "queued"), ("queued", "in_progress"), ("in_progress", "in_progress"), ("in_progress", "completed"),
    ]  # fmt: skip


def test_time_in_earlier_attempts_counts(recipe: Recipe) -> None:
    recipe("finishes")
    started = time.monotonic()
    run = carried_out(limited(1.0, spent_seconds=3599.5))
    assert run.status == "completed"
    assert "trainer.max_hours = 1)" in (run.reason or "")
    assert time.monotonic() - started < 20


def test_a_limit_too_short_for_one_epoch_says_the_cure(recipe: Recipe) -> None:
    recipe("completes_nothing")
    run = carried_out(limited(SECOND))
    assert run.status == "failed"
    assert "before the first epoch was complete" in (run.reason or "")
    assert "more trainer.max_hours" in (run.reason or "")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({}, "before the first epoch was complete"),
        ({"last_checkpoint": "checkpoints/a1/last.ckpt"}, "did not stop within the grace period"),
    ],
)
def test_a_training_that_hears_nothing_ends_with_the_limit_as_its_reason(
    recipe: Recipe, settings: Settings, columns: dict[str, Any], told: str
) -> None:
    """As while data are prepared: it is deaf to requests, and killed after the grace period."""
    settings.GRACE_SECONDS = 0.5
    recipe("stubborn")
    run = carried_out(limited(SECOND, **columns))
    assert run.status == "failed"
    assert (run.reason or "").startswith("The time limit was reached (trainer.max_hours = 0.000277778)")
    assert told in (run.reason or "")


@pytest.mark.parametrize("hours", [None, 1.0])
def test_a_run_within_its_limit_feels_nothing(recipe: Recipe, hours: float | None) -> None:
    recipe("completes")
    run = carried_out(limited(hours))
    assert (run.status, run.reason) == ("completed", None)


def test_who_finishes_early_is_named_even_if_the_limit_comes_too(recipe: Recipe) -> None:
    recipe("finishes")
    run = limited(2 * SECOND)
    claimed = lifecycle.claim(run.pk, "a worker")
    assert claimed is not None
    lifecycle.request_finish(run.pk, "Enough, said grace.")
    supervisor.carry_out(claimed, draining=threading.Event())
    assert Run.objects.get(pk=run.pk).reason == "Enough, said grace."


@pytest.mark.parametrize("hours", [0.0, -1.0, 9000.0])
def test_a_limit_out_of_bounds_is_refused(hours: float) -> None:
    with pytest.raises(ValidationError, match="max_hours"):
        TrainerConfig(max_hours=hours)
