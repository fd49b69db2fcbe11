"""What requests about a run's model files are answered with. See `experiments.model_files`."""

from __future__ import annotations

from typing import Literal, TypedDict

from experiments.shapes.model_job_shapes import ModelJobSummary


class DecidesBy(TypedDict):
    """What a model file has beside the network: attempt, threshold, log-odds where scores tie, and Platt's numbers."""

    attempt: int
    threshold: float | None
    log_odds: float | None
    recalibration: dict[str, float] | None


class ModelFileLinks(TypedDict):
    """Where the file is downloaded, alone or as a zip with a script and a text."""

    file: str
    package: str


class ModelFile(TypedDict):
    """One model file; `kind` says what it takes.

    `deviation` is by how much its scores differed at most from the network's own, on `samples` made-up inputs.
    """

    model_job_id: int
    name: str
    format: Literal["onnx", "pt2"]
    kind: Literal["image", "table"]
    bytes: int
    sha256: str
    licence: str
    decides_by: DecidesBy
    outdated: bool
    deviation: float
    samples: int
    created_at: str | None
    links: ModelFileLinks


class ModelFiles(TypedDict):
    """The files of a run, the newest first, what it decides by now, and the jobs that write further ones."""

    run_id: int
    decides_by: DecidesBy
    files: list[ModelFile]
    jobs: list[ModelJobSummary]


class AskedModelFile(TypedDict):
    """The file where there is one as asked for, else the job that writes it."""

    run_id: int
    file: ModelFile | None
    job: ModelJobSummary | None
