#!/usr/bin/env bash
set -euo pipefail
# Versions: pyarrow 26.0.1, numpy 2.4.6
# One would guess: a decimal cast to float64 is the number that Python's `float` makes of it: the nearest one.
# Seen: about one in seven is its neighbour: decimal128(12, 3) 0.009 becomes 0.009000000000000001.
# Cost: the same table gave other numbers from Parquet than from CSV, and a run was not repeated bit by bit. Cast to strings,
#   and these to float64.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pyarrow==26.0.1 numpy==2.4.6

cat > finding.py <<'PYTHON'
import sys
from decimal import Decimal

import numpy as np
import pyarrow as pa

cells = [Decimal(number) / 1000 for number in range(1, 100_000)]
column = pa.array(cells, pa.decimal128(12, 3))
nearest = np.array([float(cell) for cell in cells])
direct = column.cast(pa.float64()).to_numpy()
by_text = column.cast(pa.string()).cast(pa.float64()).to_numpy()
wrong = np.flatnonzero(direct != nearest)
print(f"{len(wrong):,} of {len(cells):,} decimals do not become the nearest float64")
if not len(wrong):
    sys.exit("Changed: all are.")
first = wrong[0]
print(f"{cells[first]} becomes {direct[first]!r}, by way of a string {by_text[first]!r}")
if (by_text != nearest).any():
    sys.exit("Changed: nor do they by way of strings.")
PYTHON
venv/bin/python finding.py
