"""The entry of a training's process: redirect output, listen for commands, send messages, call the recipe.

Imports no torch itself: the worker pickles `main` by name, and only the fork server loads the recipe. Wire format,
child to supervisor: JSON arrays of `[type, timestamp, data]`; an empty array is a heartbeat.
"""

from __future__ import annotations

import faulthandler
import importlib
import io
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

import msgspec

from experiments.training.contract.reports import TOGETHER, Job, Message, Outcome, Reporter, Thinned
from experiments.training.contract.spool import Spool
from experiments.training.contract.stop import Stop
from runs.events import EPHEMERAL_TYPES, utc_now
from runs.files.log_names import log_name, start_name
from runs.packed_journal import event_times

RECIPE = "experiments.training.recipes.centralized"
METRICS = "experiments.training.metrics.inspection"
STOP = b"stop"
FINISH = b"finish"
REGISTERED = b"registered "  # followed by an epoch
BATCH_SECONDS = 0.05  # between two batches in the long run: each is a transaction of the supervisor
BATCHES_AT_ONCE = 10  # before which nothing waits, if there was a calm before
HEARTBEAT_SECONDS = 1.0
QUEUE_LIMIT = 200_000  # messages that wait to be encoded, at most 60 MiB; beyond it ephemeral events are left out
ORPHAN_GRACE_SECONDS = 10.0
ORPHANED = 70  # exit code of a training whose supervisor died
NANOSECONDS = 1_000  # of a microsecond
Queued: TypeAlias = tuple[int, Message]
"""A message and its moment, in nanoseconds since 1970."""
_encoder = msgspec.json.Encoder()


class Emitter:
    """A queue that takes messages from the training without blocking it.

    While little happens, each message goes at once. Under load they gather: one batch in `BATCH_SECONDS`.

    A thread encodes them in batches, another sends these. What the supervisor has no time to read waits in a spool,
    most of it in a file; where that is full too, or unreadable, ephemeral events are left out, counted and reported.
    """

    def __init__(self, connection: Connection, folder: Path | None = None) -> None:
        """Send to that connection; files of the spool lie in `folder`."""
        self._connection = connection
        self._pacing = Pacing(BATCH_SECONDS, BATCHES_AT_ONCE)
        self._closing = threading.Event()
        self._queue: SimpleQueue[Queued | None] = SimpleQueue()
        self._spool = Spool(folder)
        self._left_out: Counter[str] = Counter()
        self._lock = threading.Lock()  # of the counts
        self.report = self._reporter()
        self._threads = [
            threading.Thread(target=self._gather_forever, name="emitter", daemon=True),
            threading.Thread(target=self._send_forever, name="event sender", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def report_outcome(self, message: Message) -> None:
        """Queue the message if it is the last one."""
        if isinstance(message, Outcome):
            self.report(message)

    def close(self) -> None:
        """Send what is queued, then stop."""
        self._queue.put(None)
        self._closing.set()
        for thread in self._threads:
            thread.join()

    def _reporter(self) -> Reporter:
        """Make the function that queues one message, in well under a microsecond.

        It has all it needs at hand: to look that up in objects takes longer than to queue.
        """
        spool, put, waiting, now = self._spool, self._queue.put, self._queue.qsize, time.time_ns

        def report(message: Message) -> None:
            if (spool.full or waiting() > QUEUE_LIMIT) and message.type in EPHEMERAL_TYPES:
                with self._lock:
                    self._left_out[message.type] += 1
            else:
                put((now(), message))

        return report

    def _send_forever(self) -> None:
        try:
            while (batch := self._spool.get()) is not None:
                self._connection.send_bytes(batch)
        except OSError:
            return  # the supervisor is gone; the command pipe's end stops the training

    def _gather_forever(self) -> None:
        closing = False
        try:
            while not closing:
                batch, closing = self._gather()
                if closing or not self._spool.full:
                    batch += self._thinned()
                if batch or self._spool.empty:  # no heartbeat behind what is a sign of life itself
                    self._spool.put(_encoded(batch), partial(_lasting, batch))
        finally:
            self._spool.close()  # also after a message that cannot be encoded: else `close` would wait for ever

    def _thinned(self) -> list[Queued]:
        """Report what was left out since the last report, if anything was."""
        if not self._left_out:
            return []
        with self._lock:
            counts, self._left_out = self._left_out, Counter()
        return [(time.time_ns(), Thinned(events=dict(counts)))]

    def _gather(self) -> tuple[list[Queued], bool]:
        """Wait for a first message (or a heartbeat's time) and until it may go, then take what has come by then."""
        batch: list[Queued] = []
        try:
            item = self._queue.get(timeout=HEARTBEAT_SECONDS)
            if self._queue.qsize() < TOGETHER:
                # Asleep, not waiting for further messages: each would wake this thread beside the training's.
                self._closing.wait(self._pacing.take(time.monotonic()))
            while item is not None:
                batch.append(item)
                if len(batch) == TOGETHER:
                    return batch, False
                item = self._queue.get_nowait()
        except Empty:
            return batch, False
        return batch, True


class Pacing:
    """Decides when the next batch may go: in the long run one in `interval` seconds, after a calm `at_once`."""

    def __init__(self, interval: float, at_once: int) -> None:
        self._interval, self._credit = interval, interval * at_once
        self._next = 0.0  # when the next one would go if all went evenly; monotonic time

    def take(self, now: float) -> float:
        """Take a place for one batch, and return how many seconds it must wait for it."""
        self._next = max(self._next, now - self._credit) + self._interval
        return max(0.0, self._next - now)


def _encoded(batch: Sequence[Queued]) -> bytes:
    """Encode a batch whole: message by message takes three times as long, beside the training's own thread."""
    times = event_times.texts([moment // NANOSECONDS for moment, _ in batch])
    return _encoder.encode(
        [(message.type, timestamp, message) for timestamp, (_, message) in zip(times, batch, strict=True)]
    )


def _lasting(batch: Sequence[Queued]) -> bytes:
    """Encode what must arrive of a batch, with a report of the rest: for where a file does not give it back."""
    left_out = Counter(message.type for _, message in batch if message.type in EPHEMERAL_TYPES)
    lasting = [queued for queued in batch if queued[1].type not in EPHEMERAL_TYPES]
    return _encoded([*lasting, (time.time_ns(), Thinned(events=dict(left_out)))] if left_out else lasting)


def main(
    job: bytes,
    messages: Connection,
    commands: Connection,
    recipe: str = RECIPE,
    listener: socket.socket | None = None,
) -> None:
    """Run the training process; `job` is a Job as JSON, `recipe` a module with `train(job, report, stop)`.

    `listener` is for rank 0 of several: the socket where they connect. Other ranks send only their outcome. Returns
    when the last message is sent.
    """
    os.setsid()  # a process group of its own: signals to the terminal pass by, and a kill reaches data loader workers
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    decoded = msgspec.json.decode(job, type=Job)
    if listener is not None:
        decoded = msgspec.structs.replace(decoded, meeting_socket=listener.detach())
    _redirect_output(Path(decoded.run_dir) / log_name(decoded.rank), decoded.attempt)
    if decoded.gpus is not None:  # CUDA looks when it is first used, and no process before this one uses it
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(decoded.gpus)
    stop = Stop()
    threading.Thread(target=_receive_commands, args=(commands, stop), name="commands", daemon=True).start()
    emitter = Emitter(messages, Path(decoded.run_dir))
    try:
        module: Any = importlib.import_module(recipe)
        module.train(decoded, emitter.report if decoded.rank == 0 else emitter.report_outcome, stop)
    finally:
        emitter.close()


def warm() -> None:
    """Raise SystemExit unless the fork server has loaded the recipe: the first real training would wait for it."""
    if RECIPE not in sys.modules:
        raise SystemExit(f"{RECIPE} is not preloaded")


def list_metrics(answer: Connection) -> None:
    """Send the metrics of the library that the fork server has loaded, as JSON."""
    module: Any = importlib.import_module(METRICS)
    answer.send_bytes(module.encoded())


def _receive_commands(commands: Connection, stop: Stop) -> None:
    """Carry out commands; a closed pipe means that the supervisor died: stop soon, or exit after a grace period."""
    handlers = {STOP: stop.set, FINISH: stop.early.set}
    try:
        while True:
            command = commands.recv_bytes()
            if command.startswith(REGISTERED):
                stop.registered.set(int(command.removeprefix(REGISTERED)))
            else:
                handlers.get(command, _unknown)()
    except (EOFError, OSError):
        stop.set()
        time.sleep(ORPHAN_GRACE_SECONDS)
        os._exit(ORPHANED)


def _unknown() -> None:
    """Ignore a command of a newer server."""


def _say_where_it_begins(log: Path, attempt: int, offset: int) -> None:
    start = log.parent / start_name(attempt, log.name)
    start.parent.mkdir(parents=True, exist_ok=True)
    start.write_text(str(offset))


class _Log(io.FileIO):
    """A log that drops what a full disk refuses, so that the training neither ends nor loses its reason for ending."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            return memoryview(data).nbytes


def _redirect_output(path: Path, attempt: int) -> None:
    """Send all output, native code's too, to the run's log; where none can be made, to the server's."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        offset = os.fstat(log).st_size
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        _say_where_it_begins(path, attempt, offset)
        trouble = ""
    except OSError as error:
        trouble = f"{path}: {error}\n"
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.BufferedWriter(_Log(descriptor, "w", closefd=False)), line_buffering=True)
        for descriptor in (1, 2)
    )
    sys.stderr.write(trouble)
    faulthandler.enable(sys.stderr)
    sys.stdout.write(f"=== attempt {attempt}, {utc_now()} ===\n")
