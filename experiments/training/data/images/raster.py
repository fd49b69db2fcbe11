"""Turn an opened image file into what a viewer shows: upright, palettes looked up, transparency on white."""

from __future__ import annotations

import sys
from contextlib import suppress

import numpy as np
from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile

from experiments.training.data.images.pixel_scale import FRACTIONS, WHOLE_NUMBERS
from experiments.training.data.images.stored_values import StoredValues

HIGH_DEPTH = ("I", "F")  # Pillow's modes beyond 8 bits begin so: I;16, I;16B, I, F
TRANSPARENT = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
GROUND = 255  # white, as most viewers show what is transparent: dark lines drawn on nothing stay visible
ORIENTATION, PHOTOMETRIC, WHITE_IS_ZERO = 274, 262, 0  # tags of TIFF, the first of EXIF too
OTHER_BYTE = {";16B": ";16L", ";16L": ";16B", ";16N": ";16B" if sys.byteorder == "little" else ";16L"}
"""Ends of Pillow's names for how 16 bits lie in a file, and of those that take the other byte of each."""
LETTERS = 4  # of these ends
EXIF = frozenset({"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"})  # where Pillow finds an orientation


def is_deep(image: Image.Image) -> bool:
    """Return whether the image has more than 8 bits, and therefore needs the data set's scale."""
    return image.mode.startswith(HIGH_DEPTH)


def has_deep_colours(image: Image.Image) -> bool:
    """Return whether the image has colours of 16 bits each, of which Pillow gives the upper 8 alone."""
    return image.mode == "RGB" and _stored_as(image).endswith(tuple(OTHER_BYTE))


def lower_bytes(image: ImageFile) -> None:
    """Let an opened image of 16-bit colours be decoded to the lower 8: those that the other byte order calls upper."""
    stored = _stored_as(image)
    other = stored[:-LETTERS] + OTHER_BYTE[stored[-LETTERS:]]
    image.tile = [
        tile._replace(args=(other, *tile.args[1:]) if isinstance(tile.args, tuple) else other) for tile in image.tile
    ]


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


def decoded(image: Image.Image) -> Image.Image | StoredValues:
    """Decode the opened image to one of mode L or RGB, or to values that need a scale; raises what Pillow raises."""
    white_zero = is_white_zero(image)
    image.load()
    # Pillow has turned a TIFF while it was loaded.
    upright = image if image.format == "TIFF" or orientation(image) == 1 else ImageOps.exif_transpose(image)
    if is_deep(upright):
        kind = FRACTIONS if upright.mode.startswith("F") else WHOLE_NUMBERS
        return StoredValues(np.asarray(upright), kind, inverted=white_zero)
    return opaque(upright)


def opaque(image: Image.Image) -> Image.Image:
    """Convert to mode L or RGB, whatever is transparent blended into white."""
    if is_transparent(image):
        layered = image.convert("LA" if image.mode in ("L", "LA", "La") else "RGBA")
        mode = layered.mode[:-1]
        ground = Image.new(mode, layered.size, (GROUND,) * len(mode))
        ground.paste(layered.convert(mode), mask=layered.getchannel("A"))
        return ground
    return image if image.mode in ("L", "RGB") else image.convert("RGB")
