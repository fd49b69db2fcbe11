"""Assigns a worker's GPUs to its trainings: each run gets as many as its devices, for itself. Imports no torch.

A worker that has none, or is told to assign none, leaves trainings the GPUs that they see.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable

from django.conf import settings

from runs.models import Run
from runs.stored_config import StoredConfig

QUERY = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]  # a UUID means the same in any order


def found() -> list[str]:
    """Return all that CUDA_VISIBLE_DEVICES or else nvidia-smi names; none where there is no such command."""
    if settings.GPUS is not None:
        return settings.GPUS
    try:
        done = subprocess.run(QUERY, capture_output=True, text=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.split()


def needed(run: Run) -> int:
    """Return how many GPUs the run asks for, if there are any."""
    return StoredConfig(run.config).gpus


def watched(run: Run, taken: list[str] | None) -> list[str] | None:
    """Return the GPUs that the run may use, having `taken` these; None means all of the machine."""
    if needed(run) == 0:
        return []
    return settings.GPUS if taken is None else taken


class Gpus:
    """The GPUs that one worker process assigns to its trainings; used from the threads of all its slots."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self.offer(ids)

    def offer(self, ids: Iterable[str]) -> None:
        """Replace the GPUs by these, all of them free."""
        self._all = list(dict.fromkeys(ids))
        self._free = list(self._all)

    def take(self, count: int) -> list[str] | None:
        """Take so many free GPUs, the first in order; None if too few are free at present.

        A run that asks for more than there are gets all of them: the training then reports what is missing.
        """
        with self._lock:
            count = min(count, len(self._all))
            if count > len(self._free):
                return None
            taken, self._free = self._free[:count], self._free[count:]
            return taken

    def give_back(self, ids: Iterable[str]) -> None:
        """Return GPUs that were taken; those that are not this process's are ignored."""
        with self._lock:
            returned = {*self._free, *ids}
            self._free = [one for one in self._all if one in returned]

    def __bool__(self) -> bool:
        return bool(self._all)


class Share:
    """The GPUs that one slot has taken for its next run."""

    def __init__(self, gpus: Gpus) -> None:
        self._gpus = gpus
        self.ids: list[str] | None = None

    def reserve_for(self, run: Run) -> str | None:
        """Take the GPUs that this run needs, and name them; None if too few are free at present."""
        if self._gpus:
            self.ids = self._gpus.take(needed(run))
            if self.ids is None:
                return None
        return f" GPU {','.join(self.ids)}" if self.ids else ""

    def give_back(self) -> None:
        """Return what was taken."""
        self._gpus.give_back(self.ids or ())
        self.ids = None
