"""A metric that a request adds to the epochs of its run."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from experiments.training.contract.config_base import Section
from experiments.training.contract.metrics import metric_catalogue
from runs.statistics.metric_names import EPOCH_METRICS

MOST_OPTIONS = 50
LONGEST_NAME = 50  # of a number with its phase: the database has room for so much of a monitored one


class MetricRequest(Section):
    """A classification metric of torchmetrics; a name alone is short for an object with that name.

    `suffix` tells two uses of one metric apart: the number is called `val_<name>` or `val_<name>_<suffix>`.
    """

    name: str = Field(min_length=1, max_length=100)
    options: dict[str, Any] = Field({}, validate_default=True, max_length=MOST_OPTIONS)
    suffix: str | None = Field(None, max_length=30)

    @property
    def number(self) -> str:
        """The name of its number, without the phase."""
        return self.name if self.suffix is None else f"{self.name}_{self.suffix}"

    @model_validator(mode="before")
    @classmethod
    def _written_out(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @field_validator("suffix")
    @classmethod
    def _is_a_word(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[a-z0-9]+", value):
            raise ValueError("Use small letters a to z and digits alone")
        return value

    @field_validator("options")
    @classmethod
    def _fit(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """Refuse each wrong option by its name; a metric that is wrong itself is refused as a whole, later."""
        catalogue = metric_catalogue.current()
        metric = catalogue.metrics.get(info.data.get("name", "")) if catalogue else None
        if metric is None or not metric.options:
            return value
        details = [
            InitErrorDetails(type=PydanticCustomError("metric_option", "{why}", {"why": why}), loc=(name,), input=value)
            for name, why in metric.option_problems(value)
        ]
        if details:
            raise ValidationError.from_exception_data("options", details)
        return value

    @model_validator(mode="after")
    def _is_known(self) -> MetricRequest:
        metric_catalogue.known().find(self.name)
        cure = 'give it a suffix of its own, as in {"name": "' + self.name + '", "suffix": "b"}'
        if f"val_{self.number}" in EPOCH_METRICS:
            raise ValueError(f"Every run reports val_{self.number} already; leave it out, or {cure}")
        if len(f"test_{self.number}") > LONGEST_NAME:
            raise ValueError(f"val_{self.number} is too long a name; take a shorter suffix")
        return self
