"""A run's model files: asked for, made once, listed, outdated by a decision, downloaded with a script and a text."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.test import Client

from audit.models import AuditEvent
from experiments.model_files import requests
from experiments.model_files.file_names import name_of
from experiments.models import ModelJob
from runs.models import Run
from runs.saved_points import point_history
from runs.saved_points.point_history import Decision
from tests.experiments.model_files.conftest import CONTENT, Finish
from tests.people import ADMIN, NOBODY, OWNER, STRANGER, TRAINER, VIEWER, Cast
from tests.realtime.writing import running_run

pytestmark = pytest.mark.django_db


def address(run: Run, name: str = "") -> str:
    return f"/api/runs/{run.pk}/model-files/{name}"


def post(api: Client, run: Run, status: int, **body: Any) -> Any:
    answer = api.post(address(run), body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def listed(api: Client, run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(address(run)).json()["files"]
    return found


def content_of(answer: Any) -> bytes:
    async def read(stream: StreamingHttpResponse) -> bytes:
        return b"".join([part async for part in stream])

    assert answer.status_code == 200
    return async_to_sync(read)(answer)


def save_point(run: Run, threshold: float = 0.25) -> None:
    point_history.save(run, "ada", "Too many were missed.", Decision("youden", None, threshold, None, False))


def test_a_file_is_asked_for_once_and_made_once(api: Client, run: Run, finish: Finish) -> None:
    asked = post(api, run, 202, format="onnx", licence="  CC BY 4.0 ")
    assert asked["file"] is None
    assert (asked["job"]["kind"], asked["job"]["status"]) == ("model_file", "queued")
    assert post(api, run, 202, licence="CC BY 4.0")["job"]["model_job_id"] == asked["job"]["model_job_id"]
    assert [job["status"] for job in api.get(address(run)).json()["jobs"]] == ["queued"]
    finish(ModelJob.objects.get())
    found = post(api, run, 200, licence="CC BY 4.0")
    assert found["job"] is None
    assert found["file"] == listed(api, run)[0]
    assert ModelJob.objects.count() == 1


def test_another_format_and_another_licence_are_other_files(api: Client, run: Run, made: ModelJob) -> None:
    for body in ({"format": "pt2", "licence": "CC BY 4.0"}, {"licence": "MIT"}, {}):
        job = post(api, run, 202, **body)["job"]["model_job_id"]
        assert job != made.pk
    assert ModelJob.objects.first() is not None
    assert ModelJob.objects.order_by("pk").last().options["licence"] == "not stated"  # type: ignore[union-attr]


def test_a_file_is_listed_with_its_hash_and_how_it_was_compared(api: Client, run: Run, made: ModelJob) -> None:
    [file] = listed(api, run)
    assert (file["name"], file["format"]) == (f"run-{run.pk}-model-{made.pk}.onnx", "onnx")
    assert (file["bytes"], file["sha256"]) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert (file["samples"], file["deviation"], file["licence"]) == (12, 3e-8, "CC BY 4.0")
    assert file["decides_by"] == {
        "attempt": 1, "threshold": 0.5, "log_odds": None, "recalibration": {"slope": 1.5, "intercept": -0.25},
    }  # fmt: skip
    assert file["outdated"] is False


def test_a_changed_operating_point_outdates_files_and_taking_it_back_does_not(
    api: Client, run: Run, made: ModelJob, finish: Finish
) -> None:
    save_point(run)
    assert [file["outdated"] for file in listed(api, run)] == [True]
    newer = finish(ModelJob.objects.get(pk=post(api, run, 202, licence="CC BY 4.0")["job"]["model_job_id"]))
    files = listed(api, run)
    assert [(file["model_job_id"], file["outdated"]) for file in files] == [(newer.pk, False), (made.pk, True)]
    assert files[0]["decides_by"]["threshold"] == 0.25
    point_history.withdraw(run, "ada", "As before.")
    assert [file["outdated"] for file in listed(api, run)] == [True, False]
    assert post(api, run, 200, licence="CC BY 4.0")["file"]["model_job_id"] == made.pk


def test_a_resumed_run_has_another_model(api: Client, run: Run, made: ModelJob) -> None:
    Run.objects.filter(pk=run.pk).update(attempt=2)
    [file] = listed(api, run)
    assert (file["model_job_id"], file["outdated"]) == (made.pk, True)


def test_a_file_that_was_removed_is_not_listed_and_is_made_again(api: Client, run: Run, made: ModelJob) -> None:
    [file] = listed(api, run)
    (made.folder / file["name"]).unlink()
    assert listed(api, run) == []
    assert api.get(file["links"]["file"]).status_code == 404
    assert post(api, run, 202, licence="CC BY 4.0")["job"]["model_job_id"] != made.pk


def test_downloads_are_whole_and_audited(api: Client, run: Run, made: ModelJob) -> None:
    [file] = listed(api, run)
    answer = api.get(file["links"]["file"])
    assert content_of(answer) == CONTENT
    assert answer["Content-Disposition"] == f'attachment; filename="{file["name"]}"'
    assert answer["Content-Length"] == str(len(CONTENT))
    assert made.pk == file["model_job_id"]
    [event] = AuditEvent.objects.filter(action="model_file.downloaded")
    assert event.details["sha256"] == file["sha256"]
    assert api.head(file["links"]["file"]).status_code == 200
    assert AuditEvent.objects.filter(action="model_file.downloaded").count() == 1


def test_the_archive_holds_the_file_a_script_and_a_text(api: Client, run: Run, made: ModelJob) -> None:
    [file] = listed(api, run)
    with zipfile.ZipFile(io.BytesIO(content_of(api.get(file["links"]["package"])))) as archive:
        stem = f"run-{run.pk}-model-{made.pk}"
        assert set(archive.namelist()) == {f"{stem}/{stem}.onnx", f"{stem}/predict.py", f"{stem}/README.txt"}
        assert archive.read(f"{stem}/{stem}.onnx") == CONTENT
        text = archive.read(f"{stem}/README.txt").decode()
        script = archive.read(f"{stem}/predict.py").decode()
    assert file["sha256"] in text
    assert "CC BY 4.0" in text
    assert f"python predict.py {stem}.onnx ROWS.csv" in text
    assert "$" not in text
    compile(script, "predict.py", "exec")


def test_the_archive_of_a_pytorch_file_has_no_script(api: Client, run: Run, user: User, finish: Finish) -> None:
    job = finish(requests.ask(run, user, "pt2", "not stated").job, kind="image")
    [file] = listed(api, run)
    with zipfile.ZipFile(io.BytesIO(content_of(api.get(file["links"]["package"])))) as archive:
        assert {name.rpartition("/")[2] for name in archive.namelist()} == {
            f"run-{run.pk}-model-{job.pk}.pt2",
            "README.txt",
        }
        assert "torch.export.load" in archive.read(archive.namelist()[0]).decode()


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"format": "tensorflow"}, "format", "tensorflow"),
        ({"licence": "x" * 2001}, "licence", "at most 2,000 characters"),
        ({"licence": 7.5, "quality": "best"}, "quality", ""),
    ],
)
def test_wrong_requests_name_the_field(api: Client, run: Run, body: dict[str, Any], field: str, words: str) -> None:
    answer = post(api, run, 400, **body)
    assert field in json.dumps(answer)
    assert words in json.dumps(answer)
    assert not ModelJob.objects.exists()


def test_unknown_names_and_other_files_are_not_found(api: Client, run: Run, made: ModelJob) -> None:
    (made.folder / "train.log").write_text("secret")
    for name in ("train.log", "nothing.onnx", "..%2Ftrain.log"):
        assert api.get(address(run, name)).status_code == 404


def test_who_sees_the_run_downloads_and_who_trains_asks(finish: Finish) -> None:
    cast = Cast()
    run = cast.run()
    Run.objects.filter(pk=run.pk).update(status="completed")
    [file] = [finish(requests.ask(run, cast.users[TRAINER], "onnx", "not stated").job)]
    name = f"run-{run.pk}-model-{file.pk}.onnx"
    for who, status in ((NOBODY, 401), (STRANGER, 404), (VIEWER, 200), (TRAINER, 200), (ADMIN, 200)):
        assert cast.client(who).get(address(run)).status_code == status
        assert cast.client(who).get(address(run, name)).status_code == status
    for body, status_of_owner in (({"format": "pt2"}, 202), ({"format": "onnx"}, 200)):
        for who, status in ((NOBODY, 401), (STRANGER, 404), (VIEWER, 403), (OWNER, status_of_owner)):
            answer = cast.client(who).post(address(run), body, content_type="application/json")
            assert answer.status_code == status


def test_a_run_that_goes_on_has_no_model_file_yet(api: Client, user: User) -> None:
    run = running_run(user)
    assert "its model can be used when it has ended" in json.dumps(post(api, run, 409))
    assert listed(api, run) == []


def test_the_page_says_what_is_inside(browser_session: Client, run: Run, made: ModelJob) -> None:
    del made
    text = browser_session.get(f"/runs/{run.pk}/model/").content.decode()
    assert "a score of 0.5; no operating point is saved" in text
    assert "slope 1.5, intercept -0.25" in text
    assert "hospital.csv, version cdcdcdcdcdcd" in text
    assert "/data/secret" not in text
    assert "Make the file" in text
    save_point(run)
    assert "Positive from a score of 0.25 on" in browser_session.get(f"/runs/{run.pk}/model/").content.decode()


def test_the_page_of_those_who_only_look_has_no_button() -> None:
    cast = Cast()
    run = cast.run()
    Run.objects.filter(pk=run.pk).update(status="completed")
    assert "Make the file" not in cast.client(VIEWER).get(f"/runs/{run.pk}/model/").content.decode()
    assert cast.client(STRANGER).get(f"/runs/{run.pk}/model/").status_code == 404
    Run.objects.filter(pk=run.pk).update(status="in_progress")
    assert "This run has not ended" in cast.client(TRAINER).get(f"/runs/{run.pk}/model/").content.decode()


def test_predictions_take_the_newest_onnx_file_that_is_there(
    api: Client, run: Run, user: User, made: ModelJob, finish: Finish
) -> None:
    first = made.folder / name_of(made)
    assert requests.newest_onnx_file(run) == first
    finish(requests.ask(run, user, "pt2", "CC BY 4.0").job)
    assert requests.newest_onnx_file(run) == first
    newer = finish(requests.ask(run, user, "onnx", "MIT").job)
    assert requests.newest_onnx_file(run) == newer.folder / name_of(newer)
    save_point(run)  # decides otherwise, but the network is the same
    (newer.folder / name_of(newer)).unlink()
    assert requests.newest_onnx_file(run) == first
    first.unlink()
    assert requests.newest_onnx_file(run) is None
