"""Arrow does without pandas where our modules call it, and has it wherever somebody else does."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.installation import ROOT

SCRIPT = """
import sys, types
from experiments.training.loading import arrow_alone

def module(name, content):
    made = types.ModuleType(name)
    exec(content, vars(made))
    return made

arrow_alone.install()
ours = module("experiments.ours", "import pyarrow as pa\\ndef told(): return pa.array([1, 2]).null_count")
assert ours.told() == 0
assert "pandas" not in sys.modules
print(module("network", sys.argv[1]).told())
assert ours.told() == 0
"""
GIVES = """
import pandas as pd
import pyarrow as pa
def told():
    return pa.array(pd.Series([1.0, float("nan")])).null_count
"""
TAKES = """
import pyarrow as pa
def told():
    return list(pa.table({"a": [1, 2]}).to_pandas()["a"])
"""


@pytest.mark.parametrize(("network", "told"), [(GIVES, "1"), (TAKES, "[1, 2]")])
def test_a_network_may_give_arrow_what_is_of_pandas_and_take_it(network: str, told: str) -> None:
    """A value that is missing in pandas is one that Arrow lacks; that network does not import pandas itself."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, network], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == told, done.stderr
