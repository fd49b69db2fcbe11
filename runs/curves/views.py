"""GET …/series/ and …/snapshot/: curves thinned for charts, and a page's state in one answer.

Answers are compressed for clients that accept it. They repeat no secret, and Django pads compressed answers by a random
length, so their size tells an attacker nothing (BREACH).

What computes them brings NumPy, which a process loads with its first request for a curve: neither its start nor pages
without curves wait for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.decorators import method_decorator
from django.views.decorators.gzip import gzip_page
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from runs import queries
from runs.api.heavy_requests import LISTS
from runs.api.views import ReadingView
from runs.curves.parameters import ManySeriesParameters, SeriesParameters, SnapshotParameters, window
from runs.curves.window import NoAxis
from runs.errors import InvalidRequest
from runs.models import Run

if TYPE_CHECKING:
    from runs.curves.reading import Samples


@method_decorator(gzip_page, name="dispatch")
class SamplesView(ReadingView):
    """Base of the views that serve the samples of a run that the user may see."""

    def found(self, run_id: int) -> Run | None:
        """Read what curves need of a run that the user may see; None if there is none."""
        return queries.curve_run(self.request.user, run_id)

    def samples_of(self, run_id: int) -> Samples:
        """Load the run's samples; raises NotFound for a run that the user may not see."""
        from runs.curves.reading import Samples  # noqa: PLC0415

        found = Samples.of(self.found, run_id)
        if found is None:
            raise NotFound(f"Run {run_id} does not exist.")
        return found

    def answer_of(self, run_id: int) -> dict[str, Any]:
        """Build the curves that the parameters ask for; raises InvalidRequest for an axis they lack."""
        from runs.curves.series import answer  # noqa: PLC0415

        try:
            return answer(self.samples_of(run_id), self.asked.get("name"), window(self.asked))
        except NoAxis as error:
            raise InvalidRequest([{"field": "by", "message": str(error)}]) from None


class RunSeries(SamplesView):
    """Curves of one run, or their names."""

    parameters = SeriesParameters

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the curves that were asked for, or all names."""
        return Response(self.answer_of(run_id))


class ManySeries(SamplesView):
    """The same curves of several runs, to compare them."""

    parameters = ManySeriesParameters
    heavy = LISTS

    def get(self, _request: Request) -> Response:
        """Return the curves of each run that was asked for."""
        return Response({"runs": [self.answer_of(run_id) for run_id in self.asked["runs"]]})


class RunSnapshot(SamplesView):
    """The state from which a page goes on with the events after `last_seq`."""

    parameters = SnapshotParameters

    def found(self, run_id: int) -> Run | None:
        """Read all of the run, which is part of the answer."""
        return self.visible().select_related("owner", "project", "revised_by").filter(pk=run_id).first()

    def get(self, _request: Request, run_id: int) -> Response:
        """Return the snapshot."""
        from runs.curves.snapshot import snapshot  # noqa: PLC0415

        return Response(snapshot(self.samples_of(run_id), self.asked["points"], self.asked["log"]))
