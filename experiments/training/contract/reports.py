"""What passes between a training process and its supervisor: the job down, events and these reports up.

Events (`runs.events`) become public; the reports here are for the supervisor alone. Pure: no Django, no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import msgspec

from experiments.training.contract.preflight_report import Preflight
from experiments.training.model_source import ModelSource
from runs.events import Event
from runs.statistics.recalibration.methods import Recalibration

TOGETHER = 1_000
"""Messages that are sent, read and stored together, in one transaction: where so many wait, none waits for more."""


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of what a training sends its supervisor besides events."""

    type: ClassVar[str]


class CheckpointSaved(Report, frozen=True, kw_only=True):
    """A whole epoch's state is safely on disk. Paths are relative to the run's folder.

    `last` continues the training after `epoch`, the last complete one; `best` is the best so far by `monitor`.
    `step` counts the optimizer steps up to there. Short epochs are not all saved: one of several is.
    """

    type: ClassVar[str] = "checkpoint_saved"
    epoch: int
    step: int
    last: str
    best: str | None


class BestValues(Report, frozen=True, kw_only=True):
    """Best values up to now, each with the epoch it belongs to; sent after each complete epoch."""

    type: ClassVar[str] = "best_values"
    best_epoch: int | None
    best_value: float | None
    best_val_recall: float | None
    best_val_recall_epoch: int | None
    best_val_loss: float | None
    best_val_loss_epoch: int | None
    total_epochs: int


class Note(Report, frozen=True, kw_only=True):
    """A warning that stays with the run, e.g. code `diverged`."""

    type: ClassVar[str] = "note"
    code: str
    text: str


class Thinned(Report, frozen=True, kw_only=True):
    """How many events of each type were left out since the last such report: more came than could be stored."""

    type: ClassVar[str] = "thinned"
    events: dict[str, int]


class Execution(Report, frozen=True, kw_only=True):
    """What really carries out an attempt, where its configuration says `auto` or asks for what the machine lacks.

    `precision` is Lightning's name of it, `compute_type` the type of most products; TF32 rounds the factors of 32-bit
    ones to 10 binary digits, which newer GPUs do in convolutions by default. All three are those of the training; the
    best checkpoint is evaluated in `evaluation_precision`, without TF32. `batch_size` is that of one process,
    `samples_per_step` that of all of them in one step of the optimizer. `loss_weights` has one weight per class, null
    where there are very many or a network computes its own loss.
    """

    type: ClassVar[str] = "execution"
    accelerator: str
    device: str
    processes: int
    nodes: int
    precision: str
    compute_type: str
    evaluation_precision: str
    tf32_convolutions: bool
    tf32_products: bool
    threads: int
    loader_processes: int
    batch_size: int
    samples_per_step: int
    deterministic: bool
    sync_batchnorm: bool
    loss_weights: list[float] | None
    versions: dict[str, str]


class Recalibrated(Report, frozen=True, kw_only=True):
    """How scores become probabilities, fitted on the validation split after the evaluation."""

    type: ClassVar[str] = "recalibrated"
    found: Recalibration


class PreflightReady(Report, frozen=True, kw_only=True):
    """The pre-flight report, sent by a dry run."""

    type: ClassVar[str] = "examined"
    report: Preflight


class Progress(Report, frozen=True, kw_only=True):
    """How far a job on a finished run's model is: `done` of `total` units, which is null while it is not known."""

    type: ClassVar[str] = "job_progress"
    done: int
    total: int | None = None


class JobFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that a job on a model has left in its folder."""

    name: str
    bytes: int
    sha256: str


class JobResult(Report, frozen=True, kw_only=True):
    """What a job on a finished run's model has found, sent once by its process, with the files of the result."""

    type: ClassVar[str] = "job_result"
    result: dict[str, Any]
    files: list[JobFile]


class TrainingStopped(Report, frozen=True, kw_only=True):
    """Training has stopped early as requested; the evaluation, which may take long, is still to come."""

    type: ClassVar[str] = "training_stopped"


class Outcome(Report, frozen=True, kw_only=True):
    """The last message of a training; without it the training failed, whatever its exit code.

    `interrupted` means that it stopped as requested; its last complete epoch is in the registered checkpoint. `reason`
    is a sentence for the user; the traceback is in `train.log`.
    """

    type: ClassVar[str] = "outcome"
    status: str  # "completed", "failed" or "interrupted"
    reason: str | None


REPORT_TYPES: dict[str, type[Report]] = {
    cls.type: cls
    for cls in (
        CheckpointSaved,
        BestValues,
        Note,
        Thinned,
        Execution,
        Recalibrated,
        PreflightReady,
        Progress,
        JobResult,
        TrainingStopped,
        Outcome,
    )
}

Message: TypeAlias = Event | Report
Reporter: TypeAlias = Callable[[Message], object]
"""Sends a message of the training: cheap, never blocks, never fails. In a test: `messages.append`."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of one run, as its training process gets it. All paths are absolute.

    Where the run names a data set, `source_path` in `config` is its place, `data_roots` contain it, its files must
    still have `stamp`, and `content_hash` is its version.
    """

    run_id: int
    attempt: int
    config: dict[str, object]  # a dumped TrainingConfig
    run_dir: str  # <home>/runs/<id>; the process writes below it
    datasets_dir: str  # where built-in data sets are exported once and decoded images cached, shared by runs
    data_roots: list[str]  # folders that source_path may name
    models_dir: str = ""  # the folder that model.weights_file is looked for in
    networks: list[str] = []  # a team's custom networks: package.module:SPEC of each
    cache_bytes: int = 0  # how much decoded images may take on disk; 0 keeps none
    keep_pictures: bool = True  # whether small pictures of the worst errors become a file of the run
    resume_from: str | None = None  # checkpoint of the last complete epoch
    resumed_from_epoch: int | None = None
    stamp: str | None = None  # of the files, which must not have changed since
    content_hash: str | None = None  # of the files' names and contents
    gpus: list[str] | None = None  # for CUDA_VISIBLE_DEVICES; None leaves it as it is
    ranks: int = 1  # number of processes that carry it out together, on all machines
    rank: int = 0  # number of this process; only rank 0 reports and writes files
    nodes: int = 1  # number of machines, with equally many ranks each
    node: int = 0  # number of this machine
    meeting_address: str = "127.0.0.1"  # where several ranks connect: an address of the first machine
    meeting_port: int = 0
    meeting_socket: int | None = None  # rank 0: the file descriptor that listens there
    model: ModelSource | None = None  # of a job on a finished run's model: that model
    task: str = ""  # of such a job: the dotted name of the module that carries it out
    options: dict[str, Any] = {}  # of such a job: what was asked for

    @property
    def local_ranks(self) -> int:
        """The number of processes on each machine."""
        return self.ranks // self.nodes

    @property
    def device(self) -> str:
        """Where a job on a finished run's model computes, as torch names it: on the CPU unless it was given a GPU."""
        return "cuda:0" if self.gpus else "cpu"


__all__ = [
    "REPORT_TYPES",
    "BestValues",
    "CheckpointSaved",
    "Execution",
    "Job",
    "JobFile",
    "JobResult",
    "Message",
    "Note",
    "Outcome",
    "PreflightReady",
    "Progress",
    "Recalibrated",
    "Report",
    "Reporter",
    "Thinned",
    "TrainingStopped",
]
