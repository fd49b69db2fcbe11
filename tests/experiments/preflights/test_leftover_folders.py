"""What is left behind of a pre-flight report goes, and nothing that is still needed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from experiments.models import Preflight
from experiments.preflights import leftover_folders
from experiments.queued_work.leftover_folders import KEPT
from experiments.training.contract.config import TrainingConfig

pytestmark = pytest.mark.django_db


def made(user: User, config: TrainingConfig, status: str, **columns: Any) -> Preflight:
    row = Preflight.objects.create(owner=user, config=config.model_dump(mode="json"), status=status, **columns)
    row.folder.mkdir(parents=True)
    (row.folder / "train.log").write_text("Traceback\n")
    return row


def test_folders_of_reports_that_are_over_go(user: User, config: TrainingConfig) -> None:
    now, old = timezone.now(), timezone.now() - KEPT - timedelta(seconds=1)
    kept = [
        made(user, config, "queued"),
        made(user, config, "running", lease_until=now),
        made(user, config, "failed", ended_at=now),
    ]
    gone = [made(user, config, "done", ended_at=now), made(user, config, "failed", ended_at=old)]
    nobodys = kept[0].folder.parent / "999"
    nobodys.mkdir()
    notes = kept[0].folder.parent / "notes"
    notes.mkdir()
    leftover_folders.clear()
    assert [row.folder.exists() for row in kept] == [True, True, True]
    assert [row.folder.exists() for row in gone] == [False, False]
    assert (nobodys.exists(), notes.exists()) == (False, True)
    assert Preflight.objects.count() == 5


def test_without_a_folder_there_is_nothing_to_do(db: None) -> None:
    leftover_folders.clear()
