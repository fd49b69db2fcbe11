"""TrainingProcess: start a training in a child of the fork server, read its messages, stop it. No Django here.

The fork server has torch and lightning loaded, so that a training starts within a tenth of a second; neither it nor
this process ever initialises CUDA.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing.connection import wait
from pathlib import Path
from typing import cast

import msgspec

from experiments.training import child
from experiments.training.reports import REPORT_TYPES, Job, Message
from runs import events

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([child.RECIPE, child.__name__])
_BATCH = msgspec.json.Decoder(list[tuple[str, str, msgspec.Raw]])
MESSAGE_LIMIT = 64 * 1024 * 1024  # bytes of one batch

Received = tuple[Message, str, str]
"""A message, its timestamp, and its data as JSON exactly as the training sent it."""


class ProtocolError(Exception):
    """The training sent something outside the contract."""


def warm_up() -> None:
    """Start the fork server and wait until it has loaded everything (seconds). Raises RuntimeError if it cannot."""
    # The fork server resolves modules by itself: it does not inherit this process's sys.path.
    root = str(Path(__file__).resolve().parent.parent)
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if root not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([root, *filter(None, paths)])
    probe = _CONTEXT.Process(target=child.warm, name="warm-up")
    probe.start()
    probe.join()
    if probe.exitcode != 0:
        raise RuntimeError(f"The training process cannot load {child.RECIPE}; is everything installed?")


class TrainingProcess:
    """One attempt of one run, in a process group of its own."""

    def __init__(self, job: Job, recipe: str = child.RECIPE) -> None:
        self._messages, messages_end = _CONTEXT.Pipe(duplex=False)
        commands_end, self._commands = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(
            target=child.main,
            args=(msgspec.json.encode(job), messages_end, commands_end, recipe),
            name=f"training-{job.run_id}",
        )
        self._process.start()
        messages_end.close()
        commands_end.close()

    @property
    def pid(self) -> int:
        """Of the child, which leads its process group."""
        return cast(int, self._process.pid)

    def batches(self, tick: float) -> Iterator[list[Received] | None]:
        """Yield each batch of messages as it comes ([] is a heartbeat), and None after `tick` seconds of silence.

        Ends when the process has ended and everything it sent was read. Raises ProtocolError.
        """
        while True:
            ready = wait([self._messages, self._process.sentinel], timeout=tick)
            if self._messages in ready:
                try:
                    yield _decode(self._messages.recv_bytes(MESSAGE_LIMIT))
                    continue
                except EOFError:
                    self._process.join()
                    return
                except OSError as error:
                    raise ProtocolError(f"unreadable message: {error}") from error
            if ready:  # dead; a grandchild may hold the pipe open, so its end is no sign
                if self._messages.poll():
                    continue
                return
            yield None

    def request_stop(self) -> None:
        """Ask it to stop after the current batch."""
        try:
            self._commands.send_bytes(child.STOP)
        except OSError:
            return  # it has ended already

    def terminate(self) -> None:
        """SIGTERM to the process group."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the process group."""
        self._signal(signal.SIGKILL)

    def close(self) -> int | None:
        """Make sure that it is gone, free what it held, and return its exit code (negative: the signal)."""
        if self._process.is_alive():
            self.kill()
        self._process.join()
        self._signal(signal.SIGKILL)  # its group may outlive it: data loader workers
        code = self._process.exitcode
        self._messages.close()
        self._commands.close()
        self._process.close()
        return code

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            if self._process.is_alive():  # not yet the leader of its group
                os.kill(self.pid, number)
        except PermissionError:
            return  # the group is gone and its number belongs to somebody else


def describe_exit(code: int | None) -> str:
    """An exit code as a sentence, for the user."""
    if code is None or code == 255:  # the fork server died with the exit code
        return "The training process ended for an unknown reason."
    if code == child.ORPHANED:
        return "The training process stopped because its supervisor was gone."
    if code >= 0:
        return f"The training process ended with exit code {code} and without a result."
    name = signal.Signals(-code).name
    hint = {
        "SIGKILL": " (the system does that when memory runs out: lower data.batch_size or data.image_size)",
        "SIGSEGV": " (a crash in native code; the place is in train.log)",
    }.get(name, "")
    return f"The training process was killed by {name}{hint}."


def _decode(raw: bytes) -> list[Received]:
    try:
        return [
            (_message(type_, bytes(data)), timestamp, bytes(data).decode())
            for type_, timestamp, data in _BATCH.decode(raw)
        ]
    except msgspec.MsgspecError as error:
        raise ProtocolError(str(error)) from error


def _message(type_: str, data: bytes) -> Message:
    if type_ in REPORT_TYPES:
        return msgspec.json.decode(data, type=REPORT_TYPES[type_])
    return events.decode(type_, data)
