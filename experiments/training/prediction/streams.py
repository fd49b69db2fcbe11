"""Read what somebody points at, a file, folder, archive or table, a few inputs at a time, whatever there is of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.source_forms import SUFFIXES, TABLES
from experiments.training.contract.splits import SPLITS
from experiments.training.data import sources
from experiments.training.data.arrangement import listing
from experiments.training.data.files import image_names
from experiments.training.data.files.folders import Files
from experiments.training.data.images import medmnist
from experiments.training.data.tables import feature_tables
from experiments.training.data.tables.formats import opening
from experiments.training.prediction import images, rows
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.read_input import ReadInput
from experiments.training.prediction.table_rows import row_ids
from experiments.training.prediction.trained_model import TrainedModel

AT_ONCE = 256  # inputs


class PlaceToRead(msgspec.Struct, frozen=True, kw_only=True):
    """What to read: the absolute `path`, called `name`, and where it is a data set with `stamp`, below `roots`."""

    name: str
    path: str
    roots: list[str] = []
    stamp: str | None = None


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Some inputs of one place, and how many it has in all, None where that is not known yet."""

    place: str
    inputs: list[ReadInput]
    total: int | None


def read(model: TrainedModel, place: PlaceToRead) -> Iterator[Batch]:
    """Read the inputs of one place in order; labels that it may have are not looked at.

    What is wrong with one of them is its problem. Raises SourceError for a place that cannot be read at all.
    """
    path = Path(place.path)
    if not path.is_dir() and path.suffix.lower() not in SUFFIXES:
        yield _file(model, place, path)
        return
    roots = [Path(root) for root in place.roots] or [path if path.is_dir() else path.parent]
    with sources.open_files(place.path, roots) as files:
        sources.require_stamp(files.stamp, place.stamp)
        try:
            yield from _of_files(model, place.name, files)
        except ModelError as error:
            raise SourceError(error.field, error.message) from error


def _file(model: TrainedModel, place: PlaceToRead, path: Path) -> Batch:
    if model.kind != "image":
        known = ", ".join(TABLES)
        problem = f"{place.name} was not read: the run learned from a table; give one that ends in {known}."
        return Batch(place=place.name, inputs=[ReadInput(name=path.name, problem=problem)], total=1)
    [found] = images.read_images(model, [(path.name, path)])
    return Batch(place=place.name, inputs=[found], total=1)


def _of_files(model: TrainedModel, name: str, files: Files) -> Iterator[Batch]:
    if files.kind == "npz":
        return _of_arrays(model, name, files)
    table = feature_tables.find(files)
    if table is not None and model.kind == "table":
        return _of_table(model, name, files, table)
    if model.kind == "table":
        raise SourceError(
            "source_path", f"{name} has no table, and the run learned from one; name a CSV or Parquet file."
        )
    return _of_images(model, name, files)


def _of_images(model: TrainedModel, name: str, files: Files) -> Iterator[Batch]:
    found = listing.read(files, DataConfig(ignore=[])).images
    if not found:
        kinds = ", ".join(sorted(image_names.EXTENSIONS))
        raise SourceError(
            "source_path", f"{name} has no image; these are read: {kinds}, and DICOM without one of them."
        )
    for start in range(0, len(found), AT_ONCE):
        read_now = images.read_files(model, files, found[start : start + AT_ONCE])
        yield Batch(place=name, inputs=read_now, total=len(found))


def _of_arrays(model: TrainedModel, name: str, files: Files) -> Iterator[Batch]:
    stacks = medmnist.stacks(files)
    total = sum(stack.count for stack in stacks.values())
    for split in (split for split in SPLITS if split in stacks):
        stack, at = stacks[split], 0
        for content in medmnist.pixels(files, stack):
            shown = np.frombuffer(content, np.uint8).reshape(-1, stack.height, stack.width, stack.channels)
            for start in range(0, len(shown), AT_ONCE):
                part = shown[start : start + AT_ONCE]
                grey = part[..., 0] if stack.channels == 1 else part
                found = [
                    images.of_pixels(model, f"{split}/{at + number}", Image.fromarray(image))
                    for number, image in enumerate(grey)
                ]
                at += len(part)
                yield Batch(place=name, inputs=found, total=total)


def _of_table(model: TrainedModel, name: str, files: Files, table_name: str) -> Iterator[Batch]:
    table = opening.open_table(files, table_name)
    encoding, ids = rows.encoded(model, table), row_ids(model, table)
    extra = rows.unused(model, table.header)
    for start in range(0, len(ids), AT_ONCE):
        part: Sequence[str] = ids[start : start + AT_ONCE]
        found = encoding.inputs(part, [extra] * len(part), first=start)
        yield Batch(place=name, inputs=found, total=len(ids))
