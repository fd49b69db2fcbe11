"""Colour a map and lay it over its image.

The colours lie on a straight line of equal steps between a dark purple and a light yellow in OKLab (Ottosson, 2020), a
space in which equal distances look equally different: lightness rises all along, so they are told apart with every
colour blindness, and none of them is grey, as images are. Where the map is 0 nothing is drawn.
"""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional

LOW, HIGH = (0x6A, 0x1B, 0x9A), (0xFD, 0xE7, 0x37)  # sRGB; the style sheet has the same two
STEPS = 256
LEAST_SIDE = 224  # pixels: smaller images are shown as squares of whole pixels
OPACITY = 0.6  # of the map over the image in `blended`, where it is 1

# Ottosson, "A perceptual color space for image processing" (2020): linear sRGB to cone responses, to OKLab.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


class Pictures(NamedTuple):
    """PNGs of one size: the image, the map's colours over nothing, and both."""

    picture: bytes
    overlay: bytes
    blended: bytes


def pictures(pixels: NDArray[np.uint8], shares: NDArray[np.float64]) -> Pictures:
    """Draw the image (C, S, S) and its map (rows, columns) from 0 to 1, stretched over it bilinearly."""
    size = pixels.shape[-1]
    side = size * max(1, -(-LEAST_SIDE // size))
    image = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)).convert("RGB")
    image = image.resize((side, side), Image.Resampling.NEAREST)
    overlay = Image.fromarray(coloured(stretched(shares, side)))
    faded = overlay.copy()
    faded.putalpha(overlay.getchannel("A").point(lambda alpha: round(alpha * OPACITY)))
    blended = Image.alpha_composite(image.convert("RGBA"), faded).convert("RGB")
    return Pictures(_png(image), _png(overlay), _png(blended))


def stretched(shares: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Stretch a map to (side, side) bilinearly, its values from 0 to 1 still."""
    whole = functional.interpolate(
        torch.from_numpy(np.ascontiguousarray(shares))[None, None], (side, side), mode="bilinear", align_corners=False
    )
    return np.asarray(whole[0, 0].numpy().clip(0, 1))


def coloured(shares: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return (rows, columns, 4) of values from 0 to 1: the ramp's colour, as opaque as the value is high."""
    levels = np.rint(shares * (STEPS - 1)).astype(np.int64)
    return np.dstack([ramp()[levels], levels.astype(np.uint8)])


def ramp() -> NDArray[np.uint8]:
    """Return the colours (STEPS, 3) in sRGB, from that of 0 to that of 1."""
    low, high = oklab(np.array([LOW, HIGH]))
    return _srgb(low + np.linspace(0, 1, STEPS)[:, None] * (high - low))


def oklab(colours: NDArray[Any]) -> NDArray[np.float64]:
    """Convert colours (N, 3) of sRGB from 0 to 255 to OKLab."""
    share = colours / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T, dtype=np.float64)


def _srgb(colours: NDArray[np.float64]) -> NDArray[np.uint8]:
    linear = ((colours @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T).clip(0, 1)
    share = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(share * 255).astype(np.uint8))


def _png(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()
