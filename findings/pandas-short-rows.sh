#!/usr/bin/env bash
set -euo pipefail
# Versions: pandas 3.1.1
# One would guess: `on_bad_lines="error"` refuses a CSV file with a row that has too few cells, as it does one with too many.
# Seen: a row with too few is read without a word, and the missing cells at its end are blanks: after a lost delimiter
#   each cell stands one column too far left, and the last one is NaN.
# Cost: a row that lost a comma had a blood pressure for an age, and no pressure. Count the cells of each row first.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pandas==3.1.1

cat > finding.py <<'PYTHON'
import io
import sys

import pandas as pd

HEADER = "sex,age,pressure\nf,61,140\n"
found = {}
for name, row in (("too many", "m,54,9,120"), ("too few", "m,120")):
    try:
        found[name] = pd.read_csv(io.StringIO(f"{HEADER}{row}\nf,70,131\n"), on_bad_lines="error")
    except pd.errors.ParserError as error:
        found[name] = error
    print(f"{name} cells, on_bad_lines='error':\n{found[name]}")
if not isinstance(found["too many"], pd.errors.ParserError):
    sys.exit("Changed: a row of too many cells is not refused.")
if isinstance(found["too few"], pd.errors.ParserError):
    sys.exit("Changed: a row of too few cells is refused.")
if found["too few"].loc[1, "age"] != 120 or not pd.isna(found["too few"].loc[1, "pressure"]):
    sys.exit("Changed: the missing cells are not blanks at the end.")
PYTHON
venv/bin/python finding.py
