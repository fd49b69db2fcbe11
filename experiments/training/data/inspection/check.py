"""Check a data set before anyone trains on it, in its own process: find its version, size and classes.

Files from outside are opened here and nowhere in the server: a parser that crashes or fills the memory affects only
this process, it does not compete with live pages, and it can be ended at any moment.

A task arrives as a line of JSON on standard input, reports leave as lines of JSON on standard output. The end of the
input, which the death of the other side causes too, ends the process.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path

import msgspec

from experiments.training.contract.check_reports import Finding, Progress, Refusal, Report, Task
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.source_errors import SourceError
from experiments.training.data import sources
from experiments.training.data.files.content_hash import content_hash
from experiments.training.data.files.folders import Files
from experiments.training.data.images import verification
from experiments.training.data.inspection import isolation
from experiments.training.data.tables import feature_tables


def check_data_set(task: Task, report: Callable[[Report], object]) -> None:
    """Check the data set and report; the last report is a Finding or a Refusal."""
    try:
        report(_found(task, report))
    except SourceError as error:
        report(Refusal(message=error.message))
    except OSError as error:
        report(Refusal(message=f"The data cannot be read: {error.strerror or type(error).__name__}."))


def _found(task: Task, report: Callable[[Report], object]) -> Finding:
    if task.sha256:
        _require_intact(Path(task.path), task.sha256)
    roots = [Path(root) for root in task.roots]
    with sources.open_files(task.path, roots) as files:
        count, size = len(files.sizes), sum(files.sizes.values())
        report(Progress(files=count, size=size, files_done=0, bytes_done=0))
        digest = content_hash(
            files, lambda done, read: report(Progress(files=count, size=size, files_done=done, bytes_done=read))
        )
        classes, problem = _classes(files)
        layout, stamp = files.kind, files.stamp
    with sources.open_files(task.path, roots) as again:
        if again.stamp != stamp:
            raise SourceError("source_path", "The data changed while they were read; check them when all is written.")
    return Finding(
        layout=layout, files=count, size=size, content_hash=digest, stamp=stamp, classes=classes, problem=problem
    )


def _require_intact(path: Path, announced: str) -> None:
    with path.open("rb") as file:
        found = file_digest(file, "sha256").hexdigest()
    if found != announced:
        raise SourceError(
            "source_path", f"The file arrived with the sha256 {found} instead of {announced}; upload it again."
        )


def _classes(files: Files) -> tuple[list[tuple[str, int]] | None, str | None]:
    """Count the samples of each class with default options; (None, problem) where these do not fit."""
    config = TrainingConfig(experiment_name="examination", source_path=files.name or "data")
    try:
        index = sources.read(files, config)
        if not feature_tables.find(files) and (images := index.files):
            verification.check(files, images)
    except SourceError as error:
        return None, error.sentence
    return list(index.counts.items()), None


def main() -> None:
    """Run the process: read one task, write its reports, end."""
    output = isolation.take_output()
    isolation.bound(memory=isolation.half_of_the_memory())
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    threading.Thread(target=_end_with_input, name="input", daemon=True).start()

    def write(report: Report) -> None:
        output.write(msgspec.json.encode(report) + b"\n")
        output.flush()

    try:
        check_data_set(task, write)
    except MemoryError:
        write(Refusal(message="The machine ran out of memory while the data were read."))
    except Exception as error:
        traceback.print_exc()
        write(Refusal(message=f"The data cannot be read ({type(error).__name__}: {error})."))


def _end_with_input() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
