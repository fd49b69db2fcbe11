"""The recipe of every job on a finished run's model: call the module that carries it out, and send what it found.

That module has `run(job, report, stop)`, which returns the result as a dict of plain values, and leaves its files in
`job.run_dir`. It reports how far it is by `Note(code="progress", text=…)` and `Progress(done=…, total=…)`.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import torch

from experiments.training.callbacks.stopping import sigterm_sets
from experiments.training.contract.networks import network_catalogue
from experiments.training.contract.reports import Job, JobFile, JobResult, Reporter
from experiments.training.contract.stop import Stop
from experiments.training.recipes import centralized, cpu_threads

LOG = "train.log"
MOST_BYTES = 4 * 1024 * 1024
"""Of a result: it stands in the row of the job, and in each answer about it."""


def train(job: Job, report: Reporter, stop: Stop) -> None:
    """Carry out the job; never raises. The last message is the only `Outcome`."""
    with sigterm_sets(stop):
        report(centralized.conclusion(lambda: _carry_out(job, report, stop), stop))


def _carry_out(job: Job, report: Reporter, stop: Stop) -> None:
    torch.set_num_threads(cpu_threads.half())
    network_catalogue.install(job.networks)
    module: Any = importlib.import_module(job.task)
    result = module.run(job, report, stop)
    if (size := len(msgspec.json.encode(result))) > MOST_BYTES:
        raise ValueError(
            f"{job.task} has returned {size:,} bytes; what has more than {MOST_BYTES:,} belongs into a file"
        )
    report(JobResult(result=result, files=list(_files(Path(job.run_dir)))))


def _files(folder: Path) -> Iterator[JobFile]:
    """Yield the files of the result: those directly in the folder, without the log."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.is_symlink() and path.name != LOG:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            yield JobFile(name=path.name, bytes=path.stat().st_size, sha256=digest)
