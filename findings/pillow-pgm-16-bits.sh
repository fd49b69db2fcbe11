#!/usr/bin/env bash
set -euo pipefail
# Versions: pillow 13.0.0, numpy 2.4.6
# One would guess: a PGM file whose highest value is 4,095 is opened with the values that it holds, as a PNG of them is.
# Seen: its values are stretched: 4,095 becomes 65,535, 100 becomes 1,600. Neither mode nor info says so.
# Cost: beside PNG files of the same scanner its pictures were sixteen times as bright. Multiply by the highest value of the
#   header, the last of the arguments in `image.tile`, and divide by 65,535.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pillow==13.0.0 numpy==2.4.6

cat > finding.py <<'PYTHON'
import sys

import numpy as np
from PIL import Image

values = np.arange(4096, dtype=np.uint16).reshape(64, 64)
with open("ramp.pgm", "wb") as file:
    file.write(b"P5\n64 64\n4095\n" + values.astype(">u2").tobytes())
Image.fromarray(values).save("ramp.png")
found = {}
for name in ("ramp.png", "ramp.pgm"):
    with Image.open(name) as image:
        found[name] = np.asarray(image)
    print(f"{name}: {values[1, 36]} is read as {found[name][1, 36]}, the highest value as {found[name].max()}")
if not (found["ramp.png"] == values).all():
    sys.exit("Changed: a PNG does not keep its values.")
if (found["ramp.pgm"] == values).all():
    sys.exit("Changed: a PGM keeps its values.")
if not (np.rint(found["ramp.pgm"] * (4095 / 65535)) == values).all():
    sys.exit("Changed: the values are not stretched to 16 bits.")
PYTHON
venv/bin/python finding.py
