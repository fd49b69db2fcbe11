#!/usr/bin/env bash
set -euo pipefail
# Versions: torchmetrics 1.9.0, torch 2.13.0, scikit-learn 1.9.1
# One would guess: the Matthews correlation of a classifier that says the same of everything is 0 or undefined, as its
#   formula divides by zero there: such a classifier knows nothing.
# Seen: with 9 positives and 1 negative, all called positive, torchmetrics answers +0.84, and -0.84 if all are called
#   negative. A small number put into the denominator takes the place of the limit, and the numerator is not 0 with it.
# Cost: the first epochs of many trainings call everything by the commoner class; a curve that begins at 0.84 and falls to the
#   true value looks like a network that forgets. Early stopping on it keeps the worst epoch. scikit-learn says 0.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0
venv/bin/pip install --quiet torchmetrics==1.9.0 scikit-learn==1.9.1

cat > finding.py <<'PYTHON'
import sys

import torch
from sklearn.metrics import matthews_corrcoef
from torchmetrics.functional.classification import binary_matthews_corrcoef

truth = torch.tensor([1] * 9 + [0])
seen = {}
for name, said in (("all positive", torch.ones(10)), ("all negative", torch.zeros(10))):
    seen[name] = (binary_matthews_corrcoef(said, truth).item(), float(matthews_corrcoef(truth, said)))
    print(f"{name}: torchmetrics {seen[name][0]:+.4f}, scikit-learn {seen[name][1]:+.4f}")
if abs(seen["all positive"][0]) < 0.5 or abs(seen["all negative"][0]) < 0.5:
    sys.exit("Changed: a constant prediction has no correlation any more.")
PYTHON
venv/bin/python finding.py
