"""Look at a spread sample of a data set's images: what their values are, and which size and colours suit them.

The sample is the same in every process that reads the data set, so that all come to the same numbers; its cost does not
grow with the data set.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from statistics import median_low
from typing import NamedTuple

import numpy as np
from PIL import Image

from experiments.training.contract import image_inputs
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.networks import network_catalogue
from experiments.training.data.files import cores
from experiments.training.data.files.folders import Files
from experiments.training.data.images import dicom, headers, medmnist, pixel_scale, pixels, verification
from experiments.training.data.images.headers import Header
from experiments.training.data.images.pixel_scale import Ends, Extremes, PixelScale
from experiments.training.data.images.stored_values import StoredValues

HEADERS = 500  # files whose headers are read
VALUES = 128  # files, of those whose values need a scale, that are decoded
FEWEST_VALUES = 16  # of them, however large they are
PIXELS = 2**28  # decoded for that
SHOWN = 64  # files, of those that need no scale, that are decoded
SIDE = 64  # pixels that suffice to tell colour
TINT = 12  # levels between red, green and blue of one pixel that no compression of grey makes
TINTED = 0.01  # share of the pixels that make an image one in colour
ASKED = "as the request says"
COLOURED = 20  # one image in so many in colour makes a data set in colour


@dataclass(frozen=True)
class Survey:
    """What the images looked at are: their headers, how many of `tried` are in colour, and the data set's scale.

    `plain` are the lowest and the highest value of those that need no scale, None where there are none.
    """

    headers: Sequence[Header]
    tried: int
    coloured: int
    scale: PixelScale
    plain: Ends | None = None

    @property
    def side(self) -> int:
        """The median of the images' shorter sides, in pixels."""
        return median_low([min(header.width, header.height) for header in self.headers] or [image_inputs.SIZES[0]])

    @property
    def in_colour(self) -> bool:
        """Whether enough of the images are in colour."""
        return self.coloured * COLOURED > self.tried


class Look(NamedTuple):
    """Whether one image is in colour, and its lowest and highest value if it needs no scale."""

    tinted: bool
    ends: Ends | None


@dataclass(frozen=True)
class Inputs:
    """What becomes of every image: the size in pixels, the channels, the scale; and why these.

    `modalities` are those of the DICOM files looked at.
    """

    size: int
    channels: int
    scale: PixelScale
    size_why: str = ""
    channels_why: str = ""
    modalities: tuple[str, ...] = ()


def look(files: Files, names: Sequence[str], *, ct_window: Sequence[float] | None = None) -> Survey:
    """Look at images of the data set; those that cannot be read are passed over, and reported by decoding them."""
    if files.kind == "npz":
        return _of_stacks(files)
    dicom.require(names)
    with ThreadPoolExecutor(cores.threads(), thread_name_prefix="survey") as pool:
        sample = verification.spread(names, HEADERS)
        read = pool.map(lambda name: _header(files, name), sample)
        known = [(name, header) for name, header in zip(sample, read, strict=True) if header]
        deep = pool.map(lambda name: _extremes(files, name), _affordable(known))
        extremes = [found for found in deep if found]
        tried = verification.spread(known, SHOWN)
        whole = [name for name, header in tried if header.coloured or not header.deep]
        ready = pool.map(lambda name: _look(files, name), whole)
        shown = [one for one in ready if one]
    scale = pixel_scale.made_of(extremes, _ends(ct_window))
    return _survey([header for _, header in known], len(tried), shown, scale)


def inputs(found: Survey, config: TrainingConfig, samples: int) -> Inputs:
    """Choose what the request leaves to the data, so that it fits the network, and all images `MAX_BYTES`."""
    spec = network_catalogue.resolve(config.model.name, table=False)
    allowed = image_inputs.channels(config, spec)
    wanted = 3 if found.in_colour else 1
    channels = wanted if wanted in allowed else min(allowed)
    most = math.isqrt(image_inputs.MAX_BYTES // max(samples * channels, 1))
    size = image_inputs.largest(image_inputs.sizes(config, spec), wanted=found.side, most=most)
    if config.data.image_size != "auto":
        size_why = ASKED
    elif size < found.side and size <= most < min(found.side, image_inputs.SIZES[-1]):
        size_why = f"so that {samples:,} images take no more than {image_inputs.MAX_BYTES >> 30} GiB"
    else:
        size_why = f"the median of the shorter sides is {found.side} pixels"
        size_why += f", and {size} the smallest size to choose from" if size > found.side else ""
    modalities = tuple(sorted({header.modality for header in found.headers} - {""}))
    return Inputs(size, channels, found.scale, size_why, _channels_why(found, config, wanted, channels), modalities)


def _channels_why(found: Survey, config: TrainingConfig, wanted: int, channels: int) -> str:
    if config.data.channels != "auto":
        return ASKED
    share = f"{found.coloured:,} of {found.tried:,} images looked at are in colour"
    return share if channels == wanted else f"{config.model.name} takes no other; {share}"


def _header(files: Files, name: str) -> Header | None:
    with suppress(Exception):  # nearly anything on damaged files, which decoding reports
        return headers.read(files, name)
    return None


def _affordable(known: Sequence[tuple[str, Header]]) -> Sequence[str]:
    """Select the files whose values are looked at: fewer of large ones."""
    deep = [(name, header) for name, header in known if header.deep]
    if not deep:
        return []
    mean = sum(header.width * header.height for _, header in deep) / len(deep)
    return verification.spread([name for name, _ in deep], min(VALUES, max(FEWEST_VALUES, int(PIXELS / max(mean, 1)))))


def _extremes(files: Files, name: str) -> Extremes | None:
    with suppress(Exception):  # as above
        found, _ = pixels.read(files, name, mode="L", side=SIDE)
        return found.extremes() if isinstance(found, StoredValues) else None
    return None


def _look(files: Files, name: str) -> Look | None:
    with suppress(Exception):  # as above
        found, _ = pixels.read(files, name, mode="RGB", side=SIDE)
        if isinstance(found, Image.Image):
            return _of_image(found)
        return Look(_is_tinted(pixels.placed(found, PixelScale())), None)
    return None


def _of_image(image: Image.Image) -> Look:
    values = np.asarray(image)
    return Look(_is_tinted(image), (float(values.min()), float(values.max())))


def _is_tinted(image: Image.Image) -> bool:
    if image.mode != "RGB":
        return False
    small = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.NEAREST)).astype(np.int16)
    return bool(((small.max(axis=2) - small.min(axis=2)) > TINT).mean() > TINTED)


def _of_stacks(files: Files) -> Survey:
    """Look at the first images of a MedMNIST file, which holds them in one piece."""
    stack = next(iter(medmnist.stacks(files).values()))
    content = next(medmnist.pixels(files, stack), b"")
    images = np.frombuffer(content, np.uint8).reshape(-1, stack.height, stack.width, stack.channels)[:SHOWN]
    shown = [_of_image(Image.fromarray(image[..., 0] if stack.channels == 1 else image)) for image in images]
    return _survey(verification.spread(headers.of_stacks(files), HEADERS), len(shown), shown, PixelScale())


def _survey(found: Sequence[Header], tried: int, shown: Sequence[Look], scale: PixelScale) -> Survey:
    ends = [one.ends for one in shown if one.ends]
    plain = (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None
    return Survey(found, tried, sum(one.tinted for one in shown), scale, plain)


def _ends(window: Sequence[float] | None) -> Ends | None:
    if window is None:
        return None
    centre, width = window
    return centre - width / 2, centre + width / 2
