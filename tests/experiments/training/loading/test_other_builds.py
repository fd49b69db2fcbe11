"""A fork server starts trainings also where a library has not what makes their start quicker."""

from __future__ import annotations

import subprocess
import sys

from tests.installation import ROOT

SCRIPT = """
import gc, importlib.metadata, sys

class Other:
    def find_spec(self, name, path, target=None):
        if name in ("torch", "pyarrow"):
            raise AttributeError("module 'torch' has no attribute '_compile'")

def broken():
    raise ValueError("entry_points.txt of a package cannot be read")

sys.meta_path.insert(0, Other())
importlib.metadata.entry_points = broken
from experiments.training.recipes import fork_server_start
from experiments.training.loading import arrow_alone
print(gc.isenabled(), isinstance(sys.meta_path[0], arrow_alone._NotForArrow), importlib.metadata.entry_points is broken)
"""


def test_what_another_build_lacks_costs_time_and_no_training() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["False", "True", "True"], done.stderr
    assert "PyTorch's compiler is loaded: AttributeError" in done.stderr
    assert "entry_points.txt" in done.stderr
