"""Say how a user of a model file makes its input from images or rows: in words, and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from experiments.training.contract.inference import ImageInput, TableInput
from experiments.training.exporting.table_columns import MISSING_CATEGORY, InputColumn


class _Kind(msgspec.Struct, frozen=True):
    name: str


class _Range(msgspec.Struct, frozen=True):
    low: float
    high: float
    why: str


class _Scale(msgspec.Struct, frozen=True):
    ranges: list[tuple[_Kind, _Range]] = []


class _Rendering(msgspec.Struct, frozen=True):
    scale: _Scale = _Scale()


def of_images(how: ImageInput, rendering: Mapping[str, Any] | None, scale_in_words: str) -> dict[str, Any]:
    """Describe the way from an image file to `images`, uint8 (N, channels, size, size).

    `rendering` says how stored values of more than 8 bits became grey in training, `scale_in_words` the same in words.
    """
    scale = msgspec.convert(dict(rendering or {}), _Rendering).scale
    ranges = [{"files": kind.name, "black": own.low, "white": own.high, "why": own.why} for kind, own in scale.ranges]
    size, colours = how.size, "grey (Pillow's mode L)" if how.channels == 1 else "RGB"
    deep = "(x - black) / (white - black) * 255, cut to 0 to 255"
    return {
        "kind": "image",
        "input": {"name": "images", "type": "uint8", "shape": ["batch", how.channels, size, size]},
        "size": size,
        "channels": how.channels,
        "mode": how.mode,
        "jpeg_draft": how.jpeg_draft,
        "more_than_8_bits": {"ranges": ranges, "formula": deep, "words": scale_in_words},
        "in_the_graph": f"x / {how.divisor:g} - {how.offset:g}",
        "steps": [
            f"Open the file with Pillow. Of a JPEG, first call draft({how.mode!r}, {tuple(how.jpeg_draft)}), so that a "
            "large one is decoded as in training.",
            "Turn it upright as its EXIF orientation asks; blend transparent parts into white.",
            f"Values of more than 8 bits (16-bit files, DICOM): {deep}, by the range of `more_than_8_bits` for such "
            "files, as 32-bit floats; DICOM files with a window of their own are shown by that. Images of 8 bits stay "
            "as they are.",
            f"Make it {colours}.",
            f"Resize it to {size} x {size} pixels with Pillow's Image.Resampling.BILINEAR, unless it is of that size; "
            "its shape is not kept. Round floats to whole numbers.",
            f"Put the pixels, 0 to 255, into an array uint8 (batch, {how.channels}, {size}, {size}).",
        ],
    }


def of_rows(how: TableInput, columns: Sequence[InputColumn], missing_numbers: Sequence[str]) -> dict[str, Any]:
    """Describe the way from a table's row to `rows`, float64 (N, columns); both lists are texts that mean missing."""
    return {
        "kind": "table",
        "input": {"name": "rows", "type": "float64", "shape": ["batch", len(columns)]},
        "columns": msgspec.to_builtins(columns),
        "missing_cells": how.missing_cells,
        "missing_numbers": list(missing_numbers),
        "constant": how.constant,
        "in_the_graph": f"{how.missing}; a category is 1 at its own feature, else 0; then {how.formula}",
        "steps": [
            "Take the cells of `columns`, in that order, without blanks around them. One that is, in small letters, "
            "in `missing_cells`, in a column of numbers in `missing_numbers`, is missing.",
            "A number is a float64, NaN where it is missing or infinite. Dates, and numbers with units or decimal "
            "commas, must be made plain numbers as in training first.",
            "A category is its place among `categories`, from 0; a missing one is that of the blank text "
            f"({MISSING_CATEGORY!r}), if it is listed. -1 stands for one that is not listed, which sets none of the "
            "column's features: the training rows had none of it.",
            f"Put them into an array float64 (batch, {len(columns)}). Filling and standardising are in the graph.",
        ],
    }
