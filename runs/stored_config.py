"""Read a stored configuration, which may be older or newer than this installation; missing options have their defaults.

Pure. Options, bounds and defaults are declared in `experiments.training.contract.config`, which nothing here may
import; a test compares the defaults. A value of another type than the option's counts as missing: showing or ordering
runs must not fail because of one run.
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
"""The defaults, equal to those of `TrainingConfig`."""


@dataclass(frozen=True, slots=True)
class StoredConfig:
    """A dumped TrainingConfig of any version; each property is the option of that name, in the same unit."""

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
        """The experiment's name; blank if it is missing."""
        return str(self.stored.get("experiment_name", ""))

    @property
    def source_path(self) -> str:
        """The data source; blank if it is missing."""
        return str(self.stored.get("source_path", ""))

    @property
    def model_name(self) -> str:
        """The requested network; blank if unknown, as no default is the network of an older run."""
        name = self.section("model").get("name")
        return name if isinstance(name, str) else ""

    @property
    def fold(self) -> int | None:
        """Number of the fold, from 1; None for a run that is none."""
        return self._option("data.fold", int)  # type: ignore[no-any-return]

    @property
    def folds(self) -> int | None:
        """The number of folds."""
        return self._option("data.folds", int)  # type: ignore[no-any-return]

    @property
    def num_workers(self) -> int:
        """The number of data loader processes."""
        return self._option("data.num_workers", int)  # type: ignore[no-any-return]

    @property
    def learning_rate(self) -> float:
        """The optimizer's learning rate."""
        return float(self._option("optimizer.learning_rate", *NUMBER))

    @property
    def scheduler(self) -> str:
        """The name of the learning rate's schedule."""
        return self._option("optimizer.scheduler", str)  # type: ignore[no-any-return]

    @property
    def warmup_epochs(self) -> int:
        """The number of epochs in which the learning rate first rises."""
        return self._option("optimizer.warmup_epochs", int)  # type: ignore[no-any-return]

    @property
    def num_nodes(self) -> int:
        """The number of machines."""
        return self._option("trainer.num_nodes", int)  # type: ignore[no-any-return]

    @property
    def max_hours(self) -> float | None:
        """The limit of the training time; None without one."""
        return hours(self._option("trainer.max_hours", *NUMBER))

    @property
    def precision(self) -> str:
        """The precision of the numbers, as Lightning names it."""
        return self._option("trainer.precision", str)  # type: ignore[no-any-return]

    @property
    def gpus(self) -> int:
        """The number of GPUs requested on each machine, if there are any."""
        return gpus_needed(self._option("trainer.accelerator", str), self._option("trainer.devices", int, str))

    @property
    def early_stopping(self) -> bool:
        """Whether the training stops when the monitored number no longer improves."""
        return self._option("callbacks.early_stopping", bool)  # type: ignore[no-any-return]

    @property
    def monitor(self) -> str:
        """The name of the metric by which the best epoch is chosen."""
        return self._option("callbacks.monitor", str)  # type: ignore[no-any-return]

    @property
    def mode(self) -> str:
        """The better direction of the monitored metric, `max` or `min`."""
        asked = self.section("callbacks").get("mode")
        if asked in ("max", "min"):
            return str(asked)
        return "min" if self.monitor == "val_loss" else str(DEFAULTS["callbacks.mode"])

    @property
    def patience(self) -> int:
        """The number of epochs without improvement before early stopping stops."""
        return self._option("callbacks.patience", int)  # type: ignore[no-any-return]

    @property
    def min_delta(self) -> float:
        """The difference that an improvement must exceed."""
        return float(self._option("callbacks.min_delta", *NUMBER))

    @property
    def resource_interval(self) -> float:
        """The seconds between two samples of the machine."""
        return float(self._option("callbacks.resource_interval", *NUMBER))


def gpus_needed(accelerator: Any, devices: Any) -> int:
    """Return how many GPUs such options ask for, if there are any; takes values as they are stored, valid or not."""
    if accelerator == "cpu":
        return 0
    return devices if isinstance(devices, int) else 1


def hours(value: Any) -> float | None:
    """Return a stored time limit as a number; None where there is none."""
    return float(value) if isinstance(value, NUMBER) and not isinstance(value, bool) else None
