"""Write what a prediction needs besides the checkpoint and the data."""

from __future__ import annotations

from pathlib import Path

from pytorch_lightning import LightningDataModule, LightningModule

from experiments.training import ranks
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inference import FILE, Inference, NetworkInput, Output
from experiments.training.data.module import DataModule
from experiments.training.models import registry
from experiments.training.models.classifier import Classifier
from runs import atomic_files
from runs.files.json_parts import formatted


def write(folder: Path, config: TrainingConfig, data: LightningDataModule, module: LightningModule) -> None:
    """Write `inference.json`, whole or not at all; nothing for data of another kind. Raises OSError."""
    if not isinstance(data, DataModule) or not ranks.first():
        return
    atomic_files.write(folder / FILE, formatted(describe(config, data, module)))


def describe(config: TrainingConfig, data: DataModule, module: LightningModule) -> Inference:
    """Describe how the network of `module` is fed with these data, and how its scores are read."""
    binary = data.num_classes == 2
    network = NetworkInput(
        name=registry.resolved_name(config.model, data.input_shape),
        options=config.model.options,
        input_shape=list(data.input_shape),
        outputs=1 if binary else data.num_classes,
        prefix="network." if isinstance(module, Classifier) else "",
    )
    output = Output(
        classes=list(data.class_names),
        positive=data.class_names[1] if binary else None,
        scores="sigmoid" if binary else "softmax",
        threshold=config.model.threshold if binary else None,
    )
    return Inference(preprocessing=data.preprocessing, network=network, output=output)
