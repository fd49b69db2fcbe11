#!/usr/bin/env bash
set -euo pipefail
# Versions: pyarrow 26.0.1, numpy 2.4.6, pandas 3.1.1
# One would guess: an Arrow array that is made from a NumPy array needs NumPy. pandas is an optional companion, which
#   pyarrow imports when something of pandas is given or asked for.
# Seen: the first `pa.array(numpy_array)` imports pandas, if it is installed, to ask whether the value is one of its own.
#   Arrays made from Python's lists do not.
# Cost: a web process that reads a few columns with Arrow carried all of pandas: some 30 MiB and a fifth of a second in
#   the first request. Keep pandas out of such a process by an import hook, or make arrays from lists.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pyarrow==26.0.1 numpy==2.4.6 pandas==3.1.1

cat > finding.py <<'PYTHON'
import sys

import numpy as np
import pyarrow as pa

seen = {"after the import of pyarrow": "pandas" in sys.modules}
pa.array([1, 2, 3])
seen["after an array of a list"] = "pandas" in sys.modules
before = len(sys.modules)
pa.array(np.arange(3))
seen["after an array of a NumPy array"] = "pandas" in sys.modules
print("pandas is loaded:", seen, "and with it", len(sys.modules) - before, "modules")
if list(seen.values()) != [False, False, True]:
    sys.exit("Changed: pyarrow loads pandas at another moment, or not at all.")
PYTHON
venv/bin/python finding.py
