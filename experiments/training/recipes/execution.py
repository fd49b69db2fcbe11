"""Find out what really carries out a training, and what of its configuration that is not."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import version

import pytorch_lightning as pl
import torch

from experiments.training import ranks
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import Execution, Note, Reporter
from experiments.training.models import exact_evaluation
from experiments.training.models.classifier import Classifier

MAX_WEIGHTS = 100  # classes of which the weights are listed
_TYPES = {"16": "float16", "bf16": "bfloat16", "32": "float32", "64": "float64"}
_PACKAGES = ("torch", "pytorch-lightning", "numpy", "pillow", "pandas", "scikit-learn")


def send(trainer: pl.Trainer, module: pl.LightningModule, config: TrainingConfig, report: Reporter) -> None:
    """Report what the trainer will use, and a note for each thing that is not as asked."""
    report(describe(trainer, module, config))
    for note in notes(trainer, config):
        report(note)


def describe(trainer: pl.Trainer, module: pl.LightningModule, config: TrainingConfig) -> Execution:
    """Describe what the trainer will use, as its process is set up now."""
    device = trainer.strategy.root_device
    asked, processes = config.trainer, ranks.place().ranks
    return Execution(
        accelerator=device.type,
        device=_name(device),
        processes=processes,
        nodes=trainer.num_nodes,
        precision=str(trainer.precision),
        compute_type=compute_type(trainer),
        evaluation_precision=exact_evaluation.PRECISION,
        tf32_convolutions=_has_tf32(device) and torch.backends.cudnn.allow_tf32,
        tf32_products=_has_tf32(device) and torch.get_float32_matmul_precision() != "highest",
        threads=torch.get_num_threads(),
        loader_processes=config.data.num_workers,
        batch_size=config.data.batch_size,
        samples_per_step=config.data.batch_size * processes * asked.accumulate_grad_batches,
        deterministic=torch.are_deterministic_algorithms_enabled(),
        sync_batchnorm=ranks.synchronises(asked),
        loss_weights=_loss_weights(module),
        versions=_versions(),
    )


def notes(trainer: pl.Trainer, config: TrainingConfig) -> Iterator[Note]:
    """Yield what is done otherwise than the configuration asks, each with its cure.

    They speak of the machine: a later attempt may have another.
    """
    asked, device = config.trainer, trainer.strategy.root_device
    if str(trainer.precision) != asked.precision:
        yield Note(
            code="precision",
            text=(
                f"On the {_name(device)} this run computes in {compute_type(trainer)} ({trainer.precision}) instead of "
                f"{asked.precision}, which is not possible there. bfloat16 keeps 8 binary digits of a number, float16 "
                "11. Set trainer.precision to 32-true, or train on a GPU."
            ),
        )
    elif asked.precision == "bf16-mixed" and device.type == "cuda" and not _computes_bfloat16():
        yield Note(
            code="precision",
            text=(
                f"The GPU {_name(device)} has no circuits for bfloat16 and imitates it, which is slow. "
                "Set trainer.precision to 16-mixed or 32-true."
            ),
        )
    if asked.sync_batchnorm and ranks.place().ranks > 1 and not ranks.synchronises(asked):
        yield Note(
            code="sync_batchnorm",
            text=(
                f"On the {_name(device)} batch normalisation is not synchronised between the processes, as "
                "trainer.sync_batchnorm asks: torch does so on GPUs only. Train on GPUs, or set it to false."
            ),
        )


def compute_type(trainer: pl.Trainer) -> str:
    """Return torch's name of the numbers that most products are computed in."""
    return _TYPES[str(trainer.precision).partition("-")[0]]


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()


def _has_tf32(device: torch.device) -> bool:
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)


def _computes_bfloat16() -> bool:
    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def _loss_weights(module: pl.LightningModule) -> list[float] | None:
    weights = getattr(module.loss, "weights", None) if isinstance(module, Classifier) else None
    return weights.tolist() if weights is not None and len(weights) <= MAX_WEIGHTS else None


def _versions() -> dict[str, str]:
    """Return the versions of this process, whose machine may have others than the one that took the request."""
    found = {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}
    return found | ({"cuda": torch.version.cuda} if torch.version.cuda else {})
