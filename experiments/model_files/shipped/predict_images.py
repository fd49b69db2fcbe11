"""Score images by an ONNX file of Livetrain: python predict.py MODEL.onnx IMAGE …

It needs onnxruntime, Pillow and numpy, and reads images of 8 bits. Not read: DICOM and images of more bits, whose values
become grey by a range that `preprocessing` in the file's metadata tells.
"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def pixels(path, size, mode, jpeg_draft):
    """Read an image as the training did: upright, transparency on white, resized to a square."""
    with Image.open(path) as image:
        if image.mode[0] in "IF" or ";16" in str(image.tile):
            sys.exit(f"{path} has more than 8 bits: see `preprocessing` in the metadata of the model file.")
        image.draft(mode, tuple(jpeg_draft))
        found = ImageOps.exif_transpose(image)
    if found.has_transparency_data:
        layered = found.convert("RGBA")
        found = Image.new("RGB", layered.size, "white")
        found.paste(layered.convert("RGB"), mask=layered.getchannel("A"))
    found = (found if found.mode in ("L", "RGB") else found.convert("RGB")).convert(mode)
    if found.size != (size, size):
        found = found.resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(found).reshape(size, size, -1).transpose(2, 0, 1)


def main(model, *paths):
    """Print one line of JSON for each image."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    about = {name: json.loads(session.get_modelmeta().custom_metadata_map[name]) for name in ("classes", "preprocessing")}
    how, names = about["preprocessing"], [output.name for output in session.get_outputs()]
    for path in paths:
        given = pixels(path, how["size"], how["mode"], how["jpeg_draft"])[np.newaxis]
        found = {name: value[0].tolist() for name, value in zip(names, session.run(names, {"images": given}))}
        print(json.dumps({"file": path, "predicted": about["classes"][found["label"]], **found}))


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) > 2 else sys.exit(__doc__)
