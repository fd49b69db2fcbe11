"""The processes that keep models for the requests of this one: a few, each for one run and one user.

Uploads are foreign files. A process that one of them takes over has seen nothing of another user, and nothing of
another run; its number is bounded, as each has torch and a model in memory, so the one that was asked longest ago ends
where another is needed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from experiments.processes.prediction_process import MODULE, Died, Gone, Patience, PredictionProcess
from experiments.training.contract import inference
from experiments.training.model_source import ModelSource
from experiments.training.prediction.serving.messages import Answer, Load, Question, Ready, Refused

logger = logging.getLogger(__name__)

LOADING = Patience(cpu_seconds=120.0, seconds=180.0)
"""torch is imported, and the checkpoint read."""
STARTS = 2  # one that was idle may end while it is asked


class Kept(NamedTuple):
    """Whose process it is: a model is kept for one run and one user."""

    run_id: int
    user_id: int


class Busy(Exception):
    """All processes are at work, and none became free in time."""


class NotLoaded(Exception):
    """The model of the run cannot be used; the text says why, and what to do."""


class _Warm:
    """A process, what it has loaded, and whether a thread is asking it."""

    def __init__(self) -> None:
        self.process: PredictionProcess | None = None
        self.loaded: str | None = None
        self.busy = False

    def end(self) -> None:
        """End the process; the next question starts another."""
        if self.process is not None:
            self.process.end()
        self.process = self.loaded = None


class ProcessPool:
    """At most `most` processes, which end after `idle_seconds` without a question; threads may ask at the same time."""

    def __init__(self, most: int, idle_seconds: float, module: str = MODULE) -> None:
        self._most, self._idle_seconds, self._module = most, idle_seconds, module
        self._changed = threading.Condition()
        self._warm: OrderedDict[Kept, _Warm] = OrderedDict()
        """The one that was asked last is the last."""

    def ask(self, kept: Kept, source: ModelSource, question: Question, patience: Patience, wait: float) -> Answer:
        """Have the model answer, loaded first where it is not, or has changed since.

        Waits at most `wait` seconds for a process. Raises Busy, NotLoaded, Died and OSError.
        """
        warm = self._taken(kept, time.monotonic() + wait)
        try:
            return self._answer(warm, source, question, patience)
        except NotLoaded:
            raise
        except BaseException:  # whatever it is: an answer that was not read would be that to the next question
            warm.end()
            raise
        finally:
            self._free(kept, warm)

    def prepare(self, kept: Kept) -> None:
        """Start a process ahead of the first question, unless that would end or wait for another. Raises OSError."""
        with self._changed:
            if kept in self._warm or len(self._warm) >= self._most:
                return
            warm = self._warm[kept] = _Warm()
            warm.busy = True
        try:
            self._start(warm)
        finally:
            self._free(kept, warm)

    def close(self) -> None:
        """End all processes that are not being asked."""
        with self._changed:
            for kept in [kept for kept, warm in self._warm.items() if not warm.busy]:
                self._warm.pop(kept).end()

    @property
    def kept(self) -> list[Kept]:
        """Whose processes there are, the one that was asked last at the end."""
        with self._changed:
            return list(self._warm)

    def _answer(self, warm: _Warm, source: ModelSource, question: Question, patience: Patience) -> Answer:
        for _ in range(STARTS):
            process = self._start(warm)
            try:
                self._load(warm, process, source)
                return process.ask(question, patience)
            except Gone:
                warm.end()
        raise Died("it ended at once, twice")

    def _load(self, warm: _Warm, process: PredictionProcess, source: ModelSource) -> None:
        version = version_of(source)
        if warm.loaded == version:
            return
        warm.loaded = None
        began = time.monotonic()
        answer = process.ask(Load(source=source), LOADING)
        if isinstance(answer, Refused):
            raise NotLoaded(answer.message)
        if not isinstance(answer, Ready):
            raise Died("it gave the answer to another question")
        warm.loaded = version
        logger.info(
            "run %s: model loaded for predictions in %.1f s",
            source.run_id,
            time.monotonic() - began,
            extra={"run_id": source.run_id},
        )

    def _start(self, warm: _Warm) -> PredictionProcess:
        if warm.process is None or not warm.process.alive:
            warm.end()
            warm.process = PredictionProcess(
                idle_seconds=self._idle_seconds, at_once=self._most, on_end=self._ended, module=self._module
            )
        return warm.process

    def _taken(self, kept: Kept, until: float) -> _Warm:
        """Take the process of this run and user, or the place of one; raises Busy."""
        with self._changed:
            while True:
                warm = self._warm.get(kept)
                if warm is None and self._make_room():
                    warm = self._warm[kept] = _Warm()
                if warm is not None and not warm.busy:
                    warm.busy = True
                    self._warm.move_to_end(kept)
                    return warm
                if not self._changed.wait(max(0.0, until - time.monotonic())) and time.monotonic() >= until:
                    raise Busy

    def _make_room(self) -> bool:
        """End the process that was asked longest ago, if a place is needed; False: all are being asked."""
        if len(self._warm) < self._most:
            return True
        oldest = next((kept for kept, warm in self._warm.items() if not warm.busy), None)
        if oldest is None:
            return False
        self._warm.pop(oldest).end()
        return True

    def _free(self, kept: Kept, warm: _Warm) -> None:
        with self._changed:
            warm.busy = False
            if warm.process is None:
                self._warm.pop(kept, None)
            self._changed.notify_all()

    def _ended(self, process: PredictionProcess) -> None:
        """Forget a process that has ended by itself."""
        with self._changed:
            for kept, warm in list(self._warm.items()):
                if warm.process is process and not warm.busy:
                    del self._warm[kept]
                    warm.end()


def version_of(source: ModelSource) -> str:
    """Return what changes with the model, with the files that it is read from, and with the run's decision."""
    digest = sha256(msgspec.json.encode(source))
    folder = Path(source.folder)
    for path in (Path(source.checkpoint), folder / inference.FILE, folder / inference.FEATURES_FILE):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        digest.update(f"{path.name} {found.st_mtime_ns} {found.st_size} {found.st_ino}\n".encode())
    return digest.hexdigest()
