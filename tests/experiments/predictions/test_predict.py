"""POST /api/runs/<id>/predict/: the run's own numbers for files and rows, and words for what cannot be read."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from access.models import Membership
from access.roles import Role
from accounts.scopes import Scope
from audit.models import AuditEvent
from experiments.model_jobs.build import complete
from experiments.models import ModelJob
from experiments.predictions import pool, request_inputs
from experiments.predictions.prediction_job import KIND
from experiments.predictions.process_pool import Busy, Kept, ProcessPool
from experiments.processes.prediction_process import Died
from experiments.training.contract.reports import Progress
from experiments.training.contract.stop import Interrupted, Stop
from experiments.training.model_source import ModelSource
from experiments.training.prediction.serving.messages import Item, Predicted
from experiments.training.recipes.model_jobs import prediction
from runs import lifecycle
from runs.api.heavy_requests import Kind, TooMany
from runs.models import Run
from runs.saved_points import point_history
from runs.saved_points.point_history import Decision
from tests.experiments.predictions.stored_models import store
from tests.experiments.predictions.trained_runs import PLATT, Trained, run_of, trained
from tests.experiments.training.datasets import with_class_folders, write_csv
from tests.realtime.writing import running_run
from tests.tokens import new_token

pytestmark = pytest.mark.django_db
CLASSES = {"benign": 12, "malignant": 12}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    home = tmp_path_factory.mktemp("images")
    return trained(with_class_folders(home / "lungs", CLASSES), home, model={"positive_class": "malignant"})


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    home = tmp_path_factory.mktemp("rows")
    cells = [(n, n % 7, "AB"[n % 2], ("well", "ill", "dead")[n % 3]) for n in range(30)]
    write_csv(home / "patients.csv", cells, ("id", "age", "site", "outcome"))
    return trained(home / "patients.csv", home, data={"target_column": "outcome", "id_column": "id"})


@pytest.fixture(scope="module", autouse=True)
def _one_process() -> Iterator[None]:
    """Keep a process for all tests, whose runs and users have the same numbers again and again."""
    pool.process_pool.cache_clear()
    yield
    pool.process_pool().close()
    pool.process_pool.cache_clear()


def send(client: Client, run: Run, body: Any = None, status: int = 200, **files: Any) -> Any:
    address = f"/api/runs/{run.pk}/predict/"
    if files:
        response = client.post(address, files)
    else:
        response = client.post(address, json.dumps(body), content_type="application/json")
    assert response.status_code == status, response.content
    return response.json()


def upload(path: Path, name: str | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name or path.name, path.read_bytes())


def test_images_have_the_numbers_of_the_run(images: Trained, client: Client, user: User) -> None:
    run = run_of(images, user)
    client.force_login(user)
    wanted = images.evaluated[:6]
    source = Path(str(images.job.config["source_path"]))
    files = [upload(source / name, Path(name).name) for name in wanted]
    broken = SimpleUploadedFile("broken.png", b"\x89PNG\r\n\x1a\n of no use")
    found = send(client, run, files=[*files[:3], broken, *files[3:]])
    items = found["items"]
    assert items[3]["problem"].startswith("broken.png was not read")
    assert (items[3]["score"], items[3]["predicted"]) == (None, None)
    read = [item for item in items if item["problem"] is None]
    assert [item["name"] for item in read] == [Path(name).name for name in wanted]
    assert [item["logit"] for item in read] == pytest.approx(images.logits(wanted).tolist(), abs=1e-5)
    assert {key: found[key] for key in ("run_id", "attempt", "model_sha256", "classes", "positive")} == {
        "run_id": run.pk,
        "attempt": 1,
        "model_sha256": images.source.sha256,
        "classes": ["benign", "malignant"],
        "positive": "malignant",
    }
    for item in read:
        assert item["predicted"] == ("malignant" if item["score"] >= 0.5 else "benign")
        assert item["scores"]["benign"] + item["score"] == pytest.approx(1)
        assert (item["read"]["width"], item["read"]["bits"]) == (10, 8)
        assert item["probability"] == pytest.approx(1 / (1 + math.exp(1 - 2 * item["logit"])))
        assert item["probabilities"]["benign"] == pytest.approx(1 - item["probability"])
    assert (found["decision"]["holds"], found["decision"]["threshold"]) == ("own", 0.5)
    assert found["decision"]["probability"] == pytest.approx(1 / (1 + math.e))
    assert found["recalibration"] == {"method": "platt", **PLATT, "reason": None}
    event = AuditEvent.objects.get(action="model.predicted")
    assert (event.target_id, event.details) == (str(run.pk), {"items": 7, "problems": 1})
    assert send(client, run, files=[broken])["items"][0]["problem"], "200 also where nothing could be read"


def test_a_saved_point_is_noticed_without_another_process(images: Trained, client: Client, user: User) -> None:
    run = run_of(images, user)
    client.force_login(user)
    name = images.evaluated[0]
    file = Path(str(images.job.config["source_path"])) / name
    score = send(client, run, files=[upload(file)])["items"][0]["score"]
    kept = pool.process_pool()._warm[Kept(run.pk, user.pk)].process
    point = Decision(rule="hand", number=None, threshold=score + 0.01, log_odds=None, test_known=False)
    point_history.save(run, "ada", "A test.", point)
    found = send(client, run, files=[upload(file)])
    assert found["decision"]["holds"] == "saved"
    assert found["items"][0]["predicted"] == "benign"
    assert pool.process_pool()._warm[Kept(run.pk, user.pk)].process is kept


def test_rows_have_the_numbers_of_the_run_in_any_form(rows: Trained, client: Client, user: User) -> None:
    run = run_of(rows, user)
    client.force_login(user)
    text = Path(str(rows.job.config["source_path"])).read_text()
    all_rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    wanted = rows.evaluated[:5]
    given = [{"site": all_rows[id_]["site"], "age": int(all_rows[id_]["age"])} for id_ in wanted]
    lacking = {"site": "A"}
    found = send(client, run, {"rows": [*given, lacking]})
    expected = rows.logits(wanted)
    logits = [[item["logits"][name] for name in found["classes"]] for item in found["items"][:-1]]
    assert logits == [pytest.approx(row, abs=1e-5) for row in expected.tolist()]
    assert "age" in found["items"][-1]["problem"]
    assert (found["decision"], found["items"][0]["score"], found["items"][0]["logit"]) == (None, None, None)
    assert found["items"][0]["probabilities"] is None
    table = pa.table({"age": [row["age"] for row in given], "site": [row["site"] for row in given]})
    content = io.BytesIO()
    pq.write_table(table, content)
    again = send(client, run, files=[SimpleUploadedFile("a.parquet", content.getvalue())])
    assert [item["logits"] for item in again["items"]] == [item["logits"] for item in found["items"][:-1]]
    lines = "\n".join(["site;age", *(f"{row['site']};{row['age']}" for row in given)])
    third = send(client, run, files=[SimpleUploadedFile("b.csv", lines.encode())])
    assert [item["logits"] for item in third["items"]] == [item["logits"] for item in found["items"][:-1]]


def test_what_a_model_expects_is_told(rows: Trained, images: Trained, client: Client, user: User) -> None:
    client.force_login(user)
    table = client.get(f"/api/runs/{run_of(rows, user).pk}/predict/").json()
    assert {column["name"]: (column["kind"], column["categories"]) for column in table["columns"]} == {
        "age": ("number", None),
        "site": ("category", ["A", "B"]),
    }
    assert table["limits"] == {"files": 100, "bytes": 32 * 2**20, "rows": 1000}
    pictures = client.get(f"/api/runs/{run_of(images, user).pk}/predict/").json()
    assert (pictures["kind"], pictures["size"], pictures["columns"]) == ("image", 28, None)


def fault(answer: Any) -> tuple[str, str]:
    [error] = answer["errors"]
    return error["field"], error["detail"]


def test_a_malformed_request_names_its_field(
    rows: Trained, images: Trained, client: Client, user: User, settings: Settings
) -> None:
    client.force_login(user)
    table, pictures = run_of(rows, user), run_of(images, user)
    settings.PREDICT_ROWS = settings.PREDICT_FILES = 2
    file = SimpleUploadedFile("a.png", b"x")
    assert fault(send(client, table, {}, 400))[1].startswith("Give either rows or source_path")
    assert fault(send(client, table, {"rows": []}, 400)) == ("rows", "Give one row at least.")
    assert fault(send(client, table, {"rows": [{}], "x": 1}, 400))[0] == "x"
    assert fault(send(client, table, {"rows": [{"age": [1]}]}, 400))[0] == "rows.0.age"
    assert "LIVETRAIN_PREDICT_ROWS" in fault(send(client, table, {"rows": [{}] * 3}, 400))[1]
    three_rows = SimpleUploadedFile("t.csv", b"age,site\n1,A\n2,A\n3,B\n")
    assert "LIVETRAIN_PREDICT_ROWS" in fault(send(client, table, None, 400, files=[three_rows]))[1]
    assert ".csv or .tsv" in fault(send(client, table, None, 400, files=[file]))[1]
    assert fault(send(client, table, None, 400, files=[three_rows, three_rows]))[0] == "files"
    assert "trained on images" in fault(send(client, pictures, {"rows": [{}]}, 400))[1]
    assert "LIVETRAIN_PREDICT_FILES" in fault(send(client, pictures, None, 400, files=[file] * 3))[1]
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 3
    assert "LIVETRAIN_PREDICT_FILES" in fault(send(client, pictures, None, 400, files=[file] * 4))[1]
    assert fault(send(client, pictures, None, 400, picture=file))[0] in {"files", "picture"}
    long = client.post(
        f"/api/runs/{pictures.pk}/predict/", b"x" * (32 * 2**20 + 1), content_type="application/octet-stream"
    )
    assert long.status_code == 413
    assert request_inputs.QUEUE_IT in long.json()["detail"]


def test_numbers_that_no_message_carries_are_read_as_texts() -> None:
    rows = request_inputs.rows_of([{"age": 2**64, "site": -(2**63), "on": True}], "table").rows
    assert rows == [{"age": "18446744073709551616", "site": -(2**63), "on": True}]
    assert msgspec.msgpack.encode(rows)


@pytest.mark.parametrize("name", ["filename*=no-such''a.png", "filename*=utf-7''%2B2AA-.png"])
def test_a_name_that_is_no_text_is_refused(name: str, images: Trained, client: Client, user: User) -> None:
    client.force_login(user)
    head = f'--b\r\nContent-Disposition: form-data; name="files"; {name}\r\nContent-Type: image/png\r\n\r\n'
    body = f"{head}x\r\n--b--\r\n".encode()
    address = f"/api/runs/{run_of(images, user).pk}/predict/"
    response = client.post(address, body, content_type="multipart/form-data; boundary=b")
    assert (response.status_code, fault(response.json())[0]) == (400, "files")


def test_rows_that_are_too_long_are_refused_unread(
    rows: Trained, client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(user)
    monkeypatch.setattr(request_inputs, "JSON_BYTES", 20)
    assert "a table file" in send(client, run_of(rows, user), {"rows": [{"age": 1}] * 2}, 413)["detail"]


def test_files_are_read_when_it_is_their_turn(images: Trained, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(kind: Kind, *_: object) -> None:
        raise TooMany(kind)

    read: list[object] = []
    monkeypatch.setattr(request_inputs.UploadParser, "parse", lambda *asked, **_: read.append(asked))
    monkeypatch.setattr(Kind, "wait_for_turn", refuses)
    run = run_of(images, user)
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    file = SimpleUploadedFile("a.png", b"x")
    send(client, run, None, 403, files=[file])
    client.cookies["csrftoken"] = client.defaults["HTTP_X_CSRFTOKEN"] = "a" * 32
    send(client, run, None, 429, files=[file])
    assert read == []


def test_files_that_may_have_to_be_fetched_wait_for_a_turn(
    images: Trained, client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(kind: Kind, *_: object) -> None:
        raise TooMany(kind)

    monkeypatch.setattr(Kind, "wait_for_turn", refuses)
    address = f"/api/runs/{run_of(images, user).pk}/predict/"
    client.force_login(user)
    assert client.get(address).status_code == 200
    monkeypatch.setattr("runs.files.store.in_use", lambda: True)
    assert client.get(address).status_code == 429


def test_damaged_files_of_the_run_are_told(client: Client, user: User) -> None:
    run = running_run(user)
    lifecycle.end(run.pk, run.attempt, "completed", None)
    run = store(Run.objects.get(pk=run.pk), "table")
    client.force_login(user)
    address = f"/api/runs/{run.pk}/predict/"
    assert client.get(address).json()["column_count"] == 2
    (Path(run.folder) / "features.csv").write_bytes(b"name,kind,column,category\n\xff,number,age,\n")
    response = client.get(address)
    assert (response.status_code, "damaged" in response.json()["detail"]) == (409, True)


def test_a_token_that_reads_predicts_and_queues_nothing(
    rows: Trained, user: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, path = run_of(rows, user), str(rows.job.config["source_path"])
    settings.LIVETRAIN_DATA_ROOTS = [Path(path).parent]
    monkeypatch.setattr(ProcessPool, "ask", lambda *_: Predicted(items=[Item(name="row 1", predicted="ill")]))
    client = Client(HTTP_AUTHORIZATION=f"Token {new_token(user, Scope.READ)}")
    send(client, run, {"rows": [{"age": 1, "site": "A"}]})
    send(client, run, {"source_path": path}, 403)
    assert not ModelJob.objects.exists()


def test_a_run_without_a_model_says_why(client: Client, user: User, images: Trained) -> None:
    run = run_of(images, user)
    Run.objects.filter(pk=run.pk).update(best_checkpoint="")
    client.force_login(user)
    assert "no checkpoint" in send(client, run, {"rows": [{}]}, 409)["detail"]
    page = client.get(f"/runs/{run.pk}/predict/")
    assert (page.status_code, b"no checkpoint" in page.content) == (200, True)


@pytest.mark.parametrize(
    ("error", "said"),
    [(Busy(), "LIVETRAIN_PREDICT_PROCESSES"), (Died("it was killed by SIGKILL"), "killed by SIGKILL")],
    ids=["busy", "died"],
)
def test_without_a_process_the_answer_is_503(
    images: Trained, api: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(ProcessPool, "ask", fails)
    file = SimpleUploadedFile("a.png", b"x")
    run = run_of(images, User.objects.get(username="ada"))
    assert said in send(api, run, None, 503, files=[file])["detail"]
    assert not AuditEvent.objects.filter(action="model.predicted").exists()


def test_a_process_is_told_the_onnx_file_of_images(
    images: Trained, rows: Trained, client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(user)
    given: list[str | None] = []

    def ask(_pool: ProcessPool, _kept: Kept, source: ModelSource, *_: object) -> Predicted:
        given.append(source.onnx_file)
        return Predicted(items=[])

    monkeypatch.setattr(ProcessPool, "ask", ask)
    monkeypatch.setattr("experiments.predictions.asking.newest_onnx_file", lambda run: Path(f"/models/{run.pk}.onnx"))
    run = run_of(images, user)
    send(client, run, files=[SimpleUploadedFile("a.png", b"x")])
    send(client, run_of(rows, user), {"rows": [{"age": 1, "site": "A"}]})
    assert given == [f"/models/{run.pk}.onnx", None]


def test_who_sees_the_run_predicts_and_who_trains_queues(
    rows: Trained, client: Client, user: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(rows, user)
    other = User.objects.create_user("other")
    client.force_login(other)
    Membership.objects.filter(user=other).delete()
    send(client, run, {"rows": [{}]}, 404)
    Membership.objects.create(user=other, project=run.project, role=Role.VIEWER)
    monkeypatch.setattr(ProcessPool, "ask", lambda *_: Predicted(items=[Item(name="row 1", predicted="ill")]))
    assert send(client, run, {"rows": [{"age": 1, "site": "A"}]})["items"][0]["predicted"] == "ill"
    path = str(rows.job.config["source_path"])
    settings.LIVETRAIN_DATA_ROOTS = [Path(path).parent]
    send(client, run, {"source_path": path}, 403)
    client.force_login(user)
    assert fault(send(client, run, {"source_path": "dataset:nothing"}, 400))[0] == "source_path"
    assert fault(send(client, run, {"source_path": "/etc/passwd"}, 400))[0] == "source_path"
    queued = send(client, run, {"source_path": path}, 202)
    again = send(client, run, {"source_path": path}, 202)
    assert queued["job_id"] == again["job_id"]
    assert ModelJob.objects.get().options == {"source_path": path}


@pytest.mark.parametrize("kind", ["images", "rows"])
def test_a_worker_predicts_whole_data(
    kind: str, images: Trained, rows: Trained, api: Client, settings: Settings
) -> None:
    found = {"images": images, "rows": rows}[kind]
    path = Path(str(found.job.config["source_path"]))
    settings.LIVETRAIN_DATA_ROOTS = [path.parent]
    run = run_of(found, User.objects.get(username="ada"))
    job = ModelJob.objects.get(pk=send(api, run, {"source_path": str(path)}, 202)["job_id"])
    job.folder.mkdir(parents=True)
    built = complete(KIND.job_of(job), KIND)
    told: list[Any] = []
    result = prediction.run(built, told.append, Stop())
    lines = [json.loads(line) for line in (job.folder / prediction.LINES).read_text().splitlines()]
    by_name = {line["name"]: line for line in lines}
    wanted = found.evaluated
    assert len(lines) == result["samples"] == len({line["name"] for line in lines}) > len(wanted)
    logits = [list((by_name[name]["logits"] or {0: by_name[name]["logit"]}).values()) for name in wanted]
    assert logits == [pytest.approx(row, abs=1e-5) for row in found.logits(wanted).reshape(len(wanted), -1).tolist()]
    table = pq.read_table(job.folder / prediction.PARQUET)
    assert table["name"].to_pylist() == [line["name"] for line in lines]
    score = "score" if kind == "images" else "score_ill"
    scores = [line["score"] if kind == "images" else line["scores"]["ill"] for line in lines]
    assert table[score].to_pylist() == scores
    read = list(csv.DictReader(io.StringIO((job.folder / prediction.CSV).read_text())))
    assert [float(row[score]) for row in read] == scores
    counts = Counter(line["predicted"] for line in lines)
    assert result["predicted"] == {name: counts[name] for name in found.source.classes}
    assert result["mean_score"] == (pytest.approx(sum(scores) / len(scores)) if kind == "images" else None)
    assert told[-1] == Progress(done=len(lines), total=len(lines))
    stop = Stop()
    stop.set()
    with pytest.raises(Interrupted):
        prediction.run(built, told.append, stop)
