#!/usr/bin/env bash
set -euo pipefail
# Versions: pyarrow 26.0.1, pandas 3.1.1
# One would guess: pandas is an optional companion of Arrow, which pyarrow imports when something of pandas is given or
#   asked for. An array of three whole numbers needs none of it.
# Seen: the first `pa.array([1, 2, 3])` imports pandas, if it is installed, to ask whether the value is one of its own.
# Cost: a web process that reads a few columns with Arrow carried all of pandas: some 30 MiB and a fifth of a second in
#   the first request. Keep pandas out of such a process by an import hook.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pyarrow==26.0.1 pandas==3.1.1

cat > finding.py <<'PYTHON'
import sys

import pyarrow as pa

seen = ["pandas" in sys.modules]
before = len(sys.modules)
pa.array([1, 2, 3])
seen.append("pandas" in sys.modules)
print("pandas is loaded before and after an array of three numbers:", seen)
print(len(sys.modules) - before, "modules more")
if seen != [False, True]:
    sys.exit("Changed: pyarrow loads pandas at another moment, or not at all.")
PYTHON
venv/bin/python finding.py
