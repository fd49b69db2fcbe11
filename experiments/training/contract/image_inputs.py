"""Which images a network takes, and what the request leaves to the data: their size and their colours. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.networks import network_catalogue
from experiments.training.contract.networks.network_spec import NetworkSpec

SIZES = (28, 32, 48, 64, 96, 128, 160, 192, 224)  # to choose from; all but 28 can be halved four times and more
MAX_BYTES = 4 * 2**30  # of all decoded images, where the size is chosen


class Problem(NamedTuple):
    """An option that does not fit the network, and how to change it."""

    field: str
    text: str


def problem(config: TrainingConfig, spec: NetworkSpec) -> Problem | None:
    """Say what of the size and colours asked for does not fit the network; None if all does."""
    data = config.data
    if data.channels != "auto" and data.channels not in spec.channels:
        known = " or ".join(map(str, spec.channels))
        return Problem("data.channels", f"{spec.name} takes {known}, not {data.channels}; change it.")
    if data.image_size != "auto":
        return _of_size(config, spec, data.image_size)
    if not sizes(config, spec):
        return Problem(
            "data.image_size", f"{spec.name} takes none of the sizes {', '.join(map(str, SIZES))}; give one that fits."
        )
    return None


def sizes(config: TrainingConfig, spec: NetworkSpec) -> list[int]:
    """List the sizes that the request allows: the one it gives, or all to choose from that fit the network."""
    if config.data.image_size != "auto":
        return [config.data.image_size]
    return [size for size in SIZES if _of_size(config, spec, size) is None]


def channels(config: TrainingConfig, spec: NetworkSpec) -> Sequence[int]:
    """List the numbers of channels that the request allows."""
    return spec.channels if config.data.channels == "auto" else [config.data.channels]


def least_bytes(config: TrainingConfig, samples: int) -> int:
    """Return how many bytes the decoded images take at least."""
    spec = network_catalogue.resolve(config.model.name, table=False)
    return samples * min(channels(config, spec)) * min(sizes(config, spec)) ** 2


def largest(allowed: Sequence[int], *, wanted: int, most: int) -> int:
    """Return the largest allowed size up to `wanted` and `most` pixels, the smallest one where all are larger."""
    return max((size for size in allowed if size <= min(wanted, most)), default=min(allowed))


def _of_size(config: TrainingConfig, spec: NetworkSpec, size: int) -> Problem | None:
    if size < spec.min_image_size:
        return Problem("data.image_size", f"{spec.name} needs at least {spec.min_image_size} pixels, not {size}.")
    if text := spec.options.model_validate(config.model.options).problem(size):
        return Problem("model.options", text)
    return None
