"""Imported by the fork server after everything else, and by nothing else.

What is loaded is left out of garbage collection for good: collections in a training take less time, and leave the
memory that it shares with the fork server shared.
"""

from __future__ import annotations

import gc

gc.freeze()
gc.enable()
