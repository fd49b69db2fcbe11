"""Grad-CAM: equal to captum's, on every kind of network, and none of them is changed by it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from captum.attr import LayerGradCam
from monai.networks.nets.densenet import DenseNet
from monai.networks.nets.resnet import resnet18
from torch import Tensor, nn

from experiments.training.contract.blueprint import Blueprint
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.networks.builtin_networks import EfficientNetOptions
from experiments.training.explanation.grad_cam import grad_cam
from experiments.training.explanation.score_gradients import logit_of
from experiments.training.explanation.spatial_layer import Use, spatial_uses
from experiments.training.models.cnn import CNN
from experiments.training.models.monai_networks import build_efficientnet_b0
from tests.experiments.training.explanation.networks import Twice


def monai(name: str, channels: int, outputs: int) -> nn.Module:
    if name == "resnet":
        return resnet18(spatial_dims=2, n_input_channels=channels, num_classes=outputs)
    if name == "densenet":
        return DenseNet(2, channels, outputs, init_features=8, growth_rate=4, block_config=(2, 2, 2))
    config = TrainingConfig.model_validate({"source_path": "x", "experiment_name": "x"})
    shape = (channels, 64, 64)
    return build_efficientnet_b0(
        Blueprint(options=EfficientNetOptions(), input_shape=shape, num_classes=outputs, counts=None, config=config)
    )


def cnn(outputs: int) -> CNN:
    return CNN(channels=1, size=28, outputs=outputs, width=8, dropout=0.5)


@pytest.mark.parametrize(
    ("make", "shape", "layer"),
    [
        pytest.param(lambda: cnn(3), (1, 28, 28), "block2", id="built-in"),
        pytest.param(Twice, (1, 12, 12), "mixed", id="module used twice, frozen"),
        pytest.param(lambda: monai("resnet", 3, 3), (3, 64, 64), "layer4", id="ResNet"),
        pytest.param(lambda: monai("densenet", 1, 3), (1, 64, 64), "class_layers.relu", id="DenseNet"),
        pytest.param(lambda: monai("efficientnet", 3, 3), (3, 64, 64), "_swish", id="EfficientNet"),
    ],
)
def test_it_is_captums(make: Any, shape: tuple[int, ...], layer: str) -> None:
    torch.manual_seed(3)
    network = make().eval()
    x = torch.randn(1, *shape)
    use = spatial_uses(network, network, x)[0]
    assert use.name.startswith(layer)
    before = hooks(network)
    highest = 0.0
    for label in range(3):
        ours = grad_cam(network, network, x, use=use, label=label)
        theirs = captums(network, network.get_submodule(use.name), x, label)
        assert ours is not None
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-7)
        highest = max(highest, float(theirs.max()))
    assert highest > 0
    assert hooks(network) == before
    assert all(parameter.grad is None for parameter in network.parameters())


def captums(network: nn.Module, layer: nn.Module, x: Tensor, label: int) -> Tensor:
    asked = x.clone().requires_grad_()
    found: Tensor = LayerGradCam(network, layer).attribute(asked, target=label, relu_attributions=True)
    return found[0, 0].detach()


def hooks(network: nn.Module) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in network.modules())


def test_a_map_of_class_0_of_two_is_that_of_minus_the_logit() -> None:
    torch.manual_seed(0)
    network, x = cnn(1).eval(), torch.randn(1, 1, 28, 28)
    [use, *_] = spatial_uses(network, lambda z: network(z).squeeze(-1), x)
    first = grad_cam(network, lambda z: network(z).squeeze(-1), x, use=use, label=0)
    with torch.no_grad():
        network.head.get_submodule("3").get_parameter("weight").neg_()
    second = grad_cam(network, lambda z: network(z).squeeze(-1), x, use=use, label=1)
    assert first is not None
    assert second is not None
    torch.testing.assert_close(first, second)
    assert float(first.max()) > 0


def test_parts_keep_the_mode_they_were_in() -> None:
    network = cnn(2)
    network.stem.eval()
    spatial_uses(network, network, torch.zeros(1, 1, 28, 28))
    assert network.block1.training
    assert not network.stem.training


def test_hooks_are_gone_after_a_network_that_fails() -> None:
    network = cnn(2)

    def failing(x: Tensor) -> Tensor:
        network(x)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        spatial_uses(network, failing, torch.zeros(1, 1, 28, 28))
    with pytest.raises(ValueError, match="broken"):
        grad_cam(network, failing, torch.zeros(1, 1, 28, 28), use=Use("stem", 0, (1,), True), label=0)
    assert hooks(network) == 0


class TokenNetwork(nn.Module):
    """Embeds patches by a convolution, and computes on tokens from there."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Conv2d(1, 4, 4, stride=4)
        self.mixing = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.mixing(self.embedding(x).flatten(2).transpose(1, 2))
        found: Tensor = self.head(tokens.mean(dim=1))
        return found


class ChannelsLast(nn.Module):
    """Has a layer whose output (N, H, W, C) is no feature map, after one that is."""

    def __init__(self) -> None:
        super().__init__()
        self.early = nn.Conv2d(1, 5, 3, padding=1)
        self.late = nn.Linear(5, 5)
        self.head = nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.head(self.late(self.early(x).permute(0, 2, 3, 1)).mean(dim=(1, 2)))
        return found


class WithoutGradients(nn.Module):
    """Computes its features without gradients, as a frozen backbone may."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Conv2d(1, 4, 3)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            features = self.backbone(x).mean(dim=(2, 3))
        found: Tensor = self.head(features)
        return found


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        pytest.param(TokenNetwork(), [], id="tokens"),
        pytest.param(ChannelsLast(), ["early"], id="channels last"),
        pytest.param(WithoutGradients(), [], id="no gradients"),
        pytest.param(nn.Sequential(nn.Flatten(), nn.Linear(144, 2)), [], id="flat"),
    ],
)
def test_layers_without_places_are_left_out(network: nn.Module, expected: list[str]) -> None:
    found = spatial_uses(network, network, torch.randn(1, 1, 12, 12))
    assert [use.name for use in found] == expected


def test_a_layer_of_one_place_is_left_out() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))
    assert [use.name for use in spatial_uses(network, network, torch.randn(1, 1, 9, 9))] == ["0"]


def test_of_one_logit_there_are_two_classes() -> None:
    one, three = torch.tensor([2.0, -1.0]), torch.tensor([[1.0, 2.0, 3.0]])
    assert logit_of(one, 1).tolist() == [2.0, -1.0]
    assert logit_of(one, 0).tolist() == [-2.0, 1.0]
    assert logit_of(three, 2).tolist() == [3.0]
