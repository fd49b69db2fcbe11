"""Models with the weights that a training begins with, and networks of somebody's own in their place."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inference import NetworkInput
from experiments.training.contract.reading import UNKNOWN
from experiments.training.data.image_files import Rendering
from experiments.training.data.images import image_input
from experiments.training.model_source import ModelSource
from experiments.training.models import registry
from experiments.training.models.classifier import Classifier
from experiments.training.prediction.stored_inputs import StoredInputs
from experiments.training.prediction.trained_model import TrainedModel

SIZE = 8
CLASSES = ("healthy", "tumour", "unclear")


def source(classes: int = 2, **fields: Any) -> ModelSource:
    """Make the source of a run of that many classes."""
    binary = classes == 2
    known: dict[str, Any] = {
        "run_id": 7,
        "attempt": 1,
        "config": {},
        "checkpoint": "/nowhere/best.ckpt",
        "folder": "/nowhere",
        "sha256": "00" * 32,
        "classes": list(CLASSES[:classes]),
        "positive": CLASSES[1] if binary else None,
        "own_threshold": 0.5 if binary else None,
    }
    return ModelSource(**known | fields)


def saved_point(**point: Any) -> dict[str, Any]:
    """Make the decision of a run with a saved point."""
    return {"holds": "saved", "own": {"threshold": 0.5, "probability": None}, "saved": {"log_odds": None, **point}}


def model_of(network: nn.Module | None = None, *, classes: int = 2, **fields: Any) -> TrainedModel:
    """Make a model for grey images of 8 pixels, with the network in place of the perceptron."""
    config = TrainingConfig.model_validate(
        {"experiment_name": "a test", "source_path": "pictures", "model": {"name": "mlp", "options": {"width": 4}}}
    )
    torch.manual_seed(1)
    module = registry.build(config, input_shape=(1, SIZE, SIZE), num_classes=classes)
    assert isinstance(module, Classifier)
    if network is not None:
        module.network = network
    module.eval().requires_grad_(False)
    about = NetworkInput(
        name="mlp", options={}, input_shape=[1, SIZE, SIZE], outputs=1 if classes == 2 else classes, prefix="network."
    )
    inputs = StoredInputs(about, UNKNOWN, image=image_input.described(1, SIZE), rendering=Rendering(1, 0))
    return TrainedModel(source(classes, **fields), config, inputs, module, "cpu")


class Scores(nn.Module):
    """Gives so many numbers for each image."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.head = nn.Linear(SIZE * SIZE, numbers)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.head(x.flatten(1))
        return found


class LooksAtValues(Scores):
    """Decides by the values of a batch what it computes, which no graph can hold."""

    def forward(self, x: Tensor) -> Tensor:
        found = super().forward(x)
        return found if bool(x.sum() > 0) else -found


class NotInOnnx(Scores):
    """Computes what ONNX has no operator for."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(torch.special.bessel_j0(x))
