"""The files of ended runs are measured some at a time, the newest first; one that cannot be holds up no other."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from experiments.worker import maintenance
from experiments.worker.maintenance import Measuring
from runs import lifecycle
from runs.quotas import disk_usage
from tests.realtime.writing import running_run

pytestmark = pytest.mark.django_db


def test_each_run_has_its_turn_though_its_size_is_not_stored(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [running_run(user) for _ in range(3)]
    for run in runs:
        lifecycle.end(run.pk, run.attempt, "completed", None)
    tried: list[int] = []
    monkeypatch.setattr(maintenance, "MEASURED_IN_A_ROUND", 2)
    monkeypatch.setattr(disk_usage, "measure", tried.append)
    measuring = Measuring()
    assert [measuring.measure_some() for _ in range(4)] == [2, 1, 0, 0]
    assert tried == [run.pk for run in reversed(runs)]
    monkeypatch.setattr(measuring, "_next_look", 0.0)
    assert measuring.measure_some() == 2, "after a rest it begins with the newest ones"
