"""Reads a stored configuration, which may be older or newer than this installation: what it lacks has its default.

Pure. Options, bounds and defaults are declared in `experiments.training.config`, which nothing here may import; a test
compares the defaults. A value of another type than the option's counts as missing: what shows or orders runs must not
fail because of one run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NUMBER = (int, float)
DEFAULTS: Mapping[str, Any] = {
    "data.fold": None,
    "data.folds": None,
    "data.num_workers": 0,
    "optimizer.learning_rate": 1e-3,
    "optimizer.scheduler": "none",
    "optimizer.warmup_epochs": 0,
    "trainer.accelerator": "auto",
    "trainer.devices": "auto",
    "trainer.max_hours": None,
    "trainer.num_nodes": 1,
    "trainer.precision": "32-true",
    "callbacks.early_stopping": True,
    "callbacks.min_delta": 0.0,
    "callbacks.mode": "max",
    "callbacks.monitor": "val_auroc",
    "callbacks.patience": 10,
    "callbacks.resource_interval": 2.0,
}
"""As `TrainingConfig` has them."""


@dataclass(frozen=True, slots=True)
class StoredConfig:
    """A dumped TrainingConfig of whatever version. Properties are options, named as they are, in units as they are."""

    stored: Mapping[str, Any] = field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Any]:
        """Return a group of options as it is stored, empty if it is missing."""
        found = self.stored.get(name)
        return found if isinstance(found, Mapping) else {}

    def _option(self, path: str, *kinds: type) -> Any:
        section, _, name = path.partition(".")
        value = self.section(section).get(name)
        wanted = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
        return value if wanted else DEFAULTS[path]

    @property
    def experiment_name(self) -> str:
        """Blank if it is missing."""
        return str(self.stored.get("experiment_name", ""))

    @property
    def source_path(self) -> str:
        """Blank if it is missing."""
        return str(self.stored.get("source_path", ""))

    @property
    def model_name(self) -> str:
        """The network that was asked for; blank if nobody knows, as no default is the network of an older run."""
        name = self.section("model").get("name")
        return name if isinstance(name, str) else ""

    @property
    def fold(self) -> int | None:
        """Number of the fold, from 1; None for a run that is none."""
        return self._option("data.fold", int)  # type: ignore[no-any-return]

    @property
    def folds(self) -> int | None:
        """How many folds there are."""
        return self._option("data.folds", int)  # type: ignore[no-any-return]

    @property
    def num_workers(self) -> int:
        """Data loader processes."""
        return self._option("data.num_workers", int)  # type: ignore[no-any-return]

    @property
    def learning_rate(self) -> float:
        """The optimizer's."""
        return float(self._option("optimizer.learning_rate", *NUMBER))

    @property
    def scheduler(self) -> str:
        """Name of the learning rate's schedule."""
        return self._option("optimizer.scheduler", str)  # type: ignore[no-any-return]

    @property
    def warmup_epochs(self) -> int:
        """Epochs in which the learning rate rises first."""
        return self._option("optimizer.warmup_epochs", int)  # type: ignore[no-any-return]

    @property
    def num_nodes(self) -> int:
        """Machines."""
        return self._option("trainer.num_nodes", int)  # type: ignore[no-any-return]

    @property
    def max_hours(self) -> float | None:
        """Limit of the training time; None without one."""
        return hours(self._option("trainer.max_hours", *NUMBER))

    @property
    def precision(self) -> str:
        """Of the numbers, as Lightning names it."""
        return self._option("trainer.precision", str)  # type: ignore[no-any-return]

    @property
    def gpus(self) -> int:
        """How many GPUs it asks for on each machine, if there are any."""
        return gpus_needed(self._option("trainer.accelerator", str), self._option("trainer.devices", int, str))

    @property
    def early_stopping(self) -> bool:
        """Whether the training stops when the monitored number no longer improves."""
        return self._option("callbacks.early_stopping", bool)  # type: ignore[no-any-return]

    @property
    def monitor(self) -> str:
        """Name of the number by which the best epoch is chosen."""
        return self._option("callbacks.monitor", str)  # type: ignore[no-any-return]

    @property
    def mode(self) -> str:
        """Whether the monitored number is good when it is `max` or `min`."""
        asked = self.section("callbacks").get("mode")
        if asked in ("max", "min"):
            return str(asked)
        return "min" if self.monitor == "val_loss" else str(DEFAULTS["callbacks.mode"])

    @property
    def patience(self) -> int:
        """Epochs without improvement before early stopping stops."""
        return self._option("callbacks.patience", int)  # type: ignore[no-any-return]

    @property
    def min_delta(self) -> float:
        """What counts as an improvement: more than this."""
        return float(self._option("callbacks.min_delta", *NUMBER))

    @property
    def resource_interval(self) -> float:
        """Seconds between two samples of the machine."""
        return float(self._option("callbacks.resource_interval", *NUMBER))


def gpus_needed(accelerator: Any, devices: Any) -> int:
    """Return how many GPUs such options ask for, if there are any; takes values as they are stored, valid or not."""
    if accelerator == "cpu":
        return 0
    return devices if isinstance(devices, int) else 1


def hours(value: Any) -> float | None:
    """Return a stored time limit as a number; None where there is none."""
    return float(value) if isinstance(value, NUMBER) and not isinstance(value, bool) else None
