"""GET /api/runs/<id>/hints/, …/log/, …/reading/, …/test-split/: what is asked of a run beside its numbers."""

from __future__ import annotations

import asyncio
import math
import time
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from runs import queries
from runs import serializers as run_serializers
from runs.api import hint_evidence
from runs.api.async_view import called, has_loop, release_connection
from runs.api.heavy_requests import LISTS, Kind
from runs.api.views import ReadingView, StoreUnavailable, WaitingView, one_of
from runs.evaluated_splits import split_looks
from runs.events import format_time
from runs.files import reading_file, run_files, train_log
from runs.files.store import StoreError
from runs.hints import gradients
from runs.hints.all import hints
from runs.hints.early_stopping_countdown import countdown
from runs.listing.filters import Parameters
from runs.models import Run
from runs.pauses.rested_answers import RestedAnswers

POLL_SECONDS = 0.5  # between two reads of a log that a client waits for
LONGEST_OFFSET = 2**63 - 1
MOST_RUNS = 500  # that looked at a test split, listed


class LogParameters(Parameters):
    """Parameters of a page of a log; offsets are in bytes, `wait` is in seconds, for lines after `after`."""

    attempt = serializers.IntegerField(
        min_value=1, max_value=1_000_000, required=False, help_text="Of this attempt; without it, of all."
    )
    rank = serializers.IntegerField(
        min_value=0, max_value=1_023, default=0, help_text="Of this process of a training on several devices."
    )
    before = serializers.IntegerField(
        min_value=0, max_value=LONGEST_OFFSET, required=False, help_text="Lines that end at this byte."
    )
    after = serializers.IntegerField(
        min_value=0, max_value=LONGEST_OFFSET, required=False, help_text="Lines from this byte on."
    )
    limit = serializers.IntegerField(min_value=1, max_value=2_000, default=200, help_text="At most so many lines.")
    search = serializers.CharField(
        max_length=200, trim_whitespace=False, required=False, help_text="Lines that have this text."
    )
    wait = serializers.FloatField(
        min_value=0, max_value=30, default=0, help_text="Seconds to wait for new lines; needs `after`."
    )

    def validate_wait(self, value: float) -> float:
        """Refuse NaN, which passes the comparisons with the bounds."""
        if not math.isfinite(value):
            raise serializers.ValidationError("Must be a number of seconds from 0 to 30.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to wait for lines other than new ones."""
        if attrs["wait"] and ("after" not in attrs or "before" in attrs or "search" in attrs):
            cure = "It waits for new lines only: give after (the last answer's end), and neither before nor search."
            raise serializers.ValidationError({"wait": cure})
        return attrs


class RunHints(ReadingView):
    """Hints about the run in words, with the gradients' health and the early stopping countdown.

    They are based on the newest numbers; clients ask again after each `epoch_end`. Of a run with thousands of epochs
    they may be up to half a minute old, while its status stays the same.
    """

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the hints."""
        run = one_of(self.visible(), run_id)
        state = (run.status, run.attempt, run.touched_at)
        return Response(hint_answers.answer(run.pk, state, lambda: _hints_of(run)))


hint_answers = RestedAnswers[dict[str, Any]]()


def _hints_of(run: Run) -> dict[str, Any]:
    evidence, monitored = hint_evidence.with_monitored(run)
    return {
        "run_id": run.pk,
        "status": run.status,
        "last_seq": run.last_seq,
        "hints": hints(evidence),
        "gradients": gradients.by_group(evidence),
        "patience": countdown(run.config, run.max_epochs, monitored),
    }


class RunReading(ReadingView):
    """How the run's data were read; `reading` is null before that, and for runs that are older than readings."""

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the reading; 503 when the object store fails."""
        head = self.head_of(run_id)
        try:
            found = reading_file.read(Run(pk=head.id))
        except StoreError as error:
            raise StoreUnavailable(str(error)) from error
        return Response({"run_id": head.id, "status": head.status, "reading": found})


class RunTestSplit(ReadingView):
    """How often the run's test split was looked at, and by which runs; `test_split` is null where that is not known."""

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the counts and the newest runs that looked, of those that the user may see."""
        head = self.head_of(run_id)
        found = split_looks.of_run(head.id)
        runs = self._that_looked(found) if found else []
        return Response({"run_id": head.id, "test_split": run_serializers.split_use(found), "runs": runs})

    def _that_looked(self, looks: split_looks.Looks) -> list[dict[str, Any]]:
        visible = self.visible().filter(pk__in=split_looks.run_numbers(looks.identity)).order_by("-pk")
        names = dict(visible.values_list("pk", "experiment_name")[:MOST_RUNS])
        return [
            {"id": number, "experiment_name": names[number], "looks": count, "first": format_time(first)}
            for number, count, first in split_looks.by_run(looks.identity, names)
        ]


class RunLog(WaitingView):
    """Lines of `train.log`, as a terminal would show them.

    Without offsets the last `limit` lines; with `before` those that end at that offset, with `after` those from that
    offset on (with `wait`, as soon as there are some, or the run has ended). The answer's `start` is the next `before`,
    its `end` the next `after`. With `search` the lines between `after` and `before` that have the text; `next` is the
    `after` that continues the search, null when all was searched. `reset`: the log is shorter than `after`, and this is
    its end.
    """

    parameters = LogParameters
    waits_only_if_asked = True

    def kind_of_request(self) -> Kind | None:
        """Count searches, which read the whole log and never wait."""
        return LISTS if "search" in self.asked else None

    async def get(self, _request: Request, run_id: int) -> Response:
        """Return the lines, waiting for new ones if asked to."""
        status, read = await called(self._log_of, run_id)
        found = await _read(read, status)
        if self.asked["wait"]:
            deadline = time.monotonic() + self.asked["wait"]
            while not found["lines"] and status not in Run.ENDED and time.monotonic() < deadline:
                await asyncio.sleep(POLL_SECONDS)
                status = await sync_to_async(_status)(run_id)
                found = await _read(read, status)
            await sync_to_async(self.require_sight)(run_id)
        return Response({"run_id": run_id, "status": status} | found)

    def _log_of(self, run_id: int) -> tuple[str, partial[dict[str, Any]]]:
        run = one_of(queries.with_summary(self.visible()), run_id)
        return run.status, partial(train_log.page, partial(run_files.seekable, run), self.asked, attempts=run.attempt)


def _status(run_id: int) -> str:
    """Read the run's status; a run that no longer exists counts as ended."""
    found = queries.heads([run_id])
    release_connection()
    return found[0].status if found else Run.Status.CANCELLED


async def _read(read: partial[dict[str, Any]], status: str) -> dict[str, Any]:
    """Read the page; as the status is older, nothing more is written once it says that the run has ended."""
    try:
        ended = status in Run.ENDED
        return await asyncio.to_thread(_page, read, ended=ended) if has_loop() else read(ended=ended)
    except train_log.NoSuchAttempt as error:
        raise NotFound(str(error)) from error
    except StoreError as error:
        raise StoreUnavailable(str(error)) from error


def _page(read: partial[dict[str, Any]], *, ended: bool) -> dict[str, Any]:
    """Read the page; an object store asks the database for the file, in a thread that may end with this request."""
    try:
        return read(ended=ended)
    finally:
        release_connection()
