"""Read images that the run never saw, by its own rules: size, channels, and the scale of its pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
import torch
from PIL import Image

from experiments.training.contract.image_options import MAX_IMAGE_SIZE
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files import cores, image_names
from experiments.training.data.files.folders import Files
from experiments.training.data.image_files import Rendering
from experiments.training.data.images import dicom, dicom_headers, image_faults, pixels
from experiments.training.data.images.headers import Header
from experiments.training.data.images.image_faults import ImageFault
from experiments.training.data.images.stored_values import StoredValues
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.given_files import GivenFile
from experiments.training.prediction.read_input import ReadInput
from experiments.training.prediction.trained_model import TrainedModel

EMPTY = "it is empty (0 bytes); copy it again"
FEWER = 4
"""How many times as many pixels an image has as the network gets, from where on that is said."""


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of an image file; sizes are those of the upright image, `notes` what people should know of it."""

    width: int
    height: int
    mode: str
    format: str
    bits: int
    modality: str | None = None
    notes: list[str] = []


def read_images(model: TrainedModel, files: Sequence[tuple[str, Path | BinaryIO]]) -> list[ReadInput]:
    """Read image files, each given by a name and a path or an open file, in their order.

    A value is uint8 (C, S, S). What is wrong with one of them is its `problem`, and changes nothing of the others.
    Raises ModelError if the model takes no images.
    """
    _require_images(model)
    if len(files) == 1:  # for which no thread is started
        return [_of_given(model, *files[0])]
    with ThreadPoolExecutor(min(cores.threads(), max(1, len(files))), thread_name_prefix="decoder") as pool:
        return list(pool.map(lambda pair: _of_given(model, *pair), files))


def read_files(model: TrainedModel, files: Files, names: Sequence[str]) -> list[ReadInput]:
    """Read images of an opened folder or archive as `read_images` does."""
    _require_images(model)
    with ThreadPoolExecutor(min(cores.threads(), max(1, len(names))), thread_name_prefix="decoder") as pool:
        return list(pool.map(lambda name: _read(model, files, name), names))


def of_pixels(model: TrainedModel, name: str, image: Image.Image) -> ReadInput:
    """Read a picture that is decoded already, of mode L or RGB, as one of an array."""
    header = Header(image.width, image.height, image.mode, "npz", 8, coloured=image.mode == "RGB")
    return ReadInput(name=name, value=_tensor(model, image), facts=_facts(header, list(_notes(model, header, image))))


def _require_images(model: TrainedModel) -> None:
    if model.inputs.image is None:
        raise ModelError("inputs", "The run learned from a table: give it rows, by the names of their columns.")


def _of_given(model: TrainedModel, name: str, given: Path | BinaryIO) -> ReadInput:
    try:
        return _read(model, GivenFile(name, given), name)
    except (ImageFault, OSError) as error:
        return _refused(name, image_faults.describe(error))


def _read(model: TrainedModel, files: Files, name: str) -> ReadInput:
    rendering, image = model.inputs.rendering, model.inputs.image
    assert rendering is not None  # noqa: S101  (those of images have both)
    assert image is not None  # noqa: S101
    try:
        _refuse(files, name)
        found, header = pixels.read(files, name, mode=image.mode, side=image.size)
        if problem := modality_problem(header, rendering):
            return _refused(name, problem)
        notes = list(_notes(model, header, found))
        value = _tensor(model, pixels.placed(found, rendering.scale))
    except MemoryError:
        return _refused(name, "it needs more memory than there is; save it smaller")
    except SourceError as error:
        return _refused(name, error.message)
    except Exception as error:  # Pillow's parsers and pydicom raise nearly anything on damaged files
        return _refused(name, image_faults.describe(error))
    return ReadInput(name=name, value=value, facts=_facts(header, notes))


def _refuse(files: Files, name: str) -> None:
    """Raise ImageFault for what no training would take for an image, and SourceError where DICOM cannot be read."""
    if not files.sizes[name]:
        raise ImageFault(EMPTY)
    if not image_names.is_image(name):
        with files.open(name) as file:
            if not dicom_headers.marked(file):
                known = ", ".join([*image_faults.NAMES.values(), "DICOM"])
                raise ImageFault(f"its name does not end as that of an image, and it is no DICOM file; give {known}")
    dicom.require([name])


def modality_problem(header: Header, rendering: Rendering) -> str | None:
    """Say why a scan of another kind than the run learned from is not read; None where it is of the same."""
    if not header.modality or not rendering.modalities or header.modality in rendering.modalities:
        return None
    return (
        f"it is a DICOM file of modality {header.modality}, and the run learned from "
        f"{' and '.join(rendering.modalities)} alone, so that its scores would mean nothing; give such files, or train "
        "a run on this modality"
    )


def _tensor(model: TrainedModel, image: Image.Image) -> torch.Tensor:
    channels, size, _ = model.input_shape
    return torch.from_numpy(np.array(pixels.to_array(image, size=size, channels=channels), order="C"))


def _facts(header: Header, notes: list[str]) -> dict[str, Any]:
    facts = ImageFacts(
        width=header.width,
        height=header.height,
        mode=header.mode,
        format=header.format,
        bits=header.bits,
        modality=header.modality or None,
        notes=notes,
    )
    return msgspec.structs.asdict(facts)


def _notes(model: TrainedModel, header: Header, found: Image.Image | StoredValues) -> Iterator[str]:
    """Say what became of the image on its way to the network, as far as that is not plain."""
    channels, size, _ = model.input_shape
    if (header.width, header.height) != (size, size):
        yield _resized(header, size)
    if header.coloured and channels == 1:
        yield "Its colours became grey: the network gets grey images."
    elif channels > 1 and not header.coloured:
        yield "It is grey, and was given to the network as colours."
    if header.turned:
        yield "It was turned upright, as its EXIF orientation says."
    if header.transparent:
        yield "What is transparent became white."
    if header.white_zero:
        yield "It is a TIFF that says that 0 is white, and was inverted."
    if header.frames:
        yield "It has several frames, of which the first alone was read."
    if isinstance(found, StoredValues):
        yield from _scale_notes(model, found)


def _resized(header: Header, size: int) -> str:
    text = f"It was resized from {header.width} x {header.height} to {size} x {size} pixels."
    if header.width != header.height:
        text = text[:-1] + ", which changes its proportions, as in the training."
    if header.width * header.height > FEWER * size**2 and size < MAX_IMAGE_SIZE:
        text += f" 1 of {header.width * header.height / size**2:,.0f} of its pixels is left."
    return text


def _scale_notes(model: TrainedModel, found: StoredValues) -> Iterator[str]:
    """Say how values became grey that have no place of their own between black and white."""
    assert model.inputs.rendering is not None  # noqa: S101
    scale = model.inputs.rendering.scale
    chosen = scale.of(found)
    span = f"{chosen.low:,.10g} became black and {chosen.high:,.10g} white"
    if found.kind not in dict(scale.ranges):
        yield (
            f"Its values are those of {found.kind.name}, of which the run knew none: they were scaled by this file "
            f"alone ({span}). Scores of such files mean little; give files like those that the run learned from."
        )
    elif scale.left_by(found):
        extremes = found.extremes()
        yield (
            f"Its values, from {extremes.low:,.10g} to {extremes.high:,.10g}, reach far beyond those that the run "
            f"learned from: {span}, and what lies outside with them."
        )
    else:
        yield f"Of its values {span}, as in the training."


def _refused(name: str, problem: str) -> ReadInput:
    return ReadInput(name=name, problem=f"{name} was not read: {problem}.")
