"""One process of a training: starts it in a child of the fork server, reads what it sends, ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from typing import Any, TypeAlias, cast

import msgspec

from experiments.training.contract.reports import REPORT_TYPES, TOGETHER, Job, Message, Outcome, Report
from experiments.training.recipes import process_entry
from runs import events
from runs.events import Stamped

_BATCH = msgspec.json.Decoder(list[tuple[str, str, msgspec.Raw]])
_REPORTS: Mapping[str, msgspec.json.Decoder[Report]] = {
    type_: msgspec.json.Decoder(cls) for type_, cls in REPORT_TYPES.items()
}
_LISTS: Mapping[str, msgspec.json.Decoder[list[Any]]] = {
    type_: msgspec.json.Decoder(list[cls])  # type: ignore[valid-type]
    for type_, cls in (*events.EVENT_TYPES.items(), *REPORT_TYPES.items())
}
_STAMPED: Any = partial(tuple.__new__, Stamped)  # `Stamped._make` without a call of Python
MESSAGE_LIMIT = 64 * 1024 * 1024  # bytes of one batch
STARTS = 3  # tries, as long as the fork server dies under them
START_SECONDS = 0.5  # between two tries: what the threads of a killed fork server take to end

Received: TypeAlias = Stamped[Message]
"""A message with its time; its data are exactly as the training sent them."""


class ProtocolError(Exception):
    """The training sent something outside the contract."""


def start(process: BaseProcess) -> None:
    """Start a child of the fork server, of a new one if it was killed; raises EOFError if that dies, too.

    While threads of a killed fork server still end, it counts as alive, and what is asked of it is never answered.
    """
    for last in [False] * (STARTS - 1) + [True]:
        try:
            process.start()
            return
        except (EOFError, ConnectionError):
            if last:
                raise
            time.sleep(START_SECONDS)


class Rank:
    """A process in a group of its own. `outcome` is what it sent last, once that was read, at `said_at`."""

    def __init__(self, context: ForkServerContext, job: Job, recipe: str, listener: socket.socket | None) -> None:
        self.number = job.rank
        self.outcome: Outcome | None = None
        self.said_at = ""
        self.over = False  # it has ended, and all that it sent was read
        self._closed = False  # nothing more will come
        self._violation: ProtocolError | None = None  # what followed the last messages that were read
        self._messages, messages_end = context.Pipe(duplex=False)
        commands_end, self._commands = context.Pipe(duplex=False)
        self._process: BaseProcess = context.Process(
            target=process_entry.main,
            args=(msgspec.json.encode(job), messages_end, commands_end, recipe, listener),
            name=f"training-{job.run_id}-{job.rank}",
        )
        start(self._process)
        messages_end.close()
        commands_end.close()

    @property
    def pid(self) -> int:
        """The process id; the process leads its group."""
        return cast(int, self._process.pid)

    @property
    def lost(self) -> bool:
        """Whether it has ended without an outcome."""
        return self.over and self.outcome is None

    @property
    def gave_up(self) -> bool:
        """Whether it reported that it failed or was interrupted."""
        return self.outcome is not None and self.outcome.status != "completed"

    @property
    def handles(self) -> list[Connection | int]:
        """What becomes ready when there is something to `read`."""
        return [self._process.sentinel] if self._closed else [self._messages, self._process.sentinel]

    def read(self, ready: Sequence[Any]) -> list[Received] | None:
        """Return the messages that have come, without the outcome; [] is a heartbeat. Raises ProtocolError."""
        if self._violation:
            raise self._violation
        if self._messages in ready:
            batch = self._received()
            return None if batch is None else self._without_last_word(batch)
        if self._process.sentinel in ready:
            # Dead; a grandchild may hold the pipe open, so its end is no sign.
            self.over = self._closed or not self._messages.poll()
        return None

    def _received(self) -> list[Received] | None:
        """Read what waits in the pipe, for one transaction, so that a slow store does not fall behind."""
        found: list[Received] | None = None
        try:
            while len(found or ()) < TOGETHER and self._messages.poll():
                found = (found or []) + decode_batch(self._messages.recv_bytes(MESSAGE_LIMIT))
        except EOFError:
            self._closed = True
        except ProtocolError as error:
            self._violation = error
        except OSError as error:
            self._violation = ProtocolError(f"unreadable message: {error}")
        if self._violation and not found:
            raise self._violation
        return found

    def send(self, command: bytes) -> None:
        """Send one of the commands of `process_entry`."""
        try:
            self._commands.send_bytes(command)
        except OSError:
            return  # it has ended already

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process group."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            if self._process.is_alive():  # not yet the leader of its group, or ended just now
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, number)
        except PermissionError:
            return  # the group is gone and its number belongs to somebody else

    def close(self) -> int | None:
        """End the process, free what it held, and return its exit code (negative: the signal)."""
        if self._process.is_alive():
            self.signal(signal.SIGKILL)
        self._process.join()
        self.signal(signal.SIGKILL)  # its group may outlive it: data loader workers
        code = self._process.exitcode
        self._messages.close()
        self._commands.close()
        self._process.close()
        return code

    def _without_last_word(self, batch: list[Received]) -> list[Received]:
        last_words = [received for received in batch if type(received.message) is Outcome]
        if not last_words:
            return batch
        self.outcome, self.said_at = cast(Outcome, last_words[-1].message), last_words[-1].timestamp
        return [received for received in batch if type(received.message) is not Outcome]


def decode_batch(raw: bytes) -> list[Received]:
    """Decode a batch as a training sends it. Raises ProtocolError."""
    try:
        rows = _BATCH.decode(raw)
        if not rows:
            return []
        types, timestamps, parts = zip(*rows, strict=True)
        texts = [str(part, "utf-8") for part in parts]
        return list(map(_STAMPED, zip(_messages(types, texts), timestamps, texts, strict=True)))
    except msgspec.MsgspecError as error:
        raise ProtocolError(str(error)) from error


def encode_batch(batch: Iterable[Received]) -> bytes:
    """Encode a batch as a training sends it."""
    return msgspec.json.encode(
        [(message.type, timestamp, msgspec.Raw(data.encode())) for message, timestamp, data in batch]
    )


def _messages(types: Sequence[str], texts: Sequence[str]) -> list[Message]:
    """Decode messages, those of a type together: one by one takes three times as long."""
    if len(types) == 1:
        return [_message(types[0], texts[0])]
    of_type: dict[str, list[str]] = {}
    for type_, text in zip(types, texts, strict=True):
        of_type.setdefault(type_, []).append(text)
    try:
        decoded = {type_: iter(_LISTS[type_].decode(f"[{','.join(found)}]")) for type_, found in of_type.items()}
    except (KeyError, msgspec.MsgspecError):
        return list(map(_message, types, texts))  # says what is wrong with the first one that is
    return [next(decoded[type_]) for type_ in types]


def _message(type_: str, data: str) -> Message:
    report = _REPORTS.get(type_)
    return events.decode(type_, data) if report is None else report.decode(data)
