"""GET and POST /api/queue/: the state of the queue, which staff pause and resume; its runs, and the GPUs."""

from __future__ import annotations

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from experiments import wakeup
from runs import queue
from runs.api.bodies import body_of
from runs.api.views import ReadingView
from runs.listing.filters import Parameters
from runs.scheduling import gpu_report, queue_report, queue_rows


class QueueOptions(Parameters):
    """Whether the queue is to be paused, and why."""

    paused = serializers.BooleanField()
    reason = serializers.CharField(default="", allow_blank=True, max_length=500)


class QueueView(APIView):
    """The endpoint of the queue; runs that train already continue while it is paused."""

    def get(self, request: Request) -> Response:
        """Return the state of the queue; runs that the user does not see count, and are not named."""
        return Response(queue_report.described(visible=queue_rows.seen_by(request.user)))

    def post(self, request: Request) -> Response:
        """Pause the queue or let it continue; raises PermissionDenied for all but staff."""
        if not request.user.is_staff:
            raise PermissionDenied("Only staff may pause or resume the queue.")
        options = body_of(request, QueueOptions)
        if options["paused"]:
            queue.pause(request.user, options["reason"])
        else:
            queue.unpause(request.user)
            _wake_workers()
        return Response(queue_report.described(visible=queue_rows.seen_by(request.user)))


class QueueRuns(ReadingView):
    """The first runs that wait and those that train: name, owner, priority, progress."""

    def get(self, request: Request) -> Response:
        """Return the rows."""
        return Response(queue_rows.unfinished(request.user))


class QueueGpus(ReadingView):
    """The GPUs of the living workers, who has them, and their memory as it was measured last."""

    def get(self, request: Request) -> Response:
        """Return the GPUs."""
        return Response({"gpus": gpu_report.described(visible=queue_rows.seen_by(request.user))})


def _wake_workers() -> None:
    """Send the messages of queued runs again: the earlier ones were dropped while the queue was paused."""
    if settings.BROKER_EMBEDDED:
        wakeup.wake_feeders()
    else:
        for run_id in queue.waiting().values_list("pk", flat=True):
            if not wakeup.enqueue(run_id):
                return
