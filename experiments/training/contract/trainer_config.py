"""Options of how long and on what a run trains. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from experiments.training.contract.config_base import Section

MAX_DEVICES = 16  # of one machine


class TrainerConfig(Section):
    """How long to train and on which devices; passed to Lightning's Trainer."""

    max_epochs: int = Field(10, ge=1, le=10_000, description="Times that all training samples are seen, at most")
    max_hours: float | None = Field(
        None,
        gt=0.0,
        le=8_760.0,
        description="Then training stops and the best epoch is evaluated; waiting is not counted",
    )
    accelerator: Literal["auto", "cpu", "gpu"] = Field("auto", description="auto = a GPU where there is one")
    devices: Literal["auto"] | int = Field(
        "auto", description="Processes that share the training: one per GPU, or so many on the CPU; auto = 1"
    )
    num_nodes: int = Field(1, ge=1, le=64, description="Machines, each with so many devices; see Several machines")
    sync_batchnorm: bool = Field(False, description="Several GPUs: batch normalisation over the batches of all")
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = Field(
        "32-true", description="Of the numbers; the mixed ones save time and memory on GPUs"
    )
    gradient_clip_val: float | None = Field(
        None, gt=0.0, le=1e6, description="Gradients are scaled down to this norm at most; null = never"
    )
    accumulate_grad_batches: int = Field(1, ge=1, le=1024, description="Batches summed up for one optimizer step")
    ema_decay: float | None = Field(
        None, gt=0.0, lt=1.0, description="Validate, keep and evaluate a moving average of the weights, e.g. of 0.99"
    )
    strategy: Literal["auto", "ddp"] = Field("auto", description="auto = ddp for several devices")
    deterministic: bool = Field(False, description="Slower algorithms that give the same numbers each time")
    threads: Literal["idle"] | Annotated[int, Field(ge=1, le=256)] | None = Field(
        None,
        description="torch threads of each process; default: half the cores, shared by all; idle = the cores that are "
        "idle when it starts",
    )

    @property
    def processes(self) -> int:
        """The number of processes that carry out the training, one for each device of each machine."""
        return (1 if self.devices == "auto" else self.devices) * self.num_nodes

    @field_validator("devices")
    @classmethod
    def _some_devices(cls, value: int | str) -> int | str:
        if isinstance(value, int) and not 1 <= value <= MAX_DEVICES:
            raise ValueError(f'devices must be a number from 1 to {MAX_DEVICES}, or "auto" for 1')
        return value

    @field_validator("threads")
    @classmethod
    def _same_each_time(cls, value: int | str | None, info: ValidationInfo) -> int | str | None:
        if value == "idle" and info.data.get("deterministic"):
            raise ValueError(
                "trainer.deterministic gives the same numbers each time, but other numbers of threads round otherwise; "
                "give trainer.threads a number, or leave it out"
            )
        return value

    @field_validator("strategy")
    @classmethod
    def _spreads(cls, value: str, info: ValidationInfo) -> str:
        if value == "ddp" and info.data.get("devices") in ("auto", 1) and info.data.get("num_nodes") == 1:
            raise ValueError("strategy ddp needs several devices: set trainer.devices to their number, or use auto")
        return value
