"""Carries out a verdict: the files of the run first, then its status and last event."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings

from experiments.files.uploader import Uploader
from experiments.supervision.crashes import Crashes
from experiments.supervision.database_retry import DatabaseRetry
from experiments.supervision.verdict import Verdict
from runs import lifecycle, recorder
from runs.events import Ending
from runs.failures import storage_errors
from runs.files import exports
from runs.models import Run

logger = logging.getLogger(__name__)


class Finalisation:
    """Ends one attempt, whose numbers are stored. Here alone a supervisor changes a run's status."""

    def __init__(
        self,
        run: Run,
        uploader: Uploader,
        database: DatabaseRetry,
        *,
        is_urgent: Callable[[], bool],
        worked: Callable[[], float],
    ) -> None:
        """Stop waiting for a failing store once `is_urgent`; `worked` returns the attempt's monotonic seconds."""
        self._worked = worked
        self._run, self._uploader, self._database, self._is_urgent = run, uploader, database, is_urgent

    def finalise(self, verdict: Verdict) -> None:
        """End the run, or return it to the queue. Raises Fenced."""
        run = self._database.write(lambda: Run.objects.get(pk=self._run.pk))
        if verdict.status == "queued":
            self._uploader.hand_over(settings.GRACE_SECONDS / 2)
            self._database.write(lambda: self._release(run, verdict))
            return
        self._export(run)
        self._database.write(lambda: self._uploader.finish(hurry=self._is_urgent))
        reason = verdict.reason or run.reason
        self.end(verdict.status, Crashes(run).why_no_more(reason) if verdict.crashed and reason else reason)

    def end(self, status: Ending, reason: str | None) -> None:
        """Write the status alone; the files stay as they are. Raises Fenced."""
        run, worked = self._run, self._worked
        self._database.write(lambda: lifecycle.end(run.pk, run.attempt, status, reason, seconds=worked()))

    def _release(self, run: Run, verdict: Verdict) -> None:
        reason, attempt = verdict.reason or "", self._run.attempt
        if not verdict.crashed:
            lifecycle.release(run.pk, attempt, reason, seconds=self._worked())
            return
        crashes = Crashes(run)
        recorder.record(run.pk, attempt, [], notes=[crashes.note(reason)])
        lifecycle.release_crashed(run.pk, attempt, crashes.why_again(reason), seconds=self._worked())

    def _export(self, run: Run) -> None:
        # Only who still holds the run may clear up: the next attempt may be writing there by now.
        self._database.write(lambda: lifecycle.renew(run.pk, self._run.attempt))
        try:
            exports.remove_unfinished(run)  # the process of the training has ended
            exports.export(run)
        except OSError as error:
            logger.exception("run %s: files not written", run.pk)
            text = (
                f"Not all files could be written: {storage_errors.without_folders(error)}. The numbers are stored; "
                f"free some space, then write the files with: .venv/bin/python manage.py export {run.pk}"
            )
            self._database.write(lambda: recorder.add_note(run.pk, "export_failed", text))
