"""The networks that come with Livetrain, and the bounds and defaults of their options. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from experiments.training.contract.networks.network_spec import NetworkSpec, Options

Width = Annotated[int, Field(ge=1, le=512)]
Dropout = Annotated[float, Field(ge=0.0, lt=1.0)]

_MONAI = "experiments.training.models.monai_networks"


class SmallNetworkOptions(Options):
    """Options of Livetrain's own small networks."""

    width: Width = Field(
        16,
        description="Twice as many make a network of about four times the weights: channels of the first "
        "convolution, or a quarter of the units of a layer for tables",
    )
    dropout: Dropout = Field(
        0.1, description="Share of features left out at random while training, against overfitting"
    )


class EfficientNetOptions(Options):
    """Options of EfficientNet-B0."""

    dropout: Dropout = Field(0.2, description="Share of features left out before the head while training")
    drop_connect: Dropout = Field(0.2, description="Share of residual branches left out, rising up to the last block")


class VisionTransformerOptions(Options):
    """Options of ViT-small."""

    patch_size: Literal[4, 8, 16, 32] = Field(16, description="Pixels of one patch, square; divides data.image_size")
    dropout: Dropout = Field(0.0, description="Share of features left out at random while training")

    def problem(self, image_size: int) -> str | None:
        """Say that patches do not fill images of this size (pixels, square); None if they do."""
        if image_size % self.patch_size == 0:
            return None
        return f"Patches of {self.patch_size} pixels do not fill images of {image_size}; change one of them."


_RESNET_BLOCKS = {
    "stem": ("conv1", "bn1"),
    **{f"layer{number}": (f"layer{number}",) for number in range(1, 5)},
    "head": ("fc",),
}
_DENSENET_BLOCKS = {
    "stem": ("features.conv0", "features.norm0"),
    **{f"block{n}": (f"features.denseblock{n}", f"features.transition{n}") for n in range(1, 4)},
    "block4": ("features.denseblock4", "features.norm5"),
    "head": ("class_layers",),
}
_EFFICIENTNET_BLOCKS = {
    "stem": ("_conv_stem", "_bn0"),
    **{f"block{number}": (f"_blocks.{number}",) for number in range(7)},
    "features": ("_conv_head", "_bn1"),
    "head": ("_dropout", "_fc"),
}
_VIT_BLOCKS = {
    "stem": ("patch_embedding", "cls_token"),
    **{f"block{number}": (f"blocks.{number}",) for number in range(12)},
    "head": ("norm", "classification_head"),
}

CNN = NetworkSpec(
    name="cnn",
    title="Small CNN",
    description="Three convolutions with group normalisation, for images of 8 pixels and more, best from 28 to 64.",
    factory="experiments.training.models.cnn:build",
    options=SmallNetworkOptions,
    blocks={name: (name,) for name in ("stem", "block1", "block2", "head")},
)
MLP = NetworkSpec(
    name="mlp",
    title="MLP",
    description="Two fully connected layers, for tables, and for comparison on images.",
    factory="experiments.training.models.mlp:build",
    options=SmallNetworkOptions,
    inputs="any",
    blocks={name: (name,) for name in ("layer1", "layer2", "head")},
)
BUILTINS = {
    spec.name: spec
    for spec in (
        CNN,
        MLP,
        *(
            NetworkSpec(
                name=f"resnet{depth}",
                title=f"ResNet-{depth}",
                description=f"{millions} million weights; takes torchvision's resnet{depth} weights as they are.",
                factory=f"{_MONAI}:build_resnet{depth}",
                min_image_size=28,
                blocks=_RESNET_BLOCKS,
                requires=("monai",),
            )
            for depth, millions in ((18, 11), (50, 24))
        ),
        NetworkSpec(
            name="densenet121",
            title="DenseNet-121",
            description="7 million weights, usual for chest X-rays; takes torchvision's densenet121 weights.",
            factory=f"{_MONAI}:build_densenet121",
            min_image_size=32,
            blocks=_DENSENET_BLOCKS,
            aliases=(
                {r"\.layers\.": ".", r"^class_layers\.out\.": "classifier."},
                # as in torchvision's published file, which is older than its code
                {r"\.layers\.(norm|relu|conv)": r".\1.", r"^class_layers\.out\.": "classifier."},
            ),
            requires=("monai",),
        ),
        NetworkSpec(
            name="efficientnet-b0",
            title="EfficientNet-B0",
            description="4 million weights; takes those of the package efficientnet-pytorch.",
            factory=f"{_MONAI}:build_efficientnet_b0",
            options=EfficientNetOptions,
            min_image_size=32,
            blocks=_EFFICIENTNET_BLOCKS,
            aliases=({r"^_blocks\.\d+\.": "_blocks."},),
            requires=("monai",),
        ),
        NetworkSpec(
            name="vit-small",
            title="ViT-small",
            description="A vision transformer of 21 million weights in 12 blocks; needs much data, or weights.",
            factory=f"{_MONAI}:build_vit_small",
            options=VisionTransformerOptions,
            min_image_size=16,
            blocks=_VIT_BLOCKS,
            requires=("monai", "einops"),
        ),
    )
}
