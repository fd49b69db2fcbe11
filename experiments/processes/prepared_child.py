"""Keeps one isolated child ready, which has loaded its module: its task need not wait for an interpreter to start.

Each child still carries out one task and ends (`isolated_process`), so what a file does to one touches no other task.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from contextlib import suppress

from experiments.processes import isolated_process


class PreparedChild:
    """Children of one module, each started when the one before has answered; one that waits too long ends by SIGALRM.

    The module sees to that: it sets an alarm before it reads its task.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._lock = threading.Lock()
        self._ready: subprocess.Popen[bytes] | None = None

    def answer(self, task: bytes, *, seconds: float) -> bytes | None:
        """Answer as `isolated_process.answer` does, and prepare the next child. Raises TimeoutError, OSError."""
        try:
            return self._answered(task, seconds)
        finally:
            self._prepare()

    def _answered(self, task: bytes, seconds: float) -> bytes | None:
        with self._lock:
            child, self._ready = self._ready, None
        if child is not None and child.poll() is None:
            found = isolated_process.answer_of(child, task, seconds=seconds)
            if child.returncode != -signal.SIGALRM:  # else it ended just before its task came
                return found
        return isolated_process.answer(self._module, task, seconds=seconds)

    def _prepare(self) -> None:
        with self._lock, suppress(OSError):  # a machine without room for it has answered all the same
            if self._ready is None or self._ready.poll() is not None:
                self._ready = isolated_process.start(self._module).process
                # One that ends without a task would stay in the table of processes until the next task comes.
                threading.Thread(target=self._ready.wait, name="prepared child", daemon=True).start()
