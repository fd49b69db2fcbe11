"""Predict for each queued run its place, when it will start, and why it waits.

At most seven queries for any number of runs: ask once for many.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import DateTimeField
from django.utils import timezone
from django.utils.functional import cached_property

from access.models import Project
from runs.models import Queue, Run, Worker
from runs.queue import ORDER, limits_of_projects, read_queue
from runs.scheduling import workers
from runs.scheduling.asked_resources import REMEMBERED, Asked, asked_for
from runs.scheduling.queue_simulation import Capacity, Training, Waiting, starts
from runs.scheduling.run_durations import CompletedRun, DurationEstimator, remaining
from runs.scheduling.workers import Held
from runs.statements.column_values import Row
from runs.statements.prepared_query import PreparedQuery
from runs.stored_config import gpus_needed, hours
from runs.summaries.run_rows import AsStored

COMPARED_RUNS = 500
"""The number of newest completed runs from which durations are estimated."""
STEP_SECONDS = 10
"""Estimates are rounded to steps: a change by a second is not worth an update."""
NO_WORKER = "No worker is running: start one with `manage.py worker`."


class Place(NamedTuple):
    """The place of a queued run.

    `position` 1 = next; `estimated_start` is null where unknown; `waits_for` is the reason, a sentence.
    """

    position: int
    estimated_start: datetime | None
    waits_for: str


@dataclass(frozen=True)
class Forecast:
    """The queue as of one moment."""

    queue: Queue
    workers: list[Worker]
    held: Sequence[Held]  # the runs that train, the first that would start first
    places: Mapping[int, Place] = field(default_factory=dict)
    projects: Mapping[int, int] = field(default_factory=dict)  # of each run that trains or waits

    @property
    def running(self) -> int:
        """How many runs train."""
        return len(self.held)

    def runs_of(self, projects: Collection[int] | None) -> frozenset[int] | None:
        """Choose the runs of these projects, of those that train or wait; None: all."""
        if projects is None:
            return None
        return frozenset(run_id for run_id, project in self.projects.items() if project in projects)

    def of(self, run_id: int) -> Place | None:
        """Return the run's place; None for a run that does not wait."""
        return self.places.get(run_id)


class _Row(NamedTuple):
    """The columns of an unfinished run that the forecast needs."""

    pk: int
    status: str
    project_id: int
    owner_id: int
    experiment: str
    source: str
    epochs: int
    progress: float
    eta_seconds: float | None
    spent_seconds: float
    attempt_start: datetime | None
    worker: str
    asked: Asked

    @property
    def kind(self) -> tuple[object, ...]:
        """What makes runs comparable in duration."""
        return self.owner_id, self.experiment, self.source, self.asked.model

    @property
    def gpus(self) -> int:
        """The number of GPUs that the run asks for."""
        return gpus_needed(self.asked.accelerator, self.asked.devices)

    def seconds(self, estimator: DurationEstimator, now: datetime) -> float | None:
        """Estimate how long it still trains; None if unknown, as for a run longer than those before it."""
        began = self.attempt_start or now
        spent = self.spent_seconds + max(0.0, (now - began).total_seconds())
        max_hours = hours(self.asked.max_hours)
        limit = None if max_hours is None else max_hours * 3600
        whole = estimator.seconds(self.kind, self.epochs)
        if self.status == Run.Status.QUEUED:
            return remaining(whole, self.progress, spent, limit)
        left = self.eta_seconds
        if left is None and whole is not None and whole > spent:
            left = whole - spent
        return remaining(left, 0.0, spent, limit)


_COLUMNS = (
    *("pk", "status", "project_id", "owner_id", "experiment_name", "source_path", "max_epochs", "progress"),
    *("eta_seconds", "spent_seconds", "attempt_start", "worker"),
)
_CREATED = AsStored("created_at", output_field=DateTimeField())
_BEGAN = AsStored("attempt_start", output_field=DateTimeField())
_SELECTED = [_BEGAN if name == "attempt_start" else name for name in _COLUMNS]
_ROWS = PreparedQuery(
    lambda: Run.objects.filter(status__in=Run.UNFINISHED).order_by(*ORDER).values_list(*_SELECTED, _CREATED)
)
_FINISHED = PreparedQuery(
    lambda: (
        Run.objects.filter(status=Run.Status.COMPLETED, duration_seconds__isnull=False)
        .order_by("-pk")
        .values_list("pk", _CREATED, "owner_id", "experiment_name", "source_path", "max_epochs", "duration_seconds")[
            :COMPARED_RUNS
        ]
    )
)


def forecast(now: datetime | None = None) -> Forecast:
    """Predict the queue as of now, or of the given moment."""
    now = now or timezone.now()
    queue, present = read_queue(), workers.alive(now)
    rows = _unfinished()
    training = [row for row in rows if row.status != Run.Status.QUEUED]
    waiting = [row for row in rows if row.status == Run.Status.QUEUED]
    used = workers.busy(row.worker for row in training)
    times: Mapping[int, float | None] = {}
    limits = limits_of_projects() if waiting else {}
    if waiting and present and not queue.paused:
        times = _starts(present, training, waiting, now, limits)
    reasons = _Reasons(queue, present, used, training, limits)
    places = {
        row.pk: Place(position, _moment(now, times.get(row.pk)), reasons.of(row, position))
        for position, row in enumerate(waiting, 1)
    }
    held = [Held.of(row.pk, row.worker) for row in training]
    return Forecast(queue, present, held, places, {row.pk: row.project_id for row in rows})


def _starts(
    present: Sequence[Worker],
    training: Sequence[_Row],
    waiting: Sequence[_Row],
    now: datetime,
    limits: Mapping[int, int],
) -> dict[int, float | None]:
    estimator = _estimator(tuple(_FINISHED.stored()))
    return starts(
        {one.name: Capacity(one.slots, len(one.gpus)) for one in present},
        [
            Training(
                workers.name_in(row.worker),
                row.owner_id,
                len(workers.gpus_in(row.worker)),
                row.seconds(estimator, now),
                row.project_id,
            )
            for row in training
        ],
        [Waiting(row.pk, row.owner_id, row.gpus, row.seconds(estimator, now), row.project_id) for row in waiting],
        settings.RUNS_PER_USER,
        limits,
    )


def _unfinished() -> list[_Row]:
    """Read the runs that wait or train, the next one first."""
    rows = _ROWS.stored()
    known = asked_for((row[0], row[-1]) for row in rows)
    return [_Row._make((*_converted(row), known[row[0]])) for row in rows if row[0] in known]


@lru_cache(REMEMBERED)
def _converted(stored: Row) -> Row:
    """Convert all but the last column; most of what waits is as it was when it was last asked for."""
    return _ROWS.converted(stored)[:-1]


@lru_cache(1)
def _estimator(finished: tuple[Row, ...]) -> DurationEstimator:
    """Learn from completed runs, given as they are stored; once for as long as they are the newest ones."""
    known = asked_for((pk, created) for pk, created, *_ in finished)
    return DurationEstimator(
        CompletedRun((owner, experiment, source, known[pk].model), epochs, seconds)
        for pk, _, owner, experiment, source, epochs, seconds in finished
        if pk in known
    )


def _moment(now: datetime, seconds: float | None) -> datetime | None:
    """Add the seconds to now, rounded up to a step."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(math.ceil((now.timestamp() + seconds) / STEP_SECONDS) * STEP_SECONDS, UTC)


class _Reasons:
    """The reasons why queued runs wait, the nearest obstacle first."""

    def __init__(
        self,
        queue: Queue,
        present: Sequence[Worker],
        used: Counter[str],
        training: Sequence[_Row],
        limits: Mapping[int, int],
    ) -> None:
        self._paused, self._present, self._used, self._limits = queue.paused, present, used, limits
        self._of_a_user = settings.RUNS_PER_USER
        self._of_project = Counter(row.project_id for row in training)
        self._slots = sum(one.slots for one in present)
        self._of_owner = Counter(row.owner_id for row in training)
        self._taken = Counter(name for row in training for name in [workers.name_in(row.worker)] * _named_gpus(row))

    def of(self, row: _Row, position: int) -> str:
        """Explain why the run at that position waits."""
        own, limit = self._of_owner[row.owner_id], self._of_a_user
        if self._paused:
            return "The queue is paused."
        if not self._present:
            return NO_WORKER
        if limit is not None and own >= limit:
            owner = self._names[row.owner_id]
            return f"{_plural(own, 'run')} of {owner} train{'s' if own == 1 else ''} already, the limit per user."
        if (allowed := self._limits.get(row.project_id)) is not None:
            training = self._of_project[row.project_id]
            if training >= allowed:
                return self._of_full_project(row.project_id, training)
        if position > 1:
            return f"{_plural(position - 1, 'run')} before it."
        return self._of_the_next(row)

    def _of_full_project(self, project_id: int, training: int) -> str:
        name = self._projects.get(project_id, project_id)
        if not training:
            return f"The quota of the project {name} lets no run train; an operator of this server can change it."
        return (
            f"{_plural(training, 'run')} of the project {name} train{'s' if training == 1 else ''} already, its quota."
        )

    def _of_the_next(self, row: _Row) -> str:
        free = [one for one in self._present if one.slots > self._used[one.name]]
        if not free:
            return f"All slots are busy ({_plural(self._slots, 'slot')})."
        if all(self._free_gpus(one) < min(row.gpus, len(one.gpus)) for one in free):
            most = max(map(self._free_gpus, free))
            return f"It needs {_plural(row.gpus, 'GPU')}, {most or 'none'} free."
        return "A worker will start it shortly."

    @cached_property
    def _names(self) -> dict[int, str]:
        """Look up the owners' user names; joined to the runs, SQLite would walk all of them owner by owner."""
        return dict(User.objects.filter(pk__in=self._of_owner).values_list("pk", "username"))

    @cached_property
    def _projects(self) -> dict[int, str]:
        """Look up the names of projects that have a limit."""
        return dict(Project.objects.filter(pk__in=self._limits).order_by().values_list("pk", "name"))

    def _free_gpus(self, one: Worker) -> int:
        return len(one.gpus) - self._taken[one.name]


def _named_gpus(row: _Row) -> int:
    return len(workers.gpus_in(row.worker))


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
