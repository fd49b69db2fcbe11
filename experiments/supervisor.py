"""Carries out one run: claim it, follow its process, store and announce what happens, decide how it ended.

Policy only; the mechanism is in `process`, the writing in `runs.recorder` and `runs.lifecycle`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import Error, connections
from pydantic import ValidationError

from experiments import homecoming, reasons
from experiments.datasets import lookup
from experiments.gpus import Gpus, Share, watched
from experiments.homecoming import GaveUp
from experiments.jobs import job
from experiments.outbox import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Outbox
from experiments.process import ProtocolError, Received, TrainingProcess, describe_exit
from experiments.publisher import Publisher
from experiments.time_limit import TimeLimit
from experiments.training.config import CallbacksConfig, TrainerConfig
from experiments.training.data.errors import SourceError
from experiments.training.reports import BestValues, CheckpointSaved, Job, Message, Note, Outcome, TrainingStopped
from experiments.vitals.gauge import Gauge
from realtime import broadcast
from runs import exports, lifecycle, log_lines, recorder, workers
from runs.events import Ending, Event
from runs.models import Run
from runs.recorder import Fenced, Stamped
from runs.samples.compiling import compact_ended

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.25
SILENCE_SECONDS = 45.0  # without a heartbeat for so long, a training hangs or is frozen
STORE_PATIENCE_SECONDS = 300.0  # how long a training goes on while the database takes nothing
StopRequest = Run.StopRequest
EVALUATED = (StopRequest.FINISH, StopRequest.EVALUATE)
LOOPBACK = "127.0.0.1"

T = TypeVar("T")
Observer = Callable[[Message], object]


def supervise(*, draining: threading.Event, gpus: Gpus | None = None, observe: Observer | None = None) -> bool:
    """Carry out the run whose turn it is to its end, or until `draining` is set. False: there was none.

    It has its share of `gpus` to itself; while too few are free, it waits.
    """
    share = Share(gpus or Gpus())
    try:
        run = lifecycle.claim_next(workers.own_name(), share.suits)
        if run is None:
            return False
        with log_lines.about(run.pk, run.attempt):
            carry_out(run, draining=draining, gpus=share.ids, observe=observe)
        return True
    finally:
        share.give_back()


def carry_out(
    run: Run, *, draining: threading.Event, gpus: list[str] | None = None, observe: Observer | None = None
) -> None:
    """Follow an already claimed run. Returns when its status is settled, or when somebody else holds it.

    It sees the GPUs named, by default those that this process sees.
    """
    broadcast.hint(run.pk)
    lease = Lease(run.pk, run.attempt)
    lease.start()
    try:
        Supervision(run, lease, draining, observe, gpus).carry_out()
    except Fenced as error:
        logger.warning("%s; stopped here", error)
    finally:
        lease.stop()
        broadcast.hint(run.pk)
    compact_ended(run.pk)


class Lease(threading.Thread):
    """Renews the lease from a thread of its own, so that no slow step of the supervisor can lose it."""

    def __init__(self, run_id: int, attempt: int) -> None:
        super().__init__(name=f"lease-{run_id}", daemon=True)
        self._run_id, self._attempt = run_id, attempt
        self._stopped = threading.Event()
        self.lost = threading.Event()
        self.request: str = StopRequest.NONE

    def stop(self) -> None:
        """End the thread; the lease is neither renewed nor given up."""
        self._stopped.set()
        self.join()

    def run(self) -> None:
        """Look once a second (a cancel request shows there too); a database that does not answer is tried again."""
        try:
            while not self._stopped.wait(min(1.0, settings.LEASE_SECONDS / 4)):
                self._renew()
        except Fenced:
            self.lost.set()
        finally:
            connections.close_all()

    def _renew(self) -> None:
        with log_lines.about(self._run_id, self._attempt):
            try:
                self.request = lifecycle.renew(self._run_id, self._attempt)
            except Error:
                logger.exception("run %s: lease not renewed", self._run_id)
                connections.close_all()  # one that was cut stays so


class Supervision:
    """One attempt of one run, from the start of its process to the end of its status."""

    def __init__(
        self, run: Run, lease: Lease, draining: threading.Event, observe: Observer | None, gpus: list[str] | None
    ) -> None:
        self._run, self._lease, self._draining, self._gpus = run, lease, draining, gpus
        self._observe = observe or (lambda _message: None)
        self._outcome: Outcome | None = None
        self._trouble: str | None = None  # why we stopped the training ourselves
        self._pressed: Callable[[], None] | None = None  # what was asked of the process …
        self._pressed_at = 0.0  # … at which monotonic time
        self._terminated = False
        self._evaluating = False  # it has stopped training, as asked
        self._limit = TimeLimit(run)
        self._publisher = Publisher(run)
        self._timed_out = False  # it was told to finish because of that
        self._outbox = Outbox(run.pk, self._take)
        # Epoch of the last checkpoint that the database has, and that the training knows to be there
        self._registered = run.last_checkpoint_epoch if run.last_checkpoint else None
        self._acknowledged: int | None = None

    def carry_out(self) -> None:
        """Raises Fenced when the run belongs to somebody else now; its process is gone then."""
        try:
            homecoming.bring_home(self._run, self._is_urgent)
            self._publisher.begin()
        except GaveUp:
            self._settle(reasons.STORE_AWAITED)
            return
        except OSError as error:  # of the store too
            reason = f"The files of earlier attempts could not be fetched: {error} Resume the run when that is mended."
            self._store(lambda: lifecycle.finish(self._run.pk, self._run.attempt, "failed", reason))
            return
        try:
            self._carry_out()
        finally:
            self._publisher.stop()

    def _is_urgent(self) -> bool:
        """Nobody wants to wait for a store now."""
        stopping = self._lease.request in (StopRequest.CANCEL, StopRequest.KILL)
        return stopping or self._draining.is_set() or self._lease.lost.is_set()

    def _carry_out(self) -> None:
        process = self._start()
        if process is None:
            self._finish("failed", self._trouble)
            return
        try:
            self._invite(process)
            with self._gauge(process) as gauge:
                self._follow(process, gauge)
        except ProtocolError as error:
            self._trouble = f"The training sent something that is no event: {error}"
        finally:
            code = process.close()
        self._store(self._outbox.deliver_all)
        self._settle(describe_exit(code, process.lost_rank))

    def _start(self) -> TrainingProcess | None:
        try:
            exports.write_config(self._run)
            asked = job_of(self._run, self._gpus)
            if not asked.meeting_address:
                self._trouble = reasons.NO_ADDRESS.format(nodes=asked.nodes)
                return None
            if self._run.last_checkpoint and asked.resume_from is None:
                text = reasons.CHECKPOINT_GONE.format(self._run.last_checkpoint)
                self._store(lambda: recorder.add_note(self._run.pk, "checkpoint_gone", text))
            return TrainingProcess(asked)
        except (OSError, ValidationError) as error:  # a configuration may be older than this installation
            logger.exception("run %s: not started", self._run.pk)
            self._trouble = f"The training could not be started: {error}"
            return None
        except SourceError as error:
            self._trouble = error.message
            return None

    def _invite(self, process: TrainingProcess) -> None:
        """Of a training on several machines: tell where the ranks of the others are awaited."""
        run, nodes = self._run, self._run.config.get("trainer", {}).get("num_nodes", 1)
        if nodes == 1:
            return
        meeting = {"attempt": run.attempt, "address": settings.NODE_ADDRESS, "port": process.meeting_port}
        text = reasons.INVITATION.format(nodes=nodes, run_id=run.pk, last=nodes - 1)
        notes = [{"code": "nodes", "text": text}]
        self._store(lambda: recorder.record(run.pk, run.attempt, [], columns={"meeting": meeting}, notes=notes))
        broadcast.hint(run.pk)

    def _gauge(self, process: TrainingProcess) -> Gauge:
        asked = self._run.config.get("callbacks", {})  # an older configuration may lack the interval
        interval = asked.get("resource_interval", CallbacksConfig.model_fields["resource_interval"].default)
        visible = watched(self._run, self._gpus)
        return Gauge(process.pids, gpus=visible, folder=self._run.folder, interval=interval)

    def _follow(self, process: TrainingProcess, gauge: Gauge) -> None:
        heard = time.monotonic()
        for batch in process.batches(TICK_SECONDS):
            if self._lease.lost.is_set():
                raise Fenced(f"run {self._run.pk}: the lease of attempt {self._run.attempt} was lost")
            if batch is not None:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE_SECONDS:
                self._trouble = reasons.FROZEN.format(SILENCE_SECONDS)
                process.kill()
            self._hear(batch or ())
            self._outbox.put([*(batch or ()), *gauge.news()])
            self._outbox.deliver()
            self._acknowledge(process)
            self._obey(process)

    def _acknowledge(self, process: TrainingProcess) -> None:
        """Of its checkpoints, the one that is stored: the training keeps it until the next one is."""
        if self._registered is not None and self._registered != self._acknowledged:
            self._acknowledged = self._registered
            process.registered(self._registered)

    def _hear(self, batch: Sequence[Received]) -> None:
        """What is not for the database; raises ProtocolError for what must not get there."""
        for message, _, _ in batch:
            columns_of(message)
            if isinstance(message, Outcome):
                self._outcome = message
            elif isinstance(message, TrainingStopped):
                self._evaluating = True

    def _take(self, batch: Sequence[Received], again: bool) -> None:
        happened = [Stamped(message, moment, data) for message, moment, data in batch if isinstance(message, Event)]
        columns: dict[str, Any] = {}
        notes: list[dict[str, str]] = []
        for message, _, _ in batch:
            columns |= columns_of(message)
            if isinstance(message, Note):
                notes.append({"code": message.code, "text": message.text})
        run = self._run
        recorder.record(run.pk, run.attempt, happened, columns=columns, notes=notes, again=again)
        self._registered = columns.get("last_checkpoint_epoch", self._registered)
        broadcast.hint(run.pk)
        if "last_checkpoint" in columns:
            self._publisher.checkpoint({name: value for name, value in columns.items() if "checkpoint" in name})
        for message, _, _ in batch:
            self._observe(message)

    def _store(self, write: Callable[[], T]) -> T:
        """Try again with growing pauses for as long as the database fails; a worker that shuts down gives up."""
        pause, draining_since = FIRST_PAUSE_SECONDS, None
        while True:
            try:
                return write()
            except Error:
                now = time.monotonic()
                draining_since = draining_since or (now if self._draining.is_set() else None)
                if self._lease.lost.is_set() or (draining_since and now - draining_since > settings.GRACE_SECONDS):
                    raise
                logger.exception("run %s: not stored, trying again in %.1f s", self._run.pk, pause)
                connections.close_all()
                time.sleep(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)

    def _obey(self, process: TrainingProcess) -> None:
        """Stop as asked: by somebody, or because this worker shuts down."""
        request = self._lease.request
        if self._outbox.failing_seconds > STORE_PATIENCE_SECONDS:
            self._trouble = self._trouble or reasons.NOT_STORED.format(STORE_PATIENCE_SECONDS)
        if request == StopRequest.KILL:
            process.kill()
        elif self._trouble or request == StopRequest.CANCEL or self._draining.is_set():
            self._press(process, process.request_stop)
        elif request in EVALUATED and not self._evaluating:
            self._press(process, process.request_finish)
        elif request == StopRequest.NONE and self._limit.over:
            # Asked for like anybody does: the lease's thread hears of it, and whoever watches too
            self._timed_out = True
            self._store(lambda: lifecycle.finish_early(self._run.pk, self._limit.reason))

    def _press(self, process: TrainingProcess, ask: Callable[[], None]) -> None:
        """Ask, after the grace period TERM, soon after that KILL."""
        now = time.monotonic()
        if self._pressed != ask:
            self._pressed, self._pressed_at, self._terminated = ask, now, False
            ask()
        elif now - self._pressed_at > settings.GRACE_SECONDS + 2:
            process.kill()
        elif now - self._pressed_at > settings.GRACE_SECONDS and not self._terminated:
            self._terminated = True
            process.terminate()

    def _settle(self, exit_: str) -> None:
        """The end is what the training said last, never its exit code."""
        said, request = self._outcome.status if self._outcome else None, self._lease.request
        if said == "completed" and request != StopRequest.EVALUATE:
            self._finish("completed", None)
        elif said == "failed" and self._outcome:
            self._finish("failed", self._outcome.reason)
        elif request not in (StopRequest.NONE, StopRequest.FINISH):
            self._finish("cancelled", None)
        elif self._draining.is_set():
            self._publisher.leave(settings.GRACE_SECONDS / 2)
            self._store(lambda: lifecycle.release(self._run.pk, self._run.attempt, reasons.DRAINED))
        elif request == StopRequest.FINISH and self._timed_out:
            self._finish("failed", self._why_over(said))
        elif request == StopRequest.FINISH and said:
            self._finish("cancelled", reasons.NOTHING_COMPLETE)
        elif request == StopRequest.FINISH:
            self._finish("failed", reasons.DID_NOT_FINISH)
        else:
            self._finish("failed", self._trouble or (reasons.STOPPED_FROM_OUTSIDE if said == "interrupted" else exit_))

    def _why_over(self, said: str | None) -> str:
        """At the time limit: without a word it was killed, maybe while it prepared its data, deaf to requests."""
        deaf = said is None and Run.objects.get(pk=self._run.pk).last_checkpoint
        return self._limit.did_not_stop if deaf else self._limit.nothing_complete

    def _finish(self, status: Ending, reason: str | None) -> None:
        """Numbers are stored already; then the files, then the status and the last event.

        Without a `reason` it is what somebody asked for, if anybody did.
        """
        run = self._store(lambda: Run.objects.get(pk=self._run.pk))
        reason = reason or run.reason
        try:
            exports.export(run)
        except OSError as error:
            logger.exception("run %s: files not written", run.pk)
            text = (
                f"Not all files could be written: {error}. The numbers are stored; "
                f"make room, then write the files with: .venv/bin/python manage.py export {run.pk}"
            )
            self._store(lambda: recorder.add_note(run.pk, "export_failed", text))
        self._store(lambda: self._publisher.finish(hurry=self._is_urgent))
        self._store(lambda: lifecycle.finish(run.pk, run.attempt, status, reason))


def job_of(run: Run, gpus: list[str] | None = None) -> Job:
    """What the training process needs to know of a claimed run; raises SourceError where its data set is gone."""
    place = lookup.locate_for(run)
    trainer = TrainerConfig.model_validate(run.config.get("trainer", {}))
    checkpoint = run.folder / run.last_checkpoint if run.last_checkpoint else None
    resumable = checkpoint is not None and checkpoint.is_file()
    return job(
        place,
        config=run.config,
        folder=run.folder,
        run_id=run.pk,
        attempt=run.attempt,
        resume_from=str(checkpoint) if resumable else None,
        resumed_from_epoch=run.last_checkpoint_epoch if resumable else None,
        gpus=gpus,
        ranks=trainer.processes,
        nodes=trainer.num_nodes,
        meeting_address=settings.NODE_ADDRESS if trainer.num_nodes > 1 else LOOPBACK,
    )


def columns_of(message: Message) -> dict[str, Any]:
    """What a report changes on the run's row; paths are kept only when they stay inside the run's folder."""
    if isinstance(message, CheckpointSaved):
        return {
            "last_checkpoint": _inside(message.last),
            "last_checkpoint_epoch": message.epoch,
            "last_checkpoint_step": message.step,
            "best_checkpoint": _inside(message.best) if message.best else "",
        }
    if isinstance(message, BestValues):
        return {name: getattr(message, name) for name in message.__struct_fields__}
    return {}


def _inside(path: str) -> str:
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise ProtocolError(f"checkpoint outside the run's folder: {path!r}")
    return path
