"""Imported by the fork server before anything else, and by nothing else: its environment is that of all trainings.

Libraries look at these variables when they are imported, Lightning among them. `fork_server_end` follows as the last.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from experiments.training.contract import environment
from experiments.training.loading import lost_clients  # noqa: F401  # from now on it survives them


@contextmanager
def _at_worst_slower(what: str) -> Iterator[None]:
    """Go on without what a library in another build may not have: a fork server that ends here starts no training."""
    try:
        yield
    except Exception as error:
        sys.stderr.write(f"Trainings start slower, {what}: {error!r}\n")


# Nothing of what is loaded now is ever garbage; looking for some takes a fifth of the time of loading.
gc.disable()

for _name in environment.withheld(os.environ):
    del os.environ[_name]
with _at_worst_slower("each asks what the installed packages offer"):
    from experiments.training.loading import entry_points

    entry_points.read_once()
with _at_worst_slower("Arrow loads pandas"):
    from experiments.training.loading import arrow_alone

    arrow_alone.install()
# Lightning without what no training needs, before anything else loads it.
with _at_worst_slower("PyTorch's compiler is loaded"):
    from experiments.training.loading import lean_lightning  # noqa: F401
