"""How runs end, each with a real process: the status is the truth whatever the training does."""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import psutil
import pytest
from django.db import OperationalError, connections
from django.utils import timezone
from pytest_django.fixtures import Settings

from experiments.supervision import supervisor
from runs import atomic_files, lifecycle, recorder
from runs.files import exports
from runs.json_logging import JsonLines
from runs.models import FinalResult, Run, RunEvent, RunMetric
from tests.training_processes import trains
from tests.waiting import eventually

Recipe = Callable[[str], None]


def events_of(run: Run) -> list[str]:
    events = list(RunEvent.objects.filter(run=run).order_by("seq").values_list("seq", "type"))
    assert [seq for seq, _ in events] == list(range(1, len(events) + 1))
    return [type_ for _, type_ in events]


def supervise(run: Run, draining: threading.Event | None = None) -> Run:
    assert supervisor.supervise(draining=draining or threading.Event())
    run.refresh_from_db()
    return run


class Background:
    """A supervision in a thread, as a worker has it."""

    def __init__(self) -> None:
        self.draining = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._future: Future[bool] = self._pool.submit(self._work)

    def _work(self) -> bool:
        try:
            return supervisor.supervise(draining=self.draining)
        finally:
            connections.close_all()

    def wait(self) -> bool:
        return self._future.result(30)


def test_a_run_is_stored_completely(queued: Run, recipe: Recipe) -> None:
    recipe("completes")
    run = supervise(queued)
    assert (run.status, run.reason, run.attempt, run.progress) == ("completed", None, 1, 1.0)
    assert (run.best_epoch, run.best_value, run.best_val_recall_epoch) == (1, 0.75, 0)
    assert (run.cm_tp, run.cm_fn, run.final_auroc, run.final_precision) == (1, 0, 1.0, None)
    assert run.last_checkpoint == "checkpoints/epoch-1.ckpt"
    assert [note["code"] for note in run.notes] == ["diverged"]
    assert run.end_time is not None
    assert run.start_time is not None
    assert events_of(run) == [
        "run_status", "run_status", "training_start", "epoch_end", "epoch_end", "epoch_end", "epoch_end",
        "progress", "final_stats", "run_status", "training_end",
    ]  # fmt: skip
    epochs = RunMetric.objects.filter(run=run, context="epoch").values_list("epoch", "metric_name", "value")
    assert (0, "train_loss", 0.5) in epochs
    assert (1, "val_loss", None) in epochs
    per_class = RunMetric.objects.get(run=run, metric_name="final_f1_cm")
    assert (per_class.class_name, per_class.context, per_class.threshold) == ("b", "final", 0.5)
    assert FinalResult.objects.get(run=run).confusion_matrix == [[1, 0], [0, 1]]
    assert (run.folder / "metrics.csv").is_file()
    assert "attempt 1" in (run.folder / "train.log").read_text()


def test_a_crash_names_the_signal(queued: Run, recipe: Recipe, settings: Settings) -> None:
    settings.CRASH_RETRIES = 0
    recipe("crashes")
    run = supervise(queued)
    assert run.status == "failed"
    assert (run.reason or "").startswith("The training process was killed by SIGSEGV")
    assert "before" not in (run.reason or "")
    assert run.notes == []
    assert events_of(run)[-2:] == ["run_status", "training_end"]
    assert "about to crash" in (run.folder / "train.log").read_text()


def test_exit_code_0_is_no_success(queued: Run, recipe: Recipe) -> None:
    recipe("leaves")
    run = supervise(queued)
    assert run.status == "failed"
    assert "exit code 0" in (run.reason or "")


def test_a_crashed_training_is_started_once_more_and_then_fails_naming_both(queued: Run, recipe: Recipe) -> None:
    recipe("crashes")
    run = supervise(queued)
    assert (run.status, run.attempt, run.crashes, run.losses) == ("queued", 1, 1, 0)
    assert (run.reason or "").startswith("The training process was killed by SIGSEGV")
    assert (run.reason or "").endswith("It begins again, because no epoch was complete.")
    assert [(note["code"], note["text"]) for note in run.notes] == [("crash_1", f"Attempt 1: {run.reason}")]
    assert "training_end" not in events_of(run)
    run = supervise(run)
    assert (run.status, run.attempt) == ("failed", 2)
    assert (run.reason or "").count("The training process was killed by SIGSEGV") == 2
    assert "That had happened before, so it is not started again. Attempt 1: " in (run.reason or "")
    assert not supervisor.supervise(draining=threading.Event())


def test_a_run_that_a_person_resumes_may_crash_again(queued: Run, recipe: Recipe) -> None:
    (queued.folder / "checkpoints").mkdir(parents=True)
    (queued.folder / "checkpoints" / "last.ckpt").write_bytes(b"weights")
    Run.objects.update(status="failed", crashes=1, last_checkpoint="checkpoints/last.ckpt", last_checkpoint_epoch=0)
    assert lifecycle.resume(queued.pk, "Resumed by grace.")
    recipe("crashes")
    run = supervise(queued)
    assert (run.status, run.crashes) == ("queued", 1)


def test_as_many_crashes_as_the_setting_says_are_survived(queued: Run, recipe: Recipe, settings: Settings) -> None:
    settings.CRASH_RETRIES = 2
    recipe("crashes")
    assert [supervise(queued).status for _ in range(3)] == ["queued", "queued", "failed"]
    assert (queued.reason or "").count("SIGSEGV") == 3


def test_an_exception_of_the_training_is_not_tried_again(queued: Run, recipe: Recipe) -> None:
    recipe("raises")
    run = supervise(queued)
    assert (run.status, run.attempt, run.crashes) == ("failed", 1, 0)
    assert run.reason == "ValueError: of the user's own code"


def test_what_is_killed_by_a_request_is_no_crash(queued: Run, recipe: Recipe) -> None:
    recipe("stubborn")
    background = Background()
    eventually(lambda: Run.objects.get(pk=queued.pk).notes)
    assert lifecycle.cancel(queued.pk, "No.", "kill")
    background.wait()
    run = Run.objects.get(pk=queued.pk)
    assert (run.status, run.crashes, run.attempt) == ("cancelled", 0, 1)


def test_a_killed_training_goes_on_from_its_checkpoint(queued: Run, recipe: Recipe) -> None:
    recipe("obedient")
    background = Background()
    eventually(lambda: Run.objects.get(pk=queued.pk).last_checkpoint)
    os.killpg(child_pid(), signal.SIGKILL)
    background.wait()
    run = Run.objects.get(pk=queued.pk)
    assert (run.status, run.crashes) == ("queued", 1)
    assert (run.reason or "").endswith("It continues from its last checkpoint.")
    recipe("completes")
    run = supervise(run)
    assert (run.status, run.reason, run.attempt) == ("completed", None, 2)
    start = RunEvent.objects.get(run=run, type="training_start")
    assert '"resumed_from_epoch":0' in start.data
    assert "crash_1" in [note["code"] for note in run.notes]
    statuses = [json.loads(event.data)["status"] for event in RunEvent.objects.filter(run=run, type="run_status")]
    assert statuses == ["queued", "in_progress", "queued", "in_progress", "completed"]


def test_a_killed_training_fails_within_seconds(queued: Run, recipe: Recipe, settings: Settings) -> None:
    settings.CRASH_RETRIES = 0
    recipe("obedient")
    background = Background()
    eventually(lambda: Run.objects.get(pk=queued.pk).last_checkpoint)
    killed = time.monotonic()
    os.killpg(child_pid(), signal.SIGKILL)
    background.wait()
    assert time.monotonic() - killed < 10
    run = Run.objects.get(pk=queued.pk)
    assert run.status == "failed"
    assert "SIGKILL" in (run.reason or "")


def child_pid() -> int:
    """Return the one training process of this test: a copy of the fork server that leads its own session."""
    [pid] = [child.pid for child in psutil.Process().children(recursive=True) if trains(child)]
    return int(pid)


def test_a_cancel_request_ends_the_run(queued: Run, recipe: Recipe) -> None:
    recipe("obedient")
    background = Background()
    eventually(lambda: Run.objects.get(pk=queued.pk).last_checkpoint)
    assert lifecycle.cancel(queued.pk, "Cancelled by grace.")
    background.wait()
    run = Run.objects.get(pk=queued.pk)
    assert run.status == "cancelled"
    assert run.reason == "Cancelled by grace."
    assert events_of(run)[-3:] == ["run_status", "run_status", "training_end"]


@pytest.mark.parametrize(
    ("ask", "status", "reason"),
    [
        (lambda run: lifecycle.request_finish(run, "Enough, said ada."), "completed", "Enough, said ada."),
        (lambda run: lifecycle.cancel(run, "No, said ada.", "cancel_and_evaluate"), "cancelled", "No, said ada."),
    ],
    ids=["finish", "cancel and evaluate"],
)
def test_a_training_told_to_evaluate_may_take_its_time(
    queued: Run, recipe: Recipe, ask: Callable[[int], bool], status: str, reason: str
) -> None:
    recipe("finishes")
    background = Background()
    eventually(lambda: Run.objects.get(pk=queued.pk).last_checkpoint)
    assert ask(queued.pk)
    background.wait()
    run = Run.objects.get(pk=queued.pk)
    assert (run.status, run.reason, run.stop_request) == (status, reason, "")
    assert events_of(run)[-2:] == ["run_status", "training_end"]


def test_whoever_cancels_does_not_wait_for_the_evaluation_that_another_asked_for(queued: Run, recipe: Recipe) -> None:
    recipe("finishes")
    background = Background()
    eventually(lambda: Run.objects.get(pk=queued.pk).last_checkpoint)
    assert lifecycle.request_finish(queued.pk, "Enough.")
    assert lifecycle.cancel(queued.pk, "No.", "kill")
    killed = time.monotonic()
    background.wait()
    assert time.monotonic() - killed < 4
    assert Run.objects.get(pk=queued.pk).status == "cancelled"


def test_a_training_that_does_not_listen_fails_to_finish(queued: Run, recipe: Recipe) -> None:
    recipe("stubborn")
    background = Background()
    eventually(lambda: Run.objects.get(pk=queued.pk).notes)
    assert lifecycle.request_finish(queued.pk, "Enough.")
    background.wait()
    run = Run.objects.get(pk=queued.pk)
    assert run.status == "failed"
    assert "Resume it" in (run.reason or "")


def test_a_training_that_does_not_listen_is_killed(queued: Run, recipe: Recipe) -> None:
    recipe("stubborn")
    background = Background()
    eventually(lambda: Run.objects.get(pk=queued.pk).notes)
    assert lifecycle.cancel(queued.pk, "Cancelled.")
    started = time.monotonic()
    background.wait()
    assert time.monotonic() - started < 10
    assert Run.objects.get(pk=queued.pk).status == "cancelled"


def test_draining_puts_the_run_back_and_it_goes_on_from_its_checkpoint(queued: Run, recipe: Recipe) -> None:
    recipe("obedient")
    background = Background()
    eventually(lambda: Run.objects.get(pk=queued.pk).last_checkpoint)
    background.draining.set()
    background.wait()
    run = Run.objects.get(pk=queued.pk)
    assert run.status == "queued"
    assert run.lease_until is None
    assert "training_end" not in events_of(run)
    recipe("completes")
    run = supervise(run)
    assert run.status == "completed"
    assert run.attempt == 2
    start = RunEvent.objects.get(run=run, type="training_start")
    assert '"resumed_from_epoch":0' in start.data
    assert not RunMetric.objects.filter(run=run, context="epoch", epoch=0).exists()  # attempt 1 had told of none


def test_a_resumed_run_whose_checkpoint_is_gone_says_that_it_began_again(queued: Run, recipe: Recipe) -> None:
    Run.objects.filter(pk=queued.pk).update(last_checkpoint="checkpoints/a1/last.ckpt", last_checkpoint_epoch=7)
    recipe("completes")
    run = supervise(queued)
    assert run.status == "completed"
    [note] = [note for note in run.notes if note["code"] == "checkpoint_gone"]
    assert note["text"].startswith("Its last checkpoint, checkpoints/a1/last.ckpt, is not in its folder any more")
    start = RunEvent.objects.get(run=run, type="training_start")
    assert '"resumed_from_epoch":null' in start.data


def test_a_supervisor_that_lost_its_lease_writes_nothing(queued: Run, recipe: Recipe, settings: Settings) -> None:
    recipe("obedient")
    background = Background()
    eventually(lambda: Run.objects.get(pk=queued.pk).last_checkpoint)
    Run.objects.filter(pk=queued.pk).update(
        attempt=2, worker="somebody else", lease_until=timezone.now() + timedelta(60)
    )
    background.wait()
    run = Run.objects.get(pk=queued.pk)
    assert (run.status, run.attempt, run.worker) == ("in_progress", 2, "somebody else")
    assert "training_end" not in events_of(run)


def test_a_report_outside_the_contract_fails_the_run(queued: Run, recipe: Recipe) -> None:
    recipe("babbles")
    run = supervise(queued)
    assert run.status == "failed"
    assert "outside the run's folder" in (run.reason or "")
    assert run.last_checkpoint == ""


def test_a_full_disk_costs_files_but_no_numbers(queued: Run, recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_run: Run) -> None:
        raise OSError(28, "No space left on device")

    atomic_files.write(half := queued.folder / "attempts" / f".{'0' * 16}.tmp", b"of an attempt that was killed")
    recipe("completes")
    monkeypatch.setattr(exports, "export", full)
    run = supervise(queued)
    assert run.status == "completed"
    assert not half.exists()
    assert FinalResult.objects.filter(run=run).exists()
    [note] = [note for note in run.notes if note["code"] == "export_failed"]
    assert "No space left on device" in note["text"]
    assert f"manage.py export {run.pk}" in note["text"]


def test_a_failing_database_is_tried_again(
    queued: Run, recipe: Recipe, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, failures = recorder.record, [OperationalError("gone"), OperationalError("still gone")]

    def flaky(*args: object, **kwargs: object) -> None:
        if failures:
            raise failures.pop()
        real(*args, **kwargs)  # type: ignore[arg-type]

    recipe("completes")
    monkeypatch.setattr(recorder, "record", flaky)
    caplog.handler.setFormatter(JsonLines())
    run = supervise(queued)
    assert not failures
    logged = [json.loads(line) for line in caplog.text.splitlines()]
    assert [(line["run_id"], line["attempt"]) for line in logged if "not stored" in line["message"]] == [
        (run.pk, 1)
    ] * 2
    assert run.status == "completed"
    assert events_of(run).count("epoch_end") == 4


def test_only_one_supervisor_gets_a_run(queued: Run) -> None:
    assert lifecycle.claim(queued.pk, "first") is not None
    assert not supervisor.supervise(draining=threading.Event())
    assert Run.objects.get(pk=queued.pk).attempt == 1


def test_what_a_run_takes_of_its_machine_is_an_event(queued: Run, recipe: Recipe) -> None:
    """Its process is seen from outside; each attempt's part of the log is found."""
    Run.objects.update(config=queued.config | {"callbacks": {"resource_interval": 1.0}})
    recipe("obedient")
    background = Background()
    usage = eventually(lambda: RunEvent.objects.filter(run=queued, type="resource_usage").first())
    lifecycle.cancel(queued.pk, "Enough.")
    background.wait()
    found = json.loads(usage.data)
    assert found["processes"] == 1
    assert 1e6 < found["memory_pss"] <= found["memory_rss"]
    assert found["gpus"] == []
    assert (queued.folder / "attempts" / "1" / "train.log.start").read_text() == "0"


def test_a_run_whose_folder_cannot_be_written_ends_with_the_cure_and_no_path(
    queued: Run, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", f"{queued.folder}/.x.tmp")

    recipe("completes")
    monkeypatch.setattr(exports, "write_config", refuse)
    run = supervise(queued)
    assert run.status == "failed"
    reason = str(run.reason)
    assert "read-only" in reason
    assert "resume the run or run it again" in reason
    assert str(queued.folder.parent) not in reason


def test_files_that_cannot_be_exported_are_noted_without_their_path(
    queued: Run, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", f"{queued.folder}/metrics.csv")

    recipe("completes")
    monkeypatch.setattr(exports, "export", refuse)
    run = supervise(queued)
    [note] = [note["text"] for note in run.notes if note["code"] == "export_failed"]
    assert run.status == "completed"
    assert "No space left on device" in note
    assert f"manage.py export {run.pk}" in note
    assert str(queued.folder.parent) not in note
