"""Options of what is measured, watched, kept and reported. Imports no torch."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from experiments.training.contract.config_base import Section
from experiments.training.contract.metrics import monitored
from experiments.training.contract.metrics.metric_request import MetricRequest

MOST_METRICS = 20


class CallbacksConfig(Section):
    """What is measured, watched, kept and reported."""

    metrics: list[MetricRequest] = Field(
        [],
        max_length=MOST_METRICS,
        description="Further metrics of torchmetrics by name, or as objects with name, options and suffix",
        json_schema_extra={"items": {"anyOf": [{"type": "string"}, {"type": "object"}]}},
    )
    monitor: str = Field(
        "val_auroc",
        max_length=100,
        description="The number by which the best epoch is chosen; that of an added metric is val_ and its name",
        json_schema_extra={"anyOf": [{"enum": list(monitored.STANDING)}, {"type": "string", "maxLength": 100}]},
    )
    mode: Literal["auto", "max", "min"] = Field(
        "auto",
        validate_default=True,
        description="Which values are better; auto = min for losses and errors, else max, as the metric says",
    )
    save_top_k: int = Field(1, ge=1, le=100, description="Best checkpoints to keep")
    early_stopping: bool = Field(True, description="Stops when the monitored number no longer improves")
    patience: int = Field(
        10, ge=1, le=10_000, description="Epochs without improvement after which early stopping ends the training"
    )
    min_delta: float = Field(0.0, ge=0.0, le=1e6, description="What counts as an improvement: more than this")
    batch_metrics_every: int = Field(10, ge=1, le=1_000_000, description="Batches between two batch_metrics")
    gradient_stats_every: int = Field(20, ge=1, le=1_000_000, description="Optimizer steps between two gradient_stats")
    progress_interval: float = Field(0.5, ge=0.5, le=3600.0, description="Seconds between two progress events")
    resource_interval: float = Field(2.0, ge=1.0, le=3600.0, description="Seconds between two resource_usage events")

    @field_validator("metrics")
    @classmethod
    def _named_apart(cls, metrics: list[MetricRequest]) -> list[MetricRequest]:
        names = [asked.number for asked in metrics]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"Two of them would be called val_{twice}; give one of them another suffix")
        return metrics

    @field_validator("monitor")
    @classmethod
    def _is_measured(cls, monitor: str, info: ValidationInfo) -> str:
        if "metrics" in info.data:  # else what is wrong with those is said of them
            monitored.direction(monitor, info.data["metrics"])
        return monitor

    @field_validator("mode")
    @classmethod
    def _resolved(cls, mode: str, info: ValidationInfo) -> str:
        """Resolve `auto` at once, as a stored configuration says what was done."""
        if mode != "auto" or "monitor" not in info.data or "metrics" not in info.data:
            return mode
        found = monitored.direction(info.data["monitor"], info.data["metrics"])
        if found is None:
            raise ValueError(
                f"torchmetrics does not say whether {info.data['monitor']} is better when it is higher or lower; "
                "give max (higher is better) or min"
            )
        return found
