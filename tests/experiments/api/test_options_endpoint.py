"""GET /api/experiments/options/: what the form of a new run is made from, and the documented table beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from experiments.training.contract import option_schema
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.networks.builtin_networks import BUILTINS
from tests.test_documentation import documented_options

pytestmark = pytest.mark.django_db
URL = "/api/experiments/options/"


def answer(client: Client) -> Any:
    response = client.get(URL)
    assert response.status_code == 200
    return json.loads(response.content)


def fields_of(found: Any) -> dict[str, Any]:
    return {field["path"]: field for group in found["groups"] for field in group["fields"]}


@pytest.fixture
def fields() -> dict[str, Any]:
    return fields_of({"groups": option_schema.groups(projects=["Chest", "Default"])})


def test_the_share_for_the_test_is_the_forms_alone(api: Client, fields: dict[str, Any]) -> None:
    assert answer(api)["test_share"] == {"share": 0.2, "least": 100}
    assert fields["data.test_fraction"]["default"] == 0.0


def test_every_documented_option_is_a_field_with_help_and_the_other_way_round(fields: dict[str, Any]) -> None:
    named = documented_options()
    assert set(named) == set(fields) | option_schema.LEFT_TO_OPTIONS
    assert [name for name, (*_, meaning) in named.items() if not meaning] == []
    assert [path for path, field in fields.items() if not field["help"]] == []
    assert len({field["title"] for field in fields.values()}) >= len(fields) - 1, "titles are told apart"


def test_the_documentation_names_every_choice(fields: dict[str, Any]) -> None:
    named = {path: " ".join(cells) for path, cells in documented_options().items()}
    for path, field in fields.items():
        for kind in field["kinds"]:
            for choice in kind.get("choices", []) if kind["type"] == "string" else []:
                if path != "project":  # which are each server's own
                    assert f'"{choice}"' in named[path], f"{path}: {choice}"


def test_what_is_said_of_fields_is_said_of_fields_that_are_there(fields: dict[str, Any]) -> None:
    said = {
        *option_schema.FIRST,
        *option_schema.TITLES,
        *option_schema.BLANKS,
        *option_schema.UNITS,
        *option_schema._BOUNDS_OF_VALIDATORS,
    }
    assert said <= set(fields)


def test_bounds_choices_and_defaults_are_those_of_the_configuration(api: Client) -> None:
    fields = fields_of(answer(api))
    assert fields["data.batch_size"]["kinds"] == [{"type": "integer", "minimum": 1, "maximum": 4096}]
    assert fields["data.batch_size"]["default"] == 32
    assert fields["data.batch_size"]["unit"] == "samples"
    assert fields["data.channels"]["kinds"] == [{"type": "integer", "choices": ["auto", 1, 3]}]
    assert fields["data.image_size"]["kinds"] == [
        {"type": "string", "choices": ["auto"]},
        {"type": "integer", "minimum": 8, "maximum": 1024},
    ]
    assert fields["optimizer.momentum"]["kinds"] == [{"type": "number", "minimum": 0.0, "exclusiveMaximum": 1.0}]
    assert (fields["data.split_column"]["nullable"], fields["data.split_column"]["default"]) == (True, "split")
    weights = fields["loss.class_weights"]["kinds"]
    assert weights[0] == {"type": "string", "choices": ["auto"]}
    assert weights[1]["items"] == {"type": "number", "exclusiveMinimum": 0.0, "maximum": 1000000.0}
    assert fields["trainer.devices"]["kinds"][1] == {"type": "integer", "minimum": 1, "maximum": 16}
    assert [path for path, field in fields.items() if field["required"]] == ["experiment_name", "source_path"]


def test_every_default_of_a_field_is_accepted_when_it_is_sent(fields: dict[str, Any]) -> None:
    body: dict[str, Any] = {"experiment_name": "a", "source_path": "builtin:digits-is-8"}
    for path, field in fields.items():
        group, _, name = path.rpartition(".")
        if not field["required"]:
            (body.setdefault(group, {}) if group else body)[name] = field["default"]
    sent = TrainingConfig.model_validate(body)
    assert sent == TrainingConfig(experiment_name="a", source_path="builtin:digits-is-8")


def test_networks_have_fields_of_their_own(api: Client) -> None:
    found = answer(api)["network_options"]
    assert set(found) == {"auto", *BUILTINS}
    assert [field["path"] for field in found["auto"]] == ["model.options.width", "model.options.dropout"]
    [patch, _] = found["vit-small"]
    assert (patch["path"], patch["kinds"], patch["default"]) == (
        "model.options.patch_size",
        [{"type": "integer", "choices": [4, 8, 16, 32]}],
        16,
    )
    assert found["resnet18"] == []


def test_files_of_starting_weights_are_named(api: Client, tmp_path: Path, settings: Settings) -> None:
    settings.MODELS_ROOT = tmp_path / "models"
    assert answer(api)["weights"] == []
    (tmp_path / "models" / "own").mkdir(parents=True)
    for name in ("b.pt", "own/a.ckpt", "notes.txt"):
        (tmp_path / "models" / name).touch()
    assert answer(api)["weights"] == ["b.pt", "own/a.ckpt"]


def test_built_in_data_and_what_one_may_ask_for(api: Client, client: Client) -> None:
    found = answer(api)
    assert {(one["source_path"], one["table"]) for one in found["builtins"]} == {
        ("builtin:digits-is-8", False),
        ("builtin:breast-cancer", True),
    }
    assert sum(size["samples"] for size in found["builtins"][1]["classes"]) == 569  # scikit-learn's documentation
    assert found["may_hurry"] is False
    assert client.get(URL).status_code == 401
