"""Trains as configured, and says which modules are loaded then; after that it lets PyTorch's compiler load."""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.utilities import compile as of_lightning

from experiments.training.contract.reports import Job, Reporter
from experiments.training.contract.stop import Stop
from experiments.training.recipes import centralized


def train(job: Job, report: Reporter, stop: Stop) -> None:
    centralized.train(job, report, stop)
    loaded = sorted(sys.modules)
    told = {"loaded": loaded, "compiled": _compiled()}
    (Path(job.run_dir) / "modules.json").write_text(json.dumps(told))


def _compiled() -> list[bool]:
    """Say whether a compiled module is known as one, whether another is not, and whether an optimizer works on both."""
    plain = torch.nn.Linear(1, 1)
    before: Any = torch.optim.SGD(plain.parameters(), lr=0.1)
    compiled: Any = torch.compile(plain, backend="eager")
    after = torch.optim.SGD(compiled.parameters(), lr=0.1)
    known: Any = of_lightning
    found = [isinstance(compiled, known.OptimizedModule), not isinstance(plain, known.OptimizedModule)]
    for optimizer in (before, after):
        compiled(torch.ones(1, 1)).backward()
        optimizer.step()
        optimizer.zero_grad()
        found.append(plain.weight.grad is None)
    return found
