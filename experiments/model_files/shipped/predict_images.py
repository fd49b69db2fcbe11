"""Score images by an ONNX file of Livetrain: python predict.py MODEL.onnx IMAGE [IMAGE].

It needs onnxruntime, Pillow and numpy, and reads images of 8 bits. Not read: DICOM and images of more bits, whose
values become grey by a range that `preprocessing` in the file's metadata tells.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def pixels(path: str, how: dict[str, Any]) -> Any:
    """Read an image as the training did: upright, on white, resized to a square; (channels, size, size)."""
    size = (how["size"], how["size"])
    with Image.open(path) as image:
        if image.mode[0] in "IF" or ";16" in str(getattr(image, "tile", "")):
            sys.exit(f"{path} has more than 8 bits: see `preprocessing` in the metadata of the model file.")
        image.draft(how["mode"], tuple(how["jpeg_draft"]))
        found = ImageOps.exif_transpose(image)
    if found.has_transparency_data:
        layered = found.convert("RGBA")
        found = Image.new("RGB", layered.size, "white")
        found.paste(layered.convert("RGB"), mask=layered.getchannel("A"))
    found = (found if found.mode in ("L", "RGB") else found.convert("RGB")).convert(how["mode"])
    found = found if found.size == size else found.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(found).reshape(*size, how["channels"]).transpose(2, 0, 1)


def main(model: str, *paths: str) -> None:
    """Print one line of JSON for each image."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    how, classes = json.loads(about["preprocessing"]), json.loads(about["classes"])
    names = [output.name for output in session.get_outputs()]
    for path in paths:
        found = session.run(names, {"images": pixels(path, how)[np.newaxis]})
        one = {name: values[0].tolist() for name, values in zip(names, found)}
        print(json.dumps({"file": path, "predicted": classes[one["label"]], **one}))


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) > 2 else sys.exit(__doc__)
