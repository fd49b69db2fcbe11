"""What becomes of a job when its process does well, does badly, or is not let on; no process is started here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from experiments.model_jobs import requests, state, worker_thread
from experiments.model_jobs.kinds import Kind
from experiments.models import ModelJob
from experiments.processes.training_process import ProtocolError
from experiments.queued_work import attempt
from experiments.training.contract.reports import Job, JobFile, JobResult, Message, Note, Outcome, Progress
from experiments.training.contract.source_errors import SourceError
from runs.errors import Conflict
from runs.models import Run
from tests.experiments.model_jobs.conftest import NAME, Processes

pytestmark = pytest.mark.django_db(transaction=True)
DONE = Outcome(status="completed", reason=None)
FOUND = JobResult(result={"n": 3}, files=[JobFile(name="counted.csv", bytes=4, sha256="ab")])


def work_on(job: ModelJob, draining: threading.Event | None = None) -> ModelJob:
    """Carry the job out in this thread, and return it as it is stored then."""
    assert worker_thread.work_on(job.pk, draining=draining or threading.Event())
    return ModelJob.objects.get(pk=job.pk)


def writes_its_file(job: Job) -> Iterator[Message]:
    Path(job.run_dir).mkdir(parents=True, exist_ok=True)
    (Path(job.run_dir) / "counted.csv").write_text("n\n3\n")
    (Path(job.run_dir) / "train.log").write_text("=== attempt 1\n")
    yield FOUND
    yield DONE


@pytest.fixture(autouse=True)
def _each_change_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "CHANGE_SECONDS", -1.0)


def test_progress_is_stored_while_it_works(asked: ModelJob, processes: Processes) -> None:
    seen: list[tuple[Any, ...]] = []

    def talk(_job: Job) -> Iterator[Message]:
        for message in (Note(code="progress", text="Reading " + "x" * 300), Progress(done=2, total=8)):
            yield message
            row = ModelJob.objects.get()
            seen.append((row.status, row.progress, row.done, row.total))
        yield FOUND
        yield DONE

    processes.talk = talk
    done = work_on(asked)
    words = f"Reading {'x' * 192}"
    assert seen == [("running", words, 0, None), ("running", words, 2, 8)]
    assert (done.status, done.progress, done.done, done.total) == ("done", "", 2, 8)
    assert (done.worker, done.lease_until, done.problem) == ("", None, None)


def test_the_process_is_told_what_it_needs(asked: ModelJob, processes: Processes, settings: Settings) -> None:
    settings.MODEL_JOB_GPUS = ["1"]
    work_on(asked)
    [process] = processes.started
    told = process.job
    assert (told.task, told.options, told.run_dir) == (
        "tests.experiments.recipes.counts_model_jobs", {"to": 3}, str(asked.folder),
    )  # fmt: skip
    assert (told.gpus, told.device, told.attempt) == (["1"], "cuda:0", 1)
    assert told.model is not None
    assert told.model.run_id == asked.run_id


def test_the_kind_makes_its_rows_in_the_transaction_of_the_end(
    asked: ModelJob, processes: Processes, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finish(job: ModelJob, result: Any) -> dict[str, Any]:
        User.objects.create_user("made at the end")
        return {"of": job.files[0]["name"], **result}

    monkeypatch.setattr(kind, "finish", finish)
    monkeypatch.setattr(kind, "expires", False)
    processes.talk = writes_its_file
    done = work_on(asked)
    assert (done.status, done.result, done.expires) == ("done", {"of": "counted.csv", "n": 3}, False)
    assert (done.files, done.size) == ([{"name": "counted.csv", "bytes": 4, "sha256": "ab"}], 4)
    assert User.objects.filter(username="made at the end").exists()
    assert [path.name for path in asked.folder.iterdir()] == ["counted.csv"]


def test_an_end_that_fails_leaves_nothing_half_done(
    asked: ModelJob, processes: Processes, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finish(*_: Any) -> dict[str, Any]:
        User.objects.create_user("made at the end")
        raise ValueError("no such column")

    monkeypatch.setattr(kind, "finish", finish)
    processes.talk = writes_its_file
    failed = work_on(asked)
    assert (failed.status, failed.result, failed.files) == ("failed", None, [])
    assert failed.problem == "The job was done, but its result could not be stored: no such column."
    assert not User.objects.filter(username="made at the end").exists()


def says(*messages: Message) -> Callable[[Job], Iterator[Message]]:
    return lambda _job: iter(messages)


def test_what_the_database_refuses_is_a_failure_and_no_attempt_without_end(
    asked: ModelJob, processes: Processes, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kind, "finish", lambda *_: User.objects.create_user("ada"))  # there is one
    processes.talk = writes_its_file
    failed = work_on(asked)
    assert failed.status == "failed"
    assert failed.problem == (
        "The job was done, but its result could not be stored: The database refused it; the log of the worker says why."
    )


def test_words_of_foreign_files_can_be_stored(asked: ModelJob, processes: Processes) -> None:
    processes.talk = says(
        Note(code="progress", text="Reading a\0b"), Progress(done=-1, total=-1),
        Outcome(status="failed", reason="'a\0b' is no image."),
    )  # fmt: skip
    assert work_on(asked).problem == "'ab' is no image."


def test_a_result_with_words_of_foreign_files_can_be_stored(asked: ModelJob, processes: Processes) -> None:
    found = JobResult(result={"problems": {"a\0": ["is\0 none", 1]}}, files=[])
    processes.talk = says(found, DONE)
    assert work_on(asked).result == {"problems": {"a": ["is none", 1]}}


def test_a_failure_has_the_words_of_the_process(asked: ModelJob, processes: Processes) -> None:
    processes.talk = says(FOUND, Outcome(status="failed", reason="rows[2].age: write a number."))
    failed = work_on(asked)
    assert (failed.status, failed.problem, failed.result) == ("failed", "rows[2].age: write a number.", None)


@pytest.mark.parametrize(
    ("code", "words"),
    [(-9, "was killed by SIGKILL (the system does that when memory runs out: ask for less"), (3, "exit code 3")],
)
def test_a_process_that_dies_silently_is_a_failure(
    asked: ModelJob, processes: Processes, code: int, words: str
) -> None:
    processes.talk, processes.code = says(FOUND), code
    failed = work_on(asked)
    assert failed.status == "failed"
    assert (failed.problem or "").startswith("The process of the job ")
    assert words in (failed.problem or "")


def test_an_outcome_without_a_result_is_a_failure(asked: ModelJob, processes: Processes) -> None:
    processes.talk = says(DONE)
    assert work_on(asked).status == "failed"


def test_what_is_outside_the_contract_is_a_failure(asked: ModelJob, processes: Processes) -> None:
    def talk(_job: Job) -> Iterator[Message]:
        yield Progress(done=1)
        raise ProtocolError("a type nobody knows")

    processes.talk = talk
    failed = work_on(asked)
    assert failed.problem == "The process sent something outside the contract: a type nobody knows"


def works_on(job: Job) -> Iterator[Message]:
    Path(job.run_dir).mkdir(parents=True, exist_ok=True)
    (Path(job.run_dir) / "large.bin").write_bytes(b"x" * 5_000)
    for number in range(1_000):
        yield Note(code="progress", text=f"Step {number}")


def test_one_that_takes_too_long_is_ended(asked: ModelJob, processes: Processes, settings: Settings) -> None:
    settings.MODEL_JOB_SECONDS = 1e-9
    processes.talk = works_on
    failed = work_on(asked)
    assert failed.status == "failed"
    assert failed.problem is not None
    assert failed.problem.startswith("The job did not end within 1e-09 seconds")
    assert "(LIVETRAIN_MODEL_JOB_SECONDS)" in failed.problem
    assert 'while it said "Step 0"' in failed.problem


def test_one_whose_files_grow_too_large_is_ended(asked: ModelJob, processes: Processes, settings: Settings) -> None:
    settings.MODEL_JOB_BYTES = 4_096
    processes.talk = works_on
    failed = work_on(asked)
    assert failed.status == "failed"
    assert "took more than 4.0 KiB" in (failed.problem or "")
    assert "(LIVETRAIN_MODEL_JOB_GIB)" in (failed.problem or "")


def test_a_worker_that_drains_returns_it_without_counting_a_loss(asked: ModelJob, processes: Processes) -> None:
    draining = threading.Event()

    def talk(_job: Job) -> Iterator[Message]:
        yield Progress(done=1, total=2)
        draining.set()
        yield Progress(done=2, total=2)
        raise AssertionError("its process goes on")

    processes.talk = talk
    queued = work_on(asked, draining)
    assert (queued.status, queued.worker, queued.losses) == ("queued", "", 0)
    assert processes.started[0].killed
    processes.talk = writes_its_file
    again = work_on(asked)
    assert (again.status, again.attempt) == ("done", 2)


def test_one_that_is_cancelled_ends_with_its_files(asked: ModelJob, user: User, processes: Processes) -> None:
    def talk(job: Job) -> Iterator[Message]:
        Path(job.run_dir).mkdir(parents=True, exist_ok=True)
        (Path(job.run_dir) / "half.csv").write_text("n\n")
        requests.cancel(ModelJob.objects.get(), user)
        yield Progress(done=1)
        raise AssertionError("its process goes on")

    processes.talk = talk
    cancelled = work_on(asked)
    assert (cancelled.status, cancelled.problem) == ("cancelled", "Cancelled by ada.")
    assert not asked.folder.exists()


def test_one_that_is_removed_while_it_works_leaves_no_folder(asked: ModelJob, user: User, processes: Processes) -> None:
    def talk(job: Job) -> Iterator[Message]:
        requests.delete(ModelJob.objects.get(), user)
        Path(job.run_dir).mkdir(parents=True, exist_ok=True)
        yield Progress(done=1)
        raise AssertionError("its process goes on")

    processes.talk = talk
    assert worker_thread.work_on(asked.pk, draining=threading.Event())
    assert not ModelJob.objects.exists()
    assert not asked.folder.exists()


def test_a_worker_that_lost_it_writes_nothing_and_leaves_the_folder(asked: ModelJob, processes: Processes) -> None:
    def talk(job: Job) -> Iterator[Message]:
        ModelJob.objects.update(attempt=2, worker="another", progress="theirs")
        Path(job.run_dir).mkdir(parents=True, exist_ok=True)
        yield FOUND
        yield DONE

    processes.talk = talk
    held = work_on(asked)
    assert (held.status, held.worker, held.progress, held.result) == ("running", "another", "theirs", None)
    assert asked.folder.exists()


PREVENTS = {
    "Run 1 has no checkpoint: train it again.": Conflict("Run 1 has no checkpoint: train it again."),
    "'x' does not exist.": SourceError("source_path", "'x' does not exist."),
    "The process could not be started: 'classes'.": KeyError("classes"),
}


@pytest.mark.parametrize("problem", PREVENTS)
def test_what_prevents_its_start_is_said(
    asked: ModelJob, processes: Processes, kind: Kind, monkeypatch: pytest.MonkeyPatch, problem: str
) -> None:
    def job_of(_job: ModelJob) -> Job:
        raise PREVENTS[problem]

    monkeypatch.setattr(kind, "job_of", job_of)
    failed = work_on(asked)
    assert (failed.status, failed.problem) == ("failed", problem)
    assert processes.started == []


def test_what_an_earlier_attempt_left_is_gone_but_not_what_was_sent(run: Run, user: User, processes: Processes) -> None:
    job = requests.enqueue(run, user, NAME, {}, place=lambda folder: (folder / "a.png").touch())
    (job.folder / "attempts").mkdir()
    (job.folder / "half.csv").write_text("n\n")
    found: list[str] = []

    def talk(told: Job) -> Iterator[Message]:
        found.extend(str(path.relative_to(told.run_dir)) for path in sorted(Path(told.run_dir).rglob("*")))
        yield from writes_its_file(told)

    processes.talk = talk
    assert work_on(job).status == "done"
    assert found == ["inputs", "inputs/a.png"]


def test_only_one_worker_gets_it(asked: ModelJob) -> None:
    assert state.claim(asked.pk, "first") is not None
    assert not worker_thread.work_on(asked.pk, draining=threading.Event())


def test_one_of_a_kind_that_only_a_newer_version_knows_waits(run: Run, user: User, asked: ModelJob) -> None:
    newer = state.create(run, user, "hologram", {})
    assert state.next_queued() == (asked.pk, user.pk)
    state.cancel(ModelJob.objects.filter(pk=asked.pk), "")
    assert state.next_queued() is None
    assert ModelJob.objects.get(pk=newer.pk).status == "queued"


def test_jobs_of_a_lost_worker_are_taken_up_again_until_they_are_lost_too_often(
    asked: ModelJob, settings: Settings
) -> None:
    settings.ATTEMPT_LIMIT = 2
    later = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS + 1)
    for expected in ("queued", "failed"):
        assert state.claim(asked.pk, "doomed") is not None
        assert state.recover_lost() == []
        assert state.recover_lost(later) == [asked.pk]
        asked.refresh_from_db()
        assert asked.status == expected
    assert asked.problem == "The worker of this job was lost 2 times, so it is not tried again."


def test_each_worker_process_has_as_many_threads_as_the_setting_says(settings: Settings) -> None:
    for number in (0, 2):
        settings.MODEL_JOBS_AT_ONCE = number
        assert len(worker_thread.model_job_threads(threading.Event())) == number
