#!/usr/bin/env bash
set -euo pipefail
# Versions: pydicom 3.0.2, numpy 2.4.6
# One would guess: `apply_voi` looks each value up in the file's table: a table of 4,096 entries of 8 bits maps 0 … 4095.
# Seen: the values are brought to the type of the entries, 8 bits, before they are looked up. 256 becomes 0, so a picture of 12
#   bits shows the first 256 entries sixteen times over, in a pattern that looks like anatomy from afar.
# Cost: radiographs with such tables, which viewers show well, became stripes in training. Look up with NumPy's own indexing.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pydicom==3.0.2 numpy==2.4.6

cat > finding.py <<'PYTHON'
import sys

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels import apply_voi
from pydicom.sequence import Sequence

table = [entry // 16 for entry in range(4096)]
item = Dataset()
item.add_new("LUTDescriptor", "US", [4096, 0, 8])
item.add_new("LUTData", "US", table)
dataset = Dataset()
dataset.VOILUTSequence = Sequence([item])
dataset.BitsStored, dataset.PixelRepresentation = 12, 0
values = np.array([0, 255, 256, 4095], np.uint16)
found = apply_voi(values, dataset).tolist()
print(f"{values.tolist()} become {found}; the table says {[table[value] for value in values]}")
if found == [table[value] for value in values]:
    sys.exit("Changed: values beyond 255 are looked up in a table of 8-bit entries.")
if found != [0, 15, 0, 15]:
    sys.exit(f"Changed: neither the table nor what was seen: {found}.")
PYTHON
venv/bin/python finding.py
