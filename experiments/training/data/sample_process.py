"""Some samples of a data set to look at: small pictures, or a table's first rows. A process of its own.

Images from outside are decoded here and nowhere in the web server, within bounds of memory and time: a file that
crashes its parser, or grows without end, costs this process alone. One task comes as JSON on standard input, one Sheet
goes as JSON to standard output.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from experiments.training.config import TrainingConfig
from experiments.training.data import (
    dicom,
    dicom_pixels,
    feature_tables,
    image_names,
    images,
    medmnist,
    parquet,
    sources,
    tables,
    verification,
)
from experiments.training.data.archives import READ_ERRORS
from experiments.training.data.errors import SourceError
from experiments.training.data.folders import Files
from experiments.training.data.index import Sample
from experiments.training.data.sample_sheets import Picture, Sheet, Task

SIDE = 160  # pixels of a picture's longer side
ROWS, COLUMNS, CELL_LETTERS = 10, 30, 200  # shown of a table
MEMORY_BYTES = 4 * 2**30
CPU_SECONDS = 60
NICENESS = 10


def sheet(task: Task) -> Sheet:
    """What was asked for; never raises for what may be wrong with data."""
    try:
        with sources.open_files(task.path, [Path(root) for root in task.roots]) as files:
            sources.require_stamp(files.stamp, task.stamp)
            if table := feature_tables.find(files):
                return _rows(files, table)
            return _pictures(files, task)
    except SourceError as error:
        return Sheet(problem=error.message)
    except READ_ERRORS as error:
        return Sheet(problem=f"The data cannot be read: {error}.")


def _rows(files: Files, name: str) -> Sheet:
    if name.lower().endswith(".parquet"):
        header = parquet.header(files, name)
        cells = parquet.columns(files, name, header[:COLUMNS])
        total, rows = len(cells[0]) if cells else 0, [list(row) for row in islice(zip(*cells, strict=True), ROWS)]
    else:
        header, *rows = list(islice(tables.records(files, name), ROWS + 1)) or [[]]
        total = max(0, sum(1 for _ in tables.records(files, name)) - 1)
    shown = [[cell[:CELL_LETTERS] for cell in row[:COLUMNS]] for row in rows]
    return Sheet(total=total, columns=[name[:CELL_LETTERS] for name in header[:COLUMNS]], rows=shown)


def _pictures(files: Files, task: Task) -> Sheet:
    config = TrainingConfig(experiment_name="samples", source_path=files.name or "data")
    index = sources.read(files, config)
    if task.label is not None and task.label not in index.classes:
        raise SourceError("class", f"There is no class {task.label[:100]!r}.")
    wanted = None if task.label is None else index.classes.index(task.label)
    of_class = [at for at, sample in enumerate(index.samples) if wanted is None or sample.label == wanted]
    shown = {at: index.samples[at] for at in of_class[task.start : task.start + task.count]}
    drawn = _of_stacks(files, shown, task) if files.kind == "npz" else _of_files(files, shown, task)
    pictures = [
        Picture(number=at, id=sample.id, label=index.classes[sample.label], split=sample.split, problem=drawn[at])
        for at, sample in shown.items()
    ]
    return Sheet(total=len(of_class), pictures=pictures)


def _of_files(files: Files, shown: Mapping[int, Sample], task: Task) -> dict[int, str | None]:
    """What is wrong with each of the samples, None for those whose picture was written."""
    dicom.require([sample.file for sample in shown.values()])
    found: dict[int, str | None] = {}
    for at, sample in shown.items():
        try:
            _write(_small(files, sample.file), task, at)
            found[at] = None
        except MemoryError:
            found[at] = "it needs too much memory"
        except Exception as error:  # Pillow's parsers and pydicom raise nearly anything on damaged files
            found[at] = verification.words(error)
    return found


def _of_stacks(files: Files, shown: Mapping[int, Sample], task: Task) -> dict[int, str | None]:
    for at, image in _unstacked(files, sorted(shown)):
        _write(image, task, at)
    return dict.fromkeys(shown)


def _unstacked(files: Files, wanted: Sequence[int]) -> Iterator[tuple[int, Image.Image]]:
    """The images at these places of the index, which has them in the order of the file."""
    left, at = list(wanted), 0
    for stack in medmnist.stacks(files).values():
        for content in medmnist.pixels(files, stack):
            block = np.frombuffer(content, np.uint8).reshape(-1, stack.height, stack.width, stack.channels)
            while left and left[0] < at + len(block):
                number = left.pop(0)
                pixels = block[number - at]
                yield number, Image.fromarray(pixels[..., 0] if stack.channels == 1 else pixels)
            at += len(block)
            if not left:
                return


def _small(files: Files, name: str) -> Image.Image:
    """As a training sees it, but in its own proportions; at most SIDE pixels a side."""
    if image_names.is_dicom(name):
        return _fitting(dicom_pixels.image(dicom.read(files, name)))
    with files.open(name) as file, verification.opened(file) as image:
        if image.mode.startswith(images.HIGH_DEPTH):
            return _fitting(images.eight_bit_range(image))
        image.draft(image.mode, (2 * SIDE, 2 * SIDE))  # JPEG: large ones at a fraction of their size
        return _fitting(image)


def _fitting(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        image = Image.fromarray(np.asarray(image).clip(0, 255).round().astype(np.uint8))
    grey = image.mode == "L" or image.mode.startswith("LA")
    plain = image.convert("L" if grey else "RGB")
    plain.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    return plain


def _write(image: Image.Image, task: Task, number: int) -> None:
    """Whole or not at all; nothing of the file's own metadata goes along."""
    small = _fitting(image)
    path = Path(task.folder) / f"{number}.png"
    temporary = path.with_name(f".{number}.{os.getpid()}.png")
    Image.frombytes(small.mode, small.size, small.tobytes()).save(temporary, "PNG")
    temporary.replace(path)


def _bound() -> None:
    """Whatever a file makes its parser do, the machine goes on."""
    os.nice(NICENESS)
    for kind, limit in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS)):
        hard = resource.getrlimit(kind)[1]
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (allowed, allowed))


def main() -> None:
    """The process: one task, one sheet."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no sheet
    _bound()
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    try:
        found = sheet(task)
    except MemoryError:
        found = Sheet(problem="These data need more memory than looking at them may take.")
    output.write(msgspec.json.encode(found))
    output.close()


if __name__ == "__main__":
    main()
