"""Check that a divided data set suffices for what the configuration asks, from counts alone."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.training.contract import image_inputs
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.networks import network_catalogue
from experiments.training.contract.networks.freezing import frozen_at_start
from experiments.training.contract.networks.model_errors import ModelError
from experiments.training.contract.networks.network_spec import NetworkSpec
from experiments.training.contract.source_errors import SourceError

MAX_IN_MEMORY_BYTES = 8 * 2**30  # of decoded images; more must fit into the cache, from where they are mapped


def check(
    config: TrainingConfig, counts: Mapping[str, int], *, training: int, table: bool, cache_bytes: int = 0
) -> None:
    """Raise SourceError unless each device gets a full training batch and network and memory fit.

    `counts` are the samples per class, `training` the number of training samples.
    """
    _batch(config, training)
    _model(config, classes=len(counts), table=table)
    if not table:
        _memory(config, sum(counts.values()), cache_bytes)


def _batch(config: TrainingConfig, available: int) -> None:
    devices = config.trainer.processes
    if config.data.batch_size * devices > available:
        each = f" on each of {devices} devices" if devices > 1 else ""
        raise SourceError(
            "data.batch_size",
            f"{config.data.batch_size}{each} is more than the {available} training samples; choose at most "
            f"{available // devices}.",
        )


def _model(config: TrainingConfig, *, classes: int, table: bool) -> None:
    spec = network_catalogue.resolve(config.model.name, table=table)
    _inputs(config, spec, table=table)
    _fine_tuning(config, spec)
    if table and config.augmentation.preset != "none":
        raise SourceError("augmentation.preset", "It changes images, and this data set is a table; choose none.")
    if classes > 2 and isinstance(config.model.pos_weight, float):
        raise SourceError("model.pos_weight", f"A number needs two classes, and there are {classes}; choose auto.")
    _loss(config, classes)


def _inputs(config: TrainingConfig, spec: NetworkSpec, *, table: bool) -> None:
    if table and spec.inputs == "image":
        raise SourceError("model.name", f"{spec.name} needs images, and this data set is a table; choose mlp or auto.")
    if table:
        return
    if spec.inputs == "table":
        raise SourceError("model.name", f"{spec.name} needs a table, and this data set has images; choose auto.")
    if problem := image_inputs.problem(config, spec):
        raise SourceError(*problem)


def _fine_tuning(config: TrainingConfig, spec: NetworkSpec) -> None:
    """Check what is known before the network is built: a custom network may name no blocks."""
    if spec.builds == "module" and (config.model.trainable != "all" or not _at_one_rate(config)):
        raise SourceError(
            "model.trainable" if config.model.trainable != "all" else "optimizer",
            f"{spec.name} is a whole LightningModule, which decides itself what learns and how fast; "
            'leave trainable at "all", and backbone_factor and layer_decay at 1.',
        )
    if spec.blocks:
        try:
            frozen_at_start(config.model.trainable, list(spec.blocks))
        except ModelError as error:
            raise SourceError("model.trainable", str(error)) from error


def _at_one_rate(config: TrainingConfig) -> bool:
    return config.optimizer.backbone_factor == config.optimizer.layer_decay == 1


def _loss(config: TrainingConfig, classes: int) -> None:
    weights = config.loss.class_weights
    if isinstance(weights, tuple) and len(weights) != classes:
        raise SourceError("loss.class_weights", f"{len(weights)} weights for {classes} classes; give one per class.")
    if classes > 2 and config.loss.focal_alpha is not None:
        raise SourceError("loss.focal_alpha", f"It needs two classes, and there are {classes}; use loss.class_weights.")


def _memory(config: TrainingConfig, samples: int, cache_bytes: int) -> None:
    size = image_inputs.least_bytes(config, samples)
    limit = max(MAX_IN_MEMORY_BYTES, cache_bytes)
    if size > limit:
        raise SourceError(
            "data.image_size",
            f"{samples:,} decoded images would take {size / 2**30:.1f} GiB (at most {limit / 2**30:.0f}); choose a "
            "smaller image_size, or set LIVETRAIN_CACHE_GIB higher.",
        )
