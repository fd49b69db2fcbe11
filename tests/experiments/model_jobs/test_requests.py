"""Who may ask for jobs on models, when, how many; who may cancel and remove them; and what is left of them."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.exceptions import PermissionDenied

from access.models import Project
from experiments.model_jobs import folders, job_space, requests, retention, state
from experiments.model_jobs.refusals import TooManyJobs
from experiments.models import ModelJob
from experiments.trained_models import fetched_files
from runs.errors import Conflict
from runs.models import Run
from runs.quotas.room import DiskFull
from runs.removal import deletion
from tests.access.people import add_run
from tests.experiments.model_jobs.conftest import NAME
from tests.people import join, make_users
from tests.realtime.writing import queued_run, running_run

pytestmark = pytest.mark.django_db


def test_the_same_request_gives_the_same_unfinished_job(run: Run, user: User, asked: ModelJob) -> None:
    assert requests.enqueue(run, user, NAME, {"to": 3}).pk == asked.pk
    assert requests.enqueue(run, user, NAME, {"to": 4}).pk != asked.pk
    state.cancel(ModelJob.objects.filter(pk=asked.pk), "")
    assert requests.enqueue(run, user, NAME, {"to": 3}).pk != asked.pk


def test_only_runs_that_have_ended_have_a_model(user: User) -> None:
    for run, said in ((queued_run(user), "queued"), (running_run(user), "in progress")):
        with pytest.raises(Conflict, match=f"is {said}: its model can be used when it has ended"):
            requests.enqueue(run, user, NAME, {})
    assert not ModelJob.objects.exists()


def test_an_unknown_kind_is_an_error_of_the_caller(run: Run, user: User) -> None:
    with pytest.raises(KeyError):
        requests.enqueue(run, user, "hologram", {})


def test_only_trainers_of_the_project_ask(db: None) -> None:
    users, project = make_users(), Project.objects.create(name="lungs")
    join(project, users)
    config = {"experiment_name": "x", "source_path": "builtin:breast-cancer"}
    run = add_run(users["owner"], project, config)
    with pytest.raises(PermissionDenied, match=f"the model of run {run.pk} is for those who train in its project"):
        requests.enqueue(run, users["viewer"], NAME, {})
    job = requests.enqueue(run, users["trainer"], NAME, {})
    for name in ("viewer", "owner"):
        with pytest.raises(PermissionDenied, match="belongs to trainer"):
            requests.cancel(job, users[name])
        with pytest.raises(PermissionDenied, match="belongs to trainer"):
            requests.delete(job, users[name])
    requests.cancel(job, users["admin"])
    assert job.problem == "Cancelled by admin."
    requests.delete(job, users["trainer"])
    assert not ModelJob.objects.exists()
    assert not requests.visible(users["stranger"]).exists()


def test_a_job_whose_removal_is_not_stored_keeps_its_files(
    run: Run, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = requests.enqueue(run, user, NAME, {})
    job.folder.mkdir(parents=True)
    monkeypatch.setattr(connection, "savepoint_commit", Mock(side_effect=[OperationalError("disk full"), None]))
    with pytest.raises(OperationalError):
        requests.delete(job, user)
    assert ModelJob.objects.filter(pk=job.pk).exists()
    assert job.folder.exists()


def test_a_user_has_no_more_unfinished_jobs_than_the_setting_says(run: Run, user: User, settings: Settings) -> None:
    settings.MODEL_JOBS_PER_USER = 2
    jobs = [requests.enqueue(run, user, NAME, {"to": number}) for number in range(2)]
    with pytest.raises(TooManyJobs) as refused:
        requests.enqueue(run, user, NAME, {"to": 2})
    assert refused.value.facts == {"unfinished": 2, "allowed": 2}
    assert "Wait until one has ended, or cancel some." in str(refused.value.detail)
    assert requests.enqueue(run, user, NAME, {"to": 1}).pk == jobs[1].pk
    requests.cancel(jobs[0], user)
    requests.enqueue(run, user, NAME, {"to": 2})


def test_the_disk_quota_of_the_project_counts_what_jobs_take(run: Run, user: User) -> None:
    number = run.project_id
    assert number is not None
    done = requests.enqueue(run, user, NAME, {"to": 0}, size=300)
    assert job_space.bytes_of([number]) == {number: 300}
    claimed = state.claim(done.pk, "a worker")
    assert claimed is not None
    listed: list[state.ListedFile] = [{"name": "a.csv", "bytes": 700, "sha256": ""}]
    state.finish(done.pk, 1, {}, listed, expires=True)
    assert job_space.bytes_of([number]) == {number: 700}
    Project.objects.filter(pk=number).update(max_disk_bytes=1_000)
    with pytest.raises(DiskFull):
        requests.enqueue(run, user, NAME, {"to": 1}, size=301)
    cancelled = requests.enqueue(run, user, NAME, {"to": 1}, size=200)
    requests.cancel(cancelled, user)
    assert job_space.bytes_of([number]) == {number: 700}


def test_files_of_a_request_that_fails_leave_nothing(run: Run, user: User, settings: Settings) -> None:
    def place(folder: Path) -> None:
        (folder / "a.png").touch()
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        requests.enqueue(run, user, NAME, {}, place=place)
    assert not ModelJob.objects.exists()
    assert list(Path(settings.MODEL_JOBS_ROOT).iterdir()) == []


def test_cancelling(asked: ModelJob, user: User) -> None:
    asked.inputs.mkdir(parents=True)
    requests.cancel(asked, user)
    assert not asked.folder.exists()
    requests.cancel(asked, user)
    assert (asked.status, asked.problem) == ("cancelled", "Cancelled by ada.")
    assert state.claim(asked.pk, "a worker") is None


def test_one_that_has_ended_is_not_cancelled(asked: ModelJob, user: User) -> None:
    state.claim(asked.pk, "a worker")
    state.finish(asked.pk, 1, {}, [], expires=True)
    with pytest.raises(Conflict, match=f"Model job {asked.pk} is done: there is nothing to cancel"):
        requests.cancel(asked, user)


def test_a_deleted_run_has_no_jobs_that_go_on(run: Run, user: User, asked: ModelJob) -> None:
    running = requests.enqueue(run, user, NAME, {"to": 9})
    state.claim(running.pk, "a worker")
    deletion.delete(run.pk, user)
    said = f"Cancelled because ada deleted run {run.pk}."
    assert set(ModelJob.objects.values_list("status", "problem")) == {("cancelled", said)}
    assert not requests.visible(user).exists()
    with pytest.raises(Conflict, match="is deleted: restore it"):
        requests.enqueue(run, user, NAME, {})


def test_a_purged_run_takes_its_jobs_and_all_folders_with_it(
    run: Run, user: User, asked: ModelJob, settings: Settings, tmp_path: Path
) -> None:
    asked.inputs.mkdir(parents=True)
    settings.FETCHED_MODELS_ROOT = tmp_path / "fetched"
    copies = settings.FETCHED_MODELS_ROOT / str(run.pk)
    copies.mkdir(parents=True)
    fetched_files.remove_purged()
    assert copies.exists()
    long_ago = time.time() - 7_200
    os.utime(asked.folder, (long_ago, long_ago))
    Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now() - timedelta(days=400))
    assert deletion.purge(Run.objects.get(pk=run.pk))
    assert not ModelJob.objects.exists()
    retention.Cleaning().clean()
    assert not asked.folder.exists()
    assert not copies.exists()


def made(run: Run, user: User, status: str, days: float = 0, **columns: object) -> ModelJob:
    ended = None if status in ModelJob.UNFINISHED else timezone.now() - timedelta(days=days)
    job = ModelJob.objects.create(run=run, owner=user, kind=NAME, status=status, ended_at=ended, **columns)
    job.inputs.mkdir(parents=True)
    (job.folder / "a.csv").touch()
    return job


def test_folders_that_are_needed_no_more_go(run: Run, user: User, settings: Settings) -> None:
    listed = [{"name": "a.csv", "bytes": 0, "sha256": ""}]
    kept = [made(run, user, "queued"), made(run, user, "running"), made(run, user, "failed", 0.5)]
    done = made(run, user, "done", 20, files=listed)
    gone = [made(run, user, "failed", 1.5), made(run, user, "cancelled")]
    new, old = (Path(settings.MODEL_JOBS_ROOT) / name for name in ("998", "999"))
    for folder in (new, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    folders.clear()
    assert [sorted(path.name for path in job.folder.iterdir()) for job in kept] == [["a.csv", "inputs"]] * 3
    assert [path.name for path in done.folder.iterdir()] == ["a.csv"]
    assert [job.folder.exists() for job in gone] == [False, False]
    assert (new.exists(), old.exists()) == (True, False)


def test_results_are_removed_when_their_time_is_over(run: Run, user: User, settings: Settings) -> None:
    settings.MODEL_JOB_DAYS = 30.0
    lasting = made(run, user, "done", 31, expires=False)
    young, waiting = made(run, user, "done", 29), made(run, user, "queued")
    over = [made(run, user, "done", 31), made(run, user, "failed", 31)]
    assert retention.expires_at(young) == (young.ended_at or timezone.now()) + timedelta(days=30)
    assert (retention.expires_at(lasting), retention.expires_at(waiting)) == (None, None)
    cleaning = retention.Cleaning()
    assert [cleaning.clean(), cleaning.clean()] == [2, 0]
    assert {job.pk for job in ModelJob.objects.all()} == {lasting.pk, young.pk, waiting.pk}
    assert [job.folder.exists() for job in (lasting, young, *over)] == [True, True, False, False]
    settings.MODEL_JOB_DAYS = float("inf")
    assert not retention.expired().exists()
    assert retention.expires_at(young) is None
