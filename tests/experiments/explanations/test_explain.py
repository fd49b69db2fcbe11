"""POST /api/runs/<id>/explain/ and GET …/explain/columns/: answers with their words, refusals with their cure."""

from __future__ import annotations

import base64
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django.fixtures import Settings
from sklearn.metrics import roc_auc_score

from access.models import Membership
from access.roles import Role
from audit.models import AuditEvent
from experiments.predictions import request_inputs
from experiments.predictions.process_pool import ProcessPool
from runs.models import Run
from tests.experiments.explanations.answering import Answering
from tests.experiments.predictions.trained_runs import Trained, run_of, trained
from tests.experiments.training.datasets import with_class_folders, write_csv

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    home = tmp_path_factory.mktemp("images")
    return trained(with_class_folders(home / "lungs", {"benign": 12, "malignant": 12}), home)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    home = tmp_path_factory.mktemp("rows")
    cells = [(f"s{n}", f"p{n // 2}", n % 7, n % 7 * 2, "AB"[n % 2], ("well", "ill", "dead")[n % 3]) for n in range(60)]
    write_csv(home / "patients.csv", cells, ("id", "patient", "age", "twice", "site", "outcome"))
    return trained(
        home / "patients.csv",
        home,
        data={"target_column": "outcome", "id_column": "id", "patient_column": "patient"},
    )


@pytest.fixture(scope="module")
def _answering() -> Answering:
    return Answering()


@pytest.fixture(autouse=True)
def answering(_answering: Answering, monkeypatch: pytest.MonkeyPatch, settings: Settings, images: Trained) -> Answering:
    monkeypatch.setattr(ProcessPool, "ask", lambda _pool, *asked: _answering.ask(*asked))
    settings.LIVETRAIN_DATA_ROOTS = [Path(str(images.job.config["source_path"])).parents[1]]
    return _answering


def explain(client: Client, run: Run, body: Any = None, status: int = 200, *, named: str = "", **files: Any) -> Any:
    address = f"/api/runs/{run.pk}/explain/"
    if files:
        response = client.post(address, files | ({"class": named} if named else {}))
    else:
        response = client.post(address, json.dumps(body), content_type="application/json")
    assert response.status_code == status, response.content
    return response.json()


def fault(answer: Any) -> tuple[str, str]:
    [error] = answer["errors"]
    return error["field"], error["detail"]


def picture(address: str) -> Image.Image:
    head, _, content = address.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def test_an_image_is_explained_for_either_class(images: Trained, client: Client, user: User) -> None:
    run = run_of(images, user)
    client.force_login(user)
    name = images.evaluated[0]
    path = Path(str(images.job.config["source_path"])) / name
    [expected] = images.logits([name]).tolist()
    for named, logit in (("malignant", expected), ("benign", -expected)):
        file = SimpleUploadedFile("a.png", path.read_bytes())
        found = explain(client, run, file=file, named=named)
        assert found["logit"] == pytest.approx(logit, abs=1e-5)
        assert found["score"] == found["item"]["scores"][named]
        image = found["image"]
        assert (found["method"], image["layer"], image["rows"], image["columns"]) == ("grad_cam", "block2", 7, 7)
        assert np.array(image["grid"]).shape == (7, 7)
        assert np.array(image["grid"]).max() == (1 if image["highest"] > 0 else 0)
        assert {picture(image[part]).size for part in ("picture", "overlay", "blended")} == {(224, 224)}
        assert named in found["shows"]
        assert "7 × 7 places, each of about 4 × 4 of the 28 × 28 pixels" in found["is_not"][2]
        assert "no evidence of a disease" in found["is_not"][1]
    unasked = explain(client, run, file=SimpleUploadedFile("a.png", path.read_bytes()))
    assert unasked["class"] == unasked["item"]["predicted"]
    assert unasked["note"] is None
    event = AuditEvent.objects.filter(action="model.explained").first()
    assert event is not None
    assert event.details == {"method": "grad_cam", "stored": False}


def test_a_sample_of_the_run_is_found_by_id_or_place(images: Trained, client: Client, user: User) -> None:
    run = run_of(images, user)
    client.force_login(user)
    place = 3
    name = images.evaluated[place]
    by_id = explain(client, run, {"split": "val", "sample_id": name, "class": "malignant"})
    assert by_id == explain(client, run, {"split": "val", "place": place, "class": "malignant"})
    assert by_id["logit"] == pytest.approx(images.logits([name])[0], abs=1e-5)
    assert by_id["item"]["name"] == name
    path = Path(str(images.job.config["source_path"])) / name
    sent = explain(client, run, file=SimpleUploadedFile("b.png", path.read_bytes()), named="malignant")
    assert sent["image"] == by_id["image"]
    assert by_id["note"] is None
    assert "no sample 'x'" in explain(client, run, {"split": "val", "sample_id": "x"}, 404)["detail"]
    assert "no such sample" in explain(client, run, {"split": "val", "place": 10_000}, 404)["detail"]
    assert "no such sample" in explain(client, run, {"split": "test", "place": 0}, 404)["detail"]


def test_a_file_that_changed_is_told(images: Trained, client: Client, user: User) -> None:
    run = run_of(images, user)
    client.force_login(user)
    path = Path(str(images.job.config["source_path"])) / images.evaluated[5]
    content, status = path.read_bytes(), path.stat()
    try:
        path.write_bytes(content)
        found = explain(client, run, {"split": "val", "place": 5}, 400)
        assert fault(found)[0] == "sample"
        assert "written after the run read it" in fault(found)[1]
        other = Image.new("L", (10, 10), 200)
        other.save(path)
        path.write_bytes(path.read_bytes().ljust(len(content), b"\0")[: len(content)])
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        found = explain(client, run, {"split": "val", "place": 5})
        assert "the file was changed since" in found["note"]
        path.unlink()
        assert "no longer there" in fault(explain(client, run, {"split": "val", "place": 5}, 400))[1]
    finally:
        path.write_bytes(content)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_row_is_explained_against_the_medians(rows: Trained, client: Client, user: User) -> None:
    run = run_of(rows, user)
    client.force_login(user)
    found = explain(client, run, {"row": {"age": 6, "twice": 12, "site": "B"}, "class": "ill"})
    by_column = {one["column"]: one for one in found["row"]["columns"]}
    assert {name: one["value"] for name, one in by_column.items()} == {"age": 6, "twice": 12, "site": "B"}
    other = explain(
        client, run, {"row": {"age": by_column["age"]["reference"], "twice": 12, "site": "B"}, "class": "ill"}
    )
    assert by_column["age"]["change"] == pytest.approx(found["logit"] - other["logit"], abs=1e-5)
    assert (found["method"], found["image"], found["row"]["others"]) == ("median_occlusion", None, 0)
    assert "median of the training rows" in found["shows"]
    assert any("need not add up" in line for line in found["is_not"])
    stored = explain(client, run, {"split": "val", "sample_id": rows.evaluated[0], "class": "ill"})
    assert stored["logit"] == pytest.approx(
        rows.logits([rows.evaluated[0]])[0][rows.source.classes.index("ill")], abs=1e-5
    )
    assert stored["note"] is None


def test_columns_are_ranked_on_the_runs_own_samples(rows: Trained, client: Client, user: User) -> None:
    run = run_of(rows, user)
    client.force_login(user)
    response = client.get(f"/api/runs/{run.pk}/explain/columns/?split=val")
    assert response.status_code == 200, response.content
    found = response.json()
    logits = rows.logits(rows.evaluated)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = rows.table["label"].to_numpy()
    assert found["auroc"] == pytest.approx(roc_auc_score(labels, shares, multi_class="ovr"))
    assert {one["column"]: one["like"] for one in found["columns"]} == {"age": ["twice"], "twice": ["age"], "site": []}
    patients = set(rows.table["patient_id"].to_pylist())
    assert (found["samples"], found["patients"], found["repeats"]) == (len(labels), len(patients), 10)
    assert f"{len(patients)} patients" in found["shows"]
    assert any("stand in for each other" in line for line in found["is_not"])
    again = client.get(f"/api/runs/{run.pk}/explain/columns/").json()
    assert again == found  # the shuffles are the same each time
    assert (
        "no predictions of its test split"
        in client.get(f"/api/runs/{run.pk}/explain/columns/?split=test").json()["detail"]
    )
    path = Path(str(rows.job.config["source_path"]))
    content = path.read_text()
    try:
        path.write_text(content.replace(",2,4,", ",3,4,"))
        refused = client.get(f"/api/runs/{run.pk}/explain/columns/")
        assert refused.status_code == 400
        assert "are not those that the run was evaluated on" in refused.json()["errors"][0]["detail"]
    finally:
        path.write_text(content)


def test_images_have_no_columns(images: Trained, client: Client, user: User) -> None:
    client.force_login(user)
    response = client.get(f"/api/runs/{run_of(images, user).pk}/explain/columns/")
    assert (response.status_code, "explain single images" in response.json()["detail"]) == (409, True)


def test_a_malformed_request_names_its_field(
    images: Trained, rows: Trained, client: Client, user: User, settings: Settings
) -> None:
    client.force_login(user)
    pictures, table = run_of(images, user), run_of(rows, user)
    file = SimpleUploadedFile("a.png", b"x")
    assert fault(explain(client, pictures, {}, 400))[0] == "row"
    assert fault(explain(client, pictures, {"place": 1}, 400))[0] == "split"
    assert fault(explain(client, pictures, {"split": "val"}, 400))[0] == "sample_id"
    assert fault(explain(client, pictures, {"split": "val", "place": 1, "sample_id": "x"}, 400))[0] == "sample_id"
    assert fault(explain(client, pictures, {"split": "val", "row": {}}, 400))[0] == "split"
    assert fault(explain(client, pictures, {"split": "train", "place": 1}, 400))[0] == "split"
    assert fault(explain(client, pictures, {"x": 1}, 400))[0] == "x"
    unknown = fault(explain(client, pictures, {"split": "val", "place": 1, "class": "odd"}, 400))
    assert unknown == ("class", "The run has no class 'odd'; it has 'benign', 'malignant'.")
    assert "trained on images" in fault(explain(client, pictures, {"row": {"age": 1}}, 400))[1]
    assert fault(explain(client, pictures, None, 400, file=file))[0] == "file"
    assert fault(explain(client, pictures, None, 400, picture=file))[0] in {"file", "picture"}
    assert fault(explain(client, pictures, None, 400, file=[file, file]))[0] == "file"
    assert fault(explain(client, table, None, 400, file=file)) == (
        "file",
        "This run was trained on a table: send a row.",
    )
    assert fault(explain(client, table, {"row": {"age": [1]}}, 400))[0] == "row.age"
    assert "twice" in fault(explain(client, table, {"row": {"age": 1}}, 400))[1]
    settings.LIVETRAIN_DATA_ROOTS = []
    assert explain(client, pictures, {"split": "val", "place": 1}, 400)["errors"]


def test_rows_of_any_numbers_and_no_length(
    rows: Trained, client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(user)
    run, row = run_of(rows, user), {"age": 1, "twice": 2, "site": 2**64}
    assert explain(client, run, {"row": row})["method"] == "median_occlusion"
    monkeypatch.setattr(request_inputs, "JSON_BYTES", 20)
    assert "one row" in explain(client, run, {"row": row}, 413)["detail"]


def test_who_does_not_see_the_run_explains_nothing(
    images: Trained, client: Client, user: User, django_user_model: type[User]
) -> None:
    run = run_of(images, user)
    other = django_user_model.objects.create_user("other")
    client.force_login(other)
    Membership.objects.filter(user=other).delete()
    body = {"split": "val", "place": 1}
    explain(client, run, body, 404)
    assert client.get(f"/api/runs/{run.pk}/explain/columns/").status_code == 404
    Membership.objects.create(user=other, project=run.project, role=Role.VIEWER)
    explain(client, run, body)
    Run.objects.filter(pk=run.pk).update(best_checkpoint="")
    assert "no checkpoint" in explain(client, run, body, 409)["detail"]


def test_the_pages_offer_it_where_there_is_a_model(images: Trained, client: Client, user: User) -> None:
    run = run_of(images, user)
    client.force_login(user)
    offer = f'data-api="/api/runs/{run.pk}/explain/"'
    assert offer in client.get(f"/runs/{run.pk}/").content.decode()
    assert f'data-explain="/api/runs/{run.pk}/explain/"' in client.get(f"/runs/{run.pk}/predict/").content.decode()
    Run.objects.filter(pk=run.pk).update(best_checkpoint="")
    assert offer not in client.get(f"/runs/{run.pk}/").content.decode()
