"""Starts a training in children of the fork server, reads its messages, and stops it. No Django here.

The fork server has torch and lightning loaded, so that a training starts within a tenth of a second once it is there;
neither it nor this process ever initialises CUDA. A training on several devices has one process for each, its ranks.
"""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from multiprocessing.connection import wait
from typing import NamedTuple

import msgspec

from experiments.processes import fork_server
from experiments.processes.fork_server import CONTEXT, warm_up
from experiments.processes.rank_process import ProtocolError, Rank, Received
from experiments.training.contract.reports import Job, Outcome
from experiments.training.recipes import process_entry
from runs.events import Stamped
from runs.files.log_names import log_name

__all__ = ["ProtocolError", "Received", "TrainingProcess", "describe_exit", "warm_up"]

TICK_SECONDS = 0.25  # how long to wait for a process before its follower does its other work
SILENCE_SECONDS = 45.0  # without a heartbeat for so long, a training hangs or is frozen
_UNKNOWN = 255  # the fork server died with the exit code
LAST_WORDS_SECONDS = 2.0  # left to the other ranks when one has ended early


class TrainingProcess:
    """One attempt of one run: one process, or the ranks of one training, which end together.

    Messages come from rank 0. The outcome comes last, when all ranks have ended; it is that of the rank that failed
    first, not what the others then missed.
    """

    def __init__(self, job: Job, recipe: str = process_entry.RECIPE) -> None:
        self._ranks: list[Rank] = []
        self.meeting_port: int | None = None  # where ranks of other machines find this one's
        self._heard: set[int] = set()  # ranks that sent something since all of them did
        self._first_end: float | None = None  # monotonic time at which a rank had ended early
        self._lost: list[int] = []  # ranks that ended without an outcome before we ended them, in order
        self._ending = False
        self._uses_fork_server = True
        fork_server.own.enter()
        try:
            self._start(job, recipe)
        except BaseException:
            self.close()
            raise

    def _start(self, job: Job, recipe: str) -> None:
        if job.ranks == 1:
            self._ranks.append(Rank(CONTEXT, job, recipe, None))
            return
        if job.node:
            self._start_ranks(job, recipe, None)
            return
        # Bound here, so that no other program can take the port before rank 0 listens on it.
        with socket.create_server((job.meeting_address, 0)) as listener:
            self.meeting_port = listener.getsockname()[1]
            self._start_ranks(msgspec.structs.replace(job, meeting_port=self.meeting_port), recipe, listener)

    def _start_ranks(self, job: Job, recipe: str, listener: socket.socket | None) -> None:
        """Start the ranks of this machine; rank 0 gets the socket on which they meet."""
        first = job.node * job.local_ranks
        for number in range(first, first + job.local_ranks):
            own = msgspec.structs.replace(job, rank=number)
            self._ranks.append(Rank(CONTEXT, own, recipe, None if number else listener))

    @property
    def pid(self) -> int:
        """The process id of rank 0, which leads its process group."""
        return self._ranks[0].pid

    @property
    def pids(self) -> list[int]:
        """The process ids of the ranks on this machine, each of which leads a session and a process group."""
        return [rank.pid for rank in self._ranks]

    @property
    def lost_rank(self) -> int | None:
        """The rank of several that ended without an outcome and so ended the training, if one has."""
        return self._lost[0] if self._lost and len(self._ranks) > 1 else None  # a number among all machines' ranks

    def batches(self, tick: float) -> Iterator[list[Received] | None]:
        """Yield each batch of messages as it comes ([]: every rank gave a sign of life), None for no update.

        Waits at most `tick` seconds. Ends when the training has ended and everything it sent was read. Raises
        ProtocolError.
        """
        while living := [rank for rank in self._ranks if not rank.over]:
            ready = wait([handle for rank in living for handle in rank.handles], timeout=tick)
            batches = {rank.number: rank.read(ready) for rank in living}
            self._lost += [rank.number for rank in living if rank.lost and not self._ending]
            yield self._updates(batches)
            self._end_together()
        if outcome := self._outcome():
            yield [outcome]

    def request_stop(self) -> None:
        """Request a stop after the current batch."""
        for rank in self._ranks:
            rank.send(process_entry.STOP)

    def request_finish(self) -> None:
        """Request that training stops after the current batch and the best epoch is evaluated."""
        for rank in self._ranks:
            rank.send(process_entry.FINISH)

    def confirm_checkpoint(self, epoch: int) -> None:
        """Confirm that the checkpoint of that epoch is registered where a later attempt looks for it."""
        for rank in self._ranks:
            rank.send(process_entry.REGISTERED + str(epoch).encode())

    def terminate(self) -> None:
        """Send SIGTERM to the process groups."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to the process groups."""
        self._signal(signal.SIGKILL)

    def close(self) -> int | None:
        """End the processes, free what they held, and return the exit code (negative: the signal).

        Of several ranks, it is that of the lost one, else of rank 0.
        """
        codes = {rank.number: rank.close() for rank in self._ranks}
        if self._uses_fork_server:
            self._uses_fork_server = False
            fork_server.own.leave()
        return codes.get(self.lost_rank, next(iter(codes.values()))) if codes else None  # type: ignore[arg-type]

    def _signal(self, number: signal.Signals) -> None:
        for rank in self._ranks:
            rank.signal(number)

    def _updates(self, batches: dict[int, list[Received] | None]) -> list[Received] | None:
        self._heard |= {number for number, batch in batches.items() if batch is not None}
        everybody = self._heard >= {rank.number for rank in self._ranks if not rank.over}
        if everybody:
            self._heard.clear()
        updates = [received for batch in batches.values() if batch for received in batch]
        return updates if updates or everybody else None

    def _end_together(self) -> None:
        """Kill the other ranks once one has ended early: they would wait for it, some of them without end."""
        if len(self._ranks) == 1:
            return
        if self._first_end is None:
            if any(rank.lost or rank.gave_up for rank in self._ranks):
                self._first_end = time.monotonic()
        elif time.monotonic() - self._first_end > LAST_WORDS_SECONDS and not self._ending:
            self._ending = True
            self.kill()

    def _outcome(self) -> Received | None:
        """Return the outcome of the training; None if a rank was lost without one."""
        own = self._ranks[0]
        decisive = own if own.outcome and not own.gave_up else self._first_to_give_up()
        if decisive is None or decisive.outcome is None:
            return None
        outcome = decisive.outcome
        if outcome.reason and outcome != own.outcome:
            named = f"{outcome.reason} (rank {decisive.number}; see {log_name(decisive.number)})"
            outcome = Outcome(status=outcome.status, reason=named)
        return Stamped(outcome, decisive.said_at, msgspec.json.encode(outcome).decode())

    def _first_to_give_up(self) -> Rank | None:
        """Return the rank that failed first or, if none did, was interrupted first; None if one was lost."""
        gave_up = [rank for rank in self._ranks if rank.gave_up]
        failed = [rank for rank in gave_up if rank.outcome and rank.outcome.status == "failed"]
        if self._lost or not gave_up:
            return None
        return min(failed or gave_up, key=lambda rank: rank.said_at)  # one clock, one form


def was_killed(code: int | None) -> bool:
    """Return whether a signal or the death of the fork server ended the process, not the program itself."""
    return code is None or code == _UNKNOWN or code < 0


class Words(NamedTuple):
    """How a kind of process is spoken of: what it is, what to do when it has ended, and when memory ran out."""

    subject: str
    again: str
    less: str


OF_TRAININGS = Words(
    subject="The training process",
    again="Resume it, or start it again if no epoch was complete.",
    less="lower data.batch_size or data.image_size",
)


def describe_exit(code: int | None, rank: int | None = None, words: Words = OF_TRAININGS) -> str:
    """Describe an exit code to the user; `rank` is the one it belongs to, if there are several."""
    log = log_name(rank or 0)
    subject = words.subject if rank is None else f"{words.subject} of rank {rank}"
    if code is None or code == _UNKNOWN:
        return f"{subject} ended for an unknown reason. {words.again}"
    if code == process_entry.ORPHANED:
        return f"{subject} stopped because its supervisor was gone. {words.again}"
    if code >= 0:
        return f"{subject} ended with exit code {code} and without a result. Its last words are in {log}."
    name = signal.Signals(-code).name
    hint = {
        "SIGKILL": f" (the system does that when memory runs out: {words.less})",
        "SIGSEGV": f" (a crash in native code; the place is in {log})",
    }.get(name, f" (its last words are in {log})")
    return f"{subject} was killed by {name}{hint}."
