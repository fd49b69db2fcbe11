#!/usr/bin/env bash
set -euo pipefail
# Versions: torchmetrics 1.9.0, torch 2.13.0
# One would guess: the macro AUROC of three classes, of which one has no samples in this split, is the mean over the two that
#   have some (the area is not defined for the third).
# Seen: the third counts as an area of 0.0, worse than any real classifier: a network whose two areas are 1.0 gets 0.667.
# Cost: rare classes are absent from a small validation split by chance, so the best of two networks changed with the split.
#   Ask for `average=None` and average those of the classes that have samples.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0
venv/bin/pip install --quiet torchmetrics==1.9.0

cat > finding.py <<'PYTHON'
import sys
import warnings

import torch
from torchmetrics.functional.classification import multiclass_auroc

warnings.simplefilter("ignore")
truth = torch.tensor([0, 0, 0, 1, 1, 1])  # none of class 2
scores = torch.tensor([[0.8, 0.1, 0.1]] * 3 + [[0.1, 0.8, 0.1]] * 3)
each = multiclass_auroc(scores, truth, num_classes=3, average=None).tolist()
macro = multiclass_auroc(scores, truth, num_classes=3, average="macro").item()
print(f"areas by class: {each}; macro: {macro:.3f}")
if each[:2] != [1.0, 1.0]:
    sys.exit("Changed: the two classes with samples are not separated any more.")
if abs(macro - 2 / 3) > 1e-6:
    sys.exit("Changed: an absent class does not count as 0.0 any more.")
PYTHON
venv/bin/python finding.py
