"""What a request for a training is answered with, and what can be trained. See `experiments.api`."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from experiments.shapes.dataset_shapes import BuiltinSummary
from experiments.training.contract.preflight_report import Preflight
from runs.events import Status


class Accepted(TypedDict):
    """The queued runs: one, or one for each fold; `run_id` and `status` are those of the first."""

    run_id: int
    status: Status
    run_ids: list[int]
    group_id: int | None
    links: dict[str, str]


class PreflightState(TypedDict):
    """A pre-flight report as far as it has come; when it has ended, `report` or `problem` is set."""

    preflight_id: int
    status: str
    progress: str | None
    problem: str | None
    report: Preflight | None
    config: dict[str, Any]
    experiment_name: str
    owner: str
    project: str
    project_id: int
    may_cancel: bool
    created_at: str
    ended_at: str | None
    links: dict[str, str]


class NetworkDescription(TypedDict):
    """A network that `model.name` may name; `options` is a JSON schema."""

    name: str
    title: str
    description: str
    inputs: str
    channels: list[int]
    builds: str
    min_image_size: int | None
    blocks: list[str]
    options: dict[str, Any]
    available: bool
    install: str | None


class Networks(TypedDict):
    """All networks."""

    models: list[NetworkDescription]


class MetricOption(TypedDict):
    """An option of a metric; `allowed` says in words what it takes."""

    name: str
    allowed: str
    required: bool
    default: Any
    choices: list[Any] | None


class MetricDescription(TypedDict):
    """A metric that `callbacks.metrics` may name; `options` by kind of task."""

    name: str
    direction: str | None
    options: dict[str, list[MetricOption]]


class Metrics(TypedDict):
    """The metrics of the installed torchmetrics; null until a worker has listed them."""

    version: str | None
    metrics: list[MetricDescription] | None


class OptionField(TypedDict):
    """An option of a training; `kinds` are the accepted forms with their choices and bounds."""

    path: str
    title: str
    help: str
    unit: str | None
    blank: str | None
    first: bool
    required: bool
    default: Any
    kinds: list[dict[str, Any]]
    extended_by: str | None
    nullable: bool


class OptionGroup(TypedDict):
    """A group of options."""

    name: str
    title: str
    help: str
    fields: list[OptionField]


class TestShare(TypedDict):
    """The share that the form keeps for the test, from so many samples on."""

    share: float
    least: Any


class Options(TypedDict):
    """All options of a training, the built-in data, and the files of starting weights."""

    groups: list[OptionGroup]
    network_options: dict[str, list[OptionField]]
    directions: dict[str, Literal["min", "max"] | None]
    builtins: list[BuiltinSummary]
    weights: list[Any]
    test_share: TestShare
    may_hurry: bool
