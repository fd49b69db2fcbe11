"""Whether a project has room for more, in words; and of requests at once no more than it has room for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction

from access.models import Project
from experiments import launch
from experiments.api import operations
from experiments.training.contract.config import TrainingConfig
from runs import lifecycle
from runs.models import Run
from runs.quotas import disk_usage
from runs.quotas.room import DiskFull, QueueFull, files_of, require_room_for_file, require_room_for_runs, size_text
from tests.realtime.writing import CONFIG, queued_run, running_run

pytestmark = pytest.mark.django_db


def limit(**quotas: int) -> None:
    Project.objects.filter(pk=1).update(**quotas)


def test_without_quotas_there_is_room_for_anything(user: User) -> None:
    queued_run(user)
    require_room_for_runs(1, 10_000, {})
    require_room_for_file(1, 2**50, {})


def test_a_full_queue_is_said_with_the_quota_and_the_cure(user: User) -> None:
    limit(max_queued=2)
    queued_run(user)
    require_room_for_runs(1, 1, {})
    with pytest.raises(QueueFull) as refused:
        require_room_for_runs(1, 2, {})
    assert str(refused.value.detail) == (
        "The project Default has 1 of the 2 queued runs that its quota allows, and 2 more are asked for. Wait until "
        "some have started, cancel some, or ask an operator of this server for more."
    )
    assert refused.value.facts == {"quota": "max_queued", "used": 1, "allowed": 2}
    assert refused.value.status_code == 429


def test_runs_that_train_do_not_wait(user: User) -> None:
    limit(max_queued=1)
    running_run(user)
    require_room_for_runs(1, 1, {})


def test_other_projects_do_not_count(user: User) -> None:
    limit(max_queued=1)
    other = Project.objects.create(name="Heart")
    run = queued_run(user)
    Run.objects.filter(pk=run.pk).update(project=other)
    require_room_for_runs(1, 1, {})


def test_a_full_disk_is_said_with_the_quota_and_the_cure(user: User) -> None:
    run = running_run(user)
    run.folder.mkdir(parents=True)
    (run.folder / "train.log").write_bytes(b"x" * 3072)
    limit(max_disk_bytes=4096)
    require_room_for_runs(1, 1, {})
    require_room_for_file(1, 1024, {})
    with pytest.raises(DiskFull) as refused:
        require_room_for_file(1, 1025, {})
    assert str(refused.value.detail) == (
        "The files of the project Default take 3.0 KiB of the 4.0 KiB that its quota allows, and the file has 1.0 KiB. "
        "Delete runs or uploaded data sets of it (files of a deleted run are removed after 7 days), or ask an operator "
        "of this server for more."
    )
    assert refused.value.facts == {"quota": "max_disk_bytes", "used": 3072, "allowed": 4096}
    assert refused.value.status_code == 409
    limit(max_disk_bytes=3072)
    with pytest.raises(DiskFull):
        require_room_for_runs(1, 1, {})


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1023, "1,023 bytes"),
        (1024, "1.0 KiB"),
        (2**20 - 1, "1,024.0 KiB"),
        (2**20, "1.0 MiB"),
        (3 * 2**29, "1.5 GiB"),
        (2**51, "2,048.0 TiB"),
    ],
)
def test_sizes_are_written_in_the_largest_unit(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_queue_no_more_than_there_is_room_for(user: User) -> None:
    """Six requests for two runs each, and room for five: two of them get theirs."""
    limit(max_queued=5)
    together = threading.Barrier(6)

    def ask(_number: int) -> int:
        together.wait(10)
        try:
            with transaction.atomic():
                require_room_for_runs(1, 2, {})
                return len([lifecycle.create(user, CONFIG) for _ in range(2)])
        except QueueFull:
            return 0
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(ask, range(6))) == [0, 0, 0, 0, 2, 2]
    assert Run.objects.filter(status="queued").count() == 4


@pytest.mark.django_db(transaction=True)
def test_no_folder_is_looked_through_while_others_wait(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither when runs are queued, nor when one is resumed: both hold the project's row."""
    ended = running_run(user)
    lifecycle.end(ended.pk, ended.attempt, "failed", "Lost.")
    Run.objects.filter(pk=ended.pk).update(last_checkpoint="last.ckpt")
    ended.refresh_from_db()
    limit(max_disk_bytes=4096)
    run = running_run(user)
    run.folder.mkdir(parents=True)
    (run.folder / "train.log").write_bytes(b"x" * 1000)
    look, looked = disk_usage.folder_size, []

    def looking(folder: Path) -> int:
        looked.append(connection.in_atomic_block)
        return look(folder)

    monkeypatch.setattr(disk_usage, "folder_size", looking)
    config = TrainingConfig(experiment_name="x", source_path="builtin:breast-cancer")
    launch.create(config, user)
    operations.resume(ended, user)
    assert looked == [False, False]
    (run.folder / "large").write_bytes(b"x" * 4000)
    with pytest.raises(DiskFull) as refused:
        launch.create(config, user)
    assert refused.value.facts["used"] == 5000


def test_a_run_that_starts_after_folders_were_looked_through_counts(user: User) -> None:
    limit(max_disk_bytes=4096)
    files = files_of(1)
    run = running_run(user)
    run.folder.mkdir(parents=True)
    (run.folder / "train.log").write_bytes(b"x" * 3000)
    with pytest.raises(DiskFull):
        require_room_for_file(1, 2000, files)
