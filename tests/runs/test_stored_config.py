"""A configuration stored by another version is read as far as possible."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from experiments.training.contract.config import TrainingConfig
from runs.stored_config import DEFAULTS, StoredConfig

EVERYTHING = [
    ("data", "fold", 2),
    ("data", "folds", 5),
    ("data", "num_workers", 4),
    ("optimizer", "learning_rate", 0.5),
    ("optimizer", "scheduler", "cosine"),
    ("optimizer", "warmup_epochs", 3),
    ("trainer", "max_hours", 1.5),
    ("trainer", "num_nodes", 2),
    ("trainer", "precision", "16-mixed"),
    ("callbacks", "early_stopping", False),
    ("callbacks", "min_delta", 0.25),
    ("callbacks", "mode", "min"),
    ("callbacks", "monitor", "val_loss"),
    ("callbacks", "patience", 3),
    ("callbacks", "resource_interval", 9.0),
]


@pytest.mark.parametrize("path", DEFAULTS)
def test_the_defaults_are_those_of_a_request(path: str) -> None:
    section, name = path.split(".")
    asked = TrainingConfig(experiment_name="x", source_path="builtin:breast-cancer").model_dump(mode="json")
    assert DEFAULTS[path] == asked[section][name]


@pytest.mark.parametrize(("section", "name", "value"), EVERYTHING)
def test_an_option_is_read(section: str, name: str, value: Any) -> None:
    assert getattr(StoredConfig({section: {name: value}}), name) == value


@pytest.mark.parametrize(("section", "name", "value"), EVERYTHING)
@pytest.mark.parametrize("broken", [{}, None, [], "x", 7], ids=repr)
def test_a_missing_or_broken_section_has_the_defaults(section: str, name: str, value: Any, broken: Any) -> None:
    default = DEFAULTS[f"{section}.{name}"]
    assert getattr(StoredConfig({}), name) == getattr(StoredConfig({section: broken}), name) == default


@pytest.mark.parametrize(("section", "name", "value"), EVERYTHING)
@pytest.mark.parametrize("broken", [None, [], {}, b"x"], ids=repr)
def test_a_value_of_another_type_has_the_default(section: str, name: str, value: Any, broken: Any) -> None:
    assert getattr(StoredConfig({section: {name: broken}}), name) == DEFAULTS[f"{section}.{name}"]


def test_true_is_no_number() -> None:
    assert StoredConfig({"trainer": {"num_nodes": True, "max_hours": True}}).num_nodes == 1
    assert StoredConfig({"trainer": {"num_nodes": True, "max_hours": True}}).max_hours is None


def test_the_mode_of_a_configuration_without_one_is_that_of_its_monitor() -> None:
    assert StoredConfig({"callbacks": {"monitor": "val_loss"}}).mode == "min"
    assert StoredConfig({"callbacks": {"monitor": "val_loss", "mode": "auto"}}).mode == "min"
    assert StoredConfig({"callbacks": {"monitor": "val_acc"}}).mode == "max"


@pytest.mark.parametrize(
    ("trainer", "gpus"),
    [({}, 1), ({"accelerator": "cpu", "devices": 4}, 0), ({"devices": 4}, 4), ({"devices": "many"}, 1)],
)
def test_gpus(trainer: dict[str, Any], gpus: int) -> None:
    assert StoredConfig({"trainer": trainer}).gpus == gpus


def test_names_of_nothing_are_blank() -> None:
    empty = StoredConfig({})
    assert (empty.experiment_name, empty.source_path, empty.model_name) == ("", "", "")
    assert StoredConfig({"model": {"name": "cnn"}}).model_name == "cnn"


def sources() -> Iterator[Path]:
    for app in ("experiments", "runs", "realtime"):
        for path in (settings.BASE_DIR / app).rglob("*.py"):
            if "training" not in path.parts and path.name != "stored_config.py":
                yield path


def test_nothing_reads_a_stored_configuration_with_defaults_of_its_own() -> None:
    raw = re.compile(r"\bconfig(\.get\(|\[\"\w+\"\]\.get\()")
    assert [path.name for path in sources() if raw.search(path.read_text())] == []
