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

WITHOUT = """
import sys
from importlib import metadata
from importlib.machinery import PathFinder

def hidden(finder, name, path=None, target=None, found=PathFinder.find_spec.__func__):
    return None if name == "matplotlib" else found(finder, name, path, target)

PathFinder.find_spec = classmethod(hidden)
known = metadata.distribution
def distribution(name):
    if name == "matplotlib":
        raise metadata.PackageNotFoundError(name)
    return known(name)
metadata.distribution = distribution
from experiments.training.loading import lean_lightning
from torchmetrics.utilities import imports
print(bool(imports._MATPLOTLIB_AVAILABLE), any(name.startswith("torch._dynamo.") for name in sys.modules))
"""


def answered(script: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_nothing_is_loaded_until_a_metric_is_drawn() -> None:
    assert answered(SCRIPT) == ["[]", "True", "True"]


def test_where_it_is_not_installed_trainings_start_as_fast() -> None:
    """As in an installation without the extra for reports: nothing stands in for it, and the compiler stays away."""
    assert answered(WITHOUT) == ["False", "False"]
