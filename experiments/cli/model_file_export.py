"""Write a run's model into a file without a worker: what `manage.py export RUN --format …` does."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from experiments.cli.chosen_run import in_words
from experiments.model_files import package
from experiments.model_files.file_names import PACKAGE, SUFFIXES
from experiments.model_files.run_facts import facts_of
from experiments.model_jobs.build import job_of
from experiments.trained_models.sources import source_of
from experiments.training.contract import environment
from experiments.training.contract.reports import Job
from experiments.training.exporting.file_request import FileRequest, Format
from runs.models import Run

PROCESS = "experiments.training.recipes.model_file_process"


class NotExported(Exception):
    """There is no file, as the sentence says."""


def export(run: Run, file_format: Format, licence: str, output: Path | None) -> Path:
    """Write the file, or with the ending .zip the archive, and return where it is.

    Raises NotExported, and CommandError where the model cannot be had.

    `output` is a file or a folder, by default the present one.
    """
    name = f"run-{run.pk}{SUFFIXES[file_format]}"
    target = _target(output, name)
    with _started() as process, tempfile.TemporaryDirectory(dir=target.parent, prefix=".model-file-") as folder:
        request = FileRequest(name=name, format=file_format, facts=facts_of(run, licence))
        result = _written(process, _job(run, Path(folder), request))
        made = Path(folder, name)
        if target.suffix == PACKAGE:
            made = _packed(made, package.About(run.pk, run.experiment_name, run.attempt, licence, **result))
        made.replace(target)
    return target


def _target(output: Path | None, name: str) -> Path:
    path = (output or Path()).expanduser().absolute()
    target = path / name if path.is_dir() else path
    if not target.parent.is_dir():
        raise NotExported(f"There is no folder {target.parent}: make it, or name another file with --output.")
    if target.suffix not in (Path(name).suffix, PACKAGE):
        raise NotExported(f"--output names {target.name}: let it end in {Path(name).suffix}, or in {PACKAGE}.")
    return target


def _job(run: Run, folder: Path, request: FileRequest) -> Job:
    with in_words(run):
        source = source_of(run)
    return job_of(source, folder=folder, attempt=run.attempt, options=msgspec.to_builtins(request))


@contextmanager
def _started() -> Iterator[subprocess.Popen[bytes]]:
    """Start the process that writes the file, which loads PyTorch while this one reads what the file says."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", PROCESS],
        cwd=settings.BASE_DIR,
        env=environment.cleaned(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()  # which does nothing to one that has ended


def _written(process: subprocess.Popen[bytes], job: Job) -> dict[str, Any]:
    output, _ = process.communicate(msgspec.json.encode(job))
    if process.returncode:
        raise NotExported(f"No file was written: the process that writes it ended with code {process.returncode}.")
    result: dict[str, Any] = msgspec.json.decode(output)
    return result


def _packed(model: Path, about: package.About) -> Path:
    with model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    path = model.with_suffix(PACKAGE)
    package.write(path, model, package.texts(model.name, about, digest))
    return path
