#!/usr/bin/env bash
set -euo pipefail
# Versions: torchmetrics 1.9.0, torch 2.13.0, scikit-learn 1.9.1
# One would guess: `binary_auroc` of logits is the share of pairs in the right order, which a monotone function of the logits
#   does not change.
# Seen: the logits are put through a sigmoid first, which makes 1 of every number above about 17 in float32 and above about 37
#   in float64. What was in order is tied, and an area of 0.92 becomes one of 0.50.
# Cost: a network that is sure of everything, as an overtrained one is, lost a quarter of its area in each epoch. Rank by the
#   logits, and use probabilities for what needs probabilities.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0 torchmetrics==1.9.0 scikit-learn==1.9.1

cat > finding.py <<'PYTHON'
import sys

import torch
from sklearn.metrics import roc_auc_score
from torchmetrics.functional.classification import binary_auroc

chance = torch.Generator().manual_seed(0)
ill = torch.arange(2_000) % 2
logits = torch.randn(2_000, generator=chance, dtype=torch.float64) * 2 + 48 + 4 * ill
right = roc_auc_score(ill.numpy(), logits.numpy())
found = binary_auroc(logits, ill).item()
print(f"logits from {logits.min():.1f} to {logits.max():.1f}")
print(f"area by scikit-learn {right:.4f}, by torchmetrics {found:.4f}")
if abs(found - right) < 0.1:
    sys.exit("Changed: the area is that of the logits.")
PYTHON
venv/bin/python finding.py
