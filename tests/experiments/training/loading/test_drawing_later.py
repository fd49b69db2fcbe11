"""A fork server does without matplotlib; a metric that is drawn all the same loads it, and has all of it."""

from __future__ import annotations

import subprocess
import sys

from tests.installation import ROOT

SCRIPT = """
import sys
from experiments.training.loading import lean_lightning
import torch
from torchmetrics.classification import BinaryAccuracy, BinaryConfusionMatrix

print(sorted(name for name in sys.modules if name.startswith("matplotlib")))
drawn = []
for metric in (BinaryAccuracy(), BinaryConfusionMatrix()):
    metric.update(torch.tensor([0.9, 0.2, 0.7]), torch.tensor([1, 0, 0]))
    drawn.append(metric.plot())
import matplotlib.axes, matplotlib.figure
print(all(isinstance(figure, matplotlib.figure.Figure) for figure, _ in drawn))
print(all(isinstance(axes, matplotlib.axes.Axes) for _, axes in drawn))
"""


def test_nothing_is_loaded_until_a_metric_is_drawn() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["[]", "True", "True"], done.stderr
