"""The files of a run's images, and how their values became grey: what it takes to show one of them again later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import Index
from experiments.training.data.images.pixel_scale import PixelScale
from experiments.training.data.images.survey import Inputs


@dataclass(frozen=True)
class Rendering:
    """How all images were read, and when that began, in nanoseconds since 1970: one written later is another.

    `modalities` are those of the DICOM files among those looked at; None in runs of versions that did not note them.
    """

    channels: int
    read_at: int
    scale: PixelScale = field(default_factory=PixelScale)
    modalities: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ImageFiles:
    """The name and the bytes of each sample's file in the source; None where one file holds the images of many."""

    names: Sequence[str | None]
    sizes: Sequence[int | None]
    rendering: Rendering


def of_index(files: Files, index: Index, inputs: Inputs, read_at: int) -> ImageFiles:
    """Describe the files of the samples, in their order."""
    names = [sample.file or None for sample in index.samples]
    sizes = [None if name is None else files.sizes[name] for name in names]
    return ImageFiles(names, sizes, Rendering(inputs.channels, read_at, inputs.scale, inputs.modalities))
