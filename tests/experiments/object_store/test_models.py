"""The model of a run whose files are in the object store: fetched once, whole, and kept within bounds."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection

from experiments.trained_models import fetched_files
from experiments.trained_models.sources import source_of
from experiments.training.prediction.trained_model import load
from runs.derived_models import StoredFile
from runs.errors import Conflict
from runs.files import stored_files
from runs.files.store import StoreError
from runs.models import Run
from tests.experiments.object_store.server import ObjectStore
from tests.experiments.trained_models.conftest import MakeTrainedRun, of_pictures, trained_run
from tests.experiments.training.prediction.trained import Trained

__all__ = ["of_pictures", "trained_run"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(of_pictures: Trained, trained_run: MakeTrainedRun, object_store: ObjectStore) -> Run:
    """Make a run whose files are in the store alone."""
    made = trained_run(of_pictures)
    stored_files.publish(made, Run.ENDED)
    made.folder.rename(made.folder.parent / "gone")
    return made


def test_the_files_are_fetched_once_by_all_who_ask_at_once(
    run: Run, of_pictures: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    restore, lock = stored_files.restore, threading.Lock()

    def counted(row: StoredFile, folder: Path) -> None:
        if not stored_files.is_here(row, folder):
            with lock:
                fetched.append(row.name)
        restore(row, folder)

    monkeypatch.setattr(stored_files, "restore", counted)

    def ask(_: int) -> str:
        try:
            return source_of(run).sha256
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) == {of_pictures.source.sha256}
    assert sorted(fetched) == sorted({"inference.json", "reading.json", run.best_checkpoint})
    assert load(source_of(run)).classes == ["healthy", "pneumonia"]


def test_another_version_replaces_the_fetched_one(run: Run) -> None:
    folder = Path(source_of(run).folder)
    stored_files.publish_content(run, "reading.json", b"{}", Run.ENDED)
    assert Path(source_of(run).folder) == folder
    assert (folder / "reading.json").read_bytes() == b"{}"


def test_what_is_gone_from_the_store_is_said(run: Run) -> None:
    row = StoredFile.objects.get(run=run, name=run.best_checkpoint)
    stored_files.remove_objects([row.key])
    with pytest.raises(StoreError, match="gone from it"):
        source_of(run)
    row.delete()
    with pytest.raises(Conflict, match="no longer has checkpoints"):
        source_of(run)


def test_what_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    long_ago = time.time() - 2 * fetched_files.IN_USE_SECONDS
    for number in range(4):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "a.ckpt").write_bytes(bytes(100))
        os.utime(folder, (long_ago + number, long_ago + number) if number < 3 else None)
    fetched_files.make_room(tmp_path, 250)
    assert sorted(path.name for path in tmp_path.glob("[0-9]")) == ["2", "3"]
    fetched_files.make_room(tmp_path, 0)
    assert [path.name for path in tmp_path.glob("[0-9]")] == ["3"]  # in use
