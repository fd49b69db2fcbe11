"""Networks and their module: shapes, losses against formulas, optimizers from the configuration."""

from __future__ import annotations

import math
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pydantic import ValidationError
from pytorch_lightning import LightningModule

from experiments.training.models import losses, registry
from experiments.training.models.classifier import Classifier
from tests.experiments.training.datasets import config_of


def build(
    shape: tuple[int, ...] = (1, 28, 28), classes: int = 2, counts: list[int] | None = None, **groups: Any
) -> Classifier:
    pl.seed_everything(1)
    module = registry.build(
        config_of("builtin:digits-is-8", **groups), input_shape=shape, num_classes=classes, counts=counts
    )
    assert isinstance(module, Classifier)
    return module


def batch(shape: tuple[int, ...], classes: int, size: int = 6) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    target = torch.arange(size) % classes
    return torch.randn((size, *shape), generator=generator), target, torch.arange(size)


@pytest.mark.parametrize("name", ["auto", "cnn", "mlp"])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 64, 64), (1, 8, 8), (1, 100, 100)])
@pytest.mark.parametrize("classes", [2, 5])
def test_every_step_returns_loss_scores_and_target(name: str, shape: tuple[int, ...], classes: int) -> None:
    module = build(shape, classes, model={"name": name})
    data = batch(shape, classes)
    for step in (module.training_step, module.validation_step, module.test_step):
        output = step(data, 0)
        assert set(output) == {"loss", "logits", "target"}
        assert output["logits"].shape == ((6,) if classes == 2 else (6, classes))
        assert output["loss"].shape == ()
        assert torch.equal(output["target"], data[1])
    torch.autograd.backward(module.training_step(data, 0)["loss"])
    assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())


@pytest.mark.parametrize(("shape", "name"), [((1, 28, 28), "cnn"), ((30,), "mlp")])
def test_auto_is_resolved_by_the_data(shape: tuple[int, ...], name: str) -> None:
    assert registry.resolved_name(config_of("builtin:digits-is-8").model, shape) == name
    assert type(build(shape).network).__name__.lower() == name


@pytest.mark.parametrize(
    ("model", "groups"),
    [("cnn", ["stem", "block1", "block2", "head"]), ("mlp", ["layer1", "layer2", "head"])],
)
def test_layer_groups_have_names_that_mean_something(model: str, groups: list[str]) -> None:
    module = build(model={"name": model})
    assert [name for name, _ in module.network.named_children()] == groups
    assert {name.split(".")[0] for name, _ in module.named_parameters()} == {"network"}


@pytest.mark.parametrize("width", [1, 3, 12, 16])
def test_any_width_works(width: int) -> None:
    for name in ("cnn", "mlp"):
        output = build(model={"name": name, "width": width}).training_step(batch((1, 28, 28), 2), 0)
        assert math.isfinite(output["loss"].item())


@pytest.mark.parametrize("name", ["cnn", "mlp"])
def test_a_batch_of_one_sample_can_be_trained_on(name: str) -> None:
    output = build(model={"name": name}).train().training_step(batch((1, 28, 28), 2, size=1), 0)
    assert output["logits"].shape == (1,)


def test_scores_are_single_precision_whatever_the_network_computes_in() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        module = build()
        data = batch((1, 28, 28), 2)
        assert module(data[0]).dtype == torch.bfloat16
        output = module.validation_step(data, 0)
    assert output["logits"].dtype == output["loss"].dtype == torch.float32


def test_binary_loss_is_cross_entropy_with_weighted_positives() -> None:
    module = build(counts=[3, 1])
    logits, target = [2.0, -1.0, 0.5], [1, 0, 1]
    terms = [
        3.0 * math.log(1 + math.exp(-z)) if y else math.log(1 + math.exp(z))
        for z, y in zip(logits, target, strict=True)
    ]
    loss = module.loss(torch.tensor(logits), torch.tensor(target))
    assert loss.item() == pytest.approx(sum(terms) / 3, rel=1e-6)


def test_multi_class_loss_is_cross_entropy() -> None:
    module = build(classes=3)
    logits, target = [[1.0, 2.0, 0.5], [0.1, -2.0, 3.0]], [0, 2]
    terms = [math.log(sum(map(math.exp, scores))) - scores[label] for scores, label in zip(logits, target, strict=True)]
    loss = module.loss(torch.tensor(logits), torch.tensor(target))
    assert loss.item() == pytest.approx(sum(terms) / 2, rel=1e-6)


@pytest.mark.parametrize(("asked", "used"), [("auto", 7.0), (2.5, 2.5), (None, 1.0)])
def test_which_weight_positives_get(asked: float | str | None, used: float) -> None:
    assert losses.class_weights(
        config_of("builtin:digits-is-8", model={"pos_weight": asked}), counts=[70, 10], num_classes=2
    ) == [1.0, used]


def test_checkpoints_hold_the_network_alone() -> None:
    module = build(counts=[7, 1])
    assert {name.split(".")[0] for name in module.state_dict()} == {"network"}


def test_the_same_seed_gives_the_same_weights() -> None:
    first, second = build().state_dict(), build().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("name", "kind"), [("adamw", torch.optim.AdamW), ("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)]
)
@pytest.mark.parametrize("precision", ["32-true", "16-mixed"])
def test_optimizers(name: str, kind: type[torch.optim.Optimizer], precision: str) -> None:
    settings = {"name": name, "learning_rate": 0.05, "weight_decay": 0.01, "momentum": 0.7}
    optimizer = build(optimizer=settings, trainer={"precision": precision}).configure_optimizers()
    assert type(optimizer) is kind
    assert isinstance(optimizer, torch.optim.Optimizer)
    (group,) = optimizer.param_groups
    assert (group["lr"], group["weight_decay"]) == (0.05, 0.01)
    assert group.get("momentum", 0.7) == 0.7
    assert bool(group["fused"]) == (precision == "32-true")  # Lightning cannot clip half precision with fused kernels


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ({"scheduler": "step", "step_size": 2, "gamma": 0.1}, [1.0, 1.0, 0.1, 0.1, 0.01]),
        ({"scheduler": "cosine"}, [(1 + math.cos(math.pi * epoch / 5)) / 2 for epoch in range(5)]),
    ],
)
def test_schedules_change_the_rate_once_per_epoch(schedule: dict[str, object], rates: list[float]) -> None:
    configured: Any = build(
        optimizer={"learning_rate": 1.0, **schedule}, trainer={"max_epochs": 5}
    ).configure_optimizers()
    assert configured["lr_scheduler"]["interval"] == "epoch"
    used = []
    for _ in range(5):
        used.append(configured["optimizer"].param_groups[0]["lr"])
        configured["optimizer"].step()
        configured["lr_scheduler"]["scheduler"].step()
    assert used == pytest.approx(rates)


def test_nothing_is_logged_by_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("callbacks watch the module; it logs nothing")

    monkeypatch.setattr(LightningModule, "log", refuse)
    monkeypatch.setattr(LightningModule, "log_dict", refuse)
    module = build()
    for step in (module.training_step, module.validation_step, module.test_step):
        step(batch((1, 28, 28), 2), 0)


def test_an_unknown_network_is_refused_by_the_configuration() -> None:
    with pytest.raises(ValidationError, match=r"model\.name"):
        config_of("builtin:digits-is-8", model={"name": "resnet5000"})
