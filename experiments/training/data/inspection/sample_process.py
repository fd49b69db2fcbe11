"""Show some samples of a data set: small pictures, or a table's first rows and facts. A process of its own.

Images from outside are decoded here and nowhere in the web server, within limits of memory and time: a file that
crashes its parser, or grows without end, affects only this process. One task arrives as JSON on standard input, one
Sheet leaves as JSON on standard output.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np
from PIL import Image

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.source_errors import SourceError
from experiments.training.data import sources
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import Index, Sample
from experiments.training.data.images import image_faults, medmnist, pixels, survey
from experiments.training.data.images.survey import Inputs
from experiments.training.data.inspection import isolation, table_samples
from experiments.training.data.inspection.sample_sheets import FeatureSheet, Picture, Sheet, Task
from experiments.training.data.tables import feature_tables
from runs import atomic_files

SIDE = 160  # pixels of a picture's longer side
LEAST_OF_A_CLASS, MOST_CLASSES = 6, 12  # where a few of each are shown
INPUTS = "inputs.json"
MEMORY_BYTES = 4 * 2**30
CPU_SECONDS = 60

MakeSheet: TypeAlias = Callable[[Task], Sheet | FeatureSheet]


def sheet(task: Task) -> Sheet | FeatureSheet:
    """Make the sheet that the task asks for; raises SourceError, and what opening files may raise."""
    with sources.open_files(task.path, [Path(root) for root in task.roots]) as files:
        sources.require_stamp(files.stamp, task.stamp)
        table = feature_tables.find(files)
        if task.features:
            return (
                table_samples.features(files, table) if table else FeatureSheet(problem="This data set is not a table.")
            )
        return table_samples.rows(files, table) if table else pictures(files, task)


def pictures(files: Files, task: Task, classes: Sequence[str] | None = None) -> Sheet:
    """Write the requested pictures; `classes` replace the data's own class names."""
    config = TrainingConfig(experiment_name="samples", source_path=files.name or "data")
    index = sources.read(files, config)
    names = list(classes or index.classes)
    if task.label is not None and task.label not in names:
        raise SourceError("class", f"There is no class {task.label[:100]!r}.")
    wanted = None if task.label is None else names.index(task.label)
    of_class = [at for at, sample in enumerate(index.samples) if wanted is None or sample.label == wanted]
    places = _places(index, of_class, task)
    shown = {at: index.samples[at] for at in places}
    inputs = _inputs(files, index, config, task)
    drawn = _of_stacks(files, shown, inputs, task) if files.kind == "npz" else _of_files(files, shown, inputs, task)
    found = [
        Picture(number=at, id=sample.id, label=names[sample.label], split=sample.split, problem=drawn[at])
        for at, sample in shown.items()
    ]
    return Sheet(total=len(of_class), pictures=found)


def _places(index: Index, of_class: list[int], task: Task) -> list[int]:
    """Return which samples to show."""
    if task.ids:
        asked = set(task.ids)
        return [at for at, sample in enumerate(index.samples) if sample.id in asked]
    return _of_each_class(index, task.count) if task.by_class else of_class[task.start : task.start + task.count]


def _inputs(files: Files, index: Index, config: TrainingConfig, task: Task) -> Inputs:
    """Find out how a training would see the images, once for all pages of this version of the data set."""
    kept = Path(task.folder) / INPUTS
    if kept.is_file():
        return msgspec.json.decode(kept.read_bytes(), type=Inputs)
    seen = survey.look(files, [sample.file for sample in index.samples])
    found = survey.inputs(seen, config, len(index.samples))
    atomic_files.write(kept, msgspec.json.encode(found))
    return found


def _of_each_class(index: Index, count: int) -> list[int]:
    """Select the first samples of each of the first classes, class by class: about `count` together."""
    each = max(LEAST_OF_A_CLASS, count // len(index.classes))
    found: list[list[int]] = [[] for _ in index.classes[:MOST_CLASSES]]
    for at, sample in enumerate(index.samples):
        if sample.label < len(found) and len(found[sample.label]) < each:
            found[sample.label].append(at)
    return [at for places in found for at in places]


def _of_files(files: Files, shown: Mapping[int, Sample], inputs: Inputs, task: Task) -> dict[int, str | None]:
    """Write the samples' pictures and return each one's problem, None where it was written."""
    found: dict[int, str | None] = {}
    for at, sample in shown.items():
        try:
            decoded, _ = pixels.read(files, sample.file, mode=mode_of(inputs.channels), side=SIDE)
            _write(pixels.placed(decoded, inputs.scale), inputs, task, at)
            found[at] = None
        except MemoryError:
            found[at] = "it needs too much memory"
        except Exception as error:  # Pillow's parsers and pydicom raise nearly anything on damaged files
            found[at] = image_faults.describe(error)
    return found


def _of_stacks(files: Files, shown: Mapping[int, Sample], inputs: Inputs, task: Task) -> dict[int, str | None]:
    for at, image in unstacked(files, sorted(shown)):
        _write(image, inputs, task, at)
    return dict.fromkeys(shown)


def unstacked(files: Files, wanted: Sequence[int]) -> Iterator[tuple[int, Image.Image]]:
    """Yield the images at these positions of the index, which follows the order of the file."""
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


def mode_of(channels: int) -> str:
    """Return Pillow's mode of images with so many channels."""
    return "L" if channels == 1 else "RGB"


def _fitting(image: Image.Image, mode: str, side: int) -> Image.Image:
    """Shrink an image as a training sees it, keeping its proportions, to at most `side` pixels a side."""
    if image.mode == "F":
        image = Image.fromarray(np.asarray(image).clip(0, 255).round().astype(np.uint8))
    plain = image.convert("L" if image.mode == "L" else mode)
    plain.thumbnail((side, side), Image.Resampling.BILINEAR)
    return plain


def _write(image: Image.Image, inputs: Inputs, task: Task, number: int) -> None:
    write_picture(image, mode_of(inputs.channels), Path(task.folder) / f"{number}.png")


def write_picture(image: Image.Image, mode: str, path: Path, side: int = SIDE) -> None:
    """Write a small PNG whole or not at all, without the file's own metadata; at most `side` pixels a side."""
    small = _fitting(image, mode, side)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    Image.frombytes(small.mode, small.size, small.tobytes()).save(temporary, "PNG")
    temporary.replace(path)


def _answer(task: Task, make_sheet: MakeSheet) -> Sheet | FeatureSheet:
    """Make the sheet, turning anything wrong with the data into its `problem`."""
    nothing = FeatureSheet if task.features else Sheet
    try:
        return make_sheet(task)
    except SourceError as error:
        return nothing(problem=error.message)
    except READ_ERRORS as error:
        return nothing(problem=f"The data cannot be read: {error}.")
    except MemoryError:
        return nothing(problem="Showing these samples needs more memory than is allowed.")


def main(make_sheet: MakeSheet = sheet) -> None:
    """Run the process: read one task, write one sheet."""
    output = isolation.take_output()
    isolation.bound(address_space=MEMORY_BYTES, cpu_seconds=CPU_SECONDS)
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    output.write(msgspec.json.encode(_answer(task, make_sheet)))
    output.close()


if __name__ == "__main__":
    main()
