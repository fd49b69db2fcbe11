"""POST /api/experiments/centralized/train, as its users call it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from PIL import Image
from pytest_django.fixtures import Settings

from experiments.training.contract.config import TrainingConfig
from runs.models import Run
from runs.removal import deletion

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/experiments/centralized/train"
VALID: dict[str, Any] = {"experiment_name": "Lungs", "source_path": "builtin:breast-cancer"}


def post(client: Client, body: Any, url: str = URL, **headers: str) -> HttpResponse:
    data = body if isinstance(body, str) else json.dumps(body)
    return client.post(url, data=data, content_type="application/json", headers=headers)  # type: ignore[return-value]


def errors_of(response: HttpResponse) -> dict[str, str]:
    assert response.status_code == 400, response.content
    assert not Run.objects.exists()
    return {error["field"]: error["message"] for error in json.loads(response.content)["errors"]}


@pytest.mark.parametrize("url", [URL, URL + "/"])
def test_a_valid_request_is_queued(api: Client, user: User, url: str) -> None:
    response = post(api, VALID, url)
    assert response.status_code == 202
    answer = json.loads(response.content)
    run = Run.objects.get()
    assert (answer["run_id"], answer["status"]) == (run.pk, "queued")
    assert answer["links"]["events"] == f"ws://testserver/ws/runs/{run.pk}/"
    assert answer["links"]["run"] == f"http://testserver/api/runs/{run.pk}/"
    assert answer["links"]["page"] == f"http://testserver/runs/{run.pk}/"
    assert (run.owner, run.training_mode, run.source_path) == (user, "centralized", "builtin:breast-cancer")
    assert run.config["callbacks"]["mode"] == "max"
    assert TrainingConfig.model_validate(run.config).experiment_name == "Lungs"
    assert run.versions["torch"].startswith("2.13.0")


def test_nobody_without_a_login_starts_anything(client: Client) -> None:
    assert post(client, VALID).status_code == 401
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("change", "field", "cure"),
    [
        ({"trainer": {"max_epochs": 0}}, "trainer.max_epochs", "greater than or equal to 1"),
        ({"trainer": {"max_epochs": 1_000_000}}, "trainer.max_epochs", "less than or equal to 10000"),
        ({"optimizer": {"learning_rate": "fast"}}, "optimizer.learning_rate", "number"),
        ({"optimizer": {"learning_rate": -1}}, "optimizer.learning_rate", "greater than 0"),
        ({"experiment_name": "x" * 300}, "experiment_name", "at most 200"),
        ({"experiment_name": "  "}, "experiment_name", "at least 1"),
        ({"experiment_name": "a\u0000b"}, "experiment_name", "control characters"),
        ({"experiment_name": "a\u2028b"}, "experiment_name", "control characters"),
        ({"experiment_name": "\u200b\u2060"}, "experiment_name", "that can be seen"),
        ({"trainr": {}}, "trainr", "Did you mean 'trainer'?"),
        ({"trainer": {"max_epoch": 3}}, "trainer.max_epoch", "Did you mean 'max_epochs'?"),
        ({"callbacks": {"monitor": "accuracy"}}, "callbacks.monitor", "val_acc"),
        ({"model": {"pos_weight": "heavy"}}, "model.pos_weight", "'auto'"),
        ({"model": 3}, "model", "JSON object"),
        ({"source_path": "builtin:cats"}, "source_path", "builtin:digits-is-8"),
        ({"source_path": "/etc/passwd"}, "source_path", "LIVETRAIN_DATA_ROOTS"),
        ({"source_path": "/" + 1_000 * "é"}, "source_path", "2,000 bytes"),
        ({"data": {"val_fraction": 0.6, "test_fraction": 0.6}}, "data", "below 0.95"),
        ({"data": {"batch_size": 4000}}, "data.batch_size", "training"),
        ({"seed": -1}, "seed", "greater than or equal to 0"),
    ],
)
def test_each_wrong_field_is_named_with_its_cure(api: Client, change: dict[str, Any], field: str, cure: str) -> None:
    errors = errors_of(post(api, VALID | change))
    assert cure in errors[field], errors


def test_all_wrong_fields_are_named_at_once(api: Client) -> None:
    errors = errors_of(post(api, {"trainer": {"max_epochs": 0}, "seed": "x"}))
    assert set(errors) == {"experiment_name", "source_path", "trainer.max_epochs", "seed"}


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "null", "NaN"])
def test_a_body_that_is_no_json_object_is_refused(api: Client, body: str) -> None:
    response = post(api, body)
    assert response.status_code == 400
    assert not Run.objects.exists()


def test_unicode_names_survive(api: Client) -> None:
    assert post(api, VALID | {"experiment_name": "肺炎 🫁 Größe"}).status_code == 202
    assert Run.objects.get().experiment_name == "肺炎 🫁 Größe"


def test_the_same_key_and_request_is_one_run(api: Client) -> None:
    first, second = (post(api, VALID, **{"Idempotency-Key": "once"}) for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert json.loads(first.content)["run_id"] == json.loads(second.content)["run_id"]
    assert Run.objects.count() == 1
    other = post(api, VALID | {"seed": 7}, **{"Idempotency-Key": "once"})
    assert other.status_code == 409
    assert Run.objects.count() == 1


def test_the_key_of_a_deleted_run_says_so_and_how_to_go_on(api: Client, user: User) -> None:
    run_id = json.loads(post(api, VALID, **{"Idempotency-Key": "once"}).content)["run_id"]
    deletion.delete(run_id, user)
    answer = post(api, VALID, **{"Idempotency-Key": "once"})
    assert answer.status_code == 409
    assert json.loads(answer.content)["detail"] == (
        f"Idempotency-Key 'once' was used for run {run_id}, which is deleted: restore it with "
        f"POST /api/runs/{run_id}/restore/, or send a new key for a new run."
    )
    assert Run.objects.count() == 1
    assert post(api, VALID, **{"Idempotency-Key": "twice"}).status_code == 202
    deletion.restore(run_id)
    assert json.loads(post(api, VALID, **{"Idempotency-Key": "once"}).content)["run_id"] == run_id


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (8, 8), 100).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def root(tmp_path: Path, settings: Settings) -> Path:
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path / "data"]
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def make_folder(root: Path) -> Path:
    """Write 20 images of two classes with their CSV."""
    folder = root / "lungs"
    (folder / "images").mkdir(parents=True)
    lines = ["patientId,Target"]
    for number in range(20):
        (folder / "images" / f"{number:03}.png").write_bytes(png())
        lines.append(f"{number:03},{number % 2}")
    (folder / "labels.csv").write_text("\n".join(lines))
    return folder


def small(path: Path | str) -> dict[str, Any]:
    return VALID | {"source_path": str(path), "data": {"batch_size": 4}}


def test_a_folder_inside_a_data_root_is_accepted(api: Client, root: Path) -> None:
    assert post(api, small(make_folder(root))).status_code == 202


def test_a_path_outside_is_refused_however_it_is_written(api: Client, root: Path) -> None:
    folder = make_folder(root.parent)
    (root / "link").symlink_to(folder)
    for path in (folder, root / ".." / "lungs", root / "link", "../lungs"):
        assert "source_path" in errors_of(post(api, small(path)))


def test_faults_of_the_data_are_named_before_anything_is_queued(api: Client, root: Path) -> None:
    folder = make_folder(root)
    image = folder / "images" / "003.png"
    image.write_bytes(b"")
    assert "003.png" in errors_of(post(api, small(folder)))["source_path"]
    image.write_text("I am a text")
    assert "003.png" in errors_of(post(api, small(folder)))["source_path"]
    image.unlink()
    assert "003" in errors_of(post(api, small(folder)))["data.missing_images"]
    (folder / "labels.csv").write_text("patientId,Finding\n001,1\n")
    assert "'Finding' (1) may be the target" in errors_of(post(api, small(folder)))["data.target_column"]
    (folder / "labels.csv").write_text("patientId,Weather\n001,1\n")
    assert "no column 'Target'" in errors_of(post(api, small(folder)))["data.target_column"]


def test_a_broken_zip_is_refused(api: Client, root: Path) -> None:
    (root / "lungs.zip").write_bytes(b"PK\x03\x04 no archive")
    assert "zip" in errors_of(post(api, small(root / "lungs.zip")))["source_path"].lower()


def test_a_zip_that_climbs_out_is_refused(api: Client, root: Path) -> None:
    with zipfile.ZipFile(root / "lungs.zip", "w") as archive:
        archive.writestr("../../evil.png", png())
    errors_of(post(api, small(root / "lungs.zip")))
    assert not (root.parent / "evil.png").exists()
