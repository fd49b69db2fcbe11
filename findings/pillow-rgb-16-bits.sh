#!/usr/bin/env bash
set -euo pipefail
# Versions: pillow 13.0.0, numpy 2.4.6
# One would guess: an RGB file of 16 bits a colour is opened with all its levels, or is refused, as Pillow has no such mode.
# Seen: it is opened as RGB of 8 bits: the upper byte of each value. A picture of 12 bits in such a file, 4,096 levels, has 16
#   left and is nearly black, without a word. Grey files of 16 bits keep theirs.
# Cost: endoscopy and microscopy pictures lost nearly everything that a network could learn from. Decode the lower bytes too
#   (raw mode RGB;16L on the same data), and put the two together.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pillow==13.0.0 numpy==2.4.6

cat > finding.py <<'PYTHON'
import struct
import sys
import zlib

import numpy as np
from PIL import Image


def png(values, colour):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows, columns = values.shape[:2]
    lines = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", columns, rows, 16, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


ramp = np.arange(4096, dtype=np.uint16).reshape(64, 64)
levels = {}
for name, values, colour in (("grey", ramp, 0), ("RGB", np.stack([ramp] * 3, axis=-1), 2)):
    with open(f"{name}.png", "wb") as file:
        file.write(png(values, colour))
    with Image.open(f"{name}.png") as image:
        pixels = np.asarray(image)
        levels[name] = (image.mode, len(np.unique(pixels)), int(pixels.max()))
print(f"12 bits in files of 16 (mode, levels, highest): {levels}")
if levels["RGB"][1] != 16:
    sys.exit("Changed: an RGB file of 16 bits keeps its levels.")
if levels["grey"][1] != 4096:
    sys.exit("Changed: a grey file of 16 bits does not keep its levels.")
PYTHON
venv/bin/python finding.py
