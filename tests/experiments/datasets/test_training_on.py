"""Trainings on `dataset:<name>`: what is refused before the queue, what fails after it, and what trains."""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from PIL import Image

from experiments.models import Dataset
from experiments.supervision import run_start, supervisor
from experiments.supervision.run_job import job_of
from runs.models import Run, RunEvent
from tests.experiments.datasets.requests import API, answer, check_all, errors, opened, post, registered, uploaded
from tests.experiments.training.datasets import with_csv, write_csv, zipped

pytestmark = pytest.mark.django_db(transaction=True)
TRAIN = "/api/experiments/centralized/train"


def request(name: str, **groups: Any) -> dict[str, Any]:
    data = {"batch_size": 2, "image_size": 8, **groups.pop("data", {})}
    return {"experiment_name": "on a data set", "source_path": f"dataset:{name}", "data": data, **groups}


def queued(client: Client, name: str, **groups: Any) -> Run:
    return Run.objects.get(pk=answer(post(client, TRAIN, request(name, **groups)), 202)["run_id"])


def carried_out(run: Run) -> Run:
    assert supervisor.supervise(draining=threading.Event())
    run.refresh_from_db()
    return run


def bright_or_dark(folder: Path) -> Path:
    """Write 24 images that a network can tell apart."""
    rows = [(f"{number:03d}", number % 2) for number in range(24)]
    write_csv(folder / "labels.csv", rows)
    for id_, label in rows:
        Image.new("L", (10, 10), 200 * label + int(id_)).save(folder / f"{id_}.png")
    return folder


def test_a_training_on_an_upload_runs_to_its_end(api: Client, tmp_path: Path, warm: None) -> None:
    (tmp_path / "lungs").mkdir()
    uploaded(api, zipped(bright_or_dark(tmp_path / "lungs")))
    check_all()
    run = queued(api, "lungs", trainer={"max_epochs": 2})
    assert run.dataset_hash == Dataset.objects.get().content_hash
    run = carried_out(run)
    assert (run.status, run.reason) == ("completed", None)
    assert run.dataset is not None
    assert (run.dataset["name"], run.dataset["classes"]) == ("lungs", ["0", "1"])
    assert run.config["source_path"] == run.source_path == "dataset:lungs"
    detail = answer(api.get(f"/api/runs/{run.pk}/"), 200)
    metadata = json.loads((run.folder / "metadata.json").read_text())
    assert detail["dataset_hash"] == metadata["dataset_hash"] == run.dataset_hash
    assert json.loads((run.folder / "config.json").read_text())["source_path"] == "dataset:lungs"


def test_a_training_on_a_folder_checks_the_folder_where_it_reads_it(
    api: Client, root: Path, warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written between the start of its process and its reading: only that process can notice."""
    registered(api, bright_or_dark_in(root))
    check_all()

    def written_meanwhile(run: Run, gpus: list[str] | None) -> Any:
        job = job_of(run, gpus)
        os.utime(root / "lungs" / "labels.csv", ns=(0, 0))
        return job

    monkeypatch.setattr(run_start, "job_of", written_meanwhile)
    run = carried_out(queued(api, "lungs"))
    assert run.status == "failed"
    assert "has changed since its content hash was taken" in (run.reason or "")


def bright_or_dark_in(root: Path) -> Path:
    (root / "lungs").mkdir()
    return bright_or_dark(root / "lungs")


def test_a_path_needs_no_version(api: Client, root: Path) -> None:
    body = request("x") | {"source_path": str(with_csv(root / "lungs"))}
    run = Run.objects.get(pk=answer(post(api, TRAIN, body), 202)["run_id"])
    assert run.dataset_hash is None


@pytest.fixture
def ready(api: Client, root: Path) -> Path:
    folder = with_csv(root / "lungs")
    registered(api, folder)
    check_all()
    return folder


def source_error(client: Client, name: str, **groups: Any) -> str:
    found = errors(post(client, TRAIN, request(name, **groups)))
    assert not Run.objects.exists()
    return found["source_path"]


def test_an_unknown_name_is_told_the_known_ones(api: Client, ready: Path) -> None:
    where = "in the project 'Default', and a run uses only those of its own"
    assert source_error(api, "lung") == f"There is no data set 'lung' {where}: there are lungs."


def test_what_is_not_ready_is_refused_before_the_queue(api: Client, root: Path) -> None:
    with_csv(root / "lungs")
    registered(api, "lungs")
    assert "still being checked" in source_error(api, "lungs")
    opened(api, "t.csv", 10)
    assert "still being uploaded" in source_error(api, "t")
    shutil.rmtree(root / "lungs")
    check_all()
    assert "was refused: The data are no longer" in source_error(api, "lungs")


def test_what_the_options_do_not_fit_is_refused_before_the_queue(api: Client, ready: Path) -> None:
    assert (
        "'finding'"
        in errors(post(api, TRAIN, request("lungs", data={"target_column": "finding"})))["data.target_column"]
    )
    assert "training samples" in errors(post(api, TRAIN, request("lungs", data={"batch_size": 900})))["data.batch_size"]


def test_what_changed_since_its_check_is_refused_before_the_queue(api: Client, ready: Path) -> None:
    (ready / "new.txt").touch()
    assert "checked again" in source_error(api, "lungs")
    answer(post(api, f"{API}lungs/check/", {}), 202)
    check_all()
    queued(api, "lungs")


def test_what_went_away_is_refused_before_the_queue(api: Client, ready: Path) -> None:
    shutil.rmtree(ready)
    assert "no longer where they were" in source_error(api, "lungs")


def test_a_run_whose_data_set_was_deleted_fails_and_says_so(api: Client, ready: Path) -> None:
    run = queued(api, "lungs")
    answer(api.delete(f"{API}lungs/?force=true"), 204)
    run = carried_out(run)
    where = "in the project 'Default', and a run uses only those of its own"
    assert (run.status, run.reason) == (
        "failed",
        f"There is no data set 'lungs' {where}: upload or register one first.",
    )
    assert RunEvent.objects.filter(run=run).order_by("seq").last().type == "training_end"  # type: ignore[union-attr]


def test_a_run_whose_data_set_became_another_version_fails_and_says_so(api: Client, ready: Path) -> None:
    run = queued(api, "lungs")
    (ready / "labels.csv").write_text((ready / "labels.csv").read_text().replace("000,0", "000,1"))
    answer(post(api, f"{API}lungs/check/", {}), 202)
    check_all()
    run = carried_out(run)
    assert run.status == "failed"
    assert "no longer the version that this run was queued with" in (run.reason or "")
    assert str(run.dataset_hash)[:12] in (run.reason or "")


def test_another_data_set_of_the_same_name_is_another_version(api: Client, user: User, root: Path) -> None:
    uploaded(api, zipped(with_csv(root / "lungs")))
    check_all()
    run = queued(api, "lungs")
    answer(api.delete(f"{API}lungs/?force=true"), 204)
    with_csv(root / "other", {f"{number}": number % 2 for number in range(12)})
    uploaded(api, zipped(root / "other"), name="lungs")
    check_all()
    assert "no longer the version" in (carried_out(run).reason or "")


def test_a_split_of_an_earlier_run_serves_an_upload_too(api: Client, root: Path) -> None:
    """`data.split_file` is looked up in the data roots, wherever the samples lie."""
    uploaded(api, zipped(with_csv(root / "lungs")))
    check_all()
    write_csv(
        root / "split.csv", [(f"{n:03d}", "val" if n > 7 else "train") for n in range(10)], ("sample_id", "split")
    )
    answer(post(api, TRAIN, request("lungs", data={"split_file": "split.csv"})), 202)
