"""A saved operating point as a file in the object store, which a web process without a folder of the run writes."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from runs.files import point_file, run_files, stored_files
from runs.models import Run, StoredFile
from runs.saved_points import point_history
from runs.saved_points.point_history import Decision
from tests.experiments.object_store.server import ObjectStore

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(queued: Run, object_store: ObjectStore) -> Run:
    """Make a run that has ended."""
    Run.objects.filter(pk=queued.pk).update(status="completed", attempt=1)
    return Run.objects.get(pk=queued.pk)


def save(run: Run, threshold: float) -> None:
    decision = Decision(rule="hand", number=threshold, threshold=threshold, log_odds=None, test_known=False)
    point_history.save(run, "ada", "Few beds.", decision)
    point_file.publish(run)


def stored(run: Run) -> Any:
    with run_files.seekable(run, point_file.NAME) as file:
        return json.loads(file.read())


def test_it_is_stored_without_a_folder(run: Run, object_store: ObjectStore) -> None:
    existed = run.folder.exists()
    save(run, 0.25)
    assert stored(run)["operating_point"]["threshold"] == 0.25
    save(run, 0.75)
    told = stored(run)
    assert [one["threshold"] for one in told["history"]] == [0.75, 0.25]
    assert told["operating_point"]["threshold"] == 0.75
    [row] = StoredFile.objects.filter(run=run, name=point_file.NAME)
    assert [key for key in object_store.objects() if point_file.NAME in key] == [row.key]
    assert run.folder.exists() == existed
    assert not (run.folder / point_file.NAME).exists()


def test_an_older_one_in_a_folder_does_not_replace_it(run: Run) -> None:
    save(run, 0.25)
    point_file.write(run)
    old = run.folder / point_file.NAME
    os.utime(old, (1_000_000_000, 1_000_000_000))
    save(run, 0.75)
    stored_files.publish(run, stored_files.NOT_RUNNING)
    assert stored(run)["operating_point"]["threshold"] == 0.75


def test_a_newer_one_in_a_folder_does(run: Run) -> None:
    save(run, 0.25)
    point_history.withdraw(run, "ada", "No.")
    point_file.write(run)
    stored_files.publish(run, stored_files.NOT_RUNNING)
    assert stored(run)["operating_point"] is None
