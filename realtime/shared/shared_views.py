"""What the scripts of a shared page ask for, in the forms of the REST API's answers."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from realtime.shared.cleaning import shared_detail
from runs.api.views import ReadingView, one_of
from runs.curves.views import RunSnapshot
from runs.events import utc_now

NO_EVENTS = 0


class SharedRun(ReadingView):
    """One run."""

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the run, as a share link shows it."""
        found = self.visible().select_related("owner", "project", "revised_by")
        return Response(shared_detail(one_of(found, run_id)))


class SharedSnapshot(RunSnapshot):
    """The state of one run, with its curves."""

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the snapshot without events of the journal, which name people, and with the run as a link shows it."""
        from runs.curves.snapshot import snapshot  # noqa: PLC0415

        samples = self.samples_of(run_id)
        found = snapshot(samples, self.asked["points"], NO_EVENTS)
        return Response(found | {"run": shared_detail(samples.run), "at": utc_now()})
