"""Turn an opened image file into what a viewer shows: upright, palettes looked up, transparency on white."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from PIL import Image, ImageOps

from experiments.training.data.images.grey_values import GreyValues
from experiments.training.data.images.pixel_scale import FRACTIONS, WHOLE_NUMBERS

HIGH_DEPTH = ("I", "F")  # Pillow's modes beyond 8 bits begin so: I;16, I;16B, I, F
TRANSPARENT = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
GROUND = 255  # white, as most viewers show what is transparent: dark lines drawn on nothing stay visible
ORIENTATION, PHOTOMETRIC, WHITE_IS_ZERO = 274, 262, 0  # tags of TIFF, the first of EXIF too
EXIF = frozenset({"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"})  # where Pillow finds an orientation


def is_deep(image: Image.Image) -> bool:
    """Return whether the image has more than 8 bits, and therefore needs the data set's scale."""
    return image.mode.startswith(HIGH_DEPTH)


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


def decoded(image: Image.Image) -> Image.Image | GreyValues:
    """Decode the opened image to one of mode L or RGB, or to values that need a scale; raises what Pillow raises."""
    white_zero = is_white_zero(image)
    image.load()
    # Pillow has turned a TIFF while it was loaded.
    upright = image if image.format == "TIFF" or orientation(image) == 1 else ImageOps.exif_transpose(image)
    if is_deep(upright):
        kind = FRACTIONS if upright.mode.startswith("F") else WHOLE_NUMBERS
        return GreyValues(np.asarray(upright), kind, inverted=white_zero)
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
