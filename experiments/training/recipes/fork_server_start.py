"""Imported by the fork server before anything else, and by nothing else: its environment is that of all trainings.

Libraries look at these variables when they are imported, Lightning among them. `fork_server_end` follows as the last.
"""

from __future__ import annotations

import gc
import os

from experiments.training.contract import environment
from experiments.training.loading import arrow_alone, entry_points

# Nothing of what is loaded now is ever garbage; looking for some takes a fifth of the time of loading.
gc.disable()

for _name in environment.withheld(os.environ):
    del os.environ[_name]
entry_points.read_once()
arrow_alone.install()

# Lightning without what no training needs, before anything else loads it.
from experiments.training.loading import lean_lightning  # noqa: E402, F401
