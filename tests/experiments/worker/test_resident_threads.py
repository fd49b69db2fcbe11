"""Each thread that stays for the life of a process does its work after whatever failure, and says that it failed."""

from __future__ import annotations

import ast
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import dramatiq
import pytest
from django.contrib.auth.models import User
from django.db import InterfaceError
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from experiments import periodic, wakeup
from experiments.datasets import checks, storage
from experiments.datasets.check_thread import CheckThread
from experiments.files.deferred_uploads import DeferredUploads
from experiments.model_jobs import state as model_jobs
from experiments.model_jobs.kinds import KINDS
from experiments.model_jobs.worker_thread import ModelJobThread
from experiments.models import Dataset, ModelJob, Preflight
from experiments.periodic import Periodic
from experiments.preflights import leftover_folders, requests, state
from experiments.preflights.worker_thread import PreflightThread
from experiments.training.contract.config import TrainingConfig
from experiments.worker import feeder, maintenance, tasks, worker_process
from experiments.worker.feeder import Feeder
from experiments.worker.heartbeat import Heartbeat
from experiments.worker.maintenance import Maintenance
from experiments.worker.notifying import NotificationMaker, NotificationSender
from notifications import outbox
from notifications.models import Message, Subscription
from runs import lifecycle
from runs.changes import status_changes
from runs.derived_models import StatusChange
from runs.files import store, stored_files
from runs.models import Run, Worker
from runs.removal import deletion
from runs.scheduling import workers
from tests.realtime.writing import queued_run, running_run
from tests.test_architecture import APPS
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[3]
FAULTS = (TypeError, KeyError, InterfaceError, SystemExit)
Done = Callable[[], object]


class Case(NamedTuple):
    """`call` is what its work begins with; `prepare` gives it some, and returns what tells that it was done."""

    thread: Callable[[], Periodic]
    call: tuple[object, str]
    prepare: Callable[[User, pytest.MonkeyPatch], Done]


def long_ago() -> Any:
    return timezone.now() - timedelta(days=400)


def lost_run(user: User, _patch: pytest.MonkeyPatch) -> Done:
    run = running_run(user)
    Run.objects.filter(pk=run.pk).update(lease_until=long_ago())
    return lambda: Run.objects.get(pk=run.pk).status == "queued"


def waiting_run(user: User, patch: pytest.MonkeyPatch) -> Done:
    run, sent, broker = queued_run(user), list[int](), dramatiq.get_broker()
    assert tasks.train.queue_name == wakeup.QUEUE  # the queue is declared with its actor
    patch.setattr(broker, "enqueue", lambda message, delay=None: sent.append(*message.args))
    return lambda: run.pk in sent


def folder_of_an_ended_run(user: User, _patch: pytest.MonkeyPatch) -> Done:
    run = running_run(user)
    lifecycle.end(run.pk, run.attempt, "completed", None)
    run.folder.mkdir(parents=True)
    return lambda: not run.folder.exists()


def worker_unknown(_user: User, _patch: pytest.MonkeyPatch) -> Done:
    return lambda: Worker.objects.filter(name=workers.own_name()).exists()


def preflight_of_nothing(user: User, _patch: pytest.MonkeyPatch) -> Done:
    config = TrainingConfig.model_validate({"experiment_name": "e", "source_path": "/nowhere"})
    asked = Preflight.objects.create(owner=user, config=config.model_dump(mode="json"))
    return lambda: Preflight.objects.get(pk=asked.pk).status == "failed"


def job_of_nothing(user: User, patch: pytest.MonkeyPatch) -> Done:
    """Its kind cannot be imported."""
    patch.setitem(KINDS, "counting", "experiments.model_jobs.nothing.KIND")
    asked = model_jobs.create(running_run(user), user, "counting", {})
    return lambda: ModelJob.objects.get(pk=asked.pk).status == "failed"


def dataset_that_is_gone(user: User, _patch: pytest.MonkeyPatch) -> Done:
    Dataset.objects.create(name="lungs", kind="folder", path="/nowhere", owner=user, state="waiting")
    return lambda: Dataset.objects.get().problem == storage.GONE


def change_of_status(user: User, _patch: pytest.MonkeyPatch) -> Done:
    queued_run(user)
    return lambda: not StatusChange.objects.exists()


def message_to_nobody(user: User, _patch: pytest.MonkeyPatch) -> Done:
    """Nothing is sent: its address is refused."""
    subscription = Subscription.objects.create(
        user=user, name="s", channel="webhook", url="https://127.0.0.1/", occasions=["run.failed"]
    )
    message = outbox.add_test(subscription)
    return lambda: Message.objects.filter(pk=message.pk, deliveries__succeeded=False).exists()


def nothing_to_tell(_dataset: Dataset) -> None:
    """Request no report."""


CASES: dict[type[Periodic], Case] = {
    Feeder: Case(lambda: Feeder(1), (feeder, "startable"), waiting_run),
    Maintenance: Case(Maintenance, (lifecycle, "lost_runs"), lost_run),
    DeferredUploads: Case(DeferredUploads, (stored_files, "read_attempt_marker"), folder_of_an_ended_run),
    Heartbeat: Case(lambda: Heartbeat(1, []), (workers, "register"), worker_unknown),
    PreflightThread: Case(lambda: PreflightThread(threading.Event()), (state, "next_queued"), preflight_of_nothing),
    ModelJobThread: Case(lambda: ModelJobThread(threading.Event()), (model_jobs, "next_queued"), job_of_nothing),
    CheckThread: Case(lambda: CheckThread(nothing_to_tell), (checks, "claim"), dataset_that_is_gone),
    NotificationMaker: Case(NotificationMaker, (status_changes, "is_anything_waiting"), change_of_status),
    NotificationSender: Case(NotificationSender, (outbox, "next_of_each"), message_to_nobody),
}
OF_WEB_PROCESSES = {NotificationMaker, NotificationSender}
"""Those that no worker starts."""


@pytest.fixture
def user(user: User) -> User:
    """Make the user staff: `/metrics` has figures of all projects."""
    user.is_staff = True
    user.save()
    return user


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses: no test waits for half a minute."""
    real = Periodic.__init__

    def hurried(self: Periodic, name: str, interval: float, **options: bool) -> None:
        real(self, name, min(interval, 0.05), **options)

    monkeypatch.setattr(Periodic, "__init__", hurried)
    monkeypatch.setattr(periodic, "LONGEST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(maintenance, "AFTER_OUTAGE_SECONDS", 0.1)


class Faulty:
    """Raises at the first `times` calls, by default at all."""

    def __init__(self, real: Callable[..., Any], fault: type[BaseException], times: float = float("inf")) -> None:
        self._real, self._fault, self._times = real, fault, times
        self.raised = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.raised < self._times:
            self.raised += 1
            raise self._fault("injected")
        return self._real(*args, **kwargs)


def inject(
    monkeypatch: pytest.MonkeyPatch, call: tuple[object, str], fault: type[BaseException], times: float = float("inf")
) -> Faulty:
    faulty = Faulty(getattr(*call), fault, times)
    monkeypatch.setattr(*call, faulty)
    return faulty


@contextmanager
def at_work(thread: Periodic) -> Iterator[Periodic]:
    thread.start()
    try:
        yield thread
    finally:
        thread.stop()
        assert not thread.is_alive()


def failures(api: Client, name: str, process: str = "web") -> int:
    """Return the failures as `/metrics` counts them."""
    text = api.get("/metrics").content.decode()
    line = rf'^livetrain_thread_failures_total{{process="{process}",thread="{name}"}} (\d+)$'
    found = re.search(line, text, re.MULTILINE)
    return int(found[1]) if found else 0


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.__name__)
def test_a_thread_does_its_work_after_any_failure(
    kind: type[Periodic],
    fault: type[BaseException],
    api: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    case = CASES[kind]
    done = case.prepare(User.objects.get(), monkeypatch)
    faulty = inject(monkeypatch, case.call, fault, times=3)
    thread = case.thread()
    before = failures(api, thread.name)
    with at_work(thread):
        eventually(done)
        assert failures(api, thread.name) == before + faulty.raised == before + 3
    [error] = errors(caplog)  # and not three
    assert error.getMessage().startswith(f"{thread.name}: ")
    assert error.exc_info is not None
    assert type(error.exc_info[1]) is fault
    eventually(lambda: [one for one in caplog.messages if one.endswith("works again after 3 failures")], within=2)


def test_no_resident_thread_is_left_out_here() -> None:
    """Nor does one stand beside the policy: what else is a thread of its own ends with an attempt or without work."""
    bases: dict[str, set[str]] = {}
    for folder in APPS:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    bases[node.name] = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    found = {"Periodic"}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    assert found - {"Periodic", "WorkThread"} == {kind.__name__ for kind in CASES}
    assert {name for name, of in bases.items() if "Thread" in of} == {"Periodic", "Lease", "Uploader", "_RequestThread"}


JOBS: dict[str, tuple[object, str]] = {
    "runs": (lifecycle, "lost_runs"),
    "pre-flights": (state, "recover_lost"),
    "checks": (checks, "recover_lost"),
    "purge": (deletion, "purge"),
    "compact": (maintenance, "compact_running"),
    "folders": (leftover_folders, "clear"),
}


@pytest.mark.parametrize("fault", FAULTS[:3], ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("failing", JOBS)
def test_a_job_of_the_reaper_that_always_fails_keeps_none_of_the_others_back(
    failing: str, fault: type[BaseException], user: User, monkeypatch: pytest.MonkeyPatch, config: TrainingConfig
) -> None:
    done = {"runs": lost_run(user, monkeypatch)}
    asked = requests.request(config, user)
    assert state.claim(asked.pk, "lost") is not None
    Preflight.objects.filter(pk=asked.pk).update(lease_until=long_ago())
    done["pre-flights"] = lambda: Preflight.objects.get(pk=asked.pk).status == "queued"
    Dataset.objects.create(name="lost", owner=user, state="checking", lease_until=long_ago())
    done["checks"] = lambda: Dataset.objects.get().state == "waiting"
    deleted = queued_run(user)
    Run.objects.filter(pk=deleted.pk).update(status="cancelled", deleted_at=long_ago())
    done["purge"] = lambda: not Run.objects.filter(pk=deleted.pk).exists()
    packed: list[bool] = []
    monkeypatch.setattr(maintenance, "compact_running", lambda: packed.append(True))
    done["compact"] = lambda: packed
    folder = asked.folder.parent / "999"
    folder.mkdir(parents=True)
    done["folders"] = lambda: not folder.exists()
    faulty = inject(monkeypatch, JOBS[failing], fault)
    with at_work(Maintenance()):
        for job, is_done in done.items():
            if job != failing:
                eventually(is_done)
        eventually(lambda: faulty.raised > 3)
    assert not done[failing]()


def test_one_run_that_cannot_be_recovered_or_removed_keeps_no_other_back(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = running_run(user), running_run(user)
    deleted = [queued_run(user) for _ in range(3)]
    Run.objects.filter(pk__in=(bad.pk, good.pk)).update(lease_until=long_ago())
    Run.objects.filter(pk__in=[run.pk for run in deleted]).update(status="cancelled", deleted_at=long_ago())
    recover, purge = lifecycle.recover, deletion.purge

    def recover_but_one(run_id: int, moment: datetime) -> bool:
        if run_id == bad.pk:
            raise KeyError("trainer")
        return recover(run_id, moment)

    def purge_but_one(run: Run) -> bool:
        if run.pk == deleted[0].pk:
            raise PermissionError("not yours")
        return purge(run)

    monkeypatch.setattr(lifecycle, "recover", recover_but_one)
    monkeypatch.setattr(deletion, "purge", purge_but_one)
    with at_work(Maintenance()):
        eventually(lambda: Run.objects.get(pk=good.pk).status == "queued")
        eventually(lambda: not Run.objects.filter(pk__in=[run.pk for run in deleted[1:]]).exists())
    assert Run.objects.filter(pk__in=(bad.pk, deleted[0].pk)).count() == 2


def test_one_run_whose_files_cannot_be_stored_keeps_no_other_back(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = folder_of_an_ended_run(user, monkeypatch)
    first = Run.objects.get().folder
    good, real = folder_of_an_ended_run(user, monkeypatch), stored_files.read_attempt_marker

    def fail_of_the_first(folder: Path) -> int | None:
        if folder == first:
            raise PermissionError("not yours")
        return real(folder)

    monkeypatch.setattr(stored_files, "read_attempt_marker", fail_of_the_first)
    with at_work(DeferredUploads()):
        eventually(good)
    assert not bad()


def test_what_threads_of_a_worker_fail_of_shows_in_the_web_process(
    user: User, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It travels with the worker's sign of life: also what that itself failed of, once it is given again."""
    inject(monkeypatch, (workers, "register"), TypeError, times=2)
    thread = Heartbeat(1, [])
    before = failures(api, thread.name)
    with at_work(thread):
        eventually(lambda: failures(api, thread.name, workers.own_name()) == before + 2)
    assert failures(api, thread.name, workers.own_name()) == 0, "a worker that has left is not counted"


def test_a_thread_that_leaves_signs_out_and_one_that_cannot_ends_all_the_same(
    user: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    inject(monkeypatch, (workers, "deregister"), KeyError)
    with at_work(Heartbeat(1, [])):
        eventually(worker_unknown(user, monkeypatch))
    assert [error.getMessage().split(".")[0] for error in errors(caplog)] == ["heartbeat: leaving failed"]


def test_an_outage_is_one_line_however_many_jobs_it_hits(
    user: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hit = [inject(monkeypatch, call, InterfaceError) for name, call in JOBS.items() if name != "purge"]
    with at_work(Maintenance()):
        eventually(lambda: all(one.raised > 3 for one in hit))
    assert len(errors(caplog)) == 1


def test_a_check_stays_where_what_follows_it_fails(
    user: User, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path]
    (tmp_path / "table.csv").write_text("label,a\n" + "".join(f"{i % 2},{i}\n" for i in range(40)))
    Dataset.objects.create(name="t", kind="folder", path=str(tmp_path / "table.csv"), owner=user, state="waiting")
    dataset_that_is_gone(user, monkeypatch)

    def broken(_dataset: Dataset) -> None:
        raise KeyError("report")

    with at_work(CheckThread(broken)):
        eventually(lambda: not Dataset.objects.filter(state__in=("waiting", "checking")).exists())
    assert dict(Dataset.objects.values_list("name", "state")) == {"t": "ready", "lungs": "refused"}
    assert len(errors(caplog)) == 1


@pytest.mark.parametrize("has_store", [False, True])
def test_a_worker_starts_each_of_them(has_store: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "in_use", lambda: has_store)
    started = {type(thread) for thread in worker_process._residents(1, [])}
    assert started == set(CASES) - OF_WEB_PROCESSES - (set() if has_store else {DeferredUploads})
