"""Carries out one run: claims it, follows its process, stores and announces what happens, decides how it ended.

Holds only the order of these steps; each step is in a module of its own.
"""

from __future__ import annotations

import logging
import threading

from experiments.files import restore
from experiments.files.restore import RestoreAbandoned
from experiments.files.uploader import Uploader
from experiments.processes.followed_process import End, FollowedProcess
from experiments.processes.gpus import Gpus, Share, watched
from experiments.processes.training_process import Received, TrainingProcess
from experiments.resource_monitor.monitor import ResourceMonitor
from experiments.supervision import end_messages, run_start
from experiments.supervision.batch_writer import BatchWriter, Observer, columns_of
from experiments.supervision.crashes import Crashes
from experiments.supervision.database_retry import DatabaseRetry
from experiments.supervision.event_buffer import EventBuffer
from experiments.supervision.finalisation import Finalisation
from experiments.supervision.lease import Lease
from experiments.supervision.run_start import NotStarted
from experiments.supervision.stop_ladder import StopLadder
from experiments.supervision.time_limit import TimeLimit
from experiments.supervision.verdict import Evidence, Verdict, judge
from experiments.training.contract.reports import TrainingStopped
from realtime.hubs import broadcast
from runs import json_logging, lifecycle
from runs.curves.compaction import compact_ended
from runs.leases import Fenced
from runs.models import Run
from runs.quotas import disk_usage
from runs.scheduling import workers
from runs.stored_config import StoredConfig

logger = logging.getLogger(__name__)

STORE_PATIENCE_SECONDS = 300.0  # how long a training continues while the database stores nothing
StopRequest = Run.StopRequest
EVALUATED = (StopRequest.FINISH, StopRequest.EVALUATE)


def supervise(*, draining: threading.Event, gpus: Gpus | None = None, observe: Observer | None = None) -> bool:
    """Carry out the next run to its end, or until `draining` is set. False: there was none.

    It has its share of `gpus` to itself; while too few are free, it waits.
    """
    share = Share(gpus or Gpus())
    try:
        run = lifecycle.claim_next(workers.own_name(), share.reserve_for)
        if run is None:
            return False
        with json_logging.about(run.pk, run.attempt):
            carry_out(run, draining=draining, gpus=share.ids, observe=observe)
        return True
    finally:
        share.give_back()


def carry_out(
    run: Run, *, draining: threading.Event, gpus: list[str] | None = None, observe: Observer | None = None
) -> None:
    """Follow an already claimed run until its status is final, or until another worker holds it.

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
    disk_usage.measure(run.pk)


class Supervision:
    """One attempt of one run, from the start of its process to the end of its status."""

    def __init__(
        self, run: Run, lease: Lease, draining: threading.Event, observe: Observer | None, gpus: list[str] | None
    ) -> None:
        self._run, self._lease, self._draining, self._gpus = run, lease, draining, gpus
        self._trouble: str | None = None  # why we stopped the training ourselves
        self._evaluating = False  # it has stopped training, as asked
        self._limit = TimeLimit(run)
        self._uploader = Uploader(run)
        self._writer = BatchWriter(run, self._uploader, observe)
        self._buffer = EventBuffer(run.pk, self._writer.store_batch, run.folder)
        self._database = DatabaseRetry(run.pk, draining=draining, lost=lease.lost)
        self._finalisation = Finalisation(
            run, self._uploader, self._database, is_urgent=self._is_urgent, worked=lambda: lease.seconds
        )

    def carry_out(self) -> None:
        """Carry out the attempt. Raises Fenced when another worker has the run; its process is gone then."""
        try:
            restore.restore_run_files(self._run, self._is_urgent)
            self._uploader.begin()
        except RestoreAbandoned:
            self._finalise(End(None, end_messages.STORE_AWAITED))
            return
        except OSError as error:  # of the store too
            what = end_messages.what_failed(error)
            reason = f"The files of earlier attempts could not be fetched: {what} Resume the run when that is repaired."
            self._finalisation.end("failed", reason)
            return
        try:
            self._carry_out()
        finally:
            self._uploader.stop()

    def _is_urgent(self) -> bool:
        """Return whether waiting for a store is out of the question now."""
        stopping = self._lease.request in (StopRequest.CANCEL, StopRequest.KILL)
        return stopping or self._draining.is_set() or self._lease.lost.is_set()

    def _carry_out(self) -> None:
        if not run_start.await_fork_server(self._is_urgent):
            self._check_lease()
            self._finalise(End(None, end_messages.DRAINED))
            return
        try:
            process = run_start.start(self._run, self._gpus, self._database)
        except NotStarted as error:
            self._finalisation.finalise(Verdict("failed", str(error)))
            return
        with FollowedProcess(process) as followed:
            run_start.invite(self._run, process, self._database)
            ladder = StopLadder(process)
            with self._resource_monitor(process) as monitor:
                for batch in followed.batches():
                    self._check(followed)
                    self._receive([*batch, *monitor.updates()])
                    self._writer.acknowledge(process)
                    self._apply_stop_request(ladder)
        self._database.write(self._buffer.deliver_all)
        self._finalise(followed.end)

    def _resource_monitor(self, process: TrainingProcess) -> ResourceMonitor:
        interval = StoredConfig(self._run.config).resource_interval
        visible = watched(self._run, self._gpus)
        return ResourceMonitor(process.pids, gpus=visible, folder=self._run.folder, interval=interval)

    def _check_lease(self) -> None:
        if self._lease.lost.is_set():
            raise Fenced(f"run {self._run.pk}: the lease of attempt {self._run.attempt} was lost")

    def _check(self, followed: FollowedProcess) -> None:
        self._check_lease()
        if followed.silence:
            self._trouble = end_messages.FROZEN.format(followed.silence)

    def _receive(self, batch: list[Received]) -> None:
        """Store what came, or buffer it until it can be stored; raises ProtocolError for what must not be stored."""
        for message, _, _ in batch:
            columns_of(message)
            if isinstance(message, TrainingStopped):
                self._evaluating = True
        self._buffer.put(batch)
        self._buffer.deliver()

    def _apply_stop_request(self, ladder: StopLadder) -> None:
        """Stop as requested: by a user, by the time limit, or because this worker shuts down."""
        request = self._lease.request
        if self._buffer.failing_seconds > STORE_PATIENCE_SECONDS:
            self._trouble = self._trouble or end_messages.NOT_STORED.format(STORE_PATIENCE_SECONDS)
        if request == StopRequest.KILL:
            ladder.kill()
        elif self._trouble or request == StopRequest.CANCEL or self._draining.is_set():
            ladder.stop()
        elif request in EVALUATED and not self._evaluating:
            ladder.finish()
        elif request == StopRequest.NONE and self._limit.over:
            self._database.write(self._limit.request_finish)

    def _finalise(self, end: End) -> None:
        violation = f"The training sent something that is no event: {end.violation}" if end.violation else None
        evidence = Evidence(
            exit=end.exit,
            killed=end.killed,
            may_retry=Crashes(self._run).may_retry,
            outcome=end.outcome,
            request=self._lease.request,
            draining=self._draining.is_set(),
            trouble=violation or self._trouble,
            over_time=self._database.write(lambda: self._limit.why_no_result(end.outcome)),
        )
        self._finalisation.finalise(judge(evidence))
