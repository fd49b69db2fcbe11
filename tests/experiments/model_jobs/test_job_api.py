"""The REST API of jobs on models, the figures of them, and their pages in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from audit.models import AuditEvent
from experiments.model_jobs import requests, state
from experiments.models import ModelJob
from runs.models import Run
from tests.experiments.model_jobs.conftest import NAME

pytestmark = pytest.mark.django_db


def test_the_jobs_of_a_run_are_listed_the_newest_first(run: Run, user: User, asked: ModelJob, api: Client) -> None:
    second = requests.enqueue(run, user, NAME, {"to": 4})
    requests.cancel(second, user)
    other = state.create(run, user, "prediction", {})

    def listed(**choice: Any) -> list[int]:
        found = api.get(f"/api/runs/{run.pk}/model-jobs/", choice).json()["results"]
        return [job["model_job_id"] for job in found]

    assert listed() == [other.pk, second.pk, asked.pk]
    assert listed(kind=NAME) == [second.pk, asked.pk]
    assert listed(kind=NAME, status="queued,running") == [asked.pk]
    assert listed(kind="hologram") == []
    page = api.get(f"/api/runs/{run.pk}/model-jobs/", {"page_size": 2}).json()
    assert [job["model_job_id"] for job in page["results"]] == [other.pk, second.pk]
    assert "result" not in page["results"][0]
    assert [job["model_job_id"] for job in api.get(page["next"]).json()["results"]] == [asked.pk]


@pytest.mark.parametrize(
    ("choice", "field"), [({"status": "paused"}, "status"), ({"sort": "id"}, "sort"), ({"page_size": 0}, "page_size")]
)
def test_wrong_parameters_are_named(run: Run, api: Client, choice: dict[str, Any], field: str) -> None:
    answer = api.get(f"/api/runs/{run.pk}/model-jobs/", choice)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_what_does_not_exist(run: Run, asked: ModelJob, api: Client) -> None:
    assert api.get("/api/runs/999/model-jobs/").json()["detail"] == "Run 999 does not exist."
    for address in ("999/", "999/files/a.csv"):
        answer = api.get(f"/api/model-jobs/{address}")
        assert (answer.status_code, answer.json()["detail"]) == (404, "Model job 999 does not exist.")


def test_a_job_is_cancelled_and_removed(asked: ModelJob, api: Client) -> None:
    job = api.get(f"/api/model-jobs/{asked.pk}/").json()
    assert (job["status"], job["may_cancel"], job["may_delete"], job["result"]) == ("queued", True, True, None)
    assert (job["owner"], job["options"], job["expires_at"]) == ("ada", {"to": 3}, None)
    assert api.post(job["links"]["cancel"], {"now": True}, content_type="application/json").status_code == 400
    cancelled = api.post(job["links"]["cancel"], content_type="application/json").json()
    assert (cancelled["status"], cancelled["problem"]) == ("cancelled", "Cancelled by ada.")
    assert not cancelled["may_cancel"]
    assert cancelled["expires_at"] is not None
    asked.folder.mkdir(parents=True)
    assert api.delete(job["links"]["self"]).status_code == 204
    assert not asked.folder.exists()
    assert api.get(job["links"]["self"]).status_code == 404
    actions = AuditEvent.objects.filter(action__startswith="model_job.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["model_job.requested", "model_job.cancelled", "model_job.deleted"]


@pytest.mark.parametrize("name", ["train.log", "..%2Fa.csv", "..", "inputs%2Fa.png", "a.csv%00", "%2Fetc%2Fpasswd"])
def test_only_listed_files_are_handed_out(asked: ModelJob, api: Client, name: str) -> None:
    ModelJob.objects.update(files=[{"name": "a.csv", "bytes": 2, "sha256": ""}])
    asked.inputs.mkdir(parents=True)
    for path in (asked.folder / "train.log", asked.folder.parent / "a.csv", asked.inputs / "a.png"):
        path.write_text("secret")
    assert api.get(f"/api/model-jobs/{asked.pk}/files/{name}").status_code == 404


def test_a_file_is_handed_out_as_an_attachment(asked: ModelJob, api: Client) -> None:
    ModelJob.objects.update(files=[{"name": "a.csv", "bytes": 2, "sha256": ""}])
    address = f"/api/model-jobs/{asked.pk}/files/a.csv"
    assert "is gone; ask for the job again" in api.get(address).json()["detail"]
    asked.folder.mkdir(parents=True)
    (asked.folder / "a.csv").write_text("n\n")
    assert api.head(address).status_code == 200
    assert not AuditEvent.objects.filter(action="model_job.downloaded").exists()
    answer: Any = api.get(address)
    assert (answer["Content-Length"], answer["Content-Type"]) == ("2", "text/csv")
    assert answer["Content-Disposition"] == 'attachment; filename="a.csv"'
    assert AuditEvent.objects.get(action="model_job.downloaded").details == {"run": asked.run_id, "file": "a.csv"}
    (asked.folder / "a.csv").unlink()
    (asked.folder / "a.csv").symlink_to("/etc/hostname")
    assert api.get(address).status_code == 404


def test_jobs_are_counted_by_status(asked: ModelJob, user: User, api: Client) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    text = api.get("/metrics").content.decode()
    assert 'livetrain_model_jobs{status="queued"} 1\n' in text
    assert 'livetrain_model_jobs{status="failed"} 0\n' in text


def test_operators_cancel_jobs_in_the_admin(run: Run, user: User, asked: ModelJob) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    ended = state.create(run, user, NAME, {})
    state.claim(ended.pk, "a worker")
    state.fail(ended.pk, 1, "It broke.")
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    assert b"It broke." in client.get(f"/admin/experiments/modeljob/{ended.pk}/change/").content
    chosen = {"action": "cancel", "_selected_action": [asked.pk, ended.pk]}
    answer = client.post("/admin/experiments/modeljob/", chosen, follow=True)
    text = answer.content.decode()
    assert f"Model job {ended.pk} is failed: there is nothing to cancel." in text
    assert "1 job cancelled." in text
    asked.refresh_from_db()
    assert asked.status == "cancelled"
