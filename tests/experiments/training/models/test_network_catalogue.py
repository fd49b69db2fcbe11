"""Which networks a request may name, with which options, on which data."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import Field, ValidationError

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.networks import network_catalogue, network_spec
from experiments.training.contract.networks.builtin_networks import BUILTINS
from experiments.training.contract.networks.network_spec import NetworkSpec, Options
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files import requirements
from experiments.training.models import registry
from experiments.training.models.classifier import Classifier
from experiments.training.models.cnn import CNN
from tests.experiments.training.batch_normed import SPEC, batch_normed
from tests.experiments.training.datasets import config_of

__all__ = ["batch_normed"]


def config(**model: Any) -> TrainingConfig:
    return config_of("builtin:digits-is-8", model=model)


def refusal(model: dict[str, Any]) -> tuple[str, str]:
    """Return the field that is named, and the message."""
    with pytest.raises(ValidationError) as refused:
        config(**model)
    [error] = refused.value.errors()
    return ".".join(str(part) for part in error["loc"]), error["msg"]


def test_options_left_out_are_stored_with_their_defaults() -> None:
    assert config().model.options == {"width": 16, "dropout": 0.1}
    assert config(name="mlp", options={"width": 3}).model.options == {"width": 3, "dropout": 0.1}
    assert config(name="vit-small", options={"patch_size": 8}).model.options == {"patch_size": 8, "dropout": 0.0}
    assert config(name="resnet18").model.options == {}


def test_width_and_dropout_are_short_for_the_options() -> None:
    asked = config(name="cnn", width=5, dropout=0.3)
    assert asked.model.options == {"width": 5, "dropout": 0.3}
    module = registry.build(asked, input_shape=(1, 8, 8), num_classes=2)
    assert isinstance(module, Classifier)
    assert isinstance(module.network, CNN)
    assert module.network.stem[0].out_channels == 5
    assert config(name="efficientnet-b0", dropout=0.3).model.options["dropout"] == 0.3


@pytest.mark.parametrize("model", [{}, {"width": 8}, {"name": "vit-small", "dropout": 0.2}, {"name": "resnet50"}])
def test_a_stored_configuration_is_valid_again_and_the_same(model: dict[str, Any]) -> None:
    stored = config(**model).model_dump(mode="json")
    assert TrainingConfig.model_validate(stored).model_dump(mode="json") == stored


def test_a_run_stored_before_there_were_options_can_be_resumed() -> None:
    old = {"name": "cnn", "width": 24, "dropout": 0.2, "threshold": 0.5, "pos_weight": "auto"}
    assert config(**old).model.options == {"width": 24, "dropout": 0.2}


@pytest.mark.parametrize(
    ("model", "field", "words"),
    [
        ({"name": "resnet5000"}, "model.name", "'resnet5000' is unknown; the networks are auto, cnn, mlp, resnet18, "),
        ({"name": "resnet18", "width": 8}, "model.width", "resnet18 has no option width; leave it out"),
        ({"name": "resnet18", "options": {"depth": 1}}, "model.options.depth", "resnet18 has no such option; .* none"),
        ({"options": {"widht": 8}}, "model.options.widht", "auto has no such option; it has width, dropout"),
        ({"name": "cnn", "options": {"width": 0}}, "model.options.width", "greater than or equal to 1"),
        ({"name": "cnn", "width": 1000}, "model.width", "less than or equal to 512"),
        ({"name": "vit-small", "options": {"patch_size": 5}}, "model.options.patch_size", "4, 8, 16 or 32"),
        ({"width": 8, "options": {"width": 9}}, "model.options", "short for model.options.width, which differs"),
        ({"options": 3}, "model.options", "dictionary"),
    ],
)
def test_each_wrong_option_is_named_with_its_cure(model: dict[str, Any], field: str, words: str) -> None:
    named, message = refusal(model)
    assert named == field
    assert re.search(words, message), message


def test_what_is_not_installed_is_refused_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_spec, "find_spec", lambda name: None if name in ("monai", "einops") else object())
    field, message = refusal({"name": "vit-small"})
    assert field == "model.name"
    assert "'vit-small' needs monai and einops, which this installation lacks; run: make setup EXTRAS=monai" in message
    assert BUILTINS["resnet18"].install == "make setup EXTRAS=monai"
    assert not network_catalogue.describe(BUILTINS["resnet18"])["available"]
    assert config(name="cnn").model.name == "cnn"


def test_a_teams_missing_package_is_asked_of_pip() -> None:
    other = NetworkSpec(name="a", title="A", description="", factory="a:b", requires=("monai", "no_such_thing"))
    assert (other.missing, other.install) == (["no_such_thing"], "pip install no_such_thing")


@pytest.mark.parametrize("wrong", [{"name": "auto"}, {"name": "My Net"}, {"name": ""}, {"factory": "module.function"}])
def test_a_description_that_cannot_be_used_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"^(name|factory) "):
        NetworkSpec(**{"name": "a", "title": "A", "description": "", "factory": "a:b", **wrong})  # type: ignore[arg-type]


class Picky(Options):
    """Options that depend on the images' size."""

    cells: int = Field(3, ge=1)

    def problem(self, image_size: int) -> str | None:
        return None if image_size % self.cells == 0 else f"{self.cells} cells do not fill {image_size} pixels."


PICKY = NetworkSpec(
    name="picky",
    title="Picky",
    description="",
    factory="a:b",
    options=Picky,
    channels=(1,),
    min_image_size=16,
)
ROWS = NetworkSpec(name="rows", title="Rows", description="", factory="a:b", inputs="table")
WHOLE = NetworkSpec(name="whole", title="Whole", description="", factory="a:b", inputs="any", builds="module")


@pytest.mark.parametrize(
    ("groups", "table", "field", "words"),
    [
        ({"model": {"name": "picky"}}, True, "model.name", "picky needs images"),
        ({"model": {"name": "rows"}}, False, "model.name", "rows needs a table"),
        ({"model": {"name": "picky"}, "data": {"image_size": 8}}, False, "data.image_size", "at least 16 pixels"),
        ({"model": {"name": "picky"}, "data": {"image_size": 18, "channels": 3}}, False, "data.channels", "takes 1"),
        ({"model": {"name": "picky"}, "data": {"image_size": 20}}, False, "model.options", "3 cells do not fill 20"),
        ({"model": {"name": "vit-small"}, "data": {"image_size": 40}}, False, "model.options", "Patches of 16"),
        ({"model": {"name": "whole", "trainable": "head"}}, True, "model.trainable", "leave trainable at"),
        ({"model": {"name": "whole"}, "optimizer": {"layer_decay": 0.5}}, True, "optimizer", "layer_decay at 1"),
        ({"model": {"name": "mlp", "trainable": 3}}, True, "model.trainable", "layer1, layer2"),
    ],
)
def test_a_network_that_does_not_fit_the_data_is_refused(
    monkeypatch: pytest.MonkeyPatch, groups: dict[str, Any], table: bool, field: str, words: str
) -> None:
    monkeypatch.setattr(network_catalogue, "_added", {made.name: made for made in (PICKY, ROWS, WHOLE)})
    with pytest.raises(SourceError, match=words) as refused:
        requirements.check(config_of("builtin:digits-is-8", **groups), {"a": 9, "b": 9}, training=9, table=table)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "groups",
    [
        {"model": {"name": "picky"}, "data": {"image_size": 18}},
        {"model": {"name": "whole"}},
        {"model": {"name": "vit-small"}, "data": {"image_size": 32}},
    ],
)
def test_a_network_that_fits_is_not(monkeypatch: pytest.MonkeyPatch, groups: dict[str, Any]) -> None:
    monkeypatch.setattr(network_catalogue, "_added", {made.name: made for made in (PICKY, WHOLE)})
    requirements.check(config_of("builtin:digits-is-8", **groups), {"a": 9, "b": 9}, training=9, table=False)


def test_two_networks_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch, batch_normed: NetworkSpec) -> None:
    path = "tests.experiments.training.batch_normed:SPEC"
    network_catalogue.install([path, path])  # the same one again is no other one
    assert network_catalogue.networks()["batch-normed"] == SPEC
    other = NetworkSpec(name="batch-normed", title="Another", description="", factory="a:b")
    monkeypatch.setattr(network_catalogue, "_added", {other.name: other})
    with pytest.raises(network_catalogue.CatalogueError, match="another network called 'batch-normed'"):
        network_catalogue.install([path])
