"""Asks one process that keeps a run's model; whatever becomes of it, who asks gets a sentence. No Django here."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import msgspec

from experiments.processes import isolated_process
from experiments.processes.isolated_process import LATE_SECONDS, TIMES_UP
from experiments.training.prediction.serving import messages
from experiments.training.prediction.serving.messages import Answer, Asked, Question

MODULE = "experiments.training.prediction.serving.prediction_server"
_ANSWER: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


class Gone(Exception):
    """The process had ended before it took the question: another one may be asked."""


class Died(Exception):
    """The process ended over the question, or was killed as it gave no answer; the text says how."""


class Patience(NamedTuple):
    """How long a question may take: of a processor, and in all."""

    cpu_seconds: float
    seconds: float


class PredictionProcess:
    """A process for one model; one thread asks at a time."""

    def __init__(
        self,
        *,
        idle_seconds: float,
        at_once: int,
        on_end: Callable[[PredictionProcess], None],
        module: str = MODULE,
    ) -> None:
        """Start it: it ends by itself after so long without a question, which `on_end` is told. Raises OSError.

        `at_once` is how many there may be: they share the memory that predictions may take.
        """
        arguments = (f"{idle_seconds:g}", str(at_once))
        self._temporary = tempfile.TemporaryDirectory(prefix="livetrain-predictions-", ignore_cleanup_errors=True)
        try:
            self._process, self._connection = isolated_process.start_server(
                module, arguments, temporary=self._temporary.name
            )
        except BaseException:
            self._temporary.cleanup()
            raise
        self._on_end = on_end
        threading.Thread(target=self._wait, name="prediction process", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def ask(self, question: Question, patience: Patience) -> Answer:
        """Return its answer. Raises Gone and Died; after either it is of no more use."""
        try:
            self._connection.settimeout(patience.seconds + LATE_SECONDS)
            asked = Asked(question=question, cpu_seconds=patience.cpu_seconds, seconds=patience.seconds)
            messages.send(self._connection, asked)
        except TimeoutError:
            self.end()
            raise Died("it did not take what it was asked, and was ended") from None
        except OSError as error:
            self.end()
            raise Gone from error
        return self._answer(time.monotonic() + patience.seconds + LATE_SECONDS)

    def end(self) -> None:
        """Kill it, with whatever it has started: they are of its process group."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        isolated_process.kill_group(self._process)

    def _answer(self, until: float) -> Answer:
        try:
            return messages.receive(self._connection, _ANSWER, until)
        except TimeoutError:
            self.end()
            raise Died("it took too long, and was ended") from None
        except msgspec.DecodeError as error:
            self.end()
            raise Died(f"it gave an answer that nobody understands: {error}") from error
        except (OSError, EOFError) as error:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(LATE_SECONDS)
            code = self._process.poll()
            self.end()
            if code == 0:  # it had been idle, and ended while the question came
                raise Gone from error
            raise Died(_described(code)) from error

    def _wait(self) -> None:
        """Let the system forget it when it has ended, and remove what it could not: one that is killed leaves files."""
        self._process.wait()
        self._temporary.cleanup()
        self._on_end(self)


def _described(code: int | None) -> str:
    """Say how it has ended."""
    if code is None:
        return "it closed its connection, and was ended"
    if code in TIMES_UP:
        return "it took too long, and was ended"
    if code > 0:
        return f"it ended with exit code {code}"
    return f"it was {isolated_process.killed_by(code)}"
