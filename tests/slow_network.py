"""A network that pauses at each batch it learns from: a training that a test wants to last then costs little CPU time.

Trainings share their cores with whatever else is tested. One that lasts until somebody ends it computes all the while,
if nothing holds it up.
"""

from __future__ import annotations

from experiments.training.contract.networks.network_spec import NetworkSpec

SLOW = NetworkSpec(
    name="slow",
    title="Slow",
    description="The built-in MLP, with a pause before each batch that it learns from.",
    factory="tests.slow_network_building:build",
    inputs="any",
)
SETTING = {"LIVETRAIN_MODELS": f"{__name__}:SLOW"}
"""What an installation needs in its environment to know it."""
MODEL = {"name": SLOW.name}
"""What a request says to train it."""
