#!/usr/bin/env bash
set -euo pipefail
# Versions: pillow 13.0.0, numpy 2.4.6
# One would guess: a grey TIFF that says 0 is white (PhotometricInterpretation 0) is inverted when it is opened, whatever its
#   depth, as Pillow's mode L has white at 255.
# Seen: one of 8 bits is inverted, one of 16 bits is not: the same radiograph, saved in both depths, is opened once as a
#   positive and once as a negative, in modes that say nothing of it.
# Cost: data sets of both depths taught networks the depth. Read tag 262 and invert those of more than 8 bits.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pillow==13.0.0 numpy==2.4.6

cat > finding.py <<'PYTHON'
import struct
import sys

import numpy as np
from PIL import Image


def tiff(values, bits):
    """Write one strip of grey values with 0 as white."""
    rows, columns = values.shape
    data = values.astype(f"<u{bits // 8}").tobytes()
    tags = [
        (256, 3, columns), (257, 3, rows), (258, 3, bits), (259, 3, 1), (262, 3, 0),
        (273, 4, 8 + 2 + 9 * 12 + 4), (277, 3, 1), (278, 3, rows), (279, 4, len(data)),
    ]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0) + data


first = {}
for bits in (8, 16):
    values = np.zeros((8, 8), np.uint16)  # all white, as the file says
    with open(f"{bits}.tif", "wb") as file:
        file.write(tiff(values, bits))
    with Image.open(f"{bits}.tif") as image:
        first[bits] = (image.mode, int(np.asarray(image)[0, 0]))
print(f"a white picture, opened (mode, first value) by bits: {first}")
if first[8][1] != 255:
    sys.exit("Changed: 8 bits with white at zero are not inverted.")
if first[16][1] != 0:
    sys.exit("Changed: 16 bits with white at zero are inverted.")
PYTHON
venv/bin/python finding.py
