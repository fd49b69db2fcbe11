"""MONAI's networks: names and computation of published ones, and a short training of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from monai.networks.nets.efficientnet import EfficientNetBN
from torch import Tensor, nn
from torch.nn import functional

from experiments.training.contract.networks.builtin_networks import BUILTINS
from experiments.training.models import registry
from experiments.training.models.classifier import Classifier
from runs.events import FinalStats, GradientStats, TrainingStart
from tests.experiments.training.datasets import config_of, job_of, with_class_folders
from tests.experiments.training.trainings import carry_out, of_type, outcome

MONAI = [name for name, spec in BUILTINS.items() if spec.requires]
Shapes = dict[str, tuple[int, ...]]


def network(name: str, *, channels: int = 3, size: int = 64, classes: int = 1000, **options: Any) -> nn.Module:
    config = config_of("builtin:digits-is-8", model={"name": name, "options": options})
    module = registry.build(config, input_shape=(channels, size, size), num_classes=classes)
    assert isinstance(module, Classifier)
    return module.network.eval()


def batch_norm(name: str, width: int) -> Shapes:
    parts = dict.fromkeys((f"{name}.{part}" for part in ("weight", "bias", "running_mean", "running_var")), (width,))
    return parts | {f"{name}.num_batches_tracked": ()}


def torchvision_resnet(layers: tuple[int, ...], *, bottleneck: bool) -> Shapes:
    """Make the state dict of torchvision's resnet18 and resnet50, written down from their published files."""
    shapes: Shapes = {"conv1.weight": (64, 3, 7, 7), **batch_norm("bn1", 64)}
    came, growth = 64, 4 if bottleneck else 1
    for layer, blocks in enumerate(layers, start=1):
        width = 32 * 2**layer
        for block in range(blocks):
            name, gives = f"layer{layer}.{block}", width * growth
            kernels = [(came, width, 1), (width, width, 3), (width, gives, 1)]
            for number, (before, after, k) in enumerate(
                kernels if bottleneck else [(came, width, 3), (width, width, 3)]
            ):
                shapes[f"{name}.conv{number + 1}.weight"] = (after, before, k, k)
                shapes |= batch_norm(f"{name}.bn{number + 1}", after)
            if block == 0 and (layer > 1 or bottleneck):
                shapes[f"{name}.downsample.0.weight"] = (gives, came, 1, 1)
                shapes |= batch_norm(f"{name}.downsample.1", gives)
            came = gives
    return shapes | {"fc.weight": (1000, came), "fc.bias": (1000,)}


RESNETS = [("resnet18", (2, 2, 2, 2), False), ("resnet50", (3, 4, 6, 3), True)]


@pytest.mark.parametrize(("name", "layers", "bottleneck"), RESNETS)
def test_resnets_have_the_names_and_shapes_of_torchvisions(
    name: str, layers: tuple[int, ...], bottleneck: bool
) -> None:
    published = torchvision_resnet(layers, bottleneck=bottleneck)
    assert len(published) == {"resnet18": 122, "resnet50": 320}[name]
    assert published["layer1.0.conv1.weight"] == ((64, 64, 1, 1) if bottleneck else (64, 64, 3, 3))
    assert published["layer4.1.bn2.running_var"] == (512,)
    assert {key: tuple(value.shape) for key, value in network(name).state_dict().items()} == published


def normed(x: Tensor, weights: Mapping[str, Tensor], name: str) -> Tensor:
    mean, var, scale, shift = (weights[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
    return functional.batch_norm(x, mean, var, scale, shift, eps=1e-5)


def resnet_scores(x: Tensor, weights: Mapping[str, Tensor], layers: tuple[int, ...], *, bottleneck: bool) -> Tensor:
    """Compute a ResNet by He et al. 2016, with a bottleneck's stride in its 3 x 3 convolution, as torchvision does."""
    x = functional.conv2d(x, weights["conv1.weight"], stride=2, padding=3)
    x = functional.max_pool2d(normed(x, weights, "bn1").relu(), 3, stride=2, padding=1)
    for layer, blocks in enumerate(layers, start=1):
        for block in range(blocks):
            name, stride = f"layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1
            convolutions = 3 if bottleneck else 2
            strided = 2 if bottleneck else 1
            y = x
            for number in range(1, convolutions + 1):
                kernel = weights[f"{name}.conv{number}.weight"]
                step = stride if number == strided else 1
                y = functional.conv2d(y, kernel, stride=step, padding=kernel.shape[-1] // 2)
                y = normed(y, weights, f"{name}.bn{number}")
                y = y.relu() if number < convolutions else y
            if f"{name}.downsample.0.weight" in weights:
                shortcut = functional.conv2d(x, weights[f"{name}.downsample.0.weight"], stride=stride)
                x = normed(shortcut, weights, f"{name}.downsample.1")
            x = (x + y).relu()
    return functional.linear(x.mean(dim=(2, 3)), weights["fc.weight"], weights["fc.bias"])


@pytest.mark.parametrize(("name", "layers", "bottleneck"), RESNETS)
def test_resnets_compute_what_torchvisions_do(name: str, layers: tuple[int, ...], bottleneck: bool) -> None:
    ours = network(name, classes=7)
    x = torch.randn((2, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = resnet_scores(x, ours.state_dict(), layers, bottleneck=bottleneck)
        torch.testing.assert_close(ours(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", MONAI)
def test_the_blocks_hold_every_weight_in_order(name: str) -> None:
    config = config_of("builtin:digits-is-8", model={"name": name, "trainable": "head"})
    module = registry.build(config, input_shape=(1, 64, 64), num_classes=2)
    assert isinstance(module, Classifier)
    assert module.fine_tuning.frozen == list(BUILTINS[name].blocks)[:-1]
    learning = [key for key, parameter in module.network.named_parameters() if parameter.requires_grad]
    heads = {"fc", "class_layers", "_fc", "norm", "classification_head"}
    assert {key.split(".")[0] for key in learning} <= heads
    assert len(module.fine_tuning.frozen_names) + len(learning) == len(list(module.parameters()))


def test_efficientnet_is_monais_own_in_names_and_scores() -> None:
    """At 224 pixels, which MONAI's own always pads for."""
    theirs = EfficientNetBN("efficientnet-b0", pretrained=False, in_channels=3, num_classes=5).eval()
    ours = network("efficientnet-b0", size=224, classes=5)
    assert ours.load_state_dict(theirs.state_dict()).missing_keys == []
    x = torch.randn((1, 3, 224, 224), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("name", MONAI)
def test_each_trains(name: str, tmp_path: Path) -> None:
    """Grey images of two classes; the scores are raw: below 0 and not squeezed between -1 and 1."""
    with_class_folders(tmp_path / "images", {"healthy": 8, "sick": 8})
    config = config_of(
        tmp_path / "images",
        data={"image_size": 32, "batch_size": 6, "val_fraction": 0.25},
        model={"name": name},
        optimizer={"name": "sgd", "learning_rate": 0.01, "momentum": 0.0},
        trainer={"max_epochs": 1},
    )
    messages = carry_out(job_of(config, tmp_path))
    assert outcome(messages).status == "completed", outcome(messages).reason
    [start] = of_type(messages, TrainingStart)
    assert (start.model.name, start.model.parameters) == (name, start.model.trainable)
    assert list(of_type(messages, GradientStats)[0].layer_norms) == list(BUILTINS[name].blocks)
    assert [stats.split for stats in of_type(messages, FinalStats)] == ["val"]


@pytest.mark.parametrize("name", MONAI)
def test_each_takes_rgb_and_gives_raw_scores_per_class(name: str) -> None:
    net = network(name, channels=3, size=32, classes=5)
    with torch.no_grad():
        for bias in (parameter for parameter in net.parameters() if parameter.shape == (5,)):
            bias.add_(100)
        scores = net(torch.randn((2, 3, 32, 32), generator=torch.Generator().manual_seed(0)))
    assert scores.shape == (2, 5)
    assert scores.min() > 50  # nothing squeezes them, whatever the weights are


@pytest.mark.parametrize("name", ["vit-small", "efficientnet-b0"])
def test_dropout_reaches_the_network(name: str) -> None:
    rates = {module.p for module in network(name, dropout=0.35).modules() if isinstance(module, nn.Dropout)}
    assert rates == {0.35}


def test_the_size_of_patches_reaches_the_network() -> None:
    tokens = network("vit-small", size=64, patch_size=8).get_parameter("patch_embedding.position_embeddings")
    assert tokens.shape == (1, 64, 384)


def test_drop_connect_leaves_branches_out_while_training() -> None:
    x = torch.randn((4, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    for share, equal in ((0.0, True), (0.5, False)):
        net = network("efficientnet-b0", size=32, dropout=0.0, drop_connect=share).train()
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        assert torch.equal(net(x), net(x)) == equal
