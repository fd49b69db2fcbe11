"""Show samples that a run predicted, from the files that it read: as pictures by the run's own scale, or as rows.

A process of its own, like `sample_process`, which may be started before there is a task for it. One RunTask arrives as
JSON on standard input, one RunSheet leaves as JSON on standard output.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
from PIL import Image

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError
from experiments.training.data import sources
from experiments.training.data.columns import column_roles
from experiments.training.data.files import cores, paths
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files, Folder
from experiments.training.data.image_files import Rendering
from experiments.training.data.images import image_faults, medmnist, pixels
from experiments.training.data.images.image_faults import ImageFault
from experiments.training.data.inspection import isolation, sample_process, table_samples
from experiments.training.data.inspection.sample_sheets import RunSample, RunSheet, RunTask
from experiments.training.data.tables import feature_tables, label_table
from experiments.training.data.tables.formats import opening

WAIT_SECONDS = 60  # for a task; readers who look at one page of pictures often ask for the next
GONE = "The run's data are not where they were, or no longer in a data root: put them back to see them here."
NO_IMAGES = "This run is of a version that did not note which files it read: only a table's rows can be shown."
WRITTEN_LATER = "it was written after the run read it, and may show something else now"
OTHER_SIZE = "it has another size than the file that the run read"
NOT_THERE = "it is no longer there"
NO_ROW = "The table has no row of that sample any more."


class KnownFiles(Folder):
    """Files of a folder that are known by name: opened one by one, without a look at all others."""

    def __init__(self, path: Path, root: Path, samples: list[RunSample], read_at: int | None) -> None:
        self.name = path.name
        self._path, self._root, self._read_at = path, root, read_at
        self._asked = {sample.file: sample.size for sample in samples if sample.file}
        self.sizes = {name: size or 0 for name, size in self._asked.items()}
        self.links: Mapping[str, str] = {}
        self.empty = ()
        self.stamp = ""

    def open(self, name: str) -> BinaryIO:
        """Open the file if it is the one that the run read; raises ImageFault, which says what it is instead."""
        try:
            path = (self._path / name).resolve(strict=True)
            if not path.is_relative_to(self._root):
                raise ImageFault("it leads outside the data root")
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # a FIFO would block for ever
        except (OSError, RuntimeError, ValueError) as error:
            raise error if isinstance(error, ImageFault) else ImageFault(NOT_THERE) from None
        file = os.fdopen(descriptor, "rb")
        if problem := _changed(os.fstat(descriptor), self._asked[name], self._read_at):
            file.close()
            raise ImageFault(problem)
        return file


def _changed(status: os.stat_result, size: int | None, read_at: int | None) -> str | None:
    """Say why a file is not the one that was read; None where nothing speaks against it."""
    if not stat.S_ISREG(status.st_mode):
        return "it is no regular file any more"
    if size is not None and status.st_size != size:
        return OTHER_SIZE
    return WRITTEN_LATER if read_at is not None and status.st_mtime_ns > read_at else None


def sheet(task: RunTask) -> RunSheet:
    """Make the sheet that the task asks for; raises SourceError, and what opening files may raise."""
    roots = [Path(folder) for folder in task.roots]
    path, root = paths.resolve(task.path, roots)
    if task.rendering is None:
        with sources.open_files(task.path, roots) as files:
            return _rows(files, task, path)
    rendering = msgspec.json.decode(task.rendering, type=Rendering)
    if path.is_dir():
        return _pictures(KnownFiles(path, root, task.samples, task.read_at), rendering, task)
    if problem := _changed(path.stat(), None, task.read_at):
        return RunSheet(problem=f"{path.name}: {problem}.")
    with sources.open_files(task.path, roots) as files:
        return _of_stacks(files, task) if files.kind == "npz" else _pictures(files, rendering, task)


def _pictures(files: Files, rendering: Rendering, task: RunTask) -> RunSheet:
    """Draw each sample's file, several at a time."""
    with ThreadPoolExecutor(cores.threads()) as pool:
        found = pool.map(partial(_draw, files, rendering, task), task.samples)
        told = zip(task.samples, found, strict=True)
        return RunSheet(problems={sample.place: problem for sample, problem in told if problem})


def _draw(files: Files, rendering: Rendering, task: RunTask, sample: RunSample) -> str | None:
    """Write the sample's picture, or return why that cannot be done."""
    name, mode = sample.file or "", sample_process.mode_of(rendering.channels)
    try:
        if files.sizes.get(name) is None:
            raise ImageFault(NOT_THERE)
        if sample.size is not None and files.sizes[name] != sample.size:
            raise ImageFault(OTHER_SIZE)
        decoded, _ = pixels.read(files, name, mode=mode, side=task.side)
        _write(pixels.placed(decoded, rendering.scale), mode, task, sample.place)
    except MemoryError:
        return "it needs too much memory"
    except Exception as error:  # Pillow's parsers and pydicom raise nearly anything on damaged files
        return image_faults.describe(error)
    return None


def _of_stacks(files: Files, task: RunTask) -> RunSheet:
    """Draw images of a file that holds them all."""
    numbers = {sample.id: at for at, sample in enumerate(medmnist.read(files, _options(task)).samples)}
    places = {numbers[sample.id]: sample.place for sample in task.samples if sample.id in numbers}
    for number, image in sample_process.unstacked(files, sorted(places)):
        _write(image, "L" if image.mode == "L" else "RGB", task, places[number])
    return RunSheet(problems={s.place: NOT_THERE for s in task.samples if s.id not in numbers})


def _write(image: Image.Image, mode: str, task: RunTask, place: int) -> None:
    sample_process.write_picture(image, mode, Path(task.folder) / f"{task.prefix}{place}.png", task.side)


def _rows(files: Files, task: RunTask, path: Path) -> RunSheet:
    """Find the samples' rows in the table that the run read."""
    name = feature_tables.find(files, _options(task).table)
    if name is None:
        return RunSheet(problem=NO_IMAGES)
    status = (path / name if path.is_dir() else path).stat()
    if problem := _changed(status, None, task.read_at):
        return RunSheet(problem=f"{name}: {problem}.")
    table = opening.open_table(files, name)
    ids = column_roles.find_in_rows(label_table.view_of(table), _options(task)).id
    texts = table.texts(ids) if ids else []
    if len(set(texts)) < table.rows:  # then the samples' ids are the numbers of their rows
        texts = [str(number + 1) for number in range(table.rows)]
    asked = {sample.id: sample.place for sample in task.samples}
    found = {asked[id_]: row for row, id_ in enumerate(texts) if id_ in asked}
    shown = [column for column in table.header if column][: table_samples.COLUMNS]
    cells = [np.asarray(table.texts(column), dtype=object)[list(found.values())] for column in shown]
    letters = table_samples.CELL_LETTERS
    rows = {place: [str(column[at])[:letters] for column in cells] for at, place in enumerate(found)}
    return RunSheet(columns=[column[:letters] for column in shown], rows=rows, problem=None if rows else NO_ROW)


def _options(task: RunTask) -> DataConfig:
    return DataConfig.model_validate(task.data)


def _answer(task: RunTask) -> RunSheet:
    """Make the sheet, turning anything wrong with the data into its `problem`."""
    try:
        return sheet(task)
    except SourceError as error:
        return RunSheet(problem=GONE if error.field == "source_path" else error.message)
    except READ_ERRORS:
        return RunSheet(problem=GONE)
    except MemoryError:
        return RunSheet(problem="Showing these samples needs more memory than is allowed.")


def main() -> None:
    """Run the process: read one task, write one sheet. It ends where none comes in time, or ever."""
    output = isolation.take_output()
    isolation.bound(address_space=sample_process.MEMORY_BYTES, cpu_seconds=sample_process.CPU_SECONDS)
    signal.alarm(WAIT_SECONDS)
    asked = sys.stdin.buffer.read()
    signal.alarm(0)
    if not asked:
        return
    task = msgspec.json.decode(asked, type=RunTask)
    output.write(msgspec.json.encode(_answer(task)))
    output.close()


if __name__ == "__main__":
    main()
