"""Runs whose files belong into an object store, from their start to their download, with real processes and HTTP."""

from __future__ import annotations

import csv
import hashlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import InterfaceError, connections
from django.test import AsyncClient, Client
from django.utils import timezone

from experiments.files import deferred_uploads, restore, uploader
from experiments.supervision import supervisor
from runs import lifecycle
from runs.derived_models import StoredFile
from runs.failures import thread_failures
from runs.files import stored_files
from runs.files.store import StoreError
from runs.leases import Fenced
from runs.models import Run, RunEvent
from tests.experiments.object_store.server import ObjectStore
from tests.experiments.supervision.test_supervisor import Background
from tests.tokens import new_token
from tests.waiting import eventually

Recipe = Callable[[str], None]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def headers(transactional_db: None) -> dict[str, str]:
    token = new_token(User.objects.create_user("ada"))
    return {"authorization": f"Token {token}"}


def files(run: Run, headers: dict[str, str]) -> dict[str, str]:
    """Return the address of each listed file, by name."""
    answer = Client(headers=headers).get(f"/api/runs/{run.pk}/files/").json()
    return {file["name"]: file["url"] for file in answer["files"]}


async def download(url: str, headers: dict[str, str]) -> bytes:
    response = await AsyncClient().get(url, headers=headers)
    assert response.status_code == 200
    body = b"".join([part async for part in response])  # type: ignore[attr-defined]
    assert len(body) == int(response["Content-Length"])
    return body


def supervise(run: Run) -> Run:
    assert supervisor.supervise(draining=threading.Event())
    run.refresh_from_db()
    return run


def begun_and_given_back(run: Run) -> None:
    """Train a run here until a checkpoint is stored, then return it to the queue."""
    background = Background()
    eventually(lambda: Run.objects.get(pk=run.pk).stored_checkpoint)
    background.draining.set()
    background.wait()


def stored_bytes(store: ObjectStore, run: Run) -> dict[str, bytes]:
    """Return what lies in the bucket, by the names of the files; there must be nothing else in it."""
    rows, objects = StoredFile.objects.filter(run=run), store.objects()
    assert {row.key for row in rows} == set(objects)
    return {row.name: objects[row.key] for row in rows}


def codes(run: Run) -> list[str]:
    return [note["code"] for note in run.notes]


def test_a_training_leaves_all_its_files_in_the_store_and_none_here(
    queued: Run, warm: None, object_store: ObjectStore, headers: dict[str, str]
) -> None:
    run = supervise(queued)
    assert (run.status, run.reason, codes(run)) == ("completed", None, ["shifted_scores"])
    assert not run.folder.exists()
    listed, stored = files(run, headers), stored_bytes(object_store, run)
    assert set(listed) == set(stored)
    assert {"config.json", "metadata.json", "metrics.csv", "predictions.parquet", "preflight.json", "results.json",
            "split.csv", "train.log", run.best_checkpoint, run.last_checkpoint} <= set(listed)  # fmt: skip
    for name, url in listed.items():
        assert async_to_sync(download)(url, headers) == stored[name], name
    rows = {row.name: row for row in StoredFile.objects.filter(run=run)}
    assert {name: row.sha256 for name, row in rows.items()} == {
        name: hashlib.sha256(content).hexdigest() for name, content in stored.items()
    }
    assert len(list(csv.DictReader(stored["metrics.csv"].decode().splitlines()))) == run.total_epochs
    assert json.loads(stored["results.json"])["checkpoint"]["path"] == run.best_checkpoint


def test_another_machine_goes_on_where_the_first_one_was_stopped(
    queued: Run, warm: None, object_store: ObjectStore, other_machine: Callable[[], None]
) -> None:
    queued.config["trainer"]["max_epochs"] = 150  # long enough to be stopped on the way
    queued.config["callbacks"]["early_stopping"] = False
    queued.save(update_fields=["config"])
    begun_and_given_back(queued)
    released = Run.objects.get(pk=queued.pk)
    assert released.status == "queued"
    assert (released.stored_checkpoint or {})["last_checkpoint"] == released.last_checkpoint
    epoch, log = released.last_checkpoint_epoch, stored_bytes(object_store, released)["train.log"]
    other_machine()
    assert not released.folder.exists()
    run = supervise(released)
    assert (run.status, run.attempt, codes(run)) == ("completed", 2, ["shifted_scores"])
    start = RunEvent.objects.filter(run=run, type="training_start").order_by("seq").last()
    assert start is not None
    assert json.loads(start.data)["resumed_from_epoch"] == epoch
    stored = stored_bytes(object_store, run)
    assert stored["train.log"].startswith(log)
    assert b"=== attempt 2" in stored["train.log"]
    epochs = [int(row["epoch"]) for row in csv.DictReader(stored["metrics.csv"].decode().splitlines())]
    assert epochs == list(range(run.total_epochs or 0))


def test_a_store_that_is_down_delays_files_and_nothing_else(
    queued: Run, recipe: Recipe, object_store: ObjectStore, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploader, "PATIENCE_SECONDS", 0.5)
    object_store.stop()
    recipe("completes")
    begun = time.monotonic()
    run = supervise(queued)
    assert time.monotonic() - begun < 15
    assert run.status == "completed"
    [note] = [note for note in run.notes if note["code"] == "files_pending"]
    assert str(run.folder) in note["text"]
    assert "does not answer" in note["text"]
    assert files(run, headers) == {}
    here = {path.relative_to(run.folder).as_posix(): path.read_bytes() for path in run.folder.rglob("[!.]*.*")}
    assert "metrics.csv" in here
    with pytest.raises(StoreError):
        deferred_uploads.run_once()
    object_store.start()
    deferred_uploads.run_once()
    run.refresh_from_db()
    assert "files_pending" not in [note["code"] for note in run.notes]
    assert stored_bytes(object_store, run) == here
    assert not run.folder.exists()


def test_a_store_that_comes_back_during_the_training_gets_everything(
    queued: Run, recipe: Recipe, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploader, "ROUND_SECONDS", 0.1)
    monkeypatch.setattr(uploader, "LONGEST_PAUSE_SECONDS", 0.2)
    object_store.stop()
    recipe("obedient")
    background = Background()
    eventually(lambda: Run.objects.get(pk=queued.pk).last_checkpoint)
    object_store.start()
    eventually(lambda: Run.objects.get(pk=queued.pk).stored_checkpoint)
    eventually(lambda: StoredFile.objects.filter(run=queued, name="train.log").exists())  # while it trains
    assert Run.objects.get(pk=queued.pk).status == "in_progress"
    lifecycle.cancel(queued.pk, "Enough.")
    background.wait()
    run = Run.objects.get(pk=queued.pk)
    assert (run.status, run.notes) == ("cancelled", [])
    assert stored_bytes(object_store, run)["epoch-0.ckpt"] == b"weights"


@pytest.mark.parametrize("fault", [TypeError, KeyError, InterfaceError])
def test_files_are_stored_after_whatever_storing_them_fails_of(
    queued: Run,
    recipe: Recipe,
    object_store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
    fault: type[Exception],
) -> None:
    monkeypatch.setattr(uploader, "ROUND_SECONDS", 0.1)
    monkeypatch.setattr(uploader, "LONGEST_PAUSE_SECONDS", 0.2)
    real, tries = stored_files.publish, list[int]()

    def sometimes(*args: Any, **kwargs: Any) -> None:
        tries.append(1)
        if len(tries) <= 3:
            raise fault("injected")
        real(*args, **kwargs)

    monkeypatch.setattr(stored_files, "publish", sometimes)
    before = thread_failures.counts().get("uploader", 0)
    recipe("obedient")
    background = Background()
    eventually(lambda: StoredFile.objects.filter(run=queued, name="train.log").exists())  # while it trains
    lifecycle.cancel(queued.pk, "Enough.")
    background.wait()
    run = Run.objects.get(pk=queued.pk)
    assert (run.status, run.notes) == ("cancelled", [])
    assert thread_failures.counts()["uploader"] == before + 3


def test_what_the_lost_machine_had_not_stored_is_trained_again(
    queued: Run, recipe: Recipe, object_store: ObjectStore, other_machine: Callable[[], None]
) -> None:
    recipe("obedient")
    begun_and_given_back(queued)
    # The machine went on to epoch 1, stored nothing of it, and is gone.
    Run.objects.filter(pk=queued.pk).update(last_checkpoint="epoch-1.ckpt", last_checkpoint_epoch=1)
    other_machine()
    recipe("completes")
    run = supervise(queued)
    assert run.status == "completed"
    assert RunEvent.objects.filter(run=run, type="training_start", data__contains='"resumed_from_epoch":0').exists()
    [note] = [note["text"] for note in run.notes if note["code"].startswith(restore.NOTE)]
    assert "went on from epoch 1: the checkpoint of epoch 2 is not" in note


def test_a_checkpoint_that_is_not_what_was_stored_is_not_used(
    queued: Run,
    recipe: Recipe,
    object_store: ObjectStore,
    other_machine: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe("obedient")
    begun_and_given_back(queued)
    row = StoredFile.objects.get(run=queued, name="epoch-0.ckpt")
    object_store.overwrite(row.key, b"WEIGHTS")
    other_machine()
    monkeypatch.setattr(restore, "PATIENCE_SECONDS", 0.0)
    run = supervise(queued)
    assert run.status == "failed"
    assert "epoch-0.ckpt of run" in (run.reason or "")
    assert "sha256" in (run.reason or "")
    assert not (run.folder / "epoch-0.ckpt").exists()
    object_store.overwrite(row.key, b"weights")
    assert lifecycle.resume(run.pk, "Mended.")
    recipe("completes")
    assert supervise(run).status == "completed"


def test_a_run_that_waits_for_the_store_can_be_cancelled(
    queued: Run, recipe: Recipe, object_store: ObjectStore, other_machine: Callable[[], None]
) -> None:
    recipe("obedient")
    begun_and_given_back(queued)
    object_store.stop()
    other_machine()
    waiting = Background()
    eventually(lambda: Run.objects.get(pk=queued.pk).status == "in_progress")
    lifecycle.cancel(queued.pk, "Enough.")
    waiting.wait()
    run = Run.objects.get(pk=queued.pk)
    assert (run.status, run.reason) == ("cancelled", "Enough.")


def test_a_fenced_worker_stores_nothing_and_overwrites_nothing(queued: Run, object_store: ObjectStore) -> None:
    run = lifecycle.claim(queued.pk, "first")
    assert run is not None
    run.folder.mkdir(parents=True)
    (run.folder / "train.log").write_text("of the holder")
    stored_files.publish(run, Run.RUNNING)
    before = object_store.objects()
    Run.objects.filter(pk=run.pk).update(attempt=2, lease_until=timezone.now())
    (run.folder / "train.log").write_text("of the one that lost its lease")
    for statuses in (Run.RUNNING, stored_files.NOT_RUNNING):
        with pytest.raises(Fenced):
            stored_files.publish(run, statuses)
    assert object_store.objects() == before
    assert list(before.values()) == [b"of the holder"]


def test_several_workers_of_one_machine_may_look_for_what_is_left(queued: Run, object_store: ObjectStore) -> None:
    """Runs of a server that had no object store before are included."""
    lifecycle.cancel(queued.pk, "Enough.")
    queued.folder.mkdir(parents=True)
    (queued.folder / "metrics.csv").write_text("epoch\n")
    threads = [threading.Thread(target=_run_once) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored_bytes(object_store, queued) == {"metrics.csv": b"epoch\n"}
    assert not queued.folder.exists()


def test_export_writes_the_numbers_of_an_ended_run_again(
    queued: Run, recipe: Recipe, object_store: ObjectStore, headers: dict[str, str], other_machine: Callable[[], None]
) -> None:
    recipe("completes")
    run = supervise(queued)
    first = stored_bytes(object_store, run)
    Run.objects.filter(pk=run.pk).update(experiment_name="renamed")
    other_machine()
    call_command("export", run.pk)
    again = stored_bytes(object_store, run)
    assert json.loads(again["metadata.json"])["experiment_name"] == "renamed"
    assert again["metrics.csv"] == first["metrics.csv"]
    assert set(again) == set(first)


def _run_once() -> None:
    try:
        deferred_uploads.run_once()
    finally:
        connections.close_all()
