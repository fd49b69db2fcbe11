"""`GET /metrics`: figures for Prometheus. Those of clients are of this web process, all others of the whole server."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from secrets import compare_digest

from django.conf import settings
from django.db.models import Count
from django.http import HttpResponse
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from access.decisions import access_of
from experiments.models import Dataset, ModelJob, Upload
from project.database_size import database_bytes
from project.exposition import CONTENT_TYPE, Family, Sample, labelled, render, single
from realtime.hubs import hub_registry
from realtime.logins.throttled_tokens import count_wrong
from runs import measurements
from runs.failures import thread_failures
from runs.models import Worker
from runs.scheduling import workers


class HasMetricsToken(BasePermission):
    """The permission of clients that send `Authorization: Bearer` with the token of the settings.

    Without the setting it admits no client.
    """

    def has_permission(self, request: Request, _view: object) -> bool:
        """Compare the token in constant time; a wrong one counts as every wrong token does."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        expected = settings.METRICS_TOKEN
        if not expected or scheme.lower() != "bearer":
            return False
        if not compare_digest(token.encode(), expected.encode()):
            count_wrong(request)
            return False
        return True


class IsOperator(BasePermission):
    """The permission of superusers and staff: the figures are of all projects together."""

    message = "The figures are of all projects: only staff may read them, or Prometheus with LIVETRAIN_METRICS_TOKEN."

    def has_permission(self, request: Request, _view: object) -> bool:
        """Ask for a role in all projects; a token that is limited to one does not have it."""
        return access_of(request.user).everything


class Metrics(APIView):
    """The metrics page, for operators, by login or API token, and for the metrics token."""

    http_method_names = ["get", "head", "options"]
    permission_classes = [IsOperator | HasMetricsToken]

    def perform_content_negotiation(self, request: Request, force: bool = True) -> tuple[BaseRenderer, str]:
        """Choose the only format, whatever the client accepts."""
        return super().perform_content_negotiation(request, force)

    def get(self, _request: Request) -> HttpResponse:
        """Return all figures."""
        return HttpResponse(render(families()), content_type=CONTENT_TYPE)


def families() -> Iterator[Family]:
    """Measure everything now."""
    yield from _of_runs()
    yield from _of_data()
    clients = hub_registry.clients()
    yield labelled("livetrain_websocket_clients", "Open WebSockets of this web process.", "follows", clients.sockets)
    yield single("livetrain_hubs", "gauge", "Journals that this web process follows for its clients.", clients.hubs)


def _of_runs() -> Iterator[Family]:
    counted = measurements.counts()
    total = measurements.totals(counted)
    lags = {str(run_id): lag for run_id, lag in measurements.event_lags().items()}
    wait = measurements.longest_wait()
    yield labelled("livetrain_runs", "Runs by status.", "status", measurements.by_status(counted))
    yield single("livetrain_queue_wait_seconds", "gauge", "How long the oldest queued run has been waiting.", wait)
    living = workers.alive()
    load = workers.load(living)
    yield single("livetrain_slots", "gauge", "Trainings that living workers can run at once.", load.slots)
    yield single("livetrain_slots_busy", "gauge", "Slots of living workers that train.", load.busy)
    yield labelled("livetrain_event_lag_seconds", "Time since the newest event of a running run.", "run_id", lags)
    yield single("livetrain_events_total", "counter", "Events that were written to the journal.", total.events)
    yield single("livetrain_attempts_total", "counter", "Training processes that were started.", total.attempts)
    yield single("livetrain_restarts_total", "counter", "Attempts after the first of their run.", total.restarts)
    yield _of_threads(living)
    text = "Attempts whose worker was lost, of runs since they were last queued by a person."
    yield single("livetrain_lost_attempts", "gauge", text, total.losses)


def _of_threads(living: Iterable[Worker]) -> Family:
    """Collect the failures of this web process, and of each living worker as it last reported them."""
    text = "Failures of what each process does all the time beside requests and trainings; the log has them."
    counts = {"web": thread_failures.counts()} | {worker.name: worker.thread_failures for worker in living}
    samples = (
        Sample(count, {"process": process, "thread": thread})
        for process, of_process in counts.items()
        for thread, count in sorted(of_process.items())
    )
    return Family("livetrain_thread_failures_total", "counter", text, tuple(samples))


def _of_data() -> Iterator[Family]:
    states = dict.fromkeys(Dataset.State.values, 0)
    states |= dict(Dataset.objects.order_by().values_list("state").annotate(count=Count("pk")))
    jobs = dict.fromkeys(ModelJob.Status.values, 0)
    jobs |= dict(ModelJob.objects.order_by().values_list("status").annotate(count=Count("pk")))
    free = shutil.disk_usage(settings.LIVETRAIN_HOME).free
    yield labelled("livetrain_datasets", "Data sets by state.", "state", states)
    yield labelled("livetrain_model_jobs", "Jobs on models of ended runs by status.", "status", jobs)
    yield single("livetrain_uploads_open", "gauge", "Uploads that have begun and not ended.", Upload.objects.count())
    yield single("livetrain_database_bytes", "gauge", "Size of the database on disk.", database_bytes())
    yield single("livetrain_home_free_bytes", "gauge", "Room left on the disk of run files and uploads.", free)
