#!/usr/bin/env bash
set -euo pipefail
# Versions: monai 1.6.1, torch 2.13.0
# One would guess: in the map of `GradCAM` the places that speak most for the class are 1, as in the paper and in other
#   libraries, and a map of a class that nothing speaks for is 0.
# Seen: by default it is the other way round: the most important place is 0, the least important 1. But a map of a class that
#   nothing speaks for is 0 everywhere, too: the number that means "most important" in all others.
# Cost: overlays with a usual colour map lit up everything but the place that mattered. Pass `postprocessing=lambda x: x` and divide by the
#   highest value where there is one, or use hooks of your own.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet torch==2.13.0 monai==1.6.1

cat > finding.py <<'PYTHON'
import sys

import torch
from monai.visualize import GradCAM
from torch import nn


class Brightness(nn.Module):
    """Two logits: the mean brightness, and minus that."""

    def __init__(self):
        super().__init__()
        self.features = nn.Identity()

    def forward(self, x):
        mean = self.features(x).mean(dim=(1, 2, 3))
        return torch.stack([-mean, mean], dim=1)


image = torch.zeros(1, 1, 8, 8, requires_grad=True)
with torch.no_grad():
    image[..., 2, 5] = 1.0  # the only bright pixel
found = GradCAM(nn_module=Brightness(), target_layers="features")(image, class_idx=1)[0, 0]
none = GradCAM(nn_module=Brightness(), target_layers="features")(image, class_idx=0)[0, 0]
print(f"class 'bright': {float(found[2, 5]):g} at the bright pixel, {float(found[0, 0]):g} elsewhere")
print(f"class 'dark', for which nothing speaks: from {float(none.min()):g} to {float(none.max()):g}")
if not (found[2, 5] == 0 and found[0, 0] == 1 and none.max() == 0):
    sys.exit("Changed: the important place is no longer 0, or an empty map is told apart.")
PYTHON
venv/bin/python finding.py
