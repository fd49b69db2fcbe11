#!/usr/bin/env bash
set -euo pipefail
# Versions: pandas 3.1.1, pyarrow 26.0.1
# One would guess: `read_csv(engine="pyarrow")` reads a CSV file with line ends in quoted cells, which pandas' other engines
#   read, and which it reads itself where the file is small.
# Seen: from about a megabyte on it fails at some row, which is valid: the file is read in blocks, and a cell may not lie in
#   two of them. pyarrow has an option for that, `newlines_in_values`; pandas neither sets it nor passes it on.
# Cost: tables of reports failed or not by their size, with a message about columns. Call pyarrow.csv with the option.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pandas==3.1.1 pyarrow==26.0.1

cat > finding.py <<'PYTHON'
import io
import sys

import pandas as pd
import pyarrow as pa
from pyarrow import csv


def table(rows):
    return "number,note\n" + "".join(f'{row},"first line\nsecond line {row}"\n' for row in range(rows))


small, large = table(1_000), table(100_000)
print(f"{len(large):,} bytes: {len(pd.read_csv(io.StringIO(large))):,} rows by the default engine")
print(f"{len(small):,} bytes: {len(pd.read_csv(io.StringIO(small), engine='pyarrow')):,} rows by pyarrow's")
options = csv.ParseOptions(newlines_in_values=True)
whole = csv.read_csv(pa.BufferReader(large.encode()), parse_options=options)
print(f"{len(large):,} bytes: {whole.num_rows:,} rows by pyarrow.csv with newlines_in_values")
if whole.num_rows != 100_000:
    sys.exit("Changed: the option does not suffice.")
try:
    found = pd.read_csv(io.StringIO(large), engine="pyarrow")
except (pd.errors.ParserError, pa.ArrowInvalid) as error:
    print(f"{len(large):,} bytes by pyarrow's engine: {error}")
else:
    sys.exit(f"Changed: {len(found):,} rows are read.")
PYTHON
venv/bin/python finding.py
