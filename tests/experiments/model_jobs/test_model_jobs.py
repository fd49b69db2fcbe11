"""A job on a finished run's model from the request to its files, in a child of the fork server."""

from __future__ import annotations

import hashlib
import threading

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments.model_jobs import requests, worker_thread
from runs.models import Run
from tests.audit.trail import read_whole
from tests.experiments.model_jobs.conftest import NAME

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_job_is_done_in_a_child_and_its_files_are_there(run: Run, user: User, api: Client, warm: None) -> None:
    job = requests.enqueue(run, user, NAME, {"to": 3}, place=lambda folder: (folder / "a.csv").touch())
    assert worker_thread.work_on(job.pk, draining=threading.Event())
    answer = api.get(f"/api/model-jobs/{job.pk}/").json()
    assert (answer["status"], answer["problem"]) == ("done", None)
    assert answer["result"] == {
        "asked": {"to": 3}, "device": "cpu", "inputs": ["a.csv"], "model": ["healthy", "sick"],
    }  # fmt: skip
    assert (answer["done"], answer["total"]) == (3, 3)
    (file,) = answer["files"]
    assert (file["name"], file["bytes"]) == ("counted.csv", 4)
    assert file["sha256"] == hashlib.sha256(b"n\n3\n").hexdigest()
    download = api.get(file["link"])
    assert read_whole(download) == b"n\n3\n"
    assert download["Content-Disposition"] == 'attachment; filename="counted.csv"'
    assert download["X-Content-Type-Options"] == "nosniff"
    assert [path.name for path in job.folder.iterdir()] == ["counted.csv"]
