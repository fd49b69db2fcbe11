"""The evidence that hints are based on. Pure; `runs.api.hint_evidence` reads it from the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias, cast

from runs.events import GradientStats, ResourceUsage
from runs.statistics.matrix_statistics import Matrix, Number, score_interval
from runs.stored_config import StoredConfig

Epoch: TypeAlias = Mapping[str, Number]
"""The metrics of one epoch under their names; null is a number that was not finite."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One run, as far as it is known.

    `history` has the complete epochs with their numbers, ascending; `waits` are the shares of time in which the loop
    waited for data, `usage` the samples while it trained, both the newest of the attempt; `matrix` is the best
    checkpoint's over the validation split. `independent` says of how many independent samples the intervals of its
    `accuracy`, `recall`, `specificity` and `recall/<class>` are, where patients with several samples are known.
    """

    status: str
    max_epochs: int
    config: Mapping[str, Any] = field(default_factory=dict)
    classes: Sequence[str] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    history: Sequence[tuple[int, Epoch]] = ()
    best_epoch: int | None = None
    matrix: Matrix | None = None
    independent: Mapping[str, float] = field(default_factory=dict)
    first_gradients: Sequence[GradientStats] = ()
    last_gradients: Sequence[GradientStats] = ()
    waits: Sequence[float] = ()
    usage: Sequence[ResourceUsage] = ()
    samples_per_second: float | None = None

    @property
    def options(self) -> StoredConfig:
        """The options of the run."""
        return StoredConfig(self.config)

    @property
    def last(self) -> int | None:
        """The last complete epoch."""
        return self.history[-1][0] if self.history else None

    def interval(self, name: str, share: float, size: int) -> tuple[float, float]:
        """Return the 95 % interval of a share of so many validation samples: as wide as that of the final result's."""
        return score_interval(share, min(size, self.independent.get(name, size)))

    @property
    def training_seconds(self) -> float | None:
        """The time that all epochs take at the last measured rate, without validation."""
        if not self.samples_per_second or "train" not in self.sizes:
            return None
        return self.sizes["train"] * self.max_epochs / self.samples_per_second


def known(history: Sequence[tuple[int, Epoch]], *names: str) -> list[tuple[int, tuple[float, ...]]]:
    """Return the epochs in which all these metrics are known, each with their values."""
    found = ((epoch, tuple(map(metrics.get, names))) for epoch, metrics in history)
    return [(epoch, cast("tuple[float, ...]", values)) for epoch, values in found if None not in values]


def newest_known(history: Sequence[tuple[int, Epoch]], most: int, *names: str) -> list[tuple[int, tuple[float, ...]]]:
    """Return the last `most` of these epochs, without a look at all others."""
    found = ((epoch, tuple(map(metrics.get, names))) for epoch, metrics in reversed(history))
    newest = islice((one for one in found if None not in one[1]), most)
    return cast("list[tuple[int, tuple[float, ...]]]", [*newest][::-1])
