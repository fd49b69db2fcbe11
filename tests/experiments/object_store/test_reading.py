"""Who may read what of a run's files in the object store, and what is kept, removed, backed up and found ill there."""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import AsyncClient, Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from experiments.cli import backup
from experiments.doctor import storage
from experiments.training.contract.reading import Reading
from runs import lifecycle
from runs.derived_models import StoredFile
from runs.files import bucket, checks, stored_files
from runs.files.store import StoreError
from runs.models import Run
from runs.removal import retention
from tests.experiments.object_store.server import BUCKET, KEYS, ObjectStore
from tests.experiments.training.readings import class_folders
from tests.runs.api.test_files import ESCAPES, body_of
from tests.runs.api.test_reading import write
from tests.tokens import new_token

Get = Callable[[str], Awaitable[Any]]
HOSTILE = "é 肺 #1 %2e%2e;rm -rf $(x)\"'.csv"


@pytest.fixture
def get(transactional_db: None) -> Get:
    """GET as a user, on the event loop, as the server does; the path goes out as it is written here."""
    client, token = AsyncClient(), new_token(User.objects.create_user("ada"))

    async def get(path: str) -> Any:
        return await client.get(path, headers={"authorization": f"Token {token}"})

    return get


@pytest.fixture
def run(queued: Run, object_store: ObjectStore) -> Run:
    """Create a run whose files are in the store and nowhere else, beside some that never may be there."""
    secret = queued.folder.parent / "secret"
    (queued.folder / "checkpoints" / "a1").mkdir(parents=True)
    secret.write_text("secret")
    (queued.folder / "metrics.csv").write_text("epoch\n0\n")
    (queued.folder / HOSTILE).write_text("odd")
    for epoch in range(3):
        (queued.folder / f"checkpoints/a1/epoch{epoch}.ckpt").write_bytes(b"weights" * epoch)
    (queued.folder / ".1234.tmp").write_text("half a file")
    (queued.folder / "two\nlines").write_text("x")
    (queued.folder / "link.csv").symlink_to(secret)
    os.mkfifo(queued.folder / "pipe")
    lifecycle.cancel(queued.pk, "Enough.")
    queued.refresh_from_db()
    stored_files.publish(queued, Run.ENDED)
    queued.folder.rename(queued.folder.parent / "gone")
    return queued


@pytest.fixture
def silent() -> Iterator[str]:
    """Serve an address that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


async def test_what_is_listed_can_be_fetched(get: Get, run: Run) -> None:
    answer = (await get(f"/api/runs/{run.pk}/files/")).json()["files"]
    names = ["checkpoints/a1/epoch0.ckpt", "checkpoints/a1/epoch1.ckpt", "checkpoints/a1/epoch2.ckpt", "metrics.csv"]
    assert [file["name"] for file in answer] == sorted([*names, HOSTILE])
    sizes = {}
    for file in answer[:-1] if answer[-1]["name"] == HOSTILE else ():  # its client takes other letters for Latin-1
        response = await get(file["url"])
        assert response.status_code == 200, (file, response.content)
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Disposition"].startswith("attachment")
        sizes[file["name"]] = len(await body_of(response))
        assert sizes[file["name"]] == file["size"] == int(response["Content-Length"])
    assert sizes["checkpoints/a1/epoch2.ckpt"] == 14


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # the synchronous test client
def test_a_name_may_hold_any_letter(run: Run, object_store: ObjectStore) -> None:
    client = Client()
    client.force_login(User.objects.create_user("ada"))
    [url] = [file["url"] for file in client.get(f"/api/runs/{run.pk}/files/").json()["files"] if "rm" in file["url"]]
    assert b"".join(client.get(url)) == b"odd"
    assert {key for key in object_store.objects() if not re.fullmatch(r"[\w./-]+", key, re.ASCII)} == set()


async def test_nothing_else_can_be_fetched(get: Get, run: Run) -> None:
    answers = {name: (await get(f"/api/runs/{run.pk}/files/{name}")).status_code for name in [*ESCAPES, "two%0Alines"]}
    assert {name for name, status in answers.items() if status != 404} == set()
    assert len(answers) > 25


async def test_keys_and_other_runs_are_no_names(get: Get, run: Run) -> None:
    row = await StoredFile.objects.aget(run=run, name="metrics.csv")
    for name in (row.key, f"../{row.key}", f"../{run.pk}/metrics.csv"):
        assert (await get(f"/api/runs/{run.pk}/files/{name}")).status_code == 404
    assert (await get(f"/api/runs/{run.pk + 1}/files/metrics.csv")).status_code == 404


async def test_nobody_reads_without_a_login(run: Run) -> None:
    for path in ("", "metrics.csv"):
        response = await AsyncClient().get(f"/api/runs/{run.pk}/files/{path}")
        assert response.status_code == 401
        assert not response.streaming


async def test_how_the_data_were_read_comes_from_the_store(get: Get, queued: Run, object_store: ObjectStore) -> None:
    assert (await get(f"/api/runs/{queued.pk}/reading/")).json()["reading"] is None
    await sync_to_async(store_reading)(queued)
    assert not queued.folder.exists()
    answer = (await get(f"/api/runs/{queued.pk}/reading/")).json()
    assert msgspec.convert(answer["reading"], Reading) == class_folders()
    object_store.stop()
    assert (await get(f"/api/runs/{queued.pk}/reading/")).status_code == 503


def store_reading(run: Run) -> None:
    """Leave a reading in the store and nowhere else."""
    write(run, class_folders())
    lifecycle.cancel(run.pk, "Enough.")
    stored_files.publish_missing(Run.objects.get(pk=run.pk))
    shutil.rmtree(run.folder)


async def test_a_store_that_is_down_is_said_so(get: Get, run: Run, object_store: ObjectStore) -> None:
    object_store.stop()
    listed = await get(f"/api/runs/{run.pk}/files/")
    assert len(listed.json()["files"]) == 5  # the list is ours
    response = await get(f"/api/runs/{run.pk}/files/metrics.csv")
    assert response.status_code == 503
    assert "does not answer" in response.json()["detail"]


def test_the_admin_links_what_is_stored(run: Run) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    page = client.get(f"/admin/runs/run/{run.pk}/change/").content.decode()
    assert f"/api/runs/{run.pk}/files/metrics.csv" in page


def test_prune_removes_spare_checkpoints_and_objects_of_nobody(
    run: Run, object_store: ObjectStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Run.objects.filter(pk=run.pk).update(
        end_time=timezone.now() - timedelta(days=40),
        best_checkpoint="checkpoints/a1/epoch1.ckpt",
        last_checkpoint="checkpoints/a1/epoch2.ckpt",
    )
    object_store.overwrite("999/a1/0123/train.log", b"of a run that was deleted")
    before = object_store.objects()
    call_command("prune", checkpoints=True)
    assert object_store.objects() == before
    assert "Would remove 1 checkpoints of 0 bytes." in capsys.readouterr().out
    call_command("prune", checkpoints=True, yes=True)
    assert "Removed 1 checkpoints" in capsys.readouterr().out
    assert "999/a1/0123/train.log" in object_store.objects()  # it may be on its way to its row
    monkeypatch.setattr(stored_files, "ORPHAN_AGE", timedelta(seconds=-60))
    call_command("prune", checkpoints=True, yes=True)
    assert "Removed 1 objects" in capsys.readouterr().out
    names = {name.rpartition("/")[2] for name in object_store.objects()}
    assert {"epoch1.ckpt", "epoch2.ckpt", "metrics.csv"} < names
    assert not names & {"epoch0.ckpt", "train.log"}
    assert len(names) == 4


def test_prune_beside_a_store_that_is_down_can_be_called_again(run: Run, object_store: ObjectStore) -> None:
    Run.objects.filter(pk=run.pk).update(end_time=timezone.now() - timedelta(days=40))
    object_store.stop()
    with pytest.raises(CommandError, match="run the command again to continue"):
        call_command("prune", checkpoints=True, yes=True)


def test_a_back_up_is_a_home_that_needs_no_store(
    run: Run, object_store: ObjectStore, tmp_path: Path, settings: Settings
) -> None:
    settings.LIVETRAIN_HOME = tmp_path / "home"
    copied = backup._copy_files(tmp_path / "copy")
    folder = tmp_path / "copy" / "runs" / str(run.pk)
    assert (folder / "metrics.csv").read_text() == "epoch\n0\n"
    assert (folder / HOSTILE).read_text() == "odd"
    assert copied.files >= 5
    kept = (folder / "metrics.csv").stat().st_ino
    assert backup._copy_files(tmp_path / "copy").files == 0
    assert (folder / "metrics.csv").stat().st_ino == kept


def test_a_name_that_leads_out_is_not_written(run: Run, tmp_path: Path) -> None:
    row = StoredFile.objects.get(run=run, name="metrics.csv")
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "out").symlink_to(tmp_path)
    for name in ("../metrics.csv", "/tmp/metrics.csv", "a/../../metrics.csv", "out/metrics.csv"):
        row.name = name
        with pytest.raises(StoreError, match="not the name of a file"):
            stored_files.restore(row, tmp_path / "link")
    assert not (tmp_path / "metrics.csv").exists()


def test_a_deleted_run_leaves_nothing_that_prune_does_not_find(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = set(StoredFile.objects.values_list("key", flat=True))
    run.delete()
    monkeypatch.setattr(stored_files, "ORPHAN_AGE", timedelta(seconds=-60))
    assert set(stored_files.orphans()) == keys


def test_a_large_file_goes_in_parts(queued: Run, object_store: ObjectStore) -> None:
    content = os.urandom(17 * 2**20)
    queued.folder.mkdir(parents=True)
    (queued.folder / "large.ckpt").write_bytes(content)
    stored_files.publish(queued, Run.UNFINISHED)
    assert list(object_store.objects().values()) == [content]


def test_the_doctor_tries_what_trainings_do(object_store: ObjectStore) -> None:
    finding = storage._object_store()
    assert (finding.level, finding.text) == (
        "ok",
        f"s3://{BUCKET}/team/livetrain can be written, read, listed and removed from",
    )
    assert object_store.objects() == {}
    object_store.stop()
    finding = storage._object_store()
    assert finding.level == "fail"
    assert "does not answer" in finding.text
    assert finding.cure


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"bucket_name": "no-such-bucket"}, "there is no such bucket"),
        ({"endpoint_url": "http://127.0.0.1:1"}, "AWS_ENDPOINT_URL_S3"),
    ],
)
def test_the_doctor_names_what_is_wrong(
    object_store: ObjectStore, settings: Settings, options: dict[str, str], told: str
) -> None:
    wrong = object_store.storages["runs"]
    settings.STORAGES = settings.STORAGES | {"runs": wrong | {"OPTIONS": wrong["OPTIONS"] | options}}
    text = str(storage._object_store())
    assert told in text
    assert not [value for name, value in KEYS.items() if "KEY" in name and value in text]


def test_missing_credentials_are_named(
    object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in storage._object_store().text


def test_a_store_that_never_answers_is_given_up(
    object_store: ObjectStore, silent: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "SILENCE_SECONDS", 0.2)
    options = object_store.storages["runs"]["OPTIONS"] | {"endpoint_url": silent}
    with pytest.raises(StoreError, match="does not answer"):
        bucket.Bucket(**options).read("x")


def test_missing_packages_are_named_at_start(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.check_files() == []
    monkeypatch.setattr(checks, "find_spec", lambda _name: None)
    [found] = checks.check_files()
    assert "EXTRAS=s3" in str(found.hint)


def test_spare_checkpoints_are_counted_from_the_list(run: Run) -> None:
    assert retention.spare_checkpoints(run).number == 3
