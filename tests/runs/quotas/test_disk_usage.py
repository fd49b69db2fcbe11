"""How many bytes the files of a project take: of runs that have ended, of those that train, and of other parts."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Project
from runs import lifecycle
from runs.derived_models import RunDiskUsage, StoredFile
from runs.events import utc_now
from runs.files import store
from runs.models import Run
from runs.quotas import disk_usage
from runs.quotas.disk_usage import bytes_of, measure, unmeasured
from runs.removal import retention
from tests.realtime.writing import queued_run, running_run

pytestmark = pytest.mark.django_db


def write(run: Run, name: str, size: int) -> None:
    path = run.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)


def ended(user: User, size: int = 0, project: Project | None = None) -> Run:
    run = running_run(user)
    if size:
        write(run, "results.json", size)
    if project:
        Run.objects.filter(pk=run.pk).update(project=project)
    lifecycle.end(run.pk, run.attempt, "completed", None)
    return Run.objects.get(pk=run.pk)


def test_files_of_all_folders_count_and_links_do_not(user: User) -> None:
    run = running_run(user)
    write(run, "train.log", 100)
    write(run, "checkpoints/best.ckpt", 1000)
    write(run, ".pictures/test-1.png", 10)  # hidden from readers, but on the disk
    large = run.folder.parent / "elsewhere"
    large.write_bytes(b"x" * 5000)
    (run.folder / "link").symlink_to(large)
    link = (run.folder / "link").lstat().st_size
    assert bytes_of([1]) == {1: 1110 + link}


def test_what_has_ended_is_measured_once_and_what_trains_each_time(user: User) -> None:
    done, training, waiting = ended(user, 50), running_run(user), queued_run(user)
    measure(done.pk)
    write(training, "train.log", 7)
    write(waiting, "left.over", 1000)  # never started: there can be no files of it
    write(done, "later", 5)
    assert bytes_of([1]) == {1: 57}
    write(training, "train.log", 9)
    assert bytes_of([1]) == {1: 59}


def test_each_project_has_its_own(user: User) -> None:
    heart, empty = Project.objects.create(name="Heart"), Project.objects.create(name="Empty")
    for size, project in ((10, None), (200, heart), (30, heart)):
        measure(ended(user, size, project).pk)
    assert bytes_of([1, heart.pk, empty.pk]) == {1: 10, heart.pk: 230, empty.pk: 0}


def test_a_run_that_goes_on_is_measured_again_when_it_has_ended(user: User) -> None:
    run = ended(user, 10)
    measure(run.pk)
    assert list(unmeasured()) == []
    Run.objects.filter(pk=run.pk).update(status="queued")
    assert lifecycle.claim(run.pk, "tester") is not None
    write(run, "more", 5)
    measure(run.pk)
    assert (RunDiskUsage.objects.count(), bytes_of([1])) == (0, {1: 15})
    lifecycle.end(run.pk, 2, "completed", None)
    assert list(unmeasured()) == [run]
    measure(run.pk)
    assert (list(unmeasured()), bytes_of([1])) == ([], {1: 15})


def test_files_of_a_run_that_was_resumed_count_once(user: User) -> None:
    run = ended(user, 10)
    measure(run.pk)
    Run.objects.filter(pk=run.pk).update(status="queued")
    assert bytes_of([1]) == {1: 10}
    assert lifecycle.claim(run.pk, "tester") is not None
    write(run, "more", 5)
    assert bytes_of([1]) == {1: 15}


def test_one_that_was_measured_before_another_attempt_is_due(user: User) -> None:
    run = ended(user, 10)
    measure(run.pk)
    Run.objects.filter(pk=run.pk).update(attempt=2)
    assert list(unmeasured()) == [run]


def test_pruned_checkpoints_count_no_more(user: User) -> None:
    run = ended(user, 10)
    write(run, "checkpoints/old.ckpt", 4000)
    measure(run.pk)
    retention.remove_checkpoints(run)
    assert bytes_of([1]) == {1: 10}


def test_a_purged_run_counts_no_more(user: User) -> None:
    run = ended(user, 10)
    measure(run.pk)
    Run.objects.filter(pk=run.pk).delete()
    assert bytes_of([1]) == {1: 0}


def test_with_an_object_store_what_lies_there_counts(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ended(user, 1_000_000)  # on its way to the store
    for number, size in enumerate((300, 45)):
        row = {"attempt": 1, "sha256": "0" * 64, "modified": utc_now(), "key": f"{run.pk}/{number}"}
        StoredFile.objects.create(run=run, name=str(number), size=size, **row)
    monkeypatch.setattr(store, "in_use", lambda: True)
    measure(run.pk)
    assert bytes_of([1]) == {1: 345}


def test_other_parts_add_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    def part(projects: Collection[int]) -> dict[int, int]:
        return dict.fromkeys(projects, 7)

    monkeypatch.setattr(disk_usage, "_parts", [])
    disk_usage.add_part(part)
    disk_usage.add_part(part)
    assert bytes_of([1]) == {1: 7}


def test_of_many_runs_nothing_is_read_but_sums(user: User) -> None:
    """Two queries of runs, two of data sets, one of jobs on models, whatever there is of them."""
    measure(ended(user, 1).pk)
    with CaptureQueriesContext(connection) as of_one:
        assert bytes_of([1]) == {1: 1}
    for _ in range(2):
        measure(ended(user, 1).pk)
    with CaptureQueriesContext(connection) as of_three:
        assert bytes_of([1]) == {1: 3}
    assert len(of_one) == len(of_three) <= 5
