"""Networks of MONAI, for images of one or three channels. Importing this module loads MONAI (about a second)."""

from __future__ import annotations

from collections.abc import Callable

from monai.networks.nets.densenet import DenseNet121
from monai.networks.nets.efficientnet import EfficientNet
from monai.networks.nets.resnet import ResNet, resnet18, resnet50
from monai.networks.nets.vit import ViT
from torch import Tensor

from experiments.training.contract.blueprint import Blueprint
from experiments.training.contract.networks.builtin_networks import EfficientNetOptions, VisionTransformerOptions
from experiments.training.contract.networks.network_spec import Options

# EfficientNet-B0, as MONAI's EfficientNetBN has it: repeats, kernel, stride, expansion, channels in and out, squeeze.
_B0 = [
    "r1_k3_s11_e1_i32_o16_se0.25",
    "r2_k3_s22_e6_i16_o24_se0.25",
    "r2_k5_s22_e6_i24_o40_se0.25",
    "r3_k3_s22_e6_i40_o80_se0.25",
    "r3_k5_s11_e6_i80_o112_se0.25",
    "r4_k5_s22_e6_i112_o192_se0.25",
    "r1_k3_s11_e6_i192_o320_se0.25",
]


class VisionTransformer(ViT):
    """MONAI's vision transformer, returning the scores alone."""

    def forward(self, x: Tensor) -> Tensor:
        """Compute raw scores (N, outputs), without the hidden states."""
        scores: Tensor = super().forward(x)[0]  # type: ignore[no-untyped-call]
        return scores


def build_resnet18(plan: Blueprint[Options]) -> ResNet:
    """Build a ResNet-18 with torchvision's names, shapes and computation."""
    return _resnet(resnet18, plan)


def build_resnet50(plan: Blueprint[Options]) -> ResNet:
    """Build a ResNet-50 with torchvision's names, shapes and computation."""
    return _resnet(resnet50, plan)


def build_densenet121(plan: Blueprint[Options]) -> DenseNet121:
    """Build a DenseNet-121 with MONAI's names; the catalogue's aliases translate torchvision's."""
    return DenseNet121(spatial_dims=2, in_channels=plan.input_shape[0], out_channels=plan.outputs)


def build_efficientnet_b0(plan: Blueprint[EfficientNetOptions]) -> EfficientNet:
    """Build an EfficientNet-B0, not by MONAI's EfficientNetBN, which always pads for images of 224 pixels.

    Its batch normalisation also takes over only 1 % of each batch: after an epoch of few batches the running statistics
    would still be close to their initial values. Here it is 10 %, torch's default.
    """
    channels, size, _ = plan.input_shape
    return EfficientNet(
        _B0,
        spatial_dims=2,
        in_channels=channels,
        num_classes=plan.outputs,
        image_size=size,
        dropout_rate=plan.options.dropout,
        drop_connect_rate=plan.options.drop_connect,
        norm=("batch", {"eps": 1e-3, "momentum": 0.1}),
    )


def build_vit_small(plan: Blueprint[VisionTransformerOptions]) -> VisionTransformer:
    """Build a vision transformer with 12 blocks of 384 features and 6 heads."""
    channels, size, _ = plan.input_shape
    return VisionTransformer(
        in_channels=channels,
        img_size=size,
        patch_size=plan.options.patch_size,
        hidden_size=384,
        mlp_dim=1536,
        num_layers=12,
        num_heads=6,
        classification=True,
        num_classes=plan.outputs,
        dropout_rate=plan.options.dropout,
        spatial_dims=2,
        post_activation="none",
    )


def _resnet(make: Callable[..., ResNet], plan: Blueprint[Options]) -> ResNet:
    return make(
        spatial_dims=2,
        n_input_channels=plan.input_shape[0],
        num_classes=plan.outputs,
        conv1_t_stride=2,
        bias_downsample=False,
    )
