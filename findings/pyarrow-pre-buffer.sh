#!/usr/bin/env bash
set -euo pipefail
# Versions: pyarrow 26.0.1, numpy 2.4.6
# One would guess: a loop over `ParquetFile(path).iter_batches()` needs memory for some batches, or for the group of rows
#   that it is in, however large the file is.
# Seen: by default (`pre_buffer=True`) what was read ahead is kept until the loop ends, and it reads ahead all that it will
#   need: in the end the whole file is in memory. With `pre_buffer=False` it is one group of rows.
# Cost: reading a table piece by piece took as much memory as the table. Set `pre_buffer=False` for local files; an object
#   store would then be asked for each column of each group.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pyarrow==26.0.1 numpy==2.4.6

cat > write.py <<'PYTHON'
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

rng = np.random.default_rng(0)
schema = pa.schema([(f"column {number}", pa.float64()) for number in range(10)])
with pq.ParquetWriter("table.parquet", schema, compression="none", use_dictionary=False) as file:
    for _ in range(40):
        file.write_table(pa.table([rng.random(50_000) for _ in schema], schema))
PYTHON
cat > peak.py <<'PYTHON'
import sys

import pyarrow as pa
import pyarrow.parquet as pq

options = {} if sys.argv[1] == "default" else {"pre_buffer": False}
rows = sum(batch.num_rows for batch in pq.ParquetFile("table.parquet", **options).iter_batches(batch_size=10_000))
if rows != 2_000_000:
    sys.exit(f"Changed: {rows:,} rows are read.")
print(pa.default_memory_pool().max_memory())
PYTHON
cat > finding.py <<'PYTHON'
import os
import subprocess
import sys

size = os.path.getsize("table.parquet")
peaks = {
    name: int(subprocess.run([sys.executable, "peak.py", name], stdout=subprocess.PIPE, text=True, check=True).stdout)
    for name in ("default", "pre_buffer=False")
}
print(f"a file of {size / 2**20:.0f} MiB in 40 groups of rows, read in batches")
for name, peak in peaks.items():
    print(f"{name}: at most {peak / 2**20:.0f} MiB of Arrow's memory, {peak / size:.2f} of the file")
if peaks["default"] < size / 2:
    sys.exit("Changed: what was read is given back during the loop.")
if peaks["pre_buffer=False"] > size / 4:
    sys.exit("Changed: pre_buffer=False does not help.")
PYTHON
venv/bin/python write.py
venv/bin/python finding.py
