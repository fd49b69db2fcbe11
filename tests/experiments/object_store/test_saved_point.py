"""A saved operating point as a file in the object store, which a web process without a folder of the run writes."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from django.core.management import call_command

from runs.derived_models import StoredFile
from runs.files import decided_files, exports, point_file, run_files, stored_files
from runs.leases import Fenced
from runs.models import Run
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
    assert decided_files.publish(run) == {}


def stored(run: Run, name: str = point_file.NAME) -> Any:
    with run_files.seekable(run, name) as file:
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


def ended_elsewhere(run: Run) -> None:
    """Let a worker store its files; a web process has no folder of the run, or an old one."""
    run.folder.mkdir(parents=True, exist_ok=True)
    written = {"preprocessing": {}, "network": {}, "output": {"threshold": 0.5}, "decision": None}
    (run.folder / "inference.json").write_text(json.dumps(written))
    exports.export(run)
    stored_files.publish(run, stored_files.NOT_RUNNING)


def test_results_and_inference_are_stored_again_without_a_folder(run: Run, object_store: ObjectStore) -> None:
    ended_elsewhere(run)
    folder = {name: (run.folder / name).read_bytes() for name in ("results.json", "inference.json")}
    assert stored(run, "inference.json")["decision"]["holds"] == "own"
    save(run, 0.25)
    assert stored(run, "results.json")["operating_point"]["threshold"] == 0.25
    assert stored(run, "inference.json")["decision"]["saved"]["threshold"] == 0.25
    assert {name: (run.folder / name).read_bytes() for name in folder} == folder
    for name in folder:
        [row] = StoredFile.objects.filter(run=run, name=name)
        assert [key for key in object_store.objects() if key.endswith(f"/{name}")] == [row.key]


def test_older_ones_in_a_folder_do_not_replace_them_but_those_of_a_later_attempt_do(run: Run) -> None:
    ended_elsewhere(run)
    save(run, 0.25)
    for name in ("results.json", "inference.json"):
        os.utime(run.folder / name, (1_000_000_000, 1_000_000_000))
    stored_files.publish(run, stored_files.NOT_RUNNING)
    assert stored(run, "results.json")["operating_point"]["threshold"] == 0.25
    assert stored(run, "inference.json")["decision"]["holds"] == "saved"
    Run.objects.filter(pk=run.pk).update(attempt=2)
    stored_files.publish(Run.objects.get(pk=run.pk), stored_files.NOT_RUNNING)  # its clock is behind
    assert stored(run, "results.json")["operating_point"] is None
    assert stored(run, "inference.json")["decision"]["holds"] == "own"


def test_what_cannot_be_stored_is_mended_by_the_export(run: Run, object_store: ObjectStore) -> None:
    ended_elsewhere(run)
    decision = Decision(rule="hand", number=0.25, threshold=0.25, log_odds=None, test_known=False)
    point_history.save(run, "ada", "Few beds.", decision)
    assert stored(run, "inference.json")["decision"]["holds"] == "own"
    (run.folder / "inference.json").unlink()  # on another machine
    call_command("export", str(run.pk))
    assert stored(run, "results.json")["operating_point"]["threshold"] == 0.25
    assert stored(run, "inference.json")["decision"]["saved"]["threshold"] == 0.25
    assert stored(run)["operating_point"]["threshold"] == 0.25


def test_a_run_that_was_resumed_keeps_what_its_new_attempt_writes(run: Run) -> None:
    ended_elsewhere(run)
    save(run, 0.25)
    old = Run.objects.get(pk=run.pk)
    Run.objects.filter(pk=run.pk).update(attempt=2, status="in_progress")
    problems = decided_files.publish(old)
    assert set(problems) == {point_file.NAME, "results.json", "inference.json"}
    assert all(isinstance(problem, Fenced) for problem in problems.values())
