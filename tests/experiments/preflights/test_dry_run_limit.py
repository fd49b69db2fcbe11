"""How long a dry run may take: the time in its worker's hands alone counts."""

from __future__ import annotations

import os
import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from experiments.models import Preflight
from experiments.preflights import requests, state, worker_thread
from experiments.training.contract.config import TrainingConfig
from tests.clocks import Clocks
from tests.experiments.preflights.conftest import STUCK, Stuck
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_that_takes_too_long_is_ended_and_says_so(asked: Preflight, stuck: Stuck, settings: Settings) -> None:
    settings.PREFLIGHT_SECONDS = 3.0
    pid = stuck.processes[0].pid
    eventually(lambda: Preflight.objects.get(pk=asked.pk).status == "failed", within=10)
    stuck.working.stop()
    asked.refresh_from_db()
    assert asked.problem == (
        "The report was not made within 3 seconds, the limit of this server (LIVETRAIN_PREFLIGHT_SECONDS), so its "
        'process was ended, while it said "Comparing". Check a smaller part of the data, or have that limit raised; '
        "a run makes its own report without it."
    )
    assert (asked.worker, asked.losses) == ("", 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_time_in_the_queue_counts_nothing(
    user: User, config: TrainingConfig, warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks(monkeypatch)
    asked = requests.request(config, user)
    clocks.advance(86_400)
    assert worker_thread.make(asked.pk, draining=threading.Event())
    asked.refresh_from_db()
    assert asked.status == "done"


def test_a_clock_that_is_set_ends_none(asked: Preflight, stuck: Stuck, monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(monkeypatch)
    clocks.jump(86_400)
    eventually(lambda: Preflight.objects.filter(pk=asked.pk, lease_until__gt=clocks.wall).exists())  # renewed since
    assert Preflight.objects.get(pk=asked.pk).status == "running"
    clocks.advance(86_400)
    eventually(lambda: Preflight.objects.get(pk=asked.pk).status == "failed")


def test_a_lost_attempt_leaves_the_next_one_all_its_time(
    asked: Preflight, warm: None, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.PREFLIGHT_SECONDS = 2.0
    state.claim(asked.pk, "a worker that was killed")
    assert state.recover_lost(timezone.now() + timedelta(seconds=settings.LEASE_SECONDS + 1)) == [asked.pk]
    monkeypatch.setattr(worker_thread, "RECIPE", STUCK)
    began = timezone.now()
    assert worker_thread.make(asked.pk, draining=threading.Event())
    asked.refresh_from_db()
    assert asked.status == "failed"
    assert "LIVETRAIN_PREFLIGHT_SECONDS" in (asked.problem or "")
    assert asked.ended_at is not None
    assert asked.ended_at - began > timedelta(seconds=2)
