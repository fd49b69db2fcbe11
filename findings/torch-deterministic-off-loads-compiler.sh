#!/usr/bin/env bash
set -euo pipefail
# Versions: torch 2.13.0
# One would guess: `torch.use_deterministic_algorithms(False)`, which says what holds anyway, sets a flag. The compiler
#   (`torch._inductor`) is loaded by programs that compile.
# Seen: the call imports the compiler's configuration, and with it hundreds of modules; the flag is the same as before.
# Cost: Lightning's Trainer makes that call in each of its constructions: with the compiler a process that trains a small
#   network had 1,600 modules and some 140 MiB more than it used. Leave the call out where it changes nothing.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0

cat > finding.py <<'PYTHON'
import sys
import time

import torch


def compiler():
    return any(name == "torch._inductor" or name.startswith("torch._inductor.") for name in sys.modules)


seen = [compiler(), torch.are_deterministic_algorithms_enabled()]
modules, start = len(sys.modules), time.process_time()
torch.use_deterministic_algorithms(False)
spent = time.process_time() - start
seen += [compiler(), torch.are_deterministic_algorithms_enabled()]
print("compiler loaded, flag; before and after:", seen)
print(len(sys.modules) - modules, "modules more,", f"{spent:.2f} s of CPU time")
if seen != [False, False, True, False]:
    sys.exit("Changed: the call loads no part of the compiler, or it was loaded already.")
PYTHON
venv/bin/python finding.py
