"""Imported by the fork server before anything else, and by nothing else: its environment is that of all trainings.

Libraries look at these variables when they are imported, Lightning among them.
"""

from __future__ import annotations

import os

from experiments.training.contract import environment

for _name in environment.withheld(os.environ):
    del os.environ[_name]
