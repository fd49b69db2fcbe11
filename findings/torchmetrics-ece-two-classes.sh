#!/usr/bin/env bash
set -euo pipefail
# Versions: torchmetrics 1.9.0, torch 2.13.0
# One would guess: of two classes, `binary_calibration_error` of the score and `multiclass_calibration_error` of the pair
#   (1 - score, score) are the same number, as their accuracies and areas are.
# Seen: scores that are 0.1 too high everywhere have an error of about 0.10 by the first and of less than 0.02 by the second. The
#   first compares the score with how often the class is there; the second compares the larger of both probabilities with how
#   often it is right, and there what is too high for one class makes up for what is too low for the other.
# Cost: a network with two outputs looked calibrated, one with a single output did not, with the same scores. Say which class
#   a calibration error is of, and compute that of the positive one.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0 torchmetrics==1.9.0

cat > finding.py <<'PYTHON'
import sys

import torch
from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error

chance = torch.Generator().manual_seed(0)
score = torch.rand(20_000, generator=chance, dtype=torch.float64) * 0.9 + 0.1
ill = (torch.rand(20_000, generator=chance, dtype=torch.float64) < score - 0.1).long()
one = binary_calibration_error(score, ill, n_bins=10).item()
pair = torch.stack([1 - score, score], dim=1)
two = multiclass_calibration_error(pair, ill, num_classes=2, n_bins=10).item()
print(f"mean score {score.mean():.3f}, share of ill {ill.double().mean():.3f}")
print(f"calibration error of one score {one:.4f}, of the pair {two:.4f}")
if not (one > 0.09 and two < 0.03):
    sys.exit("Changed: both say the same.")
PYTHON
venv/bin/python finding.py
