"""Which GPUs a worker's trainings get: each run as many as its devices, nobody else's meanwhile. Imports no torch.

A worker that has none, or is told to give none, leaves trainings the GPUs that they see.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable

from django.conf import settings

from runs.models import Run
from runs.stored_config import StoredConfig

QUERY = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]  # a UUID means the same in whatever order


def found() -> list[str]:
    """All that CUDA_VISIBLE_DEVICES names or, without it, nvidia-smi; none where there is no such command."""
    if settings.GPUS is not None:
        return settings.GPUS
    try:
        done = subprocess.run(QUERY, capture_output=True, text=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.split()


def needed(run: Run) -> int:
    """How many GPUs the run asks for, if there are any."""
    return StoredConfig(run.config).gpus


def watched(run: Run, taken: list[str] | None) -> list[str] | None:
    """Which GPUs the run may use, having `taken` these; None means all of the machine."""
    if needed(run) == 0:
        return []
    return settings.GPUS if taken is None else taken


class Gpus:
    """Those that one worker process gives to its trainings; used from the threads of all its slots."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self.offer(ids)

    def offer(self, ids: Iterable[str]) -> None:
        """From now on these, all of them free."""
        self._all = list(dict.fromkeys(ids))
        self._free = list(self._all)

    def take(self, count: int) -> list[str] | None:
        """So many free ones, the first in order; None if there are too few just now.

        Who asks for more than there are gets all of them: the training then says what is missing.
        """
        with self._lock:
            count = min(count, len(self._all))
            if count > len(self._free):
                return None
            taken, self._free = self._free[:count], self._free[count:]
            return taken

    def give_back(self, ids: Iterable[str]) -> None:
        with self._lock:
            returned = {*self._free, *ids}
            self._free = [one for one in self._all if one in returned]

    def __bool__(self) -> bool:
        return bool(self._all)


class Share:
    """What one slot has taken for its next run."""

    def __init__(self, gpus: Gpus) -> None:
        self._gpus = gpus
        self.ids: list[str] | None = None

    def reserve_for(self, run: Run) -> str | None:
        """In words what was taken for this run; None if there is too little for it just now."""
        if self._gpus:
            self.ids = self._gpus.take(needed(run))
            if self.ids is None:
                return None
        return f" GPU {','.join(self.ids)}" if self.ids else ""

    def give_back(self) -> None:
        self._gpus.give_back(self.ids or ())
        self.ids = None
