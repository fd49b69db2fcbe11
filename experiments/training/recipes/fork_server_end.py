"""Imported by the fork server after everything else, and by nothing else.

What is loaded is left out of garbage collection for good: collections in a training take less time, and leave the
memory that it shares with the fork server shared.

A child needs nothing of `manage.py`; because its worker is that program, Python would run it in the child, with Django.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

gc.freeze()
gc.enable()

sys.modules["__main__"].__file__ = str(Path(__file__).resolve().parents[3] / "manage.py")
