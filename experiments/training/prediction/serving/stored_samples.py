"""Read again what a run has read: single samples, or rows of its table, from where its data lie now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from experiments.training.contract.reports import Job
from experiments.training.data import builtins, sources
from experiments.training.data.files import catalogue, paths
from experiments.training.data.files.folders import Files, Folder
from experiments.training.data.images import medmnist
from experiments.training.data.inspection import sample_process
from experiments.training.data.inspection.run_sample_process import GONE, NOT_THERE, OTHER_SIZE, KnownFiles
from experiments.training.data.inspection.sample_sheets import RunSample
from experiments.training.prediction import datasets, images
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.read_input import ReadInput
from experiments.training.prediction.serving.messages import StoredData
from experiments.training.prediction.trained_model import TrainedModel

SAMPLE = "sample"
NO_ROW = "The table no longer has the sample {id}; put the data back as they were."


def read_sample(model: TrainedModel, data: StoredData, *, id_: str, file: str | None, size: int | None) -> ReadInput:
    """Read one sample as the training did. Raises ModelError and SourceError where it is not there any more.

    `file` is that of an image, of `size` bytes; an image without one is in an array with others.
    """
    if model.kind == "table":
        return ReadInput(name=id_, value=read_rows(model, data, [id_])[0], facts={})
    if catalogue.find(data.source_path) is not None:
        folder = builtins.export_digits(Path(data.datasets_dir)).resolve()
        return _of_file(model, Folder(folder, folder), file, None)
    roots = [Path(root) for root in data.roots]
    path, root = paths.resolve(data.source_path, roots)
    if file is not None and path.is_dir():
        asked = RunSample(place=0, id=id_, file=file, size=size)
        return _of_file(model, KnownFiles(path, root, [asked], data.read_at), file, size)
    with sources.open_files(data.source_path, roots) as files:
        sources.require_stamp(files.stamp, data.stamp)
        return _of_array(model, files, id_) if files.kind == "npz" else _of_file(model, files, file, size)


def read_rows(model: TrainedModel, data: StoredData, ids: Sequence[str]) -> Tensor:
    """Read rows of the table by their samples' ids, (N, F). Raises ModelError and SourceError."""
    job = Job(
        run_id=model.source.run_id,
        attempt=model.source.attempt,
        config={**model.source.config, "source_path": data.source_path},
        run_dir=model.source.folder,
        datasets_dir=data.datasets_dir,
        data_roots=data.roots,
        stamp=data.stamp,
    )
    found = datasets.read_dataset(model, job, labels=False)
    places = {id_: place for place, id_ in enumerate(found.sample_ids)}
    for id_ in ids:
        if id_ not in places:
            raise ModelError(SAMPLE, found.problems.get(id_) or NO_ROW.format(id=id_))
    return found.inputs[torch.tensor([places[id_] for id_ in ids], dtype=torch.int64)]


def _of_file(model: TrainedModel, files: Files, file: str | None, size: int | None) -> ReadInput:
    """Read an image with a file of its own."""
    if file is None or files.sizes.get(file) is None:
        raise ModelError(SAMPLE, f"{file or 'The image'}: {NOT_THERE}. {GONE}")
    if size is not None and files.sizes[file] != size:
        raise ModelError(SAMPLE, f"{file}: {OTHER_SIZE}. {GONE}")
    [read] = images.read_files(model, files, [file])
    return read


def _of_array(model: TrainedModel, files: Files, id_: str) -> ReadInput:
    """Read an image out of an array that holds many, by the name of its split and its number there."""
    before = 0
    for split, stack in medmnist.stacks(files).items():
        name, _, number = id_.partition("/")
        if name == split and number.isdecimal() and int(number) < stack.count:
            for _, image in sample_process.unstacked(files, [before + int(number)]):
                return images.of_pixels(model, id_, image)
        before += stack.count
    raise ModelError(SAMPLE, f"{id_}: {NOT_THERE}. {GONE}")
