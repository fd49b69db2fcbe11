"""Turn an opened image file into what a viewer shows: upright, palettes looked up, transparency on white."""

from __future__ import annotations

import sys
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile

from experiments.training.data.images.pixel_scale import FRACTIONS, WHOLE_NUMBERS
from experiments.training.data.images.stored_values import StoredValues

HIGH_DEPTH = ("I", "F")  # Pillow's modes beyond 8 bits begin so: I;16, I;16B, I, F
TRANSPARENT = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
WHITE_OF_16_BITS = 2**16 - 1
GROUND = 255  # white, as most viewers show what is transparent: dark lines drawn on nothing stay visible
ORIENTATION, PHOTOMETRIC, WHITE_IS_ZERO = 274, 262, 0  # tags of TIFF, the first of EXIF too
OTHER_BYTE = {";16B": ";16L", ";16L": ";16B", ";16N": ";16B" if sys.byteorder == "little" else ";16L"}
"""Ends of Pillow's names for how 16 bits lie in a file, and of those that take the other byte of each."""
LETTERS = 4  # of these ends
DEEP_COLOURS = ("RGB", "RGBA", "RGBX", "LA")
"""Beginnings of these names of which both bytes can be had; LA is grey that Pillow makes RGBA."""
BYTES = "RGBA"  # the name that takes the four bytes of a pixel as they lie in the file
EXIF = frozenset({"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"})  # where Pillow finds an orientation


def is_deep(image: Image.Image) -> bool:
    """Return whether the image has more than 8 bits, and therefore needs the data set's scale."""
    return image.mode.startswith(HIGH_DEPTH)


def has_deep_colours(image: Image.Image) -> bool:
    """Return whether the image has colours, or grey and transparency, of 16 bits each.

    Pillow gives the upper 8 of them alone.
    """
    stored = _stored_as(image)
    return stored[:-LETTERS] in DEEP_COLOURS and stored.endswith(tuple(OTHER_BYTE))


def lower_bytes(image: ImageFile) -> NDArray[np.uint8]:
    """Decode the lower 8 bits of 16-bit colours: those that the other byte order calls upper."""
    stored = _stored_as(image)
    grey = stored.startswith("LA")
    other = BYTES if grey else stored[:-LETTERS] + OTHER_BYTE[stored[-LETTERS:]]
    image.tile = [
        tile._replace(args=(other, *tile.args[1:]) if isinstance(tile.args, tuple) else other) for tile in image.tile
    ]
    found = np.asarray(upright(image))
    return found[..., [1, 1, 1]] if grey else found[..., :3]


def _stored_as(image: Image.Image) -> str:
    """Return Pillow's name for how the values lie in the file, such as RGB;16B; blank where it says none."""
    arguments = next((tile[3] for tile in getattr(image, "tile", ())), "")
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def is_transparent(image: Image.Image) -> bool:
    """Return whether the image may have transparent parts."""
    return image.mode in TRANSPARENT or "transparency" in image.info


def is_white_zero(image: Image.Image) -> bool:
    """Return whether a TIFF of more than 8 bits says that 0 is white; Pillow inverts those of 8 bits itself."""
    return is_deep(image) and getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO


def orientation(image: Image.Image) -> int:
    """Return how the stored image is to be turned, in the numbers of EXIF; 1 is upright."""
    if image.format != "TIFF" and EXIF.isdisjoint(image.info):
        return 1
    found = 1
    with suppress(Exception):  # a broken note beside the pixels: Pillow's parser raises nearly anything
        found = image.getexif().get(ORIENTATION, 1)
    return found if found in range(1, 9) else 1


def upright(image: Image.Image) -> Image.Image:
    """Decode the opened image, turned as EXIF asks; Pillow turns a TIFF while it is loaded."""
    image.load()
    return image if image.format == "TIFF" or orientation(image) == 1 else ImageOps.exif_transpose(image)


def decoded(image: Image.Image) -> Image.Image | StoredValues:
    """Decode the opened image to one of mode L or RGB, or to values that need a scale; raises what Pillow raises."""
    white_zero, most = is_white_zero(image), _most(image)
    found = upright(image)
    if not is_deep(found):
        return opaque(found)
    values, clear = np.asarray(found), found.info.get("transparency")
    if most:
        values = np.rint(values * (most / WHITE_OF_16_BITS)).astype(np.uint16)
    cover = (values != clear).astype(np.float32) if isinstance(clear, int) else None
    kind = FRACTIONS if found.mode.startswith("F") else WHOLE_NUMBERS
    gaps = np.isnan(values) if kind is FRACTIONS else None
    padding = gaps if gaps is not None and gaps.any() else None
    return StoredValues(values, kind, inverted=white_zero, cover=cover, padding=padding)


def _most(image: Image.Image) -> int | None:
    """Return the highest value that a PGM file announces, from which Pillow stretches its values to 16 bits."""
    if image.format != "PPM" or image.mode != "I":
        return None
    arguments = next((tile[3] for tile in getattr(image, "tile", ())), "")
    most = arguments[-1] if isinstance(arguments, tuple) else None
    return most if isinstance(most, int) and most < WHITE_OF_16_BITS else None


def opaque(image: Image.Image) -> Image.Image:
    """Convert to mode L or RGB, whatever is transparent blended into white."""
    if is_transparent(image):
        layered = image.convert("LA" if image.mode in ("L", "LA", "La") else "RGBA")
        mode = layered.mode[:-1]
        ground = Image.new(mode, layered.size, (GROUND,) * len(mode))
        ground.paste(layered.convert(mode), mask=layered.getchannel("A"))
        return ground
    return image if image.mode in ("L", "RGB") else image.convert("RGB")
