"""A back-up made while a run is recorded, and a server that goes on from it with the same numbers."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.template.defaultfilters import filesizeformat
from pytest_django.fixtures import Settings

from runs import lifecycle
from runs.events import Event
from runs.files import exports
from runs.models import Run
from tests.installation import Installation
from tests.realtime.writing import new_user, running_run, store, training_events
from tests.waiting import eventually

sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is dumped by its own program")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, settings: Settings) -> None:
    home = tmp_path / "home"
    (home / "secrets").mkdir(parents=True)
    _written(home / "secrets" / "django.key", "x" * 64)
    (home / "secrets" / "django.key").chmod(0o600)
    settings.LIVETRAIN_HOME = home
    settings.RUNS_ROOT, settings.PREFLIGHTS_ROOT = home / "runs", home / "preflights"
    settings.DATASETS_ROOT, settings.MODELS_ROOT = home / "datasets", home / "models"


@pytest.fixture
def owner(transactional_db: None) -> User:
    return new_user()[0]


def backup(folder: Path) -> str:
    out = io.StringIO()
    call_command("backup", str(folder), stdout=out)
    return out.getvalue()


class Recording:
    """A run of which events are stored without pause, in a thread, until the context is left."""

    def __init__(self, run: Run) -> None:
        self.run, self.batches = run, 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Recording:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            for batch in _batches():
                if self._stopped.is_set():
                    return
                store(self.run, batch)
                (self.run.folder / "train.log").open("a").write(f"{self.batches}\n")
                self.batches += 1
        finally:
            connections.close_all()


def _batches() -> Iterator[list[Event]]:
    events = training_events(20_000)
    return (events[first : first + 20] for first in range(0, len(events), 20))


@sqlite_only
def test_a_run_backed_up_while_it_is_recorded_is_whole(owner: User, tmp_path: Path) -> None:
    run = running_run(owner)
    run.folder.mkdir(parents=True)
    with Recording(run) as recording:
        eventually(lambda: recording.batches > 10)
        backup(tmp_path / "copy")
        seen = recording.batches
        eventually(lambda: recording.batches > seen)  # the writer was not stopped by it
    with closing(sqlite3.connect(tmp_path / "copy" / "livetrain.sqlite3")) as copy:
        [(last,)] = copy.execute("SELECT last_seq FROM runs_run").fetchall()
        numbers = [row[0] for row in copy.execute("SELECT seq FROM runs_runevent ORDER BY seq")]
        [(epochs,)] = copy.execute("SELECT count(*) FROM runs_runevent WHERE type = 'epoch_end'").fetchall()
        [(metrics,)] = copy.execute("SELECT count(*) FROM runs_runmetric").fetchall()
    assert 200 < last < 2 + 20 * recording.batches
    assert numbers == list(range(1, last + 1))
    assert metrics == epochs  # each of these epochs has one number


@sqlite_only
def test_a_server_goes_on_from_a_backup_with_the_same_numbers(owner: User, tmp_path: Path) -> None:
    run = running_run(owner)
    store(run, training_events(500))
    (run.folder / "checkpoints").mkdir(parents=True)
    (run.folder / "checkpoints" / "last.ckpt").write_bytes(b"weights")
    lifecycle.end(run.pk, run.attempt, "completed", None)
    run.refresh_from_db()
    exports.export(run)
    backup(tmp_path / "copy")
    restored = Installation(tmp_path / "copy")
    (tmp_path / "copy" / "runs" / str(run.pk) / "metrics.csv").unlink()
    restored.manage("export", str(run.pk))  # from the restored database
    for name in ("metrics.csv", "checkpoints/last.ckpt"):
        assert (tmp_path / "copy" / "runs" / str(run.pk) / name).read_bytes() == (run.folder / name).read_bytes()
    assert len((run.folder / "metrics.csv").read_text().splitlines()) == 1 + 5  # a header and five epochs
    assert not [line for line in restored.manage("doctor").splitlines() if line.startswith("fail")]


@sqlite_only
def test_a_second_backup_copies_what_is_new(owner: User, tmp_path: Path, settings: Settings) -> None:
    run = running_run(owner)
    run.folder.mkdir(parents=True)
    _written(run.folder / "a.json", "1")
    (run.folder / ".half.tmp").write_text("not whole")
    outside = tmp_path / "outside"
    outside.write_text("not ours")
    (run.folder / "link").symlink_to(outside)
    (Path(settings.DATASETS_ROOT) / "cache").mkdir(parents=True)
    (Path(settings.DATASETS_ROOT) / "cache" / "pixels").write_text("made again")
    told = backup(tmp_path / "copy")
    django = filesizeformat((tmp_path / "copy" / "livetrain.sqlite3").stat().st_size)
    size = django.replace("\xa0", " ").replace("KB", "KiB").replace("MB", "MiB")
    assert told.startswith(f"The database of {size} and 2 new files of 65 bytes are in ")  # one is the secret key
    assert " 0 new files of 0 bytes are in " in backup(tmp_path / "copy")
    _written(run.folder / "b.json", "2")
    assert " 1 new file of 1 byte are in " in backup(tmp_path / "copy")
    copied = {
        path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*") if path.is_file()
    }
    of_run = {f"runs/{run.pk}/a.json", f"runs/{run.pk}/b.json"}
    assert copied == {*of_run, "backup.json", "livetrain.sqlite3", "secrets/django.key"}
    assert json.loads((tmp_path / "copy" / "backup.json").read_text())["complete"] is True
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0


def _written(path: Path, text: str, *, ago: float = 60.0) -> None:
    """Write a file that has not been written since `ago` seconds."""
    path.write_text(text)
    os.utime(path, (time.time() - ago, time.time() - ago))


@sqlite_only
def test_a_checkpoint_that_is_replaced_while_it_is_copied_is_copied_again(
    owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A back-up copies the files before and after the database; this one is as large as the one before."""
    run = running_run(owner)
    run.folder.mkdir(parents=True)
    last, copy = run.folder / "last.ckpt", tmp_path / "copy" / "runs" / str(run.pk) / "last.ckpt"
    _written(last, "epoch 1", ago=60)
    copied = shutil.copyfileobj

    def replaced_meanwhile(source: BinaryIO, target: BinaryIO) -> None:
        copied(source, target)
        if source.name == str(last):
            monkeypatch.undo()
            _written(last.with_name("next"), "epoch 2", ago=30)
            last.with_name("next").replace(last)

    monkeypatch.setattr(shutil, "copyfileobj", replaced_meanwhile)
    backup(tmp_path / "copy")
    assert not last.with_name("next").exists()
    assert copy.read_text() == "epoch 2"


@sqlite_only
def test_a_file_that_is_written_again_in_the_moment_of_its_copy_is_copied_again(owner: User, tmp_path: Path) -> None:
    run = running_run(owner)
    run.folder.mkdir(parents=True)
    path, copy = run.folder / "a.json", tmp_path / "copy" / "runs" / str(run.pk) / "a.json"
    _written(path, "1", ago=-60)  # so that each back-up is made in its moment, however long it takes
    backup(tmp_path / "copy")
    status = path.stat()
    path.write_text("2")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    backup(tmp_path / "copy")
    assert copy.read_text() == "2"


@sqlite_only
def test_a_backup_is_for_the_servers_account_alone(owner: User, tmp_path: Path) -> None:
    """Also in a folder made by hand, beside an open copy of an earlier version, of files that others may read."""
    run = running_run(owner)
    run.folder.mkdir(parents=True)
    (run.folder / "a.json").write_text("1")
    (run.folder / "a.json").chmod(0o644)
    run.folder.chmod(0o755)
    copy = tmp_path / "copy"
    copy.mkdir()
    copy.chmod(0o755)
    backup(copy)
    assert open_to_others(copy) == []
    copy.chmod(0o755)
    for path in copy.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    backup(copy)
    assert open_to_others(copy) == []


def open_to_others(folder: Path) -> list[Path]:
    """Return what accounts other than the owner's may use."""
    return [path for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & 0o077]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's database is copied")
def test_a_backup_without_the_database_says_so(owner: User, tmp_path: Path) -> None:
    told = backup(tmp_path / "copy")
    assert told.startswith("1 new file of 64 bytes is in ")
    assert "pg_dump" in told


@pytest.mark.django_db
def test_a_place_that_a_backup_would_harm_is_refused(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(CommandError, match="outside"):
        backup(Path(settings.LIVETRAIN_HOME) / "copy")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "livetrain.sqlite3").write_text("another server's")
    with pytest.raises(CommandError, match="not a back-up"):
        backup(tmp_path / "other")
    assert (tmp_path / "other" / "livetrain.sqlite3").read_text() == "another server's"
    with pytest.raises(CommandError, match="is a file"):
        backup(tmp_path / "other" / "livetrain.sqlite3")
