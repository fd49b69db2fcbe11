"""GET /api/experiments/models/, and requests that name networks and weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from django.test import Client
from pytest_django.fixtures import Settings

from experiments.supervision.run_job import job_of
from experiments.training.contract.networks import network_spec
from experiments.training.contract.networks.builtin_networks import BUILTINS
from runs.models import Run
from tests.experiments.api.test_endpoint import VALID, errors_of, post

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/experiments/models/"
IMAGES: dict[str, Any] = VALID | {"source_path": "builtin:digits-is-8"}


def listed(api: Client) -> dict[str, Any]:
    response = api.get(URL)
    assert response.status_code == 200
    return {model["name"]: model for model in json.loads(response.content)["models"]}


def test_each_network_is_described_with_its_options(api: Client) -> None:
    models = listed(api)
    assert list(models)[: len(BUILTINS)] == list(BUILTINS)
    assert all(model["title"] and model["description"] for model in models.values())
    vit = models["vit-small"]
    assert (vit["inputs"], vit["channels"], vit["min_image_size"]) == ("image", [1, 3], 16)
    assert vit["builds"] == "network"
    assert vit["blocks"] == ["stem", *(f"block{number}" for number in range(12)), "head"]
    assert vit["options"]["properties"]["patch_size"]["enum"] == [4, 8, 16, 32]
    assert vit["options"]["properties"]["patch_size"]["default"] == 16
    width = models["cnn"]["options"]["properties"]["width"]
    assert (width["minimum"], width["maximum"], width["default"]) == (1, 512, 16)
    assert (vit["available"], vit["install"]) == (True, None)
    assert models["mlp"]["inputs"] == "any"


def test_what_is_not_installed_is_listed_with_its_cure(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_spec, "find_spec", lambda name: None)
    models = listed(api)
    assert {name for name, model in models.items() if model["available"]} == {"cnn", "mlp"}
    assert models["resnet50"]["install"] == "make setup EXTRAS=monai"
    errors = errors_of(post(api, IMAGES | {"model": {"name": "resnet50"}}))
    assert "make setup EXTRAS=monai" in errors["model.name"]


def test_nobody_without_a_login_sees_them(client: Client) -> None:
    assert client.get(URL).status_code == 401


@pytest.mark.parametrize(
    ("model", "field", "cure"),
    [
        ({"name": "lenet"}, "model.name", "cnn, mlp, resnet18"),
        ({"name": "cnn", "options": {"widht": 3}}, "model.options.widht", "it has width, dropout."),
        ({"name": "vit-small", "options": {"patch_size": 5}}, "model.options.patch_size", "4, 8, 16 or 32; got 5"),
        ({"name": "cnn", "options": {"width": 0, "dropout": 1}}, "model.options.dropout", "less than 1"),
        ({"name": "resnet18", "dropout": 0.5}, "model.dropout", "leave it out"),
        ({"trainable": 9}, "model.trainable", "stem, block1, block2"),
        ({"trainable": "tail"}, "model.trainable", "'all' or 'head'"),
        ({"unfreeze_every": 3}, "model", "set trainable"),
        ({"weights_file": "none.pt"}, "model.weights_file", "put the file there"),
        ({"weights_file": "../none.pt"}, "model.weights_file", "without '..'"),
        ({"weights_file": "/etc/passwd"}, "model.weights_file", "relative"),
    ],
)
def test_each_wrong_field_is_named_with_its_cure(api: Client, model: dict[str, Any], field: str, cure: str) -> None:
    errors = errors_of(post(api, IMAGES | {"model": model}))
    assert cure in errors[field], errors


def test_a_size_that_the_network_does_not_take_is_refused_and_left_out_it_is_chosen(api: Client) -> None:
    small = IMAGES | {"model": {"name": "densenet121"}, "data": {"image_size": 28}}
    assert "at least 32" in errors_of(post(api, small))["data.image_size"]
    assert post(api, IMAGES | {"model": {"name": "densenet121"}}).status_code == 202


@pytest.mark.parametrize(
    ("data", "field", "cure"),
    [
        ({"image_size": 4}, "data.image_size", 'from 8 to 1024 pixels, or "auto"'),
        ({"image_size": 1025}, "data.image_size", 'from 8 to 1024 pixels, or "auto"'),
        ({"image_size": "big"}, "data.image_size", "'auto'"),
        ({"channels": 2}, "data.channels", "1 or 3"),
        ({"ct_window": [40, 0]}, "data.ct_window", "such as [40, 400]"),
        ({"ct_window": [40]}, "data.ct_window", "at least 2 items"),
        ({"ct_window": ["a", 4]}, "data.ct_window.0", "number"),
    ],
)
def test_wrong_options_of_images_are_named_with_their_cure(
    api: Client, data: dict[str, Any], field: str, cure: str
) -> None:
    errors = errors_of(post(api, IMAGES | {"data": data}))
    assert cure in errors[field], errors


def test_weights_in_the_models_folder_are_accepted_and_reach_the_job(
    api: Client, tmp_path: Path, settings: Settings
) -> None:
    settings.MODELS_ROOT = tmp_path
    torch.save({}, tmp_path / "a.pt")
    settings.LIVETRAIN_MODELS = ["a.b:C"]
    assert post(api, IMAGES | {"model": {"weights_file": "a.pt"}}).status_code == 202
    job = job_of(Run.objects.get())
    assert (job.models_dir, job.networks) == (str(tmp_path), ["a.b:C"])
